"""Drafts of reads and submissions that can still be taken back, in the desk's database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from models.desk_store import DeskStore, moment
from models.store import Row

_KEY = "piece_id = ? AND rater_id = ? AND round = ? AND reading = ?"


@dataclass(frozen=True, slots=True)
class Task:
    """One read somebody is to do: which piece, by whom, for what, and which reading of it."""

    piece_id: str
    rater_id: str
    round: str
    reading: int

    @property
    def values(self) -> tuple[str, str, str, int]:
        """Key of the task in the tables."""
        return self.piece_id, self.rater_id, self.round, self.reading


def draft(desk: DeskStore, task: Task) -> Row | None:
    """Draft of a task with its content read, or None."""
    found = desk.one(f"SELECT * FROM draft WHERE {_KEY}", task.values)  # noqa: S608
    return found and {**found, "content": json.loads(found["content"])}


def open_draft(desk: DeskStore, task: Task, at: datetime) -> Row:
    """Draft of a task, begun empty where there is none; ``opened_at`` stays the first time."""
    if (found := draft(desk, task)) is not None:
        return found  # as mostly, and without waiting for who writes
    desk.write(
        "INSERT INTO draft VALUES (?, ?, ?, ?, 0, '{}', ?, '') ON CONFLICT DO NOTHING",
        (*task.values, moment(at)),
    )
    made = draft(desk, task)
    assert made is not None
    return made


def save_draft(desk: DeskStore, task: Task, version: int, content: object, at: datetime) -> bool:
    """Put new content in a draft that still has this version; False where it has moved on."""
    told = json.dumps(content, ensure_ascii=False)
    return bool(
        desk.write(
            "UPDATE draft SET content = ?, version = version + 1, saved_at = ? "  # noqa: S608
            f"WHERE version = ? AND {_KEY}",
            (told, moment(at), version, *task.values),
        )
    )


def drop_draft(desk: DeskStore, task: Task) -> None:
    """Remove a draft and its pending submission: the read is recorded, or the task is over."""
    desk.write(f"DELETE FROM pending WHERE {_KEY}", task.values)  # noqa: S608
    desk.write(f"DELETE FROM draft WHERE {_KEY}", task.values)  # noqa: S608


def drafts_of(desk: DeskStore, rater_id: str) -> list[Row]:
    """Drafts a person has put something in, the latest saved first, content read."""
    found = desk.rows(
        "SELECT * FROM draft WHERE rater_id = ? AND saved_at <> '' ORDER BY saved_at DESC",
        (rater_id,),
    )
    return [{**row, "content": json.loads(row["content"])} for row in found]


def put_pending(desk: DeskStore, task: Task, submitted_at: datetime, due_at: datetime) -> None:
    """Hand a draft in; it is recorded when due unless it is taken back before."""
    desk.write(
        "INSERT INTO pending VALUES (?, ?, ?, ?, ?, ?)",
        (*task.values, moment(submitted_at), moment(due_at)),
    )


def take_back(desk: DeskStore, task: Task, at: datetime) -> bool:
    """Make a submission a draft again; False where its time has passed."""
    query = f"DELETE FROM pending WHERE {_KEY} AND due_at > ?"  # noqa: S608
    return bool(desk.write(query, (*task.values, moment(at))))


def refuse_pending(desk: DeskStore, task: Task, codes: list[str]) -> None:
    """Make a submission that could not be recorded a draft again, which says why."""
    found = draft(desk, task)
    desk.write(f"DELETE FROM pending WHERE {_KEY}", task.values)  # noqa: S608
    if found is not None:
        content = json.dumps({**found["content"], "refused": codes}, ensure_ascii=False)
        query = f"UPDATE draft SET content = ?, version = version + 1 WHERE {_KEY}"  # noqa: S608
        desk.write(query, (content, *task.values))


def pending_of(desk: DeskStore, rater_id: str) -> list[Row]:
    """Submissions of a person that are not recorded yet, the newest first."""
    return desk.rows(
        "SELECT * FROM pending WHERE rater_id = ? ORDER BY submitted_at DESC, rowid DESC",
        (rater_id,),
    )


def is_pending(desk: DeskStore, task: Task) -> bool:
    """Whether a task is handed in and waits to be recorded."""
    return desk.one(f"SELECT 1 FROM pending WHERE {_KEY}", task.values) is not None  # noqa: S608


def due(desk: DeskStore, at: datetime | None = None) -> list[Row]:
    """Submissions whose time to be taken back has passed, oldest first; all of them without a time."""
    if at is None:
        return desk.rows("SELECT * FROM pending ORDER BY submitted_at")
    query = "SELECT * FROM pending WHERE due_at <= ? ORDER BY submitted_at"
    return desk.rows(query, (moment(at),))


def answer_of(desk: DeskStore, key: str, person_id: str) -> Row | None:
    """What was answered to a request with this key by this person, or None."""
    found = desk.one(
        "SELECT answer FROM submission_key WHERE key = ? AND person_id = ?", (key, person_id)
    )
    return found and json.loads(found["answer"])


def keep_answer(
    desk: DeskStore, key: str, person_id: str, answer: Mapping[str, object], at: datetime
) -> None:
    """Keep the answer to a request, so that the same request sent again changes nothing."""
    told = json.dumps(answer, ensure_ascii=False)
    desk.write(
        "INSERT INTO submission_key VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (key, person_id, told, moment(at)),
    )


def forget_answers(desk: DeskStore, before: datetime) -> int:
    """Drop answers older than this; returns how many."""
    return desk.write("DELETE FROM submission_key WHERE at < ?", (moment(before),))
