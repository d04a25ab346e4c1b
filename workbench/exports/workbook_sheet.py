"""A sheet as a workbook (xlsx): every word a text cell, no formula, the proof in a hidden sheet."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.utils.units import cm_to_EMU
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.pagebreak import Break

from workbench.exports.cells import LANDSCAPE, Cell, Layout, Row
from workbench.exports.embedding import WORKBOOK_SHEET, pack
from workbench.exports.payload import SheetPayload
from workbench.exports.receipt import qr_png
from workbench.exports.wording import say

CHUNK = 30_000
_PIXELS_PER_MM = 96 / 25.4
_POINTS_PER_MM = 2.835
_THIN = Side(style="thin")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_GREY = PatternFill("solid", fgColor="EFEFEF")
_TOP_INCH, _BOTTOM_INCH = 0.6, 0.7
# Of a sheet over several pages: a little smaller, for programs fit pages or end them, never both.
_SCALE = 95
_FILLED = 0.97  # of the page at most, as programs round heights differently


def workbook_sheet(payload: SheetPayload, layout: Layout) -> bytes:
    """Write a sheet as xlsx; what looks like a formula stays the text it is."""
    workbook: Any = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = say("tab")
    # Column widths count digits of this font: one that every system has, or its twin.
    workbook._fonts[0] = Font(name="Arial", size=10)
    setting = _Setting(sheet, layout)
    setting.set_all()
    _set_page(sheet, layout)
    _end_pages(sheet, setting, layout)
    _embed(workbook, payload)
    properties = workbook.properties
    properties.creator, properties.title = "", layout.title.value
    properties.created = properties.modified = datetime.fromisoformat(payload.issued_on)
    made = io.BytesIO()
    workbook.save(made)
    return made.getvalue()


def spans(widths: Sequence[float], wanted: Sequence[float]) -> list[tuple[int, int]]:
    """Columns (from 1, both ends included) for cells of the wanted widths, at least one each.

    >>> spans([58, 18, 50, 20, 28], [58, 68, 48])
    [(1, 1), (2, 3), (4, 5)]
    """
    edges = [sum(widths[:place]) for place in range(len(widths) + 1)]
    found, start = [], 0
    for place in range(len(wanted)):
        target = sum(wanted[: place + 1]) / sum(wanted) * edges[-1]
        last = len(widths) - (len(wanted) - place - 1)
        stop = min(range(start + 1, last + 1), key=lambda edge: abs(edges[edge] - target))
        stop = last if place == len(wanted) - 1 else stop
        found.append((start + 1, stop))
        start = stop
    return found


def column_width(mm: float) -> float:
    """Width in the unit of workbooks: digits of seven pixels, five pixels of margin."""
    return (mm * _PIXELS_PER_MM - 5) / 7


def lines_needed(text: str, width_mm: float, size: float) -> int:
    """Lines a text takes in a column, a Chinese character being as wide as its size."""
    em = size * 0.353
    length = sum(em if ord(sign) > 0x2E7F else em * 0.6 for sign in text)
    whole = max(1, math.floor((width_mm - 2.5) / em)) * em  # a line breaks between characters
    return max(1, math.ceil(length / whole))


class _Look(NamedTuple):
    """How a cell looks: size in points, weight, frame, shade, and where its text stands."""

    size: float
    bold: bool
    boxed: bool
    grey: bool
    side: str
    height: str


class _Setting:
    """One sheet being set row by row; ``at`` is the row in work, from 1."""

    def __init__(self, sheet: Any, layout: Layout) -> None:
        self.sheet = sheet
        self.layout = layout
        self.at = 0
        self.heading = 0
        self.styles: dict[_Look, StyleArray] = {}

    def set_all(self) -> None:
        """Set every row of the layout; the heading row repeats on every page."""
        layout = self.layout
        count = len(layout.widths)
        whole = [(1, count)]
        for place, width in enumerate(layout.widths, 1):
            self.sheet.column_dimensions[get_column_letter(place)].width = column_width(width)
        self.row((layout.title,), whole, size=16, bold=True, boxed=False, height=32)
        self.row((layout.subtitle,), whole, boxed=False, height=20)
        self.facts()
        singles = [(place, place) for place in range(1, count + 1)]
        self.row(layout.header, singles, bold=True, shaded=True)
        self.heading = self.at
        self.sheet.print_title_rows = f"{self.at}:{self.at}"
        for row in layout.rows:
            self.row(row, singles)
        for note in layout.notes:
            self.row((note,), whole, size=9, boxed=False, left=True)
        self.signatures()

    def facts(self) -> None:
        """Labels and values beside each other, over the columns of the table."""
        places = spans(self.layout.widths, self.layout.fact_widths)
        for row in self.layout.facts:
            last = (places[len(row) - 1][0], len(self.layout.widths))
            self.row(row, [*places[: len(row) - 1], last], labelled=True)

    def signatures(self) -> None:
        """One high row: fields to sign, room for the seal, the QR apart from both."""
        layout = self.layout
        rest = sum(layout.widths) - sum(layout.signature_widths)
        places = spans(layout.widths, [*layout.signature_widths, rest])
        height = (layout.qr_mm + 10) * _POINTS_PER_MM
        texts = [_signed(cell) for cell in layout.signatures]
        self.row((*texts, layout.caption), places, top=True, height=height)
        look = _Look(10.5, False, True, False, "center", "bottom")
        self.write(layout.caption.value, *places[-1], look)
        self.place_qr(places[-1])

    def place_qr(self, place: tuple[int, int]) -> None:
        """Put the QR into the last field, centred, above its caption."""
        room = sum(self.layout.widths[place[0] - 1 : place[1]])
        inset = max(0.5, (room - self.layout.qr_mm) / 2)
        picture = Image(io.BytesIO(qr_png(self.layout.receipt)))
        side = cm_to_EMU(self.layout.qr_mm / 10)
        start = AnchorMarker(
            col=place[0] - 1, colOff=cm_to_EMU(inset / 10), row=self.at - 1, rowOff=cm_to_EMU(0.15)
        )
        picture.anchor = OneCellAnchor(_from=start, ext=XDRPositiveSize2D(side, side))
        self.sheet.add_image(picture)

    def row(
        self,
        cells: Row,
        places: Sequence[tuple[int, int]],
        *,
        size: float = 10.5,
        bold: bool = False,
        boxed: bool = True,
        shaded: bool = False,
        labelled: bool = False,
        left: bool = False,
        top: bool = False,
        height: float = 0,
    ) -> None:
        """Set one row of cells over the given columns."""
        self.at += 1
        tallest = 1
        for number, (cell, (first, last)) in enumerate(zip(cells, places, strict=True)):
            grey = shaded or (labelled and number % 2 == 0)
            from_left = left or top or (labelled and number % 2) or (cell.from_left and not shaded)
            side, height_at = "left" if from_left else "center", "top" if top else "center"
            look = _Look(size, bold, boxed, grey, side, height_at)
            self.write(cell.value, first, last, look)
            width = sum(self.layout.widths[first - 1 : last])
            tallest = max(tallest, lines_needed(cell.value, width, size))
        self.sheet.row_dimensions[self.at].height = max(height, tallest * size * 1.3 + 6)

    def write(self, text: str, first: int, last: int, look: _Look) -> None:
        """Write one text as text, merged over its columns."""
        for column in range(first, last + 1):
            self.sheet.cell(self.at, column)._style = self.style(look)
        target = self.sheet.cell(self.at, first)
        target.value = text
        target.data_type = "s"
        if last > first:
            # `merge_cells` would put together anew the borders that every cell has already.
            self.sheet.merged_cells.add(CellRange(None, first, self.at, last, self.at))

    def style(self, look: _Look) -> StyleArray:
        """Style of a look, made once: setting each part anew is most of a workbook's cost."""
        if look not in self.styles:
            proto = self.sheet.cell(1, 1)
            kept = proto._style
            proto._style = StyleArray()
            proto.font = Font(name="宋体", size=look.size, bold=look.bold)
            proto.border = _BOX if look.boxed else Border()
            proto.fill = _GREY if look.grey else PatternFill()
            proto.alignment = Alignment(horizontal=look.side, vertical=look.height, wrap_text=True)
            proto.number_format = "@"
            self.styles[look] = proto._style
            proto._style = kept
        return self.styles[look]


def _signed(cell: Cell) -> Cell:
    """Signature field of a workbook: the label above, room, the date below."""
    label, _, day = cell.value.partition(" ")
    return Cell(
        cell.place, cell.label, f"{label}{chr(10) * 7}{day.replace(' ', '　　')}", free=True
    )


def _set_page(sheet: Any, layout: Layout) -> None:
    sheet.page_setup.orientation = layout.orientation
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    side = 0.55 if layout.orientation == LANDSCAPE else 0.65
    margins.left = margins.right = side
    margins.top, margins.bottom, margins.footer = _TOP_INCH, _BOTTOM_INCH, 0.35
    page = say("page", page="&P", pages="&N")
    words = layout.footer.value.replace("&", "&&")
    sheet.HeaderFooter.oddFooter.left.text = words
    sheet.HeaderFooter.oddFooter.left.size = 8
    sheet.HeaderFooter.oddFooter.right.text = page
    sheet.HeaderFooter.oddFooter.right.size = 8


def _end_pages(sheet: Any, setting: _Setting, layout: Layout) -> None:
    """Say where pages end, so that the last rows of results go with the notes and signatures."""
    heights = [sheet.row_dimensions[row].height for row in range(1, setting.at + 1)]
    first_held = setting.heading + 1 + max(0, len(layout.rows) - 2)
    paper = 210 if layout.orientation == LANDSCAPE else 297
    room = paper * _POINTS_PER_MM - 72 * (_TOP_INCH + _BOTTOM_INCH)
    if not page_ends(heights, setting.heading, first_held, room * _FILLED):
        return
    sheet.sheet_properties.pageSetUpPr.fitToPage = False
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = None
    sheet.page_setup.scale = _SCALE
    larger = room * _FILLED * 100 / _SCALE
    for row in page_ends(heights, setting.heading, first_held, larger):
        sheet.row_breaks.append(Break(id=row))


def page_ends(heights: Sequence[float], heading: int, first_held: int, room: float) -> list[int]:
    """Rows (from 1) after which a page ends.

    Parameters
    ----------
    heights : sequence of float
        Of every row, in the unit of ``room``.
    heading : int
        The row repeated at the head of every page but the first.
    first_held : int
        From this row to the last all stand on one page.
    room : float
        What a page holds.

    Examples
    --------
    >>> page_ends([10] * 10, 1, 9, 45)  # heading and 3, heading and 3, heading and the held
    [4, 7]
    >>> page_ends([10] * 5, 1, 4, 50)
    []
    """
    ends, used = [], 0.0
    for row, height in enumerate(heights, 1):
        wanted = sum(heights[row - 1 :]) if row == first_held else height
        if row > heading + 1 and row <= first_held and used + wanted > room:
            ends.append(row - 1)
            used = heights[heading - 1]
        used += height
    return ends


def _embed(workbook: Any, payload: SheetPayload) -> None:
    hidden = workbook.create_sheet(WORKBOOK_SHEET)
    hidden.sheet_state = "veryHidden"
    for number, chunk in enumerate(_chunks(pack(payload)), 1):
        hidden.cell(number, 1, chunk).data_type = "s"


def _chunks(text: str) -> Iterable[str]:
    return (text[start : start + CHUNK] for start in range(0, len(text), CHUNK))
