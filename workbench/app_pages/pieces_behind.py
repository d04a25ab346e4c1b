"""Pieces behind a number, drawn as a table: their levels side by side, one selected is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from workbench import session
from workbench.app_pages.drawing import evidence, table
from workbench.messages import text
from workbench.services.county_pieces import PieceBehind

_COLUMNS = ("school", "slot_id", "level", "reads", "county", "held")
_VIEWER_HEIGHT = 560


def draw_pieces(
    here: session.Session, found: Sequence[PieceBehind], key: str, *, of_rater: bool = False
) -> None:
    """Draw the table, with the rater's own level where it is about one, and the piece selected."""
    columns = (*_COLUMNS[:3], "own", *_COLUMNS[3:]) if of_rater else _COLUMNS
    headings = {name: text(f"page_county.column.{name}") for name in columns}
    chosen = table([_told(row) for row in found], headings, f"behind_{key}", select=True)
    if chosen is not None:
        evidence(here, found[chosen].piece_id, key, _VIEWER_HEIGHT)


def _told(row: PieceBehind) -> dict[str, Any]:
    return {
        **asdict(row),
        "level": _level(row.level),
        "own": _level(row.own),
        "county": _level(row.county),
        "reads": "、".join(_level(each) for each in row.reads.split()),
        "held": text(f"page_county.held.{'yes' if row.held else 'no'}"),
    }


def _level(level: str) -> str:
    return text(f"level.{level}") if level else "—"
