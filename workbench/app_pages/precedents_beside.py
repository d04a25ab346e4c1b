"""Precedents beside a piece in 仲裁室: the nearest rulings on each contested criterion, in a fold."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import faults_told
from workbench.app_pages.precedents import precedent_card, style
from workbench.messages import text
from workbench.services.precedent_search import nearest


def draw_beside(here: session.Session, piece_id: str, criteria: Sequence[str]) -> None:
    """Draw the nearest precedents of each criterion, with the words that make them near."""
    with faults_told(), st.expander(text("precedents.page.beside")):
        st.html(style())
        for criterion in criteria:
            st.markdown(f"**{text('precedents.page.beside_of', criterion=criterion)}**")
            found = nearest(here.workspace, here.person_id, piece_id, criterion)
            if not found:
                st.caption(text("precedents.page.beside_none"))
            for each in found:
                words = " ".join(each.words)
                st.html(precedent_card(each.precedent, words))
                notes = [text("precedents.page.near", words="、".join(each.words))] * bool(words)
                if not each.same:
                    other = each.precedent.criterion_id
                    notes.append(text("precedents.page.other_criterion", criterion=other))
                if notes:
                    st.caption("　".join(notes))
