"""What may be downloaded: sheets, notes and reports written under ``exports``."""

from __future__ import annotations

from pathlib import Path

from models.store import Row
from workbench.errors import InputError
from workbench.services.identities import school_label
from workbench.services.kept_backups import KIND as BACKUPS
from workbench.services.kept_backups import backup_folder
from workbench.services.roles import may_see, scope_of
from workbench.services.workspace import Workspace

KINDS = ("certificates", "feedback", "reports", "publicity", "checkpoints", "backups")


def export_file(workspace: Workspace, person_id: str, kind: str, name: str) -> Path:
    """Path of an exported file that the person may have.

    Parameters
    ----------
    workspace : Workspace
    person_id : str
    kind : str
        Of ``KINDS``: a folder of ``exports``.
    name : str
        Path inside that folder; the first part of a sheet's or note's is its school.

    Raises
    ------
    InputError
        If there is no such file, or the name leads elsewhere.
    RefusedError
        If the person may not have it.
    """
    if kind not in KINDS:
        raise _missing(kind, name)
    root = _root(workspace, kind).resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise _missing(kind, name)
    inside = path.relative_to(root).parts
    with workspace.store() as store:
        schools = {row["name"]: row["school_id"] for row in store.where("school")}
        # a folder of no known school is nobody's own: only the county may have it
        school_id = schools.get(inside[0], "") if len(inside) > 1 else None
        may_see(store, person_id, f"download.{kind}", school_id)
    if not path.is_file():
        raise _missing(kind, name)
    return path


def export_rows(workspace: Workspace, person_id: str, kind: str) -> list[Row]:
    """Files of a kind the person may have: name inside the kind, school, bytes.

    Raises
    ------
    RefusedError
        If the person may have none of the kind.
    """
    root = _root(workspace, kind)
    with workspace.store() as store:
        role = may_see(store, person_id, f"download.{kind}")
        person = store.one("person", person_id=person_id)
        bound = scope_of(store, person, role) if person else None
        own = school_label(store, bound) if bound else ""
    found = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else []
    rows = [
        {
            "name": path.relative_to(root).as_posix(),
            "school": path.relative_to(root).parts[0] if path.parent != root else "",
            "bytes": path.stat().st_size,
        }
        for path in found
    ]
    return [row for row in rows if not own or row["school"] in ("", own)]


def _root(workspace: Workspace, kind: str) -> Path:
    return backup_folder(workspace) if kind == BACKUPS else workspace.exports / kind


def _missing(kind: str, name: str) -> InputError:
    return InputError(
        f"there is no file {name} among the {kind}. Make it first.",
        key="download.missing",
        name=name,
        kind=kind,
    )
