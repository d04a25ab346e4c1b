"""Subsets, weak links, and whether a table may be read as severities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.facets.connectedness import connectedness
from scoring.facets.readiness import (
    Minimum,
    comparable,
    offset_errors,
    readiness,
    reasons_of_design,
    reasons_of_fit,
)


def found(*reads, weak=2):
    person, rater = np.array(reads).T
    return connectedness(person, rater, person.max() + 1, rater.max() + 1, weak)


def both(raters, persons):
    """Everyone of some persons read by everyone of some raters."""
    return [(person, rater) for person in persons for rater in raters]


def test_raters_without_persons_in_common_are_subsets_the_largest_first():
    one = found(*both([0, 1], [0]), *both([2, 3, 4], [1]))
    assert one.subsets == 2
    assert one.rater_subset.tolist() == [1, 1, 0, 0, 0]
    assert one.person_subset.tolist() == [1, 0]


def test_parts_joined_through_others_are_one_subset():
    assert found((0, 0), (0, 1), (1, 1), (1, 2)).subsets == 1


@pytest.mark.parametrize(("bridge", "links"), [([20], 1), ([20, 21], 1), ([20, 21, 22], 0)])
def test_a_link_of_one_or_two_persons_is_weak_and_named(bridge, links):
    one = found(*both([0, 1, 2], range(5)), *both([3, 4], range(5, 10)), *both([1, 3], bridge))
    assert len(one.weak_links) == links
    for link in one.weak_links:
        assert link.raters == (3, 4)
        assert link.others == (0, 1, 2)
        assert link.persons == tuple(bridge)


def test_three_raters_with_one_person_each_in_common_to_a_part_are_firm_together():
    # Rater 3 shares one person with each of 0, 1 and 2, three in all with their part.
    one = found(*both([0, 1, 2], range(5)), (5, 0), (5, 3), (6, 1), (6, 3), (7, 2), (7, 3))
    assert one.weak_links == ()


def test_two_thin_ways_between_parts_are_no_bridge():
    ring = [*both([0, 1], range(5)), *both([2, 3], range(5, 10)), *both([4, 5], range(10, 15))]
    ring += [*both([1, 2], [20]), *both([3, 4], [21]), *both([5, 0], [22])]
    assert found(*ring).weak_links == ()
    assert len(found(*ring[:-2]).weak_links) == 2


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), min_size=1, max_size=25))
def test_subsets_are_what_spreading_from_each_rater_reaches(reads):
    person, rater = np.array(reads).T
    one = connectedness(person, rater, 9, 6)
    reach = {start: {start} for start in set(rater)}
    for _ in range(6):
        for near in reach.values():
            near |= {r for p, r in reads if any((p, s) in reads for s in near)}
    assert one.subsets == len({frozenset(near) for near in reach.values()})
    for start, near in reach.items():
        assert set(np.flatnonzero(one.rater_subset == one.rater_subset[start])) == near


def judged(design, ratings=(40, 40, 40, 40), levels=(60, 60)):
    names = [f"r{each}" for each in range(len(ratings))]
    persons = [f"p{each}" for each in range(len(design.person_subset))]
    return readiness(
        reasons_of_design(design, names, persons, ratings, levels, ["0", "1"], Minimum())
    )


def test_a_connected_table_with_enough_of_everything_is_ready():
    assert judged(found(*both(range(4), range(5)))).decision == "ready"


def test_a_disconnected_table_is_blocked_before_anything_else():
    apart = judged(found(*both([0, 1], range(5)), *both([2, 3], range(5, 9))), ratings=(1, 9, 9, 9))
    assert apart.decision == "blocked"
    assert apart.reasons[0].code == "disconnected"
    assert apart.reasons[0].ids == ("r0", "r2")


@pytest.mark.parametrize(
    ("reads", "ratings", "levels", "code", "ids"),
    [
        (both(range(4), range(5)), (29, 30, 30, 30), (60, 60), "few_ratings", ("r0",)),
        (both(range(4), range(5)), (30, 30, 30, 30), (60, 9), "few_in_level", ("1",)),
        (
            both([0, 1], range(4)) + both([2, 3], range(4, 8)) + both([1, 2], [8]),
            (30, 30, 30, 30), (60, 60), "weak_link", ("p8",),
        ),
    ],
)  # fmt: skip
def test_thin_data_are_to_be_reviewed_with_the_names(reads, ratings, levels, code, ids):
    decided = judged(found(*reads), ratings, levels)
    assert decided.decision == "review"
    assert [(reason.code, reason.ids) for reason in decided.reasons] == [(code, ids)]


def test_a_fit_at_an_end_or_not_finished_is_to_be_reviewed():
    reasons = reasons_of_fit(["a", "b"], np.array([False, True]), converged=False)
    assert [reason.code for reason in reasons] == ["not_converged", "extreme_rater"]
    assert reasons[1].ids == ("b",)


def test_the_offset_of_a_panel_is_its_mean_against_the_others():
    # Two independent raters each: var = (.04 + .04) / 4 + (.08 + .08) / 4 = .06.
    error = offset_errors(np.diag([0.04, 0.04, 0.08, 0.08]), np.array([0, 0, 1, 1]))
    assert error == pytest.approx([0.06**0.5, 0.06**0.5])


def test_panels_of_other_subsets_or_with_a_wide_offset_are_not_compared():
    assert comparable(np.array([0.1, 0.31, 0.1]), np.array([0, 0, 1]), Minimum()).tolist() == [
        True,
        False,
        False,
    ]
