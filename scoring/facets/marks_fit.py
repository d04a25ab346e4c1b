"""How well marks fit the model: infit and outfit with simulated limits, and interactions.

Mean squares average (x − P)² over what is known of the piece's ability, with a
halo not yet drawn, so that they are 1 under the model. How far from 1 is too
far comes from marks simulated from the fitted model on the same design, never
from a rule of thumb. No simulated round is fitted anew; a rater's few
parameters take little from so many marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import ndtr

from scoring.facets.fit_statistics import ExactAgreement
from scoring.facets.marks_coding import FloatArray, IntArray, MarkCodes
from scoring.facets.marks_likelihood import (
    Grid,
    Layout,
    Point,
    Posterior,
    Tables,
    integrated,
    posterior,
    rows_of_every_count,
    tables,
)

_BLOCK = 20_000  # marks held at once
_LEAST = 1e-9  # a chance is never quite 0 or 1
_ALL = 1 - 1e-9  # a cell with all of a rater's marks has no rest to differ from


@dataclass(frozen=True)
class Residuals:
    """One entry a mark, in the order of ``MarkCodes.met``.

    Attributes
    ----------
    expected : chance of met given all reads of the piece, this one's halo unknown
    residual : mark less ``expected``
    variance, square, standard : P (1 − P), (x − P)² and (x − P)² / (P (1 − P)),
        averaged over the posterior of the piece's ability
    """

    expected: FloatArray
    residual: FloatArray
    variance: FloatArray
    square: FloatArray
    standard: FloatArray


@dataclass(frozen=True)
class FitStatistics:
    """Mean squares of one facet, one entry an element; limits are None where none were drawn.

    ``infit`` weights marks by their variance, ``outfit`` each alike. Outside
    its limits (2.5 and 97.5 % of simulated rounds) a mean square is unusual:
    high is erratic, low more regular than chance allows.
    """

    infit: FloatArray
    outfit: FloatArray
    infit_limits: FloatArray | None = None
    outfit_limits: FloatArray | None = None


@dataclass(frozen=True)
class Interaction:
    """A rater who marks one group of pieces or criteria unlike the rest, one entry a cell.

    Attributes
    ----------
    rater, group : codes
    bias : logits, positive is harsher in this cell than the rater is otherwise
    se : from the spread of whole reads, so that halo is counted in
    p : two-sided
    n_reads : reads in the cell
    """

    rater: IntArray
    group: IntArray
    bias: FloatArray
    se: FloatArray
    p: FloatArray
    n_reads: IntArray


def residuals(layout: Layout, grid: Grid, point: Point) -> Residuals:
    """Expectation, residual and squares of every mark at one point."""
    codes = layout.codes
    made = tables(layout, grid, point)
    known = posterior(layout, made, point)
    weights = _weights(layout, grid, known)
    chances = _Chances(layout, made)
    moments = np.empty((4, len(layout.codes.met)))
    for at in _blocks(layout.codes):
        met, one = codes.met[at, None] == 1, chances.of(at)
        given = weights[codes.read_piece[codes.mark_read[at]]]
        miss = np.where(met, 1 - one, one)
        for row, value in enumerate((one, one * (1 - one), miss**2, miss / (1 - miss))):
            moments[row, at] = np.einsum("ij,ij->i", value, given)
    return Residuals(moments[0], codes.met - moments[0], *moments[1:])


class _Chances:
    """Chance of met of each mark at every ability, the halo integrated out."""

    def __init__(self, layout: Layout, made: Tables) -> None:
        codes = layout.codes
        # Kernel columns sum to one inside the grid; at its ends the halo is cut off alike.
        whole = made.chance @ (made.kernel / made.kernel.sum(axis=0))
        self._chance = np.clip(whole, _LEAST, 1 - _LEAST)
        begins = np.flatnonzero(np.r_[True, np.diff(codes.mark_read) != 0])
        self._place = np.arange(len(codes.met)) - begins[codes.mark_read]
        self._combo = codes.row_combo[codes.read_row[codes.mark_read]]

    def of(self, at: slice) -> FloatArray:
        """Chances of some marks, marks × abilities."""
        found: FloatArray = self._chance[self._combo[at], self._place[at]]
        return found


def _weights(layout: Layout, grid: Grid, known: Posterior) -> FloatArray:
    """Posterior of every piece at the abilities of the grid and of the wide pieces."""
    n_theta = len(grid.theta)
    weights = np.zeros((len(layout.codes.pieces), n_theta + len(layout.wide)))
    weights[layout.ordinary, :n_theta] = known.ability
    weights[layout.wide, n_theta + np.arange(len(layout.wide))] = 1.0
    return weights


def _blocks(codes: MarkCodes) -> Iterator[slice]:
    for start in range(0, len(codes.met), _BLOCK):
        yield slice(start, start + _BLOCK)


def _blocks_of_pieces(piece: IntArray) -> Iterator[slice]:
    """Blocks of about as many marks that part no piece; marks come ordered by piece."""
    start = 0
    while start < len(piece):
        last = piece[min(start + _BLOCK, len(piece)) - 1]
        end = int(np.searchsorted(piece, last, side="right"))
        yield slice(start, end)
        start = end


def mean_squares(found: Residuals, of: IntArray, size: int) -> FitStatistics:
    """Infit and outfit of each element, ``of`` naming the element of every mark.

    infit = Σ (x − P)² / Σ P (1 − P), outfit = mean of (x − P)² / (P (1 − P))
    (Wright and Masters 1982); NaN for an element without marks.
    """
    square, variance, standard = (
        np.bincount(of, weights=values, minlength=size)
        for values in (found.square, found.variance, found.standard)
    )
    with np.errstate(invalid="ignore"):
        return FitStatistics(square / variance, standard / np.bincount(of, minlength=size))


def exact_agreement(
    layout: Layout, grid: Grid, point: Point, kept: NDArray[np.bool_] | None = None
) -> ExactAgreement:
    """Pairs of reads on a criterion of one piece: how often they mark alike, and should.

    Expected is the mean over what is known of the piece's ability of P P' + (1 − P)(1 − P'),
    each read's halo integrated out: given the piece, reads are independent. Marks alike more
    often than expected: pieces have strengths of their own on single criteria, which the model
    leaves out, or raters talked; less often: raters read criteria differently.

    Parameters
    ----------
    kept : of each mark, whether it is counted; all without it

    Returns
    -------
    ExactAgreement
        Shares are NaN where no criterion was marked twice.
    """
    codes = layout.codes
    made = tables(layout, grid, point)
    weights = _weights(layout, grid, posterior(layout, made, point))
    chances = _Chances(layout, made)
    pairs = alike = 0
    expected = 0.0
    piece = codes.read_piece[codes.mark_read]
    counted = np.ones(len(piece), dtype=bool) if kept is None else kept
    for at in _blocks_of_pieces(piece):
        own = np.flatnonzero(counted[at])
        cell = piece[at][own] * len(codes.criteria) + codes.mark_criterion[at][own]
        found, of_cell, size = np.unique(cell, return_inverse=True, return_counts=True)
        met = np.bincount(of_cell, weights=codes.met[at][own], minlength=len(found))
        pairs += int((size * (size - 1)).sum()) // 2
        alike += int((met * (met - 1) + (size - met) * (size - met - 1)).sum()) // 2
        summed = csr_matrix((np.ones(len(own)), (of_cell, np.arange(len(own)))))
        chance = chances.of(at)[own]
        for each in (chance, 1 - chance):
            both = (summed @ each) ** 2 - summed @ each**2
            expected += 0.5 * float((both * weights[found // len(codes.criteria)]).sum())
    if pairs == 0:
        return ExactAgreement(0, nan, nan)
    return ExactAgreement(pairs, alike / pairs, expected / pairs)


def limits_of_fit(
    layout: Layout, grid: Grid, point: Point, draws: int, random_seed: int
) -> tuple[FloatArray, FloatArray]:
    """Limits of raters' infit and outfit under the model: 2 × raters each (low, high)."""
    rng = np.random.default_rng(random_seed)
    rounds = Rounds(layout, grid, point)
    drawn = np.stack([rounds.fit_of(_simulated(layout, point, rng)) for _ in range(draws)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return np.stack([low[0], high[0]]), np.stack([low[1], high[1]])


class Rounds:
    """Mean squares of raters in rounds of the same reads with other marks.

    Who reads which criteria stays, so chances and the likelihood of every count are
    worked out once, and of small rounds what a mark adds, met or not, too.
    """

    def __init__(self, layout: Layout, grid: Grid, point: Point) -> None:
        codes = layout.codes
        self._layout, self._grid = layout, grid
        self._made = tables(layout, grid, point)
        starts, rows = rows_of_every_count(layout, grid, point, self._made)
        self._start_of_read = starts[codes.row_combo[codes.read_row]]
        self._log_rows = np.log(rows[:, : len(grid.theta)])
        self._rater = _rater_of_mark(codes)
        # Reads are ordered by piece; a piece without reads keeps a likelihood of one.
        self._begins = np.flatnonzero(np.r_[True, np.diff(codes.read_piece) != 0])
        self._chances = _Chances(layout, self._made)
        self._blocks = list(_blocks(codes))
        self._kept = _added(self._chances.of(self._blocks[0])) if len(self._blocks) == 1 else None

    def fit_of(self, met: IntArray) -> FloatArray:
        """Infit and outfit of raters, 2 × raters."""
        codes = self._layout.codes
        weights = _weights(self._layout, self._grid, self._posterior(met))
        sums = np.empty((3, len(met)))
        for at in self._blocks:
            given = weights[codes.read_piece[codes.mark_read[at]]]
            variance, *of_mark = (
                np.einsum("ij,ij->i", value, given)
                for value in self._kept or _added(self._chances.of(at))
            )
            chosen = met[at] == 1
            sums[0, at] = variance
            sums[1, at] = np.where(chosen, of_mark[0], of_mark[1])
            sums[2, at] = np.where(chosen, of_mark[2], of_mark[3])
        size = self._layout.sizes[0]
        by_rater = [np.bincount(self._rater, weights=row, minlength=size) for row in sums]
        with np.errstate(invalid="ignore"):
            marks = np.bincount(self._rater, minlength=size)
            return np.stack([by_rater[1] / by_rater[0], by_rater[2] / marks])

    def _posterior(self, met: IntArray) -> Posterior:
        codes, layout = self._layout.codes, self._layout
        count = np.bincount(codes.mark_read, weights=met, minlength=len(codes.read_piece))
        log_reads = self._log_rows[self._start_of_read + count.astype(np.int64)]
        log_piece = np.zeros((len(codes.pieces), log_reads.shape[1]))
        log_piece[codes.read_piece[self._begins]] = np.add.reduceat(log_reads, self._begins)
        return integrated(layout, self._made, log_piece[layout.ordinary])


def _added(chance: FloatArray) -> tuple[FloatArray, ...]:
    """What a mark adds: variance, then the square and the standard square of a met and an unmet one."""
    miss = 1 - chance
    return chance * miss, miss**2, chance**2, miss / chance, chance / miss


def interactions(codes: MarkCodes, found: Residuals, group_of_mark: IntArray) -> Interaction:
    """Bias of every rater in every group, against the rater's own level.

    One step of Newton's from no bias: Σ (x − P), less the cell's share of the
    rater's total, over its information. With r the residuals of one read, in
    the cell and in all, the read moves that by r_cell − share · r_all; the
    standard error sums the squares of these (from nought, their mean without
    bias), so that a halo which lifts cell and rest alike counts for nothing and
    one that lifts a cell's reads counts in full. ``group_of_mark`` below nought
    leaves a mark out.
    """
    n_raters, n_reads = len(codes.raters), len(codes.read_piece)
    kept = np.flatnonzero(group_of_mark >= 0)
    rater = _rater_of_mark(codes)[kept]
    residual, variance = found.residual[kept], found.variance[kept]
    groups = int(group_of_mark.max(initial=0)) + 1
    cell, which = np.unique(rater * groups + group_of_mark[kept], return_inverse=True)
    owner = cell // groups
    pair, of_pair = np.unique(which * n_reads + codes.mark_read[kept], return_inverse=True)
    of_cell = pair // n_reads
    in_cell = np.bincount(of_pair, weights=residual)
    in_all = np.bincount(codes.mark_read[kept], weights=residual, minlength=n_reads)
    information = np.bincount(which, weights=variance)
    share = information / np.bincount(rater, weights=variance, minlength=n_raters)[owner]
    level = np.bincount(rater, weights=residual, minlength=n_raters)[owner]
    total = np.bincount(of_cell, weights=in_cell) - share * level
    whole = np.bincount(codes.read_rater, weights=in_all**2, minlength=n_raters)[owner]
    square = np.bincount(of_cell, weights=in_cell**2) + share**2 * whole
    square -= 2 * share * np.bincount(of_cell, weights=in_cell * in_all[pair % n_reads])
    count = np.bincount(of_cell)
    bias, se = -total / information, np.sqrt(np.maximum(square, 0.0)) / information
    told = (count > 1) & (share < _ALL) & (se > 0)
    z = np.divide(bias, se, out=np.zeros(len(cell)), where=told)
    return Interaction(owner, cell % groups, bias, se, 2 * ndtr(-np.abs(z)), count)


def _rater_of_mark(codes: MarkCodes) -> IntArray:
    return codes.read_rater[codes.mark_read]


def _simulated(layout: Layout, point: Point, rng: np.random.Generator) -> IntArray:
    """Marks of the same reads with abilities and halos drawn anew."""
    codes = layout.codes
    ability = rng.normal(0.0, point.piece_sd, len(codes.pieces))
    if layout.clustered:
        teachers = rng.normal(0.0, point.teacher_sd, int(codes.teacher_of.max()) + 1)
        ability += teachers[codes.teacher_of]
    ability[layout.wide] = point.wide
    halo = rng.normal(0.0, point.halo_sd, len(codes.read_piece))
    of_read = ability[codes.read_piece] + halo - point.severity[codes.read_rater]
    logit = of_read[codes.mark_read] - point.difficulty[codes.mark_criterion]
    met: IntArray = (rng.random(len(logit)) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    return met
