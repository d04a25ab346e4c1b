"""Whether flip risks hold: what fresh readers said of pieces drawn at random, beside what was foretold.

Two validation reads of a piece come to its level, or they do not (they come
to another, or leave it open). The draws foretell the second with a chance of
its own for each piece, from reads that did not see these two. Over many
pieces the foretold and the observed share must meet, and they must meet among
the pieces of small chance and of large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.intervals import clopper_pearson
from scoring.stability.consensus_codes import LevelCodes
from scoring.stability.flip_risk import INTERVAL, Floats

GROUPS = 10
FEWEST_IN_GROUP = 10


@dataclass(frozen=True)
class Foretold:
    """Pieces of like chance: the chance foretold on average, and the share that came.

    ``lo`` and ``hi`` are Clopper and Pearson's 95 % interval of the share.
    """

    pieces: int
    least: float
    most: float
    predicted: float
    observed: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Validation:
    """Flip risk against validation reads.

    Attributes
    ----------
    whole : all pieces as one group
    holds : whether the foretold share lies within the interval of the observed one
    brier : mean squared distance of the chance from what came, 0 to 1
    brier_constant : the same had every piece been given the observed share
    groups : pieces by rising chance, tenths where there are a hundred and more
    """

    whole: Foretold
    holds: bool
    brier: float
    brier_constant: float
    groups: tuple[Foretold, ...]


def chance_of_other(drawn: LevelCodes, levels: LevelCodes) -> Floats:
    """Share of draws in which two fresh reads do not come to the level of the piece.

    Parameters
    ----------
    drawn : draws × pieces
        Level two fresh reads settle on, -1 where they leave it open.
    levels : level of each piece

    Examples
    --------
    >>> chance_of_other(np.array([[1, 0], [-1, 0]], np.int8), np.array([1, 0], np.int8)).tolist()
    [0.5, 0.0]
    """
    found: Floats = (drawn != levels).mean(axis=0)
    return found


def validation(chance: Floats, differed: NDArray[np.bool_]) -> Validation:
    """Hold what was foretold against what came.

    Parameters
    ----------
    chance : of each piece that two fresh reads would not come to its level
    differed : whether they did not

    Returns
    -------
    Validation
        Groups hold :data:`FEWEST_IN_GROUP` pieces or more each; at most :data:`GROUPS`.
    """
    order = np.argsort(chance, kind="stable")
    count = min(GROUPS, max(len(order) // FEWEST_IN_GROUP, 1))
    groups = tuple(_group(chance[own], differed[own]) for own in np.array_split(order, count))
    whole = _group(chance, differed)
    share = whole.observed
    return Validation(
        whole,
        whole.lo <= whole.predicted <= whole.hi,
        float(((chance - differed) ** 2).mean()),
        share * (1 - share),
        groups,
    )


def _group(chance: Floats, differed: NDArray[np.bool_]) -> Foretold:
    n, came = len(chance), int(differed.sum())
    ends = clopper_pearson(came, n, INTERVAL)
    least, most, mean = float(chance.min()), float(chance.max()), float(chance.mean())
    return Foretold(n, least, most, mean, came / n, *ends)
