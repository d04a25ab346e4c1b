"""How far raters agree, overall and by group, and how far each number could move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from models.frames import CRITERION, LEVEL, MET, PIECE, RATER, UNIT
from scoring.coefficients.by_rater import coefficients_by_rater
from scoring.coefficients.intraclass import FORMS
from scoring.coefficients.listing import every, headline
from scoring.coefficients.weights import (
    METRICS,
    OWN,
    WEIGHTS,
    Scale,
    same_weighing,
    scale_of,
    with_disagreements,
)
from scoring.columns import need_columns
from scoring.errors import ScoringError
from scoring.evidence import Settings, evidence_of, intervals_of
from scoring.intervals import Interval
from scoring.tables import (
    FloatArray,
    RatingCodes,
    against_the_others,
    meetings,
    pairs_of_raters,
    read_ratings,
)

__all__ = [
    "ALL", "EVERY", "HEADLINE", "IS_MET", "MARK_SCALE", "NOT_MET", "RATER_PAIR", "Coefficient",
    "Settings", "agreement_of_codes", "agreement_report", "marks_as_ratings",
]  # fmt: skip

ALL = "all"
RATER_PAIR = "rater_pair"
NOT_MET, IS_MET = "not_met", "met"
MARK_SCALE = (NOT_MET, IS_MET)
HEADLINE: Literal["headline"] = "headline"
EVERY: Literal["every"] = "every"

_RANKS = ("tie_corrected", "uncorrected")
_NUMBERS = ("interval", "ratio", *FORMS)


@dataclass(frozen=True)
class Coefficient:
    """One coefficient for one group of ratings.

    Attributes
    ----------
    coefficient : ``percent_agreement``, ``specific_agreement``, ``krippendorff_alpha``,
        ``gwet_ac``, ``cohen_kappa``; of the full list also ``adjacent_agreement``,
        ``fleiss_kappa``, ``scott_pi``, ``conger_kappa``, ``brennan_prediger``,
        ``light_kappa``, ``kendall_w``, ``icc``, and by the convention for
        single-rated units ``…_units2plus``, ``fleiss_kappa_pooled_marginals``;
        ``icc_lmer_missing`` where not every rater rated every unit
    weights : how different categories count (``scoring.coefficients.weights``):
        ``identity``, ``linear``, ``quadratic``, ``gwet_ordinal``; of alpha the
        metric; of specific agreement the category; of an ICC the form;
        ``custom_disagreement`` by a table of one's own
    by, group : what the ratings were grouped by (``all``, a column,
        ``rater_id`` for one rater against the others, ``rater_pair``), and the group
    value : 1 is perfect agreement; of the chance-corrected ones 0 is what
        chance gives. None where it is not defined, never 0
    se : standard error, by the closed formula where there is one and units are
        independent, else of the resamples or the jackknife
    lo, hi, interval : bounds and their method (``scoring.intervals.Interval``);
        None where the data are too few
    clusters : independent clusters the interval rests on
    n_units, n_ratings, n_raters : units with two ratings or more, the ratings
        on them, and who gave them
    note : codes joined by ``;``. Without a value ``no_pairs``, ``no_variation``
        (one category only), ``category_unused``, ``incomplete`` (every rater must
        rate every unit); without bounds ``too_few_clusters=15``, ``no_spread``
        (every cluster gives the same), ``no_formula``, ``too_few_raters=3`` (to leave
        one out); and ``few_clusters=15``,
        ``undefined_draws=12/1000``, ``k=3`` (ratings averaged), ``raters_fixed``
        (though raters were to be sampled)
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


def agreement_report(
    ratings: pd.DataFrame,
    scale: Sequence[str],
    settings: Settings,
    *,
    clusters: str | None = None,
    by: Sequence[str] = (),
    ordered: bool = True,
    listed: Literal["headline", "every"] = HEADLINE,
    weights: Sequence[str] = (),
    disagreements: FloatArray | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> list[Coefficient]:
    """Every coefficient over all ratings, then by group.

    Headline agreement takes the two blind reads only: leave third, chair and
    seed reads out before. Intervals hold raters fixed ("this panel") and let
    clusters vary, unless ``settings.raters`` says otherwise: the count-pattern
    bootstrap where a cluster is one unit, the cluster bootstrap where it is
    several, Clopper–Pearson on the clusters where every pair agrees or none
    does; below ``settings.min_clusters`` none, or t with G - 1.

    Parameters
    ----------
    ratings : DataFrame, one row per rating
        Columns ``unit``, ``rater_id``, ``level``, and those named by
        ``clusters`` and ``by``.
    scale : all categories in their order, also those nobody used
    clusters : column of what is independent: the teacher within a school, the
        school across a county; without it each unit is
    by : columns to group by; ``rater_id`` sets each rater against the others,
        ``rater_pair`` takes each two raters on the units both rated. What
        needs two raters is given where a group has two
    ordered : False leaves out all that needs an order of the categories
    listed : ``headline``, or ``every`` coefficient and weighting that applies
    weights : only these weightings of them; all without it
    disagreements : of each two categories, in the order of the scale
        Weights of one's own, told as ``custom_disagreement``.
    tick : called with how many groups are done of how many

    Raises
    ------
    ScoringError
        For a scale of one category or over a thousand, a missing column, a
        level outside the scale, two ratings of a unit by one rater, a unit in
        two clusters, or weights the scale has not.

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
    declared = scale_of(scale, ordered=ordered)
    if disagreements is not None:
        declared = with_disagreements(declared, disagreements)
    _check_weights(weights, declared)
    kept = ratings.loc[ratings[LEVEL].notna()] if LEVEL in ratings.columns else ratings
    codes = read_ratings(kept, declared.names, clusters)
    found: list[Coefficient] = []
    total = 1 + sum(_how_many(kept, codes, kind) for kind in by)
    for done, (kind, group, part) in enumerate(_groups(kept, codes, by)):
        tick(done, total)
        # Pairs are many: closed formulas for each, and nothing that is about a whole panel.
        own = replace(settings, draws=0) if (kind, listed) == (RATER_PAIR, EVERY) else settings
        told = agreement_of_codes(
            part, declared, own, listed=listed, weights=weights, of_panel=kind != RATER_PAIR
        )
        if kind == RATER:
            told = _with_sizes_of_rater(told, codes, group)
        found += [replace(one, by=kind, group=group) for one in told]
    tick(total, total)
    return found


def agreement_of_codes(
    codes: RatingCodes,
    scale: Scale,
    settings: Settings,
    *,
    listed: Literal["headline", "every"] = EVERY,
    weights: Sequence[str] = (),
    of_panel: bool = True,
) -> list[Coefficient]:
    """The same for ratings that are codes already, as one group.

    ``of_panel`` False leaves out what asks who rated: Conger, Light, Kendall, ICC.
    """
    codes = codes.renumbered()
    wanted = same_weighing(weights)
    own = every(scale) if listed == EVERY else headline(scale)
    asked = [one for one in own if not wanted or one.weights in wanted]
    measures = [one for one in asked if not one.two_raters or len(codes.raters) == 2]
    evidence = evidence_of(codes, scale)
    sizes = _sizes(codes)
    found = [
        _coefficient(measure.name, measure.weights, each.value, each.around, each.clusters,
                     each.note, sizes)
        for measure, each in zip(
            measures, intervals_of(measures, evidence, settings), strict=True
        )
    ]  # fmt: skip
    if listed == EVERY and of_panel:
        clusters = evidence.n_paired
        for other in coefficients_by_rater(codes, evidence.sample, scale, wanted, settings.level):
            around, note = settings.allowed(other.around, clusters)
            fixed = settings.raters == "sampled" and around.lo is not None
            held = ["raters_fixed"] if fixed else []
            own_note = note if np.isfinite(other.value) else ""
            notes = ";".join(filter(None, [other.note, own_note, *held]))
            found.append(
                _coefficient(other.name, other.weights, other.value, around, clusters, notes, sizes)
            )
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
    need_columns(marks, (PIECE, CRITERION, RATER, MET), "marks", "agreement.missing_column")
    unit = marks[PIECE].astype(str) + " " + marks[CRITERION].astype(str)
    # A mark that is neither 0 nor 1 keeps its text, so that reading the ratings names it.
    level = marks[MET].map({0: NOT_MET, 1: IS_MET}).astype(object)
    return marks.assign(**{UNIT: unit, LEVEL: level.where(level.notna(), marks[MET])})


def _groups(
    ratings: pd.DataFrame, codes: RatingCodes, by: Sequence[str]
) -> Iterator[tuple[str, str, RatingCodes]]:
    yield ALL, "", codes
    for kind in by:
        if kind == RATER_PAIR:
            for pair, chosen in pairs_of_raters(codes):
                yield kind, "|".join(pair), codes.rows(chosen)
        elif kind == RATER:
            for place, name in enumerate(codes.raters):
                yield kind, name, against_the_others(codes, place)
        elif kind in ratings.columns:
            code, names = pd.factorize(ratings[kind], sort=True)
            for place, name in enumerate(names):
                yield kind, str(name), codes.rows(np.flatnonzero(code == place))
        else:
            raise ScoringError(
                f"ratings: no column {kind} to group by. Add the column, or group by "
                f"{RATER_PAIR} or one of {', '.join(map(str, ratings.columns))}.",
                key="agreement.no_group",
                column=kind,
            )


def _how_many(ratings: pd.DataFrame, codes: RatingCodes, kind: str) -> int:
    """How many groups :func:`_groups` makes of a kind."""
    if kind == RATER_PAIR:
        both = codes.rater[meetings(codes)]
        return len(np.unique(both[0] * len(codes.raters) + both[1]))
    if kind == RATER:
        return len(codes.raters)
    return int(ratings[kind].nunique()) if kind in ratings.columns else 0


def _coefficient(
    name: str,
    weights: str,
    value: float,
    around: Interval,
    clusters: int,
    note: str,
    sizes: tuple[int, int, int],
) -> Coefficient:
    known = float(value) if np.isfinite(value) else None
    return Coefficient(
        name, weights, ALL, "", known, around.se, around.lo, around.hi, around.kind, clusters,
        *sizes, note,
    )  # fmt: skip


def _sizes(codes: RatingCodes) -> tuple[int, int, int]:
    """Units with two ratings or more, ratings on them, raters who gave those."""
    of_unit = np.bincount(codes.unit, minlength=codes.n_units)
    if of_unit.size and of_unit.min() >= 2:
        return codes.n_units, len(codes.unit), len(codes.raters)
    paired = of_unit[codes.unit] >= 2
    raters = len(np.unique(codes.rater[paired]))
    return int((of_unit >= 2).sum()), int(paired.sum()), raters


def _with_sizes_of_rater(
    told: Sequence[Coefficient], codes: RatingCodes, name: str
) -> list[Coefficient]:
    """Sizes of one rater against the others: units, not pairs."""
    own = codes.unit[codes.rater == codes.raters.index(name)]
    n_units, n_ratings, n_raters = _sizes(codes.rows(np.flatnonzero(np.isin(codes.unit, own))))
    return [replace(one, n_units=n_units, n_ratings=n_ratings, n_raters=n_raters) for one in told]


def _check_weights(weights: Sequence[str], scale: Scale) -> None:
    known = {*WEIGHTS, *METRICS, "adjacent", *_RANKS, *FORMS, *scale.names}
    own = (OWN,) if scale.own is not None else ()
    for name in weights:
        if name not in known and name not in own:
            listed = (*WEIGHTS, *METRICS, "adjacent", *_RANKS, *FORMS, *own)
            possible = ", ".join(dict.fromkeys(listed))
            raise ScoringError(
                f"weights: {name} is unknown. Choose of {possible}, or leave the option out.",
                key="agreement.unknown_weights",
                name=name,
                possible=possible,
            )
        if name in _NUMBERS and not (scale.has_ratios if name == "ratio" else scale.numeric):
            raise ScoringError(
                f"weights: {name} needs a scale of numbers{' from 0 up' * (name == 'ratio')}, "
                f"{', '.join(scale.names)} came. Give the levels as numbers, or choose ordinal.",
                key="agreement.needs_numbers",
                name=name,
                scale=", ".join(scale.names),
            )
        if not scale.ordered and name not in ("identity", "nominal", *own, *scale.names):
            raise ScoringError(
                f"weights: {name} needs an order of the levels, {', '.join(scale.names)} have "
                "none. Declare the scale, lowest first.",
                key="agreement.needs_order",
                name=name,
                scale=", ".join(scale.names),
            )
