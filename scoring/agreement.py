"""How far raters agree, overall and by group, and how far each number could move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.frames import CRITERION, LEVEL, MARKS, MET, PIECE, RATER, UNIT
from scoring.coefficients import Measure, cohen_kappa, measures
from scoring.errors import ScoringError
from scoring.intervals import (
    Interval,
    bootstrap_interval,
    clopper_pearson,
    left_out,
    resample,
    t_interval,
)
from scoring.tables import (
    IntArray,
    RatingCodes,
    Sample,
    Sums,
    pairs_of_raters,
    read_ratings,
    sample_of,
)

ALL = "all"
RATER_PAIR = "rater_pair"
NOT_MET, IS_MET = "not_met", "met"
MARK_SCALE = (NOT_MET, IS_MET)


@dataclass(frozen=True)
class Coefficient:
    """One coefficient for one group of ratings.

    Attributes
    ----------
    coefficient : ``percent_agreement``, ``specific_agreement``,
        ``krippendorff_alpha``, ``gwet_ac`` or ``cohen_kappa``
    weights : ``identity`` or ``nominal`` (any difference counts alike),
        ``ordinal`` (Krippendorff's metric); for specific agreement the category
    by, group : what the ratings were grouped by (``all``, a column or
        ``rater_pair``), and the group
    value : 1 is perfect agreement; of the chance-corrected ones 0 is what
        chance gives. None where it is not defined, never 0
    se, lo, hi, interval : standard error, bounds and the method of the bounds;
        None where the data are too few
    clusters : independent clusters the interval rests on
    n_units, n_ratings, n_raters : units with two ratings or more, the ratings
        on them, and who gave them
    note : codes joined by ``;``. Without a value ``no_pairs``, ``no_variation``
        (one category only), ``category_unused``; without bounds
        ``too_few_clusters=15``, ``no_spread`` (every cluster gives the same);
        and ``undefined_draws=12/1000``
    """

    coefficient: str
    weights: str
    by: str
    group: str
    value: float | None
    se: float | None
    lo: float | None
    hi: float | None
    interval: str
    clusters: int
    n_units: int
    n_ratings: int
    n_raters: int
    note: str


@dataclass(frozen=True)
class Settings:
    """What intervals are made with.

    ``level`` is the coverage (share), ``min_clusters`` the clusters below
    which no interval is given, ``draws`` the resamples, ``random_seed`` theirs.
    """

    random_seed: int
    draws: int = 1000
    level: float = 0.95
    min_clusters: int = 15


def agreement_report(
    ratings: pd.DataFrame,
    scale: Sequence[str],
    settings: Settings,
    *,
    clusters: str | None = None,
    by: Sequence[str] = (),
    ordered: bool = True,
) -> list[Coefficient]:
    """Every coefficient over all ratings, then by group.

    Headline agreement takes the two blind reads only: leave third, chair and
    seed reads out before. Intervals hold raters fixed ("this panel") and let
    clusters vary: the count-pattern bootstrap where a cluster is one unit, t
    with G - 1 where it is several, Clopper–Pearson on the clusters where every
    pair agrees or none does, and none below ``settings.min_clusters``.

    Parameters
    ----------
    ratings : DataFrame, one row per rating
        Columns ``unit``, ``rater_id``, ``level``, and those named by
        ``clusters`` and ``by``.
    scale : all categories in their order, also those nobody used
    clusters : column of what is independent: the teacher within a school, the
        school across a county; without it each unit is
    by : columns to group by; ``rater_pair`` takes each pair of raters on the
        units both rated. Cohen's kappa is given where a group has two raters
    ordered : False leaves the ordinal metric out, where categories have no order

    Raises
    ------
    ScoringError
        For a scale of one category, a missing column, a level outside the
        scale, two ratings of a unit by one rater, or a unit in two clusters.

    Examples
    --------
    >>> ratings = pd.DataFrame(
    ...     [("p1", "r1", "pass"), ("p1", "r2", "pass"),
    ...      ("p2", "r1", "fail"), ("p2", "r2", "pass")],
    ...     columns=["unit", "rater_id", "level"])
    >>> exact = agreement_report(ratings, ["fail", "pass"], Settings(random_seed=1))[0]
    >>> exact.coefficient, exact.value, exact.lo, exact.note
    ('percent_agreement', 0.5, None, 'too_few_clusters=15')
    """
    _check_scale(scale)
    kept = ratings.loc[ratings[LEVEL].notna()] if LEVEL in ratings.columns else ratings
    codes = read_ratings(kept, scale, clusters)
    listed = measures(scale, ordered)
    found: list[Coefficient] = []
    for kind, group, chosen in _groups(kept, codes, by):
        part = codes if chosen is None else codes.rows(chosen)
        found += _of_group(part, listed, settings, kind, group)
    return found


def marks_as_ratings(marks: pd.DataFrame) -> pd.DataFrame:
    """Turn marks into ratings on :data:`MARK_SCALE`, a unit being a criterion of a piece.

    ``specific_agreement`` on ``not_met`` then answers: when one rater found a
    criterion unmet, how often did another? Other columns (teacher, school) stay.
    Criteria of a piece are not independent: let the report cluster by teacher
    or at least by piece.

    Parameters
    ----------
    marks : DataFrame, one row per mark
        Columns ``piece_id``, ``criterion_id``, ``rater_id``, ``met`` (0 or 1).
    """
    missing = [column for column in (PIECE, CRITERION, RATER, MET) if column not in marks.columns]
    if missing:
        raise ScoringError(
            f"marks: columns {', '.join(MARKS)} are needed, {', '.join(missing)} missing. "
            "Add the column.",
            key="agreement.missing_column",
            missing=", ".join(missing),
        )
    unit = marks[PIECE].astype(str) + " " + marks[CRITERION].astype(str)
    # A mark that is neither 0 nor 1 keeps its text, so that reading the ratings names it.
    level = marks[MET].map({0: NOT_MET, 1: IS_MET}).astype(object)
    return marks.assign(**{UNIT: unit, LEVEL: level.where(level.notna(), marks[MET])})


def _groups(
    ratings: pd.DataFrame, codes: RatingCodes, by: Sequence[str]
) -> Iterator[tuple[str, str, IntArray | None]]:
    yield ALL, "", None
    for kind in by:
        if kind == RATER_PAIR:
            for pair, chosen in pairs_of_raters(codes):
                yield kind, "|".join(pair), chosen
        elif kind in ratings.columns:
            code, names = pd.factorize(ratings[kind], sort=True)
            for place, name in enumerate(names):
                yield kind, str(name), np.flatnonzero(code == place)
        else:
            raise ScoringError(
                f"ratings: no column {kind} to group by. Add the column, or group by "
                f"{RATER_PAIR} or one of {', '.join(map(str, ratings.columns))}.",
                key="agreement.no_group",
                column=kind,
            )


def _of_group(
    codes: RatingCodes, listed: Sequence[Measure], settings: Settings, kind: str, group: str
) -> list[Coefficient]:
    evidence = _evidence(codes, settings)
    paired = codes.counts().sum(axis=1)[codes.unit] >= 2
    sizes = (
        len(np.unique(codes.unit[paired])),
        int(paired.sum()),
        len(np.unique(codes.rater[paired])),
    )
    two_raters = len(np.unique(codes.rater)) == 2
    found = []
    for measure in listed:
        if measure.compute is cohen_kappa and not two_raters:
            continue
        value = float(measure.compute(evidence.total)[0])
        clusters = evidence.clusters_of(measure)
        around, note = Interval(), ""
        if np.isfinite(value):
            around = _interval(measure, evidence, clusters, settings)
            note = _note(around, clusters, settings)
        else:
            note = measure.why_undefined(evidence.total)
        found.append(
            Coefficient(
                measure.name, measure.weights, kind, group, value if np.isfinite(value) else None,
                around.se, around.lo, around.hi, around.kind, clusters, *sizes, note,
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class _Evidence:
    """The clusters of a group and what can be drawn from them, shared by its coefficients."""

    sample: Sample
    total: Sums
    each: Sums
    left: Sums
    drawn: Sums | None

    def clusters_of(self, measure: Measure) -> int:
        """How many clusters the coefficient rests on: for a category those in which it occurs."""
        each = self.each
        carries = each.paired if measure.category is None else each.chances[:, measure.category]
        return int(self.sample.times[carries > 0].sum())


def _evidence(codes: RatingCodes, settings: Settings) -> _Evidence:
    sample = sample_of(codes)
    each = sample.each_kind()
    enough = int(sample.times[each.paired > 0].sum()) >= settings.min_clusters
    drawn = None
    if sample.one_unit_each and enough:
        drawn = resample(sample, settings.draws, np.random.default_rng(settings.random_seed))
    return _Evidence(sample, sample.total(), each, left_out(sample), drawn)


def _interval(measure: Measure, evidence: _Evidence, clusters: int, settings: Settings) -> Interval:
    if measure.nothing_varies(evidence.total):
        return _exact(measure, evidence.total, clusters, settings.level)
    if clusters < settings.min_clusters:
        return Interval()
    sample, left = evidence.sample, evidence.left
    if evidence.drawn is not None:
        return bootstrap_interval(measure.compute, sample, evidence.drawn, left, settings.level)
    return t_interval(measure.compute, sample, left, settings.level, measure.bounds)


def _exact(measure: Measure, total: Sums, clusters: int, level: float) -> Interval:
    """Clopper–Pearson on the clusters, carried over to a chance-corrected coefficient.

    There the share of agreeing pairs moves and chance agreement stays as
    observed; disagreements nobody has seen count as chance ones do on average.
    """
    all_agree = float(measure.compute(total)[0]) == 1.0
    lo, hi = clopper_pearson(clusters if all_agree else 0, clusters, level)
    ends = measure.at_agreement(lo, total), measure.at_agreement(hi, total)
    return Interval(None, *ends, "clopper_pearson")


def _note(around: Interval, clusters: int, settings: Settings) -> str:
    if around.undefined:
        return f"undefined_draws={around.undefined}/{around.draws}"
    if around.kind == "none" and clusters < settings.min_clusters:
        return f"too_few_clusters={settings.min_clusters}"
    return "no_spread" if around.kind == "none" else ""


def _check_scale(scale: Sequence[str]) -> None:
    if len(set(map(str, scale))) != len(scale) or len(scale) < 2:
        raise ScoringError(
            f"scale: two or more different categories are needed, {list(scale)} came. "
            "Declare the whole scale, also grades nobody gave.",
            key="agreement.scale",
            scale=", ".join(map(str, scale)),
        )
