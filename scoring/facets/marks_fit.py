"""How well marks fit the model: infit and outfit with simulated limits, and interactions.

Mean squares average (x − P)² over what is known of the piece's ability, with a
halo not yet drawn, so that they are 1 under the model. How far from 1 is too
far comes from marks simulated from the fitted model on the same design, never
from a rule of thumb. No simulated round is fitted anew; a rater's few
parameters take little from so many marks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from scoring.facets.marks_coding import FloatArray, IntArray, MarkCodes
from scoring.facets.marks_likelihood import Grid, Layout, Point, lay_out, posterior, tables

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
    n_theta = len(grid.theta)
    weight = np.zeros((len(codes.pieces), made.kernel.shape[1]))
    weight[layout.ordinary, :n_theta] = known.ability
    weight[layout.wide, n_theta + np.arange(len(layout.wide))] = 1.0
    # Kernel columns sum to one inside the grid; at its ends the halo is cut off alike.
    chance = np.clip(made.chance @ (made.kernel / made.kernel.sum(axis=0)), _LEAST, 1 - _LEAST)
    begins = np.flatnonzero(np.r_[True, np.diff(codes.mark_read) != 0])
    place = np.arange(len(codes.met)) - begins[codes.mark_read]
    combo = codes.row_combo[codes.read_row[codes.mark_read]]
    piece = codes.read_piece[codes.mark_read]
    moments = np.empty((4, len(codes.met)))
    for start in range(0, len(codes.met), _BLOCK):
        at = slice(start, start + _BLOCK)
        met = codes.met[at, None] == 1
        one, given = chance[combo[at], place[at]], weight[piece[at]]
        miss = np.where(met, 1 - one, one)
        for row, value in enumerate((one, one * (1 - one), miss**2, miss / (1 - miss))):
            moments[row, at] = np.einsum("ij,ij->i", value, given)
    return Residuals(moments[0], codes.met - moments[0], *moments[1:])


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


def limits_of_fit(
    layout: Layout, grid: Grid, point: Point, draws: int, random_seed: int
) -> tuple[FloatArray, FloatArray]:
    """Limits of raters' infit and outfit under the model: 2 × raters each (low, high)."""
    rng = np.random.default_rng(random_seed)
    n_raters = layout.sizes[0]
    drawn = np.empty((draws, 2, n_raters))
    for one in range(draws):
        again = lay_out(layout.codes.with_marks(_simulated(layout, point, rng)))
        found = residuals(again, grid, point)
        fit = mean_squares(found, _rater_of_mark(again.codes), n_raters)
        drawn[one] = fit.infit, fit.outfit
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return np.stack([low[0], high[0]]), np.stack([low[1], high[1]])


def interactions(codes: MarkCodes, found: Residuals, group_of_mark: IntArray) -> Interaction:
    """Bias of every rater in every group, against the rater's own level.

    One step of Newton's from no bias: Σ (x − P), less the cell's share of the
    rater's total, over its information. With r the residuals of one read, in
    the cell and in all, the read moves that by r_cell − share · r_all; the
    standard error sums the squares of these, so that a halo which lifts cell
    and rest alike counts for nothing and one that lifts a cell's reads counts
    in full. ``group_of_mark`` below nought leaves a mark out.
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
    spread = np.maximum(square, 0.0) * count / np.maximum(count - 1, 1)
    bias, se = -total / information, np.sqrt(spread) / information
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
