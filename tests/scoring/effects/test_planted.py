"""Raters of fourteen kinds, planted in counties of four unlike generators, and counties without any."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmarks.effects import sought
from benchmarks.planted_counties import KINDS, County, county_of, planted, varied
from benchmarks.planted_marking import WORLDS
from benchmarks.planted_raters import found_in, world_of
from benchmarks.planted_theory import allowed

STRONG = (
    "severe_rater", "lenient_rater", "erratic_rater", "fast_rater", "pasted_comments", "copied",
    "all_met_reads",
)  # fmt: skip


@pytest.mark.slow
def test_most_planted_raters_are_found_whatever_made_the_marks():
    """All fourteen kinds in each county of some fifty readers: every fourth reader is odd."""
    hit, tried = Counter(), Counter()
    for number in range(len(WORLDS)):
        county = planted(varied(number), KINDS, number)
        found = found_in(world_of(number), county, number)
        flagged = {(one.code, one.ids) for one in found if one.flagged}
        for rater, code in county.planted.items():
            kind = code.partition(":")[0]
            tried[kind] += 1
            hit[kind] += sought(rater, code) in flagged
    assert sum(hit[kind] for kind in STRONG) >= 26, hit  # of 28
    assert hit.total() >= 49, hit  # of 56


@pytest.mark.slow
def test_who_guesses_half_is_erratic_where_all_see_the_same_things():
    """Kinds of pieces: what is there is there, and readers overlook some of it."""
    found = []
    for seed in range(3):
        county = planted(County(schools=8, reads_each=130), ("erratic_rater",), seed)
        flagged = {(one.code, one.ids) for one in found_in("sorting", county, seed) if one.flagged}
        found.append(("erratic_rater", tuple(county.planted)) in flagged)
    assert all(found)


@pytest.mark.slow
def test_counties_without_odd_raters_are_quiet():
    families = [
        {one.code for one in found_in(world_of(number), varied(number), number) if one.flagged}
        for number in range(5_000, 5_004)
    ]
    assert sum(map(len, families)) <= 3, families


@pytest.mark.parametrize("world", WORLDS)
def test_a_county_has_the_same_columns_whatever_made_its_marks(world):
    county = County(schools=2, panels=(3,), reads_each=20)
    table = county_of(world, county, 1)
    assert set(table["met"].unique()) <= {0, 1}
    assert table.groupby(["piece_id", "rater_id"]).size().eq(6).all()
    assert set(table["round"]) == {"blind", "seed", "third"}
    assert (table["submitted_at"] > table["opened_at"]).all()


def test_a_planted_severity_moves_as_many_marks_in_every_generator():
    moved = {}
    for world in WORLDS:
        county = County(schools=2, panels=(3,), reads_each=400, seeds=0, severity_sd=0.0)
        one = planted(county, ("severe_rater",), 3)
        (rater,) = one.planted
        table = county_of(world, one, 5)
        by = table.groupby(table["rater_id"] == rater)["met"].mean()
        moved[world] = by[False] - by[True]
    assert all(0.07 < each < 0.16 for each in moved.values()), moved


@pytest.mark.slow
def test_theory_allows_more_with_more_reads_and_less_than_certainty():
    few, many = (
        np.mean([
            allowed(planted(County(reads_each=reads), ("own_department",), seed), seed, 0.05)
            [next(iter(planted(County(reads_each=reads), ("own_department",), seed).planted))]
            for seed in range(3)
        ])
        for reads in (40, 160)
    )  # fmt: skip
    assert 0 < few < many <= 1
