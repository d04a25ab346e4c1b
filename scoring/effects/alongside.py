"""What two raters' reads of the same pieces have in common besides the marks: words, order, delay.

Equal marks are the evidence; equal comments, and one of the two always a little
behind the other, lend it weight. Neither counts alone: two who sit side by side
hand in soon after each other, and two may have been given the same words.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd

from scoring.effects.families import GLANCE, Draw, Test, Trial
from scoring.tables import FloatArray, IntArray

PLACE = "place"
"""Column of reads: anything that sorts by time, missing where it is unknown."""

OWN_WORDS = "own_words"
"""Column of reads: letters of the comment without what banks of phrases offer."""

_GRAM = 4  # letters in a row that two comments share or not
_SAME = 0.8  # of the shorter one's fours in the other: the same words
_OWN_CHARS = 12  # letters of a comment under which the same words say nothing
_SHIFTS = 6  # other pieces each comment is held against, to see how alike the two write anyway
_FEWEST_PAIRS = 8  # under so many pairs there is no usual delay
_BEHIND = 0.8  # share of pieces on which the same one comes second, from where on delay counts
_MAD = 1.4826
_LEAST_SPREAD = 0.5  # of log minutes
_MOST = 3.0  # standard deviations a delay may add: there are honest reasons for it
_HEAVY = 20

Pair = TypeVar("Pair", bound=Hashable)
"""What names a pair of raters."""


@dataclass(frozen=True)
class Alongside:
    """Joint reads of two raters beyond their marks; None where it is unknown.

    Attributes
    ----------
    same, compared : pieces with the same words, of those both wrote own words on
    usual : how often their words are the same on different pieces, 0 to 1
    delay : median of log (1 + minutes) between the two
    second : share of pieces on which the more frequent second came second
    """

    same: int = 0
    compared: int = 0
    usual: float = 0.0
    delay: float | None = None
    second: float = 0.0


def alongside(facts: pd.DataFrame, both: IntArray) -> Alongside:
    """Compare comments and times of joint reads; ``both`` are rows of ``facts``, pieces × 2."""
    same, compared, usual = _comments(facts, both)
    delay, second = _delay(facts, both)
    return Alongside(same, compared, usual, delay, second)


def supported(
    trials: Mapping[Pair, Trial], beside: Mapping[Pair, Alongside], random_seed: int
) -> list[Trial]:
    """Let words and delay speak with the marks, where they are known.

    The statistic becomes the larger of the marks alone and of marks, words and delay
    together, each in its standard deviations; draws are of that same larger one, so
    nothing is gained by looking twice. A delay is held against those of all pairs
    (a round read in one order by all makes none stand out). The effect stays the
    share of marks alike.
    """
    usual = _usual_delay([each for pair, each in beside.items() if trials[pair].test is not None])
    return [
        _with(trial, _parts(beside[pair], usual), random_seed) for pair, trial in trials.items()
    ]


@dataclass(frozen=True)
class _Part:
    """Standard deviations something speaks for copying, and draws of it without copying."""

    z: float
    draw: Draw


def _parts(beside: Alongside, usual: tuple[float, float] | None) -> list[_Part]:
    parts = []
    if beside.compared:
        n, rate = beside.compared, beside.usual
        sd = max(float(np.sqrt(n * rate * (1 - rate))), 0.5)
        parts.append(_Part((beside.same - n * rate) / sd, partial(_matches, n, rate, sd)))
    if usual is not None and beside.delay is not None:
        z = (usual[0] - beside.delay) / usual[1] if beside.second >= _BEHIND else 0.0
        parts.append(_Part(min(z, _MOST), _delays))
    return parts


def _with(trial: Trial, parts: Sequence[_Part], random_seed: int) -> Trial:
    test = trial.test
    if test is None or not parts or test.sd <= 0:
        return trial
    root = float(np.sqrt(1 + len(parts)))
    observed = max(test.z, (test.z + sum(part.z for part in parts)) / root)

    def larger(marks: FloatArray, rng: np.random.Generator) -> FloatArray:
        z = (marks - test.mean) / test.sd
        others = np.sum([part.draw(len(z), rng) for part in parts], axis=0)
        found: FloatArray = np.maximum(z, (z + others) / root)
        return found

    def refine() -> Draw:
        draw = test.refine()
        return lambda size, rng: larger(draw(size, rng), rng)

    glance = larger(test.glance[:GLANCE], np.random.default_rng(random_seed))
    made = Test(observed, float(glance.mean()), float(glance.std()), glance, refine)
    return replace(trial, test=made)


def _matches(n: int, rate: float, sd: float, size: int, rng: np.random.Generator) -> FloatArray:
    return np.asarray((rng.binomial(n, rate, size) - n * rate) / sd, dtype=np.float64)


def _delays(size: int, rng: np.random.Generator) -> FloatArray:
    drawn: FloatArray = np.minimum(rng.standard_t(_HEAVY, size), _MOST)
    return drawn


def _comments(facts: pd.DataFrame, both: IntArray) -> tuple[int, int, float]:
    """Pieces with the same words, pieces compared, and how often other pieces have the same."""
    if OWN_WORDS not in facts.columns:
        return 0, 0, 0.0
    words = facts[OWN_WORDS].to_numpy()
    told = [
        (_grams(words[one]), _grams(words[other]))
        for one, other in both
        if len(str(words[one])) >= _OWN_CHARS and len(str(words[other])) >= _OWN_CHARS
    ]
    n = len(told)
    if n < 2:
        return 0, 0, 0.0
    same = sum(_alike(one, other) for one, other in told)
    shifts = range(1, min(_SHIFTS, n - 1) + 1)
    crossed = sum(_alike(told[k][0], told[(k + by) % n][1]) for by in shifts for k in range(n))
    return same, n, (crossed + 0.5) / (n * len(shifts) + 1)


def _delay(facts: pd.DataFrame, both: IntArray) -> tuple[float | None, float]:
    if PLACE not in facts.columns or not pd.api.types.is_datetime64_any_dtype(facts[PLACE]):
        return None, 0.0
    times = facts[PLACE].to_numpy(dtype="datetime64[s]")
    one, other = times[both[:, 0]], times[both[:, 1]]
    known = ~(np.isnat(one) | np.isnat(other))
    if not known.any():
        return None, 0.0
    after = (other[known] - one[known]).astype(np.float64) / 60
    share = float((after > 0).mean())
    return float(np.median(np.log1p(np.abs(after)))), max(share, 1 - share)


def _usual_delay(pairs: Sequence[Alongside]) -> tuple[float, float] | None:
    """Middle and spread of the delays of all pairs; None where they are too few."""
    delays = np.array([each.delay for each in pairs if each.delay is not None])
    if len(delays) < _FEWEST_PAIRS:
        return None
    middle = float(np.median(delays))
    return middle, max(_MAD * float(np.median(np.abs(delays - middle))), _LEAST_SPREAD)


def _grams(words: str) -> frozenset[str]:
    return frozenset(words[k : k + _GRAM] for k in range(len(words) - _GRAM + 1))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * min(len(one), len(other))
