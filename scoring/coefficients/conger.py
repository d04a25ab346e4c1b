"""Conger's kappa: chance agreement from the habits of each rater."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.coefficients.patterns import Sample
from scoring.coefficients.weights import weight_matrix
from scoring.tables import FloatArray, RatingCodes


@dataclass(frozen=True)
class Conger:
    """Value and standard error (None where unknown) of one weighting."""

    value: float
    se: float | None


def conger_kappa(codes: RatingCodes, sample: Sample, weights: str) -> Conger:
    """Agreement beyond what two different raters of the panel would reach by chance.

    p_e is the mean of Σ w p_g p_h over pairs of raters g ≠ h, a rater's shares
    being those of the own ratings (Conger 1980; missing ratings and weights by
    Gwet 2014). The error makes the coefficient linear in the units, as in
    :mod:`scoring.coefficients.analytic_errors`; contributions are added up
    within clusters.

    Returns
    -------
    Conger
        NaN where no unit has two ratings or chance agrees always.
    """
    table = weight_matrix(sample.patterns.scale, weights)
    n_raters, q = len(codes.raters), codes.n_levels
    total = sample.total()
    n_paired = float(total["paired"][0])
    if n_raters < 2 or n_paired == 0:
        return Conger(np.nan, None)
    given = np.bincount(codes.rater * q + codes.level, minlength=n_raters * q)
    by_rater = given.reshape(n_raters, q).astype(np.float64)
    rated = by_rater.sum(axis=1)
    share = by_rater / rated[:, None]
    met = (share.sum(axis=0) - share) @ table  # with the shares of all the others
    pairs = n_raters * (n_raters - 1)
    chance = float((share * met).sum() / pairs)
    agreement = float(total[f"agree:{weights}"][0]) / n_paired
    if 1 - chance < 1e-12:
        return Conger(np.nan, None)
    value = (agreement - chance) / (1 - chance)
    n = codes.n_units
    moved = (n / rated)[:, None] * (met - (share * met).sum(axis=1, keepdims=True)) / pairs
    of_unit = np.bincount(codes.unit, weights=moved[codes.rater, codes.level], minlength=n)
    patterns = sample.patterns
    paired = (patterns.sizes >= 2)[patterns.of_unit]
    own = np.where(paired, patterns.part(f"agree:{weights}")[patterns.of_unit] - chance, 0.0)
    apart = (n / n_paired) * own / (1 - chance) - value - 2 * (1 - value) * of_unit / (1 - chance)
    return Conger(value, _clustered(apart, codes))


def _clustered(apart: FloatArray, codes: RatingCodes) -> float | None:
    whole = np.bincount(codes.cluster, weights=apart)
    if len(whole) < 2:
        return None
    return float(np.sqrt(len(whole) / (len(whole) - 1) * (whole**2).sum()) / codes.n_units)
