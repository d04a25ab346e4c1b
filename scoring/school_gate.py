"""Bunching at the gate: more pieces that just pass than those failing clearly let one expect.

Lifting near misses moves pieces from one unmet 合格 criterion to none and leaves
those with two or more where they are. On the normal scale the distance between
"one or more unmet" and "two or more unmet" is then too short, whatever the
quality of the school; how long it is where nobody has an interest, the county's
re-reads say. (A density test as McCrary's needs a continuous score.)
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from scoring.tables import FloatArray, IntArray

FEWEST_COUNTY_READS = 100
"""County reads from which they say how long the distance is; below, the schools' own do."""

_PRIOR = 2.0  # pieces' worth of the county's shares, so that none is nought
_STEP = 1e-4


def next_to_gate(
    unmet: IntArray, school: IntArray, weight: FloatArray, n_schools: int
) -> FloatArray:
    """Pieces of each school with none, one, and two or more 合格 criteria unmet.

    ``unmet`` and ``school`` are of reads; ``weight`` is one over the reads of their piece.
    """
    kind = np.minimum(unmet, 2)
    counts = np.bincount(school * 3 + kind, np.asarray(weight, dtype=np.float64), n_schools * 3)
    return counts.astype(np.float64).reshape(-1, 3)


def bunching(counts: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of none among none and one unmet, above what two or more let one expect.

    Parameters
    ----------
    counts : schools × (none, one, more), pieces
    reference : (none, one, more) where nobody has an interest: the county's re-reads

    Returns
    -------
    excess share of each school, and its standard error by the delta method
        NaN where a school has no piece.

    Examples
    --------
    >>> county = np.array([50.0, 30.0, 20.0])
    >>> excess, _ = bunching(np.array([[500.0, 300.0, 200.0], [740.0, 60.0, 200.0]]), county)
    >>> [round(float(each), 2) for each in excess]
    [0.0, 0.3]
    """
    shares = reference / reference.sum()
    distance = float(_distance(shares[None])[0])
    total = counts.sum(axis=1, keepdims=True)
    own = (counts + _PRIOR * shares) / (total + _PRIOR)
    excess = _excess(own, distance)
    slopes = np.stack(
        [(_excess(_moved(own, k), distance) - excess) / _STEP for k in range(3)], axis=1
    )
    mean = (own * slopes).sum(axis=1, keepdims=True)
    variance = (own * (slopes - mean) ** 2).sum(axis=1) / np.maximum(total[:, 0], 1)
    empty = total[:, 0] == 0
    return np.where(empty, np.nan, excess), np.where(empty, np.nan, np.sqrt(variance))


def _moved(own: FloatArray, kind: int) -> FloatArray:
    """Shares after a little more of one kind, the others taken down alike."""
    moved: FloatArray = own * (1 - _STEP)
    moved[:, kind] += _STEP
    return moved


def _distance(shares: FloatArray) -> FloatArray:
    found: FloatArray = ndtri(1 - shares[:, 0]) - ndtri(shares[:, 2])
    return found


def _excess(shares: FloatArray, distance: float) -> FloatArray:
    failing = ndtr(ndtri(shares[:, 2]) + distance)
    expected = (1 - failing) / (1 - shares[:, 2])
    found: FloatArray = shares[:, 0] / (shares[:, 0] + shares[:, 1]) - expected
    return found
