"""Two raters whose scores are alike more often than those of other readers of the same pieces.

Honest readers of a piece agree beyond their habits, for they read the same
thing. So each joint read is told as the share of its scores that are equal,
less what the two raters' own habits at pieces of that standing would give, and
a pair is held against the joint reads of all other pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scoring.effects.alike import COPIED, joint_reads
from scoring.effects.alongside import alongside, supported
from scoring.effects.families import Draw, Rule, Trial, drawn_test
from scoring.tables import FloatArray, IntArray

_BANDS = 5  # of pieces by their mean score, within which habits are told
_MOST_VALUES = 100  # of a scale; a finer one is told in so many steps of equal frequency
_PRIOR = 5.0  # reads of the band by anybody that a rater's own are mixed with
_LEAST_POOL = 30  # joint reads of other pairs below which there is nothing to hold a pair against
_LEAST = 1e-9


def pairs_of_scores(
    table: FloatArray,
    piece: IntArray,
    rater: IntArray,
    names: Sequence[str],
    facts: pd.DataFrame,
    rule: Rule,
    random_seed: int,
) -> list[Trial]:
    """Test every two raters with enough pieces in common for scores alike.

    Parameters
    ----------
    table : reads × criteria
        Scores, NaN where one is missing.
    piece, rater : of each read, from 0
    names : of the raters
    facts : one row a read
        `alongside.PLACE` and `alongside.OWN_WORDS` where they are known.
    rule : its ``minimum`` in joint pieces

    Returns
    -------
    list of Trial
        The effect is the share of scores alike beyond what other pairs have.
    """
    joint = joint_reads(piece, rater, np.arange(len(piece)), 1)
    once = {pair: both for pair, both in joint.items() if pair[0] < pair[1]}
    if not once:
        return []
    beyond = _Habits.of(table, piece, rater).beyond(np.concatenate(list(once.values())))
    trials, beside, start = {}, {}, 0
    for pair, both in once.items():
        pool = _Others(beyond, start, start + len(both))
        start += len(both)
        if len(both) >= rule.minimum:
            ids = (names[pair[0]], names[pair[1]])
            trials[pair] = pool.trial((min(ids), max(ids)), random_seed)
            beside[pair] = alongside(facts, both)
    return supported(trials, beside, random_seed)


@dataclass(frozen=True)
class _Others:
    """Joint reads of a pair, ``start`` to ``end``, among those of all pairs."""

    beyond: FloatArray
    start: int
    end: int

    def trial(self, ids: tuple[str, str], random_seed: int) -> Trial:
        """Hold the pair's mean against means of as many joint reads of others."""
        n = self.end - self.start
        rest = np.delete(self.beyond, slice(self.start, self.end))
        if len(rest) < _LEAST_POOL:
            return Trial(COPIED, "rater_pair", ids, n)
        mean = float(rest.mean())
        sd = max(float(rest.std()) / float(np.sqrt(n)), _LEAST)
        observed = float(self.beyond[self.start : self.end].mean())
        test = drawn_test(observed, mean, sd, self._refine, random_seed)
        return Trial(COPIED, "rater_pair", ids, n, test, observed - mean, sd)

    def _refine(self) -> Draw:
        return self._drawn

    def _drawn(self, size: int, rng: np.random.Generator) -> FloatArray:
        n = self.end - self.start
        at = rng.integers(0, len(self.beyond) - n, (size, n))
        drawn: FloatArray = self.beyond[at + n * (at >= self.start)].mean(axis=1)
        return drawn


@dataclass(frozen=True)
class _Habits:
    """How often each rater gives each score to pieces of a band.

    ``steps`` are the scores in steps (−1 where missing), reads × criteria; ``often`` is
    raters × bands × criteria × steps.
    """

    table: FloatArray
    steps: IntArray
    band: IntArray
    rater: IntArray
    often: FloatArray

    @classmethod
    def of(cls, table: FloatArray, piece: IntArray, rater: IntArray) -> _Habits:
        """Count habits, mixed with what all raters give there."""
        level = np.nanmean(table, axis=1)
        standing = (np.bincount(piece, weights=level) / np.bincount(piece))[piece]
        band = np.searchsorted(
            np.quantile(standing, np.arange(1, _BANDS) / _BANDS), standing, side="right"
        )
        steps = _steps(table)
        shape = (int(rater.max()) + 1, _BANDS, table.shape[1], int(steps.max()) + 1)
        counts = np.zeros(shape)
        rows, columns = np.nonzero(steps >= 0)
        np.add.at(counts, (rater[rows], band[rows], columns, steps[rows, columns]), 1.0)
        of_all = counts.sum(axis=0)
        of_all /= np.maximum(of_all.sum(axis=2, keepdims=True), 1.0)
        often = counts + _PRIOR * of_all
        often /= np.maximum(often.sum(axis=3, keepdims=True), _LEAST)
        return cls(table, steps, band, rater, often)

    def beyond(self, both: IntArray) -> FloatArray:
        """Share of scores alike in each joint read, less what habits give; joint reads are rows."""
        one, other = both[:, 0], both[:, 1]
        known = (self.steps[one] >= 0) & (self.steps[other] >= 0)
        alike = (self.table[one] == self.table[other]) & known
        expected = np.einsum(
            "ncv,ncv->nc",
            self.often[self.rater[one], self.band[one]],
            self.often[self.rater[other], self.band[other]],
        )
        marks = np.maximum(known.sum(axis=1), 1)
        found: FloatArray = ((alike - expected) * known).sum(axis=1) / marks
        return found


def _steps(table: FloatArray) -> IntArray:
    """Scores as places among the values of the table, −1 where missing."""
    values = np.unique(table[np.isfinite(table)])
    if len(values) > _MOST_VALUES:
        shares = np.arange(_MOST_VALUES) / _MOST_VALUES
        values = np.unique(np.nanquantile(table, shares))
    place = np.searchsorted(values, np.where(np.isfinite(table), table, values[0]), side="right")
    steps: IntArray = np.where(np.isfinite(table), place - 1, -1)
    return steps
