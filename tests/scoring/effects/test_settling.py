"""A second fit without the raters the model does not fit, and what everybody is then compared with."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.effects import given
from benchmarks.planted_counties import County, logistic_county
from benchmarks.planted_marking import HALO
from scoring.effects.settling import Standing, settled, standing
from scoring.facets.marks_model import MarksModel

ODD = {
    "r000": "halo_rater",
    "r005": "all_met_reads",
    "r012": "none_met_reads",
    "r014": "flat_rater",
}


@pytest.fixture(scope="module")
def fitted():
    county = County(schools=2, panels=(8,), reads_each=80, planted=ODD)
    marks, _, _ = given(logistic_county(county, 11), county)
    model = MarksModel().fit(marks)
    people = range(len(model.raters_))
    return marks, model, standing(model, model.severities(), people)


def again(fitted, *named: str) -> Standing:
    marks, model, first = fitted
    panel = ["one"] * len(model.raters_)
    return settled(first, model, marks, named, panel, lambda fit: fit.severities())


def spread_of_halo(stand: Standing) -> float:
    """Mean variance of ability and halo together that reads are expected with."""
    read = stand.predicted
    mean = read.weight @ read.eta
    return float((read.weight @ read.eta**2 - mean**2).mean())


def test_with_nobody_named_everything_stays(fitted):
    assert again(fitted) is fitted[2]


def test_where_most_are_named_nobody_is_set_apart(fitted):
    _, model, first = fitted
    assert again(fitted, *model.raters_[:12]) is first


def test_without_the_odd_ones_honest_reads_are_expected_closer(fitted):
    _, model, first = fitted
    assert model.halo_sd_ > HALO + 0.1  # the four make it look larger
    assert spread_of_halo(again(fitted, *ODD)) < 0.9 * spread_of_halo(first)


def test_the_others_are_compared_with_each_other_alone(fitted):
    _, model, _ = fitted
    stand = again(fitted, *ODD)
    honest = np.array([name not in ODD for name in model.raters_])
    value = stand.severity - stand.reference
    assert value[honest].mean() == pytest.approx(0, abs=1e-6)
    assert sorted(stand.usual) == list(np.flatnonzero(honest))
    none_met, all_met = (value[model.raters_.index(name)] for name in ("r012", "r005"))
    assert all_met < -0.5 < 0.3 < none_met


def test_every_read_is_still_expected_something(fitted):
    first, second = fitted[2].predicted, again(fitted, *ODD).predicted
    assert (second.piece == first.piece).all()
    assert (second.rater == first.rater).all()
    assert second.weight.sum(axis=1) == pytest.approx(1)
