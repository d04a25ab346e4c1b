"""Exhibits of a case, drawn side by side: texts with what they share marked, frame strips, the pieces."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from workbench import session
from workbench.app_pages.case_copies import offer_copies
from workbench.app_pages.case_strips import draw_strips
from workbench.app_pages.drawing import evidence
from workbench.messages import text
from workbench.services.blinding import copies_lacking
from workbench.services.case_text import COPIED, CUT, FORM, Stretch, shortened
from workbench.services.case_view import CasePiece, CaseView

_VIEWER_HEIGHT = 520
_STYLE = """
<style>
.ex-both { display: grid; gap: 1rem; }
.ex-both.two { grid-template-columns: 1fr 1fr; }
.ex-side { border: 1px solid #d5dbe1; border-radius: 6px; display: flex; flex-direction: column;
  max-height: 460px; min-width: 0; }
.ex-side h4 { font-size: .9rem; margin: 0; padding: .5rem .8rem; background: #f3f5f7;
  border-bottom: 1px solid #d5dbe1; border-radius: 6px 6px 0 0; }
.ex-side h4 small { color: #5b6875; font-weight: 400; margin-left: .6rem; }
.ex-text { padding: .7rem .8rem; overflow: auto; white-space: pre-wrap; line-height: 1.75;
  font-size: .95rem; overflow-wrap: anywhere; }
.ex-text mark { background: #fdf0b5; color: inherit; text-decoration: underline;
  text-decoration-color: #b36b00; text-decoration-thickness: 2px; text-underline-offset: 3px; }
.ex-text sup { color: #8a4b00; font-weight: 700; margin-right: 1px; text-decoration: none; }
.ex-text .form { color: #767d85; }
.ex-text .cut { display: block; color: #5b6875; font-size: .8rem; text-align: center;
  border-top: 1px dashed #c3cad1; margin: .35rem 0; }
</style>
"""


def draw_exhibits(here: session.Session, view: CaseView) -> None:
    """Draw what the pieces of a case have in common, and the pieces themselves."""
    st.subheader(text("page_holds.exhibits"))
    if view.of_films and view.pieces:
        draw_strips(here, view, {each.piece_id: _head(each) for each in view.pieces})
    if view.exhibits.shown and view.texts:
        shown = "、".join(view.exhibits.shown)
        st.write(text("page_holds.shared", shown=shown))
    if view.texts:
        _texts(view)
        if st.toggle(text("page_holds.pages"), key=f"pages_{view.case['hold_id']}"):
            _pages(here, view)
    elif view.pieces:
        _pages(here, view)
    else:
        st.info(text("page_holds.no_exhibit"))


def _texts(view: CaseView) -> None:
    both = len(view.texts) == 2
    note, choice = st.columns([5, 1], vertical_alignment="center")
    note.caption(text("page_holds.legend" if both else "page_holds.legend_form"))
    whole = both and choice.toggle(text("page_holds.full"), key=f"full_{view.case['hold_id']}")
    sides = [
        _side(piece, stretches if whole or not both else shortened(stretches))
        for piece, stretches in zip(view.pieces, view.texts, strict=True)
    ]
    kind = "ex-both two" if both else "ex-both"
    st.html(_STYLE)
    st.html(f'<div class="{kind}">{"".join(sides)}</div>')


def _side(piece: CasePiece, stretches: Sequence[Stretch]) -> str:
    words = "".join(map(_stretch, stretches))
    return f'<div class="ex-side"><h4>{_head(piece)}</h4><div class="ex-text">{words}</div></div>'


def _head(piece: CasePiece) -> str:
    whose = text("page_holds.own" if piece.own else "page_holds.other")
    day = text("page_holds.submitted", day=piece.submitted_on) if piece.submitted_on else ""
    return f"{escape(whose)}：{escape(piece.label)}<small>　{escape(day)}</small>"


def _stretch(each: Stretch) -> str:
    """Markup of one stretch; every word of a teacher is escaped."""
    words = escape(each.words)
    if each.kind == COPIED:
        return f"<mark><sup>{each.run}</sup>{words}</mark>"
    if each.kind == FORM:
        return f'<span class="form">{words}</span>'
    if each.kind == CUT:
        return f'<span class="cut">{escape(text("page_holds.cut", count=each.left_out))}</span>'
    return words


def _pages(here: session.Session, view: CaseView) -> None:
    """Draw the pieces themselves beside each other: pages, pictures or films."""
    lacking = here.read(copies_lacking, tuple(each.piece_id for each in view.pieces))
    offer_copies(here, tuple(lacking))
    if all(lacking.get(each.piece_id) for each in view.pieces):
        return
    for place, piece in zip(st.columns(len(view.pieces)), view.pieces, strict=True):
        with place:
            st.html(f"<strong>{_head(piece)}</strong>")
            key = f"case_{view.case['hold_id']}"
            evidence(here, piece.piece_id, key, _VIEWER_HEIGHT)
