"""Persons that the same raters rated on the same criteria, put together.

In a Rasch model the raw score says all there is to know about a person once the
cells (rater × criterion) that rated it are given. So what is computed for a person is
computed once for a *group*: a panel (a set of reads) and a score. A *kind* of read is
a rater and the criteria the read covers; likelihoods are tables over kinds and nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.facets.coding import FacetRatings

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Who rated what, alike persons together.

    Attributes
    ----------
    cell_rater, cell_criterion : the cells that occur
    kind_rater : rater of each kind of read
    kind_cells : sparse, kinds × cells
    panel_kinds : sparse, panels × kinds
    group_panel, group_score, group_count : panel, raw score and persons of each group, by panel
    person_group : group of each person
    rating_person, rating_cell, rating_level : the ratings, ordered by person
    tails : cells × steps, how many ratings of a cell reach level 1, 2, …
    """

    n_raters: int
    n_criteria: int
    n_steps: int
    cell_rater: IntArray
    cell_criterion: IntArray
    kind_rater: IntArray
    kind_cells: sparse.csr_array
    panel_kinds: sparse.csr_array
    group_panel: IntArray
    group_score: IntArray
    group_count: IntArray
    person_group: IntArray
    rating_person: NDArray[np.int32]
    rating_cell: NDArray[np.int32]
    rating_level: NDArray[np.int32]
    tails: FloatArray

    @property
    def group_starts(self) -> IntArray:
        """First group of each panel, and the number of groups at the end."""
        return np.searchsorted(self.group_panel, np.arange(self.panel_kinds.shape[0] + 1))

    @property
    def longest(self) -> int:
        """Most ratings of one person."""
        sizes = self.panel_kinds @ np.diff(self.kind_cells.indptr)
        return int(sizes.max())

    def rater_counts(self) -> IntArray:
        """Ratings of each rater."""
        per_cell = np.bincount(self.rating_cell, minlength=len(self.cell_rater))
        return np.bincount(self.cell_rater, per_cell, self.n_raters).astype(np.int64)

    def criterion_counts(self) -> IntArray:
        """Ratings on each criterion."""
        per_cell = np.bincount(self.rating_cell, minlength=len(self.cell_rater))
        return np.bincount(self.cell_criterion, per_cell, self.n_criteria).astype(np.int64)


def design_of(ratings: FacetRatings) -> Design:
    """Put alike persons together; exact, without hashing."""
    raters, criteria = len(ratings.raters), len(ratings.criteria)
    cell_key = ratings.rater.astype(np.int64) * criteria + ratings.criterion
    order = _order(ratings.person.astype(np.int64) * (raters * criteria) + cell_key)
    person = ratings.person[order]
    cells, cell = np.unique(cell_key[order], return_inverse=True)
    level = ratings.level[order]
    cell_rater, cell_criterion = cells // criteria, cells % criteria
    reads = _starts(person, cell_rater[cell])
    kind, example = _alike(cell, reads)
    persons = _starts(person[reads[:-1]])
    panel, first = _alike(kind, persons)
    rows = _rows_of(reads, example)
    kind_cells = _incidence(cell[rows[0]], rows[1], len(cells))
    rows = _rows_of(persons, first)
    panel_kinds = _incidence(kind[rows[0]], rows[1], len(example))
    score = np.add.reduceat(level.astype(np.int64), reads[:-1][persons[:-1]])
    group_panel, group_score, group_count, group_of = _groups(panel, score)
    person_group = np.zeros(len(ratings.persons), np.int64)
    person_group[person[reads[:-1][persons[:-1]]]] = group_of
    steps = len(ratings.levels) - 1
    return Design(
        raters, criteria, steps, cell_rater, cell_criterion,
        cell_rater[cell[reads[:-1][example]]], kind_cells, panel_kinds,
        group_panel, group_score, group_count, person_group,
        person, cell.astype(np.int32), level, _tails(cell, level, len(cells), steps),
    )  # fmt: skip


def with_levels(design: Design, level: NDArray[np.int32]) -> Design:
    """Return the same panels with other levels: only scores and counts change."""
    steps, cells = design.n_steps, len(design.cell_rater)
    score = np.bincount(design.rating_person, level, len(design.person_group)).astype(np.int64)
    panel, total, count, group_of = _groups(design.group_panel[design.person_group], score)
    return replace(
        design,
        group_panel=panel,
        group_score=total,
        group_count=count,
        person_group=group_of,
        rating_level=level,
        tails=_tails(design.rating_cell, level, cells, steps),
    )


def _order(key: IntArray) -> IntArray:
    in_order = bool((key[1:] >= key[:-1]).all())
    return np.arange(len(key)) if in_order else np.argsort(key)


def _starts(*columns: NDArray[np.integer]) -> IntArray:
    """Where a run of equal rows begins, and the length at the end."""
    new = np.ones(len(columns[0]), bool)
    new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.append(np.flatnonzero(new), len(new))


def _alike(code: NDArray[np.integer], starts: IntArray) -> tuple[IntArray, IntArray]:
    """Number runs so that equal sequences share a number; also one run of each number.

    Runs are folded one place after another: what was the same so far and has the same
    code in the next place is the same still.
    """
    length = np.diff(starts)
    width = int(code.max(initial=0)) + 2
    same: IntArray = np.zeros(len(length), np.int64)
    for place in range(int(length.max(initial=0))):
        there = np.flatnonzero(length > place)
        at = np.zeros(len(length), np.int64)
        at[there] = code[starts[there] + place] + 1
        same = np.unique(same * width + at, return_inverse=True)[1]
    _, first, number = np.unique(same, return_index=True, return_inverse=True)
    return number, first


def _rows_of(starts: IntArray, chosen: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of the entries of chosen runs, and where each run begins among them."""
    length = np.diff(starts)[chosen]
    ends = np.append(0, np.cumsum(length))
    inside = np.arange(ends[-1]) - np.repeat(ends[:-1], length)
    return np.repeat(starts[:-1][chosen], length) + inside, ends


def _incidence(columns: NDArray[np.integer], ends: IntArray, width: int) -> sparse.csr_array:
    shape = (len(ends) - 1, width)
    return sparse.csr_array((np.ones(len(columns)), columns, ends), shape=shape)


def _groups(panel: IntArray, score: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    width = int(score.max(initial=0)) + 1
    keys, group_of, count = np.unique(
        panel * width + score, return_inverse=True, return_counts=True
    )
    return keys // width, keys % width, count, group_of


def _tails(
    cell: NDArray[np.integer], level: NDArray[np.integer], n_cells: int, n_steps: int
) -> FloatArray:
    width = n_steps + 1
    counts = np.bincount(cell * width + level, minlength=n_cells * width).reshape(-1, width)
    reached = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.asarray(reached[:, 1:], float)
