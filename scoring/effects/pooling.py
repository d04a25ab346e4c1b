"""Draws of a rater's reads: a pool for each read once, sums over reads as often as asked.

Each read gets so many draws from its distribution; a draw of the rater takes
one of them for every read, independently. Sums over a hundred reads of pools
of 256 have 256¹⁰⁰ possible draws, and their variance errs by one in 256.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.effects.predicting import Predicted
from scoring.tables import FloatArray

POOL = 256
Marks = NDArray[np.float32]


@dataclass(frozen=True)
class Sums:
    """Sums over reads of values that hang on the marks of one read alone.

    Attributes
    ----------
    observed : one entry a statistic
    values : statistics × reads × pool
    """

    observed: FloatArray
    values: NDArray[np.float32]

    @property
    def mean(self) -> FloatArray:
        """Expected sums."""
        return np.asarray(self.values.mean(axis=2, dtype=np.float64).sum(axis=1))

    @property
    def sd(self) -> FloatArray:
        """Standard deviations of the sums."""
        return np.asarray(np.sqrt(self.values.var(axis=2, dtype=np.float64).sum(axis=1)))

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Sums of so many draws: statistics × size."""
        reads, pool = self.values.shape[1:]
        place = rng.integers(0, pool, (size, reads), dtype=np.uint16).astype(np.int32)
        place += np.arange(reads, dtype=np.int32) * pool
        flat = self.values.reshape(len(self.values), -1)
        return np.stack([values.take(place).sum(axis=1, dtype=np.float64) for values in flat])

    def pick(self, which: Sequence[int]) -> Sums:
        """Only these statistics."""
        return Sums(self.observed[list(which)], self.values[list(which)])


def drawn_marks(
    reads: Predicted, severity: float, rng: np.random.Generator, pool: int = POOL
) -> Marks:
    """Marks of each read drawn so often, by a rater of this severity: reads × pool × criteria."""
    level = np.cumsum(reads.weight, axis=1)
    level /= level[:, -1:]
    uniform = rng.random((len(reads), pool)) + np.arange(len(reads))[:, None]
    flat = (level + np.arange(len(reads))[:, None]).ravel()
    place = np.searchsorted(flat, uniform, side="right") % level.shape[1]
    step = reads.eta[1] - reads.eta[0]
    eta = reads.eta[place] + step * (rng.random(place.shape) - 0.5)
    logit = (eta[:, :, None] - severity - reads.difficulty[:, None, :]).astype(np.float32)
    chance = np.where(reads.real[:, None, :], 1 / (1 + np.exp(-logit)), 0.0)
    met: Marks = (rng.random(logit.shape, dtype=np.float32) < chance).astype(np.float32)
    return met
