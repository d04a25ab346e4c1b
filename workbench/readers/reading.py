"""One file to its facts: the kind by content, then the reader of that kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workbench.readers import archives, documents, images, media, plain, portable, slides, web
from workbench.readers import spreadsheets as sheets
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.kinds import Kind, kind_of
from workbench.readers.limits import DEFAULT, Limits

__all__ = ["Unreadable", "read_file"]

_IMAGES = ("jpg", "png", "webp", "gif", "bmp", "tiff")
_MEDIA = ("mp3", "m4a", "mp4", "mov", "mkv", "webm", "avi", "wmv")


def read_file(path: Path, limits: Limits = DEFAULT, name: str = "") -> FileFacts:
    """Facts of one file, in this process: call it through ``isolation.ReaderPool``.

    Parameters
    ----------
    name : str
        Name the file was handed in under, where the stored copy has another;
        its extension is compared with the content.

    Raises
    ------
    Unreadable
        With one of :data:`errors.CODES`. Libraries may raise anything else on
        damaged input; the isolated process turns that into ``broken``.
    """
    kind = kind_of(path, name or path.name, limits)
    facts = _read(path, kind, limits)
    extra = []
    if kind.mislabelled:
        extra.append("mislabelled")
    if kind.macros:
        extra.append("macros")
    if kind.inside == "html":
        extra.append("html_inside")
    return replace(facts, warnings=(*facts.warnings, *extra)) if extra else facts


def _read(path: Path, kind: Kind, limits: Limits) -> FileFacts:
    match kind.media_type:
        case "docx":
            return documents.read_document(path, limits)
        case "doc" | "wps":
            return _old_document(path, kind, limits)
        case "pptx":
            return slides.read_slides(path, limits)
        case "ppt":
            return _not_shown("ppt")
        case "xlsx" | "xls" | "csv":
            return sheets.read_spreadsheet(path, kind, limits)
        case "pdf":
            return portable.read_pdf(path, limits)
        case "txt" | "md" as text:
            return plain.read_text(path, text, limits)
        case "zip":
            return archives.read_archive(path, limits)
        case image if image in _IMAGES:
            return images.read_image(path, limits)
        case sound_or_video if sound_or_video in _MEDIA:
            return media.read_media(path, sound_or_video, limits)
    raise Unreadable("unsupported", kind.media_type)


def _old_document(path: Path, kind: Kind, limits: Limits) -> FileFacts:
    """A web page named .doc is read at once; the rest waits for LibreOffice."""
    if kind.inside != "html":
        return _not_shown(kind.media_type)
    page = web.web_page(plain.read_bytes(path, limits.text_mib))
    text, cut = plain.cut(web.page_text(page), limits)
    return FileFacts(kind.media_type, text=text, warnings=cut)


def _not_shown(media_type: str) -> FileFacts:
    return FileFacts(media_type, warnings=("no_preview",), previewable=False)
