"""Printed codes in a photo or a scan of a sheet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from workbench.errors import InputError

PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")
_FORMS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
_MOST_PIXELS = 120_000_000
_MARKS = ("EVW1:", "EVW2:")
_SCAN_SCALE = 200 / 72
_MOST_PAGES = 60


def is_picture(data: bytes) -> bool:
    """Whether a file begins as a photo or scan does."""
    return data.startswith(PICTURES)


def codes_of_picture(name: str, data: bytes) -> list[str]:
    """Texts of our codes in a picture, in any position; InputError where it is no picture."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=_FORMS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise ValueError("more pixels than any camera takes")
            picture = ImageOps.exif_transpose(opened).convert("L")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as fault:
        raise InputError(
            f"{name} cannot be read as a picture ({fault}). Take the photo again as JPEG or PNG.",
            key="sheet.picture",
            file=name,
            reason=str(fault),
        ) from fault
    return _codes(picture)


def codes_of_scan(data: bytes) -> list[str]:
    """Texts of our codes on the pages of a scanned PDF; empty where it has none or is no PDF."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        return []
    try:
        found: list[str] = []
        for number in range(min(len(document), _MOST_PAGES)):
            page = document[number].render(scale=_SCAN_SCALE, grayscale=True).to_pil()
            found += _codes(page.convert("L"))
        return found
    finally:
        document.close()


def _codes(picture: Any) -> list[str]:
    import zxingcpp

    for each in _tries(picture):
        texts = [code.text for code in zxingcpp.read_barcodes(each)]
        found = [text for text in texts if text.startswith(_MARKS)]
        if found:
            return list(dict.fromkeys(found))
    return []


def _tries(picture: Any) -> Iterator[Any]:
    """Return the picture as it is, then with its contrast stretched, softened and enlarged."""
    from PIL import ImageFilter, ImageOps

    yield picture
    stretched = ImageOps.autocontrast(picture, cutoff=1)
    yield stretched
    yield stretched.filter(ImageFilter.MedianFilter(3))
    if picture.width * picture.height < _MOST_PIXELS // 16:
        yield stretched.resize((picture.width * 2, picture.height * 2))
