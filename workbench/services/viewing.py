"""What of a piece somebody may see, and the files it is shown from.

Raters see masked copies of what they were assigned, and nothing else. Chair,
registrar and county see the copies within their scope; the originals only the
county and the registrar, each time with a reason in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from models.accounts import roles_held
from models.assignments import assignment, owned_piece
from models.blind_copies import copies_of, files_of, revealed_at
from models.evidence_store import EvidenceStore
from models.store import Act, Row, Store, instant
from workbench.errors import InputError, RefusedError
from workbench.messages import text
from workbench.readers.kinds import FAMILIES
from workbench.services.roles import authorise, may_see
from workbench.services.workspace import Workspace

ORIGINAL = "original-"
"""How the name of an original begins among parts; the rest is the file's number."""

OPEN_FOR = timedelta(hours=8)
"""How long an original stays open after its reason was given: a working day."""

_MIME = {
    **dict.fromkeys(("jpg",), "image/jpeg"),
    **{name: f"image/{name}" for name in ("png", "webp", "gif", "bmp", "tiff")},
    **{"mp4": "video/mp4", "webm": "video/webm", "m4a": "audio/mp4", "mp3": "audio/mpeg"},
    **{"pdf": "application/pdf", "txt": "text/plain; charset=utf-8"},
}
_SHOWN = ("jpg", "png", "webp", "gif", "bmp", "mp4", "webm", "m4a", "mp3")
_READING_MIME = "application/json"
_PAGE_MIME = "image/webp"


@dataclass(frozen=True)
class Part:
    """One file to be sent: where it lies, its MIME type, and the name it is given.

    ``attachment``: to be saved, not shown, as browsers might run it.
    """

    path: Path
    media_type: str
    name: str
    attachment: bool = False


def parts_of(workspace: Workspace, person_id: str, piece_id: str) -> list[dict[str, Any]]:
    """Masked parts of a piece for the viewer, one a file.

    Parameters
    ----------
    workspace : Workspace
    person_id : str
    piece_id : str

    Returns
    -------
    list of dict
        ``kind`` (``pages``, ``reading``, ``image``, ``video``, ``audio`` or
        ``none``), ``title``, ``labels`` and ``notices`` as sentences, ``blind``
        (whether nothing recognisable is left), and by kind ``pages`` and ``slides``
        (whether these are slides), ``url``, ``media_type``, ``duration_s``, ``reading``.

    Raises
    ------
    LookupError
        If there is no such piece.
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        return parts_in(store, person_id, piece_id)


def parts_in(store: Store, person_id: str, piece_id: str) -> list[dict[str, Any]]:
    """``parts_of`` for whoever has the working database open already."""
    _check(store, person_id, piece_id)
    return list(_parts(store, piece_id))


def part(
    workspace: Workspace, person_id: str, piece_id: str, name: str, at: datetime | None = None
) -> Part:
    """Find one file of a piece, for whoever may see it.

    Parameters
    ----------
    workspace : Workspace
    person_id, piece_id : str
    name : str
        SHA-256 of a part of the masked copy, or ``original-<n>``.
    at : datetime, optional
        Now; originals are given out only with it.

    Raises
    ------
    LookupError
        If the piece or the part is not there.
    RefusedError
        If the person may not see it, or gave no reason for an original.
    """
    with workspace.store() as store:
        if name.startswith(ORIGINAL):
            return _original(workspace, store, person_id, piece_id, name, at)
        _check(store, person_id, piece_id)
        media_type = _known_files(store, piece_id).get(name)
        path = EvidenceStore(workspace.folder / "blind").path(name)
        if media_type is None or not path.is_file():
            raise LookupError(f"piece {piece_id} has no part {name[:16]}")
        ending = media_type.partition("/")[2].partition(";")[0]
        return Part(path, media_type, f"{piece_id}-{name[:8]}.{ending}")


def reveal(workspace: Workspace, act: Act, piece_id: str) -> list[dict[str, Any]]:
    """Open the originals of a piece for a while; who did and why stands in the audit log.

    Raises
    ------
    LookupError
        If there is no such piece.
    RefusedError
        If the actor may not.
    InputError
        Without a reason.
    """
    with workspace.store() as store:
        piece = _piece(store, piece_id)
        act = authorise(store, act, "evidence.reveal", piece["school_id"])
        if not act.reason.strip():
            raise InputError(
                f"the originals of {piece_id} are opened with a reason only. Give one.",
                key="viewing.reason_missing",
                piece=piece_id,
            )
        with store.transaction(act, "evidence.reveal", piece_id):
            pass
        return [_original_part(row, number) for number, row in _originals(store, piece_id)]


def _check(store: Store, person_id: str, piece_id: str) -> str:
    """Return as what the person sees the masked copy; RefusedError, or LookupError."""
    piece = _piece(store, piece_id)
    if roles_held(store, person_id):
        given = assignment(store, piece_id, person_id)
        if given is not None and given["why"] is None:
            return "rater"
        if store.one("read", piece_id=piece_id, rater_id=person_id):
            return "rater"
    return may_see(store, person_id, "evidence.blind", piece["school_id"])


def _piece(store: Store, piece_id: str) -> Row:
    piece = owned_piece(store, piece_id)
    if piece is None:
        raise LookupError(f"there is no piece {piece_id}")
    return piece


def _parts(store: Store, piece_id: str) -> Iterator[dict[str, Any]]:
    copies = copies_of(store, piece_id)
    number = 0
    for row in files_of(store, piece_id):
        content = copies.get(row["sha256"])
        if content is None:
            number += 1
            notice = "pending" if row["attached"] else "stated_only"
            yield _empty(number, row["media_type"], notice)
            continue
        for kept in content["parts"]:
            number += 1
            yield _shown(piece_id, number, kept)


def _empty(number: int, media_type: str, notice: str) -> dict[str, Any]:
    return {
        "kind": "none",
        "title": _title(number, "none", media_type),
        "labels": [],
        "notices": [text(f"viewer.notice.{notice}")],
        "blind": True,
    }


def _title(number: int, kind: str, media_type: str) -> str:
    family = next((name for name, types in FAMILIES.items() if media_type in types), kind)
    return text("viewer.title", number=number, family=text(f"viewer.family.{family}"))


def _shown(piece_id: str, number: int, kept: Row) -> dict[str, Any]:
    """Part as the viewer takes it, from what the row keeps."""
    made: dict[str, Any] = {
        "kind": kept["kind"],
        "title": _title(number, kept["kind"], kept["media_type"]),
        "labels": [text(f"viewer.label.{label}") for label in kept["labels"]],
        "notices": [text(f"viewer.notice.{notice}") for notice in kept["notices"]],
        "blind": not kept["labels"],
    }
    if kept["pages"]:
        made["pages"] = _pages(piece_id, kept["pages"])
        made["slides"] = kept["media_type"] in FAMILIES["slides"]
    if kept["reading"]:
        made["reading"] = _url(piece_id, kept["reading"])
        made["base"] = _url(piece_id, "")
    if kept["kind"] == "image":
        made["pages"] = _pages(piece_id, kept["files"])
    elif kept["kind"] in ("video", "audio"):
        made["url"] = _url(piece_id, kept["files"][0]["file"])
        made["media_type"] = kept["mime"]
        made["duration_s"] = kept["duration_s"]
        made["chapters"] = kept["chapters"]
    return made


def _pages(piece_id: str, files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"url": _url(piece_id, each["file"]), "width": each["width"], "height": each["height"]}
        for each in files
    ]


def _url(piece_id: str, name: str) -> str:
    return f"/evidence/{piece_id}/{name}"


def _known_files(store: Store, piece_id: str) -> dict[str, str]:
    """MIME type of every file the masked copies of a piece are made of."""
    found: dict[str, str] = {}
    for content in copies_of(store, piece_id).values():
        for kept in content["parts"]:
            found |= dict.fromkeys((page["file"] for page in kept["pages"]), _PAGE_MIME)
            media = kept["mime"] if kept["kind"] in ("video", "audio") else _PAGE_MIME
            found |= dict.fromkeys((each["file"] for each in kept["files"]), media)
            if kept["reading"]:
                found[kept["reading"]] = _READING_MIME
    return found


def _originals(store: Store, piece_id: str) -> list[tuple[int, Row]]:
    here = (row for row in files_of(store, piece_id) if row["attached"])
    return list(enumerate(here, start=1))


def _original_part(row: Row, number: int) -> dict[str, Any]:
    media_type = row["media_type"]
    family = next((name for name, types in FAMILIES.items() if media_type in types), "")
    kind = {"image": "image", "video": "video", "sound": "audio"}.get(family, "file")
    kind = kind if media_type in _SHOWN else "file"
    url = _url(row["piece_id"], f"{ORIGINAL}{number}")
    return {
        "kind": kind,
        "title": Path(row["path"]).name,
        "labels": [text("viewer.label.original")],
        "notices": [],
        "blind": False,
        "url": url,
        "media_type": _MIME.get(media_type, "application/octet-stream"),
        **({"pages": [{"url": url}]} if kind == "image" else {}),
    }


def _original(
    workspace: Workspace,
    store: Store,
    person_id: str,
    piece_id: str,
    name: str,
    at: datetime | None,
) -> Part:
    piece = _piece(store, piece_id)
    person = store.one("person", person_id=person_id)
    if person is None or at is None:
        raise _unopened(piece_id)
    authorise(store, Act(person_id, "", at), "evidence.reveal", piece["school_id"])
    opened = revealed_at(store, piece_id, (person_id, person["name"]), "evidence.reveal")
    if not opened or opened < instant(at - OPEN_FOR):
        raise _unopened(piece_id)
    row = dict(_originals(store, piece_id)).get(_number(name))
    path = workspace.evidence.path(row["sha256"]) if row else None
    if row is None or path is None or not path.is_file():
        raise LookupError(f"piece {piece_id} has no {name}")
    mime = _MIME.get(row["media_type"], "application/octet-stream")
    shown = row["media_type"] in (*_SHOWN, "pdf", "txt")
    return Part(path, mime, Path(row["path"]).name, attachment=not shown)


def _number(name: str) -> int:
    digits = name.removeprefix(ORIGINAL)
    return int(digits) if digits.isdecimal() and len(digits) < 7 else 0


def _unopened(piece_id: str) -> RefusedError:
    return RefusedError(
        f"the originals of {piece_id} are closed. Open them with a reason first.",
        key="viewing.unopened",
        piece=piece_id,
    )
