"""Which coefficients a scale has, under which names and weights, and where each is undefined."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import numpy as np

from scoring.coefficients.chance_corrected import (
    beyond_chance,
    cohen_agreement,
    cohen_chance,
    fleiss_chance,
    gwet_chance,
    krippendorff_alpha,
    krippendorff_chance,
    percent_agreement,
    specific_agreement,
    uniform_chance,
)
from scoring.coefficients.patterns import Sums
from scoring.coefficients.weights import METRICS, OWN, Scale, weights_of
from scoring.tables import FloatArray

Compute = Callable[[Sums], FloatArray]

_ONE_VALUE = 1e-9


@dataclass(frozen=True)
class Measure:
    """A coefficient: how it is computed, what chance agrees on, and where it is undefined.

    ``family`` and ``margin`` say which published error formula belongs to it
    (empty: none); ``category`` is the one a specific agreement is about;
    ``two_raters`` marks what needs exactly two.
    """

    name: str
    weights: str
    compute: Compute
    chance: Compute | None = None
    category: int | None = None
    family: str = ""
    margin: str = ""
    two_raters: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value an interval may reach."""
        if self.chance is None:
            return 0.0, 1.0
        return (-1.0 if self.weights in ("identity", "nominal") else -np.inf), 1.0

    @property
    def counts_equals_only(self) -> bool:
        """Whether any two different categories count alike."""
        return self.weights in ("identity", "nominal")

    def nothing_varies(self, total: Sums) -> bool:
        """Whether every pair agrees or none does: no resample can then show the contrary.

        With none, a weighted coefficient still varies: some disagreements are larger.
        """
        if self.category is not None:
            return float(self.compute(total)[0]) in (0.0, 1.0)
        if self.name == "adjacent_agreement":
            return float(self.compute(total)[0]) in (0.0, 1.0)
        same, whole = float(total["agree:identity"][0]), float(total["paired"][0])
        none = same == 0 and self.counts_equals_only
        return abs(same - whole) < _ONE_VALUE * max(whole, 1.0) or none

    def why_undefined(self, total: Sums) -> str:
        """Code of the reason there is no value: see ``agreement.Coefficient.note``."""
        if total["paired"][0] == 0:
            return "no_pairs"
        return "no_variation" if self.category is None else "category_unused"

    def at_agreement(self, agreement: float, total: Sums) -> float:
        """Value of the coefficient when pairs agree in this share and chance stays as it is."""
        if self.chance is None:
            return agreement
        return float(beyond_chance(np.array([agreement]), self.chance(total))[0])


def headline(scale: Scale) -> list[Measure]:
    """List what a panel is shown: exact and specific agreement, alpha, AC1 and kappa."""
    return [
        _percent("identity"),
        *_specific(scale),
        _alpha("nominal"),
        *([_alpha("ordinal")] * scale.ordered),
        _corrected("gwet_ac", "identity", gwet_chance, "gwet"),
        _cohen("identity"),
    ]


def every(scale: Scale) -> list[Measure]:
    """List every coefficient and weighting the scale allows, the headline's first."""
    weights = weights_of(scale)
    listed = headline(scale)
    known = {(one.name, one.weights) for one in listed}
    more = [*(_percent(by) for by in weights), *_adjacent(scale)]
    for by in weights:
        more += [
            *(_corrected("fleiss_kappa", by, fleiss_chance, margin) for margin in _MARGIN_NAMES),
            *(_corrected("gwet_ac", by, gwet_chance, margin) for margin in ("gwet", "units2plus")),
            _uniform(by),
            _cohen(by),
            _scott(by),
        ]
    more += [_alpha(metric) for metric in (*METRICS, OWN) if _applies(metric, scale)]
    return listed + [one for one in more if (one.name, one.weights) not in known]


def chosen(listed: list[Measure], weights: Collection[str]) -> list[Measure]:
    """Those of some weightings; all where none is named."""
    return [one for one in listed if not weights or one.weights in weights]


_MARGIN_NAMES = {"gwet": "", "units2plus": "_units2plus", "pooled": "_pooled_marginals"}


def _applies(metric: str, scale: Scale) -> bool:
    if metric == OWN:
        return scale.own is not None
    if metric == "nominal":
        return True
    if metric == "ratio":
        return scale.ordered and scale.has_ratios
    return scale.ordered and (scale.numeric or metric != "interval")


def _percent(weights: str) -> Measure:
    compute = partial(percent_agreement, weights=weights)
    return Measure("percent_agreement", weights, compute, family="percent")


def _adjacent(scale: Scale) -> list[Measure]:
    """Share of pairs at most one level apart; on two levels every pair would be."""
    compute = partial(percent_agreement, weights="adjacent")
    whole = Measure("adjacent_agreement", "adjacent", compute, family="percent")
    return [whole] if scale.ordered and len(scale) > 2 else []


def _specific(scale: Scale) -> list[Measure]:
    return [
        Measure("specific_agreement", name, partial(specific_agreement, category=k), None, k)
        for k, name in enumerate(scale.names)
    ]


def _alpha(metric: str) -> Measure:
    family = "" if metric == "ordinal" else "alpha"
    compute = partial(krippendorff_alpha, metric=metric)
    return Measure("krippendorff_alpha", metric, compute, krippendorff_chance, family=family)


def _corrected(
    name: str, weights: str, chance: Callable[[Sums, str, str], FloatArray], margin: str
) -> Measure:
    def expected(sums: Sums) -> FloatArray:
        return chance(sums, weights, margin)

    def compute(sums: Sums) -> FloatArray:
        return beyond_chance(percent_agreement(sums, weights), expected(sums))

    return Measure(
        name + _MARGIN_NAMES[margin], weights, compute, expected,
        family=name, margin=margin,
    )  # fmt: skip


def _uniform(weights: str) -> Measure:
    expected = partial(uniform_chance, weights=weights)

    def compute(sums: Sums) -> FloatArray:
        return beyond_chance(percent_agreement(sums, weights), expected(sums))

    return Measure("brennan_prediger", weights, compute, expected, family="brennan_prediger")


def _cohen(weights: str) -> Measure:
    expected = partial(cohen_chance, weights=weights)

    def compute(sums: Sums) -> FloatArray:
        return beyond_chance(cohen_agreement(sums, weights), expected(sums))

    return Measure(
        "cohen_kappa", weights, compute, expected, family="cohen", two_raters=True
    )  # fmt: skip


def _scott(weights: str) -> Measure:
    own = _corrected("fleiss_kappa", weights, fleiss_chance, "units2plus")
    return Measure(
        "scott_pi", weights, own.compute, own.chance,
        family="fleiss_kappa", margin="units2plus", two_raters=True,
    )  # fmt: skip
