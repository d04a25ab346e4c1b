"""Pieces somebody has put aside with a note nobody else sees, in the desk's database."""

from __future__ import annotations

from datetime import datetime

from models.desk_store import DeskStore, moment
from models.drafts import Task
from models.store import Row

_KEY = "piece_id = ? AND rater_id = ? AND round = ? AND reading = ?"


def park(desk: DeskStore, task: Task, note: str, at: datetime) -> None:
    """Put a task aside; parked again, its note is replaced and its first time kept."""
    desk.write(
        "INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET note = excluded.note",
        (*task.values, note, moment(at)),
    )


def unpark(desk: DeskStore, task: Task) -> bool:
    """Take a task up again; False where it was not parked."""
    return bool(desk.write(f"DELETE FROM parked WHERE {_KEY}", task.values))  # noqa: S608


def parked_by(desk: DeskStore, rater_id: str) -> list[Row]:
    """What somebody has parked, with the own notes, the longest first."""
    return desk.rows("SELECT * FROM parked WHERE rater_id = ? ORDER BY at", (rater_id,))


def parked_everywhere(desk: DeskStore) -> list[Row]:
    """What everybody has parked, without the notes, the longest first."""
    return desk.rows("SELECT piece_id, rater_id, round, reading, at FROM parked ORDER BY at")
