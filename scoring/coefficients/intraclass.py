"""Intraclass correlations: of the spread of ratings, the share that lies between units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from scoring.tables import FloatArray, RatingCodes

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")


@dataclass(frozen=True)
class Form:
    """One of the six forms; bounds are None where no formula gives them."""

    name: str
    value: float
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True)
class MeanSquares:
    """Mean squares of n units × k raters: units, raters, within units, residual."""

    n: int
    k: int
    units: float
    raters: float
    within: float
    residual: float


def icc_of_complete(codes: RatingCodes, values: FloatArray, level: float) -> list[Form]:
    """Six forms (Shrout and Fleiss 1979) with intervals by F (McGraw and Wong 1996).

    (1,·) raters differ from unit to unit, (2,·) the raters are drawn from many
    and must give the same number, (3,·) these raters, who must give the same
    order. (·,1) one rating, (·,k) the mean of all k raters.

    Parameters
    ----------
    codes : every rater on every unit
    values : number of each level
    level : coverage of the intervals, as a share

    Returns
    -------
    list of Form
        In the order of :data:`FORMS`; NaN where units and raters do not vary.
    """
    squares = mean_squares(codes, values)
    n, k = squares.n, squares.k
    if squares.within <= 0 and squares.units <= 0:
        return [Form(name, np.nan) for name in FORMS]
    tail = (1 + level) / 2
    of_one = _by_f(squares.units, squares.within, n - 1, n * (k - 1), tail)
    of_order = _by_f(squares.units, squares.residual, n - 1, (n - 1) * (k - 1), tail)
    single = [
        _form("ICC(1,1)", *(_single(f, k) for f in of_one)),
        _absolute(squares, tail),
        _form("ICC(3,1)", *(_single(f, k) for f in of_order)),
    ]
    stepped = [_stepped(form, k) for form in single]
    return single + stepped


def mean_squares(codes: RatingCodes, values: FloatArray) -> MeanSquares:
    """Two-way analysis of variance of a complete table."""
    n, k = codes.n_units, len(codes.raters)
    table = np.empty((n, k))
    table[codes.unit, codes.rater] = values[codes.level]
    table -= table.mean()
    of_units, of_raters = table.sum(axis=1), table.sum(axis=0)
    between = float(of_units @ of_units) / k
    across = float(of_raters @ of_raters) / n
    whole = float(np.einsum("ij,ij->", table, table))
    within = max(whole - between, 0.0)
    residual = max(within - across, 0.0)
    return MeanSquares(
        n, k, between / (n - 1), across / (k - 1), within / (n * (k - 1)),
        residual / ((n - 1) * (k - 1)),
    )  # fmt: skip


def _by_f(
    above: float, below: float, df_above: int, df_below: int, tail: float
) -> tuple[float, float, float]:
    """F, and the F at which the interval begins and ends."""
    if below <= 0:
        return np.inf, np.nan, np.nan
    f = above / below
    low, high = fdtri(df_above, df_below, tail), fdtri(df_below, df_above, tail)
    return f, f / float(low), f * float(high)


def _single(f: float, k: int) -> float:
    return 1.0 if np.isinf(f) else (f - 1) / (f + k - 1)


def _absolute(squares: MeanSquares, tail: float) -> Form:
    """ICC(2,1) with the bounds of ICC(A,1), degrees of freedom by Satterthwaite."""
    n, k, units = squares.n, squares.k, squares.units
    raters, residual = squares.raters, squares.residual
    whole = units + (k - 1) * residual + k * (raters - residual) / n
    value = (units - residual) / whole if whole > 0 else np.nan
    if not np.isfinite(value) or value >= 1:
        return _form("ICC(2,1)", value, np.nan, np.nan)
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    spread = (a * raters) ** 2 / (k - 1) + (b * residual) ** 2 / ((n - 1) * (k - 1))
    if spread <= 0:
        return _form("ICC(2,1)", value, np.nan, np.nan)
    df = (a * raters + b * residual) ** 2 / spread
    low, high = float(fdtri(n - 1, df, tail)), float(fdtri(df, n - 1, tail))
    rest = k * raters + (k * n - k - n) * residual
    lo = n * (units - low * residual) / (low * rest + n * units)
    hi = n * (high * units - residual) / (rest + n * high * units)
    return _form("ICC(2,1)", value, lo, hi)


def _stepped(form: Form, k: int) -> Form:
    """Reliability of the mean of k ratings (Spearman 1910, Brown 1910)."""
    ends = [np.nan if each is None else _longer(each, k) for each in (form.value, form.lo, form.hi)]
    return _form(form.name.replace(",1)", ",k)"), *ends)


def _longer(share: float, k: int) -> float:
    below = 1 + share * (k - 1)
    return k * share / below if below > 0 else -np.inf


def _form(name: str, value: float, lo: float, hi: float) -> Form:
    if not (np.isfinite(lo) and np.isfinite(hi)):
        return Form(name, value)
    return Form(name, value, lo, min(hi, 1.0))
