"""Pages of a PDF as pictures, with what must not be read covered before anybody sees them.

Boxes come from the text layer, character by character, and are drawn into the
picture: nothing lies beneath them. Form fields and notes are made part of the
page first, so that their words are found too. Words inside pictures are not.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageDraw

from workbench.readers.errors import Unreadable
from workbench.readers.limits import MIB, Limits
from workbench.readers.masking import Mask, Span
from workbench.readers.portable import open_pdf

DPI = 150
_MOST_PIXELS = 12_000_000  # of one page; a poster is drawn smaller
_QUALITY = 82  # of webp, where text stays clean
_INK = (43, 43, 43)
_MARGIN = 0.12  # of a character's height added around it
_LARGE = 0.04  # share of the page from which a picture may hold words or faces
_FEW = 8  # characters; a page with fewer and a large picture is a scan

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the drawn page."""


@dataclass
class Drawn:
    """Pages drawn: their files with sizes in pixels, and what was met on them.

    ``covered`` counts finds by kind that lie under a box; ``leaks`` those no
    box could be drawn for. ``pictures`` and ``scans`` count pages whose
    pictures may show what no text search finds.
    """

    pages: list[dict[str, Any]] = field(default_factory=list)
    covered: Counter[str] = field(default_factory=Counter)
    leaks: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    scans: int = 0
    cut: bool = False


def draw_pages(
    path: Path, folder: Path, mask: Mask, limits: Limits, most: int, dpi: int = DPI
) -> Drawn:
    """Draw the pages of a PDF into a folder as webp.

    Parameters
    ----------
    path : Path
    folder : Path
        Where the pictures go, named ``page-0001.webp`` and so on.
    mask : Mask
    limits : Limits
    most : int
        Pages drawn; the rest is left out and ``cut`` says so.
    dpi : int

    Raises
    ------
    Unreadable
        ``too_large``, ``encrypted`` or ``broken``.
    """
    if path.stat().st_size > limits.pdf_mib * MIB:
        raise Unreadable("too_large", f"more than {limits.pdf_mib} MiB")
    document = open_pdf(path)
    drawn = Drawn(cut=len(document) > most)
    try:
        for number in range(min(len(document), most)):
            image = _page(document, number, mask, drawn, dpi)
            name = f"page-{number + 1:04d}.webp"
            image.save(folder / name, "WEBP", quality=_QUALITY, method=2)
            drawn.pages.append({"file": name, "width": image.width, "height": image.height})
    except pypdfium2.PdfiumError as error:
        raise Unreadable("broken", f"PDF: {error}") from None
    finally:
        document.close()
    return drawn


def _page(
    document: pypdfium2.PdfDocument, number: int, mask: Mask, drawn: Drawn, dpi: int
) -> Image.Image:
    page = document[number]
    pdfium_c.FPDFPage_Flatten(page.raw, pdfium_c.FLAT_NORMALDISPLAY)
    page.close()  # what was made part of it is read when it is opened again
    page = document[number]
    layer = _upright_text(page)
    try:
        bitmap = page.render(scale=_scale(page, dpi))
        image = bitmap.to_pil().convert("RGB")
        _cover(image, layer, bitmap.get_posconv(page), mask, drawn)
        letters = layer.count_chars()
    finally:
        layer.close()
    _count_pictures(page, letters, drawn)
    page.close()
    return image


def _upright_text(page: Any) -> Any:
    """Text layer in the order of its lines, which pdfium reads askew on a turned page."""
    turned = page.get_rotation()
    page.set_rotation(0)
    layer = page.get_textpage()
    page.set_rotation(turned)
    return layer


def _scale(page: Any, dpi: int) -> float:
    pixels = page.get_width() * page.get_height() * (dpi / 72) ** 2
    return dpi / 72 * min(1.0, math.sqrt(_MOST_PIXELS / max(pixels, 1.0)))


def _cover(image: Image.Image, layer: Any, places: Any, mask: Mask, drawn: Drawn) -> None:
    text = "".join(_letter(layer, place) for place in range(layer.count_chars()))
    pen = ImageDraw.Draw(image)
    for span in mask.spans(text):
        boxes = _boxes(layer, places, text, span)
        known = drawn.covered if boxes else drawn.leaks
        known[span.kind] += 1
        for box in boxes:
            pen.rectangle(box, fill=_INK)


def _letter(layer: Any, place: int) -> str:
    code = pdfium_c.FPDFText_GetUnicode(layer.raw, place)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _boxes(layer: Any, places: Any, text: str, span: Span) -> list[Box]:
    """Boxes over a find, one for each line it stands in; empty if a character has no place."""
    boxes: list[Box] = []
    for place in range(span.start, span.end):
        if text[place].isspace() or text[place] == "\ufffe":
            continue
        box = _box(layer, places, place)
        if box is None:
            return []
        if boxes and _follows(boxes[-1], box):
            box = _around(boxes.pop(), box)
        boxes.append(box)
    return boxes


def _box(layer: Any, places: Any, place: int) -> Box | None:
    loose, tight = layer.get_charbox(place, loose=True), layer.get_charbox(place)
    edges = [
        places.to_bitmap(x, y)
        for left, bottom, right, top in (loose, tight)
        for x, y in ((left, top), (right, bottom))
        if right > left and top > bottom
    ]
    if not edges:
        return None
    across, down = [x for x, _ in edges], [y for _, y in edges]
    room = max(2.0, _MARGIN * min(max(down) - min(down), max(across) - min(across)))
    return min(across) - room, min(down) - room, max(across) + room, max(down) + room


def _follows(last: Box, box: Box) -> bool:
    """Whether a box goes on in the line, or the upright line, of the last one."""
    height, width = box[3] - box[1], box[2] - box[0]
    level = min(last[3], box[3]) - max(last[1], box[1]) > height / 2
    upright = min(last[2], box[2]) - max(last[0], box[0]) > width / 2
    near_across = max(last[0], box[0]) - min(last[2], box[2]) < 2 * height
    near_down = max(last[1], box[1]) - min(last[3], box[3]) < 2 * width
    return (level and near_across) or (upright and near_down and not level)


def _around(one: Box, two: Box) -> Box:
    return (
        min(one[0], two[0]),
        min(one[1], two[1]),
        max(one[2], two[2]),
        max(one[3], two[3]),
    )


def _count_pictures(page: Any, letters: int, drawn: Drawn) -> None:
    whole = max(page.get_width() * page.get_height(), 1.0)
    shares = []
    for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        left, bottom, right, top = item.get_bounds()
        shares.append(abs((right - left) * (top - bottom)) / whole)
    if max(shares, default=0.0) < _LARGE:
        return
    drawn.pictures += 1
    drawn.scans += letters < _FEW
