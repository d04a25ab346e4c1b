"""Validation reads: flip risks are held against them, and nothing rests on them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.synthetic_county import build
from models.allocation import extra_readers
from models.ratings import mark_frame, standing_reads
from models.store import Act
from models.validation import validation_reads
from workbench.services.stability import stability_analysis
from workbench.services.stability_round import read_round
from workbench.services.stability_validation import validation_of_round
from workbench.services.stability_view import checked_said, stability_view, validation_said

pytestmark = pytest.mark.slow  # each fits a whole round

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
TIMES = {"opened_at": "2026-11-19T01:00:00Z", "submitted_at": "2026-11-19T01:06:00Z"}


def read_twice_more(workspace, pieces, change=lambda marks: marks, **more):
    """Two readers more for each of these pieces; they mark as the first reader did, or otherwise."""
    with workspace.store() as store, store.transaction(Act("Z1", "chair", AT), "test") as tx:
        standing = standing_reads(store)
        everybody = sorted({read.rater_id for reads in standing.values() for read in reads})
        for piece in pieces:
            own = standing[piece]
            free = [name for name in everybody if name not in {read.rater_id for read in own}]
            for rater in free[:2]:
                row = {"piece_id": piece, "rater_id": rater, "round": "blind", "reading": 1}
                (number,) = tx.insert("assignment", [{**row, "position": 9, **more}])
                tx.insert("extra_read", [{"assignment_id": number}])
                (read_id,) = tx.insert("read", [{**row, **TIMES, "comment": "", "replaces": None}])
                tx.insert_marks(read_id, [(c, met, "") for c, met in change(own[0].marks).items()])


def whole_pieces(workspace, count):
    """Pieces with a level and two reads."""
    outcomes = read_round(workspace, 50, 1).standing.outcomes
    return [piece for piece, made in sorted(outcomes.items()) if made.level is not None][:count]


@pytest.fixture
def county(tmp_path):
    return build(tmp_path / "w", pieces=100, readers=6, schools=2)


def test_too_few_validated_pieces_are_told_with_the_minimum_and_no_number(county):
    read_twice_more(county, whole_pieces(county, 5))
    told = stability_analysis(county)["validation"]
    assert told == {"pieces": 5, "unusable": 0, "least": 30}


def test_readers_who_repeat_the_round_are_foretold_and_readers_who_contradict_it_are_not(county):
    before = validation_of_round(county, read_round(county, 200, 1), 1)
    assert before["pieces"] == 0
    pieces = whole_pieces(county, 40)
    read_twice_more(county, pieces, lambda marks: {name: 1 - met for name, met in marks.items()})
    with county.store() as store:
        assert set(validation_reads(store)) == set(pieces) == set(extra_readers(store))
        assert len(mark_frame(store)) > 0
        others = {(r.piece_id, r.rater_id) for r in mark_frame(store).itertuples()}
        for piece, reads in validation_reads(store).items():
            assert not {(piece, read.rater_id) for read in reads} & others
    known = read_round(county, 200, 1)
    told = validation_of_round(county, known, 1)
    assert told["pieces"] == 40
    # Every mark turned round: hardly a piece keeps its level, far more than foretold.
    assert told["observed"] > 0.9
    assert told["predicted"] < told["lo"]
    assert told["holds"] is False
    assert told["brier"] > told["brier_constant"]
    assert sum(group["pieces"] for group in told["groups"]) == 40
    view = stability_view(county, "Z1")
    assert view.validation is not None
    assert "不可靠" in validation_said(view)
    assert checked_said(view)


def test_reads_that_were_not_drawn_with_the_allocation_validate_nothing(county):
    pieces = whole_pieces(county, 4)
    read_twice_more(county, pieces[:2], position=0)  # given out after the fact
    read_twice_more(county, pieces[2:])
    with county.store() as store:
        assert set(validation_reads(store)) == set(pieces[2:])
        numbers = store.rows(
            "SELECT assignment_id FROM extra_read JOIN assignment USING (assignment_id) "
            "WHERE piece_id = ?",
            (pieces[2],),
        )
        with store.transaction(Act("Z1", "chair", AT), "test") as tx:
            tx.insert("back_read", [{**row, "why": "chosen"} for row in numbers])
        assert set(validation_reads(store)) == {pieces[3]}
