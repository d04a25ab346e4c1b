"""What the page 一致性 shows: agreement in one line, by group and by pair of raters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import betaincinv

from models.people import code_order
from rubrics.levels import Level
from workbench.messages import text
from workbench.services.agreement import explain_note
from workbench.services.analysing import Shown, shown
from workbench.services.reach import seen_school
from workbench.services.stability_view import replication_said, stored_replication
from workbench.services.workspace import Workspace

MEASURES: dict[str, tuple[str, str]] = {
    "exact": ("percent_agreement", "identity"),
    "fail": ("specific_agreement", str(Level.FAIL)),
    "excellent": ("specific_agreement", str(Level.EXCELLENT)),
    "alpha": ("krippendorff_alpha", "nominal"),
    "ac1": ("gwet_ac", "identity"),
}
"""What is headlined: a short name, and the coefficient and weights it stands for."""

ANALYSES = ("agreement", "effects", "stability", "generalizability")
"""Computed anew together; severity only orders the pairs, and the page asks for the last two by itself."""

GROUPINGS = ("school", "competency")
_COLUMNS = {"school": "school_id", "competency": "competency"}
LEAST_PIECES = 5
"""Pieces in common under which two raters are not compared."""

MOST_PAIRS = 30
"""Pairs listed where there are too many raters for a chart of all."""


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
    """Agreement of one school or competency: the measures by short name, and how many pieces.

    ``lo`` and ``hi`` are the ends of the interval of ``exact``, with teachers as what is
    independent; None where they are too few.
    """

    kind: str
    group: str
    label: str
    pieces: int
    measures: Mapping[str, float | None]
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True)
class Pair:
    """Two raters: share of the pieces both read on which they gave the same level.

    ``at_most`` is the upper end of its 95 % interval (Clopper and Pearson's): low
    only where many pieces say so.
    """

    one: str
    other: str
    share: float
    at_most: float
    pieces: int


@dataclass(frozen=True)
class PanelView:
    """Agreement of the panel as one person may see it.

    ``agreement`` is where the numbers come from; its ``unknown`` says why there are
    none. ``again`` says what share of results other readers would repeat, empty where
    that has not been computed. ``order`` are the raters from mild to harsh, empty where
    that is unknown.
    """

    agreement: Shown
    headline: Mapping[str, Measure]
    pieces: int
    raters: int
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]
    order: tuple[str, ...]
    again: str = ""


def panel_view(workspace: Workspace, person_id: str) -> PanelView:
    """Agreement of the pieces a person may see.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "agreement.show")
        schools = {row["school_id"]: str(row["name"]) for row in store.where("school")}
    agreement, effects = (shown(workspace, kind, scope) for kind in ("agreement", "effects"))
    rows, pairs = _parts(agreement, "coefficients", "pairs")
    whole = [row for row in rows if row["by"] == "all"]
    (severities,) = _parts(effects, "severities")
    return PanelView(
        agreement,
        {name: _measure(name, whole) for name in MEASURES} if whole else {},
        int(whole[0]["n_units"]) if whole else 0,
        int(whole[0]["n_raters"]) if whole else 0,
        tuple(_groups(rows, schools)),
        tuple(_pairs(pairs)),
        tuple(_from_mild_to_harsh(severities)),
        replication_said(stored_replication(workspace, scope)),
    )


def _parts(found: Shown, *names: str) -> tuple[list[Any], ...]:
    """Lists of a payload by name; empty ones where there is none."""
    return tuple(found.payload[name] if found.payload else [] for name in names)


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
            exact = _measure("exact", own)
            named = (kind, group, schools.get(group, group), int(own[0]["n_units"]))
            found.append(Group(*named, measures, exact.lo, exact.hi))
    return found


def _pairs(rows: Sequence[Sequence[Any]]) -> list[Pair]:
    found = []
    for one, other, share, n in rows:
        same = round(share * n)
        at_most = 1.0 if same == n else float(betaincinv(same + 1, n - same, 0.975))
        found.append(Pair(one, other, share, at_most, n))
    return found


def _from_mild_to_harsh(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    ordered = sorted(rows, key=lambda row: (row["severity"], row["rater_id"]))
    return [str(row["rater_id"]) for row in ordered]


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


def raters_paired(view: PanelView) -> int:
    """How many raters have a piece in common with another."""
    return len({rater for pair in view.pairs for rater in (pair.one, pair.other)})


def worst_pairs(
    view: PanelView, least_pieces: int = LEAST_PIECES, most: int = MOST_PAIRS
) -> list[Pair]:
    """Pairs with enough pieces that agree least, by how much they agree at most."""
    known = (pair for pair in view.pairs if pair.pieces >= least_pieces)
    return sorted(known, key=lambda pair: (pair.at_most, pair.share, pair.one, pair.other))[:most]


def pairs_said(view: PanelView, least_pieces: int = LEAST_PIECES) -> str:
    """Say which two raters agree least, of those with enough pieces in common; empty without any."""
    worst = worst_pairs(view, least_pieces, 1)
    if not worst:
        return text("page_agreement.pairs_too_few", least=least_pieces) if view.pairs else ""
    return text(
        "page_agreement.pairs_said",
        one=worst[0].one,
        other=worst[0].other,
        share=f"{worst[0].share:.0%}",
        at_most=f"{worst[0].at_most:.0%}",
        n=worst[0].pieces,
    )
