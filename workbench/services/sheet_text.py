"""Rows as CSV that office programs open in Chinese and never take for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def sheet_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """CSV of these columns in UTF-8 with a byte order mark.

    >>> sheet_text(["a"], [{"a": "=1+1"}, {"a": 2}]).decode("utf-8-sig").split()
    ['a', "'=1+1", '2']
    """
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _harmless(row.get(name)) for name in columns} for row in rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _harmless(value: object) -> object:
    """Text that a spreadsheet will not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
