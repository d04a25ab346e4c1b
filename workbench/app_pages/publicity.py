"""公示与异议: what will be shown, what is shown, and what was objected to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.showing import (
    done,
    download,
    in_tabs,
    level,
    may,
    moment,
    subject,
    table,
    telling,
)
from workbench.messages import text
from workbench.services.appeals import appeal
from workbench.services.objections import overturned_words
from workbench.services.publicity import (
    ANSWERS,
    answer,
    close_publicity,
    object_to,
    open_publicity,
)
from workbench.services.publicity_views import (
    level_counts,
    make_public_list,
    objections,
    publications,
    published_rows,
    upcoming_rows,
)

_PUBLICATION = (
    "publication_id",
    "school",
    "opened_on",
    "closes_on",
    "results",
    "state",
    "unanswered",
)
_RESULT = ("school", "teacher_no", "name", "subject", "level")
_OBJECTION = (
    *("objection_id", "school", "name", "subject", "level", "words", "at", "answer"),
    *("outcome", "level_after"),
)


def draw() -> None:
    """Draw what is due, what is shown, and the objections."""
    parts = {"upcoming": _upcoming, "shown": _shown, "objections": _objections}
    in_tabs("publicity", parts, session.current())


def _upcoming(here: session.Session) -> None:
    found, rows = here.read(upcoming_rows, here.person_id, session.today())
    if not rows:
        st.info(text("page_publicity.nothing_due"))
        return
    days = here.workspace.policy["publicity.days"]
    st.write(text("page_publicity.dates", days=days, closes_on=found.closes_on))
    if found.assumed:
        st.warning(text("publicity.assumed"))
    names = {row["school_id"]: row["school"] for row in rows}
    asked = st.multiselect(
        text("page_publicity.schools"),
        list(names),
        format_func=lambda each: f"{names[each]}（{len(found.by_school[each])}）",
        placeholder=text("page_publicity.all_schools"),
        key="publicity_schools",
    )
    fitting = [row for row in rows if not asked or row["school_id"] in asked]
    for place, (name, count) in zip(st.columns(3), level_counts(fitting).items(), strict=True):
        place.metric(level(name), count)
    table([_result(row) for row in fitting], _columns(_RESULT), "publicity_due")
    if may(here.roles, "publicity.open"):
        _open(here, asked or list(names), len(fitting))


def _open(here: session.Session, schools: list[str], count: int) -> None:
    sure = st.checkbox(text("page_publicity.sure_open", count=count), key="publicity_sure")
    if st.button(text("page_publicity.open"), type="primary", disabled=not sure, key="open"):
        with telling():
            opened = open_publicity(here.workspace, schools, here.act())
            last = max((each.closes_on for each in opened), default=session.today())
            total = sum(each.results for each in opened)
            done(
                text("page_publicity.opened", count=len(opened), results=total, closes_on=last)
                if opened
                else text("publicity.nothing")
            )


def _shown(here: session.Session) -> None:
    rows = here.read(publications, here.person_id, session.today())
    if not rows:
        st.info(text("page_publicity.none"))
        return
    st.caption(text("page_publicity.choose"))
    chosen = table(
        [{**row, "state": _state(row)} for row in rows],
        _columns(_PUBLICATION),
        "publications",
        select=True,
    )
    if may(here.roles, "publicity.close"):
        _close(here, rows)
    if chosen is None:
        return
    publication_id = chosen["publication_id"]
    st.subheader(text("page_publicity.one", publication=publication_id, school=chosen["school"]))
    _to_print(here, publication_id)
    listed = here.read(published_rows, here.person_id, publication_id)
    table([_result(row) for row in listed], _columns(_RESULT[1:]), f"list_{publication_id}")


def _to_print(here: session.Session, publication_id: str) -> None:
    """Offer the list for the wall: made on demand, so that it says what is recorded now."""
    key = f"list_made_{publication_id}"
    left, right = st.columns([1, 3], vertical_alignment="center")
    if left.button(text("page_publicity.make_list"), key=f"make_{publication_id}", width="stretch"):
        st.session_state[key] = make_public_list(here.workspace, here.person_id, publication_id)
    with right:
        if st.session_state.get(key):
            download(text("page_publicity.download_list"), "publicity", st.session_state[key])
        else:
            st.caption(text("page_publicity.list_says"))


def _close(here: session.Session, rows: Sequence[Mapping[str, Any]]) -> None:
    ready = {row["publication_id"]: row for row in rows if row["may_close"]}
    waiting = [row for row in rows if row["state"] == "open" and not row["may_close"]]
    for row in waiting:
        if row["unanswered"]:
            st.warning(
                text(
                    "page_publicity.waits_for_answer", school=row["school"], count=row["unanswered"]
                )
            )
    if not ready:
        return
    schools = text("catalogue.and").join(dict.fromkeys(row["school"] for row in ready.values()))
    st.write(text("page_publicity.may_close", schools=schools))
    if st.button(text("page_publicity.close"), type="primary", key="close"):
        with telling():
            ids = list(dict.fromkeys(row["school_id"] for row in ready.values()))
            closed = close_publicity(here.workspace, ids, here.act())
            done(text("publicity.closed", publications=text("catalogue.and").join(closed)))


def _objections(here: session.Session) -> None:
    if may(here.roles, "publicity.object"):
        _object(here)
    rows = here.read(objections, here.person_id)
    if not rows:
        st.info(text("page_publicity.no_objections"))
        return
    pending = {row["objection_id"]: row for row in rows if not row["answer"]}
    if pending and may(here.roles, "publicity.answer"):
        _answer(pending)
    elif pending:
        st.info(text("page_publicity.answered_by", count=len(pending)))
    st.write(overturned_words(row["outcome"] for row in rows))
    shown = [
        {
            **_result(row),
            "at": moment(row["at"]),
            "answer": text(f"publicity.answer.{row['answer'] or 'none'}"),
            "outcome": text(f"publicity.outcome.{row['outcome']}"),
            "level_after": level(row["level_after"]) if row["level_after"] else "—",
        }
        for row in rows
    ]
    chosen = table(shown, _columns(_OBJECTION), "objections", select=True)
    if chosen is not None:
        with st.container(border=True):
            st.text(text("page_publicity.grounds", by=chosen["raised_by"], words=chosen["words"]))
            st.text(text("page_publicity.answer_words", words=chosen["answer_words"] or "—"))
            _appeal(here, chosen)


def _appeal(here: session.Session, chosen: Mapping[str, Any]) -> None:
    """Say what an objection is against, and record an appeal while there is time for one."""
    if chosen["against"]:
        st.caption(text("page_publicity.appeal_against", objection=chosen["against"]))
    until = chosen["appeal_until"]
    if not until or until < session.today().isoformat():
        return
    panel = here.workspace.policy["publicity.appeal_panel_min"]
    st.caption(text("page_publicity.appeal_open", until=until, panel=panel))
    if not may(here.roles, "publicity.object"):
        return
    about = chosen["objection_id"]
    with st.form(f"appealing_{about}", border=False):
        st.text_input(text("page_publicity.by"), key=f"appeal_by_{about}")
        st.text_area(text("page_publicity.words"), key=f"appeal_words_{about}")
        st.form_submit_button(
            text("page_publicity.appeal"), key="appeal", on_click=_appealed, args=(about, panel)
        )


def _appealed(about: str, panel: int) -> None:
    """Record the appeal against the objection the form was drawn for."""

    def act() -> str:
        here = session.current()
        by, words = (st.session_state[f"appeal_{name}_{about}"] for name in ("by", "words"))
        made, pieces = appeal(here.workspace, about, by.strip(), words, here.act())
        return text("publicity.appealed", objection=made, count=len(pieces), panel=panel)

    session.attempt(act)


def _object(here: session.Session) -> None:
    open_now = [
        row
        for row in here.read(publications, here.person_id, session.today())
        if row["state"] == "open" and row["days_left"] >= 0
    ]
    with st.expander(text("page_publicity.record"), expanded=bool(open_now)):
        if not open_now:
            st.write(text("page_publicity.none_open"))
            return
        results = {
            (row["teacher_id"], row["competency"]): row
            for each in open_now
            for row in here.read(published_rows, here.person_id, each["publication_id"])
        }
        about = st.selectbox(
            text("page_publicity.about"),
            list(results),
            format_func=lambda key: _about(results[key]),
            key="objection_about",
        )
        with st.form("objection"):
            st.text_input(
                text("page_publicity.by"),
                key="objection_by",
                placeholder=text("page_publicity.by_hint"),
            )
            st.text_area(text("page_publicity.words"), key="objection_words")
            st.form_submit_button(
                text("page_publicity.object"), key="object", on_click=_objected, args=about
            )


def _objected(teacher_id: str, code: str) -> None:
    """Record the objection; what was written of this one stays for no other."""

    def act() -> str:
        here, kept = session.current(), st.session_state
        by, words = kept["objection_by"].strip(), kept["objection_words"]
        made = object_to(here.workspace, teacher_id, code, by, words, here.act())
        return text("publicity.objected", objection=made)

    if session.attempt(act):
        st.session_state["objection_by"] = st.session_state["objection_words"] = ""


def _answer(pending: Mapping[str, Mapping[str, Any]]) -> None:
    with st.container(border=True):
        st.subheader(text("page_publicity.to_answer", count=len(pending)))
        chosen = st.selectbox(
            text("page_publicity.which"),
            list(pending),
            format_func=lambda each: f"{each}　{_about(pending[each])}",
            key="answer_which",
        )
        st.text(
            text(
                "page_publicity.grounds",
                by=pending[chosen]["raised_by"],
                words=pending[chosen]["words"],
            )
        )
        with st.form(f"answering_{chosen}", border=False):
            st.radio(
                text("page_publicity.given"),
                ANSWERS,
                format_func=lambda each: text(f"page_publicity.answers.{each}"),
                key=f"answer_given_{chosen}",
            )
            st.text_area(text("page_publicity.reason"), key=f"answer_words_{chosen}")
            st.form_submit_button(
                text("page_publicity.answer"),
                type="primary",
                key="answer",
                on_click=_answered,
                args=(chosen,),
            )


def _answered(chosen: str) -> None:
    """Answer the objection the form was drawn for, whoever has answered others meanwhile."""

    def act() -> str:
        here, kept = session.current(), st.session_state
        given, words = kept[f"answer_given_{chosen}"], kept[f"answer_words_{chosen}"]
        pieces = answer(here.workspace, chosen, given, words, here.act(words))
        return text(f"publicity.answered.{given}", objection=chosen, count=len(pieces))

    session.attempt(act)


def _columns(names: Sequence[str]) -> dict[str, Any]:
    return {name: text(f"page_publicity.column.{name}") for name in names}


def _result(row: Mapping[str, Any]) -> dict[str, Any]:
    named = subject(row["competency"], row["competency_name"])
    return {**row, "subject": named, "level": level(row["level"])}


def _about(row: Mapping[str, Any]) -> str:
    named = subject(row["competency"], row["competency_name"])
    return f"{row['school']}　{row['name']}　{named}　{level(row['level'])}"


def _state(row: Mapping[str, Any]) -> str:
    """State in words; days count to the last day, that day included."""
    if row["state"] == "closed":
        return text("publicity.state.closed")
    if row["days_left"] >= 0:
        return text("page_publicity.days_left", days=row["days_left"])
    return text("page_publicity.ended")
