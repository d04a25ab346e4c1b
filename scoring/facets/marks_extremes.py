"""Criteria everybody met (or nobody), and raters who met everything: set apart, then bounded.

Where all marks of a criterion are alike its likeliest difficulty is without
bound, and there it tells nothing of pieces or raters: leaving its marks out is
the maximum likelihood fit itself. What it may still be is bounded afterwards by
a weak prior, everything else held at its estimate; the same for raters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.facets.marks_coding import FloatArray, IntArray, MarkCodes
from scoring.facets.marks_likelihood import WEAK_SD

_LOGISTIC_NORMAL = (16 * np.sqrt(3) / (15 * np.pi)) ** 2  # of its variance, in probit units
_BOUND = 25.0  # logits


@dataclass(frozen=True)
class Apart:
    """Marks that tell something, and the codes of criteria and raters set apart."""

    told: MarkCodes
    criteria: IntArray
    raters: IntArray


def set_apart(codes: MarkCodes, *, criteria_too: bool = True) -> Apart:
    """Leave out marks of criteria and raters that are all alike, until none is left.

    A rater or criterion with no other marks is set apart with them. Criteria that
    borrow from their kind stay: there what all readers met tells something.
    """
    kept, criteria, raters = telling(codes, criteria_too=criteria_too)
    return Apart(
        codes if kept.all() else codes.only(kept), np.flatnonzero(criteria), np.flatnonzero(raters)
    )


def telling(
    codes: MarkCodes, *, criteria_too: bool = True
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which marks tell something, then which criteria and raters are set apart; see `set_apart`."""
    kept = np.ones(len(codes.met), dtype=bool)
    rater = codes.read_rater[codes.mark_read]
    while True:
        criteria = _alike(codes.mark_criterion[kept], codes.met[kept], len(codes.criteria))
        if not criteria_too:
            criteria &= np.bincount(codes.mark_criterion[kept], minlength=len(criteria)) == 0
        raters = _alike(rater[kept], codes.met[kept], len(codes.raters))
        left = kept & ~criteria[codes.mark_criterion] & ~raters[rater]
        if (left == kept).all():
            return kept, criteria, raters
        kept = left


def bounded(
    met: IntArray, of: IntArray, size: int, ease: FloatArray, spread: FloatArray, centre: float
) -> tuple[FloatArray, FloatArray]:
    """Likeliest values of elements set apart, and their standard errors, logits.

    Parameters
    ----------
    met, of : marks, and the element (0 … size − 1) each is of
    ease : of each mark, logit of met for an element at nought
    spread : of each mark, variance of that logit (halo and ability not known)
    centre : mean of the prior, with a standard deviation of 3

    Notes
    -----
    The chance with an uncertain logit is the logistic-normal one by its usual
    approximation, logit / √(1 + .346 variance).
    """
    flat = 1 / np.sqrt(1 + _LOGISTIC_NORMAL * spread)
    low = np.full(size, centre - _BOUND)
    high = np.full(size, centre + _BOUND)

    def slope(value: FloatArray) -> tuple[FloatArray, FloatArray]:
        chance = 1 / (1 + np.exp(-(ease - value[of]) * flat))
        rise = np.bincount(of, weights=(chance - met) * flat, minlength=size)
        information = np.bincount(of, weights=chance * (1 - chance) * flat**2, minlength=size)
        down: FloatArray = rise - (value - centre) / WEAK_SD**2
        return down, np.asarray(information + WEAK_SD**-2, dtype=np.float64)

    for _ in range(50):
        middle = (low + high) / 2
        rises = slope(middle)[0] > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    value: FloatArray = (low + high) / 2
    se: FloatArray = 1 / np.sqrt(slope(value)[1])
    return value, se


def _alike(of: IntArray, met: IntArray, size: int) -> NDArray[np.bool_]:
    """Which elements have no two different marks."""
    marks = np.bincount(of, minlength=size)
    total = np.bincount(of, weights=met, minlength=size)
    return np.asarray((total == 0) | (total == marks))
