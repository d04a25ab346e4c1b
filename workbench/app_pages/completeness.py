"""完整性: who has handed in everything, what is missing, and the window of each school."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.showing import done, may, say_what_was_done, subject, table, telling
from workbench.messages import text
from workbench.services.intake_history import progress_with_teachers
from workbench.services.windows import CLOSED, NOTICED, REOPENED, set_window

_SCHOOL = ("school", "teachers", "competencies", "complete", "missing", "window")
_TEACHER = ("school", "teacher_no", "name", "subject", "handed", "missing", "state")
_NEXT = {"open": (NOTICED,), "noticed": (CLOSED, REOPENED), "closed": (REOPENED,)}


def draw() -> None:
    """Draw the schools, the teachers with what they lack, and the windows."""
    here = session.current()
    st.title(text("page.completeness"))
    st.write(text("page_completeness.intro"))
    say_what_was_done()
    with telling():
        schools, teachers = here.read(progress_with_teachers, here.person_id)
        if not schools:
            st.info(text("page_completeness.none"))
            return
        _schools(schools)
        _teachers(teachers)
        if may(here.roles, "intake.window"):
            _window(here, schools)


def _schools(schools: Sequence[Mapping[str, Any]]) -> None:
    shown = [
        {
            **row,
            "complete": round(row["complete_share"], 2),
            "window": text(f"window.{row['window']}"),
        }
        for row in schools
    ]
    columns: dict[str, Any] = {name: text(f"page_completeness.column.{name}") for name in _SCHOOL}
    columns["complete"] = st.column_config.ProgressColumn(
        columns["complete"], format="percent", min_value=0, max_value=1
    )
    table(shown, columns, "completeness_schools")


def _teachers(rows: Sequence[Mapping[str, Any]]) -> None:
    st.subheader(text("page_completeness.teachers"))
    states = list(dict.fromkeys(row["state"] for row in rows))
    schools = list(dict.fromkeys(row["school"] for row in rows))
    left, right = st.columns([2, 3])
    school = left.selectbox(
        text("page_completeness.school"),
        ["", *schools],
        format_func=lambda name: name or text("page_completeness.all"),
        key="completeness_school",
    )
    asked = right.pills(
        text("page_completeness.state"),
        states,
        selection_mode="multi",
        default=[state for state in states if state in ("missing", "closed")] or states,
        format_func=lambda state: text(f"page_completeness.states.{state}"),
        key="completeness_states",
    )
    fitting = [row for row in rows if row["state"] in asked and school in ("", row["school"])]
    if not fitting:
        st.success(text("page_completeness.nobody"))
        return
    columns: dict[str, Any] = {name: text(f"page_completeness.column.{name}") for name in _TEACHER}
    columns["missing"] = st.column_config.TextColumn(
        text("page_completeness.column.lacks"), width="large"
    )
    table([_shown(row) for row in fitting], columns, "completeness_teachers")
    lacking = [row for row in fitting if row["missing"]]
    if lacking:
        with st.expander(text("page_completeness.reminder", count=len(lacking))):
            st.caption(text("page_completeness.reminder_how"))
            st.code("\n".join(_reminder(row) for row in lacking), language=None, wrap_lines=True)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "subject": subject(row["competency"], row["competency_name"]),
        "handed": f"{row['handed_in']}/{row['asked']}",
        "missing": text("catalogue.and").join(row["missing"]),
        "state": text(f"page_completeness.states.{row['state']}"),
    }


def _reminder(row: Mapping[str, Any]) -> str:
    return text(
        "page_completeness.reminder_line",
        school=row["school"],
        name=row["name"],
        competency=subject(row["competency"], row["competency_name"]),
        missing=text("catalogue.and").join(row["missing"]),
    )


def _window(here: session.Session, schools: Sequence[Mapping[str, Any]]) -> None:
    st.subheader(text("page_completeness.window"))
    st.write(text("page_completeness.window_how"))
    by_id = {row["school_id"]: row for row in schools}
    school_id = st.selectbox(
        text("page_completeness.school"),
        list(by_id),
        format_func=lambda each: by_id[each]["school"],
        key="window_school",
        width=420,
    )
    chosen = by_id[school_id]
    st.write(text("page_completeness.now", state=text(f"window.{chosen['window']}")))
    for state in _NEXT[chosen["window"]]:
        _move(here, chosen, state)


def _move(here: session.Session, school: Mapping[str, Any], state: str) -> None:
    """Draw one way on for a window; closing says what it does to how many, and asks first."""
    told = {"school": school["school"], "count": school["missing"]}
    ticked = st.checkbox(
        text(f"page_completeness.sure.{state}", **told), key=f"sure_{state}_{school['school_id']}"
    )
    label = text(f"page_completeness.do.{state}")
    if st.button(label, key=f"do_{state}", disabled=not ticked):
        with telling():
            set_window(here.workspace, school["school_id"], state, here.act())
            done(text(f"window.now_{state}", school=school["school"]))
