"""Limits rise where a county's unrelated texts share much, and stand where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.similarity.calibrating import (
    HELD,
    LOWERED,
    RAISED,
    TOO_FEW,
    Strangers,
    calibrated,
)
from scoring.similarity.limits import TextLimits

LIMITS = TextLimits()
LOWER_RUN = replace(LIMITS, look_run=LIMITS.least_run)  # where null pairs have no runs at all


def shares(count, mean, seed=1):
    """Shares of chance pairs: they thin out as an exponential does."""
    return np.random.default_rng(seed).exponential(mean, count)


def raised(values, per_null=1.0, null=None):
    nothing = np.zeros(len(values))
    chosen = np.ones(len(values), dtype=bool) if null is None else null
    return calibrated(values, nothing, Strangers(chosen, ~chosen, per_null), LIMITS)


def test_few_null_pairs_leave_the_policys_limits_and_say_so():
    limits, told = raised(shares(40, 0.03))
    assert (limits, told.state, told.null_pairs) == (LIMITS, TOO_FEW, 40)


def test_chance_that_ends_far_below_the_limit_raises_nothing():
    limits, told = raised(np.full(500, 0.05))
    assert (limits, told.state) == (LOWER_RUN, LOWERED)


def test_the_limit_rises_to_where_one_chance_pair_is_left():
    # 20,000 pairs with mean .0165 leave 20,000 * exp(-.13 / .0165) = 7.6 above .13, and one
    # above .0165 * ln(20,000) = .163; eight found allow one.
    limits, told = raised(shares(20_000, 0.0165))
    assert told.state == RAISED
    assert limits.look_share == pytest.approx(0.163, abs=0.012)
    assert limits.strong_share >= LIMITS.strong_share
    assert limits.strong_run == LIMITS.strong_run


def test_copies_among_the_null_pairs_do_not_raise_the_limit():
    chance = shares(3000, 0.008)
    assert raised(np.append(chance, np.full(60, 0.5)))[0] == LOWER_RUN


def test_a_county_of_more_pairs_for_each_null_pair_is_held_to_more():
    values = shares(20_000, 0.0165)
    assert raised(values, per_null=3.0)[0].look_share > raised(values)[0].look_share


def test_limits_rise_by_half_at_most():
    limits, _ = raised(np.linspace(0.04, 0.129, 5000))
    assert limits.look_share == pytest.approx(1.5 * LIMITS.look_share)


def of_runs(runs, near=()):
    """Calibrate by the runs of null pairs, and of pairs of one subject."""
    both = np.concatenate([runs, near])
    null = np.arange(len(both)) < len(runs)
    return calibrated(np.zeros(len(both)), both, Strangers(null, ~null, 1.0), LIMITS)


def test_where_chance_ends_early_shorter_runs_are_looked_at():
    # Mean 10: of 9,000 pairs 9,000 * exp(-110 / 10) = .15 are left above 110.
    limits, told = of_runs(np.random.default_rng(3).exponential(10.0, 9000))
    assert (limits.look_run, told.state, told.look_run) == (LIMITS.least_run, LOWERED, 110)
    assert (limits.strong_run, limits.look_share) == (LIMITS.strong_run, LIMITS.look_share)


def test_quotations_that_teachers_of_one_subject_share_keep_the_limit():
    unrelated = np.random.default_rng(3).exponential(10.0, 9000)
    quoted = np.random.default_rng(4).uniform(40, 105, 300)  # as many long ones as short ones
    limits, told = of_runs(unrelated, quoted)
    assert (limits.look_run, told.state) == (LIMITS.look_run, HELD)


def test_a_county_that_shows_no_chance_lowers_nothing():
    limits, told = of_runs(np.full(30, 20.0))
    assert (limits, told.state) == (LIMITS, TOO_FEW)


def test_runs_are_calibrated_in_whole_characters():
    runs = np.random.default_rng(2).exponential(18.0, 9000)
    limits, told = of_runs(runs)
    assert told.state == RAISED
    assert isinstance(limits.look_run, int)
    assert LIMITS.look_run < limits.look_run <= 1.5 * LIMITS.look_run


def of_one_subject(shares, runs):
    """Calibrate by pairs of one subject; fifty null pairs share next to nothing."""
    shares, runs = (np.concatenate([np.zeros(50), values]) for values in (shares, runs))
    null = np.arange(len(shares)) < 50
    return calibrated(shares, runs, Strangers(null, ~null, 1.0), LIMITS)


def test_two_textbook_sentences_in_many_short_texts_raise_what_fragments_must_come_to():
    # Share and run over their limits together, from .5 on by a mean of .3: of 2,000 pairs
    # 2,000 * exp(-1 / .3) = 71 pass 1.5, and one half of a pair .3 * ln(142) = 1.5 further on.
    both = 0.5 + np.random.default_rng(5).exponential(0.3, 2000)
    limits, told = of_one_subject(both / 2 * LIMITS.look_share, both / 2 * LIMITS.look_run)
    assert told.state == RAISED
    assert limits.look_both == pytest.approx(3.0, abs=0.35)
    assert limits.look_share == pytest.approx(1.5 * LIMITS.look_share)  # by half at most
    assert limits.strong_share >= limits.look_share


def test_subjects_whose_texts_share_little_leave_the_limits():
    both = np.random.default_rng(5).exponential(0.1, 2000)
    limits, _ = of_one_subject(both / 2 * LIMITS.look_share, both / 2 * LIMITS.look_run)
    assert (limits.look_both, limits.look_share) == (LIMITS.look_both, LIMITS.look_share)
