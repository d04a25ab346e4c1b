"""The climb to the likeliest spreads: on heights whose top is known."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.facets.spread_climb import Height, climb

TOP = np.array([0.3, -0.6])
BEND = np.array([[40.0, 12.0], [12.0, 20.0]])
ASIDE = np.array([3.0, -5.0])


def hill(at, whole=True):
    """A parabola less a volume of which only half the slope is known."""
    apart = at - TOP
    told = -apart @ BEND @ apart / 2 - ASIDE @ at
    return Height(told, -BEND @ apart - ASIDE, float(ASIDE @ at), ASIDE / 2)


def test_the_top_is_found_though_half_a_slope_is_unknown():
    found, height = climb(hill, np.zeros(2), np.full(2, -3.0), np.full(2, 3.0), 1e-6)
    assert found == pytest.approx(TOP, abs=1e-2)
    assert height.whole == pytest.approx(0.0, abs=1e-3)


def test_bounds_hold_and_a_coordinate_with_both_alike_stays():
    low, high = np.array([-3.0, 0.0]), np.array([0.1, 0.0])
    found, _ = climb(hill, np.zeros(2), low, high, 1e-6)
    # Along the first axis alone the top lies at 0.3 - 12 / 40 * 0.6, which is 0.12: over the bound.
    assert found.tolist() == [pytest.approx(0.1), 0.0]


def test_a_height_that_bends_upwards_at_first_is_climbed_all_the_same():
    def wave(at, whole=True):
        return Height(float(np.cos(at[0])), -np.sin(at), 0.0, np.zeros(1))

    found, height = climb(wave, np.array([2.6]), np.array([-1.0]), np.array([3.0]), 1e-8)
    assert found[0] == pytest.approx(0.0, abs=1e-3)
    assert height.whole == pytest.approx(1.0)
