"""Parked pieces 搁置: put aside with a note for oneself, read last, and never lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.assignments import assignment
from models.desk_store import DeskStore
from models.drafts import Task, is_pending, open_draft
from models.parked import park, parked_everywhere, unpark
from models.store import Store
from workbench.errors import InputError
from workbench.services.desk_claims import POOLED, give_up
from workbench.services.desk_tasks import next_task, task_of, tasks
from workbench.services.workspace import Workspace

LONGEST_NOTE = 300
"""Characters of a note to oneself."""


@dataclass(frozen=True)
class Parked:
    """A piece somebody has put aside; the note beside it is that person's alone."""

    piece_id: str
    rater_id: str
    round: str
    reading: int
    since: str


def put_aside(
    workspace: Workspace, person_id: str, sent: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """Park a piece, or take it up again where ``parked`` is false.

    Parameters
    ----------
    sent : mapping
        ``piece``, ``note`` (may be empty) and ``parked``.

    Returns
    -------
    dict
        ``state`` ``parked`` with the ``next`` piece; ``taken_up``; or ``submitted``
        where it is handed in already.

    Raises
    ------
    InputError
        If the note is too long.
    RefusedError
        If the piece is not on this person's desk.
    """
    piece_id, note = str(sent.get("piece", "")), " ".join(str(sent.get("note", "")).split())
    if len(note) > LONGEST_NOTE:
        raise InputError(
            f"a note has {LONGEST_NOTE} characters at most. Shorten it.",
            key="desk.note",
            most=LONGEST_NOTE,
        )
    with workspace.store() as store, workspace.desk() as desk:
        task = task_of(store, workspace, person_id, piece_id)
        with desk.transaction():
            if is_pending(desk, task):
                return {"state": "submitted", "next": "", "seconds": 0}
            if not sent.get("parked", True):
                unpark(desk, task)
                return {"state": "taken_up"}
            open_draft(desk, task, at)
            park(desk, task, note, at)
            give_up(desk, task)
        mine = tasks(store, desk, workspace, person_id, at)
        return {"state": "parked", "next": next_task(mine, piece_id)}


def parked_pieces(store: Store, desk: DeskStore) -> list[Parked]:
    """Pieces that are put aside and still to be read, the longest first; without the notes."""
    found = []
    for row in parked_everywhere(desk):
        task = Task(row["piece_id"], row["rater_id"], row["round"], row["reading"])
        if _waits(store, desk, task):
            found.append(Parked(*task.values, row["at"]))
    return found


def _waits(store: Store, desk: DeskStore, task: Task) -> bool:
    """Whether a parked task is still somebody's to do."""
    if is_pending(desk, task):
        return False
    if task.round in POOLED:
        told = {"piece_id": task.piece_id, "round": task.round, "reading": task.reading}
        return not store.where("read", **told)
    given = assignment(store, task.piece_id, task.rater_id)
    return (
        given is not None
        and given["reading"] == task.reading
        and given["why"] is None
        and given["read_id"] is None
    )
