"""Backup: one file with everything of a workspace but its private keys.

An archive is a zip whose ``backup.json`` names every member with its size and
SHA-256. With a passphrase the zip is wrapped: a one-time key encrypts it, the
passphrase encrypts that key, and both lie in an outer zip as files of the
``age`` format, so that any program of that format opens them too.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pyrage

from models.snapshot import copy_database
from models.store import Act, instant
from workbench.errors import InputError
from workbench.services.roles import authorise
from workbench.services.workspace import STORE_NAME, Workspace

MANIFEST = "backup.json"
FORMAT = "workbench-backup/1"
KEY_MEMBER, SEALED_MEMBER = "key.age", "backup.zip.age"
_LEFT_OUT = ("keys", "converted", "jobs")
_BLOCK = 1 << 20
Progress = Callable[[int, int], None]


class Member(TypedDict):
    """One file of an archive."""

    name: str
    bytes: int
    sha256: str


class Manifest(TypedDict):
    """What ``backup.json`` says; ``made_at`` is UTC."""

    format: str
    made_at: str
    round: str
    place: str
    members: list[Member]


@dataclass(frozen=True)
class Backup:
    """What was written: members, bytes of their content, SHA-256 of the archive, encrypted or not."""

    path: Path
    members: int
    content_bytes: int
    sha256: str
    encrypted: bool


def make_backup(
    workspace: Workspace,
    target: Path,
    act: Act,
    passphrase: str | None = None,
    progress: Progress | None = None,
) -> Backup:
    """Write everything of a workspace but its private keys to one file, while work goes on.

    The working database is copied before the ledgers, so that a batch posted
    meanwhile is at worst in the ledger alone, where posting it again finds it.

    Raises
    ------
    InputError
        If the target exists, or lies inside the workspace.
    RefusedError
        If the actor is no administrator, county reviewer or registrar.
    """
    _check_target(workspace, target)
    with workspace.store() as store:
        act = authorise(store, act, "backup.make")
        with store.transaction(act, "backup.make", target.name):
            pass
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as holding:
        folder = Path(holding)
        plain, members = _pack(workspace, folder, instant(act.at), progress)
        made = _sealed(plain, folder / "sealed.zip", passphrase) if passphrase else plain
        digest = _digest_of(made)
        with made.open("rb") as written:
            os.fsync(written.fileno())
        made.replace(target)
    size = sum(member["bytes"] for member in members)
    return Backup(target, len(members), size, digest, bool(passphrase))


def _check_target(workspace: Workspace, target: Path) -> None:
    if target.exists():
        raise InputError(
            f"{target} is there already. Name a new file.", key="backup.exists", file=str(target)
        )
    if target.resolve().is_relative_to(workspace.folder.resolve()):
        raise InputError(
            f"{target} lies inside the workspace; a backup belongs on another disk.",
            key="backup.inside",
            file=str(target),
        )


def _pack(
    workspace: Workspace, holding: Path, made_at: str, progress: Progress | None
) -> tuple[Path, list[Member]]:
    """Zip the workspace; returns the zip and its members."""
    databases = list(_copied_databases(workspace.folder, holding))
    files = [*databases, *_plain_files(workspace.folder)]
    members: list[Member] = []
    plain = holding / "plain.zip"
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as packing:
        for number, (name, path) in enumerate(files, 1):
            members.append(_add(packing, name, path))
            if progress:
                progress(number, len(files))
        told: Manifest = {
            "format": FORMAT,
            "made_at": made_at,
            "round": workspace.round_name,
            "place": workspace.place,
            "members": members,
        }
        packing.writestr(MANIFEST, json.dumps(told, ensure_ascii=False, indent=1))
    return plain, members


def _copied_databases(folder: Path, holding: Path) -> Iterator[tuple[str, Path]]:
    """Copy each database whole: the working one first, see :func:`make_backup`."""
    found = [folder / STORE_NAME, *sorted(folder.glob("*.db")), *sorted(folder.glob("ledger/*.db"))]
    for number, path in enumerate(dict.fromkeys(found)):
        copied = holding / f"{number}.db"
        copy_database(path, copied)
        yield path.relative_to(folder).as_posix(), copied


def _plain_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        is_public_key = name.parts[0] == "keys" and path.suffix == ".pub"
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        if name.parts[0] in _LEFT_OUT and not is_public_key:
            continue
        if path.suffix == ".db" or path.name.endswith((".db-wal", ".db-shm", ".db-journal")):
            continue
        yield name.as_posix(), path


def _add(packing: zipfile.ZipFile, name: str, path: Path) -> Member:
    """Copy one file in, its digest taken of the very bytes that were copied."""
    hashing, size = hashlib.sha256(), 0
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED if path.suffix == ".db" else zipfile.ZIP_STORED
    with path.open("rb") as reading, packing.open(entry, "w", force_zip64=True) as writing:
        while block := reading.read(_BLOCK):
            hashing.update(block)
            size += len(block)
            writing.write(block)
    return {"name": name, "bytes": size, "sha256": hashing.hexdigest()}


def _sealed(plain: Path, target: Path, passphrase: str) -> Path:
    identity = pyrage.x25519.Identity.generate()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packing:
        packing.writestr(KEY_MEMBER, pyrage.passphrase.encrypt(str(identity).encode(), passphrase))
        with (
            plain.open("rb") as reading,
            packing.open(SEALED_MEMBER, "w", force_zip64=True) as writing,
        ):
            pyrage.encrypt_io(reading, writing, [identity.to_public()])
    return target


def _digest_of(path: Path) -> str:
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()
