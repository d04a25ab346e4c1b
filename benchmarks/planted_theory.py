"""What theory allows of finding a planted rater: the power of the best test there could be.

The likelihood ratio of one rater's reads, with what was planted against honest
reading (Neyman and Pearson), by somebody who knows every difficulty, severity
and spread of a logistic county and takes from the other readers of a piece what
they tell of it. Favour is held against honest reading at whatever severity suits
best: a lenient rater with many own pieces favours nobody. No test that has to find
these things out can do better. Its moments are exact over all patterns of marks;
the sum over reads is taken for normal, at the level a lone discovery of its family
needs (q over tests).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit, ndtr, ndtri

from benchmarks import planted_marking as marking
from benchmarks.planted_counties import County, county_plan
from benchmarks.planted_marking import ABILITY_SD, Crew, Logits, logits_of

_THETA = np.linspace(-5, 5, 61)
_HALO, _WEIGHT = hermegauss(15)
_BINS = 10  # of time, within which drift is taken for constant
_SEVERITY = ("severe_rater", "lenient_rater")
_SHIFTS = ("own_school", "own_department", "drifting_rater")
_ASIDE = np.array([-0.2, 0.0, 0.2])  # logits, around which the best severity is looked for
_TWO_SIDED = ("severe_rater", "lenient_rater", "drifting_rater")
_PACE_SD, _FASTER, _TIME_SD = 0.2, 1.2, 0.5
_COPIED = 0.9


def allowed(county: County, random_seed: int, q: float) -> dict[str, float]:
    """Power at best for each planted rater of ``logistic_county`` of this seed.

    Pasted comments are left out: nobody honest repeats a text of their own.
    """
    rng = np.random.default_rng(random_seed)
    plan, crew = county_plan(county, rng)
    true = logits_of(crew, rng)
    best = _Best(crew, true, plan.third, len(plan.slot))
    raters = sorted(county.school_of)
    found = {}
    for name, code in county.planted.items():
        k, tests = raters.index(name), len(raters)
        if code == "pasted_comments":
            continue
        if code == "fast_rater":
            error = 1.25 * _TIME_SD / np.sqrt((plan.rater == k).sum())
            found[name] = float(ndtr(_FASTER / np.hypot(_PACE_SD, error) + ndtri(q / tests)))
        elif code.startswith("copied:"):
            pairs = tests * 3  # about as many pairs share pieces enough
            level = q / pairs / float((1 / np.arange(1, pairs + 1)).sum())
            found[name] = best.of_copying(k, raters.index(code[7:]), level)
        else:
            level = q / tests / (1 + (code in _TWO_SIDED))
            found[name] = (
                best.of_severity(k, code, level) if code in _SEVERITY else best.of(k, code, level)
            )
    return found


class _Best:
    """Likelihoods of reads given the other reads of the piece, at the true values."""

    def __init__(self, crew: Crew, true: Logits, third: np.ndarray, pieces: int) -> None:
        self.crew, self.true = crew, true
        self.reads = np.flatnonzero(~third)
        width = crew.lower + crew.upper
        self.patterns = (np.arange(2**width)[:, None] >> np.arange(width)) & 1
        self.prior = np.exp(-0.5 * ((_THETA[None] - true.good[:, None]) / ABILITY_SD) ** 2)
        beside = np.bincount(crew.piece[self.reads], minlength=pieces)
        self.known = self._posterior(beside)

    def of(self, k: int, code: str, level: float) -> float:
        """Power of the likelihood ratio of one rater's reads."""
        aside = self._best_aside(k, code) if code in _SHIFTS else 0.0
        return _power(*self._moments(k, code, aside), level)

    def _best_aside(self, k: int, code: str) -> float:
        """How far from the own an honest severity lies that is told from the planted one worst.

        Where the expected log likelihood ratio is least, by a parabola.
        """
        middle = float(self._moved(k, code).mean())
        told = [self._moments(k, code, middle + each)[2] for each in _ASIDE]
        square, line, _ = np.polyfit(_ASIDE, told, 2)
        return middle - line / (2 * square)

    def of_severity(self, k: int, code: str, level: float) -> float:
        """The same against honest raters who differ in severity themselves."""
        mean0, var0, mean1, _ = self._moments(k, code)
        error = self.crew.strength * np.sqrt(var0) / (mean1 - mean0)
        stray = np.hypot(error, self.crew.severity_sd)
        return float(ndtr(self.crew.strength / stray + ndtri(level)))

    def _moments(self, k: int, code: str, aside: float = 0.0) -> np.ndarray:
        """Mean and variance of the log likelihood ratio of honest reads, and of planted ones."""
        moments = np.zeros(4)
        for reads, honest, other in self._both(k, code, aside):
            weight = self.known[self.crew.piece[reads]]
            p0, p1 = weight @ honest.T, weight @ other.T
            ratio = np.log(p1 / p0)
            for place, p in ((0, p0), (2, p1)):
                mean = (p * ratio).sum(axis=1)
                moments[place] += mean.sum()
                moments[place + 1] += ((p * ratio**2).sum(axis=1) - mean**2).sum()
        return moments

    def of_copying(self, k: int, other: int, level: float) -> float:
        """Power of the likelihood ratio of the reads beside the one copied."""
        beside = set(self.crew.piece[self.crew.rater == other])
        own = [i for i in self._own(k) if self.crew.piece[i] in beside]
        moments = np.zeros(4)
        for i in own:
            piece = self.crew.piece[i]
            honest = self._table(int(self.crew.slot[piece]), float(self.true.severity[k]), 0.0)
            theirs = self._table(int(self.crew.slot[piece]), float(self.true.severity[other]), 0.0)
            weight = theirs * self.known[piece]
            given = weight.sum(axis=1)
            same = (weight * honest).sum(axis=1) / given
            up, down = np.log((_COPIED + (1 - _COPIED) * same) / same), np.log(1 - _COPIED)
            for place, chance in ((0, same), (2, _COPIED + (1 - _COPIED) * same)):
                mean = chance * up + (1 - chance) * down
                square = chance * up**2 + (1 - chance) * down**2
                moments[place] += given @ mean
                moments[place + 1] += given @ square - (given @ mean) ** 2
        return _power(*moments, level) if own else 0.0

    def _own(self, k: int) -> np.ndarray:
        found: np.ndarray = self.reads[self.crew.rater[self.reads] == k]
        return found

    def _posterior(self, beside: np.ndarray) -> np.ndarray:
        """Ability of each piece from one typical other read less than it has, normal about the truth.

        The others' marks are not held fixed: their information is, so that the power
        is that of the design and not of one draw.
        """
        made = self.prior.copy()
        for slot in range(self.crew.slots):
            of_slot = np.flatnonzero(self.crew.slot == slot)
            table = self._table(slot, 0.0, 0.0)
            for piece in of_slot:
                at = int(np.abs(_THETA - self.true.ability[piece]).argmin())
                told = table[:, at] @ np.log(np.maximum(table, 1e-12))
                made[piece] *= np.exp((told - told.max()) * max(beside[piece] - 1, 0))
        return made / made.sum(axis=1, keepdims=True)

    def _moved(self, k: int, code: str) -> np.ndarray:
        """How much more severe each read is than an honest one, logits."""
        crew, own = self.crew, self._own(k)
        moved = np.zeros(len(own))
        if code == "drifting_rater":
            moved = marking.DRIFT * (np.floor(crew.at[own] * _BINS).clip(0, _BINS - 1) + 0.5)
            moved = moved / _BINS - marking.DRIFT / 2
        elif code in ("own_school", "own_department"):
            moved = -marking.FAVOUR * crew.favoured[own].astype(float)
        elif code in _SEVERITY:
            moved = np.full(len(own), crew.strength * (1 if code == "severe_rater" else -1))
        return moved

    def _both(
        self, k: int, code: str, aside: float
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Reads of a kind, and tables of an honest and of the planted way of marking them."""
        crew, own, moved = self.crew, self._own(k), self._moved(k, code)
        honest_severity = float(self.true.severity[k])
        if code in _SEVERITY:
            honest_severity -= float(moved[0])
        slot = crew.slot[crew.piece[own]]
        for cell in np.unique(np.stack([slot, moved], axis=1), axis=0):
            at = own[(slot == cell[0]) & (moved == cell[1])]
            honest = self._table(int(cell[0]), honest_severity, aside)
            yield at, honest, self._planted(int(cell[0]), honest_severity, float(cell[1]), code)

    def _planted(self, slot: int, severity: float, moved: float, code: str) -> np.ndarray:
        lower = self.crew.lower
        if code in ("halo_rater", "flat_rater", "erratic_rater"):
            halo = marking.MORE_HALO if code == "halo_rater" else marking.HALO
            slope = marking.LESS_SLOPE if code == "flat_rater" else 1.0
            guess = 0.5 if code == "erratic_rater" else 0.0
            return self._table(slot, severity, 0.0, halo, slope, guess)
        made = self._table(slot, severity, moved)
        clicks: Mapping[str, tuple[float, int]] = {
            "all_met_reads": (0.5, len(self.patterns) - 1),
            "none_met_reads": (0.3, 0),
            "just_pass_reads": (0.4, 2**lower - 1),
        }
        if code in clicks:
            share, pattern = clicks[code]
            made = (1 - share) * made
            made[pattern] += share
        return made

    def _table(
        self, slot: int, severity: float, moved: float,
        halo: float = marking.HALO, slope: float = 1.0, guess: float = 0.0,
    ) -> np.ndarray:  # fmt: skip
        """Chance of each pattern of marks at each ability: patterns × abilities."""
        hard = self.true.difficulty[slot]
        ease = slope * _THETA[:, None] + halo * _HALO - severity - moved
        chance = (1 - guess) * expit(ease[..., None] - hard) + guess / 2
        made = np.ones((len(self.patterns), *ease.shape))
        for c in range(len(hard)):
            on = self.patterns[:, c, None, None] == 1
            made *= np.where(on, chance[..., c], 1 - chance[..., c])
        found: np.ndarray = made @ (_WEIGHT / _WEIGHT.sum())
        return found


def _power(mean0: float, var0: float, mean1: float, var1: float, level: float) -> float:
    cut = mean0 + float(-ndtri(level)) * np.sqrt(var0)
    return float(ndtr((mean1 - cut) / np.sqrt(max(var1, 1e-12))))
