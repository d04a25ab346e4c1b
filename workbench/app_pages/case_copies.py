"""Masked copies a case still lacks: who may makes them from its page, the others are told who can."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import faults_told, say
from workbench.messages import text
from workbench.services import jobs
from workbench.services.roles import ALLOWED

_JOB = "blind"
_RUNNING = "copies_job"


def offer_copies(here: session.Session, pieces: Sequence[str]) -> None:
    """Say that these pieces, if any, have no masked copy yet, and offer to make them."""
    lacking = text("page_holds.copies.lacking", n=len(pieces))
    if job_id := st.session_state.get(_RUNNING, ""):
        _watch(job_id)
    elif not pieces:
        return
    elif not set(here.roles) & set(ALLOWED["blind.make"]):
        st.info(f"{lacking}{text('page_holds.copies.ask')}")
    else:
        with st.container(horizontal=True, vertical_alignment="center"), faults_told():
            st.info(lacking)
            if st.button(text("page_holds.copies.make"), key="case_copies"):
                _start(here, pieces)


def _start(here: session.Session, pieces: Sequence[str]) -> None:
    only = [word for piece_id in pieces for word in ("--piece", piece_id)]
    at = session.now()
    job = jobs.start_job(here.workspace, _JOB, only, here.person_id, at, secrets.token_bytes)
    st.session_state[_RUNNING] = job.job_id
    st.rerun()


@st.fragment(run_every=2)
def _watch(job_id: str) -> None:
    """Ask every two seconds how the copies stand; when they are made the page is drawn anew."""
    job = jobs.job(session.current().workspace, job_id)
    if job.state == "running":
        st.caption(text("page_holds.copies.making"))
        return
    st.session_state.pop(_RUNNING, None)
    last = job.output.strip().splitlines()
    failed = text("page_holds.copies.failed", words=last[-1] if last else job.state)
    say(text("page_holds.copies.made") if job.state == "done" else failed)
    st.rerun()
