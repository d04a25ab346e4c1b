"""A PDF as it looks: set the sheet anew and lay the pages over each other."""

from __future__ import annotations

from typing import Any

import pypdfium2 as pdfium
from PIL import Image, ImageChops

from workbench.exports.comparing import Difference
from workbench.exports.layout import layout_of
from workbench.exports.payload import SheetPayload
from workbench.exports.portable_sheet import portable_sheet
from workbench.exports.wording import say

_SCALE = 1.25  # 90 dpi: a full stop of the smallest print still covers a pixel
_STEP = 48  # of 255 levels of grey, above what rounding can move


def compare_appearance(payload: SheetPayload, data: bytes) -> list[Difference] | None:
    """Pages of a PDF that do not look as the payload is set.

    Text that is read out of a PDF need not be the text one sees: glyphs can be
    drawn over, or mean another character. The sheet is therefore set again and
    compared as a picture.

    Returns
    -------
    list of Difference, or None
        None where the file was set by another version of the typesetter, or
        cannot be set here: pages may then differ without anything being wrong.
    """
    expected = portable_sheet(payload, layout_of(payload))
    if expected == data:
        return []
    ours, theirs = pdfium.PdfDocument(expected), pdfium.PdfDocument(data)
    try:
        found = _differing(ours, theirs)
        return found if not found or _typesetter(ours) == _typesetter(theirs) else None
    finally:
        ours.close()
        theirs.close()


def _differing(ours: Any, theirs: Any) -> list[Difference]:
    if len(ours) != len(theirs):
        return [_difference(min(len(ours), len(theirs)) + 1)]
    return [
        _difference(number + 1)
        for number in range(len(ours))
        if not _look_alike(_picture(ours[number]), _picture(theirs[number]))
    ]


def _typesetter(document: Any) -> str:
    return str(document.get_metadata_dict().get("Creator", ""))


def _picture(page: Any) -> Image.Image:
    picture: Image.Image = page.render(scale=_SCALE, grayscale=True, may_draw_forms=True).to_pil()
    return picture.convert("L")


def _look_alike(one: Image.Image, other: Image.Image) -> bool:
    if one.size != other.size:
        return False
    return not any(ImageChops.difference(one, other).histogram()[_STEP:])


def _difference(page: int) -> Difference:
    return Difference(f"page[{page}]", say("label.page", page=page), "", "")
