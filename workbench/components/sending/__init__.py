"""The box a file is sent from: past Streamlit, straight to our own route and to disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.messages import text

_WORDS = ("choose", "send", "none", "sending", "sent", "broken")


@cache
def _box() -> Any:
    here = Path(__file__).parent
    html, css, js = (
        (here / f"box.{ending}").read_text(encoding="utf-8") for ending in ("html", "css", "js")
    )
    return st.components.v2.component("workbench.sending", html=html, css=css, js=js)


def send_box(key: str, endings: Sequence[str]) -> str:
    """Draw the box; the identifier of the upload in the run after a file was sent, else empty.

    Parameters
    ----------
    key : str
        Names the box on its page.
    endings : sequence of str
        What a file's name must end in, with the dot.
    """
    words = {name: text(f"sending.{name}") for name in _WORDS}
    words["form"] = text("sending.form", forms="、".join(endings))
    data = {"endings": list(endings), "words": words}
    answer = _box()(key=key, data=data, on_sent_change=lambda: None)
    sent = answer.get("sent") if answer else None
    return str(sent["upload"]) if sent else ""
