"""Joining texts on the fingerprints they share: sorted part by part, never text by text.

The join takes one range of hashes after the other, which keeps memory to a part of
all and the sort near the processor's cache. Of each range only hashes that two
texts have are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.fingerprints import GRAM, WINDOW, Fingerprint, Hashes

Ints = NDArray[np.int64]
Short = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MERGE_GAP = 2 * WINDOW + 4  # characters two fingerprints of one run may lie apart
BRIDGE = 60  # characters an aligned stretch may leave out
_PART = 1 << 20  # entries sorted at a time
_BUCKET_BITS = 24
_BUCKETS = 1 << _BUCKET_BITS
_SAMPLE = 1 << 18  # entries by which ranges are cut


@dataclass(frozen=True)
class Owners:
    """Who is behind each text, as numbers from 0: its teacher, and the slot it fills.

    ``slot`` is -1 where it is unknown; ``slot_teachers`` counts the teachers
    who filled each slot.
    """

    teacher: Short
    slot: Short
    slot_teachers: Ints

    @classmethod
    def of(cls, teachers: Sequence[str], slots: Sequence[str]) -> Owners:
        """Number teachers and slots; an empty name of a slot is an unknown one."""
        _, teacher = np.unique(np.array(teachers, dtype=object).astype(str), return_inverse=True)
        names, slot = np.unique(np.array(slots, dtype=object).astype(str), return_inverse=True)
        slot = slot - int(len(names) > 0 and names[0] == "")
        count = int(slot.max(initial=-1)) + 1
        both = np.unique(np.stack([slot, teacher])[:, slot >= 0], axis=1)
        return cls(
            teacher.astype(np.int32), slot.astype(np.int32), np.bincount(both[0], minlength=count)
        )


@dataclass(frozen=True)
class Shared:
    """Entries of hashes that two texts have, sorted by hash and within it by document.

    ``starts`` is where each hash begins; ``teachers`` how many teachers have
    each hash, ``form`` whether nearly all who filled one slot do.
    """

    documents: Short
    positions: Short
    starts: Ints
    teachers: Ints
    form: Bools

    @property
    def sizes(self) -> Ints:
        """Entries of each hash."""
        return np.diff(np.append(self.starts, len(self.documents)))

    def only(self, keep: Bools) -> Shared:
        """Keep whole hashes."""
        entries = np.repeat(keep, self.sizes)
        sizes = self.sizes[keep]
        return Shared(
            self.documents[entries],
            self.positions[entries],
            np.cumsum(sizes) - sizes,
            self.teachers[keep],
            self.form[keep],
        )


@dataclass(frozen=True)
class Hits:
    """One row a hash two documents share: the documents, the place in each, and its weight."""

    pair: Ints  # first * n_documents + second
    at_first: Short
    at_second: Short
    weight: NDArray[np.float32]

    @classmethod
    def joined(cls, parts: Sequence[Hits]) -> Hits:
        """Put hits of several parts together, sorted by pair."""
        none = cls(
            np.empty(0, np.int64),
            np.empty(0, np.int32),
            np.empty(0, np.int32),
            np.empty(0, np.float32),
        )
        pair = np.concatenate([none.pair, *(part.pair for part in parts)])
        order = np.argsort(pair, kind="stable")
        return cls(
            pair[order],
            np.concatenate([none.at_first, *(part.at_first for part in parts)])[order],
            np.concatenate([none.at_second, *(part.at_second for part in parts)])[order],
            np.concatenate([none.weight, *(part.weight for part in parts)])[order],
        )

    def only(self, keep: Bools) -> Hits:
        """Keep some rows."""
        return Hits(self.pair[keep], self.at_first[keep], self.at_second[keep], self.weight[keep])


def shared_parts(
    prints: Sequence[Fingerprint], owners: Owners, form_share: float
) -> Iterator[Shared]:
    """Yield what texts share, one range of hashes after the other.

    Parameters
    ----------
    prints : sequence of Fingerprint
    owners : Owners
        Of the same texts.
    form_share : float
        Share of a slot's teachers from which a hash is its form's; asked only
        where at least five filled it.
    """
    total = sum(map(len, prints))
    n_parts = max(1, -(-total // _PART))
    edges = _edges(prints, n_parts)
    cuts = np.array(
        [[0, *np.searchsorted(one.hashes, edges), len(one)] for one in prints], dtype=np.int64
    ).reshape(len(prints), n_parts + 1)
    for part in range(n_parts):
        low, high = cuts[:, part], cuts[:, part + 1]
        slices = list(zip(prints, low.tolist(), high.tolist(), strict=True))
        hashes = np.concatenate([one.hashes[a:b] for one, a, b in slices])
        positions = np.concatenate([one.positions[a:b] for one, a, b in slices])
        documents = np.repeat(np.arange(len(prints), dtype=np.int32), high - low)
        yield _shared(hashes, documents, positions, owners, form_share)


def _edges(prints: Sequence[Fingerprint], n_parts: int) -> Hashes:
    """Hashes that cut all into ranges of one size; winnowing keeps small ones, so they crowd."""
    step = max(1, sum(map(len, prints)) // _SAMPLE)
    sample = np.sort(
        np.concatenate([one.hashes[at % step :: step] for at, one in enumerate(prints)])
    )
    places = np.arange(1, n_parts) * len(sample) // n_parts
    found: Hashes = sample[places]
    return found


def _shared(
    hashes: Hashes, documents: Short, positions: NDArray[np.integer], owners: Owners, share: float
) -> Shared:
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    same = hashes[1:] == hashes[:-1]
    twice = np.append(same, False)[: len(hashes)] | np.insert(same, 0, False)[: len(hashes)]
    hashes, order = hashes[twice], order[twice]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))[: len(hashes)]
    documents = documents[order]
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(hashes))))
    teachers = _distinct(group, owners.teacher[documents], len(starts))
    form = _of_a_form(group, documents, owners, len(starts), share)
    return Shared(documents, positions[order].astype(np.int32), starts, teachers, form)


def _distinct(group: Ints, member: Short, count: int) -> Ints:
    """Distinct members of each group; groups come in order."""
    width = int(member.max(initial=0)) + 1
    both = np.sort(group * width + member, kind="stable")  # nearly in order already
    new = np.concatenate(([True], both[1:] != both[:-1]))[: len(both)]
    return np.bincount(both[new] // width, minlength=count)


def _of_a_form(group: Ints, documents: Short, owners: Owners, count: int, share: float) -> Bools:
    """Hashes that nearly all teachers of one slot have: its form, which nobody registered.

    >>> owners = Owners.of(["a", "b", "c", "d", "e"], ["A1-1"] * 5)
    >>> both = np.array([0] * 5 + [1] * 2), np.array([0, 1, 2, 3, 4, 0, 1], dtype=np.int32)
    >>> _of_a_form(*both, owners, 2, 0.8).tolist()
    [True, False]
    """
    slot = owners.slot[documents]
    found = np.zeros(count, dtype=np.bool_)
    if not len(owners.slot_teachers):
        return found
    known = (slot >= 0) & (owners.slot_teachers[slot] >= _FEWEST)
    if not known.any():
        return found
    width, wide = len(owners.slot_teachers), int(owners.teacher.max()) + 1
    place = group[known] * width + slot[known]
    once = np.unique(place * wide + owners.teacher[documents[known]]) // wide
    places, having = np.unique(once, return_counts=True)
    nearly_all = having >= share * owners.slot_teachers[places % width]
    found[places[nearly_all] // width] = True
    return found


_FEWEST = 5  # teachers of a slot from which "nearly all" says something


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


def to_fullest(index: Shared, fullness: Ints) -> Hits:
    """Every document of a hash with one of them: as many rows as entries, not their square.

    That one is the document with most popular hashes, the fullest copy, so that
    the same few documents gather the others.
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
        room = np.iinfo(np.uint16).max - self._counts[found]
        self._counts[found] += np.minimum(counts, room).astype(np.uint16)

    def only_enough(self, hits: Hits) -> Hits:
        """Hits of two documents that may have enough."""
        return hits.only(self._counts[_bucket(hits.pair)] >= self._enough)


def _bucket(pair: Ints) -> NDArray[np.uint64]:
    mixed = pair.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    found: NDArray[np.uint64] = mixed >> np.uint64(64 - _BUCKET_BITS)
    return found


def longest_runs(hits: Hits, starts: Ints) -> tuple[Ints, Floats]:
    """Longest run of each pair in characters, and the longest aligned stretch by rarity.

    A run is shared hashes at the same offset between the two texts, each
    beginning at most ``MERGE_GAP`` characters after the one before. An aligned
    stretch may leave out up to ``BRIDGE`` characters, as where a heading or a
    stock phrase everyone has was removed; only what is shared counts, each
    character by the weight of its hash.
    """
    if not len(starts):
        return np.empty(0, dtype=np.int64), np.empty(0)
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(hits.pair))))
    at = hits.at_first.astype(np.int64)
    offset = at - hits.at_second
    order = np.lexsort((at, offset, group))
    group, at, offset, weight = group[order], at[order], offset[order], hits.weight[order]
    apart = (np.diff(group) != 0) | (np.diff(offset) != 0)
    gap = np.diff(at)
    begin = np.flatnonzero(np.concatenate(([True], apart | (gap > MERGE_GAP))))
    end = np.append(begin[1:], len(group)) - 1
    longest = np.zeros(len(starts), dtype=np.int64)
    np.maximum.at(longest, group[begin], at[end] - at[begin] + GRAM)
    new = np.where(apart | (gap > MERGE_GAP), GRAM, gap)
    covered = np.concatenate(([GRAM], new)) * weight
    chains = np.flatnonzero(np.concatenate(([True], apart | (gap > BRIDGE))))
    rarest = np.zeros(len(starts))
    np.maximum.at(rarest, group[chains], np.add.reduceat(covered, chains))
    return longest, rarest
