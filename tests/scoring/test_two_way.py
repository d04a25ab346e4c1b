"""Raters drawn with the units: copies of one rater never count as agreement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.coefficients.listing import every
from scoring.coefficients.patterns import patterns_of, sample_of
from scoring.coefficients.weights import scale_of
from scoring.tables import RatingCodes
from scoring.two_way import DrawnPanel, two_way_intervals

THREE = scale_of(["0", "1", "2"])


def codes_of(rows) -> RatingCodes:
    cells = [(u, r, v) for u, row in enumerate(rows) for r, v in enumerate(row) if v is not None]
    unit, rater, level = np.array(cells, dtype=np.int64).T
    names = tuple(f"r{k}" for k in range(len(rows[0])))
    return RatingCodes(unit, rater, level, np.arange(len(rows)), names, 3)


def measures():
    return [one for one in every(THREE) if not one.two_raters]


def drawn_once(codes, units, raters):
    return DrawnPanel(patterns_of(codes, THREE), codes, np.array(units), np.array(raters))


rows_of_three = st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=2)


@given(rows_of_three)
def test_everybody_drawn_once_is_the_panel_itself(rows):
    codes = codes_of(rows)
    panel = sample_of(codes, THREE).total()
    drawn = drawn_once(codes, [1.0] * len(rows), [1.0] * 3)
    for one in measures():
        assert one.compute(drawn)[0] == pytest.approx(one.compute(panel)[0], nan_ok=True)


@given(rows_of_three)
def test_a_unit_drawn_twice_is_two_units(rows):
    codes = codes_of(rows)
    twice = sample_of(codes_of([*rows, rows[0]]), THREE).total()
    drawn = drawn_once(codes, [2.0] + [1.0] * (len(rows) - 1), [1.0] * 3)
    for one in measures():
        assert one.compute(drawn)[0] == pytest.approx(one.compute(twice)[0], nan_ok=True)


def test_a_rater_met_only_by_the_own_copy_has_met_nobody():
    codes = codes_of([[0, 1, None], [0, None, 2]])
    drawn = drawn_once(codes, [1.0, 1.0], [2.0, 0.0, 1.0])
    # Unit 0 is left with two copies of one rater; unit 1 with 0, 0 and 2.
    assert drawn["paired"][0] == 1
    exact = next(one for one in measures() if one.name == "percent_agreement")
    assert exact.compute(drawn)[0] == 0.0  # four ordered pairs of different raters, none agrees


def test_copies_weigh_a_pair_as_often_as_it_meets():
    codes = codes_of([[0, 0, 1]])
    drawn = drawn_once(codes, [1.0], [2.0, 1.0, 1.0])
    exact = next(one for one in measures() if one.name == "percent_agreement")
    # Raters a a b c gave 0 0 0 1. Pairs but a-a: a-b twice agree, a-c twice, b-c once do not.
    assert exact.compute(drawn)[0] == pytest.approx(2 / 5)


def test_under_twenty_raters_the_range_over_leaving_one_out_is_given():
    codes = codes_of([[0, 0, 1], [1, 1, 1], [2, 2, 0], [0, 0, 0]])
    exact = next(one for one in measures() if one.name == "percent_agreement")
    (around,) = two_way_intervals(codes, THREE, [exact], 100, 0.95, 1)
    # Without the third raters agree always; without one of the others in two of four.
    assert (around.kind, around.lo, around.hi, around.se) == ("leave_one_rater_out", 0.5, 1.0, None)


def test_the_same_seed_draws_the_same_panels():
    rng = np.random.default_rng(2)
    codes = codes_of(rng.integers(0, 3, (12, 20)).tolist())
    listed = measures()[:3]
    one = two_way_intervals(codes, THREE, listed, 40, 0.95, 7)
    assert one == two_way_intervals(codes, THREE, listed, 40, 0.95, 7)
    assert all(each.kind == "two_way_bootstrap" and each.lo < each.hi for each in one)
