"""Effects of raters on wide scores: several criteria of a read, each on a scale.

No model of the scale is needed. Which of a piece's readers gave which scores
is chance without an effect, once each rater's own severity is taken out, so
draws swap whole reads within pieces. With severity: mean differences,
spread of them, central tendency (scores that keep to the middle), slope on the
others, scores of one read all alike (straight-lining), halo.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.frames import COMMENT, CRITERION, MET, PIECE, RATER
from scoring.discovery import Finding
from scoring.effects.alike import COPIED
from scoring.effects.alike_scores import pairs_of_scores
from scoring.effects.alongside import OWN_WORDS, PLACE
from scoring.effects.families import Draw, Rule, Trial, drawn_test, findings_by_family
from scoring.effects.habits import habits, own_words
from scoring.effects.of_marks import (
    DRIFT,
    ERRATIC,
    FLAT,
    HALO,
    LENIENT,
    OWN_DEPARTMENT,
    OWN_SCHOOL,
    SEVERE,
)
from scoring.effects.round_of_marks import Circumstances, networks_of
from scoring.effects.severity import (
    Thresholds,
    findings_of_shares,
    severity_of_shares,
    unspoken,
)
from scoring.errors import ScoringError
from scoring.tables import FloatArray, IntArray

CENTRAL, STRAIGHT = "central_rater", "straight_rater"
SCORE = "score:"
"""Prefix of the columns that hold scores."""

_ROUNDS = 30  # of alternating means: differences of severities have settled long before
_LEAST = 1e-9
_STEEPEST = 0.25  # share of a scale a logit moves at most
_MAD = 1.4826


@dataclass(frozen=True)
class _Beside:
    """A rater's reads and those of the same pieces, own first, filled up with −1."""

    rows: IntArray
    readers: IntArray

    def picked(self, size: int, rng: np.random.Generator) -> IntArray:
        """Rows of draws in which chance picked the read of each piece: size × pieces."""
        which = (rng.random((size, len(self.readers))) * self.readers).astype(np.int64)
        return self.rows[np.arange(len(self.readers)), which]

    def others(self, values: FloatArray) -> FloatArray:
        """Mean of the other readers' values on each piece."""
        real = self.rows[:, 1:] >= 0
        held = np.where(real, values[self.rows[:, 1:]], 0.0)
        return np.asarray(held.sum(axis=1) / real.sum(axis=1))


Statistic = Callable[[FloatArray], FloatArray]


def effects_of_scores(
    scores: pd.DataFrame,
    reads: pd.DataFrame,
    about: Circumstances,
    rules: Mapping[str, Rule],
    random_seed: int,
) -> list[Finding]:
    """Test every rater of a wide table.

    Parameters
    ----------
    scores : DataFrame, one row a read
        ``piece_id``, ``rater_id`` and a column ``score:…`` for every criterion; a
        missing score is left out. Effects are in shares of the range of all scores.
    reads : as for `effects_of_marks`, in the order of ``scores``
    about, rules, random_seed : as for `effects_of_marks`

    Raises
    ------
    ScoringError
        If no piece has two reads.
    """
    table, span = _table(scores)
    piece, _ = pd.factorize(scores[PIECE].astype(str))
    rater, named = pd.factorize(scores[RATER].astype(str), sort=True)
    names = [str(name) for name in named]
    if not (np.bincount(piece) > 1).any():
        raise ScoringError(
            "scores: no piece has two raters, so nothing is known of raters. "
            "Let a second rater read some of the pieces.",
            key="effects.no_shared",
        )
    mean = np.nanmean(table, axis=1) / span
    severity = _severities(mean, piece, rater, len(names))
    usual = _usual_spread(mean, severity, piece, rater, about.usual_spread * _STEEPEST)
    network = networks_of(scores).reindex(names)
    linked = (network.map(network.value_counts()) >= about.min_panel).to_numpy()
    trials = habits(reads, about.phrases, rules, random_seed, about.banks)
    order = np.argsort(piece, kind="stable")
    for k, name in enumerate(names):
        beside = _reads_beside(piece, rater, order, k)
        one = _Tests(name, beside, mean, severity, usual, piece, rater, table, rules, random_seed)
        trials += one.trials(k, reads, linked=bool(linked[k]))
    if COPIED in rules:
        facts, rule = _facts(reads, about), rules[COPIED]
        trials += pairs_of_scores(table, piece, rater, names, facts, rule, random_seed)
    apart = {name for name, is_linked in zip(names, linked, strict=True) if not is_linked}
    found = _pairs(scores, apart, about, rules, random_seed)
    found += findings_by_family(trials, rules, random_seed)
    return found + (unspoken(found, names) if SEVERE in rules else [])


def severity_of_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Severity of each rater of a wide table, in shares of the range of all scores.

    Columns as of `scoring.effects.severity.severity`.
    """
    return severity_of_shares(_shares(scores))


def _pairs(
    scores: pd.DataFrame,
    raters: Collection[str],
    about: Circumstances,
    rules: Mapping[str, Rule],
    random_seed: int,
) -> list[Finding]:
    """Severity in panels too small to say who departs (``raters``): the pair is the subject."""
    shares = _shares(scores)
    theirs = shares[shares[RATER].astype(str).isin(raters)]
    if SEVERE not in rules or not theirs.duplicated([PIECE, CRITERION]).any():
        return []
    rule = rules[SEVERE]
    thresholds = Thresholds(rule.q, rule.min_effect, rule.minimum, about.min_panel)
    return findings_of_shares(theirs, thresholds, random_seed)


def _facts(reads: pd.DataFrame, about: Circumstances) -> pd.DataFrame:
    """What is known of each read, with the own words of its comment."""
    if COMMENT not in reads.columns:
        return reads
    return reads.assign(**{OWN_WORDS: own_words(reads, about.phrases, about.banks).to_numpy()})


def _table(scores: pd.DataFrame) -> tuple[FloatArray, float]:
    """Scores as reads × criteria, and their range."""
    table = scores[[name for name in scores.columns if name.startswith(SCORE)]].to_numpy(float)
    return table, float(np.nanmax(table) - np.nanmin(table)) or 1.0


def _shares(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a score, from 0 at the least score of the table to 1 at the greatest."""
    columns = [name for name in scores.columns if name.startswith(SCORE)]
    long = scores.melt([PIECE, RATER], columns, CRITERION, MET).dropna(subset=MET)
    low, high = float(long[MET].min()), float(long[MET].max())
    made: pd.DataFrame = long.assign(**{MET: (long[MET] - low) / ((high - low) or 1.0)})
    return made


@dataclass(frozen=True)
class _Tests:
    """Tests of one rater against the readers of the same pieces."""

    name: str
    beside: _Beside
    mean: FloatArray
    severity: FloatArray
    usual_spread: float
    piece: IntArray
    rater: IntArray
    table: FloatArray
    rules: Mapping[str, Rule]
    seed: int

    def trials(self, k: int, reads: pd.DataFrame, *, linked: bool) -> list[Trial]:
        """Every test there is a rule and data for."""
        n, own = len(self.beside.rows), self.beside.rows[:, 0]
        level = self.mean + self.severity[self.rater]  # each rater's own severity taken out
        asis = np.where(self.rater == k, self.mean, level)
        within = np.nanstd(self.table, axis=1)
        alike = (np.nanmax(self.table, axis=1) - np.nanmin(self.table, axis=1) < _LEAST) * 1.0
        others = self.beside.others(level)
        centred = others - others.mean() if n else others
        size = max(float((centred**2).sum()), _LEAST)
        severe: Statistic = lambda drawn: -drawn.mean(axis=1)  # noqa: E731
        beyond, apart = self._from_fellows(asis), self._from_fellows(level)
        stray = self.usual_spread
        made = [
            self._trial(SEVERE, n, beyond, severe, linked, two_sided=True, stray=stray)
            if linked
            else None,
            self._erratic(k, n, level, linked),
            self._trial(CENTRAL, n, level, lambda drawn: -drawn.std(axis=1), linked, ratio=True),
            self._trial(FLAT, n, level, lambda drawn: -(drawn @ centred) / size, linked, ratio=True),
        ]  # fmt: skip
        if self.table.shape[1] > 1:  # one score is always like itself
            made += [
                self._trial(HALO, n, within, lambda drawn: -drawn.mean(axis=1), linked, ratio=True),
                self._trial(STRAIGHT, n, alike, lambda drawn: drawn.mean(axis=1), linked),
            ]
        facts = reads.iloc[own]
        if PLACE in facts and n > 1 and not facts[PLACE].isna().any():
            place = facts[PLACE].rank().to_numpy()
            place = (place - place.mean()) / (n - 1)
            slope = place / max(float((place**2).sum()), _LEAST)
            drift: Statistic = lambda drawn: -drawn @ slope  # noqa: E731
            made.append(self._trial(DRIFT, n, apart, drift, linked, two_sided=True))
        for code in (OWN_SCHOOL, OWN_DEPARTMENT):
            if code in facts and facts[code].notna().any():
                flags = facts[code].map(lambda value: value is True).to_numpy(dtype=bool)
                made.append(self._favour(code, flags, apart, linked))
        return [trial for trial in made if trial is not None]

    def _from_fellows(self, level: FloatArray) -> FloatArray:
        """Each read less the mean of the piece's other reads."""
        reads = np.bincount(self.piece)[self.piece]
        total = np.bincount(self.piece, weights=level)[self.piece]
        return np.asarray(level - (total - level) / np.maximum(reads - 1, 1))

    def _erratic(self, k: int, n: int, level: FloatArray, linked: bool) -> Trial | None:
        """Spread of differences from the others, against that of reads of all other raters."""
        apart = self._from_fellows(level)
        pool = apart[(np.bincount(self.piece)[self.piece] > 1) & (self.rater != k)]
        if ERRATIC not in self.rules:
            return None
        if n < max(self.rules[ERRATIC].minimum, 2) or not linked or not len(pool):
            return Trial(ERRATIC, "rater", (self.name,), n)

        def draw(size: int, rng: np.random.Generator) -> FloatArray:
            return np.asarray(pool[rng.integers(0, len(pool), (size, n))].std(axis=1))

        first = draw(999, np.random.default_rng(self.seed))
        mean, sd = float(first.mean()), max(float(first.std()), _LEAST)
        observed = float(apart[self.beside.rows[:, 0]].std())
        test = drawn_test(observed, mean, sd, lambda: draw, self.seed)
        usual = max(mean, _LEAST)
        return Trial(ERRATIC, "rater", (self.name,), n, test, observed / usual, sd / usual, 1.0)

    def _favour(self, code: str, own: np.ndarray, apart: FloatArray, linked: bool) -> Trial | None:
        n, rest = int(own.sum()), int((~own).sum())
        if code in self.rules and rest < self.rules[code].min_other:
            return Trial(code, "rater", (self.name,), n)
        weight = np.where(own, 1 / max(n, 1), -1 / max(rest, 1))
        return self._trial(code, n, apart, lambda drawn: drawn @ weight, linked)

    def _trial(
        self, code: str, n: int, values: FloatArray, statistic: Statistic, linked: bool,
        *, ratio: bool = False, two_sided: bool = False, stray: float = 0.0,
    ) -> Trial | None:  # fmt: skip
        """Test a statistic of values; a ratio is told against its mean over draws.

        ``stray`` is how far it lies apart among honest raters, chance aside.
        """
        if code not in self.rules:
            return None
        if n < max(self.rules[code].minimum, 2) or not linked:
            return Trial(code, "rater", (self.name,), n)

        def draw(size: int, rng: np.random.Generator) -> FloatArray:
            drawn = statistic(values[self.beside.picked(size, rng)])
            return drawn + rng.normal(0.0, stray, size) if stray else drawn

        def refine() -> Draw:
            return draw

        observed = float(statistic(values[self.beside.rows[:, 0]][None, :])[0])
        first = draw(999, np.random.default_rng(self.seed))
        mean, sd = float(first.mean()), float(first.std())
        test = drawn_test(observed, mean, sd, refine, self.seed)
        # Draws keep the rater's own read one time in so many, which an effect shows less in.
        usual = abs(mean) if ratio and abs(mean) > _LEAST else 1.0
        effect, null, spread = (observed - mean) / usual, 0.0, sd / usual
        if code == HALO:
            effect, null = mean / min(observed, -_LEAST), 1.0
        elif two_sided and code == SEVERE:
            effect = observed
        shown = LENIENT if code == SEVERE and effect < 0 else code
        return Trial(shown, "rater", (self.name,), n, test, effect, spread, null, two_sided)


def _severities(mean: FloatArray, piece: IntArray, rater: IntArray, size: int) -> FloatArray:
    """Severities that explain reads beside the pieces' means, by alternating means."""
    severity = np.zeros(size)
    reads, read_by = np.bincount(piece), np.maximum(np.bincount(rater, minlength=size), 1)
    for _ in range(_ROUNDS):
        level = np.bincount(piece, weights=mean + severity[rater]) / reads
        severity = np.bincount(rater, weights=level[piece] - mean, minlength=size) / read_by
        severity -= np.median(severity)
    return severity


def _usual_spread(
    mean: FloatArray, severity: FloatArray, piece: IntArray, rater: IntArray, most: float
) -> float:
    """How far honest raters' severities stray, told robustly; no more than ``most``."""
    level = np.bincount(piece, weights=mean + severity[rater]) / np.bincount(piece)
    rest = mean + severity[rater] - level[piece]
    reads = np.maximum(np.bincount(rater, minlength=len(severity)), 1)
    se = np.sqrt(np.bincount(rater, weights=rest**2, minlength=len(severity))) / reads
    mad = _MAD * float(np.median(np.abs(severity - np.median(severity))))
    return min(float(np.sqrt(max(mad**2 - float(np.median(se)) ** 2, 0.0))), most)


def _reads_beside(piece: IntArray, rater: IntArray, order: IntArray, k: int) -> _Beside:
    own = np.flatnonzero(rater == k)
    low = np.searchsorted(piece[order], piece[own])
    high = np.searchsorted(piece[order], piece[own], side="right")
    own, low, high = (each[high - low > 1] for each in (own, low, high))
    readers = high - low
    rows = np.full((len(own), int(readers.max(initial=1))), -1, dtype=np.int64)
    rows[:, 0] = own
    for at, (one, start, end) in enumerate(zip(own, low, high, strict=True)):
        fellows = order[start:end]
        rows[at, 1 : end - start] = fellows[fellows != one]
    return _Beside(rows, readers)
