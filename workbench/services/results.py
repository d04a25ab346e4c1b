"""Results: the level of every competency and teacher, or why there is none, and what decided it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from models.audit_trail import NOWHERE, goes_on, last_line
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

READING = (
    *("allocation.plan", "read.submit", "read.back", "read.rule", "read.county"),
    *("account.password", "account.sign_out", "evidence.reveal"),
)
"""Acts of which nothing that results rest on changes but the reads."""

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
    if policy is None and rubrics is None:
        return workspace.memory(FollowedStanding).now(store, workspace)
    policy, rubrics = policy or workspace.policy, rubrics or workspace.rubrics
    outcomes = piece_outcomes(store, rubrics, policy)
    return Drawing(store, rubrics, policy).standing(outcomes)


class Drawing:
    """What results are drawn from beside the outcomes of pieces, read once, and the drawing."""

    def __init__(self, store: Store, rubrics: RubricSet, policy: PolicyPack) -> None:
        self._rubrics, self._policy = rubrics, policy
        self._pieces, self._attempts = _pieces(store)
        self._facts = _facts(store)
        self._closed = closed_windows(store)
        self._holds = open_holds_by_submission(store)
        self._chosen = choices(store)
        self._rule = teacher_rule(policy)
        self._school_of = {row["teacher_id"]: row["school_id"] for row in teachers_of_round(store)}
        self._rows: dict[str, tuple[ResultRow, ...]] = {}

    @cached_property
    def teacher_of(self) -> dict[str, str]:
        """Teacher of each piece that counts as handed in."""
        return {
            piece: teacher
            for (teacher, _), slots in self._pieces.items()
            for piece in slots.values()
        }

    def standing(
        self, outcomes: Mapping[str, PieceOutcome], among: Collection[str] | None = None
    ) -> Standing:
        """Draw the results of every teacher; where only ``among`` is asked for, the others' as before."""
        for teacher_id, school_id in self._school_of.items():
            if among is None or teacher_id in among:
                self._rows[teacher_id] = self._of_teacher(teacher_id, school_id, outcomes)
        rows = tuple(chain.from_iterable(self._rows.values()))
        return Standing(rows, outcomes, self._pieces, self._facts)

    def _of_teacher(
        self, teacher_id: str, school_id: str, outcomes: Mapping[str, PieceOutcome]
    ) -> tuple[ResultRow, ...]:
        policy, facts = self._policy, self._facts
        gate = GateRule(policy["aggregation.excellent_scope"], school_id in self._closed)
        stands = standing(facts[teacher_id], self._rule)
        if policy["eligibility.checked_before"] != "allocation" and stands in _ELIGIBILITY:
            stands = None
        chosen = self._chosen.get(teacher_id, ())
        own = _competencies(teacher_id, chosen, self._rubrics, self._pieces, outcomes, gate, stands)
        rows = [
            _row(teacher_id, school_id, code, made, self._attempts, self._holds)
            for code, made in own.items()
        ]
        last = _conclusion(teacher_id, school_id, rows, own, self._rubrics, facts, self._rule)
        return (*rows, last)


class FollowedStanding:
    """The results of every teacher, followed: after mere reading only whose pieces came out otherwise.

    After any other act everything is drawn from the beginning. What is given is
    shared by all who ask, so it must not be changed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held_to: tuple[str, str] = ("", "")
        self._since = NOWHERE
        self._kept: tuple[Drawing, Standing] | None = None

    def now(self, store: Store, workspace: Workspace) -> Standing:
        """Results as they are drawn from the beginning; within a transaction nothing is kept."""
        rubrics, policy = workspace.rubrics, workspace.policy
        if store.in_transaction:
            return Drawing(store, rubrics, policy).standing(piece_outcomes(store, rubrics, policy))
        with self._lock:
            line, held_to = last_line(store), (rubrics.digest, policy.digest)
            kept = self._kept
            if held_to != self._held_to or not goes_on(store, self._since, line, READING):
                kept = None
            if kept is None or line != self._since:
                drawing = kept[0] if kept else Drawing(store, rubrics, policy)
                outcomes = workspace.memory(FollowedOutcomes).now(store, workspace)
                among = _otherwise(drawing, kept[1].outcomes, outcomes) if kept else None
                kept = drawing, drawing.standing(outcomes, among)
            self._kept, self._since, self._held_to = kept, line, held_to
            return kept[1]


def _otherwise(
    drawing: Drawing, before: Mapping[str, PieceOutcome], outcomes: Mapping[str, PieceOutcome]
) -> set[str]:
    """Teachers of whose pieces one came out otherwise than before."""
    other = (
        piece
        for piece, now in outcomes.items()
        if (was := before.get(piece)) is not now and was != now
    )
    return {drawing.teacher_of[piece] for piece in other if piece in drawing.teacher_of}


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
    return dict(pieces), dict(attempts)


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
