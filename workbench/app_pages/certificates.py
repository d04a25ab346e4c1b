"""结果单与核验: sheets made from the ledger, handed out, and verified when one comes back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.sending import send_box
from workbench.components.showing import (
    address,
    done,
    download,
    in_tabs,
    may,
    moment,
    table,
    telling,
)
from workbench.components.working import job_line
from workbench.messages import text
from workbench.services.certificates import issues
from workbench.services.sheet_packs import (
    begin_sheets,
    pack_school,
    sheet_rows,
    sheet_states,
    verify_sent,
)
from workbench.services.stamped_scans import keep_sent, kept_scans
from workbench.services.verdict import Report

_FORMS = ("docx", "xlsx", "pdf")
_SCANS = (".pdf", ".jpg", ".jpeg", ".png")
_ENDINGS = (".docx", ".xlsx", *_SCANS)


def draw() -> None:
    """Draw making and handing out, and verifying."""
    parts = {"sheets": _sheets, "verify": _verify, "scans": _scans}
    in_tabs("certificates", parts, session.current())


def _sheets(here: session.Session) -> None:
    states = sheet_states(here.workspace, here.person_id)
    if not states:
        st.info(text("page_certificates.nothing"))
        return
    job = job_line(("certificates",))
    busy = job is not None and job.state == "running"
    for row in states:
        _school(here, row, busy=busy)
    if len(states) > 1 and st.button(text("page_certificates.make_all"), disabled=busy, key="all"):
        _begin(here, "")
    _teachers(here)
    _issued(here)


def _issued(here: session.Session) -> None:
    """Draw who had sheets made and when; a later time is a further copy."""
    rows = here.read_log(issues, here.person_id)
    if rows:
        st.subheader(text("page_certificates.issues"))
        names = ("at", "school", "copy", "sheets", "formats", "ledger_size", "by")
        shown = [{**row, "at": moment(row["at"])} for row in rows]
        table(shown, {name: text(f"page_certificates.column.{name}") for name in names}, "issues")


def _school(here: session.Session, row: Mapping[str, Any], *, busy: bool) -> None:
    school_id = row["school_id"]
    with st.container(border=True):
        words, acts = st.columns([3, 2], vertical_alignment="center")
        told = {name: row[name] for name in ("sheets", "files", "made_at")}
        words.markdown(
            f"**{row['school']}**　{text('page_certificates.state.' + row['state'], **told)}"
        )
        with acts, st.container(horizontal=True, horizontal_alignment="right"):
            label = "make" if row["state"] == "none" else "again"
            words_of_button = text(f"page_certificates.{label}")
            if st.button(words_of_button, key=f"make_{school_id}", disabled=busy):
                _begin(here, school_id)
            if row["state"] != "none":
                _pack(here, row)


def _begin(here: session.Session, school_id: str) -> None:
    with telling():
        at = session.now()
        begin_sheets(here.workspace, school_id, here.person_id, at, secrets.token_bytes)
        done(text("page_certificates.begun"))


def _pack(here: session.Session, row: Mapping[str, Any]) -> None:
    """Pack on demand: the link appears beside the button, and goes when sheets are made anew."""
    key = f"pack_{row['school_id']}_{row['made_at']}"
    if st.session_state.get(key):
        download(text("page_certificates.download"), "certificates", st.session_state[key])
    elif st.button(text("page_certificates.pack"), key=f"do_{key}"):
        with telling():
            st.session_state[key] = pack_school(here.workspace, here.person_id, row["school_id"])
            st.rerun()


def _teachers(here: session.Session) -> None:
    rows = sheet_rows(here.workspace, here.person_id)
    if not rows:
        return
    st.subheader(text("page_certificates.teachers"))
    schools = list(dict.fromkeys(row["school"] for row in rows))
    left, right = st.columns(2)
    school = left.selectbox(text("page_certificates.school"), schools, key="sheet_school")
    word = right.text_input(
        text("page_certificates.search"),
        key="sheet_word",
        placeholder=text("page_certificates.search_hint"),
    ).strip()
    fitting = [row for row in rows if row["school"] == school and word in row["title"]]
    if not fitting:
        st.info(text("page_certificates.nobody"))
        return
    columns: dict[str, Any] = {"title": text("page_certificates.column.title")}
    for form in _FORMS:
        columns[form] = st.column_config.LinkColumn(
            form, display_text=text("page_certificates.link"), width="small"
        )
    shown = [
        {**row, **{f: address("certificates", row[f]) for f in _FORMS if row.get(f)}}
        for row in fitting
    ]
    table(shown, columns, "sheets")


def _verify(here: session.Session) -> None:
    st.write(text("page_certificates.verify_how"))
    sent = send_box("sheet", _ENDINGS)
    if sent:
        with telling(), st.spinner(text("page_certificates.verifying")):
            name, report = verify_sent(here.workspace, here.person_id, sent)
            st.session_state["sheet_verified"] = (name, report)
    name, report = st.session_state.get("sheet_verified", ("", None))
    if report is not None:
        draw_report(name, report)


def _scans(here: session.Session) -> None:
    """Draw sending in the scan of a stamped sheet, and those that are kept."""
    st.write(text("page_certificates.scan_how"))
    if may(here.roles, "certificates.scan"):
        sent = send_box("scan", _SCANS)
        if sent:
            with telling(), st.spinner(text("page_certificates.verifying")):
                st.session_state["scan_kept"] = keep_sent(
                    here.workspace, here.person_id, sent, here.act()
                )
        name, report = st.session_state.get("scan_kept", ("", None))
        if report is not None:
            st.success(text("page_certificates.scan_kept", file=name, origin=report.origin))
            for sentence in (*(fault.sentence for fault in report.faults), *report.proven):
                st.text(f"· {sentence}")
    rows = here.read_log(kept_scans, here.person_id)
    if rows:
        shown = [{**row, "at": moment(row["at"]), "sha256": row["sha256"][:12]} for row in rows]
        table(shown, _columns(("at", "school", "entries", "sha256", "by")), "scans")


def draw_report(name: str, report: Report) -> None:
    """Draw what verifying found: each fault in words, and the cells that differ beside the proof."""
    told = {
        "file": name,
        "count": report.checked,
        "origin": report.origin or "—",
        "as_of": moment(report.as_of) or "—",
        "ledger_as_of": moment(report.ledger_as_of) or "—",
    }
    if report.ok:
        key = "paper" if report.proven else "standing" if report.ledger_as_of else "proven"
        st.success(text(f"page_certificates.{key}", **told))
    else:
        st.error(text("page_certificates.not_proven", **told, count_faults=len(report.faults)))
    _faults(report)
    for sentence in report.proven:
        st.text(f"· {sentence}")
    if report.stated:
        with st.expander(text("page_certificates.stated")):
            for sentence in report.stated:
                st.markdown(f"- {sentence}")
    st.caption(text("page_certificates.own_keys"))


def _faults(report: Report) -> None:
    cells = [
        fault for fault in report.faults if fault.code == "printed" and fault.expected + fault.found
    ]
    for fault in report.faults:
        if fault not in cells:
            st.text(f"· {fault.sentence}")
    if not cells:
        return
    st.markdown(f"**{text('page_certificates.cells')}**")
    rows = [
        {
            "place": fault.sentence,
            "expected": fault.expected or "—",
            "found": fault.found.strip() or "—",
        }
        for fault in cells
    ]
    table(rows, _columns(("place", "expected", "found")), "sheet_cells")


def _columns(names: Sequence[str]) -> dict[str, Any]:
    return {name: text(f"page_certificates.column.{name}") for name in names}
