"""Results: the level of every competency and teacher, or why there is none, and what decided it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.cases import open_holds_by_submission, rejected_pieces
from models.people import (
    assessed_facts,
    choices,
    facts_of_schools,
    facts_of_teachers,
    teachers_of_round,
)
from models.records import (
    CompetencyResult,
    Condition,
    Decider,
    PieceOutcome,
    ReasonNone,
    TeacherFacts,
    TeacherResult,
)
from models.store import Store
from models.submissions import submitted_slots
from rubrics.levels import Level
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import Rubric, RubricSet
from scoring.gate import GateRule, TeacherRule, competency_result, standing, teacher_result
from workbench.services.outcomes import FollowedOutcomes, piece_outcomes
from workbench.services.workspace import Workspace

CONCLUSION = ""
"""The competency code of a teacher's conclusion."""

_ELIGIBILITY = (ReasonNone.NOT_ELIGIBLE, ReasonNone.CONDITION_UNKNOWN)


@dataclass(frozen=True)
class ResultRow:
    """One result: a competency of a teacher, or (competency empty) the teacher's conclusion.

    ``provisional`` is the level beneath a hold; it certifies nothing. ``flip_risk``
    is filled in by ``services.stability``, with its interval, or the reason there is none.
    """

    teacher_id: str
    school_id: str
    competency: str
    level: Level | None
    reason_none: ReasonNone | None
    decided_by: tuple[Decider, ...] = ()
    held: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    missing: tuple[str, ...] = ()
    provisional: Level | None = None
    attempt: int = 1
    flip_risk: float | None = None
    flip_risk_interval: tuple[float, float] | None = None
    flip_risk_reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the flat object of ``results --json``."""
        return {
            "teacher_id": self.teacher_id,
            "competency": self.competency,
            "level": self.level and str(self.level),
            "reason_none": self.reason_none and str(self.reason_none),
            "decided_by": [
                {"slot": d.slot_id, "cause": d.cause, "criteria": list(d.criteria)}
                for d in self.decided_by
            ],
            "held": list(self.held),
            "conditions": [
                {"code": c.code, "met": c.met, "value": c.value, "required": c.required}
                for c in self.conditions
            ],
            "flip_risk": self.flip_risk,
            "flip_risk_interval": self.flip_risk_interval and list(self.flip_risk_interval),
            "flip_risk_reason": self.flip_risk_reason,
        }


@dataclass(frozen=True)
class Standing:
    """Everything results are drawn from, read once.

    ``outcomes`` goes by piece id, ``pieces`` by teacher, competency and slot;
    the later attempt stands in for the earlier where it has the slot.
    """

    rows: tuple[ResultRow, ...]
    outcomes: Mapping[str, PieceOutcome]
    pieces: Mapping[tuple[str, str], Mapping[str, str]]
    facts: Mapping[str, TeacherFacts] = field(default_factory=dict)


def results(workspace: Workspace) -> list[ResultRow]:
    """Results of the whole workspace, by teacher, conclusions last for each."""
    with workspace.store() as store:
        return list(result_standing(store, workspace).rows)


def result_standing(
    store: Store,
    workspace: Workspace,
    policy: PolicyPack | None = None,
    rubrics: RubricSet | None = None,
) -> Standing:
    """Draw results from what is recorded now, with the outcomes they rest on.

    ``policy`` and ``rubrics`` stand in for the round's own, to see what they would change.
    """
    outcomes = (
        workspace.memory(FollowedOutcomes).now(store, workspace)
        if policy is None and rubrics is None
        else piece_outcomes(store, rubrics or workspace.rubrics, policy or workspace.policy)
    )
    policy, rubrics = policy or workspace.policy, rubrics or workspace.rubrics
    pieces, attempts = _pieces(store)
    facts = _facts(store)
    closed = closed_windows(store)
    holds = open_holds_by_submission(store)
    chosen = choices(store)
    rule = teacher_rule(policy)
    checked_first = policy["eligibility.checked_before"] == "allocation"
    rows: list[ResultRow] = []
    for teacher in teachers_of_round(store):
        teacher_id, school_id = teacher["teacher_id"], teacher["school_id"]
        gate = GateRule(policy["aggregation.excellent_scope"], school_id in closed)
        stands = standing(facts[teacher_id], rule)
        if not checked_first and stands in _ELIGIBILITY:
            stands = None
        own = _competencies(
            teacher_id, chosen.get(teacher_id, ()), rubrics, pieces, outcomes, gate, stands
        )
        held_rows = [
            _row(teacher_id, school_id, code, made, attempts, holds) for code, made in own.items()
        ]
        rows += held_rows
        rows.append(_conclusion(teacher_id, school_id, held_rows, own, rubrics, facts, rule))
    return Standing(tuple(rows), outcomes, pieces, facts)


def closed_windows(store: Store) -> set[str]:
    """Schools whose registrar has closed the window for evidence."""
    latest = {row["school_id"]: row["state"] for row in store.where("submission_window")}
    return {school for school, state in latest.items() if state == "closed"}


def teacher_rule(policy: PolicyPack) -> TeacherRule:
    """Read the rule for a teacher's conclusion out of the policy."""
    return TeacherRule(
        aggregation=policy["aggregation.teacher"],
        points_required=policy["choice.points_required"],
        min_dimensions=policy["dimension_rule.min_distinct"],
        environment=policy["environments.cross_environment"],
        hours_total=policy["hours.total_min"],
        hours_online=policy["hours.online_min"],
        hours_practice=policy["hours.practice_min"],
        practice_share=policy["hours.practice_share_min"],
        hours_awarded=policy["hours.awarded_by_passing"],
        hours_at_eligibility=policy["hours.counted_at"] == "eligibility",
        online_study=policy["prerequisites.online_study_passed"],
        records_required=tuple(policy["assessments.required"])
        if "assessments.required" in policy
        else (),
        online_unknown=policy["eligibility.online_unknown"],
        hours_unknown=policy["eligibility.hours_unknown"],
    )


def _pieces(
    store: Store,
) -> tuple[dict[tuple[str, str], dict[str, str]], dict[tuple[str, str], list[tuple[int, str]]]]:
    pieces: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    attempts: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    rejected = rejected_pieces(store)
    for row in submitted_slots(store):
        key = (row["teacher_id"], row["competency"])
        if row["piece_id"] and row["piece_id"] not in rejected:
            pieces[key][row["slot_id"]] = row["piece_id"]
        if (row["attempt"], row["submission_id"]) not in attempts[key]:
            attempts[key].append((row["attempt"], row["submission_id"]))
    return pieces, attempts


def _facts(store: Store) -> dict[str, TeacherFacts]:
    schools = facts_of_schools(store)
    of_school = {row["teacher_id"]: row["school_id"] for row in store.where("teacher")}
    return {
        teacher: assessed_facts(facts, schools[of_school[teacher]].get("environment", ""))
        for teacher, facts in facts_of_teachers(store).items()
    }


def _competencies(
    teacher_id: str,
    chosen: list[str] | tuple[()],
    rubrics: RubricSet,
    pieces: Mapping[tuple[str, str], Mapping[str, str]],
    outcomes: Mapping[str, PieceOutcome],
    gate: GateRule,
    stands: ReasonNone | None,
) -> dict[str, CompetencyResult]:
    made: dict[str, CompetencyResult] = {}
    for code in chosen:
        handed_in = pieces.get((teacher_id, code), {})
        by_slot = {slot: outcomes[piece] for slot, piece in handed_in.items()}
        made[code] = competency_result(rubrics[code], by_slot, gate, stands)
    return made


def _row(
    teacher_id: str,
    school_id: str,
    code: str,
    made: CompetencyResult,
    attempts: Mapping[tuple[str, str], list[tuple[int, str]]],
    holds: Mapping[str, list[str]],
) -> ResultRow:
    tries = attempts.get((teacher_id, code), [])
    held = tuple(hold for _, submission in tries for hold in holds.get(submission, ()))
    hides = bool(held) and made.level is not None
    return ResultRow(
        teacher_id,
        school_id,
        code,
        None if hides else made.level,
        ReasonNone.HELD if hides else made.reason_none,
        made.decided_by,
        held,
        missing=made.missing,
        provisional=made.level if hides else None,
        attempt=max((attempt for attempt, _ in tries), default=1),
    )


def _conclusion(
    teacher_id: str,
    school_id: str,
    rows: list[ResultRow],
    own: Mapping[str, CompetencyResult],
    rubrics: RubricSet,
    facts: Mapping[str, TeacherFacts],
    rule: TeacherRule,
) -> ResultRow:
    seen = {
        row.competency: CompetencyResult(row.level, row.reason_none, row.decided_by) for row in rows
    }
    chosen: list[Rubric] = [rubrics[code] for code in own]
    made: TeacherResult = teacher_result(chosen, seen, facts[teacher_id], rule)
    held = tuple(dict.fromkeys(hold for row in rows for hold in row.held))
    hides = bool(held) and made.level is not None
    return ResultRow(
        teacher_id,
        school_id,
        CONCLUSION,
        None if hides else made.level,
        ReasonNone.HELD if hides else made.reason_none,
        held=held,
        conditions=made.conditions,
        provisional=made.level if hides else None,
    )
