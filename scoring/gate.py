"""From the levels of pieces to a competency's result, and from these to a teacher's.

No level is ever averaged. A result has a level, or a reason it has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.records import (
    CompetencyResult,
    Condition,
    Decider,
    PieceOutcome,
    ReasonNone,
    TeacherFacts,
    TeacherResult,
)
from rubrics.levels import Level
from rubrics.rubric import Rubric

ENVIRONMENT_ORDER = ("multimedia", "blended", "smart")
_HOURS = ("hours_total", "hours_online", "hours_practice", "practice_share")


@dataclass(frozen=True, slots=True)
class GateRule:
    """What policy says about putting pieces together (keys ``aggregation.*``).

    ``excellent_scope`` is ``core_pieces`` or ``all_pieces``; a missing piece
    becomes 不合格 only once the registrar has closed the window.
    """

    excellent_scope: str = "core_pieces"
    window_closed: bool = False


@dataclass(frozen=True, slots=True)
class TeacherRule:
    """What policy asks of a teacher; hours in 学时.

    ``aggregation`` is ``all_points_pass``, ``count_points_pass`` or
    ``training_assessment_passed`` (rounds without competencies); ``environment``
    is ``same_only``, ``own_or_lower`` or ``any``; ``hours_awarded`` are practice
    hours that passing the points itself earns. ``online_unknown`` and
    ``hours_unknown`` say what a condition nobody has recorded leaves:
    ``condition_unknown`` or ``not_eligible``.
    """

    aggregation: str = "all_points_pass"
    points_required: int = 3
    min_dimensions: int = 1
    environment: str = "any"
    hours_total: float = 0
    hours_online: float = 0
    hours_practice: float = 0
    practice_share: float = 0
    hours_awarded: float = 0
    hours_at_eligibility: bool = False
    online_study: bool = False
    records_required: tuple[str, ...] = ()
    online_unknown: str = "condition_unknown"
    hours_unknown: str = "condition_unknown"


def standing(facts: TeacherFacts, rule: TeacherRule) -> ReasonNone | None:
    """Why a teacher is not assessed at all, or None; checked before allocation.

    An exemption comes before a refusal, a refusal before a deferral, and a
    condition nobody has recorded is unknown, not unmet, unless policy says so.
    """
    if facts.exempt:
        return ReasonNone.EXEMPT
    conditions = _online_study(facts, rule)
    if rule.hours_at_eligibility:
        conditions += _hours(facts, rule, awarded=0)
    states = [_state(condition, rule) for condition in conditions]
    if False in states:
        return ReasonNone.NOT_ELIGIBLE
    if facts.deferred:
        return ReasonNone.DEFERRED
    if None in states:
        return ReasonNone.CONDITION_UNKNOWN
    return None


def competency_result(
    rubric: Rubric,
    pieces: Mapping[str, PieceOutcome],
    rule: GateRule,
    stands: ReasonNone | None = None,
) -> CompetencyResult:
    """Result of one competency from the outcomes of its pieces.

    Parameters
    ----------
    rubric : Rubric
        Every slot of it must be handed in.
    pieces : outcomes by slot id
        A slot that is absent was not handed in.
    rule : GateRule
    stands : ReasonNone, optional
        What :func:`standing` found; it comes before any piece.

    Returns
    -------
    CompetencyResult
        ``fail`` as soon as one required piece is (nothing else can lift it);
        ``excellent`` if every core piece is (or every piece, by policy);
        otherwise ``pass``, or what is still missing.
    """
    if stands is not None:
        return CompetencyResult(None, stands)
    missing = tuple(s.slot_id for s in rubric.slots if s.slot_id not in pieces)
    failed = [
        Decider(s.slot_id, "criteria", made.deciding)
        for s in rubric.slots
        if (made := pieces.get(s.slot_id)) is not None and made.level is Level.FAIL
    ]
    if rule.window_closed:
        failed += [Decider(slot_id, "missing") for slot_id in missing]
    if failed:
        return CompetencyResult(Level.FAIL, None, tuple(failed), missing)
    if missing:
        return CompetencyResult(None, ReasonNone.MISSING_EVIDENCE, missing=missing)
    reasons = {made.reason_none for made in pieces.values() if made.level is None}
    for reason in (ReasonNone.AWAITING_RULING, ReasonNone.AWAITING_READ):
        if reason in reasons:
            return CompetencyResult(None, reason)
    counted = [s for s in rubric.slots if s.core or rule.excellent_scope == "all_pieces"]
    below = tuple(
        Decider(s.slot_id, "criteria", pieces[s.slot_id].deciding)
        for s in counted
        if pieces[s.slot_id].level is not Level.EXCELLENT
    )
    if counted and not below:
        return CompetencyResult(Level.EXCELLENT, None)
    return CompetencyResult(Level.PASS, None, below)


def teacher_result(
    chosen: Sequence[Rubric],
    results: Mapping[str, CompetencyResult],
    facts: TeacherFacts,
    rule: TeacherRule,
) -> TeacherResult:
    """Conclusion for a teacher: 合格, 不合格, or why there is none yet.

    Parameters
    ----------
    chosen : rubrics of the competencies the teacher chose
    results : their results by competency code
    facts : TeacherFacts
    rule : TeacherRule

    Returns
    -------
    TeacherResult
        ``fail`` only where points (or a required pass record) are decided
        against the teacher; short hours or a wrong choice leave
        ``not_eligible`` and an unrecorded condition ``condition_unknown``.
    """
    stands = standing(facts, rule)
    if stands in (ReasonNone.EXEMPT, ReasonNone.DEFERRED):
        return TeacherResult(None, stands)
    if rule.aggregation == "training_assessment_passed":
        return _by_records(facts, rule)
    points = _points(chosen, results, rule)
    awarded = rule.hours_awarded if points.met else 0
    conditions = (
        points,
        _dimensions(chosen, results, rule),
        _environment(chosen, facts, rule),
        *_online_study(facts, rule),
        *_hours(facts, rule, awarded),
    )
    if stands is not None:
        return TeacherResult(None, stands, conditions)
    if points.met is None:
        return TeacherResult(None, _waiting_reason(results.values()), conditions)
    return _conclude(points, conditions[1:], rule)


def _conclude(decisive: Condition, others: Sequence[Condition], rule: TeacherRule) -> TeacherResult:
    conditions = (decisive, *others)
    if decisive.met is False:
        return TeacherResult(Level.FAIL, None, conditions)
    states = [_state(condition, rule) for condition in conditions]
    if False in states:
        return TeacherResult(None, ReasonNone.NOT_ELIGIBLE, conditions)
    if None in states:
        return TeacherResult(None, ReasonNone.CONDITION_UNKNOWN, conditions)
    return TeacherResult(Level.PASS, None, conditions)


def _state(condition: Condition, rule: TeacherRule) -> bool | None:
    """Whether a condition holds, with the unknown taken as policy says."""
    if condition.met is not None:
        return condition.met
    unknown = {"online_study": rule.online_unknown, **dict.fromkeys(_HOURS, rule.hours_unknown)}
    return False if unknown.get(condition.code) == "not_eligible" else None


def _points(
    chosen: Sequence[Rubric], results: Mapping[str, CompetencyResult], rule: TeacherRule
) -> Condition:
    levels = [results[r.competency].level for r in chosen if r.competency in results]
    passed = sum(level is not None and level > Level.FAIL for level in levels)
    unknown = sum(level is None for level in levels)
    failed = len(levels) - passed - unknown
    met: bool | None
    if rule.aggregation == "count_points_pass":
        enough, possible = passed >= rule.points_required, passed + unknown >= rule.points_required
    else:
        enough = failed == 0 and unknown == 0 and passed >= rule.points_required
        possible = failed == 0 and passed + unknown >= rule.points_required
    met = True if enough else None if possible else False
    if met is False and failed == 0:
        met = None  # too few points handed in: not yet there, and nobody has failed
    return Condition("points", met, str(passed), str(rule.points_required))


def _dimensions(
    chosen: Sequence[Rubric], results: Mapping[str, CompetencyResult], rule: TeacherRule
) -> Condition:
    counted = [
        r
        for r in chosen
        if rule.aggregation != "count_points_pass"
        or (
            (made := results.get(r.competency)) is not None and made.level not in (None, Level.FAIL)
        )
    ]
    distinct = len({r.dimension for r in counted})
    return Condition(
        "dimensions", distinct >= rule.min_dimensions, str(distinct), str(rule.min_dimensions)
    )


def _environment(chosen: Sequence[Rubric], facts: TeacherFacts, rule: TeacherRule) -> Condition:
    named = ",".join(dict.fromkeys(r.environment for r in chosen))
    required = f"{rule.environment}:{facts.environment}"
    if rule.environment == "any":
        return Condition("environment", True, named, required)
    if facts.environment not in ENVIRONMENT_ORDER:
        return Condition("environment", None, named, required)
    own = ENVIRONMENT_ORDER.index(facts.environment)
    allowed = {facts.environment}
    if rule.environment == "own_or_lower":
        allowed = set(ENVIRONMENT_ORDER[: own + 1])
    met = all(r.environment in allowed or r.environment == "any" for r in chosen)
    return Condition("environment", met, named, required)


def _online_study(facts: TeacherFacts, rule: TeacherRule) -> list[Condition]:
    if not rule.online_study:
        return []
    value = {True: "passed", False: "not_passed", None: ""}[facts.online_passed]
    return [Condition("online_study", facts.online_passed, value, "passed")]


def _hours(facts: TeacherFacts, rule: TeacherRule, awarded: float) -> list[Condition]:
    """Conditions on hours; a bound of nought asks for nothing and is left out."""
    online = facts.hours_online
    practice = None if facts.hours_practice is None else facts.hours_practice + awarded
    total = None if online is None or practice is None else online + practice
    share = None if total is None or practice is None else practice / total if total else 0.0
    values = (total, online, practice, share)
    bounds = (rule.hours_total, rule.hours_online, rule.hours_practice, rule.practice_share)
    return [
        Condition(code, None if value is None else value >= least, _plain(value), _plain(least))
        for code, value, least in zip(_HOURS, values, bounds, strict=True)
        if least > 0
    ]


def _by_records(facts: TeacherFacts, rule: TeacherRule) -> TeacherResult:
    states = [facts.records.get(name) for name in rule.records_required]
    # Without a record to go by nothing is known: an empty list passes nobody.
    met = False if False in states else None if None in states or not states else True
    passed = sum(state is True for state in states)
    records = Condition("pass_records", met, str(passed), str(len(states)))
    others = [*_online_study(facts, rule), *_hours(facts, rule, awarded=0)]
    return _conclude(records, others, rule)


def _waiting_reason(results: Iterable[CompetencyResult]) -> ReasonNone:
    """Name the most pressing reason among results that keeps a conclusion from being drawn."""
    present = {made.reason_none for made in results}
    for reason in (
        ReasonNone.NOT_ELIGIBLE,
        ReasonNone.MISSING_EVIDENCE,
        ReasonNone.HELD,
        ReasonNone.AWAITING_RULING,
        ReasonNone.AWAITING_READ,
        ReasonNone.CONDITION_UNKNOWN,
        ReasonNone.DEFERRED,
        ReasonNone.EXEMPT,
    ):
        if reason in present:
            return reason
    return ReasonNone.MISSING_EVIDENCE


def _plain(value: float | None) -> str:
    """Write a number without a needless ``.0``; empty where unknown."""
    return "" if value is None else f"{value:.4g}"
