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
sections = {text(f"role.{r}"): [page_of(e, shown=True) for e in es] for r, es in open_to.items()}
offered = [page for pages in sections.values() for page in pages]
first = offered[:1]
shown = {entry for entries in open_to.values() for entry in entries}
rest = [page_of(entry, shown=False) for entry in navigation.entries() if entry not in shown]
rest.append(st.Page(_first, title=text("page.title"), default=True, visibility="hidden"))
pages = {**sections, "": rest} if len(sections) > 1 else [*offered, *rest]
chosen = st.navigation(pages, position="top")
draw_frame(here, chosen.url_path)
chosen.run()
