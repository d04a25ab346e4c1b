"""Many tests at once: adjusted p values and permutation p values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from scoring.discovery import (
    benjamini_hochberg,
    benjamini_yekutieli,
    draws_needed,
    permutation_p,
)
from scoring.errors import ScoringError

ps = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(ps)
def test_adjusted_p_values_are_those_of_scipy(p):
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p, method="bh"))
    assert benjamini_yekutieli(p) == pytest.approx(false_discovery_control(p, method="by"))


def test_no_test_needs_no_adjustment():
    assert benjamini_hochberg([]).tolist() == []
    assert benjamini_yekutieli([]).tolist() == []


def test_a_missing_p_value_is_refused_rather_than_counted():
    with pytest.raises(ScoringError, match="between 0 and 1"):
        benjamini_hochberg([0.1, float("nan")])


@pytest.mark.parametrize(("tests", "draws"), [(1, 1999), (9, 1999), (120, 24000)])
def test_draws_suffice_for_a_lone_discovery(tests, draws):
    assert draws_needed(tests, 0.05) == draws
    assert 1 / (draws_needed(tests, 0.05) + 1) <= 0.05 / tests


def coin_flips(n: int):
    """Mean of n fair signs, as a draw."""
    return lambda size, rng: rng.choice([-1.0, 1.0], size=(size, n)).mean(axis=1)


def test_permutation_p_is_the_share_of_draws_as_far_from_zero():
    # Mean of four signs: ±1 in 2 of 16 cases, at least 1/2 in 10 of 16.
    assert permutation_p(1.0, coin_flips(4), 1, 0.01, 3) == pytest.approx(2 / 16, abs=0.03)
    assert permutation_p(-0.5, coin_flips(4), 1, 0.01, 3) == pytest.approx(10 / 16, abs=0.04)
    assert permutation_p(0.0, coin_flips(4), 1, 0.01, 3) == 1.0


def test_a_small_p_is_refined_and_never_zero():
    asked = []

    def draw(size: int, rng: np.random.Generator):
        asked.append(size)
        return np.zeros(size)

    p = permutation_p(1.0, draw, tests=200, q=0.05, random_seed=1)
    assert sum(asked) == 40000
    assert p == 1 / 40001
