"""What a model that weighs each rater by the own errors takes for the true levels (Dawid and Skene 1979).

A comparison, never a result: with two or three readings a unit there is little to learn a
rater's errors from, the likelihood has several maxima, and who is outvoted often looks wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.tables import FloatArray, RatingCodes

_MOST_ROUNDS = 20_000
_SETTLED = 1e-12  # of the logarithm of the likelihood, from round to round


@dataclass(frozen=True)
class LatentLevels:
    """Latent levels of units and errors of raters.

    Attributes
    ----------
    log_likelihood : of the ratings
    prior : share of units on each latent level
    posterior : units × levels, chance of each latent level given the ratings
    confusion : raters × latent level × level given; each row sums to 1, or is 0 where no
        unit the rater rated can be on that level
    iterations : rounds of expectation and maximisation
    converged : whether the likelihood had settled by then
    """

    log_likelihood: float
    prior: FloatArray
    posterior: FloatArray
    confusion: FloatArray
    iterations: int
    converged: bool

    def accuracy(self, codes: RatingCodes) -> FloatArray:
        """Share of each rater's ratings that give the latent level, NaN for one without ratings."""
        hit = self.posterior[codes.unit, codes.level]
        size = len(codes.raters)
        count = np.bincount(codes.rater, minlength=size)
        with np.errstate(invalid="ignore"):
            share: FloatArray = np.bincount(codes.rater, weights=hit, minlength=size) / count
        return share


def latent_levels(codes: RatingCodes) -> LatentLevels:
    """Estimate by expectation and maximisation, from the shares of votes, without smoothing.

    Returns
    -------
    LatentLevels
        A local maximum: the one votes lead to.

    Examples
    --------
    Two raters who agree on a and b, and a third who takes every a for b:

    >>> unit, rater = np.divmod(np.arange(12), 3)
    >>> level = np.array([0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    >>> codes = RatingCodes(unit, rater, level, np.arange(4), ("x", "y", "z"), 2)
    >>> found = latent_levels(codes)
    >>> found.posterior[:, 0].round(6).tolist(), found.accuracy(codes).round(6).tolist()
    ([1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.5])
    """
    q, n_raters = codes.n_levels, len(codes.raters)
    votes = np.bincount(codes.unit * q + codes.level, minlength=codes.n_units * q)
    posterior = votes.reshape(-1, q) / votes.reshape(-1, q).sum(axis=1, keepdims=True)
    before = -np.inf
    for turn in range(1, _MOST_ROUNDS + 1):
        prior = posterior.mean(axis=0)
        confusion = _confusion(codes, posterior, n_raters)
        with np.errstate(divide="ignore"):
            chance = np.log(confusion)[codes.rater, :, codes.level]
            joint = np.tile(np.log(prior), (codes.n_units, 1))
        np.add.at(joint, codes.unit, chance)
        top = joint.max(axis=1, keepdims=True)
        posterior = np.exp(joint - top)
        total = posterior.sum(axis=1, keepdims=True)
        posterior /= total
        height = float((np.log(total) + top).sum())
        if height - before <= _SETTLED * abs(height):
            return LatentLevels(height, prior, posterior, confusion, turn, converged=True)
        before = height
    return LatentLevels(before, prior, posterior, confusion, _MOST_ROUNDS, converged=False)


def _confusion(codes: RatingCodes, posterior: FloatArray, n_raters: int) -> FloatArray:
    q = codes.n_levels
    met = np.zeros((n_raters * q, q))
    np.add.at(met, codes.rater * q + codes.level, posterior[codes.unit])
    table = met.reshape(n_raters, q, q).transpose(0, 2, 1)
    whole = table.sum(axis=2, keepdims=True)
    share: FloatArray = np.divide(table, whole, out=np.zeros_like(table), where=whole > 0)
    return share
