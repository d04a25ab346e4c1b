"""Calibration: what is right, Wald's test and the CUSUM, and how often they err."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.levels import Level
from rubrics.rubric import Criterion, Slot
from scoring.calibration import (
    FAILED,
    GOING_ON,
    PASSED,
    UNDECIDED,
    Drift,
    Qualification,
    compare,
    since_last_hit,
)
from scoring.errors import ScoringError

TEST, DRIFT = Qualification(), Drift()
SLOT = Slot(
    "A1-1",
    "",
    "",
    "document",
    True,
    ("docx",),
    {},
    tuple(
        Criterion(name, Level.PASS if name.startswith("P") else Level.EXCELLENT, "", "")
        for name in ("P1", "P2", "E1")
    ),
)


def marks(word):
    return dict(
        zip(("P1", "P2", "E1"), ({"1": 1, "0": 0, "?": None}[s] for s in word), strict=True)
    )


@pytest.mark.parametrize(
    ("rater", "experts", "hit", "gap", "wrong"),
    [
        ("111", "111", True, 0, ()),
        ("110", "111", False, 1, ("E1",)),
        ("101", "111", False, 2, ("P2",)),
        ("001", "011", True, 0, ("P2",)),  # both find P1 unmet
        ("101", "011", False, 0, ("P1", "P2")),  # 不合格 for another reason is no hit
        ("1?1", "111", False, None, ("P2",)),  # no level of the rater's own
        ("000", "110", False, 1, ("P1", "P2")),
    ],
)
def test_a_seed_is_right_where_the_level_is_and_a_fail_has_a_reason_in_common(
    rater, experts, hit, gap, wrong
):
    made = compare(SLOT, marks(rater), marks(experts))
    assert (made.hit, made.gap, made.wrong) == (hit, gap, wrong)


def test_a_piece_the_experts_left_half_marked_is_no_standard():
    with pytest.raises(ScoringError, match="P2"):
        compare(SLOT, marks("111"), {"P1": 1, "E1": 1})


def test_nine_right_pass_and_two_wrong_fail():
    # ln(.9/.7) = .2513, ln(.1/.3) = -1.0986; the bounds are ±ln 9 = ±2.1972
    assert TEST.decide([True] * 8) == GOING_ON  # 2.0105
    assert TEST.decide([True] * 9) == PASSED  # 2.2618
    assert TEST.decide([False]) == GOING_ON
    assert TEST.decide([False, False]) == FAILED  # exactly on the bound


def test_the_test_ends_undecided_at_its_most_pieces():
    # a miss takes 4.37 hits to make up: one in six wrong stays between the bounds
    pattern = ([False] + [True] * 5) * 5
    assert TEST.decide(pattern[:29]) == GOING_ON
    assert TEST.decide(pattern) == UNDECIDED


def test_what_comes_after_the_end_changes_nothing():
    assert TEST.decide([True] * 9 + [False] * 5) == PASSED


@given(st.lists(st.booleans(), max_size=40))
def test_one_more_right_never_makes_it_worse(hits):
    rank = [FAILED, UNDECIDED, GOING_ON, PASSED]
    better = [*hits]
    if False in better:
        better[better.index(False)] = True
    assert rank.index(TEST.decide(better)) >= rank.index(TEST.decide(hits)) or (
        {TEST.decide(better), TEST.decide(hits)} == {UNDECIDED, GOING_ON}
    )


def simulated_test(accuracy, raters, rng):
    """Ends of the test for many raters at once, by drawing every piece."""
    hits = rng.random((raters, TEST.most)) < accuracy
    steps = np.where(hits, math.log(0.9 / 0.7), math.log(0.1 / 0.3))
    score = np.cumsum(steps, axis=1)
    up, down = score >= math.log(9) - 1e-9, score <= -math.log(9) + 1e-9
    ended = up | down
    first = np.where(ended.any(axis=1), ended.argmax(axis=1), TEST.most - 1)
    rows = np.arange(raters)
    return up[rows, first].mean(), down[rows, first].mean(), (first + 1).mean()


@pytest.mark.parametrize("accuracy", [0.6, 0.7, 0.8, 0.9, 0.95])
def test_error_rates_of_the_qualification_are_those_of_simulated_raters(accuracy):
    made = TEST.chances(accuracy)
    passed, failed, pieces = simulated_test(accuracy, 40_000, np.random.default_rng(11))
    assert made.passed + made.failed + made.undecided == pytest.approx(1)
    assert made.passed == pytest.approx(passed, abs=0.01)
    assert made.failed == pytest.approx(failed, abs=0.01)
    assert made.pieces == pytest.approx(pieces, abs=0.15)


def test_the_qualification_keeps_the_error_rates_it_promises():
    # Wald: true rates are at most the nominal over one less the other, .1/.9
    assert TEST.chances(0.7).passed <= 0.1 / 0.9
    assert TEST.chances(0.9).failed <= 0.1 / 0.9


def test_two_misses_do_not_lock_and_three_do():
    assert DRIFT.score([False, False]) == pytest.approx(2.2)
    assert not DRIFT.locks(DRIFT.score([False, False]))
    assert DRIFT.locks(DRIFT.score([False, False, False]))
    assert DRIFT.score([True] * 20) == 0


def test_old_misses_wear_off():
    # 2.2 less 5 × .25 is .95, and one more miss makes 2.05
    assert not DRIFT.locks(DRIFT.score([False, False, *[True] * 5, False]))
    assert DRIFT.locks(DRIFT.score([False, False, True, False]))  # 2.2 - .25 + 1.1 = 3.05


def test_a_read_two_levels_off_locks_at_once_unless_policy_says_never():
    far = compare(SLOT, marks("011"), marks("111"))
    assert DRIFT.is_wide(far)
    assert not Drift(gap=0).is_wide(far)
    assert not DRIFT.is_wide(compare(SLOT, marks("110"), marks("111")))


@pytest.mark.parametrize("accuracy", [0.5, 0.7, 0.9, 0.95])
def test_chances_to_be_locked_are_those_of_simulated_raters(accuracy):
    rng = np.random.default_rng(5)
    hits = rng.random((40_000, 20)) < accuracy
    wide = rng.random((40_000, 20)) < 0.1
    score, locked, shares = np.zeros(40_000), np.zeros(40_000, dtype=bool), []
    for place in range(20):
        score = np.where(hits[:, place], np.maximum(0, score - 0.25), score + 1.1)
        locked |= (score >= 2.5 - 1e-9) | (~hits[:, place] & wide[:, place])
        shares.append(locked.mean())
    assert DRIFT.lock_chances(accuracy, 20, 0.1) == pytest.approx(shares, abs=0.012)


def test_the_lock_finds_a_poor_rater_far_sooner_than_a_good_one():
    poor, good = (DRIFT.lock_chances(a, 10)[-1] for a in (0.5, 0.95))
    assert poor > 0.85
    assert good < 0.02


def test_where_the_work_was_last_sound():
    assert since_last_hit([True, False, True, False, False]) == 2
    assert since_last_hit([False, False]) is None


@pytest.mark.parametrize("rule", [{"poor": 0.9, "good": 0.7}, {"poor": 0, "good": 0.9}])
def test_accuracies_no_test_can_tell_apart_are_refused(rule):
    with pytest.raises(ScoringError, match="told apart"):
        Qualification(**rule)
