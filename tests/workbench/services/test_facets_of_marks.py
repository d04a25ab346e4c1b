"""The facets model of a workspace: what it says, what it refuses, and what blocks it."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.synthetic_county import build
from models import frames
from models.ratings import mark_frame
from scoring.facets.marks_coding import code_marks
from scoring.facets.marks_readiness import reasons_of_marks
from workbench.errors import RefusedError
from workbench.messages import LANGUAGES, catalogue
from workbench.services.facets_of_marks import EXPERT, facets_of_workspace

pytestmark = pytest.mark.slow  # each fits a whole round

SHAPE = (
    "decision next_action subsets raters criteria thresholds persons deviance person_sd halo_sd "
    "separation reliability iterations"
).split()


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return build(tmp_path_factory.mktemp("county") / "w", pieces=250, readers=5, schools=2)


@pytest.fixture(scope="module")
def told(county):
    return facets_of_workspace(county, fit_draws=10)


def test_it_has_the_shape_of_the_command(told):
    assert set(SHAPE) <= set(told)
    assert {"rater", "severity", "se", "infit", "outfit", "n"} <= set(told["raters"][0])
    assert {"person", "eap", "eap_sd", "wle", "wle_se"} <= set(told["persons"][0])
    assert told["thresholds"] == []


def test_every_reader_and_piece_read_is_in_it_once(told, county):
    with county.store() as store:
        marks = mark_frame(store)
    assert [row["rater"] for row in told["raters"]] == [f"R{n:03d}" for n in range(5)]
    assert sum(row["n"] for row in told["raters"]) == len(marks)
    assert {row["person"] for row in told["persons"]} == set(marks[frames.PIECE])
    assert sum(row["severity"] for row in told["raters"]) == pytest.approx(0, abs=1e-6)


def test_a_harsher_reader_would_pass_fewer_results(told):
    rows = sorted(told["raters"], key=lambda row: row["severity"])
    changes = [row["pass_rate_change"] for row in rows]
    assert changes == sorted(changes, reverse=True)
    assert all(
        row["pass_rate_change_lo"] <= row["pass_rate_change"] <= row["pass_rate_change_hi"]
        for row in rows
    )
    assert all(row["infit_lo"] < row["infit_hi"] for row in rows)


def test_the_same_seed_says_the_same(county, told):
    assert facets_of_workspace(county, fit_draws=10) == told


def test_one_school_is_told_from_its_own_pieces(county):
    own = facets_of_workspace(county, school_id="s001", fit_draws=0)
    with county.store() as store:
        marks = mark_frame(store)
    pieces = set(marks.loc[marks[frames.SCHOOL] == "s001", frames.PIECE])
    assert {row["person"] for row in own["persons"]} == pieces
    assert own["raters"][0]["infit_lo"] is None


def test_experts_are_the_zero_and_no_rater(county):
    with county.store() as store:
        marks = mark_frame(store)
    one = marks.drop_duplicates([frames.PIECE, frames.CRITERION])
    experts = one[[frames.PIECE, frames.CRITERION, frames.MET]].astype({frames.PIECE: str})
    told = facets_of_workspace(county, expert_marks=experts, fit_draws=0, with_persons=False)
    assert EXPERT not in {row["rater"] for row in told["raters"]}
    assert {row["zero"] for row in told["raters"]} == {"expert"}
    assert told["persons"] == []


def test_without_reads_nothing_is_known(opened):
    with pytest.raises(RefusedError, match="no reads yet"):
        facets_of_workspace(opened.workspace)


COLUMNS = [frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]


@pytest.mark.parametrize(
    ("rows", "blocking"),
    [
        ([("p1", "a", "r1", 1), ("p2", "a", "r1", 0)], {"one_rater"}),
        ([("p1", "a", "r1", 1), ("p2", "a", "r2", 0)], {"no_shared"}),
        ([("p1", "a", "r1", 1), ("p1", "a", "r2", 1)], {"all_alike"}),
        ([("p1", "a", "r1", 1), ("p1", "a", "r2", 0)], set()),
    ],
)
def test_what_leaves_nothing_to_fit_blocks(rows, blocking):
    found = reasons_of_marks(code_marks(pd.DataFrame(rows, columns=COLUMNS)), min_marks=1)
    assert {reason.code for reason in found if reason.blocks} == blocking


def test_raters_with_few_marks_are_named_and_block_nothing():
    rows = [("p1", "a", "r1", 1), ("p1", "a", "r2", 0), ("p2", "a", "r2", 1)]
    found = reasons_of_marks(code_marks(pd.DataFrame(rows, columns=COLUMNS)), min_marks=2)
    assert [(reason.code, reason.ids, reason.blocks) for reason in found] == [
        ("few_ratings", ("r1",), False)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_next_step_in_words(language):
    codes = "none one_rater no_shared all_alike few_ratings own_panel alone extreme_rater".split()
    said = catalogue(language)
    assert all(f"facets_of_marks.next.{code}" in said for code in codes)


def test_numbers_that_are_not_known_are_none_and_never_nan(told):
    flat = [
        value
        for row in told["raters"] + told["criteria"] + told["persons"]
        for value in row.values()
    ]
    assert not any(isinstance(value, float) and np.isnan(value) for value in flat)
