"""Assignments 分派: who reads what, planned before anybody reads and filled up as reads come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.allocation import RELAX
from models.assignments import (
    department_of,
    had_by,
    last_positions,
    open_of_piece,
    owned_piece,
    reading_of_piece,
    standing_reads_of,
)
from models.records import Read, Round
from models.store import Act, Store, Transaction
from scoring.allocation import Need, Plan, Terms, allocate, draw
from scoring.conflicts import OWN_GROUP
from scoring.consensus import piece_consensus
from workbench.errors import RefusedError
from workbench.services import allocation_needs
from workbench.services.allocation_needs import EXTRA_READS, Wanted, wanted
from workbench.services.loads import FollowedLoads
from workbench.services.outcomes import appeal_rules, consensus_rule
from workbench.services.roles import CHAIR, COUNTY, authorise
from workbench.services.rulings import judges
from workbench.services.workspace import Workspace

RELAXATIONS = (OWN_GROUP, COUNTY)
"""Rules that may be set aside, in writing, for pieces that lack readers: those of the author's own
department may read; the county's reviewers read."""


@dataclass(frozen=True)
class Short:
    """A piece without enough readers: how many it needs and has, and why others are barred."""

    piece_id: str
    needed: int
    eligible: int
    given: int
    barred: Mapping[str, int]


@dataclass(frozen=True)
class Prepared:
    """A plan with what it was made from.

    ``rounds`` is the round each piece needs readers for (``blind`` or ``third``);
    ``left_out`` counts pieces of teachers who are not assessed now, by the reason;
    ``held`` are the pieces each rater has already. ``extra`` are the reads (piece,
    rater) that only validate, ``set_aside`` those for which rules were set aside.
    """

    plan: Plan
    rounds: Mapping[str, str]
    readings: Mapping[str, int]
    short: tuple[Short, ...]
    left_out: Mapping[str, int]
    held: Mapping[str, int]
    extra: frozenset[tuple[str, str]] = frozenset()
    set_aside: frozenset[tuple[str, str]] = frozenset()
    rules: tuple[str, ...] = ()
    terms: Mapping[str, Terms] = field(default_factory=dict)

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
                "share": self.terms.get(rater, Terms()).share,
                "most": self.terms.get(rater, Terms()).most,
                "held": self.held.get(rater, 0),
                "new": len(self.plan.orders.get(rater, ())),
                "load": load,
                "network": group.get(rater),
            }
            for rater, load in sorted(self.plan.loads.items())
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the object of ``allocate --json``, but for the proof."""
        return {
            "pieces": len(self.rounds),
            "reads": self.reads,
            "validated": len({piece for piece, _ in self.extra}),
            "connected": self.plan.connected,
            "networks": [list(names) for names in self.plan.networks],
            "links": [{"piece": piece, "rater": rater} for piece, rater in self.plan.links],
            "short": [
                {
                    "piece": each.piece_id,
                    "needed": each.needed,
                    "eligible": each.eligible,
                    "given": each.given,
                    "barred": dict(each.barred),
                }
                for each in self.short
            ],
            "set_aside": [{"piece": p, "rater": r} for p, r in sorted(self.set_aside)],
            "left_out": dict(self.left_out),
            "raters": self.raters(),
        }


def plan_reads(workspace: Workspace, random_seed: str, relax: Collection[str] = ()) -> Prepared:
    """Plan the reads every piece still needs, and write nothing.

    The plan says before anybody reads whether every piece has enough readers
    without a conflict, and whether one network joins all raters. ``relax`` are
    rules (of ``RELAXATIONS``) to set aside for pieces that lack readers.
    """
    with workspace.store() as store:
        return prepare(wanted(store, workspace, random_seed), workspace, random_seed, relax)


def allocate_reads(
    workspace: Workspace, random_seed: str, act: Act, relax: Collection[str] = ()
) -> Prepared:
    """Give out the reads every piece still needs: first reads, and third reads where they are due.

    Pieces that lack readers are left as they are and named; the others are given
    out. Reads for which a rule was set aside stand in the audit log by themselves,
    with the reason of the act.

    Raises
    ------
    RefusedError
        If nothing can be given out, or a rule is set aside without a reason.
    """
    with workspace.store() as store:
        asked = authorise(store, act, "allocation.plan")
        if relax and not act.reason.strip():
            raise RefusedError(
                f"setting aside {', '.join(sorted(relax))} needs its reason in writing.",
                key="allocation.relax_reason",
            )
        made = prepare(wanted(store, workspace, random_seed), workspace, random_seed, relax)
        if not made.plan.orders:
            raise RefusedError(
                "there is nothing to allocate: every piece has its readers, or none who may read it.",
                key="allocation.nothing",
            )
        write(store, made, asked, f"seed:{random_seed}")
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
    policy = workspace.policy
    rule = appeal_rules(store, policy).get(piece_id, consensus_rule(policy))
    outcome = piece_consensus(slots[piece["slot_id"]], reads, rule)
    waiting = open_of_piece(store, piece_id)
    lacking = allocation_needs.missing(outcome, reads, waiting, rule.reads_per_piece)
    if lacking <= 0:
        return []
    crew = allocation_needs.crew(store, policy)
    department, had = department_of(store, piece["teacher_id"]), had_by(store, piece_id)
    chairs = judges(store, CHAIR) if outcome.needs == Round.THIRD else []
    apart = allocation_needs.in_conflict(piece, department, crew, policy)
    bars = allocation_needs.barred(piece, department, apart, policy, had, chairs)
    loads = workspace.memory(FollowedLoads).now(store)
    terms = allocation_needs.terms_of(store)
    need = Need(piece_id, lacking, frozenset(bars))
    plan = allocate([need], list(crew), piece_id, loads, terms)
    if not plan.orders:
        return []
    readings = {piece_id: reading_of_piece(store, piece_id)}
    made = Prepared(plan, {piece_id: outcome.needs}, readings, (), {}, loads)
    write(store, made, _by_rule(act, [outcome.needs]), piece_id)
    return list(plan.orders)


def follow_up_all(
    store: Store, workspace: Workspace, pieces: Collection[str], act: Act
) -> dict[str, tuple[str, ...]]:
    """Give many pieces the readers they need now, in one plan; as ``follow_up`` does for one.

    Returns
    -------
    dict
        Raters each piece was given to; pieces without anybody new are left out.
    """
    if not pieces:
        return {}
    about = min(pieces)
    asked = wanted(store, workspace, about, only=frozenset(pieces))
    made = prepare(asked, workspace, about)
    if made.plan.orders:
        needs = [made.rounds[piece] for piece in made.plan.readers]
        write(store, made, _by_rule(act, needs), f"{about} +{len(needs) - 1}")
    return dict(made.plan.readers)


def _by_rule(act: Act, needs: Sequence[str]) -> Act:
    """The act as the policy's rule asks for it, by what the pieces need readers for."""
    only_third = all(each == Round.THIRD for each in needs)
    name = "third_reviewer" if only_third else "reviewers_per_piece"
    return Act(act.actor, f"rule:review.{name}", act.at)


def prepare(
    asked: Wanted, workspace: Workspace, random_seed: str, relax: Collection[str] = ()
) -> Prepared:
    """Plan what was gathered; rules are set aside only for pieces that lack readers otherwise."""
    plan = allocate(asked.needs, list(asked.crew), random_seed, asked.loads, asked.terms)
    before, set_aside = plan, frozenset[tuple[str, str]]()
    if relax and plan.short:
        plan = _relaxed(asked, workspace, random_seed, plan, relax)
        set_aside = frozenset(
            (piece, rater)
            for piece, readers in plan.readers.items()
            for rater in readers
            if rater not in before.readers.get(piece, ())
        )
    short = tuple(
        Short(
            s.piece_id,
            s.needed,
            s.eligible,
            s.given,
            Counter(asked.why[s.piece_id].values()),
        )
        for s in plan.short
        if s.piece_id in asked.why
    )
    rules = tuple(sorted(relax)) if set_aside else ()
    return Prepared(
        plan,
        asked.rounds,
        asked.readings,
        short,
        asked.left_out,
        asked.loads,
        _extra(asked, plan, random_seed),
        set_aside,
        rules,
        asked.terms,
    )


def write(store: Store, made: Prepared, act: Act, about: str) -> None:
    """Record a plan: assignments in each rater's order, and which of them only validate."""
    last = last_positions(store, made.plan.orders.keys())
    kept: list[dict[str, Any]] = []
    aside: list[dict[str, Any]] = []
    for rater, pieces in made.plan.orders.items():
        for place, piece_id in enumerate(pieces, 1):
            row = {
                "piece_id": piece_id,
                "rater_id": rater,
                "round": made.rounds.get(piece_id, Round.BLIND),
                "reading": made.readings.get(piece_id, 1),
                "position": last.get(rater, 0) + place,
            }
            (aside if (piece_id, rater) in made.set_aside else kept).append(row)
    if kept:
        with store.transaction(act, "allocation.plan", about) as tx:
            _insert(tx, kept, made.extra)
    if aside:
        told = f"{about};{','.join(made.rules)}"
        with store.transaction(authorise(store, act, RELAX), RELAX, told) as tx:
            _insert(tx, aside, made.extra)


def _insert(
    tx: Transaction, rows: Sequence[dict[str, Any]], extra: Collection[tuple[str, str]]
) -> None:
    ids = tx.insert("assignment", rows)
    only = [
        {"assignment_id": number}
        for number, row in zip(ids, rows, strict=True)
        if (row["piece_id"], row["rater_id"]) in extra
    ]
    if only:
        tx.insert("extra_read", only)


def _relaxed(
    asked: Wanted, workspace: Workspace, random_seed: str, plan: Plan, rules: Collection[str]
) -> Plan:
    """Fill up the pieces that lack readers with rules set aside, and leave the rest as planned."""
    short = {each.piece_id: each.needed - each.given for each in plan.short}
    needs = []
    for need in asked.needs:
        lacking = short.get(need.piece_id, 0) if need.piece_id in asked.why else 0
        held = (*need.held, *plan.readers.get(need.piece_id, ()))
        full = replace(need, reads=lacking, held=held)
        needs.append(
            allocation_needs.relaxed(asked, workspace.policy, full, rules) if lacking else full
        )
    people = [*asked.crew, *(asked.county if COUNTY in rules else ())]
    more = allocate(needs, people, random_seed, plan.loads, asked.terms)
    readers = {
        piece: tuple(sorted((*plan.readers.get(piece, ()), *more.readers.get(piece, ()))))
        for piece in sorted({*plan.readers, *more.readers})
    }
    orders: dict[str, list[str]] = {}
    for piece, names in readers.items():
        for rater in names:
            orders.setdefault(rater, []).append(piece)
    return replace(
        more,
        readers=readers,
        orders={
            rater: tuple(sorted(pieces, key=lambda piece: draw(random_seed, rater, piece)))
            for rater, pieces in sorted(orders.items())
        },
    )


def _extra(asked: Wanted, plan: Plan, random_seed: str) -> frozenset[tuple[str, str]]:
    """Draw which of the readers of a piece to be validated only validate it."""
    found: set[tuple[str, str]] = set()
    first = {need.piece_id: need.reads - EXTRA_READS for need in asked.needs}
    for piece in asked.validated & plan.readers.keys():
        readers = sorted(
            plan.readers[piece], key=lambda rater: draw(random_seed, "extra", piece, rater)
        )
        found |= {(piece, rater) for rater in readers[first[piece] :]}
    return frozenset(found)
