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

from scoring.effects.pooling import POOL
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
    chance : of each number met, at the rater's severity
    variance : of the ratio
    slope : change of its mean with a logit of severity
    met_slope : change of the number met with a logit of severity (negative)
    """

    ratio: FloatArray
    chance: FloatArray
    variance: FloatArray
    slope: FloatArray
    met_slope: FloatArray

    def of(self, met: IntArray) -> FloatArray:
        """Ratio of so many met: one number a read, or reads × draws."""
        rows = np.arange(len(self.ratio))
        return self.ratio[rows if met.ndim == 1 else rows[:, None], met]

    def drawn(self, random_seed: int, pool: int = POOL) -> FloatArray:
        """Ratios of so many draws of each read: reads × pool."""
        level = np.cumsum(self.chance, axis=1)
        level[:, -1] = np.inf
        uniform = np.random.default_rng(random_seed).random((len(level), pool))
        met = np.zeros(uniform.shape, dtype=np.int64)
        for column in range(level.shape[1] - 1):
            met += uniform > level[:, column, None]
        return self.of(met)

    def dispersion(self, met: IntArray, weight: FloatArray) -> float:
        """How many times as much the ratios vary as they should, beyond chance; 1 at least.

        What goes with the ``weight`` (a circumstance) is not counted, and one standard
        error is given away: who reads like the model should not be widened by chance.
        """
        apart = self.of(met)
        with_it = float(weight @ apart) ** 2 / max(float(weight**2 @ self.variance), _LEAST)
        chance = max(float(self.variance.sum()), _LEAST)
        fourth = (self.chance * self.ratio**4).sum(axis=1) - self.variance**2
        error = float(np.sqrt(max(float(fourth.sum()), 0.0))) / chance
        return max((float((apart**2).sum()) - with_it) / chance - error, 1.0)


def tilted(reads: Predicted, severity: float) -> Tilt:
    """Work it out around a severity (logits), others' marks held fixed.

    At a level η of ability and halo, r criteria are met with a chance in proportion to
    ε_r exp(r (η − s)), ε_r the elementary symmetric function of their easinesses (Rasch).
    """
    ease = symmetric(np.where(reads.real, np.exp(-reads.difficulty), 0.0))
    number = np.arange(ease.shape[1])

    def chances(at: float) -> FloatArray:
        lift = np.exp(np.outer(reads.eta - at, number))
        made: FloatArray = ease * ((reads.weight / (ease @ lift.T)) @ lift)
        return made

    middle, harsher, milder = map(chances, (severity, severity + STEP, severity - STEP))
    ratio = np.log(np.maximum(harsher, _LEAST) / np.maximum(milder, _LEAST))
    ratio = np.where(np.maximum(harsher, milder) > _LEAST, ratio, 0.0)
    ratio = ratio - (middle * ratio).sum(axis=1, keepdims=True)
    change = (harsher - milder) / (2 * STEP)
    return Tilt(
        ratio,
        middle,
        (middle * ratio**2).sum(axis=1),
        (change * ratio).sum(axis=1),
        change @ number,
    )


def symmetric(ease: FloatArray) -> FloatArray:
    """Elementary symmetric functions of each row: rows × numbers from 0."""
    made = np.zeros((len(ease), ease.shape[1] + 1))
    made[:, 0] = 1.0
    for column in range(ease.shape[1]):
        made[:, 1:] += made[:, :-1] * ease[:, column, None]
    return made
