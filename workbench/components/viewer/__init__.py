"""The evidence viewer: what the desk and the case pages show a piece in.

``viewer`` draws it as a component of its own; a component that has more to show
takes ``viewer_js`` and ``viewer_css`` in and calls ``mountViewer`` itself.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import streamlit as st

from workbench.components.scripts import Script, script_of
from workbench.messages import catalogue, language

_FOLDER = resources.files(__name__)
_SCRIPTS = ("elements", "pages", "media", "reading", "viewer")
_NAME = "workbench_viewer"
_PREFIX = "viewer.word."
_MOUNT = """
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".wv-root");
  root.style.height = `${data.height}px`;
  if (!root.mounted) {
    root.mounted = mountViewer(root, data.parts, {
      words: data.words,
      onMark: (event) => setTriggerValue("marked", event),
    });
  } else {
    root.mounted.update(data.parts);
  }
}
"""


def viewer(parts: list[dict[str, Any]], key: str, height: int = 720) -> dict[str, Any] | None:
    """Draw the parts of a piece; a moment just marked in a video, or None.

    Parameters
    ----------
    parts : list of dict
        From ``services.viewing.parts_of``.
    key : str
        Of the widget; another key for another piece.
    height : int
        Pixels.

    Returns
    -------
    dict or None
        ``part`` (place in the list, from 0) and ``t`` (seconds).
    """
    data = {"parts": parts, "words": viewer_words(), "height": height}
    found = _component()(key=key, data=data, height=height, on_marked_change=_noted)
    marked: dict[str, Any] | None = found.marked
    return marked


def viewer_words() -> dict[str, str]:
    """Words on the viewer's buttons, in the language of the session; not to be changed."""
    return _words(language())


@cache
def _words(in_language: str) -> dict[str, str]:
    known = catalogue(in_language)
    return {k.removeprefix(_PREFIX): words for k, words in known.items() if k.startswith(_PREFIX)}


@cache
def viewer_js() -> str:
    """Module that declares ``mountViewer``, and nothing else: its files share one scope."""
    scripts = [(_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join(["export const mountViewer = (() => {", *scripts, "return mount;", "})();\n"])


@cache
def viewer_css() -> str:
    """Styles of the viewer; every class begins with ``wv-``."""
    return (_FOLDER / "viewer.css").read_text(encoding="utf-8")


@cache
def viewer_script() -> Script:
    """Everything a browser runs for the viewer as a component of its own."""
    return script_of(_NAME, viewer_css(), viewer_js() + _MOUNT)


@cache
def _component() -> Any:
    html = '<div class="wv-root"></div>'
    return st.components.v2.component(_NAME, html=html, js=viewer_script().loader)


def _noted() -> None:
    """Take note of a mark: the rerun it causes reads it."""
