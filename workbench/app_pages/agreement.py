"""一致性: how far the panel agrees, where it does not, and who marks harder than the others."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from workbench import session
from workbench.app_pages.agreement_charts import Drawn, panel_drawn
from workbench.app_pages.drawing import coefficient, data_below, faults_told, percent, signed
from workbench.messages import text
from workbench.services.panel_view import (
    MEASURES,
    PanelView,
    groups_said,
    pairs_said,
    severity_said,
)

_TABS = ("school", "competency", "pairs", "severity")
_SEVERITY = "name rater_id severity lo hi reads panel standing sentence"


def draw() -> None:
    """Draw the headline, and a chart with its sentence and data for each way of looking."""
    here = session.current()
    st.title(text("page.agreement"))
    with faults_told():
        drawn = here.read(panel_drawn, here.person_id)
        view = drawn.view
        if view.unknown:
            st.info(view.unknown)
        else:
            st.caption(text("page_agreement.intro", pieces=view.pieces, raters=view.raters))
            _headline(view)
        school, competency, pairs, severity = st.tabs(
            [text(f"page_agreement.tab.{name}") for name in _TABS]
        )
        with school:
            _groups(drawn, "school")
        with competency:
            _groups(drawn, "competency")
        with pairs:
            _pairs(drawn)
        with severity:
            _severity(drawn)


def _headline(view: PanelView) -> None:
    notes: dict[str, None] = {}
    for place, (name, measure) in zip(
        st.columns(len(MEASURES)), view.headline.items(), strict=True
    ):
        say = coefficient if name in ("alpha", "ac1") else percent
        with place.container(border=True):
            label, words = (text(f"page_agreement.{part}.{name}") for part in ("measure", "help"))
            st.metric(label, say(measure.value), help=words)
            if measure.lo is None or measure.hi is None:
                st.caption(text("page_agreement.no_interval"))
            else:
                ends = {"lo": say(measure.lo), "hi": say(measure.hi)}
                st.caption(text("page_agreement.interval", **ends))
        notes |= dict.fromkeys(measure.notes)
    if notes:
        st.caption("　".join(notes))


def _groups(drawn: Drawn, kind: str) -> None:
    view = drawn.view
    if view.unknown:
        st.info(view.unknown)
        return
    if said := groups_said(view, kind):
        st.write(said)
    st.altair_chart(drawn.groups[kind], key=f"agreement_{kind}", width="stretch")
    rows = [
        {"label": each.label, "pieces": each.pieces, **each.measures}
        for each in view.groups
        if each.kind == kind
    ]
    headings = _headings("label pieces exact fail excellent alpha ac1")
    shares = dict.fromkeys(("exact", "fail", "excellent"), percent)
    numbers = dict.fromkeys(("alpha", "ac1"), coefficient)
    data_below(rows, headings, f"agreement_{kind}", shares | numbers)


def _pairs(drawn: Drawn) -> None:
    view = drawn.view
    if not view.pairs:
        st.info(view.unknown or pairs_said(view))
        return
    st.write(pairs_said(view))
    st.altair_chart(drawn.pairs, key="agreement_pairs", width="content")
    headings = _headings("one other share pieces")
    rows = [asdict(pair) for pair in view.pairs]
    data_below(rows, headings, "agreement_pairs", {"share": percent})


def _severity(drawn: Drawn) -> None:
    view = drawn.view
    if not view.severities:
        st.info(view.severity_unknown)
        return
    for sentence in severity_said(view):
        st.write(sentence)
    st.altair_chart(drawn.severity, key="agreement_severity", width="stretch")
    limits = {"bound": f"±{view.bound:.0%}", "least": view.least_reads}
    st.caption(text("page_agreement.severity_help", **limits))
    headings = _headings(_SEVERITY)
    rows = [
        {**asdict(each), "standing": text(f"page_agreement.standing.{each.standing}")}
        for each in view.severities
    ]
    shares = dict.fromkeys(("severity", "lo", "hi"), signed)
    data_below(rows, headings, "severity", shares)


def _headings(names: str) -> dict[str, str]:
    return {name: text(f"page_agreement.column.{name}") for name in names.split()}
