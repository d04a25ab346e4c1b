"""How raters work, whatever they mark: time taken for the length, and comments that repeat.

Honest raters differ in both. A rater is compared with the spread among raters,
told robustly, so that a few who click through do not widen it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from models.frames import COMMENT, RATER
from scoring.effects.families import Draw, Rule, Trial, drawn_test
from scoring.tables import FloatArray

FAST, PASTED = "fast_rater", "pasted_comments"
SECONDS, LENGTH = "seconds", "length"

_MAD = 1.4826  # of a normal, standard deviations in one median absolute deviation
_HEAVY = 20  # degrees of freedom: raters are not quite normal, and tails are where flags are
_LEAST_SPREAD = {FAST: 0.1, PASTED: 0.03}
_LONGEST = 1.5  # a log time further out was a break, not reading
_OWN_CHARS = 12  # characters of a comment under which repeating it says nothing


@dataclass(frozen=True)
class _Habit:
    """One number a rater: its value, the error of it, and how many it comes of."""

    raters: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    n: tuple[int, ...]


def habits(
    reads: pd.DataFrame,
    phrases: Sequence[str],
    rules: Mapping[str, Rule],
    random_seed: int,
    banks: Mapping[str, Sequence[str]] | None = None,
) -> list[Trial]:
    """Test time and comments, as far as there are rules and columns for them."""
    made: list[Trial] = []
    if FAST in rules and SECONDS in reads.columns:
        made += fast_trials(reads, rules[FAST], random_seed)
    if PASTED in rules and COMMENT in reads.columns:
        made += pasted_trials(reads, rules[PASTED], phrases, random_seed, banks)
    return made


def fast_trials(reads: pd.DataFrame, rule: Rule, random_seed: int) -> list[Trial]:
    """Times faster than the others, given the length of the piece.

    Parameters
    ----------
    reads : DataFrame, one row a read
        ``rater_id``, ``seconds`` (missing or not positive: not timed) and, where known,
        ``length`` (characters or pages; more is longer).
    """
    timed = reads[reads[SECONDS].fillna(0) > 0]
    counts = reads.groupby(RATER, observed=True).size()
    if timed.empty:
        return [Trial(FAST, "rater", (str(rater),), 0) for rater in counts.index]
    late = _residual_log_seconds(timed)
    by_rater = late.groupby(timed[RATER].astype(str))
    centre = by_rater.median()
    spread = (late - centre.reindex(timed[RATER].astype(str)).to_numpy()).clip(-_LONGEST, _LONGEST)
    n = by_rater.size()
    habit = _Habit(
        tuple(map(str, centre.index)),
        -centre.to_numpy(),
        1.25 * float(spread.std()) / np.sqrt(n.to_numpy()),  # of a median, π / 2 of the variance
        tuple(map(int, n)),
    )
    known = {trial.ids[0]: trial for trial in _habit_trials(FAST, habit, rule, random_seed)}
    return [known.get(str(rater), Trial(FAST, "rater", (str(rater),), 0)) for rater in counts.index]


def pasted_trials(
    reads: pd.DataFrame,
    rule: Rule,
    phrases: Sequence[str],
    random_seed: int,
    banks: Mapping[str, Sequence[str]] | None = None,
) -> list[Trial]:
    """Share of comments that are one same text, more than is usual among these raters.

    The share is √(chance that two comments of the rater say the same): it does
    not grow with the number of comments. What the bank of phrases offers everybody,
    and what a rater's own bank (``banks``, by rater) holds, is taken out first, and
    what is left of under twelve characters is not counted.
    """
    own = reads.assign(said=own_words(reads, phrases, banks))
    own = own[own["said"].str.len() >= _OWN_CHARS]
    raters = sorted(map(str, reads[RATER].unique()))
    shares: Mapping[str, tuple[float, int]] = {
        str(rater): (_sameness(said), len(said))
        for rater, said in own.groupby(own[RATER].astype(str))["said"]
    }
    told = [rater for rater in raters if shares.get(rater, (0.0, 0))[1] >= max(rule.minimum, 2)]
    value = np.array([shares[rater][0] for rater in told])
    n = tuple(shares[rater][1] for rater in told)
    error = np.sqrt(value * (1 - value) / np.maximum(n, 1))
    habit = _Habit(tuple(told), value, np.minimum(error, 0.05), n)
    known = {trial.ids[0]: trial for trial in _habit_trials(PASTED, habit, rule, random_seed)}
    return [
        known.get(rater, Trial(PASTED, "rater", (rater,), shares.get(rater, (0.0, 0))[1]))
        for rater in raters
    ]


def _habit_trials(code: str, habit: _Habit, rule: Rule, random_seed: int) -> list[Trial]:
    """Compare each rater with the middle and the spread of all who have enough data."""
    enough = np.array(habit.n, dtype=np.int64) >= rule.minimum
    if enough.sum() < 3:
        return [
            Trial(code, "rater", (rater,), n)
            for rater, n in zip(habit.raters, habit.n, strict=True)
        ]
    middle = float(np.median(habit.value[enough]))
    away = habit.value - middle
    mad = _MAD * float(np.median(np.abs(away[enough])))
    spread = max(mad, _LEAST_SPREAD[code])
    made = []
    for k, rater in enumerate(habit.raters):
        if not enough[k]:
            made.append(Trial(code, "rater", (rater,), habit.n[k]))
            continue
        sd = float(np.hypot(spread, habit.se[k]))
        effect, null, of_effect = _in_unit(code, float(away[k]), sd)
        test = drawn_test(float(away[k]), 0.0, sd, partial(_heavy, sd), random_seed)
        made.append(Trial(code, "rater", (rater,), habit.n[k], test, effect, of_effect, null))
    return made


def _heavy(sd: float) -> Draw:
    """Draws of how far an honest rater is from the middle."""
    return lambda size, rng: sd * rng.standard_t(_HEAVY, size)


def _in_unit(code: str, away: float, sd: float) -> tuple[float, float, float]:
    """Effect, its value without a difference and its standard deviation, in the flag's unit."""
    if code == FAST:
        return float(np.exp(away)), 1.0, sd
    return max(away, 0.0), 0.0, sd


def _residual_log_seconds(timed: pd.DataFrame) -> pd.Series:
    """Log seconds less what the length lets one expect (a line through medians of length)."""
    log = timed[SECONDS].astype(float).map(np.log)
    if LENGTH not in timed.columns or timed[LENGTH].isna().any():
        return log - log.median()
    length = timed[LENGTH].astype(float).map(np.log1p)
    if length.nunique() < 2:
        return log - log.median()
    of_rater = timed[RATER].astype(str)
    x = length - length.groupby(of_rater).transform("mean")
    y = (log - log.groupby(of_rater).transform("median")).clip(-_LONGEST, _LONGEST)
    size = float((x**2).sum())
    slope = float((x * y).sum()) / size if size > 0 else 0.0
    rest = log - slope * length
    return rest - rest.median()


def own_words(
    reads: pd.DataFrame,
    phrases: Sequence[str],
    banks: Mapping[str, Sequence[str]] | None = None,
) -> pd.Series:
    """Letters of each comment, without what the banks of phrases offer.

    The longest phrases go first, so that one that is part of another leaves no rest.
    """
    said = reads[COMMENT].fillna("").astype(str).map(_letters)
    plain = _longest_first(phrases)
    own = {rater: _longest_first(kept) for rater, kept in (banks or {}).items()}
    if not plain and not own:
        return said
    raters = reads[RATER].astype(str)
    made = [
        _without(words, own.get(rater, ()), plain)
        for words, rater in zip(said, raters, strict=True)
    ]
    return pd.Series(made, index=said.index, dtype=object)


def _letters(words: str) -> str:
    return "".join(letter for letter in words.lower() if letter.isalpha())


def _longest_first(phrases: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(filter(None, map(_letters, phrases)), key=len, reverse=True))


def _without(words: str, *banks: Sequence[str]) -> str:
    for bank in banks:
        for phrase in bank:
            words = words.replace(phrase, "")
    return words


def _sameness(said: pd.Series) -> float:
    n = len(said)
    counts = said.value_counts().to_numpy(dtype=np.float64)
    return float(np.sqrt((counts * (counts - 1)).sum() / max(n * (n - 1), 1)))
