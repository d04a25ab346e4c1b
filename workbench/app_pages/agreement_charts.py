"""Charts of the page 一致性: groups, pairs of raters, and what other plans of reading would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt

from workbench.app_pages.drawing import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
from workbench.messages import text
from workbench.services.panel_view import (
    GROUPINGS,
    LEAST_PIECES,
    PanelView,
    panel_view,
    raters_paired,
)
from workbench.services.stability_view import Validation
from workbench.services.what_if import Plan, WhatIf
from workbench.services.workspace import Workspace

MOST_IN_PAIRS = 40
"""Raters up to which pairs are drawn as cells: 780 of them fill a screen."""

MOST_NAMED = 40
"""Rows up to which each bears its name; more of them are drawn thin, on one screen."""

_STEP = 34
_SCREEN = 560  # pixels all rows share where they bear no names
_PIECES = ((BLUE, "circle"), (ORANGE, "square"), (GREEN, "triangle-up"), (GREY, "diamond"))


@dataclass(frozen=True)
class Drawn:
    """The view of a person with its charts, built once for as long as nothing is written.

    There is no chart of pairs where more than ``MOST_IN_PAIRS`` raters would make
    cells nobody can read.
    """

    view: PanelView
    groups: Mapping[str, alt.LayerChart]
    pairs: alt.LayerChart | None


def panel_drawn(workspace: Workspace, person_id: str) -> Drawn:
    """Read the view of a person and draw its charts.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    view = panel_view(workspace, person_id)
    groups = {kind: group_chart(view, kind) for kind in GROUPINGS}
    few = raters_paired(view) <= MOST_IN_PAIRS
    return Drawn(view, groups, pair_chart(view) if few else None)


def group_chart(view: PanelView, kind: str) -> alt.LayerChart:
    """Exact agreement of each group: a bar from nought, its interval, share and pieces.

    Many groups are points from low to high on an axis of their own reach, told by
    the tooltip.
    """
    rows = _group_rows(view, kind)
    many = len(rows) > MOST_NAMED
    title = text("page_agreement.exact_of")
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("label:N", title=None, sort=None, axis=_names(len(rows))),
        x=alt.X("share:Q", title=title, axis=_shares(many), scale=_reach(many)),
        tooltip=[
            alt.Tooltip("label:N", title=text("page_agreement.column.label")),
            alt.Tooltip("share:Q", title=title, format=".0%"),
            *(
                alt.Tooltip(f"{end}:Q", title=text(f"page_agreement.column.{end}"), format=".0%")
                for end in ("lo", "hi")
            ),
            alt.Tooltip("pieces:Q", title=text("page_agreement.column.pieces")),
        ],
    )
    ends = base.mark_rule(color=GREY if many else "#111111", strokeWidth=1 if many else 1.5).encode(
        x=alt.X("lo:Q", title=title), x2="hi:Q"
    )
    if many:
        layers = [ends, base.mark_point(color=BLUE, filled=True, opacity=1, size=40)]
    else:
        bars = base.mark_bar(color=SKY, height={"band": 0.55}).encode(x2=alt.datum(0))
        words = base.mark_text(align="left", dx=6).encode(x=alt.X("end:Q"), text="told:N")
        layers = [bars, ends, words]
    return alt.LayerChart(layer=layers).properties(height=_height(len(rows)))


def _group_rows(view: PanelView, kind: str) -> list[dict[str, object]]:
    """Rows of groups with a share, in their order; from low to high where they bear no names."""
    known = [
        (each.measures["exact"], each)
        for each in view.groups
        if each.kind == kind and each.measures["exact"] is not None
    ]
    if len(known) > MOST_NAMED:
        known.sort(key=lambda pair: pair[0])
    return [
        {
            "label": each.label,
            "share": share,
            "lo": each.lo,
            "hi": each.hi,
            "end": share if each.hi is None else each.hi,
            "told": f"{share:.0%}　{text('page_agreement.pieces', n=each.pieces)}",
            "pieces": each.pieces,
        }
        for share, each in known
    ]


def pair_chart(view: PanelView) -> alt.LayerChart:
    """Share of pieces on which two raters gave the same level, raters from mild to harsh."""
    order = _order(view)
    rows = []
    for pair in view.pairs:
        first, second = sorted((pair.one, pair.other), key=order.index)
        row = {"one": first, "other": second, "share": pair.share, "pieces": pair.pieces}
        rows.append({**row, "told": f"{pair.share:.0%}"})
    heading = text("page_agreement.column.share")
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "one:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelAngle=0, labelFlush=False, orient="top"),
        ),
        y=alt.Y("other:N", sort=order, title=None, axis=alt.Axis(labelFlush=False)),
        tooltip=[
            alt.Tooltip("one:N", title=text("page_agreement.column.one")),
            alt.Tooltip("other:N", title=text("page_agreement.column.other")),
            alt.Tooltip("share:Q", title=heading, format=".0%"),
            alt.Tooltip("pieces:Q", title=text("page_agreement.column.pieces")),
        ],
    )
    enough = alt.datum.pieces >= LEAST_PIECES
    cells = base.mark_rect().encode(
        color=alt.Color(
            "share:Q",
            title=heading,
            scale=alt.Scale(scheme="cividis", domain=[0, 1]),
            legend=alt.Legend(format="%"),
        ),
        opacity=alt.condition(enough, alt.value(1.0), alt.value(0.35)),
    )
    pale = (alt.datum.share > 0.55) | (alt.datum.pieces < LEAST_PIECES)
    words = base.mark_text(fontSize=11).encode(
        text="told:N",
        color=alt.condition(pale, alt.value("#111111"), alt.value("#ffffff")),
    )
    return (cells + words).properties(height=alt.Step(_STEP), width=alt.Step(56))


def checked_chart(found: Validation) -> alt.LayerChart:
    """Share that differed beside the share foretold, with its interval; on the line both are the same."""
    rows = [vars(group) for group in found.groups]
    names = {name: text(f"page_agreement.checked.{name}") for name in ("predicted", "observed")}
    whole = alt.Scale(domain=[0, 1])
    shares = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1])
    x = alt.X("predicted:Q", title=names["predicted"], scale=whole, axis=shares)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    y = alt.Y("observed:Q", title=names["observed"], scale=whole, axis=shares)
    line = alt.Chart(
        alt.Data(values=[{"predicted": 0, "observed": 0}, {"predicted": 1, "observed": 1}])
    )
    same = line.mark_line(color=GREY, strokeDash=[5, 4]).encode(x=x, y=y)
    ends = base.mark_rule(color=BLUE, strokeWidth=2).encode(y=alt.Y("lo:Q"), y2="hi:Q")
    points = base.mark_point(color=BLUE, filled=True, opacity=1, size=80).encode(
        y=y,
        tooltip=[
            alt.Tooltip("pieces:Q", title=text("page_agreement.checked.pieces")),
            alt.Tooltip("predicted:Q", title=names["predicted"], format=".0%"),
            alt.Tooltip("observed:Q", title=names["observed"], format=".0%"),
        ],
    )
    return alt.LayerChart(layer=[same, ends, points]).properties(height=300, width=420)


def plan_chart(view: WhatIf, chosen: Plan) -> alt.LayerChart:
    """Share of results that would repeat by first readers, a line for each number of pieces.

    The plan chosen is ringed, with its share beside it.
    """
    shown = [_plan_row(each) for each in view.plans]
    heading = text("page_agreement.plan.replication")
    x = alt.X("readers:O", title=text("page_agreement.plan.readers"), axis=alt.Axis(labelAngle=0))
    y = alt.Y("replication:Q", title=heading, axis=alt.Axis(format="%"), scale=_reach(many=True))
    colour, shape = _piece_scales(view)
    base = alt.Chart(alt.Data(values=shown)).encode(x=x, color=colour)
    lines = base.mark_line(strokeWidth=2).encode(y=y)
    ends = base.mark_rule(strokeWidth=2).encode(y=alt.Y("lo:Q", title=heading), y2="hi:Q")
    points = base.mark_point(size=90, filled=True, opacity=1).encode(
        y=y,
        shape=shape,
        tooltip=[
            alt.Tooltip(f"{name}:Q", title=text(f"page_agreement.plan.{name}"), format=shape_of)
            for name, shape_of in _PLAN_NUMBERS
        ],
    )
    one = alt.Chart(alt.Data(values=[_plan_row(chosen)])).encode(x=x, y=y)
    ring = one.mark_point(size=420, color=VERMILION, strokeWidth=2.5, shape="circle")
    told = one.mark_text(align="left", dx=16, fontSize=13, fontWeight="bold").encode(text="told:N")
    return alt.LayerChart(layer=[lines, ends, points, ring, told]).properties(height=270)


_PLAN_NUMBERS = (
    ("readers", "d"),
    ("pieces", "d"),
    ("replication", ".1%"),
    ("lo", ".1%"),
    ("hi", ".1%"),
    ("reads", ".2f"),
    ("hours", ",.0f"),
)


def _plan_row(plan: Plan) -> dict[str, object]:
    label = text("page_agreement.plan_pieces", n=plan.pieces)
    return {**vars(plan), "label": label, "told": f"{plan.replication:.1%}"}


def _piece_scales(view: WhatIf) -> tuple[alt.Color, alt.Shape]:
    """Colour and shape of each number of pieces, in one legend."""
    numbers = sorted({each.pieces for each in view.plans})
    labels = [text("page_agreement.plan_pieces", n=n) for n in numbers]
    styles = [_PIECES[place % len(_PIECES)] for place in range(len(numbers))]
    legend = alt.Legend(orient="top", title=None)
    colours = alt.Scale(domain=labels, range=[colour for colour, _ in styles])
    shapes = alt.Scale(domain=labels, range=[shape for _, shape in styles])
    return (
        alt.Color("label:N", scale=colours, legend=legend),
        alt.Shape("label:N", scale=shapes, legend=legend),
    )


def _names(rows: int) -> alt.Axis | None:
    """Axis of the names of rows; None where there are too many to be read."""
    return None if rows > MOST_NAMED else alt.Axis(labelLimit=220, labelFlush=False)


def _shares(many: bool) -> alt.Axis:
    """Axis of shares; bars leave room beyond 100 % that has no tick, many rows reach off the screen."""
    if many:
        return alt.Axis(format="%", tickCount=6, orient="top")
    return alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])


def _reach(many: bool) -> alt.Scale:
    """Scale of shares: from nought, with room for the words beside a full bar; points need none."""
    return alt.Scale(zero=False, nice=True) if many else alt.Scale(domain=[0, 1.1])


def _height(rows: int) -> alt.Step:
    """Height of a row: the usual one, or its share of a screen."""
    return alt.Step(_STEP if rows <= MOST_NAMED else max(2.0, _SCREEN / rows))


def _order(view: PanelView) -> list[str]:
    """Raters from mild to harsh, those without a severity after them."""
    paired = sorted({rater for pair in view.pairs for rater in (pair.one, pair.other)})
    return [*view.order, *(rater for rater in paired if rater not in view.order)]
