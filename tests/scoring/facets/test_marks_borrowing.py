"""Criteria with few marks borrow from their kind; alone they would take what is the readers'."""

import numpy as np
import pytest

from benchmarks.invented_marks import Shape, invented_marks
from models.frames import CRITERION, MET
from scoring.errors import ScoringError
from scoring.facets.marks_borrowing import few_marks, positive_factor
from scoring.facets.marks_coding import code_marks
from scoring.facets.marks_model import MarksModel

SPARSE = Shape(teachers=24, slots=40, severity_sd=0.6, difficulty=-1.5)
"""Nine marks a criterion in the middle, two readers a piece."""


def slope(model, truth):
    """Slope of the estimated severities on the true ones."""
    true = truth.severity[[int(name[1:]) for name in model.raters_]]
    return np.polyfit(true, model.severity_, 1)[0]


def test_whether_the_middling_criterion_has_few_marks():
    assert few_marks(code_marks(invented_marks(SPARSE, 1)[0]))
    assert not few_marks(code_marks(invented_marks(Shape(), 1)[0]))


def test_criteria_that_all_met_stay_in_and_lie_within_reach_of_their_kind():
    marks, _ = invented_marks(SPARSE, 3)
    model = MarksModel(borrowing=True).fit(marks)
    met = marks.groupby(CRITERION, observed=True)[MET].mean()
    always = [place for place, name in enumerate(model.criteria_) if met[name] == 1]
    assert len(always) > 10
    assert model.extreme_criteria_ == ()
    apart = model.difficulty_[always] - model.difficulty_.mean()
    assert (apart < 0).mean() > 0.95
    assert np.abs(apart).max() < 3 * model.difficulty_sd_


def test_each_kind_has_a_mean_of_its_own():
    marks, _ = invented_marks(SPARSE, 5)
    names = sorted(set(marks[CRITERION].astype(str)))
    kind = {name: "excellent" if place % 5 > 2 else "pass" for place, name in enumerate(names)}
    hard = marks[CRITERION].astype(str).map(kind) == "excellent"
    rng = np.random.default_rng(5)
    marks[MET] = np.where(hard & (rng.random(len(marks)) < 0.7), 0, marks[MET])
    together = MarksModel(borrowing=True).fit(marks)
    apart = MarksModel(borrowing=True).fit(marks, kind)
    assert apart.difficulty_sd_ < 0.8 * together.difficulty_sd_
    assert apart.deviance_ < together.deviance_
    wished = np.array([kind[name] == "excellent" for name in apart.criteria_])
    assert apart.difficulty_[wished].mean() > apart.difficulty_[~wished].mean() + 1


def test_without_a_choice_the_data_decide():
    marks, _ = invented_marks(SPARSE, 7)
    chosen, asked = MarksModel(borrowing=None).fit(marks), MarksModel(borrowing=True).fit(marks)
    assert (chosen.severity_ == asked.severity_).all()
    plenty, _ = invented_marks(Shape(), 7)
    chosen, asked = MarksModel(borrowing=None).fit(plenty), MarksModel().fit(plenty)
    assert (chosen.severity_ == asked.severity_).all()
    assert chosen.difficulty_sd_ == 0


def test_a_climb_that_is_cut_short_says_so():
    marks, _ = invented_marks(SPARSE, 9)
    with pytest.raises(ScoringError, match="did not settle"):
        MarksModel(borrowing=True, most_evaluations=3).fit(marks)


@pytest.mark.slow
def test_sparse_rounds_give_severities_and_halo_back_undistorted():
    slopes, alone, halo, z = [], [], [], []
    for seed in range(8):
        marks, truth = invented_marks(SPARSE, 100 + seed)
        model = MarksModel(borrowing=True).fit(marks)
        slopes.append(slope(model, truth))
        alone.append(slope(MarksModel().fit(marks), truth))
        halo.append(model.halo_sd_)
        true = truth.severity[[int(name[1:]) for name in model.raters_]]
        z.extend((model.severity_ - true + true.mean()) / model.severity_se_)
    assert np.mean(alone) > 1.15  # what the joint estimates would say
    assert 0.88 < np.mean(slopes) < 1.12
    assert 0.4 < np.mean(halo) < 0.8  # 0.6 in truth
    assert 0.8 < np.std(z) < 1.2


def test_information_that_bends_the_wrong_way_still_has_a_factor_of_its_size():
    rng = np.random.default_rng(3)
    turned = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    for values in ([5.0, 4, 3, 2, 1, 0.5], [5.0, 4, 3, 2, 1, -0.01]):
        information = turned @ np.diag(values) @ turned.T
        factor = positive_factor(information)
        assert np.allclose(factor, np.tril(factor)) and (np.diag(factor) > 0).all()
        assert 2 * np.log(np.diag(factor)).sum() == pytest.approx(
            np.linalg.slogdet(information)[1], rel=1e-9
        )
        sizes = np.linalg.eigvalsh(factor @ factor.T)
        assert np.sort(np.abs(values)) == pytest.approx(sizes, rel=1e-9)
