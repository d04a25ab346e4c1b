"""Coefficients that ask who gave a rating: Conger, Light, Kendall's W, intraclass correlations."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from scoring.coefficients.conger import conger_kappa
from scoring.coefficients.incomplete_icc import icc_of_incomplete
from scoring.coefficients.intraclass import FORMS, icc_of_complete
from scoring.coefficients.pairs import light_kappa, light_without_each, pair_tables
from scoring.coefficients.patterns import Sample
from scoring.coefficients.ranks import is_complete, kendall_w
from scoring.coefficients.weights import Scale, weight_matrix, weights_of
from scoring.intervals import Interval, jackknife_interval, t_interval
from scoring.tables import RatingCodes

_MOST_CELLS = 4_000_000  # of a table made for every cluster left out: 32 MB
_MOST_RATERS = 400  # whose joint ratings the variance components are found from
_UNBOUNDED = (-np.inf, 1.0)


@dataclass(frozen=True)
class Found:
    """One coefficient; ``value`` is NaN with the reason in ``note``."""

    name: str
    weights: str
    value: float
    around: Interval
    note: str = ""


def coefficients_by_rater(
    codes: RatingCodes, sample: Sample, scale: Scale, wanted: Collection[str], level: float
) -> Iterator[Found]:
    """Yield every coefficient of the table's raters, of the weightings wanted (all if none).

    Intervals let clusters vary and hold raters fixed: Conger by linearisation,
    Light and Kendall by the jackknife, where it stays affordable; intraclass
    correlations of a complete table by F where each unit is independent, of an
    incomplete one by the jackknife on Fisher's z.
    """

    def asked(name: str) -> bool:
        return not wanted or name in wanted

    for weights in weights_of(scale):
        if asked(weights):
            yield _conger(codes, sample, weights, level)
    if asked("identity"):
        yield _light(codes, sample, scale, level)
    if not scale.ordered:
        return
    if asked("tie_corrected") or asked("uncorrected"):
        yield from (each for each in _kendall(codes, sample, level) if asked(each.weights))
    if scale.numeric and any(asked(form) for form in FORMS):
        yield from (
            each for each in _intraclass(codes, sample, scale, level) if asked(each.weights)
        )


def _conger(codes: RatingCodes, sample: Sample, weights: str, level: float) -> Found:
    found = conger_kappa(codes, sample, weights)
    if not np.isfinite(found.value):
        return Found("conger_kappa", weights, np.nan, Interval(), _why(sample))
    around = Interval()
    if found.se is not None:
        df = sample.n_clusters - 1
        around = t_interval(found.value, found.se, df, level, _UNBOUNDED, "gwet_linearisation")
    return Found("conger_kappa", weights, found.value, around)


def _light(codes: RatingCodes, sample: Sample, scale: Scale, level: float) -> Found:
    table = weight_matrix(scale, "identity")
    tables = pair_tables(codes)
    value = light_kappa(tables, table)
    if not np.isfinite(value):
        return Found("light_kappa", "identity", np.nan, Interval(), _why(sample))
    n_clusters = sample.n_clusters
    if n_clusters * tables.cells.size > _MOST_CELLS:
        return Found("light_kappa", "identity", value, Interval(), "no_formula")
    left = light_without_each(codes, tables, table)
    ones = np.ones(n_clusters, dtype=np.int64)
    around = jackknife_interval(value, left, ones, level, (-1.0, 1.0))
    return Found("light_kappa", "identity", value, around)


def _kendall(codes: RatingCodes, sample: Sample, level: float) -> Iterator[Found]:
    names = ("tie_corrected", "uncorrected")
    if not is_complete(codes):
        note = _why(sample) if float(sample.total()["paired"][0]) == 0 else "incomplete"
        yield from (Found("kendall_w", name, np.nan, Interval(), note) for name in names)
        return
    n_clusters = sample.n_clusters
    left = None
    if n_clusters * codes.n_units <= _MOST_CELLS:
        without = 1.0 - (codes.cluster[None, :] == np.arange(n_clusters)[:, None])
        left = kendall_w(codes, without)
    for place, name in enumerate(names):
        value = float(kendall_w(codes)[place][0])
        if not np.isfinite(value):
            yield Found("kendall_w", name, np.nan, Interval(), "no_variation")
        elif left is None:
            yield Found("kendall_w", name, value, Interval(), "no_formula")
        else:
            ones = np.ones(n_clusters, dtype=np.int64)
            around = jackknife_interval(value, left[place], ones, level, (0.0, 1.0))
            yield Found("kendall_w", name, value, around)


def _intraclass(codes: RatingCodes, sample: Sample, scale: Scale, level: float) -> Iterator[Found]:
    complete = is_complete(codes)
    name = "icc" if complete else "icc_lmer_missing"
    if not complete and (len(codes.raters) > _MOST_RATERS or len(codes.raters) < 2):
        return
    forms = (
        icc_of_complete(codes, scale.values, level)
        if complete
        else icc_of_incomplete(codes, scale.values, level)
    )
    for form in forms:
        mean = f"k={len(codes.raters)}" if form.name.endswith(",k)") else ""
        if not np.isfinite(form.value):
            yield Found(name, form.name, np.nan, Interval(), _why(sample))
        elif form.lo is not None and (sample.members is None or not complete):
            kind = "mcgraw_wong" if complete else "t"
            around = Interval(None, form.lo, form.hi, kind)
            yield Found(name, form.name, form.value, around, mean)
        else:
            note = ";".join(filter(None, [mean, "no_formula"]))
            yield Found(name, form.name, form.value, Interval(), note)


def _why(sample: Sample) -> str:
    return "no_pairs" if float(sample.total()["paired"][0]) == 0 else "no_variation"
