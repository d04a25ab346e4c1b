"""Quoted passages: how long those are that teachers take from one book which nobody registered.

A passage that two texts alone have may be copied or quoted by both; the two texts
are then the same two texts, letter by letter, so nothing in them can tell which.
The county can: where passages of a length stand with three and four teachers of
other schools who share nothing else, books are quoted at that length, and some of
their passages will have met two readers only. How many at least follows from how
many met three and four: with passages quoted at whatever rates, the counts f2, f3
and f4 of those with two, three and four readers have f2 >= 3/4 f3^2 / f4 on average
(the inequality of Chao 1984, *Nonparametric estimation of the number of classes in
a population*, one step up).
"""

from __future__ import annotations

import numpy as np

from scoring.similarity.candidates import Candidates
from scoring.similarity.fingerprints import GRAM
from scoring.similarity.limits import TextLimits
from scoring.similarity.sharing import Bools, Ints

_PAIRS = {3: 3, 4: 6}  # pairs that so many readers of one passage make
_MOST = 0.6  # of what two texts share


def quoted_run(found: Candidates, apart: Bools, limits: TextLimits, allowed: float) -> int:
    """Characters up to which a passage that two texts share may be a quotation of both.

    Parameters
    ----------
    found : Candidates
    apart : bool array
        Candidates of two schools, known ones.
    limits : TextLimits
        Those in force: pairs with the share of a strong pair are no quotations.
    allowed : float
        Quotations that may pass for copies.

    Returns
    -------
    int
        0 where no more than that are to be expected.
    """
    quotes = apart & (found.rare_share < limits.strong_share)
    three, four = (
        _long_ones(found.only(quotes & _of_readers(found, limits, count)), limits, count)
        for count in _PAIRS
    )
    longest = 0
    for run in np.unique(three).tolist():
        f3, f4 = (
            (len(runs) - int(np.searchsorted(runs, run))) / _PAIRS[count]
            for count, runs in ((3, three), (4, four))
        )
        if met_by_two(f3, f4) > allowed:
            longest = int(run) + GRAM  # so much of a run may go unseen at its ends
    return longest


def _long_ones(quotes: Candidates, limits: TextLimits, count: int) -> Ints:
    """Lengths of the longer passages that so many readers have, torn ones put together, sorted."""
    whole = np.ceil(quotes.rare_run * (count / limits.rare_teachers)).astype(np.int64)
    length = np.maximum(quotes.run, whole)
    return np.sort(length[3 * length >= 2 * limits.look_run])


def met_by_two(three: float, four: float) -> float:
    """Return the passages met by two, at least, from how many were met by three and by four.

    Chao's bound with his correction for small counts.

    >>> met_by_two(12, 8)
    11.0
    >>> met_by_two(1, 0)
    0.0
    """
    return 0.75 * three * max(three - 1, 0) / (four + 1)


def _of_readers(found: Candidates, limits: TextLimits, count: int) -> Bools:
    """Candidates that share, for the most part, what exactly so many teachers have."""
    if not len(found) or count <= limits.rare_teachers:
        return np.zeros(len(found), dtype=np.bool_)
    theirs = np.isclose(found.hits.weight, limits.rare_teachers / count)
    mostly: Bools = np.add.reduceat(theirs, found.starts, dtype=np.int64) >= _MOST * found.shared
    return mostly
