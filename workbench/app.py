"""The pages: the navigation a person's roles give, and nothing beyond it."""

from __future__ import annotations

import streamlit as st

from workbench import navigation, session
from workbench.app_frame import draw_frame, page_of
from workbench.messages import text


def _first() -> None:
    if first:
        st.switch_page(first[0])
    st.error(text("server.nothing_yet" if here.roles else "server.no_role"))


here = session.begin()
st.set_page_config(page_title=text("page.title"), layout="wide")
open_to = navigation.sections(here.roles)
sections = {s: [page_of(e, shown=True) for e in es] for s, es in open_to.items()}
offered = {entry for entries in open_to.values() for entry in entries}
landing = navigation.landing(here.roles)
first = [
    page for s in open_to for e, page in zip(open_to[s], sections[s], strict=True) if e == landing
]
rest = [page_of(entry, shown=False) for entry in navigation.entries() if entry not in offered]
rest.append(st.Page(_first, title=text("page.title"), default=True, visibility="hidden"))
titled = {text(f"menu.{s}") if s else "": pages for s, pages in sections.items()}
chosen = st.navigation({**titled, "": [*titled.get("", ()), *rest]}, position="top")
draw_frame(here, chosen.url_path)
chosen.run()
