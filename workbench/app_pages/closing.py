"""结项清单: what is still open, each line with its count and the way there; passing, closing, reopening."""

from __future__ import annotations

from html import escape

import streamlit as st

from workbench import navigation, session
from workbench.app_pages.drawing import faults_told, moment, table, told
from workbench.messages import text
from workbench.services.close_out import (
    DONE,
    NOT_ASKED,
    OPEN,
    WAIVED,
    CloseOut,
    Line,
    close_out_seen,
    close_round,
    closed_words,
    may,
    reopen_round,
    waive,
)

_SIGNS = {DONE: "✓", OPEN: "●", WAIVED: "➜", NOT_ASKED: "–"}
_WIDTHS = (9, 3, 4, 3)
_MOST_SHOWN = 200
_STYLE = """
<style>
.stMainBlockContainer { padding-top: 4rem; padding-bottom: 1rem; }
.stMainBlockContainer > .stVerticalBlock { gap: .45rem; }
.stMainBlockContainer .stHeading { margin-bottom: .6rem; }
.cl { font-size: .95rem; line-height: 1.35; }
.cl b { font-weight: 600; } .cl i { font-style: normal; margin-right: .45rem; }
.cl.open i { color: #D55E00; } .cl.done i { color: #005f45; } .cl.waived i { color: #0072B2; }
.cl span { display: block; color: #4a5560; font-size: .82rem; padding-left: 1.35rem; }
</style>
"""


def draw() -> None:
    """Draw whether the round can be closed, what is open, and what is done."""
    here = session.current()
    st.html(_STYLE)
    st.title(text("page.closing"))
    told()
    with faults_told():
        found = here.read_log(close_out_seen, here.person_id, session.now().replace(second=0))
        _standing(here, found)
        allowed = may(here.workspace, here.person_id, "round.waive", session.now())
        for line in found.open_lines:
            _line(here, line, passing=allowed)
        for state in (WAIVED, DONE, NOT_ASKED):
            _folded(state, [line for line in found.lines if line.state == state])
        _history(found)


def _standing(here: session.Session, found: CloseOut) -> None:
    """Draw the sentence that says how it stands, and the act that is next."""
    note, act = st.columns((10, 3), vertical_alignment="center")
    with note:
        if found.closed_at:
            st.success(closed_words(found))
        elif found.open_lines:
            st.warning(text("page_closing.open", open=len(found.open_lines), all=len(found.lines)))
        else:
            st.success(text("page_closing.ready"))
        if found.school_id is not None:
            st.caption(text("page_closing.school", school=here.place))
    with act:
        if found.closed_at:
            _act(here, "round.reopen", "reopen", _reopen)
        else:
            _act(here, "round.close", "close", _close, disabled=not found.may_close)


def _act(
    here: session.Session, action: str, name: str, done: object, *, disabled: bool = False
) -> None:
    if not may(here.workspace, here.person_id, action, session.now()):
        return
    with st.popover(text(f"page_closing.{name}"), disabled=disabled, width="stretch"):
        st.caption(text(f"page_closing.{name}_about"))
        st.text_area(text(f"page_closing.{name}_words"), key=f"closing_{name}_words", height=80)
        st.button(
            text(f"page_closing.{name}_now"),
            type="primary",
            key=f"closing_{name}",
            on_click=done,  # type: ignore[arg-type]
        )


def _line(here: session.Session, line: Line, *, passing: bool) -> None:
    """Draw one open line: what it asks, how many are open, the way there, and passing it."""
    said, count, way, act = st.columns(_WIDTHS, vertical_alignment="center")
    said.html(_said(line))
    with count, st.popover(_count(line), width="stretch"):
        rows = [{"id": each} for each in line.ids[:_MOST_SHOWN]]
        table(rows, {"id": text("page_closing.which")}, f"closing_ids_{line.code}")
        if len(line.ids) > _MOST_SHOWN:
            st.caption(text("page_closing.more", count=len(line.ids) - _MOST_SHOWN))
    with way:
        _way(here, line)
    if passing and line.waivable:
        with act, st.popover(text("page_closing.waive"), width="stretch"):
            st.caption(text("page_closing.waive_about", count=line.open))
            st.text_area(
                text("page_closing.waive_words"), key=f"closing_words_{line.code}", height=80
            )
            st.button(
                text("page_closing.waive_now"),
                key=f"closing_waive_{line.code}",
                on_click=_waive,
                args=(line.code,),
            )
    elif not line.waivable:
        act.caption(text("page_closing.not_waivable"))
    else:
        by = here.workspace.policy["closing.waived_by"]
        roles = "、".join(text(f"role.{role}") for role in by)
        act.caption(text("page_closing.waivable_by", roles=roles))


def _said(line: Line) -> str:
    words = escape(text(f"closing.line.{line.code}"))
    about = escape(line.words or text(f"closing.about.{line.code}"))
    if line.state == OPEN:  # what is asked, not what is so
        about = text("page_closing.asked", about=about)
    by = ""
    if line.state == WAIVED:
        by = escape(text("page_closing.by", actor=line.actor, at=moment(line.at), count=line.open))
    return (
        f'<div class="cl {line.state}"><i>{_SIGNS[line.state]}</i><b>{words}</b>'
        f"<span>{about}{by}</span></div>"
    )


def _count(line: Line) -> str:
    if line.of is None:
        return text("page_closing.count", open=line.open)
    return text("page_closing.count_of", open=line.open, of=line.of)


def _way(here: session.Session, line: Line) -> None:
    """Draw the button to the page where it is dealt with, or who has that page."""
    entry = next(e for e in navigation.entries() if e.name == line.page)
    if not entry.is_for(here.roles):
        roles = "、".join(text(f"role.{role}") for role in entry.roles)
        st.caption(text("page_closing.elsewhere", page=text(entry.title_key), roles=roles))
    elif st.button(
        text("page_closing.go", page=text(entry.title_key)),
        key=f"closing_go_{line.code}",
        width="stretch",
    ):
        st.switch_page(st.Page(lambda: None, title=text(entry.title_key), url_path=entry.name))


def _folded(state: str, lines: list[Line]) -> None:
    if not lines:
        return
    head = text(f"page_closing.fold_{state}", count=len(lines))
    with st.expander(head, expanded=state == WAIVED):
        left, right = st.columns(2)
        for place, line in enumerate(lines):
            (left, right)[place % 2].html(_said(line))


def _history(found: CloseOut) -> None:
    if not found.events:
        return
    with st.expander(text("page_closing.history", count=len(found.events))):
        rows = [
            {**row, "kind": text(f"page_closing.event_{row['kind']}"), "at": moment(row["at"])}
            for row in reversed(found.events)
        ]
        names = ("at", "kind", "actor", "words")
        headings = {name: text(f"page_closing.column.{name}") for name in names}
        table(rows, headings, "closing_events")


def _waive(code: str) -> None:
    def act() -> str:
        words = st.session_state[f"closing_words_{code}"]
        here = session.current()
        made = waive(here.workspace, code, here.act(words))
        return text("closing.waived_now", line=text(f"closing.line.{code}"), open=made.open)

    session.attempt(act)


def _close() -> None:
    def act() -> str:
        here = session.current()
        close_round(here.workspace, here.act(st.session_state["closing_close_words"]))
        return text("closing.done", round=here.workspace.round_name)

    session.attempt(act)


def _reopen() -> None:
    def act() -> str:
        here = session.current()
        reopen_round(here.workspace, here.act(st.session_state["closing_reopen_words"]))
        return text("closing.reopened_now", round=here.workspace.round_name)

    session.attempt(act)
