"""Likelihood of marks: equal to quadrature by brute force, its gradient and information to differences."""

import itertools
from math import exp, sqrt, tau

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from benchmarks.invented_marks import Shape, invented_marks
from models.frames import CRITERION, MET, PIECE, RATER, TEACHER
from scoring.facets.marks_coding import code_marks
from scoring.facets.marks_information import covariance, observed_information
from scoring.facets.marks_likelihood import Point, evaluate, grid_for, lay_out

COLUMNS = [PIECE, CRITERION, RATER, MET, TEACHER]
TINY = pd.DataFrame(
    [
        ("p1", "a", "r1", 1, "t1"), ("p1", "b", "r1", 0, "t1"),
        ("p1", "a", "r2", 1, "t1"), ("p1", "b", "r2", 1, "t1"),
        ("p2", "c", "r1", 0, "t1"), ("p2", "c", "r3", 1, "t1"),
        ("p3", "a", "r2", 0, "t2"), ("p3", "b", "r2", 0, "t2"),
        ("p3", "a", "r3", 1, "t2"),
    ],
    columns=COLUMNS,
)  # fmt: skip
SEVERITY = {"r1": 0.4, "r2": -0.7, "r3": 0.3}
DIFFICULTY = {"a": -0.5, "b": 0.8, "c": 0.1}
SDS = (0.6, 0.9, 0.5)


def at(point, marks):
    """Log likelihood of marks at one point."""
    layout = lay_out(code_marks(marks))
    return evaluate(layout, grid_for(layout, point), point.packed())[0]


def tiny_point(sds=SDS):
    values = (np.array(list(each.values())) for each in (SEVERITY, DIFFICULTY))
    return Point(*values, np.empty(0), *sds)


def read_chance(read, ability):
    """Chance of the marks of one read at abilities of any shape, halo by 120 Hermite nodes."""
    node, weight = np.polynomial.hermite_e.hermegauss(120)
    shifted = ability[..., None] + SDS[2] * node - SEVERITY[read[RATER].iloc[0]]
    chance = np.ones_like(shifted)
    for criterion, met in zip(read[CRITERION], read[MET], strict=True):
        p = 1 / (1 + np.exp(-(shifted - DIFFICULTY[criterion])))
        chance = chance * (p if met else 1 - p)
    return chance @ (weight / weight.sum())


def test_the_likelihood_is_the_triple_integral_over_teacher_piece_and_halo():
    node, weight = np.polynomial.hermite_e.hermegauss(120)
    weight = weight / weight.sum()
    total = 0.0
    for _, of_teacher in TINY.groupby(TEACHER):
        given_teacher = np.ones(len(node))
        for _, of_piece in of_teacher.groupby(PIECE):
            ability = SDS[0] * node[:, None] + SDS[1] * node
            chance = np.ones_like(ability)
            for _, read in of_piece.groupby(RATER):
                chance = chance * read_chance(read, ability)
            given_teacher = given_teacher * (chance @ weight)
        total += np.log(given_teacher @ weight)
    assert at(tiny_point(), TINY) == pytest.approx(total, abs=1e-8)


def density(value: float, sd: float) -> float:
    """Of the normal distribution; that of scipy takes fifty times as long for one number."""
    return exp(-((value / sd) ** 2) / 2) / (sd * sqrt(tau))


def test_without_teachers_a_piece_is_an_integral_over_ability_and_one_halo_a_read():
    marks = TINY[TINY[PIECE] == "p2"].drop(columns=TEACHER)
    point = Point(np.array([0.4, 0.3]), np.array([0.1]), np.empty(0), 0.6, 0.9, 0.5)

    def chance(logit):
        return quad(
            lambda halo: density(halo, 0.5) / (1 + exp(-(logit + halo))),
            -5, 5, epsabs=1e-11, epsrel=1e-10,
        )[0]  # fmt: skip

    def both(ability):
        met, unmet = chance(ability - 0.3 - 0.1), 1 - chance(ability - 0.4 - 0.1)
        return density(ability, 0.9) * met * unmet

    whole = quad(both, -7, 7, epsabs=1e-11, epsrel=1e-10)[0]
    assert at(point, marks) == pytest.approx(np.log(whole), abs=1e-8)


def layout_of_a_round(**change):
    marks, _ = invented_marks(Shape(**{"teachers": 20, "raters": 16, "seeds": 2, **change}), 5)
    marks = marks.drop(index=marks.index[::17])  # some criteria "cannot judge"
    layout = lay_out(code_marks(marks))
    rng = np.random.default_rng(7)
    raters, criteria, wide = layout.sizes
    point = Point(
        rng.normal(0, 0.5, raters),
        rng.normal(0, 1, criteria),
        rng.normal(0, 1, wide),
        0.5,
        0.8,
        0.6,
    )
    return layout, grid_for(layout, point), point


@pytest.mark.parametrize("change", [{}, {"pieces_each": 1}, {"seeds": 0}])
def test_gradient_and_information_are_the_derivatives(change):
    layout, grid, point = layout_of_a_round(**change)
    vector = point.packed()
    steps = 1e-5 * np.eye(len(vector))
    ends = [(evaluate(layout, grid, vector + e), evaluate(layout, grid, vector - e)) for e in steps]
    slope = np.array([(up[0] - down[0]) / 2e-5 for up, down in ends])
    bend = np.array([(up[1] - down[1]) / 2e-5 for up, down in ends])
    assert evaluate(layout, grid, vector)[1] == pytest.approx(slope, abs=1e-6)
    assert observed_information(layout, grid, point) == pytest.approx(-bend, abs=2e-4)


def test_a_piece_everybody_read_has_its_ability_as_a_parameter():
    layout, _, _ = layout_of_a_round()
    assert [layout.codes.pieces[code] for code in layout.wide] == ["q000", "q001"]
    assert len(layout.ordinary) == 60


small = st.lists(st.tuples(*[st.integers(0, 2)] * 3, st.integers(0, 1)), min_size=3, max_size=24)


def as_marks(rows):
    """One mark a piece, criterion and rater, the last one drawn; two pieces a teacher."""
    kept = {(f"p{p}", f"c{p}{c}", f"r{r}"): met for p, c, r, met in rows}
    return pd.DataFrame(
        [(*key, met, "t0" if key[0] < "p2" else "t1") for key, met in kept.items()], columns=COLUMNS
    )


def value(marks, severity, difficulty):
    raters, criteria = sorted(set(marks[RATER])), sorted(set(marks[CRITERION]))
    point = Point(
        np.array([severity[name] for name in raters]),
        np.array([difficulty[name] for name in criteria]),
        np.empty(0), 0.7, 0.6, 0.5,
    )  # fmt: skip
    return at(point, marks)


ANY_SEVERITY = {f"r{r}": 0.3 * r - 0.2 for r in range(3)}
ANY_DIFFICULTY = {f"c{p}{c}": 0.4 * c - 0.3 * p for p, c in itertools.product(range(3), repeat=2)}


@settings(max_examples=40, deadline=None)
@given(small, st.randoms(use_true_random=False))
def test_neither_order_nor_names_matter(rows, random):
    marks = as_marks(rows)
    before = value(marks, ANY_SEVERITY, ANY_DIFFICULTY)
    order = random.sample(range(len(marks)), len(marks))
    new = dict(zip(ANY_SEVERITY, random.sample(["x", "a", "m"], 3), strict=True))
    renamed = marks.iloc[order].assign(**{RATER: [new[marks[RATER][k]] for k in order]})
    moved = {new[name]: of for name, of in ANY_SEVERITY.items()}
    assert value(renamed, moved, ANY_DIFFICULTY) == pytest.approx(before, abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(small)
def test_a_round_told_twice_tells_twice_as_much(rows):
    marks = as_marks(rows)
    again = marks.assign(**{PIECE: marks[PIECE] + "'", TEACHER: marks[TEACHER] + "'"})
    once = value(marks, ANY_SEVERITY, ANY_DIFFICULTY)
    twice = value(pd.concat([marks, again], ignore_index=True), ANY_SEVERITY, ANY_DIFFICULTY)
    assert twice == pytest.approx(2 * once, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(small, st.floats(-2, 2))
def test_harsher_raters_and_easier_criteria_are_the_same(rows, shift):
    marks = as_marks(rows)
    harsher = {name: of + shift for name, of in ANY_SEVERITY.items()}
    easier = {name: of - shift for name, of in ANY_DIFFICULTY.items()}
    before = value(marks, ANY_SEVERITY, ANY_DIFFICULTY)
    assert value(marks, harsher, easier) == pytest.approx(before, abs=1e-9)


def test_a_direction_nothing_is_known_of_adds_nothing_to_the_covariance():
    """Two severities and three others; the last two only ever act as their sum."""
    act = np.array([[1.0, 0, 1, 0, 0], [0, 1, 1, 0, 0], [1, -1, 0, 1, 1], [0, 0, 1, 1, 1]])
    known = covariance(act.T @ act, 2, np.arange(5))
    assert np.isfinite(known).all()
    assert known[0, 0] == pytest.approx(known[1, 1])
    assert known[:2].sum(axis=0) == pytest.approx(0, abs=1e-12)
    assert known[3] == pytest.approx(known[4])
    told = covariance(np.diag([4.0, 4, 2, 2, 2]), 2, np.arange(5))
    # Held to sum to nought, each of two severities has half the variance of one alone.
    assert np.diag(told) == pytest.approx([1 / 8, 1 / 8, 1 / 2, 1 / 2, 1 / 2], rel=1e-2)
