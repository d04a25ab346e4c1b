"""Passages point at equal text in the originals, and leave the form alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.similarity.normalising import normalise
from scoring.similarity.passages import SHOWN_RUN, passages

SIGNS = "".join(map(chr, range(0x4E00, 0x4E00 + 400)))
NOISE = st.text(alphabet=SIGNS + "，。 \n\u200bＡ㎡", max_size=60)

SHARED = st.lists(st.sampled_from(SIGNS), min_size=30, max_size=80, unique=True).map("".join)


def invented(seed, count):
    return "".join(
        np.random.default_rng(seed).choice(list("".join(map(chr, range(0x5000, 0x5600)))), count)
    )


def words(text, start, end):
    return normalise(text[start:end]).text


@given(NOISE, NOISE, NOISE, NOISE, SHARED)
@settings(max_examples=150, deadline=None)
def test_a_passage_is_the_same_text_in_both_originals(a, b, c, d, shared):
    one, two = a + "甲，" + shared + "乙" + b, c + shared + "。" + d
    found = passages(one, two)
    assert found
    for passage in found:
        left = words(one, passage.start_a, passage.end_a)
        assert left == words(two, passage.start_b, passage.end_b)
        assert len(left) >= SHOWN_RUN


@given(NOISE, NOISE, SHARED)
@settings(max_examples=60, deadline=None)
def test_no_character_is_in_two_passages(a, b, shared):
    found = passages(a + shared + b + shared, shared + a + shared)
    for side in ("a", "b"):
        spans = sorted((getattr(p, f"start_{side}"), getattr(p, f"end_{side}")) for p in found)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_two_runs_in_another_order_are_two_passages():
    first, second = invented(1, 60), invented(2, 40)
    one = first + "，" + invented(3, 50) + second
    two = second + invented(4, 30) + first
    assert [(one[p.start_a : p.end_a], two[p.start_b : p.end_b]) for p in passages(one, two)] == [
        (first, first),
        (second, second),
    ]


def test_what_the_form_says_is_not_copied():
    form = invented(1, 200)
    one, two = form + invented(2, 60), form + invented(3, 60)
    assert passages(one, two, [form]) == []
    assert len(passages(one, two)) == 1


def test_texts_with_nothing_in_common_have_no_passage():
    assert passages(invented(1, 300), invented(2, 300)) == []
    assert passages("", "教案") == []


def test_a_line_repeated_a_thousand_times_is_no_burden():
    line = invented(1, 30)
    found = passages(line * 1000, line * 900)
    assert found
    assert found[0].start_a == 0
