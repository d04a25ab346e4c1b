"""Pages opened alone, as somebody, at the time ``AT`` of the module of tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from streamlit.testing.v1 import AppTest

from workbench import messages, session
from workbench.services import acting


def draw_page(name: str) -> None:
    """Script of one page; it stands alone, as Streamlit runs its text."""
    import importlib

    import streamlit as st

    from workbench.session import what_was_said

    kind, said = what_was_said()  # what the app draws above every page
    if said:
        (st.success if kind == "done" else st.error)(said)
    importlib.import_module(f"workbench.app_pages.{name}").draw()


@pytest.fixture
def clock(request, monkeypatch) -> dict[str, datetime]:
    """Time of the pages, ``clock["now"]``; tests may move it."""
    told = {"now": request.module.AT}
    monkeypatch.setattr(session, "now", lambda: told["now"])
    return told


@pytest.fixture
def open_page(workspace, clock, monkeypatch) -> Callable[..., AppTest]:
    """Open a page of the module's ``workspace``: ``open_page(name, person_id, language, **query)``."""

    def opened(name: str, person_id: str, language: str = "zh", **query: str) -> AppTest:
        def signed_in() -> session.Session:
            messages.use_language(language)
            person, versions = acting.standing(workspace, person_id)
            return session.Session(
                workspace, person_id, person.name, person.roles, person.school_id, person.place,
                language, versions, "s",
            )  # fmt: skip

        monkeypatch.setattr(session, "current", signed_in)
        page = AppTest.from_function(draw_page, args=(name,), default_timeout=120)
        for key, value in query.items():
            page.query_params[key] = value
        return page.run()

    return opened
