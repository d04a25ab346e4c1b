"""Shifts of severity: from the reference, from first to last, and on pieces of the own house.

All are sums of what the number met in each read says for more severity (see
``shifting``), tested against draws of those numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.effects.families import GLANCE, Draw, Test, Trial
from scoring.effects.of_marks import DRIFT, LENIENT, SEVERE, Asked, OneRater
from scoring.effects.pooling import Sums
from scoring.effects.predicting import BoolArray
from scoring.effects.shifting import Tilt, tilted
from scoring.tables import FloatArray, IntArray

_LEAST = 1e-6


@dataclass(frozen=True)
class Own:
    """Which of a rater's reads are of own pieces, and how outsiders judge the same pieces.

    Attributes
    ----------
    flags : one entry a read
    usual : how much more lenient than expected raters of elsewhere are with the pieces of
        the school (cluster) of each read, logits; a school better than its few readers
        let one expect looks favoured by anybody
    home : number of the school of each read
    usual_sd : standard error of ``usual``, one entry a school
    comparable : whether enough raters of elsewhere read the pieces of the same home
    """

    flags: BoolArray
    usual: FloatArray
    home: IntArray
    usual_sd: FloatArray
    comparable: bool = True


@dataclass(frozen=True)
class Shifting:
    """A rater whose severity may move with circumstances.

    Attributes
    ----------
    one : with what the others, criterion by criterion, let one expect of each read
    tilt : what each read says for more severity than the own
    order : place of each read in time, 0 to 1; None where times are unknown
    own : by code, which reads are of own pieces; None where that is unknown, or none is
    drawn : ratios of the tilt drawn for each read, reads × pool
    """

    one: OneRater
    tilt: Tilt
    drawn: FloatArray
    order: FloatArray | None
    own: Mapping[str, Own | None]

    @property
    def met(self) -> IntArray:
        """Criteria met in each read."""
        found: IntArray = self.one.reads.met.sum(axis=1).astype(np.int64)
        return found

    @property
    def apart(self) -> FloatArray:
        """Share of its criteria found met beyond what is expected at the own severity."""
        reads = self.one.reads
        expected = reads.expected(self.one.severity).sum(axis=1)
        found: FloatArray = (self.met - expected) / reads.marks
        return found


def shift_trials(whose: Shifting, asked: Asked, *, linked: bool) -> list[Trial]:
    """Test a rater for each shift there is a rule for.

    ``linked`` is False in a panel too small to tell which of its raters departs.
    """
    name, n = whose.one.name, len(whose.one.reads)
    trials = [_severity(whose, asked)] if SEVERE in asked.rules and linked else []
    if DRIFT in asked.rules:
        trials.append(_drift(whose, asked) if linked else asked.few(DRIFT, name, n))
    return trials + [
        _own(code, own, whose, asked) if linked else asked.few(code, name, 0)
        for code, own in whose.own.items()
        if own is not None
    ]


def _severity(whose: Shifting, asked: Asked) -> Trial:
    """Share of criteria found met less than a rater at the reference would have.

    A draw is the same reads by a rater whose severity strays from the reference as far
    as honest ones do.
    """
    rule, one = asked.rules[SEVERE], whose.one
    reads, n = one.reads, len(one.reads)
    if n < rule.minimum:
        return asked.few(SEVERE, one.name, n)
    total = float(reads.marks.sum())
    effect = float(reads.expected(one.reference).sum() - reads.met.sum()) / total
    tilt = tilted(reads, one.reference)
    slope = float(tilt.slope.sum())
    sum_of = _Sum(tilt, np.ones(n), 0.0, slope * one.reference_sd, 1.0, asked.random_seed)
    test = sum_of.test(whose.met, tilt.drawn(asked.random_seed))
    of_effect = -float(tilt.met_slope.sum()) / total / max(slope, _LEAST)
    code = SEVERE if effect >= 0 else LENIENT
    return Trial(code, "rater", (one.name,), n, test, effect, test.sd * of_effect, two_sided=True)


def _drift(whose: Shifting, asked: Asked) -> Trial:
    """Change of severity from the first read to the last, in shares of criteria."""
    one, order = whose.one, whose.order
    n = len(one.reads) if order is not None else 0
    if order is None or n < asked.rules[DRIFT].minimum:
        return asked.few(DRIFT, one.name, n)
    centred = order - order.mean()
    effect = -float(centred @ whose.apart) / max(float((centred**2).sum()), _LEAST)
    weight = _beside_severity(order, whose.tilt)
    test = _contrast(whose, weight, 0.0, 0.0, asked.random_seed)
    # A logit from first to last moves the effect by what a logit moves the share met.
    logit = -float(whose.tilt.met_slope.sum()) / float(one.reads.marks.sum())
    sd = test.sd * logit / max(_per_logit(weight, order, whose.tilt), _LEAST)
    return Trial(DRIFT, "rater", (one.name,), n, test, effect, sd, two_sided=True, within=True)


def _own(code: str, own: Own, whose: Shifting, asked: Asked) -> Trial:
    """Share of criteria found met more on own pieces than on others, one-sided.

    Both against what raters of elsewhere find on the same school's pieces.
    """
    rule, one, tilt = asked.rules[code], whose.one, whose.tilt
    n = int(own.flags.sum())
    others = len(own.flags) - n
    if not own.comparable or n < rule.minimum or others < rule.min_other:
        return asked.few(code, one.name, n)
    side = np.where(own.flags, 1 / n, -1 / others)
    moved = tilt.met_slope / one.reads.marks  # share of criteria, by a logit more severe
    effect = float(side @ (whose.apart + moved * own.usual))
    weight = _beside_severity(-own.flags.astype(np.float64), tilt)
    by_home = np.bincount(own.home, weight * tilt.slope, len(own.usual_sd))
    stray = float(np.linalg.norm(by_home * own.usual_sd))
    usual = _per_logit(weight, own.usual, tilt)
    test = _contrast(whose, weight, usual, stray, asked.random_seed)
    logit = -float(moved[own.flags].mean())
    sd = test.sd * logit / max(_per_logit(weight, -own.flags.astype(np.float64), tilt), _LEAST)
    return Trial(code, "rater", (one.name,), n, test, effect, sd, within=True)


def _beside_severity(towards: FloatArray, tilt: Tilt) -> FloatArray:
    """Weight reads by a circumstance less its mean by what they tell.

    The sum is then unmoved by the rater's own severity.
    """
    told = max(float(tilt.slope.sum()), _LEAST)
    weight: FloatArray = towards - float(towards @ tilt.slope) / told
    return weight


def _per_logit(weight: FloatArray, towards: FloatArray, tilt: Tilt) -> float:
    """How far the sum moves for a logit of severity that goes with ``towards``."""
    return float((weight * towards) @ tilt.slope)


def _contrast(
    whose: Shifting, weight: FloatArray, usual: float, stray: float, random_seed: int
) -> Test:
    """Test a sum whose draws vary as the rater's own reads do, where that is more than usual."""
    spread = float(np.sqrt(whose.tilt.dispersion(whose.met, weight)))
    sum_of = _Sum(whose.tilt, weight, usual, stray, spread, random_seed)
    return sum_of.test(whose.met, whose.drawn)


@dataclass(frozen=True)
class _Sum:
    """A weighted sum over reads; its draws are ``spread`` times as wide, strayed by a normal."""

    tilt: Tilt
    weight: FloatArray
    usual: float
    stray: float
    spread: float
    random_seed: int

    def test(self, met: IntArray, drawn: FloatArray) -> Test:
        """Test the sum of these numbers met; ``drawn`` ratios of each read serve a first look."""
        observed = float(self.weight @ self.tilt.of(met)) + self.usual
        sd = float(np.hypot(self.spread * np.sqrt(self.weight**2 @ self.tilt.variance), self.stray))
        glance = self._draws(drawn)(GLANCE, np.random.default_rng(self.random_seed))
        refine = lambda: self._draws(self.tilt.drawn(self.random_seed))  # noqa: E731
        return Test(observed, 0.0, sd, glance, refine)

    def _draws(self, drawn: FloatArray) -> Draw:
        pool = (self.spread * self.weight[:, None] * drawn).astype(np.float32)
        sums = Sums(np.zeros(1), pool[None])

        def draw(size: int, rng: np.random.Generator) -> FloatArray:
            strayed: FloatArray = sums.draw(size, rng)[0] + self.stray * rng.standard_normal(size)
            return strayed

        return draw
