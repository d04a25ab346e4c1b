"""The joint fit: values by definition, and the correction it is told with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.errors import ScoringError
from scoring.facets.coding import read_facets
from scoring.facets.curves import curves
from scoring.facets.fit_statistics import summed_squares
from scoring.facets.joint import joint_fit
from scoring.facets.measures import weighted_likelihood
from scoring.facets.panels import design_of

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


def tam_fit():
    """TAM's joint fit with .3 added or taken at the ends: its steps a cell, abilities and fit."""
    told, ratings = read("rsm3_complete_60x3x4")
    fit = told["TAM_jml_fit"]
    value = dict(zip(fit["parameter"], fit["xsi"], strict=True))
    severity = [value[f"raterR00{rater}"] for rater in range(3)]
    severity.append(-sum(severity))
    # Two steps that sum to 0, about the difficulty of the criterion.
    steps = np.array([-1, 1]) * -value["step1"]
    difficulty = np.array([value[f"c{place}"] for place in range(3)])
    return fit, ratings, np.array(severity), difficulty, steps


def test_mean_squares_at_tams_joint_estimates_are_those_of_tam():
    fit, ratings, severity, difficulty, steps = tam_fit()
    # Persons are numbered; their names sort otherwise.
    theta = np.array(fit["theta"])[[int(name) for name in ratings.persons]]
    base = severity[ratings.rater] + difficulty[ratings.criterion]
    made = curves(base[:, None] + steps, theta[ratings.person][:, None])
    variance = made.variance[:, 0]
    square = (ratings.level - made.expected[:, 0]) ** 2
    cell = ratings.criterion * 4 + ratings.rater
    ones = np.ones(len(cell), int)
    # TAM cuts squared residuals. Two ratings, in cells of their own, have one above 16; that
    # both come out at 16.658 says where.
    standard = square / variance
    assert (standard > 16).sum() == 2
    found = summed_squares(cell, 12, square, variance, np.minimum(standard, 16.658), ones)
    theirs = fit["fit_by_criterion_x_rater"]
    assert theirs["item"] == [f"c{c}-raterR00{r}" for c in range(3) for r in range(4)]
    assert found.infit == pytest.approx(theirs["infitItem"], abs=1e-4)
    assert found.outfit == pytest.approx(theirs["outfitItem"], abs=1e-4)


def test_weighted_likelihood_at_tams_joint_estimates_is_that_of_tam():
    fit, ratings, severity, difficulty, steps = tam_fit()
    design = design_of(ratings)
    cells = severity[design.cell_rater] + difficulty[design.cell_criterion]
    start = np.zeros(len(design.group_panel))
    ability, error = weighted_likelihood(design, cells[:, None] + steps, start)
    of = design.person_group
    inside = (design.group_score[of] > 0) & (design.group_score[of] < 2 * 12)
    assert inside.sum() == 59  # TAM adds .3 to the score of the one at the end
    order = np.array([int(name) for name in ratings.persons])[inside]
    assert ability[of][inside] == pytest.approx(np.array(fit["wle"])[order], abs=1e-4)
    assert error[of][inside] == pytest.approx(np.array(fit["wle_se"])[order], abs=1e-4)


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
