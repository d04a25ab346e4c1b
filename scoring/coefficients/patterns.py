"""Units by how many ratings fell on each category, and the sums coefficients are made of.

Every coefficient that does not ask who gave a rating depends on a unit only
through its category counts, so a million ratings shrink to a handful of
patterns, and a resample of units to weights on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scoring.coefficients.weights import Scale, distance_matrix, weight_matrix
from scoring.tables import FloatArray, IntArray, RatingCodes

_MOST_CODES = 1 << 16  # a histogram over so many patterns costs less than sorting
_EXACT = 2**53  # whole numbers a float holds exactly
_WIDE = 20_000_000  # cells of patterns × categories² kept at once: 160 MB
_KEPT = 100_000  # cells of a part kept for the next sum
_DENSE = 20_000_000  # cells of clusters × patterns kept without leaving out zeros

Take = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Patterns:
    """Distinct units of one group of ratings.

    Attributes
    ----------
    counts : ratings in each category, patterns × categories
    times : how many units are alike
    cells : with exactly two raters the level each gave (-1 for none), patterns × 2
    of_unit : pattern of each unit
    """

    scale: Scale
    counts: FloatArray
    times: IntArray
    cells: IntArray | None
    of_unit: IntArray
    _parts: dict[str, FloatArray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def sizes(self) -> FloatArray:
        """Ratings a unit of each pattern has."""
        sizes: FloatArray = self.counts.sum(axis=1)
        return sizes

    def part(self, name: str) -> FloatArray:
        """What one unit of each pattern adds to a sum: patterns × length of the sum.

        ``rated``, ``paired`` (1 with one, two ratings or more), ``shares`` and
        ``shares_of_paired`` (of each category in the unit), ``pooled``, ``pairable``
        (ratings), ``agree:W`` (share of its rating pairs that agree, by weight W),
        ``apart:M`` (disagreement by metric M, ordered pairs over ratings less one),
        ``hits``, ``chances`` (ordered pairs that start in a category, and agree; that
        start in it), ``coincidences`` and ``cells`` (categories²).
        """
        known = self._parts.get(name)
        if known is None:
            known = self._part(name)
            if known.size <= _KEPT:
                self._parts[name] = known
        return known

    def _part(self, name: str) -> FloatArray:
        kind, _, by = name.partition(":")
        n, m = self.counts, self.sizes
        if kind == "apart":
            return _met(n, distance_matrix(self.scale, by)) / _others(m)
        if kind == "agree":
            met = _met(n, weight_matrix(self.scale, by)) - np.where(m >= 2, m, 0.0)
            return met / (np.maximum(m, 1) * _others(m))
        if kind == "cells":
            return self._cells()
        simple: dict[str, Callable[[], FloatArray]] = {
            "rated": lambda: (m >= 1).astype(np.float64),
            "paired": lambda: (m >= 2).astype(np.float64),
            "shares": lambda: n / np.maximum(m, 1)[:, None],
            "shares_of_paired": lambda: n * ((m >= 2) / np.maximum(m, 1))[:, None],
            "pooled": lambda: n,
            "pairable": lambda: n * (m >= 2)[:, None],
            "hits": lambda: n * (n - 1),
            "chances": lambda: n * (m - 1)[:, None],
            "coincidences": self._coincidences,
        }
        return simple[kind]()

    def coincidences(self, weights: FloatArray) -> FloatArray:
        """Krippendorff's coincidence matrix of each row of weights, where all at once is too wide."""
        n = self.counts
        each = (self.sizes >= 2) / _others(self.sizes)
        made = []
        for row in weights:
            scaled = n * (row * each)[:, None]
            made.append(scaled.T @ n - np.diag(scaled.sum(axis=0)))
        return np.stack(made)

    @property
    def wide(self) -> bool:
        """Whether patterns × categories² is more than should be held at once."""
        return bool(self.counts.size * self.counts.shape[1] > _WIDE)

    def _coincidences(self) -> FloatArray:
        n, q = self.counts, self.counts.shape[1]
        each = (self.sizes >= 2) / _others(self.sizes)
        table = n[:, :, None] * n[:, None, :] - n[:, :, None] * np.eye(q)
        return (table * each[:, None, None]).reshape(len(n), q * q)

    def _cells(self) -> FloatArray:
        q = len(self.scale)
        table = np.zeros((len(self.times), q * q))
        if self.cells is not None:
            both = np.flatnonzero((self.cells >= 0).all(axis=1))
            table[both, self.cells[both, 0] * q + self.cells[both, 1]] = 1.0
        return table


class Sums:
    """Parts of patterns, summed: the leading axis is whatever was summed for.

    ``take`` turns patterns × length into sums × length: over all units, over
    a thousand resamples, over all clusters but one. Each part is summed once.
    """

    def __init__(self, patterns: Patterns, take: Take, weights: FloatArray | None = None) -> None:
        self.patterns = patterns
        self.scale = patterns.scale
        self._take = take
        self._weights = weights
        self._kept: dict[str, FloatArray] = {}

    def __getitem__(self, name: str) -> FloatArray:
        if name not in self._kept:
            self._kept[name] = self._summed(name)
        return self._kept[name]

    def _summed(self, name: str) -> FloatArray:
        q = len(self.scale)
        if name == "coincidences" and self.patterns.wide and self._weights is not None:
            return self.patterns.coincidences(self._weights)
        part = self.patterns.part(name)
        column = part.ndim == 1
        taken = self._take(part[:, None] if column else part)
        if column:
            return taken[:, 0]
        return taken.reshape(-1, q, q) if name in ("coincidences", "cells") else taken


@dataclass(frozen=True)
class Sample:
    """Clusters of units. ``members`` counts them by pattern, None where each is one unit."""

    patterns: Patterns
    members: Any
    n_clusters: int

    @property
    def times(self) -> IntArray:
        """How many clusters each row of :meth:`each` stands for."""
        if self.members is None:
            return self.patterns.times
        return np.ones(self.n_clusters, dtype=np.int64)

    def total(self) -> Sums:
        """Sums over all clusters; leading axis of one."""
        weights = self.patterns.times[None, :].astype(np.float64)
        return Sums(self.patterns, lambda part: weights @ part, weights)

    def each(self) -> Sums:
        """Sums of one cluster of each kind."""
        return Sums(self.patterns, self._of_each)

    def left_out(self) -> Sums:
        """Sums over all clusters but one, of each kind in turn."""
        times = self.patterns.times.astype(np.float64)
        return Sums(self.patterns, lambda part: (times @ part)[None, :] - self._of_each(part))

    def weighted(self, drawn: FloatArray) -> Sums:
        """Sums of resamples: how often each row of :meth:`each` was drawn, draws × rows."""
        weights = drawn if self.members is None else _times(drawn, self.members)
        return Sums(self.patterns, lambda part: weights @ part, weights)

    def _of_each(self, part: FloatArray) -> FloatArray:
        return part if self.members is None else np.asarray(self.members @ part)


def sample_of(codes: RatingCodes, scale: Scale) -> Sample:
    """Collect the units of these ratings into clusters."""
    patterns = patterns_of(codes, scale)
    n_clusters = int(codes.cluster.max(initial=-1)) + 1
    if n_clusters == codes.n_units:
        return Sample(patterns, None, n_clusters)
    return Sample(patterns, _members(codes.cluster, patterns, n_clusters), n_clusters)


def patterns_of(codes: RatingCodes, scale: Scale) -> Patterns:
    """Find the distinct units of these ratings, in an order names have no part in."""
    raters = np.unique(codes.rater) if len(codes.raters) <= 2 else np.arange(3)
    if len(raters) == 2 and len(scale) ** 2 <= _MOST_CODES:
        return _of_two_raters(codes, scale, raters)
    return _of_counts(codes, scale)


def _of_two_raters(codes: RatingCodes, scale: Scale, raters: IntArray) -> Patterns:
    """Patterns are the cells of the table of two raters, one row and column more for no rating."""
    q = len(scale)
    given = np.full((2, codes.n_units), -1, dtype=np.int64)
    given[(codes.rater == raters[1]).astype(np.int64), codes.unit] = codes.level
    key = (given[0] + 1) * (q + 1) + given[1] + 1
    table = np.bincount(key, minlength=(q + 1) ** 2).reshape(q + 1, q + 1)
    if table.T.ravel().tolist() > table.ravel().tolist():
        table = table.T  # Who is named first must not move a draw.
        key = (given[1] + 1) * (q + 1) + given[0] + 1
    found = np.flatnonzero(table.ravel())
    place = np.zeros(table.size, dtype=np.int64)
    place[found] = np.arange(len(found))
    cells = np.stack(np.divmod(found, q + 1), axis=1) - 1
    one_hot = np.vstack([np.zeros(q), np.eye(q)])
    counts = one_hot[cells[:, 0] + 1] + one_hot[cells[:, 1] + 1]
    return Patterns(scale, counts, table.ravel()[found], cells, place[key])


def _of_counts(codes: RatingCodes, scale: Scale) -> Patterns:
    """Patterns are the category counts, written as one number in a base no count reaches."""
    q = len(scale)
    base = len(codes.raters) + 1
    if base**q > _MOST_CODES:
        base = int(np.bincount(codes.unit).max(initial=0)) + 1
    if base**q >= _EXACT:
        return _of_many(codes, scale)
    powers = np.power(float(base), np.arange(q - 1, -1, -1))
    key = np.bincount(codes.unit, weights=powers[codes.level], minlength=codes.n_units)
    if base**q <= max(_MOST_CODES, codes.n_units):
        number = key.astype(np.int64)
        often = np.bincount(number, minlength=base**q)
        found = np.flatnonzero(often)
        place = np.zeros(len(often), dtype=np.int64)
        place[found] = np.arange(len(found))
        of_unit, times = place[number], often[found]
    else:
        values, of_unit, times = np.unique(key, return_inverse=True, return_counts=True)
        found = values.astype(np.int64)
    whole = powers.astype(np.int64)
    counts = (found[:, None] // whole[None, :] % base).astype(np.float64)
    return Patterns(scale, counts, times, None, of_unit)


def _of_many(codes: RatingCodes, scale: Scale) -> Patterns:
    """The same where the number would not fit: levels of a unit in order, told apart one by one."""
    order = np.lexsort((codes.level, codes.unit))
    unit, level = codes.unit[order], codes.level[order]
    place = np.arange(len(unit)) - np.searchsorted(unit, unit)
    of_unit = np.zeros(codes.n_units, dtype=np.int64)
    for turn in range(int(place.max(initial=-1)) + 1):
        own = place == turn
        added = np.zeros(codes.n_units, dtype=np.int64)
        added[unit[own]] = level[own] + 1
        of_unit = np.unique(of_unit * (len(scale) + 1) + added, return_inverse=True)[1]
    times, first = np.bincount(of_unit), np.unique(of_unit, return_index=True)[1]
    row = np.full(codes.n_units, -1)
    row[first] = np.arange(len(first))
    kept = row[codes.unit] >= 0
    counts = np.zeros((len(first), len(scale)))
    np.add.at(counts, (row[codes.unit[kept]], codes.level[kept]), 1.0)
    return Patterns(scale, counts, times, None, of_unit)


def _members(cluster: IntArray, patterns: Patterns, n_clusters: int) -> Any:
    """Clusters × patterns, in an order names have no part in."""
    n_patterns = len(patterns.times)
    mark = np.random.default_rng(0).random(n_patterns)
    place = np.argsort(np.argsort(np.bincount(cluster, weights=mark[patterns.of_unit])))
    if n_clusters * n_patterns <= _DENSE:
        key = place[cluster] * n_patterns + patterns.of_unit
        found = np.bincount(key, minlength=n_clusters * n_patterns)
        return found.reshape(n_clusters, n_patterns).astype(np.float64)
    from scipy.sparse import csr_array

    ones = np.ones(len(cluster))
    return csr_array((ones, (place[cluster], patterns.of_unit)), shape=(n_clusters, n_patterns))


def _times(drawn: FloatArray, members: Any) -> FloatArray:
    if isinstance(members, np.ndarray):
        product: FloatArray = drawn @ members
        return product
    return np.ascontiguousarray((members.T @ drawn.T).T)


def _met(counts: FloatArray, table: FloatArray) -> FloatArray:
    """Sum of the table over all ordered pairs of ratings in a unit, a rating with itself too."""
    whole: FloatArray = ((counts @ table) * counts).sum(axis=1)
    return np.where(counts.sum(axis=1) >= 2, whole, 0.0)


def _others(sizes: FloatArray) -> FloatArray:
    return np.maximum(sizes - 1, 1.0)
