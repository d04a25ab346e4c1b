"""Zip files: what is in one handed in as evidence, and unpacking a whole package safely."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZipFile, ZipInfo

from workbench.readers import guard
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.limits import MIB, Limits
from workbench.readers.storing import copy_hashing, safe_open, safe_parts


@dataclass(frozen=True)
class Member:
    """One unpacked file: its name in the archive, where it lies now, SHA-256 and bytes."""

    name: str
    path: Path
    sha256: str
    size: int


def read_archive(path: Path, limits: Limits) -> FileFacts:
    """Facts of a zip taken as evidence: the names of its files; it cannot be shown.

    Members are unpacked to nowhere to see that they are whole, unless they are
    larger together than an office file may be.
    """
    with safe_open(path) as file, guard.open_archive(file, guard.archive_bounds(limits)) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        if sum(info.file_size for info in members) <= limits.office_unpacked_mib * MIB:
            _check_whole(archive, members)
        names = tuple(guard.member_name(info) for info in members)
    if not names:
        raise Unreadable("empty", "no file in the archive")
    return FileFacts("zip", members=names, warnings=("no_preview",), previewable=False)


def _check_whole(archive: ZipFile, members: list[ZipInfo]) -> None:
    for info in members:
        try:
            with archive.open(info) as member:
                while member.read(MIB):
                    pass
        except Exception as error:  # noqa: BLE001 (zipfile, zlib, lzma and bz2 each have their own)
            raise Unreadable("broken", f"{guard.member_name(info)}: {error}") from None


def unpack(path: Path, folder: Path, limits: Limits) -> list[Member]:
    """Unpack an evidence package into a folder, hashing every file.

    Nothing is written before the whole directory has been checked. Names come
    out as their author saw them, also from Chinese Windows. Members larger than
    a video may be are refused as ``too_large``.

    Raises
    ------
    Unreadable
        As :func:`guard.open_archive`; the first member that cannot be unpacked
        ends it, with what was unpacked before left in the folder.
    """
    most = max(limits.media_mib, limits.archive_mib) * MIB
    found: list[Member] = []
    with safe_open(path) as file, guard.open_archive(file, guard.package_bounds(limits)) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            name = guard.member_name(info)
            target = folder.joinpath(*safe_parts(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            sha256, size = _copy(archive, info, target, most)
            found.append(Member(name, target, sha256, size))
    return found


def unpack_evidence(path: Path, folder: Path, limits: Limits) -> list[Member]:
    """Unpack a zip handed in as evidence, in the order of names, under names that say nothing.

    Members within archives inside are left where they are. ``Unreadable`` as
    :func:`unpack`.
    """
    found: list[Member] = []
    with safe_open(path) as file, guard.open_archive(file, guard.archive_bounds(limits)) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        for info in sorted(members, key=guard.member_name):
            target = folder / f"member-{len(found) + 1:04d}"
            sha256, size = _copy(archive, info, target, limits.media_mib * MIB)
            found.append(Member(guard.member_name(info), target, sha256, size))
    return found


def _copy(archive: ZipFile, info: ZipInfo, target: Path, most: int) -> tuple[str, int]:
    try:
        with archive.open(info) as member:
            return copy_hashing(cast(BinaryIO, member), target, most)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (zipfile, zlib, lzma and bz2 each have their own)
        raise Unreadable("broken", f"{guard.member_name(info)}: {error}") from None
