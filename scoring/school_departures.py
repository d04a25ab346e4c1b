"""Which schools depart from the others: the middle, the honest spread, and the tests.

Inflation goes one way. The middle is therefore the median, and the spread of
honest schools is taken from those below it, which no inflated school reaches:
a spread over all schools grows with what it should show (masking).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from scoring.discovery import Finding, benjamini_hochberg
from scoring.flags import SCHOOL
from scoring.tables import FloatArray, IntArray

BoolArray = NDArray[np.bool_]

FEWEST_SCHOOLS = 8
"""Schools below which there is no middle to speak of; the comparison is then with nought."""

_POWER = 0.8
_SLACK = 1e-9
_PRIOR_SCHOOLS = 20  # so many schools' worth of trust that errors of sampling are whole
_ENDLESS = 1e6  # degrees of freedom at which t is the normal to six places


@dataclass(frozen=True)
class Rule:
    """When a departure is a finding: false-discovery rate, least effect, least data."""

    q: float
    min_effect: float
    minimum: int


@dataclass(frozen=True)
class Middle:
    """Where schools lie: the middle, the standard deviation between honest ones, how many.

    ``below`` is how many the standard deviation was taken from.
    """

    centre: float
    spread: float
    schools: int
    below: int = 0


def middle_of(effect: FloatArray, se: FloatArray) -> Middle:
    """Median of schools, and the standard deviation of those below it beyond their errors.

    Moments of Spiegelhalter's additive overdispersion (Statistics in Medicine
    24, 2005) over the schools at or below the median; nought and nought below
    ``FEWEST_SCHOOLS``.

    Examples
    --------
    >>> middle_of(np.array([-0.1, 0.1] * 10 + [9.0]), np.full(21, 0.02)).centre
    0.1
    """
    if len(effect) < FEWEST_SCHOOLS:
        return Middle(0.0, 0.0, len(effect))
    centre = float(np.median(effect))
    below = effect <= centre
    weight = 1 / se[below] ** 2
    phi = float((weight * (effect[below] - centre) ** 2).mean())
    spread = sqrt(max(0.0, (phi - 1) / float(weight.mean())))
    return Middle(centre, spread, len(effect), int(below.sum()))


Score = tuple[FloatArray, FloatArray]
"""A statistic of each school on any scale, and its error of sampling."""


@dataclass(frozen=True)
class _Look:
    """One statistic of every school against the middle: standardised, its p, error and freedom."""

    statistic: FloatArray
    p: FloatArray
    error: FloatArray
    freedom: FloatArray


def departures(
    code: str,
    schools: Sequence[str],
    effect: FloatArray,
    se: FloatArray,
    n: IntArray,
    rule: Rule,
    score: Score | None = None,
) -> tuple[list[Finding], Middle]:
    """Test each school for lying above the others, as one family.

    Parameters
    ----------
    code : kind of flag
    schools : ids
    effect, se : shares, the error of sampling alone; NaN where nothing is known
    n : what was compared, in the unit of the rule's minimum
    rule : thresholds
    score : a sharper statistic of the same departure, and its error
        It makes the test; people are told the effect. Without it the effect does both.

    Returns
    -------
    findings, one a school, and the middle they are held against
        ``effect`` is the distance above the middle; ``statistic`` is that of the
        score over its error with the spread of honest schools; p is one-sided by t
        with Satterthwaite's degrees of freedom.
    """
    told = (n >= rule.minimum) & np.isfinite(effect) & np.isfinite(se) & (se > 0)
    middle = middle_of(effect[told], se[told])
    apart = effect - middle.centre
    look = _look(*(score or (effect, se)), told)
    p = np.nan_to_num(look.p, nan=1.0)
    adjusted = np.full(len(p), np.nan)
    adjusted[told] = benjamini_hochberg(p[told].tolist())
    tests = int(told.sum())
    found = []
    for place, school in enumerate(schools):
        if not told[place]:
            found.append(unknown(code, school, int(n[place])))
            continue
        least = rule.min_effect + float(ndtri(_POWER)) * float(se[place])
        flagged = adjusted[place] <= rule.q and apart[place] >= rule.min_effect - _SLACK
        reach = _reach(tests, rule.q, look.freedom[place]) * look.error[place]
        found.append(
            Finding(
                code,
                SCHOOL,
                (school,),
                float(look.statistic[place]),
                float(apart[place]),
                float(p[place]),
                float(adjusted[place]),
                int(n[place]),
                True,
                bool(flagged),
                max(least, float(reach * se[place])),
            )
        )
    return found, middle


def _look(value: FloatArray, sampling: FloatArray, told: BoolArray) -> _Look:
    """Test one statistic; ``error`` is in units of its sampling error."""
    known = told & np.isfinite(value) & (sampling > 0)
    held = _moderated(middle_of(value[known], sampling[known]))
    error = np.sqrt(sampling**2 + held.spread**2)
    freedom = _freedom(held, error)
    statistic = (value - held.centre) / np.where(known, error, 1.0)
    p = np.where(known, stdtr(freedom, -np.where(known, statistic, 0.0)), np.nan)
    return _Look(statistic, p, error / np.where(known, sampling, 1.0), freedom)


def _moderated(middle: Middle) -> Middle:
    """Spread of few schools drawn towards none, as the errors should leave none.

    The excess variance of so few below the median is half noise, and being cut off at
    nought it only ever widens; a prior worth ``_PRIOR_SCHOOLS`` holds it (moderated
    variances, Smyth, Statistical Applications in Genetics 3, 2004).
    """
    free = max(middle.below - 1, 0)
    held = middle.spread * sqrt(free / (free + _PRIOR_SCHOOLS))
    return replace(middle, spread=held)


def unknown(code: str, school: str, n: int) -> Finding:
    """Statement that the data of a school are too few."""
    return Finding(code, SCHOOL, (school,), None, None, None, None, n, False, False, None)


def _freedom(middle: Middle, error: FloatArray) -> FloatArray:
    """Degrees of freedom of an error whose spread between schools is estimated (Satterthwaite's).

    The error of sampling is taken as known; without spread they are as good as endless.
    """
    if middle.spread <= 0:
        return np.full(len(error), _ENDLESS)
    found = (error / middle.spread) ** 4 * (max(middle.below - 1, 1) + _PRIOR_SCHOOLS)
    return np.minimum(np.nan_to_num(found, nan=_ENDLESS), _ENDLESS)


def _reach(tests: int, q: float, freedom: float) -> float:
    """Standard errors from where on a lone school is found 8 times in 10."""
    return float(stdtrit(freedom, 1 - q / max(tests, 1))) + float(ndtri(_POWER))
