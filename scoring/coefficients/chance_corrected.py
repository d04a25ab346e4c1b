"""Coefficients that do not ask who gave a rating, as formulas over sums, each beside its source.

Pairs are formed within a unit. Every function takes :class:`Sums`, whose
leading axis may be one table or a thousand resamples, and gives NaN where the
coefficient is not defined. With single-rated units three conventions of chance
exist, up to .05 apart on sparse tables; they have names of their own:

- Gwet (2014), the plain names: shares of the categories averaged over all
  rated units, single-rated ones included;
- ``…_units2plus``: the same over units with two ratings or more;
- ``fleiss_kappa_pooled_marginals``: all ratings pooled.
"""

from __future__ import annotations

import numpy as np

from scoring.coefficients.patterns import Sums
from scoring.coefficients.weights import distance_matrix, weight_matrix
from scoring.tables import FloatArray

MARGINS = {"gwet": "shares", "units2plus": "shares_of_paired", "pooled": "pooled"}
"""Convention of chance, and the sum its shares of categories are taken from."""


def percent_agreement(sums: Sums, weights: str) -> FloatArray:
    """Share of rating pairs that agree, within each unit, then averaged over units (Gwet 2014)."""
    return ratio(sums[f"agree:{weights}"], sums["paired"])


def specific_agreement(sums: Sums, category: int) -> FloatArray:
    """Given that one rater of a pair chose the category, the share in which the other did.

    Σ n(n - 1) / Σ n(m - 1) over units with m ratings, n of them in the
    category (Fleiss 1971; with two raters 2a / (2a + b + c)).
    """
    return ratio(sums["hits"][:, category], sums["chances"][:, category])


def fleiss_chance(sums: Sums, weights: str, margin: str) -> FloatArray:
    """Σ w π π', raters taken as one (Fleiss 1971; Scott 1955 for two; weights by Gwet 2014)."""
    share = _shares(sums, margin)
    table = weight_matrix(sums.scale, weights)
    chance: FloatArray = ((share @ table) * share).sum(axis=1)
    return chance


def gwet_chance(sums: Sums, weights: str, margin: str) -> FloatArray:
    """T Σ π(1 - π) / (q(q - 1)), T the sum of all weights (Gwet 2008, AC2 2014)."""
    share = _shares(sums, margin)
    q = len(sums.scale)
    factor = float(weight_matrix(sums.scale, weights).sum()) / (q * (q - 1))
    chance: FloatArray = factor * (share * (1 - share)).sum(axis=1)
    return chance


def uniform_chance(sums: Sums, weights: str) -> FloatArray:
    """Mean of the weights, every category being as likely (Brennan and Prediger 1981)."""
    return np.full(len(sums["paired"]), weight_matrix(sums.scale, weights).mean())


def cohen_chance(sums: Sums, weights: str) -> FloatArray:
    """Σ w p_i. p_.j from the table of two raters (Cohen 1960, 1968)."""
    cells = sums["cells"]
    whole = cells.sum(axis=(1, 2))
    met = (cells.sum(axis=2) @ weight_matrix(sums.scale, weights)) * cells.sum(axis=1)
    return ratio(met.sum(axis=1), whole**2)


def cohen_agreement(sums: Sums, weights: str) -> FloatArray:
    """Weighted share of units on the table of two raters."""
    cells = sums["cells"]
    met = (cells * weight_matrix(sums.scale, weights)).sum(axis=(1, 2))
    return ratio(met, cells.sum(axis=(1, 2)))


def krippendorff_alpha(sums: Sums, metric: str) -> FloatArray:
    """1 - observed / expected disagreement (Krippendorff 2011); metrics: ``weights.METRICS``."""
    totals = sums["pairable"]
    if metric == "ordinal":
        return _ordinal_alpha(totals, sums["coincidences"])
    observed = sums[f"apart:{metric}"]
    expected = ((totals @ distance_matrix(sums.scale, metric)) * totals).sum(axis=1)
    n: FloatArray = totals.sum(axis=1)
    return 1.0 - (n - 1.0) * ratio(observed, expected)


def krippendorff_chance(sums: Sums) -> FloatArray:
    """Share of pairs of all pairable ratings that are equal, drawn without replacement."""
    totals = sums["pairable"]
    n: FloatArray = totals.sum(axis=1)
    return ratio((totals * (totals - 1)).sum(axis=1), n * (n - 1))


def beyond_chance(agreement: FloatArray, chance: FloatArray) -> FloatArray:
    """(p_a - p_e) / (1 - p_e), NaN where chance agrees always."""
    left = 1 - chance
    return ratio(agreement - chance, np.where(left > 1e-12, left, 0.0))


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, NaN where there is nothing to divide by."""
    known = below > 0
    return np.where(known, above / np.where(known, below, 1.0), np.nan)


def _shares(sums: Sums, margin: str) -> FloatArray:
    part = sums[MARGINS[margin]]
    return ratio(part, part.sum(axis=1, keepdims=True))


def _ordinal_alpha(totals: FloatArray, coincidences: FloatArray) -> FloatArray:
    """Alpha for squared ranks apart, a rank r being the middle of its ties.

    With n ratings, ranks measured from their mean and o the coincidences,
    Σ o (r - s)² = 2 Σ n_r r² - 2 Σ o r s and Σ n_r n_s (r - s)² = 2 n Σ n_r r².
    """
    n: FloatArray = totals @ np.ones(totals.shape[1])
    rank = totals @ _from_the_mean(totals.shape[1])
    spread = np.einsum("dc,dc,dc->d", totals, rank, rank)
    together = np.einsum("dk,dk->d", np.einsum("dck,dc->dk", coincidences, rank), rank)
    return 1.0 - (n - 1.0) / np.maximum(n, 1.0) * (1.0 - ratio(together, spread))


def _from_the_mean(q: int) -> FloatArray:
    """What turns counts of q categories into the middle rank of each, measured from the mean rank."""
    return np.triu(np.ones((q, q))) - np.eye(q) / 2 - 0.5
