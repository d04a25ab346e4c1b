"""我的名片: the own reading in words: how severe, what that does, how steady, which pieces are behind it."""

from __future__ import annotations

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import evidence, faults_told, moment
from workbench.messages import text
from workbench.services.asked_of_me import Question, asked_of_me
from workbench.services.my_card import (
    Card,
    DrivingRead,
    comparison_words,
    consistency_words,
    effect_words,
    my_card,
    severity_words,
)

_VIEWER_HEIGHT = 460


def draw() -> None:
    """Draw the card: sentences first, then the pieces, each with the own marks."""
    here = session.current()
    st.title(text("page.my_card"))
    st.caption(text("my_card.intro"))
    with faults_told():
        card = here.read(my_card, here.person_id)
        for each in here.read(asked_of_me, here.person_id, session.today()):
            _asked(each)
        if card.line is None:
            st.info(card.unknown)
            return
        _words(card)
        _pieces(here, card)
        st.caption(_source(card))


def _asked(question: Question) -> None:
    """Draw a case about the own reading: what was seen, what to rule out, and how to answer."""
    with st.container(border=True):
        name = text(f"flag.{question.code}.name")
        st.subheader(text("my_card.asked.title", name=name, hold=question.hold_id))
        st.write(question.sentence or text(f"flag.{question.code}.statistic"))
        st.caption(text("my_card.asked.innocent", words=text(f"flag.{question.code}.innocent")))
        state = "replied" if question.replied else "overdue" if question.overdue else "waiting"
        st.write(text(f"my_card.asked.{state}", due=question.due_on))


def _words(card: Card) -> None:
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader(text("my_card.head.severity"))
        for sentence in (severity_words(card), effect_words(card), comparison_words(card)):
            if sentence:
                st.write(sentence)
    with right.container(border=True, height="stretch"):
        st.subheader(text("my_card.head.consistency"))
        st.write(consistency_words(card) or text("my_card.consistency.too_few"))


def _pieces(here: session.Session, card: Card) -> None:
    """Draw the pieces the severity comes from; the one chosen is shown as it was at the desk."""
    if card.line is None or card.line.severity.value is None:
        return
    st.subheader(text("my_card.head.pieces"))
    if not card.driving:
        st.write(text("my_card.no_driving"))
        return
    st.write(text("my_card.driving", n=len(card.driving)))
    for place, (column, each) in enumerate(
        zip(st.columns(len(card.driving)), card.driving, strict=True)
    ):
        with column.container(border=True, height="stretch"):
            _piece(each, place)
    shown = st.session_state.get("my_card_piece", "")
    if shown in {each.piece_id for each in card.driving}:
        st.subheader(shown)
        evidence(here, shown, "my_card", _VIEWER_HEIGHT)


def _piece(read: DrivingRead, place: int) -> None:
    st.markdown(f"**{read.piece_id}**")
    st.caption(read.slot)
    st.write(text("my_card.own_marks", unmet=len(read.unmet), n=read.marks))
    if read.unmet:
        st.caption("\n".join(f"- {each}" for each in read.unmet))
    if st.button(text("my_card.look"), key=f"my_card_look_{place}"):
        st.session_state["my_card_piece"] = read.piece_id


def _source(card: Card) -> str:
    line, stored = card.line, card.shown.analysis
    counts = {"reads": line.reads if line else 0, "marks": line.marks if line else 0}
    if stored is None:
        return text("my_card.source_now", **counts)
    return text("my_card.source", at=moment(stored.made_at), **counts)
