"""The chair's part of 校准: where raters stand, locks to release, packs, and how often the rules err."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import (
    export,
    faults_told,
    moment,
    percent,
    say,
    table,
    worded,
)
from workbench.messages import text
from workbench.services.calibration import let_try_again, release
from workbench.services.calibration_views import SEED_COUNTS, Board, BoardRow, board, error_rates

_RATERS = "rater_id name state test seeds seeds_left score recalled".split()
_STATES, _MOST_AT_ONCE = ("locked", "failed"), 2
_ERRORS = ["accuracy", "passed", "failed", "undecided", "pieces"]


def draw_board(here: session.Session) -> None:
    """Draw the raters, what waits for a decision, the packs and the error rates."""
    view = here.read(board, here.person_id)
    _packs(view)
    _decisions(here, view)
    st.subheader(text("calibration.board.raters"))
    rows = [_row(row) for row in view.raters]
    headings = {name: text(f"calibration.column.{name}") for name in _RATERS}
    table(rows, headings, "calibration_board")
    export(rows, headings, "calibration", "calibration_export")
    _seeds(view)
    _errors(here)


def _decisions(here: session.Session, view: Board) -> None:
    """Draw who waits for the chair; where there are many, the one chosen."""
    waiting = {row.rater_id: row for row in view.raters if row.state in _STATES}
    if len(waiting) > _MOST_AT_ONCE:
        counts = {s: sum(row.state == s for row in waiting.values()) for s in _STATES}
        names = {who: _named(row) for who, row in waiting.items()}
        chosen = st.selectbox(
            text("calibration.board.waiting", **counts),
            list(names),
            format_func=lambda who: names.get(who, who),
            key="calibration_waiting",
        )
        waiting = {chosen: waiting[chosen]}
    for row in waiting.values():
        _waits(here, row)


def _named(row: BoardRow) -> str:
    return f"{row.rater_id} {row.name}　{text(f'calibration.state.{row.state}')}"


def _row(row: BoardRow) -> dict[str, Any]:
    return {
        **vars(row),
        "state": text(f"calibration.state.{row.state}"),
        "test": f"{row.test_right} / {row.test_read}",
        "seeds": f"{row.seeds_right} / {row.seeds_read}",
        "score": f"{row.score:.2f} / {row.limit:g}",
    }


def _waits(here: session.Session, row: BoardRow) -> None:
    """One rater who waits for the chair: what happened, and the decision with its reason."""
    with st.container(border=True):
        key = f"{row.state}_{row.cause}" if row.cause else row.state
        since = moment(row.since) or text("calibration.board.whole_round")
        st.markdown(
            text(
                f"calibration.board.{key}",
                rater=f"{row.rater_id} {row.name}",
                since=since,
                recalled=row.recalled,
            )
        )
        reason = st.text_input(text("calibration.reason"), key=f"calibration_why_{row.rater_id}")
        name = "release" if row.state == "locked" else "again"
        if st.button(text(f"calibration.board.{name}"), key=f"calibration_{name}_{row.rater_id}"):
            with faults_told():
                decide = release if name == "release" else let_try_again
                decide(here.workspace, row.rater_id, here.act(reason))
                say(text(f"calibration.board.{name}d", rater=row.rater_id))
                st.rerun()


def _packs(view: Board) -> None:
    if not view.packs:
        st.warning(text("calibration.board.no_pack"))
        return
    counts = {name: view.purposes.get(name, 0) for name in ("practice", "qualification", "hidden")}
    st.caption(text("calibration.board.packs", packs=len(view.packs), **counts))


def _seeds(view: Board) -> None:
    """Seed pieces by how many get them wrong: the piece itself may be at fault."""
    if not view.seeds:
        return
    with st.expander(text("calibration.board.seeds")):
        names = ("piece_id", "slot_id", "purpose", "read", "missed_share", "criterion")
        headings = {name: text(f"calibration.column.{name}") for name in names}
        rows = sorted(view.seeds, key=lambda row: -(row["missed_share"] or 0))
        words: Mapping[str, Any] = {
            "missed_share": percent,
            "purpose": lambda name: text(f"calibration.kind.{name}"),
        }
        table(worded(rows, words), headings, "calibration_seeds")


def _errors(here: session.Session) -> None:
    with st.expander(text("calibration.board.errors"), expanded=True):
        st.caption(text("calibration.board.errors_intro"))
        names = [*_ERRORS, *(f"locked_{n}" for n in SEED_COUNTS)]
        headings = {name: text(f"calibration.column.{name}") for name in names}
        rows = worded(
            here.read(error_rates),
            {name: percent for name in names if name != "pieces"}
            | {"pieces": lambda count: f"{count:.1f}"},
        )
        table(rows, headings, "calibration_errors")
