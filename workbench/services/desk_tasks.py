"""What somebody has to do at the desk 评分台, in which order, and how much of it is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.accounts import roles_held
from models.assignments import (
    assignment,
    assignments_of,
    county_readings,
    owned_among,
    readers_of,
    reading_of_piece,
)
from models.claims import claimed_by_others
from models.desk_store import DeskStore
from models.drafts import Task, drafts_of, pending_of
from models.following import Marks, desk_touched, newest
from models.parked import parked_by
from models.ratings import reading_of
from models.records import Round
from models.store import Row, Store
from models.supervision import BY_CHANCE, latest_sample
from workbench.errors import RefusedError
from workbench.services.calibration_gate import FREE, gate_of, order_of_sitting
from workbench.services.roles import CHAIR, COUNTY
from workbench.services.rulings import may_rule, ruling_due, rulings_of
from workbench.services.second_reader import unlike_first
from workbench.services.workspace import Workspace

OPEN, DRAFT, PENDING, DONE, ENDED = "open", "draft", "pending", "done", "ended"
"""States of a task: not begun, begun, handed in and to be taken back, recorded, stood back from."""

_MOST_KEPT = 1000


@dataclass(frozen=True)
class DeskTask:
    """One task of a person with its place in the catalogue and its state.

    ``marked`` counts the criteria marked in the draft; ``submitted_at`` is empty
    until the read is handed in; ``why`` says how a task ended without a read.
    ``parked`` says that the person has put it aside, with a ``note`` to
    themselves; ``elsewhere`` that somebody else is at it now.
    """

    task: Task
    competency: str
    slot_id: str
    state: str
    marked: int = 0
    submitted_at: str = ""
    why: str = ""
    parked: bool = False
    note: str = ""
    elsewhere: bool = False

    @property
    def waits(self) -> bool:
        """Whether there is still something to do."""
        return self.state in (OPEN, DRAFT)

    @property
    def is_ruling(self) -> bool:
        """Whether it is a ruling, which is given in the chair's room."""
        return self.task.round == Round.CHAIR

    @property
    def turn(self) -> int:
        """When it comes: first what is free, then what others are at, last what was put aside."""
        return 2 if self.parked else int(self.elsewhere)


def my_tasks(workspace: Workspace, person_id: str, at: datetime | None = None) -> list[DeskTask]:
    """Everything a person has to read or to rule on, in the person's own order."""
    with workspace.store() as store, workspace.desk() as desk:
        return tasks(store, desk, workspace, person_id, at)


def tasks(
    store: Store,
    desk: DeskStore,
    workspace: Workspace,
    person_id: str,
    at: datetime | None = None,
) -> list[DeskTask]:
    """Tasks of a person: reads given out, then rulings due, then the county's sample.

    With a time, pieces several may take are marked where somebody else is at them then.
    """
    held = roles_held(store, person_id)
    found = _let_through(store, workspace, person_id)
    if CHAIR in held or COUNTY in held:
        found += [_task(row) for row in _rulings_due(store, workspace, person_id)]
    if COUNTY in held:
        found += [_task(row) for row in _in_order(store, workspace, _sampled(store, person_id))]
    found = _with_drafts(found, drafts_of(desk, person_id), pending_of(desk, person_id))
    return _with_turns(found, desk, person_id, at)


def _let_through(store: Store, workspace: Workspace, person_id: str) -> list[DeskTask]:
    """What a person was assigned and calibration lets through, in the order of the sitting."""
    found = workspace.memory(Assigned).of(store, person_id)
    gate = gate_of(store, workspace.policy, person_id)
    if gate.state == FREE:
        return [*found]
    kept = [
        each for each in found if not each.waits or gate.lets(each.task.piece_id, each.task.round)
    ]
    waiting = {each.task.piece_id: each for each in kept if each.waits}
    order = order_of_sitting(store, person_id, list(waiting))
    done = [each for each in kept if not each.waits]  # by time: by place, seeds would stand last
    done.sort(key=lambda each: each.submitted_at)
    return done + [waiting[piece] for piece in order]


class Assigned:
    """What everybody has been assigned, drawn anew only for whom a row has been added."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Marks, tuple[DeskTask, ...]]] = {}

    def of(self, store: Store, person_id: str) -> tuple[DeskTask, ...]:
        """Tasks a person was assigned, as they are recorded: without drafts."""
        now = newest(store)
        since, found = self._kept.get(person_id, (None, ()))
        if since is None or desk_touched(store, person_id, since, now):
            found = tuple(_task(row) for row in assignments_of(store, person_id))
        if len(self._kept) >= _MOST_KEPT:
            self._kept = {}
        self._kept[person_id] = now, found
        return found


def task_of(store: Store, workspace: Workspace, person_id: str, piece_id: str) -> Task:
    """Task of a person on a piece that is still to be done.

    Raises
    ------
    RefusedError
        If the piece is not this person's to read or to rule on, or the read is recorded already.
    """
    found = assignment(store, piece_id, person_id)
    if found is not None and found["why"] is None and found["read_id"] is None:
        gate = gate_of(store, workspace.policy, person_id)
        if not gate.lets(piece_id, found["round"]):
            raise gate.refusal()
        return Task(piece_id, person_id, found["round"], found["reading"])
    held = roles_held(store, person_id)
    if (CHAIR in held or COUNTY in held) and ruling_due(store, workspace, piece_id):
        if may_rule(store, workspace, person_id, piece_id):
            return Task(piece_id, person_id, Round.CHAIR, reading_of_piece(store, piece_id))
        if person_id in readers_of(store, piece_id):
            raise ruled_by_others(piece_id)
    if COUNTY in held and any(r["piece_id"] == piece_id for r in _sampled(store, person_id)):
        return Task(piece_id, person_id, Round.COUNTY, reading_of_piece(store, piece_id))
    if found is not None and found["read_id"] is not None:
        raise RefusedError(
            f"piece {piece_id}: the read is recorded. It can only be changed by a re-read.",
            key="desk.recorded",
            piece=piece_id,
        )
    raise RefusedError(
        f"piece {piece_id} is not on this person's desk. Open one of the own tasks.",
        key="desk.not_yours",
        piece=piece_id,
    )


def ruled_by_others(piece_id: str) -> RefusedError:
    """Refusal of a ruling to somebody who has read the piece."""
    return RefusedError(
        f"piece {piece_id}: who has read a piece does not rule on it. Leave the ruling to another "
        "chair, or to the county where there is none.",
        key="desk.ruling_by_reader",
        piece=piece_id,
    )


def next_task(found: Sequence[DeskTask], after: str = "") -> str:
    """Piece to go on with: the next that waits after this one, else the first; empty where none.

    Without a piece to go on from, one that was begun comes first. What others are
    at comes after what is free, and what the person has parked last of all.
    """
    waiting = [each for each in found if each.waits and each.task.piece_id != after]
    turn = min((each.turn for each in waiting), default=0)
    now = [each for each in waiting if each.turn == turn]
    if not after:
        begun = [each for each in now if each.state == DRAFT]
        return (begun or now)[0].task.piece_id if now else ""
    pieces = [each.task.piece_id for each in found]
    start = pieces.index(after) if after in pieces else -1
    later = {each.task.piece_id for each in found[start + 1 :]}
    ahead = [each for each in now if each.task.piece_id in later]
    return (ahead or now)[0].task.piece_id if now else ""


def progress(found: Sequence[DeskTask], piece_id: str = "") -> dict[str, int]:
    """How many tasks there are, how many are done, how many are left, and the place of a piece."""
    counted = [each for each in found if each.state != ENDED]
    done = sum(each.state in (PENDING, DONE) for each in counted)
    pieces = [each.task.piece_id for each in counted]
    place = pieces.index(piece_id) + 1 if piece_id in pieces else 0
    return {"total": len(counted), "done": done, "left": len(counted) - done, "place": place}


def _task(row: Row) -> DeskTask:
    """Task as it is recorded."""
    task = Task(row["piece_id"], row["rater_id"], row["round"], row["reading"])
    place = (row["competency"], row["slot_id"])
    if row["why"] is not None:
        return DeskTask(task, *place, ENDED, why=row["why"])
    if row["read_id"] is not None:
        return DeskTask(task, *place, DONE, submitted_at=row["submitted_at"])
    return DeskTask(task, *place, OPEN)


def _with_drafts(
    found: list[DeskTask], drafts: Sequence[Row], pending: Sequence[Row]
) -> list[DeskTask]:
    """Tasks with what lies on the desk: those begun, and those handed in and not recorded yet."""
    places = {each.task.values: number for number, each in enumerate(found) if each.waits}
    for row in drafts:
        if (place := places.get(_key(row))) is not None:
            marked = len(row["content"].get("marks", {}))
            found[place] = replace(found[place], state=DRAFT, marked=marked)
    for row in pending:
        if (place := places.get(_key(row))) is not None:
            at = row["submitted_at"]
            found[place] = replace(found[place], state=PENDING, marked=0, submitted_at=at)
    return found


def _with_turns(
    found: list[DeskTask], desk: DeskStore, person_id: str, at: datetime | None
) -> list[DeskTask]:
    """Tasks with what the person has parked, and what somebody else is at."""
    parked = {_key(row): row["note"] for row in parked_by(desk, person_id)}
    taken = claimed_by_others(desk, person_id, at) if at else set()
    if not parked and not taken:
        return found
    return [
        replace(
            each,
            parked=(own := each.task.values) in parked,
            note=parked.get(own, ""),
            elsewhere=(own[0], own[2], own[3]) in taken,
        )
        if each.waits
        else each
        for each in found
    ]


def _rulings_due(store: Store, workspace: Workspace, person_id: str) -> list[Row]:
    """Pieces that wait for this person's ruling, as rows of assignments."""
    due, readings = rulings_of(store, workspace, person_id), reading_of(store)
    return [
        _as_assignment(piece, person_id, Round.CHAIR, readings.get(piece["piece_id"], 1))
        for piece in due
    ]


def _sampled(store: Store, person_id: str) -> list[Row]:
    """Pieces of the county's newest sample that nobody of the county has read since."""
    drawn = {row["piece_id"] for row in latest_sample(store)}
    if not drawn:
        return []
    readings, read = reading_of(store), county_readings(store, drawn)
    found = []
    for piece in owned_among(store, drawn):
        reading = readings.get(piece["piece_id"], 1)
        if (piece["piece_id"], reading) not in read:
            found.append(_as_assignment(piece, person_id, Round.COUNTY, reading))
    return found


def _in_order(store: Store, workspace: Workspace, rows: list[Row]) -> list[Row]:
    """What was drawn by chance as it was drawn; then what must be read, the least usual first."""
    must = {row["piece_id"] for row in latest_sample(store) if row["why"] != BY_CHANCE}
    asked = {row["piece_id"]: row for row in rows if row["piece_id"] in must}
    drawn = [row for row in rows if row["piece_id"] not in must]
    return drawn + ([asked[each] for each in unlike_first(workspace, [*asked])] if asked else [])


def _as_assignment(piece: Row, person_id: str, round_name: str, reading: int) -> Row:
    return {
        **{name: piece[name] for name in ("piece_id", "slot_id", "competency")},
        "rater_id": person_id,
        "round": str(round_name),
        "reading": reading,
        **dict.fromkeys(("why", "read_id", "submitted_at")),
    }


def _key(row: Row) -> tuple[str, str, str, int]:
    return row["piece_id"], row["rater_id"], row["round"], row["reading"]
