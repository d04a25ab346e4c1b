"""How well raters and criteria follow the model: mean squares, separation, exact agreement.

Residuals are averaged over what is known of each ability, not taken at one estimate, so
mean squares are 1 under the model. How far from 1 is too far comes from simulation
(:mod:`scoring.facets.limits`), never from a fixed rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.facets.climbing import State
from scoring.facets.panels import Design
from scoring.facets.posterior import blocks, per_panel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LEAST_VARIANCE = 1e-10
"""Of a rating: so far out nobody is, and division must not fail there."""


@dataclass(frozen=True)
class MeanSquares:
    """Fit of raters or criteria, one entry each.

    ``infit`` weighs each rating by its information, ``outfit`` does not. Over 1: noisier
    than the model; under 1: more predictable, as with few levels used.
    """

    infit: FloatArray
    outfit: FloatArray
    count: IntArray


@dataclass(frozen=True)
class Separation:
    """How far measures differ beyond their errors (Wright & Masters 1982).

    ``separation`` is the true SD in units of error, ``strata`` how many levels can be
    told apart, ``reliability`` the share of variance that is not error. NaN with
    fewer than two measures.
    """

    observed_variance: float
    error_variance: float
    separation: float
    strata: float
    reliability: float


@dataclass(frozen=True)
class ExactAgreement:
    """Share of rater pairs that gave the same level, and the share the model expects."""

    pairs: int
    observed: float
    expected: float


def mean_squares(state: State) -> tuple[MeanSquares, MeanSquares]:
    """Fit of raters and of criteria, residuals averaged over the posterior of each person."""
    design = state.design
    mass = _mass_by_level(state)
    expected, variance = state.curves.expected, state.curves.variance
    levels = np.arange(design.n_steps + 1)[None, :, None]
    squares = (levels - expected[:, None, :]) ** 2
    square = np.einsum("ukq,ukq->u", mass, squares)
    standard = np.einsum(
        "ukq,ukq->u", mass, squares / np.maximum(variance, _LEAST_VARIANCE)[:, None, :]
    )
    spread = np.einsum("uq,uq->u", mass.sum(axis=1), variance)
    count = np.bincount(design.rating_cell, minlength=len(design.cell_rater))
    return (
        summed_squares(design.cell_rater, design.n_raters, square, spread, standard, count),
        summed_squares(design.cell_criterion, design.n_criteria, square, spread, standard, count),
    )


def summed_squares(
    code: IntArray,
    size: int,
    square: FloatArray,
    variance: FloatArray,
    standard: FloatArray,
    count: NDArray[np.integer],
) -> MeanSquares:
    """Mean squares of whatever ``code`` numbers.

    Parameters
    ----------
    code : of each row, 0 … size − 1
    square, variance, standard : of each row, (x − E)², V and (x − E)² / V
    count : ratings in each row

    Returns
    -------
    MeanSquares
        infit = Σ (x − E)² / Σ V and outfit = mean (x − E)² / V (Wright & Masters 1982);
        NaN where there is no rating.

    Examples
    --------
    >>> import numpy as np
    >>> one, code = np.ones(2), np.zeros(2, int)
    >>> summed_squares(code, 1, 0.5 * one, 0.25 * one, 2 * one, one.astype(int)).infit.tolist()
    [2.0]
    """
    number = np.bincount(code, count, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        infit = np.bincount(code, square, size) / np.bincount(code, variance, size)
        outfit = np.bincount(code, standard, size) / number
    return MeanSquares(infit, outfit, number.astype(np.int64))


def separation(estimates: FloatArray, errors: FloatArray) -> Separation:
    """Separation, strata and reliability of measures with standard errors.

    Examples
    --------
    >>> import numpy as np
    >>> separation(np.array([-1.0, 1.0]), np.array([0.5, 0.5])).reliability
    0.875
    """
    if len(estimates) < 2:
        return Separation(nan, nan, nan, nan, nan)
    observed = float(np.var(estimates, ddof=1))
    error = float(np.mean(np.square(errors)))
    ratio = sqrt(max(observed - error, 0.0) / error) if error > 0 else nan
    reliability = max(1 - error / observed, 0.0) if observed > 0 else 0.0
    return Separation(observed, error, ratio, (4 * ratio + 1) / 3, reliability)


def exact_agreement(state: State) -> ExactAgreement:
    """Pairs of raters on one person and criterion: how often they agree, and should."""
    design = state.design
    observed, pairs = _agreeing_pairs(design)
    chances = state.curves.chances
    panel_cells = (design.panel_kinds @ design.kind_cells).tocsr()
    total, first = 0.0, 0
    for block in blocks(design, state.curves, state.nodes):
        last = first + len(block.starts)
        count = design.group_count[block.groups][:, None]
        mass = per_panel(block, block.chances * count)
        total += _expected_pairs(design, panel_cells[first:last], chances, mass)
        first = last
    if pairs == 0:
        return ExactAgreement(0, nan, nan)
    return ExactAgreement(pairs, observed / pairs, total / pairs)


def _agreeing_pairs(design: Design) -> tuple[int, int]:
    criterion = design.cell_criterion[design.rating_cell]
    place = design.rating_person.astype(np.int64) * design.n_criteria + criterion
    together = np.unique(place, return_counts=True)[1].astype(np.int64)
    alike = np.unique(place * (design.n_steps + 1) + design.rating_level, return_counts=True)[
        1
    ].astype(np.int64)
    return int((alike * (alike - 1)).sum() // 2), int((together * (together - 1)).sum() // 2)


def _expected_pairs(
    design: Design, panel_cells: sparse.csr_array, chances: FloatArray, mass: FloatArray
) -> float:
    """Σ over pairs of Σ P(both give k), as ½ Σ ((Σ p)² − Σ p²) over the cells of a criterion."""
    total = 0.0
    for criterion in range(design.n_criteria):
        chosen = np.flatnonzero(design.cell_criterion == criterion)
        taking = panel_cells[:, chosen]
        for level in range(design.n_steps + 1):
            chance = chances[chosen, level]
            both = (taking @ chance) ** 2 - taking @ chance**2
            total += 0.5 * float((mass * both).sum())
    return total


def _mass_by_level(state: State) -> FloatArray:
    """Expected persons at each node among those given a level in a cell: cells × levels × nodes."""
    design = state.design
    width = design.n_steps + 1
    rows = design.rating_cell.astype(np.int64) * width + design.rating_level
    columns = design.person_group[design.rating_person]
    shape = (len(design.cell_rater) * width, len(design.group_panel))
    taking = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsc()
    mass = np.zeros((shape[0], len(state.nodes.ability)))
    for block in blocks(design, state.curves, state.nodes):
        mass += taking[:, block.groups] @ block.chances
    return mass.reshape(-1, width, len(state.nodes.ability))
