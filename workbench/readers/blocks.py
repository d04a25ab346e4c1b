"""A document as blocks to read: headings, paragraphs, tables and pictures in their order.

The reading view stands in where no pages can be drawn, and beside them for
whoever wants larger type. It tells the words and their structure, not the look.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree

from workbench.readers import guard, plain, portable, slides, spreadsheets, web
from workbench.readers.documents import text_of
from workbench.readers.errors import Unreadable
from workbench.readers.kinds import Kind
from workbench.readers.limits import MIB, Limits
from workbench.readers.masking import Mask
from workbench.readers.package import check_parts
from workbench.readers.storing import safe_open

HEADING, TEXT, NOTE, TABLE, PICTURE, PAGE = "heading", "text", "note", "table", "picture", "page"

_HEADING_STYLE = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)
_MARKDOWN = re.compile(r"(#{1,6})\s+(.*)")
_EMBED = tuple(
    f"{{{space}}}embed"
    for space in (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    )
)
_BESIDE = ("footnotes", "endnotes", "comments")
_TITLES = ("title", "ctrTitle")
_MOST_ROWS = 2_000  # rows of one table shown


@dataclass(frozen=True)
class Block:
    """One block. ``level`` is that of a heading, or the number of a page or slide.

    ``text`` of a picture is its member in the archive, later the file it became.
    """

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    size: tuple[int, int] = (0, 0)

    def to_json(self) -> dict[str, Any]:
        """Block as plain values; what does not apply is left out."""
        told: dict[str, Any] = {"kind": self.kind}
        if self.kind in (HEADING, PAGE):
            told["level"] = self.level
        if self.kind == TABLE:
            told["rows"] = [list(row) for row in self.rows]
        elif self.kind == PICTURE:
            told |= {"file": self.text, "width": self.size[0], "height": self.size[1]}
        elif self.kind != PAGE:
            told["text"] = self.text
        return told


@dataclass
class Reading:
    """Blocks of one document; ``cut`` where it has more than is shown."""

    blocks: list[Block] = field(default_factory=list)
    cut: bool = False


def blocks_of(path: Path, kind: Kind, limits: Limits) -> Reading:
    """Blocks of a document, presentation, table, text or PDF; ``Unreadable`` for anything else."""
    match kind.media_type:
        case "docx":
            return Reading(list(_opened(path, limits, _document)))
        case "pptx":
            return Reading(list(_opened(path, limits, _slides)))
        case "xlsx" | "xls" | "csv":
            return _sheets(path, kind, limits)
        case "pdf":
            return _pages(path, limits)
        case "txt" | "md":
            text = plain.decode(plain.read_bytes(path, limits.text_mib))
            return Reading(list(_lines(text, markdown=kind.media_type == "md")))
        case "doc" | "wps" if kind.inside == "html":
            page = web.web_page(plain.read_bytes(path, limits.text_mib))
            return Reading(list(_lines(web.page_text(page))))
    raise Unreadable("unsupported", f"{kind.media_type} has no reading view")


def strings(blocks: Iterable[Block]) -> Iterator[str]:
    """Every text of the blocks in order, each cell of a table for itself."""
    for block in blocks:
        if block.kind == TABLE:
            yield from (cell for row in block.rows for cell in row)
        elif block.kind not in (PICTURE, PAGE):
            yield block.text


def covered(blocks: list[Block], mask: Mask) -> list[Block]:
    """Blocks with every find covered, also one that begins in a cell and ends in the next."""
    whole = mask.cover("\n".join(strings(blocks)))
    place = 0

    def cut(text: str) -> str:
        nonlocal place
        part = whole[place : place + len(text)]
        place += len(text) + 1
        return part

    made = []
    for block in blocks:
        if block.kind == TABLE:
            rows = tuple(tuple(cut(cell) for cell in row) for row in block.rows)
            made.append(Block(TABLE, rows=rows))
        elif block.kind in (PICTURE, PAGE):
            made.append(block)
        else:
            made.append(Block(block.kind, cut(block.text), block.level))
    return made


def as_json(blocks: Iterable[Block]) -> bytes:
    """Blocks as the viewer reads them."""
    told = [block.to_json() for block in blocks]
    return json.dumps({"blocks": told}, ensure_ascii=False).encode("utf-8")


def _opened(path: Path, limits: Limits, read: Any) -> list[Block]:
    with safe_open(path) as file, guard.open_archive(file, guard.office_bounds(limits)) as archive:
        check_parts(archive)
        return list(read(archive, limits))


def _part(archive: ZipFile, name: str, limits: Limits) -> etree._Element:
    return guard.parse_xml(guard.read_member(archive, name, limits.office_unpacked_mib * MIB), name)


def _relations(archive: ZipFile, part: str) -> dict[str, str]:
    """Members a part points to, by relation id."""
    folder, base = posixpath.split(part)
    name = f"{folder}/_rels/{base}.rels"
    if name not in archive.namelist():
        return {}
    root = guard.parse_xml(guard.read_member(archive, name, 8 * MIB), name)
    return {
        element.get("Id", ""): posixpath.normpath(
            posixpath.join(folder, element.get("Target", ""))
        ).lstrip("/")
        for element in root.iter("{*}Relationship")
        if element.get("TargetMode") != "External"
    }


def _document(archive: ZipFile, limits: Limits) -> Iterator[Block]:
    names = set(archive.namelist())
    main = next(
        (name for name in ("word/document.xml", "word/document2.xml") if name in names), None
    )
    if main is None:
        raise Unreadable("broken", "word/document.xml is missing")
    levels = _heading_levels(archive, limits) if "word/styles.xml" in names else {}
    relations = _relations(archive, main)
    root = _part(archive, main, limits)
    for old in list(root.iter("{*}Fallback", "{*}moveFrom")):
        parent = old.getparent()
        if parent is not None:
            parent.remove(old)
    body = root.find("{*}body")
    yield from _flow(body if body is not None else root, levels, relations)
    for beside in _BESIDE:
        if f"word/{beside}.xml" in names:
            for line in text_of(_part(archive, f"word/{beside}.xml", limits)).splitlines():
                yield Block(NOTE, line)


def _flow(
    parent: etree._Element, levels: dict[str, int], relations: dict[str, str]
) -> Iterator[Block]:
    for child in parent:
        match etree.QName(child).localname if isinstance(child.tag, str) else "":
            case "p":
                yield from _paragraph(child, levels, relations)
            case "tbl":
                yield from _pictures(child, relations)
                yield _table(child, "tr", "tc")
            case "sdt" | "sdtContent" | "ins" | "customXml" | "smartTag":
                yield from _flow(child, levels, relations)


def _paragraph(
    paragraph: etree._Element, levels: dict[str, int], relations: dict[str, str]
) -> Iterator[Block]:
    style = paragraph.find("{*}pPr/{*}pStyle")
    name = "" if style is None else _own(style, "val")
    pictures = list(_pictures(paragraph, relations))
    text = text_of(paragraph).strip()
    if text:
        level = levels.get(name, 0)
        yield Block(HEADING, text, level) if level else Block(TEXT, text)
    yield from pictures


def _pictures(element: etree._Element, relations: dict[str, str]) -> Iterator[Block]:
    for blip in element.iter("{*}blip"):
        target = next((relations.get(blip.get(key, "")) for key in _EMBED if blip.get(key)), None)
        if target:
            yield Block(PICTURE, target)


def _table(table: etree._Element, row: str, cell: str) -> Block:
    rows = [
        tuple(text_of(each).strip() for each in line.iter(f"{{*}}{cell}"))
        for line in list(table.iter(f"{{*}}{row}"))[:_MOST_ROWS]
    ]
    return Block(TABLE, rows=tuple(rows))


def _heading_levels(archive: ZipFile, limits: Limits) -> dict[str, int]:
    """Heading level of each paragraph style that has one, by the style's id."""
    found = {}
    for style in _part(archive, "word/styles.xml", limits).iter("{*}style"):
        name = style.find("{*}name")
        told = "" if name is None else _own(name, "val")
        match = _HEADING_STYLE.match(told)
        if match:
            found[_own(style, "styleId")] = int(match[1])
        elif told.lower() == "title":
            found[_own(style, "styleId")] = 1
    return found


def _slides(archive: ZipFile, limits: Limits) -> Iterator[Block]:
    for number, name in enumerate(slides.slide_parts(archive), start=1):
        relations = _relations(archive, name)
        yield Block(PAGE, level=number)
        yield from _slide(_part(archive, name, limits), relations)
        notes = next((each for each in relations.values() if "/notesSlides/" in each), None)
        if notes in archive.namelist():
            for line in text_of(_part(archive, str(notes), limits)).splitlines():
                if not line.strip().isdigit():  # the slide's own number
                    yield Block(NOTE, line)


def _slide(root: etree._Element, relations: dict[str, str]) -> Iterator[Block]:
    for shape in root.iter("{*}sp", "{*}pic", "{*}graphicFrame"):
        if shape.tag.endswith("}pic"):
            yield from _pictures(shape, relations)
            continue
        tables = list(shape.iter("{*}tbl"))
        if tables:
            yield from (_table(table, "tr", "tc") for table in tables)
            continue
        holder = shape.find(".//{*}nvPr/{*}ph")
        title = holder is not None and holder.get("type") in _TITLES
        for line in text_of(shape).splitlines():
            if line.strip():
                yield Block(HEADING, line.strip(), 2) if title else Block(TEXT, line.strip())


def _sheets(path: Path, kind: Kind, limits: Limits) -> Reading:
    reading = Reading()
    for sheet in spreadsheets.sheets_of(path, kind, limits):
        if sheet.name:
            reading.blocks.append(Block(HEADING, sheet.name, 2))
        rows = [tuple(map(str, row)) for row in sheet.rows if any(cell.strip() for cell in row)]
        width = max((_width(row) for row in rows), default=0)
        shown = tuple(_row(row, width, bool(sheet.merged)) for row in rows[:_MOST_ROWS])
        reading.blocks.append(Block(TABLE, rows=shown))
        reading.cut |= sheet.cut or len(rows) > _MOST_ROWS
    return reading


def _row(row: tuple[str, ...], width: int, merged: bool) -> tuple[str, ...]:
    """Cells of a row to one width; a title merged across the sheet stays one cell."""
    if merged and _width(row) == 1:
        return row[:1]
    return (*row, *[""] * width)[:width]


def _width(row: tuple[str, ...]) -> int:
    """Columns up to the last one filled."""
    return max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _pages(path: Path, limits: Limits) -> Reading:
    text = portable.read_pdf(path, limits).text
    reading = Reading()
    for number, page in enumerate(text.split("\f"), start=1):
        reading.blocks.append(Block(PAGE, level=number))
        reading.blocks += _lines(page)
    return reading


def _lines(text: str, markdown: bool = False) -> Iterator[Block]:
    for line in text.lstrip("\ufeff").splitlines():
        heading = _MARKDOWN.fullmatch(line.strip()) if markdown else None
        if heading:
            yield Block(HEADING, heading[2], len(heading[1]))
        elif line.strip():
            yield Block(TEXT, line.rstrip())


def _own(element: etree._Element, name: str) -> str:
    """Attribute by local name."""
    found = (value for key, value in element.attrib.items() if key.rpartition("}")[2] == name)
    return next(found, "")
