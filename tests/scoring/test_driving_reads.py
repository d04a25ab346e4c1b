"""Reads a severity comes from: the furthest from co-raters, on the rater's own side."""

import pandas as pd
import pytest

from scoring.driving_reads import driving_reads
from scoring.effects.severity import severity


def marks(*reads):
    """Marks of reads such as ``("p1", "r1", "101")``: criteria a, b, c met, not met, met."""
    return pd.DataFrame(
        [
            (piece, criterion, rater, int(sign))
            for piece, rater, signs in reads
            for criterion, sign in zip("abc", signs, strict=False)
        ],
        columns=["piece_id", "criterion_id", "rater_id", "met"],
    )


READS = marks(
    ("p1", "r1", "000"), ("p1", "r2", "111"),
    ("p2", "r1", "011"), ("p2", "r2", "111"),
    ("p3", "r1", "111"), ("p3", "r2", "011"),
)  # fmt: skip


def test_the_furthest_comes_first_and_the_other_side_is_left_out():
    found = driving_reads(READS, {"r1": 0.5})
    # r1 finds 3 of 3 fewer met on p1, 1 of 3 on p2, and one more on p3
    assert found["piece_id"].tolist() == ["p1", "p2"]
    assert found["apart"].tolist() == pytest.approx([1, 1 / 3])
    assert found[["unmet", "marks"]].values.tolist() == [[3, 3], [1, 3]]


def test_a_lenient_rater_is_driven_by_the_reads_found_better():
    found = driving_reads(READS, {"r2": -0.5}, most=1)
    assert found[["rater_id", "piece_id"]].values.tolist() == [["r2", "p1"]]
    assert found["apart"].tolist() == [-1]


def test_distances_average_to_the_severity_of_effects():
    found = driving_reads(READS, {"r1": 1}, most=9)
    other = driving_reads(READS, {"r1": -1}, most=9)
    distances = [*found["apart"], *other["apart"]]
    known = severity(READS).set_index("rater_id")["severity"]
    assert sum(distances) / 3 == pytest.approx(known["r1"])


def test_a_criterion_nobody_else_marked_tells_nothing():
    alone = marks(("p1", "r1", "01"), ("p1", "r2", "1"))
    assert driving_reads(alone, {"r1": 1})["apart"].tolist() == [1]


def test_a_rater_alone_has_no_such_read():
    assert driving_reads(marks(("p1", "r1", "010")), {"r1": 1}).empty
