"""Ledgers 台账: verifying, showing and checkpointing; nothing here can post."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from models.ledger.verifying import Fault, Outside, Verification, latest_checkpoint, read_entries
from models.ledger.verifying import verify as verify_ledger
from models.people import schools_of_round
from models.store import Row
from rubrics.canonical import Json
from workbench.services.identities import school_label
from workbench.services.keys import closed_ledgers, trusted_keys
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class SchoolVerification:
    """What verifying one school's ledger found."""

    school_id: str
    path: Path
    found: Verification


def ledgers(workspace: Workspace, school_ids: Collection[str] | None = None) -> dict[str, Path]:
    """Ledger files there are, by school."""
    with workspace.store() as store:
        schools = school_ids or [row["school_id"] for row in schools_of_round(store)]
    paths = {school: workspace.ledger_path(school) for school in schools}
    return {school: path for school, path in paths.items() if path.exists()}


def verify(
    workspace: Workspace,
    school_ids: Collection[str] | None = None,
    trusted: list[str] | None = None,
    kept: list[bytes] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[SchoolVerification]:
    """Verify ledgers of the workspace; without outside keys, against those kept beside them.

    A key kept beside the ledger shows accidents and edits, not a forger who
    holds the key: the findings say which it was.
    """
    own = trusted_keys(workspace) if trusted is None else trusted
    outside = _outside(workspace)
    made = []
    for school_id, last in ledgers(workspace, school_ids).items():
        cosigned = last.with_suffix(".cosigned")
        beside = [cosigned.read_bytes()] if cosigned.exists() else []
        before = None
        for path in (*closed_ledgers(last), last):
            found = verify_ledger(
                path, own, progress, kept=kept or (), beside=beside, outside=outside
            )
            made.append(SchoolVerification(school_id, path, _linked(path, found, before)))
            before = found
    return made


def _linked(path: Path, found: Verification, before: Verification | None) -> Verification:
    """Compare what a ledger says it continues with the closed one there is."""
    if not found.ok:
        return found
    said = next(read_entries(path))["continues"]
    if before is None:
        right = said is None
    else:
        size, root = before.checked, base64.b64decode(before.root).hex()
        right = said == {"origin": before.origin, "size": size, "root": root}
    if right:
        return found
    fault = Fault("continues", "it does not continue the closed ledger beside it", 0)
    return replace(found, ok=False, first_fault=0, faults=(fault,))


def _outside(workspace: Workspace) -> Outside:
    """Every policy the round was held to, and every line of its audit log."""
    with workspace.store() as store:
        lines = {str(row["chain"]) for row in store.where("audit_log")}
    return Outside(policies=workspace.policies.keys(), audit_heads=lines)


def checkpoints(
    workspace: Workspace, out: Path, school_ids: Collection[str] | None = None
) -> list[Path]:
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
        return {
            r["school_id"]: school_label(store, r["school_id"]) for r in schools_of_round(store)
        }
