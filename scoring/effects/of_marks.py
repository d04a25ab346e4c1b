"""One rater's marks against what the other readers of the same pieces let one expect.

Severity, erratic marking, halo, flat discrimination, drift, favour for the own
school or department. All are sums over reads, tested against draws of the same
reads (see ``predicting``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from scoring.effects.families import GLANCE, Draw, Rule, Test, Trial, drawn_test
from scoring.effects.pooling import Sums, drawn_marks
from scoring.effects.predicting import BoolArray, Predicted
from scoring.effects.shifting import Tilt, tilted
from scoring.tables import FloatArray, IntArray

SEVERE, LENIENT, ERRATIC = "severe_rater", "lenient_rater", "erratic_rater"
FLAT, HALO, DRIFT = "flat_rater", "halo_rater", "drifting_rater"
OWN_SCHOOL, OWN_DEPARTMENT = "own_school", "own_department"

_LEAST = 1e-6

Value = Callable[[Mapping[str, FloatArray]], FloatArray]
"""Of residuals by name, one number a read (and draw)."""


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
class OneRater:
    """A rater's reads and what is needed to test them.

    Attributes
    ----------
    name : of the rater
    reads : those with another read beside them
    severity : fitted, logits
    reference, reference_sd : what it is compared with, and how far honest raters and the
        uncertainty of that zero let it stray, logits
    order : place of each read in time, 0 to 1; None where times are unknown
    own : by code, which reads are of own pieces; None where that is unknown, or none is
    tilt : what each read says for more severity than the own
    """

    name: str
    reads: Predicted
    severity: float
    reference: float
    reference_sd: float
    order: FloatArray | None
    own: Mapping[str, Own | None]
    tilt: Tilt


@dataclass(frozen=True)
class Asked:
    """What every test of a round is asked with."""

    rules: Mapping[str, Rule]
    random_seed: int

    def few(self, code: str, rater: str, n: int) -> Trial:
        """A rater of whom nothing can be said."""
        return Trial(code, "rater", (rater,), n)


def severity_trial(one: OneRater, asked: Asked) -> Trial:
    """Share of criteria found met less than a rater at the reference would have.

    Tested by the sharpest sum there is (see ``shifting``). A draw is the same reads by
    a rater whose severity strays from the reference as far as honest ones do.
    """
    rule, reads = asked.rules[SEVERE], one.reads
    n = len(reads)
    if n < rule.minimum:
        return asked.few(SEVERE, one.name, n)
    total = float(reads.marks.sum())
    effect = float(reads.expected(one.reference).sum() - reads.met.sum()) / total
    tilt = tilted(reads, one.reference)
    slope = float(tilt.slope.sum())
    observed = float(tilt.of(_met(reads)).sum())
    stray = slope * one.reference_sd
    draws = partial(_severity_draws, one, tilt, stray, asked.random_seed)
    sd = float(np.hypot(np.sqrt(tilt.variance.sum()), stray))
    of_effect = -float(tilt.met_slope.sum()) / total / max(slope, _LEAST)
    code = SEVERE if effect >= 0 else LENIENT
    test = drawn_test(observed, 0.0, sd, draws, asked.random_seed)
    return Trial(code, "rater", (one.name,), n, test, effect, sd * of_effect, two_sided=True)


def _severity_draws(one: OneRater, tilt: Tilt, stray: float, random_seed: int) -> Draw:
    drawn = drawn_marks(one.reads, one.reference, np.random.default_rng(random_seed))
    pool = tilt.of(drawn.sum(axis=2).astype(np.int64)).astype(np.float32)
    sums = Sums(np.zeros(1), pool[None])

    def draw(size: int, rng: np.random.Generator) -> FloatArray:
        strayed: FloatArray = sums.draw(size, rng)[0] + stray * rng.standard_normal(size)
        return strayed

    return draw


def _met(reads: Predicted) -> IntArray:
    """Criteria met in each read."""
    found: IntArray = reads.met.sum(axis=1).astype(np.int64)
    return found


@dataclass(frozen=True)
class _Contrast:
    """A weighted sum of what reads say for more severity, unmoved by the rater's own severity.

    Attributes
    ----------
    weight : one entry a read
    tilt : at the rater's own severity
    """

    weight: FloatArray
    tilt: Tilt

    @classmethod
    def of(cls, towards: FloatArray, tilt: Tilt) -> _Contrast:
        """Reads weighted by a circumstance, less its mean by what they tell."""
        told = max(float(tilt.slope.sum()), _LEAST)
        return cls(towards - float(towards @ tilt.slope) / told, tilt)

    def per(self, towards: FloatArray) -> float:
        """How far the sum moves for a logit of severity that goes with ``towards``."""
        return float((self.weight * towards) @ self.tilt.slope)

    @property
    def sd(self) -> float:
        """Standard deviation of the sum by chance."""
        return float(np.sqrt(self.weight**2 @ self.tilt.variance))

    def of_reads(self, reads: Predicted) -> float:
        """The sum as it is."""
        return float(self.weight @ self.tilt.of(_met(reads)))

    def test(
        self, one: OneRater, found: _Residuals, observed: float, stray: float, seed: int
    ) -> Test:
        """Test a sum against its draws without the effect; ``stray`` is what else moves it."""
        glance = self._draws(found, stray)(GLANCE, np.random.default_rng(seed))
        sd = float(np.hypot(self.sd, stray))

        def refine() -> Draw:
            return self._draws(_residuals(one, seed), stray)

        return Test(observed, 0.0, sd, glance, refine)

    def _draws(self, found: _Residuals, stray: float) -> Draw:
        pool = (self.weight[:, None] * self.tilt.of(found.met_of_draws())).astype(np.float32)
        sums = Sums(np.zeros(1), pool[None])

        def draw(size: int, rng: np.random.Generator) -> FloatArray:
            strayed: FloatArray = sums.draw(size, rng)[0] + stray * rng.standard_normal(size)
            return strayed

        return draw


@dataclass(frozen=True)
class _Residuals:
    """Residuals at the rater's own severity, as given and as drawn.

    ``given`` and ``drawn`` (reads × pool) hold by name: the residual of the read
    (``whole``, criteria), of its marks squared (``squares``) and weighted by how
    unlikely they are (``surprise``).
    """

    expected: FloatArray
    given: Mapping[str, FloatArray]
    drawn: Mapping[str, FloatArray]

    def met_of_draws(self) -> IntArray:
        """Criteria met in each read of each draw: reads × pool."""
        whole = self.drawn["whole"] + self.expected.sum(axis=1)[:, None]
        found: IntArray = np.rint(whole).astype(np.int64)
        return found

    def sums(self, *of: Value) -> Sums:
        """Sums over reads of functions of these, the last axis being the pool."""
        given = {name: values[:, None] for name, values in self.given.items()}
        observed = np.array([float(one(given).sum()) for one in of])
        return Sums(observed, np.stack([one(self.drawn).astype(np.float32) for one in of]))


def residual_trials(one: OneRater, asked: Asked, *, linked: bool) -> list[Trial]:
    """Every test of what a rater does at the own severity.

    ``linked`` is False in a panel too small to tell which of its raters
    departs: then only halo, which shows in the rater's own marks, is tested.
    """
    found = _residuals(one, asked.random_seed)
    trials = [_halo(one, found, asked)] if HALO in asked.rules else []
    tests = (_erratic, _flat, _drift)
    codes = (ERRATIC, FLAT, DRIFT)
    for code, test in zip(codes, tests, strict=True):
        if code in asked.rules:
            n = len(one.reads)
            trials.append(test(one, found, asked) if linked else asked.few(code, one.name, n))
    trials += [
        _own(code, one, found, asked) if linked else asked.few(code, one.name, 0)
        for code in (OWN_SCHOOL, OWN_DEPARTMENT)
        if one.own.get(code) is not None
    ]
    return trials


def _residuals(one: OneRater, random_seed: int) -> _Residuals:
    reads = one.reads
    expected = reads.expected(one.severity)
    rng = np.random.default_rng(random_seed)
    drawn = drawn_marks(reads, one.severity, rng)
    chance = np.clip(expected, _LEAST, 1 - _LEAST)
    unlikely = np.where(reads.real, np.log(chance / (1 - chance)), 0.0)
    apart = reads.met - expected
    # Of a 0 or 1: (x − p)² = p (1 − p) + (1 − 2 p)(x − p), so squares are sums of marks too.
    tilt = np.where(reads.real, 1 - 2 * expected, 0.0)
    base = (expected * (1 - expected)).sum(axis=1)
    given = {
        "whole": apart.sum(axis=1),
        "squares": base + (tilt * apart).sum(axis=1),
        "surprise": -(unlikely * apart).sum(axis=1),
    }

    def weighed(weight: FloatArray) -> FloatArray:
        of_marks = np.matmul(drawn, weight[:, :, None].astype(np.float32))[:, :, 0]
        made: FloatArray = of_marks - (weight * expected).sum(axis=1)[:, None]
        return made

    drawn_values = {
        "whole": weighed(np.where(reads.real, 1.0, 0.0)),
        "squares": base[:, None] + weighed(tilt),
        "surprise": -weighed(unlikely),
    }
    return _Residuals(expected, given, drawn_values)


def _linear(
    code: str, one: OneRater, n: int, found: _Residuals, value: Value, asked: Asked,
    *, unit: float = 1.0, null: float = 0.0, two_sided: bool = False,
) -> Trial:  # fmt: skip
    """Test a sum over reads; the effect is the sum in ``unit``."""
    sums = found.sums(value)
    observed, mean, sd = float(sums.observed[0]), float(sums.mean[0]), float(sums.sd[0])

    def refine() -> Draw:
        return partial(_first, _residuals(one, asked.random_seed).sums(value))

    glance = sums.draw(GLANCE, np.random.default_rng(asked.random_seed))[0]
    test = Test(observed, mean, sd, glance, refine)
    effect = null + (observed - mean) / unit
    return Trial(code, "rater", (one.name,), n, test, effect, sd / unit, null, two_sided)


def _erratic(one: OneRater, found: _Residuals, asked: Asked) -> Trial:
    """Read by read above and below the others, or mark by mark against what is likely.

    The statistic is the larger of both in their own standard deviations; the
    effect the larger ratio of standard deviations.
    """
    n = len(one.reads)
    if n < asked.rules[ERRATIC].minimum:
        return asked.few(ERRATIC, one.name, n)
    spread = np.maximum(found.drawn["whole"].var(axis=1), _LEAST)
    looked: tuple[Value, Value] = (
        lambda of: of["whole"] ** 2 / spread[:, None],
        lambda of: of["surprise"],
    )
    sums = found.sums(*looked, lambda of: of["squares"])
    mean, sd = sums.mean, np.maximum(sums.sd, _LEAST)

    def drawn(sums: Sums, size: int, rng: np.random.Generator) -> FloatArray:
        apart = (sums.draw(size, rng) - mean[:2, None]) / sd[:2, None]
        largest: FloatArray = apart.max(axis=0)
        return largest

    def refine() -> Draw:
        return partial(drawn, _residuals(one, asked.random_seed).sums(*looked))

    # Read by read or mark by mark, whichever stands out more.
    at = max((0, 2), key=lambda k: (sums.observed[k] - mean[k]) / sd[k])
    effect = float(np.sqrt(max(sums.observed[at], 0.0) / max(mean[at], _LEAST)))
    of_ratio = float(sd[at] / max(mean[at], _LEAST)) / 2
    observed = float(((sums.observed[:2] - mean[:2]) / sd[:2]).max())
    glance = drawn(sums.pick((0, 1)), GLANCE, np.random.default_rng(asked.random_seed))
    test = Test(observed, float(glance.mean()), float(glance.std()), glance, refine)
    return Trial(ERRATIC, "rater", (one.name,), n, test, effect, of_ratio, 1.0)


def _halo(one: OneRater, found: _Residuals, asked: Asked) -> Trial:
    """Products of the residuals of one read's criteria, against what the panel's halo gives."""
    n = int((one.reads.marks > 2).sum())
    if n < asked.rules[HALO].minimum:
        return asked.few(HALO, one.name, n)
    value: Value = lambda of: of["whole"] ** 2 - of["squares"]  # noqa: E731
    sums = found.sums(value)
    usual = max(float(sums.mean[0]), float(sums.sd[0]))  # without any halo a ratio has no bound
    return _linear(HALO, one, n, found, value, asked, unit=usual, null=1.0)


def _flat(one: OneRater, found: _Residuals, asked: Asked) -> Trial:
    """How much less a rater's reads rise with what the others let one expect."""
    n = len(one.reads)
    expected = found.expected.sum(axis=1) / one.reads.marks
    centred = expected - expected.mean()
    size = float((centred**2).sum())
    if n < asked.rules[FLAT].minimum or size < _LEAST:
        return asked.few(FLAT, one.name, n)
    weight = (centred / one.reads.marks / size)[:, None]
    return _linear(FLAT, one, n, found, lambda of: -of["whole"] * weight, asked)


def _drift(one: OneRater, found: _Residuals, asked: Asked) -> Trial:
    """Change of severity from the first read to the last, in shares of criteria."""
    n = len(one.reads) if one.order is not None else 0
    if one.order is None or n < asked.rules[DRIFT].minimum:
        return asked.few(DRIFT, one.name, n)
    centred = one.order - one.order.mean()
    shares = found.given["whole"] / one.reads.marks
    effect = -float(centred @ shares) / max(float((centred**2).sum()), _LEAST)
    contrast = _Contrast.of(one.order, one.tilt)
    # A logit from first to last moves the effect by what a logit moves the share met.
    logit = -float(contrast.tilt.met_slope.sum()) / float(one.reads.marks.sum())
    sd = contrast.sd * logit / max(contrast.per(one.order), _LEAST)
    test = contrast.test(one, found, contrast.of_reads(one.reads), 0.0, asked.random_seed)
    return Trial(DRIFT, "rater", (one.name,), n, test, effect, sd, two_sided=True)


def _own(code: str, one: OneRater, found: _Residuals, asked: Asked) -> Trial:
    """Share of criteria found met more on own pieces than on others, one-sided.

    Both against what raters of elsewhere find on the same school's pieces.
    """
    own, rule = one.own[code], asked.rules[code]
    n = 0 if own is None else int(own.flags.sum())
    enough = own is not None and own.comparable and n >= rule.minimum
    if own is None or not enough or len(own.flags) - n < rule.min_other:
        return asked.few(code, one.name, n)
    marks = one.reads.marks
    contrast = _Contrast.of(-own.flags.astype(np.float64), one.tilt)
    side = np.where(own.flags, 1 / n, -1 / (len(own.flags) - n))
    moved = contrast.tilt.met_slope / marks  # share of criteria, by a logit more severe
    effect = float(side @ (found.given["whole"] / marks + moved * own.usual))
    observed = contrast.of_reads(one.reads) + contrast.per(own.usual)
    by_home = np.bincount(own.home, contrast.weight * contrast.tilt.slope, len(own.usual_sd))
    stray = float(np.sqrt((by_home * own.usual_sd) @ (by_home * own.usual_sd)))
    test = contrast.test(one, found, observed, stray, asked.random_seed)
    logit = -float(moved[own.flags].mean())
    sd = test.sd * logit / max(contrast.per(-own.flags.astype(np.float64)), _LEAST)
    return Trial(code, "rater", (one.name,), n, test, effect, sd)


def _first(sums: Sums, size: int, rng: np.random.Generator) -> FloatArray:
    return np.asarray(sums.draw(size, rng)[0])
