"""Ratings as numbers: a long frame read once into codes, and the sums coefficients are made of.

Every coefficient of agreement depends on the units only through a few sums
over them (:class:`Sums`), and a unit only through how many ratings fell on
each category. So a million ratings shrink to a handful of patterns, and a
resample of clusters to weights on their sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.frames import LEVEL, RATER, UNIT
from scoring.errors import ScoringError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class RatingCodes:
    """Ratings as integer codes; arrays of one length, but ``cluster`` has one entry a unit.

    ``level`` counts from 0 along the declared scale of ``n_levels`` categories.
    """

    unit: IntArray
    rater: IntArray
    level: IntArray
    cluster: IntArray
    raters: tuple[str, ...]
    n_levels: int

    def rows(self, chosen: IntArray) -> RatingCodes:
        """Keep only the chosen ratings, units and clusters numbered anew."""
        units, unit = np.unique(self.unit[chosen], return_inverse=True)
        cluster = np.unique(self.cluster[units], return_inverse=True)[1]
        return RatingCodes(
            unit, self.rater[chosen], self.level[chosen], cluster, self.raters, self.n_levels
        )

    def counts(self) -> IntArray:
        """How many ratings of each category a unit has: units × categories."""
        cells = np.bincount(
            self.unit * self.n_levels + self.level, minlength=len(self.cluster) * self.n_levels
        )
        return cells.reshape(-1, self.n_levels)


@dataclass(frozen=True)
class Sums:
    """What every coefficient is made of, summed over units.

    The leading axis is whatever was summed for: patterns, clusters or draws.

    Attributes
    ----------
    rated, paired : units with at least one, at least two ratings
    agreeing : sum over paired units of the share of their rating pairs that agree
    shares : sum over rated units of the share of each category
    coincidences : Krippendorff's coincidence matrix, categories × categories
    hits, chances : per category, ordered pairs that start in it, and agree; that start in it
    cells : with exactly two raters the table first × second rater, else zeros
    """

    rated: FloatArray
    paired: FloatArray
    agreeing: FloatArray
    shares: FloatArray
    coincidences: FloatArray
    hits: FloatArray
    chances: FloatArray
    cells: FloatArray

    def stacked(self) -> FloatArray:
        """All sums side by side: leading axis × sums."""
        return np.hstack(
            [part.reshape(len(part), prod(part.shape[1:])) for part in vars(self).values()]
        )

    @classmethod
    def unstacked(cls, matrix: FloatArray, n_levels: int) -> Sums:
        """Undo :meth:`stacked`."""
        q = n_levels
        shapes = [(), (), (), (q,), (q, q), (q,), (q,), (q, q)]
        ends = np.cumsum([0, *(prod(shape) for shape in shapes)])
        parts = [
            matrix[:, start:end].reshape(-1, *shape)
            for (start, end), shape in zip(pairwise(ends), shapes, strict=True)
        ]
        return cls(*parts)


@dataclass(frozen=True)
class Sample:
    """Clusters of units, alike ones together.

    Attributes
    ----------
    kinds : sums of one cluster of each kind (kinds × sums, see :class:`Sums`)
    times : how many clusters are of each kind
    one_unit_each : whether every cluster is a single unit
    """

    kinds: FloatArray
    times: IntArray
    n_levels: int
    one_unit_each: bool

    def total(self) -> Sums:
        """Sums over all clusters; leading axis of one."""
        return Sums.unstacked((self.times @ self.kinds)[None, :], self.n_levels)

    def each_kind(self) -> Sums:
        """Sums of one cluster of each kind."""
        return Sums.unstacked(self.kinds, self.n_levels)


def read_ratings(
    ratings: pd.DataFrame, scale: Sequence[str], clusters: str | None = None
) -> RatingCodes:
    """Read a long frame of ratings into codes.

    Parameters
    ----------
    ratings : DataFrame, one row per rating
        Columns ``unit``, ``rater_id``, ``level`` and the one named by ``clusters``.
        A row without a level is no rating.
    scale : categories in their order, whether or not each occurs
    clusters : column of the cluster of a unit; without it a unit is its own

    Raises
    ------
    ScoringError
        For a missing column, a level outside the scale, a second rating of a
        unit by the same rater, or a unit in two clusters.
    """
    needed = [UNIT, RATER, LEVEL, *([clusters] if clusters else [])]
    _check_columns(ratings, needed)
    kept = ratings.loc[ratings[LEVEL].notna(), needed]
    for column in needed[:2] + needed[3:]:
        if kept[column].isna().any():
            raise ScoringError(
                f"ratings: a row has no {column}. Fill in the column or leave the row out.",
                key="agreement.empty_cell",
                column=column,
            )
    level = pd.Index([str(name) for name in scale]).get_indexer(pd.Index(kept[LEVEL].astype(str)))
    if (level < 0).any():
        _refuse_level(kept.iloc[int(np.argmin(level))], scale)
    unit, units = pd.factorize(kept[UNIT], sort=True)
    rater, raters = pd.factorize(kept[RATER], sort=True)
    again = pd.Series(unit * max(len(raters), 1) + rater).duplicated()
    if again.any():
        _refuse_duplicate(kept.iloc[int(again.argmax())])
    cluster = _cluster_of_units(kept, unit, len(units), clusters)
    names = tuple(str(name) for name in raters)
    return RatingCodes(
        unit.astype(np.int64), rater.astype(np.int64), level.astype(np.int64), cluster, names,
        len(scale),
    )  # fmt: skip


def pairs_of_raters(codes: RatingCodes) -> Iterator[tuple[tuple[str, str], IntArray]]:
    """Yield each pair of raters with a unit in common, and the rows of both on such units."""
    order = np.lexsort((codes.rater, codes.unit))
    unit, rater = codes.unit[order], codes.rater[order]
    found: list[IntArray] = []
    for apart in range(1, len(codes.raters)):
        first = np.flatnonzero(unit[:-apart] == unit[apart:])
        if not len(first):
            break
        found.append(np.stack([first, first + apart]))
    if not found:
        return
    both = np.hstack(found)
    key = rater[both[0]] * len(codes.raters) + rater[both[1]]
    both, key = both[:, np.argsort(key, kind="stable")], np.sort(key)
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    for start, end in pairwise([*starts.tolist(), len(key)]):
        a, b = divmod(int(key[start]), len(codes.raters))
        yield (codes.raters[a], codes.raters[b]), order[both[:, start:end].ravel()]


def sample_of(codes: RatingCodes) -> Sample:
    """Collect the units of these ratings into clusters, alike clusters together."""
    counts = codes.counts()
    cells = _cells(codes)
    patterns, of_unit = _distinct_rows(np.hstack([cells, counts]))
    q = codes.n_levels
    sums = _pattern_sums(patterns[:, -q:], patterns[:, :-q]).stacked()
    sizes = np.bincount(codes.cluster)
    if sizes.size and sizes.max() == 1:
        return Sample(sums, np.bincount(of_unit, minlength=len(sums)), q, one_unit_each=True)
    columns = [np.bincount(codes.cluster, weights=column[of_unit]) for column in sums.T]
    # Rounded so that the order in which a cluster's units were added cannot split a kind.
    table = np.stack(columns, axis=1).astype(np.float64).round(12)
    kinds, times = np.unique(table, axis=0, return_counts=True)
    return Sample(kinds, times, q, one_unit_each=False)


def _cells(codes: RatingCodes) -> IntArray:
    """Where a unit stands in the table of two raters; no column with one or with three."""
    q, n_units = codes.n_levels, len(codes.cluster)
    raters = np.unique(codes.rater)
    if len(raters) != 2:
        return np.zeros((n_units, 0), dtype=np.int64)
    cells = np.zeros((n_units, q * q), dtype=np.int64)
    given = np.full((n_units, 2), -1)
    given[codes.unit, np.searchsorted(raters, codes.rater)] = codes.level
    both = np.flatnonzero((given >= 0).all(axis=1))
    table = np.bincount(given[both, 0] * q + given[both, 1], minlength=q * q).reshape(q, q)
    if table.T.ravel().tolist() > table.ravel().tolist():
        given = given[:, ::-1]  # Who is named first must not move a draw.
    cells[both, given[both, 0] * q + given[both, 1]] = 1
    return cells


def _pattern_sums(counts: IntArray, cells: IntArray) -> Sums:
    q = counts.shape[1]
    n = counts.astype(np.float64)
    ratings = n.sum(axis=1)
    paired = ratings >= 2
    others = np.where(paired, ratings - 1, 1.0)
    same = n * (n - 1)
    table = cells.astype(np.float64).reshape(-1, q, q) if cells.size else np.zeros((len(n), q, q))
    meetings = n[:, :, None] * n[:, None, :] - n[:, :, None] * np.eye(q)
    return Sums(
        rated=(ratings >= 1).astype(np.float64),
        paired=paired.astype(np.float64),
        agreeing=same.sum(axis=1) / np.where(paired, ratings * others, 1.0),
        shares=n / np.maximum(ratings, 1)[:, None],
        coincidences=meetings * (paired / others)[:, None, None],
        hits=same,
        chances=n * (ratings - 1)[:, None],
        cells=table,
    )


def _distinct_rows(table: IntArray) -> tuple[IntArray, IntArray]:
    """Distinct rows in ascending order, and which of them each row is."""
    base = int(table.max(initial=0)) + 1
    if base ** table.shape[1] < 2**62:  # a row fits into one number, which sorts faster
        powers = base ** np.arange(table.shape[1] - 1, -1, -1, dtype=np.int64)
        _, first, of_row = np.unique(table @ powers, return_index=True, return_inverse=True)
        return table[first], of_row
    rows, of_row = np.unique(table, axis=0, return_inverse=True)
    return rows, of_row.ravel()


def _cluster_of_units(
    kept: pd.DataFrame, unit: IntArray, n_units: int, clusters: str | None
) -> IntArray:
    if clusters is None or clusters == UNIT:
        return np.arange(n_units, dtype=np.int64)
    cluster = pd.factorize(kept[clusters], sort=True)[0].astype(np.int64)
    of_unit = np.zeros(n_units, dtype=np.int64)
    of_unit[unit] = cluster
    astray = of_unit[unit] != cluster
    if astray.any():
        name = kept[UNIT].iloc[int(astray.argmax())]
        raise ScoringError(
            f"ratings: unit {name} lies in two clusters of {clusters}, one was expected. "
            "Correct the column, or cluster by another.",
            key="agreement.two_clusters",
            unit=str(name),
            column=clusters,
        )
    return of_unit


def _check_columns(ratings: pd.DataFrame, needed: Sequence[str]) -> None:
    missing = [column for column in needed if column not in ratings.columns]
    if missing:
        raise ScoringError(
            f"ratings: columns {', '.join(needed)} are needed, {', '.join(missing)} missing. "
            "Add the column or name another.",
            key="agreement.missing_column",
            missing=", ".join(missing),
        )


def _refuse_level(row: pd.Series, scale: Sequence[str]) -> None:
    raise ScoringError(
        f"ratings: level {row[LEVEL]!r} of unit {row[UNIT]} by rater {row[RATER]} is none of "
        f"{', '.join(map(str, scale))}. Correct the row or declare the scale it was rated on.",
        key="agreement.unknown_level",
        level=str(row[LEVEL]),
        unit=str(row[UNIT]),
        rater=str(row[RATER]),
        scale=", ".join(map(str, scale)),
    )


def _refuse_duplicate(row: pd.Series) -> None:
    raise ScoringError(
        f"ratings: rater {row[RATER]} rated unit {row[UNIT]} twice, once was expected. "
        "Keep the rating that counts.",
        key="agreement.duplicate_rating",
        rater=str(row[RATER]),
        unit=str(row[UNIT]),
    )
