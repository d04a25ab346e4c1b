"""The scale model: values of other programs, truth recovered, and what never matters."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from scoring.errors import ScoringError
from scoring.facets.climbing import normal_state
from scoring.facets.coding import FacetRatings, read_facets
from scoring.facets.information import gradient, observed_information, person_scores, sandwich
from scoring.facets.measures import measures
from scoring.facets.parameters import Anchors
from scoring.facets.scale_model import Options, ScaleModel

GOLDEN = Path(__file__).parents[1] / "golden" / "mfrm"
SETS = ("austria_writing1", "pcm3_300x3x20", "rsm3_complete_60x3x4", "rsm5_200x4x12")
PROGRAMS = [
    (name, program)
    for name in SETS
    for program in ("prototype_mml", "TAM_mml", "sirt_mml")
    if program in json.loads((GOLDEN / f"{name}.json").read_text())["peers"]
]


@cache
def golden(name) -> tuple[dict, FacetRatings, ScaleModel]:
    told = json.loads((GOLDEN / f"{name}.json").read_text())
    table = pd.read_csv(GOLDEN / f"{name}.csv.gz", dtype=str)
    ratings = read_facets(
        table.rename(columns={"criterion": "criterion_id", "rater": "rater_id", "score": "level"})
    )
    return told, ratings, ScaleModel(Options(form=told["model"].lower())).fit(ratings)


def places(names, wanted) -> list[int]:
    return [names.index(str(name)) for name in wanted]


@pytest.mark.parametrize(("name", "program"), PROGRAMS)
def test_estimates_are_those_of_other_programs(name, program):
    told, ratings, model = golden(name)
    peer = told["peers"][program]
    severity = model.severity_[places(ratings.raters, told["rater_order"])]
    steps = model.steps_[places(ratings.criteria, told["criterion_order"])]
    assert severity == pytest.approx(peer["severity"], abs=2e-3)
    assert steps.ravel() == pytest.approx(np.ravel(peer["delta"]), abs=1e-3)
    assert model.deviance_ == pytest.approx(peer["deviance"], abs=0.05)
    spread = peer["sigma"] if "sigma" in peer else np.sqrt(peer["variance"])
    assert model.person_sd_ == pytest.approx(spread, abs=1e-3)


OTHER_LIKELIHOODS = {
    "immer_jml": (1.0, 1.25), "immer_eps_adj": (0.9, 1.1), "immer_jml_bc": (0.9, 1.1),
    "TAM_jml": (1.0, 1.25), "TAM_jml_bias": (0.9, 1.1), "raschpy_rcl": (0.9, 1.15),
}  # fmt: skip
"""Programs that maximise something else, and how much longer their severities may be than ours."""


@pytest.mark.parametrize("name", SETS)
def test_other_likelihoods_rank_raters_alike_and_joint_ones_stretch_them(name):
    told, ratings, model = golden(name)
    own = model.severity_[places(ratings.raters, told["rater_order"])]
    compared = 0
    for program, (least, most) in OTHER_LIKELIHOODS.items():
        if program in told["peers"]:
            theirs = np.array(told["peers"][program]["severity"], dtype=float)
            assert np.corrcoef(own, theirs)[0, 1] > 0.99, program
            assert least < np.polyfit(own, theirs, 1)[0] < most, program
            compared += 1
    assert compared >= 4


@pytest.mark.parametrize("name", SETS)
def test_other_likelihoods_have_our_steps_and_abilities_stretched_too(name):
    told, ratings, model = golden(name)
    steps = model.steps_[places(ratings.criteria, told["criterion_order"])].ravel()
    ability = measures(model.state_).wle
    for program in OTHER_LIKELIHOODS:
        peer = told["peers"].get(program, {})
        if "delta_centred" in peer and program != "raschpy_rcl":  # one scale whatever the truth
            theirs = np.ravel(peer["delta_centred"])
            assert np.corrcoef(steps, theirs)[0, 1] > 0.99, program
            assert 0.9 < np.polyfit(steps, theirs, 1)[0] < 1.25, program
        if "theta" in peer:
            own = ability[places(ratings.persons, peer["person_id"])]
            assert np.corrcoef(own, peer["theta"])[0, 1] > 0.98, program
            assert 0.9 < np.polyfit(own, peer["theta"], 1)[0] < 1.4, program


@pytest.mark.parametrize("name", SETS)
def test_the_reliability_of_abilities_is_that_of_tam(name):
    told, ratings, model = golden(name)
    peer = told["peers"]["TAM_mml"]
    found = measures(model.state_)
    persons = places(ratings.persons, peer["person_id"])
    eap, left = found.eap[persons], found.eap_sd[persons] ** 2
    # Adams (2005): the variance of EAPs in their variance and what is left unknown.
    reliability = eap.var() / (eap.var() + left.mean())
    assert reliability == pytest.approx(peer["eap_reliability"], abs=1e-3)


@pytest.mark.parametrize("name", SETS[1:])
def test_recovery_is_as_recorded_for_the_same_likelihood(name):
    told, ratings, model = golden(name)
    severity = model.severity_[places(ratings.raters, told["rater_order"])]
    truth = np.array(told["truth"]["severity"])
    recorded = told["severity_recovery"]["prototype_mml"]
    rmse = np.sqrt(np.mean((severity - truth) ** 2))
    assert rmse == pytest.approx(recorded["rmse"], abs=2e-3)
    assert np.polyfit(truth, severity, 1)[0] == pytest.approx(recorded["slope"], abs=2e-3)
    steps = model.steps_[places(ratings.criteria, told["criterion_order"])].ravel()
    assert np.corrcoef(steps, np.ravel(told["truth"]["delta"]))[0, 1] > 0.95
    theta = np.array(told["truth"]["theta"])
    ability = measures(model.state_).eap[places(ratings.persons, range(len(theta)))]
    assert np.corrcoef(ability, theta)[0, 1] > 0.85


@pytest.mark.parametrize(("name", "program"), PROGRAMS)
def test_abilities_are_those_of_other_programs(name, program):
    told, ratings, model = golden(name)
    peer = told["peers"][program]
    found = measures(model.state_)
    bar = 5e-4 if program == "prototype_mml" else 4e-3
    persons = places(ratings.persons, peer["person_id"])
    assert found.eap[persons] == pytest.approx(peer["eap"], abs=bar)
    assert found.eap_sd[persons] == pytest.approx(peer["eap_sd"], abs=bar)
    if "wle" in peer:
        persons = places(ratings.persons, peer.get("wle_person_id", peer["person_id"]))
        assert found.wle[persons] == pytest.approx(peer["wle"], abs=1e-3)
        assert found.wle_se[persons] == pytest.approx(peer["wle_se"], abs=1e-3)


@pytest.mark.parametrize("name", SETS[1:])
def test_severities_are_as_near_to_the_truth_as_those_of_tam(name):
    told, ratings, model = golden(name)
    truth = np.array(told["truth"]["severity"])
    severity = model.severity_[places(ratings.raters, told["rater_order"])]
    error = np.sqrt(np.mean((severity - truth) ** 2))
    of_tam = np.sqrt(np.mean((np.array(told["peers"]["TAM_mml"]["severity"]) - truth) ** 2))
    assert error <= of_tam + 0.002


def simulated(
    random_seed, persons=300, raters=20, criteria=3, per_person=(2, 3), steps=(-1.2, 1.2)
) -> tuple[FacetRatings, np.ndarray]:
    """Ratings of a rating scale, and the severities they were drawn with."""
    rng = np.random.default_rng(random_seed)
    severity = rng.normal(0, 0.6, raters)
    severity -= severity.mean()
    ability, difficulty = rng.normal(0, 1.5, persons), np.linspace(-0.4, 0.4, criteria)
    read = [
        (person, rater)
        for person in range(persons)
        for rater in rng.choice(raters, rng.choice(per_person), replace=False)
    ]
    person, rater = (np.repeat(column, criteria) for column in np.array(read).T)
    criterion = np.tile(np.arange(criteria), len(read))
    base = ability[person] - severity[rater] - difficulty[criterion]
    logits = np.cumsum(base[:, None] - np.array(steps), axis=1)
    weights = np.concatenate([np.ones((len(base), 1)), np.exp(logits)], axis=1).cumsum(axis=1)
    level = (rng.random(len(base))[:, None] * weights[:, -1:] > weights[:, :-1]).sum(axis=1)
    return coded(person, criterion, rater, level), severity


def coded(person, criterion, rater, level) -> FacetRatings:
    columns = [np.asarray(column, np.int32) for column in (person, criterion, rater, level)]
    names = [tuple(f"{each:04d}" for each in range(max(column) + 1)) for column in columns]
    return FacetRatings(*columns, *names)


@pytest.mark.slow
def test_severities_are_recovered_without_stretch_and_within_their_stated_error():
    slopes, standard = [], []
    for random_seed in range(120):
        ratings, severity = simulated(random_seed)
        model = ScaleModel(Options(tolerance=1e-4)).fit(ratings)
        slopes.append(np.polyfit(severity, model.severity_, 1)[0])
        error = np.sqrt(model.covariance().diagonal()[: len(severity)])
        standard.append((model.severity_ - severity) / error)
    assert 0.95 < np.mean(slopes) < 1.05
    assert 0.95 < np.std(standard) < 1.05
    assert 0.03 < np.mean(np.abs(standard) > 1.96) < 0.07


@pytest.mark.slow
def test_skewed_abilities_are_followed_by_free_weights():
    gained = []
    for random_seed in range(10):
        ratings, _ = simulated(random_seed, persons=600, per_person=(3,))
        rng = np.random.default_rng(random_seed)
        ability = rng.gamma(1.0, 1.5, 600) - 1.5
        base = ability[ratings.person][:, None] - np.array([-1.2, 1.2])
        weights = np.concatenate([np.ones((len(base), 1)), np.exp(base.cumsum(axis=1))], axis=1)
        drawn = rng.random((len(base), 1)) * weights.sum(axis=1, keepdims=True)
        level = (drawn > weights.cumsum(axis=1)[:, :-1]).sum(axis=1).astype(np.int32)
        there = replace(ratings, level=level)
        errors = [
            np.mean((measures(ScaleModel(options).fit(there).state_).eap - ability) ** 2)
            for options in (Options(), Options(free_weights=True))
        ]
        gained.append(errors[0] - errors[1])
    assert np.mean(gained) > 0


def test_free_weights_have_mean_zero_and_fit_no_worse_than_a_normal():
    ratings, _ = simulated(5, persons=150)
    free = ScaleModel(Options(free_weights=True)).fit(ratings)
    weights = np.exp(free.state_.nodes.log_weight)
    assert weights @ free.state_.nodes.ability == pytest.approx(0, abs=1e-9)
    assert free.deviance_ < ScaleModel().fit(ratings).deviance_


def small(random_seed=3) -> FacetRatings:
    return simulated(random_seed, persons=40, raters=5)[0]


def test_the_likelihood_is_that_of_direct_integration():
    ratings = simulated(1, persons=6, raters=3, criteria=2)[0]
    model = ScaleModel(Options(nodes=321, most_iterations=1)).fit(ratings)
    parameters = model.state_.parameters
    total = 0.0
    for person in range(len(ratings.persons)):
        rows = np.flatnonzero(ratings.person == person)

        def density(ability, rows=rows):
            value = stats.norm.pdf(ability, 0, parameters.person_sd)
            for row in rows:
                steps = model.severity_[ratings.rater[row]] + model.steps_[ratings.criterion[row]]
                weights = np.exp(np.append(0, np.cumsum(ability - steps)))
                value *= weights[ratings.level[row]] / weights.sum()
            return value

        reach = 12 * parameters.person_sd
        total += np.log(integrate.quad(density, -reach, reach, epsabs=1e-13, limit=200)[0])
    assert model.state_.log_likelihood == pytest.approx(total, abs=2e-4)


@pytest.mark.parametrize("form", ["rsm", "pcm"])
def test_gradient_and_curvature_are_those_of_the_likelihood(form):
    ratings = small()
    model = ScaleModel(Options(form=form)).fit(ratings)
    rng = np.random.default_rng(0)
    away = model.state_.parameters.moved(rng.normal(0, 0.2, len(model.state_.parameters.row)))

    def slope(parameters):
        state = normal_state(model.design_, parameters, 161)
        return gradient(state.design, state.curves, state.nodes, state.at, parameters)

    def height(parameters):
        return normal_state(model.design_, parameters, 161).log_likelihood

    state = normal_state(model.design_, away, 161)
    exact = observed_information(state.design, state.curves, state.nodes, state.at, away)
    for place, unit in enumerate(np.eye(len(away.row)) * 1e-4):
        up, down = away.moved(unit), away.moved(-unit)
        assert slope(away)[place] == pytest.approx((height(up) - height(down)) / 2e-4, abs=2e-4)
        numeric = (slope(down) - slope(up)) / 2e-4
        assert exact[place] == pytest.approx(numeric, abs=5e-3)


def test_one_panel_of_many_readers_loses_as_much_as_many_panels_of_few():
    # 40 raters on every person is the other way of summing; a cut design checks it.
    ratings = simulated(2, persons=30, raters=40, criteria=1, per_person=(40,))[0]
    model = ScaleModel(Options(tolerance=1e-8)).fit(ratings)
    design, nodes = model.design_, model.state_.nodes
    scores = person_scores(design, model.state_.curves, nodes, model.state_.parameters)
    assert np.abs(scores.sum(axis=0))[:-1] == pytest.approx(0, abs=1e-4)
    step = np.zeros(model.state_.parameters.layout.size)
    step[0] = 1e-4
    slopes = [
        normal_state(design, model.state_.parameters.moved(sign * step), 161).slope()
        for sign in (-1, 1)
    ]
    exact = model.state_.information()[0]
    assert exact == pytest.approx((slopes[0] - slopes[1]) / 2e-4, abs=5e-3)


def test_scores_of_persons_sum_to_the_gradient_and_errors_hold_without_clusters():
    ratings, _ = simulated(9)
    model = ScaleModel().fit(ratings)
    state = model.state_
    scores = person_scores(model.design_, state.curves, state.nodes, state.parameters)
    summed = np.asarray(scores.sum(axis=0)).ravel()
    assert summed == pytest.approx(state.slope(), abs=1e-6)
    plain = model.covariance()
    robust = sandwich(plain, scores, np.arange(len(ratings.persons)))
    ratio = np.sqrt(robust.diagonal()[:20] / plain.diagonal()[:20])
    assert np.median(ratio) == pytest.approx(1, abs=0.15)


def test_duplicated_persons_in_one_cluster_widen_the_error_by_root_two():
    ratings, _ = simulated(4, persons=150)
    n = len(ratings.persons)
    twice = FacetRatings(
        np.concatenate([ratings.person, ratings.person + n]).astype(np.int32),
        *(np.tile(column, 2) for column in (ratings.criterion, ratings.rater, ratings.level)),
        tuple(f"{each:04d}" for each in range(2 * n)),
        ratings.criteria, ratings.raters, ratings.levels,
    )  # fmt: skip
    model = ScaleModel().fit(twice)
    state = model.state_
    scores = person_scores(model.design_, state.curves, state.nodes, state.parameters)
    covariance = model.covariance()
    alone = sandwich(covariance, scores, np.arange(2 * n))[0, 0] * (2 * n - 1) / (2 * n)
    paired = sandwich(covariance, scores, np.tile(np.arange(n), 2))[0, 0] * (n - 1) / n
    assert np.sqrt(paired / alone) == pytest.approx(np.sqrt(2), rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_raters_move_nothing(random):
    ratings = small()
    rows = list(range(len(ratings.level)))
    random.shuffle(rows)
    rename = list(range(len(ratings.raters)))
    random.shuffle(rename)
    other = coded(
        ratings.person[rows],
        ratings.criterion[rows],
        np.array(rename)[ratings.rater[rows]],
        ratings.level[rows],
    )
    before, after = ScaleModel().fit(ratings), ScaleModel().fit(other)
    assert after.severity_[rename] == pytest.approx(before.severity_, abs=1e-6)
    assert after.deviance_ == pytest.approx(before.deviance_, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 50))
def test_a_scale_turned_round_turns_every_sign(random_seed):
    ratings = small(random_seed)
    turned = replace(ratings, level=(len(ratings.levels) - 1 - ratings.level).astype(np.int32))
    before, after = ScaleModel().fit(ratings), ScaleModel().fit(turned)
    assert after.severity_ == pytest.approx(-before.severity_, abs=1e-5)
    assert after.steps_ == pytest.approx(-before.steps_[:, ::-1], abs=1e-5)
    assert measures(after.state_).eap == pytest.approx(-measures(before.state_).eap, abs=1e-5)


def test_a_rater_who_lowers_a_mark_is_harsher():
    ratings = small()
    row = int(np.flatnonzero((ratings.rater == 2) & (ratings.level > 0))[0])
    level = ratings.level.copy()
    level[row] -= 1
    before, after = ScaleModel().fit(ratings), ScaleModel().fit(ratings.with_levels(level))
    assert after.severity_[2] > before.severity_[2]


def test_two_levels_are_the_rasch_model_whatever_the_thresholds():
    ratings = simulated(6, persons=80, raters=6, steps=(0.0,))[0]
    common, own = (ScaleModel(Options(form=form)).fit(ratings) for form in ("rsm", "pcm"))
    assert common.severity_ == pytest.approx(own.severity_, abs=1e-7)
    assert common.deviance_ == pytest.approx(own.deviance_, abs=1e-7)


def test_anchored_raters_keep_their_values_and_set_the_origin():
    ratings = small()
    free = ScaleModel().fit(ratings)
    held = ScaleModel().fit(ratings, Anchors(raters={0: float(free.severity_[0]) + 1.0}))
    assert held.severity_ == pytest.approx(free.severity_ + 1.0, abs=1e-5)
    assert held.steps_ == pytest.approx(free.steps_ - 1.0, abs=1e-5)
    assert held.covariance()[0, 0] == 0.0


def test_anchored_criteria_free_the_mean_of_the_persons():
    ratings = small()
    free = ScaleModel().fit(ratings)
    held = ScaleModel().fit(ratings, Anchors(criteria={0: float(free.steps_[0].mean()) + 2.0}))
    assert held.person_mean_ == pytest.approx(2.0, abs=1e-5)
    assert held.severity_ == pytest.approx(free.severity_, abs=1e-5)
    assert held.severity_.sum() == pytest.approx(0, abs=1e-8)
    assert held.deviance_ == pytest.approx(free.deviance_, abs=1e-6)


def test_a_rater_at_one_end_is_held_back_flagged_and_left_out_of_the_sum():
    ratings = small()
    level = np.where(ratings.rater == 1, 0, ratings.level).astype(np.int32)
    model = ScaleModel().fit(ratings.with_levels(level))
    assert model.extreme_.tolist() == [False, True, False, False, False]
    assert 0 < model.severity_[1] < 10
    assert model.severity_[~model.extreme_].sum() == pytest.approx(0, abs=1e-8)
    assert model.penalty_sd_ is not None


def test_few_pieces_a_rater_are_held_back_and_nearer_to_the_truth():
    errors = []
    for random_seed in range(8):
        ratings, severity = simulated(random_seed, 120, 40, criteria=1, per_person=(2,))
        plain, held = (ScaleModel(Options(penalised=each)).fit(ratings) for each in (False, True))
        assert np.var(held.severity_) < np.var(plain.severity_)
        errors.append([np.mean((model.severity_ - severity) ** 2) for model in (plain, held)])
    assert np.mean(errors, axis=0)[1] < 0.8 * np.mean(errors, axis=0)[0]


def test_a_criterion_without_a_level_has_no_thresholds_of_its_own():
    ratings = small()
    level = np.where((ratings.criterion == 1) & (ratings.level == 2), 1, ratings.level)
    lacking = ratings.with_levels(level.astype(np.int32))
    with pytest.raises(ScoringError, match="criterion 0001 never got level 0002"):
        ScaleModel(Options(form="pcm")).fit(lacking)
    assert np.isfinite(ScaleModel().fit(lacking).steps_).all()


def test_a_long_table_of_one_person_each_read_by_all_takes_more_nodes():
    ratings = simulated(8, persons=25, raters=30, criteria=3, per_person=(30,))[0]
    model = ScaleModel().fit(ratings)
    finer = ScaleModel(Options(nodes=641)).fit(ratings)
    assert len(model.state_.nodes.ability) == 161
    assert model.severity_ == pytest.approx(finer.severity_, abs=1e-5)


def test_persons_who_do_not_differ_stop_the_spread_at_its_bound():
    person, rater = (each.ravel() for each in np.indices((40, 4)))
    level = (person + rater) % 2  # everyone has two of four, in turn
    level[(rater == 0) & (person < 12)] = 1
    model = ScaleModel().fit(coded(person, 0 * person, rater, level))
    assert model.converged_
    assert model.state_.parameters.at_bound
    assert model.person_sd_ == pytest.approx(0.05)
    assert model.severity_[0] < model.severity_[1:].min()


def test_ratings_that_set_no_end_to_a_difference_are_refused_with_a_way_out():
    # Three persons, four raters: no finite severities make these levels likeliest.
    level = np.array([[0, 3, 4, 1], [3, 3, 3, 2], [0, 3, 3, 1]])
    person, rater = (each.ravel() for each in np.indices(level.shape))
    ratings = coded(person, 0 * person, rater, level.ravel())
    with pytest.raises(ScoringError, match="fit with a penalty"):
        ScaleModel().fit(ratings)
    assert np.isfinite(ScaleModel(Options(penalised=True)).fit(ratings).severity_).all()
