"""What the model expects of a cell at each ability: the curves everything else sums.

The chance of level k over level k − 1 has log odds ability − severity − step, so
with x the level and p its chances a cell has the normaliser log Σ exp, the tails
P(x ≥ k), the expected level and the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Curves:
    """Curves of cells over abilities.

    Attributes
    ----------
    log_normaliser : cells × abilities
    tails : cells × steps × abilities, P(x ≥ k) for k = 1, 2, …
    """

    log_normaliser: FloatArray
    tails: FloatArray

    @property
    def expected(self) -> FloatArray:
        """Expected level: cells × abilities."""
        return np.asarray(self.tails.sum(axis=1))

    @property
    def variance(self) -> FloatArray:
        """Variance of the level: cells × abilities. E x² = Σ (2k − 1) P(x ≥ k)."""
        odd = 2 * np.arange(1, self.tails.shape[1] + 1) - 1
        return np.asarray(np.einsum("k,ukq->uq", odd, self.tails) - self.expected**2)

    @property
    def third(self) -> FloatArray:
        """Third central moment of the level: cells × abilities."""
        chances, mean = self.chances, self.expected
        levels = np.arange(chances.shape[1])[None, :, None]
        return np.asarray(((levels - mean[:, None, :]) ** 3 * chances).sum(axis=1))

    @property
    def chances(self) -> FloatArray:
        """Chance of each level: cells × levels × abilities."""
        ends = np.ones_like(self.tails[:, :1])
        return -np.diff(self.tails, axis=1, prepend=ends, append=0 * ends)


def curves(steps: FloatArray, ability: FloatArray) -> Curves:
    """Curves of cells.

    Parameters
    ----------
    steps : cells × steps, severity plus step of each cell (logit)
    ability : abilities common to the cells, or cells × abilities

    Examples
    --------
    >>> import numpy as np
    >>> curves(np.array([[0.0]]), np.array([0.0])).tails.ravel().tolist()
    [0.5]
    """
    ability = np.atleast_2d(ability)
    n_steps = steps.shape[1]
    ranks = np.arange(1, n_steps + 1)[None, :, None]
    logits = ranks * ability[:, None, :] - np.cumsum(steps, axis=1)[:, :, None]
    top = np.maximum(logits.max(axis=1), 0.0)
    np.exp(logits - top[:, None, :], out=logits)
    reached = np.cumsum(logits[:, ::-1], axis=1)[:, ::-1]
    total = reached[:, 0] + np.exp(-top)
    return Curves(top + np.log(total), reached / total[:, None, :])
