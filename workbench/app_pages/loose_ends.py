"""Recalls, pieces left and pieces put aside in 仲裁室, each with what can be done about it."""

from __future__ import annotations

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import moment, table
from workbench.messages import text
from workbench.services.exits import Exit
from workbench.services.loose_ends import (
    LooseEnds,
    ParkedPiece,
    RecallCase,
    give_out_again,
    loose_ends,
    take_from_desk,
)

_EXIT = "at kind slot_id piece_id name round words state"


def draw_loose_ends(here: session.Session) -> None:
    """Draw what is open of each kind with its acts, and what is done in folds."""
    found = loose_ends(here.workspace, here.person_id)
    if not (found.recalls or found.exits or found.parked):
        st.info(text("page_adjudication.ends.none"))
        return
    _recalls(found.recalls)
    _exits(found)
    _parked(found.parked)


def _recalls(cases: tuple[RecallCase, ...]) -> None:
    st.subheader(text("page_adjudication.ends.recalls", count=_open(cases)))
    for case in cases:
        if case.state != "open":
            continue
        with st.container(border=True):
            said, go, act = st.columns([6, 2, 2], vertical_alignment="center")
            said.markdown(
                text(
                    "page_adjudication.ends.recall",
                    name=case.name,
                    reads=case.reads,
                    pieces=case.pieces,
                    waiting=len(case.waiting),
                    without=len(case.without),
                    due=case.due_on,
                )
            )
            if go.button(
                text("page_adjudication.ends.case"), key=f"recall_{case.hold_id}", width="stretch"
            ):
                _to_case(case.hold_id)
            if case.without:
                act.button(
                    text("page_adjudication.ends.again"),
                    key=f"again_{case.hold_id}",
                    width="stretch",
                    on_click=_again,
                    args=(case.without,),
                )
    done = [case for case in cases if case.state != "open"]
    if done:
        st.caption(text("page_adjudication.ends.recalls_done", count=len(done)))


def _exits(found: LooseEnds) -> None:
    waiting = [each for each in found.exits if each.state == "open"]
    st.subheader(text("page_adjudication.ends.exits", count=len(waiting)))
    for each in waiting:
        with st.container(border=True):
            said, act = st.columns([8, 2], vertical_alignment="center")
            said.markdown(text("page_adjudication.ends.exit", **_exit(each, found)))
            if each.hold_id:
                if act.button(
                    text("page_adjudication.ends.case"),
                    key=f"exit_{each.exit_id}",
                    width="stretch",
                ):
                    _to_case(each.hold_id)
            else:
                act.button(
                    text("page_adjudication.ends.again"),
                    key=f"exit_again_{each.exit_id}",
                    width="stretch",
                    on_click=_again,
                    args=((each.piece_id,),),
                )
    done = [_exit(each, found) for each in found.exits if each.state != "open"]
    if done:
        with st.expander(text("page_adjudication.ends.exits_done", count=len(done))):
            names = _EXIT.split()
            headings = {name: text(f"page_adjudication.ends.column.{name}") for name in names}
            table(done, headings, "exits_done")


def _exit(each: Exit, found: LooseEnds) -> dict[str, object]:
    return {
        **vars(each),
        "at": moment(each.at),
        "name": found.names[each.rater_id],
        "kind": text(f"page_adjudication.ends.kind.{each.kind}"),
        "round": text(f"page_adjudication.ends.round.{each.round}"),
        "state": text(f"page_adjudication.ends.state.{each.state}"),
    }


def _parked(parked: tuple[ParkedPiece, ...]) -> None:
    st.subheader(text("page_adjudication.ends.parked", count=len(parked)))
    for each in parked:
        with st.container(border=True):
            said, act = st.columns([8, 2], vertical_alignment="center")
            values = {**vars(each), "since": moment(each.since)}
            said.markdown(text("page_adjudication.ends.parked_one", **values))
            key = f"{each.piece_id}_{each.rater_id}"
            if each.round not in ("blind", "third"):
                continue
            with act, st.popover(text("page_adjudication.ends.take"), width="stretch"):
                st.caption(text("page_adjudication.ends.take_about"))
                st.text_area(text("page_adjudication.reason"), key=f"take_{key}", height=80)
                st.button(
                    text("page_adjudication.ends.take_now"),
                    key=f"take_now_{key}",
                    on_click=_take,
                    args=(each.piece_id, each.rater_id),
                )


def _open(cases: tuple[RecallCase, ...]) -> int:
    return sum(case.state == "open" for case in cases)


def _to_case(hold_id: str) -> None:
    page = st.Page(lambda: None, title=text("page.holds"), url_path="holds")
    st.switch_page(page, query_params={"hold": hold_id})


def _again(pieces: tuple[str, ...]) -> None:
    def act() -> str:
        here = session.current()
        short = give_out_again(here.workspace, pieces, here.act())
        given = len(pieces) - len(short)
        return text("page_adjudication.ends.given", given=given, short=len(short))

    session.attempt(act)


def _take(piece_id: str, rater_id: str) -> None:
    def act() -> str:
        here = session.current()
        words = st.session_state[f"take_{piece_id}_{rater_id}"]
        given = take_from_desk(here.workspace, piece_id, rater_id, here.act(words))
        name = "taken" if given else "taken_short"
        return text(f"page_adjudication.ends.{name}", piece=piece_id)

    session.attempt(act)
