"""Doctor: is this machine, and the workspace on it, fit for the work; and if not, what to do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.audit_trail import last_done, newest_at
from models.ledger.signing import load_signer
from models.snapshot import database_facts, sqlite_version
from models.store import instant, wal_is_safe
from rubrics.errors import WorkbenchError
from workbench.messages import explain
from workbench.readers.office import find_office
from workbench.services.keys import is_locked
from workbench.services.ledgers import ledgers
from workbench.services.workspace import POLICIES, STORE_NAME, Workspace

FINE, LOOK, WRONG = "fine", "look", "wrong"
_SHARED_DISKS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "vboxsf"})
_LEAST_FREE = 2 << 30  # a county's intake unpacks and converts within two gigabytes
_OWN_ONLY = 0o077
_BACKUP_AGE = timedelta(days=7)  # a week of a panel's evenings is what a county can do again
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # before this program was made no clock is right


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    ``state`` is ``fine``, ``look`` (work can go on) or ``wrong``; ``code`` names
    the sentences in the locale, filled with ``values``: what was found as
    ``doctor.CODE.STATE``, what to do as ``doctor.CODE.remedy``.
    """

    code: str
    state: str
    values: dict[str, str]


def examine(workspace: Workspace | None, now: datetime) -> list[Check]:
    """Look everything over; without a workspace the machine alone.

    Parameters
    ----------
    workspace : Workspace or None
    now : datetime
        Time of the machine, with a zone.
    """
    found = [_sqlite(), _office(), *_fonts(), _machine_clock(now)]
    if workspace is None:
        return found
    looks: tuple[Callable[[], Iterator[Check]], ...] = (
        lambda: _settings(workspace),
        lambda: _databases(workspace),
        lambda: _disk(workspace),
        lambda: _audit_log(workspace, now),
        lambda: _keys(workspace),
        lambda: _last_backup(workspace, now),
    )
    for look in looks:
        try:
            found += look()
        except WorkbenchError as error:
            found.append(Check("workspace", WRONG, {"why": explain(error)}))
    return found


def _sqlite() -> Check:
    version = sqlite_version()
    safe = wal_is_safe(tuple(int(part) for part in version.split(".")))
    return Check("sqlite", FINE if safe else WRONG, {"version": version})


def _office() -> Check:
    found = find_office()
    return Check("office", FINE if found else LOOK, {"path": str(found or "")})


def _fonts() -> Iterator[Check]:
    """Whether LibreOffice and the browser can draw Chinese; the sheets bring their own fonts."""
    if not shutil.which("fc-list"):
        return
    listed = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    families = sorted({line.split(",")[0].strip() for line in listed.stdout.splitlines()} - {""})
    yield Check("fonts", FINE if families else LOOK, {"families": "、".join(families[:3])})


def _machine_clock(now: datetime) -> Check:
    return Check("clock", FINE if now >= _EARLIEST else WRONG, {"now": instant(now)})


def _settings(workspace: Workspace) -> Iterator[Check]:
    workspace.policy.digest, workspace.rubrics.digest  # noqa: B018  both are compared as they load
    yield Check("policy", FINE, {"policy": workspace.settings["policy"]})
    kept = workspace.policies
    for path in sorted((workspace.folder / POLICIES).glob("*.json")):
        if path.stem not in kept:
            yield Check("policy_kept", WRONG, {"file": f"{POLICIES}/{path.name}"})


def _databases(workspace: Workspace) -> Iterator[Check]:
    files = {STORE_NAME: workspace.folder / STORE_NAME}
    files |= {f"ledger/{path.name}": path for path in ledgers(workspace).values()}
    for name, path in files.items():
        facts = database_facts(path)
        expected = "wal" if name == STORE_NAME else "delete"
        if facts.faults:
            yield Check("database", WRONG, {"file": name, "why": facts.faults[0]})
        elif facts.journal_mode != expected:
            values = {"file": name, "mode": facts.journal_mode, "expected": expected}
            yield Check("journal", WRONG, values)
        else:
            yield Check("database", FINE, {"file": name, "why": ""})


def _disk(workspace: Workspace) -> Iterator[Check]:
    free = shutil.disk_usage(workspace.folder).free
    state = FINE if free >= _LEAST_FREE else WRONG
    yield Check("space", state, {"free": f"{free / 2**30:.1f}", "least": f"{_LEAST_FREE >> 30}"})
    kind = _filesystem(workspace.folder.resolve(), Path("/proc/mounts"))
    if kind:
        yield Check("shared_disk", WRONG if kind in _SHARED_DISKS else FINE, {"kind": kind})


def _filesystem(folder: Path, mounts: Path) -> str:
    """Kind of file system a folder lies on; empty where the system does not say."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    above = [(parts[1], parts[2]) for parts in lines if folder.is_relative_to(parts[1])]
    return max(above, key=lambda found: len(found[0]), default=("", ""))[1]


def _audit_log(workspace: Workspace, now: datetime) -> Iterator[Check]:
    with workspace.store() as store:
        faults = store.audit_faults()
        last = newest_at(store)
    yield Check("audit_log", WRONG if faults else FINE, {"line": str(faults[0] if faults else "")})
    values = {"now": instant(now), "last": last}
    yield Check("clock_back", WRONG if instant(now) < last else FINE, values)


def _keys(workspace: Workspace) -> Iterator[Check]:
    """Whether each ledger's private key is there, is nobody else's to read, and is the right one."""
    folder = workspace.folder / "keys"
    yield Check("pepper", FINE if (folder / "pepper").is_file() else WRONG, {"file": "keys/pepper"})
    for school_id in ledgers(workspace):
        path = folder / f"{school_id}.pem"
        values = {"file": f"keys/{path.name}", "school": school_id}
        if not path.is_file():
            yield Check("key", WRONG, values)
        elif path.stat().st_mode & _OWN_ONLY:
            yield Check("key_open", WRONG, values)
        elif is_locked(workspace, school_id):
            yield Check("key_locked", FINE, values)
        else:
            load_signer(path, school_id)
            yield Check("key", FINE, values)


def _last_backup(workspace: Workspace, now: datetime) -> Iterator[Check]:
    """When the last backup was made, against what was written since."""
    with workspace.store() as store:
        made, since = last_done(store, "backup.make")
    if not made:
        yield Check("backup_none", LOOK, {})
        return
    stale = now - datetime.fromisoformat(made) >= _BACKUP_AGE and since > 0
    yield Check("backup", LOOK if stale else FINE, {"at": made, "since": str(since)})
