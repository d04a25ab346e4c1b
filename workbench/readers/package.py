"""What docx, pptx and xlsx have in common: properties, pictures, and parts to refuse."""

from __future__ import annotations

import contextlib
import hashlib
import posixpath
import re
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile

from lxml import etree

from workbench.readers import guard, images
from workbench.readers.facts import Picture
from workbench.readers.limits import MIB, Limits

_XML = (".xml", ".rels", ".vml")
_RASTER = (".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".wdp")
_MOST_XML = 128 * MIB  # bytes of one XML part looked at
_PROPERTY_PART = MIB


def check_parts(archive: ZipFile) -> None:
    """Refuse a document type or an entity in any XML part (``Unreadable("bomb")``)."""
    for info in archive.infolist():
        if info.filename.lower().endswith(_XML):
            guard.refuse_dtd(guard.read_member(archive, info.filename, _MOST_XML), info.filename)


def read_properties(archive: ZipFile) -> dict[str, Any]:
    """Fields of :class:`FileFacts` that stand in the document properties.

    ``pages`` and ``editing_minutes`` are what the writing program counted.
    """
    core = _values(archive, "docProps/core.xml")
    app = _values(archive, "docProps/app.xml")
    return {
        "author": core.get("creator", ""),
        "last_modified_by": core.get("lastModifiedBy", ""),
        "created_at": core.get("created", ""),
        "modified_at": core.get("modified", ""),
        "editing_minutes": _whole(app.get("TotalTime")),
        "pages": _whole(app.get("Pages")),
        "template": app.get("Template", ""),
        "encoder": app.get("Application", ""),
    }


def embedded_pictures(
    archive: ZipFile, limits: Limits
) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    """Pictures of any ``media/`` folder with their hashes, and warnings.

    Every picture has its SHA-256; only so many are decoded and hashed by
    content as the limits allow, the rest bears the warning ``pictures_cut``.
    """
    found: list[Picture] = []
    odd: set[str] = set()
    decoded = 0
    for name in sorted(filter(_is_media, archive.namelist()), key=natural):
        data = guard.read_member(archive, name, limits.image_mib * MIB)
        raster = name.lower().endswith(_RASTER)
        if raster and (len(found) >= limits.pictures or decoded > limits.pictures_mpx * 1_000_000):
            odd.add("pictures_cut")
            raster = False
        if not raster:
            found.append(Picture(name, hashlib.sha256(data).hexdigest()))
            continue
        picture, pixels = images.hash_picture(data, name, limits)
        if picture.width is None:
            odd.add("picture_broken")
        decoded += pixels
        found.append(picture)
    return tuple(found), tuple(sorted(odd))


def natural(name: str) -> tuple[int, str]:
    """Sorting key that puts slide10 after slide9."""
    digits = re.findall(r"\d+", posixpath.basename(name))
    return (int(digits[-1]) if digits else 0, name)


def _is_media(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parent.name == "media" and path.suffix.lower() in (*_RASTER, ".emf", ".wmf", ".svg")


def _values(archive: ZipFile, part: str) -> dict[str, str]:
    """Texts of a flat property part by local name; nothing if it is missing."""
    if part not in archive.namelist():
        return {}
    root = guard.parse_xml(guard.read_member(archive, part, _PROPERTY_PART), part)
    return {
        etree.QName(child).localname: child.text.strip()
        for child in root
        if isinstance(child.tag, str) and child.text
    }


def _whole(value: str | None) -> int | None:
    number = None
    if value is not None:
        with contextlib.suppress(ValueError):
            number = int(value)
    return number
