"""Ratings as numbers: a long frame checked at the door and read once into codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.frames import LEVEL, RATER, UNIT
from scoring.columns import need_columns
from scoring.errors import ScoringError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CELLS_A_RATING = 64  # bytes of a table of units × raters worth its speed in finding duplicates


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

    @property
    def n_units(self) -> int:
        """How many units there are, with one rating or more."""
        return len(self.cluster)

    def rows(self, chosen: IntArray) -> RatingCodes:
        """Keep only the chosen ratings, units and clusters numbered anew."""
        units, unit = np.unique(self.unit[chosen], return_inverse=True)
        cluster = np.unique(self.cluster[units], return_inverse=True)[1]
        return RatingCodes(
            unit, self.rater[chosen], self.level[chosen], cluster, self.raters, self.n_levels
        )

    def renumbered(self) -> RatingCodes:
        """Keep only the names of raters who rated something, numbered anew."""
        present, rater = np.unique(self.rater, return_inverse=True)
        names = tuple(self.raters[k] for k in present.tolist())
        return RatingCodes(self.unit, rater, self.level, self.cluster, names, self.n_levels)


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
    need_columns(ratings, needed, "ratings", "agreement.missing_column")
    kept = ratings.loc[ratings[LEVEL].notna(), needed]
    for column in needed[:2] + needed[3:]:
        empty = kept[column].isna().to_numpy()
        if empty.any():
            row = _row(kept, int(empty.argmax()))
            told = str(column).removesuffix("_id")
            raise ScoringError(
                f"ratings: row {row} has no {column}. Fill it in or leave the row out.",
                key="agreement.empty_cell",
                row=row,
                column=told,
            )
    level = _level_codes(kept, scale)
    unit, units = pd.factorize(kept[UNIT], sort=True)
    rater, raters = pd.factorize(kept[RATER], sort=True)
    unit, rater = unit.astype(np.int64, copy=False), rater.astype(np.int64, copy=False)
    again = _first_duplicate(unit, rater, len(units), len(raters))
    if again is not None:
        _refuse_duplicate(kept.iloc[again], _row(kept, again))
    cluster = _cluster_of_units(kept, unit, len(units), clusters)
    names = tuple(str(name) for name in raters)
    return RatingCodes(unit, rater, level, cluster, names, len(scale))


def pairs_of_raters(codes: RatingCodes) -> Iterator[tuple[tuple[str, str], IntArray]]:
    """Yield each pair of raters with a unit in common, and the rows of both on such units."""
    both = meetings(codes)
    key = codes.rater[both[0]] * len(codes.raters) + codes.rater[both[1]]
    both, key = both[:, np.argsort(key, kind="stable")], np.sort(key)
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    for start, end in pairwise([*starts.tolist(), len(key)]):
        a, b = divmod(int(key[start]), len(codes.raters))
        yield (codes.raters[a], codes.raters[b]), both[:, start:end].ravel()


def meetings(codes: RatingCodes) -> IntArray:
    """Every two ratings of one unit: two rows of places, the rater of less code in the first."""
    order = np.lexsort((codes.rater, codes.unit))
    unit = codes.unit[order]
    found = [np.zeros((2, 0), dtype=np.int64)]
    for apart in range(1, len(codes.raters)):
        first = np.flatnonzero(unit[:-apart] == unit[apart:])
        if not len(first):
            break
        found.append(np.stack([order[first], order[first + apart]]))
    return np.hstack(found)


def against_the_others(codes: RatingCodes, rater: int) -> RatingCodes:
    """Set each rating of one rater beside each other rating of the same unit.

    Every such pair is a unit of its own with the raters ``the rater`` and
    ``others``; the pairs of one cluster stay one cluster.
    """
    both = meetings(codes)
    chosen = both[:, (codes.rater[both] == rater).any(axis=0)]
    own_first = codes.rater[chosen[0]] == rater
    own = np.where(own_first, chosen[0], chosen[1])
    other = np.where(own_first, chosen[1], chosen[0])
    pair = np.arange(len(own))
    cluster = np.unique(codes.cluster[codes.unit[own]], return_inverse=True)[1]
    return RatingCodes(
        np.concatenate([pair, pair]), np.repeat(np.array([0, 1]), len(own)),
        codes.level[np.concatenate([own, other])], cluster, (codes.raters[rater], "others"),
        codes.n_levels,
    )  # fmt: skip


def _level_codes(kept: pd.DataFrame, scale: Sequence[str]) -> IntArray:
    """Positions of the levels on the scale; each distinct name is looked up once."""
    seen, names = pd.factorize(kept[LEVEL])
    places = pd.Index([str(name) for name in scale]).get_indexer(
        pd.Index([str(name) for name in names], dtype=object)
    )
    if (places < 0).any():
        at = int(np.argmax(places[seen] < 0))
        _refuse_level(kept.iloc[at], _row(kept, at), scale)
    return places.astype(np.int64)[seen] if len(names) else np.zeros(0, dtype=np.int64)


def _first_duplicate(unit: IntArray, rater: IntArray, n_units: int, n_raters: int) -> int | None:
    """Place of the first rating whose unit the same rater has rated before."""
    cell = unit * n_raters + rater
    n_cells = n_units * n_raters
    if n_cells <= _CELLS_A_RATING * max(len(cell), 1 << 14):
        filled = np.zeros(n_cells, dtype=np.bool_)
        filled[cell] = True
        if np.count_nonzero(filled) == len(cell):
            return None
    again = pd.Series(cell).duplicated().to_numpy()
    return int(again.argmax()) if again.any() else None


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


def _row(kept: pd.DataFrame, place: int) -> int:
    """Place of a row below the header, from 1: by the index where that counts rows."""
    at = kept.index[place]
    return int(at) + 1 if isinstance(at, int | np.integer) else place + 1


def _refuse_level(row: pd.Series, number: int, scale: Sequence[str]) -> None:
    raise ScoringError(
        f"ratings: level {row[LEVEL]!r} of unit {row[UNIT]} by rater {row[RATER]} (row {number}) "
        f"is none of {', '.join(map(str, scale))}. Correct the row or declare the scale it was "
        "rated on.",
        key="agreement.unknown_level",
        level=str(row[LEVEL]),
        unit=str(row[UNIT]),
        rater=str(row[RATER]),
        row=number,
        scale=", ".join(map(str, scale)),
    )


def _refuse_duplicate(row: pd.Series, number: int) -> None:
    raise ScoringError(
        f"ratings: rater {row[RATER]} rated unit {row[UNIT]} twice (again in row {number}), once "
        "was expected. Keep the rating that counts.",
        key="agreement.duplicate_rating",
        rater=str(row[RATER]),
        unit=str(row[UNIT]),
        row=number,
    )
