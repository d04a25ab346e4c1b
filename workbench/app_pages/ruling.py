"""Rulings in 仲裁室: own marks on what is contested first, then every read side by side, and the ruling."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from rubrics.levels import Level
from workbench import session
from workbench.app_pages.drawing import evidence, table
from workbench.app_pages.precedents_beside import draw_beside
from workbench.errors import RefusedError
from workbench.messages import text
from workbench.services.adjudication import (
    GivenMark,
    RulingCriterion,
    RulingView,
    has_ruled,
    mark_first,
    rule,
    ruling_view,
    rulings_due,
)
from workbench.services.precedents import save_after_ruling
from workbench.services.ruling_grounds import reason_counts, reasons

_HEIGHT = 530
_MET = {"met": 1, "unmet": 0, "unsure": None}
_STYLE = """
<style>
.ru { width: 100%; border-collapse: collapse; font-size: .88rem; line-height: 1.5; }
.ru th, .ru td { border: 1px solid #d5dbe1; padding: .35rem .5rem; vertical-align: top;
  text-align: left; }
.ru th { background: #f3f5f7; font-weight: 600; white-space: nowrap; }
.ru .id { color: #5b6875; white-space: nowrap; }
.ru tr.open td:first-child { border-left: 4px solid #D55E00; }
.ru th:first-child { width: 34%; }
.ru .due { color: #a34700; font-weight: 600; margin-left: .4rem; white-space: nowrap; }
.ru .met, .ru .unmet { white-space: nowrap; color: #005f45; }
.ru .unmet { color: #8f3b00; font-weight: 600; }
.ru .said { display: block; color: #4a5560; font-size: .82rem; margin-top: .15rem; }
.ru .at { display: inline-block; background: #eef3f8; border-radius: .3rem; padding: 0 .35rem;
  font-size: .78rem; margin: .15rem .2rem 0 0; }
.ru .own { background: #f7fbff; }
</style>
"""


def draw_rulings(here: session.Session) -> None:
    """Draw the piece chosen, or the next one that waits."""
    waiting = rulings_due(here.workspace, here.person_id)
    if not waiting:
        st.info(text("page_adjudication.none"))
        _counts(here)
        return
    names = {
        each.task.piece_id: f"{each.competency}　{each.slot_id}　{each.task.piece_id}"
        for each in waiting
    }
    note, choice = st.columns([3, 2], vertical_alignment="center")
    note.caption(text("page_adjudication.intro", count=len(waiting)))
    asked = st.query_params.get("piece", "")  # 我的任务 may name one
    piece_id = choice.selectbox(
        text("page_adjudication.pick"),
        list(names),
        index=list(names).index(asked) if asked in names else 0,
        format_func=lambda key: names[key],
        label_visibility="collapsed",
        key="adjudication_piece",
    )
    _piece(here, ruling_view(here.workspace, here.person_id, piece_id or next(iter(names))))
    _counts(here)


def _counts(here: session.Session) -> None:
    """Draw in a fold how often each reason was given: where the panel's readers part."""
    found = here.read(reason_counts, here.person_id)
    if not found:
        return
    with st.expander(text("page_adjudication.counts", count=sum(n for _, n in found))):
        rows = [{"reason": said, "rulings": n} for said, n in found]
        names = ("reason", "rulings")
        headings = {name: text(f"page_adjudication.count_{name}") for name in names}
        table(rows, headings, "ruling_counts")


def _piece(here: session.Session, view: RulingView) -> None:
    st.session_state.setdefault(f"ruling_opened_{view.piece_id}", session.now())
    names = {
        "competency": view.competency,
        "competency_name": view.competency_name,
        "slot": view.slot_id,
        "slot_name": view.slot_name,
    }
    shown, judged = st.columns([11, 10], gap="medium")
    with shown:
        st.markdown(f"**{text('page_adjudication.head', **names)}**")
        evidence(here, view.piece_id, "ruling", _HEIGHT)
    with judged, st.container(height=_HEIGHT + 40, border=False):
        st.html(_STYLE)
        if view.unlocked:
            st.markdown(f"**{text('page_adjudication.why', cause=view.cause)}**")
            _beside(view)
            contested = [each.criterion_id for each in view.criteria if each.open]
            draw_beside(here, view.piece_id, contested)
            _form(here, view)
        else:
            _first(view)


def _first(view: RulingView) -> None:
    """Draw the form of own marks; nothing on the page tells what others gave."""
    st.info(text("page_adjudication.first", count=len(view.criteria)))
    with st.form(f"first_{view.piece_id}", border=True):
        for each in view.criteria:
            label = text("page_adjudication.ruling_of", criterion=each.criterion_id,
                         words=each.words)  # fmt: skip
            st.radio(
                f"{label}（{text(f'level.{each.level}')}）",
                tuple(_MET),
                format_func=lambda name: text(f"page_adjudication.{name}"),
                horizontal=True,
                index=None,
                key=f"first_{view.piece_id}_{each.criterion_id}",
            )
        st.form_submit_button(
            text("page_adjudication.first_submit"),
            type="primary",
            key=f"unlock_{view.piece_id}",
            on_click=_mark_first,
            args=(view.piece_id, [each.criterion_id for each in view.criteria]),
        )


def _mark_first(piece_id: str, criteria: Sequence[str]) -> None:
    """Keep own marks as the form has them; told also where another chair was quicker."""

    def act() -> str:
        here = session.current()
        given = {name: st.session_state[f"first_{piece_id}_{name}"] for name in criteria}
        marks = {name: _MET[word] for name, word in given.items() if word is not None}
        mark_first(here.workspace, piece_id, marks, here.act())
        return text("page_adjudication.opened")

    session.attempt(act)


def _beside(view: RulingView) -> None:
    """Draw what is contested, every read in a column; what is agreed lies in a fold."""
    contested = [each for each in view.criteria if each.open] or list(view.criteria)
    agreed = [each for each in view.criteria if each not in contested]
    logged = any(each.own is not None for each in view.criteria)
    st.caption(text("page_adjudication.seen" if logged else "page_adjudication.seen_off"))
    st.html(_reads(view, contested))
    if agreed:
        with st.expander(text("page_adjudication.agreed", count=len(agreed))):
            st.html(_reads(view, agreed))


def _reads(view: RulingView, criteria: Sequence[RulingCriterion]) -> str:
    """Markup of the table of reads: a row a criterion, a column a read; all words escaped."""
    own = any(each.own is not None for each in view.criteria)
    labels = "".join(f"<th>{escape(label)}</th>" for label in view.reads)
    if own:
        labels += f'<th class="own">{escape(text("page_adjudication.own"))}</th>'
    head = f"<tr><th>{escape(text('page_adjudication.criterion'))}</th>{labels}</tr>"
    rows = "".join(_row(each, view.reads, own=own) for each in criteria)
    levels = "".join(f"<td><strong>{escape(_level(level))}</strong></td>" for level in view.levels)
    blank = "<td></td>" if own else ""
    foot = f"<tr><th>{escape(text('page_adjudication.level_of'))}</th>{levels}{blank}</tr>"
    return f'<table class="ru"><thead>{head}</thead><tbody>{rows}{foot}</tbody></table>'


def _level(level: Level | None) -> str:
    return text(f"level.{level}") if level else text("page_adjudication.unknown_level")


def _row(criterion: RulingCriterion, labels: Sequence[str], *, own: bool) -> str:
    """Markup of one criterion: its marks beside each other, and over their whole width what was said."""
    due = text("page_adjudication.open") if criterion.open else ""
    level = text(f"level.{criterion.level}")
    marks = "".join(f"<td>{_mark(mark)}</td>" for mark in criterion.marks)
    if own:
        marks += f'<td class="own">{_mark(GivenMark(criterion.own, ""))}</td>'
    head = (
        f'<span class="id">{escape(criterion.criterion_id)} {escape(level)}</span>'
        f'<span class="due">{escape(due)}</span><br>{escape(criterion.words)}'
    )
    kind = "open" if criterion.open else ""
    said = "".join(
        _said(label, mark)
        for label, mark in zip(labels, criterion.marks, strict=True)
        if mark.comment or mark.places
    )
    wide = 1 + len(criterion.marks) + own
    below = f'<tr class="{kind}"><td colspan="{wide}">{said}</td></tr>' if said else ""
    return f'<tr class="{kind}"><td>{head}</td>{marks}</tr>{below}'


def _said(label: str, mark: GivenMark) -> str:
    """Whose words they are, the words, and the places they name."""
    places = "".join(f'<span class="at">{escape(place)}</span>' for place in mark.places)
    return f'<span class="said"><b>{escape(label)}</b>　{escape(mark.comment)} {places}</span>'


def _mark(mark: GivenMark) -> str:
    """Mark in words with its sign."""
    if mark.met is None:
        word = "unsure" if mark.comment else "unmarked"
        return escape(text(f"page_adjudication.{word}"))
    kind, sign = ("met", "✓") if mark.met else ("unmet", "✗")
    return f'<span class="{kind}">{sign} {escape(text(f"page_adjudication.{kind}"))}</span>'


def _form(here: session.Session, view: RulingView) -> None:
    ruled = [each for each in view.criteria if each.may]
    free = not any(each.open for each in ruled)
    st.markdown(f"**{text('page_adjudication.rule')}**")
    if free:
        st.caption(text("page_adjudication.free"))
    known = reasons(here.workspace)
    with st.form(f"ruling_{view.piece_id}", border=True):
        for each in ruled:
            _one(view.piece_id, each, known, free=free)
        st.checkbox(text("precedents.page.save_too"), key=f"ruling_keep_{view.piece_id}")
        st.form_submit_button(
            text("page_adjudication.submit"),
            type="primary",
            key=f"ruling_send_{view.piece_id}",
            on_click=_rule,
            args=(view.piece_id, [each.criterion_id for each in ruled]),
        )


def _one(piece_id: str, each: RulingCriterion, known: dict[str, str], *, free: bool) -> None:
    """Draw the ruling on one criterion: met or not, the kind of its reason, and the words."""
    name = each.criterion_id
    said = text("page_adjudication.ruling_of", criterion=name, words=each.words)
    st.markdown(f"**{said}**")
    met, kind = st.columns([5, 6], vertical_alignment="center")
    met.radio(
        said,
        (None, 1, 0) if free else (1, 0),
        format_func=_choice,
        horizontal=True,
        index=0 if free else None,
        label_visibility="collapsed",
        key=f"ruling_{piece_id}_{name}",
    )
    kind.selectbox(
        text("page_adjudication.code"),
        list(known),
        format_func=lambda key: known[key],
        index=None,
        placeholder=text("page_adjudication.code"),
        label_visibility="collapsed",
        key=f"ruling_code_{piece_id}_{name}",
    )
    st.text_area(
        text("page_adjudication.reason"),
        height=68,
        placeholder=text("page_adjudication.reason"),
        label_visibility="collapsed",
        key=f"ruling_reason_{piece_id}_{name}",
    )


def _choice(met: int | None) -> str:
    word = "keep" if met is None else ("met" if met else "unmet")
    return text(f"page_adjudication.{word}")


def _rule(piece_id: str, criteria: Sequence[str]) -> None:
    """Rule as the form says; who is told that it is not due has been forestalled by another chair."""

    def act() -> str:
        here, kept = session.current(), st.session_state
        given: dict[str, tuple[int, str]] = {}
        codes: dict[str, str] = {}
        for name in criteria:
            met = kept[f"ruling_{piece_id}_{name}"]
            if met is None:
                continue
            given[name] = (int(met), kept[f"ruling_reason_{piece_id}_{name}"])
            if code := kept[f"ruling_code_{piece_id}_{name}"]:
                codes[name] = code
        keeps, opened_at = kept[f"ruling_keep_{piece_id}"], kept.get(f"ruling_opened_{piece_id}")
        try:
            rule(here.workspace, piece_id, given, here.act(), opened_at, codes)
        except RefusedError:
            if not has_ruled(here.workspace, here.person_id, piece_id):
                raise  # else it is the second of two quick clicks
        said = text("page_adjudication.done", piece=piece_id)
        if keeps:
            saved = save_after_ruling(here.workspace, piece_id, list(given), here.act())
            said += " " + text("precedents.page.saved_too", count=len(saved))
        return said

    session.attempt(act)
