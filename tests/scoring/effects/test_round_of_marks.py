"""Effects of raters in two unlike kinds of invented counties: what is found, and who is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.effects import given, sought, thresholds
from benchmarks.planted_counties import County, logistic_county, sorting_county
from models import frames
from scoring.discovery import Finding
from scoring.effects.round_of_marks import Circumstances, effects_of_marks

WORLDS = {"logistic": logistic_county, "sorting": sorting_county}
SMALL = County(schools=3, panels=(6, 7, 5), reads_each=110)


def found_in(county: County, world: str, random_seed: int) -> list[Finding]:
    marks, reads, about = given(WORLDS[world](county, random_seed), county)
    return effects_of_marks(marks, reads, about, thresholds(), random_seed)


def flagged(found: list[Finding]) -> set[tuple[str, tuple[str, ...]]]:
    return {(one.code, one.ids) for one in found if one.flagged}


@pytest.fixture(scope="module", params=WORLDS)
def planted(request):
    county = replace(
        SMALL,
        planted={"r000": "severe_rater", "r011": "all_met_reads", "r022": "fast_rater",
                 "r013": "pasted_comments", "r015": "copied:r014"},
    )  # fmt: skip
    return county, found_in(county, request.param, 7)


def test_planted_raters_are_found_under_their_own_code(planted):
    county, found = planted
    assert {sought(*each) for each in county.planted.items()} <= flagged(found)


def test_every_rater_is_tested_once_for_each_effect(planted):
    county, found = planted
    for code in ("erratic_rater", "all_met_reads", "fast_rater", "halo_rater"):
        assert sorted(one.ids[0] for one in found if one.code == code) == sorted(county.school_of)


def test_p_is_fine_enough_for_a_lone_discovery(planted):
    _, found = planted
    for one in found:
        if one.flagged:
            assert one.p <= one.q <= 0.05
            assert one.minimum_met
            assert abs(one.effect) >= thresholds()[one.code.replace("lenient", "severe")].min_effect


@pytest.mark.slow
def test_what_would_have_been_found_shrinks_with_more_reads():
    county = SMALL
    few = found_in(replace(county, reads_each=40), "logistic", 5)
    more = found_in(county, "logistic", 5)
    for code in ("erratic_rater", "all_met_reads", "flat_rater"):
        middle = [
            np.median([one.detectable for one in found if one.code == code and one.detectable])
            for found in (few, more)
        ]
        assert middle[1] < middle[0]


def test_a_rater_with_few_reads_is_told_so_and_never_given_a_number():
    table = logistic_county(replace(SMALL, schools=1), 2)
    known = table.drop_duplicates([frames.PIECE, frames.RATER])
    mine = known[known[frames.RATER] == "r000"][frames.PIECE].iloc[10:]
    kept = table[(table[frames.RATER] != "r000") | ~table[frames.PIECE].isin(mine)]
    marks, reads, about = given(kept, SMALL)
    for one in effects_of_marks(marks, reads, about, thresholds(), 1):
        if one.ids == ("r000",):
            assert not one.minimum_met
            assert not one.flagged
            assert {one.effect, one.p, one.q, one.detectable} == {None}


def test_in_an_unlinked_panel_under_five_the_subject_is_the_pair():
    county = County(
        schools=1, panels=(3,), reads_each=120, seeds=0, third_share=0.0,
        planted={"r000": "severe_rater"}, strength=1.5,
    )  # fmt: skip
    severe = [one for one in found_in(county, "logistic", 3) if one.code == "severe_rater"]
    assert {one.subject for one in severe} == {"rater_pair"}
    assert any(one.flagged and one.ids[0] == "r000" for one in severe)


def test_marks_that_cannot_be_compared_leave_only_habits():
    marks, reads, about = given(logistic_county(replace(SMALL, schools=1, seeds=0), 4), SMALL)
    alone = marks.drop_duplicates([frames.PIECE, frames.CRITERION])
    read = reads.drop_duplicates(frames.PIECE)
    found = effects_of_marks(alone, read, about, thresholds(), 1)
    told = {one.code for one in found if one.minimum_met}
    assert told <= {"fast_rater", "pasted_comments"}
    assert {one.ids[0] for one in found if one.code == "severe_rater"} == set(read["rater_id"])


def test_renaming_raters_changes_no_number():
    county = replace(SMALL, schools=1, seeds=0, planted={"r002": "all_met_reads"})
    marks, reads, about = given(logistic_county(county, 6), county)

    def numbers(mark_table, read_table):
        found = effects_of_marks(mark_table, read_table, Circumstances(about.excellent),
                                 thresholds(), 1)  # fmt: skip
        return sorted((one.code, one.n, round(one.effect or 0, 6)) for one in found)

    name = {rater: f"x{9 - k}" for k, rater in enumerate(sorted(county.school_of))}
    renamed = [
        each.assign(**{frames.RATER: each[frames.RATER].map(name)}) for each in (marks, reads)
    ]
    assert numbers(*renamed) == numbers(marks, reads)


def test_favour_for_the_own_department_is_tested_where_others_read_its_pieces_too():
    county = replace(SMALL, schools=1, panels=(9,), seeds=0, groups=3, reads_each=150,
                     planted={"r001": "own_department"})  # fmt: skip
    found = [one for one in found_in(county, "logistic", 3) if one.code == "own_department"]
    assert len(found) == 9
    assert all(one.minimum_met for one in found)
    assert max(found, key=lambda one: one.effect).ids == ("r001",)


def test_a_department_nobody_else_reads_has_no_favour_to_tell():
    county = replace(SMALL, schools=1, panels=(9,), seeds=0, groups=3, third_share=0.0)
    marks, reads, about = given(logistic_county(county, 3), county)
    kept = reads["home_department"].str.endswith("/g1") <= reads["rater_id"].map(
        county.group_of
    ).eq("g1")
    told = reads[kept]
    pairs = pd.MultiIndex.from_frame(told[[frames.PIECE, frames.RATER]])
    own = marks[pd.MultiIndex.from_frame(marks[[frames.PIECE, frames.RATER]]).isin(pairs)]
    found = effects_of_marks(own, told, about, thresholds(), 1)
    mine = [o for o in found if o.code == "own_department" and county.group_of[o.ids[0]] == "g1"]
    assert mine
    assert not any(one.minimum_met for one in mine)
