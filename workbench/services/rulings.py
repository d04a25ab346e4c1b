"""Which pieces wait for a ruling 仲裁, and who may give it: a chair who has not read the piece.

Where no chair is left who may (each has read it, stands back, or has another
school), the county rules. Nobody judges between the own read and another's.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from models.accounts import holders_of
from models.assignments import department_of, owned_piece, readers_of, standing_reads_of
from models.cases import adjudications_due
from models.following import BEGINNING, Marks, newest, pieces_touched, places_of
from models.records import PieceOutcome, Read
from models.store import Row, Store
from rubrics.policy_pack import PolicyPack
from scoring.conflicts import Reader, conflicts
from scoring.consensus import piece_consensus
from workbench.services.outcomes import appeal_rules, consensus_rule, piece_outcomes
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.roles import CHAIR, COUNTY, scope_of
from workbench.services.workspace import Workspace

_FEW = 200  # pieces: below, each is looked at alone; above, all are read at once


def outcome_of(store: Store, workspace: Workspace, piece_id: str) -> PieceOutcome | None:
    """Outcome of one piece from the reads that stand; None where there is no such piece."""
    if (piece := owned_piece(store, piece_id)) is None:
        return None
    rows = standing_reads_of(store, piece_id)
    reads = [Read(row["rater_id"], row["round"], row["marks"]) for row in rows]
    slot = workspace.rubrics[piece["competency"]].slot(piece["slot_id"])
    rule = consensus_rule(workspace.policy)
    rule = appeal_rules(store, workspace.policy).get(piece_id, rule)
    return piece_consensus(slot, reads, rule)


def ruling_due(store: Store, workspace: Workspace, piece_id: str) -> bool:
    """Whether a piece waits for a ruling."""
    outcome = outcome_of(store, workspace, piece_id)
    if outcome is None or outcome.needs == "ruling":
        return outcome is not None
    return outcome.level is not None and piece_id in adjudications_due(store)


def may_rule(store: Store, workspace: Workspace, person_id: str, piece_id: str) -> bool:
    """Whether somebody may rule on a piece, if a ruling is due."""
    piece = owned_piece(store, piece_id)
    if piece is None:
        return False
    return bool(_theirs(store, workspace, person_id, [Due(0, piece, readers_of(store, piece_id))]))


def rulings_of(store: Store, workspace: Workspace, person_id: str) -> list[Row]:
    """Pieces (rows of ``owned_piece``) that wait for this person's ruling, in the order of intake."""
    due = workspace.memory(DueRulings).now(store, workspace)
    return _theirs(store, workspace, person_id, due)


@dataclass(frozen=True)
class Judge:
    """Somebody who may rule; ``scope`` is the only school they do so for, None for all."""

    reader: Reader
    scope: str | None

    def may(
        self, piece: Row, department: str, readers: Collection[str], policy: PolicyPack
    ) -> bool:
        """Whether they may rule on a piece that these people have read."""
        return (
            self.reader.rater_id not in readers
            and self.scope in (None, piece["school_id"])
            and not conflicts(self.reader, author_of(piece, department), conflict_rule(policy))
        )


def judges(store: Store, role: str) -> list[Judge]:
    """Everybody who holds a role that rules."""
    return [Judge(reader_of(row), scope_of(store, row, role)) for row in holders_of(store, role)]


def last_chair(
    chairs: Sequence[Judge],
    piece: Row,
    department: str,
    readers: Collection[str],
    policy: PolicyPack,
) -> str:
    """Return the only chair left who may rule on a piece, who must not read it; else empty."""
    free = [each for each in chairs if each.may(piece, department, readers, policy)]
    return free[0].reader.rater_id if len(free) == 1 else ""


@dataclass(frozen=True)
class Due:
    """One piece that waits for a ruling: its place in the order of intake, and who has read it."""

    place: int
    piece: Row
    readers: frozenset[str]


class DueRulings:
    """The pieces that wait for a ruling, followed: only those read or sent since are looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = BEGINNING
        self._sent: frozenset[str] = frozenset()
        self._due: dict[str, Due] = {}

    def now(self, store: Store, workspace: Workspace) -> list[Due]:
        """Every piece that waits now, in the order of intake."""
        with self._lock:
            marks = newest(store)
            if marks != self._since:
                self._follow(store, workspace, marks)
            return sorted(self._due.values(), key=lambda each: each.place)

    def _follow(self, store: Store, workspace: Workspace, marks: Marks) -> None:
        if any(new < old for new, old in zip(marks, self._since, strict=True)):
            self._since, self._sent, self._due = BEGINNING, frozenset(), {}  # another database
        touched, sent = pieces_touched(store, self._since), self._sent
        if marks.case != self._since.case or touched & sent:
            sent = frozenset(adjudications_due(store))
            touched |= sent ^ self._sent
        waiting = _waiting(store, workspace, touched, sent)
        for piece_id in touched - waiting:
            self._due.pop(piece_id, None)
        for piece_id, place in places_of(store, waiting).items():
            if (piece := owned_piece(store, piece_id)) is not None:
                self._due[piece_id] = Due(place, piece, readers_of(store, piece_id))
        self._since, self._sent = marks, sent


def _waiting(
    store: Store, workspace: Workspace, among: Collection[str], sent: Collection[str]
) -> set[str]:
    """Which of these pieces wait for a ruling; ``sent`` are those a case has sent to the chair."""
    if len(among) > _FEW:
        outcomes = piece_outcomes(store, workspace.rubrics, workspace.policy)
        waits = {piece for piece, found in outcomes.items() if found.needs == "ruling"}
        return waits & set(among)  # seed pieces are read too and have no outcome
    found = set()
    for piece in among:
        outcome = outcome_of(store, workspace, piece)
        if outcome is not None and (
            outcome.needs == "ruling" or (outcome.level is not None and piece in sent)
        ):
            found.add(piece)
    return found


def _theirs(store: Store, workspace: Workspace, person_id: str, due: Sequence[Due]) -> list[Row]:
    """Those of the pieces due on which a person may rule, as chair or for the county."""
    if not due:
        return []
    chairs = judges(store, CHAIR)
    chair = next((each for each in chairs if each.reader.rater_id == person_id), None)
    county = next((j for j in judges(store, COUNTY) if j.reader.rater_id == person_id), None)
    if chair is None and county is None:
        return []
    found = []
    for each in due:
        given = (each.piece, department_of(store, each.piece["teacher_id"]), each.readers)
        as_chair = chair is not None and chair.may(*given, workspace.policy)
        if as_chair or (
            county is not None
            and county.may(*given, workspace.policy)
            and not any(other.may(*given, workspace.policy) for other in chairs)
        ):
            found.append(each.piece)
    return found
