"""Lists of the page 异常与暂缓: the queue, flags, raters, schools, and how often flags were wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.case_screen import open_hold, state_of
from workbench.app_pages.drawing import export, faults_told, percent, say, table, worded
from workbench.messages import language, text
from workbench.services import flags
from workbench.services.case_queue import (
    alarm_rates,
    case_rows,
    rater_cases,
    school_cases,
    visible_flags,
)
from workbench.services.flag_finding import SHARED_PASSAGE
from workbench.services.roles import ALLOWED
from workbench.services.shared_passages import register_shared, shared_words

_CASES = "severity flag about school competency due_on days replies assignee state hold_id"
_FLAGS = "flag tier sentence state"
_NARROW = ("flag", "tier", "state")
_NARROW_PX, _SENTENCE_PX = 105, 830  # of a page 1,205 wide at 1366 × 768
_RATERS = "rater_id name school reads flags open_cases closed_cases recalled"
_SCHOOLS = "school pieces open_cases high overdue oldest_days closed_cases flags"
_ALARMS = "flag known innocent borne_out unclear share interval"


def draw_queue(here: session.Session) -> None:
    """Draw the cases, what hangs most on it first; one selected is opened."""
    rows = here.read(case_rows, here.person_id, session.today())
    if not rows:
        st.info(text("page_holds.none"))
        return
    waiting = [row for row in rows if row["state"] == "open"]
    counts = {
        "open": len(waiting),
        "high": sum(row["severity"] == "high" for row in waiting),
        "overdue": sum(row["overdue"] for row in waiting),
        "resolved": len(rows) - len(waiting),
    }
    note, kind, choice = st.columns([4, 2, 1], vertical_alignment="bottom")
    note.write(text("page_holds.count", **counts))
    codes = list(dict.fromkeys(row["code"] for row in rows))
    code = kind.selectbox(
        text("page_holds.column.flag"),
        codes,
        index=None,
        format_func=lambda name: text(f"flag.{name}.name"),
        placeholder=text("page_holds.all_kinds"),
        label_visibility="collapsed",
        key="holds_code",
    )
    every = choice.segmented_control(
        text("page_holds.show"),
        ("open_only", "all"),
        default="open_only",
        required=True,
        format_func=lambda name: text(f"page_holds.{name}"),
        label_visibility="collapsed",
        key="holds_show",
    )
    shown = [row for row in (rows if every == "all" else waiting) if code in (None, row["code"])]
    if not shown:
        st.info(text("page_holds.none_open"))
        return
    headings = {name: text(f"page_holds.column.{name}") for name in _CASES.split()}
    said = [_told(row) for row in shown]
    chosen = table(said, headings, "holds_table", select=True)
    export(said, headings, "cases", "holds_export")
    if chosen is not None:
        open_hold(shown[chosen]["hold_id"])


def draw_flags(here: session.Session) -> None:
    """Draw every flag that stands; one that opened no case can be made one."""
    rows = here.read(visible_flags, here.person_id)
    if not rows:
        st.info(text("flags.none"))
        return
    st.write(text("page_holds.flags_said", n=len(rows)))
    headings = {name: text(f"page_holds.flag.{name}") for name in _FLAGS.split()}
    said = [
        {
            "flag": text(f"flag.{row['code']}.name"),
            "tier": flags.tier_said(row["code"], row["tier"]),
            "sentence": row[f"sentence_{language()}"],
            "state": text(f"flags.state.{row['state']}"),
        }
        for row in rows
    ]
    widths = {**dict.fromkeys(_NARROW, _NARROW_PX), "sentence": _SENTENCE_PX}
    wide = {n: st.column_config.TextColumn(headings[n], width=w) for n, w in widths.items()}
    chosen = table(said, headings, "flags_table", wide, select=True)
    export(said, headings, "flags", "flags_export")
    if chosen is not None:
        _flag(here, rows[chosen])


def _flag(here: session.Session, row: dict[str, Any]) -> None:
    """Draw what was chosen in full, with what was compared, and the button that opens a case."""
    with st.container(border=True):
        name = text(f"flag.{row['code']}.name")
        st.markdown(f"**{name}**")
        st.text(str(row[f"sentence_{language()}"]))
        st.caption(text("page_holds.compared", words=text(f"flag.{row['code']}.statistic")))
        numbers = {"effect": row["effect"] or "—", "p": row["p"] or "—", "q": row["q"] or "—"}
        st.caption(text("page_holds.numbers", **numbers))
        st.caption(text("holds.innocent", words=text(f"flag.{row['code']}.innocent")))
        if row["code"] == SHARED_PASSAGE:
            _passage(here, row)
        may = set(here.roles) & set(ALLOWED["hold.open"])
        if may and row["state"] in ("open", "resolved"):
            st.caption(text("page_holds.open_rule"))
            if st.button(text("page_holds.open_case"), key=f"open_{row['flag_id']}"):
                with faults_told():
                    made = flags.open_case(here.workspace, row["flag_id"], here.act())
                    say(text("page_holds.opened", holds="、".join(made)))
                    st.rerun()


def _passage(here: session.Session, row: dict[str, Any]) -> None:
    """Draw the words two pieces share, and the button that registers them as public."""
    found = here.read(shared_words, here.person_id, row["flag_id"])
    if not found:
        st.success(text("page_holds.passage_known"))
        return
    st.caption(text("page_holds.passage", n=len(found[0])))
    st.text(found[0])
    if not set(here.roles) & set(ALLOWED["form.register"]):
        st.caption(text("page_holds.passage_by"))
    elif st.button(text("page_holds.passage_register"), key=f"register_{row['flag_id']}"):
        with faults_told():
            name = register_shared(here.workspace, row["flag_id"], here.act())
            say(text("page_holds.passage_registered", name=name))
            st.rerun()


def draw_raters(here: session.Session) -> None:
    """Draw what flags and cases say of each rater who has any."""
    rows = here.read(rater_cases, here.person_id, session.today())
    if not rows:
        st.info(text("page_holds.no_raters"))
        return
    headings = {name: text(f"page_holds.rater.{name}") for name in _RATERS.split()}
    said = [
        {
            **asdict(row),
            "flags": "、".join(text(f"flag.{code}.name") for code in row.codes),
            "open_cases": "、".join(row.open_cases),
        }
        for row in rows
    ]
    st.write(text("page_holds.raters_said", n=len(rows)))
    chosen = table(said, headings, "raters_table", select=True)
    export(said, headings, "raters", "raters_export")
    if chosen is None:
        return
    with st.container(border=True):
        st.markdown(f"**{rows[chosen].rater_id}　{rows[chosen].name}**")
        for sentence in rows[chosen].sentences[language()]:
            st.text(sentence)
        for hold_id in rows[chosen].open_cases:
            if st.button(text("page_holds.open_hold", hold=hold_id), key=f"rater_{hold_id}"):
                open_hold(hold_id)


def draw_schools(here: session.Session) -> None:
    """Draw cases school by school, in the order of what waits and never as a ranking."""
    rows = here.read(school_cases, here.person_id, session.today())
    headings = {name: text(f"page_holds.by_school.{name}") for name in _SCHOOLS.split()}
    said = [
        {
            **asdict(row),
            "flags": "、".join(f"{text(f'flag.{c}.name')} {n}" for c, n in row.codes.items()),
        }
        for row in rows
    ]
    st.write(text("page_holds.schools_said", n=sum(row.open_cases > 0 for row in rows)))
    table(said, headings, "holds_schools_table")
    export(said, headings, "schools", "holds_schools_export")


def draw_alarms(here: session.Session) -> None:
    """Draw how often each kind of flag was a false alarm, or that too few were closed to say."""
    found = here.read(alarm_rates)
    least = int(here.workspace.policy["flag.record.min_closed"])
    st.write(text("page_holds.alarms_said", least=least))
    if not found:
        st.info(text("page_holds.no_alarms"))
        return
    headings = {name: text(f"page_holds.alarm.{name}") for name in _ALARMS.split()}
    rows = [
        {
            **asdict(each),
            "known": each.known,
            "flag": text(f"flag.{each.code}.name"),
            "interval": "" if each.lo is None else f"{each.lo:.0%} – {each.hi:.0%}",
        }
        for each in found
    ]
    table(worded(rows, {"share": percent}), headings, "alarms_table")
    export(rows, headings, "false_alarms", "alarms_export")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "severity": text(f"page_holds.severity.{row['severity']}"),
        "flag": text(f"flag.{row['code']}.name"),
        "state": text(f"page_holds.state.{state_of(row)}"),
    }
