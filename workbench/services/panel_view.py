"""What the page 一致性 shows: agreement in one line, by group, by pair of raters, and severity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from scipy.special import stdtrit

from models.people import code_order, raters
from rubrics.errors import WorkbenchError
from rubrics.levels import Level
from workbench.messages import explain, text
from workbench.services.agreement import explain_note
from workbench.services.effects import sentence_of
from workbench.services.panel import (
    panel_agreement,
    panel_effects,
    panel_pairs,
)
from workbench.services.scopes import seen_school
from workbench.services.workspace import Workspace

MEASURES: dict[str, tuple[str, str]] = {
    "exact": ("percent_agreement", "identity"),
    "fail": ("specific_agreement", str(Level.FAIL)),
    "excellent": ("specific_agreement", str(Level.EXCELLENT)),
    "alpha": ("krippendorff_alpha", "nominal"),
    "ac1": ("gwet_ac", "identity"),
}
"""What is headlined: a short name, and the coefficient and weights it stands for."""

GROUPINGS = ("school", "competency")
_COLUMNS = {"school": "school_id", "competency": "competency"}
SEVERE, LENIENT, USUAL = "severe", "lenient", "usual"


@dataclass(frozen=True)
class Measure:
    """One coefficient of one group; ``value`` from 0 to 1 (alpha and AC1 from -1), None if unknown.

    ``lo`` and ``hi`` are None where the data are too few for an interval;
    ``notes`` are sentences that say why.
    """

    name: str
    value: float | None
    lo: float | None
    hi: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Agreement of one school or competency: the measures by short name, and how many pieces."""

    kind: str
    group: str
    label: str
    pieces: int
    measures: Mapping[str, float | None]


@dataclass(frozen=True)
class Pair:
    """Two raters: share of the pieces both read on which they gave the same level."""

    one: str
    other: str
    share: float
    pieces: int


@dataclass(frozen=True)
class RaterSeverity:
    """Severity of one rater in shares of criteria, positive is harsher.

    ``lo`` to ``hi`` is the 95 % interval, None under the policy's minimum of
    reads; ``standing`` is ``severe`` or ``lenient`` where the tests of the panel
    found it, else ``usual``. Panels linked by no shared piece do not compare.
    """

    rater_id: str
    name: str
    severity: float
    lo: float | None
    hi: float | None
    reads: int
    panel: int
    standing: str
    sentence: str


@dataclass(frozen=True)
class PanelView:
    """Agreement of the panel as one person may see it.

    ``unknown`` says why there is no agreement yet, and the rest is then empty;
    ``severity_unknown`` the same of severity. ``bound`` is the share of criteria
    from which a rater's difference matters.
    """

    headline: Mapping[str, Measure]
    pieces: int
    raters: int
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]
    severities: tuple[RaterSeverity, ...]
    findings: tuple[str, ...]
    bound: float
    least_reads: int
    unknown: str = ""
    severity_unknown: str = ""


def panel_view(workspace: Workspace, person_id: str) -> PanelView:
    """Agreement and severity of the pieces a person may see.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "agreement.show")
        names = {person: str(row["name"]) for person, row in raters(store).items()}
        schools = {row["school_id"]: str(row["name"]) for row in store.where("school")}
    rule = workspace.policy.section("flag.severe_rater")
    rows, unknown = _agreement(workspace, scope)
    severities, findings, severity_unknown = _severities(workspace, scope, names)
    whole = [row for row in rows if row["by"] == "all"]
    return PanelView(
        {name: _measure(name, whole) for name in MEASURES} if whole else {},
        int(whole[0]["n_units"]) if whole else 0,
        int(whole[0]["n_raters"]) if whole else 0,
        tuple(_groups(rows, schools)),
        tuple(_pairs(workspace, scope)) if whole else (),
        tuple(severities),
        tuple(findings),
        float(rule["min_effect"]),
        int(rule["min_reads"]),
        unknown,
        severity_unknown,
    )


def _agreement(workspace: Workspace, scope: str | None) -> tuple[list[dict[str, Any]], str]:
    try:
        return panel_agreement(workspace, GROUPINGS, school_id=scope), ""
    except WorkbenchError as too_few:
        return [], explain(too_few)


def _find(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    wanted = MEASURES[name]
    return next((row for row in rows if (row["coefficient"], row["weights"]) == wanted), None)


def _measure(name: str, rows: Sequence[Mapping[str, Any]]) -> Measure:
    row = _find(rows, name)
    if row is None:
        return Measure(name, None, None, None)
    notes = tuple(explain_note(row["note"]))
    return Measure(name, row["value"], row["lo"], row["hi"], notes)


def _groups(rows: Sequence[Mapping[str, Any]], schools: Mapping[str, str]) -> list[Group]:
    found = []
    for kind in GROUPINGS:
        by_group: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            if row["by"] == _COLUMNS[kind]:
                by_group.setdefault(row["group"], []).append(row)
        for group in sorted(by_group, key=code_order):
            own = by_group[group]
            measures = {
                name: found_row["value"] if (found_row := _find(own, name)) else None
                for name in MEASURES
            }
            label = schools.get(group, group)
            found.append(Group(kind, group, label, int(own[0]["n_units"]), measures))
    return found


def _pairs(workspace: Workspace, scope: str | None) -> list[Pair]:
    found = panel_pairs(workspace, scope).itertuples(index=False)
    return [Pair(str(one), str(other), float(share), int(n)) for one, other, share, n in found]


def _severities(
    workspace: Workspace, scope: str | None, names: Mapping[str, str]
) -> tuple[list[RaterSeverity], list[str], str]:
    """Severity of each rater from mild to harsh, sentences of what was found, or why unknown."""
    try:
        table, tested = panel_effects(workspace, scope)
    except WorkbenchError as too_few:
        return [], [], explain(too_few)
    by_rater = {each["ids"][0]: each for each in tested if each["subject"] == "rater"}
    least = int(workspace.policy["flag.severe_rater.min_reads"])
    found = [
        _severity(row, by_rater.get(str(row["rater_id"])), names, least)
        for row in table.to_dict("records")
    ]
    flagged = [sentence_of(each) for each in tested if each["flagged"]]
    return sorted(found, key=lambda each: (each.severity, each.rater_id)), flagged, ""


def _severity(
    row: Mapping[Any, Any], tested: Mapping[str, Any] | None, names: Mapping[str, str], least: int
) -> RaterSeverity:
    rater, reads = str(row["rater_id"]), int(row["n_reads"])
    value, se = float(row["severity"]), float(row["se"])
    lo, hi = None, None
    if reads >= max(least, 2) and isfinite(se):  # one read has no error
        reach = float(stdtrit(reads - 1, 0.975)) * se
        lo, hi = value - reach, value + reach
    standing = USUAL
    if tested and tested["flagged"]:
        standing = SEVERE if tested["effect"] > 0 else LENIENT
    sentence = sentence_of(tested) if tested else ""
    if not sentence and reads < least:
        sentence = text("effects.too_few", n=reads, minimum=least)
    return RaterSeverity(
        rater,
        names.get(rater, rater),
        value,
        lo,
        hi,
        reads,
        int(row["panel"]) + 1,
        standing,
        sentence,
    )


def groups_said(view: PanelView, kind: str, least_pieces: int = 5) -> str:
    """Say in which group raters agree most and least; empty where not two have enough pieces."""
    known = [
        each
        for each in view.groups
        if each.kind == kind and each.measures["exact"] is not None and each.pieces >= least_pieces
    ]
    if len(known) < 2:
        return ""
    ordered = sorted(known, key=lambda each: (each.measures["exact"] or 0.0, each.group))
    low, high = ordered[0], ordered[-1]
    return text(
        "page_agreement.groups_said",
        low=low.label,
        low_share=f"{low.measures['exact']:.0%}",
        low_n=low.pieces,
        high=high.label,
        high_share=f"{high.measures['exact']:.0%}",
        high_n=high.pieces,
    )


def pairs_said(view: PanelView, least_pieces: int = 5) -> str:
    """Say which two raters agree least, of those with enough pieces in common; empty without any."""
    known = [pair for pair in view.pairs if pair.pieces >= least_pieces]
    if not known:
        return text("page_agreement.pairs_too_few", least=least_pieces) if view.pairs else ""
    low = min(known, key=lambda pair: (pair.share, pair.one, pair.other))
    return text(
        "page_agreement.pairs_said",
        one=low.one,
        other=low.other,
        share=f"{low.share:.0%}",
        n=low.pieces,
    )


def severity_said(view: PanelView) -> tuple[str, ...]:
    """Say what the tests of the panel found; that they found nothing is a sentence too."""
    if view.findings or not view.severities:
        return view.findings
    return (text("page_agreement.none_found"),)
