"""All pairs of raters at once: a table of two for each pair, and kappa from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.coefficients.chance_corrected import beyond_chance, ratio
from scoring.tables import FloatArray, IntArray, RatingCodes, meetings

_FLOPS_A_MEETING = 400.0  # multiplications of a matrix product that cost what one meeting does


@dataclass(frozen=True)
class PairTables:
    """Tables of two raters.

    Attributes
    ----------
    one, other : codes of the raters of a pair, ``one`` the smaller
    cells : units by level of the one and of the other, pairs × categories × categories
    """

    one: IntArray
    other: IntArray
    cells: FloatArray

    @property
    def units(self) -> IntArray:
        """Units both raters of a pair rated."""
        units: IntArray = self.cells.sum(axis=(1, 2)).round().astype(np.int64)
        return units


def pair_tables(codes: RatingCodes) -> PairTables:
    """Tables of all pairs of raters with a unit in common.

    Where raters meet often the tables are products of indicator matrices,
    one for each two categories; otherwise meetings are counted one by one.
    """
    q, n_raters, n_units = codes.n_levels, len(codes.raters), codes.n_units
    sizes = np.bincount(codes.unit).astype(np.float64)
    n_meetings = float((sizes * (sizes - 1)).sum() / 2)
    if n_raters**2 * n_units * q * (q + 1) / 2 <= _FLOPS_A_MEETING * n_meetings:
        return _by_products(codes)
    return tables_by_meeting(codes)


def tables_by_meeting(codes: RatingCodes) -> PairTables:
    """The same, meetings counted one by one."""
    q, n_raters = codes.n_levels, len(codes.raters)
    both = meetings(codes)
    key = codes.rater[both[0]] * n_raters + codes.rater[both[1]]
    pairs, row = np.unique(key, return_inverse=True)
    cell = (row * q + codes.level[both[0]]) * q + codes.level[both[1]]
    cells = np.bincount(cell, minlength=len(pairs) * q * q).reshape(-1, q, q)
    one, other = np.divmod(pairs, n_raters)
    return PairTables(one, other, cells.astype(np.float64))


def pairwise_kappa(tables: PairTables, weights: FloatArray) -> FloatArray:
    """Cohen's weighted kappa of each pair (Cohen 1968), NaN where it is not defined."""
    cells = tables.cells
    n = cells.sum(axis=(1, 2))
    observed = ratio((cells * weights).sum(axis=(1, 2)), n)
    met = ((cells.sum(axis=2) @ weights) * cells.sum(axis=1)).sum(axis=1)
    return beyond_chance(observed, ratio(met, n**2))


def light_kappa(tables: PairTables, weights: FloatArray) -> float:
    """Mean kappa of the pairs with two units or more in common (Light 1971), NaN without any."""
    return float(_light(tables.cells[None], weights)[0])


def light_without_each(codes: RatingCodes, tables: PairTables, weights: FloatArray) -> FloatArray:
    """The same without each cluster in turn, from the tables of all; one entry a cluster."""
    q, n_raters, n_pairs = codes.n_levels, len(codes.raters), len(tables.one)
    n_clusters = int(codes.cluster.max()) + 1
    both = meetings(codes)
    place = np.full(n_raters * n_raters, -1)
    place[tables.one * n_raters + tables.other] = np.arange(n_pairs)
    pair = place[codes.rater[both[0]] * n_raters + codes.rater[both[1]]]
    row = codes.cluster[codes.unit[both[0]]] * n_pairs + pair
    cell = (row * q + codes.level[both[0]]) * q + codes.level[both[1]]
    own = np.bincount(cell, minlength=n_clusters * n_pairs * q * q)
    return _light(tables.cells[None] - own.reshape(n_clusters, n_pairs, q, q), weights)


def _light(cells: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean kappa over pairs for each of several sets of tables: sets × pairs × categories²."""
    sets, pairs, q, _ = cells.shape
    flat = PairTables(np.zeros(0, np.int64), np.zeros(0, np.int64), cells.reshape(-1, q, q))
    found = pairwise_kappa(flat, weights)
    known = np.isfinite(found) & (flat.units >= 2)
    shape = (sets, pairs)
    total = np.where(known, found, 0.0).reshape(shape).sum(axis=1)
    return ratio(total, known.reshape(shape).sum(axis=1))


def _by_products(codes: RatingCodes) -> PairTables:
    q, n_raters = codes.n_levels, len(codes.raters)
    gave = np.zeros((q, n_raters, codes.n_units), dtype=np.float32)
    gave[codes.level, codes.rater, codes.unit] = 1.0
    one, other = np.triu_indices(n_raters, 1)
    cells = np.empty((len(one), q, q))
    for first in range(q):
        for second in range(first, q):
            table = gave[first] @ gave[second].T
            cells[:, first, second] = table[one, other]
            if first != second:
                cells[:, second, first] = table[other, one]
    met = cells.any(axis=(1, 2))
    return PairTables(one[met], other[met], cells[met])
