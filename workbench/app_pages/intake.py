"""名册与收件: rosters and packages sent in, and what came of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.sending import send_box
from workbench.components.showing import moment, say_what_was_done, table, telling
from workbench.components.working import job_line
from workbench.messages import text
from workbench.services.intake_history import (
    VERDICTS,
    package_lines,
    package_table,
    packages_taken,
    school_progress,
)
from workbench.services.intake_jobs import (
    CHECK,
    ENDINGS,
    IMPORT,
    ROSTER,
    begin_intake,
    report_of,
)

_LINE = ("item", "teacher_id", "name", "slot", "file", "verdict", "reason")


def draw() -> None:
    """Draw sending in, the roster, and the reports of what was taken in."""
    here = session.current()
    st.title(text("page.intake"))
    st.write(text("page_intake.intro"))
    say_what_was_done()
    packages, roster, reports = st.tabs(
        [
            text("page_intake.tab.packages"),
            text("page_intake.tab.roster"),
            text("page_intake.tab.reports"),
        ]
    )
    with packages, telling():
        _packages(here)
    with roster, telling():
        _roster(here)
    with reports, telling():
        _reports(here)


def _packages(here: session.Session) -> None:
    st.markdown(text("page_intake.package_how"))
    kind = st.segmented_control(
        text("page_intake.what"),
        (CHECK, IMPORT),
        default=CHECK,
        required=True,
        format_func=lambda each: text(f"page_intake.kind.{each}"),
        key="intake_kind",
    )
    st.caption(text(f"page_intake.explained.{kind}"))
    sent = send_box("intake_package", ENDINGS[kind])
    if sent:
        begin_intake(here.workspace, kind, sent, here.person_id, session.now(), secrets.token_bytes)
        st.session_state["intake_upload"] = sent
    job = job_line((CHECK, IMPORT))
    upload = st.session_state.get("intake_upload", "")
    if upload and job is not None and job.state == "done":
        _checked(here, upload, job.kind)
    with st.expander(text("page_intake.large")):
        st.write(text("page_intake.large_how"))
        command = f"workbench --workspace {here.workspace.folder} --as {here.name} intake"
        st.code(f"{command} {text('page_intake.folder')}", language="bash")


def _checked(here: session.Session, upload: str, kind: str) -> None:
    found = report_of(here.workspace, here.person_id, upload)
    if found is None:
        return
    counts = {verdict: found.counts.get(verdict, 0) for verdict in VERDICTS}
    st.subheader(text(f"page_intake.came_of.{kind}"))
    if kind == CHECK and st.button(text("page_intake.import_this"), key="import_this"):
        at = session.now()
        begin_intake(here.workspace, IMPORT, upload, here.person_id, at, secrets.token_bytes)
        st.rerun()
    _lines([dict(line) for line in found.lines], counts, f"checked_{upload}")


def _roster(here: session.Session) -> None:
    st.markdown(text("page_intake.roster_how"))
    schools = here.read(school_progress, here.person_id)
    school = st.selectbox(
        text("page_intake.roster_school"),
        ["", *(row["school"] for row in schools)],
        format_func=lambda name: name or text("page_intake.roster_says"),
        key="roster_school",
        width=420,
    )
    sent = send_box("intake_roster", ENDINGS[ROSTER])
    if sent:
        begin_intake(
            here.workspace, ROSTER, sent, here.person_id, session.now(), secrets.token_bytes, school
        )
    job = job_line((ROSTER,))
    if job is not None and job.state == "done" and job.output.strip():
        with st.container(border=True):
            st.text(job.output.strip())
    st.subheader(text("page_intake.schools"))
    if not schools:
        st.info(text("page_intake.no_schools"))
        return
    shown = [{**row, "window": text(f"window.{row['window']}")} for row in schools]
    columns = ("school", "teachers", "competencies", "complete", "missing", "window")
    table(shown, {name: text(f"page_intake.column.{name}") for name in columns}, "intake_schools")


def _reports(here: session.Session) -> None:
    taken = here.read(packages_taken, here.person_id)
    if not taken:
        st.info(text("page_intake.nothing_taken"))
        return
    by_tx = {row["tx"]: row for row in taken}
    tx = st.selectbox(
        text("page_intake.package"),
        list(by_tx),
        format_func=lambda each: _package(by_tx[each]),
        key="intake_tx",
    )
    lines = here.read(package_lines, here.person_id, tx)
    _lines(lines, {verdict: by_tx[tx][verdict] for verdict in VERDICTS}, f"taken_{tx}")
    workspace, person_id = here.workspace, here.person_id
    st.download_button(
        text("page_intake.export"),
        lambda: package_table(workspace, person_id, tx),
        file_name=f"{text('page_intake.export_name')}-{by_tx[tx]['package']}.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _package(row: Mapping[str, Any]) -> str:
    return text(
        "page_intake.package_line", at=moment(row["at"]), by=row["by"], package=row["package"][:8]
    )


def _lines(lines: Sequence[Mapping[str, Any]], counts: Mapping[str, int], key: str) -> None:
    """Draw the counts and, of the verdicts asked for, the lines; what was refused comes first."""
    for place, verdict in zip(st.columns(3), VERDICTS, strict=True):
        place.metric(text(f"page_intake.verdict.{verdict}"), counts[verdict])
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    asked = left.pills(
        text("page_intake.show"),
        VERDICTS,
        selection_mode="multi",
        default=[verdict for verdict in VERDICTS[:2] if counts[verdict]] or ["accept"],
        format_func=lambda verdict: text(f"page_intake.verdict.{verdict}"),
        key=f"{key}_verdicts",
    )
    word = right.text_input(
        text("page_intake.search"), key=f"{key}_word", placeholder=text("page_intake.search_hint")
    ).strip()
    fitting = [
        {
            **line,
            "verdict": text(f"page_intake.verdict.{line['verdict']}"),
            "file": PurePosixPath(line["file"]).name,
        }
        for verdict in VERDICTS
        if verdict in (asked or ())
        for line in lines
        if line["verdict"] == verdict and any(word in str(value) for value in line.values())
    ]
    if not fitting:
        st.info(text("page_intake.no_lines"))
        return
    names = [name for name in _LINE if any(line.get(name) for line in fitting)]
    columns: dict[str, Any] = {name: text(f"page_intake.column.{name}") for name in names}
    if "reason" in columns:
        columns["reason"] = st.column_config.TextColumn(columns["reason"], width="large")
    table(fitting, columns, f"{key}_lines")
    st.caption(text("page_intake.reason_hint"))
