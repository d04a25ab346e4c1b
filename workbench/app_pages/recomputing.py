"""How old stored numbers are, and the button that has them computed anew."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import faults_told, moment, say, told
from workbench.messages import text
from workbench.services import jobs
from workbench.services.analyses import Analysis
from workbench.services.analysing import Shown, begin_analysis, running_analysis


def how_old(here: session.Session, found: Sequence[Shown], kinds: Sequence[str]) -> None:
    """Draw when the analyses a page shows were computed, and the button that has it done again.

    Nothing is drawn of what was computed just now.
    """
    told()
    stored = [each.analysis for each in found if each.analysis is not None]
    missing = next((each.unknown for each in found if each.needs_job), "")
    if not stored and not missing:
        return
    if running := running_analysis(here.workspace, here.person_id):
        _watch(running.job_id)
        return
    if not stored:
        st.info(missing)
        if st.button(text("analyses.start"), type="primary", key="analyses_start"):
            _begin(here, kinds)
        return
    note, offer = st.columns([5, 1], vertical_alignment="center")
    note.caption(_age(min(stored, key=lambda each: each.data_version)))
    if offer.button(text("analyses.again"), width="stretch", key="analyses_again"):
        _begin(here, kinds)


def _age(oldest: Analysis) -> str:
    values = {"at": moment(oldest.made_at), "reads": oldest.reads_since}
    if oldest.reopened_since:
        return text("analyses.made_reopened", **values, reopened=oldest.reopened_since)
    return text("analyses.made_stale" if oldest.reads_since else "analyses.made", **values)


def _begin(here: session.Session, kinds: Sequence[str]) -> None:
    with faults_told():
        begin_analysis(here.workspace, kinds, here.person_id, session.now(), secrets.token_bytes)
        st.rerun()


@st.fragment(run_every=2)
def _watch(job_id: str) -> None:
    """Ask every two seconds how the job stands; when it has ended the page is drawn anew."""
    job = jobs.job(session.current().workspace, job_id)
    if job.state == "running":
        values = {"done": job.done, "total": job.total}
        words = text("analyses.running", **values) if job.total else text("analyses.begun")
        st.progress(job.done / job.total if job.total else 0.0, words)
        return
    if job.state == "done" and job.exit_status == 0:
        say(text("analyses.done"))
    else:
        last = job.output.strip().splitlines()
        say(text("analyses.failed", words=last[-1] if last else job.state))
    st.rerun()
