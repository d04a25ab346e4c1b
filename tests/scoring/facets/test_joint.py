"""The joint fit: values by definition, and the correction it is told with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.errors import ScoringError
from scoring.facets.coding import read_facets
from scoring.facets.joint import joint_fit

GOLDEN = Path(__file__).parents[1] / "golden" / "mfrm"
SETS = ("austria_writing1", "pcm3_300x3x20", "rsm3_complete_60x3x4", "rsm5_200x4x12")
BAR = 1e-5


def read(name):
    told = json.loads((GOLDEN / f"{name}.json").read_text())
    table = pd.read_csv(GOLDEN / f"{name}.csv.gz", dtype=str)
    names = {"criterion": "criterion_id", "rater": "rater_id", "score": "level"}
    return told, read_facets(table.rename(columns=names))


@pytest.mark.parametrize("name", SETS)
def test_joint_estimates_fit_and_separation_are_those_of_the_definition(name):
    told, ratings = read(name)
    peer = told["peers"]["definition_jml"]
    found = joint_fit(ratings, told["model"].lower(), corrected=False)
    raters = [ratings.raters.index(each) for each in told["rater_order"]]
    criteria = [ratings.criteria.index(each) for each in told["criterion_order"]]
    persons = [ratings.persons.index(each) for each in peer["person_id"]]
    assert found.severity[raters] == pytest.approx(peer["severity"], abs=BAR)
    # The origin of difficulties and abilities is free in a joint fit: ours sum to 0.
    origin = np.mean(peer["delta"])
    assert found.steps[criteria].ravel() == pytest.approx(np.ravel(peer["delta"]) - origin, abs=BAR)
    ability = np.array([np.nan if each is None else each for each in peer["theta"]]) - origin
    assert found.ability[persons] == pytest.approx(ability, abs=BAR, nan_ok=True)
    assert found.severity_se[raters] == pytest.approx(peer["rater_fit"]["se"], abs=BAR)
    for order, fit, stated in (
        (raters, found.raters, peer["rater_fit"]),
        (criteria, found.criteria, peer["criterion_fit"]),
    ):
        assert fit.infit[order] == pytest.approx(stated["infit"], abs=BAR)
        assert fit.outfit[order] == pytest.approx(stated["outfit"], abs=BAR)
        assert fit.count[order].tolist() == stated["n"]
    inside = ~np.array(peer["extreme"])
    fit = peer["person_fit"]
    assert found.persons.infit[persons][inside] == pytest.approx(
        np.array(fit["infit"])[inside], abs=BAR
    )
    assert found.persons.outfit[persons][inside] == pytest.approx(
        np.array(fit["outfit"])[inside], abs=BAR
    )
    assert found.ability_se[persons][inside] == pytest.approx(np.array(fit["se"])[inside], abs=BAR)
    parted = peer["rater_separation"]
    assert found.separation.separation == pytest.approx(parted["separation"], abs=BAR)
    assert found.separation.reliability == pytest.approx(parted["reliability"], abs=BAR)
    assert found.separation.strata == pytest.approx(parted["strata"], abs=BAR)


def test_the_correction_shrinks_by_the_ratings_of_a_person():
    _, ratings = read("rsm5_200x4x12")
    plain, corrected = (joint_fit(ratings, corrected=each) for each in (False, True))
    # 1600 ratings of 200 persons: L = 8, so × 7/8.
    assert corrected.shrinkage == 7 / 8
    assert corrected.severity == pytest.approx(plain.severity * 7 / 8)
    assert corrected.steps == pytest.approx(plain.steps * 7 / 8)


def test_a_rater_at_one_end_has_no_joint_measure():
    _, ratings = read("rsm3_complete_60x3x4")
    level = np.where(ratings.rater == 2, 0, ratings.level).astype(np.int32)
    with pytest.raises(ScoringError, match="2 gave only the lowest or only the highest"):
        joint_fit(ratings.with_levels(level))
