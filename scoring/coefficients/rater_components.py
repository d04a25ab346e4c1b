"""Variances of units, raters and residual where not every rater rated every unit, by REML.

The likelihood of unit + rater + residual needs the data only through sums over
units of equal size, so that after one pass its cost does not depend on how
many units there are.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from scoring.tables import FloatArray, IntArray, RatingCodes


@dataclass(frozen=True)
class Components:
    """Variances of units, raters and residual, in squared units of the scale."""

    units: float
    raters: float
    residual: float


@dataclass(frozen=True)
class Totals:
    """Sums over the units of each size: joint ratings of two raters, and of the numbers given."""

    sizes: FloatArray
    units: FloatArray
    joint: FloatArray  # sizes × (raters + 1)²: the last row and column is the mean's
    given: FloatArray  # sizes × (raters + 1): Σ over units of incidence × sum of the unit
    squares: FloatArray  # sizes: Σ (sum of the unit)²
    whole_joint: FloatArray
    whole_given: FloatArray
    whole_square: float

    def less(self, other: Totals) -> Totals:
        """The same without other units."""
        names = (field.name for field in fields(self) if field.name != "sizes")
        return replace(self, **{name: getattr(self, name) - getattr(other, name) for name in names})


def components(codes: RatingCodes, values: FloatArray) -> Components:
    """Estimate variances by restricted maximum likelihood; NaN where no number differs."""
    fitted = fit_components(codes, values)
    if fitted is None:
        return Components(np.nan, np.nan, np.nan)
    ratios = np.exp(fitted.logs) * fitted.free
    residual = fitted.spread * _profile(fitted.logs, fitted.totals)[1]
    return Components(float(residual * ratios[0]), float(residual * ratios[1]), float(residual))


@dataclass(frozen=True)
class Fit:
    """Logarithms of both ratios at their best; not ``free`` is one held at its bound of 0."""

    logs: FloatArray
    free: FloatArray
    totals: Totals
    given: FloatArray  # ratings from their mean, in units of their standard deviation
    spread: float


def fit_components(codes: RatingCodes, values: FloatArray) -> Fit | None:
    """Find the best ratios; None where no number differs."""
    given = values[codes.level]
    spread = float(given.var())
    if spread == 0 or len(given) < 3:
        return None
    scaled = (given - given.mean()) / np.sqrt(spread)
    totals = totals_of(codes, scaled)
    from scipy.optimize import minimize

    best = min(
        (
            minimize(
                deviance, start, args=(totals,), method="L-BFGS-B",
                bounds=[(-18.0, 12.0)] * 2, options={"ftol": 1e-14, "gtol": 1e-9},
            )
            for start in ((0.0, -1.0), (-2.0, -4.0))
        ),
        key=lambda found: float(found.fun),
    )  # fmt: skip
    free = (best.x > -17.5).astype(np.float64)
    return Fit(np.asarray(best.x, dtype=np.float64), free, totals, scaled, spread)


def deviance(logs: FloatArray, totals: Totals) -> float:
    """-2 log REML at these logarithms of the variances of units and raters over the residual's."""
    return _profile(logs, totals)[0]


def _profile(logs: FloatArray, totals: Totals) -> tuple[float, float]:
    """-2 log REML with the residual variance at its best, and that variance.

    ``logs`` are logarithms of the variances of units and raters over the
    residual's. Henderson's equations: unit effects, whose block is diagonal,
    are eliminated; raters and the mean remain.
    """
    of_units, of_raters = np.exp(logs)
    diagonal = totals.sizes + 1 / of_units
    left = totals.whole_joint - np.tensordot(1 / diagonal, totals.joint, 1)
    right = totals.whole_given - (1 / diagonal) @ totals.given
    square = totals.whole_square - float((totals.squares / diagonal).sum())
    n_raters = len(right) - 1
    left[np.arange(n_raters), np.arange(n_raters)] += 1 / of_raters
    factor = np.linalg.cholesky(left)
    half = np.linalg.solve(factor, right)
    rest = max(square - float(half @ half), 1e-300)
    n = float(totals.sizes @ totals.units)
    determinant = (
        float(totals.units @ np.log(diagonal * of_units))
        + n_raters * np.log(of_raters)
        + 2 * float(np.log(np.diag(factor)).sum())
    )
    residual = rest / (n - 1)
    return (n - 1) * float(np.log(residual)) + determinant, residual


def totals_of(codes: RatingCodes, given: FloatArray, known: FloatArray | None = None) -> Totals:
    """Sums over units by size; ``known`` are the sizes to sum for where they are set."""
    n_units, n_raters = codes.n_units, len(codes.raters)
    of_unit = np.bincount(codes.unit, minlength=n_units)
    sums = np.bincount(codes.unit, weights=given, minlength=n_units)
    sizes = np.unique(of_unit) if known is None else known.astype(np.int64)
    group = np.searchsorted(sizes, of_unit)
    joint = np.zeros((len(sizes), n_raters + 1, n_raters + 1))
    for place in range(len(sizes)):
        units = np.flatnonzero(group == place)
        if len(units):
            joint[place] = _joint(codes, units)
    own = np.zeros((len(sizes), n_raters + 1))
    np.add.at(own, (group[codes.unit], codes.rater), sums[codes.unit])
    own[:, -1] = np.bincount(group, weights=of_unit * sums, minlength=len(sizes))
    squares = np.bincount(group, weights=sums**2, minlength=len(sizes)).astype(np.float64)
    rated = np.bincount(codes.rater, minlength=n_raters).astype(np.float64)
    whole = np.diag(np.append(rated, len(given)))
    whole[-1, :-1] = whole[:-1, -1] = rated
    by_rater = np.bincount(codes.rater, weights=given, minlength=n_raters)
    return Totals(
        sizes.astype(np.float64), np.bincount(group, minlength=len(sizes)).astype(np.float64), joint, own,
        squares, whole, np.append(by_rater, given.sum()),
        float(given @ given),
    )  # fmt: skip


def _joint(codes: RatingCodes, units: IntArray) -> FloatArray:
    """Units of one size each two raters share, and ratings times the size in the last row."""
    from scipy.sparse import csr_array

    row = np.full(codes.n_units, -1)
    row[units] = np.arange(len(units))
    kept = row[codes.unit] >= 0
    who = codes.rater[kept]
    shape = (len(units), len(codes.raters))
    rated = csr_array((np.ones(len(who)), (row[codes.unit[kept]], who)), shape=shape)
    size = len(who) / len(units)
    by_rater = np.asarray(rated.sum(axis=0)) * size
    top = np.hstack([(rated.T @ rated).toarray(), by_rater[:, None]])
    return np.vstack([top, np.append(by_rater, len(who) * size)])
