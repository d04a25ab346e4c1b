"""Assignments 分派: who reads what, planned before anybody reads and filled up as reads come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts import roles_held
from models.assignments import (
    all_assignments,
    assigned_ever,
    department_of,
    last_positions,
    open_assignments,
    owned_piece,
    readers_ever,
    reading_of_piece,
    standing_reads_of,
)
from models.people import facts_of_teachers, raters
from models.ratings import reading_of, standing_reads
from models.records import PieceOutcome, Read, ReasonNone, Round
from models.store import Act, Row, Store
from models.submissions import owned_pieces
from scoring.allocation import Need, Plan, allocate, with_links
from scoring.conflicts import Reader, conflicts
from scoring.consensus import piece_consensus
from workbench.errors import RefusedError
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.results import consensus_rule, result_standing
from workbench.services.roles import RATER, authorise
from workbench.services.workspace import Workspace

NOT_FRESH = "not_fresh"
"""Why somebody is barred who has read the piece, has it, or has stood back from it."""

_NOT_READ = (
    *(ReasonNone.NOT_ELIGIBLE, ReasonNone.CONDITION_UNKNOWN),
    *(ReasonNone.EXEMPT, ReasonNone.DEFERRED),
)


@dataclass(frozen=True)
class Short:
    """A piece without enough readers: how many it needs and has, and why others are barred."""

    piece_id: str
    needed: int
    eligible: int
    barred: Mapping[str, int]


@dataclass(frozen=True)
class Prepared:
    """A plan with what it was made from.

    ``rounds`` is the round each piece needs readers for (``blind`` or ``third``);
    ``left_out`` counts pieces of teachers who are not assessed now, by the reason;
    ``held`` are the pieces each rater has already.
    """

    plan: Plan
    rounds: Mapping[str, str]
    readings: Mapping[str, int]
    short: tuple[Short, ...]
    left_out: Mapping[str, int]
    held: Mapping[str, int]

    @property
    def sound(self) -> bool:
        """Whether every piece has its readers and all raters can be compared."""
        return self.plan.whole and self.plan.connected

    @property
    def reads(self) -> int:
        """How many reads would be given out."""
        return sum(len(readers) for readers in self.plan.readers.values())

    def raters(self) -> list[dict[str, Any]]:
        """Rater by rater: pieces ``held`` before, ``new`` ones, ``load`` in all, and the network."""
        group = {rater: n for n, names in enumerate(self.plan.networks, 1) for rater in names}
        return [
            {
                "rater": rater,
                "held": self.held.get(rater, 0),
                "new": len(self.plan.orders.get(rater, ())),
                "load": load,
                "network": group.get(rater),
            }
            for rater, load in sorted(self.plan.loads.items())
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the object of ``allocate --json``."""
        return {
            "pieces": len(self.rounds),
            "reads": self.reads,
            "connected": self.plan.connected,
            "networks": [list(names) for names in self.plan.networks],
            "short": [
                {
                    "piece": each.piece_id,
                    "needed": each.needed,
                    "eligible": each.eligible,
                    "barred": dict(each.barred),
                }
                for each in self.short
            ],
            "left_out": dict(self.left_out),
            "raters": self.raters(),
        }


def plan_reads(workspace: Workspace, random_seed: str) -> Prepared:
    """Plan the reads every piece still needs, and write nothing.

    The plan says before anybody reads whether every piece has enough readers
    without a conflict, and whether one network joins all raters.
    """
    with workspace.store() as store:
        return _prepare(store, workspace, random_seed)


def allocate_reads(workspace: Workspace, random_seed: str, act: Act) -> Prepared:
    """Give out the reads every piece still needs: first reads, and third reads where they are due.

    Pieces that lack readers are left as they are and named; the others are given out.

    Raises
    ------
    RefusedError
        If nothing can be given out.
    """
    with workspace.store() as store:
        act = authorise(store, act, "allocation.plan")
        made = _prepare(store, workspace, random_seed)
        if not made.plan.orders:
            raise RefusedError(
                "there is nothing to allocate: every piece has its readers, or none who may read it.",
                key="allocation.nothing",
            )
        _write(store, made, act, f"seed:{random_seed}")
    return made


def follow_up(store: Store, workspace: Workspace, piece_id: str, act: Act) -> list[str]:
    """Give one piece the readers it needs now, after a read or when somebody stood back.

    The rule asks for it, not a person: the audit log names as role the policy's rule.

    Returns
    -------
    list of str
        Raters it was given to; empty where none is needed, or nobody is free of conflict.
    """
    piece = owned_piece(store, piece_id)
    if piece is None:
        return []
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    reads = [
        Read(row["rater_id"], row["round"], row["marks"])
        for row in standing_reads_of(store, piece_id)
    ]
    rule = consensus_rule(workspace.policy)
    outcome = piece_consensus(slots[piece["slot_id"]], reads, rule)
    waiting = [row for row in open_assignments(store) if row["piece_id"] == piece_id]
    missing = _missing(outcome, reads, waiting, rule.reads_per_piece)
    if missing <= 0:
        return []
    crew = _crew(store)
    barred = _barred(
        piece,
        department_of(store, piece["teacher_id"]),
        crew,
        workspace,
        assigned_ever(store).get(piece_id, set()) | readers_ever(store).get(piece_id, set()),
    )
    loads = _loads(store)
    plan = allocate([Need(piece_id, missing, frozenset(barred))], list(crew), piece_id, loads)
    if not plan.orders:
        return []
    readings = {piece_id: reading_of_piece(store, piece_id)}
    made = Prepared(plan, {piece_id: outcome.needs}, readings, (), {}, loads)
    rule_name = "third_reviewer" if outcome.needs == Round.THIRD else "reviewers_per_piece"
    automatic = Act(act.actor, f"rule:review.{rule_name}", act.at)
    _write(store, made, automatic, piece_id)
    return list(plan.orders)


def _prepare(store: Store, workspace: Workspace, random_seed: str) -> Prepared:
    rule = consensus_rule(workspace.policy)
    pieces, outcomes, left_out = _pieces_to_read(store, workspace)
    reads, readings = standing_reads(store), reading_of(store)
    waiting: dict[str, list[Row]] = {}
    for row in open_assignments(store):
        waiting.setdefault(row["piece_id"], []).append(row)
    departments = {t: f.get("department", "") for t, f in facts_of_teachers(store).items()}
    crew, ever, readers = _crew(store), assigned_ever(store), readers_ever(store)
    needs, why, rounds = [], {}, {}
    for piece in pieces:
        piece_id = piece["piece_id"]
        mine, own = waiting.get(piece_id, []), reads.get(piece_id, [])
        missing = _missing(outcomes[piece_id], own, mine, rule.reads_per_piece)
        barred = _barred(
            piece,
            departments.get(piece["teacher_id"], ""),
            crew,
            workspace,
            ever.get(piece_id, set()) | readers.get(piece_id, set()),
        )
        held = {row["rater_id"] for row in mine} | {r.rater_id for r in own if _counts(r)}
        needs.append(Need(piece_id, max(missing, 0), frozenset(barred), tuple(sorted(held))))
        if missing > 0:
            why[piece_id], rounds[piece_id] = barred, outcomes[piece_id].needs
    if rule.reads_per_piece == 1:
        links = workspace.policy["review.anchor_pieces_per_reviewer"]
        needs = with_links(needs, len(crew), links, random_seed)
    loads = _loads(store)
    plan = allocate(needs, list(crew), random_seed, loads)
    short = tuple(
        Short(s.piece_id, s.needed, s.eligible, Counter(why[s.piece_id].values()))
        for s in plan.short
    )
    return Prepared(plan, rounds, readings, short, left_out, loads)


def _pieces_to_read(
    store: Store, workspace: Workspace
) -> tuple[list[Row], Mapping[str, PieceOutcome], Counter[str]]:
    """Pieces that count as handed in, of teachers who are assessed; the others counted by reason."""
    found = result_standing(store, workspace)
    stands = {(row.teacher_id, row.competency): row.reason_none for row in found.rows}
    owned = {row["piece_id"]: row for row in owned_pieces(store)}
    pieces, left_out = [], Counter[str]()
    for key, slots in found.pieces.items():
        reason = stands.get(key)
        for piece_id in slots.values():
            if reason in _NOT_READ:
                left_out[str(reason)] += 1
            else:
                pieces.append(owned[piece_id])
    return pieces, found.outcomes, left_out


def _missing(
    outcome: PieceOutcome, reads: Sequence[Read], waiting: Sequence[Row], reads_per_piece: int
) -> int:
    """How many readers a piece lacks, counting those who have it on their desk."""
    if outcome.needs == Round.BLIND:
        given = sum(read.round == Round.BLIND for read in reads)
        return reads_per_piece - given - len([r for r in waiting if r["round"] == Round.BLIND])
    if outcome.needs == Round.THIRD:
        return 1 - len([row for row in waiting if row["round"] == Round.THIRD])
    return 0


def _barred(
    piece: Row, department: str, crew: Mapping[str, Reader], workspace: Workspace, ever: set[str]
) -> dict[str, str]:
    """Raters who cannot read a piece, and why."""
    author, rule = author_of(piece, department), conflict_rule(workspace.policy)
    found = dict.fromkeys(sorted(ever), NOT_FRESH)
    for rater, reader in crew.items():
        if causes := conflicts(reader, author, rule):
            found[rater] = causes[0]
    return found


def _crew(store: Store) -> dict[str, Reader]:
    """Everybody who holds the role of a rater now."""
    return {
        person_id: reader_of(row)
        for person_id, row in raters(store).items()
        if RATER in roles_held(store, person_id)
    }


def _counts(read: Read) -> bool:
    return read.round in (Round.BLIND, Round.THIRD)


def _loads(store: Store) -> Counter[str]:
    """Pieces of each rater on current readings: those on the desk and those read."""
    taken = {
        (read.rater_id, piece_id)
        for piece_id, reads in standing_reads(store).items()
        for read in reads
        if _counts(read)
    }
    taken |= {(r["rater_id"], r["piece_id"]) for r in all_assignments(store) if r["why"] is None}
    return Counter(rater for rater, _ in taken)


def _write(store: Store, made: Prepared, act: Act, about: str) -> None:
    last = last_positions(store)
    rows = [
        {
            "piece_id": piece_id,
            "rater_id": rater,
            "round": made.rounds.get(piece_id, Round.BLIND),
            "reading": made.readings.get(piece_id, 1),
            "position": last.get(rater, 0) + place,
        }
        for rater, pieces in made.plan.orders.items()
        for place, piece_id in enumerate(pieces, 1)
    ]
    with store.transaction(act, "allocation.plan", about) as tx:
        tx.insert("assignment", rows)
