"""仲裁室: pieces that wait for a ruling, marked blind first; back-reading; recalls and pieces left."""

from __future__ import annotations

import streamlit as st

from workbench import session
from workbench.app_pages import back_reading, loose_ends, ruling
from workbench.app_pages.drawing import faults_told, told
from workbench.messages import text

_VIEWS = {
    "rulings": ruling.draw_rulings,
    "back": back_reading.draw_back_reading,
    "ends": loose_ends.draw_loose_ends,
}
_STYLE = """
<style>
.stMainBlockContainer { padding-top: 3.4rem; padding-bottom: .5rem; }
</style>
"""


def draw() -> None:
    """Draw the view chosen; the address may name it (``view``)."""
    here = session.current()
    st.html(_STYLE)
    head, choice = st.columns([2, 3], vertical_alignment="center")
    head.title(text("page.adjudication"))
    asked = st.query_params.get("view", "rulings")
    with choice:
        view = st.segmented_control(
            text("page_adjudication.view"),
            tuple(_VIEWS),
            default=asked if asked in _VIEWS else "rulings",
            required=True,
            format_func=lambda name: text(f"page_adjudication.views.{name}"),
            label_visibility="collapsed",
            key="adjudication_view",
        )
    told()
    with faults_told():
        _VIEWS[view or "rulings"](here)
