"""Ledgers 台账: verifying, showing and checkpointing; nothing here can post."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.ledger.verifying import Verification, latest_checkpoint, read_entries
from models.ledger.verifying import verify as verify_ledger
from models.store import Row
from rubrics.canonical import Json
from workbench.services.identities import school_label
from workbench.services.keys import trusted_keys
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class SchoolVerification:
    """What verifying one school's ledger found."""

    school_id: str
    path: Path
    found: Verification


def ledgers(workspace: Workspace, school_ids: list[str] | None = None) -> dict[str, Path]:
    """Ledger files there are, by school."""
    with workspace.store() as store:
        schools = school_ids or [row["school_id"] for row in store.where("school")]
    paths = {school: workspace.ledger_path(school) for school in schools}
    return {school: path for school, path in paths.items() if path.exists()}


def verify(
    workspace: Workspace,
    school_ids: list[str] | None = None,
    trusted: list[str] | None = None,
    kept: list[bytes] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[SchoolVerification]:
    """Verify ledgers of the workspace; without outside keys, against those kept beside them.

    A key kept beside the ledger shows accidents and edits, not a forger who
    holds the key: the findings say which it was.
    """
    own = trusted_keys(workspace) if trusted is None else trusted
    made = []
    for school_id, path in ledgers(workspace, school_ids).items():
        found = verify_ledger(path, own, progress, kept=kept or ())
        made.append(SchoolVerification(school_id, path, found))
    return made


def checkpoints(workspace: Workspace, out: Path, school_ids: list[str] | None = None) -> list[Path]:
    """Write the last signed checkpoint of each ledger to a folder, to be kept elsewhere."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for school_id, path in ledgers(workspace, school_ids).items():
        target = out / f"{school_id}.checkpoint"
        target.write_text(latest_checkpoint(path), encoding="utf-8")
        written.append(target)
    return written


def show(workspace: Workspace, school_id: str) -> list[dict[str, Json]]:
    """Every entry of a school's ledger, body over detail."""
    return list(read_entries(workspace.ledger_path(school_id)))


def audit_log(workspace: Workspace) -> tuple[list[Row], list[int]]:
    """Lines of the audit log, and the numbers of those that do not follow from the one before."""
    with workspace.store() as store:
        return store.where("audit_log"), store.audit_faults()


def school_names(workspace: Workspace) -> dict[str, str]:
    """Name of each school by id."""
    with workspace.store() as store:
        return {r["school_id"]: school_label(store, r["school_id"]) for r in store.where("school")}
