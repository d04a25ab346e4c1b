"""Measures of pieces on the scale of the marks model, from their reads alone or with the round's.

EAP, the posterior mean, uses what the round and the teacher's other pieces
tell; it is pulled towards them. WLE (Warm 1989) uses the piece's own reads
only and is for comparisons that must not lean on anything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.facets.marks_coding import FloatArray, IntArray
from scoring.facets.marks_likelihood import Grid, Layout, Point, Posterior

_BEYOND = 4.0  # logits past the grid of abilities a WLE is looked for


@dataclass(frozen=True)
class PieceMeasures:
    """One entry a piece, logits; more is better.

    ``wle`` and ``wle_se`` are NaN for a piece whose own marks tell nothing (all
    of its criteria were met by everybody).
    """

    eap: FloatArray
    eap_sd: FloatArray
    wle: FloatArray
    wle_se: FloatArray


def piece_measures(
    layout: Layout, grid: Grid, point: Point, known: Posterior, wide_se: FloatArray
) -> PieceMeasures:
    """EAP with posterior SD and WLE with standard error of every piece.

    ``wide_se`` are the standard errors of the wide pieces' abilities, which are
    parameters: for them both measures are the estimate.
    """
    n_pieces = len(layout.codes.pieces)
    eap, eap_sd, wle, wle_se = (np.empty(n_pieces) for _ in range(4))
    mean = known.ability @ grid.theta
    square = known.ability @ grid.theta**2
    eap[layout.ordinary] = mean
    eap_sd[layout.ordinary] = np.sqrt(square - mean**2)
    wle[layout.ordinary], wle_se[layout.ordinary] = _warm(layout, point)
    for values, of_wide in ((eap, point.wide), (wle, point.wide), (eap_sd, wide_se)):
        values[layout.wide] = of_wide
    wle_se[layout.wide] = wide_se
    return PieceMeasures(eap, eap_sd, wle, wle_se)


def _warm(layout: Layout, point: Point) -> tuple[FloatArray, FloatArray]:
    """Root of the score plus half the slope of log information, by bisection.

    A read of n criteria is taken as one with the halo's variance besides its
    own: its information is 1 / (σ_h² + 1 / Σ P (1 − P)) at the ability itself,
    its score (count − Σ P) over the same stretch. That keeps a measure finite
    where every criterion, or none, was met.
    """
    codes = layout.codes
    place = np.full(len(codes.pieces), -1, dtype=np.int64)
    place[layout.ordinary] = np.arange(len(layout.ordinary))
    reads = np.flatnonzero(place[codes.read_piece] >= 0)
    piece = place[codes.read_piece[reads]]
    low = np.full(len(layout.ordinary), -_bound(point))
    high = -low
    for _ in range(40):
        middle = (low + high) / 2
        rises = _slope(layout, point, reads, piece, middle)[0] > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    middle = (low + high) / 2
    information = _slope(layout, point, reads, piece, middle)[1]
    told = np.where(information > 0, information, np.nan)
    return np.where(information > 0, middle, np.nan), 1 / np.sqrt(told)


def _bound(point: Point) -> float:
    reach = np.abs(point.difficulty).max() + np.abs(point.severity).max()
    return float(reach) + _BEYOND


def _slope(
    layout: Layout, point: Point, reads: IntArray, piece: IntArray, ability: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Warm's weighted score of each piece at an ability, and its information."""
    codes = layout.codes
    row = codes.read_row[reads]
    combo = codes.row_combo[row]
    hardness = np.append(point.difficulty, np.inf)[codes.sets][codes.combo_set[combo]]
    logit = (ability[piece] - point.severity[codes.combo_rater[combo]])[:, None] - hardness
    chance = 1 / (1 + np.exp(-logit))
    spread = chance * (1 - chance)
    inner = spread.sum(axis=1)
    bend = (spread * (1 - 2 * chance)).sum(axis=1)
    stretch = 1 / (1 + point.halo_sd**2 * inner)
    score = (codes.row_count[row] - chance.sum(axis=1)) * stretch
    size = len(ability)
    total = np.bincount(piece, weights=score, minlength=size)
    information = np.bincount(piece, weights=inner * stretch, minlength=size)
    change = np.bincount(piece, weights=bend * stretch**2, minlength=size)
    pull = np.divide(change, 2 * information, out=np.zeros(size), where=information > 0)
    return np.asarray(total + pull, dtype=np.float64), information.astype(np.float64)
