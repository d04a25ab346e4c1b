"""Intraclass correlations where not every rater rated every unit: variance components by REML.

The likelihood of unit + rater + residual needs the data only through sums over
units of equal size, so that after one pass its cost does not depend on how
many units there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.coefficients.intraclass import Form
from scoring.tables import FloatArray, IntArray, RatingCodes


@dataclass(frozen=True)
class Components:
    """Variances of units, raters and residual, in squared units of the scale."""

    units: float
    raters: float
    residual: float


@dataclass(frozen=True)
class _Totals:
    """Sums over the units of each size: joint ratings of two raters, and of the numbers given."""

    sizes: FloatArray
    units: FloatArray
    joint: FloatArray  # sizes × (raters + 1)²: the last row and column is the mean's
    given: FloatArray  # sizes × (raters + 1): Σ over units of incidence × sum of the unit
    squares: FloatArray  # sizes: Σ (sum of the unit)²
    whole_joint: FloatArray
    whole_given: FloatArray
    whole_square: float


def icc_of_incomplete(codes: RatingCodes, values: FloatArray) -> list[Form]:
    """Six forms from variance components, k being all raters of the table.

    Mean squares a complete table of n units and k raters would have are put
    together from the components, as R's ``psych`` does with ``lmer``; (1,·)
    counts the raters' differences as error within units.

    Returns
    -------
    list of Form
        NaN where nothing varies; without intervals, as no closed formula holds.
    """
    found = components(codes, values)
    n, k = codes.n_units, len(codes.raters)
    units = k * found.units + found.residual
    raters = n * found.raters + found.residual
    residual = found.residual
    within = (raters + (n - 1) * residual) / n
    single = {
        "ICC(1,1)": _ratio(units - within, units + (k - 1) * within),
        "ICC(2,1)": _ratio(
            units - residual, units + (k - 1) * residual + k * (raters - residual) / n
        ),
        "ICC(3,1)": _ratio(units - residual, units + (k - 1) * residual),
    }
    stepped = {
        name.replace(",1)", ",k)"): k * share / (1 + share * (k - 1))
        for name, share in single.items()
    }
    return [Form(name, share) for name, share in {**single, **stepped}.items()]


def components(codes: RatingCodes, values: FloatArray) -> Components:
    """Estimate variances by restricted maximum likelihood; NaN where no number differs."""
    given = values[codes.level]
    spread = float(given.var())
    if spread == 0 or len(given) < 3:
        return Components(np.nan, np.nan, np.nan)
    totals = _totals(codes, (given - given.mean()) / np.sqrt(spread))
    from scipy.optimize import minimize

    best = min(
        (
            minimize(
                _deviance, start, args=(totals,), method="L-BFGS-B",
                bounds=[(-18.0, 12.0)] * 2, options={"ftol": 1e-14, "gtol": 1e-9},
            )
            for start in ((0.0, -1.0), (-2.0, -4.0))
        ),
        key=lambda found: float(found.fun),
    )  # fmt: skip
    ratios = np.where(best.x > -17.5, np.exp(best.x), 0.0)
    residual = spread * _profile(best.x, totals)[1]
    return Components(float(residual * ratios[0]), float(residual * ratios[1]), float(residual))


def _deviance(logs: FloatArray, totals: _Totals) -> float:
    return _profile(logs, totals)[0]


def _profile(logs: FloatArray, totals: _Totals) -> tuple[float, float]:
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


def _totals(codes: RatingCodes, given: FloatArray) -> _Totals:
    n_units, n_raters = codes.n_units, len(codes.raters)
    of_unit = np.bincount(codes.unit, minlength=n_units)
    sums = np.bincount(codes.unit, weights=given, minlength=n_units)
    sizes, group = np.unique(of_unit, return_inverse=True)
    joint = np.zeros((len(sizes), n_raters + 1, n_raters + 1))
    for place in range(len(sizes)):
        joint[place] = _joint(codes, np.flatnonzero(group == place))
    own = np.zeros((len(sizes), n_raters + 1))
    np.add.at(own, (group[codes.unit], codes.rater), sums[codes.unit])
    own[:, -1] = np.bincount(group, weights=of_unit * sums)
    squares = np.bincount(group, weights=sums**2).astype(np.float64)
    rated = np.bincount(codes.rater, minlength=n_raters).astype(np.float64)
    whole = np.diag(np.append(rated, len(given)))
    whole[-1, :-1] = whole[:-1, -1] = rated
    by_rater = np.bincount(codes.rater, weights=given, minlength=n_raters)
    return _Totals(
        sizes.astype(np.float64), np.bincount(group).astype(np.float64), joint, own,
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


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else np.nan
