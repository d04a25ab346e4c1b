"""Tables of all pairs of raters, and kappa from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.coefficients import pairs
from scoring.coefficients.analytic_errors import cohen_error
from scoring.coefficients.pairs import (
    PairTables,
    light_kappa,
    pair_tables,
    pairwise_kappa,
    tables_by_meeting,
)
from scoring.coefficients.weights import scale_of, weight_matrix
from scoring.tables import RatingCodes

COHEN_1968 = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]], dtype=float)
THREE = scale_of(["0", "1", "2"])


def codes_of(rows) -> RatingCodes:
    cells = [(u, r, v) for u, row in enumerate(rows) for r, v in enumerate(row) if v is not None]
    unit, rater, level = np.array(cells, dtype=np.int64).reshape(-1, 3).T
    names = tuple(f"r{k}" for k in range(len(rows[0])))
    return RatingCodes(unit, rater, level, np.arange(len(rows)), names, 3)


tables = st.lists(
    st.lists(st.sampled_from([None, 0, 1, 2]), min_size=4, max_size=4), min_size=1, max_size=10
)


@given(tables)
def test_products_of_matrices_count_what_meetings_one_by_one_do(rows):
    one_by_one = tables_by_meeting(codes_of(rows))
    products = pairs._by_products(codes_of(rows))
    for name in ("one", "other", "cells"):
        assert np.array_equal(getattr(one_by_one, name), getattr(products, name))


@given(tables)
def test_a_table_counts_the_units_two_raters_share(rows):
    found = pair_tables(codes_of(rows))
    for one, other, cells in zip(found.one, found.other, found.cells, strict=True):
        for a in range(3):
            for b in range(3):
                assert cells[a, b] == sum((row[one], row[other]) == (a, b) for row in rows)


def test_weights_of_ones_own_give_cohens_published_kappa():
    # Cohen (1968): disagreements 0 1 3 / 1 0 6 / 3 6 0, kappa .348, error .0755.
    weights = 1 - np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6
    one = PairTables(np.array([0]), np.array([1]), COHEN_1968[None])
    assert pairwise_kappa(one, weights)[0] == pytest.approx(0.347826087, abs=1e-9)
    assert cohen_error(weights, COHEN_1968) == pytest.approx(0.0755040153, abs=1e-9)


def test_two_raters_of_one_grade_each_have_no_kappa_by_chance_alone():
    tables = pair_tables(codes_of([[0, 0, 1], [0, 0, 1], [0, 0, 1]]))
    met = zip(tables.one, tables.other, strict=True)
    kappa = dict(zip(met, pairwise_kappa(tables, np.eye(3)), strict=True))
    assert np.isnan(kappa[0, 1])
    assert kappa[0, 2] == 0.0


def test_lights_kappa_is_the_mean_of_pairs_with_two_units_or_more():
    rows = [[0, 0, None], [1, 0, None], [1, 1, 1], [0, 0, None]]
    # Raters 0 and 1: table 2 0 / 1 1, agreement 3/4, chance 1/2; the others met once.
    assert light_kappa(pair_tables(codes_of(rows)), np.eye(3)) == pytest.approx(0.5)
    assert np.isnan(light_kappa(pair_tables(codes_of([[0, 1, None]])), np.eye(3)))


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 2), min_size=2))
def test_quadratic_kappa_is_what_moments_say(rows):
    """1 - E(x - y)² / (var x + var y + (mean x - mean y)²), Fleiss and Cohen 1973."""
    x, y = np.array(rows, dtype=float).T
    below = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    value = pairwise_kappa(pair_tables(codes_of(rows)), weight_matrix(THREE, "quadratic"))[0]
    if below < 1e-12:
        assert np.isnan(value)
    else:
        assert value == pytest.approx(1 - ((x - y) ** 2).mean() / below)
