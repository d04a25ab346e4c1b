"""Fit statistics lie around 1 under the model and show raters who do not follow it."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from benchmarks.invented_marks import Shape, invented_marks
from models.frames import CRITERION, MET, PIECE, RATER, TEACHER
from scoring.facets.marks_coding import code_marks
from scoring.facets.marks_extremes import bounded, set_apart
from scoring.facets.marks_fit import Rounds, interactions, mean_squares, residuals
from scoring.facets.marks_likelihood import lay_out, posterior, tables
from scoring.facets.marks_model import MarksModel

BIG = Shape(teachers=90, raters=8)


@pytest.fixture(scope="module")
def followed():
    marks, _ = invented_marks(BIG, 4)
    return MarksModel().fit(marks)


def test_mean_squares_are_around_one_under_the_model(followed):
    fit = followed.rater_fit()
    assert fit.infit.mean() == pytest.approx(1, abs=0.02)
    assert fit.outfit.mean() == pytest.approx(1, abs=0.06)
    assert followed.criterion_fit().infit == pytest.approx(1, abs=0.15)
    assert fit.infit_limits is None


def test_simulated_limits_hold_raters_who_follow_the_model(followed):
    fit = followed.rater_fit(draws=25, random_seed=1)
    low, high = fit.infit_limits
    assert (low < 1).all() and (high > 1).all()
    inside = (fit.infit >= low) & (fit.infit <= high)
    assert inside.sum() >= 6
    again = followed.rater_fit(draws=25, random_seed=1)
    assert (again.infit_limits == fit.infit_limits).all()


@pytest.mark.parametrize("shape", [BIG, Shape(teachers=30, raters=16, seeds=2)])
def test_a_simulated_round_is_judged_as_if_its_marks_had_been_read_anew(shape):
    marks, _ = invented_marks(shape, 4)
    layout, grid, point = MarksModel().fit(marks).parts
    codes = layout.codes
    met = np.random.default_rng(2).integers(0, 2, len(codes.met))
    again = lay_out(
        code_marks(
            pd.DataFrame(
                {
                    PIECE: np.array(codes.pieces)[codes.read_piece[codes.mark_read]],
                    CRITERION: np.array(codes.criteria)[codes.mark_criterion],
                    RATER: np.array(codes.raters)[codes.read_rater[codes.mark_read]],
                    MET: met,
                    TEACHER: np.array(codes.teachers)[
                        codes.teacher_of[codes.read_piece[codes.mark_read]]
                    ],
                }
            ).replace({TEACHER: {"": None}})
        )
    )
    assert (again.codes.met == met).all()
    found = residuals(again, grid, point)
    rater = codes.read_rater[codes.mark_read]
    expected = mean_squares(found, rater, len(codes.raters))
    infit, outfit = Rounds(layout, grid, point).fit_of(met)
    assert infit == pytest.approx(expected.infit, abs=1e-9)
    assert outfit == pytest.approx(expected.outfit, abs=1e-9)


def test_a_rater_who_marks_at_random_is_above_the_limits():
    marks, _ = invented_marks(BIG, 4)
    random = marks[RATER] == "r003"
    drawn = np.random.default_rng(1).integers(0, 2, int(random.sum()))
    met = marks[MET].to_numpy(copy=True)
    met[random.to_numpy()] = drawn
    model = MarksModel().fit(marks.assign(**{MET: met}))
    fit = model.rater_fit(draws=25, random_seed=1)
    assert fit.infit[3] > fit.infit_limits[1, 3]
    assert fit.outfit[3] > fit.outfit_limits[1, 3]


def harsher_on_one_criterion(marks, size):
    """r002 finds c0001 met a share ``size`` less often than the model says."""
    chosen = ((marks[RATER] == "r002") & (marks[CRITERION] == "c0001")).to_numpy()
    gone = chosen & (np.random.default_rng(3).random(len(marks)) < size)
    return marks.assign(**{MET: np.where(gone, 0, marks[MET])})


def test_a_rater_harsher_on_one_criterion_is_found_there():
    marks, _ = invented_marks(BIG, 4)
    model = MarksModel().fit(harsher_on_one_criterion(marks, 0.9))
    codes = model.told
    found = interactions(codes, model.residuals(), codes.mark_criterion)
    cell = (found.rater == codes.raters.index("r002")) & (
        found.group == codes.criteria.index("c0001")
    )
    assert found.p[cell][0] == found.p.min() < 1e-3
    assert found.bias[cell][0] > 0.8  # positive is harsher


def test_one_cell_with_all_marks_of_a_rater_has_nothing_to_differ_from(followed):
    codes = followed.told
    found = interactions(codes, followed.residuals(), np.zeros(len(codes.met), dtype=np.int64))
    assert (found.p == 1).all()


def test_setting_apart_goes_on_until_every_criterion_and_rater_has_two_kinds_of_marks():
    """Without b, which all met, r3 has met everything; without r3 c is met by all."""
    rows = [
        ("p1", "a", "r1", 1), ("p1", "a", "r2", 0), ("p2", "a", "r1", 0), ("p2", "a", "r2", 1),
        ("p1", "b", "r1", 1), ("p2", "b", "r2", 1),
        ("p3", "c", "r3", 0), ("p3", "b", "r3", 1), ("p3", "c", "r1", 1),
    ]  # fmt: skip
    codes = code_marks(pd.DataFrame(rows, columns=["piece_id", CRITERION, RATER, MET]))
    apart = set_apart(codes)
    assert [codes.criteria[k] for k in apart.criteria] == ["b", "c"]
    assert [codes.raters[k] for k in apart.raters] == ["r3"]
    assert len(apart.told.met) == 4


def test_the_bound_of_a_criterion_all_met_is_the_root_of_its_score():
    """Ten met, logit x − d with x = 0: 10 (1 − P) = (centre − d) / 9 at the likeliest d."""
    met, of = np.ones(10, dtype=np.int64), np.zeros(10, dtype=np.int64)
    value, se = bounded(met, of, 1, np.zeros(10), np.zeros(10), centre=0.0)
    miss = 1 / (1 + np.exp(-value[0]))
    assert 10 * miss == pytest.approx(-value[0] / 9, abs=1e-6)
    assert se[0] == pytest.approx((10 * miss * (1 - miss) + 1 / 9) ** -0.5)


def test_expected_agreement_of_marks_is_the_integral_written_out():
    marks = _simulated_marks(3, pieces=12, raters=4)
    model = MarksModel().fit(marks)
    layout, grid, point = model.parts
    known = posterior(layout, tables(layout, grid, point), point)
    ability = dict(zip(layout.ordinary.tolist(), known.ability, strict=True))
    halo, weight = np.polynomial.hermite_e.hermegauss(61)
    codes = layout.codes
    expected, alike, pairs = 0.0, 0, 0
    read = pd.DataFrame(
        {
            "piece": codes.read_piece[codes.mark_read],
            "rater": codes.read_rater[codes.mark_read],
            "criterion": codes.mark_criterion,
            "met": codes.met,
        }
    )
    for (piece, criterion), own in read.groupby(["piece", "criterion"]):
        chance = {
            rater: (weight / weight.sum())
            @ expit(
                grid.theta
                + point.halo_sd * halo[:, None]
                - point.difficulty[criterion]
                - point.severity[rater]
            )
            for rater in own["rater"]
        }
        for one, other in combinations(own.itertuples(), 2):
            p, q = chance[one.rater], chance[other.rater]
            expected += float((p * q + (1 - p) * (1 - q)) @ ability[piece])
            alike, pairs = alike + (one.met == other.met), pairs + 1
    found = model.exact_agreement()
    assert (found.pairs, found.observed) == (pairs, pytest.approx(alike / pairs))
    assert found.expected == pytest.approx(expected / pairs, abs=1e-4)


def test_marks_agree_as_often_as_the_model_expects_and_more_where_a_reader_copies():
    told = [
        MarksModel().fit(_simulated_marks(seed, pieces=150, raters=6)).exact_agreement()
        for seed in range(6)
    ]
    apart = [each.observed - each.expected for each in told]
    # 450 pairs each: a standard deviation of .02, of six means .01.
    assert np.mean(apart) == pytest.approx(0, abs=0.03)
    copied = _simulated_marks(0, pieces=150, raters=6)
    # The second reader of every other piece takes the first one's marks over.
    first = copied.groupby(["piece_id", "criterion_id"])["met"].transform("first")
    taken = copied["piece_id"].str[-1].isin(list("02468"))
    copied.loc[taken, "met"] = first[taken]
    found = MarksModel().fit(copied).exact_agreement()
    assert found.observed - found.expected > 0.06


def test_without_two_reads_of_a_criterion_agreement_is_unknown():
    marks = _simulated_marks(5, pieces=30, raters=2)
    model = MarksModel().fit(marks)
    assert model.exact_agreement(without="r0").pairs == 0
    assert np.isnan(model.exact_agreement(without="r0").observed)


def _simulated_marks(random_seed, pieces, raters):
    """Two readers a piece, three criteria, a halo of half a logit."""
    rng = np.random.default_rng(random_seed)
    severity = rng.normal(0, 0.5, raters)
    rows = []
    for piece in range(pieces):
        able = rng.normal(0, 1.2)
        for rater in rng.choice(raters, 2, replace=False):
            seen = able + rng.normal(0, 0.5) - severity[rater]
            rows += [
                (f"p{piece:03d}", f"c{k}", f"r{rater}", int(rng.random() < expit(seen - d)))
                for k, d in enumerate((-0.5, 0.0, 0.6))
            ]
    return pd.DataFrame(rows, columns=["piece_id", "criterion_id", "rater_id", "met"])
