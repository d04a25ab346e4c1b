"""Clusters drawn with replacement, those alike together: the bootstrap itself, at the cost of its kinds.

A multinomial draw is a row of independent Poisson counts given their sum
(Fisher 1922), and Poisson counts of fixed mean come from tables. So the rarer
kinds are proposed as Poisson counts; a row is kept with the chance that the
common kinds together make up the rest, and these share it by numpy's
binomials, whose mean changes from row to row. Nothing is approximated, and
most of the binomials are saved.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from scoring.coefficients.patterns import Sample
from scoring.tables import FloatArray, IntArray

_BLOCK = 4_000_000  # cells of the matrix of draws held at once: 32 MB
_PICK, _MULTINOMIAL = 5.0, 100.0  # nanoseconds one cluster, one kind of cluster costs to draw
_TABLE, _POISSON, _BINOMIAL = (
    9_000.0,
    7.0,
    70.0,
)  # nanoseconds of a table, a count, a share of a rest
_SLOTS = 2048  # of a table; what does not fill one is drawn from the remainders
_REACH = 9.0  # standard deviations a table spans: beyond lies less than 1e-17
_WIDEST = 1_000  # mean above which a table costs more than it saves


def resamples(sample: Sample, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield blocks of how often each row of ``sample.each()`` was drawn, draws × rows.

    Alike clusters are drawn together: with ``times`` of each kind among G
    clusters, drawing G clusters is one multinomial draw over the kinds. This
    is the cluster bootstrap itself, not an approximation of it, and where a
    cluster is one unit it costs the same for a million units as for ten.
    """
    times = sample.times
    rows, n = len(times), int(times.sum())
    together = rows * _MULTINOMIAL <= n * _PICK
    step = max(1, _BLOCK // max(rows, 1 if together else n))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        yield multinomial(times, size, rng) if together else _picked(times, size, rng)


def multinomial(times: IntArray, size: int, rng: np.random.Generator) -> FloatArray:
    """Draw as many as there are, with replacement, ``size`` times.

    Parameters
    ----------
    times : how many there are of each kind
    size : draws
    rng : Generator

    Returns
    -------
    array, draws × kinds
        Whole numbers; each row sums to ``times.sum()``.
    """
    n = int(times.sum())
    order = np.argsort(times, kind="stable")[np.count_nonzero(times == 0) :]
    proposed = _proposed(times[order], size)
    if not proposed:
        return rng.multinomial(n, times / n, size=size).astype(np.float64)
    rare, common = order[:proposed], order[proposed:]
    counts = _kept(times[rare].astype(np.float64), n, size, rng)
    share = times[common] / times[common].sum()
    drawn = np.zeros((len(times), size))
    drawn[rare] = counts
    drawn[common] = rng.multinomial(n - counts.sum(axis=0), share).T
    return drawn.T


def _proposed(ascending: IntArray, size: int) -> int:
    """How many of the rarest kinds to propose as Poisson counts: what costs least, 0 for none."""
    kinds, before = np.arange(len(ascending)), np.cumsum(ascending) - ascending
    kept = np.sqrt(1 - before / ascending.sum())  # share of rows that are kept, by the normal
    of_kinds = kinds * (_TABLE / size + _POISSON / kept)
    cost = of_kinds + (len(kinds) - 1 - kinds) * _BINOMIAL
    narrow = np.concatenate([[True], ascending[:-1] <= _WIDEST])
    return int(np.argmin(np.where(narrow, cost, np.inf)))


def _kept(means: FloatArray, n: int, size: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Counts of the rarer kinds, kinds × draws, in draws of ``n`` whose rest are the others."""
    rest = float(n - means.sum())
    counts_of, found, short = _PoissonTables(means), [], size
    while short > 0:
        rows = int(short / np.sqrt(rest / n) * 1.03) + 30
        counts = counts_of.drawn(rows, rng)
        left = n - counts.sum(axis=0)
        fits = np.flatnonzero(rng.random(rows) < _relative(left, rest))[:short]
        found.append(counts[:, fits])
        short -= len(fits)
    return found[0] if len(found) == 1 else np.hstack(found)


class _PoissonTables:
    """Counts of several fixed means, drawn without a search (Marsaglia, Tsang and Wang 2004).

    Of 2,048 slots each count fills as many as its chance holds whole; a toss
    that meets a slot is that count, one beyond them falls to the remainders.
    """

    def __init__(self, means: FloatArray) -> None:
        reach = _REACH * np.sqrt(means) + 20
        first = np.maximum(means - reach, 0).astype(np.int32)
        self._width = int((means + reach - first).max()) + 1
        self._counts = first[:, None] + np.arange(self._width, dtype=np.int32)
        least = int(first.min())
        factorials = gammaln(np.arange(least + 1.0, float(self._counts[:, -1].max()) + 2))
        logs = self._counts * np.log(means)[:, None] - factorials[self._counts - least]
        chance = np.exp(logs - logs.max(axis=1, keepdims=True))
        scaled = chance * (_SLOTS / chance.sum(axis=1, keepdims=True))
        whole = scaled.astype(np.int64)
        unfilled = _SLOTS - whole.sum(axis=1, keepdims=True)
        named = np.hstack([self._counts, np.full((len(means), 1), -1, dtype=np.int32)])
        slots = np.repeat(named.ravel(), np.hstack([whole, unfilled]).ravel())
        self._slots = slots.reshape(len(means), _SLOTS)
        self._below = np.cumsum(scaled - whole)

    def drawn(self, size: int, rng: np.random.Generator) -> NDArray[np.int32]:
        """Draw ``size`` counts of each mean: means × draws."""
        kinds = len(self._counts)
        bits = rng.integers(0, 1 << 64, -(-kinds * size // 4), dtype=np.uint64).view(np.uint16)
        slot = (bits[: kinds * size] & (_SLOTS - 1)).reshape(kinds, size)
        counts = np.concatenate([row[at] for row, at in zip(self._slots, slot, strict=True)])
        beyond = np.flatnonzero(counts < 0)
        ends = self._below.reshape(kinds, -1)[:, -1]
        starts = np.concatenate([[0.0], ends[:-1]])
        kind = beyond // size
        tossed = starts[kind] + rng.random(len(beyond)) * (ends - starts)[kind]
        place = np.searchsorted(self._below, tossed, side="right")
        last = (kind + 1) * self._width - 1
        counts[beyond] = self._counts.ravel()[np.minimum(place, last)]
        found: NDArray[np.int32] = counts.reshape(kinds, size)
        return found


def _relative(counts: IntArray, mean: float) -> FloatArray:
    """Chance of each Poisson count over that of the likeliest, 0 below 0."""
    least, most = max(int(counts.min()), 0), int(counts.max())
    known = np.arange(least, max(most, least) + 1.0)
    mode = np.floor(mean)
    apart = (known - mode) * np.log(mean) - gammaln(known + 1.0) + gammaln(mode + 1.0)
    found = np.exp(apart)[np.maximum(counts - least, 0)]
    return found if counts.min() >= 0 else np.where(counts >= 0, found, 0.0)


def _picked(times: IntArray, size: int, rng: np.random.Generator) -> FloatArray:
    n = int(times.sum())
    picks = rng.integers(0, n, size=(size, n), dtype=np.int32).astype(np.int64)
    if len(times) < n:
        picks = np.repeat(np.arange(len(times)), times)[picks]
    picks += (np.arange(size) * len(times))[:, None]
    drawn = np.bincount(picks.ravel(), minlength=size * len(times))
    return drawn.reshape(size, -1).astype(np.float64)
