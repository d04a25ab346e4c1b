"""From tests of subjects to findings: families, adjustment, and what would have been found.

A test is one subject's effect against draws of it without the effect. A
family is one code; q is adjusted inside it, and a finding is flagged where q
and effect both pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy.special import ndtri

from scoring.discovery import (
    Finding,
    benjamini_hochberg,
    benjamini_yekutieli,
    bootstrap_p,
)
from scoring.effects.severity import LENIENT, SEVERE
from scoring.tables import FloatArray

POWER = 0.8  # "found 8 times in 10"
_SLACK = 1e-9  # an effect equal to its threshold passes, whatever the last bit of a sum
GLANCE = 199
_FAMILY = 8  # raters under which their own middle says nothing
_WIDEST = 2.0  # a family that spreads more is no longer of honest raters
_MAD = 1.4826
_MAD_ERROR = 1.17  # standard error of a spread it tells, over the root of how many tell it

Draw = Callable[[int, np.random.Generator], FloatArray]


@dataclass(frozen=True)
class Rule:
    """When a difference is a finding; the policy pack has value, unit and source of each.

    Attributes
    ----------
    q : false-discovery rate in the family
    min_effect : in the unit of the flag
    minimum : least data, in the unit of the flag's ``n``
    min_other : least data on the other side of a comparison (own school against others)
    """

    q: float
    min_effect: float
    minimum: int
    min_other: int = 0


@dataclass(frozen=True)
class Test:
    """A statistic and what it is without the effect, its draws made only when asked for.

    Attributes
    ----------
    observed, mean, sd : the statistic, its mean and standard deviation without the effect
    glance : a first couple of hundred draws
    refine : gives what draws more of them
    """

    observed: float
    mean: float
    sd: float
    glance: FloatArray
    refine: Callable[[], Draw]

    @property
    def z(self) -> float:
        """The statistic in its standard deviations."""
        return (self.observed - self.mean) / self.sd if self.sd > 0 else 0.0


@dataclass(frozen=True)
class Trial:
    """One subject tested, or known to have too few data (then ``test`` is None).

    Attributes
    ----------
    code, subject, ids, n : as in `Finding`
    test : None where nothing can be said
    effect : in the unit of the flag, rising with the statistic
    sd : of the effect without the difference it is about
    null : the effect where there is no difference (1 for ratios)
    two_sided : whether the effect may point either way
    within : whether a rater's reads are held against other reads of the same rater
    """

    code: str
    subject: str
    ids: tuple[str, ...]
    n: int
    test: Test | None = None
    effect: float = 0.0
    sd: float = 0.0
    null: float = 0.0
    two_sided: bool = False
    within: bool = False


@dataclass(frozen=True)
class _Panel:
    """How far the model is off for everybody: a common effect, and spread beyond its own."""

    common: float
    widening: float


def drawn_test(
    observed: float, mean: float, sd: float, refine: Callable[[], Draw], seed: int
) -> Test:
    """Make a test with its first draws."""
    return Test(observed, mean, sd, refine()(GLANCE, np.random.default_rng(seed)), refine)


def findings(trials: Sequence[Trial], rule: Rule, random_seed: int) -> list[Finding]:
    """Adjust the trials of one family and say which are findings.

    What every rater shows alike is the model's fault, not theirs: the median
    effect of the family is taken out, and the draws are widened where the
    middle half of it spreads more than they do (never narrowed). Families of
    under eight are taken as they are, and so is severity, which has its own allowance
    for honest spread. Draws of a comparison within one rater are widened by what one
    standard error of that spread leaves: what the model has wrong of a rater is on both
    sides of it, and how much the rater's own reads vary is in its draws already.

    Pairs of raters share raters, so their q is Benjamini and Yekutieli's; a
    rater's is Benjamini and Hochberg's.
    """
    enough = [each for each in trials if each.test is not None]
    panel = _panel(enough)
    paired = any(len(each.ids) > 1 for each in enough)
    weight = harmonic(len(enough)) if paired else 1.0
    tests = int(np.ceil(len(enough) * weight))
    p = [_p(each, each.test, panel, rule, tests, random_seed) for each in enough if each.test]
    q = benjamini_yekutieli(p) if paired else benjamini_hochberg(p)
    share = rule.q / max(len(enough), 1) / weight
    found = {
        each.ids: _finding(each, one, float(at), panel, rule, share)
        for each, one, at in zip(enough, p, q, strict=True)
    }
    return [found.get(each.ids) or _too_few(each) for each in trials]


def findings_by_family(
    trials: Iterable[Trial], rules: Mapping[str, Rule], random_seed: int
) -> list[Finding]:
    """Findings of every family there is a rule for; severe and lenient raters are one."""
    by_code: dict[str, list[Trial]] = {}
    for trial in trials:
        by_code.setdefault(SEVERE if trial.code == LENIENT else trial.code, []).append(trial)
    found = [
        findings(own, rules[code], random_seed) for code, own in by_code.items() if code in rules
    ]
    return list(chain.from_iterable(found))


def harmonic(tests: int) -> float:
    """Return what Benjamini and Yekutieli divide by: 1 + 1/2 + … + 1/tests."""
    return float((1 / np.arange(1, max(tests, 1) + 1)).sum())


def _panel(enough: Sequence[Trial]) -> _Panel:
    if len(enough) < _FAMILY or (enough[0].two_sided and not enough[0].within):
        return _Panel(0.0, 1.0)
    away = np.array([each.effect - each.null for each in enough])
    sd = np.maximum(np.array([each.sd for each in enough]), 1e-12)
    common = float(np.median(away))
    z = np.array([each.test.z for each in enough if each.test]) - common / sd
    spread = _MAD * float(np.median(np.abs(z - np.median(z))))
    if enough[0].within:
        spread *= 1 - _MAD_ERROR / float(np.sqrt(len(z)))
    return _Panel(common, float(np.clip(spread, 1.0, _WIDEST)))


def _p(trial: Trial, test: Test, panel: _Panel, rule: Rule, tests: int, random_seed: int) -> float:
    """Share of draws as far out, refined only where the effect could be flagged."""
    common = panel.common / trial.sd if trial.sd > 0 else 0.0
    away = (test.z - common) / panel.widening * test.sd

    def far(drawn: FloatArray) -> FloatArray:
        apart = drawn - test.mean
        return np.abs(apart) if trial.two_sided else apart

    away = abs(away) if trial.two_sided else away
    worth = abs(trial.effect - panel.common) >= rule.min_effect - _SLACK
    if not worth or test.sd == 0 or (far(test.glance) >= away).mean() > 2 * rule.q:
        return (1 + int((far(test.glance) >= away - 1e-9).sum())) / (1 + len(test.glance))
    draw = test.refine()
    return bootstrap_p(away, lambda size, rng: far(draw(size, rng)), tests, rule.q, random_seed)


def _too_few(trial: Trial) -> Finding:
    return Finding(
        trial.code, trial.subject, trial.ids,
        None, None, None, None, trial.n, False, False, None,
    )  # fmt: skip


def _finding(trial: Trial, p: float, q: float, panel: _Panel, rule: Rule, share: float) -> Finding:
    effect = trial.effect - panel.common
    sd = trial.sd * panel.widening
    right_way = trial.two_sided or effect > trial.null
    return Finding(
        code=trial.code,
        subject=trial.subject,
        ids=trial.ids,
        statistic=(effect - trial.null) / sd if sd > 0 else None,
        effect=effect,
        p=p,
        q=q,
        n=trial.n,
        minimum_met=True,
        flagged=bool(q <= rule.q and right_way and abs(effect) >= rule.min_effect - _SLACK),
        detectable=_detectable(trial, sd, rule, share),
    )


def _detectable(trial: Trial, sd: float, rule: Rule, share: float) -> float | None:
    """Effect flagged 8 times in 10 as the only one of its family.

    A normal with the effect's own spread: past the quantile of the adjusted q
    and past the minimum effect, each by what power asks. None where nothing
    varied, or where a share would have to exceed 1.
    """
    if not sd:
        return None
    reach = float(ndtri(POWER)) * sd
    quantile = float(-ndtri(share / 2 if trial.two_sided else share))
    found = max(trial.null + quantile * sd + reach, rule.min_effect + reach)
    return found if trial.null or found <= 1 else None
