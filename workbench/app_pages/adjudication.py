"""仲裁室: one piece that waits for the chair, every read by criterion, and the ruling with its reason."""

from __future__ import annotations

from html import escape

import streamlit as st

from rubrics.levels import Level
from workbench import session
from workbench.app_pages.drawing import evidence, faults_told, say, told
from workbench.messages import text
from workbench.services.adjudication import (
    GivenMark,
    RulingCriterion,
    RulingView,
    rule,
    ruling_view,
    rulings_due,
)

_HEIGHT = 600
_CHOICES = (1, 0)
_STYLE = """
<style>
.ru { width: 100%; border-collapse: collapse; font-size: .88rem; line-height: 1.5; }
.ru th, .ru td { border: 1px solid #d5dbe1; padding: .35rem .5rem; vertical-align: top;
  text-align: left; }
.ru th { background: #f3f5f7; font-weight: 600; white-space: nowrap; }
.ru .id { color: #5b6875; white-space: nowrap; }
.ru tr.open td:first-child { border-left: 4px solid #D55E00; }
.ru th:first-child { width: 38%; }
.ru .due { color: #a34700; font-weight: 600; margin-left: .4rem; white-space: nowrap; }
.ru .met, .ru .unmet { white-space: nowrap; color: #005f45; }
.ru .unmet { color: #8f3b00; font-weight: 600; }
.ru .said { display: block; color: #4a5560; font-size: .82rem; margin-top: .15rem; }
</style>
"""


def draw() -> None:
    """Draw the piece chosen, or the next one that waits."""
    here = session.current()
    head, choice = st.columns([3, 2], vertical_alignment="center")
    head.title(text("page.adjudication"))
    told()
    with faults_told():
        waiting = rulings_due(here.workspace, here.person_id)
        if not waiting:
            st.info(text("page_adjudication.none"))
            return
        names = {
            each.task.piece_id: f"{each.competency}　{each.slot_id}　{each.task.piece_id}"
            for each in waiting
        }
        st.caption(text("page_adjudication.intro", count=len(waiting)))
        piece_id = choice.selectbox(
            text("page_adjudication.pick"),
            list(names),
            format_func=lambda key: names[key],
            label_visibility="collapsed",
            key="adjudication_piece",
        )
        _piece(here, ruling_view(here.workspace, here.person_id, piece_id or next(iter(names))))


def _piece(here: session.Session, view: RulingView) -> None:
    st.session_state.setdefault(f"ruling_opened_{view.piece_id}", session.now())
    names = {
        "competency": view.competency,
        "competency_name": view.competency_name,
        "slot": view.slot_id,
        "slot_name": view.slot_name,
    }
    st.markdown(f"**{text('page_adjudication.head', **names)}**")
    st.warning(text("page_adjudication.why", cause=view.cause))
    shown, judged = st.columns([11, 10], gap="medium")
    with shown:
        evidence(here, view.piece_id, "ruling", _HEIGHT)
    with judged, st.container(height=_HEIGHT, border=False):
        st.html(_STYLE)
        st.html(_reads(view))
        _form(here, view)


def _reads(view: RulingView) -> str:
    """Markup of the table of reads: a row a criterion, a column a read; all words escaped."""
    labels = "".join(f"<th>{escape(label)}</th>" for label in view.reads)
    head = f"<tr><th>{escape(text('page_adjudication.criterion'))}</th>{labels}</tr>"
    rows = "".join(map(_row, view.criteria))
    levels = "".join(f"<td><strong>{escape(_level(level))}</strong></td>" for level in view.levels)
    foot = f"<tr><th>{escape(text('page_adjudication.level_of'))}</th>{levels}</tr>"
    return f'<table class="ru"><thead>{head}</thead><tbody>{rows}{foot}</tbody></table>'


def _level(level: Level | None) -> str:
    return text(f"level.{level}") if level else text("page_adjudication.unknown_level")


def _row(criterion: RulingCriterion) -> str:
    due = text("page_adjudication.open") if criterion.open else ""
    level = text(f"level.{criterion.level}")
    marks = "".join(f"<td>{_mark(mark)}</td>" for mark in criterion.marks)
    head = (
        f'<span class="id">{escape(criterion.criterion_id)} {escape(level)}</span>'
        f'<span class="due">{escape(due)}</span><br>{escape(criterion.words)}'
    )
    kind = "open" if criterion.open else ""
    return f'<tr class="{kind}"><td>{head}</td>{marks}</tr>'


def _mark(mark: GivenMark) -> str:
    """Mark in words with its sign, the comment under it."""
    said = f'<span class="said">{escape(mark.comment)}</span>' if mark.comment else ""
    if mark.met is None:
        word = "unsure" if mark.comment else "unmarked"
        return escape(text(f"page_adjudication.{word}")) + said
    kind, sign = ("met", "✓") if mark.met else ("unmet", "✗")
    return f'<span class="{kind}">{sign} {escape(text(f"page_adjudication.{kind}"))}</span>{said}'


def _form(here: session.Session, view: RulingView) -> None:
    ruled = [each for each in view.criteria if each.may]
    free = not any(each.open for each in ruled)
    st.markdown(f"**{text('page_adjudication.rule')}**")
    if free:
        st.caption(text("page_adjudication.free"))
    given = {}
    with st.form(f"ruling_{view.piece_id}", border=True):
        for each in ruled:
            name = each.criterion_id
            label = text("page_adjudication.ruling_of", criterion=name, words=each.words)
            met = st.radio(
                label,
                (None, *_CHOICES) if free else _CHOICES,
                format_func=_choice,
                horizontal=True,
                index=0 if free else None,
                key=f"ruling_{view.piece_id}_{name}",
            )
            words = st.text_area(
                text("page_adjudication.reason"),
                height=68,
                key=f"ruling_reason_{view.piece_id}_{name}",
            )
            if met is not None:
                given[name] = (int(met), words)
        sent = st.form_submit_button(
            text("page_adjudication.submit"), type="primary", key=f"ruling_send_{view.piece_id}"
        )
    if sent:
        _rule(here, view.piece_id, given)


def _choice(met: int | None) -> str:
    word = "keep" if met is None else ("met" if met else "unmet")
    return text(f"page_adjudication.{word}")


def _rule(here: session.Session, piece_id: str, given: dict[str, tuple[int, str]]) -> None:
    with faults_told():
        opened_at = st.session_state[f"ruling_opened_{piece_id}"]
        rule(here.workspace, piece_id, given, here.act(), opened_at)
        st.session_state.pop(f"ruling_opened_{piece_id}", None)
        say(text("page_adjudication.done", piece=piece_id))
        st.rerun()
