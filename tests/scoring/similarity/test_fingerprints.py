"""Winnowing keeps few hashes and misses no shared run of twelve characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.similarity.fingerprints import (
    CERTAIN_RUN,
    GRAM,
    QUOTED,
    WINDOW,
    fingerprint,
    gram_hashes,
    known_hashes,
    own_fingerprint,
    own_share,
    winnowed,
    without,
)
from scoring.similarity.normalising import normalise

SIGNS = "".join(map(chr, range(0x4E00, 0x4E00 + 600)))
words = st.text(alphabet=SIGNS, max_size=60)


def invented(count, seed=1):
    return "".join(np.random.default_rng(seed).choice(list(SIGNS), count))


def slow_winnowing(hashes):
    """Winnowing as the paper states it, window by window."""
    width = min(WINDOW, len(hashes))
    kept = set()
    for start in range(len(hashes) - width + 1 if len(hashes) else 0):
        window = hashes[start : start + width]
        kept.add(max(start + at for at in range(width) if window[at] == min(window)))
    return sorted(kept)


@given(words, words, words, words, st.text(alphabet=SIGNS, min_size=CERTAIN_RUN, max_size=40))
@settings(max_examples=200)
def test_texts_that_share_twelve_characters_share_a_fingerprint(a, b, c, d, shared):
    one, other = fingerprint(a + shared + b), fingerprint(c + shared + d)
    assert set(one.hashes.tolist()) & set(other.hashes.tolist())


def test_the_run_that_is_never_missed_is_twelve_characters():
    assert CERTAIN_RUN == 12


@given(st.lists(st.integers(0, 5), max_size=60))
def test_winnowing_is_that_of_the_paper_ties_included(values):
    hashes = np.array(values, dtype=np.uint64)
    assert winnowed(hashes).tolist() == slow_winnowing(values)


def test_about_a_third_of_the_grams_is_kept():
    # 2 / (w + 1) = 1/3 of 20,000 grams; its standard error is far below 2 %.
    kept = len(fingerprint(invented(20_000)))
    assert kept / 20_000 == pytest.approx(2 / (WINDOW + 1), rel=0.05)


@given(words)
def test_positions_point_at_the_gram_that_was_hashed(text):
    taken = fingerprint(text)
    every = gram_hashes(normalise(text).codes)
    assert (every[taken.positions] == taken.hashes).all()


def test_a_text_shorter_than_a_gram_has_no_fingerprint():
    assert len(fingerprint("教" * (GRAM - 1))) == 0
    assert len(fingerprint("教学设计与课堂实录")) > 0


def test_known_text_is_removed_wherever_it_stands():
    form, own = invented(300, 2), invented(300, 3)
    taken = without(fingerprint(form[:150] + own + form[150:]), known_hashes([form]))
    alone = fingerprint(own)
    # Left are the own words and at most the grams that straddle the two seams.
    assert set(alone.hashes.tolist()) - set(taken.hashes.tolist()) == set()
    assert len(taken) <= len(alone) + 2 * (GRAM + WINDOW)


def test_a_phrase_that_a_public_text_uses_too_stays_the_teachers_own():
    public = invented(400, seed=7)
    own, other = invented(90, seed=8), invented(90, seed=9)
    for chars, stays in ((QUOTED - 1, True), (QUOTED, False)):
        taken = own_fingerprint(own + public[100 : 100 + chars] + other, known_hashes([public]))
        assert (int(taken.positions.max()) + GRAM > 180 + chars - WINDOW) == stays


def test_own_share_is_nothing_of_a_blank_form_and_all_of_another_text():
    form = invented(300, 2)
    assert own_share(fingerprint(form), known_hashes([form])) == 0
    assert own_share(fingerprint(invented(300, 3)), known_hashes([form])) == 1
    assert own_share(fingerprint(invented(300, 3)), known_hashes([])) == 1


def test_own_share_of_an_empty_text_is_unknown_and_not_zero():
    assert own_share(fingerprint("教案"), known_hashes([invented(300)])) is None
