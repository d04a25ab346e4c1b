"""Shifts of schools in logits: given back within their error, and none where a school is merely good."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.planted_schools import FAVOUR, GOOD, LENIENT, WORLDS, Schools, county_of
from benchmarks.planted_schools_theory import favour_allowed
from scoring.school_likelihood import favour_of_schools, stacks_of
from scoring.school_reading import NOT_MARKED
from scoring.school_seeds import leniency_of_schools, seed_marks


def own_marks(world, county, random_seed):
    """Marks on the schools' pieces as the likelihood takes them, and those on seeds."""
    marks, pieces = county_of(world, county, random_seed)
    school = pieces.set_index("piece_id")["school_id"].str[1:].astype(int)
    own = marks[marks["round"] != "seed"]
    own = own.assign(school_id=own["piece_id"].map(school), home=own["round"] == "blind")
    return own, marks[marks["round"] == "seed"]


def on_seeds(own, seeds, schools):
    """Leniency of the readers of each school and its error; unknown without seeds."""
    if seeds.empty:
        return np.full(schools, np.nan), np.full(schools, np.nan)
    codes = seed_marks(seeds, ("piece_id", "criterion_id", "rater_id"), seeds["met"].to_numpy())
    weights = np.zeros((schools, len(codes.raters)))
    home = own[own["home"]]
    np.add.at(
        weights, (home["school_id"], pd.Index(codes.raters).get_indexer(home["rater_id"])), 1.0
    )
    found = leniency_of_schools(codes, weights)
    return found.value, found.se


def shifts(planted, random_seed=1, world="logits", **size):
    """Gap and favour of the schools of an invented county."""
    county = Schools(**{"schools": 16, "planted": planted, **size})
    own, seeds = own_marks(world, county, random_seed)
    return favour_of_schools(own, *on_seeds(own, seeds, county.schools))


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


@pytest.mark.parametrize(("world", "least"), [("logits", 2.0), ("kinds", 3.0)])
def test_eleven_rereads_set_favour_apart_in_either_way_marks_come_about(world, least):
    # where readers agree on what is there their pairs tell more than levels or logits do
    found = [away(shifts({FAVOUR: 2.0}, k, world, rereads=11)[1])[:4] for k in (1, 2)]
    assert np.mean(found) > least


def test_what_the_county_reads_again_may_hang_on_what_the_school_found():
    county = Schools(schools=16, planted={GOOD: 1.5}, rereads=40)
    own, _ = own_marks("logits", county, 4)
    share = own[own["home"]].groupby("piece_id")["met"].mean()
    best = share[share == 1].index  # the county reads nothing but what was met throughout
    kept = own[own["home"] | own["piece_id"].isin(best)]
    unknown = np.full(16, np.nan)
    gap, _ = favour_of_schools(kept, unknown, unknown)
    assert np.abs(away(gap)[:4]).max() < 3
    assert np.abs(np.median(gap.value)) < 0.6  # regression to the mean is no shift


def test_marks_all_alike_say_nothing():
    rows = [(f"p{k}", "P1", f"r{r}", 1, 0, r < 2) for k in range(40) for r in range(3)]
    columns = ["piece_id", "criterion_id", "rater_id", "met", "school_id", "home"]
    marks = pd.DataFrame(rows, columns=columns)
    gap, favour = favour_of_schools(marks, np.zeros(1), np.ones(1))
    assert np.isnan([gap.value[0], gap.se[0], favour.value[0], favour.se[0]]).all()


def test_the_order_of_marks_changes_nothing():
    own, seeds = own_marks("logits", Schools(schools=8, pieces=30, rereads=11), 2)
    lenient = on_seeds(own, seeds, 8)
    given = favour_of_schools(own, *lenient)[0]
    turned = favour_of_schools(own.iloc[::-1], *lenient)[0]
    assert turned.value == pytest.approx(given.value, abs=0.051)  # a step of the grid
    assert turned.se == pytest.approx(given.se, rel=0.02)


def test_pieces_are_stacked_by_their_criteria_and_reads():
    rows = [
        *[("a", c, r, m, 0, True) for c, r, m in (("P1", "r1", 1), ("P2", "r1", 0), ("P1", "r2", 0))],
        ("a", "P1", "c1", 1, 0, False),
        ("b", "P2", "r9", 1, 3, True),
    ]  # fmt: skip
    columns = ["piece_id", "criterion_id", "rater_id", "met", "school_id", "home"]
    two, one = sorted(stacks_of(pd.DataFrame(rows, columns=columns), 2, 1),
                      key=lambda each: -each.cells.size)  # fmt: skip
    assert (two.criteria.tolist(), two.at_home, two.school.tolist()) == ([0, 1], 2, [0])
    # P1: met, not met, met by the county; P2: not met, then not marked by either
    assert two.cells[0].tolist() == [[1, 0, 1], [0, NOT_MARKED, NOT_MARKED]]
    assert (one.criteria.tolist(), one.at_home, one.school.tolist()) == ([1], 1, [3])


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_theory_allows_more_at_more_rereads(world):
    few, many = (
        favour_allowed(world, Schools(planted={FAVOUR: 0.6}, rereads=n), 0.05, draws=60)
        for n in (2, 70)
    )
    assert few + 0.2 < many <= 1  # sixty draws: two errors of a share are some .13
