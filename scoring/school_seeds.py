"""Leniency of those who read a school's pieces, from common seed pieces, pushed through the gate.

On seeds everybody reads the same pieces, so what differs is the readers. Their
leniency in logits is then taken out of the marks of the school's own pieces, and
the gate says what that does to levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from scoring.tables import FloatArray, IntArray

_ROUNDS = 6  # of easiness and leniency in turn: the change is then below a hundredth of its error
_RIDGE = 0.5  # prior precision of an easiness, so that a criterion all met has one
_STEPS = 4  # Newton's, each time
_BISECTIONS = 26
_FEWEST_READERS = 10  # under so many nobody can say how far readers differ
_REACH = 8.0  # logits within which a rate is matched


@dataclass(frozen=True)
class SeedMarks:
    """Marks on seeds as codes: of the mark's cell (piece and criterion) and read; of the read its rater."""

    cell: IntArray
    read: IntArray
    met: FloatArray
    read_rater: IntArray
    raters: tuple[str, ...]


@dataclass(frozen=True)
class Leniency:
    """Leniency of each school's readers in logits, positive finds more met; NaN without a seed read.

    ``se`` is clustered by read (halo): of these readers. ``of_readers`` is how far the
    mean of so many readers strays because people differ, the same in kind for every
    school; ``reads`` counts their reads of seeds.
    """

    value: FloatArray
    se: FloatArray
    reads: IntArray
    of_readers: FloatArray


def seed_marks(marks: pd.DataFrame, names: tuple[str, str, str], met: FloatArray) -> SeedMarks:
    """Read marks on seeds into codes; ``names`` are the columns of piece, criterion and rater."""
    piece, criterion, rater = (pd.factorize(marks[name].astype(str)) for name in names)
    cell = np.unique(piece[0] * max(len(criterion[1]), 1) + criterion[0], return_inverse=True)[1]
    reads, read = np.unique(piece[0] * max(len(rater[1]), 1) + rater[0], return_inverse=True)
    return SeedMarks(
        cell, read, met, reads % max(len(rater[1]), 1), tuple(str(name) for name in rater[1])
    )


def leniency_of_schools(marks: SeedMarks, weights: FloatArray) -> Leniency:
    """Fit leniencies of the readers of each school, everybody's easiness of the seeds beside them.

    Parameters
    ----------
    marks : of everybody on the seeds
    weights : schools × raters, how much of the school's reading each rater does

    Returns
    -------
    Leniency
        Of marks at the same piece and criterion: halo is left in both schools and
        seeds, so a logit here is one there. Their median is no part of it.
    """
    n_cells = int(marks.cell.max()) + 1 if len(marks.cell) else 0
    own = np.zeros(len(marks.raters))
    easiness = np.zeros(n_cells)
    share = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    value = np.zeros(len(weights))
    of_mark = marks.read_rater[marks.read]
    for _ in range(_ROUNDS):
        for _ in range(_STEPS):
            chance = expit(easiness[marks.cell] + own[of_mark])
            slope = np.bincount(marks.cell, marks.met - chance, n_cells) - _RIDGE * easiness
            bend = np.bincount(marks.cell, chance * (1 - chance), n_cells) + _RIDGE
            easiness += slope / bend
        value = _fitted(marks, easiness, share, value)
        known = share.sum(axis=0)
        own = np.where(known > 0, value @ share / np.where(known > 0, known, 1.0), 0.0)
    return _with_errors(marks, easiness, share, weights, value)


def _fitted(
    marks: SeedMarks, easiness: FloatArray, share: FloatArray, start: FloatArray
) -> FloatArray:
    """Leniency at which each school's readers meet as many criteria as they did."""
    value = start.copy()
    of_mark = marks.read_rater[marks.read]
    for _ in range(_STEPS):
        for school, at in enumerate(value):
            chosen = share[school, of_mark]
            kept = chosen > 0
            if not kept.any():
                continue
            chance = expit(easiness[marks.cell[kept]] + at)
            slope = float((chosen[kept] * (marks.met[kept] - chance)).sum())
            bend = float((chosen[kept] * chance * (1 - chance)).sum())
            value[school] = np.clip(at + slope / max(bend, 1e-9), at - 1.0, at + 1.0)
    return value


def _with_errors(
    marks: SeedMarks,
    easiness: FloatArray,
    share: FloatArray,
    weights: FloatArray,
    value: FloatArray,
) -> Leniency:
    of_mark = marks.read_rater[marks.read]
    n_reads = len(marks.read_rater)
    se = np.full(len(value), np.nan)
    counts = (weights > 0).astype(np.int64) @ np.bincount(
        marks.read_rater, minlength=len(marks.raters)
    )
    for school in np.flatnonzero(counts):
        chosen = share[school, of_mark]
        chance = expit(easiness[marks.cell] + value[school])
        by_read = np.bincount(marks.read, chosen * (marks.met - chance), n_reads)
        bend = float((chosen * chance * (1 - chance)).sum())
        free = counts[school] / max(counts[school] - 1, 1)
        se[school] = np.sqrt(free * float((by_read**2).sum())) / max(bend, 1e-9)
    told = np.where(counts > 0, value, np.nan)
    return Leniency(told, se, counts, _of_readers(marks, easiness, share, told))


def _of_readers(
    marks: SeedMarks, easiness: FloatArray, share: FloatArray, value: FloatArray
) -> FloatArray:
    """Standard deviation of a school's leniency that comes of who its readers are.

    The variance between readers of one school, by moments over all schools: squares of
    their own differences less what reads of that spread bring.
    """
    home = share.argmax(axis=0)
    base = np.where(np.isfinite(value[home]), value[home], 0.0)
    rater = marks.read_rater[marks.read]
    chance = expit(easiness[marks.cell] + base[rater])
    n = len(marks.raters)
    bend = np.maximum(np.bincount(rater, chance * (1 - chance), n), 1e-9)
    by_read = np.bincount(marks.read, marks.met - chance, len(marks.read_rater))
    total = np.bincount(marks.read_rater, by_read, n)
    reads = np.maximum(np.bincount(marks.read_rater, minlength=n), 2)
    apart = total / bend
    within = np.bincount(marks.read_rater, by_read**2, n) - total**2 / reads
    noise = within * reads / (reads - 1) / bend**2
    weight = share[home, np.arange(n)]
    known = (weight > 0) & (weight < 1) & (bend > 1)
    if known.sum() < _FEWEST_READERS:
        return np.zeros(len(value))
    between = float(np.mean((apart**2 - noise)[known] / (1 - weight[known])))
    found: FloatArray = np.sqrt(max(between, 0.0) * (share**2).sum(axis=1))
    return found


@dataclass(frozen=True)
class OwnMarks:
    """Cells (piece and criterion) of the schools' own pieces, and how often each was met.

    ``piece`` is of the cell, ``school`` of the piece; ``asks`` is True for the cells a gate asks.
    """

    piece: IntArray
    criterion: IntArray
    met: FloatArray
    reads: FloatArray
    school: IntArray


def pushed(
    own: OwnMarks, asks: FloatArray, rates: FloatArray, leniency: FloatArray, n_schools: int
) -> FloatArray:
    """Rate of each school less its rate with the leniency taken out of every mark.

    The chance of a mark is that of its criterion and of its piece (from all its
    marks); a constant of the school makes the mean chance of passing the gate
    its rate, and the leniency is taken off that.

    Parameters
    ----------
    own : marks on the schools' own pieces
    asks : which cells the gate asks, True or False
    rates : of reads that passed the gate, by school
    leniency : logits by school; NaN stays NaN
    """
    ease = _ease(own)[asks]
    piece = own.piece[asks]
    asked = np.bincount(piece, minlength=len(own.school)) > 0
    pieces = np.maximum(np.bincount(own.school[asked], minlength=n_schools), 1)

    def at(constant: FloatArray) -> FloatArray:
        chance = np.log(expit(ease + constant[own.school[piece]]))
        passing = np.exp(np.bincount(piece, chance, len(own.school)))
        found: FloatArray = np.bincount(own.school[asked], passing[asked], n_schools) / pieces
        return found

    low, high = np.full(n_schools, -_REACH), np.full(n_schools, _REACH)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        under = at(middle) < rates
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    constant = (low + high) / 2
    moved: FloatArray = at(constant) - at(constant - np.nan_to_num(leniency))
    return np.where(np.isfinite(leniency), moved, np.nan)


def _ease(own: OwnMarks) -> FloatArray:
    """Logit of each cell: its piece's and its criterion's, from the shares met."""
    whole = float(own.met.sum() / max(own.reads.sum(), 1))
    by_piece = _shrunken(own.piece, own, len(own.school), whole, 2.0)
    by_criterion = _shrunken(own.criterion, own, int(own.criterion.max()) + 1, whole, 10.0)
    found: FloatArray = (
        logit(by_piece)[own.piece]
        + logit(by_criterion)[own.criterion]
        - logit(min(max(whole, 1e-3), 1 - 1e-3))
    )
    return found


def _shrunken(code: IntArray, own: OwnMarks, size: int, whole: float, prior: float) -> FloatArray:
    met = np.bincount(code, own.met, size)
    reads = np.bincount(code, own.reads, size)
    found: FloatArray = np.clip((met + prior * whole) / (reads + prior), 1e-3, 1 - 1e-3)
    return found
