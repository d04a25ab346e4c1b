"""Joining texts on the fingerprints they share: two texts and a place in each, never text by text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.fingerprints import GRAM, WINDOW, Narrow, spelled
from scoring.similarity.sharing import Bools, Floats, Ints, Shared

MERGE_GAP = 2 * WINDOW + 4  # characters two fingerprints of one run may lie apart
LETTER = 1 / 3  # of an ideograph: a translation has some three letters for each
BRIDGE = 60  # characters an aligned stretch may leave out
DENSE = 2 / 3  # of a stretch is shared where it is one passage; less, where every line was changed
JOINT = 3 * GRAM  # characters a stretch loses for each place where it is torn in one text alone
_BUCKET_BITS = 24
_BUCKETS = 1 << _BUCKET_BITS
_MOST = np.iinfo(np.uint16).max  # hits that are counted


@dataclass(frozen=True)
class Hits:
    """One row a hash two documents share: the documents, the place in each, and its weight.

    ``spelled`` tells hashes of letters, of which a run must be longer to say as much.
    """

    pair: Ints  # first * n_documents + second
    at_first: Narrow
    at_second: Narrow
    weight: NDArray[np.float32]
    spelled: Bools

    @classmethod
    def joined(cls, parts: Sequence[Hits]) -> Hits:
        """Put hits of several parts together, sorted by pair."""
        none = cls(
            np.empty(0, np.int64),
            np.empty(0, np.uint16),
            np.empty(0, np.uint16),
            np.empty(0, np.float32),
            np.empty(0, np.bool_),
        )
        pair = np.concatenate([none.pair, *(part.pair for part in parts)])
        together = cls(
            pair,
            np.concatenate([none.at_first, *(part.at_first for part in parts)]),
            np.concatenate([none.at_second, *(part.at_second for part in parts)]),
            np.concatenate([none.weight, *(part.weight for part in parts)]),
            np.concatenate([none.spelled, *(part.spelled for part in parts)]),
        )
        return together.at(np.argsort(pair, kind="stable"))

    def only(self, keep: Bools) -> Hits:
        """Keep some rows."""
        return self.at(np.flatnonzero(keep))

    def at(self, rows: Ints) -> Hits:
        """Rows by their number, in the order given."""
        places = self.at_first[rows], self.at_second[rows]
        return Hits(self.pair[rows], *places, self.weight[rows], self.spelled[rows])


def all_pairs(index: Shared, weights: Floats, n_documents: int) -> Hits:
    """Every two documents of one hash; groups are small, as a cap bounds them."""
    ends = np.repeat(index.starts + index.sizes, index.sizes)
    weight = np.repeat(weights, index.sizes).astype(np.float32)
    left, right = [], []
    here = np.arange(len(index.documents))
    shift = 1
    while len(here):
        here = here[here + shift < ends[here]]
        left.append(here)
        right.append(here + shift)
        shift += 1
    return _hits(
        index, np.concatenate(left or [here]), np.concatenate(right or [here]), weight, n_documents
    )


def to_fullest(index: Shared, fullness: Floats) -> Hits:
    """Every document of a hash with one of them: as many rows as entries, not their square.

    That one is the fullest document, so that the same few gather the others.
    """
    none = np.empty(0, dtype=np.int64)
    weight = np.ones(len(index.documents), dtype=np.float32)
    if not len(index.documents):
        return _hits(index, none, none, weight, len(fullness))
    rank = np.empty(len(fullness), dtype=np.int64)
    rank[np.argsort(-fullness, kind="stable")] = np.arange(len(fullness))
    ranks = rank[index.documents]
    least = np.repeat(np.minimum.reduceat(ranks, index.starts), index.sizes)
    hub = np.repeat(np.flatnonzero(ranks == least), index.sizes)
    other = np.flatnonzero(hub != np.arange(len(hub)))
    return _hits(index, hub[other], other, weight, len(fullness))


def _hits(
    index: Shared, left: Ints, right: Ints, weight: NDArray[np.float32], n_documents: int
) -> Hits:
    return Hits(
        index.documents[left].astype(np.int64) * n_documents + index.documents[right],
        index.positions[left],
        index.positions[right],
        weight[left],
        np.repeat(spelled(index.hashes), index.sizes)[left],
    )


class Tally:
    """How many hits each two documents may have at most: counted by a hash of the two.

    Most pairs that share anything share one fingerprint or two. Counting first
    and keeping only what may come to enough holds memory to the candidates.
    """

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._counts = np.zeros(_BUCKETS, dtype=np.uint16)

    def count(self, hits: Hits) -> None:
        """Count the hits of one part."""
        bucket = np.sort(_bucket(hits.pair))
        first = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))[: len(bucket)]
        counts = np.diff(np.append(first, len(bucket)))
        found = bucket[first]
        room = _MOST - self._counts[found]
        self._counts[found] += np.minimum(counts, room).astype(np.uint16)

    def only_enough(self, hits: Hits, least: Ints | None = None) -> Hits:
        """Hits of two documents that may have enough, or of each its own ``least``."""
        enough = self._enough if least is None else np.minimum(least, _MOST)
        return hits.only(self._counts[_bucket(hits.pair)] >= enough)


def _bucket(pair: Ints) -> NDArray[np.uint64]:
    mixed = pair.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    found: NDArray[np.uint64] = mixed >> np.uint64(64 - _BUCKET_BITS)
    return found


def letters(written: Bools) -> NDArray[np.float32]:
    """Worth of a character of each hash: 1, or `LETTER` where it is spelled."""
    return np.where(written, np.float32(LETTER), np.float32(1))


def longest_runs(hits: Hits, starts: Ints) -> tuple[Ints, Floats, Floats]:
    """Longest run of each pair in characters; by rarity its longest passage and joined stretches.

    A run is shared hashes at the same offset between the two texts, each
    beginning at most ``MERGE_GAP`` characters after the one before. An aligned
    stretch may leave out up to ``BRIDGE`` characters of either text, as where a
    stock phrase everyone has was removed, or where the headings of two forms fall
    at two places of it; only what is shared counts, each character by the weight
    of its hash, and a letter as `LETTER` of an ideograph. Stretches that adjoin in
    one text alone count together as well, `JOINT` less for each place it is torn:
    two quotations come to stand beside each other by chance, but seldom.
    """
    if not len(starts):
        return np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(hits.pair))))
    at = hits.at_first.astype(np.int64)
    offset = at - hits.at_second
    order = np.lexsort((at, offset, group))
    group, at, offset = group[order], at[order], offset[order]
    weight = letters(hits.spelled)[order] * hits.weight[order]
    apart = (np.diff(group) != 0) | (np.diff(offset) != 0)
    gap = np.diff(at)
    begin, end = _ends(apart | (gap > MERGE_GAP))
    longest = np.zeros(len(starts), dtype=np.int64)
    np.maximum.at(longest, group[begin], at[end] - at[begin] + GRAM)
    covered = np.concatenate(([GRAM], np.where(apart | (gap > MERGE_GAP), GRAM, gap)))
    begin, end = _ends(apart | (gap > BRIDGE))
    worth = np.add.reduceat(covered * weight, begin)
    whole, rarest = np.zeros(len(starts)), np.zeros(len(starts))
    whose, first, second = group[begin], at[begin], at[begin] - offset[begin]
    size = at[end] + GRAM - first
    dense = np.add.reduceat(covered, begin) >= DENSE * size
    np.maximum.at(whole, whose[dense], worth[dense])
    for order, follows, joint in _joined(whose, first, second, size):
        chains = np.flatnonzero(np.concatenate(([True], ~follows)))
        together = np.add.reduceat(worth[order] - joint, chains) + joint
        np.maximum.at(rarest, whose[order][chains], together)
    return longest, whole, rarest


def _joined(
    group: Ints, first: Ints, second: Ints, size: Ints
) -> Iterator[tuple[Ints, Bools, int]]:
    """Ways to join stretches: an order, which follow on the one before in it, and what each costs.

    ``first`` and ``second`` are where each begins in the two texts. Nothing it
    costs where both texts go on, at most ``BRIDGE`` characters later; `JOINT`
    where one goes on at once and the other has the stretch anywhere.
    """
    by_first, by_second = np.lexsort((first, group)), np.lexsort((second, group))
    both = _goes_on(group, first, size, by_first, BRIDGE)
    yield by_first, both & _goes_on(group, second, size, by_first, BRIDGE), 0
    yield by_first, _goes_on(group, first, size, by_first, GRAM), JOINT
    yield by_second, _goes_on(group, second, size, by_second, GRAM), JOINT


def _goes_on(group: Ints, start: Ints, size: Ints, order: Ints, most: int) -> Bools:
    """Which stretches of one pair begin where the one before ends, or as many characters later."""
    left_out = np.diff(start[order]) - size[order][:-1]
    found: Bools = (np.diff(group[order]) == 0) & (left_out >= -GRAM) & (left_out <= most)
    return found


def _ends(broken: Bools) -> tuple[Ints, Ints]:
    """First and last row of each stretch, which a break comes after."""
    begin = np.flatnonzero(np.concatenate(([True], broken)))
    return begin, np.append(begin[1:], len(broken) + 1) - 1
