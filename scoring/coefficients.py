"""The coefficients of agreement as formulas over sums, each beside its source.

Conventions follow the published tables: pairs are formed within a unit; chance
agreement of AC1 is Gwet's, single-rated units included; the declared scale,
not the observed values, sets the number of categories. Every function takes
:class:`scoring.tables.Sums`, whose leading axis may be one table or a thousand
resamples, and gives NaN where the coefficient is not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from scoring.tables import FloatArray, Sums

Compute = Callable[[Sums], FloatArray]


def percent_agreement(sums: Sums) -> FloatArray:
    """Share of rating pairs that agree, within each unit, then averaged over units (Gwet 2014)."""
    return _ratio(sums.agreeing, sums.paired)


def specific_agreement(sums: Sums, category: int) -> FloatArray:
    """Given that one rater of a pair chose the category, the share in which the other did.

    Σ n(n - 1) / Σ n(m - 1) over units with m ratings, n of them in the
    category (Fleiss 1971; with two raters 2a / (2a + b + c)).
    """
    return _ratio(sums.hits[:, category], sums.chances[:, category])


def krippendorff_alpha(sums: Sums, metric: str) -> FloatArray:
    """1 - observed / expected disagreement (Krippendorff 2011), ``nominal`` or ``ordinal``."""
    totals = sums.coincidences.sum(axis=2)
    distance = _ordinal(totals) if metric == "ordinal" else 1.0 - np.eye(totals.shape[1])
    observed = (sums.coincidences * distance).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * distance).sum(axis=(1, 2))
    pairable: FloatArray = totals.sum(axis=1)
    return 1.0 - (pairable - 1.0) * _ratio(observed, expected)


def gwet_ac1(sums: Sums) -> FloatArray:
    """(p_a - p_e) / (1 - p_e) with p_e = Σ π(1 - π) / (q - 1) (Gwet 2008).

    π averages the categories' shares over all rated units, single-rated ones
    included, as Gwet (2014) does with missing ratings.
    """
    return _beyond_chance(percent_agreement(sums), _chance_gwet(sums))


def cohen_kappa(sums: Sums) -> FloatArray:
    """(p_o - p_e) / (1 - p_e) from the table of two raters (Cohen 1960)."""
    whole = sums.cells.sum(axis=(1, 2))
    return _beyond_chance(_ratio(np.einsum("dkk->d", sums.cells), whole), _chance_cohen(sums))


@dataclass(frozen=True)
class Measure:
    """A coefficient: how it is computed, what chance agrees on, and where it is undefined."""

    name: str
    weights: str
    compute: Compute
    chance: Compute | None = None
    category: int | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value an interval may reach."""
        return (0.0, 1.0) if self.chance is None else (-1.0, 1.0)

    def nothing_varies(self, total: Sums) -> bool:
        """Whether every pair agrees or none does: no resample can then show the contrary.

        With none, ordinal alpha still varies: some disagreements are larger.
        """
        if self.category is not None:
            return float(self.compute(total)[0]) in (0.0, 1.0)
        table = total.coincidences[0]
        same = np.eye(len(table), dtype=bool)
        return not table[~same].any() or (self.weights != "ordinal" and not table[same].any())

    def why_undefined(self, total: Sums) -> str:
        """Code of the reason there is no value: see ``agreement.Coefficient.note``."""
        if total.paired[0] == 0:
            return "no_pairs"
        return "no_variation" if self.category is None else "category_unused"

    def at_agreement(self, agreement: float, total: Sums) -> float:
        """Value of the coefficient when pairs agree in this share and chance stays as it is."""
        if self.chance is None:
            return agreement
        return float(_beyond_chance(np.array([agreement]), self.chance(total))[0])


def measures(scale: Sequence[str], ordered: bool) -> list[Measure]:
    """List the coefficients of a scale, in the order they are reported."""
    nominal = partial(krippendorff_alpha, metric="nominal")
    ordinal = partial(krippendorff_alpha, metric="ordinal")
    return [
        Measure("percent_agreement", "identity", percent_agreement),
        *(
            Measure(
                "specific_agreement", str(name), partial(specific_agreement, category=k), None, k
            )
            for k, name in enumerate(scale)
        ),
        Measure("krippendorff_alpha", "nominal", nominal, _chance_krippendorff),
        *([Measure("krippendorff_alpha", "ordinal", ordinal, _chance_krippendorff)] * ordered),
        Measure("gwet_ac", "identity", gwet_ac1, _chance_gwet),
        Measure("cohen_kappa", "identity", cohen_kappa, _chance_cohen),
    ]


def _ordinal(totals: FloatArray) -> FloatArray:
    """Krippendorff's ordinal metric: squared ranks apart, a rank being the middle of its ties."""
    rank = np.cumsum(totals, axis=1) - totals / 2
    distance: FloatArray = (rank[:, :, None] - rank[:, None, :]) ** 2
    return distance


def _chance_gwet(sums: Sums) -> FloatArray:
    share = _ratio(sums.shares, sums.rated[:, None])
    chance: FloatArray = (share * (1 - share)).sum(axis=1) / (share.shape[1] - 1)
    return chance


def _chance_krippendorff(sums: Sums) -> FloatArray:
    totals: FloatArray = sums.coincidences.sum(axis=2)
    n: FloatArray = totals.sum(axis=1)
    return _ratio((totals * (totals - 1)).sum(axis=1), n * (n - 1))


def _chance_cohen(sums: Sums) -> FloatArray:
    whole = sums.cells.sum(axis=(1, 2))
    return _ratio((sums.cells.sum(axis=1) * sums.cells.sum(axis=2)).sum(axis=1), whole**2)


def _beyond_chance(agreement: FloatArray, chance: FloatArray) -> FloatArray:
    return _ratio(agreement - chance, 1 - chance)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, NaN where there is nothing to divide by."""
    known = below > 0
    return np.where(known, above / np.where(known, below, 1.0), np.nan)
