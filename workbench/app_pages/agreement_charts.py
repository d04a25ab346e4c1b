"""Charts of the page 一致性: groups, pairs of raters, severity; colour, shape and label together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt

from workbench.app_pages.drawing import BLUE, GREY, VERMILION
from workbench.messages import text
from workbench.services.panel_view import (
    GROUPINGS,
    LENIENT,
    SEVERE,
    USUAL,
    PanelView,
    panel_view,
)
from workbench.services.workspace import Workspace

_FEW = 5  # pieces under which a cell is drawn pale
_STEP = 34
_NAMES = alt.Axis(labelLimit=220, labelFlush=False)
_STANDINGS = {SEVERE: (VERMILION, "triangle-up"), LENIENT: (BLUE, "triangle-down")}


@dataclass(frozen=True)
class Drawn:
    """The view of a person with its charts, built once for as long as nothing is written."""

    view: PanelView
    groups: Mapping[str, alt.LayerChart]
    pairs: alt.LayerChart
    severity: alt.LayerChart


def panel_drawn(workspace: Workspace, person_id: str) -> Drawn:
    """Read the view of a person and draw its charts.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    view = panel_view(workspace, person_id)
    groups = {kind: group_chart(view, kind) for kind in GROUPINGS}
    return Drawn(view, groups, pair_chart(view), severity_chart(view))


def group_chart(view: PanelView, kind: str) -> alt.LayerChart:
    """Exact agreement of each group: a point on a line from nought, its share and pieces beside it."""
    rows = [
        {
            "label": each.label,
            "share": each.measures["exact"],
            "told": f"{each.measures['exact']:.0%}　n={each.pieces}",
            "pieces": each.pieces,
        }
        for each in view.groups
        if each.kind == kind and each.measures["exact"] is not None
    ]
    title = text("page_agreement.exact_of")
    axis = alt.Axis(format="%", tickCount=5)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("label:N", title=None, sort=None, axis=_NAMES),
        x=alt.X("share:Q", title=title, axis=axis, scale=alt.Scale(domain=[0, 1])),
    )
    bars = base.mark_bar(color=BLUE, height={"band": 0.55}).encode(x2=alt.datum(0))
    words = base.mark_text(align="left", dx=6).encode(text="told:N")
    return (bars + words).properties(height=alt.Step(_STEP))


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
        x=alt.X("one:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelFlush=False)),
        y=alt.Y("other:N", sort=order, title=None, axis=alt.Axis(labelFlush=False)),
        tooltip=[
            alt.Tooltip("one:N", title=text("page_agreement.column.one")),
            alt.Tooltip("other:N", title=text("page_agreement.column.other")),
            alt.Tooltip("share:Q", title=heading, format=".0%"),
            alt.Tooltip("pieces:Q", title=text("page_agreement.column.pieces")),
        ],
    )
    enough = alt.datum.pieces >= _FEW
    cells = base.mark_rect().encode(
        color=alt.Color(
            "share:Q",
            title=heading,
            scale=alt.Scale(scheme="cividis", domain=[0, 1]),
            legend=alt.Legend(format="%"),
        ),
        opacity=alt.condition(enough, alt.value(1.0), alt.value(0.35)),
    )
    pale = (alt.datum.share > 0.55) | (alt.datum.pieces < _FEW)
    words = base.mark_text(fontSize=11).encode(
        text="told:N",
        color=alt.condition(pale, alt.value("#111111"), alt.value("#ffffff")),
    )
    return (cells + words).properties(height=alt.Step(_STEP), width=alt.Step(56))


def severity_chart(view: PanelView) -> alt.LayerChart:
    """Severity of each rater with its interval, from mild to harsh, between practical bounds."""
    rows = [
        {
            "rater": f"{each.rater_id} {each.name}",
            "severity": each.severity,
            "lo": each.lo,
            "hi": each.hi,
            "standing": text(f"page_agreement.standing.{each.standing}"),
            "reads": each.reads,
        }
        for each in view.severities
    ]
    heading = text("page_agreement.severity_axis")
    axis = alt.Axis(format="+.0%", tickCount=8)
    colour, shape = _standing_scales()
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("rater:N", sort=None, title=None, axis=_NAMES), color=colour
    )
    lines = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("lo:Q", title=heading, axis=axis), x2="hi:Q"
    )
    points = base.mark_point(size=110, filled=True, opacity=1).encode(
        x=alt.X("severity:Q", title=heading, axis=axis),
        shape=shape,
        tooltip=[
            alt.Tooltip("rater:N", title=text("page_agreement.column.name")),
            alt.Tooltip("severity:Q", title=heading, format="+.1%"),
            alt.Tooltip("reads:Q", title=text("page_agreement.column.reads")),
        ],
    )
    x = alt.X("x:Q", title=heading, axis=axis)
    return (_bounds(view.bound, x) + lines + points).properties(height=alt.Step(_STEP))


def _standing_scales() -> tuple[alt.Color, alt.Shape]:
    """Colour and shape of what was found of a rater, in one legend."""
    scale = {
        text(f"page_agreement.standing.{name}"): _STANDINGS.get(name, (GREY, "circle"))
        for name in (SEVERE, USUAL, LENIENT)
    }
    legend = alt.Legend(orient="top", title=None)
    colours = alt.Scale(domain=list(scale), range=[colour for colour, _ in scale.values()])
    shapes = alt.Scale(domain=list(scale), range=[shape for _, shape in scale.values()])
    return (
        alt.Color("standing:N", scale=colours, legend=legend),
        alt.Shape("standing:N", scale=shapes, legend=legend),
    )


def _bounds(bound: float, x: alt.X) -> alt.Chart:
    """Line at nought, and dashed ones from where on a difference matters."""
    at = alt.Data(values=[{"x": each} for each in (-bound, 0.0, bound)])
    dash = alt.condition(alt.datum.x == 0, alt.value([1, 0]), alt.value([5, 4]))
    return alt.Chart(at).mark_rule(color="#5b6875").encode(x=x, strokeDash=dash)


def _order(view: PanelView) -> list[str]:
    """Raters from mild to harsh, those without a severity after them."""
    known = [each.rater_id for each in view.severities]
    paired = sorted({rater for pair in view.pairs for rater in (pair.one, pair.other)})
    return [*known, *(rater for rater in paired if rater not in known)]
