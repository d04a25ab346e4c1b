"""一致性: how far the panel agrees, where it does not, and what more reading would buy."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from workbench import session
from workbench.app_pages.agreement_charts import (
    MOST_NAMED,
    Drawn,
    checked_chart,
    panel_drawn,
    plan_chart,
)
from workbench.app_pages.drawing import (
    coefficient,
    data_below,
    faults_told,
    percent,
    table,
    worded,
)
from workbench.app_pages.recomputing import how_old
from workbench.messages import text
from workbench.services.panel_view import (
    ANALYSES,
    LEAST_PIECES,
    MEASURES,
    PanelView,
    groups_said,
    pairs_said,
    raters_paired,
    worst_pairs,
)
from workbench.services.stability_view import (
    checked_said,
    replication_said,
    stability_view,
    validation_said,
)
from workbench.services.what_if import Plan, WhatIf, plan_said, what_if

_TABS = ("school", "competency", "pairs", "stability", "plans")
_CHECKED = "pieces least most predicted observed lo hi"
_PLAN = "readers pieces replication lo hi reads hours phi"


def draw() -> None:
    """Draw the headline, and a chart with its sentence and data for each way of looking."""
    here = session.current()
    st.title(text("page.agreement"))
    with faults_told():
        drawn = here.read(panel_drawn, here.person_id)
        view = drawn.view
        how_old(here, (view.agreement,), ANALYSES)
        if view.agreement.unknown:
            if not view.agreement.needs_job:
                st.info(view.agreement.unknown)
            return
        st.caption(text("page_agreement.intro", pieces=view.pieces, raters=view.raters))
        if view.again:
            st.write(view.again)
        _headline(view)
        names = [text(f"page_agreement.tab.{name}") for name in _TABS]
        tabs = st.tabs(names, on_change="rerun", key="agreement_tabs")
        school, competency, pairs, stability, plans = tabs
        with school:
            _groups(drawn, "school")
        with competency:
            _groups(drawn, "competency")
        with pairs:
            _pairs(drawn)
        if stability.open:  # computed where nothing is stored, so only for who looks
            with stability:
                _stability(here, told=bool(view.again))
        if plans.open:
            with plans:
                _plans(here)


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
    if said := groups_said(view, kind):
        st.write(said)
    st.altair_chart(drawn.groups[kind], key=f"agreement_{kind}", width="stretch")
    own = [each for each in view.groups if each.kind == kind]
    if any(each.measures["exact"] is not None for each in own):
        st.caption(text("page_agreement.groups_interval"))
    _unnamed(len(own))
    rows = [{**asdict(each), **each.measures} for each in own]
    headings = _headings("label pieces exact lo hi fail excellent alpha ac1")
    shares = dict.fromkeys(("exact", "lo", "hi", "fail", "excellent"), percent)
    numbers = dict.fromkeys(("alpha", "ac1"), coefficient)
    data_below(rows, headings, f"agreement_{kind}", shares | numbers)


def _pairs(drawn: Drawn) -> None:
    view = drawn.view
    if not view.pairs:
        return
    st.write(pairs_said(view))
    headings = _headings("one other share at_most pieces")
    words = dict.fromkeys(("share", "at_most"), percent)
    if drawn.pairs is None:
        raters = raters_paired(view)
        worst = [asdict(pair) for pair in worst_pairs(view)]
        if worst:
            limits = {"raters": raters, "n": len(worst), "least": LEAST_PIECES}
            st.caption(text("page_agreement.pairs_listed", **limits))
            table(worded(worst, words), headings, "agreement_worst_pairs")
    else:
        st.altair_chart(drawn.pairs, key="agreement_pairs", width="content")
        st.caption(text("page_agreement.pairs_pale", least=LEAST_PIECES))
    data_below([asdict(pair) for pair in view.pairs], headings, "agreement_pairs", words)


def _stability(here: session.Session, *, told: bool) -> None:
    """Draw the share of results that would repeat, and what the pieces read twice more say of it.

    The share is ``told`` already where it heads the page.
    """
    with faults_told(), st.spinner(text("page_agreement.plans_coming"), show_time=False):
        view = here.read(stability_view, here.person_id)
        if view.replication is None:
            job = text("page_agreement.plans_not_yet")
            st.info(job if view.shown.needs_job else view.shown.unknown)
            return
        if not told:
            st.write(replication_said(view.replication))
        st.subheader(text("page_agreement.validated_heading"), divider=False)
        st.caption(text("page_agreement.validated_intro"))
        st.write(validation_said(view))
        if view.validation is None:
            return
        if len(view.validation.groups) > 1:
            st.write(checked_said(view))
            chart = checked_chart(view.validation)
            st.altair_chart(chart, key="agreement_checked", width="content")
        rows = [asdict(group) for group in view.validation.groups]
        names = {name: text(f"page_agreement.checked.{name}") for name in _CHECKED.split()}
        words = dict.fromkeys(_CHECKED.split()[1:], percent)
        data_below(rows, names, "agreement_checked_data", words)


def _plans(here: session.Session) -> None:
    """Draw the plan chosen beside the round's own, and all plans."""
    with faults_told(), st.spinner(text("page_agreement.plans_coming"), show_time=False):
        view = here.read(what_if, here.person_id)
        if not view.plans:
            st.info(
                text("page_agreement.plans_not_yet") if view.shown.needs_job else view.shown.unknown
            )
            return
        st.caption(text("page_agreement.plans_intro"))
        left, right = st.columns([2, 3], gap="large")
        with left:
            chosen = _choose(view)
            st.write(plan_said(view, chosen))
            _plan_numbers(view, chosen)
        right.altair_chart(plan_chart(view, chosen), key="agreement_plans", width="stretch")
        shares = dict.fromkeys(("replication", "lo", "hi"), _tenths)
        words = {**shares, "reads": "{:.2f}".format, "hours": _hours, "phi": coefficient}
        rows = [asdict(each) for each in view.plans]
        data_below(
            rows,
            {name: text(f"page_agreement.plan.{name}") for name in _PLAN.split()},
            "agreement_plans_data",
            words,
        )


def _choose(view: WhatIf) -> Plan:
    """Draw the sliders; the round's own plan is where they begin."""
    found = []
    for name, own in zip(("readers", "pieces"), view.now, strict=True):
        tried = sorted({getattr(each, name) for each in view.plans})
        label = text(f"page_agreement.plan.{name}")
        found.append(
            st.slider(label, tried[0], tried[-1], own, key=f"agreement_plan_{name}")
            if len(tried) > 1
            else own
        )
    return view.plan(*found)


def _plan_numbers(view: WhatIf, chosen: Plan) -> None:
    """Draw share, reads and hours of the plan chosen; the round's own beneath where it differs."""
    own = view.plan(*view.now)
    says = {"replication": _tenths, "reads": "{:.2f}".format, "hours": _hours}
    for place, (name, say) in zip(st.columns(len(says)), says.items(), strict=True):
        with place:
            st.metric(text(f"page_agreement.plan.{name}"), say(getattr(chosen, name)))
            if name == "replication":
                ends = {"lo": _tenths(chosen.lo), "hi": _tenths(chosen.hi)}
                st.caption(text("page_agreement.interval", **ends))
            else:
                st.caption(text("page_agreement.plan_own", value=say(getattr(own, name))))


def _tenths(share: float | None) -> str:
    return text("drawing.too_few") if share is None else f"{share:.1%}"


def _hours(value: float | None) -> str:
    return text("page_agreement.untimed") if value is None else f"{value:,.0f}"


def _unnamed(rows: int) -> None:
    """Say where names are, if the chart has too many rows to bear them."""
    if rows > MOST_NAMED:
        st.caption(text("page_agreement.unnamed", n=rows))


def _headings(names: str) -> dict[str, str]:
    return {name: text(f"page_agreement.column.{name}") for name in names.split()}
