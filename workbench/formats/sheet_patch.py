"""Write texts into single cells of an .xlsx, every other byte of it as it was.

Only the sheets concerned are rewritten, cell by cell, in their own XML: charts,
pictures, rules for entry, widths and styles that a spreadsheet library would
drop or rebuild stay untouched. Texts are written as inline strings, which no
program takes for a formula.
"""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from lxml import etree

from workbench.readers import guard
from workbench.readers.limits import MIB, Limits
from workbench.readers.storing import safe_open

Place: TypeAlias = tuple[int, int]
"""Row and column of a cell, both from 1."""

_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")


def formula_cells(path: Path, sheet: str, limits: Limits) -> frozenset[Place]:
    """Cells of a sheet that hold a formula; they are never written into."""
    with safe_open(path) as file, guard.open_archive(file, guard.office_bounds(limits)) as archive:
        root = _sheet_root(archive, _sheet_parts(archive, limits)[sheet], limits)
    return frozenset(place for place, cell in _cells(root).items() if _child(cell, "f") is not None)


def write_cells(
    path_in: Path, path_out: Path, texts: Mapping[str, Mapping[Place, str]], limits: Limits
) -> None:
    """Copy a workbook with some cells of some sheets replaced.

    Parameters
    ----------
    texts : mapping of sheet name to mapping of place to text
        Cells that do not exist yet are made; existing ones keep their style.

    Raises
    ------
    KeyError
        If a sheet does not exist.
    """
    with (
        safe_open(path_in) as file,
        guard.open_archive(file, guard.office_bounds(limits)) as archive,
    ):
        parts = _sheet_parts(archive, limits)
        changed: dict[str, bytes] = {}
        for sheet, cells in texts.items():
            root = _sheet_root(archive, parts[sheet], limits)
            for place, text in sorted(cells.items()):
                _write(root, place, text)
            changed[parts[sheet]] = etree.tostring(
                root, xml_declaration=True, encoding="UTF-8", standalone=True
            )
        _copy(archive, path_out, changed)


def column_letters(column: int) -> str:
    """Letters of a column counted from 1.

    Examples
    --------
    >>> column_letters(1), column_letters(27), column_letters(703)
    ('A', 'AA', 'AAA')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _copy(archive: zipfile.ZipFile, path_out: Path, changed: Mapping[str, bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=path_out.parent, suffix=".xlsx")
    try:
        with (
            os.fdopen(handle, "wb") as out,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy,
        ):
            for info in archive.infolist():
                data = changed[info.filename] if info.filename in changed else archive.read(info)
                copy.writestr(info, data, zipfile.ZIP_DEFLATED)
        Path(name).replace(path_out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sheet_parts(archive: zipfile.ZipFile, limits: Limits) -> dict[str, str]:
    """Part of each sheet by the sheet's name."""
    most = limits.sheet_xml_mib * MIB
    book = _sheet_root(archive, "xl/workbook.xml", limits)
    relations = guard.parse_xml(
        guard.read_member(archive, "xl/_rels/workbook.xml.rels", most), "workbook relations"
    )
    targets = {r.get("Id"): r.get("Target", "") for r in relations.iter(_RELATIONS)}
    parts = {}
    for sheet in book.iter("{*}sheet"):
        # The id is namespaced, and the namespace differs between the two OOXML flavours.
        relation = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
        target = targets.get(relation, "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        parts[sheet.get("name", "")] = posixpath.normpath(path)
    return parts


def _sheet_root(archive: zipfile.ZipFile, part: str, limits: Limits) -> etree._Element:
    most = limits.sheet_xml_mib * MIB
    return guard.parse_xml(guard.read_member(archive, part, most), part)


def _cells(root: etree._Element) -> dict[Place, etree._Element]:
    return {(number, column): cell for number, row in _rows(root) for column, cell in _columns(row)}


def _rows(root: etree._Element) -> list[tuple[int, etree._Element]]:
    """Rows by number; one without a number follows the one before."""
    numbered = []
    number = 0
    for row in root.iter("{*}row"):
        number = int(row.get("r", number + 1))
        numbered.append((number, row))
    return numbered


def _columns(row: etree._Element) -> list[tuple[int, etree._Element]]:
    numbered = []
    column = 0
    for cell in row.iterchildren("{*}c"):
        found = _REFERENCE.fullmatch(cell.get("r", ""))
        column = _column_number(found[1]) if found else column + 1
        numbered.append((column, cell))
    return numbered


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _write(root: etree._Element, place: Place, text: str) -> None:
    row = _row_at(root, place[0])
    cell = _cell_at(row, place)
    for child in list(cell):
        cell.remove(child)
    cell.set("t", "inlineStr")
    for name in ("cm", "vm"):  # links to metadata of the value that was there
        cell.attrib.pop(name, None)
    inner = etree.SubElement(etree.SubElement(cell, _named(root, "is")), _named(root, "t"))
    inner.text = text
    inner.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _row_at(root: etree._Element, number: int) -> etree._Element:
    rows = _rows(root)
    for _, row in [pair for pair in rows if pair[0] == number]:
        row.set("r", str(number))
        return row
    made = etree.Element(_named(root, "row"), r=str(number))
    data = next(root.iter("{*}sheetData"))
    data.insert(sum(1 for other, _ in rows if other < number), made)
    return made


def _cell_at(row: etree._Element, place: Place) -> etree._Element:
    cells = _columns(row)
    row.attrib.pop("spans", None)  # a hint that a new cell may overstep
    for column, cell in cells:
        cell.set("r", f"{column_letters(column)}{place[0]}")
    for column, cell in cells:
        if column == place[1]:
            return cell
    made = etree.Element(_named(row, "c"), r=f"{column_letters(place[1])}{place[0]}")
    row.insert(sum(1 for column, _ in cells if column < place[1]), made)
    return made


def _child(cell: etree._Element, name: str) -> etree._Element | None:
    return next(cell.iterchildren("{*}" + name), None)


def _named(element: etree._Element, name: str) -> str:
    return f"{{{etree.QName(element).namespace}}}{name}"
