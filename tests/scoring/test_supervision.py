"""The county's sample and what its reads say of a school."""

import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.levels import Level
from scoring.supervision import Candidate, Drawn, compare, draw_sample

FAIL, PASS, EXCELLENT = Level


def candidates(count, school="s01", stratum=("A1",), always=""):
    return [Candidate(f"{school}-{n:03d}", school, stratum, always) for n in range(count)]


def ids(drawn):
    return [each.piece_id for each in drawn]


SAMPLE = st.lists(
    st.builds(
        Candidate,
        st.integers(0, 10**6).map(str),
        st.sampled_from(["s01", "s02"]),
        st.tuples(st.sampled_from("AB"), st.sampled_from(["pass", "fail"])),
        st.sampled_from(["", "", "", "held_by_anomaly"]),
    ),
    max_size=60,
    unique_by=lambda each: each.piece_id,
)


@given(SAMPLE, st.randoms(use_true_random=False))
def test_the_same_seed_draws_the_same_pieces_in_whatever_order_they_come(pieces, rng):
    shuffled = pieces[:]
    rng.shuffle(shuffled)
    assert draw_sample(pieces, 0.2, 3, "seed") == draw_sample(shuffled, 0.2, 3, "seed")


@given(SAMPLE, st.sampled_from([0.0, 0.05, 0.1, 0.3, 1.0]), st.integers(0, 8))
def test_each_school_gives_its_share_or_the_minimum_on_top_of_what_must_be_drawn(
    pieces, rate, least
):
    drawn = draw_sample(pieces, rate, least, "seed")
    assert len(set(ids(drawn))) == len(drawn)
    for school in {each.school_id for each in pieces}:
        own = [each for each in pieces if each.school_id == school]
        must = [each.piece_id for each in own if each.always]
        wanted = max(least, math.ceil(Fraction(str(rate)) * len(own)))
        got = Counter(each.why for each in drawn if each.school_id == school)
        assert got["stratified"] == min(wanted, len(own) - len(must))
        assert {d.piece_id for d in drawn if d.why == "held_by_anomaly"} >= set(must)


def test_another_seed_draws_others():
    pieces = candidates(100)
    assert ids(draw_sample(pieces, 0.1, 1, "one")) != ids(draw_sample(pieces, 0.1, 1, "two"))


def test_a_tenth_of_seventy_is_seven():
    """0.1 * 70 is 7.000000000000001 in floating point, which rounds up to 8."""
    assert len(draw_sample(candidates(70), 0.1, 1, "seed")) == 7


def test_a_small_school_gives_all_it_has():
    assert len(draw_sample(candidates(3), 0.1, 5, "seed")) == 3


def test_nothing_to_draw_from_draws_nothing():
    assert draw_sample([], 0.1, 5, "seed") == []


def test_strata_are_drawn_in_proportion():
    common = candidates(90, stratum=("pass",))
    rare = [Candidate(f"x{n}", "s01", ("fail",)) for n in range(10)]
    drawn = draw_sample(common + rare, 0.2, 1, "seed")
    assert Counter(d.piece_id[0] for d in drawn) == {"s": 18, "x": 2}


def test_every_piece_is_as_likely_as_any_other():
    """Ten pieces, three drawn: each comes up in three of ten samples (SE .014 at 1000 seeds)."""
    pieces = candidates(10)
    hits = Counter(p for seed in range(1000) for p in ids(draw_sample(pieces, 0.3, 1, str(seed))))
    assert all(hits[each.piece_id] / 1000 == pytest.approx(0.3, abs=0.06) for each in pieces)


def test_levels_set_side_by_side():
    drawn = [Drawn(f"p{n}", "s01", "stratified") for n in range(5)] + [Drawn("q", "s02", "x")]
    own = {"p0": PASS, "p1": PASS, "p2": EXCELLENT, "p3": FAIL, "p4": None}
    county = {"p0": PASS, "p1": FAIL, "p2": PASS, "p3": EXCELLENT, "p4": PASS, "q": None}
    first, second = compare(drawn, own, county)
    assert (first.sampled, first.reread) == (5, 4)
    assert (first.same, first.lowered, first.raised) == (1, 2, 1)
    assert first.lowered_share == pytest.approx(2 / 4)
    assert (second.reread, second.lowered_share) == (0, None)  # unknown, not nought
