"""What somebody has to do at the desk 评分台, in which order, and how much of it is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts import roles_held
from models.assignments import (
    assignment,
    assignments_of,
    department_of,
    owned_piece,
    reading_of_piece,
    standing_reads_of,
)
from models.cases import adjudications_due
from models.desk_store import FILE_NAME, DeskStore
from models.drafts import Task, drafts_of, pending_of
from models.ratings import reading_of
from models.records import PieceOutcome, Read, Round
from models.store import Row, Store
from models.submissions import owned_pieces
from models.supervision import latest_sample
from scoring.conflicts import conflicts
from scoring.consensus import piece_consensus
from workbench.errors import RefusedError
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.results import consensus_rule, piece_outcomes
from workbench.services.roles import CHAIR, COUNTY
from workbench.services.workspace import Workspace

OPEN, DRAFT, PENDING, DONE, ENDED = "open", "draft", "pending", "done", "ended"
"""States of a task: not begun, begun, handed in and to be taken back, recorded, stood back from."""


@dataclass(frozen=True)
class DeskTask:
    """One task of a person with its place in the catalogue and its state.

    ``marked`` counts the criteria marked in the draft; ``submitted_at`` is empty
    until the read is handed in.
    """

    task: Task
    competency: str
    slot_id: str
    state: str
    marked: int = 0
    submitted_at: str = ""

    @property
    def waits(self) -> bool:
        """Whether there is still something to do."""
        return self.state in (OPEN, DRAFT)


def my_tasks(workspace: Workspace, person_id: str) -> list[DeskTask]:
    """Everything a person has to read or to rule on, in the person's own order."""
    with workspace.store() as store, DeskStore(workspace.folder / FILE_NAME) as desk:
        return tasks(store, desk, workspace, person_id)


def tasks(store: Store, desk: DeskStore, workspace: Workspace, person_id: str) -> list[DeskTask]:
    """Tasks of a person: reads given out, then rulings due, then the county's sample."""
    held = roles_held(store, person_id)
    rows = [*assignments_of(store, person_id)]
    if CHAIR in held:
        rows += _rulings_due(store, workspace, person_id)
    if COUNTY in held:
        rows += _sampled(store, person_id)
    drafts = {_key(row): row for row in drafts_of(desk, person_id)}
    pending = {_key(row): row for row in pending_of(desk, person_id)}
    return [_task(row, drafts.get(_key(row)), pending.get(_key(row))) for row in rows]


def task_of(store: Store, workspace: Workspace, person_id: str, piece_id: str) -> Task:
    """Task of a person on a piece that is still to be done.

    Raises
    ------
    RefusedError
        If the piece is not this person's to read, or the read is recorded already.
    """
    found = assignment(store, piece_id, person_id)
    if found is not None and found["why"] is None and found["read_id"] is None:
        return Task(piece_id, person_id, found["round"], found["reading"])
    held = roles_held(store, person_id)
    if CHAIR in held and ruling_due(store, workspace, piece_id):
        return Task(piece_id, person_id, Round.CHAIR, reading_of_piece(store, piece_id))
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


def ruling_due(store: Store, workspace: Workspace, piece_id: str) -> bool:
    """Whether a piece waits for the chair."""
    outcome = outcome_of(store, workspace, piece_id)
    if outcome is None or outcome.needs == "ruling":
        return outcome is not None
    return outcome.level is not None and piece_id in adjudications_due(store)


def outcome_of(store: Store, workspace: Workspace, piece_id: str) -> PieceOutcome | None:
    """Outcome of one piece from the reads that stand; None where there is no such piece."""
    if (piece := owned_piece(store, piece_id)) is None:
        return None
    rows = standing_reads_of(store, piece_id)
    reads = [Read(row["rater_id"], row["round"], row["marks"]) for row in rows]
    slot = workspace.rubrics[piece["competency"]].slot(piece["slot_id"])
    return piece_consensus(slot, reads, consensus_rule(workspace.policy))


def next_task(found: Sequence[DeskTask], after: str = "") -> str:
    """Piece to go on with: the next that waits after this one, else the first; empty where none.

    Without a piece to go on from, one that was begun comes first.
    """
    waiting = [each for each in found if each.waits]
    if not after:
        begun = [each for each in waiting if each.state == DRAFT]
        return (begun or waiting)[0].task.piece_id if waiting else ""
    pieces = [each.task.piece_id for each in found]
    start = pieces.index(after) if after in pieces else -1
    later = [each.task.piece_id for each in found[start + 1 :] if each.waits]
    earlier = [each.task.piece_id for each in waiting if each.task.piece_id != after]
    return (later or earlier or [""])[0]


def progress(found: Sequence[DeskTask], piece_id: str = "") -> dict[str, int]:
    """How many tasks there are, how many are done, how many are left, and the place of a piece."""
    counted = [each for each in found if each.state != ENDED]
    done = sum(each.state in (PENDING, DONE) for each in counted)
    pieces = [each.task.piece_id for each in counted]
    place = pieces.index(piece_id) + 1 if piece_id in pieces else 0
    return {"total": len(counted), "done": done, "left": len(counted) - done, "place": place}


def _task(row: Row, draft: Row | None, pending: Row | None) -> DeskTask:
    task = Task(row["piece_id"], row["rater_id"], row["round"], row["reading"])
    marked, submitted_at = 0, ""
    if row["why"] is not None:
        state = ENDED
    elif row["read_id"] is not None:
        state, submitted_at = DONE, row["submitted_at"]
    elif pending is not None:
        state, submitted_at = PENDING, pending["submitted_at"]
    elif draft is not None:
        state, marked = DRAFT, len(draft["content"].get("marks", {}))
    else:
        state = OPEN
    return DeskTask(task, row["competency"], row["slot_id"], state, marked, submitted_at)


def _rulings_due(store: Store, workspace: Workspace, person_id: str) -> list[Row]:
    """Pieces that wait for a ruling, as rows of assignments; none the chair must stand back from."""
    outcomes = piece_outcomes(store, workspace.rubrics, workspace.policy)
    due = {piece for piece, outcome in outcomes.items() if outcome.needs == "ruling"}
    if not due:
        return []
    person = store.one("person", person_id=person_id)
    readings, rule = reading_of(store), conflict_rule(workspace.policy)
    found = []
    for piece in owned_pieces(store):
        if piece["piece_id"] not in due or person is None:
            continue
        author = author_of(piece, department_of(store, piece["teacher_id"]))
        if not conflicts(reader_of(person), author, rule):
            reading = readings.get(piece["piece_id"], 1)
            found.append(_as_assignment(piece, person_id, Round.CHAIR, reading))
    return found


def _sampled(store: Store, person_id: str) -> list[Row]:
    """Pieces of the county's newest sample that nobody of the county has read since."""
    drawn = {row["piece_id"] for row in latest_sample(store)}
    if not drawn:
        return []
    readings = reading_of(store)
    read = {
        row["piece_id"]
        for row in store.where("read", round=Round.COUNTY.value)
        if row["reading"] == readings.get(row["piece_id"], 1)
    }
    return [
        _as_assignment(p, person_id, Round.COUNTY, readings.get(p["piece_id"], 1))
        for p in owned_pieces(store)
        if p["piece_id"] in drawn - read
    ]


def _as_assignment(piece: Row, person_id: str, round_name: str, reading: int) -> Row:
    return {
        **{name: piece[name] for name in ("piece_id", "slot_id", "competency")},
        "rater_id": person_id,
        "round": str(round_name),
        "reading": reading,
        **dict.fromkeys(("why", "read_id", "submitted_at")),
    }


def _key(row: Row) -> tuple[str, str, int]:
    return row["piece_id"], row["round"], row["reading"]
