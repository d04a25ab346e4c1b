"""Jobs on a page: how far one is while it runs, and how it ended."""

from __future__ import annotations

import streamlit as st

from workbench import session
from workbench.components.showing import moment
from workbench.messages import text
from workbench.services.intake_jobs import latest_job, own_job
from workbench.services.jobs import Job

_EVERY_S = 1.0


def job_line(kinds: tuple[str, ...]) -> Job | None:
    """Draw one's own newest job of these kinds, and return it; None where there is none.

    While it runs its line is drawn anew every second, and the whole page once it has ended.
    """
    here = session.current()
    found = latest_job(here.workspace, here.person_id, kinds)
    if found is None:
        return None
    if found.state == "running":
        st.fragment(run_every=_EVERY_S)(_running)(found.job_id)
        return found
    name, at = text(f"working.kind.{found.kind}"), moment(found.began_at)
    words = text(f"working.{found.state}", job=name, at=at)
    if found.state == "done":
        st.caption(words)
    else:
        st.error(words)
        if found.output.strip():
            st.code(found.output.strip(), language=None, wrap_lines=True)
    return found


def _running(job_id: str) -> None:
    here = session.current()
    found = own_job(here.workspace, here.person_id, job_id)
    if found.state != "running":
        st.rerun()
    name = text(f"working.kind.{found.kind}")
    if found.total:
        words = text("working.steps", job=name, done=found.done, total=found.total)
        st.progress(found.done / found.total, words)
    else:
        st.progress(0.0, text("working.running", job=name))
