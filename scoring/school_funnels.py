"""Rates of schools against limits that widen for small schools and for honest differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy.stats import betabinom, binom

from scoring.discovery import Finding, benjamini_hochberg
from scoring.flags import SCHOOL
from scoring.school_departures import FEWEST_SCHOOLS, Rule, unknown
from scoring.tables import FloatArray, IntArray

LIMITS = (0.95, 0.998)
"""Coverage of the limits drawn, as Spiegelhalter's funnels have them; nothing is decided by them."""

_WINSOR = 0.1  # share of schools pulled in at either end before the spread is taken
_SLACK = 1e-9


@dataclass(frozen=True)
class Funnel:
    """A county's rate and how schools honestly lie around it.

    Attributes
    ----------
    rate : of all pieces together
    spread : standard deviation between schools beyond chance
    crowding : pieces of a teacher go together: so many pieces say as much as one alone
    schools : how many it is drawn from; below ``FEWEST_SCHOOLS`` it says nothing
    """

    rate: float
    spread: float
    crowding: float
    schools: int

    def limits(self, pieces: int, coverage: float) -> tuple[float, float]:
        """Shares between which that many pieces of one school lie with this probability."""
        n = max(1, round(pieces / self.crowding))
        law = _law(self, n)
        tail = (1 - coverage) / 2
        return float(law.ppf(tail)) / n, float(law.ppf(1 - tail)) / n

    def line(self, pieces: int, coverage: float) -> tuple[float, float]:
        """The same as a chart draws it: between whole pieces, as Spiegelhalter interpolates.

        A step of one piece is otherwise a jag in the line, the larger the smaller a school.
        """
        n = max(1, round(pieces / self.crowding))
        law = _law(self, n)
        tail = (1 - coverage) / 2
        return _between(law, n, tail), _between(law, n, 1 - tail)


def _between(law: Any, n: int, share: float) -> float:
    """Share of ``n`` below which so much of the law lies, read linearly between its steps."""
    at = float(law.ppf(share))
    above, below = float(law.cdf(at)), float(law.cdf(at - 1))
    step = (above - share) / (above - below) if above > below else 0.0
    return min(max((at - step) / n, 0.0), 1.0)


def funnel_of(
    reached: FloatArray, school: IntArray, person: IntArray, n_schools: int
) -> tuple[Funnel, FloatArray, IntArray]:
    """Draw the funnel of a rate.

    Over-dispersed by Spiegelhalter's additive method (Statistics in Medicine 24,
    2005): z of every school, the outermost tenth pulled in, and the variance
    between schools that leaves their mean square at 1. Pieces of one teacher
    count less than pieces of several, by the intraclass correlation inside schools.

    Parameters
    ----------
    reached : 1 where the piece reached the level, else 0
    school, person : codes of each piece
    n_schools : how many schools there are

    Returns
    -------
    funnel, rate of each school (NaN without a piece), pieces of each school
    """
    n = np.bincount(school, minlength=n_schools)
    with np.errstate(invalid="ignore"):
        rates = np.bincount(school, reached, n_schools) / n
    rate = float(reached.mean()) if len(reached) else 0.0
    crowding = _crowding(reached, rates[school], person)
    some = n > 0
    error = np.sqrt(max(rate * (1 - rate), 1e-12) * crowding / np.maximum(n, 1))
    spread = _spread(rates[some], rate, error[some])
    return Funnel(rate, spread, crowding, int(some.sum())), rates, n


def funnel_findings(
    code: str,
    schools: Sequence[str],
    funnel: Funnel,
    rates: FloatArray,
    n: IntArray,
    rule: Rule,
    settled: Sequence[bool],
) -> list[Finding]:
    """Schools beyond the limits of their size, either way: a lead, never proof.

    ``settled`` schools have been read again often enough by the county: those
    reads then say more than the rate, which is told and not flagged.
    """
    enough = [
        bool(size >= rule.minimum and funnel.schools >= FEWEST_SCHOOLS) for size in n.tolist()
    ]
    tested = [k for k, known in enumerate(enough) if known]
    p = [_two_sided(funnel, float(rates[k]), int(n[k])) for k in tested]
    q = dict(zip(tested, benjamini_hochberg(p).tolist() if p else [], strict=True))
    chance = dict(zip(tested, p, strict=True))
    found = []
    for k, school in enumerate(schools):
        if k not in q:
            found.append(unknown(code, school, int(n[k])))
            continue
        apart = float(rates[k]) - funnel.rate
        error = sqrt(
            funnel.spread**2 + funnel.rate * (1 - funnel.rate) * funnel.crowding / int(n[k])
        )
        flagged = q[k] <= rule.q and abs(apart) >= rule.min_effect - _SLACK and not settled[k]
        low, high = funnel.limits(int(n[k]), 1 - rule.q / len(tested))
        least = max(rule.min_effect, high - funnel.rate, funnel.rate - low) + 0.84 * error
        statistic = apart / error if error > 0 else None
        found.append(
            Finding(
                code, SCHOOL, (school,), statistic, apart, chance[k], q[k], int(n[k]), True,
                bool(flagged), min(1.0, least),
            )
        )  # fmt: skip
    return found


def _crowding(reached: FloatArray, expected: FloatArray, person: IntArray) -> float:
    """How many pieces say as much as one alone: 1 + (pieces a teacher − 1) × correlation."""
    if not len(reached):
        return 1.0
    people = np.unique(person, return_inverse=True)[1]
    apart = reached - expected
    n = np.bincount(people).astype(np.float64)
    sums = np.bincount(people, apart)
    pairs = float((n * (n - 1)).sum())
    variance = float((apart**2).mean())
    if not pairs or variance <= 0:
        return 1.0
    together = float((sums**2).sum() - (apart**2).sum()) / pairs
    typical = float((n**2).sum() / n.sum())  # pieces of the teacher of a piece, on average
    return 1 + (typical - 1) * min(1.0, max(0.0, together / variance))


def _spread(rates: FloatArray, rate: float, error: FloatArray) -> float:
    if len(rates) < FEWEST_SCHOOLS or not 0 < rate < 1:
        return 0.0
    z = (rates - rate) / error
    lo, hi = np.quantile(z, (_WINSOR, 1 - _WINSOR))
    phi = float((np.clip(z, lo, hi) ** 2).mean())
    weight = 1 / error**2
    total, schools = float(weight.sum()), len(rates)
    scale = total - float((weight**2).sum()) / total
    return sqrt(max(0.0, (schools * phi - (schools - 1)) / scale))


def _law(funnel: Funnel, n: int) -> Any:
    """Beta-binomial of n pieces with the funnel's mean and spread; binomial without spread."""
    rate, between = min(max(funnel.rate, 1e-9), 1 - 1e-9), funnel.spread**2
    if between <= 1e-12:
        return binom(n, rate)
    strength = max(rate * (1 - rate) / between - 1, 1e-3)
    return betabinom(n, rate * strength, (1 - rate) * strength)


def _two_sided(funnel: Funnel, rate: float, pieces: int) -> float:
    """Chance of a rate so far out on its side, doubled."""
    n = max(1, round(pieces / funnel.crowding))
    hits = round(rate * n)
    law = _law(funnel, n)
    below, above = float(law.cdf(hits)), float(law.sf(hits - 1))
    return min(1.0, 2 * min(below, above))
