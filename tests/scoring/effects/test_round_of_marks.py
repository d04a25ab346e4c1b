"""Effects of raters in two unlike kinds of invented counties: what is found, and who is left alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.effects import given, sought, thresholds
from benchmarks.planted_raters import County, logistic_county, sorting_county
from models import frames
from scoring.discovery import Finding
from scoring.effects.round_of_marks import Circumstances, effects_of_marks

WORLDS = {"logistic": logistic_county, "sorting": sorting_county}
SMALL = County(schools=3, panels=(6, 7, 5), reads_each=110)
KINDS = (
    "severe_rater", "lenient_rater", "erratic_rater", "fast_rater", "pasted_comments",
    "all_met_reads", "none_met_reads", "just_pass_reads", "flat_rater", "halo_rater",
)  # fmt: skip


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
    assert {one.code for one in found} <= {"fast_rater", "pasted_comments"}


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


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_nearly_all_planted_raters_are_found(world):
    hit, tried = Counter(), Counter()
    for random_seed in range(4):
        names = sorted(SMALL.school_of)
        chosen = np.random.default_rng(random_seed).permutation(names)[:5]
        kinds = np.roll(KINDS, -5 * random_seed)[:5]
        county = replace(SMALL, planted=dict(zip(chosen.tolist(), kinds.tolist(), strict=True)))
        found = flagged(found_in(county, world, random_seed))
        for rater, code in county.planted.items():
            tried[code] += 1
            hit[code] += sought(rater, code) in found
    assert hit.total() >= 0.85 * tried.total(), (hit, tried)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_honest_counties_show_few_families(world):
    families = [
        {code for code, _ in flagged(found_in(SMALL, world, random_seed))}
        for random_seed in range(20, 24)
    ]
    assert sum(map(len, families)) <= 5, families
