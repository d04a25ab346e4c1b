"""Backups made from the app: beside the workspace, encrypted, and handed out to county officers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from models.store import Act, Row, instant
from workbench.context import CHINA
from workbench.errors import InputError
from workbench.exports.sheets import safe_name
from workbench.services.backup import Backup, make_backup
from workbench.services.doctor import Check, examine
from workbench.services.roles import authorise, may_see
from workbench.services.workspace import Workspace

KIND = "backups"
SHORTEST = 12
"""Characters of a passphrase: an archive holds everybody's data and leaves the machine."""


def backup_folder(workspace: Workspace) -> Path:
    """Folder the app's backups lie in: beside the workspace, never inside."""
    folder = workspace.folder.resolve()
    return folder.with_name(f"{folder.name}-backups")


def findings(workspace: Workspace, person_id: str, now: datetime) -> list[Check]:
    """What the doctor finds, what has to be done first.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        may_see(store, person_id, "backup.show")
    order = {"wrong": 0, "look": 1, "fine": 2}
    return sorted(examine(workspace, now), key=lambda check: order[check.state])


def keep_backup(workspace: Workspace, act: Act, passphrase: str, folder: str = "") -> Backup:
    """Make an encrypted backup beside the workspace, or in a folder of the server.

    Raises
    ------
    InputError
        If the passphrase is short, or the folder is not there or lies inside the workspace.
    RefusedError
        If the actor may not.
    """
    if len(passphrase) < SHORTEST:
        raise InputError(
            f"the passphrase of a backup needs {SHORTEST} characters or more.",
            key="backup.short",
            least=SHORTEST,
        )
    with workspace.store() as store:
        authorise(store, act, "backup.make")
    target = Path(folder) if folder else backup_folder(workspace)
    if folder and not (target.is_absolute() and target.is_dir()):
        raise InputError(
            f"{folder} is no folder of the server. Give the full path of one.",
            key="backup.no_folder",
            folder=folder,
        )
    at = act.at.astimezone(CHINA)
    target.mkdir(mode=0o700, exist_ok=True)
    name = safe_name(f"{workspace.place}_{workspace.round_name}_{at:%Y%m%d-%H%M%S}")
    return make_backup(workspace, target / f"{name}.zip", act, passphrase)


def kept_backups(workspace: Workspace, person_id: str) -> list[Row]:
    """Backups beside the workspace, newest first: name, bytes, when made.

    Raises
    ------
    RefusedError
        If the person may not have them: they hold every school's data.
    """
    with workspace.store() as store:
        may_see(store, person_id, f"download.{KIND}")
    made = [
        {
            "name": path.name,
            "bytes": path.stat().st_size,
            "at": instant(datetime.fromtimestamp(path.stat().st_mtime, CHINA)),
        }
        for path in backup_folder(workspace).glob("*.zip")
    ]
    return sorted(made, key=lambda row: str(row["at"]), reverse=True)
