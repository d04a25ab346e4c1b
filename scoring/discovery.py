"""Many tests at once: permutation p values fine enough for a lone discovery, and their adjustment.

A family is one kind of flag in one round of one deciding body. Inside it the
expected share of false discoveries is held at q; that is an average over
rounds, and a single county can see more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from scoring.errors import ScoringError
from scoring.tables import FloatArray

Draw = Callable[[int, np.random.Generator], FloatArray]

_GLANCE = 199
_ENOUGH = 30  # draws as large as what was seen: more would tell p no better than needed
_FIRST_LOOK = 1999
_BLOCK = 4096  # draws held at once


@dataclass(frozen=True)
class Finding:
    """One test of one subject: a reason to look, or the statement that there is none.

    Attributes
    ----------
    code : kind of flag, as ``severe_rater``
    subject : what ``ids`` name: ``rater`` or ``rater_pair``
    statistic : the effect in standard errors
    effect : in the unit of the flag; what people are told
    p, q : chance of so large an effect under no difference; adjusted over the family
    n : how much was compared, in the unit of the flag's minimum
    minimum_met : False where the data are too few: then no other number is given
    flagged : q and effect both pass their thresholds
    detectable : the effect this much data would have flagged 8 times in 10
    """

    code: str
    subject: str
    ids: tuple[str, ...]
    statistic: float | None
    effect: float | None
    p: float | None
    q: float | None
    n: int
    minimum_met: bool
    flagged: bool
    detectable: float | None


def benjamini_hochberg(p: Sequence[float]) -> FloatArray:
    """Adjusted p values of independent or positively dependent tests (Benjamini & Hochberg 1995).

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ScoringError(
            "p values lie between 0 and 1; leave out tests without one before adjusting.",
            key="discovery.not_p",
        )
    order = np.argsort(values)
    scaled = values[order] * len(values) / np.arange(1, len(values) + 1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)


def benjamini_yekutieli(p: Sequence[float]) -> FloatArray:
    """Adjusted p values under any dependence (Benjamini & Yekutieli 2001), as among pairs.

    Examples
    --------
    >>> benjamini_yekutieli([0.01, 0.5]).tolist()
    [0.03, 0.75]
    """
    harmonic = float((1 / np.arange(1, len(p) + 1)).sum())
    return np.minimum(benjamini_hochberg(p) * harmonic, 1.0)


def draws_needed(tests: int, q: float) -> int:
    """Draws for which the least possible p is a tenth of what a lone discovery needs.

    A lone discovery among m tests needs p ≤ q / m, and the least p of B draws is 1 / (B + 1).

    >>> draws_needed(tests=120, q=0.05)
    24000
    """
    return max(_FIRST_LOOK, ceil(10 * tests / q))


def permutation_p(observed: float, draw: Draw, tests: int, q: float, random_seed: int) -> float:
    """Two-sided p of a statistic against its draws under no difference.

    (1 + draws as far from 0 as observed) / (1 + draws), after 1 999 draws; refined
    to :func:`draws_needed` where the first look leaves a discovery possible.

    Parameters
    ----------
    observed : the statistic, 0 under no difference
    draw : gives that many statistics under no difference
    tests, q : size of the family and the false-discovery rate asked for
    random_seed : every test starts from it anew, so its p does not hang on the order of tests
    """
    rng = np.random.default_rng(random_seed)
    far = abs(observed) - 1e-12  # ties of equal sums in another order are ties
    drawn, hits = _FIRST_LOOK, _count(far, draw, _FIRST_LOOK, rng)
    if (1 + hits) / (1 + drawn) <= q:
        more = draws_needed(tests, q) - drawn
        hits += _count(far, draw, more, rng)
        drawn += more
    return (1 + hits) / (1 + drawn)


def _count(far: float, draw: Draw, draws: int, rng: np.random.Generator) -> int:
    blocks = [min(_BLOCK, draws - start) for start in range(0, draws, _BLOCK)]
    return sum(int((np.abs(draw(size, rng)) >= far).sum()) for size in blocks)


def bootstrap_p(observed: float, draw: Draw, tests: int, q: float, random_seed: int) -> float:
    """One-sided p of a statistic against its draws under no difference.

    As :func:`permutation_p`, for statistics whose centre is not 0: a draw
    counts where it is at least as large. Draws go on to :func:`draws_needed`,
    or until so many were as large that p is known well enough (Besag and
    Clifford 1991: stop at h of them; its relative error is then 1 / √h). With
    ``tests`` 1 they end at 1 999.
    """
    rng = np.random.default_rng(random_seed)
    far = observed - 1e-9 * max(1.0, abs(observed))
    upto = _FIRST_LOOK if tests <= 1 else draws_needed(tests, q)
    drawn = hits = 0
    while drawn < upto and hits < _ENOUGH:
        size = min(_BLOCK if drawn else _GLANCE, upto - drawn)
        hits += int((draw(size, rng) >= far).sum())
        drawn += size
    return (1 + hits) / (1 + drawn)
