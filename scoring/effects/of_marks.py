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
from scoring.tables import FloatArray

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
    usual : share of criteria raters of elsewhere find met beyond what is expected, on the
        pieces of the school (cluster) of each read; a school better than its few readers
        let one expect looks favoured by anybody
    usual_sd : standard error of ``usual`` in the rater's comparison
    comparable : whether enough raters of elsewhere read the pieces of the same home
    """

    flags: BoolArray
    usual: FloatArray
    usual_sd: float
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
    """

    name: str
    reads: Predicted
    severity: float
    reference: float
    reference_sd: float
    order: FloatArray | None
    own: Mapping[str, Own | None]


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

    A draw is the same reads by a rater whose severity strays from the reference
    as far as honest ones do.
    """
    rule, reads = asked.rules[SEVERE], one.reads
    n = len(reads)
    if n < rule.minimum:
        return asked.few(SEVERE, one.name, n)
    total = float(reads.marks.sum())
    expected = float(reads.expected(one.reference).sum())
    slope = (expected - float(reads.expected(one.reference + 0.2).sum())) / 0.2 / total
    effect = (expected - float(reads.met.sum())) / total
    stray = slope * one.reference_sd

    def sums() -> Sums:
        rng = np.random.default_rng(asked.random_seed)
        count = drawn_marks(reads, one.reference, rng).sum(axis=2)
        return Sums(reads.met.sum()[None], count[None])

    def refine() -> Draw:
        drawn = sums()

        def draw(size: int, rng: np.random.Generator) -> FloatArray:
            away = (drawn.mean - drawn.draw(size, rng)[0]) / total
            strayed: FloatArray = away + stray * rng.standard_normal(size)
            return strayed

        return draw

    sd = float(np.hypot(sums().sd[0] / total, stray))
    code = SEVERE if effect >= 0 else LENIENT
    test = drawn_test(effect, 0.0, sd, refine, asked.random_seed)
    return Trial(code, "rater", (one.name,), n, test, effect, sd, two_sided=True)


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
    trials = [_halo(one, found, asked)]
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
    weight = (centred / one.reads.marks / max(float((centred**2).sum()), _LEAST))[:, None]
    value: Value = lambda of: -of["whole"] * weight  # noqa: E731
    return _linear(DRIFT, one, n, found, value, asked, two_sided=True)


def _own(code: str, one: OneRater, found: _Residuals, asked: Asked) -> Trial:
    """Share of criteria found met more on own pieces than on others, one-sided.

    Both against what raters of elsewhere find on the same school's pieces.
    """
    own, rule = one.own[code], asked.rules[code]
    n = 0 if own is None else int(own.flags.sum())
    enough = own is not None and own.comparable and n >= rule.minimum
    if own is None or not enough or len(own.flags) - n < rule.min_other:
        return asked.few(code, one.name, n)
    side = np.where(own.flags, 1 / n, -1 / (len(own.flags) - n))
    weight = (side / one.reads.marks)[:, None]
    usual, stray = float(side @ own.usual), own.usual_sd
    sums = found.sums(lambda of: of["whole"] * weight)
    effect = float(sums.observed[0]) - usual
    sd = float(np.hypot(sums.sd[0], stray))

    def draws(sums: Sums, size: int, rng: np.random.Generator) -> FloatArray:
        drawn: FloatArray = sums.draw(size, rng)[0] + stray * rng.standard_normal(size)
        return drawn

    def refine() -> Draw:
        again = _residuals(one, asked.random_seed).sums(lambda of: of["whole"] * weight)
        return partial(draws, again)

    glance = draws(sums, GLANCE, np.random.default_rng(asked.random_seed))
    test = Test(effect, 0.0, sd, glance, refine)
    return Trial(code, "rater", (one.name,), n, test, effect, sd)


def _first(sums: Sums, size: int, rng: np.random.Generator) -> FloatArray:
    return np.asarray(sums.draw(size, rng)[0])
