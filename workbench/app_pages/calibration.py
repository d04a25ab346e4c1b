"""校准: the trial, a rater's own practice and qualification, and the chair's board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.calibration_board import draw_board
from workbench.app_pages.drawing import evidence, faults_told, moment, say, table, told
from workbench.messages import text
from workbench.services import calibration
from workbench.services.calibration_trial import (
    CLOSED,
    DISCUSSION,
    READING,
    TrialView,
    begin_trial,
    close_trial,
    open_discussion,
    propose_trial,
    trial_view,
)
from workbench.services.calibration_views import RaterView, rater_view
from workbench.services.roles import CHAIR, COUNTY, RATER

_SIGN = {1: "✓", 0: "✗", None: "?"}
_HEIGHT = 520


def draw() -> None:
    """Draw what the policy's kind of calibration asks of who looks."""
    here = session.current()
    st.title(text("page.calibration"))
    told()
    view = here.read(rater_view, here.person_id)
    leads = bool({CHAIR, COUNTY} & set(here.roles))
    if view.mode == "none":
        st.info(text("calibration.mode_none"))
    elif view.mode == "trial":
        _trial(here, leads=leads)
    else:
        if RATER in here.roles:
            _own_way(here, view)
        if leads:
            draw_board(here)


def _trial(here: session.Session, *, leads: bool) -> None:
    view = here.read(trial_view, here.person_id)
    st.caption(text("calibration.trial.intro"))
    if view is None:
        st.info(text("calibration.trial.none_chair" if leads else "calibration.trial.none"))
        if leads:
            _begin_trial(here)
        return
    at = moment(view.begun_at)
    (st.success if view.stage == CLOSED else st.info)(
        text(f"calibration.trial.stage_{view.stage}", at=at)
    )
    _trial_pieces(here, view)
    if leads:
        _lead_trial(here, view)
    if view.discussion:
        _discuss(here, view)
    if leads and view.stage == CLOSED:
        with st.expander(text("calibration.trial.another")):
            _begin_trial(here)


def _trial_pieces(here: session.Session, view: TrialView) -> None:
    headings = {
        name: text(f"calibration.column.{name}") for name in ("piece_id", "slot_id", "reads")
    }
    rows = [{**row, "reads": f"{row['read']} / {row['given']}"} for row in view.pieces]
    table(rows, headings, "calibration_trial_pieces")
    if view.stage == READING and any(row["own"] for row in view.pieces):
        if st.button(text("calibration.to_desk"), type="primary", key="calibration_desk"):
            _switch()
    elif view.stage == READING and RATER in here.roles:
        st.caption(text("calibration.trial.own_done"))


def _begin_trial(here: session.Session) -> None:
    """Pieces proposed for the trial, each with who may not read it, and the way to begin."""
    proposed = here.read(propose_trial)
    if not proposed:
        st.caption(text("calibration.trial.no_pieces"))
        return
    rows = [
        {
            "piece_id": piece.piece_id,
            "slot_id": piece.slot_id,
            "readers": len(piece.readers),
            "barred": "、".join(piece.barred) or "—",
        }
        for piece in proposed
    ]
    names = ("piece_id", "slot_id", "readers", "barred")
    table(rows, {name: text(f"calibration.column.{name}") for name in names}, "trial_proposed")
    st.caption(text("calibration.trial.reads_count"))
    if st.button(text("calibration.trial.begin"), type="primary", key="trial_begin"):
        with faults_told():
            begin_trial(here.workspace, [piece.piece_id for piece in proposed], here.act())
            say(text("calibration.trial.begun", pieces=len(proposed)))
            st.rerun()


def _lead_trial(here: session.Session, view: TrialView) -> None:
    if view.stage == CLOSED:
        return
    if view.waiting:
        st.caption(text("calibration.trial.waiting", raters="、".join(view.waiting)))
    with st.form("calibration_stage", border=False):
        early = bool(view.waiting) or view.stage == READING
        said = text("calibration.trial.reason")
        reason = st.text_input(said, key=f"trial_reason_{view.stage}") if early else ""
        steps = st.container(horizontal=True)
        discuss = view.stage == READING and steps.form_submit_button(
            text("calibration.trial.discuss"), type="primary", key="trial_discuss"
        )
        close = steps.form_submit_button(text("calibration.trial.close"), key="trial_close")
    for asked, act, stage in ((discuss, open_discussion, DISCUSSION), (close, close_trial, CLOSED)):
        if asked:
            with faults_told():
                reads = act(here.workspace, here.act(reason))
                say(text(f"calibration.trial.now_{stage}", reads=reads))
                st.rerun()


def _discuss(here: session.Session, view: TrialView) -> None:
    """Reads side by side by criterion, the most contested first, the evidence beside them."""
    names = [f"{shown['slot_id']} {shown['slot']}" for shown in view.discussion]
    for tab, shown in zip(st.tabs(names), view.discussion, strict=True):
        with tab:
            left, right = st.columns([6, 5])
            with left:
                _side_by_side(shown)
            with right:
                evidence(here, shown["piece_id"], "trial", _HEIGHT)


def _side_by_side(shown: Mapping[str, Any]) -> None:
    labels = [
        f"{label}{text('calibration.own_mark') if own else ''}"
        for label, own in zip(shown["labels"], shown["own"], strict=True)
    ]
    rows = [
        {
            "criterion": row["criterion"],
            "words": row["words"],
            **{f"r{n}": _SIGN[met] for n, met in enumerate(row["marks"])},
        }
        for row in shown["criteria"]
    ]
    last = {"criterion": text("calibration.level"), "words": ""}
    last |= {
        f"r{n}": text(f"level.{level}") if level else "?" for n, level in enumerate(shown["levels"])
    }
    headings = {name: text(f"calibration.column.{name}") for name in ("criterion", "words")}
    headings |= {f"r{n}": label for n, label in enumerate(labels)}
    table([*rows, last], headings, f"trial_{shown['piece_id']}")
    for row in shown["criteria"]:
        said = [
            f"- {label} {_SIGN[met]}　{words}"
            for label, met, words in zip(labels, row["marks"], row["comments"], strict=True)
            if words
        ]
        if said:
            st.markdown(f"**{row['criterion']}** {row['words']}\n" + "\n".join(said))


def _own_way(here: session.Session, view: RaterView) -> None:
    """Say where the rater stands and what comes next; then the feedback."""
    kind = {"locked": st.error, "failed": st.error, "qualified": st.success}
    kind.get(view.state, st.info)(
        text(
            f"calibration.now.{view.state}",
            waiting=view.waiting,
            read=view.read,
            right=view.right,
            most=view.most,
        )
    )
    _next_step(here, view)
    if view.feedback:
        st.subheader(text("calibration.feedback"))
        _feedback(here, view.feedback)


def _next_step(here: session.Session, view: RaterView) -> None:
    learns = view.state in ("unqualified", "failed")
    acts = (
        ("practise", calibration.begin_practice, view.practice_left and learns),
        ("qualify", calibration.begin_qualification, view.state == "unqualified"),
    )
    steps = st.container(horizontal=True)
    if view.waiting and steps.button(
        text("calibration.to_desk"), type="primary", key="calibration_desk"
    ):
        _switch()
    for name, act, offered in acts:
        if offered and steps.button(text(f"calibration.{name}"), key=f"calibration_{name}"):
            with faults_told():
                count = act(here.workspace, here.act())
                say(text(f"calibration.given_{name}", count=count))
                st.rerun()


def _feedback(here: session.Session, found: Sequence[Mapping[str, Any]]) -> None:
    """One piece at a time: own marks beside the experts' with their reasons, and the evidence."""
    chosen = st.selectbox(
        text("calibration.piece"),
        range(len(found)),
        format_func=lambda n: text(
            "calibration.piece_line",
            slot=f"{found[n]['slot_id']} {found[n]['slot']}",
            kind=text(f"calibration.kind.{found[n]['kind']}"),
            hit=text("calibration.hit" if found[n]["hit"] else "calibration.miss"),
        ),
        key="calibration_piece",
    )
    shown = found[chosen]
    level = shown["level"]
    st.markdown(
        text(
            "calibration.levels",
            own=text(f"level.{level}") if level else "?",
            experts=text(f"level.{shown['expert_level']}"),
        )
    )
    left, right = st.columns([6, 5])
    with left:
        for row in shown["criteria"]:
            with st.container(border=not row["same"]):
                st.markdown(
                    f"{'' if row['same'] else '⚠ '}**{row['criterion']}** {row['words']}  \n"
                    + text("calibration.marks", own=_SIGN[row["own"]], experts=_SIGN[row["expert"]])
                )
                for key, words in (
                    ("own_words", row["own_words"]),
                    ("expert_words", row["reason"]),
                ):
                    if words:
                        st.caption(text(f"calibration.{key}", words=words))
    with right:
        evidence(here, shown["piece_id"], "calibration", _HEIGHT)


def _switch() -> None:
    st.switch_page(st.Page(lambda: None, title=text("desk.title"), url_path="desk"))
