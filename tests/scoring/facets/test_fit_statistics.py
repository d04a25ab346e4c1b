"""Fit, agreement, unexpected ratings and interactions: right under the model, seen when planted."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from scoring.facets.coding import FacetRatings
from scoring.facets.curves import curves
from scoring.facets.fit_statistics import exact_agreement, mean_squares, separation
from scoring.facets.limits import fit_limits, simulated_levels
from scoring.facets.measures import expected_abilities
from scoring.facets.residuals import rater_by_criterion, rater_by_part, unexpected_ratings
from scoring.facets.scale_model import ScaleModel


def simulated(random_seed, persons=300, raters=12, criteria=3, each=3, harsher=None):
    """Ratings on three levels; ``harsher(person, criterion, rater)`` is added to the severity."""
    rng = np.random.default_rng(random_seed)
    severity, ability = rng.normal(0, 0.5, raters), rng.normal(0, 1.5, persons)
    read = np.argsort(rng.random((persons, raters)), axis=1)[:, :each]
    person = np.repeat(np.arange(persons), each * criteria)
    rater = np.repeat(read.ravel(), criteria)
    criterion = np.tile(np.arange(criteria), persons * each)
    base = ability[person] - severity[rater]
    if harsher is not None:
        base = base - harsher(person, criterion, rater)
    weights = np.exp(np.cumsum(base[:, None] - np.array([-1.2, 1.2]), axis=1))
    weights = np.concatenate([np.ones((len(base), 1)), weights], axis=1).cumsum(axis=1)
    level = (rng.random(len(base))[:, None] * weights[:, -1:] > weights[:, :-1]).sum(axis=1)
    columns = [np.asarray(column, np.int32) for column in (person, criterion, rater, level)]
    names = [tuple(f"{place:04d}" for place in range(max(column) + 1)) for column in columns]
    return FacetRatings(*columns, *names)


def test_curves_are_the_formula():
    made = curves(np.array([[0.5, -0.5]]), np.array([1.0]))
    # Steps 0.5 and -0.5 at ability 1: weights 1, e^0.5, e^(0.5 + 1.5).
    weights = np.exp([0.0, 0.5, 2.0])
    chances = weights / weights.sum()
    mean = chances @ [0, 1, 2]
    assert made.chances[0, :, 0] == pytest.approx(chances)
    assert made.log_normaliser[0, 0] == pytest.approx(np.log(weights.sum()))
    assert made.expected[0, 0] == pytest.approx(mean)
    assert made.variance[0, 0] == pytest.approx(chances @ (np.arange(3) - mean) ** 2)
    assert made.third[0, 0] == pytest.approx(chances @ (np.arange(3) - mean) ** 3)


def test_curves_far_out_stay_finite():
    made = curves(np.array([[0.0, 0.0]]), np.array([-800.0, 800.0]))
    assert made.expected[0] == pytest.approx([0.0, 2.0])
    assert np.isfinite(made.log_normaliser).all()


def test_fit_is_one_under_the_model():
    found = np.array(
        [mean_squares(ScaleModel().fit(simulated(seed)).state_)[0].infit for seed in range(6)]
    )
    assert found.mean() == pytest.approx(1.0, abs=0.02)


def test_fit_is_the_posterior_mean_of_squared_residuals():
    ratings = simulated(1, persons=20, raters=4)
    state = ScaleModel().fit(ratings).state_
    design, expected, variance = state.design, state.curves.expected, state.curves.variance
    logs = -(design.panel_kinds @ (design.kind_cells @ state.curves.log_normaliser))
    made = logs[design.group_panel] + np.outer(design.group_score, state.nodes.ability)
    made = np.exp(made + state.nodes.log_weight)
    made /= made.sum(axis=1, keepdims=True)
    square, spread = np.zeros(4), np.zeros(4)
    for person, cell, level in zip(
        design.rating_person, design.rating_cell, design.rating_level, strict=True
    ):
        chances, rater = made[design.person_group[person]], design.cell_rater[cell]
        square[rater] += chances @ (level - expected[cell]) ** 2
        spread[rater] += chances @ variance[cell]
    assert mean_squares(state)[0].infit == pytest.approx(square / spread)


def test_limits_hold_nineteen_in_twenty_and_show_a_rater_who_guesses():
    ratings = simulated(3, persons=400)
    rng = np.random.default_rng(1)
    guessed = np.where(ratings.rater == 0, rng.integers(0, 3, len(ratings.level)), ratings.level)
    state = ScaleModel().fit(ratings.with_levels(guessed.astype(np.int32))).state_
    fit, _ = mean_squares(state)
    limits, _ = fit_limits(state, 60, 1)
    high = fit.infit > limits.infit[:, 1]
    assert high[0]
    assert high[1:].sum() <= 1


@pytest.mark.slow
def test_limits_are_those_of_whole_tables_fitted_anew():
    state = ScaleModel().fit(simulated(7, persons=150)).state_
    limits, _ = fit_limits(state, 100, 2)
    rng = np.random.default_rng(5)
    ratings = simulated(7, persons=150)
    outside = []
    for _ in range(40):
        level = simulated_levels(state, rng)
        order = np.lexsort((ratings.criterion, ratings.rater, ratings.person))
        there = np.empty_like(level)
        there[order] = level
        fit, _ = mean_squares(ScaleModel().fit(ratings.with_levels(there)).state_)
        outside.append((fit.infit < limits.infit[:, 0]) | (fit.infit > limits.infit[:, 1]))
    assert 0.03 < np.mean(outside) < 0.075


def test_agreement_is_counted_over_pairs_and_expected_under_the_model():
    ratings = simulated(4, persons=500)
    found = exact_agreement(ScaleModel().fit(ratings).state_)
    alike = pairs = 0
    for person in range(500):
        for criterion in range(3):
            given = ratings.level[(ratings.person == person) & (ratings.criterion == criterion)]
            for one, other in combinations(given, 2):
                pairs, alike = pairs + 1, alike + (one == other)
    assert found.pairs == pairs
    assert found.observed == pytest.approx(alike / pairs)
    assert found.expected == pytest.approx(found.observed, abs=0.02)


def test_without_pairs_agreement_is_unknown():
    ratings = simulated(4, persons=60, each=1)
    assert np.isnan(exact_agreement(ScaleModel().fit(ratings).state_).observed)


def test_separation_by_hand():
    # Variance 2, mean square error 0.5: G = sqrt(1.5 / 0.5), strata (4G + 1) / 3.
    found = separation(np.array([-1.0, 1.0]), np.array([0.5**0.5, 0.5**0.5]))
    assert found.separation == pytest.approx(3**0.5)
    assert found.strata == pytest.approx((4 * 3**0.5 + 1) / 3)
    assert found.reliability == pytest.approx(0.75)


def test_measures_closer_than_their_error_have_no_separation():
    found = separation(np.array([-0.1, 0.1]), np.array([1.0, 1.0]))
    assert (found.separation, found.reliability) == (0.0, 0.0)
    assert np.isnan(separation(np.array([1.0]), np.array([0.1])).reliability)


def test_a_planted_rating_is_the_least_expected():
    ratings = simulated(5)
    state = ScaleModel().fit(ratings).state_
    ability, _ = expected_abilities(state)
    best = int(np.argmax(ability[state.design.person_group]))
    row = int(np.flatnonzero(ratings.person == best)[0])
    level = ratings.level.copy()
    level[row] = 0
    state = ScaleModel().fit(ratings.with_levels(level)).state_
    found = unexpected_ratings(state, expected_abilities(state)[0], least=2.5)
    place = (best, ratings.criterion[row], ratings.rater[row], 0)
    told = zip(found.person, found.criterion, found.rater, found.level, strict=True)
    assert place in list(told)[:3]
    assert found.residual[0] < 0


def test_a_rater_harsher_on_one_criterion_is_seen_there():
    ratings = simulated(
        6, persons=500, harsher=lambda _, criterion, rater: 1.5 * ((rater == 2) & (criterion == 1))
    )
    found = rater_by_criterion(ScaleModel().fit(ratings).state_)
    first = int(np.nanargmin(found.p))
    assert (found.rater[first], found.part[first]) == (2, 1)
    # The rater's own severity takes a third of it: 1.5 - 0.5.
    assert found.effect[first] == pytest.approx(1.0, abs=0.8)
    assert found.q[first] < 0.05


def test_a_rater_harsher_in_one_school_is_seen_and_small_schools_have_no_number():
    schools = np.arange(500) % 4
    schools[:5] = 4
    ratings = simulated(
        8, persons=500, harsher=lambda person, _, rater: 1.5 * ((rater == 3) & (person % 4 == 2))
    )
    found = rater_by_part(ScaleModel().fit(ratings).state_, schools)
    first = int(np.nanargmin(found.p))
    assert (found.rater[first], found.part[first]) == (3, 2)
    assert np.isnan(found.p[found.part == 4]).all()


@pytest.mark.slow
def test_interactions_reject_one_in_twenty_under_the_model():
    p = []
    for random_seed in range(12):
        ratings = simulated(random_seed, persons=400)
        state = ScaleModel().fit(ratings).state_
        p += [rater_by_criterion(state).p, rater_by_part(state, np.arange(400) % 3).p]
    assert 0.03 < np.mean(np.concatenate(p) < 0.05) < 0.07
