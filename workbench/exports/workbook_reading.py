"""Printed text of a workbook: cells as they show, formulas and formats that hide it found out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.exports.document_reading import ODD, no_proof, pale
from workbench.exports.embedding import WORKBOOK_SHEET, unpack
from workbench.exports.packages import Package, local

_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLAIN_FORMATS = frozenset({0, 49})
_PLAIN_CODES = frozenset({"general", "@"})
_FOOTER_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K[0-9]{2}[+-][0-9]{3}|[0-9]+|[A-Za-z])')
# Codes that print words of their own: date, time, file, path, tab, picture.
_PRINTING = frozenset("DTFZAG")
_Rows = tuple[tuple[str, ...], ...]


@dataclass
class _Workbook:
    """What the cells of a workbook refer to."""

    package: Package
    strings: list[str] = field(default_factory=list)
    odd_styles: set[int] = field(default_factory=set)


def read(name: str, package: Package) -> tuple[_Rows, tuple[str, ...], bytes, tuple[str, ...]]:
    """Rows of printed text, footers, the proof, and oddities of a workbook."""
    book = _Workbook(package, _strings(package), _odd_styles(package))
    rows: list[tuple[str, ...]] = []
    footers: list[str] = []
    oddities: set[str] = set()
    proof = ""
    for title, state, part in _sheets(package):
        root = package.xml(part)
        if title == WORKBOOK_SHEET and state != "visible":
            proof = "".join(cell for row in _grid(book, root) for cell in row)
            continue
        if state != "visible":
            continue
        rows += _grid(book, root)
        footers += _footers(root)
        if any(local(child) == "conditionalFormatting" for child in root):
            oddities.add("conditional_format")
    if not proof:
        raise no_proof(name)
    rows += _drawn(package)
    return tuple(rows), tuple(footers), unpack(proof), tuple(sorted(oddities))


def _sheets(package: Package) -> Iterator[tuple[str, str, str]]:
    """Title, state and part of each sheet, in the order of the tabs."""
    targets = {
        one.get("Id"): one.get("Target") for one in package.xml("xl/_rels/workbook.xml.rels")
    }
    for element in package.xml("xl/workbook.xml").iter():
        if local(element) == "sheet":
            target = targets.get(element.get(_REL)) or ""
            part = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            yield element.get("name", ""), element.get("state", "visible"), posixpath.normpath(part)


def _strings(package: Package) -> list[str]:
    if "xl/sharedStrings.xml" not in package:
        return []
    return [_plain(one) for one in package.xml("xl/sharedStrings.xml") if local(one) == "si"]


def _plain(element: Any) -> str:
    """Text of a string item, phonetic readings left out."""
    return "".join(_texts(element))


def _texts(element: Any) -> Iterator[str]:
    for child in element:
        kind = local(child)
        if kind == "t":
            yield child.text or ""
        elif kind != "rPh":
            yield from _texts(child)


def _odd_styles(package: Package) -> set[int]:
    """Numbers of cell styles that may show another text than the cell holds, or none."""
    groups = {local(group): group for group in package.xml("xl/styles.xml")}
    codes = {
        int(one.get("numFmtId", "0")): one.get("formatCode", "").lower()
        for one in groups.get("numFmts", ())
    }
    plain = _PLAIN_FORMATS | {number for number, code in codes.items() if code in _PLAIN_CODES}
    faint = {place for place, font in enumerate(groups.get("fonts", ())) if _is_faint(font)}
    return {
        place
        for place, style in enumerate(groups.get("cellXfs", ()))
        if int(style.get("numFmtId", "0")) not in plain or int(style.get("fontId", "0")) in faint
    }


def _is_faint(font: Any) -> bool:
    """Whether a font prints in the colour of paper (theme colour 0 is white)."""
    return any(
        pale(one.get("rgb", "")) or one.get("theme") == "0" for one in font if local(one) == "color"
    )


def _grid(book: _Workbook, root: Any) -> list[tuple[str, ...]]:
    """Rows of texts; cells under a merge are left out, hidden rows and columns too."""
    covered = _covered(root)
    hidden = _hidden_columns(root)
    rows = []
    for row in root.iter():
        if local(row) != "row" or row.get("hidden") in ("1", "true"):
            continue
        texts: dict[int, str] = {}
        for cell in row:
            line, column = _place(cell.get("r", "A1"))
            if (line, column) not in covered and column not in hidden:
                texts[column] = _shown(book, cell)
        if any(text.strip() for text in texts.values()):
            rows.append(tuple(texts[column] for column in sorted(texts)))
    return rows


def _shown(book: _Workbook, cell: Any) -> str:
    """What a cell shows; a formula shows as one, since its result can change."""
    parts = {local(child): child for child in cell}
    kind = cell.get("t", "n")
    value = (parts["v"].text or "") if "v" in parts else ""
    if kind == "s":
        place = int(value) if value.isdecimal() else -1
        text = book.strings[place] if 0 <= place < len(book.strings) else ODD
    else:
        text = _plain(parts["is"]) if "is" in parts else value
    if "f" in parts:
        return f"={parts['f'].text or ''}"
    style = cell.get("s", "0")
    odd = not style.isdecimal() or int(style) in book.odd_styles
    return ODD + text if text and odd else text


def _covered(root: Any) -> set[tuple[int, int]]:
    """Cells that lie under a merge, its first cell left out."""
    found: set[tuple[int, int]] = set()
    for merge in root.iter():
        if local(merge) != "mergeCell":
            continue
        first, _, last = merge.get("ref", "A1:A1").partition(":")
        (top, left), (bottom, right) = _place(first), _place(last or first)
        bottom, right = min(bottom, top + 2000), min(right, left + 200)
        cells = {
            (row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)
        }
        found |= cells - {(top, left)}
    return found


def _hidden_columns(root: Any) -> set[int]:
    found: set[int] = set()
    for column in root.iter():
        if local(column) == "col" and column.get("hidden") in ("1", "true"):
            first, last = int(column.get("min", "1")), int(column.get("max", "1"))
            found |= set(range(first, min(last, first + 200) + 1))
    return found


def _place(reference: str) -> tuple[int, int]:
    """Row and column, from 1, of a reference such as ``C7``."""
    letters = "".join(sign for sign in reference if sign.isalpha()).upper()
    digits = "".join(sign for sign in reference if sign.isdecimal())
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits or 0), column


def _footers(root: Any) -> list[str]:
    """Texts of headers and footers, codes of font and page numbers taken out."""
    found = []
    for group in root:
        if local(group) == "headerFooter":
            for one in group:
                marked = (one.text or "").replace("&&", "\0")
                text = _FOOTER_CODE.sub(_code, marked).replace("\0", "&")
                found += [text] if text.strip() else []
    return found


def _code(found: re.Match[str]) -> str:
    return ODD if found[0][1:].upper() in _PRINTING else ""


def _drawn(package: Package) -> list[tuple[str, ...]]:
    """Texts of shapes laid over the cells."""
    found: list[tuple[str, ...]] = []
    for part in sorted(package.parts):
        if part.startswith(("xl/drawings/", "xl/charts/")) and part.endswith(".xml"):
            text = "".join(one.text or "" for one in package.xml(part).iter() if local(one) == "t")
            found += [(text,)] if text.strip() else []
    return found
