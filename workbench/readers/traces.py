"""Where a file may say whose it is beside its text: properties, headers, comments, links, tags, EXIF.

Run it through ``isolation.ReaderPool.traces``: it opens what others handed in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import av
import pypdf
from lxml import etree
from PIL import ExifTags, Image

from workbench.readers import guard
from workbench.readers.documents import text_of
from workbench.readers.errors import Unreadable
from workbench.readers.kinds import FAMILIES, kind_of
from workbench.readers.limits import MIB, Limits
from workbench.readers.media import CONTAINERS
from workbench.readers.package import check_parts
from workbench.readers.storing import safe_open

TEXT, HEADER, COMMENT, CHANGE, ALT, LINK = "text", "header", "comment", "change", "alt", "link"
PROPERTY, TAG, EXIF, PAGE_TEXT, NAME = "property", "tag", "exif", "page_text", "file_name"
WHERE = (TEXT, HEADER, COMMENT, CHANGE, ALT, LINK, PROPERTY, TAG, EXIF, PAGE_TEXT, NAME)
"""Kinds of places; ``alt`` is the description of a picture, ``change`` text taken out but kept."""

Trace = tuple[str, str]
"""A kind of place and what stands there."""

_MOST = 20_000  # traces of one file
_LONGEST = 20_000  # characters of one
_OPENED = ("docx", "pptx", "xlsx")
_PARTS = (  # part of the archive -> the kind of place it is
    *(("word/header", HEADER), ("word/footer", HEADER), ("word/comments", COMMENT)),
    *(("ppt/comments", COMMENT), ("ppt/notesSlides/", COMMENT), ("xl/comments", COMMENT)),
    *(("word/footnotes", COMMENT), ("word/endnotes", COMMENT), ("xl/threadedComments", COMMENT)),
    *(("ppt/slideMasters/", HEADER), ("ppt/slideLayouts/", HEADER)),
    *(("docProps/", PROPERTY), ("word/document", TEXT), ("ppt/slides/", TEXT)),
    *(("xl/sharedStrings", TEXT), ("ppt/commentAuthors", COMMENT), ("word/people", COMMENT)),
)


def traces_of(path: Path, name: str, limits: Limits) -> list[Trace]:
    """Everything in a file that may name somebody, with the kind of place, at most so much.

    Raises
    ------
    Unreadable
        If the file cannot be opened.
    """
    if name.endswith(".reading.json"):
        return _cut(_reading_view(path))
    media_type = kind_of(path, name, limits).media_type
    if media_type in _OPENED:
        return _cut(_office(path, limits))
    if media_type == "pdf":
        return _cut(_pdf(path, limits))
    if media_type in FAMILIES["image"]:
        return _cut(_picture(path))
    if media_type in CONTAINERS:
        return _cut(_media(path, media_type))
    return []


def _cut(found: Iterator[Trace]) -> list[Trace]:
    kept = []
    for where, text in found:
        if text.strip():
            kept.append((where, text[:_LONGEST]))
        if len(kept) >= _MOST:
            break
    return kept


def _reading_view(path: Path) -> Iterator[Trace]:
    """Blocks of a masked copy's reading view, as it is kept."""
    for block in json.loads(path.read_bytes())["blocks"]:
        yield TEXT, str(block.get("text", ""))
        for row in block.get("rows", ()):
            yield TEXT, "\t".join(row)


def _office(path: Path, limits: Limits) -> Iterator[Trace]:
    with safe_open(path) as file, guard.open_archive(file, guard.office_bounds(limits)) as archive:
        check_parts(archive)
        for part in archive.namelist():
            where = next((kind for start, kind in _PARTS if part.startswith(start)), "")
            if part.endswith(".rels"):
                yield from _links(archive, part, limits)
            elif where and part.endswith(".xml"):
                yield from _part(archive, part, where, limits)


def _part(archive: ZipFile, part: str, where: str, limits: Limits) -> Iterator[Trace]:
    root = guard.parse_xml(guard.read_member(archive, part, limits.office_unpacked_mib * MIB), part)
    if where == PROPERTY:
        yield from ((PROPERTY, leaf.text or "") for leaf in root.iter() if not len(leaf))
        return
    for element in root.iter("{*}docPr", "{*}cNvPr"):
        yield ALT, " ".join(element.get(key, "") for key in ("title", "descr"))
    for element in root.iter("{*}delText"):
        yield CHANGE, element.text or ""
    for element in root.iter("{*}ins", "{*}del", "{*}comment", "{*}cmAuthor", "{*}person"):
        yield COMMENT, " ".join(v for k, v in element.attrib.items() if _is_author(k))
    paragraphs = list(root.iter("{*}p")) or [root]
    yield from ((where, text_of(each)) for each in paragraphs)


def _is_author(key: str) -> bool:
    return etree.QName(key).localname in ("author", "name", "initials")


def _links(archive: ZipFile, part: str, limits: Limits) -> Iterator[Trace]:
    root = guard.parse_xml(guard.read_member(archive, part, limits.office_unpacked_mib * MIB), part)
    for element in root.iter("{*}Relationship"):
        if element.get("TargetMode") == "External":
            yield LINK, element.get("Target", "")


def _pdf(path: Path, limits: Limits) -> Iterator[Trace]:
    if path.stat().st_size > limits.office_packed_mib * MIB:
        raise Unreadable("too_large", "a PDF")
    reader = pypdf.PdfReader(path)
    for value in (reader.metadata or {}).values():
        yield PROPERTY, str(value)
    for page in reader.pages:
        yield PAGE_TEXT, page.extract_text()
        for note in page.get("/Annots") or ():
            told = note.get_object()
            yield COMMENT, f"{told.get('/Contents', '')} {told.get('/T', '')}"
            yield LINK, str((told.get("/A") or {}).get("/URI", ""))


def _picture(path: Path) -> Iterator[Trace]:
    with Image.open(path) as picture:
        exif = picture.getexif()
        for value in (*exif.values(), *exif.get_ifd(ExifTags.IFD.Exif).values()):
            yield EXIF, _said(value)
        for key, value in picture.info.items():
            if key not in ("exif", "icc_profile"):
                yield EXIF, _said(value)


def _said(value: object) -> str:
    """Words of a tag; Windows writes its own in UTF-16."""
    if not isinstance(value, bytes):
        return str(value) if isinstance(value, str) else ""
    for encoding in ("utf-8", "utf-16-le"):
        try:
            return value.decode(encoding).strip("\0")
        except UnicodeDecodeError:
            continue
    return ""


def _media(path: Path, media_type: str) -> Iterator[Trace]:
    options = {"format_whitelist": CONTAINERS[media_type], "protocol_whitelist": "file"}
    with av.open(str(path), options=options, metadata_errors="replace") as container:
        yield from ((TAG, value) for value in container.metadata.values())
        for stream in container.streams:
            yield from ((TAG, value) for value in stream.metadata.values())
