"""Files the season's teachers hand in: documents, slides, pictures and films of the kind a slot asks for.

What is written in them comes from ``essay``, so that two files with the same
source are the same work, whoever saved them.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import cache

from rubrics.rubric import Slot
from sample_evidence.documents import Stamp, new_rsids, word_document
from sample_evidence.media import Clip, encode
from sample_evidence.pictures import PHOTOS, Scene, jpeg
from sample_evidence.portable import portable_sheet
from sample_evidence.slides import presentation
from sample_evidence.writing import Sheet

_TEXTS = ("docx", "docx", "pdf", "docx", "txt", "docx")
_PICTURES = ("jpg", "jpg", "pptx", "docx")
_OPENS = datetime(2026, 9, 5, 1)


def essay(seed: str, chars: int = 900) -> str:
    """Text of its own for each seed."""
    rng = random.Random(f"essay {seed}")
    body = "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars))
    return "。".join(body[start : start + 20] for start in range(0, chars, 20))


def kind_of(slot: Slot, source: str) -> str:
    """Ending of the file of a piece, of those the slot takes; the same for the same source."""
    wished = {"image": _PICTURES, "video": ("mp4",)}.get(str(slot.kind), _TEXTS)
    taken = [kind for kind in wished if kind in slot.accepts]
    return random.Random(f"kind {source}").choice(taken or ["docx"])


def body_of(slot: Slot, source: str, author: str) -> bytes:
    """Bytes of a piece, as its author saved them."""
    kind, stamp = kind_of(slot, source), _stamp(source, author)
    match kind:
        case "jpg":
            return jpeg(_scene(source), taken=stamp.created)
        case "mp4":
            return _film(source)
        case "pptx":
            lines = essay(source, 240).split("。")
            pages = [(slot.name_zh, lines[at : at + 3]) for at in range(0, len(lines), 3)]
            return presentation(pages, [jpeg(_scene(source))], stamp)
        case "txt":
            return essay(source).encode()
    sheet = Sheet(None, slot.name_zh, {}, [("", [essay(source)])])
    return portable_sheet(sheet, stamp) if kind == "pdf" else word_document(sheet, stamp)


def _scene(source: str) -> Scene:
    return Scene(source, random.Random(source).choice(PHOTOS), "课堂记录", (400, 300))


@cache
def _film(source: str) -> bytes:
    length = 18 + random.Random(f"film {source}").randrange(40)
    return encode(Clip(source, "mp4", "课堂实录", length, _stamp(source, "").created))


def _stamp(source: str, author: str) -> Stamp:
    rng = random.Random(f"stamp {source} {author}")
    created = _OPENS + timedelta(minutes=rng.randrange(40 * 24 * 60) // 7 * 5)
    minutes = rng.randint(38, 210)
    saved = created + timedelta(minutes=minutes + 20)
    return Stamp(author, created, saved, minutes, "WPS Office", new_rsids(rng))
