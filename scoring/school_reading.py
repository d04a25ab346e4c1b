"""How the readers of a county read: what a piece has, what of it they see, and in what mood.

A criterion is met in a piece or it is not, and readers agree the better the
plainer that is. Two accounts of marks are known: everything hangs on one ability
and on how hard a criterion is (Rasch), or each criterion is there or not and
readers err about it (Dawid and Skene, Applied Statistics 28, 1979). Which of the
two a county is nearer to, its pairs of blind reads say: a criterion is there with
the logit ``x`` (ability less difficulty), and found met with the logit
``slope x + content (±1) + base + halo + shift``. With ``content`` 0 this is Rasch
with halo, with ``slope`` 0 it is Dawid and Skene's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from scoring.tables import FloatArray, IntArray

ABILITY = np.arange(-5.0, 5.01, 0.5)
"""Abilities of pieces at which everything is worked out, in standard deviations within a school."""

UNMET, MET, NOT_MARKED = 0, 1, 2

_NODES = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)])  # Gauss and Hermite's three
_WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6
_QUALITY = np.arange(-2.0, 2.01, 0.5)  # of schools, in their own standard deviation
_HARD = np.arange(-9.0, 9.01, 0.25)
_PIECES = 600  # pairs of reads from which how people read is told
_FEWEST = 30
_STEP = 1e-3
_LEAST = 1e-300
_START = (0.0, np.log(0.5), np.log(0.5), 0.8, 0.8, 0.0)
_BOUNDS = ((-1.5, 1.5), (-3.0, 0.5), (-2.5, 0.8), (0.0, 1.0), (0.0, 4.0), (-2.0, 2.0))
# A slope over 1 would be readers following ability more closely than what is there does; where
# nothing is (Rasch) the scale of x is free, and nothing is lost. Without the bound heavy tails of
# what is there pass for slope, and half the evidence of a shift goes.


@dataclass(frozen=True)
class Stack:
    """Pieces with the same criteria and as many reads, those at home first.

    ``cells`` is pieces × criteria × reads of ``UNMET``, ``MET`` or ``NOT_MARKED``;
    ``criteria`` are codes; ``school`` is of the piece.
    """

    criteria: IntArray
    at_home: int
    cells: NDArray[np.int8]
    school: IntArray


@dataclass(frozen=True)
class Manner:
    """How people read, in logits; ``quality`` is how far schools differ in units of ``ability``."""

    ability: float
    quality: float
    halo: float
    slope: float
    content: float
    base: float
    difficulty: FloatArray


@dataclass(frozen=True)
class Rows:
    """Distinct pieces of a stack: which pattern of marks each has on each criterion."""

    stack: Stack
    patterns: IntArray
    has: FloatArray
    row_of_piece: IntArray


def rows_of(stack: Stack) -> Rows:
    """Distinct pieces of a stack, and which of them each is."""
    reads = stack.cells.shape[2]
    code = stack.cells.astype(np.int64) @ 3 ** np.arange(reads)
    distinct, row = np.unique(code, axis=0, return_inverse=True)
    known, place = np.unique(distinct, return_inverse=True)
    place = place.reshape(distinct.shape)
    has = np.zeros((*distinct.shape, len(known)))
    np.put_along_axis(has, place[:, :, None], 1.0, axis=2)
    patterns = known[:, None] // 3 ** np.arange(reads) % 3
    return Rows(stack, patterns, has.reshape(len(distinct), -1), row.ravel().astype(np.int64))


def likelihood(manner: Manner, rows: Rows, shift: float) -> FloatArray:
    """Log likelihood of each distinct piece at each of ``ABILITY``: rows × abilities.

    Readers at home are shifted by ``shift``, the county's are not; moods (halo) of all
    reads are integrated out together, as all of them saw the same piece.
    """
    stack = rows.stack
    reads = stack.cells.shape[2]
    moods = np.array(list(product(range(len(_NODES)), repeat=reads))).reshape(-1, reads)
    x = manner.ability * ABILITY - manner.difficulty[stack.criteria][:, None]
    there = expit(x)[:, :, None]
    log = np.empty((len(x), len(rows.patterns), len(ABILITY), len(moods)))
    each = []
    for sign in (-1.0, 1.0):
        at = manner.slope * x + manner.content * sign + manner.base
        own, county = (expit(at[:, :, None] + by + manner.halo * _NODES) for by in (shift, 0.0))
        each.append([own if r < stack.at_home else county for r in range(reads)])
    for place, pattern in enumerate(rows.patterns):
        absent, present = (_chance(chances, pattern, moods) for chances in each)
        log[:, place] = np.log(there * present + (1 - there) * absent + _LEAST)
    flat = rows.has @ log.reshape(rows.has.shape[1], -1)
    likely = flat.reshape(-1, len(ABILITY), len(moods))
    top = likely.max(axis=2, keepdims=True)
    found: FloatArray = np.log(np.exp(likely - top) @ _WEIGHTS[moods].prod(axis=1)) + top[:, :, 0]
    return found


def _chance(chances: Sequence[FloatArray], pattern: IntArray, moods: IntArray) -> FloatArray:
    """Chance of a pattern where the content is given: criteria × abilities × moods."""
    made: FloatArray = np.ones((*chances[0].shape[:2], len(moods)))
    for read, mark in enumerate(pattern):
        if mark != NOT_MARKED:
            chance = chances[read] if mark == MET else 1 - chances[read]
            made = made * chance[:, :, moods[:, read]]
    return made


def abilities_at(quality: FloatArray) -> FloatArray:
    """Shares of pieces at each ability in schools of such quality: abilities × qualities."""
    share = np.exp(-0.5 * (ABILITY[:, None] - quality) ** 2)
    found: FloatArray = share / share.sum(axis=0)
    return found


def manner_of(pairs: Sequence[Stack], met_share: FloatArray) -> Manner | None:
    """Fit how people read to pairs of reads of the same pieces (maximum likelihood).

    Parameters
    ----------
    pairs : stacks of two reads a piece, all of them taken as read at home
    met_share : by criterion, share of marks that are met; never 0 or 1

    Returns
    -------
    Manner or None
        None where fewer than 30 pieces have two reads or all their marks are alike.
        Where ability and slope cannot be told apart (pure Rasch) weak priors settle it.
    """
    marks = np.concatenate([each.cells.ravel() for each in pairs]) if pairs else np.zeros(0)
    pieces = sum(len(each.cells) for each in pairs)
    if pieces < _FEWEST or not (np.any(marks == MET) and np.any(marks == UNMET)):
        return None
    rows = [rows_of(each) for each in _thinned(pairs, pieces)]
    schools = max(int(each.stack.school.max()) for each in rows) + 1

    def cost(at: FloatArray) -> float:
        manner = _manner(at, met_share)
        return _weak_priors(at) - _together(manner, rows, schools)

    found = minimize(
        cost, _START, method="L-BFGS-B", bounds=_BOUNDS,
        options={"eps": _STEP, "ftol": 1e-6, "maxiter": 40},
    )  # fmt: skip
    return _manner(found.x, met_share)


def _thinned(pairs: Sequence[Stack], pieces: int) -> list[Stack]:
    """Every so many pieces, so that about ``_PIECES`` are left."""
    step = max(pieces // _PIECES, 1)
    return [
        Stack(each.criteria, 2, each.cells[::step], each.school[::step])
        for each in pairs
        if len(each.cells)
    ]


def _manner(at: FloatArray, met_share: FloatArray) -> Manner:
    ability, quality, halo = (float(np.exp(value)) for value in at[:3])
    slope, content, base = (float(value) for value in at[3:])
    spread = ability * np.sqrt(1 + quality**2)
    x = spread * ABILITY[None, :, None] - _HARD[:, None, None]
    found = sum(
        chance * expit(slope * x + sign * content + base + halo * _NODES)
        for sign, chance in ((1, expit(x)), (-1, 1 - expit(x)))
    )
    curve = np.asarray(found) @ _WEIGHTS @ abilities_at(np.zeros(1))[:, 0]
    difficulty = np.interp(-met_share, -curve, _HARD)
    return Manner(ability, quality, halo, slope, content, base, difficulty)


def _together(manner: Manner, rows: Sequence[Rows], schools: int) -> float:
    """Log likelihood of all pieces, the quality of each school integrated out."""
    share = abilities_at(manner.quality * _QUALITY)
    by_school = np.zeros((schools, len(_QUALITY)))
    for each in rows:
        likely = likelihood(manner, each, 0.0)
        top = likely.max(axis=1, keepdims=True)
        of_quality = np.log(np.exp(likely - top) @ share) + top
        np.add.at(by_school, each.stack.school, of_quality[each.row_of_piece])
    of_schools = -0.5 * _QUALITY**2
    return float(logsumexp(by_school + of_schools - logsumexp(of_schools), axis=1).sum())


def _weak_priors(at: FloatArray) -> float:
    """So that what pairs do not tell stays where it usually is; two or three pieces' worth."""
    ability, quality, halo, slope, _, base = at
    return float(
        0.5 * (ability / 0.7) ** 2 + 0.5 * ((quality + 0.7) / 1.0) ** 2
        + 0.5 * ((halo + 0.7) / 1.0) ** 2 + 0.5 * (slope - 0.8) ** 2 + 0.5 * base**2
    )  # fmt: skip
