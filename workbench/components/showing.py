"""What many pages show alike: paged tables, downloads, what was done, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import streamlit as st

from rubrics.errors import WorkbenchError
from workbench.context import CHINA
from workbench.messages import explain, text
from workbench.services.roles import ALLOWED

_Here = TypeVar("_Here")

A_PAGE = 50
_DONE = "what_was_done"
_HEAD_PX, _ROW_PX = 38, 35


@contextmanager
def telling() -> Iterator[None]:
    """Say an expected error in a sentence where it came up; the rest of the page stays."""
    try:
        yield
    except WorkbenchError as error:
        st.error(explain(error))


def done(sentence: str) -> None:
    """Keep what was done for the next run, and run the page anew."""
    st.session_state[_DONE] = sentence
    st.rerun()


def say_what_was_done() -> None:
    """Say once what the run before did.

    Its place is always kept, so that what follows stays the same to the browser: tabs would
    otherwise fall back to the first.
    """
    place = st.container()
    sentence = st.session_state.pop(_DONE, "")
    if sentence:
        place.success(sentence)


def in_tabs(page: str, parts: Mapping[str, Callable[[_Here], None]], here: _Here) -> None:
    """Draw a page's title and introduction, what was done, and each part in a tab of its own.

    An error stays in its tab.

    Parameters
    ----------
    page
        Name of the page, which its sentences begin with.
    parts
        What draws each part, by the name of its tab.
    here
        What each part is drawn for.
    """
    st.title(text(f"page.{page}"))
    st.write(text(f"page_{page}.intro"))
    say_what_was_done()
    tabs = st.tabs([text(f"page_{page}.tab.{name}") for name in parts])
    for tab, part in zip(tabs, parts.values(), strict=True):
        with tab, telling():
            part(here)


def may(roles: Collection[str], action: str) -> bool:
    """Whether a page offers an act to these roles; the service that does it asks again."""
    return any(role in ALLOWED[action] for role in roles)


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any],
    key: str,
    *,
    select: bool = False,
    most_rows: int = A_PAGE,
) -> Mapping[str, Any] | None:
    """Draw rows page by page; the row selected, if any.

    Parameters
    ----------
    rows : sequence of mappings
        Shown values by column.
    columns : mapping
        Heading, or configuration, of each column in the order shown.
    key : str
        Names the table on its page.
    select : bool
        Whether one row may be selected.
    most_rows : int
        Rows of one page.
    """
    pages = max(1, -(-len(rows) // most_rows))
    number = min(int(st.session_state.get(f"{key}_page", 1)), pages)
    shown = rows[(number - 1) * most_rows : number * most_rows]
    told: Any = st.dataframe(
        [{name: row.get(name) for name in columns} for row in shown],
        column_config=dict(columns),
        column_order=list(columns),
        hide_index=True,
        height=min(_HEAD_PX + _ROW_PX * len(shown), _HEAD_PX + _ROW_PX * 12),
        on_select="rerun" if select else "ignore",
        selection_mode="single-row",
        key=f"{key}_{number}_{len(rows)}",
    )
    if pages > 1:
        count, turning = st.columns([1, 3], vertical_alignment="center")
        count.caption(text("showing.count", count=len(rows)))
        with turning:
            st.pagination(pages, key=f"{key}_page")
    chosen = told.selection.rows if select else []
    return shown[chosen[0]] if chosen and chosen[0] < len(shown) else None


def download(
    label: str, kind: str, name: str, *, width: Literal["content", "stretch"] = "content"
) -> None:
    """Draw a link to a file of ``exports``; the route asks again who may have it."""
    st.link_button(label, address(kind, name), icon=":material/download:", width=width)


def address(kind: str, name: str) -> str:
    """Address of a file of ``exports``."""
    return f"/download/{kind}/{quote(name)}"


def moment(at: str) -> str:
    """Write a stored UTC time as people in China read it; empty where there is none."""
    return f"{datetime.fromisoformat(at).astimezone(CHINA):%Y-%m-%d %H:%M}" if at else ""


def subject(code: str, name: str = "") -> str:
    """Code and name of a competency, or the word for the conclusion."""
    return f"{code} {name}".strip() or text("results.conclusion")


def level(value: object) -> str:
    """Level in words; empty where there is none."""
    return text(f"level.{value}") if value else ""
