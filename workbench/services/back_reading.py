"""Back-reading 回评: pieces with a level that the chair reads once more, the least certain first.

A back-read is blind and decides nothing: where it comes to another level, the
piece may go back to fresh readers, if policy lets it, with the chair's reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.accounts import holders_of
from models.assignments import (
    department_of,
    had_by,
    last_positions,
    owned_piece,
    readers_of,
    reading_of_piece,
)
from models.closing import back_reads
from models.ratings import all_reads
from models.records import PieceOutcome, Round
from models.store import Act, Row, Store
from rubrics.levels import Level
from scoring.conflicts import conflicts
from scoring.consensus import read_level
from workbench.errors import InputError, RefusedError
from workbench.services.back_queue import is_settled
from workbench.services.outcomes import FollowedOutcomes
from workbench.services.reach import seen_school
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.recall import reallocate
from workbench.services.reopening import reopen
from workbench.services.roles import CHAIR, authorise
from workbench.services.rulings import judges, last_chair
from workbench.services.workspace import Workspace

CHOSEN = "chosen"
"""Why a piece is read back that no order has put forward."""

KEPT, REOPENED = "kept", "reopened"
"""How a back-read ends: on record only, or with the piece sent back to fresh readers."""

BEGUN, READ, ENDED = "begun", "read", "ended"


@dataclass(frozen=True)
class BackRead:
    """One back-read: its state, and once read, the two levels side by side.

    ``differ`` names the criteria on which it parts from what stands; ``level`` and
    ``standing`` are None until it is read, or where it cannot judge.
    """

    number: int
    piece_id: str
    competency: str
    slot_id: str
    reader: str
    own: bool
    why: str
    at: str
    state: str
    level: Level | None
    standing: Level | None
    differ: tuple[str, ...]
    ended: str
    words: str

    @property
    def may_reopen(self) -> bool:
        """Whether it came to another level than the piece has."""
        return self.state == READ and self.level is not None and self.level != self.standing


def back_read_rows(workspace: Workspace, person_id: str) -> list[BackRead]:
    """Back-reads of the schools a person sees, the newest first.

    Raises
    ------
    RefusedError
        If the person may not see them.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "progress.show")
        outcomes = workspace.memory(FollowedOutcomes).now(store, workspace)
        people = {row["person_id"]: row["name"] for row in store.where("person")}
        rows = [
            row
            for row in back_reads(store)
            if scope in (None, row["school_id"]) and row["left_why"] is None
        ]
        made = [_told(store, workspace, row, outcomes, people, person_id) for row in rows]
    return made[::-1]


def begin_back_read(workspace: Workspace, piece_id: str, act: Act, why: str = CHOSEN) -> int:
    """Put a piece on the actor's own desk to be read back; returns the number of the back-read.

    Raises
    ------
    RefusedError
        If the piece has no level, is read back already, or the actor stands back
        from it or is the last who could rule on it.
    """
    with workspace.store() as store:
        piece = owned_piece(store, piece_id)
        school = piece["school_id"] if piece else None
        act = authorise(store, act, "read.back", school)
        outcome = workspace.memory(FollowedOutcomes).now(store, workspace).get(piece_id)
        if piece is None or not is_settled(outcome):
            raise RefusedError(
                f"piece {piece_id} has no level yet. Finish its reads and its ruling first.",
                key="back_reading.not_settled",
                piece=piece_id,
            )
        _must_be_free(store, workspace, piece, act.actor)
        with store.transaction(act, "read.back", piece_id) as tx:
            if any(r["piece_id"] == piece_id and r["ended"] is None and r["left_why"] is None
                   for r in back_reads(store)):  # fmt: skip
                raise RefusedError(
                    f"piece {piece_id} is being read back already.",
                    key="back_reading.begun",
                    piece=piece_id,
                )
            row = {
                "piece_id": piece_id,
                "rater_id": act.actor,
                "round": Round.THIRD.value,
                "reading": reading_of_piece(store, piece_id),
                "position": last_positions(store).get(act.actor, 0) + 1,
            }
            (number,) = tx.insert("assignment", [row])
            tx.insert("extra_read", [{"assignment_id": number}])
            tx.insert("back_read", [{"assignment_id": number, "why": why}])
    return number


def end_back_read(workspace: Workspace, number: int, ended: str, act: Act) -> tuple[str, ...]:
    """End a back-read with the reason of the act: on record only, or with a fresh reading.

    Returns
    -------
    tuple of str
        The piece, where it was reopened and nobody is free to read it.

    Raises
    ------
    InputError
        If the act has no reason or there is no such back-read.
    RefusedError
        If it is not read yet, ended already, or must not reopen anything.
    """
    if not act.reason.strip():
        raise InputError("ending a back-read needs its reason.", key="back_reading.reason")
    with workspace.store() as store:
        row = _find(store, number)
        act = authorise(store, act, "read.back", row["school_id"])
        outcomes = workspace.memory(FollowedOutcomes).now(store, workspace)
        found = _told(store, workspace, row, outcomes, {}, act.actor)
        _may_end(workspace, found, ended)
        with store.transaction(act, f"read.back_{ended}", row["piece_id"]) as tx:
            _must_be_unended(store, number)
            tx.insert("back_read_end", [{"assignment_id": number, "ended": ended}])
            if ended == REOPENED:
                reopen(store, tx, [row["piece_id"]], f"back_read:{number}")
        if ended == REOPENED:
            return reallocate(store, workspace, [row["piece_id"]], Act(act.actor, "", act.at))
    return ()


def _told(
    store: Store,
    workspace: Workspace,
    row: Row,
    outcomes: Mapping[str, PieceOutcome],
    people: Mapping[str, str],
    person_id: str,
) -> BackRead:
    slot = workspace.rubrics[row["competency"]].slot(row["slot_id"])
    state = ENDED if row["ended"] else (READ if row["read_id"] else BEGUN)
    level = standing = None
    differ: Collection[str] = ()
    if state != BEGUN:
        marks = _marks(store, row)
        outcome = outcomes[row["piece_id"]]
        level, standing = read_level(slot, marks), outcome.level
        differ = [
            name
            for name, made in outcome.decisions.items()
            if marks.get(name) is not None and marks[name] != made.met
        ]
    return BackRead(
        row["assignment_id"],
        row["piece_id"],
        row["competency"],
        row["slot_id"],
        people.get(row["rater_id"], row["rater_id"]),
        row["rater_id"] == person_id,
        row["why"],
        row["at"],
        state,
        level,
        standing,
        tuple(differ),
        row["ended"] or "",
        row["words"] or "",
    )


def _marks(store: Store, row: Row) -> Mapping[str, int | None]:
    found = [r for r in all_reads(store, row["piece_id"]) if r["read_id"] == row["read_id"]]
    marks: Mapping[str, int | None] = found[0]["marks"]
    return marks


def _must_be_free(store: Store, workspace: Workspace, piece: Row, actor: str) -> None:
    """Refuse who has read it, stands back from it, or would leave nobody to rule on it."""
    person = store.one("person", person_id=actor)
    department = department_of(store, piece["teacher_id"])
    author, policy = author_of(piece, department), workspace.policy
    name = piece["piece_id"]
    if (
        person is None
        or actor in had_by(store, name)
        or conflicts(reader_of(person), author, conflict_rule(policy))
    ):
        raise RefusedError(
            f"piece {name}: the actor has read it or stands back from it.",
            key="back_reading.conflict",
            piece=name,
        )
    chairs = judges(store, CHAIR)
    last = last_chair(chairs, piece, department, readers_of(store, name), policy)
    if last == actor and not holders_of(store, "county"):
        raise RefusedError(
            f"piece {name}: the actor is the last who could rule on it. Leave it to another chair.",
            key="back_reading.last_chair",
            piece=name,
        )


def _find(store: Store, number: int) -> Row:
    for row in back_reads(store):
        if row["assignment_id"] == number and row["left_why"] is None:
            return row
    raise InputError(
        f"there is no back-read {number}.", key="back_reading.not_yours", number=number
    )


def _may_end(workspace: Workspace, found: BackRead, ended: str) -> None:
    if found.state == BEGUN:
        raise RefusedError(
            f"back-read {found.number} has not been read yet.",
            key="back_reading.not_read",
            number=found.number,
        )
    if ended == REOPENED and workspace.policy["back_reading.may_change"] != "reopen":
        raise RefusedError(
            "by the policy a back-read is a record only.", key="back_reading.record_only"
        )
    if ended == REOPENED and found.state == READ and not found.may_reopen:
        raise RefusedError(
            f"back-read {found.number} came to the present level. Keep it on record.",
            key="back_reading.same",
            number=found.number,
        )


def _must_be_unended(store: Store, number: int) -> None:
    if store.one("back_read_end", assignment_id=number):
        raise RefusedError(
            f"back-read {number} has been ended already.",
            key="back_reading.ended",
            number=number,
        )
