"""反馈单: notes that are due, the chair's own words on each criterion, and the files to hand out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.showing import (
    address,
    done,
    level,
    may,
    say_what_was_done,
    subject,
    table,
    telling,
)
from workbench.components.working import job_line
from workbench.messages import text
from workbench.services.feedback import Item, add_reason
from workbench.services.feedback_views import begin_notes, notes_due
from workbench.services.resubmission import give_feedback
from workbench.services.roles import COUNTY, REGISTRAR

_COLUMNS = (
    *("school", "who", "subject", "outcome", "words", "resubmit_by", "object_by"),
    *("given_on", "file"),
)


def draw() -> None:
    """Draw the notes due, making their files, and one note with its reasons."""
    here = session.current()
    st.title(text("page.feedback"))
    st.write(text("page_feedback.intro"))
    say_what_was_done()
    with telling():
        _draw(here)


def _draw(here: session.Session) -> None:
    rows = notes_due(here.workspace, here.person_id, session.today())
    if not rows:
        st.info(text("page_feedback.none"))
        return
    hands_out = any(role in (REGISTRAR, COUNTY) for role in here.roles)
    if hands_out:
        _make(here, rows)
    chosen = _table(rows, hands_out=hands_out)
    if chosen is None:
        st.caption(text("page_feedback.choose"))
        return
    _note(here, next(row for row in rows if row["key"] == chosen["key"]))


def _make(here: session.Session, rows: Sequence[Mapping[str, Any]]) -> None:
    job = job_line(("feedback",))
    busy = job is not None and job.state == "running"
    made = sum(bool(row["file"]) for row in rows)
    words, act = st.columns([3, 1], vertical_alignment="center")
    words.write(text("page_feedback.counts", due=len(rows), made=made))
    label = text("page_feedback.make")
    if act.button(label, type="primary", disabled=busy, key="make", width="stretch"):
        with telling():
            begin_notes(here.workspace, here.person_id, session.now(), secrets.token_bytes)
            done(text("page_feedback.begun"))
    waiting = sum(row["given_on"] is None for row in rows)
    if waiting and may(here.roles, "feedback.give"):
        _give(here, waiting)


def _give(here: session.Session, waiting: int) -> None:
    """Record that notes were handed over: the time to hand in anew runs from that day."""
    words, act = st.columns([3, 1], vertical_alignment="center")
    words.write(text("page_feedback.to_give", count=waiting))
    if act.button(text("page_feedback.give"), key="give", width="stretch"):
        with telling():
            given = give_feedback(here.workspace, [], here.act())
            done(text("feedback_notes.given", count=len(given)))


def _table(rows: Sequence[Mapping[str, Any]], *, hands_out: bool) -> Mapping[str, Any] | None:
    schools = list(dict.fromkeys(row["school"] for row in rows))
    left, right = st.columns(2, vertical_alignment="bottom")
    school = left.selectbox(
        text("page_feedback.school"),
        ["", *schools],
        format_func=lambda name: name or text("page_feedback.all"),
        key="feedback_school",
    )
    unworded = right.toggle(text("page_feedback.unworded"), key="feedback_unworded")
    fitting = [
        _shown(row)
        for row in rows
        if school in ("", row["school"]) and not (unworded and row["worded"] >= row["criteria"])
    ]
    if not fitting:
        st.info(text("page_feedback.nobody"))
        return None
    names = _COLUMNS if hands_out else _COLUMNS[:-1]
    columns: dict[str, Any] = {name: text(f"page_feedback.column.{name}") for name in names}
    if hands_out:
        columns["file"] = st.column_config.LinkColumn(
            columns["file"], display_text=text("page_feedback.download"), width="small"
        )
    return table(fitting, columns, "notes", select=True)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "subject": subject(row["competency"], row["competency_name"]),
        "outcome": _outcome(row["outcome"]),
        "words": f"{row['worded']}/{row['criteria']}" if row["criteria"] else "—",
        "resubmit_by": str(row["resubmit_by"] or "—"),
        "object_by": str(row["object_by"] or "—"),
        "given_on": str(row["given_on"] or "—"),
        "file": address("feedback", row["file"]) if row["file"] else None,
    }


def _note(here: session.Session, row: Mapping[str, Any]) -> None:
    named = subject(row["competency"], row["competency_name"])
    st.subheader(f"{row['who']}　{named}　{_outcome(row['outcome'])}")
    if row["resubmit"]:
        slots = text("catalogue.and").join(row["resubmit"])
        st.write(text("page_feedback.resubmit", slots=slots, by=row["resubmit_by"]))
    else:
        st.write(text("page_feedback.no_more"))
    words = may(here.roles, "feedback.reason")
    if not words and row["criteria"]:
        st.caption(text("page_feedback.chair_words"))
    for number, item in enumerate(row["items"]):
        with st.container(border=True):
            _item(here, item, f"{row['key']}_{number}", words=words)


def _item(here: session.Session, item: Item, key: str, *, words: bool) -> None:
    files = text("catalogue.and").join(item.files) or text("page_feedback.no_file")
    st.markdown(f"**{item.slot_id} {item.slot_name}**")
    if not item.criterion_id:
        st.write(text("page_feedback.missing"))
        return
    st.text(f"{item.criterion_id}　{item.criterion_text}")
    st.caption(text("page_feedback.files", count=len(item.files)) if words else files)
    if not words:
        st.text(item.words or text("page_feedback.not_worded"))
        if item.place:
            st.text(text("page_feedback.at", place=item.place))
        return
    with st.form(f"form_{key}", border=False):
        left, right = st.columns([3, 1])
        said = left.text_area(
            text("page_feedback.reason"),
            item.words,
            key=f"words_{key}",
            placeholder=text("page_feedback.reason_hint"),
            height=100,
        )
        place = right.text_input(
            text("page_feedback.place"),
            item.place,
            key=f"place_{key}",
            placeholder=text("page_feedback.place_hint"),
        )
        label = text("page_feedback.save")
        told = right.form_submit_button(label, key=f"save_{key}", width="stretch")
    if told:
        with telling():
            add_reason(here.workspace, item.piece_id, item.criterion_id, said, place, here.act())
            done(text("page_feedback.saved", criterion=item.criterion_id))


def _outcome(value: str) -> str:
    return level(value) if value == "fail" else text(f"reason_none.{value}")
