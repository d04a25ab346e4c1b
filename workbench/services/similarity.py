"""Similarity: what two teachers' evidence shares, from what was read out of the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from models.store import Row, Store
from models.submissions import blank_forms, extracts, files_by_piece, owned_pieces
from rubrics.policy_pack import PolicyPack
from scoring.similarity.fingerprints import fingerprint, known_hashes
from scoring.similarity.media import (
    FILE,
    IN_DOCUMENT,
    IN_SLIDES,
    PictureLimits,
    PictureRow,
    compare_pictures,
)
from scoring.similarity.pairs import Pair, clustered
from scoring.similarity.text import TextLimits, TextRow, compare_texts
from scoring.similarity.traces import DocumentRow, TraceLimits, compare_traces
from scoring.similarity.videos import VideoLimits, VideoRow, compare_videos
from workbench.services.workspace import Workspace

L = TypeVar("L")

_IMAGES = ("jpg", "png", "webp", "gif", "bmp", "tiff")
_VIDEOS = ("mp4", "mov", "mkv", "webm", "avi", "wmv")
_SLIDES = ("pptx", "ppt")


@dataclass(frozen=True)
class _Handed:
    """One file of a piece, with what was read out of it."""

    piece: Row
    sha256: str
    facts: Mapping[str, Any]
    stated: Mapping[str, Any]


def similarity(workspace: Workspace) -> list[Pair]:
    """Every pair of pieces that share text, pictures, videos or traces, strongest first."""
    with workspace.store() as store:
        return similar_pairs(store, workspace.policy)


def similar_pairs(store: Store, policy: PolicyPack) -> list[Pair]:
    """Compare everything handed in; the policy says from where on two pieces are a pair."""
    handed = list(_handed(store))
    forms = blank_forms(store)
    names = {row["teacher_id"]: row["name"] for row in store.where("teacher")}
    traces = [_document(each) for each in handed if _has_properties(each.facts)]
    blank = [_form_row(form) for form in forms]
    known = known_hashes([form["text"] for form in forms])
    text_limits = _limits(policy, TextLimits, "flag.copied_text")
    picture_limits = _limits(policy, PictureLimits, "flag.reused_image")
    video_limits = _limits(policy, VideoLimits, "flag.reused_video")
    trace_limits = _limits(policy, TraceLimits, "flag.shared_author", "flag.shared_revisions")
    shared_text = compare_texts(_texts(handed), known, text_limits).pairs
    found = [
        *shared_text,
        *compare_pictures(list(_pictures(handed)), shared_text, picture_limits),
        *compare_videos(list(_videos(handed)), video_limits),
        *compare_traces(traces, names, blank, trace_limits),
    ]
    submission = {each.piece["piece_id"]: each.piece["submission_id"] for each in handed}
    # What one teacher hands in for one competency is about the same lesson and may repeat itself.
    return clustered([p for p in found if submission[p.a] != submission.get(p.b)])


def _handed(store: Store) -> Iterator[_Handed]:
    facts = extracts(store)
    files = files_by_piece(store)
    for piece in owned_pieces(store):
        for row in files.get(piece["piece_id"], ()):
            yield _Handed(piece, row["sha256"], facts.get(row["sha256"], {}), row["stated"])


def _texts(handed: list[_Handed]) -> list[TextRow]:
    """One row a piece: the texts of its files together."""
    texts: dict[tuple[str, str], list[str]] = {}
    for each in handed:
        if each.facts.get("text"):
            key = (each.piece["piece_id"], each.piece["teacher_id"])
            texts.setdefault(key, []).append(each.facts["text"])
    return [
        TextRow(piece, teacher, fingerprint("\n".join(parts)))
        for (piece, teacher), parts in texts.items()
    ]


def _pictures(handed: list[_Handed]) -> Iterator[PictureRow]:
    for each in handed:
        piece, teacher = each.piece["piece_id"], each.piece["teacher_id"]
        media_type = each.facts.get("media_type", "")
        if media_type in _IMAGES:
            hashes, mirror = tuple(each.facts["dhash"]), each.facts["mirror"]
            yield PictureRow(piece, teacher, each.sha256, hashes, mirror, FILE)
        origin = IN_SLIDES if media_type in _SLIDES else IN_DOCUMENT
        for inside in each.facts.get("pictures", ()):
            hashes, mirror = tuple(inside["dhash"]), inside["mirror"]
            yield PictureRow(piece, teacher, inside["sha256"], hashes, mirror, origin)


def _videos(handed: list[_Handed]) -> Iterator[VideoRow]:
    for each in handed:
        facts = each.facts
        if facts.get("media_type") in _VIDEOS:
            yield VideoRow(
                each.piece["piece_id"],
                each.piece["teacher_id"],
                each.sha256,
                tuple(facts["frames"]),
                facts["duration_s"],
                facts["width"],
                facts["height"],
                facts["recorded_at"],
            )
        elif not facts and each.stated.get("location"):
            yield VideoRow(
                each.piece["piece_id"],
                each.piece["teacher_id"],
                each.sha256,
                duration_s=each.stated["duration_s"],
                recorded_at=each.stated["recorded_at"],
            )


def _has_properties(facts: Mapping[str, Any]) -> bool:
    return any(
        facts.get(key) for key in ("author", "last_modified_by", "created_at", "revision_ids")
    )


def _document(each: _Handed) -> DocumentRow:
    return DocumentRow(
        each.piece["piece_id"], each.piece["teacher_id"], each.sha256, **_properties(each.facts)
    )


def _form_row(form: Row) -> DocumentRow:
    return DocumentRow("", "", **_properties(form))


def _properties(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "author": facts.get("author", ""),
        "last_modified_by": facts.get("last_modified_by", ""),
        "created_at": facts.get("created_at", ""),
        "revision_ids": tuple(facts.get("revision_ids", ())),
    }


def _limits(policy: PolicyPack, limits: type[L], *prefixes: str) -> L:
    """Limits of a comparison out of the policy's values under the prefixes."""
    known = {field.name for field in fields(limits)}  # type: ignore[arg-type]
    stated = {
        name: value
        for prefix in prefixes
        for name, value in policy.section(prefix).items()
        if name in known
    }
    return limits(**stated)
