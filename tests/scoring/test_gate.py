"""From pieces to a competency and from competencies to a teacher, held against brute force."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.records import (
    CompetencyResult,
    Decider,
    PieceOutcome,
    ReasonNone,
    TeacherFacts,
)
from rubrics.levels import Level
from rubrics.loading import load_policy
from rubrics.rubric import Rubric, Slot
from scoring.gate import GateRule, TeacherRule, competency_result, standing, teacher_result
from workbench.services.results import teacher_rule

FAIL, PASS, EXCELLENT = Level
MISSING, READ, RULING = "missing", "awaiting_read", "awaiting_ruling"
STATES = (FAIL, PASS, EXCELLENT, MISSING, READ, RULING)


def rubric(code="A1", core=(True, True), dimension="d1", environment="multimedia"):
    slots = tuple(
        Slot(f"{code}-{n}", "", "", "document", is_core, ("docx",), {}, ())
        for n, is_core in enumerate(core, start=1)
    )
    about = ("", environment, "", "", "", "")
    return Rubric(code, "1", "", "", dimension, "", *about, slots)


def outcome(state):
    if isinstance(state, Level):
        deciding = () if state is EXCELLENT else (f"c-{state}",)
        return PieceOutcome(state, None, {}, deciding)
    return PieceOutcome(None, ReasonNone(state), {}, needs="third")


def pieces(of, states):
    return {
        slot.slot_id: outcome(state)
        for slot, state in zip(of.slots, states, strict=True)
        if state != MISSING
    }


def result_of(core, states, *, scope="core_pieces", closed=False):
    of = rubric(core=core)
    made = competency_result(of, pieces(of, states), GateRule(scope, closed))
    return made.level or made.reason_none


def stated(core, states, scope, closed):
    """The rule in words: any fail fails; then what is missing; then what is awaited; then levels."""
    if FAIL in states or (closed and MISSING in states):
        return FAIL
    for waiting, reason in (
        (MISSING, ReasonNone.MISSING_EVIDENCE),
        (RULING, ReasonNone.AWAITING_RULING),
        (READ, ReasonNone.AWAITING_READ),
    ):
        if waiting in states:
            return reason
    counted = [
        s for s, is_core in zip(states, core, strict=True) if is_core or scope == "all_pieces"
    ]
    return EXCELLENT if counted and set(counted) == {EXCELLENT} else PASS


def test_every_combination_of_three_pieces_follows_the_stated_rule():
    """Core or not, every level, missing and awaited, window open or closed, both scopes."""
    for core in product((True, False), repeat=3):
        for states in product(STATES, repeat=3):
            for scope, closed in product(("core_pieces", "all_pieces"), (False, True)):
                came = result_of(core, states, scope=scope, closed=closed)
                assert came == stated(core, states, scope, closed), (core, states, scope, closed)


@pytest.mark.parametrize(
    ("core", "states", "scope", "expected"),
    [
        ((True, True), (EXCELLENT, EXCELLENT), "core_pieces", EXCELLENT),
        ((True, True), (EXCELLENT, PASS), "core_pieces", PASS),  # no averaging
        ((True, False), (EXCELLENT, PASS), "core_pieces", EXCELLENT),
        ((True, False), (EXCELLENT, PASS), "all_pieces", PASS),
        ((True, False), (EXCELLENT, FAIL), "core_pieces", FAIL),  # a non-core piece can fail it
        ((False, False), (EXCELLENT, EXCELLENT), "core_pieces", PASS),  # no core piece to be so
    ],
)
def test_core_pieces_decide_excellence_and_every_piece_decides_failure(
    core, states, scope, expected
):
    assert result_of(core, states, scope=scope) is expected


def test_missing_evidence_fails_only_when_the_window_is_closed_and_names_the_slot():
    of = rubric()
    handed_in = pieces(of, (PASS, MISSING))
    waiting = competency_result(of, handed_in, GateRule())
    assert (waiting.level, waiting.reason_none) == (None, ReasonNone.MISSING_EVIDENCE)
    assert waiting.missing == ("A1-2",)
    closed = competency_result(of, handed_in, GateRule(window_closed=True))
    assert closed.level is FAIL
    assert closed.decided_by == (Decider("A1-2", "missing"),)


def test_a_fail_names_every_piece_and_criterion_that_failed():
    of = rubric(core=(True, True, False))
    made = competency_result(of, pieces(of, (FAIL, PASS, FAIL)), GateRule())
    assert made.decided_by == (
        Decider("A1-1", "criteria", ("c-fail",)),
        Decider("A1-3", "criteria", ("c-fail",)),
    )


def test_a_pass_names_the_counted_pieces_below_excellent():
    of = rubric(core=(True, True, False))
    made = competency_result(of, pieces(of, (EXCELLENT, PASS, PASS)), GateRule())
    assert made.decided_by == (Decider("A1-2", "criteria", ("c-pass",)),)


@pytest.mark.parametrize("reason", ["not_eligible", "exempt", "deferred", "condition_unknown"])
def test_who_is_not_assessed_has_that_reason_whatever_was_handed_in(reason):
    of = rubric()
    made = competency_result(of, pieces(of, (FAIL, FAIL)), GateRule(), ReasonNone(reason))
    assert (made.level, made.reason_none) == (None, reason)


# Standing: whether a teacher is assessed at all.


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"online_passed": True}, None),
        ({"online_passed": False}, "not_eligible"),
        ({}, "condition_unknown"),  # nobody recorded it: unknown, not failed
        ({"exempt": True, "online_passed": False}, "exempt"),
        ({"deferred": True, "online_passed": True}, "deferred"),
        ({"deferred": True, "online_passed": False}, "not_eligible"),
        ({"deferred": True}, "deferred"),
    ],
)
def test_where_online_study_has_to_be_passed_first(facts, expected):
    assert standing(TeacherFacts(**facts), TeacherRule(online_study=True)) == expected


def test_without_conditions_everybody_is_assessed():
    assert standing(TeacherFacts(), TeacherRule()) is None


def test_policy_may_take_unrecorded_online_study_as_not_passed():
    rule = TeacherRule(online_study=True, online_unknown="not_eligible")
    assert standing(TeacherFacts(), rule) is ReasonNone.NOT_ELIGIBLE


@pytest.mark.parametrize(
    ("online", "practice", "unknown", "expected"),
    [
        (25, 25, "condition_unknown", None),
        (25, 24, "condition_unknown", "not_eligible"),
        (None, 25, "condition_unknown", "condition_unknown"),
        (None, 24, "condition_unknown", "not_eligible"),  # what is known is enough to refuse
        (None, 25, "not_eligible", "not_eligible"),
    ],
)
def test_hours_bar_the_assessment_only_where_they_count_at_eligibility(
    online, practice, unknown, expected
):
    facts = TeacherFacts(hours_online=online, hours_practice=practice)
    rule = TeacherRule(hours_total=50, hours_practice=25, hours_unknown=unknown)
    assert standing(facts, rule) is None
    at_once = TeacherRule(
        hours_total=50, hours_practice=25, hours_at_eligibility=True, hours_unknown=unknown
    )
    assert standing(facts, at_once) == expected


# The teacher's conclusion.


def conclusion(levels, facts=None, **rule):
    """Conclusion of a teacher whose chosen competencies came out so; None is still awaited."""
    chosen = [rubric(f"A{n}", dimension=f"d{n}") for n in range(1, len(levels) + 1)]
    own = {
        r.competency: CompetencyResult(level, None if level else ReasonNone.AWAITING_READ)
        for r, level in zip(chosen, levels, strict=True)
    }
    return teacher_result(chosen, own, facts or TeacherFacts(), TeacherRule(**rule))


def possible_worlds(levels, aggregation, required):
    """Points met, not met or unknown, by trying out every way the awaited ones may come out."""
    outcomes = set()
    for way in product((FAIL, PASS), repeat=levels.count(None)):
        rest = iter(way)
        world = [level if level is not None else next(rest) for level in levels]
        enough = len([level for level in world if level > FAIL]) >= required
        outcomes.add(enough and (aggregation == "count_points_pass" or FAIL not in world))
    if outcomes == {True}:
        return True
    return False if outcomes == {False} and FAIL in levels else None


@pytest.mark.parametrize("aggregation", ["all_points_pass", "count_points_pass"])
def test_points_of_every_combination_follow_from_possible_worlds(aggregation):
    expected = {True: PASS, False: FAIL}
    for count in range(5):
        for levels in product((FAIL, PASS, EXCELLENT, None), repeat=count):
            for required in range(1, 5):
                made = conclusion(list(levels), aggregation=aggregation, points_required=required)
                met = possible_worlds(list(levels), aggregation, required)
                assert made.conditions[0].met is met, (levels, required)
                assert made.level is expected.get(met), (levels, required)


@pytest.mark.parametrize(
    ("levels", "aggregation", "expected"),
    [
        ([PASS, EXCELLENT, PASS], "all_points_pass", PASS),
        ([PASS, FAIL, PASS], "all_points_pass", FAIL),
        ([PASS, PASS, PASS, FAIL], "all_points_pass", FAIL),  # all chosen points
        ([PASS, PASS, PASS, FAIL], "count_points_pass", PASS),  # or the number that pass
        ([PASS, PASS, None], "all_points_pass", "awaiting_read"),
        ([PASS, PASS], "all_points_pass", "missing_evidence"),  # one point not chosen yet
        ([FAIL, None, None], "count_points_pass", FAIL),  # two at most can pass now
        ([FAIL, None, None, None], "count_points_pass", "awaiting_read"),
    ],
)
def test_conclusion_from_points(levels, aggregation, expected):
    made = conclusion(levels, aggregation=aggregation, points_required=3)
    assert (made.level or made.reason_none) == expected


def test_a_held_point_leaves_the_conclusion_held():
    chosen = [rubric("A1"), rubric("A2")]
    own = {
        "A1": CompetencyResult(PASS, None),
        "A2": CompetencyResult(None, ReasonNone.HELD),
    }
    made = teacher_result(chosen, own, TeacherFacts(), TeacherRule(points_required=2))
    assert (made.level, made.reason_none) == (None, ReasonNone.HELD)


@pytest.mark.parametrize(
    ("online", "practice", "expected"),
    [
        (25, 25, PASS),
        (30, 25, "not_eligible"),  # 25 of 55 is less than half
        (25, 24, "not_eligible"),
        (24, 25, "not_eligible"),  # 49 in all
        (0, 50, PASS),
        (None, 25, "condition_unknown"),
        (25, None, "condition_unknown"),
        (None, 20, "not_eligible"),  # practice alone is short, whatever online came to
        (0, 0, "not_eligible"),
    ],
)
def test_hours_of_a_teacher_whose_points_pass(online, practice, expected):
    facts = TeacherFacts(hours_online=online, hours_practice=practice)
    rule = {"hours_total": 50, "hours_practice": 25, "practice_share": 0.5}
    made = conclusion([PASS] * 3, facts, **rule)
    assert (made.level or made.reason_none) == expected
    if None in (online, practice):
        assert any(c.met is None and c.value == "" for c in made.conditions)  # unknown is not 0


def test_policy_may_take_unrecorded_hours_as_missing_without_calling_them_nought():
    made = conclusion([PASS] * 3, hours_total=50, hours_unknown="not_eligible")
    assert made.reason_none is ReasonNone.NOT_ELIGIBLE
    hours = next(c for c in made.conditions if c.code == "hours_total")
    assert (hours.met, hours.value) == (None, "")


def test_failed_points_fail_a_teacher_whatever_the_hours():
    assert conclusion([PASS, FAIL, PASS], hours_total=50).level is FAIL


def test_hours_passing_earns_are_counted_only_once_the_points_pass():
    facts = TeacherFacts(hours_online=60, hours_practice=10)
    rule = {"hours_total": 80, "hours_online": 60, "hours_practice": 20, "hours_awarded": 10}
    assert conclusion([PASS] * 3, facts, **rule).level is PASS
    waiting = conclusion([PASS, PASS, None], facts, **rule)
    hours = {c.code: c.value for c in waiting.conditions}
    assert (waiting.reason_none, hours["hours_total"]) == (ReasonNone.AWAITING_READ, "70")


def test_yueyang_awards_ten_hours_for_passing():
    rule = teacher_rule(load_policy("yueyang-2021"))
    assert (rule.hours_total, rule.hours_online, rule.hours_practice) == (80, 60, 20)
    chosen = [rubric(f"A{n}") for n in (1, 2, 3)]
    own = {r.competency: CompetencyResult(PASS, None) for r in chosen}
    facts = TeacherFacts(hours_online=60, hours_practice=10, environment="multimedia")
    made = {c.code: c for c in teacher_result(chosen, own, facts, rule).conditions}
    assert (made["hours_total"].value, made["hours_total"].met) == ("80", True)
    assert (made["hours_practice"].value, made["hours_practice"].met) == ("20", True)


class TestGuangdong:
    """A round without competencies: pass records and hours decide."""

    RULE = teacher_rule(load_policy("guangdong-2014"))

    def conclude(self, records, online=56, practice=24):
        facts = TeacherFacts(hours_online=online, hours_practice=practice, records=records)
        made = teacher_result([], {}, facts, self.RULE)
        return made.level or made.reason_none

    def test_the_training_record_decides(self):
        assert self.conclude({"training": True}) is PASS
        assert self.conclude({"training": False}) is FAIL
        assert self.conclude({"diagnostic": False, "training": True}) is PASS

    def test_no_record_is_unknown(self):
        assert self.conclude({}) is ReasonNone.CONDITION_UNKNOWN

    def test_hours_count_too(self):
        assert self.conclude({"training": True}, practice=23) is ReasonNone.NOT_ELIGIBLE
        assert self.conclude({"training": True}, online=None) is ReasonNone.CONDITION_UNKNOWN

    def test_an_exemption_comes_first(self):
        facts = TeacherFacts(exempt=True, records={"training": False})
        assert teacher_result([], {}, facts, self.RULE).reason_none is ReasonNone.EXEMPT


def test_without_any_record_to_go_by_nobody_passes():
    rule = TeacherRule(aggregation="training_assessment_passed")
    made = teacher_result([], {}, TeacherFacts(), rule)
    assert (made.level, made.reason_none) == (None, ReasonNone.CONDITION_UNKNOWN)


@pytest.mark.parametrize(
    ("policy", "own", "chosen", "met"),
    [
        ("any", "", "smart", True),
        ("same_only", "blended", "blended", True),
        ("same_only", "blended", "multimedia", False),
        ("own_or_lower", "blended", "multimedia", True),
        ("own_or_lower", "blended", "smart", False),
        ("own_or_lower", "smart", "blended", True),
        ("own_or_lower", "", "multimedia", None),  # the school has not declared one
        ("same_only", "", "multimedia", None),
    ],
)
def test_environment_of_the_points_chosen(policy, own, chosen, met):
    of = rubric("A1", environment=chosen)
    facts = TeacherFacts(environment=own)
    rule = TeacherRule(environment=policy, points_required=1)
    made = teacher_result([of], {"A1": CompetencyResult(PASS, None)}, facts, rule)
    assert next(c.met for c in made.conditions if c.code == "environment") is met
    reason = {True: PASS, False: ReasonNone.NOT_ELIGIBLE, None: ReasonNone.CONDITION_UNKNOWN}
    assert (made.level or made.reason_none) == reason[met]


def test_dimensions_count_all_chosen_points_or_those_that_passed():
    chosen = [rubric(f"A{n}", dimension=d) for n, d in enumerate(("x", "x", "y"), start=1)]
    levels = (PASS, PASS, FAIL)
    own = {r.competency: CompetencyResult(v, None) for r, v in zip(chosen, levels, strict=True)}

    def of(aggregation):
        rule = TeacherRule(aggregation=aggregation, points_required=2, min_dimensions=2)
        made = teacher_result(chosen, own, TeacherFacts(), rule)
        return next(c.value for c in made.conditions if c.code == "dimensions"), made.reason_none

    assert of("all_points_pass") == ("2", None)  # fails on its points
    assert of("count_points_pass") == ("1", ReasonNone.NOT_ELIGIBLE)


HOURS = st.one_of(st.none(), st.integers(0, 100))


@given(
    st.lists(st.sampled_from([FAIL, PASS, EXCELLENT, None]), max_size=4),
    st.sampled_from(["all_points_pass", "count_points_pass"]),
    HOURS,
    HOURS,
    st.sampled_from([True, False, None]),
    st.booleans(),
    st.booleans(),
)
def test_a_teacher_passes_only_with_every_condition_met_and_fails_only_on_points(
    levels, aggregation, online, practice, studied, exempt, deferred
):
    facts = TeacherFacts(online, practice, studied, exempt, deferred)
    made = conclusion(
        levels,
        facts,
        aggregation=aggregation,
        points_required=2,
        hours_total=50,
        practice_share=0.5,
        online_study=True,
    )
    assert (made.level is None) == (made.reason_none is not None)
    if made.level is PASS:
        assert all(condition.met is True for condition in made.conditions)
        assert not exempt and not deferred and studied
    if made.level is FAIL:
        assert made.conditions[0].met is False
        assert FAIL in levels
