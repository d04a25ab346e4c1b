"""Frame strips of a case about videos: twelve frames of each side, those the two share numbered.

Reading a video costs up to seconds, so its strip is kept beside the converted files, which
are made again when they are wanted and go with them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.blind_copies import files_of
from models.store import Row, Store
from scoring.similarity.videos import VideoLimits, moments_alike
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.kinds import FAMILIES
from workbench.readers.strips import StripFrame
from workbench.services.case_view import must_see_case
from workbench.services.holds import show_hold
from workbench.services.intake import reading_limits
from workbench.services.similarity import video_limits
from workbench.services.workspace import Workspace

UNATTACHED, MISSING = "unattached", "missing"
"""Why there is no strip: the video was only stated; its file is no longer here."""

STRIP = ".strip.json"
"""How the name of a kept strip ends, after the SHA-256 of its video."""


@dataclass(frozen=True)
class Tile:
    """One frame: seconds from the start, a JPEG (empty past the end), the number both sides share.

    ``number`` is 0 where the other side shows something else at this place.
    """

    moment_s: float
    picture: bytes
    number: int


@dataclass(frozen=True)
class FilmStrip:
    """Strip of one piece; without tiles ``why`` says the reason: a code of `readers.errors`, or one here."""

    piece_id: str
    tiles: tuple[Tile, ...]
    why: str = ""


@dataclass(frozen=True)
class _Read:
    frames: tuple[StripFrame, ...]
    why: str = ""


def film_strips(workspace: Workspace, person_id: str, hold_id: str) -> tuple[FilmStrip, ...]:
    """Strips of the videos of a case, for whoever may see the case.

    Returns
    -------
    tuple of FilmStrip
        One for each piece that handed in or stated a video, in the order the flag
        names them. Of two, frames alike by the policy that raised the flag
        bear the same number, from 1 on.

    Raises
    ------
    InputError
        If there is no such case.
    RefusedError
        If the person may not see it.
    """
    case = show_hold(workspace, hold_id)
    with workspace.store() as store:
        must_see_case(store, person_id, case)
        wanted = _videos(store, case)
    reads = _read_all(workspace, [row for _, row in wanted])
    pieces = [piece_id for piece_id, _ in wanted]
    numbers = _numbers(reads, video_limits(workspace.policy))
    return tuple(
        FilmStrip(piece_id, _tiles(read.frames, numbers), read.why)
        for piece_id, read in zip(pieces, reads, strict=True)
    )


def strip_path(workspace: Workspace, sha256: str) -> Path:
    """Where the strip of a video lies, or would lie."""
    return workspace.folder / "converted" / sha256[:2] / f"{sha256}{STRIP}"


def _videos(store: Store, case: Row) -> list[tuple[str, Row]]:
    """Each piece of a flag with its video: the one the flag compared, or else its first."""
    flag = case["flag"]
    if not flag:
        return []
    compared = set(flag["exhibit"].get("shown", ()))
    found = []
    for piece_id in flag["ids"]:
        films = [row for row in files_of(store, piece_id) if _is_film(row, compared)]
        films.sort(key=lambda row: row["sha256"] not in compared)
        found += [(piece_id, row) for row in films[:1]]
    return found


def _is_film(row: Row, compared: Collection[str]) -> bool:
    if row["sha256"] and row["sha256"] in compared:
        return True
    return not row["attached"] or row["media_type"] in FAMILIES["video"]


def _read_all(workspace: Workspace, rows: Sequence[Row]) -> list[_Read]:
    kept = {row["sha256"]: _kept(workspace, row) for row in rows}
    if any(read is None for read in kept.values()):
        with ReaderPool(reading_limits(workspace), convert=False) as pool:
            for row in rows:
                if kept[row["sha256"]] is None:
                    kept[row["sha256"]] = _made(workspace, pool, row)
    return [kept[row["sha256"]] or _Read((), MISSING) for row in rows]


def _kept(workspace: Workspace, row: Row) -> _Read | None:
    """What is known without decoding: why there can be none, or what was kept."""
    if not row["attached"]:
        return _Read((), UNATTACHED)
    if not workspace.evidence.path(row["sha256"]).is_file():
        return _Read((), MISSING)
    try:
        told = json.loads(strip_path(workspace, row["sha256"]).read_bytes())
        return _Read(tuple(map(StripFrame.from_json, told["frames"])), str(told["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never made, or cut short: made anew


def _made(workspace: Workspace, pool: ReaderPool, row: Row) -> _Read:
    """Decode a video in a process of its own, and keep what came of it."""
    try:
        read = _Read(pool.strip(workspace.evidence.path(row["sha256"]), Path(row["path"]).name))
    except Unreadable as refused:
        read = _Read((), refused.code)
    told: dict[str, Any] = {"why": read.why, "frames": [each.to_json() for each in read.frames]}
    path = strip_path(workspace, row["sha256"])
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(told), encoding="ascii")
    new.replace(path)
    return read


def _numbers(reads: Sequence[_Read], limits: VideoLimits) -> tuple[int, ...]:
    """Number of each moment at which two strips show the same, 0 where they do not."""
    if len(reads) != 2:
        return ()
    one, other = ([frame.hash for frame in read.frames] for read in reads)
    found, last = [], 0
    for alike in moments_alike(one, other, limits):
        last += alike
        found.append(last if alike else 0)
    return tuple(found)


def _tiles(frames: Sequence[StripFrame], numbers: Sequence[int]) -> tuple[Tile, ...]:
    given = numbers or [0] * len(frames)
    return tuple(
        Tile(frame.moment_s, frame.picture, number)
        for frame, number in zip(frames, given, strict=False)
    )
