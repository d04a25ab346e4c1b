"""Two raters whose marks are more alike than independent reads of the same pieces would be.

Given one rater's reads, the other's are drawn as the model has it: pieces that
are plainly good or bad, lenience and severity are in the draws. Each criterion
on which both agree counts by how unlikely the agreement was. The test is made
from either side, and the weaker side counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scoring.effects.families import GLANCE, Draw, Test, Trial
from scoring.effects.pooling import Marks, Sums
from scoring.effects.predicting import Predicted
from scoring.tables import FloatArray, IntArray

COPIED = "copied_reads"

_LEAST = 0.02  # an agreement is never taken for more unlikely than this


def joint_reads(
    piece: IntArray, rater: IntArray, among: IntArray, least: int
) -> dict[tuple[int, int], IntArray]:
    """Pairs of raters with so many pieces in common; reads of both, two columns.

    A pair is named from either side; rows are pieces, first column the first rater's reads.
    """
    order = among[np.lexsort((rater[among], piece[among]))]
    starts = np.flatnonzero(np.r_[True, np.diff(piece[order]) != 0])
    size = np.diff(np.r_[starts, len(order)])
    found = []
    for readers in np.unique(size[size > 1]):
        beside = order[starts[size == readers][:, None] + np.arange(readers)]
        one, other = np.nonzero(~np.eye(int(readers), dtype=bool))
        found.append(np.stack([beside[:, one].ravel(), beside[:, other].ravel()], axis=1))
    if not found:
        return {}
    both = np.concatenate(found)
    key = rater[both[:, 0]] * (int(rater.max()) + 1) + rater[both[:, 1]]
    sort = np.argsort(key, kind="stable")
    groups = np.split(both[sort], np.flatnonzero(np.diff(key[sort])) + 1)
    return {
        (int(rater[group[0, 0]]), int(rater[group[0, 1]])): group
        for group in groups
        if len(group) >= least
    }


def one_side(
    names: tuple[str, str], reads: Predicted, drawn: Marks, other: Predicted, expected: FloatArray,
    refine: Callable[[], Draw], random_seed: int,
) -> Trial:  # fmt: skip
    """Agreement of a rater with another, who is held fixed.

    Parameters
    ----------
    reads, other : the same pieces in the same order
    drawn : marks of ``reads`` drawn given the other readers: reads × pool × criteria
    expected : chance of met of each mark of ``reads``
    refine : makes the draws of `agreements` anew
    """
    sums, marks = agreements(reads, drawn, other, expected)
    effect = float(sums.observed[1] - sums.mean[1]) / marks
    glance = sums.draw(GLANCE, np.random.default_rng(random_seed))[0]
    test = Test(float(sums.observed[0]), float(sums.mean[0]), float(sums.sd[0]), glance, refine)
    first, second = sorted(names)
    sd = float(sums.sd[1]) / marks
    return Trial(COPIED, "rater_pair", (first, second), len(reads), test, effect, sd)


def agreements(
    reads: Predicted, drawn: Marks, other: Predicted, expected: FloatArray
) -> tuple[Sums, float]:
    """Agreements weighed by how unlikely each was, and their plain number; then the marks compared."""
    place, real = _matched(reads, other)
    fixed = np.where(real, np.take_along_axis(other.met, place, axis=1), 0.0)
    chance = np.clip(np.where(fixed > 0, expected, 1 - expected), _LEAST, 1.0)
    weight = np.where(real, -np.log(chance), 0.0).astype(np.float32)
    same = ((drawn == fixed[:, None, :]) & real[:, None, :]).astype(np.float32)
    given = (reads.met == fixed) & real
    values = np.stack([np.matmul(same, weight[:, :, None])[:, :, 0], same.sum(axis=2)])
    observed = np.array([(given * weight).sum(), given.sum()])
    return Sums(observed, values.astype(np.float32)), max(float(real.sum()), 1.0)


def weaker(one: Trial, other: Trial) -> Trial:
    """Of both sides of a pair the one that says less."""
    if one.test is None or other.test is None:
        return one
    return one if one.test.z <= other.test.z else other


def _matched(reads: Predicted, other: Predicted) -> tuple[IntArray, np.ndarray]:
    """Where in the other's read the same criterion stands, and whether it does."""
    width = other.criterion.shape[1]
    if (
        reads.criterion.shape == other.criterion.shape
        and (reads.criterion == other.criterion).all()
    ):
        place = np.tile(np.arange(width), (len(reads), 1))
        return place, reads.real & other.real
    same = (reads.criterion[:, :, None] == other.criterion[:, None, :]) & reads.real[:, :, None]
    return same.argmax(axis=2), same.any(axis=2)
