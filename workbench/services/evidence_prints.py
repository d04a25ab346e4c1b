"""Prints of the evidence: what of each file is compared, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.people import facts_of_teachers
from models.store import Row, Store
from models.submissions import facts_of_file, files_by_piece, owned_pieces
from scoring.similarity.fingerprints import Hashes, own_fingerprint
from scoring.similarity.media import FILE, IN_DOCUMENT, IN_SLIDES, PictureRow
from scoring.similarity.text import TextRow
from scoring.similarity.traces import DocumentRow
from scoring.similarity.videos import VideoRow

IMAGES = ("jpg", "png", "webp", "gif", "bmp", "tiff")
VIDEOS = ("mp4", "mov", "mkv", "webm", "avi", "wmv")
_SLIDES = ("pptx", "ppt")
_WRITTEN = ("docx", "doc", "wps", "pdf", "txt", "md", "pptx", "ppt", "xlsx", "xls", "csv")

NO_TEXT, TOO_SHORT, CROWDED, PUBLIC = "no_text", "too_short", "crowded", "public"
FLAT_PICTURE, NOT_HERE, NO_FRAMES, PARTLY = "flat_picture", "not_here", "no_frames", "partly"
NOT_COMPARED = (NO_TEXT, TOO_SHORT, CROWDED, PUBLIC, FLAT_PICTURE, NOT_HERE, NO_FRAMES, PARTLY)
"""Why a piece, or something in it, was not compared; each has its sentence in the locale."""


@dataclass
class Prints:
    """Rows of everything handed in, gathered file by file so that texts need not be kept.

    ``gaps`` are piece and reason of what could not be compared; ``submission``
    is that of each piece.
    """

    texts: list[TextRow] = field(default_factory=list)
    pictures: list[PictureRow] = field(default_factory=list)
    videos: list[VideoRow] = field(default_factory=list)
    documents: list[DocumentRow] = field(default_factory=list)
    gaps: list[tuple[str, str]] = field(default_factory=list)
    submission: dict[str, str] = field(default_factory=dict)
    schools: set[str] = field(default_factory=set)


def gather(store: Store, known: Hashes) -> Prints:
    """Read what the comparison needs of every piece, one piece at a time.

    Parameters
    ----------
    store : Store
    known : sorted uint64 array
        From `known_hashes`: words that are nobody's own.
    """
    made = Prints()
    files = files_by_piece(store)
    subjects = {t: facts.get("subject", "") for t, facts in facts_of_teachers(store).items()}
    for piece in owned_pieces(store):
        made.submission[piece["piece_id"]] = piece["submission_id"]
        made.schools.add(piece["school_id"])
        words: list[str] = []
        for row in files.get(piece["piece_id"], ()):
            facts = facts_of_file(store, row["sha256"])
            if facts.get("text"):
                words.append(facts["text"])
            made.pictures += _pictures(piece, row["sha256"], facts)
            made.videos += _videos(piece, row, facts)
            if _has_properties(facts):
                made.documents.append(_document(piece, row["sha256"], facts))
            made.gaps += [(piece["piece_id"], why) for why in _gaps(facts)]
        if words:
            subject = subjects.get(piece["teacher_id"], "")
            made.texts.append(_text(piece, "\n".join(words), subject, known))
    made.gaps = list(dict.fromkeys(made.gaps))
    return made


def _text(piece: Row, words: str, subject: str, known: Hashes) -> TextRow:
    """One row a piece: the texts of its files together."""
    return TextRow(
        piece["piece_id"],
        piece["teacher_id"],
        own_fingerprint(words, known),
        (piece["school_id"], subject, piece["competency"]),
        piece["slot_id"],
    )


def _gaps(facts: Mapping[str, Any]) -> Iterator[str]:
    """What of one file cannot be compared."""
    media_type, warnings = facts.get("media_type", ""), facts.get("warnings", ())
    if not facts:
        yield NOT_HERE
    elif media_type in IMAGES and not facts["dhash"]:
        yield FLAT_PICTURE
    elif media_type in VIDEOS and not any(facts["frames"]):
        yield NO_FRAMES
    elif media_type in _WRITTEN and not facts.get("text", "").strip():
        yield NO_TEXT
    if "text_cut" in warnings or "pictures_cut" in warnings or "picture_broken" in warnings:
        yield PARTLY


def _pictures(piece: Row, sha256: str, facts: Mapping[str, Any]) -> Iterator[PictureRow]:
    media_type = facts.get("media_type", "")
    if media_type in IMAGES:
        yield _picture(piece, {**facts, "sha256": sha256}, FILE)
    origin = IN_SLIDES if media_type in _SLIDES else IN_DOCUMENT
    for inside in facts.get("pictures", ()):
        yield _picture(piece, inside, origin)


def _picture(piece: Row, facts: Mapping[str, Any], origin: str) -> PictureRow:
    return PictureRow(
        piece["piece_id"],
        piece["teacher_id"],
        facts["sha256"],
        tuple(facts["dhash"]),
        facts["mirror"],
        origin,
        facts.get("sketch", ""),
    )


def _videos(piece: Row, row: Row, facts: Mapping[str, Any]) -> Iterator[VideoRow]:
    names = piece["piece_id"], piece["teacher_id"], row["sha256"]
    if facts.get("media_type") in VIDEOS:
        size = facts["width"], facts["height"]
        times = facts["duration_s"], *size, facts["recorded_at"]
        yield VideoRow(*names, tuple(facts["frames"]), *times)
    elif not facts and row["stated"].get("location"):
        stated = row["stated"]
        yield VideoRow(*names, duration_s=stated["duration_s"], recorded_at=stated["recorded_at"])


def _has_properties(facts: Mapping[str, Any]) -> bool:
    return any(
        facts.get(key) for key in ("author", "last_modified_by", "created_at", "revision_ids")
    )


def _document(piece: Row, sha256: str, facts: Mapping[str, Any]) -> DocumentRow:
    return DocumentRow(piece["piece_id"], piece["teacher_id"], sha256, **properties(facts))


def properties(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a document says of itself, as the comparison of traces takes it."""
    return {
        "author": facts.get("author", ""),
        "last_modified_by": facts.get("last_modified_by", ""),
        "created_at": facts.get("created_at", ""),
        "revision_ids": tuple(facts.get("revision_ids", ())),
    }
