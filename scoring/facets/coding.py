"""A table of persons, criteria, raters and levels read once into codes, its faults named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.frames import CRITERION, LEVEL, PERSON, RATER
from scoring.errors import ScoringError

Codes = NDArray[np.int32]

COLUMNS = (PERSON, CRITERION, RATER, LEVEL)
MOST_LEVELS = 100
"""A scale with more levels is a measurement, or a column of identifiers; neither is rated."""


@dataclass(frozen=True)
class FacetRatings:
    """Ratings as codes: four arrays of one length, and the names the codes stand for.

    ``level`` counts from 0 along ``levels``, the levels somebody gave, in their order;
    ``unused`` are levels of the declared scale that nobody gave.
    """

    person: Codes
    criterion: Codes
    rater: Codes
    level: Codes
    persons: tuple[str, ...]
    criteria: tuple[str, ...]
    raters: tuple[str, ...]
    levels: tuple[str, ...]
    unused: tuple[str, ...] = ()

    def with_levels(self, level: Codes) -> FacetRatings:
        """Return the same design with other levels, as simulations give them."""
        return replace(self, level=level)


def read_facets(table: pd.DataFrame, scale: Sequence[str] = ()) -> FacetRatings:
    """Read a long table into codes.

    Parameters
    ----------
    table : DataFrame, one row a rating
        Columns ``person``, ``criterion_id``, ``rater_id`` and ``level``, texts. A row
        without a level is no rating.
    scale : levels from the lowest to the highest. Without it the levels must be numbers,
        and those that occur are the scale.

    Returns
    -------
    FacetRatings
        A declared level that nobody gave has no threshold, so it is left out of
        ``levels`` and listed under ``unused``.

    Raises
    ------
    ScoringError
        For a missing column or cell, a level outside the scale or not a number, a second
        rating by one rater, one rater or one level only, or too many levels.
    """
    kept = _kept(table)
    declared = [str(name) for name in scale] or _numbers_in_order(kept)
    if len(declared) > MOST_LEVELS:
        raise ScoringError(
            f"ratings: {len(declared)} levels came, a scale has at most {MOST_LEVELS}. Name the "
            "column of levels, or declare the scale.",
            key="facets.too_many_levels",
            count=len(declared),
            most=MOST_LEVELS,
        )
    level = pd.Index(declared).get_indexer(pd.Index(kept[LEVEL].astype(str)))
    if (level < 0).any():
        _refuse_level(kept.iloc[int(np.argmin(level))], declared)
    person, criterion, rater = (pd.factorize(kept[name], sort=True) for name in COLUMNS[:3])
    _check_once(kept, person[0], criterion[0], rater[0])
    used = np.unique(level)
    return checked(
        FacetRatings(
            person=person[0].astype(np.int32),
            criterion=criterion[0].astype(np.int32),
            rater=rater[0].astype(np.int32),
            level=np.searchsorted(used, level).astype(np.int32),
            persons=tuple(map(str, person[1])),
            criteria=tuple(map(str, criterion[1])),
            raters=tuple(map(str, rater[1])),
            levels=tuple(declared[place] for place in used),
            unused=tuple(name for place, name in enumerate(declared) if place not in set(used)),
        )
    )


def checked(ratings: FacetRatings) -> FacetRatings:
    """Return the ratings; ScoringError where they cannot carry a model at all."""
    if len(ratings.level) == 0:
        raise ScoringError(
            "ratings: there is none. Give levels of at least two raters.", key="facets.empty"
        )
    if len(ratings.raters) < 2:
        raise ScoringError(
            f"ratings: only rater {ratings.raters[0]} rated, so severity is unknown. Add the "
            "ratings of a second rater.",
            key="facets.one_rater",
            rater=ratings.raters[0],
        )
    if len(ratings.levels) < 2:
        raise ScoringError(
            f"ratings: every rating is {ratings.levels[0]}, so nothing can be told apart. Use a "
            "table in which levels differ.",
            key="facets.one_level",
            level=ratings.levels[0],
        )
    return ratings


def _kept(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that are ratings, their cells filled."""
    missing = [name.removesuffix("_id") for name in COLUMNS if name not in table.columns]
    if missing:
        raise ScoringError(
            f"ratings: columns person, criterion, rater and level are needed, {', '.join(missing)} "
            "missing. Name them so in the first row.",
            key="facets.no_column",
            missing=", ".join(missing),
        )
    kept = table.loc[table[LEVEL].notna(), list(COLUMNS)]
    for column in COLUMNS[:3]:
        empty = kept[column].isna().to_numpy()
        if empty.any():
            row = int(kept.index[int(np.argmax(empty))]) + 1
            raise ScoringError(
                f"ratings: row {row} has no {column}. Fill it in or leave the row out.",
                key="facets.empty_cell",
                row=row,
                column=column.removesuffix("_id"),
            )
    return kept


def _numbers_in_order(kept: pd.DataFrame) -> list[str]:
    names = kept[LEVEL].astype(str)
    seen = names.drop_duplicates()
    numbers = pd.to_numeric(seen, errors="coerce")
    if numbers.isna().any():
        row = int(numbers.index[int(np.argmax(numbers.isna().to_numpy()))])
        raise ScoringError(
            f"ratings: row {row + 1} has level {seen[row]!r}, which is no number, so its place on "
            "the scale is unknown. Declare the scale.",
            key="facets.not_a_number",
            row=row + 1,
            level=seen[row],
        )
    return list(seen[numbers.sort_values().index])


def _check_once(
    kept: pd.DataFrame,
    person: NDArray[np.integer],
    criterion: NDArray[np.integer],
    rater: NDArray[np.integer],
) -> None:
    widths = [int(codes.max(initial=0)) + 1 for codes in (criterion, rater)]
    key = (person.astype(np.int64) * widths[0] + criterion) * widths[1] + rater
    again = pd.Series(key).duplicated().to_numpy()
    if again.any():
        row = kept.iloc[int(again.argmax())]
        number = int(kept.index[int(again.argmax())]) + 1
        raise ScoringError(
            f"ratings: rater {row[RATER]} rated person {row[PERSON]} on criterion "
            f"{row[CRITERION]} a second time in row {number}. Keep the one that holds.",
            key="facets.duplicate",
            rater=row[RATER],
            person=row[PERSON],
            criterion=row[CRITERION],
            row=number,
        )


def _refuse_level(row: pd.Series[Any], declared: Sequence[str]) -> NoReturn:
    raise ScoringError(
        f"ratings: level {row[LEVEL]!r} of rater {row[RATER]} on person {row[PERSON]} is not on "
        f"the scale {', '.join(declared)}. Correct it, or declare the scale it was rated on.",
        key="facets.outside_scale",
        level=row[LEVEL],
        rater=row[RATER],
        person=row[PERSON],
        scale=", ".join(declared),
    )
