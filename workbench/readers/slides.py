"""Slides: the text of every slide and its notes, the pictures, and who wrote them."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from zipfile import ZipFile

from lxml import etree

from workbench.readers import guard, plain
from workbench.readers.documents import text_of
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.limits import MIB, Limits
from workbench.readers.package import check_parts, embedded_pictures, natural, read_properties
from workbench.readers.storing import safe_open

_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml", re.IGNORECASE)
_BESIDE = re.compile(r"ppt/(notesSlides/notesSlide|diagrams/data|charts/chart)\d+\.xml", re.I)
_PRESENTATION = "ppt/presentation.xml"
_R_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_R_ID_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def read_slides(path: Path, limits: Limits) -> FileFacts:
    """Facts of a pptx: ``pages`` are slides, parted by form feeds in the text.

    Raises
    ------
    Unreadable
        As :func:`guard.open_archive`; ``broken`` where a slide cannot be parsed.
    """
    with safe_open(path) as file, guard.open_archive(file, guard.office_bounds(limits)) as archive:
        check_parts(archive)
        order = slide_parts(archive)
        text, cut = plain.cut(_text(archive, order, limits), limits)
        pictures, odd = embedded_pictures(archive, limits)
        facts = {**read_properties(archive), "pages": len(order)}
        return FileFacts("pptx", text=text, pictures=pictures, warnings=cut + odd, **facts)


def _text(archive: ZipFile, order: list[str], limits: Limits) -> str:
    beside = sorted(filter(_BESIDE.fullmatch, archive.namelist()), key=natural)
    most = limits.office_unpacked_mib * MIB
    texts = [
        text_of(guard.parse_xml(guard.read_member(archive, name, most), name))
        for name in (*order, *beside)
    ]
    slides = "\f".join(texts[: len(order)])
    return "\n".join(filter(None, (slides, *texts[len(order) :])))


def slide_parts(archive: ZipFile) -> list[str]:
    """Slide parts as the presentation shows them; by number where it does not say."""
    slides = sorted(filter(_SLIDE.fullmatch, archive.namelist()), key=natural)
    try:
        shown = _shown(archive)
    except Unreadable:
        return slides
    known = [name for name in shown if name in set(slides)]
    return known or slides


def _shown(archive: ZipFile) -> list[str]:
    relations = "ppt/_rels/presentation.xml.rels"
    targets = {
        element.get("Id"): posixpath.normpath(posixpath.join("ppt", element.get("Target", "")))
        for element in _root(archive, relations).iter("{*}Relationship")
    }
    ids = [
        element.get(_R_ID) or element.get(_R_ID_STRICT)
        for element in _root(archive, _PRESENTATION).iter("{*}sldId")
    ]
    return [targets[each].lstrip("/") for each in ids if each in targets]


def _root(archive: ZipFile, name: str) -> etree._Element:
    return guard.parse_xml(guard.read_member(archive, name, 8 * MIB), name)
