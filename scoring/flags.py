"""The one catalogue of flags: what each is about, what it measures, and from where on it speaks.

A flag is a reason to look and changes nothing. Its words (name, what is
compared, sentences, innocent explanations) stand in the locale under its code,
its thresholds in the policy pack under the keys named here, with unit and
source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PIECE, PAIR, RATER, RATER_PAIR, SCHOOL = "piece", "pair", "rater", "rater_pair", "school"
SUBJECTS = (PIECE, PAIR, RATER, RATER_PAIR, SCHOOL)

COPIES, INTAKE, EFFECTS, SCHOOLS = "similarity", "intake", "effects", "schools"
ORDERING, CALIBRATION, DESK = "second_reader", "calibration", "desk"
SOURCES = (COPIES, INTAKE, EFFECTS, SCHOOLS, ORDERING, CALIBRATION, DESK)
"""What finds a flag; `EFFECTS` and `SCHOOLS` test hypotheses, and only at the fixed moments."""

TESTED = (EFFECTS, SCHOOLS)

TEXTS, PAGES, PICTURES, FILMS = "texts", "pages", "pictures", "films"
MARKS, TIMES, COMMENTS, RESULTS = "marks", "times", "comments", "results"
EXHIBITS = (TEXTS, PAGES, PICTURES, FILMS, MARKS, TIMES, COMMENTS, RESULTS)

SHARE, RATIO, BITS, DAYS, NUMBER = "share", "ratio", "bits", "date", "number"
UNITS = (SHARE, RATIO, BITS, DAYS, NUMBER)

_PAIR_VALUES = frozenset({"a", "b", "share", "run", "distance", "shown", "count"})
_RATER_VALUES = frozenset({"rater", "other", "points", "n", "detectable"})
_SCHOOL_VALUES = frozenset({"school", "points", "n", "detectable"})


@dataclass(frozen=True)
class Kind:
    """One kind of flag.

    Attributes
    ----------
    code : str
        Key of its sentences, ``flag.<code>``, and of its policy rules.
    source : str
        One of `SOURCES`: what finds it.
    subjects : tuple of str
        What its ids may name, of `SUBJECTS`.
    effect : str
        Unit of its effect, of `UNITS`: a share is 0 to 1, a ratio times what is usual.
    exhibit : str
        What a person is shown to judge it by, of `EXHIBITS`.
    minimum : tuple of str
        Policy keys of the data below which nothing is said; empty where one look decides.
    thresholds : tuple of str
        Policy keys from where on it speaks; empty where the rubric itself sets the limit.
    variants : tuple of str
        Sentences it has; ``sentence`` is the usual one, ``pair`` of two raters.
    values : frozenset of str
        What may fill them.
    weight : int
        3 where what it points at could have decided a result, 2 where it may
        have, 1 where it is a difference to be talked over.
    opens_case : bool
        False where it only puts things in an order.
    """

    code: str
    source: str
    subjects: tuple[str, ...]
    effect: str
    exhibit: str
    minimum: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()
    variants: tuple[str, ...] = ("sentence",)
    values: frozenset[str] = frozenset()
    weight: int = 2
    opens_case: bool = True

    @property
    def tested(self) -> bool:
        """Whether it comes out of a test, so that looking often finds more than there is."""
        return self.source in TESTED

    @property
    def of_raters(self) -> bool:
        """Whether raters answer for it, and not teachers."""
        return self.subjects[0] in (RATER, RATER_PAIR)


def _copies(
    code: str,
    effect: str,
    exhibit: str,
    thresholds: str,
    variants: str = "sentence",
    minimum: str = "",
) -> Kind:
    return Kind(
        code,
        COPIES,
        (PAIR,),
        effect,
        exhibit,
        _keys(code, minimum),
        _keys(code, thresholds),
        tuple(variants.split()),
        _PAIR_VALUES,
        weight=3,
    )


def _intake(
    code: str,
    effect: str,
    exhibit: str,
    thresholds: tuple[str, ...],
    variants: str,
    values: str,
) -> Kind:
    found = frozenset({"piece", *values.split()})
    told = tuple(variants.split())
    return Kind(code, INTAKE, (PIECE,), effect, exhibit, (), thresholds, told, found)


def _rater(
    code: str,
    effect: str,
    exhibit: str = MARKS,
    minimum: str = "min_reads",
    weight: int = 1,
    subjects: tuple[str, ...] = (RATER,),
) -> Kind:
    variants = ("sentence", "pair") if subjects == (RATER, RATER_PAIR) else ("sentence",)
    return Kind(
        code,
        EFFECTS,
        subjects,
        effect,
        exhibit,
        _keys(code, minimum),
        _keys(code, "min_effect q"),
        variants,
        _RATER_VALUES,
        weight,
    )


def _school(code: str, minimum: str, weight: int = 2) -> Kind:
    return Kind(
        code,
        SCHOOLS,
        (SCHOOL,),
        SHARE,
        RESULTS,
        _keys(code, minimum),
        _keys(code, "min_effect q"),
        values=_SCHOOL_VALUES,
        weight=weight,
    )


def _keys(code: str, names: str) -> tuple[str, ...]:
    return tuple(f"flag.{code}.{name}" for name in names.split())


_KINDS = (
    _copies(
        "copied_text",
        SHARE,
        TEXTS,
        "strong_share strong_run look_share look_run min_identical popular_share",
        "sentence self identical_text identical_file",
        "min_own_fingerprints min_shared",
    ),
    Kind(
        "shared_passage",
        COPIES,
        (PAIR,),
        SHARE,
        TEXTS,
        _keys("copied_text", "min_own_fingerprints min_shared"),
        _keys("copied_text", "look_run least_run rare_teachers"),
        values=_PAIR_VALUES,
        weight=1,
    ),
    _copies("reused_image", BITS, PICTURES, "same alike window slide"),
    _copies(
        "reused_video", SHARE, FILMS, "frame frames_alike duration_s", "sentence identical_file"
    ),
    _copies("shared_author", NUMBER, TEXTS, "max_teachers", "sentence author_is_teacher"),
    _copies(
        "shared_revisions", SHARE, TEXTS, "revision_share", "sentence created", "min_revisions"
    ),
    _intake(
        "unfilled_template",
        SHARE,
        TEXTS,
        _keys("unfilled_template", "own_share_max"),
        "sentence prompts",
        "share prompts",
    ),
    _intake(
        "outside_window",
        DAYS,
        PAGES,
        ("window.opens", "window.closes"),
        "submitted modified changed created taken recorded",
        "what day opens closes",
    ),
    _intake(
        "official_limit",
        NUMBER,
        PAGES,
        (),
        "max_mb min_chars max_chars min_pages max_minutes min_items max_items",
        "limit came bound",
    ),
    _rater("severe_rater", SHARE, minimum="min_reads min_panel", subjects=(RATER, RATER_PAIR)),
    _rater("lenient_rater", SHARE, minimum="min_reads min_panel", subjects=(RATER, RATER_PAIR)),
    _rater("erratic_rater", RATIO, weight=2),
    _rater("all_met_reads", SHARE, weight=2),
    _rater("none_met_reads", SHARE, weight=2),
    _rater("just_pass_reads", SHARE, weight=2),
    _rater("flat_rater", SHARE, weight=2),
    _rater("halo_rater", RATIO, weight=2),
    _rater("central_rater", SHARE, weight=2),
    _rater("straight_rater", SHARE, weight=2),
    _rater("fast_rater", RATIO, TIMES, weight=2),
    _rater("own_school", SHARE, minimum="min_own min_other", weight=3),
    _rater("own_department", SHARE, minimum="min_own min_other", weight=3),
    _rater("drifting_rater", SHARE),
    _rater("pasted_comments", SHARE, COMMENTS, minimum="min_comments"),
    _rater("copied_reads", SHARE, minimum="min_joint", weight=3, subjects=(RATER_PAIR,)),
    _school("pass_rate_apart", "min_results", weight=1),
    _school("excellent_rate_apart", "min_results", weight=1),
    _school("above_county", "min_rereads", weight=3),
    _school("bunched_at_gate", "min_pieces"),
    _school("lenient_school", "min_seed_reads", weight=3),
    _school("home_favour", "min_rereads", weight=3),
    Kind(
        "unlike_prediction",
        ORDERING,
        (PIECE,),
        NUMBER,
        PAGES,
        values=frozenset({"piece"}),
        weight=1,
        opens_case=False,
    ),
    Kind(
        "recalled_reads",
        CALIBRATION,
        (RATER,),
        NUMBER,
        MARKS,
        variants=("sentence", "whole_round"),
        values=frozenset({"rater", "n", "since"}),
        weight=3,
    ),
    Kind("unreadable_evidence", DESK, (PIECE,), NUMBER, PAGES, values=frozenset({"piece"})),
)

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in _KINDS}
"""Every kind of flag there is, by code, in the order lists show them."""

CODES = tuple(CATALOGUE)


def of_source(*sources: str) -> tuple[str, ...]:
    """Codes that come from these sources.

    >>> of_source(INTAKE)
    ('unfilled_template', 'outside_window', 'official_limit')
    """
    return tuple(code for code, kind in CATALOGUE.items() if kind.source in sources)


def shown_effect(code: str, effect: float | None) -> str:
    """Effect in the words of its unit; empty where it is unknown.

    Examples
    --------
    >>> shown_effect("severe_rater", -0.21), shown_effect("fast_rater", 0.5)
    ('21%', '0.5')
    """
    if effect is None:
        return ""
    unit = CATALOGUE[code].effect
    if unit == SHARE:
        return f"{abs(effect):.0%}"
    return f"{abs(effect):.1f}" if unit == RATIO else f"{abs(effect):g}"
