"""Standard errors with a closed formula, units being independent and raters fixed.

Gwet (2008, 2014): a coefficient is made linear in its units, whose spread then
gives the error; n - 1 in the divisor. Fleiss, Cohen and Everitt (1969): the
large-sample error of weighted kappa from the table of two raters.
"""

from __future__ import annotations

import numpy as np

from scoring.coefficients.chance_corrected import MARGINS
from scoring.coefficients.listing import Measure
from scoring.coefficients.patterns import Patterns
from scoring.coefficients.weights import distance_matrix, weight_matrix
from scoring.tables import FloatArray, IntArray


def analytic_error(measure: Measure, patterns: Patterns) -> float | None:
    """Give the standard error of a coefficient, or None where no formula is published for it."""
    if measure.family == "cohen":
        table = weight_matrix(patterns.scale, measure.weights)
        return cohen_error(table, _table(patterns))
    if measure.family == "alpha":
        return _spread(_alpha_apart(patterns, measure.weights), _paired_times(patterns))
    if not measure.family:
        return None
    if measure.margin == "units2plus":
        patterns = _without_singles(patterns)
    apart = unit_contributions(patterns, *_chance(measure, patterns))
    return _spread(apart, patterns.times)


def cohen_error(weights: FloatArray, table: FloatArray) -> float | None:
    """Error of weighted kappa (Fleiss, Cohen and Everitt 1969), also with weights of one's own.

    Parameters
    ----------
    weights : agreement of each two categories, 1 on the diagonal
    table : units by category of the first and of the second rater

    Examples
    --------
    Cohen (1968), disagreements 0 1 3 / 1 0 6 / 3 6 0:

    >>> table = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    >>> round(cohen_error(1 - np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6, table), 6)
    0.075504
    """
    n = table.sum()
    if n == 0:
        return None
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, chance = float((weights * p).sum()), float(rows @ weights @ columns)
    if chance >= 1:
        return None
    mean = (weights @ columns)[:, None] + (rows @ weights)[None, :]
    squares = p * (weights * (1 - chance) - mean * (1 - observed)) ** 2
    about = (observed * chance - 2 * chance + observed) ** 2
    return float(np.sqrt(max(squares.sum() - about, 0.0) / n)) / (1 - chance) ** 2


def unit_contributions(
    patterns: Patterns, weights: FloatArray, chance: float, of_unit: FloatArray
) -> FloatArray:
    """How far one unit of each pattern moves (p_a - p_e) / (1 - p_e), times the units.

    ``of_unit`` is what the unit adds to chance agreement, with mean ``chance``.
    """
    counts, sizes, times = patterns.counts, patterns.sizes, patterns.times
    paired = sizes >= 2
    own = ((counts @ weights) * counts).sum(axis=1) - sizes
    own = np.where(paired, own / np.maximum(sizes * (sizes - 1), 1), 0.0)
    n, n_paired = times.sum(), times[paired].sum()
    agreement = float(times @ own) / n_paired
    value = (agreement - chance) / (1 - chance)
    direct = (n / n_paired) * np.where(paired, own - chance, 0.0) / (1 - chance)
    found: FloatArray = direct - value - 2 * (1 - value) * (of_unit - chance) / (1 - chance)
    return found


def _chance(measure: Measure, patterns: Patterns) -> tuple[FloatArray, float, FloatArray]:
    """Weights, chance agreement, and what a unit of each pattern adds to it."""
    table = weight_matrix(patterns.scale, measure.weights)
    q, times = len(table), patterns.times
    fixed = {"percent": 0.0, "brennan_prediger": float(table.mean())}
    if measure.family in fixed:
        chance = fixed[measure.family]
        return table, chance, np.full(len(times), chance)
    part = patterns.part(MARGINS[measure.margin])
    own, whole = part.sum(axis=1), float(times @ part.sum(axis=1))
    share = (times @ part) / whole
    factor = table.sum() / (q * (q - 1)) if measure.family == "gwet_ac" else 1.0
    met = 1 - share if measure.family == "gwet_ac" else table @ share
    chance = factor * float(share @ met)
    # Units of one rating and of many weigh alike with Gwet, by their ratings where pooled.
    return (
        table,
        chance,
        chance + factor * (part @ met - own * (share @ met)) * (times.sum() / whole),
    )


def _alpha_apart(patterns: Patterns, metric: str) -> FloatArray:
    """Contributions to alpha before its correction for small samples (Gwet 2014)."""
    paired = patterns.sizes >= 2
    counts, times = patterns.counts[paired], patterns.times[paired]
    distance = distance_matrix(patterns.scale, metric)
    weights = 1 - distance / distance.max()
    sizes = counts.sum(axis=1)
    mean_size = (times @ sizes) / times.sum()
    share = (times @ counts) / (times.sum() * mean_size)
    chance = float(share @ weights @ share)
    met = ((counts @ weights) * counts).sum(axis=1) - sizes
    own = met / (mean_size * (sizes - 1))
    agreement = float(times @ own) / times.sum()
    value = (agreement - chance) / (1 - chance)
    larger = (sizes - mean_size) / mean_size
    corrected = agreement + (1 - agreement) / float(times @ sizes)
    direct = (own - corrected * larger - chance) / (1 - chance)
    of_unit = counts @ (weights @ share) / mean_size - chance * larger
    found: FloatArray = direct - value - 2 * (1 - value) * (of_unit - chance) / (1 - chance)
    return found


def _spread(apart: FloatArray, times: IntArray) -> float | None:
    n = int(times.sum())
    if n < 2 or not np.isfinite(apart).all():
        return None
    return float(np.sqrt(times @ apart**2 / (n * (n - 1))))


def _paired_times(patterns: Patterns) -> IntArray:
    return patterns.times[patterns.sizes >= 2]


def _without_singles(patterns: Patterns) -> Patterns:
    kept = patterns.sizes >= 2
    cells = None if patterns.cells is None else patterns.cells[kept]
    return Patterns(
        patterns.scale, patterns.counts[kept], patterns.times[kept], cells, patterns.of_unit
    )


def _table(patterns: Patterns) -> FloatArray:
    q = len(patterns.scale)
    found: FloatArray = (patterns.times @ patterns.part("cells")).reshape(q, q)
    return found
