"""Packed prints hand out what was put in, in ranges that leave nothing out and nothing twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.similarity import packed
from scoring.similarity.fingerprints import Fingerprint
from scoring.similarity.packed import PackedPrints
from scoring.similarity.sharing import _twice


def prints_of(lists):
    made = []
    for values in lists:
        hashes = np.unique(np.array(values, dtype=np.uint64))
        positions = np.arange(len(hashes), dtype=np.uint16)
        made.append(Fingerprint(hashes, positions, len(hashes), ""))
    return made


HASHES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 12), max_size=12)


@given(st.lists(HASHES, min_size=1, max_size=9), st.randoms(), st.integers(1, 30))
@settings(max_examples=60)
def test_ranges_hold_every_fingerprint_once_in_the_order_asked_for(lists, rng, entries):
    prints = prints_of(lists)
    order = rng.sample(range(len(prints)), len(prints))
    together = PackedPrints(prints)
    together.ordered(order)
    seen = []
    for hashes, documents, positions in together.ranges(entries):
        assert (np.diff(documents) >= 0).all()
        seen += zip(documents.tolist(), hashes.tolist(), positions.tolist(), strict=True)
    expected = [
        (number, value, place)
        for number, came in enumerate(order)
        for place, value in enumerate(prints[came].hashes.tolist())
    ]
    assert sorted(seen) == sorted(expected)
    assert together.sizes().tolist() == [len(prints[came]) for came in order]
    assert together.of(0)[0].tolist() == prints[order[0]].hashes.tolist()


def test_texts_are_found_again_across_blocks(monkeypatch):
    monkeypatch.setattr(packed, "_BLOCK", 2)
    prints = prints_of([[at, at + 1, 1000 + at] for at in range(7)])
    together = PackedPrints(prints)
    assert len(together) == 7
    assert [together.of(at)[0].tolist() for at in range(7)] == [
        one.hashes.tolist() for one in prints
    ]
    assert sum(len(hashes) for hashes, _, _ in together.ranges(5)) == 21


@given(st.lists(st.integers(0, 9) | st.integers(2**64 - 9, 2**64 - 1), max_size=40))
def test_places_of_hashes_there_twice_come_by_hash_and_place(values):
    # Near 0 and near 2^64 at once, a hash and its place have no room in one number.
    hashes = np.array(values, dtype=np.uint64)
    expected = sorted((v, at) for at, v in enumerate(values) if values.count(v) > 1)
    assert _twice(hashes).tolist() == [at for _, at in expected]
