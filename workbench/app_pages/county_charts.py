"""Charts of the page 全县一览: funnels, severity ruler, agreement by slot, cases; each mark a link.

A link names what it stands for in the page's address; the page then lists the
pieces behind it. Charts are kept as specifications: making one anew at each
click takes longer than all the rest of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt

from workbench.app_pages.drawing import BLUE, GREY, ORANGE, VERMILION
from workbench.messages import text
from workbench.services.county_view import RATES, CountyView, county_view
from workbench.services.workspace import Workspace

Spec = dict[str, Any]

MOST_NAMED = 40
"""Raters up to which each bears a name on the ruler."""

_SCREEN = 360
_SHAPES = {False: (BLUE, "circle"), True: (VERMILION, "triangle-up")}


@dataclass(frozen=True)
class Drawn:
    """The county's view with its charts, built once for as long as nothing is written."""

    view: CountyView
    funnels: Mapping[str, Spec]
    ruler: Spec | None
    agreement: Spec | None
    cases: Spec | None


def county_charts(workspace: Workspace, person_id: str, on: date) -> Drawn:
    """Read the county and draw its charts.

    Raises
    ------
    RefusedError
        If the person does not see the whole county.
    """
    view = county_view(workspace, person_id, on)
    return Drawn(
        view,
        {name: linked_spec(funnel_chart(view, name)) for name in RATES if name in view.curves},
        linked_spec(ruler_chart(view)) if view.ruler else None,
        linked_spec(agreement_chart(view)) if view.agreement else None,
        linked_spec(cases_chart(view)) if view.cases else None,
    )


def funnel_chart(view: CountyView, rate: str) -> alt.LayerChart:
    """Share of each school against how many pieces it has, between limits for that many."""
    curve = alt.Data(values=[dict(row) for row in view.curves[rate]])
    x_title, y_title = text("page_county.axis.pieces"), text(f"page_county.axis.{rate}")
    scale = alt.Scale(zero=False, nice=True)
    x = alt.X("pieces:Q", title=x_title, scale=alt.Scale(nice=False, zero=False))
    limits = [
        alt.Chart(curve)
        .mark_line(color=GREY, strokeDash=dash, interpolate="linear")
        .encode(x=x, y=alt.Y(f"{end}:Q", title=y_title, scale=scale, axis=alt.Axis(format="%")))
        for end, dash in (("lo", [1, 0]), ("hi", [1, 0]), ("lowest", [5, 4]), ("highest", [5, 4]))
    ]
    centre = alt.Chart(alt.Data(values=[{"y": view.centre[rate]}])).mark_rule(color="#5b6875")
    rows = [
        {
            "name": each.school,
            "pieces": each.pieces,
            "share": each.share,
            "asked": _asked(each.asked),
            "to": f"?school={each.school_id}",
        }
        for each in view.points[rate]
    ]
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=70, opacity=0.85)
        .encode(
            x=x,
            y=alt.Y("share:Q", title=y_title, scale=scale),
            **_standing(),
            href="to:N",
            tooltip=[
                alt.Tooltip("name:N", title=text("page_county.column.school")),
                alt.Tooltip("share:Q", title=y_title, format=".0%"),
                alt.Tooltip("pieces:Q", title=x_title),
            ],
        )
    )
    layers = [*limits, centre.encode(y=alt.Y("y:Q", scale=scale)), points]
    return alt.LayerChart(layer=layers).properties(height=_SCREEN)


def ruler_chart(view: CountyView) -> alt.LayerChart:
    """Every rater who compares over the county, from lenient to severe, with an interval."""
    many = len(view.ruler) > MOST_NAMED
    rows = [
        {
            "name": f"{each.rater_id} {each.name}",
            "school": each.school,
            "change": each.change,
            "lo": min(each.lo, each.hi),
            "hi": max(each.lo, each.hi),
            "reads": each.reads,
            "to": f"?rater={each.rater_id}",
        }
        for each in view.ruler
    ]
    title = text("page_county.axis.ruler")
    axis = None if many else alt.Axis(labelLimit=220)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=axis), href="to:N"
    )
    reach = alt.X("lo:Q", title=title, axis=alt.Axis(format="+.0%", tickCount=8))
    lines = base.mark_rule(
        color=GREY, strokeWidth=1 if many else 2, opacity=0.25 if many else 1
    ).encode(x=reach, x2="hi:Q")
    points = base.mark_point(filled=True, color=BLUE, size=22 if many else 90, opacity=1).encode(
        x=alt.X("change:Q", title=title),
        tooltip=[
            alt.Tooltip("name:N", title=text("page_county.column.rater")),
            alt.Tooltip("school:N", title=text("page_county.column.school")),
            alt.Tooltip("change:Q", title=title, format="+.1%"),
            alt.Tooltip("reads:Q", title=text("page_county.column.reads")),
        ],
    )
    zero = alt.Chart(alt.Data(values=[{"x": 0}])).mark_rule(color="#5b6875").encode(x="x:Q")
    step = max(1.0, _SCREEN / len(rows)) if many else 26.0
    return alt.LayerChart(layer=[zero, lines, points]).properties(height=alt.Step(step))


def agreement_chart(view: CountyView) -> alt.LayerChart:
    """Share of equal levels by competency, and by its slots one beside the other."""
    rows = [
        {
            "competency": each.competency,
            "slot": each.slot_id.rpartition("-")[2],
            "name": each.slot_id,
            "share": each.share,
            "told": f"{each.share:.0%}",
            "pieces": each.pieces,
            "to": f"?slot={each.slot_id}",
        }
        for each in view.agreement
    ]
    title = text("page_county.axis.agreement")
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("competency:N", sort=None, title=text("page_county.axis.competency")),
        y=alt.Y("slot:N", title=text("page_county.axis.slot")),
        href="to:N",
        tooltip=[
            alt.Tooltip("name:N", title=text("page_county.column.slot_id")),
            alt.Tooltip("share:Q", title=title, format=".0%"),
            alt.Tooltip("pieces:Q", title=text("page_county.axis.pieces")),
        ],
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "share:Q",
            title=title,
            scale=alt.Scale(scheme="cividis", domain=[0, 1]),
            legend=alt.Legend(format="%", orient="top", gradientLength=240),
        )
    )
    pale = alt.condition(alt.datum.share > 0.55, alt.value("#111111"), alt.value("#ffffff"))
    words = base.mark_text(fontSize=10).encode(text="told:N", color=pale)
    return alt.LayerChart(layer=[cells, words]).properties(height=alt.Step(40))


def cases_chart(view: CountyView) -> alt.Chart:
    """Schools with open cases: how many, and how long the oldest has been open."""
    rows = [
        {
            "name": each.school,
            "open": each.open_cases,
            "overdue": text(f"page_county.overdue.{'yes' if each.overdue else 'no'}"),
            "days": each.oldest_days or 0,
            "to": f"?school={each.school_id}",
        }
        for each in view.cases
    ]
    words = [text(f"page_county.overdue.{key}") for key in ("no", "yes")]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, opacity=0.85, size=80)
        .encode(
            x=alt.X("days:Q", title=text("page_county.axis.days"), axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("open:Q", title=text("page_county.axis.open"), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "overdue:N",
                title=None,
                scale=alt.Scale(domain=words, range=[ORANGE, VERMILION]),
                legend=alt.Legend(orient="top"),
            ),
            shape=alt.Shape(
                "overdue:N",
                title=None,
                scale=alt.Scale(domain=words, range=["circle", "triangle-up"]),
            ),
            href="to:N",
            tooltip=[
                alt.Tooltip("name:N", title=text("page_county.column.school")),
                alt.Tooltip("open:Q", title=text("page_county.axis.open")),
                alt.Tooltip("days:Q", title=text("page_county.axis.days")),
            ],
        )
        .properties(height=_SCREEN)
    )


def _asked(asked: bool) -> str:
    return text(f"page_county.asked.{'yes' if asked else 'no'}")


def _standing() -> dict[str, Any]:
    """Colour and shape of schools by whether something asks to be looked at, in one legend."""
    words: Sequence[str] = [_asked(each) for each in _SHAPES]
    colours, shapes = zip(*_SHAPES.values(), strict=True)
    legend = alt.Legend(orient="top")
    return {
        "color": alt.Color(
            "asked:N",
            title=None,
            scale=alt.Scale(domain=words, range=list(colours)),
            legend=legend,
        ),
        "shape": alt.Shape(
            "asked:N",
            title=None,
            scale=alt.Scale(domain=words, range=list(shapes)),
            legend=legend,
        ),
    }


def linked_spec(chart: Any) -> Spec:
    """Chart as its specification, whose links open in the same window."""
    made: Spec = chart.to_dict(validate=False)  # it is ours; the check costs more than the chart
    made["usermeta"] = {"embedOptions": {"loader": {"target": "_self"}}}
    return made
