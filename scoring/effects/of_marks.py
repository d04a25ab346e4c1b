"""One rater's marks against what the other readers of the same pieces let one expect.

Erratic marking, halo, flat discrimination. All are sums over reads, tested against
draws of the same reads (see ``predicting``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from scoring.effects.families import GLANCE, Draw, Rule, Test, Trial
from scoring.effects.pooling import Marks, Sums, drawn_marks
from scoring.effects.predicting import Predicted
from scoring.tables import FloatArray

SEVERE, LENIENT, ERRATIC = "severe_rater", "lenient_rater", "erratic_rater"
FLAT, HALO, DRIFT = "flat_rater", "halo_rater", "drifting_rater"
OWN_SCHOOL, OWN_DEPARTMENT = "own_school", "own_department"

_LEAST = 1e-6

Value = Callable[[Mapping[str, FloatArray]], FloatArray]
"""Of residuals by name, one number a read (and draw)."""


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
    """

    name: str
    reads: Predicted
    severity: float
    reference: float
    reference_sd: float


@dataclass(frozen=True)
class Asked:
    """What every test of a round is asked with."""

    rules: Mapping[str, Rule]
    random_seed: int

    def few(self, code: str, rater: str, n: int) -> Trial:
        """A rater of whom nothing can be said."""
        return Trial(code, "rater", (rater,), n)


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


def residual_trials(one: OneRater, knowing: OneRater, asked: Asked, *, linked: bool) -> list[Trial]:
    """Every test of what a rater does at the own severity.

    Parameters
    ----------
    one, knowing : the rater's reads as the others of the piece let one expect them, and
        with what these found of each criterion (`same_criterion.knowing_criteria`)
    linked : False in a panel too small to tell which of its raters departs: then only
        halo, which shows in the rater's own marks, is tested
    """
    n = len(one.reads)
    found = _residuals(one, _drawn(one, asked.random_seed))
    trials = [_halo(one, found, asked)] if HALO in asked.rules else []
    if ERRATIC in asked.rules:
        trials.append(_erratic(one, knowing, asked) if linked else asked.few(ERRATIC, one.name, n))
    if FLAT in asked.rules:
        trials.append(_flat(one, found, asked) if linked else asked.few(FLAT, one.name, n))
    return trials


def _drawn(one: OneRater, random_seed: int) -> Marks:
    return drawn_marks(one.reads, one.severity, np.random.default_rng(random_seed))


def _residuals(one: OneRater, drawn: Marks) -> _Residuals:
    reads = one.reads
    expected = reads.expected(one.severity)
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
        return partial(_first, _residuals(one, _drawn(one, asked.random_seed)).sums(value))

    glance = sums.draw(GLANCE, np.random.default_rng(asked.random_seed))[0]
    test = Test(observed, mean, sd, glance, refine)
    effect = null + (observed - mean) / unit
    return Trial(code, "rater", (one.name,), n, test, effect, sd / unit, null, two_sided)


def _erratic(one: OneRater, knowing: OneRater, asked: Asked) -> Trial:
    """Read by read above and below the others, or mark by mark against what is likely.

    Likely by how good the piece is, or by what the others found of each criterion too:
    where readers see the same things and some overlook them, and where each sees a
    whole, another of the two stands out. The statistic is the largest in their own
    standard deviations; the effect the largest ratio of standard deviations.
    """
    n = len(one.reads)
    if n < asked.rules[ERRATIC].minimum:
        return asked.few(ERRATIC, one.name, n)
    found = _knowing_too(one, knowing, asked.random_seed)
    spread = np.maximum(found.drawn["whole"].var(axis=1), _LEAST)
    looked: tuple[Value, ...] = (
        lambda of: of["whole"] ** 2 / spread[:, None],
        lambda of: of["surprise"],
        lambda of: of["known surprise"],
    )
    sums = found.sums(*looked, lambda of: of["squares"], lambda of: of["known squares"])
    mean, sd, ways = sums.mean, np.maximum(sums.sd, _LEAST), len(looked)

    def drawn(sums: Sums, size: int, rng: np.random.Generator) -> FloatArray:
        apart = (sums.draw(size, rng) - mean[:ways, None]) / sd[:ways, None]
        largest: FloatArray = apart.max(axis=0)
        return largest

    def refine() -> Draw:
        return partial(drawn, _knowing_too(one, knowing, asked.random_seed).sums(*looked))

    # Read by read or mark by mark, whichever stands out more.
    at = max((0, ways, ways + 1), key=lambda k: (sums.observed[k] - mean[k]) / sd[k])
    effect = float(np.sqrt(max(sums.observed[at], 0.0) / max(mean[at], _LEAST)))
    of_ratio = float(sd[at] / max(mean[at], _LEAST)) / 2
    observed = float(((sums.observed[:ways] - mean[:ways]) / sd[:ways]).max())
    rng = np.random.default_rng(asked.random_seed)
    glance = drawn(sums.pick(tuple(range(ways))), GLANCE, rng)
    test = Test(observed, float(glance.mean()), float(glance.std()), glance, refine)
    return Trial(ERRATIC, "rater", (one.name,), n, test, effect, of_ratio, 1.0)


def _knowing_too(one: OneRater, knowing: OneRater, random_seed: int) -> _Residuals:
    """Residuals of both kinds, of marks drawn knowing the criteria."""
    drawn = _drawn(knowing, random_seed)
    plain, known = _residuals(one, drawn), _residuals(knowing, drawn)

    def both(
        of: Mapping[str, FloatArray], knows: Mapping[str, FloatArray]
    ) -> dict[str, FloatArray]:
        return {**of, **{f"known {name}": knows[name] for name in ("surprise", "squares")}}

    return _Residuals(
        plain.expected, both(plain.given, known.given), both(plain.drawn, known.drawn)
    )


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


def _first(sums: Sums, size: int, rng: np.random.Generator) -> FloatArray:
    return np.asarray(sums.draw(size, rng)[0])
