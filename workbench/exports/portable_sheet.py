"""A sheet as PDF: set by Typst with embedded fonts only, the proof attached."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import typst
from pylopdf_fonts_zh_cn import sans_path

from workbench.errors import ServiceError
from workbench.exports.cells import Layout
from workbench.exports.embedding import ATTACHMENT
from workbench.exports.payload import SheetPayload, payload_bytes
from workbench.exports.receipt import qr_svg
from workbench.exports.wording import say

_TEMPLATE = Path(__file__).with_name("templates") / "sheet.typ"


def portable_sheet(payload: SheetPayload, layout: Layout) -> bytes:
    """Set a sheet as PDF; the same payload gives the same bytes.

    Raises
    ------
    ServiceError
        If the embedded font lacks a character: printed it would be an empty
        box, so the sheet is refused and the character named.
    """
    refuse_missing(cell.value for row in layout.printed_rows for cell in row)
    inputs = {
        "data": json.dumps(_data(layout), ensure_ascii=False),
        "payload": payload_bytes(payload).decode("utf-8"),
    }
    at = datetime.fromisoformat(payload.issued_on).replace(tzinfo=UTC)
    with _LOCK:
        made = _compiler().compile(format="pdf", sys_inputs=inputs, timestamp=at)
    if not isinstance(made, bytes):
        raise ServiceError("the PDF compiler gave no document.", key="sheet.pdf")
    return made


def missing_characters(texts: Iterable[str]) -> list[str]:
    """Characters the embedded fonts cannot print, in order, each once."""
    wanted = {sign for text in texts for sign in text if not sign.isspace()}
    return sorted(sign for sign in wanted if ord(sign) not in _covered())


def refuse_missing(texts: Iterable[str]) -> None:
    """ServiceError if a text holds a character that would print as an empty box."""
    missing = missing_characters(texts)
    if missing:
        listed = "、".join(f"{sign}（U+{ord(sign):04X}）" for sign in missing)
        raise ServiceError(
            f"the font of the PDF has no {listed}. Issue this sheet as docx or xlsx, "
            "and write the character with a font of your computer.",
            key="sheet.no_glyph",
            characters=listed,
        )


# One compiler is kept: loading the fonts costs more than a sheet. It is not to
# be used by two threads at once.
_LOCK = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(sans_path().parent)],
    )
    return typst.Compiler(input=_TEMPLATE, font_paths=fonts)


@cache
def _covered() -> frozenset[int]:
    """Code points of the sans face, read from its character map (cmap format 12)."""
    font = sans_path().read_bytes()
    tables = {
        font[at : at + 4]: int.from_bytes(font[at + 8 : at + 12], "big")
        for at in range(12, 12 + 16 * int.from_bytes(font[4:6], "big"), 16)
    }
    start = tables[b"cmap"]
    found: set[int] = set()
    for number in range(int.from_bytes(font[start + 2 : start + 4], "big")):
        record = start + 4 + 8 * number
        table = start + int.from_bytes(font[record + 4 : record + 8], "big")
        if int.from_bytes(font[table : table + 2], "big") == 12:
            found.update(_groups(font, table))
    return frozenset(found)


def _groups(font: bytes, table: int) -> Iterable[int]:
    for number in range(int.from_bytes(font[table + 12 : table + 16], "big")):
        at = table + 16 + 12 * number
        first, last = (int.from_bytes(font[at + n : at + n + 4], "big") for n in (0, 4))
        yield from range(first, last + 1)


def _data(layout: Layout) -> dict[str, object]:
    """Everything the template prints."""
    rest = sum(layout.widths) - sum(layout.signature_widths)
    return {
        "orientation": layout.orientation,
        "title": layout.title.value,
        "subtitle": layout.subtitle.value,
        "fact_widths": layout.fact_widths,
        "facts": [[cell.value for cell in row] for row in layout.facts],
        "header": [cell.value for cell in layout.header],
        "from_left": [cell.from_left for cell in layout.rows[0]],
        "widths": layout.widths,
        "rows": [[cell.value for cell in row] for row in layout.rows],
        "notes": [note.value for note in layout.notes],
        "signatures": [cell.value.split(" ", 1) for cell in layout.signatures],
        "signature_widths": [*layout.signature_widths, rest],
        "caption": layout.caption.value,
        "footer": layout.footer.value,
        "page": say("page", page="{page}", pages="{pages}"),
        "qr": qr_svg(layout.receipt),
        "qr_mm": layout.qr_mm,
        "attachment": ATTACHMENT,
    }
