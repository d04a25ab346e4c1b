"""What one group of ratings says about each coefficient: its value, its interval and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from scoring.coefficients.analytic_errors import analytic_error
from scoring.coefficients.listing import Measure
from scoring.coefficients.patterns import Sample, Sums, sample_of
from scoring.coefficients.weights import Scale
from scoring.intervals import (
    Interval,
    bootstrap_interval,
    clopper_pearson,
    jackknife_interval,
    t_interval,
)
from scoring.resampling import resamples
from scoring.tables import FloatArray, RatingCodes
from scoring.two_way import FEWEST_LEFT_OUT, two_way_intervals


@dataclass(frozen=True)
class Settings:
    """What intervals are made with.

    Attributes
    ----------
    random_seed, draws : of the resamples; 0 draws leave closed formulas and the jackknife
    level : coverage, as a share
    min_clusters : below so many clusters data are too few
    few : what is given then: ``none``, or ``t`` with G - 1 degrees of freedom
    raters : ``fixed`` ("this panel"), or ``sampled`` ("raters like these")
    """

    random_seed: int
    draws: int = 1000
    level: float = 0.95
    min_clusters: int = 15
    few: Literal["none", "t"] = "none"
    raters: Literal["fixed", "sampled"] = "fixed"

    def allowed(self, around: Interval, clusters: int) -> tuple[Interval, str]:
        """Give an interval and its note, or no interval where clusters are too few."""
        if clusters >= self.min_clusters:
            return around, _note(around)
        if self.few == "none" or around.kind == "none":
            note = (
                "" if around.kind == "clopper_pearson" else f"too_few_clusters={self.min_clusters}"
            )
            return (around if not note else Interval()), note
        return around, f"few_clusters={self.min_clusters}"


@dataclass(frozen=True)
class Evidence:
    """The clusters of a group and the sums its coefficients share."""

    codes: RatingCodes
    scale: Scale
    sample: Sample
    total: Sums
    each: Sums

    @property
    def n_paired(self) -> int:
        """Clusters with a unit of two ratings or more."""
        return int(self.sample.times[self.each["paired"] > 0].sum())

    def clusters_of(self, measure: Measure) -> int:
        """How many clusters the coefficient rests on: for a category those in which it occurs."""
        if measure.category is None:
            return self.n_paired
        return int(self.sample.times[self.each["chances"][:, measure.category] > 0].sum())


@dataclass(frozen=True)
class Estimate:
    """Value of one coefficient, NaN where undefined, with its interval, clusters and note."""

    value: float
    around: Interval
    clusters: int
    note: str


def evidence_of(codes: RatingCodes, scale: Scale) -> Evidence:
    """Collect what the coefficients of a group share."""
    sample = sample_of(codes, scale)
    return Evidence(codes, scale, sample, sample.total(), sample.each())


def intervals_of(
    measures: Sequence[Measure], evidence: Evidence, settings: Settings
) -> list[Estimate]:
    """Estimate each coefficient with an interval, resamples being shared by all."""
    values = [float(measure.compute(evidence.total)[0]) for measure in measures]
    clusters = [evidence.clusters_of(measure) for measure in measures]
    varying = [
        bool(np.isfinite(value)) and not measure.nothing_varies(evidence.total)
        for measure, value in zip(measures, values, strict=True)
    ]
    enough = [
        varies and n >= settings.min_clusters for varies, n in zip(varying, clusters, strict=True)
    ]
    moving = [measure for measure, kept in zip(measures, varying, strict=True) if kept]
    resampled = [measure for measure, kept in zip(measures, enough, strict=True) if kept]
    known = dict(zip(measures, values, strict=True))
    around = _moving({one: known[one] for one in moving}, resampled, evidence, settings)
    return [
        _estimate(measure, value, n, around.get(measure), evidence, settings)
        for measure, value, n in zip(measures, values, clusters, strict=True)
    ]


def _moving(
    moving: Mapping[Measure, float],
    resampled: Sequence[Measure],
    evidence: Evidence,
    settings: Settings,
) -> dict[Measure, Interval]:
    """Interval of each coefficient that varies: resampled where clusters suffice, else by t."""
    if settings.raters == "sampled" and moving:
        found = two_way_intervals(
            evidence.codes, evidence.scale, list(moving), max(settings.draws, 100), settings.level,
            settings.random_seed,
        )  # fmt: skip
        return dict(zip(moving, found, strict=True))
    left = evidence.sample.left_out()
    drawn = _drawn(resampled, evidence.sample, settings) if settings.draws else {}
    intervals = {}
    for measure, value in moving.items():
        if measure in drawn:
            around = _resampled(measure, value, drawn[measure], left, evidence, settings)
            intervals[measure] = around
        elif settings.few == "t" or measure in resampled:
            intervals[measure] = _closed(measure, value, left, evidence, settings)
    return intervals


def _drawn(
    measures: Sequence[Measure], sample: Sample, settings: Settings
) -> dict[Measure, FloatArray]:
    if not measures:
        return {}
    rng = np.random.default_rng(settings.random_seed)
    blocks = []
    for drawn in resamples(sample, settings.draws, rng):
        sums = sample.weighted(drawn)
        blocks.append(np.stack([measure.compute(sums) for measure in measures]))
    return dict(zip(measures, np.hstack(blocks), strict=True))


def _resampled(
    measure: Measure,
    value: float,
    drawn: FloatArray,
    left: Sums,
    evidence: Evidence,
    settings: Settings,
) -> Interval:
    sample = evidence.sample
    one_unit = sample.members is None
    kind = "pattern_bootstrap" if one_unit else "cluster_bootstrap"
    around = bootstrap_interval(
        value, drawn, measure.compute(left), sample.times, settings.level, kind
    )
    error = analytic_error(measure, sample.patterns) if one_unit and around.se else None
    return replace(around, se=error) if error else around


def _closed(
    measure: Measure, value: float, left: Sums, evidence: Evidence, settings: Settings
) -> Interval:
    """Interval without resamples: by the published formula, or else by the jackknife."""
    sample = evidence.sample
    error = analytic_error(measure, sample.patterns) if sample.members is None else None
    if error is None:
        return jackknife_interval(
            value, measure.compute(left), sample.times, settings.level, measure.bounds
        )
    kind = "fleiss_cohen_everitt" if measure.family == "cohen" else "gwet_linearisation"
    whole = measure.margin == "units2plus" or measure.family in ("alpha", "cohen")
    n = evidence.n_paired if whole else sample.n_clusters
    return t_interval(value, error, n - 1, settings.level, measure.bounds, kind)


def _estimate(
    measure: Measure,
    value: float,
    clusters: int,
    around: Interval | None,
    evidence: Evidence,
    settings: Settings,
) -> Estimate:
    if not np.isfinite(value):
        return Estimate(value, Interval(), clusters, measure.why_undefined(evidence.total))
    if measure.nothing_varies(evidence.total):
        around = _exact(measure, evidence.total, clusters, settings.level)
        return Estimate(value, around, clusters, "")
    allowed, note = settings.allowed(around or Interval(), clusters)
    too_few = settings.raters == "sampled" and len(evidence.codes.raters) < FEWEST_LEFT_OUT
    if too_few and allowed.kind == "none":
        note = f"too_few_raters={FEWEST_LEFT_OUT}"
    return Estimate(value, allowed, clusters, note)


def _exact(measure: Measure, total: Sums, clusters: int, level: float) -> Interval:
    """Clopper–Pearson on the clusters, carried over to a chance-corrected coefficient.

    There the share of agreeing pairs moves and chance agreement stays as
    observed; disagreements nobody has seen count as chance ones do on average.
    """
    all_agree = float(measure.compute(total)[0]) > 1 - 1e-9
    lo, hi = clopper_pearson(clusters if all_agree else 0, clusters, level)
    ends = measure.at_agreement(lo, total), measure.at_agreement(hi, total)
    return Interval(None, *ends, "clopper_pearson")


def _note(around: Interval) -> str:
    if around.undefined:
        return f"undefined_draws={around.undefined}/{around.draws}"
    return "no_spread" if around.kind == "none" else ""
