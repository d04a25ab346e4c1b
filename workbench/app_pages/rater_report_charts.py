"""Charts of the page 评审员报告: what each severity does, and the map of pieces, raters and criteria."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

import altair as alt

from workbench.app_pages.agreement_charts import MOST_NAMED
from workbench.app_pages.drawing import BLUE, GREEN, GREY, ORANGE, VERMILION
from workbench.messages import text
from workbench.services.rater_report import (
    LENIENT,
    OWN_PANEL,
    SEVERE,
    UNTESTED,
    USUAL,
    Interval,
    RaterLine,
    RaterReport,
    rater_report,
)
from workbench.services.workspace import Workspace

_STEP = 34
_SCREEN = 560  # pixels all rows share where they bear no names
_MAP_HEIGHT = 360
_MAP_WIDTHS = (270, 450, 270)
_FURTHEST = 8.0  # logits; what lies beyond is drawn at the edge
_STANDINGS = {
    SEVERE: (VERMILION, "triangle-up"),
    LENIENT: (BLUE, "triangle-down"),
    USUAL: (GREY, "circle"),
    UNTESTED: ("#C3C7CC", "diamond"),
}


@dataclass(frozen=True)
class Drawn:
    """The report a person may see, with its charts; there are none where nothing is known."""

    report: RaterReport
    severity: alt.LayerChart | None
    map: alt.HConcatChart | None


def report_drawn(workspace: Workspace, person_id: str) -> Drawn:
    """Read the report and draw its charts.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    report = rater_report(workspace, person_id)
    known = any(each.change.value is not None for each in report.raters)
    placed = any(each.severity.value is not None for each in report.raters)
    return Drawn(
        report, change_chart(report) if known else None, map_chart(report) if placed else None
    )


def label_of(line: RaterLine, report: RaterReport) -> str:
    """Name of a rater on a chart; one who only compares within the own panel bears its name."""
    name = line.name if line.name == line.rater_id else f"{line.rater_id} {line.name}"
    if report.apart and line.zero == OWN_PANEL and line.school:
        return f"{name}（{line.school}）"
    return name


def change_chart(report: RaterReport) -> alt.LayerChart:
    """What each rater's severity would do to the pass rate, with its interval, mild to harsh.

    Raters who only compare within the own panel stand together, panel by panel.
    """
    lines = [each for each in report.raters if each.change.value is not None]
    if report.apart:
        lines.sort(
            key=lambda each: (each.zero == OWN_PANEL, each.school * (each.zero == OWN_PANEL))
        )
    rows = [_change_row(each, report) for each in lines]
    many = len(rows) > MOST_NAMED
    heading = text("page_rater_report.change_axis")
    axis = alt.Axis(
        format="+.0%",
        tickCount=8,
        labelExpr="datum.value == 0 ? '0%' : datum.label",
        orient="top",  # the rows may reach below the screen
    )
    colour, shape = _standing_scales(report)
    names = None if many else alt.Axis(labelLimit=320, labelFlush=False)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("rater:N", sort=None, title=None, axis=names), color=colour
    )
    spans = base.mark_rule(strokeWidth=1 if many else 2).encode(
        x=alt.X("lo:Q", title=heading, axis=axis), x2="hi:Q"
    )
    points = base.mark_point(size=24 if many else 110, filled=True, opacity=1).encode(
        x=alt.X("change:Q", title=heading, axis=axis),
        shape=shape,
        tooltip=[
            alt.Tooltip("rater:N", title=text("page_rater_report.column.name")),
            alt.Tooltip("change:Q", title=heading, format="+.1%"),
            alt.Tooltip(
                "severity:Q", title=text("page_rater_report.column.severity"), format="+.2f"
            ),
            alt.Tooltip("reads:Q", title=text("page_rater_report.column.reads")),
        ],
    )
    zero = alt.Chart(alt.Data(values=[{"x": 0.0}])).mark_rule(color="#5b6875")
    high = max(2.0, _SCREEN / len(rows)) if many else _STEP
    drawn = zero.encode(x=alt.X("x:Q", title=heading, axis=axis)) + spans + points
    return drawn.properties(height=alt.Step(high))


def map_chart(report: RaterReport) -> alt.HConcatChart:
    """Pieces, raters and criteria on one scale of logits: three panels side by side."""
    scale = alt.Scale(domain=_reach(report), clamp=True, nice=False)
    parts = (_pieces(report, scale), _raters(report, scale), _criteria(report, scale))
    sized = [
        part.properties(
            width=width, height=_MAP_HEIGHT, title=text(f"page_rater_report.map.{name}")
        )
        for part, width, name in zip(
            parts, _MAP_WIDTHS, ("pieces", "raters", "criteria"), strict=True
        )
    ]
    whole = alt.HConcatChart(hconcat=sized, spacing=18).configure_title(fontSize=13, anchor="start")
    return whole.resolve_scale(color="independent", shape="independent")


def _reach(report: RaterReport) -> list[float]:
    """Lowest and highest logit drawn: everything there is, but no further than ±8."""
    ends = [end for lo, hi, _ in report.abilities for end in (lo, hi)]
    places = [each.severity for each in report.raters]
    places += [Interval(each.difficulty.value) for each in report.criteria]
    ends += [end for each in places for end in (each.value, each.lo, each.hi) if end is not None]
    low, high = min(ends, default=-1.0), max(ends, default=1.0)
    return [max(float(floor(low)), -_FURTHEST), min(float(ceil(high)), _FURTHEST)]


def _pieces(report: RaterReport, scale: alt.Scale) -> alt.Chart:
    """Histogram of pieces, growing to the left."""
    rows = [{"lo": lo, "hi": hi, "n": count} for lo, hi, count in report.abilities]
    heading = text("page_rater_report.map.count")
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=BLUE, opacity=0.85, stroke="#ffffff", strokeWidth=0.5)
        .encode(
            y=alt.Y("lo:Q", scale=scale, title=text("page_rater_report.map.logits")),
            y2="hi:Q",
            x=alt.X("n:Q", scale=alt.Scale(reverse=True), title=heading),
            x2=alt.datum(0),
            tooltip=[
                alt.Tooltip("lo:Q", title=text("page_rater_report.map.from"), format=".2f"),
                alt.Tooltip("n:Q", title=heading),
            ],
        )
    )


def _raters(report: RaterReport, scale: alt.Scale) -> alt.LayerChart:
    """Severities with their intervals, mild to harsh from left to right."""
    lines = [each for each in report.raters if each.severity.value is not None]
    rows = [_change_row(each, report) for each in lines]
    many = len(rows) > MOST_NAMED
    names = None if many else alt.Axis(labelAngle=-40, labelLimit=110, title=None)
    colour, shape = _standing_scales(report, "bottom")
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("rater_id:N", sort=None, axis=names, title=None), color=colour
    )
    heading = text("page_rater_report.column.severity")
    spans = base.mark_rule(strokeWidth=1 if many else 2, clip=True).encode(
        y=alt.Y("low:Q", scale=scale, axis=_bare(), title=None), y2="high:Q"
    )
    points = base.mark_point(size=24 if many else 80, filled=True, opacity=1).encode(
        y=alt.Y("severity:Q", scale=scale, axis=_bare(), title=None),
        shape=shape,
        tooltip=[
            alt.Tooltip("rater:N", title=text("page_rater_report.column.name")),
            alt.Tooltip("severity:Q", title=heading, format="+.2f"),
            alt.Tooltip("reads:Q", title=text("page_rater_report.column.reads")),
        ],
    )
    return alt.LayerChart(layer=[spans, points])


def _criteria(report: RaterReport, scale: alt.Scale) -> alt.Chart:
    """Difficulties, one stroke a criterion, 合格 and 优秀 apart."""
    kinds = [text(f"page_rater_report.kind.{name}") for name in ("pass", "excellent")]
    rows = [
        {
            "kind": kinds[each.wished],
            "criterion": f"{each.criterion_id} {each.words}",
            "difficulty": each.difficulty.value,
            "met": each.met_share,
        }
        for each in report.criteria
        if each.difficulty.value is not None
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_tick(thickness=1.6, opacity=0.55, bandSize=90)
        .encode(
            x=alt.X("kind:N", sort=kinds, title=None, axis=alt.Axis(labelAngle=0, labelLimit=140)),
            y=alt.Y("difficulty:Q", scale=scale, axis=_bare(), title=None),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=kinds, range=[GREEN, ORANGE]), legend=None
            ),
            tooltip=[
                alt.Tooltip("criterion:N", title=text("page_rater_report.column.criterion_id")),
                alt.Tooltip(
                    "difficulty:Q", title=text("page_rater_report.column.difficulty"), format="+.2f"
                ),
                alt.Tooltip(
                    "met:Q", title=text("page_rater_report.column.met_share"), format=".0%"
                ),
            ],
        )
    )


def _bare() -> alt.Axis:
    """Axis that only goes on with the lines of the panel to the left."""
    return alt.Axis(labels=False, ticks=False, title=None)


def _change_row(line: RaterLine, report: RaterReport) -> dict[str, object]:
    return {
        "rater": label_of(line, report),
        "rater_id": line.rater_id,
        "severity": line.severity.value,
        "low": line.severity.lo,
        "high": line.severity.hi,
        "change": line.change.value,
        "lo": line.change.lo,
        "hi": line.change.hi,
        "standing": text(f"page_rater_report.standing.{line.standing}"),
        "reads": line.reads,
    }


def _standing_scales(
    report: RaterReport, orient: Literal["top", "bottom"] = "top"
) -> tuple[alt.Color, alt.Shape]:
    """Colour and shape of what the test found of a rater, of those there are, in one legend."""
    there = {each.standing for each in report.raters}
    scale = {
        text(f"page_rater_report.standing.{name}"): style
        for name, style in _STANDINGS.items()
        if name in there
    }
    legend = alt.Legend(orient=orient, title=None)
    colours = alt.Scale(domain=list(scale), range=[colour for colour, _ in scale.values()])
    shapes = alt.Scale(domain=list(scale), range=[shape for _, shape in scale.values()])
    return (
        alt.Color("standing:N", scale=colours, legend=legend),
        alt.Shape("standing:N", scale=shapes, legend=legend),
    )
