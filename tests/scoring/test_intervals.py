"""Intervals: resamples that are what they say, bounds worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from scoring.intervals import (
    bootstrap_interval,
    jackknife_interval,
    percentile_interval,
    t_interval,
)

ONES = np.ones(20, dtype=np.int64)


def test_a_symmetric_spread_has_the_bounds_of_its_percentiles():
    drawn = norm.ppf(np.linspace(0.0005, 0.9995, 1000))
    around = bootstrap_interval(0.0, drawn, np.zeros(20), ONES, 0.95, "pattern_bootstrap")
    assert (around.lo, around.hi) == (pytest.approx(-1.96, abs=0.01), pytest.approx(1.96, abs=0.01))


def test_clusters_of_several_units_reach_as_far_as_t():
    # t(19, .975) · √(20/19) = 2.093 · 1.026 standard errors (Hesterberg 2015).
    drawn = norm.ppf(np.linspace(0.00005, 0.99995, 10_000))
    around = bootstrap_interval(0.0, drawn, np.zeros(20), ONES, 0.95, "cluster_bootstrap")
    assert around.hi == pytest.approx(2.093 * (20 / 19) ** 0.5, abs=0.01)


def test_an_estimate_above_its_draws_moves_the_bounds_up():
    drawn = norm.ppf(np.linspace(0.0005, 0.9995, 1000))
    around = bootstrap_interval(0.5, drawn, np.zeros(20), ONES, 0.95, "pattern_bootstrap")
    # Bias 0.5 standard normal: ends at 2 · 0.5 ∓ 1.96.
    assert around.lo == pytest.approx(1 - 1.96, abs=0.01)


def test_undefined_draws_that_could_hide_a_bound_leave_none():
    drawn = np.append(np.linspace(0, 1, 90), [np.nan] * 10)
    for around in (
        bootstrap_interval(0.5, drawn, np.zeros(20), ONES, 0.95, "pattern_bootstrap"),
        percentile_interval(drawn, 0.95, "two_way_bootstrap"),
    ):
        assert (around.kind, around.undefined, around.draws) == ("none", 10, 100)


def test_the_jackknife_of_a_mean_is_its_error():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    left = (values.sum() - values) / 3
    around = jackknife_interval(4.0, left, np.ones(4, dtype=np.int64), 0.95, (0.0, 100.0))
    assert around.se == pytest.approx(values.std(ddof=1) / 2)
    assert around.hi == pytest.approx(4 + 3.182446 * values.std(ddof=1) / 2)
    assert around.lo == 0.0


def test_alike_clusters_count_as_often_as_there_are():
    left = np.array([0.1, 0.2, 0.2, 0.3])
    told = jackknife_interval(0.2, left, np.ones(4, dtype=np.int64), 0.95, (-1, 1))
    short = jackknife_interval(0.2, np.array([0.1, 0.2, 0.3]), np.array([1, 2, 1]), 0.95, (-1, 1))
    assert short == told


def test_no_spread_is_no_certainty():
    assert t_interval(0.5, 0.0, 10, 0.95, (0, 1), "t").kind == "none"
    flat = np.full(100, 0.5)
    assert bootstrap_interval(0.5, flat, np.zeros(20), ONES, 0.95, "t").lo is None
