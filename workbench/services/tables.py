"""Tables of ratings or marks from anywhere, read in a child process into rows by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from workbench.errors import InputError
from workbench.formats.cells import cell_text, normal, squeezed
from workbench.formats.headers import BodyRow, body_rows, propose_mapping
from workbench.formats.rating_rows import CANNOT_JUDGE, MET, ROUNDS
from workbench.formats.ratings import LEVEL_KEYS
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import DEFAULT
from workbench.readers.tables import Sheet

MOST_ROWS = 2_000_000
MARK_KEYS = ("item", "teacher_id", "slot", "rater", "criterion", "met", "round")
_PIECE_HEADERS = frozenset(map(normal, ("piece", "piece_id")))


def rows_of_table(path: Path) -> list[dict[str, object]]:
    """Rows of a table of ratings: ``unit``, ``rater``, ``level``, other columns by their header.

    Raises
    ------
    InputError
        If the file is no csv or xlsx that can be read.
    """
    return [
        {**row.notes, **{key: row.text(key) for key in row.cells}}
        for row in _body(path, LEVEL_KEYS, "levels")
    ]


def marks_of_table(path: Path) -> list[dict[str, object]]:
    """Rows of a table of marks, as a long ratings file has them, under their frame names.

    A piece is named by ``piece``, by ``item``, or by teacher and slot. A mark
    nobody could give is left out; one that cannot be read stays as text, so
    that whoever computes names it. A missing column is missing in the rows.
    """
    return [row for body in _body(path, MARK_KEYS, "ratings") if (row := _mark(body))]


def _mark(body: BodyRow) -> dict[str, object]:
    """Mark of one row; empty where the rater could not judge."""
    given = squeezed(body.text("met")).casefold()
    if "met" in body.cells and given in CANNOT_JUDGE:
        return {}
    named = {
        "piece_id": _piece(body),
        "criterion_id": body.text("criterion"),
        "rater_id": body.text("rater"),
        "round": ROUNDS.get(normal(body.text("round")), "blind"),
    }
    made: dict[str, object] = {name: value for name, value in named.items() if value}
    if "met" in body.cells:
        made["met"] = MET.get(given, body.text("met"))
    return {**body.notes, **made}


def _piece(body: BodyRow) -> str:
    stated = [text for header, text in body.notes.items() if normal(header) in _PIECE_HEADERS]
    both = f"{body.text('teacher_id')} {body.text('slot')}".strip()
    return next(iter(stated), "") or body.text("item") or both


def texts_of_table(path: Path) -> list[list[str]]:
    """Rows of the first sheet of a csv or xlsx as texts; InputError if it cannot be read."""
    return [[cell_text(cell) for cell in row] for row in _sheet(path).rows]


def _body(path: Path, keys: Sequence[str], kind: str) -> list[BodyRow]:
    rows = texts_of_table(path)
    return body_rows(rows, propose_mapping(rows, keys, kind)) if rows else []


def _sheet(path: Path) -> Sheet:
    limits = replace(DEFAULT, sheet_rows=MOST_ROWS)
    try:
        with ReaderPool(limits) as pool:
            return pool.table(path, limits=limits)[0]
    except Unreadable as refused:
        raise InputError(
            f"table {path.name} cannot be read ({refused}). Save it as csv or xlsx again.",
            key="table.unreadable",
            file=path.name,
            code=refused.code,
        ) from refused
