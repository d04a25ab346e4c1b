"""Weights and metrics of a scale, worked from their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.coefficients.weights import (
    MOST_LEVELS,
    OWN,
    distance_matrix,
    scale_of,
    weight_matrix,
    weights_of,
    with_disagreements,
)
from scoring.errors import ScoringError

FOUR = scale_of(["1", "2", "3", "4"])


@pytest.mark.parametrize(
    ("name", "first_row"),
    [
        ("identity", [1, 0, 0, 0]),
        ("linear", [1, 2 / 3, 1 / 3, 0]),
        ("quadratic", [1, 8 / 9, 5 / 9, 0]),
        ("gwet_ordinal", [1, 5 / 6, 3 / 6, 0]),  # C(2,2), C(3,2), C(4,2) = 1, 3, 6 of C(4,2)
        ("adjacent", [1, 1, 0, 0]),
    ],
)
def test_weights_of_the_lowest_grade_with_each(name, first_row):
    table = weight_matrix(FOUR, name)
    assert table[0].tolist() == pytest.approx(first_row)
    assert np.array_equal(table, table.T)


@pytest.mark.parametrize(
    ("metric", "first_row"),
    [
        ("nominal", [0, 1, 1, 1]),
        ("interval", [0, 1, 4, 9]),
        ("ratio", [0, 1 / 9, 4 / 16, 9 / 25]),
        ("linear_weights", [0, 1 / 3, 2 / 3, 1]),
    ],
)
def test_distances_of_the_lowest_grade_to_each(metric, first_row):
    assert distance_matrix(FOUR, metric)[0].tolist() == pytest.approx(first_row)


def test_two_zeros_are_no_ratio_apart():
    assert distance_matrix(scale_of(["0", "1"]), "ratio").tolist() == [[0, 1], [1, 0]]


def test_numbers_unevenly_spaced_keep_their_gaps():
    table = weight_matrix(scale_of(["0", "1", "10"]), "linear")
    assert table[0].tolist() == pytest.approx([1, 0.9, 0])


def test_names_are_as_far_apart_as_their_positions():
    named = weight_matrix(scale_of(["fail", "pass", "excellent"]), "quadratic")
    assert np.array_equal(named, weight_matrix(scale_of(["0", "1", "2"]), "quadratic"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "two or more"),
        (["a", "a"], "two or more"),
        (["2", "1"], "must ascend"),
        (range(1_000_000), f"at most {MOST_LEVELS} categories.* 1000000 came"),
    ],
)
def test_a_scale_that_cannot_be_is_named(names, message):
    with pytest.raises(ScoringError, match=message):
        scale_of(names)


COHEN_1968 = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0.0]])


def test_disagreements_of_ones_own_are_weights_by_their_size():
    own = with_disagreements(scale_of("abc"), COHEN_1968)
    assert weight_matrix(own, OWN)[0].tolist() == pytest.approx([1, 5 / 6, 1 / 2])
    assert distance_matrix(own, OWN)[1].tolist() == [1, 0, 6]
    assert OWN in weights_of(own)
    assert OWN not in weights_of(scale_of("abc"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table[:2], "table of 3 × 3"),
        (lambda table: table - 1, "a and a are -1 / -1"),
        (np.triu, "a and b are 1 / 0"),
        (lambda table: table * np.nan, "nan"),
        (lambda table: table * 0, "above 0 for some"),
    ],
)
def test_disagreements_that_are_none_are_named(change, message):
    with pytest.raises(ScoringError, match=message):
        with_disagreements(scale_of("abc"), change(COHEN_1968))
