"""What of a school's difference to the county is who of the county read it again.

Where each of the county's readers went to schools of his own, a harsh one makes
all of them look inflated. How far schools differ by reader is estimated as a
random effect of the readers who went to several schools; it is taken off, and its
error goes into that of the school. Whoever read a few schools alone cannot be told
apart from them: what such readers differ by is then part of how far schools spread.
"""

from __future__ import annotations

import numpy as np

from scoring.tables import FloatArray

FEWEST_SCHOOLS_EACH = 4
"""Schools a reader of the county needs before his harshness is told apart from theirs."""

_ROUNDS = 40
_BEND = 1.5  # errors from where on a school counts less, so that inflated ones pull little (Huber)
_LEAST_VARIANCE = 1e-4
_MAD = 1.4826


def by_inspector(
    value: FloatArray, se: FloatArray, share: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Part of each school's value that comes of who read it again, and its error.

    Parameters
    ----------
    value, se : by school, on any scale; NaN where unknown
    share : schools × readers of the county, the part of a school's re-reads each did

    Returns
    -------
    part, error
        Both 0 where no two readers went to ``FEWEST_SCHOOLS_EACH`` schools. The readers'
        variance is estimated by maximum likelihood (EM), so that readers who went
        everywhere, or do not differ, take nothing.

    Examples
    --------
    >>> share = np.repeat(np.eye(3), 10, axis=0)
    >>> value = np.r_[np.zeros(20), np.ones(10)] + np.tile([-0.1, 0.1], 15)
    >>> part, _ = by_inspector(value, np.full(30, 0.1), share)
    >>> round(float(part[-1] - part[0]), 1)
    1.0
    """
    none = np.zeros(len(value))
    told = np.isfinite(value) & np.isfinite(se) & (se > 0) & (share.sum(axis=1) > 0)
    went = share[told].sum(axis=0) ** 2 / np.maximum((share[told] ** 2).sum(axis=0), 1e-12)
    chosen = went >= FEWEST_SCHOOLS_EACH
    if chosen.sum() < 2:
        return none, none
    design = share[:, chosen] - share[told][:, chosen].mean(axis=0)
    harsh, spread = _effects(value[told], se[told], design[told])
    error = np.sqrt(np.maximum(np.einsum("si,ij,sj->s", design, spread, design), 0.0))
    return np.where(told, design @ harsh, 0.0), np.where(told, error, 0.0)


def _effects(
    value: FloatArray, se: FloatArray, design: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Effects of the readers and their covariance, inflated schools held down."""
    harsh = np.zeros(design.shape[1])
    variance = float(np.var(value)) or 1.0
    spread: FloatArray = np.eye(len(harsh)) * variance
    for _ in range(_ROUNDS):
        rest = value - design @ harsh
        centre = float(np.median(rest))
        away = (rest - centre) / se
        wide = max(_MAD * float(np.median(np.abs(away))), 1.0)
        weight = np.minimum(1.0, _BEND * wide / np.maximum(np.abs(away), 1e-9))
        weight = weight / (se * wide) ** 2
        told: FloatArray = (design * weight[:, None]).T @ design
        spread = np.asarray(np.linalg.inv(told + np.eye(len(harsh)) / variance), dtype=np.float64)
        harsh = spread @ (design.T @ (weight * (value - centre)))
        variance = max(float(np.mean(harsh**2 + np.diag(spread))), _LEAST_VARIANCE)
    return harsh, spread
