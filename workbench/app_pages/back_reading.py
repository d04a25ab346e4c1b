"""Back-reading in 仲裁室: what to read once more, the least certain first, and what it came to."""

from __future__ import annotations

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import moment, percent, table
from workbench.messages import text
from workbench.services.back_queue import FLIP_RISK, BackQueue, back_queue
from workbench.services.back_reading import (
    BEGUN,
    ENDED,
    KEPT,
    REOPENED,
    BackRead,
    back_read_rows,
    begin_back_read,
    end_back_read,
)

_QUEUE = "competency slot_id piece_id school risk gain contested"
_DONE = "at competency slot_id piece_id reader state level standing differ words"


def draw_back_reading(here: session.Session) -> None:
    """Draw back-reads under way, then the queue to take the next from."""
    begun = back_read_rows(here.workspace, here.person_id)
    for each in begun:
        if each.state != ENDED:
            _open(here, each)
    _queue(here)
    ended = [each for each in begun if each.state == ENDED]
    if ended:
        with st.expander(text("page_adjudication.back.ended", count=len(ended))):
            table([_row(each) for each in ended], _headings(_DONE), "back_ended")


def _open(here: session.Session, each: BackRead) -> None:
    """Draw one back-read that waits: to be read, or to be ended with a reason."""
    with st.container(border=True):
        said, act = st.columns([5, 2], vertical_alignment="center")
        values = {"slot": each.slot_id, "piece": each.piece_id, "reader": each.reader}
        if each.state == BEGUN:
            said.markdown(text("page_adjudication.back.begun", **values))
            if each.own and act.button(
                text("page_adjudication.back.read"), key=f"back_go_{each.number}", width="stretch"
            ):
                page = st.Page(lambda: None, title=text("page.desk"), url_path="desk")
                st.switch_page(page, query_params={"piece": each.piece_id})
            return
        kind = "differs" if each.may_reopen else "same"
        said.markdown(
            text(
                f"page_adjudication.back.{kind}",
                **values,
                level=_level(each.level),
                standing=_level(each.standing),
                differ="、".join(each.differ) or text("page_adjudication.back.none_differ"),
            )
        )
        with act, st.popover(text("page_adjudication.back.end"), width="stretch"):
            _end(here, each)


def _end(here: session.Session, each: BackRead) -> None:
    st.text_area(text("page_adjudication.reason"), key=f"back_words_{each.number}", height=80)
    st.button(
        text("page_adjudication.back.keep"),
        key=f"back_keep_{each.number}",
        on_click=_ended,
        args=(each.number, KEPT),
    )
    if each.may_reopen and here.workspace.policy["back_reading.may_change"] == "reopen":
        st.button(
            text("page_adjudication.back.reopen"),
            key=f"back_reopen_{each.number}",
            on_click=_ended,
            args=(each.number, REOPENED),
        )


def _ended(number: int, ended: str) -> None:
    def act() -> str:
        here = session.current()
        words = st.session_state[f"back_words_{number}"]
        without = end_back_read(here.workspace, number, ended, here.act(words))
        if ended == KEPT:
            return text("page_adjudication.back.kept_now")
        return text("page_adjudication.back.short" if without else "page_adjudication.back.sent")

    session.attempt(act)


def _queue(here: session.Session) -> None:
    wished = st.session_state.get("back_order", "")
    found = here.read(back_queue, here.person_id, wished)
    note, choice, act = st.columns([5, 2, 2], vertical_alignment="center")
    note.caption(_order_said(found))
    if len(found.orders) > 1:
        choice.selectbox(
            text("page_adjudication.back.order"),
            found.orders,
            index=found.orders.index(found.order),
            format_func=lambda name: text(f"page_adjudication.back.orders.{name}"),
            label_visibility="collapsed",
            key="back_order",
        )
    if not found.rows:
        st.info(text("page_adjudication.back.none"))
        return
    rows = [
        {
            **vars(each),
            "risk": percent(each.risk),
            "gain": text("drawing.too_few") if each.gain is None else f"{each.gain:.3f}",
        }
        for each in found.rows
    ]
    known = _QUEUE if found.order == FLIP_RISK else _QUEUE.replace("risk gain ", "")
    place = table(rows, _headings(known), "back_queue", select=True, most=480)
    act.button(
        text("page_adjudication.back.begin"),
        type="primary",
        disabled=place is None,
        width="stretch",
        key="back_begin",
        on_click=_begin,
        args=("" if place is None else found.rows[place].piece_id, found.order),
    )
    st.caption(text("page_adjudication.back.about"))


def _begin(piece_id: str, order: str) -> None:
    def act() -> str:
        here = session.current()
        begin_back_read(here.workspace, piece_id, here.act(), order)
        return text("page_adjudication.back.begun_now", piece=piece_id)

    session.attempt(act)


def _order_said(found: BackQueue) -> str:
    values = {"at": moment(found.made_at), "reads": found.reads_since}
    said = text(f"page_adjudication.back.by.{found.order}", **values)
    if "flip_risk" not in found.orders:
        said += text("page_adjudication.back.no_risk")
    return said


def _row(each: BackRead) -> dict[str, object]:
    return {
        **vars(each),
        "at": moment(each.at),
        "state": text(f"page_adjudication.back.state.{each.ended}"),
        "level": _level(each.level),
        "standing": _level(each.standing),
        "differ": "、".join(each.differ),
    }


def _level(level: object) -> str:
    return text(f"level.{level}") if level else text("page_adjudication.unknown_level")


def _headings(names: str) -> dict[str, str]:
    return {name: text(f"page_adjudication.back.column.{name}") for name in names.split()}
