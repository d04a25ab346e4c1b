"""Old office formats: bodies made once by LibreOffice, kept here, and written over in place.

``bodies/document.doc`` and ``bodies/slides.ppt`` hold runs of a placeholder character.
Each run is replaced by text of exactly its length, padded with blanks, so that the
containers stay valid, every seed gets its own text, and no office program is needed.
``python -m sample_evidence.old_formats`` makes the bodies again with LibreOffice.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pptx import Presentation
from pptx.util import Cm, Pt

from sample_evidence.documents import Stamp, word_document
from sample_evidence.writing import Sheet

_HERE = Path(__file__).parent / "bodies"
_HOLD = "囗"  # stands for one character to be written over
_AUTHOR = "囗囗囗"
_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_MODIFIED = datetime(2026, 1, 3, 4, 5, 6, tzinfo=UTC)
_TITLE, _HEAD, _LABEL, _BODY, _BODIES, _SECTIONS = 30, 110, 24, 170, 3, 6
_SLIDE_TITLE, _LINE, _LINES, SLIDES = 22, 34, 4, 9
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def old_document(sheet: Sheet, stamp: Stamp) -> bytes:
    """A .doc (or, renamed, a .wps) with the sheet's text."""
    runs = [sheet.title, "　".join(f"{k}：{v}" for k, v in sheet.head.items())]
    for label, sentences in sheet.sections:
        runs += [label, *_paragraphs([s.strip() for s in sentences])]
    return _write_over((_HERE / "document.doc").read_bytes(), runs, stamp)


def old_slides(pages: list[tuple[str, list[str]]], stamp: Stamp) -> bytes:
    """A .ppt with a title and up to four lines on each of its nine pages."""
    runs = []
    for title, lines in pages[:SLIDES]:
        runs += [title, *(lines + [""] * _LINES)[:_LINES]]
    return _write_over((_HERE / "slides.ppt").read_bytes(), runs, stamp)


def _paragraphs(sentences: list[str]) -> list[str]:
    """Sentences gathered into as many paragraphs as the body has a section."""
    made = [""]
    for sentence in sentences:
        if len(made[-1]) + len(sentence) > _BODY and len(made) < _BODIES:
            made.append("")
        made[-1] += sentence
    return made + [""] * (_BODIES - len(made))


def _write_over(body: bytes, runs: list[str], stamp: Stamp) -> bytes:
    waiting = iter(runs)

    def put(match: re.Match[bytes]) -> bytes:
        size = len(match[0]) // 2
        return next(waiting, "")[:size].ljust(size).encode("utf-16-le")

    written = re.sub(b"(?:" + re.escape(_HOLD.encode("utf-16-le")) + b"){5,}", put, body)
    for old, new in ((_CREATED, stamp.created), (_MODIFIED, stamp.modified)):
        written = written.replace(_filetime(old), _filetime(new))
    return written.replace(_AUTHOR.encode(), stamp.author.encode()).replace(
        _AUTHOR.encode("utf-16-le"), stamp.author.encode("utf-16-le")
    )


def _filetime(moment: datetime) -> bytes:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (int((aware - _EPOCH).total_seconds()) * 10_000_000).to_bytes(8, "little")


def _remake() -> None:
    """Make both bodies with LibreOffice and keep them."""
    stamp = Stamp(_AUTHOR, _CREATED, _MODIFIED, 60, "WPS Office", ("00A1B2C3", "00A1B2C4"))
    sections = [(_HOLD * _LABEL, [f"{_HOLD * _BODY}\n"] * _BODIES) for _ in range(_SECTIONS)]
    head = [(_HOLD * _TITLE, [f"{_HOLD * _HEAD}\n"])]
    document = word_document(Sheet(None, "", {}, head + sections), stamp)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "document.docx").write_bytes(document)
        (folder / "slides.pptx").write_bytes(_slides())
        for name, kind in (("document.docx", "doc"), ("slides.pptx", "ppt")):
            command = ["soffice", f"-env:UserInstallation=file://{place}/profile", "--headless"]
            command += ["--convert-to", kind, "--outdir", place, str(folder / name)]
            subprocess.run(command, check=True, capture_output=True)
        _HERE.mkdir(exist_ok=True)
        for name in ("document.doc", "slides.ppt"):
            shutil.copyfile(folder / name, _HERE / name)


def _slides() -> bytes:
    deck = Presentation()
    deck.core_properties.author = deck.core_properties.last_modified_by = _AUTHOR
    deck.core_properties.created = _CREATED.replace(tzinfo=None)
    deck.core_properties.modified = _MODIFIED.replace(tzinfo=None)
    for _ in range(SLIDES):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        title = slide.shapes.add_textbox(Cm(1.5), Cm(1), Cm(22), Cm(2)).text_frame
        title.text = _HOLD * _SLIDE_TITLE
        title.paragraphs[0].runs[0].font.size = Pt(30)
        body = slide.shapes.add_textbox(Cm(1.5), Cm(4), Cm(22), Cm(12)).text_frame
        body.word_wrap = True
        body.text = "\n".join([_HOLD * _LINE] * _LINES)
    for layout in list(deck.slide_layouts):
        if not layout.used_by_slides:
            deck.slide_layouts.remove(layout)
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    _remake()
