"""The plan with its proof 预检: what is known before anybody reads, and the ways out where it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from models.accounts import holders_of
from models.calibration import seed_pieces
from models.people import facts_of_schools, raters
from models.progress import read_times
from models.ratings import marks_met
from models.records import PieceOutcome, Round
from models.store import Row, Store
from rubrics.policy_pack import PolicyPack
from scoring.allocation import Plan, Terms
from scoring.allocation_proof import SchoolLink, Spread, school_links, severity_errors
from scoring.allocation_staffing import Staffing, Work, forecast, staffing
from scoring.conflicts import OWN_GROUP
from workbench.services.allocation_needs import NOT_FRESH, WOULD_RULE, Wanted, wanted
from workbench.services.assignments import Prepared, prepare
from workbench.services.calibration_gate import HIDDEN, QUALIFIED, SEEDS, calibration_rule
from workbench.services.outcomes import consensus_rule
from workbench.services.roles import COUNTY, RATER, may_see
from workbench.services.workspace import Workspace

_LEAST_TIMED = 5  # reads with both times before the round's own minutes are used
_LEAST_SETTLED = 30  # pieces read by everybody first due before the round's own share is used


@dataclass(frozen=True)
class RaterProof:
    """One rater under a plan.

    ``full_load`` is the load for a full share; ``se`` the expected standard error of
    the severity, logits, None where nothing compares the rater; ``hours`` are of the
    new reads.
    """

    rater: str
    name: str
    school: str
    share: float
    most: int | None
    held: int
    new: int
    load: int
    full_load: float | None
    network: int | None
    se: float | None
    hours: float


@dataclass(frozen=True)
class Outlook:
    """The work a plan makes; minutes of a read and the share of third reads measured, or planned (0)."""

    work: Work
    minutes: float
    minutes_measured: int
    third_share: float
    third_measured: int


@dataclass(frozen=True)
class WayOut:
    """A rule that could be set aside: pieces that lack readers still if it were, and reads it gives."""

    rule: str
    short_left: int
    reads: int


@dataclass(frozen=True)
class Proof:
    """What a plan can and cannot do, told before anybody reads.

    Attributes
    ----------
    made : the plan
    raters : one row a rater
    schools : whether each school's raters can be compared with the others
    most_se : greatest standard error of an offset that still compares
    barred : pairs of rater and piece that stand apart, by the cause
    staff : people lacking for a legal staffing
    outlook : work to come
    ways_out : rules that may be set aside, where pieces lack readers
    partners : schools of the same clusters as those whose pieces lack readers, with their raters
    seeds, seeds_due : hidden seed pieces a rater will read besides at most, and those policy asks
        for: fewer are there where the first is smaller
    """

    made: Prepared
    raters: tuple[RaterProof, ...]
    schools: tuple[SchoolLink, ...]
    most_se: float
    barred: Mapping[str, int]
    staff: Staffing
    outlook: Outlook
    ways_out: tuple[WayOut, ...]
    partners: Mapping[str, int]
    seeds: int
    seeds_due: int

    def as_json(self) -> dict[str, Any]:
        """Return the object of ``allocate --json``."""
        told = {row.rater: row for row in self.raters}
        plain = self.made.as_json()
        plain["raters"] = [
            {
                **row,
                "se": _rounded(told[row["rater"]].se),
                "hours": round(told[row["rater"]].hours, 1),
            }
            for row in plain["raters"]
        ]
        work = self.outlook.work
        return {
            **plain,
            "conflicts": dict(self.barred),
            "schools": [
                {"school": s.school, "raters": s.raters, "se": _rounded(s.se),
                 "comparable": s.comparable}
                for s in self.schools
            ],
            "staffing": {
                "raters": self.staff.now, "most_a_piece": self.staff.most_a_piece,
                "borrow": self.staff.borrow, "borrow_for_third": self.staff.borrow_for_third,
            },
            "forecast": {
                "reads": work.reads, "third_reads": round(work.third_reads, 1),
                "hours": round(work.hours, 1), "minutes": round(self.outlook.minutes, 1),
                "third_share": round(self.outlook.third_share, 3),
                "minutes_measured": self.outlook.minutes_measured,
                "third_measured": self.outlook.third_measured,
            },
            "ways_out": [
                {"rule": way.rule, "short_left": way.short_left, "reads": way.reads}
                for way in self.ways_out
            ],
            "seeds": self.seeds,
            "seeds_due": self.seeds_due,
        }  # fmt: skip


def prove(workspace: Workspace, random_seed: str, relax: Sequence[str] = ()) -> Proof:
    """Plan the reads and say what the plan can do, writing nothing."""
    with workspace.store() as store:
        asked = wanted(store, workspace, random_seed)
        made = prepare(asked, workspace, random_seed, relax)
        return _proof(store, workspace, asked, made, random_seed)


def proof_seen(
    workspace: Workspace, person_id: str, random_seed: str, relax: tuple[str, ...] = ()
) -> Proof:
    """As ``prove``, for somebody who may see it.

    Raises
    ------
    RefusedError
        If the person may not.
    """
    with workspace.store() as store:
        may_see(store, person_id, "allocation.show")
    return prove(workspace, random_seed, relax)


def _proof(
    store: Store, workspace: Workspace, asked: Wanted, made: Prepared, random_seed: str
) -> Proof:
    policy, plan = workspace.policy, made.plan
    marks = _criteria(workspace, asked)
    spread = _spread(store)
    due = _seeds_due(policy, plan)
    seeds = _seeds(store, due)
    errors = severity_errors(plan.panels, marks, spread, seeds)
    people, places = raters(store), {r["school_id"]: r["name"] for r in store.where("school")}
    school = {name: places.get(row["school_id"] or "", "") for name, row in people.items()}
    most_se = policy["facets.max_offset_se"]
    outlook = _outlook(store, policy, asked, made)
    third = consensus_rule(policy).third != "never"
    return Proof(
        made,
        tuple(_raters(made, people, school, errors, outlook.minutes)),
        tuple(school_links(plan.panels, marks, school, spread, most_se, seeds)),
        most_se,
        _causes(asked),
        staffing(
            [need for need in asked.needs if need.reads],
            asked.crew,
            consensus_rule(policy).reads_per_piece,
            third=third,
            terms=asked.terms,
        ),
        outlook,
        _ways_out(asked, workspace, made, random_seed),
        _partners(store, asked, made, places),
        max(seeds.values(), default=0),
        max(due.values(), default=0),
    )


def _raters(
    made: Prepared,
    people: Mapping[str, Row],
    school: Mapping[str, str],
    errors: Mapping[str, float | None],
    minutes: float,
) -> Sequence[RaterProof]:
    found = []
    for row in made.raters():
        rater, share = row["rater"], made.terms.get(row["rater"], Terms()).share
        found.append(
            RaterProof(
                rater,
                people[rater]["name"],
                school.get(rater, ""),
                share,
                row["most"],
                row["held"],
                row["new"],
                row["load"],
                row["load"] / share if share else None,
                row["network"],
                errors.get(rater),
                row["new"] * minutes / 60,
            )
        )
    return found


def _criteria(workspace: Workspace, asked: Wanted) -> dict[str, int]:
    """How many criteria each piece is marked by."""
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    return {piece: len(slots[slot].criteria) for piece, slot in asked.slot_of.items()}


def _spread(store: Store) -> Spread:
    """Spread expected of marks: with the share met of the round's own, if there are any to speak of."""
    met, marks = marks_met(store)
    if marks < _LEAST_SETTLED:
        return Spread()
    return Spread(met_share=min(max(met / marks, 0.05), 0.95))


def _seeds_due(policy: PolicyPack, plan: Plan) -> dict[str, int]:
    """Hidden seeds policy asks of each rater with this plan's load; empty where it asks for none."""
    rule = calibration_rule(policy)
    if rule.mode != SEEDS:
        return {}
    loads = {rater: load for rater, load in plan.loads.items() if load}
    return {rater: rule.hidden_for(load, QUALIFIED) for rater, load in loads.items()}


def _seeds(store: Store, due: Mapping[str, int]) -> dict[str, int]:
    """Hidden seeds each rater will read, as far as there are any; empty where there are none."""
    there = sum(row["purpose"] == HIDDEN for row in seed_pieces(store)) if due else 0
    return {rater: min(count, there) for rater, count in due.items()} if there else {}


def _outlook(store: Store, policy: PolicyPack, asked: Wanted, made: Prepared) -> Outlook:
    timed = _minutes(read_times(store))
    minutes = (
        median(timed) if len(timed) >= _LEAST_TIMED else _planned(policy, "planned_minutes", 8)
    )
    share, measured = _third_share(policy, asked)
    blind = [piece for piece, kind in asked.rounds.items() if kind == Round.BLIND]
    return Outlook(
        forecast(made.reads, len(blind), share, minutes),
        minutes,
        len(timed) if len(timed) >= _LEAST_TIMED else 0,
        share,
        measured,
    )


def _minutes(times: Sequence[Row]) -> list[float]:
    """Minutes of every read with both its times."""
    return [
        (ended - opened).total_seconds() / 60
        for row in times
        if row["opened_at"] and row["submitted_at"]
        for ended in [datetime.fromisoformat(row["submitted_at"])]
        for opened in [datetime.fromisoformat(row["opened_at"])]
        if ended > opened
    ]


def _third_share(policy: PolicyPack, asked: Wanted) -> tuple[float, int]:
    """Share of pieces that take a third read, and on how many pieces of the round it rests (0: planned)."""
    rule = consensus_rule(policy)
    if rule.third in ("always", "never"):
        return float(rule.third == "always"), 0
    read = [
        _took_third(asked.outcomes[need.piece_id], [r.round for r in own])
        for need in asked.needs
        if (own := asked.reads.get(need.piece_id))
        and sum(r.round == Round.BLIND for r in own) >= rule.reads_per_piece
    ]
    if len(read) >= _LEAST_SETTLED:
        return sum(read) / len(read), len(read)
    if rule.third == "when_pass_unsettled":
        return _planned(policy, "planned_third_share_pass", 0.26), 0
    return _planned(policy, "planned_third_share", 0.49), 0


def _took_third(outcome: PieceOutcome, rounds: Sequence[str]) -> bool:
    return outcome.needs == Round.THIRD or Round.THIRD in rounds


def _planned(policy: PolicyPack, name: str, usual: float) -> float:
    """Value of a planning rule; a round opened before there was one goes by the usual."""
    return float(policy[f"review.{name}"]) if f"review.{name}" in policy else usual


def _causes(asked: Wanted) -> Counter[str]:
    """Pairs of rater and piece to be read that stand apart, by the cause; not those who had it before."""
    causes = Counter(cause for own in asked.why.values() for cause in own.values())
    del causes[NOT_FRESH], causes[WOULD_RULE]
    return causes


def _ways_out(
    asked: Wanted, workspace: Workspace, made: Prepared, random_seed: str
) -> tuple[WayOut, ...]:
    """Rules that would help if they were set aside, each tried by itself."""
    if not made.short:
        return ()
    tried = []
    own_group = any(OWN_GROUP in asked.why[each.piece_id].values() for each in made.short)
    if own_group and OWN_GROUP not in made.rules:
        tried.append(OWN_GROUP)
    if asked.county and COUNTY not in made.rules:
        tried.append(COUNTY)
    found = []
    for rule in tried:
        other = prepare(asked, workspace, random_seed, (*made.rules, rule))
        if gained := len(other.set_aside) - len(made.set_aside):
            found.append(WayOut(rule, len(other.short), gained))
    return tuple(found)


def _partners(
    store: Store, asked: Wanted, made: Prepared, places: Mapping[str, str]
) -> dict[str, int]:
    """Schools of the same cluster 学区 as those that lack readers, with how many raters they have."""
    if not made.short:
        return {}
    cluster = {s: own.get("cluster", "") for s, own in facts_of_schools(store).items()}
    lacking = {asked.pieces[each.piece_id]["school_id"] for each in made.short}
    wished = {cluster.get(school, "") for school in lacking} - {""}
    count = Counter(row["school_id"] for row in holders_of(store, RATER) if row["school_id"])
    return {
        places[school]: count[school]
        for school, own in cluster.items()
        if own in wished and school not in lacking and school in places
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
