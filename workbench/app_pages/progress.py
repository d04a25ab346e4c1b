"""进度: how far the reading is, school by school and rater by rater, and whom to remind."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import export, faults_told, moment, percent, share_bar, table
from workbench.messages import text
from workbench.services.progress import Progress, progress_of, reminder

_SCHOOL = "school pieces settled settled_share awaiting_blind awaiting_third awaiting_ruling"
_RATER = "name rater_id school assigned read left read_share median_minutes last_at"


def draw() -> None:
    """Draw the counts, the schools, the raters and the reminder."""
    here = session.current()
    st.title(text("page.progress"))
    with faults_told():
        found = here.read(progress_of, here.person_id)
        st.caption(text("page_progress.intro", round=here.workspace.round_name))
        if not found.schools:
            st.info(text("page_progress.none"))
            return
        _counts(found)
        _schools(found)
        _raters(found, here.workspace.round_name)


def _counts(found: Progress) -> None:
    total = found.total
    shown: dict[str, int | str] = {
        "pieces": total.pieces,
        "settled": percent(total.settled_share),
        "blind": total.awaiting_blind,
        "third": total.awaiting_third,
        "ruling": total.awaiting_ruling,
        "behind": len(found.behind),
    }
    for place, (name, value) in zip(st.columns(len(shown)), shown.items(), strict=True):
        place.metric(text(f"page_progress.metric.{name}"), value, border=True)


def _schools(found: Progress) -> None:
    st.subheader(text("page_progress.schools"))
    headings = _headings(_SCHOOL)
    bars = {"settled_share": share_bar(headings["settled_share"])}
    rows = [{**asdict(r), "settled_share": _whole(r.settled_share)} for r in found.schools]
    table(rows, headings, "progress_schools", bars)
    if found.left_out:
        st.caption(text("page_progress.left_out", count=found.left_out))


def _raters(found: Progress, round_name: str) -> None:
    st.subheader(text("page_progress.raters"))
    if not found.raters:
        st.info(text("page_progress.no_raters"))
        return
    headings = _headings(_RATER)
    bars = {
        "read_share": share_bar(headings["read_share"]),
    }
    rows = [
        {
            **asdict(row),
            "read_share": _whole(row.read_share),
            "median_minutes": _minutes(row.median_minutes),
            "last_at": moment(row.last_at),
        }
        for row in found.raters
    ]
    table(rows, headings, "progress_raters", bars)
    note, offer = st.columns([5, 1], vertical_alignment="center")
    note.caption(text("page_progress.too_few_times"))
    with offer:
        export(rows, headings, "progress", "progress_export")
    st.subheader(text("page_progress.remind"))
    if words := reminder(found, round_name):
        st.caption(text("page_progress.remind_help"))
        st.code(words, language=None, wrap_lines=True)
    else:
        st.success(text("page_progress.nobody"))


def _whole(share: float | None) -> float | None:
    """Share to the whole per cent, as the bar says it."""
    return None if share is None else round(share, 2)


def _minutes(value: float | None) -> str:
    return text("drawing.too_few") if value is None else f"{value:.1f}"


def _headings(names: str) -> dict[str, str]:
    return {name: text(f"page_progress.column.{name}") for name in names.split()}
