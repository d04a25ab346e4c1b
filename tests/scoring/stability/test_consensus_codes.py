"""Consensus on codes, held against the consensus of single pieces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.records import Read
from rubrics.levels import LEVELS, Level
from rubrics.rubric import Criterion, Slot
from scoring.consensus import ConsensusRule, piece_consensus, read_level
from scoring.errors import ScoringError
from scoring.stability.consensus_codes import NOTHING, RULING, THIRD, read_levels, slot_code, weigh

THIRDS = ("when_level_unsettled", "when_pass_unsettled", "always", "never")
NEEDS = {"": NOTHING, "third": THIRD, "ruling": RULING}


def slot(needed=2, wished=2):
    """A slot whose criteria of both kinds alternate, so that bits and kinds do not line up."""
    names = [("P", Level.PASS, n) for n in range(needed)]
    names += [("E", Level.EXCELLENT, n) for n in range(wished)]
    names.sort(key=lambda each: (each[2], each[0]))
    criteria = tuple(Criterion(f"{kind}{n}", level, "", "") for kind, level, n in names)
    return Slot("A1-1", "", "", "document", True, ("docx",), {}, criteria)


def marks_of(of, code):
    return {c.criterion_id: code >> place & 1 for place, c in enumerate(of.criteria)}


@st.composite
def cases(draw):
    of = slot(draw(st.integers(1, 3)), draw(st.integers(0, 3)))
    reads_per_piece = draw(st.integers(1, 3))
    rule = ConsensusRule(reads_per_piece, draw(st.sampled_from(THIRDS)), draw(st.booleans()))
    codes = st.integers(0, 2 ** len(of.criteria) - 1)
    ballots = draw(st.lists(codes, min_size=reads_per_piece, max_size=reads_per_piece + 1))
    return of, rule, ballots, draw(codes), draw(codes)


@given(cases())
def test_codes_come_to_the_level_and_the_needs_of_the_piece_itself(case):
    of, rule, ballots, ruled, ruling = case
    reads = [
        Read(f"r{n}", "blind" if n < rule.reads_per_piece else "third", marks_of(of, code))
        for n, code in enumerate(ballots)
    ]
    bits = [(c.criterion_id, ruling >> n & 1) for n, c in enumerate(of.criteria) if ruled >> n & 1]
    chair = [Read("chair", "chair", dict(bits))] if bits else []
    expected = piece_consensus(of, reads + chair, rule)
    arrays = [np.array([code], dtype=np.uint32) for code in (*ballots, ruled, ruling)]
    found = weigh(slot_code(of), arrays[:-2], rule, *arrays[-2:])
    assert found.level[0] == (-1 if expected.level is None else LEVELS.index(expected.level))
    assert found.needs[0] == NEEDS[expected.needs]
    if expected.needs == "ruling":
        names = [c.criterion_id for n, c in enumerate(of.criteria) if found.open[0] >> n & 1]
        assert tuple(names) == expected.open_criteria


@given(st.integers(1, 3), st.integers(0, 3), st.data())
def test_a_code_has_the_level_of_its_read(needed, wished, data):
    of = slot(needed, wished)
    code = data.draw(st.integers(0, 2 ** (needed + wished) - 1))
    expected = read_level(of, marks_of(of, code))
    assert LEVELS[read_levels(slot_code(of), np.array([code], dtype=np.uint32))[0]] == expected


def test_pieces_side_by_side_do_not_touch_each_other():
    # E0 P0 E1 P1 are bits 0 to 3: all met beside all met; P1 unmet twice; P0 contested.
    first = np.array([0b1111, 0b0111, 0b1101], dtype=np.uint32)
    second = np.array([0b1111, 0b0111, 0b1111], dtype=np.uint32)
    found = weigh(slot_code(slot()), [first, second], ConsensusRule())
    assert found.level.tolist() == [2, 0, -1]
    assert found.needs.tolist() == [NOTHING, NOTHING, THIRD]


def test_a_slot_of_more_criteria_than_bits_is_refused_by_name():
    with pytest.raises(ScoringError, match=r"A1-1 has 33 criteria, at most 32"):
        slot_code(slot(33, 0))
