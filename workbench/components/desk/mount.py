"""The score desk as a component: styles and scripts of its folder, and the evidence viewer in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import streamlit as st

from workbench.components.scripts import Script, script_of
from workbench.components.viewer import viewer_css, viewer_js, viewer_words

NAME = "score_desk"
KEY = "desk"
_FOLDER = resources.files(__name__.rpartition(".")[0])
_SCRIPTS = tuple(
    f"{name}.js"
    for name in (
        *("marks", "sheet", "full", "precedents", "active", "keeping", "turning"),
        *("places", "boxes", "leaving", "keys", "frame", "desk"),
    )
)
"""In the order they build on each other."""


def desk(data: Mapping[str, Any], on_go: Callable[[], None]) -> None:
    """Mount the desk; ``on_go`` is called when it asks for another piece.

    Parameters
    ----------
    data : mapping
        ``view`` (see ``services.desk.open_piece``), ``words``, ``phrases`` and
        ``visit``, a number that is raised for the desk to be built anew.
    on_go : callable
        The piece asked for stands in ``st.session_state[KEY]["go"]["piece"]``.
    """
    given = {**data, "viewer_words": viewer_words()}
    _component()(key=KEY, data=given, on_go_change=on_go)


@cache
def desk_script() -> Script:
    """Everything a browser runs for the desk."""
    scripts = [(_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    style = (_FOLDER / "desk.css").read_text(encoding="utf-8")
    return script_of(NAME, viewer_css() + style, "\n".join([viewer_js(), *scripts]))


@cache
def _component() -> Any:
    return st.components.v2.component(NAME, js=desk_script().loader)
