"""Kendall's W: how far raters put units in the same order."""

from __future__ import annotations

import numpy as np

from scoring.tables import FloatArray, RatingCodes


def kendall_w(codes: RatingCodes, drawn: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Concordance of rankings with and without the correction for ties (Kendall 1948).

    With m raters on n units, R_i the sum of the ranks of unit i and T the sum of
    t³ - t over groups of t units a rater put level,
    W = (12 Σ R_i² - 3 m² n (n + 1)²) / (m² n (n² - 1) - m T); uncorrected without T.
    Grades make many ties: read the corrected one.

    Parameters
    ----------
    codes : every rater on every unit, see :func:`is_complete`
    drawn : resamples as times each unit is drawn, draws × units; without it
        the units as they are

    Returns
    -------
    (array, array)
        Corrected and uncorrected, one number a draw; NaN where the corrected
        is not defined, as every rater put all units level.
    """
    q, m = codes.n_levels, len(codes.raters)
    level = np.zeros((codes.n_units, m), dtype=np.int64)
    level[codes.unit, codes.rater] = codes.level
    weight = np.ones((1, codes.n_units)) if drawn is None else drawn
    n = weight.sum(axis=1)
    sums = np.zeros_like(weight)
    ties = np.zeros(len(weight))
    for rater in range(m):
        one_hot = np.zeros((codes.n_units, q))
        one_hot[np.arange(codes.n_units), level[:, rater]] = 1.0
        tied = weight @ one_hot
        rank = np.cumsum(tied, axis=1) - tied + (tied + 1) / 2
        sums += rank[:, level[:, rater]]
        ties += (tied**3 - tied).sum(axis=1)
    spread = 12 * (weight * sums**2).sum(axis=1) - 3 * m**2 * n * (n + 1) ** 2
    whole = m**2 * n * (n**2 - 1)
    left = whole - m * ties
    known = left > 1e-9 * np.maximum(whole, 1.0)
    corrected = np.where(known, spread / np.where(known, left, 1.0), np.nan)
    plain = np.where(known, spread / np.where(whole > 0, whole, 1.0), np.nan)
    return corrected, plain


def is_complete(codes: RatingCodes) -> bool:
    """Whether every rater rated every unit, there being two of each or more."""
    n_raters = len(codes.raters)
    return n_raters >= 2 and codes.n_units >= 2 and len(codes.level) == n_raters * codes.n_units
