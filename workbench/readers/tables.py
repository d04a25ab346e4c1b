"""What a sheet holds, cell by cell, as text, whatever file it came from."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

# Excel keeps 15 digits of a number: an ID number of 18 typed as one has lost its end.
_EXACT_DIGITS = 15


class ExcelFloat(str):
    """A number with more digits than Excel keeps, written out as far as it is known.

    The last digits of what was typed are lost. Never repair it and never match
    a person by it: ask for the column as text.
    """

    __slots__ = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet. Rows may differ in length; an empty cell is ``""``.

    ``merged`` are merged areas as (first row, first column, last row, last
    column) from 0; only the first cell of an area holds its text.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    cut: bool = False  # the sheet has more rows than are read

    def to_json(self) -> dict[str, Any]:
        """Plain lists; an :class:`ExcelFloat` becomes ``{"float": text}``."""
        rows = [[_out(cell) for cell in row] for row in self.rows]
        return {"name": self.name, "rows": rows, "merged": self.merged, "cut": self.cut}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Sheet:
        """Sheet from :meth:`to_json`, also after a trip through JSON."""
        rows = tuple(tuple(_in(cell) for cell in row) for row in data["rows"])
        merged = tuple((area[0], area[1], area[2], area[3]) for area in data["merged"])
        return cls(data["name"], rows, merged, data["cut"])


def cell_text(value: object) -> str:
    """Text of a cell: whole numbers without a point, dates in ISO form.

    A date typed as text (``2021.11.5``) is text and stays as it is.

    Examples
    --------
    >>> cell_text(12.0), cell_text(0.1 + 0.2), cell_text("2021.11.5")
    ('12', '0.3', '2021.11.5')
    >>> type(cell_text(370101199001011234.0)).__name__
    'ExcelFloat'
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return "" if value is None else str(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 10**_EXACT_DIGITS:
        return ExcelFloat(str(int(value)))
    return str(int(value)) if value == int(value) else f"{value:.{_EXACT_DIGITS}g}"


def _out(cell: str) -> Any:
    return {"float": str(cell)} if isinstance(cell, ExcelFloat) else cell


def _in(cell: Any) -> str:
    return ExcelFloat(cell["float"]) if isinstance(cell, dict) else str(cell)
