"""Earlier rounds: fingerprints of their evidence, taken along so that old work is known again.

A file of fingerprints holds no text and no picture, but whoever has both a text
and the file can tell that they belong together: it is personal data and stays
with the county. Names are not in it; a teacher is a hash of school and name, a
piece the school, the teacher's number and the slot.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models.store import Act, Row, Store
from models.submissions import earlier_prints, earlier_sources, owned_pieces
from scoring.errors import ScoringError
from scoring.similarity.bits import words
from scoring.similarity.fingerprints import Fingerprint, known_hashes
from scoring.similarity.media import PictureRow
from scoring.similarity.sketches import cells_of
from scoring.similarity.text import TextRow
from scoring.similarity.traces import DocumentRow
from scoring.similarity.videos import VideoRow
from workbench.errors import InputError
from workbench.services.evidence_prints import Prints, gather
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

FORMAT = "workbench-fingerprints-2"  # 2: the lowest bit of a hash tells letters
_LONGEST_LINE = 64 << 20  # bytes of one piece; a text of 2 million characters has fewer
_TEXT_KEYS = {"piece": str, "teacher": str, "digest": str, "hashes": str, "positions": str}
_TEACHER = re.compile(r"[0-9a-f]{24}")


@dataclass
class EarlierRows:
    """Rows of earlier rounds, beside those of this one."""

    texts: list[TextRow] = field(default_factory=list)
    pictures: list[PictureRow] = field(default_factory=list)
    videos: list[VideoRow] = field(default_factory=list)
    documents: list[DocumentRow] = field(default_factory=list)


def export_prints(workspace: Workspace, known: list[str], path: Path) -> int:
    """Write the fingerprints of this round's evidence; returns how many pieces.

    Parameters
    ----------
    known : list of str
        Words that are nobody's own; they are left out of the fingerprints.
    path : Path
        New file, gzip of one JSON object a line.

    Raises
    ------
    InputError
        If the file is there already.
    """
    if path.exists():
        raise InputError(
            f"{path} is there already. Name a new file.",
            key="similarity.file_exists",
            file=path.name,
        )
    with workspace.store() as store:
        prints = gather(store, known_hashes(known))
        pieces = {row["piece_id"]: row for row in owned_pieces(store)}
    content = _contents(prints, pieces)
    head = {"format": FORMAT, "round": workspace.round_name, "place": workspace.place}
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        for line in (head, *content.values()):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(content)


def _contents(prints: Prints, pieces: dict[str, Row]) -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = {}
    for text in prints.texts:
        content[text.piece_id] = {
            **_blank(pieces[text.piece_id]),
            "digest": text.fingerprint.digest,
            "chars": text.fingerprint.n_chars,
            "hashes": _packed(text.fingerprint.hashes.astype("<u8")),
            "positions": _packed(text.fingerprint.positions.astype("<u4")),
        }
    listed: dict[str, Sequence[PictureRow | VideoRow | DocumentRow]] = {
        "pictures": prints.pictures,
        "videos": prints.videos,
        "documents": prints.documents,
    }
    for key, rows in listed.items():
        for row in rows:
            into = content.setdefault(row.piece_id, _blank(pieces[row.piece_id]))
            into[key].append({name: getattr(row, name) for name in _KEYS[key]})
    return content


_KEYS = {
    "pictures": ("sha256", "dhash", "mirror", "origin", "sketch"),
    "videos": ("sha256", "frames", "duration_s", "width", "height", "recorded_at"),
    "documents": ("sha256", "created_at", "revision_ids"),  # authors are names
}


def _blank(piece: Row) -> dict[str, Any]:
    """What is written of a piece that has nothing to compare."""
    none = {"digest": "", "chars": 0, "hashes": "", "positions": ""}
    return {**_named(piece), **none, **{key: [] for key in _KEYS}}


def _named(piece: Row) -> dict[str, str]:
    number = piece["teacher_no"] or piece["teacher_id"]
    return {
        "piece": f"{piece['school_name']} {number} {piece['slot_id']}",
        "teacher": teacher_key(piece["school_name"], piece["teacher_name"]),
        "slot": piece["slot_id"],
    }


def teacher_key(school: str, name: str) -> str:
    """Same teacher in another round: a hash of school and name, blanks ignored.

    >>> teacher_key("一小", "张 敏") == teacher_key("一 小", "张敏")
    True
    """
    plain = ("".join(words_.split()) for words_ in (school, name))
    return hashlib.sha256("\x1f".join(plain).encode()).hexdigest()[:24]


def import_prints(workspace: Workspace, path: Path, act: Act) -> tuple[str, int]:
    """Take the fingerprints of an earlier round in; returns its name and how many were new.

    Raises
    ------
    InputError
        If the file is no file of fingerprints, or is damaged; nothing is taken then.
    """
    with workspace.store() as store:
        act = authorise(store, act, "similarity.import")
        try:
            lines = list(_lines(path))
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, ScoringError) as e:
            raise InputError(
                f"{path.name} is not a whole file of fingerprints ({e}). "
                "Write it again with `workbench similarity export`.",
                key="similarity.not_prints",
                file=path.name,
            ) from e
        source, rows = lines[0], lines[1:]
        if source == f"{workspace.place} {workspace.round_name}":
            raise InputError(
                f"{path.name} holds the fingerprints of this very round. "
                "Take in those of another round or place.",
                key="similarity.own_prints",
                file=path.name,
            )
        with store.transaction(act, "similarity.import", source) as tx:
            new = tx.insert_missing("earlier_print", [{"source": source, **row} for row in rows])
    return str(source), new


def _lines(path: Path) -> Iterator[Any]:
    """Name of the round, then a row of each piece; ValueError for what is no such line."""
    with gzip.open(path, "rb") as file:
        head = json.loads(file.readline(_LONGEST_LINE))
        if head.get("format") != FORMAT:
            raise ValueError(f"format {head.get('format')!r}, expected {FORMAT!r}")
        yield f"{head['place']} {head['round']}"
        while line := file.readline(_LONGEST_LINE):
            yield _row(json.loads(line))


def _row(told: dict[str, Any]) -> dict[str, Any]:
    """Check one piece and turn it into what is stored."""
    wrong = [key for key, kind in _TEXT_KEYS.items() if not isinstance(told[key], kind)]
    if wrong or not _TEACHER.fullmatch(told["teacher"]):
        raise ValueError(f"piece {str(told['piece'])[:40]!r} has a wrong {wrong or ['teacher']}")
    hashes = np.frombuffer(base64.b64decode(told["hashes"], validate=True), dtype="<u8")
    positions = np.frombuffer(base64.b64decode(told["positions"], validate=True), dtype="<u4")
    if len(hashes) != len(positions) or not (hashes[1:] > hashes[:-1]).all():
        raise ValueError(f"piece {told['piece'][:40]!r} has fingerprints out of order")
    for picture in told["pictures"]:
        words([*picture["dhash"], *filter(None, [picture["mirror"]])])
        if picture["sketch"]:
            cells_of(picture["sketch"])
    kept = {key: told[key] for key in ("piece", "teacher", "slot", "digest", "chars", "pictures")}
    kept["videos"] = [_video(one) for one in told["videos"]]
    kept["documents"] = [_document(one) for one in told["documents"]]
    return {
        "piece": told["piece"],
        "content": json.dumps(kept, ensure_ascii=False),
        "hashes": hashes.tobytes(),
        "positions": positions.tobytes(),
    }


def _video(told: dict[str, Any]) -> dict[str, Any]:
    """Check one video; ValueError or ScoringError for what is none."""
    words([frame for frame in told["frames"] if frame])
    kept = {key: told[key] for key in _KEYS["videos"]}
    numbers = [kept[key] for key in ("duration_s", "width", "height")]
    wrong = not _are_texts(kept["sha256"], kept["recorded_at"])
    if wrong or any(one is not None and not isinstance(one, int | float) for one in numbers):
        raise ValueError(f"a video of {kept['recorded_at']!r} and {numbers} has a wrong value")
    return kept


def _document(told: dict[str, Any]) -> dict[str, Any]:
    """Check what a document says of itself; ValueError for anything but texts."""
    kept = {key: told[key] for key in _KEYS["documents"]}
    if not _are_texts(kept["sha256"], kept["created_at"], *kept["revision_ids"]):
        raise ValueError(f"a document created at {kept['created_at']!r} has a wrong value")
    return kept


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def earlier_rows(store: Store) -> EarlierRows:
    """Rows of every earlier round taken in; a teacher who is here again keeps the id of here."""
    made = EarlierRows()
    if not earlier_sources(store):
        return made
    here = {
        teacher_key(piece["school_name"], piece["teacher_name"]): piece["teacher_id"]
        for piece in owned_pieces(store)
    }
    for source, told, hashes, positions in earlier_prints(store):
        piece = f"{source}：{told['piece']}"
        teacher = here.get(told["teacher"], piece.rpartition(" ")[0])
        if hashes:
            values = np.frombuffer(hashes, dtype="<u8").astype(np.uint64)
            places = np.frombuffer(positions, dtype="<u4").astype(np.uint32)
            taken = Fingerprint(values, places, int(told["chars"]), told["digest"])
            made.texts.append(TextRow(piece, teacher, taken))
        made.pictures += [
            PictureRow(piece, teacher, **{**one, "dhash": tuple(one["dhash"])})
            for one in told["pictures"]
        ]
        made.videos += [  # rounds taken in before videos and documents were have neither
            VideoRow(piece, teacher, **{**one, "frames": tuple(one["frames"])})
            for one in told.get("videos", ())
        ]
        made.documents += [
            DocumentRow(piece, teacher, **{**one, "revision_ids": tuple(one["revision_ids"])})
            for one in told.get("documents", ())
        ]
    return made


def _packed(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
