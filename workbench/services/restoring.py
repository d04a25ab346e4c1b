"""Restore: an archive is verified to the last byte before anything of it is a workspace."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pyrage

from models.snapshot import database_facts
from models.store import Act, Store
from workbench.errors import InputError
from workbench.services.backup import (
    FORMAT,
    KEY_MEMBER,
    MANIFEST,
    SEALED_MEMBER,
    Manifest,
    Member,
    Progress,
)
from workbench.services.ledgers import verify
from workbench.services.roles import authorise
from workbench.services.workspace import STORE_NAME, Workspace

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Restored:
    """What an archive holds: when it was made, of which round, and the ledgers' sizes by school.

    ``missing_keys`` are files to be put back into ``keys/`` from where they are kept.
    """

    folder: Path
    made_at: str
    round_name: str
    place: str
    members: int
    ledgers: dict[str, int]
    missing_keys: tuple[str, ...]


def check_backup(
    archive: Path, passphrase: str | None = None, progress: Progress | None = None
) -> Restored:
    """Verify an archive to the last byte without restoring it; errors as of :func:`restore`."""
    with tempfile.TemporaryDirectory(prefix="backup-") as holding:
        return _unpacked(archive, Path(holding) / "workspace", passphrase, progress)


def restore(
    archive: Path,
    folder: Path,
    act: Act,
    passphrase: str | None = None,
    progress: Progress | None = None,
) -> Restored:
    """Verify an archive and lay it out as a workspace; a folder with anything in it is left alone.

    Everything is laid out beside the target and checked there: digests of all
    members, soundness of each database, the chain of the audit log, and each
    ledger with the public keys kept in the archive. Only then is it named.

    Raises
    ------
    InputError
        If the archive is none, is cut, altered or asks for a passphrase, or the
        target holds anything.
    StoreError
        If a database is unsound.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(
            f"{folder} is not empty. Name a new folder; a restore never overwrites.",
            key="backup.not_empty",
            folder=str(folder),
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=folder.parent) as holding:
        laid = Path(holding) / "workspace"
        found = _unpacked(archive, laid, passphrase, progress)
        with (
            Store(laid / STORE_NAME) as store,
            store.transaction(
                authorise(store, act, "backup.restore"), "backup.restore", archive.name
            ),
        ):
            pass
        if folder.exists():
            folder.rmdir()
        laid.replace(folder)
    return replace(found, folder=folder)


def _unpacked(
    archive: Path, folder: Path, passphrase: str | None, progress: Progress | None
) -> Restored:
    """Lay an archive out in a new folder and check all of it."""
    with tempfile.TemporaryDirectory(prefix=".opening-", dir=folder.parent) as holding:
        try:
            with zipfile.ZipFile(archive) as outer:
                sealed = SEALED_MEMBER in outer.namelist()
                if sealed:
                    plain = _opened(outer, Path(holding) / "plain.zip", archive, passphrase)
        except (OSError, zipfile.BadZipFile) as error:
            raise _damaged(archive, "unreadable", str(error)) from error
        told = _lay_out(plain if sealed else archive, archive, folder, progress)
    ledgers = _check_workspace(folder, archive)
    return Restored(
        folder,
        told["made_at"],
        told["round"],
        told["place"],
        len(told["members"]),
        ledgers,
        ("pepper", *(f"{school}.pem" for school in ledgers)),
    )


def _opened(outer: zipfile.ZipFile, plain: Path, archive: Path, passphrase: str | None) -> Path:
    if not passphrase:
        raise InputError(
            f"{archive.name} is encrypted; give its passphrase.",
            key="backup.passphrase",
            file=archive.name,
        )
    try:
        secret = pyrage.passphrase.decrypt(outer.read(KEY_MEMBER), passphrase)
        identity = pyrage.x25519.Identity.from_str(secret.decode())
        with outer.open(SEALED_MEMBER) as reading, plain.open("wb") as writing:
            pyrage.decrypt_io(reading, writing, [identity])
    except pyrage.DecryptError as error:
        raise InputError(
            f"{archive.name} does not open: the passphrase is wrong or the file was altered.",
            key="backup.not_opened",
            file=archive.name,
        ) from error
    return plain


def _lay_out(plain: Path, archive: Path, folder: Path, progress: Progress | None) -> Manifest:
    """Write the members out, each compared with what the manifest says of it."""
    try:
        with zipfile.ZipFile(plain) as packed:
            told = _manifest(packed, archive)
            names = sorted(name for name in packed.namelist() if name != MANIFEST)
            if names != sorted(member["name"] for member in told["members"]):
                raise _damaged(archive, "members")
            for number, member in enumerate(told["members"], 1):
                _write(packed, member, folder, archive)
                if progress:
                    progress(number, len(told["members"]))
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise _damaged(archive, "unreadable", str(error)) from error
    for name in ("keys", "ledger", "evidence", "blind", "exports", "bundles", "logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "keys").chmod(0o700)
    return told


def _manifest(packed: zipfile.ZipFile, archive: Path) -> Manifest:
    if MANIFEST not in packed.namelist():
        raise _damaged(archive, "no_list", MANIFEST)
    try:
        told: Manifest = json.loads(packed.read(MANIFEST))
        shape = {"format", "made_at", "round", "place", "members"}
        if set(told) != shape or told["format"] != FORMAT:
            raise _damaged(archive, "other_format", FORMAT)
    except (ValueError, TypeError) as error:
        raise _damaged(archive, "list", str(error)) from error
    return told


def _write(packed: zipfile.ZipFile, member: Member, folder: Path, archive: Path) -> None:
    name = PurePosixPath(member["name"])
    if name.is_absolute() or ".." in name.parts or "\\" in str(name) or ":" in str(name):
        raise _damaged(archive, "outside", str(name))
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    hashing = hashlib.sha256()
    with packed.open(str(name)) as reading, target.open("xb") as writing:
        while block := reading.read(_BLOCK):
            hashing.update(block)
            writing.write(block)
    if hashing.hexdigest() != member["sha256"]:
        raise _damaged(archive, "altered", str(name))


def _check_workspace(folder: Path, archive: Path) -> dict[str, int]:
    """Check databases, audit log and ledgers of a folder laid out; entries of each ledger."""
    workspace = Workspace(folder)
    for path in (folder / STORE_NAME, *sorted(folder.glob("ledger/*.db"))):
        faults = database_facts(path).faults
        if faults:
            raise _damaged(archive, "database", f"{path.name}: {faults[0]}")
    with workspace.store() as store:
        broken = store.audit_faults()
    if broken:
        raise _damaged(archive, "audit_log", str(broken[0]))
    sizes = {}
    for found in verify(workspace):
        if not found.found.ok:
            raise _damaged(archive, "ledger", f"{found.school_id}: {found.found.first_fault}")
        sizes[found.school_id] = found.found.checked
    return sizes


_WHY = {
    "unreadable": "it is cut off or no archive",
    "members": "its members are not those its list names",
    "no_list": "it has no list",
    "other_format": "its list is not of the format",
    "list": "its list cannot be read",
    "outside": "a name points out of the folder",
    "altered": "a file was altered",
    "database": "a database is unsound",
    "audit_log": "a line of the audit log does not follow",
    "ledger": "a ledger does not verify, school and first wrong entry",
}


def _damaged(archive: Path, code: str, detail: str = "") -> InputError:
    """Say why an archive is not taken; for people the words are ``backup.why.CODE``."""
    why = f"{_WHY[code]} ({detail})" if detail else _WHY[code]
    said = "" if code in ("unreadable", "list") else detail  # a library's words, in English
    return InputError(
        f"{archive.name} is no whole backup: {why}. Take another copy; nothing was restored.",
        key="backup.damaged",
        file=archive.name,
        why=((f"backup.why.{code}", said),),
    )
