"""Cell texts as tables hand them over: cleaned, compared, and marked where Excel lost digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from workbench.readers.tables import ExcelFloat, Sheet

Row: TypeAlias = Sequence[object]
Grid: TypeAlias = Sequence[Row]

# Excel keeps 15 digits of a number; what comes out of a longer one is not what was typed.
_LOSSY = re.compile(r"\d(?:\.\d+)?[eE]\+?1[5-9]|\d{16,}\.0+")
# A leading apostrophe is how spreadsheets (and our own CSV) say "this is text".
_TEXT_MARK = re.compile(r"'(?=[=+\-@\d\t\r])")
_BLANKS = re.compile(r"[\s\u200b-\u200f\ufeff\u00a0\u3000]+")
_PUNCTUATION = re.compile(r"[\W_]+")
_BRACKETS = re.compile(r"[(（\[【〔<《][^)）\]】〕>》]*[)）\]】〕>》]")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell_text(cell: object) -> str:
    """Text of a cell: NFC, outer and invisible blanks off, the text mark of a spreadsheet off.

    Examples
    --------
    >>> cell_text(" 王小山\\u3000"), cell_text("'=A1"), cell_text(None), cell_text(3.0)
    ('王小山', '=A1', '', '3')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and not isinstance(cell, str):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    text = unicodedata.normalize("NFC", str(cell))
    text = text.strip().strip("\u200b\u200c\u200d\u200e\u200f\ufeff\u00a0\u3000").strip()
    return _TEXT_MARK.sub("", text, count=1) if _TEXT_MARK.match(text) else text


def is_lossy(cell: object) -> bool:
    """Whether Excel has turned a long number into a float, so that its last digits are gone.

    Examples
    --------
    >>> is_lossy("1.10105E+17"), is_lossy(9.99999198001011e17), is_lossy("110105194912310021")
    (True, True, False)
    """
    if isinstance(cell, float):
        return abs(cell) >= 1e15
    return isinstance(cell, ExcelFloat) or bool(_LOSSY.fullmatch(cell_text(cell)))


def grid_of(sheet: Sheet) -> Grid:
    """Rows of a sheet, what is merged downwards repeated in each row it covers.

    A school merged over its teachers is thus read for each of them. What is
    merged sideways stays in its first cell: titles and group headers need it so.

    Examples
    --------
    >>> grid_of(Sheet("", (("甲校", "王"), ("", "李")), merged=((0, 0, 1, 0),)))
    [['甲校', '王'], ['甲校', '李']]
    """
    rows: list[list[object]] = [list(row) for row in sheet.rows]
    for top, left, bottom, _right in sheet.merged:
        if bottom <= top or top >= len(rows) or left >= len(rows[top]):
            continue
        for row in rows[top + 1 : bottom + 1]:
            row.extend("" for _ in range(left + 1 - len(row)))
            row[left] = row[left] or rows[top][left]
    return rows


def normal(text: str) -> str:
    """Comparison form: NFKC, no case, no blanks, no punctuation.

    Examples
    --------
    >>> normal(" Teacher_ID "), normal("Ａ１－１"), normal("姓 名：")
    ('teacherid', 'a11', '姓名')
    """
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text)).casefold()


def squeezed(text: str) -> str:
    """NFKC without any blank; punctuation and case stay."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text))


def without_brackets(text: str) -> str:
    """Text with bracketed remarks taken out, full-width or not."""
    return _BRACKETS.sub("", text)


def is_blank(row: Row) -> bool:
    """Whether no cell of the row holds anything."""
    return not any(cell_text(cell) for cell in row)


def formula_safe(text: str) -> str:
    """Text for a CSV cell that no spreadsheet will run as a formula; ``cell_text`` undoes it.

    Examples
    --------
    >>> formula_safe("=1+1"), formula_safe("王小山")
    ("'=1+1", '王小山')
    """
    return "'" + text if text.startswith(FORMULA_STARTS) else text
