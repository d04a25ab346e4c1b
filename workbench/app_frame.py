"""What stands on every page: the look, who is signed in, language and sign-out."""

from __future__ import annotations

import importlib
from html import escape
from urllib.parse import quote, urlencode

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from workbench.messages import sentence, text
from workbench.navigation import Entry
from workbench.session import Session, current, what_was_said

_STYLE = """
<style>
.stAppHeader { border-bottom: 1px solid #d5dbe1; }
.stAppHeader [data-testid="stToolbar"] { padding-right: 21rem; }
.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 2rem; }
.stMainBlockContainer h1 { font-size: 1.6rem; padding: .25rem 0 .5rem; }
.stMainBlockContainer h3 { font-size: 1.15rem; }
.stMainBlockContainer .stElementContainer:has(> .stHtml style) { position: absolute; }
.st-key-who { position: fixed; top: 1.05rem; right: 1.25rem; width: auto !important; z-index: 999999;
  pointer-events: none; }
.st-key-who .who { display: flex; gap: 1rem; align-items: baseline; font-size: .9rem; color: #5b6875;
  white-space: nowrap; pointer-events: auto; }
.st-key-who .who strong { color: #1f2933; font-weight: 600; }
.st-key-who .who a { color: #0b5394; text-decoration: none; }
.st-key-who .who a:hover, .st-key-who .who a:focus-visible { text-decoration: underline; }
:focus-visible { outline: 2px solid #7fb2e5 !important; outline-offset: 1px; box-shadow: none !important; }
</style>
"""


def page_of(entry: Entry, *, shown: bool) -> StreamlitPage:
    """Page of an entry; one whose address is typed by hand is refused as its service would."""

    def draw() -> None:
        if entry.is_for(current().roles):
            importlib.import_module(entry.module).draw()
        else:
            st.error(text("server.page_refused"))

    return st.Page(
        draw,
        title=text(entry.title_key),
        url_path=entry.name,
        visibility="visible" if shown else "hidden",
    )


def draw_frame(here: Session, address: str) -> None:
    """Draw the look of the pages, who is signed in, and what came of the last click.

    ``address`` is that of the page, to which a change of language returns.
    """
    st.html(_STYLE)
    with st.container(key="who"):
        st.html(_who(here, address))
    place = st.container()  # always there: what follows stays the same to the browser, tabs too
    kind, said = what_was_said()
    if said:
        (place.success if kind == "done" else place.error)(said)


def _who(here: Session, address: str) -> str:
    roles = "、".join(text(f"role.{role}") for role in here.roles)
    other = "en" if here.language == "zh" else "zh"
    asked = urlencode(st.query_params.to_dict())
    back = quote(f"/{address}" + (f"?{asked}" if asked else ""), safe="")
    return (
        f'<div class="who"><span>{escape(here.workspace.place)}</span>'
        f"<span><strong>{escape(here.name)}</strong>　{escape(roles)}</span>"
        f'<a href="/language/{other}?next={back}" target="_self">'
        f"{sentence(other, 'page.language')}</a>"
        f'<a href="/signout" target="_self">{escape(text("page.sign_out"))}</a></div>'
    )
