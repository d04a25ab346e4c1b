"""全县一览: the county at a glance; every mark leads to its pieces, and nothing ranks schools."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args

import streamlit as st

from workbench import session
from workbench.app_pages.county_charts import Drawn, Spec, county_charts
from workbench.app_pages.drawing import (
    as_of,
    data_below,
    evidence,
    export,
    faults_told,
    percent,
    signed,
    table,
    worded,
)
from workbench.app_pages.pieces_behind import draw_pieces
from workbench.app_pages.recomputing import how_old
from workbench.messages import text
from workbench.services.county import CountyOverview, SchoolOverview
from workbench.services.county_pieces import By, names_of, pieces_behind
from workbench.services.county_view import ANALYSES, RATES

_VIEWS = ("rates", "severity", "agreement", "cases", "schools", "order")
_COLUMNS = (
    *("school", "teachers", "results", "pass_share", "excellent_share", "fail", "held", "waiting"),
    *("reread", "lowered_share", "publicity", "decision", "certified"),
)
_VIEWER_HEIGHT = 560
_MOST_OVER = 5


def draw() -> None:
    """Draw the county's numbers and one way of looking at them, or the pieces behind a mark."""
    here = session.current()
    st.title(text("page.county"))
    with faults_told():
        asked = next((by for by in get_args(By) if by in st.query_params), None)
        if asked is not None:
            _behind(here, asked, st.query_params[asked])
            return
        drawn = as_of(here, here.recent(county_charts, here.person_id, session.today()))
        view = drawn.view
        st.caption(text("page_county.intro", round=here.workspace.round_name))
        if not view.overview.schools:
            st.info(text("page_county.none"))
            return
        _counts(view.overview)
        _over(view.overview)
        how_old(here, (view.schools, view.facets), ANALYSES)
        chosen = st.segmented_control(
            text("page_county.look"),
            _VIEWS,
            default=_VIEWS[0],
            format_func=lambda name: text(f"page_county.view.{name}"),
            key="county_view",
            label_visibility="collapsed",
        )
        _DRAWERS[chosen or _VIEWS[0]](drawn)


def _over(found: CountyOverview) -> None:
    """Say which schools are over the limit: a few by name, or how many and where they stand."""
    over = [row.school for row in found.schools if row.over_limit]
    if len(over) > _MOST_OVER:
        st.warning(text("page_county.over_many", n=len(over), names="、".join(over[:_MOST_OVER])))
    elif over:
        st.warning(text("page_county.over", names="、".join(over)))


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


def _rates(drawn: Drawn) -> None:
    """Funnels of pass and excellent rates."""
    view = drawn.view
    if view.schools.unknown:
        st.info(view.schools.unknown)
        return
    st.write(text("page_county.funnel"))
    for note in view.notes:
        st.caption(text(f"schools.whole.{note}"))
    for place, rate in zip(st.columns(2), RATES, strict=True):
        if rate in drawn.funnels:
            with place:
                _chart(drawn.funnels[rate], f"county_{rate}")
    headings = {name: text(f"page_county.column.{name}") for name in ("school", "pieces")}
    headings |= {rate: text(f"page_county.axis.{rate}") for rate in RATES}
    by_school = {each.school_id: asdict(each) for each in view.points[RATES[0]]}
    rows = [
        {**row, **{rate: each.share for rate in RATES for each in view.points[rate]
                   if each.school_id == school}}
        for school, row in by_school.items()
    ]  # fmt: skip
    data_below(rows, headings, "county_rates", dict.fromkeys(RATES, percent))


def _severity(drawn: Drawn) -> None:
    """Ruler of severities over all raters that compare."""
    view = drawn.view
    if view.facets.unknown or drawn.ruler is None:
        st.info(view.facets.unknown or text("page_county.no_ruler", n=view.elsewhere))
        return
    st.write(text("page_county.ruler", n=len(view.ruler)))
    if view.elsewhere:
        st.caption(text("page_county.elsewhere", n=view.elsewhere))
    _chart(drawn.ruler, "county_ruler")
    columns = ("rater_id", "name", "school", "change", "lo", "hi", "reads")
    headings = {name: text(f"page_county.column.{name}") for name in columns}
    rows = [asdict(each) for each in view.ruler]
    data_below(rows, headings, "county_severity", dict.fromkeys(("change", "lo", "hi"), signed))


def _agreement(drawn: Drawn) -> None:
    """Agreement by competency and slot."""
    view = drawn.view
    if drawn.agreement is None:
        st.info(view.schools.unknown or text("page_county.no_pairs"))
        return
    least = min(view.agreement, key=lambda each: each.share)
    st.write(text("page_county.agreement", slot=least.slot_id, share=f"{least.share:.0%}"))
    _chart(drawn.agreement, "county_agreement")
    columns = ("competency", "slot_id", "share", "pieces")
    headings = {name: text(f"page_county.column.{name}") for name in columns}
    rows = [asdict(each) for each in view.agreement]
    data_below(rows, headings, "county_slots", {"share": percent})


def _cases(drawn: Drawn) -> None:
    """Open cases and their age."""
    view = drawn.view
    if drawn.cases is None:
        st.info(text("page_county.no_cases"))
        return
    number = sum(each.open_cases for each in view.cases)
    oldest = max(each.oldest_days or 0 for each in view.cases)
    late = sum(each.overdue for each in view.cases)
    st.write(text("page_county.cases", n=number, days=oldest, overdue=late))
    _chart(drawn.cases, "county_cases")
    columns = ("school", "open_cases", "high", "overdue", "oldest_days")
    headings = {name: text(f"page_county.column.{name}") for name in columns}
    data_below([asdict(each) for each in view.cases], headings, "county_holds", {})


def _schools(drawn: Drawn) -> None:
    """One sentence a school, what its rates are made of, and how far each has come."""
    view = drawn.view
    st.caption(text("page_county.no_order"))
    rows = [
        {"school": each.school, "sentence": each.sentence, "splits": "　".join(each.splits)}
        for each in view.said
    ]
    if rows:
        headings = {name: text(f"page_county.column.{name}") for name in rows[0]}
        shown = {name: headings[name] for name in ("school", "sentence")}
        chosen = table(rows, shown, "county_said", select=True)
        export(rows, headings, "county_schools_said", "county_said_export")
        if chosen is not None:
            st.query_params["school"] = view.said[chosen].school_id
            st.rerun()
    _progress(view.overview)


def _order(drawn: Drawn) -> None:
    """What the second reader would have looked at again first, or why it says nothing."""
    found = drawn.view.ordering
    st.info(found.sentence)
    if not found.pieces:
        return
    st.caption(text("second_reader.listed"))
    rows = [
        {
            "piece_id": each.piece_id,
            "unlike": text(f"second_reader.{'more' if each.apart > 0 else 'less'}"),
            "apart": f"{each.apart:+.1f}",
        }
        for each in found.pieces
    ]
    headings = {name: text(f"page_county.column.{name}") for name in rows[0]}
    chosen = table(rows, headings, "county_order", select=True)
    export(rows, headings, "county_order", "county_order_export")
    if chosen is not None:
        evidence(session.current(), found.pieces[chosen].piece_id, "county", _VIEWER_HEIGHT)


def _progress(found: CountyOverview) -> None:
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


def _behind(here: session.Session, by: By, which: str) -> None:
    """Draw the pieces of a school, a rater or a slot, and the one chosen among them."""
    names = here.read(names_of, by)
    if st.button(text("page_county.back"), key="county_back", icon=":material/arrow_back:"):
        st.query_params.clear()
        st.rerun()
    name = names.get(which, "")
    words = f"{which} {name}".strip() if by == "rater" else name or which
    st.subheader(text(f"page_county.behind.{by}", name=words))
    found = here.read(pieces_behind, here.person_id, by, which)
    if not found:
        st.info(text("page_county.no_pieces"))
        return
    if by == "school":
        drawn = as_of(here, here.recent(county_charts, here.person_id, session.today()))
        for each in drawn.view.said:
            if each.school_id == which:
                st.write(each.sentence)
                for split in each.splits:
                    st.write(split)
    st.caption(text("page_county.first"))
    draw_pieces(here, found, by, of_rater=by == "rater")


def _chart(spec: Spec, key: str) -> None:
    st.vega_lite_chart(spec, key=key, width="stretch")


def _lowered(share: float | None) -> str:
    return text("page_county.no_read") if share is None else f"{share:.0%}"


def _told(row: SchoolOverview) -> dict[str, Any]:
    return {
        **asdict(row),
        "publicity": text(f"page_county.publicity.{row.publicity}"),
        "decision": text(f"supervision.decision.{row.decision or 'none'}"),
        "certified": text(f"page_county.certified.{'yes' if row.certified else 'no'}"),
    }


_DRAWERS = {
    "rates": _rates,
    "severity": _severity,
    "agreement": _agreement,
    "cases": _cases,
    "schools": _schools,
    "order": _order,
}
