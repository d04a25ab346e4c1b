"""评分台: one piece after another, read and marked without leaving the page."""

from __future__ import annotations

import streamlit as st

from workbench import session
from workbench.components.desk.mount import KEY, desk
from workbench.errors import RefusedError
from workbench.messages import explain, text
from workbench.services.desk import open_piece
from workbench.services.desk_view import words
from workbench.services.phrases import phrases

_VISIT = "desk_visit"
_STYLE = """
<style>
.stMainBlockContainer { padding: 4.1rem 1rem 0; max-width: none; }
.stMain { overflow: hidden; }
.stVerticalBlock { gap: 0; }
</style>
"""


def draw() -> None:
    """Draw the desk with the piece of the address, or the one to go on with."""
    here = session.current()
    st.html(_STYLE)
    try:
        asked = st.query_params.get("piece", "")
        view = open_piece(here.workspace, here.person_id, asked, session.moment())
    except RefusedError as error:
        _refused(error)
        return
    if view is None:
        st.info(text("desk.nothing"))
        return
    if view["piece"] and view["piece"] != asked:
        st.query_params["piece"] = view["piece"]  # so that a refresh comes back to it
    data = {
        "view": view,
        "words": words(),
        "phrases": phrases(here.workspace, here.person_id),
        "visit": st.session_state.get(_VISIT, 0),
    }
    desk(data, _go)


def _go() -> None:
    """Turn to the piece the desk asks for; without one, to whatever is to be done next."""
    wanted = (st.session_state[KEY].get("go") or {}).get("piece", "")
    st.session_state[_VISIT] = st.session_state.get(_VISIT, 0) + 1
    if wanted:
        st.query_params["piece"] = wanted
    else:
        st.query_params.pop("piece", None)


def _refused(error: RefusedError) -> None:
    st.warning(explain(error))
    if error.key.startswith("calibration."):
        if st.button(text("desk.to_calibration"), type="primary"):
            page = st.Page(lambda: None, title=text("page.calibration"), url_path="calibration")
            st.switch_page(page)
    elif error.key == "adjudication.mark_first":
        if st.button(text("page_adjudication.to_room"), type="primary"):
            page = st.Page(lambda: None, title=text("page.adjudication"), url_path="adjudication")
            st.switch_page(page, query_params={"piece": str(error.values.get("piece", ""))})
    elif st.button(text("desk.go_on"), type="primary"):
        st.query_params.pop("piece", None)
        st.rerun()
