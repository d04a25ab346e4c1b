"""One case on one screen: both sides' exhibits, what was said, who handles it, and the decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.case_exhibits import draw_exhibits
from workbench.app_pages.drawing import (
    choose_file_said,
    evidence,
    faults_told,
    moment,
    percent,
    say,
    table,
    told,
    worded,
)
from workbench.app_pages.pieces_behind import draw_pieces
from workbench.messages import has, text
from workbench.services import holds
from workbench.services.case_queue import case_rows
from workbench.services.case_reads import CaseRead
from workbench.services.case_view import CaseView, case_view, reply_with_scan

_SCAN_MB = 20
_FOUND = ("borne_out", "innocent", "unclear")
_READ_COLUMNS = "label rater_id level met others same words after minutes given_at state"
_OF_PAIRS = ("same", "words", "after")
_READ_HEIGHT = 480
_YES = {True: "yes", False: "no"}


def open_hold(hold_id: str) -> None:
    """Show a case: its address names it."""
    st.query_params["hold"] = hold_id
    st.rerun()


def state_of(row: Any) -> str:
    """State of a row of the queue as people call it."""
    if row["proposed"]:
        return "proposed"
    return "overdue" if row["overdue"] else str(row["state"])


def draw_case(here: session.Session, hold_id: str) -> None:
    """Draw one case with what this person may do."""
    view = here.read(case_view, here.person_id, hold_id, session.today())
    _way_on(here, hold_id)
    row = view.row
    flag = text(f"flag.{row['code']}.name")
    st.title(text("page_holds.title", hold=hold_id, flag=flag))
    told()
    _facts(view)
    if row["overdue"]:
        st.warning(text("page_holds.overdue", due=row["due_on"]))
    said, innocent = st.columns(2)
    said.info(view.exhibits.sentence or flag)
    with innocent.container(border=True):
        st.markdown(f"**{text('page_holds.innocent')}**")
        st.text(view.exhibits.innocent)
    if view.reads:
        _reads(here, view)
    elif view.behind:
        st.subheader(text("page_holds.exhibits"))
        st.caption(text("page_holds.school_pieces", n=len(view.behind)))
        draw_pieces(here, view.behind, f"case_{hold_id}")
    else:
        draw_exhibits(here, view)
    heard, decided = st.columns(2, gap="large")
    with heard:
        _history(view)
        _reply(here, view)
    with decided:
        _assign(here, view)
        _decide(here, view)


def _close() -> None:
    st.query_params.pop("hold", None)


def _way_on(here: session.Session, hold_id: str) -> None:
    """Buttons back to the queue and on to the case that comes after this one in it."""
    rows = here.read(case_rows, here.person_id, session.today())
    waiting = [row["hold_id"] for row in rows if row["state"] == "open"]
    back, onward, _ = st.columns([1, 1, 4])
    back.button(text("page_holds.back"), on_click=_close, width="stretch", key="hold_back")
    place = waiting.index(hold_id) if hold_id in waiting else -1
    others = [*waiting[place + 1 :], *waiting[: max(place, 0)]]
    if others and onward.button(text("page_holds.next"), width="stretch", key="hold_next"):
        open_hold(others[0])


def _facts(view: CaseView) -> None:
    row, case = view.row, view.case
    known = text("page_holds.by_rule") if case["raised_by"].startswith("rule:") else ""
    facts = {
        "raised_by": known or case["raised_by"],
        "raised_at": moment(case["at"]),
        "due": case["due_on"],
        "state": text(f"page_holds.state.{state_of(row)}"),
        "severity": text(f"page_holds.severity.{row['severity']}"),
    }
    st.caption(text("page_holds.facts", **facts))
    stops = text("page_holds.stops", n=row["stops"]) if row["stops"] else text("page_holds.asks")
    under_way = f"{stops}　" if case["state"] == "open" else ""
    st.caption(f"{under_way}{_alarms(view)}")


def _alarms(view: CaseView) -> str:
    """How often flags of this kind were false alarms, as far as their closed cases tell."""
    found = view.alarms
    if found is None or found.share is None or found.lo is None or found.hi is None:
        return text("page_holds.alarms_unknown", n=found.known if found else 0)
    interval = f"{found.lo:.0%}–{found.hi:.0%}"
    return text("page_holds.alarms_known", n=found.known, wrong=found.innocent, interval=interval)


def _reads(here: session.Session, view: CaseView) -> None:
    """Draw the reads a case about raters rests on; one selected shows its piece."""
    st.subheader(text("page_holds.reads"))
    columns = _READ_COLUMNS.split()
    for name in _OF_PAIRS:
        if all(getattr(each, name) is None for each in view.reads):
            columns.remove(name)
    if all(each.state == "counts" for each in view.reads):
        columns.remove("state")
    headings = {name: text(f"page_holds.read.{name}") for name in columns}
    words: dict[str, Callable[[Any], str]] = {
        "others": percent,
        "same": percent,
        "given_at": moment,
        "level": lambda level: text(f"level.{level}") if level else text("page_holds.read.open"),
        "minutes": _number,
        "after": lambda value: "" if value is None else f"{value:+.0f}",
        "words": lambda same: "" if same is None else text(f"page_holds.same_words.{_YES[same]}"),
        "state": lambda name: text(f"page_holds.read_state.{name}"),
    }
    rows = worded(_read_rows(view.reads), words)
    chosen = table(rows, headings, f"reads_{view.row['hold_id']}", select=True)
    st.caption(text("page_holds.reads_note"))
    if chosen is not None:
        picked = view.reads[chosen]
        st.markdown(f"**{picked.label}**")
        evidence(here, picked.piece_id, f"read_{view.row['hold_id']}", _READ_HEIGHT)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _read_rows(reads: Sequence[CaseRead]) -> list[dict[str, Any]]:
    return [{**asdict(each), "met": f"{each.met} / {each.marks}"} for each in reads]


def _assign(here: session.Session, view: CaseView) -> None:
    """Draw who handles the case, and the choice of somebody else for who may name them."""
    if view.case["state"] != "open":
        return
    hold_id = view.row["hold_id"]
    now = view.row["assignee"]
    if not view.may_assign:
        st.caption(text("page_holds.handled_by", name=now) if now else text("page_holds.handled"))
        return
    names = dict(view.handlers)
    choice, act = st.columns([3, 1], vertical_alignment="bottom")
    ids = list(names)
    place = ids.index(view.case["assignee"]) if view.case["assignee"] in ids else None
    chosen = choice.selectbox(
        text("page_holds.assignee"),
        ids,
        index=place,
        format_func=lambda key: names[key],
        placeholder=text("page_holds.handled"),
        key=f"assignee_{hold_id}",
    )
    sent = act.button(text("page_holds.assign"), width="stretch", key=f"assign_send_{hold_id}")
    if sent and chosen:
        with faults_told():
            holds.assign(here.workspace, hold_id, chosen, here.act())
            say(text("page_holds.assigned", hold=hold_id, name=names[chosen]))
            st.rerun()


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
        if view.row["found"]:
            st.caption(text(f"page_holds.found_is.{view.row['found']}"))
        return
    two = "、".join(text(f"disposition.{each}") for each in view.exhibits.needs_two)
    rule = text("page_holds.second_rule", dispositions=two) if two else ""
    st.caption(rule or text("page_holds.one_rule"))
    for each in view.proposals:
        said = {"actor": each["actor"], "at": moment(each["at"]), "words": each["words"]}
        given = text(f"disposition.{each['disposition']}")
        st.warning(text("page_holds.waiting", **said, disposition=given))
    open_to = [each for each in view.dispositions if each not in view.refusals]
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
            captions=[text(_what(view, each)) for each in open_to],
            index=None,
            key=f"disposition_{hold_id}",
        )
        found = st.radio(
            text("page_holds.found"),
            _FOUND,
            format_func=lambda each: text(f"page_holds.found_is.{each}"),
            index=None,
            horizontal=True,
            key=f"found_{hold_id}",
        )
        words = st.text_area(text("page_holds.reason"), height=110, key=f"reason_{hold_id}")
        sent = st.form_submit_button(
            text("page_holds.do"), type="primary", key=f"decide_send_{hold_id}"
        )
    for name, why in view.refusals.items():
        st.caption(text("page_holds.cannot", disposition=text(f"disposition.{name}"), why=why))
    if sent:
        _resolve(here, hold_id, chosen or "", words, found or "")


def _what(view: CaseView, disposition: str) -> str:
    """Key of what a disposition comes to: of raters and schools it is something else."""
    kind = view.row["subject"]
    own = f"page_holds.what.{disposition}_{kind}"
    return own if has(own) else f"page_holds.what.{disposition}"


def _resolve(here: session.Session, hold_id: str, disposition: str, words: str, found: str) -> None:
    with faults_told():
        made = holds.resolve(here.workspace, hold_id, disposition, words, here.act(words), found)
        name = text(f"disposition.{made.disposition}")
        say(text(f"holds.{made.state}", hold=hold_id, disposition=name))
        st.rerun()
