"""The marks model gives back what marks were drawn from, within the errors it states."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from benchmarks.invented_marks import Shape, invented_marks
from models.frames import CRITERION, MET, PIECE, RATER, TEACHER
from scoring.errors import ScoringError
from scoring.facets.marks_coding import code_marks
from scoring.facets.marks_fit import interactions
from scoring.facets.marks_model import MarksModel

COLUMNS = [PIECE, CRITERION, RATER, MET]


def fitted(random_seed=3, **shape):
    marks, truth = invented_marks(Shape(**shape), random_seed)
    return MarksModel().fit(marks), marks, truth


def test_estimates_are_where_no_parameter_can_be_moved_for_a_better_fit():
    loose, marks, _ = fitted(raters=8)
    tight = MarksModel(tolerance=1e-6).fit(marks)
    assert np.abs(loose.severity_ - tight.severity_).max() < 5e-3 * tight.severity_se_.max()
    assert loose.deviance_ == pytest.approx(tight.deviance_, abs=1e-4)
    assert tight.severity_.sum() == pytest.approx(0, abs=1e-9)


def test_names_and_order_of_rows_change_no_estimate():
    model, marks, _ = fitted(raters=6)
    renamed = marks.assign(**{RATER: "x" + marks[RATER].astype(str).str[::-1]})
    again = MarksModel().fit(renamed.sample(frac=1, random_state=1))
    place = [again.raters_.index("x" + name[::-1]) for name in model.raters_]
    assert again.severity_[place] == pytest.approx(model.severity_, abs=1e-3)
    assert again.severity_se_[place] == pytest.approx(model.severity_se_, abs=1e-3)


def test_pieces_are_measured_and_more_met_is_more_able():
    model, _, truth = fitted(teachers=80)
    measures = model.pieces()
    assert np.corrcoef(measures.eap, truth.ability)[0, 1] > 0.6
    assert np.abs(measures.wle).max() < 8  # finite, though some met everything
    assert np.mean(np.abs(measures.eap - truth.ability) < 1.96 * measures.eap_sd) > 0.9


def test_warms_measure_of_four_of_six_alike_criteria_is_the_closed_form():
    """With criteria alike Warm's root is P = (met + ½) / (marks + 1); here 4.5 of 7."""
    rows = [
        (f"p{k}", c, r, int((k + n + m) % 3 > 0))
        for k in range(30)
        for n, c in enumerate("abc")
        for m, r in enumerate(("r1", "r2"))
    ]
    model = MarksModel().fit(pd.DataFrame(rows, columns=COLUMNS))
    assert np.ptp(model.difficulty_) < 0.01  # by symmetry, and severities are nought
    expected = model.difficulty_.mean() + np.log(4.5 / 2.5)
    assert model.pieces().wle == pytest.approx(expected, abs=0.01)


def test_a_criterion_everybody_met_changes_nothing_and_stays_finite():
    model, marks, _ = fitted()
    sure = marks.drop_duplicates([PIECE, RATER]).assign(**{CRITERION: "sure", MET: 1})
    both = pd.concat([marks.astype({CRITERION: str}), sure], ignore_index=True)
    again = MarksModel().fit(both)
    assert again.severity_ == pytest.approx(model.severity_, abs=1e-3)
    assert again.extreme_criteria_ == ("sure",)
    assert -10 < again.difficulty_[again.criteria_.index("sure")] < -3
    assert again.difficulty_se_[again.criteria_.index("sure")] > 1


def test_a_rater_who_met_everything_is_bounded_and_named():
    model, marks, _ = fitted()
    kind = marks[marks[RATER] == "r000"].assign(**{RATER: "kind", MET: 1})
    both = pd.concat([marks.astype({RATER: str}), kind], ignore_index=True)
    again = MarksModel().fit(both)
    assert again.extreme_raters_ == ("kind",)
    place = again.raters_.index("kind")
    assert -12 < again.severity_[place] < -2
    others = [k for k in range(len(again.raters_)) if k != place]
    assert again.severity_[others] == pytest.approx(model.severity_, abs=1e-3)


def test_a_teacher_with_one_piece_each_leaves_one_spread_of_abilities():
    model, _, _ = fitted(teachers=100, pieces_each=1, raters=5)
    assert model.teacher_sd_ == 0
    assert 0.6 < model.piece_sd_ < 1.6


def test_draws_of_pieces_are_of_their_posterior():
    model, _, _ = fitted(teachers=60)
    draws = model.draws(2000, 11, parameter_draws=0)
    measures = model.pieces()
    assert len(draws) == 2000
    assert draws.ability.mean(axis=0) == pytest.approx(measures.eap, abs=0.06)
    assert draws.ability.std(axis=0) == pytest.approx(measures.eap_sd, rel=0.1)
    assert draws.severity == pytest.approx(np.tile(model.severity_, (2000, 1)), abs=1e-6)


def test_draws_of_parameters_are_of_their_sampling_distribution():
    model, _, _ = fitted(teachers=60)
    draws = model.draws(200, 11, parameter_draws=200)
    assert draws.severity.std(axis=0) == pytest.approx(model.severity_se_, rel=0.25)
    assert draws.severity.mean(axis=0) == pytest.approx(model.severity_, abs=0.1)
    assert draws.severity.sum(axis=1) == pytest.approx(0, abs=1e-3)
    assert draws.halo_sd.mean() == pytest.approx(model.halo_sd_, rel=0.1)
    assert draws.ability.std(axis=0).mean() > model.pieces().eap_sd.mean()


def test_pieces_of_one_teacher_are_drawn_together():
    model, marks, _ = fitted(teachers=60, teacher_sd=1.5, piece_sd=0.4)
    draws = model.draws(1500, 2, parameter_draws=0)
    owner = marks.drop_duplicates(PIECE).set_index(PIECE)[TEACHER]
    own = [k for k, piece in enumerate(draws.pieces) if owner[piece] == "t00000"]
    other = [k for k, piece in enumerate(draws.pieces) if owner[piece] == "t00001"]
    together = np.corrcoef(draws.ability.T)
    assert together[own[0], own[1]] > 0.3
    assert abs(together[own[0], other[0]]) < 0.1


def test_the_same_seed_gives_the_same_draws():
    model, _, _ = fitted()
    assert (model.draws(5, 1).ability == model.draws(5, 1).ability).all()
    assert (model.draws(5, 1).ability != model.draws(5, 2).ability).any()


def test_the_halo_of_a_read_is_told_by_its_marks():
    marks = pd.DataFrame(
        [
            (f"p{k:02d}", c, r, int((k * 7 + n * 3) % 5 > 1) if r != "r0" else k % 2)
            for k in range(40)
            for n, c in enumerate("abcdefgh")
            for r in ("r0", "r1")
        ],
        columns=COLUMNS,
    )
    draws = MarksModel().fit(marks).draws(1, 1)
    kind = (draws.read_rater == 0) & (draws.read_piece % 2 == 1)
    harsh = (draws.read_rater == 0) & (draws.read_piece % 2 == 0)
    assert draws.halo_mean[kind].mean() > 0.5
    assert draws.halo_mean[harsh].mean() < -0.5


def row(piece="p1", criterion="a", rater="r1", met=1):
    return (piece, criterion, rater, met)


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([row()], [*COLUMNS[:3], "x"], "met missing"),
        ([], COLUMNS, "there are none"),
        ([row(met=2)], COLUMNS, "mark 2 of rater r1 on criterion a of piece p1"),
        ([row(), row(met=0)], COLUMNS, "is its second"),
    ],
)
def test_marks_that_cannot_be_used_are_named(rows, columns, said):
    with pytest.raises(ScoringError, match=said):
        code_marks(pd.DataFrame(rows, columns=columns))


def test_a_piece_of_two_teachers_is_named():
    rows = [(*row(), "t1"), (*row(rater="r2"), "t2")]
    with pytest.raises(ScoringError, match="piece p1 has two teachers"):
        code_marks(pd.DataFrame(rows, columns=[*COLUMNS, TEACHER]))


def test_a_fit_that_may_not_go_on_says_so():
    marks, _ = invented_marks(Shape(), 1)
    with pytest.raises(ScoringError, match="did not settle within 2 evaluations"):
        MarksModel(most_evaluations=2).fit(marks)


@pytest.fixture(scope="module")
def simulated():
    """240 rounds with halo and teachers as clusters: half with severities, half without."""
    planted, none = [], []
    for random_seed in range(240):
        spread = 0.5 if random_seed % 2 else 0.0
        model, _, truth = fitted(random_seed, severity_sd=spread, teachers=60)
        (planted if spread else none).append((model, truth))
    return planted, none


@pytest.mark.slow
def test_severities_come_back_without_stretch(simulated):
    slopes = [np.polyfit(truth.severity, model.severity_, 1)[0] for model, truth in simulated[0]]
    assert 0.95 < np.mean(slopes) < 1.05


@pytest.mark.slow
def test_stated_errors_hold_the_truth_as_often_as_they_say(simulated):
    z = np.concatenate([(m.severity_ - t.severity) / m.severity_se_ for m, t in simulated[0]])
    assert 0.93 <= np.mean(np.abs(z) < 1.96) <= 0.97


@pytest.mark.slow
def test_without_severity_few_raters_seem_to_have_any(simulated):
    z = np.concatenate([m.severity_ / m.severity_se_ for m, _ in simulated[1]])
    assert 0.03 <= np.mean(np.abs(z) > 1.96) <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["criteria", "teachers of a school"])
def test_a_rater_alike_everywhere_has_an_interaction_one_time_in_twenty(simulated, kind):
    rejected = []
    for model, _ in simulated[0] + simulated[1]:
        codes = model.told
        group = codes.mark_criterion % 5
        if kind != "criteria":
            group = (codes.teacher_of % 4)[codes.read_piece[codes.mark_read]]
        rejected.append(np.mean(interactions(codes, model.residuals(), group).p < 0.05))
    assert 0.03 <= np.mean(rejected) <= 0.07


@pytest.mark.slow
def test_spreads_of_teachers_pieces_and_halo_come_back(simulated):
    spreads = [(m.teacher_sd_, m.piece_sd_, m.halo_sd_) for m, _ in simulated[0] + simulated[1]]
    assert np.mean(np.square(spreads), axis=0) == pytest.approx([0.64, 0.49, 0.36], abs=0.08)


@pytest.mark.slow
def test_a_county_of_difficulties_comes_back(simulated):
    z = [(m.difficulty_ - t.difficulty) / m.difficulty_se_ for m, t in simulated[0]]
    held = int(np.sum(np.abs(np.concatenate(z)) < 1.96))
    assert binomtest(held, np.concatenate(z).size, 0.95).proportion_estimate > 0.92
