"""What the page 全县一览 shows: counts, funnels, severity, agreement, cases, a sentence a school."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.people import raters
from workbench.messages import text
from workbench.services import second_reader
from workbench.services.analyses import last_analysis
from workbench.services.analysing import Shown, shown
from workbench.services.case_queue import SchoolCases, school_cases
from workbench.services.county import CountyOverview, county_overview
from workbench.services.school_sentences import (
    UPWARDS,
    sentence_by_school,
    split_sentence,
    whole_notes,
)
from workbench.services.workspace import Workspace

ANALYSES = ("schools", "facets", "second_reader")
OWN_PANEL = "own_panel"
RATES = ("pass", "excellent")


@dataclass(frozen=True)
class SchoolPoint:
    """One school in the funnel of one rate: share of its decided pieces from 0 to 1.

    ``asked`` is True where a finding asks somebody to look.
    """

    school_id: str
    school: str
    pieces: int
    share: float
    asked: bool


@dataclass(frozen=True)
class RulerPoint:
    """Severity of one rater as the change of the pass rate it makes, from ``lo`` to ``hi``.

    Positive passes more. Shares of results; only raters whose severities compare
    over the county have one.
    """

    rater_id: str
    name: str
    school: str
    change: float
    lo: float
    hi: float
    reads: int


@dataclass(frozen=True)
class SlotAgreement:
    """Share of pairs of blind reads of one slot that came to the same level."""

    competency: str
    slot_id: str
    share: float
    pieces: int


@dataclass(frozen=True)
class SchoolSaid:
    """One school in words: its sentence, and what its rates are made of where that is known."""

    school_id: str
    school: str
    sentence: str
    splits: tuple[str, ...]
    asked: bool


@dataclass(frozen=True)
class Ordering:
    """What the second reader would have looked at again first, in words; empty where it is off.

    ``sentence`` says how far it may be trusted, or why it is off or was not asked.
    """

    sentence: str
    pieces: tuple[Unlike, ...] = ()


@dataclass(frozen=True)
class Unlike:
    """A piece whose result is unlike that of texts of its kind; ``apart`` in standard deviations."""

    piece_id: str
    apart: float


@dataclass(frozen=True)
class CountyView:
    """The county as its reviewer sees it.

    ``schools`` and ``facets`` are where numbers come from; the ``unknown`` of either
    says why there are none. ``curves`` are the limits of a funnel by rate, ``centre``
    the county's rate. ``elsewhere`` counts raters who compare with their own panel only.
    """

    overview: CountyOverview
    schools: Shown
    facets: Shown
    points: Mapping[str, tuple[SchoolPoint, ...]]
    curves: Mapping[str, Sequence[Mapping[str, float]]]
    centre: Mapping[str, float]
    ruler: tuple[RulerPoint, ...]
    elsewhere: int
    agreement: tuple[SlotAgreement, ...]
    cases: tuple[SchoolCases, ...]
    said: tuple[SchoolSaid, ...]
    notes: tuple[str, ...]
    ordering: Ordering


def county_view(workspace: Workspace, person_id: str, on: date) -> CountyView:
    """Gather the county on a day; long computing is read from what is stored.

    Raises
    ------
    RefusedError
        If the person does not see the whole county.
    """
    overview = county_overview(workspace, person_id)
    schools, facets = (shown(workspace, kind, None) for kind in ANALYSES[:2])
    with workspace.store() as store:
        names = {row["school_id"]: str(row["name"]) for row in store.where("school")}
        people = raters(store)
    made = schools.payload or {"findings": [], "rates": [], "funnels": {}, "agreement": []}
    funnels = {name: each for name, each in made["funnels"].items() if each["schools"]}
    ruler, elsewhere = _ruler(facets, people, names)
    return CountyView(
        overview,
        schools,
        facets,
        {name: _points(made, name, names) for name in RATES},
        {name: each["curve"] for name, each in funnels.items()},
        {name: each["rate"] for name, each in funnels.items()},
        ruler,
        elsewhere,
        tuple(SlotAgreement(**row) for row in made["agreement"]),
        tuple(each for each in school_cases(workspace, person_id, on) if each.open_cases),
        _said(made, names),
        tuple(whole_notes(made)) if schools.payload else (),
        _ordering(workspace),
    )


def _ordering(workspace: Workspace) -> Ordering:
    """The stored order; comparing every text for it takes minutes, so a page never computes it."""
    stored = last_analysis(workspace, ANALYSES[2])
    if stored is None:
        return Ordering(text("page_county.no_order_yet"))
    limits = second_reader.limits_of(workspace)
    return Ordering(
        second_reader.sentence_of(stored.payload, limits),
        tuple(Unlike(row["piece_id"], row["apart"]) for row in stored.payload["order"]),
    )


def _points(
    made: Mapping[str, Any], rate: str, names: Mapping[str, str]
) -> tuple[SchoolPoint, ...]:
    codes = (f"{rate}_rate_apart", *UPWARDS)
    asked = {
        each["ids"][0] for each in made["findings"] if each["flagged"] and each["code"] in codes
    }
    return tuple(
        SchoolPoint(
            row["school_id"],
            names.get(row["school_id"], row["school_id"]),
            row["pieces"],
            row[rate],
            row["school_id"] in asked,
        )
        for row in made["rates"]
        if row["pieces"]
    )


def _ruler(
    facets: Shown, people: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> tuple[tuple[RulerPoint, ...], int]:
    """Raters who compare over the county, the most lenient first, and how many others there are.

    Where all of them are one panel their own panel is the county.
    """
    rows = facets.payload["raters"] if facets.payload else []
    alone = facets.payload is not None and len(facets.payload["panels"]) == 1
    kept = [
        row
        for row in rows
        if (alone or row["zero"] != OWN_PANEL) and row["pass_rate_change"] is not None
    ]
    found = []
    for row in kept:
        person = people.get(row["rater"], {})
        found.append(
            RulerPoint(
                row["rater"],
                str(person.get("name", "")),
                names.get(person.get("school_id") or "", ""),
                row["pass_rate_change"],
                row["pass_rate_change_lo"],
                row["pass_rate_change_hi"],
                row["n_reads"],
            )
        )
    found.sort(key=lambda each: (-each.change, each.rater_id))
    return tuple(found), len(rows) - len(kept)


def _said(made: Mapping[str, Any], names: Mapping[str, str]) -> tuple[SchoolSaid, ...]:
    """A sentence a school, by name: no order of better and worse."""
    splits: dict[str, list[str]] = {}
    for row in made.get("splits", []):
        if sentence := split_sentence(row):
            splits.setdefault(row["school"], []).append(sentence)
    asked = {
        each["ids"][0] for each in made["findings"] if each["flagged"] and each["code"] in UPWARDS
    }
    found = [
        SchoolSaid(
            school,
            names.get(school, school),
            sentence,
            tuple(splits.get(school, ())),
            school in asked,
        )
        for school, sentence in sentence_by_school(made).items()
    ]
    return tuple(sorted(found, key=lambda each: each.school))
