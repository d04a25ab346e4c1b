"""异常与暂缓: when everything was looked at, the queue of cases, flags, the network of copies, views."""

from __future__ import annotations

import secrets

import streamlit as st

from workbench import session
from workbench.app_pages import case_lists, case_network
from workbench.app_pages.case_screen import draw_case
from workbench.app_pages.drawing import faults_told, moment, say, told
from workbench.messages import text
from workbench.services import jobs
from workbench.services.looks import LookStanding, look_standing
from workbench.services.roles import ALLOWED

_JOB = "flags"
_VIEWS = {
    "cases": case_lists.draw_queue,
    "flags": case_lists.draw_flags,
    "network": case_network.draw_network,
    "raters": case_lists.draw_raters,
    "schools": case_lists.draw_schools,
    "alarms": case_lists.draw_alarms,
}


def draw() -> None:
    """Draw one case where the address names it, else the views of all."""
    here = session.current()
    with faults_told():
        if hold_id := st.query_params.get("hold", ""):
            draw_case(here, hold_id)
        else:
            _all(here)


def _all(here: session.Session) -> None:
    st.title(text("page.holds"))
    told()
    st.caption(text("page_holds.intro"))
    _look(here)
    view = st.segmented_control(
        text("page_holds.view"),
        tuple(_VIEWS),
        default="cases",
        required=True,
        format_func=lambda name: text(f"page_holds.views.{name}"),
        label_visibility="collapsed",
        key="holds_view",
    )
    _VIEWS[view or "cases"](here)


def _look(here: session.Session) -> None:
    """Draw when everything was last looked at, what that could not see, and the button for another."""
    look = here.read(look_standing)
    note, offer = st.columns([5, 1], vertical_alignment="center")
    note.write(_said(look))
    with offer:
        _look_again(here)
    if look.limits:
        with st.expander(text("page_holds.limits", n=len(look.limits))):
            for each in look.limits:
                st.text(each)


def _said(look: LookStanding) -> str:
    new = text("page_holds.new_since", files=look.files, reads=look.reads)
    if not look.at:
        return f"{text('page_holds.never_looked')}{new if look.files or look.reads else ''}"
    values = {"at": moment(look.at), "gate": text(f"looks.gate.{look.gate}"), "actor": look.actor}
    said = text("page_holds.last_look", **values)
    if look.gate == "early":
        said += text("page_holds.early")
    elif look.tests > 1:
        said += text("page_holds.tests", n=look.tests)
    return f"{said}{new}" if look.files or look.reads else said


def _look_again(here: session.Session) -> None:
    """Draw the button that looks for anomalies, or what a look under way has come to."""
    if not set(here.roles) & set(ALLOWED["flags.raise"]):
        return
    if job_id := st.session_state.get("flags_job", ""):
        _watch(job_id)
    elif st.button(text("page_holds.look"), width="stretch", key="holds_look"):
        at = session.now()
        job = jobs.start_job(here.workspace, _JOB, [], here.person_id, at, secrets.token_bytes)
        st.session_state["flags_job"] = job.job_id
        st.rerun()


@st.fragment(run_every=2)
def _watch(job_id: str) -> None:
    """Ask every two seconds how the look stands; when it has ended the page is drawn anew."""
    job = jobs.job(session.current().workspace, job_id)
    if job.state == "running":
        st.caption(text("page_holds.looking"))
        return
    st.session_state.pop("flags_job", None)
    last = job.output.strip().splitlines()
    done = text("page_holds.looked")
    failed = text("page_holds.look_failed", words=last[-1] if last else job.state)
    say(done if job.state == "done" else failed)
    st.rerun()
