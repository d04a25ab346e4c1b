"""A sheet as a Word document (docx): tables people can sign, the proof as a custom XML part."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.enum.section import WD_ORIENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Mm

from workbench.exports.cells import LANDSCAPE, Layout, Row, fact_widths
from workbench.exports.embedding import DOCUMENT_NAMESPACE, pack
from workbench.exports.payload import SheetPayload
from workbench.exports.receipt import qr_png
from workbench.exports.wording import say

SONG = "宋体"
HEI = "黑体"
_NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_TWIPS_PER_MM = 56.7
_GREY = "EFEFEF"
_ON_ONE_PAGE = 6  # rows that never go over two pages before the last two
# What has to stand after a table: hidden and a point high, so that it never begins a page of its own.
_END = (
    f'<w:p {_NS}><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>'
    '<w:rPr><w:vanish/><w:sz w:val="2"/></w:rPr></w:pPr></w:p>'
)


def document_sheet(payload: SheetPayload, layout: Layout) -> bytes:
    """Write a sheet as docx.

    The document states no date but the day of issue, and no author.
    """
    document = docx.Document()
    _set_page(document, layout)
    body = document.element.body
    last = body.sectPr
    blocks = [
        paragraph_xml(layout.title.value, size=18, font=HEI, align="center", after=40),
        paragraph_xml(layout.subtitle.value, size=11, align="center", after=120),
        _facts_xml(layout),
        paragraph_xml("", size=5),
        *(_joined_xml(layout) if len(layout.rows) > _ON_ONE_PAGE else _apart_xml(layout)),
        _END,
    ]
    for xml in blocks:
        last.addprevious(parse_xml(xml))
    _place_qr(document, layout)
    _set_footer(document, layout)
    _embed(document, payload)
    set_properties(document, layout.title.value, payload.issued_on)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def run_xml(text: str, *, size: float = 10.5, font: str = SONG, bold: bool = False) -> str:
    """One run of text, its size in points."""
    weight = "<w:b/>" if bold else ""
    face = f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}"/>'
    half = round(size * 2)
    style = f'<w:rPr>{face}{weight}<w:sz w:val="{half}"/><w:szCs w:val="{half}"/></w:rPr>'
    return f'<w:r>{style}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph_xml(
    text: str,
    *,
    size: float = 10.5,
    font: str = SONG,
    bold: bool = False,
    align: str = "left",
    before: int = 0,
    after: int = 0,
    keep: bool = False,
) -> str:
    """One paragraph; spaces before and after in twentieths of a point."""
    held = "<w:keepNext/>" if keep else ""
    space = f'<w:spacing w:before="{before}" w:after="{after}" w:line="240" w:lineRule="auto"/>'
    mark = f'<w:rPr><w:sz w:val="{round(size * 2)}"/></w:rPr>'
    run = run_xml(text, size=size, font=font, bold=bold) if text else ""
    spaced = '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
    style = f'<w:pPr>{held}{spaced}{space}<w:jc w:val="{align}"/>{mark}</w:pPr>'
    return f"<w:p {_NS}>{style}{run}</w:p>"


def cell_xml(
    content: str,
    width_mm: float,
    *,
    shaded: bool = False,
    top: bool = False,
    nil: Sequence[str] = (),
    across: int = 1,
) -> str:
    """One table cell around its paragraphs, ``across`` so many columns; no line at the ``nil`` sides."""
    span = f'<w:gridSpan w:val="{across}"/>' if across > 1 else ""
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{_GREY}"/>' if shaded else ""
    wide = f'<w:tcW w:w="{twips(width_mm)}" w:type="dxa"/>'
    sides = "".join(f'<w:{side} w:val="nil"/>' for side in nil)
    border = f"<w:tcBorders>{sides}</w:tcBorders>" if sides else ""
    align = f'<w:vAlign w:val="{"top" if top else "center"}"/>'
    return f"<w:tc><w:tcPr>{wide}{span}{border}{shade}{align}</w:tcPr>{content}</w:tc>"


def row_xml(cells: Iterable[str], *, repeated: bool = False, height_mm: float = 0) -> str:
    """One table row that does not break over pages; ``repeated`` on every page."""
    high = f'<w:trHeight w:val="{twips(height_mm)}" w:hRule="atLeast"/>' if height_mm else ""
    head = "<w:tblHeader/>" if repeated else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{high}{head}</w:trPr>{''.join(cells)}</w:tr>"


def table_xml(rows: Iterable[str], widths_mm: Sequence[float]) -> str:
    """Build a bordered table of fixed column widths."""
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    border = "".join(f'<w:{side} w:val="single" w:sz="4" w:color="000000"/>' for side in sides)
    total = f'<w:tblW w:w="{twips(sum(widths_mm))}" w:type="dxa"/><w:jc w:val="center"/>'
    room = {"top": 40, "left": 60, "bottom": 40, "right": 60}
    margin = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in room.items())
    grid = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in widths_mm)
    look = (
        f"<w:tblPr>{total}<w:tblBorders>{border}</w:tblBorders>"
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margin}</w:tblCellMar></w:tblPr>'
    )
    return f"<w:tbl {_NS}>{look}<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"


def twips(mm: float) -> int:
    """Millimetres in twentieths of a point."""
    return round(mm * _TWIPS_PER_MM)


def page_field_xml(code: str) -> str:
    """Field Word fills in: ``PAGE`` or ``NUMPAGES``."""
    return f'<w:fldSimple w:instr=" {code} ">{run_xml("1", size=8)}</w:fldSimple>'


def page_number_xml() -> str:
    """Runs of 第×页 共×页, the numbers as fields."""
    runs = []
    for part in _page_parts():
        field = {"PAGE": "PAGE", "NUMPAGES": "NUMPAGES"}.get(part)
        runs.append(page_field_xml(field) if field else run_xml(part, size=8))
    return "".join(runs)


def set_paper(document: Any, *, landscape: bool, margin_mm: int) -> None:
    """Set A4 with these margins, upright or across."""
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width = Mm(297 if landscape else 210)
    section.page_height = Mm(210 if landscape else 297)
    section.left_margin = section.right_margin = Mm(margin_mm)
    section.top_margin, section.bottom_margin = Mm(16), Mm(16)
    section.header_distance = section.footer_distance = Mm(8)


def _page_parts() -> list[str]:
    marked = say("page", page="\0PAGE\0", pages="\0NUMPAGES\0")
    return [part for part in marked.split("\0") if part]


def _set_page(document: Any, layout: Layout) -> None:
    landscape = layout.orientation == LANDSCAPE
    set_paper(document, landscape=landscape, margin_mm=16 if landscape else 18)


def _facts_xml(layout: Layout) -> str:
    rows = []
    for row in layout.facts:
        widths = fact_widths(layout, row)
        cells = [
            cell_xml(
                paragraph_xml(cell.value),
                width,
                shaded=place % 2 == 0,
                across=len(layout.fact_widths) - place if place == len(row) - 1 else 1,
            )
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        rows.append(row_xml(cells, height_mm=8))
    return table_xml(rows, layout.fact_widths)


def _apart_xml(layout: Layout) -> list[str]:
    """Results, notes and signatures one after the other; what keeps them together is each paragraph's."""
    signed = _signed_widths(layout)
    held = len(layout.rows) - 2
    rows = [_head_xml(layout, [1] * len(layout.widths))]
    rows += [
        _result_xml(row, layout.widths, [1] * len(row), number >= held)
        for number, row in enumerate(layout.rows)
    ]
    return [
        table_xml(rows, layout.widths),
        paragraph_xml("", size=4, keep=True),
        *(paragraph_xml(note.value, size=9, after=30, keep=True) for note in layout.notes),
        table_xml([_signatures_xml(layout, signed, [1] * len(signed))], signed),
    ]


def _joined_xml(layout: Layout) -> list[str]:
    """Results, notes and signatures as one table, so that they keep together on its last page.

    The last two rows of results hold to the notes, and these to the signatures. Word keeps any
    paragraphs together; LibreOffice keeps rows of one table together wherever a page ends, but not
    a table that has gone over pages and what comes after it. The heading is repeated above them.
    """
    signed = _signed_widths(layout)
    edges = sorted({*accumulate(layout.widths), *accumulate(signed)})
    spans = _spans(layout.widths, edges)
    held = len(layout.rows) - 2
    rows = [_head_xml(layout, spans)]
    rows += [
        _result_xml(row, layout.widths, spans, number >= held)
        for number, row in enumerate(layout.rows)
    ]
    for number, note in enumerate(layout.notes, 1):
        words = paragraph_xml(note.value, size=9, keep=True)
        within = ["top"] * (number > 1) + ["left"] + ["bottom"] * (number < len(layout.notes))
        whole = cell_xml(words, edges[-1], nil=[*within, "right"], across=len(edges))
        rows.append(row_xml([whole]))
    rows.append(_signatures_xml(layout, signed, _spans(signed, edges)))
    return [table_xml(rows, [edge - before for before, edge in pairwise([0, *edges])])]


def _signed_widths(layout: Layout) -> list[int]:
    """Widths of the fields to sign and, last, of the place of the code."""
    return [*layout.signature_widths, sum(layout.widths) - sum(layout.signature_widths)]


def _spans(widths: Sequence[int], edges: Sequence[int]) -> list[int]:
    """How many columns of a grid with these edges each cell of a row goes across."""
    ends = [0, *(edges.index(end) + 1 for end in accumulate(widths))]
    return [end - start for start, end in pairwise(ends)]


def _head_xml(layout: Layout, spans: Sequence[int]) -> str:
    cells = [
        cell_xml(
            paragraph_xml(cell.value, font=HEI, align="center"), width, shaded=True, across=across
        )
        for cell, width, across in zip(layout.header, layout.widths, spans, strict=True)
    ]
    return row_xml(cells, repeated=True, height_mm=9)


def _result_xml(row: Row, widths: Sequence[int], spans: Sequence[int], keep: bool) -> str:
    cells = [
        cell_xml(
            paragraph_xml(
                cell.value, size=10, align="left" if cell.from_left else "center", keep=keep
            ),
            width,
            across=across,
        )
        for cell, width, across in zip(row, widths, spans, strict=True)
    ]
    return row_xml(cells, height_mm=9)


def _signatures_xml(layout: Layout, widths: Sequence[int], spans: Sequence[int]) -> str:
    """Fields with room for a hand and a seal, and the place of the code with its caption."""
    height = layout.qr_mm + 9
    cells = []
    for cell, width, across in zip(layout.signatures, widths, spans, strict=False):
        label, _, day = cell.value.partition(" ")
        words = paragraph_xml(label) + paragraph_xml(
            day.replace(" ", "　　"), align="right", before=twips(height - 22)
        )
        cells.append(cell_xml(words, width, top=True, across=across))
    caption = paragraph_xml(layout.caption.value, size=9, align="center")
    code = paragraph_xml("", align="center") + caption
    cells.append(cell_xml(code, widths[-1], across=spans[-1]))
    return row_xml(cells, height_mm=height)


def _place_qr(document: Any, layout: Layout) -> None:
    cell = document.tables[-1].rows[-1].cells[-1]
    run = cell.paragraphs[0].add_run()
    picture = run.add_picture(io.BytesIO(qr_png(layout.receipt)), width=Mm(layout.qr_mm))
    picture._inline.docPr.set("descr", layout.caption.value)


def _set_footer(document: Any, layout: Layout) -> None:
    footer = document.sections[0].footer
    footer.is_linked_to_previous = False
    element = footer._element
    for old in list(element):
        element.remove(old)
    spaced = '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
    style = f'<w:pPr>{spaced}<w:jc w:val="center"/></w:pPr>'
    words = run_xml(f"{layout.footer.value}　", size=8)
    element.append(parse_xml(f"<w:p {_NS}>{style}{words}{page_number_xml()}</w:p>"))


def _embed(document: Any, payload: SheetPayload) -> None:
    start = f'<?xml version="1.0" encoding="UTF-8"?><payload xmlns="{DOCUMENT_NAMESPACE}">'
    xml = f"{start}{pack(payload)}</payload>"
    package = document.part.package
    name = package.next_partname("/customXml/item%d.xml")
    part = Part(name, "application/xml", xml.encode("ascii"), package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)


def set_properties(document: Any, title: str, day: str) -> None:
    """Say what the document is and its day; name nobody as its author."""
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, "", ""
    properties.last_modified_by = ""
    properties.created = properties.modified = at
    properties.language = "zh-CN"
