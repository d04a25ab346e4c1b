"""Flip risk 翻转风险: the chance that another draw of readers decides otherwise.

π = P(decision of a new draw ≠ decision observed | data). A number here never
changes a level; it says where one more read is worth most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from scoring.facets.draws import MarkDraws
from scoring.stability.consensus_codes import EXCELLENT, FAIL, PASS, LevelCodes
from scoring.stability.fresh_reads import Design, Indices

Floats = NDArray[np.float64]

INTERVAL = 0.95
_RESULTS_AT_ONCE = 2_000


@dataclass(frozen=True)
class ResultPieces:
    """Which pieces make up which result: one entry a piece that counts, results in order.

    Attributes
    ----------
    piece : places in the draws, sorted by result
    result : number of the result, from 0, none left out
    counted : whether 优秀 asks for this piece (core pieces, or every piece by policy)
    """

    piece: Indices
    result: Indices
    counted: NDArray[np.bool_]

    @property
    def first(self) -> Indices:
        """Where each result begins."""
        return np.flatnonzero(np.diff(self.result, prepend=-1))

    def __len__(self) -> int:
        return int(self.result[-1]) + 1 if len(self.result) else 0


@dataclass(frozen=True)
class FlipRisks:
    """Flip risk of each result, arrays of one length.

    Attributes
    ----------
    flip_risk : share of draws that decide otherwise than observed
    lo, hi : 95 % interval, for the number of draws and for what is not known of
        difficulty, severity and halo
    modal : level most draws come to
    unsure : share of draws that do not come to it
    """

    flip_risk: Floats
    lo: Floats
    hi: Floats
    modal: LevelCodes
    unsure: Floats


@dataclass(frozen=True)
class Replication:
    """Expected replication of results: 1 − mean flip risk, with a 95 % interval.

    The results are taken as they are; the interval is for the parameters and
    the number of draws, not for other teachers.
    """

    share: float
    lo: float
    hi: float
    results: int


def result_levels(levels: LevelCodes, made_of: ResultPieces) -> LevelCodes:
    """Level of each result in each draw, as :func:`scoring.gate.competency_result` has it.

    ``fail`` if any piece fails; ``excellent`` if every counted piece is; else ``pass``.

    Examples
    --------
    >>> made_of = ResultPieces(np.array([0, 1]), np.array([0, 0]), np.array([True, False]))
    >>> result_levels(np.array([[2, 1], [1, 2], [2, 0]], dtype=np.int8), made_of).ravel().tolist()
    [2, 1, 0]
    """
    starts = made_of.first
    found = np.empty((len(levels), len(made_of)), dtype=np.int8)
    any_counted = np.logical_or.reduceat(made_of.counted, starts)
    for row, level in enumerate(levels):
        mine = level[made_of.piece]
        least = np.minimum.reduceat(mine, starts)
        counted = np.minimum.reduceat(np.where(made_of.counted, mine, EXCELLENT), starts)
        excellent = (counted == EXCELLENT) & any_counted
        found[row] = np.where(least == FAIL, FAIL, np.where(excellent, EXCELLENT, PASS))
    return found


def flip_risks(drawn: LevelCodes, observed: LevelCodes, shifts: Floats) -> FlipRisks:
    """Flip risk of each result with its interval.

    The interval has two parts. With D draws the share is known to
    √(π(1 − π)/D). And the draws come from parameters that are estimated:
    regressing "decided otherwise" on the shift of the result's logits in the
    draw says how far π moves with them; the spread of the fitted values, less
    what D coin tosses would give, is added. Both go into a Wilson interval of
    that many tosses.

    Parameters
    ----------
    drawn : draws × results, level codes
    observed : level code of each result
    shifts : covariates × draws × results
        See :func:`logit_shifts`.
    """
    count, results = drawn.shape
    counts = np.stack([(drawn == level).sum(axis=0) for level in range(3)])
    modal = counts.argmax(axis=0).astype(np.int8)
    risk = 1.0 - counts[observed, np.arange(results)] / count
    moved = np.empty(results)
    for start in range(0, results, _RESULTS_AT_ONCE):
        part = slice(start, start + _RESULTS_AT_ONCE)
        flips = (drawn[:, part] != observed[part]).astype(np.float32)
        moved[part] = _moved_by_parameters(flips, shifts[:, :, part])
    lo, hi = _wilson(risk, risk * (1 - risk) / count + moved, count)
    return FlipRisks(risk, lo, hi, modal, 1.0 - counts.max(axis=0) / count)


def expected_replication(drawn: LevelCodes, observed: LevelCodes) -> Replication:
    """Share of these results that another draw of readers would repeat.

    The spread of the share from draw to draw holds the parameters, which all
    results of a draw have in common, and chance, which they have not; the
    latter (Σ π(1 − π)/N²) is taken out once for each draw and left in for
    their mean.
    """
    same = (drawn == observed).mean(axis=1)
    risk = 1.0 - (drawn == observed).mean(axis=0)
    by_chance = float((risk * (1 - risk)).sum()) / len(risk) ** 2
    spread = max(float(same.var(ddof=1)) - by_chance, 0.0) if len(same) > 1 else 0.0
    half = float(ndtri((1 + INTERVAL) / 2) * np.sqrt(spread + by_chance / len(same)))
    share = float(same.mean())
    return Replication(share, max(share - half, 0.0), min(share + half, 1.0), len(risk))


def logit_shifts(draws: MarkDraws, design: Design, made_of: ResultPieces) -> Floats:
    """Where the parameters of a draw push a result: covariates × draws × results.

    First the mean logit that difficulty and the pool's mean severity take away
    from its pieces, then the logarithm of the halo's SD.
    """
    hard = np.zeros(draws.ability.shape, dtype=np.float32)
    for slot in design.slots:
        hard[:, slot.pieces] = draws.difficulty[:, slot.criteria].mean(axis=1)[:, None]
    hard += _pool_severity(draws, design)
    sizes = np.bincount(made_of.result)
    taken = np.add.reduceat(hard[:, made_of.piece], made_of.first, axis=1) / sizes
    halo = np.log(np.maximum(draws.halo_sd, 1e-6))[:, None]
    return np.stack([taken, np.broadcast_to(halo, taken.shape)]).astype(np.float32)


def _pool_severity(draws: MarkDraws, design: Design) -> NDArray[np.float32]:
    """Mean severity of the readers eligible for each piece: draws × pieces."""
    pools = design.pools
    keys, of_piece = np.unique(np.stack([pools.first, pools.size]), axis=1, return_inverse=True)
    means = [
        draws.severity[:, pools.members[first : first + size]].mean(axis=1)
        if size
        else np.zeros(len(draws))
        for first, size in keys.T
    ]
    found: NDArray[np.float32] = np.stack(means, axis=1).astype(np.float32)[:, of_piece.ravel()]
    return found


def _moved_by_parameters(flips: NDArray[np.float32], shifts: Floats) -> Floats:
    """Variance of π with the parameters: of the fitted values, less that of noise, at least 0."""
    count = len(flips)
    centred = [each - each.mean(axis=0) for each in shifts]
    target = flips - flips.mean(axis=0)
    gram = np.stack([[(a * b).sum(axis=0) for b in centred] for a in centred]).T
    sides = np.stack([(a * target).sum(axis=0) for a in centred], axis=1)
    gram = gram + 1e-9 * (1 + np.trace(gram, axis1=1, axis2=2))[:, None, None] * np.eye(len(shifts))
    slopes = np.linalg.solve(gram, sides[..., None])[..., 0]
    explained = (slopes * sides).sum(axis=1) / count
    left = np.maximum((target**2).sum(axis=0) / count - explained, 0.0)
    found: Floats = np.maximum(explained - len(shifts) * left / count, 0.0)
    return found


def _wilson(share: Floats, variance: Floats, count: int) -> tuple[Floats, Floats]:
    """Wilson interval of a share whose variance is that of so many tosses, at most ``count``."""
    tosses = share * (1 - share)
    effective = np.divide(tosses, variance, out=np.full_like(share, count), where=variance > 0)
    z = float(ndtri((1 + INTERVAL) / 2))
    scale = 1 + z**2 / effective
    middle = (share + z**2 / (2 * effective)) / scale
    half = z / scale * np.sqrt(tosses / effective + z**2 / (4 * effective**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
