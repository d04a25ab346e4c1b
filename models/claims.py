"""Leases on pieces that are being marked, in the desk's database; they run out by themselves."""

from __future__ import annotations

from datetime import datetime

from models.desk_store import DeskStore, moment
from models.drafts import Task
from models.store import Row

_KEY = "piece_id = ? AND round = ? AND reading = ? AND lane = ?"


def take_claim(
    desk: DeskStore, task: Task, lane: str, window: str, at: datetime, until: datetime
) -> None:
    """Take or renew the lease on a task; one that somebody else holds and that runs is left to them.

    Parameters
    ----------
    lane : str
        The person's identifier where the task is theirs alone, else empty: then
        everybody who may take the piece shares one lease.
    window : str
        Of the browser, so that two windows of one person can be told apart.
    """
    desk.write(
        "INSERT INTO claim VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "since = IIF(person_id = excluded.person_id AND until >= excluded.since, since, "
        "excluded.since), person_id = excluded.person_id, window = excluded.window, "
        "until = excluded.until WHERE person_id = excluded.person_id OR until < excluded.since",
        (
            *(task.piece_id, task.round, task.reading, lane),
            *(task.rater_id, window, moment(at), moment(until)),
        ),
    )


def drop_claim(desk: DeskStore, task: Task, lane: str) -> None:
    """Give up the lease of this person on a task."""
    desk.write(
        f"DELETE FROM claim WHERE person_id = ? AND {_KEY}",  # noqa: S608
        (task.rater_id, task.piece_id, task.round, task.reading, lane),
    )


def claim_on(desk: DeskStore, task: Task, lane: str, at: datetime) -> Row | None:
    """Lease on a task that runs now, or None."""
    return desk.one(
        f"SELECT * FROM claim WHERE {_KEY} AND until >= ?",  # noqa: S608
        (task.piece_id, task.round, task.reading, lane, moment(at)),
    )


def claimed_by_others(desk: DeskStore, person_id: str, at: datetime) -> set[tuple[str, str, int]]:
    """Piece, round and reading of what others are marking now of what several people may take."""
    rows = desk.rows(
        "SELECT piece_id, round, reading FROM claim "
        "WHERE lane = '' AND person_id <> ? AND until >= ?",
        (person_id, moment(at)),
    )
    return {(row["piece_id"], row["round"], row["reading"]) for row in rows}


def forget_claims(desk: DeskStore, before: datetime) -> int:
    """Drop leases that have run out; returns how many."""
    return desk.write("DELETE FROM claim WHERE until < ?", (moment(before),))
