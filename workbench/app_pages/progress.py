"""进度: the chair's board on one screen: what is read, when it will be done, who is behind, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from html import escape

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import (
    A_PAGE,
    as_of,
    export,
    faults_told,
    moment,
    percent,
    share_bar,
    table,
)
from workbench.messages import text
from workbench.services.control_board import (
    Board,
    Coverage,
    Pace,
    control_board,
    reminder_of,
)
from workbench.services.loose_ends import loose_ends
from workbench.services.progress import reminder

_TABLE, _PAGES = 325, 45
_VIEWS = ("raters", "schools", "slots", "remind")
_RATER = "name school read_share left hours_left minutes pace last_at"
_SCHOOL = (
    "school settled_share pieces settled share done wanted awaiting_blind awaiting_third "
    "awaiting_ruling without"
)
_SLOT = "slot share pieces done wanted without"
_WAYS = {
    "without": "/allocation",
    "ruling": "/adjudication",
    "locked": "/calibration",
    "holds": "/holds",
    "ends": "/adjudication?view=ends",
}
"""Pages on which what a tile counts is dealt with."""

_STYLE = """
<style>
.stMainBlockContainer { padding-top: 4rem; padding-bottom: .5rem; }
.stMainBlockContainer > .stVerticalBlock { gap: .45rem; }
.stMainBlockContainer .stHeading { margin-bottom: .6rem; }
.bd { display: grid; grid-template-columns: repeat(6, 1fr); gap: .5rem; }
.bd div { border: 1px solid #d5dbe1; border-radius: .4rem; padding: .25rem .7rem; }
.bd a { color: inherit; text-decoration: none; } .bd a:hover b { text-decoration: underline; }
.bd div.look { border-color: #D55E00; border-left-width: 4px; }
.bd span { display: block; color: #4a5560; font-size: .8rem; }
.bd b { font-size: 1.25rem; font-weight: 600; }
.bd i { font-style: normal; color: #4a5560; font-size: .8rem; margin-left: .35rem; }
</style>
"""


def draw() -> None:
    """Draw the tiles, then readers, schools, slots or the reminder."""
    here = session.current()
    st.html(_STYLE)
    st.title(text("page.progress"))
    with faults_told():
        board = as_of(here, here.recent(control_board, here.person_id, session.today()))
        if not board.progress.schools:
            st.info(text("page_progress.none"))
            return
        ends = here.read(loose_ends, here.person_id)
        st.html(_tiles(board, ends.count))
        st.caption(_work_said(board))
        view = st.segmented_control(
            text("page_progress.view"),
            _VIEWS,
            default="raters",
            required=True,
            format_func=lambda name: text(f"page_progress.views.{name}"),
            label_visibility="collapsed",
            key="progress_view",
        )
        _DRAWN[view or "raters"](board, here.workspace.round_name)


def _tiles(board: Board, ends: int) -> str:
    """Markup of the twelve numbers; those that ask for somebody bear a mark."""
    total, work, cases = board.progress.total, board.work, board.cases
    finish = work.finish.isoformat() if work.finish else text("page_progress.unknown")
    locked = board.locked
    oldest = cases.oldest_days
    tiles = [
        ("read", percent(board.total.share), f"{board.total.done} / {board.total.wanted}", False),
        ("settled", percent(total.settled_share), f"{total.settled} / {total.pieces}", False),
        ("finish", finish, _late(board), work.late),
        ("hours", f"{work.hours:.0f}", _days_left(board), False),
        ("behind", len(board.behind), text("page_progress.of", of=len(board.readers)),
         bool(board.behind)),
        ("without", board.total.without, text("page_progress.to_allocate"),
         bool(board.total.without)),
        ("blind", total.awaiting_blind, "", False),
        ("third", total.awaiting_third, "", False),
        ("ruling", total.awaiting_ruling, "", bool(total.awaiting_ruling)),
        ("locked", text("page_progress.not_asked") if locked is None else len(locked), "",
         bool(locked)),
        ("holds", cases.open,
         "" if oldest is None else text("page_progress.oldest", days=oldest, overdue=cases.overdue),
         bool(cases.overdue)),
        ("ends", ends, "", bool(ends)),
    ]  # fmt: skip
    return f'<div class="bd">{"".join(_tile(*each) for each in tiles)}</div>'


def _tile(name: str, value: object, note: str, look: bool) -> str:
    kind = ' class="look"' if look else ""
    said = escape(text(f"page_progress.metric.{name}"))
    words = f"<span>{said}</span><b>{escape(str(value))}</b><i>{escape(note)}</i>"
    if name in _WAYS:
        words = f'<a href="{_WAYS[name]}" target="_self">{words}</a>'
    return f"<div{kind}>{words}</div>"


def _late(board: Board) -> str:
    if board.work.done_by is None:
        return ""
    return text("page_progress.done_by", day=board.work.done_by.isoformat())


def _days_left(board: Board) -> str:
    left = board.work.days_left
    return "" if left is None else text("page_progress.days_left", days=max(left, 0))


def _work_said(board: Board) -> str:
    """Say what the hours and the forecast rest on."""
    work = board.work
    how = "measured" if work.timed else "planned"
    said = text(
        f"page_progress.work_{how}",
        reads=work.reads,
        expected=f"{work.expected:.0f}",
        minutes=f"{work.minutes:.1f}",
        timed=work.timed,
        per_day=f"{work.per_day:.1f}",
    )
    if work.done_by is None:
        said += text("page_progress.no_day")
    if board.progress.left_out:
        said += text("page_progress.left_out", count=board.progress.left_out)
    return said


def _raters(board: Board, round_name: str) -> None:
    del round_name
    if not board.readers:
        st.info(text("page_progress.no_raters"))
        return
    headings = _headings(_RATER)
    ordered = sorted(board.readers, key=lambda each: (not each.behind, -each.row.left))
    rows = [_rater(each) for each in ordered]
    bars = {"read_share": share_bar(headings["read_share"])}
    table(rows, headings, "progress_raters", bars, most=_height(rows))
    note, offer = st.columns([5, 1], vertical_alignment="center")
    note.caption(text("page_progress.too_few_times"))
    with offer:
        export(rows, headings, "progress", "progress_export")


def _rater(each: Pace) -> dict[str, object]:
    row = each.row
    pace = "behind" if each.behind else ("done" if not row.left else "on_pace")
    return {
        **asdict(row),
        "read_share": _whole(row.read_share),
        "hours_left": f"{each.hours_left:.1f}",
        "minutes": text("drawing.too_few") if each.minutes is None else f"{each.minutes:.1f}",
        "pace": text(f"page_progress.pace.{pace}"),
        "last_at": moment(row.last_at),
    }


def _schools(board: Board, round_name: str) -> None:
    del round_name
    headings = _headings(_SCHOOL)
    cover = {each.key: each for each in board.schools}
    rows = [
        {
            **asdict(row),
            **_covered(cover[row.school_id]),
            "settled_share": _whole(row.settled_share),
        }
        for row in board.progress.schools
    ]
    bars = {name: share_bar(headings[name]) for name in ("settled_share", "share")}
    table(rows, headings, "progress_schools", bars, most=_height(rows))
    export(rows, headings, "schools", "progress_schools_export")


def _slots(board: Board, round_name: str) -> None:
    del round_name
    headings = _headings(_SLOT)
    rows = [{"slot": each.label, "pieces": each.pieces, **_covered(each)} for each in board.slots]
    bars = {"share": share_bar(headings["share"])}
    table(rows, headings, "progress_slots", bars, most=_height(rows))


def _covered(each: Coverage) -> dict[str, object]:
    share = _whole(each.share)
    return {"share": share, "done": each.done, "wanted": each.wanted, "without": each.without}


def _remind(board: Board, round_name: str) -> None:
    """Draw the words to send: to those behind the pace, or to all who have something left."""
    late, every = st.columns(2)
    with late:
        st.markdown(f"**{text('page_progress.remind_behind')}**")
        _words(reminder_of(board, round_name), "page_progress.nobody_behind")
    with every:
        st.markdown(f"**{text('page_progress.remind_all')}**")
        _words(reminder(board.progress, round_name), "page_progress.nobody")
    st.caption(text("page_progress.remind_help"))


def _words(words: str, nobody: str) -> None:
    if words:
        with st.container(height=330, border=False):
            st.code(words, language=None, wrap_lines=True)
    else:
        st.success(text(nobody))


_DRAWN = {"raters": _raters, "schools": _schools, "slots": _slots, "remind": _remind}


def _height(rows: Sequence[object]) -> int:
    """Height that keeps the board on one screen, beside the page numbers of a long list."""
    return _TABLE - (_PAGES if len(rows) > A_PAGE else 0)


def _whole(share: float | None) -> float | None:
    """Share to the whole per cent, as the bar says it."""
    return None if share is None else round(share, 2)


def _headings(names: str) -> dict[str, str]:
    return {name: text(f"page_progress.column.{name}") for name in names.split()}
