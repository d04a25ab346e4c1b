"""How long somebody was active on a piece, and the pace of a sitting, in the desk's database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.desk_store import DeskStore, moment
from models.drafts import Task

_KEY = "piece_id = ? AND rater_id = ? AND round = ? AND reading = ?"
_RECENT = 200  # pieces looked back on: more than anybody reads in one sitting


def add_active(desk: DeskStore, task: Task, more_ms: int, most_ms: int) -> None:
    """Add milliseconds somebody was active on a task, up to what has gone by since it was opened."""
    if more_ms <= 0:
        return
    desk.write(
        "INSERT INTO activity VALUES (?, ?, ?, ?, MIN(?, ?), '') ON CONFLICT DO UPDATE "
        "SET active_ms = MIN(active_ms + ?, MAX(active_ms, ?))",
        (*task.values, more_ms, most_ms, more_ms, most_ms),
    )


def active_ms(desk: DeskStore, task: Task) -> int | None:
    """Milliseconds somebody was active on a task; None where nobody measured any."""
    found = desk.one(f"SELECT active_ms FROM activity WHERE {_KEY}", task.values)  # noqa: S608
    return None if found is None else int(found["active_ms"])


def hand_in_time(desk: DeskStore, task: Task, at: datetime | None) -> None:
    """Note when a task was handed in, which puts it in the pace of the sitting; None takes it out."""
    told = moment(at) if at else ""
    desk.write(f"UPDATE activity SET handed_in_at = ? WHERE {_KEY}", (told, *task.values))  # noqa: S608


def handed_in_since(desk: DeskStore, rater_id: str) -> Sequence[tuple[str, int]]:
    """When somebody handed in, and milliseconds active on each, the latest first."""
    rows = desk.rows(
        "SELECT handed_in_at, active_ms FROM activity WHERE rater_id = ? AND handed_in_at <> '' "
        "ORDER BY handed_in_at DESC LIMIT ?",
        (rater_id, _RECENT),
    )
    return [(row["handed_in_at"], row["active_ms"]) for row in rows]


def forget_activity(desk: DeskStore, before: datetime) -> int:
    """Drop times of tasks handed in before this; returns how many."""
    query = "DELETE FROM activity WHERE handed_in_at <> '' AND handed_in_at < ?"
    return desk.write(query, (moment(before),))
