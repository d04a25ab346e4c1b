"""抽样复评: the county draws a sample, compares its reads with each school's, accepts or sends back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import export, faults_told, moment, say, table, told, worded
from workbench.messages import text
from workbench.services import supervision
from workbench.services.supervision_view import SupervisionView, supervision_view

_SCHOOL = "school sampled reread same lowered raised lowered_share decision"
_PIECE = "piece_id school slot_id why read"


def draw() -> None:
    """Draw the sample, the comparison and the decision, or the form that draws a sample."""
    here = session.current()
    st.title(text("page.supervision"))
    told()
    with faults_told():
        view = here.read(supervision_view, here.person_id)
        rule = {"rate": f"{view.rate:.0%}", "least": view.least, "limit": f"{view.limit:.0%}"}
        st.caption(text("page_supervision.intro", **rule))
        if not view.sample_id:
            st.info(text("page_supervision.none"))
            _sample(here)
            return
        _standing(view)
        _schools(view)
        _decide(here, view)
        _pieces(view)
        with st.expander(text("page_supervision.again")):
            st.warning(text("page_supervision.again_warning"))
            _sample(here)


def _sample(here: session.Session) -> None:
    with st.form("supervision_sample", border=False, width=460):
        seed = st.text_input(
            text("page_supervision.seed"),
            help=text("page_supervision.seed_help"),
            key="supervision_seed",
        )
        sent = st.form_submit_button(
            text("page_supervision.draw"), type="primary", key="supervision_draw"
        )
    if sent:
        with faults_told():
            drawn = supervision.sample(here.workspace, seed, here.act())
            say(text("page_supervision.drawn", count=len(drawn)))
            st.rerun()


def _standing(view: SupervisionView) -> None:
    head = {"sample": view.sample_id, "seed": view.random_seed, "at": moment(view.drawn_at)}
    st.write(text("page_supervision.sample", **head))
    count = len(view.pieces)
    if view.unread:
        note, go = st.columns([5, 1], vertical_alignment="center")
        note.info(text("page_supervision.unread", unread=view.unread, count=count))
        go.link_button(text("page_supervision.to_desk"), "/desk", width="stretch")
    else:
        st.success(text("page_supervision.all_read", count=count))


def _schools(view: SupervisionView) -> None:
    st.subheader(text("page_supervision.compared"))
    for row in view.schools:
        if row["over_limit"]:
            shares = {"share": f"{row['lowered_share']:.0%}", "limit": f"{view.limit:.0%}"}
            st.warning(text("page_supervision.over", school=row["school"], **shares))
    headings = _headings(_SCHOOL)
    rows = [
        {**row, "decision": text(f"supervision.decision.{row['decision'] or 'none'}")}
        for row in view.schools
    ]
    table(worded(rows, {"lowered_share": _lowered}), headings, "supervision_schools")


def _lowered(share: float | None) -> str:
    return text("page_supervision.no_read") if share is None else f"{share:.0%}"


def _decide(here: session.Session, view: SupervisionView) -> None:
    st.subheader(text("page_supervision.decide"))
    names = {row["school_id"]: row["school"] for row in view.schools}
    left = [row["school_id"] for row in view.schools if not row["decision"]]
    if not left:
        st.caption(text("page_supervision.nothing_left"))
    with st.form("supervision_decide"):
        school = st.selectbox(
            text("page_supervision.school"),
            [*left, *(each for each in names if each not in left)],
            format_func=lambda key: names[key],
            key="supervision_school",
        )
        decision = st.radio(
            text("page_supervision.decide"),
            ("accept", "reopen"),
            format_func=lambda name: text(f"page_supervision.{name}"),
            index=None,
            horizontal=True,
            label_visibility="collapsed",
            key="supervision_decision",
        )
        words = st.text_area(text("page_supervision.reason"), height=90, key="supervision_reason")
        sent = st.form_submit_button(
            text("page_supervision.do"), type="primary", key="supervision_do"
        )
    if sent:
        with faults_told():
            act = here.act(words)
            pieces = supervision.decide(here.workspace, school or "", decision or "", words, act)
            key = f"supervision.decided.{decision}"
            say(text(key, school=names[school or ""], count=len(pieces)))
            st.rerun()


def _pieces(view: SupervisionView) -> None:
    headings = _headings(_PIECE)
    with st.expander(text("page_supervision.pieces")):
        rows = [_told(row) for row in view.pieces]
        table(rows, headings, "supervision_pieces")
        export(rows, headings, f"sample-{view.sample_id}", "supervision_export")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "why": text(f"supervision.why.{row['why']}"),
        "read": text(f"page_supervision.read.{'yes' if row['read'] else 'no'}"),
    }


def _headings(names: str) -> dict[str, str]:
    return {name: text(f"page_supervision.column.{name}") for name in names.split()}
