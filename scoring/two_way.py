"""Agreement of "raters like these": units and raters both drawn anew.

Two copies of one rater agree by construction, so pairs of a rater with itself
are dropped. Under twenty raters so few can be drawn that no error comes out
of it; the range over leaving each rater out is given instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.coefficients.listing import Measure
from scoring.coefficients.patterns import Patterns, Sums, sample_of
from scoring.coefficients.weights import Scale, distance_matrix, weight_matrix
from scoring.intervals import Interval, percentile_interval
from scoring.tables import FloatArray, IntArray, RatingCodes

FEWEST_RATERS = 20
FEWEST_LEFT_OUT = 3
"""Raters from which one can be left out and two still agree or not."""


def two_way_intervals(
    codes: RatingCodes,
    scale: Scale,
    measures: Sequence[Measure],
    draws: int,
    level: float,
    random_seed: int,
) -> list[Interval]:
    """One interval a measure, raters being a sample of more.

    Clusters of units and raters are drawn independently with replacement
    (Field and Welsh 2007); bounds are percentiles. With fewer than
    :data:`FEWEST_RATERS` raters, least and greatest value over leaving out
    each rater: a range, not an interval of stated coverage.
    """
    if len(codes.raters) < FEWEST_RATERS:
        return _left_out(codes, scale, measures)
    rng = np.random.default_rng(random_seed)
    patterns = sample_of(codes, scale).patterns
    n_clusters, n_raters = int(codes.cluster.max()) + 1, len(codes.raters)
    drawn = np.empty((len(measures), draws))
    for turn in range(draws):
        times = _times(n_clusters, rng)[codes.cluster]
        sums = DrawnPanel(patterns, codes, times, _times(n_raters, rng))
        for place, measure in enumerate(measures):
            drawn[place, turn] = measure.compute(sums)[0]
    return [percentile_interval(row, level, "two_way_bootstrap") for row in drawn]


class DrawnPanel(Sums):
    """Sums over units drawn ``units`` times and raters drawn ``raters`` times.

    A unit with n ratings of a category and m in all, copies counted, has
    m² - Σ v² ordered pairs of different raters, v being how often each of its
    raters was drawn; they take the place of m(m - 1).
    """

    def __init__(
        self, patterns: Patterns, codes: RatingCodes, units: FloatArray, raters: FloatArray
    ) -> None:
        super().__init__(patterns, lambda part: part)
        q, n_units = codes.n_levels, codes.n_units
        cell, copies = codes.unit * q + codes.level, raters[codes.rater]
        self._units = units
        counts = np.bincount(cell, weights=copies, minlength=n_units * q)
        selves = np.bincount(cell, weights=copies**2, minlength=n_units * q)
        self._counts, self._selves = counts.reshape(-1, q), selves.reshape(-1, q)
        self._sizes: FloatArray = self._counts.sum(axis=1)
        pairs = self._sizes**2 - self._selves.sum(axis=1)
        self._paired: FloatArray = (pairs > 0).astype(np.float64)
        self._each_pair: FloatArray = self._paired / np.where(pairs > 0, pairs, 1.0)

    def _summed(self, name: str) -> FloatArray:
        kind, _, by = name.partition(":")
        n, m, weight = self._counts, self._sizes, self._units
        per_pair, per_size = weight * self._each_pair, 1 / np.maximum(m, 1)
        if kind == "agree":
            met = ((n @ weight_matrix(self.scale, by)) * n).sum(axis=1) - self._selves.sum(axis=1)
            return np.array([per_pair @ met])
        if kind == "apart":
            met = ((n @ distance_matrix(self.scale, by)) * n).sum(axis=1)
            return np.array([(per_pair * m) @ met])
        if kind == "coincidences":
            each = per_pair * m
            table: FloatArray = (n * each[:, None]).T @ n - np.diag(each @ self._selves)
            return table[None]
        if kind == "rated":
            return np.array([weight @ (m > 0)])
        if kind == "paired":
            return np.array([weight @ self._paired])
        by_category: dict[str, FloatArray] = {
            "shares": (weight * per_size) @ n,
            "shares_of_paired": (weight * per_size * self._paired) @ n,
            "pooled": weight @ n,
            "pairable": (per_pair * m) @ (n * m[:, None] - self._selves),
            "hits": weight @ (n**2 - self._selves),
            "chances": weight @ (n * m[:, None] - self._selves),
        }
        return by_category[kind][None]


def _left_out(codes: RatingCodes, scale: Scale, measures: Sequence[Measure]) -> list[Interval]:
    values = np.full((len(codes.raters), len(measures)), np.nan)
    for rater in range(len(codes.raters)):
        rest = codes.rows(np.flatnonzero(codes.rater != rater)).renumbered()
        if len(rest.raters) < 2:
            continue
        total = sample_of(rest, scale).total()
        for place, measure in enumerate(measures):
            if not measure.two_raters:
                values[rater, place] = measure.compute(total)[0]
    return [_range(column) for column in values.T]


def _range(values: FloatArray) -> Interval:
    known = values[np.isfinite(values)]
    if not len(known):
        return Interval()
    undefined = len(values) - len(known)
    ends = float(known.min()), float(known.max())
    return Interval(None, *ends, "leave_one_rater_out", undefined, len(values))


def _times(n: int, rng: np.random.Generator) -> FloatArray:
    picks: IntArray = rng.integers(0, n, size=n)
    return np.bincount(picks, minlength=n).astype(np.float64)
