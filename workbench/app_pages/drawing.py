"""What several pages draw alike: tables by the page, exports, words after an act, evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import streamlit as st

from rubrics.errors import WorkbenchError
from workbench import session
from workbench.components.viewer import viewer
from workbench.context import CHINA
from workbench.messages import explain, text
from workbench.services.recent_views import CHEAP_S, Seen
from workbench.services.viewing import parts_of

V = TypeVar("V")
A_PAGE = 100
_ROW, _HEAD, _MOST_HEIGHT = 35, 38, 560

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
SKY, VERMILION, GREY = "#56B4E9", "#D55E00", "#8A8F98"
"""Okabe and Ito's colours; grey is the usual, vermilion asks somebody to act."""


@contextmanager
def faults_told() -> Iterator[None]:
    """Say an expected fault in words where it happens; the rest of the page goes on."""
    try:
        yield
    except WorkbenchError as error:
        st.error(explain(error))


def say(words: str) -> None:
    """Keep words to be said when the page is drawn anew."""
    st.session_state["page_said"] = words


def told() -> None:
    """Say what the last act came to, once; its place is kept, or tabs would fall back to the first."""
    place = st.container()
    if words := st.session_state.pop("page_said", ""):
        place.success(words)


def as_of(here: session.Session, seen: Seen[V]) -> V:
    """Return a view; where it may lag behind, say as of when it stands, with a way to draw it anew."""
    if seen.cpu_s > CHEAP_S:
        said = "as_of" if seen.version == here.version else "as_of_before"
        with st.container(horizontal=True, vertical_alignment="center"):
            at = f"{seen.at.astimezone(CHINA):%H:%M:%S}"
            st.caption(text(f"drawing.{said}", at=at), width="content")
            label = text("drawing.look_anew")
            st.button(label, type="tertiary", on_click=session.look_anew, key="look_anew")
    return seen.value


def percent(value: float | None) -> str:
    """Share in words: a percentage, or 数据不足 where it is unknown.

    >>> percent(0.664)
    '66%'
    """
    return text("drawing.too_few") if value is None else f"{value:.0%}"


def signed(value: float | None) -> str:
    """Difference of shares with its sign, or 数据不足 where it is unknown.

    >>> signed(-0.25)
    '-25.0%'
    """
    return text("drawing.too_few") if value is None else f"{value:+.1%}"


def coefficient(value: float | None) -> str:
    """Coefficient with two decimals, or 数据不足 where it is unknown."""
    return text("drawing.too_few") if value is None else f"{value:.2f}"


def moment(at: str) -> str:
    """Write a stored UTC time as people in China read it; empty where there is none.

    >>> moment("2026-11-20T18:30:00Z")
    '2026-11-21 02:30'
    """
    return f"{datetime.fromisoformat(at).astimezone(CHINA):%Y-%m-%d %H:%M}" if at else ""


def table(
    rows: Sequence[Mapping[str, Any]],
    headings: Mapping[str, str],
    key: str,
    config: Mapping[str, Any] | None = None,
    *,
    select: bool = False,
    most: int = _MOST_HEIGHT,
) -> int | None:
    """Draw rows a hundred at a time, at most so many pixels high; place of the row selected, or None.

    ``headings`` are the columns in their order with their words; ``config``
    replaces the words of a column by a column of its own kind.
    """
    number = 1
    if len(rows) > A_PAGE:
        number = st.pagination(-(-len(rows) // A_PAGE), key=f"{key}_page")
    start = (number - 1) * A_PAGE
    shown = rows[start : start + A_PAGE]
    made: Any = st.dataframe(
        [{name: row[name] for name in headings} for row in shown],
        column_config={**headings, **(config or {})},
        hide_index=True,
        height=min(_HEAD + _ROW * len(shown), most),
        on_select="rerun" if select else "ignore",
        selection_mode="single-row",
        key=key,
    )
    chosen = made.selection.rows if select else []
    return start + chosen[0] if chosen and chosen[0] < len(shown) else None


def choose_file_said(words: str) -> None:
    """Put own words on the button of the upload field drawn after: Streamlit has English only."""
    field = "[data-testid=stFileUploaderDropzone]"
    st.html(
        f"<style>{field} button :not([data-testid=stIconMaterial]) {{ font-size: 0; }}"
        f'{field} button::after {{ content: "{words}"; font-size: .875rem; }}'
        "[data-testid=stFileUploaderDropzoneInstructions] { display: none; }</style>"
    )


def worded(
    rows: Sequence[Mapping[str, Any]], words: Mapping[str, Callable[[Any], str]]
) -> list[dict[str, Any]]:
    """Rows with the columns named put into words, so that what is unknown says so."""
    return [{**row, **{name: say(row[name]) for name, say in words.items()}} for row in rows]


def share_bar(heading: str) -> Any:
    """Column of shares from 0 to 1 as bars."""
    return st.column_config.ProgressColumn(heading, format="percent", min_value=0, max_value=1)


def export(
    rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], name: str, key: str
) -> None:
    """Offer rows as a CSV file that spreadsheets open with its Chinese intact."""
    st.download_button(
        text("drawing.export"),
        csv_table(rows, headings),
        file_name=f"{name}.csv",
        mime="text/csv",
        on_click="ignore",
        key=key,
    )


def csv_table(rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str]) -> bytes:
    """Rows under the words of their columns, as CSV with a byte-order mark; unknown is empty.

    >>> csv_table([{"a": 1, "b": None}], {"a": "甲", "b": "乙"}).decode("utf-8-sig").split()
    ['甲,乙', '1,']
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings.values())
    writer.writerows([_plain(row[name]) for name in headings] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(value: object) -> object:
    """Cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value


def data_below(
    rows: Sequence[Mapping[str, Any]],
    headings: Mapping[str, str],
    name: str,
    words: Mapping[str, Callable[[Any], str]],
) -> None:
    """Draw the numbers behind a chart in a fold, with their export; ``words`` are as in `worded`."""
    with st.expander(text("drawing.data")):
        table(worded(rows, words), headings, f"{name}_table")
        export(rows, headings, name, f"{name}_export")


def evidence(here: session.Session, piece_id: str, key: str, height: int) -> None:
    """Draw the masked copy of a piece, or say why it cannot be seen."""
    try:
        parts = here.read(parts_of, here.person_id, piece_id)
    except WorkbenchError as error:
        st.info(explain(error))
    except LookupError:
        st.info(text("drawing.no_evidence"))
    else:
        if parts:
            viewer(parts, f"{key}_{piece_id}", height)
        else:
            st.info(text("drawing.no_evidence"))
