"""Copied text: which two texts share rare fingerprints, joined by sorting and never pair by pair.

What everyone has is no copy: known text (blank forms, public quotations) goes
first, then hashes that more than ``df_cap`` teachers have. What is left is rare,
and two texts that share enough of it, or one long run of it, are a pair. The cut
hides a text that very many copied, so hashes too frequent for it are joined once
more, each to one document instead of to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.fingerprints import GRAM, WINDOW, Fingerprint, Hashes, without
from scoring.similarity.pairs import (
    LOOK,
    SELF,
    STRONG,
    TEXT,
    TIERS,
    Pair,
    clustered,
    in_order,
    strongest,
)

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MERGE_GAP = 2 * WINDOW + 4  # characters two fingerprints of one run may lie apart


@dataclass(frozen=True)
class TextRow:
    """Text of one piece; a piece of several files may have several rows."""

    piece_id: str
    teacher_id: str
    fingerprint: Fingerprint


@dataclass(frozen=True)
class TextLimits:
    """When two texts are a pair: the ``flag.copied_text`` rules of the policy.

    Attributes
    ----------
    min_own_fingerprints : int
        Own fingerprints (known text removed) below which a text is too short
        to compare; about three characters each.
    strong_share, look_share : float
        Share of the smaller own text from which a pair is strong, or one to
        look at. The form left in unregistered moves these: measured precision
        .91, .98 and 1.00 at .13, .16 and .20.
    strong_run, look_run : int
        Longest run from which it is, in normalised characters.
    df_cap : int
        Teachers who may share a hash before it counts as common.
    min_shared : int
        Shared rare hashes below which a pair is not even a candidate.
    share_floor : int
        The least a share is divided by, in fingerprints, or a text of few own
        words would be copied by a phrase.
    min_identical : int
        Own fingerprints from which a text too short to compare is still
        reported when another equals it to the letter.
    popular_share : float
        Share of its own hashes that links a text to the fullest of a group of
        more than ``df_cap``.
    popular_most : float
        Share of teachers beyond which a hash is a form that nobody registered.
    """

    min_own_fingerprints: int = 120
    strong_share: float = 0.20
    strong_run: int = 170
    look_share: float = 0.13
    look_run: int = 130
    df_cap: int = 20
    min_shared: int = 6
    share_floor: int = 40
    min_identical: int = 20
    popular_share: float = 0.30
    popular_most: float = 0.05

    def tier(self, share: float, run: int) -> str:
        """`STRONG`, `LOOK`, or empty for a pair below both."""
        if share >= self.strong_share or run >= self.strong_run:
            return STRONG
        return LOOK if share >= self.look_share or run >= self.look_run else ""


@dataclass(frozen=True)
class TextComparison:
    """Pairs of texts, and the pieces whose own text was too short to compare."""

    pairs: list[Pair]
    not_compared: tuple[str, ...]


_DEFAULT = TextLimits()


def compare_texts(
    rows: Iterable[TextRow], known: Hashes, limits: TextLimits = _DEFAULT
) -> TextComparison:
    """Find copied text between all pieces at once.

    Parameters
    ----------
    rows : iterable of TextRow
        In any order; the result does not depend on it.
    known : sorted uint64 array
        From `known_hashes`: blank forms and public quotations.
    limits : TextLimits

    Returns
    -------
    TextComparison
        Pairs in clusters, strong first. A pair of one teacher's own pieces has
        tier ``self``. No row gives no pair. Cost grows as sorting does.
    """
    own = [
        TextRow(row.piece_id, row.teacher_id, without(row.fingerprint, known))
        for row in sorted(rows, key=lambda row: (row.piece_id, row.fingerprint.digest))
    ]
    least = limits.min_own_fingerprints
    long = [row for row in own if len(row.fingerprint) >= least]
    short = [row for row in own if len(row.fingerprint) < least]
    pairs = strongest(_copied(long, limits) + _identical(short, limits), _extent)
    compared = {row.piece_id for row in long}
    left = dict.fromkeys(row.piece_id for row in short if row.piece_id not in compared)
    return TextComparison(clustered(pairs), tuple(left))


def _extent(pair: Pair) -> tuple[float, ...]:
    return (TIERS.index(pair.tier), -(pair.share or 0.0), -(pair.longest_run or 0))


def _copied(rows: Sequence[TextRow], limits: TextLimits) -> list[Pair]:
    """Rare pairs first; the popular join adds what the cut hid from them."""
    if len(rows) < 2:
        return []
    own = np.array([len(row.fingerprint) for row in rows], dtype=np.int64)
    index = _Index.of(rows)
    common = index.teachers > limits.df_cap
    rare_counts = own - np.bincount(index.documents[common], minlength=len(rows))
    hits = _all_pairs(index.only(~common))
    found = _pairs(rows, hits, rare_counts, limits, "copied")
    popular = index.only(common & (index.teachers <= _most_teachers(rows, limits)))
    return found + _pairs(rows, _to_fullest(popular, len(rows)), own, limits, "popular")


def _most_teachers(rows: Sequence[TextRow], limits: TextLimits) -> int:
    """Teachers up to whom a common hash may be one copied text, not an unregistered form.

    A twentieth of all; in small rounds three times the cut, but never more than half.
    """
    n_teachers = len({row.teacher_id for row in rows})
    return max(int(limits.popular_most * n_teachers), min(3 * limits.df_cap, n_teachers // 2))


@dataclass(frozen=True)
class _Index:
    """Every hash that two texts share, sorted by hash and within it by document.

    ``teachers`` is, for each entry, how many teachers have its hash.
    """

    hashes: Hashes
    documents: Ints
    positions: Ints
    teachers: Ints

    @classmethod
    def of(cls, rows: Sequence[TextRow]) -> _Index:
        """Sort all entries; documents are numbered by their place in ``rows``."""
        hashes = np.concatenate([row.fingerprint.hashes for row in rows])
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        same = hashes[1:] == hashes[:-1]
        shared = np.append(same, False) | np.insert(same, 0, False)
        hashes, order = hashes[shared], order[shared]
        bounds = np.cumsum([len(row.fingerprint) for row in rows])
        documents = np.searchsorted(bounds, order, side="right")
        positions = np.concatenate([row.fingerprint.positions for row in rows])[order]
        return cls(hashes, documents, positions, _teachers_of(hashes, documents, rows))

    def only(self, keep: Bools) -> _Index:
        """The entries kept."""
        return _Index(
            self.hashes[keep], self.documents[keep], self.positions[keep], self.teachers[keep]
        )


def _starts(hashes: Hashes) -> Ints:
    """Where each hash begins in a sorted list."""
    return np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))[: len(hashes)]


def _teachers_of(hashes: Hashes, documents: Ints, rows: Sequence[TextRow]) -> Ints:
    """Distinct teachers of each entry's hash: one teacher's re-use must not look like a form."""
    names, teacher = np.unique([row.teacher_id for row in rows], return_inverse=True)
    starts = _starts(hashes)
    sizes = np.diff(np.append(starts, len(hashes)))
    group = np.repeat(np.arange(len(starts)), sizes)
    having = np.unique(group * len(names) + teacher[documents]) // len(names)
    return np.repeat(np.bincount(having, minlength=len(starts)), sizes)


@dataclass(frozen=True)
class _Hits:
    """One row a hash two documents share: the documents and the place in each."""

    first: Ints
    second: Ints
    at_first: Ints
    at_second: Ints


def _all_pairs(index: _Index) -> _Hits:
    """Every two documents of one hash; groups are small, as ``df_cap`` bounds them."""
    left, right = [], []
    here = np.arange(len(index.hashes) - 1)
    shift = 1
    while len(here):
        here = here[here + shift < len(index.hashes)]
        here = here[index.hashes[here] == index.hashes[here + shift]]
        left.append(here)
        right.append(here + shift)
        shift += 1
    return _hits(index, left, right)


def _to_fullest(index: _Index, n_documents: int) -> _Hits:
    """Every document of a hash with one of them: as many rows as entries, not their square.

    That one is the document with most popular hashes, the fullest copy, so that
    the same few documents gather the others.
    """
    if not len(index.hashes):
        return _hits(index, [], [])
    counts = np.bincount(index.documents, minlength=n_documents)
    rank = np.empty(n_documents, dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(n_documents)
    starts = _starts(index.hashes)
    sizes = np.diff(np.append(starts, len(index.hashes)))
    ranks = rank[index.documents]
    fullest = np.flatnonzero(ranks == np.repeat(np.minimum.reduceat(ranks, starts), sizes))
    hub = np.repeat(fullest, sizes)
    other = np.flatnonzero(hub != np.arange(len(hub)))
    return _hits(index, [hub[other]], [other])


def _hits(index: _Index, left: list[Ints], right: list[Ints]) -> _Hits:
    one = np.concatenate([np.empty(0, dtype=np.int64), *left])
    two = np.concatenate([np.empty(0, dtype=np.int64), *right])
    return _Hits(
        index.documents[one], index.documents[two], index.positions[one], index.positions[two]
    )


def _pairs(
    rows: Sequence[TextRow], hits: _Hits, counts: Ints, limits: TextLimits, reason: str
) -> list[Pair]:
    """Score the candidates and keep those a person should see."""
    names = hits.first * len(rows) + hits.second
    candidates, which, shared = np.unique(names, return_inverse=True, return_counts=True)
    enough = np.flatnonzero(shared >= limits.min_shared)
    if not len(enough):
        return []
    runs = _longest_runs(hits, which, shared >= limits.min_shared)
    first, second = candidates[enough] // len(rows), candidates[enough] % len(rows)
    smaller = np.minimum(counts[first], counts[second])
    divisor = counts[second] if reason == "popular" else smaller
    shares = shared[enough] / np.maximum(divisor, limits.share_floor)
    found = []
    for one, two, share, run in zip(first, second, shares, runs[enough], strict=True):
        tier = _tier(min(float(share), 1.0), int(run), limits, reason)
        if tier and rows[one].piece_id != rows[two].piece_id:
            found.append(_pair(rows[one], rows[two], float(share), int(run), tier, reason))
    return found


def _tier(share: float, run: int, limits: TextLimits, reason: str) -> str:
    if reason == "popular":
        return LOOK if share >= limits.popular_share else ""
    return limits.tier(share, run)


def _pair(one: TextRow, two: TextRow, share: float, run: int, tier: str, reason: str) -> Pair:
    return in_order(
        Pair(
            kind=TEXT,
            a=one.piece_id,
            b=two.piece_id,
            teacher_a=one.teacher_id,
            teacher_b=two.teacher_id,
            share=min(share, 1.0),
            longest_run=run,
            tier=SELF if one.teacher_id == two.teacher_id else tier,
            reason=reason,
        )
    )


def _longest_runs(hits: _Hits, which: Ints, wanted: Bools) -> Ints:
    """Longest run of each candidate in normalised characters, 0 where not wanted.

    A run is shared hashes at the same offset between the two texts, each
    beginning at most ``MERGE_GAP`` characters after the one before.
    """
    kept = np.flatnonzero(wanted[which])
    pair, at = which[kept], hits.at_first[kept]
    offset = at - hits.at_second[kept]
    order = np.lexsort((at, offset, pair))
    pair, at, offset = pair[order], at[order], offset[order]
    breaks = (np.diff(pair) != 0) | (np.diff(offset) != 0) | (np.diff(at) > MERGE_GAP)
    begin = np.flatnonzero(np.concatenate(([True], breaks)))
    end = np.append(begin[1:], len(pair)) - 1
    runs = np.zeros(len(wanted), dtype=np.int64)
    np.maximum.at(runs, pair[begin], at[end] - at[begin] + GRAM)
    return runs


def _identical(rows: Sequence[TextRow], limits: TextLimits) -> list[Pair]:
    """Texts too short to compare that equal another to the letter.

    Beyond ``df_cap`` teachers each is set beside the first alone.
    """
    groups: dict[str, list[TextRow]] = {}
    for row in rows:
        if len(row.fingerprint) >= limits.min_identical:
            groups.setdefault(row.fingerprint.digest, []).append(row)
    found = []
    for group in groups.values():
        many = len({row.teacher_id for row in group}) > limits.df_cap
        twos = [(group[0], row) for row in group[1:]] if many else combinations(group, 2)
        tier = LOOK if many else STRONG
        found += [
            _pair(one, two, 1.0, one.fingerprint.n_chars, tier, "identical_text")
            for one, two in twos
            if one.piece_id != two.piece_id
        ]
    return found
