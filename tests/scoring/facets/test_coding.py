"""Tables of ratings: what they are read into, and what is wrong with those that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scoring.errors import ScoringError
from scoring.facets.coding import read_facets
from scoring.facets.panels import design_of, with_levels

GOOD = [("p1", "c1", "a", "2"), ("p1", "c1", "b", "0"), ("p2", "c1", "a", "1")]


def table(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person", "criterion_id", "rater_id", "level"])


def test_numbers_are_a_scale_in_their_order_and_names_are_sorted():
    rows = [("p1", "c", "a", "10"), ("p1", "c", "b", "9"), ("p2", "c", "a", "-1")]
    ratings = read_facets(table(rows))
    assert ratings.levels == ("-1", "9", "10")
    assert ratings.level.tolist() == [2, 1, 0]
    assert ratings.raters == ("a", "b")


def test_a_level_nobody_gave_has_no_threshold_and_is_said():
    ratings = read_facets(table(GOOD), ["0", "1", "2", "3"])
    assert ratings.levels == ("0", "1", "2")
    assert ratings.unused == ("3",)


def test_a_row_without_a_level_is_no_rating():
    assert len(read_facets(table([*GOOD, ("p2", "c1", "b", None)])).level) == 3


@pytest.mark.parametrize(
    ("rows", "scale", "told"),
    [
        (GOOD, ["0", "1"], "level '2' of rater a on person p1 is not on the scale 0, 1"),
        ([*GOOD, ("p2", "c1", "b", "good")], [], "row 4 has level 'good', which is no number"),
        ([*GOOD, ("p2", "c1", "a", "2")], [], "rater a rated person p2 .* in row 4"),
        ([row for row in GOOD if row[2] == "a"], [], "only rater a rated"),
        ([(*row[:3], "1") for row in GOOD], [], "every rating is 1"),
        ([*GOOD, ("p3", None, "a", "1")], [], "row 4 has no criterion"),
        ([], [], "ratings: there is none"),
        ([("p", "c", "a", str(k)) for k in range(101)], [], "101 levels came"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(rows, scale, told):
    with pytest.raises(ScoringError, match=told):
        read_facets(table(rows), scale)


def test_a_million_categories_are_refused_at_once():
    rows = pd.DataFrame({"person": "p", "criterion_id": "c", "rater_id": "a"}, index=range(10**6))
    with pytest.raises(ScoringError, match="1000000 levels came"):
        read_facets(rows.assign(level=[str(each) for each in range(10**6)]))


def test_a_missing_column_is_named():
    with pytest.raises(ScoringError, match="rater missing"):
        read_facets(table(GOOD).drop(columns="rater_id"))


def test_alike_persons_are_one_group_and_unlike_panels_are_two():
    rows = [
        ("p1", "c1", "a", "1"), ("p1", "c2", "a", "0"), ("p1", "c1", "b", "1"),
        ("p2", "c1", "b", "0"), ("p2", "c2", "a", "1"), ("p2", "c1", "a", "1"),
        ("p3", "c1", "a", "1"), ("p3", "c1", "b", "1"),
    ]  # fmt: skip
    design = design_of(read_facets(table(rows)))
    # p1 and p2 were read in the same cells with the same sum, 2; p3 misses a cell.
    assert design.person_group[0] == design.person_group[1] != design.person_group[2]
    assert sorted(design.group_count.tolist()) == [1, 2]
    assert design.longest == 3
    assert design.tails.sum() == 6


def test_other_levels_on_the_same_panels_change_scores_only():
    rows = [
        ("p1", "c", "a", "1"),
        ("p1", "c", "b", "0"),
        ("p2", "c", "a", "0"),
        ("p2", "c", "b", "1"),
    ]
    ratings = read_facets(table(rows))
    design = design_of(ratings)
    assert design.group_count.tolist() == [2]
    other = with_levels(design, np.array([1, 1, 0, 0], np.int32))
    anew = design_of(ratings.with_levels(np.array([1, 1, 0, 0], np.int32)))
    assert other.group_score.tolist() == anew.group_score.tolist() == [0, 2]
    assert other.tails.tolist() == anew.tails.tolist()
