"""The copy of one file that may be shown: pages, a reading view, pictures or a video, masked.

Run it through ``isolation.ReaderPool.copy``: it opens what others handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from workbench.readers import archives, blocks, guard
from workbench.readers.errors import Unreadable
from workbench.readers.kinds import FAMILIES, Kind, kind_of
from workbench.readers.limits import MIB, Limits
from workbench.readers.masking import Mask, Surnames, Word, discovered
from workbench.readers.pages import DPI, Drawn, draw_pages
from workbench.readers.remuxing import remux
from workbench.readers.repainting import repaint, repaint_inside
from workbench.readers.storing import safe_open

PAGES, READING, IMAGE, VIDEO, AUDIO = "pages", "reading", "image", "video", "audio"
ARCHIVE, NONE = "archive", "none"

LABELS = (
    "face_voice",  # a video: faces and voices are as they were
    "voice",  # a recording
    "picture",  # a photograph or drawing: faces and words in it are as they were
    "page_pictures",  # pages with pictures, in which nothing was looked for
    "scan",  # pages without text: nothing could be looked for
    "tags_left",  # the container still tells something
    "fewer_on_pages",  # fewer finds could be covered on the pages than the document's text has
    "leak",  # something was found that could not be covered
)
NOTICES = (
    "no_office",  # only a reading view, as LibreOffice is missing or failed
    "no_view",  # cannot be shown here at all
    "cells",  # a workbook shown by its cells
    "cut",  # more pages or rows than are shown
    "coded_anew",  # a video coded anew, as browsers do not play the original's kind
)

_PAGED = ("docx", "doc", "wps", "pptx", "ppt")
_MOST_PICTURES = 200  # of one reading view


@dataclass(frozen=True)
class Wish:
    """How a copy is to be made: where to, what to cover, how many pages, how fine.

    ``pdf`` is the file as LibreOffice drew it, or None.
    """

    folder: Path
    mask: Mask = field(default_factory=Mask)
    surnames: Surnames = field(default_factory=lambda: Surnames(frozenset()))
    pdf: Path | None = None
    most_pages: int = 300
    dpi: int = DPI

    def to_json(self) -> dict[str, Any]:
        """Wish as plain values."""
        return {
            "folder": str(self.folder),
            "mask": self.mask.to_json(),
            "surnames": self.surnames.to_json(),
            "pdf": str(self.pdf) if self.pdf else "",
            "most_pages": self.most_pages,
            "dpi": self.dpi,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Wish:
        """Wish from :meth:`to_json`."""
        return cls(
            Path(data["folder"]),
            Mask.from_json(data["mask"]),
            Surnames.from_json(data["surnames"]),
            Path(data["pdf"]) if data["pdf"] else None,
            data["most_pages"],
            data["dpi"],
        )


@dataclass
class Copy:
    """A copy made: what kind of view it is, and the files of it in the folder.

    ``pages`` and ``files`` are dicts with ``file`` and, where known, ``width``
    and ``height`` in pixels; ``reading`` names the file of the reading view.
    ``covered`` and ``leaks`` count finds by kind. ``found`` counts names the
    document itself told.
    """

    kind: str
    media_type: str
    pages: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    reading: str = ""
    mime: str = ""
    duration_s: float | None = None
    chapters: list[dict[str, Any]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    covered: Counter[str] = field(default_factory=Counter)
    leaks: Counter[str] = field(default_factory=Counter)
    found: int = 0

    def to_json(self) -> dict[str, Any]:
        """Copy as plain values."""
        if self.leaks and "leak" not in self.labels:
            self.labels.append("leak")
        told = dict(vars(self))
        return {**told, "covered": dict(self.covered), "leaks": dict(self.leaks)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Copy:
        """Copy from :meth:`to_json`."""
        counts = {name: Counter(data[name]) for name in ("covered", "leaks")}
        return cls(**{**data, **counts})


def copy_file(path: Path, name: str, limits: Limits, wish: Wish) -> Copy:
    """Make the copy of one file, in this process.

    Raises
    ------
    Unreadable
        With one of :data:`errors.CODES`.
    """
    kind = kind_of(path, name, limits)
    media_type = kind.media_type
    if media_type in FAMILIES["image"]:
        return Copy(
            IMAGE,
            media_type,
            files=repaint(path, wish.folder, limits),
            mime="image/webp",
            labels=["picture"],
        )
    if media_type in (*FAMILIES["sound"], *FAMILIES["video"]):
        return _media(path, media_type, limits, wish)
    if media_type == "zip":
        return _members(path, limits, wish)
    return _document(path, kind, limits, wish)


def _media(path: Path, media_type: str, limits: Limits, wish: Wish) -> Copy:
    packed = remux(path, media_type, wish.folder, limits)
    label = "face_voice" if packed.kind == VIDEO else "voice"
    return Copy(
        packed.kind,
        media_type,
        files=[{"file": packed.file}],
        mime=packed.mime,
        duration_s=packed.duration_s,
        labels=[label, "tags_left"] if packed.tags else [label],
        notices=["coded_anew"] if packed.coded_anew else [],
        chapters=[{"t": t, "title": wish.mask.cover(title)} for t, title in packed.chapters],
    )


def _members(path: Path, limits: Limits, wish: Wish) -> Copy:
    """Unpack a zip into the folder; each member gets a copy of its own by whoever asked."""
    found = archives.unpack_evidence(path, wish.folder, limits)
    files = [{"file": member.path.name, "name": member.name} for member in found]
    return Copy(ARCHIVE, "zip", files=files)


def _document(path: Path, kind: Kind, limits: Limits, wish: Wish) -> Copy:
    media_type = kind.media_type
    pdf = path if media_type == "pdf" else wish.pdf
    reading = _read(path, kind, pdf, limits)
    copy = Copy(READING, media_type, mime="application/json")
    mask = _widened(reading.blocks, wish, copy)
    if pdf is not None:
        _take_pages(copy, draw_pages(pdf, wish.folder, mask, limits, wish.most_pages, wish.dpi))
    if not reading.blocks and not copy.pages:
        return Copy(NONE, media_type, notices=["no_view"])
    if reading.cut:
        copy.notices.append("cut")
    if media_type in ("xlsx", "xls", "csv"):
        copy.notices.append("cells")
    elif media_type in _PAGED and not copy.pages:
        copy.notices.append("no_office")
    if reading.blocks:
        _take_reading(copy, path, kind, reading.blocks, mask, limits, wish)
    return copy


def _read(path: Path, kind: Kind, pdf: Path | None, limits: Limits) -> blocks.Reading:
    """Blocks of the document; of its PDF where it is too old to be read itself."""
    try:
        return blocks.blocks_of(path, kind, limits)
    except Unreadable as refused:
        if refused.code != "unsupported":
            raise
    if pdf is None:
        return blocks.Reading()
    return blocks.blocks_of(pdf, Kind("pdf"), limits)


def _widened(found: list[blocks.Block], wish: Wish, copy: Copy) -> Mask:
    """Mask with the names the document itself tells."""
    tables = [[list(row) for row in each.rows] for each in found if each.kind == blocks.TABLE]
    texts = (each.text for each in found if each.kind not in (blocks.TABLE, blocks.PICTURE))
    told: list[Word] = discovered(texts, tables, wish.surnames)
    copy.found = len(told)
    return wish.mask.with_words(told)


def _take_pages(copy: Copy, drawn: Drawn) -> None:
    copy.kind, copy.pages = PAGES, drawn.pages
    copy.covered += drawn.covered
    copy.leaks += drawn.leaks
    scans = drawn.scans if copy.media_type == "pdf" else 0  # elsewhere a picture on its own page
    if scans:
        copy.labels.append("scan")
    if drawn.pictures > scans:
        copy.labels.append("page_pictures")
    if drawn.cut:
        copy.notices.append("cut")


def _take_reading(
    copy: Copy,
    path: Path,
    kind: Kind,
    found: list[blocks.Block],
    mask: Mask,
    limits: Limits,
    wish: Wish,
) -> None:
    """Write the reading view; its pictures only where no pages show them."""
    in_flow = (each for each in found if each.kind != blocks.NOTE)  # notes are not on the pages
    counted = Counter(mask.counts("\n".join(blocks.strings(in_flow))))
    if not copy.pages:
        copy.covered += Counter(mask.counts("\n".join(blocks.strings(found))))
    elif counted - copy.covered - copy.leaks and "cut" not in copy.notices:
        copy.labels.append("fewer_on_pages")
    made = blocks.covered(found, mask)
    copy.leaks += Counter(mask.counts("\n".join(blocks.strings(made))))
    if copy.pages or kind.media_type not in ("docx", "pptx"):
        made = [each for each in made if each.kind != blocks.PICTURE]
    else:
        made, files = _with_pictures(path, made, limits, wish.folder)
        copy.files += files
        if files:
            copy.labels.append("page_pictures")
    (wish.folder / "reading.json").write_bytes(blocks.as_json(made))
    copy.reading = "reading.json"


def _with_pictures(
    path: Path, found: list[blocks.Block], limits: Limits, folder: Path
) -> tuple[list[blocks.Block], list[dict[str, Any]]]:
    """Blocks with their pictures painted anew; one that cannot be is left out."""
    done: dict[str, dict[str, Any]] = {}
    with safe_open(path) as file, guard.open_archive(file, guard.office_bounds(limits)) as archive:
        names = _once(each.text for each in found if each.kind == blocks.PICTURE)
        for number, name in enumerate(names[:_MOST_PICTURES], start=1):
            painted = _painted(archive, name, number, limits, folder)
            if painted:
                done[name] = painted
    made = []
    for each in found:
        if each.kind != blocks.PICTURE:
            made.append(each)
        elif each.text in done:
            size = (done[each.text]["width"], done[each.text]["height"])
            made.append(replace(each, text=done[each.text]["file"], size=size))
    return made, list(done.values())


def _painted(
    archive: ZipFile, name: str, number: int, limits: Limits, folder: Path
) -> dict[str, Any]:
    try:
        data = guard.read_member(archive, name, limits.image_mib * MIB)
        return repaint_inside(data, folder, number, limits)
    except Unreadable:
        return {}  # a drawing in Windows' own format, or a damaged picture


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
