"""全县一览: results of every school side by side, and how far each has come."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import altair as alt
import streamlit as st

from workbench import session
from workbench.app_pages.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    export,
    faults_told,
    percent,
    table,
    worded,
)
from workbench.messages import text
from workbench.services.county import CountyOverview, SchoolOverview, county_overview
from workbench.services.workspace import Workspace

_KINDS = {"excellent": GREEN, "pass_": BLUE, "fail": VERMILION, "held": ORANGE, "waiting": GREY}
_COLUMNS = (
    *("school", "teachers", "results", "pass_share", "excellent_share", "fail", "held", "waiting"),
    *("reread", "lowered_share", "publicity", "decision", "certified"),
)


def draw() -> None:
    """Draw the county's numbers, the chart of schools and the table."""
    here = session.current()
    st.title(text("page.county"))
    with faults_told():
        found = here.read(county_overview, here.person_id)
        st.caption(text("page_county.intro", round=here.workspace.round_name))
        if not found.schools:
            st.info(text("page_county.none"))
            return
        _counts(found)
        over = "、".join(row.school for row in found.schools if row.over_limit)
        if over:
            st.warning(text("page_county.over", names=over))
        st.write(text("page_county.chart"))
        chart = here.read(levels_chart, here.person_id)
        st.altair_chart(chart, key="county_levels", width="stretch")
        _schools(found)


def _counts(found: CountyOverview) -> None:
    whole = found.county
    shown: dict[str, Any] = {
        "schools": len(found.schools),
        "results": whole.results,
        "pass_share": percent(whole.pass_share),
        "excellent_share": percent(whole.excellent_share),
        "held": whole.held,
        "lowered": _lowered(whole.lowered_share),
    }
    for place, (name, value) in zip(st.columns(len(shown)), shown.items(), strict=True):
        place.metric(text(f"page_county.metric.{name}"), value, border=True)


def levels_chart(workspace: Workspace, person_id: str) -> alt.LayerChart:
    """Counts of results of each school by level, held and waiting, as one bar each."""
    found = county_overview(workspace, person_id)
    words = {name: text(f"page_county.kind.{name}") for name in _KINDS}
    rows = [
        {"school": row.school, "kind": words[name], "count": getattr(row, name), "place": place}
        for row in found.schools
        for place, name in enumerate(_KINDS)
        if getattr(row, name)
    ]
    scale = alt.Scale(domain=list(words.values()), range=list(_KINDS.values()))
    axis = alt.Axis(tickCount=8, tickMinStep=1)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("school:N", title=None, sort=None, axis=alt.Axis(labelLimit=240)),
        x=alt.X("count:Q", title=text("page_county.chart_title"), stack="zero", axis=axis),
        order=alt.Order("place:Q"),
    )
    bars = base.mark_bar(height={"band": 0.6}).encode(
        color=alt.Color("kind:N", scale=scale, title=None, legend=alt.Legend(orient="top"))
    )
    numbers = base.mark_text(color="white", fontWeight="bold").encode(
        x=alt.X("count:Q", stack="zero", bandPosition=0.5), text="count:Q", detail="kind:N"
    )
    return (bars + numbers).properties(height=alt.Step(46))


def _schools(found: CountyOverview) -> None:
    headings = {name: text(f"page_county.column.{name}") for name in _COLUMNS}
    rows = [_told(row) for row in found.schools]
    words = dict.fromkeys(("pass_share", "excellent_share"), percent)
    shown = worded(rows, {**words, "lowered_share": _lowered})
    table(shown, headings, "county_schools")
    note, offer = st.columns([5, 1], vertical_alignment="center")
    note.caption(text("page_county.least", least=found.least))
    with offer:
        export(rows, headings, "county", "county_export")
    if found.reasons:
        why = [f"{text(f'reason_none.{name}')} {n}" for name, n in found.reasons.items()]
        st.caption(text("page_county.reasons", words="、".join(why)))


def _lowered(share: float | None) -> str:
    return text("page_county.no_read") if share is None else f"{share:.0%}"


def _told(row: SchoolOverview) -> dict[str, Any]:
    return {
        **asdict(row),
        "publicity": text(f"page_county.publicity.{row.publicity}"),
        "decision": text(f"supervision.decision.{row.decision or 'none'}"),
        "certified": text(f"page_county.certified.{'yes' if row.certified else 'no'}"),
    }
