"""泄露检查: what in the masked copies still tells whose they are, where, and what to do about it."""

from __future__ import annotations

import secrets

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import export, faults_told, moment, say, table, told
from workbench.messages import text
from workbench.services import jobs
from workbench.services.intake_jobs import latest_job
from workbench.services.leak_scan import ORIGINAL, LeakReport, as_rows, last_scan

_COLUMNS = ("piece_id", "file", "seen", "where", "kind", "excerpt", "remedy")
_CODED = ("seen", "where", "kind", "remedy")
_JOB = "leaks"


def draw() -> None:
    """Draw the last scan, its finds and what each asks for; and the button for another."""
    here = session.current()
    st.title(text("page.leaks"))
    told()
    with faults_told():
        st.caption(text("leaks.intro"))
        st.caption(f"**{text('leaks.pictures')}**")
        found = last_scan(here.workspace, here.person_id)
        running = latest_job(here.workspace, here.person_id, (_JOB,))
        if running is not None and running.state == "running":
            _watch(running.job_id)
        elif st.button(text("leaks.start"), type="primary", key="leaks_start"):
            jobs.start_job(
                here.workspace, _JOB, [], here.person_id, session.now(), secrets.token_bytes
            )
            st.rerun()
        if found is not None:
            _report(*found)


def _report(report: LeakReport, at: str) -> None:
    counts = {"open": len(report.open), "original": report.counts.get(ORIGINAL, 0)}
    words = text("leaks.done", files=report.files, blank=report.blank, **counts)
    (st.warning if report.open else st.success)(f"{words}（{moment(at)}）")
    if report.uncopied:
        st.info(text("leaks.uncopied", count=report.uncopied))
    if report.unread:
        st.caption(text("leaks.unread", count=len(report.unread)))
    everything = st.toggle(text("leaks.everything"), key="leaks_everything")
    rows = [
        {n: text(f"leaks.{n}.{row[n]}") if n in _CODED else row[n] for n in _COLUMNS}
        for row in as_rows(report)
        if everything or row["seen"] != ORIGINAL
    ]
    headings = {name: text(f"leaks.column.{name}") for name in _COLUMNS}
    if rows:
        table(rows, headings, "leaks_table")
        export(rows, headings, "leaks", "leaks_export")
        st.caption(text("leaks.remedies"))


@st.fragment(run_every=2)
def _watch(job_id: str) -> None:
    """Ask every two seconds how the job stands; when it has ended the page is drawn anew."""
    job = jobs.job(session.current().workspace, job_id)
    if job.state == "running":
        st.progress(job.done / job.total if job.total else 0.0, text("leaks.scanning"))
        return
    last = job.output.strip().splitlines()
    say(text("leaks.ended") if job.state == "done" else last[-1] if last else job.state)
    st.rerun()
