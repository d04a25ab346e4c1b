"""Shifts of schools in logits: given back within their error, and none where a school is merely good."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.planted_schools import FAVOUR, GOOD, LENIENT, WORLDS, Schools, county_of
from benchmarks.planted_schools_theory import favour_allowed
from scoring.school_likelihood import favour_of_schools


def shifts(planted, random_seed=1, world="logits", **size):
    """Gap and favour of the schools of an invented county, each less the middle."""
    county = Schools(**{"schools": 16, "planted": planted, **size})
    marks, pieces = county_of(world, county, random_seed)
    school = pieces.set_index("piece_id")["school_id"].str[1:].astype(int)
    own = marks[marks["round"] != "seed"]
    own = own.assign(school_id=own["piece_id"].map(school), home=own["round"] == "blind")
    seeds = marks[marks["round"] == "seed"]
    raters = tuple(sorted(own.loc[own["home"], "rater_id"].unique()))
    weights = np.zeros((county.schools, len(raters)))
    home = own[own["home"]]
    np.add.at(weights, (home["school_id"], pd.Index(raters).get_indexer(home["rater_id"])), 1.0)
    return favour_of_schools(own, seeds, weights, raters, county.schools)


def away(shift):
    """Distance of each school from the middle, in its own errors."""
    return (shift.value - np.nanmedian(shift.value)) / shift.se


def test_favour_and_leniency_are_told_apart():
    gap, favour = shifts({FAVOUR: 2.0, LENIENT: 2.0}, rereads=30)
    favouring, lenient, honest = favour.value[:4], favour.value[4:8], favour.value[8:]
    assert favouring.mean() - np.median(honest) == pytest.approx(2.0, abs=0.7)
    assert lenient.mean() - np.median(honest) == pytest.approx(0.0, abs=0.7)
    assert (gap.value[:8] > np.median(gap.value[8:])).all()


@pytest.mark.parametrize("world", WORLDS)
def test_a_good_school_is_no_lenient_one(world):
    _, favour = shifts({GOOD: 1.5}, world=world)
    assert np.abs(away(favour)[:4]).max() < 3


def test_without_seeds_only_the_gap_is_known():
    gap, favour = shifts({FAVOUR: 2.0}, seeds_each=0)
    assert np.isfinite(gap.value).all()
    assert np.isnan(favour.value).all()


def test_marks_all_alike_say_nothing():
    rows = [(f"p{k}", "P1", f"r{r}", 1, 0, r < 2) for k in range(9) for r in range(3)]
    columns = ["piece_id", "criterion_id", "rater_id", "met", "school_id", "home"]
    marks = pd.DataFrame(rows, columns=columns)
    gap, favour = favour_of_schools(marks, marks.iloc[:0], np.ones((1, 2)), ("r0", "r1"), 1)
    assert np.isnan([gap.value[0], gap.se[0], favour.value[0], favour.se[0]]).all()


def test_the_order_of_marks_changes_nothing():
    county = Schools(schools=8, pieces=30, rereads=11)
    marks, pieces = county_of("logits", county, 2)
    school = pieces.set_index("piece_id")["school_id"].str[1:].astype(int)
    own = marks[marks["round"] != "seed"]
    own = own.assign(school_id=own["piece_id"].map(school), home=own["round"] == "blind")
    seeds = marks[marks["round"] == "seed"]
    weights = np.ones((8, 1))
    given = favour_of_schools(own, seeds, weights, ("r0",), 8)[0]
    turned = favour_of_schools(own.iloc[::-1], seeds.iloc[::-1], weights, ("r0",), 8)[0]
    assert turned.value == pytest.approx(given.value, abs=0.051)  # a step of the grid
    assert turned.se == pytest.approx(given.se, rel=0.02)


@pytest.mark.slow
def test_theory_allows_more_at_more_rereads():
    few, many = (favour_allowed(Schools(planted={FAVOUR: 1.25}, rereads=n), 0.05) for n in (11, 30))
    assert 0.2 < few < many < 1
