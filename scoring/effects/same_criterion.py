"""What the other readers found of the same criterion of a piece, beyond how good the piece is.

Two who read one piece agree on a criterion more often than its ability and the
criterion's difficulty let one expect: what is there is there. Knowing what
the others found leaves less to chance in a read, so a shift of severity shows
sooner. Where there is no such agreement nothing changes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar

from scoring.effects.predicting import Predicted
from scoring.effects.shifting import symmetric
from scoring.tables import FloatArray

_SPREADS = (-8.0, 4.0)  # logarithms of the variances looked through, logits²
_TOLERANCE = 0.05


def knowing_criteria(reads: Predicted) -> Predicted:
    """Move the difficulty of every mark by what the other reads of the piece say of it.

    Piece and criterion together have a part of their own, normal with a variance that
    is told by the marks of each read given how many of them are met: that conditional
    likelihood (Andersen 1970) knows neither ability, nor severity, nor halo. What the
    others say is the posterior mode of that part after one step from nought, their
    own numbers met held fixed, so that nothing is said twice.
    """
    residual, information = _of_others(reads)

    def known(log_variance: float) -> FloatArray:
        variance = np.exp(log_variance)
        part: FloatArray = variance * residual / (1 + variance * information)
        return part

    found = minimize_scalar(
        lambda at: -_conditional(reads, known(at)),
        bounds=_SPREADS,
        method="bounded",
        options={"xatol": _TOLERANCE},
    )
    return replace(reads, difficulty=reads.difficulty - known(float(found.x)))


def _of_others(reads: Predicted) -> tuple[FloatArray, FloatArray]:
    """Residuals of the others' marks given their numbers met, and their variances, summed."""
    chance = _given_number(reads)
    criteria = int(reads.criterion.max(initial=0)) + 1
    named = reads.piece[:, None] * criteria + np.maximum(reads.criterion, 0)
    cells, which = np.unique(named, return_inverse=True)
    cell = which.reshape(named.shape)
    sums = []
    for own in (reads.met - chance, chance * (1 - chance)):
        real = np.where(reads.real, own, 0.0)
        every = np.bincount(cell.ravel(), real.ravel(), len(cells))
        sums.append(np.where(reads.real, every[cell] - real, 0.0))
    return sums[0], np.maximum(sums[1], 0.0)


def _given_number(reads: Predicted) -> FloatArray:
    """Chance of each mark being met, given how many of its read are; 0 where there is none."""
    ease = np.where(reads.real, np.exp(-reads.difficulty), 0.0)
    rows = np.arange(len(reads))
    met = reads.met.sum(axis=1).astype(np.int64)
    whole = symmetric(ease)[rows, met]
    chance = np.zeros(ease.shape)
    for column in range(ease.shape[1]):
        rest = ease.copy()
        rest[:, column] = 0.0
        others = symmetric(rest)[rows, np.maximum(met - 1, 0)]
        chance[:, column] = np.where(met > 0, ease[:, column] * others / whole, 0.0)
    return np.clip(chance, 0.0, 1.0)


def _conditional(reads: Predicted, part: FloatArray) -> float:
    """Log likelihood of the marks of all reads given how many of each are met."""
    logit = np.where(reads.real, part - reads.difficulty, -np.inf)
    met = reads.met.sum(axis=1).astype(np.int64)
    of_number = symmetric(np.exp(logit))[np.arange(len(met)), met]
    return float(np.where(reads.met > 0, logit, 0.0).sum() - np.log(of_number).sum())
