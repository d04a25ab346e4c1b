"""PDF: text and pages by pdfium, passwords and active content by pypdf."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pypdfium2.raw as pdfium_c

from workbench.readers import images, plain
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts, Picture
from workbench.readers.limits import MIB, Limits

_ACTIVE = ("/OpenAction", "/AA")  # of the catalogue
_ACTIVE_NAMES = ("/JavaScript", "/EmbeddedFiles")  # of its name tree
_HARMLESS_ACTIONS = ("/GoTo",)
_TIME = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)?(\d\d)?(\d\d)?(Z|[+-]\d\d'?\d\d)?")
_PASSWORD = pdfium_c.FPDF_ERR_PASSWORD

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its remarks on damaged files help nobody


def read_pdf(path: Path, limits: Limits) -> FileFacts:
    """Facts of a PDF: text by page (parted by form feeds), pages, pictures, properties.

    Raises
    ------
    Unreadable
        ``too_large``, ``too_long`` (pages), ``encrypted`` or ``broken``.
    """
    if path.stat().st_size > limits.pdf_mib * MIB:
        raise Unreadable("too_large", f"more than {limits.pdf_mib} MiB")
    document = open_pdf(path)
    try:
        pages = len(document)
        if pages > limits.pdf_pages:
            raise Unreadable("too_long", f"{pages} pages, at most {limits.pdf_pages}")
        text, pictures, odd = _contents(document, limits)
        properties = document.get_metadata_dict(skip_empty=True)
    except pypdfium2.PdfiumError as error:
        raise Unreadable("broken", f"PDF: {error}") from None
    finally:
        document.close()
    return FileFacts(
        "pdf",
        text=text,
        pages=pages,
        pictures=pictures,
        author=properties.get("Author", ""),
        created_at=iso_time(properties.get("CreationDate", "")),
        modified_at=iso_time(properties.get("ModDate", "")),
        encoder=properties.get("Creator", "") or properties.get("Producer", ""),
        warnings=odd + _active(path) + (() if text.strip() else ("no_text",)),
    )


def open_pdf(path: Path) -> pypdfium2.PdfDocument:
    """Open a PDF with at least one page; ``Unreadable`` with ``encrypted`` or ``broken``."""
    try:
        document = pypdfium2.PdfDocument(path)
        if len(document) == 0:
            raise Unreadable("broken", "a PDF without pages")
    except pypdfium2.PdfiumError as error:
        if pdfium_c.FPDF_GetLastError() == _PASSWORD or "password" in str(error).lower():
            raise Unreadable("encrypted", "protected by a password") from None
        raise Unreadable("broken", f"PDF: {error}") from None
    return document


def _contents(
    document: pypdfium2.PdfDocument, limits: Limits
) -> tuple[str, tuple[Picture, ...], tuple[str, ...]]:
    texts: list[str] = []
    pictures: list[Picture] = []
    odd: set[str] = set()
    length, budget = 0, limits.pictures_mpx * 1_000_000
    for number in range(len(document)):
        page = document[number]
        if length <= limits.text_chars:
            texts.append(_page_text(page))
            length += len(texts[-1])
        for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=4):
            if len(pictures) >= limits.pictures or budget <= 0:
                odd.add("pictures_cut")
                break
            picture, pixels = _picture(item, f"page{number + 1}/{len(pictures) + 1}", limits)
            budget -= pixels
            pictures.append(picture)
        page.close()
    text, cut = plain.cut("\f".join(texts), limits)
    return text, _once(pictures), cut + tuple(sorted(odd))


def _page_text(page: pypdfium2.PdfPage) -> str:
    layer = page.get_textpage()
    try:
        return layer.get_text_range().replace("\r\n", "\n").replace("\ufffe", "")
    finally:
        layer.close()


def _picture(item: Any, name: str, limits: Limits) -> tuple[Picture, int]:
    """Hash one picture: the stored JPEG where there is one, else its decoded pixels."""
    data = bytes(item.get_data(decode_simple=False))
    if "DCTDecode" in item.get_filters():
        return images.hash_picture(data, name, limits)
    width, height = item.get_px_size()
    sha256 = hashlib.sha256(data).hexdigest()
    if width * height > limits.image_mpx * 1_000_000:
        return Picture(name, sha256, width, height), 0
    with contextlib.suppress(pypdfium2.PdfiumError, ValueError, RuntimeError):
        bitmap = item.get_bitmap()
        grey = images.working_copy(bitmap.to_pil())
        hashes, mirror = images.hashes_of(grey)
        sketch = images.sketch_of(grey) if hashes else ""
        return Picture(name, sha256, width, height, hashes, mirror, sketch), width * height
    return Picture(name, sha256, width, height), width * height


def _once(pictures: list[Picture]) -> tuple[Picture, ...]:
    """Drop repeats of one picture, such as a letterhead on every page."""
    return tuple({picture.sha256: picture for picture in reversed(pictures)}.values())[::-1]


def _active(path: Path) -> tuple[str, ...]:
    """Warnings about scripts, launch actions, files inside, and restrictions."""
    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted:
            return ("restricted",)
        catalogue: Any = reader.trailer["/Root"].get_object()
        names: Any = catalogue.get("/Names", {}).get_object() if "/Names" in catalogue else {}
        active = any(key in names for key in _ACTIVE_NAMES)
        active = active or any(_acts(catalogue[key]) for key in _ACTIVE if key in catalogue)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (pypdf raises TypeError, AssertionError and more on damage)
        return ("active_unknown",)
    return ("active_content",) if active else ()


def _acts(value: Any) -> bool:
    """Whether an opening action does more than turn to a page."""
    target = value.get_object()
    if not isinstance(target, dict):
        return False
    return target.get("/S") not in _HARMLESS_ACTIONS


def iso_time(value: str) -> str:
    """ISO time of a PDF one; ``""`` if it is not one.

    Examples
    --------
    >>> iso_time("D:20260305091011+08'00'")
    '2026-03-05T09:10:11+08:00'
    """
    found = _TIME.match(value)
    if found is None:
        return ""
    year, month, day, hour, minute, second, zone = found.groups()
    zone = (zone or "").replace("'", "")
    zone = f"{zone[:3]}:{zone[3:]}" if len(zone) == 5 else zone
    return f"{year}-{month}-{day}T{hour or '00'}:{minute or '00'}:{second or '00'}{zone}"
