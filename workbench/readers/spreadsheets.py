"""Sheets as portals and teachers really give them: xlsx, xls, csv, and web pages named .xls."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import python_calamine
from lxml import etree, html

from workbench.readers import guard, kinds, package, plain
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.limits import MIB, Limits
from workbench.readers.storing import safe_open
from workbench.readers.tables import Sheet, cell_text
from workbench.readers.web import web_page

_DELIMITERS = (",", "\t", ";")
_MOST_SPAN = 100


def read_table(path: Path, limits: Limits, name: str = "") -> list[Sheet]:
    """Sheets of a manifest, roster or ratings file, every cell as text.

    Parameters
    ----------
    name : str
        Name the file came under, where the stored copy has another.

    Raises
    ------
    Unreadable
        ``unsupported`` for anything that is no table; ``too_large`` for a sheet
        with more rows than the limits allow, as a roster cut short is no roster;
        otherwise as :func:`kinds.kind_of`.
    """
    kind = kinds.kind_of(path, name or path.name, limits)
    if kind.media_type not in ("xlsx", "xls", "csv", "txt"):
        raise Unreadable("unsupported", f"{kind.media_type} is no table")
    sheets = sheets_of(path, kind, limits)
    for sheet in sheets:
        if sheet.cut:
            raise Unreadable("too_large", f"sheet {sheet.name}: more than {limits.sheet_rows} rows")
    return sheets


def read_spreadsheet(path: Path, kind: kinds.Kind, limits: Limits) -> FileFacts:
    """Facts of a sheet handed in as evidence: its cells as text, parted by tabs."""
    sheets = sheets_of(path, kind, limits)
    lines = ("\t".join(row).rstrip() for sheet in sheets for row in sheet.rows)
    text, cut = plain.cut("\n".join(line for line in lines if line), limits)
    if any(sheet.cut for sheet in sheets):
        cut += ("rows_cut",)
    if kind.media_type != "xlsx":
        return FileFacts(kind.media_type, text=text, warnings=cut)
    with safe_open(path) as file, guard.open_archive(file, guard.office_bounds(limits)) as archive:
        pictures, odd = package.embedded_pictures(archive, limits)
        properties = {**package.read_properties(archive), "pages": None}
        return FileFacts("xlsx", text=text, pictures=pictures, warnings=cut + odd, **properties)


def sheets_of(path: Path, kind: kinds.Kind, limits: Limits) -> list[Sheet]:
    """Sheets of a file of known kind, at most ``sheet_rows`` rows each."""
    if kind.inside == "html":
        return _html_sheets(plain.read_bytes(path, limits.text_mib), limits)
    if kind.inside == "xml":
        return _xml_sheets(plain.read_bytes(path, limits.sheet_xml_mib), limits)
    if kind.media_type in ("csv", "txt"):
        return [_csv_sheet(plain.decode(plain.read_bytes(path, limits.text_mib)), limits)]
    if kind.media_type == "xlsx":
        _check_package(path, limits)
    return _workbook_sheets(path, limits)


def _check_package(path: Path, limits: Limits) -> None:
    most = limits.sheet_xml_mib * MIB
    with safe_open(path) as file, guard.open_archive(file, guard.office_bounds(limits)) as archive:
        for info in archive.infolist():
            if info.filename.startswith("xl/worksheets/") and info.file_size > most:
                raise Unreadable("too_large", f"{info.filename} is over {limits.sheet_xml_mib} MiB")
        package.check_parts(archive)


def _workbook_sheets(path: Path, limits: Limits) -> list[Sheet]:
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            return [_sheet(book, meta.name, limits) for meta in book.sheets_metadata if _grid(meta)]
    except python_calamine.PasswordError:
        raise Unreadable("encrypted", "protected by a password") from None
    except python_calamine.CalamineError as error:
        raise Unreadable("broken", f"workbook: {error}") from None


def _grid(meta: python_calamine.SheetMetadata) -> bool:
    return meta.typ == python_calamine.SheetTypeEnum.WorkSheet


def _sheet(book: python_calamine.CalamineWorkbook, name: str, limits: Limits) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    values = sheet.to_python(skip_empty_area=False, nrows=limits.sheet_rows + 1)
    rows = tuple(tuple(map(cell_text, row)) for row in values[: limits.sheet_rows])
    merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
    return Sheet(name, rows, merged, cut=len(values) > limits.sheet_rows)


def _csv_sheet(text: str, limits: Limits) -> Sheet:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(tuple(cell.strip() for cell in row))
            if len(rows) > limits.sheet_rows:
                return Sheet("", tuple(rows[:-1]), cut=True)
    except csv.Error as error:
        raise Unreadable("broken", f"row {len(rows) + 1}: {error}") from None
    return Sheet("", tuple(rows))


def _html_sheets(data: bytes, limits: Limits) -> list[Sheet]:
    """Tables of a web page saved under the name of a sheet, as most portals do."""
    tables = web_page(data).xpath("//table[not(ancestor::table)]")
    if not tables:
        raise Unreadable("broken", "a web page without a table")
    return [_html_sheet(table, place, limits) for place, table in enumerate(tables, start=1)]


def _html_sheet(table: html.HtmlElement, place: int, limits: Limits) -> Sheet:
    lines = table.xpath(".//tr")
    grid: dict[tuple[int, int], str] = {}
    merged = []
    for row, line in enumerate(lines[: limits.sheet_rows]):
        column = 0
        for cell in line.xpath("./td|./th"):
            while (row, column) in grid:
                column += 1
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            if down > 1 or across > 1:
                merged.append((row, column, row + down - 1, column + across - 1))
            for part in range(down * across):
                grid[row + part // across, column + part % across] = ""
            grid[row, column] = " ".join(cell.text_content().split())
    rows = _rows(grid, min(len(lines), limits.sheet_rows))
    return Sheet(str(place), rows, tuple(merged), cut=len(lines) > limits.sheet_rows)


def _rows(grid: dict[tuple[int, int], str], count: int) -> tuple[tuple[str, ...], ...]:
    widths = [0] * count
    for row, column in grid:
        if row < count:
            widths[row] = max(widths[row], column + 1)
    return tuple(
        tuple(grid.get((row, column), "") for column in range(width))
        for row, width in enumerate(widths)
    )


def _span(cell: html.HtmlElement, key: str) -> int:
    value = cell.get(key, "1").strip()
    return max(1, min(int(value), _MOST_SPAN)) if value.isdecimal() else 1


def _xml_sheets(data: bytes, limits: Limits) -> list[Sheet]:
    """Sheets of the single-file XML that Excel 2003 and some portals write under .xls."""
    root = guard.parse_xml(data, "workbook")
    sheets = []
    for sheet in root.iter("{*}Worksheet"):
        lines = list(sheet.iter("{*}Row"))
        rows = tuple(_xml_row(line) for line in lines[: limits.sheet_rows])
        sheets.append(Sheet(_own(sheet, "Name"), rows, cut=len(lines) > limits.sheet_rows))
    if not sheets:
        raise Unreadable("broken", "XML without a worksheet")
    return sheets


def _xml_row(line: etree._Element) -> tuple[str, ...]:
    cells: list[str] = []
    for cell in line.iter("{*}Cell"):
        index = _own(cell, "Index")
        if index.isdecimal() and len(cells) < int(index) - 1 <= 16_384:
            cells.extend([""] * (int(index) - 1 - len(cells)))
        data = cell.find("{*}Data")
        text = "" if data is None else "".join(data.itertext())
        number = data is not None and _own(data, "Type") == "Number"
        cells.append(cell_text(float(text)) if number else text)
    return tuple(cells)


def _own(element: etree._Element, name: str) -> str:
    """Attribute by local name: Excel prefixes it, others do not."""
    found = (value for key, value in element.attrib.items() if etree.QName(key).localname == name)
    return next(found, "")
