"""The sharpest sum for a shift of severity: what the number of criteria met in each read says for it.

Given ability and halo, the number met holds all a read tells of its rater's
severity (Rasch 1960). Its log likelihood ratio between a little more and a
little less severity weighs reads by what they tell: an unmet criterion of a
piece everybody finds complete counts more than one of a piece nobody is sure
of. Among sums over reads it is the most powerful for small shifts (Neyman and
Pearson; the locally best test of Rao 1948).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scoring.effects.predicting import Predicted
from scoring.tables import FloatArray, IntArray

STEP = 0.4
"""Logits more and less severe than the rater, between which the ratio is taken."""

_LEAST = 1e-12


@dataclass(frozen=True)
class Tilt:
    """What each number met says for more severity, one row a read.

    Attributes
    ----------
    ratio : reads × numbers met from 0, log likelihood ratio less its mean
    variance : of the ratio
    slope : change of its mean with a logit of severity
    met_slope : change of the number met with a logit of severity (negative)
    """

    ratio: FloatArray
    variance: FloatArray
    slope: FloatArray
    met_slope: FloatArray

    def of(self, met: IntArray) -> FloatArray:
        """Ratio of so many met: one number a read, or reads × draws."""
        rows = np.arange(len(self.ratio))
        return self.ratio[rows if met.ndim == 1 else rows[:, None], met]


def tilted(reads: Predicted, severity: float) -> Tilt:
    """Work it out around a severity (logits), others' marks held fixed."""
    hard = np.where(reads.real, reads.difficulty, np.inf)
    rows, which = np.unique(hard, axis=0, return_inverse=True)
    chances = []
    for moved in (severity, severity + STEP, severity - STEP):
        tables = _counts(rows, reads.eta, moved)
        chance = np.zeros((len(reads), hard.shape[1] + 1))
        for row, table in enumerate(tables):
            at = which.ravel() == row
            chance[at] = reads.weight[at] @ table
        chances.append(chance)
    middle, harsher, milder = chances
    ratio = np.log(np.maximum(harsher, _LEAST) / np.maximum(milder, _LEAST))
    ratio = np.where(np.maximum(harsher, milder) > _LEAST, ratio, 0.0)
    ratio = ratio - (middle * ratio).sum(axis=1, keepdims=True)
    change = (harsher - milder) / (2 * STEP)
    return Tilt(
        ratio,
        (middle * ratio**2).sum(axis=1),
        (change * ratio).sum(axis=1),
        change @ np.arange(change.shape[1]),
    )


def _counts(hard: FloatArray, eta: FloatArray, severity: float) -> FloatArray:
    """Chance of each number met: sets of criteria × eta × numbers from 0."""
    chance = expit(eta[None, :, None] - severity - hard[:, None, :])
    made = np.zeros((*chance.shape[:2], chance.shape[2] + 1))
    made[..., 0] = 1.0
    for c in range(chance.shape[2]):
        one = chance[..., c, None]
        longer = made * (1 - one)
        longer[..., 1:] += (made * one)[..., :-1]
        made = longer
    return made
