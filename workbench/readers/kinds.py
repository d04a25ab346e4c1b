"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePath

import puremagic

from workbench.readers import guard, plain
from workbench.readers.compound import MAGIC as COMPOUND_MAGIC
from workbench.readers.compound import read_compound
from workbench.readers.errors import Unreadable
from workbench.readers.limits import MIB, Limits
from workbench.readers.storing import safe_open

HEAD = 64 * 1024

# extension -> media type it promises
EXTENSIONS = {
    **{name: name for name in ("docx", "doc", "wps", "pptx", "ppt", "xlsx", "xls", "csv", "pdf")},
    **{name: name for name in ("txt", "md", "jpg", "png", "webp", "gif", "bmp", "tiff", "zip")},
    **{name: name for name in ("mp3", "m4a", "mp4", "mov", "mkv", "webm", "avi", "wmv")},
    **{"docm": "docx", "dotx": "docx", "rtf": "doc", "dot": "doc", "wpt": "wps"},
    **{"pptm": "pptx", "ppsx": "pptx", "pps": "ppt", "dps": "ppt"},
    **{"xlsm": "xlsx", "xltx": "xlsx", "et": "xls", "ett": "xls", "tsv": "csv"},
    **{"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tif": "tiff", "text": "txt", "markdown": "md"},
    **{"m4v": "mp4", "qt": "mov", "asf": "wmv"},
}

# media types that may stand in for each other without being a fault to stop at
FAMILIES = {
    "document": ("docx", "doc", "wps", "pdf"),
    "slides": ("pptx", "ppt"),
    "table": ("xlsx", "xls", "csv"),
    "text": ("txt", "md", "csv"),
    "image": ("jpg", "png", "webp", "gif", "bmp", "tiff"),
    "sound": ("mp3", "m4a"),
    "video": ("mp4", "mov", "mkv", "webm", "avi", "wmv", "m4a"),
    "archive": ("zip",),
}

# main part of an office package, by its content type ([Content_Types].xml)
_PACKAGES = {
    b"wordprocessingml.": "docx",
    b"ms-word.": "docx",
    b"presentationml.": "pptx",
    b"ms-powerpoint.": "pptx",
    b"spreadsheetml.": "xlsx",
    b"ms-excel.": "xlsx",
}

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (_ASF, "wmv"),
    (b"ID3", "mp3"),
)
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif", b"avis")


@dataclass(frozen=True)
class Kind:
    """What the content is. ``inside`` is ``html``, ``rtf`` or ``xml`` under an office name."""

    media_type: str
    inside: str = ""
    mislabelled: bool = False
    macros: bool = False


def kind_of(path: Path, name: str, limits: Limits) -> Kind:
    """Media type of a file by content, checked against the name it came under.

    Raises
    ------
    Unreadable
        ``empty``; ``encrypted`` (office file with a password); ``unsupported``
        (known, but nothing read here; ``detail`` names it); ``mislabelled``
        (name and content are of different families).
    """
    promised = EXTENSIONS.get(PurePath(name).suffix.lower().lstrip("."), "")
    with safe_open(path) as file:
        head = file.read(HEAD)
    if not head.strip(b"\0 \t\r\n"):
        raise Unreadable("empty", "no content")
    found = _by_content(path, head, promised, limits)
    return _against_name(found, promised, PurePath(name).suffix)


def _by_content(path: Path, head: bytes, promised: str, limits: Limits) -> Kind:
    if head.startswith(b"PK"):
        return _package(path)
    if head.startswith(COMPOUND_MAGIC):
        return _compound(path, promised, limits)
    binary = _binary(head)
    if binary:
        return Kind(binary)
    return _text(head, promised) or _unknown(path, head, promised)


def _binary(head: bytes) -> str:
    """Media type by signature; ``""`` for none."""
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "avi"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "webm" if b"webm" in head[:256] else "mkv"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "bmp"
    return "mp3" if _mpeg_audio(head) else ""


def _iso_media(head: bytes) -> str:
    brand = head[8:12]
    if brand in _STILL_BRANDS:
        raise Unreadable("unsupported", f"{brand.decode('ascii')} picture: save it as JPEG")
    if brand in (b"M4A ", b"M4B "):
        return "m4a"
    return "mov" if brand == b"qt  " else "mp4"


def _mpeg_audio(head: bytes) -> bool:
    """Whether an MPEG audio layer III frame header stands first."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def _package(path: Path) -> Kind:
    try:
        with safe_open(path) as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise Unreadable("encrypted", "archive protected by a password")
            guard.refuse_overlaps(archive.infolist())
            if "[Content_Types].xml" not in names:
                return _plain_archive(archive, names)
            with archive.open("[Content_Types].xml") as part:
                types = part.read(MIB)
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001 (zipfile raises seven kinds on a damaged archive)
        raise Unreadable("broken", f"zip container: {error}") from None
    media_type = _main_part(types, names)
    return Kind(media_type, macros=any(name.endswith("vbaProject.bin") for name in names))


def _plain_archive(archive: zipfile.ZipFile, names: list[str]) -> Kind:
    """A zip, unless it is an OpenDocument file, which names its type in its first member."""
    if names and names[0] == "mimetype" and archive.getinfo("mimetype").file_size < 200:
        raise Unreadable("unsupported", archive.read("mimetype").decode("ascii", "replace"))
    return Kind("zip")


def _main_part(types: bytes, names: list[str]) -> str:
    folders = {name.split("/", 1)[0] for name in names if "/" in name}
    for folder, media_type in (("word", "docx"), ("ppt", "pptx"), ("xl", "xlsx")):
        if folder in folders:
            return media_type
    for mark, media_type in _PACKAGES.items():
        if mark in types:
            return media_type
    raise Unreadable("unsupported", "office package of an unknown application")


def _compound(path: Path, promised: str, limits: Limits) -> Kind:
    if path.stat().st_size > limits.office_packed_mib * MIB:
        raise Unreadable("too_large", f"more than {limits.office_packed_mib} MiB")
    found = read_compound(path.read_bytes())
    if found.protected:
        raise Unreadable("encrypted", "protected by a password")
    if not found.kind:
        raise Unreadable("unsupported", "compound file of an unknown application")
    macros = "_VBA_PROJECT" in found.streams
    # WPS Writer keeps the container of Word: only the name tells them apart.
    media_type = "wps" if found.kind == "doc" and promised == "wps" else found.kind
    return Kind(media_type, macros=macros)


def _text(head: bytes, promised: str) -> Kind | None:
    """Kind of a text file, or None for one that holds no text."""
    try:
        start = plain.decode_head(head).lstrip("\ufeff \t\r\n").lower()
    except Unreadable:
        return None
    inside = ""
    if start.startswith("{\\rtf"):
        inside = "rtf"
    elif start.startswith("<?xml") and "<html" not in start[:2000]:
        inside = "xml"
    elif start.startswith("mime-version:") or "<html" in start[:2000] or "<table" in start[:2000]:
        inside = "html"
    if inside == "rtf":
        return Kind("doc", inside)
    if inside and promised in ("doc", "wps", "xls"):
        return Kind(promised, inside)
    return Kind(promised if promised in ("csv", "md") else "txt")


def _unknown(path: Path, head: bytes, promised: str) -> Kind:
    """Ask for a second opinion on what the own table does not know, then refuse."""
    try:
        opinion = puremagic.from_string(head, filename=path.name).lstrip(".")
    except (puremagic.PureError, ValueError):
        opinion = ""
    if EXTENSIONS.get(opinion) == promised == "mp3":
        return Kind("mp3")  # sound behind a damaged first frame: the decoder decides
    if promised:
        raise Unreadable("mislabelled", f"named {promised}, content {opinion or 'unknown'}")
    raise Unreadable("unsupported", opinion or "unknown content")


def _against_name(found: Kind, promised: str, suffix: str) -> Kind:
    if not promised or promised == found.media_type:
        return found
    if not any(promised in family and found.media_type in family for family in FAMILIES.values()):
        raise Unreadable("mislabelled", f"named {suffix}, content {found.media_type}")
    return Kind(found.media_type, found.inside, mislabelled=True, macros=found.macros)
