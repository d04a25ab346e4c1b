"""异常与暂缓: the cases, one on a screen, with both sides' exhibits, replies and the decision."""

from __future__ import annotations

import secrets
from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.case_exhibits import draw_exhibits
from workbench.app_pages.drawing import choose_file_said, faults_told, moment, say, table, told
from workbench.messages import text
from workbench.services import holds, jobs
from workbench.services.case_view import CaseView, case_rows, case_view, reply_with_scan
from workbench.services.holds import DISPOSITIONS
from workbench.services.roles import ALLOWED

_COLUMNS = "hold_id flag school teacher competency due_on replies state"
_JOB = "flags"
_SCAN_MB = 20


def draw() -> None:
    """Draw one case where the address names it, else the list."""
    here = session.current()
    with faults_told():
        if hold_id := st.query_params.get("hold", ""):
            _case(here, hold_id)
        else:
            _list(here)


def _list(here: session.Session) -> None:
    st.title(text("page.holds"))
    told()
    rows = here.read(case_rows, here.person_id, session.today())
    intro, look = st.columns([5, 1], vertical_alignment="center")
    intro.caption(text("page_holds.intro"))
    with look:
        _look_again(here)
    if not rows:
        st.info(text("page_holds.none"))
        return
    waiting = [row for row in rows if row["state"] == "open"]
    counts = {
        "open": len(waiting),
        "overdue": sum(row["overdue"] for row in waiting),
        "resolved": len(rows) - len(waiting),
    }
    note, choice = st.columns([4, 1], vertical_alignment="bottom")
    note.write(text("page_holds.count", **counts))
    every = choice.segmented_control(
        text("page_holds.show"),
        ("open_only", "all"),
        default="open_only",
        required=True,
        format_func=lambda name: text(f"page_holds.{name}"),
        label_visibility="collapsed",
        key="holds_show",
    )
    shown = rows if every == "all" else waiting
    if not shown:
        st.info(text("page_holds.none_open"))
        return
    headings = {name: text(f"page_holds.column.{name}") for name in _COLUMNS.split()}
    chosen = table([_told(row) for row in shown], headings, "holds_table", select=True)
    if chosen is not None:
        _open(shown[chosen]["hold_id"])


def _open(hold_id: str) -> None:
    st.query_params["hold"] = hold_id
    st.rerun()


def _close() -> None:
    st.query_params.pop("hold", None)


def _state(row: dict[str, Any]) -> str:
    if row["proposed"]:
        return "proposed"
    return "overdue" if row["overdue"] else str(row["state"])


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "flag": text(f"flag.{row['code']}.name"),
        "state": text(f"page_holds.state.{_state(row)}"),
    }


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


def _case(here: session.Session, hold_id: str) -> None:
    view = here.read(case_view, here.person_id, hold_id, session.today())
    rows = here.read(case_rows, here.person_id, session.today())
    back, onward, _ = st.columns([1, 1, 4])
    back.button(text("page_holds.back"), on_click=_close, width="stretch", key="hold_back")
    later = [r["hold_id"] for r in rows if r["state"] == "open" and r["hold_id"] != hold_id]
    after = next((each for each in later if each > hold_id), later[0] if later else "")
    if after and onward.button(text("page_holds.next"), width="stretch", key="hold_next"):
        _open(after)
    case = view.case
    flag = text(f"flag.{case['code']}.name")
    st.title(text("page_holds.title", hold=hold_id, flag=flag))
    told()
    state = _state({**case, "proposed": bool(view.proposals), "overdue": view.overdue})
    facts = {"raised_by": case["raised_by"], "raised_at": moment(case["at"]), "due": case["due_on"]}
    st.caption(text("page_holds.facts", **facts, state=text(f"page_holds.state.{state}")))
    if view.overdue:
        st.warning(text("page_holds.overdue", due=case["due_on"]))
    said, innocent = st.columns(2)
    said.info(view.exhibits.sentence or flag)
    with innocent.container(border=True):
        st.markdown(f"**{text('page_holds.innocent')}**")
        st.text(view.exhibits.innocent)
    draw_exhibits(here, view)
    heard, decided = st.columns(2, gap="large")
    with heard:
        _history(view)
        _reply(here, view)
    with decided:
        _decide(here, view)


def _history(view: CaseView) -> None:
    st.subheader(text("page_holds.history"))
    for event in view.case["events"]:
        given = event["disposition"]
        words = {
            "at": moment(event["at"]),
            "actor": event["actor"],
            "party": event["party"],
            "disposition": text(f"disposition.{given}") if given else "",
            "words": event["words"],
        }
        st.text(text(f"holds.event.{event['kind']}", **words))
    if not view.case["events"]:
        st.caption(text("page_holds.no_event"))


def _reply(here: session.Session, view: CaseView) -> None:
    if view.case["state"] != "open":
        return
    hold_id = view.case["hold_id"]
    if not view.may_reply:
        st.caption(text("page_holds.no_reply"))
        return
    names = dict(view.parties)
    with st.form(f"reply_{hold_id}", clear_on_submit=False):
        st.markdown(f"**{text('page_holds.reply')}**")
        party = st.selectbox(
            text("page_holds.party"), list(names), format_func=lambda key: names[key]
        )
        words = st.text_area(text("page_holds.words"), height=110, key=f"reply_words_{hold_id}")
        choose_file_said(text("page_holds.choose"))
        scan = st.file_uploader(
            text("page_holds.scan", most=_SCAN_MB),
            type=["pdf", "jpg", "jpeg", "png"],
            max_upload_size=_SCAN_MB,
            key=f"scan_{hold_id}",
        )
        sent = st.form_submit_button(text("page_holds.record"), key=f"reply_send_{hold_id}")
    if sent:
        with faults_told():
            given = (scan.name, scan.getvalue()) if scan else None
            reply_with_scan(here.workspace, hold_id, party or "", words, given, here.act())
            say(text("page_holds.replied", hold=hold_id))
            st.rerun()


def _decide(here: session.Session, view: CaseView) -> None:
    st.subheader(text("page_holds.decide"))
    if view.case["state"] != "open":
        st.success(text("page_holds.resolved"))
        return
    two = "、".join(text(f"disposition.{each}") for each in view.exhibits.needs_two)
    rule = text("page_holds.second_rule", dispositions=two) if two else ""
    st.caption(rule or text("page_holds.one_rule"))
    for each in view.proposals:
        said = {"actor": each["actor"], "at": moment(each["at"]), "words": each["words"]}
        given = text(f"disposition.{each['disposition']}")
        st.warning(text("page_holds.waiting", **said, disposition=given))
    open_to = [each for each in DISPOSITIONS if each not in view.refusals]
    if open_to:
        _disposition(here, view, open_to)
    for why in () if open_to else dict.fromkeys(view.refusals.values()):
        st.info(why)


def _disposition(here: session.Session, view: CaseView, open_to: list[str]) -> None:
    """Draw the form of the decision with what this person may choose, and why not the rest."""
    hold_id = view.case["hold_id"]
    with st.form(f"decide_{hold_id}"):
        chosen = st.radio(
            text("page_holds.disposition"),
            open_to,
            format_func=lambda each: text(f"disposition.{each}"),
            captions=[text(f"page_holds.what.{each}") for each in open_to],
            index=None,
            key=f"disposition_{hold_id}",
        )
        words = st.text_area(text("page_holds.reason"), height=110, key=f"reason_{hold_id}")
        sent = st.form_submit_button(
            text("page_holds.do"), type="primary", key=f"decide_send_{hold_id}"
        )
    for name, why in view.refusals.items():
        st.caption(text("page_holds.cannot", disposition=text(f"disposition.{name}"), why=why))
    if sent:
        _resolve(here, hold_id, chosen or "", words)


def _resolve(here: session.Session, hold_id: str, disposition: str, words: str) -> None:
    with faults_told():
        made = holds.resolve(here.workspace, hold_id, disposition, words, here.act(words))
        name = text(f"disposition.{made.disposition}")
        say(text(f"holds.{made.state}", hold=hold_id, disposition=name))
        st.rerun()
