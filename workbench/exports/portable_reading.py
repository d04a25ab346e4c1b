"""Printed text of a PDF page by page, and what could hide words or lay others over them."""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from workbench.errors import InputError
from workbench.exports.document_reading import no_proof
from workbench.exports.embedding import ATTACHMENT

MOST_PAGES = 400
_DARK = 128


def read(name: str, data: bytes) -> tuple[tuple[str, ...], bytes, tuple[str, ...]]:
    """Text of each page, the proof, and oddities of a PDF.

    Raises
    ------
    InputError
        If the PDF cannot be opened, has over 400 pages, or carries no proof.
    """
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as fault:
        raise InputError(
            f"{name} is no readable docx, xlsx or pdf ({fault}). "
            "Ask the school for the file as it was issued.",
            key="sheet.broken",
            file=name,
            reason=str(fault),
        ) from fault
    try:
        if len(document) > MOST_PAGES:
            raise InputError(
                f"{name} has {len(document)} pages, no sheet has over {MOST_PAGES}.",
                key="sheet.too_many_pages",
                file=name,
                pages=len(document),
                limit=MOST_PAGES,
            )
        payload = _proof(name, document)
        pages, oddities = [], set()
        for number in range(len(document)):
            page = document[number]
            pages.append(page.get_textpage().get_text_range())
            oddities |= _oddities(page)
        return tuple(pages), payload, tuple(sorted(oddities))
    finally:
        document.close()


def has_proof(name: str, data: bytes) -> bool:
    """Whether a PDF has our proof attached; False where it cannot be opened."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        return False
    try:
        _proof(name, document)
    except InputError:
        return False
    finally:
        document.close()
    return True


def _proof(name: str, document: Any) -> bytes:
    for number in range(document.count_attachments()):
        attachment = document.get_attachment(number)
        if attachment.get_name() == ATTACHMENT:
            return bytes(attachment.get_data())
    raise no_proof(name)


def _oddities(page: Any) -> set[str]:
    """Pictures, annotations and hidden text: a sheet has none of them."""
    found = set()
    if raw.FPDFPage_GetAnnotCount(page.raw) > 0:
        found.add("annotation")
    for one in page.get_objects(max_depth=8):
        if one.type == raw.FPDF_PAGEOBJ_IMAGE:
            found.add("picture")
        elif one.type == raw.FPDF_PAGEOBJ_TEXT and not _visible(one.raw):
            found.add("hidden_text")
    return found


def _visible(text_object: Any) -> bool:
    """Whether a text is filled, dark and opaque."""
    if raw.FPDFTextObj_GetTextRenderMode(text_object) != raw.FPDF_TEXTRENDERMODE_FILL:
        return False
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    known = raw.FPDFPageObj_GetFillColor(text_object, red, green, blue, alpha)
    dark = max(red.value, green.value, blue.value) < _DARK
    return not known or (dark and alpha.value == 255)
