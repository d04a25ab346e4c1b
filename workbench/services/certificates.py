"""Certificates 结果单: made from ledger entries and their proofs, never from working tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from models.ledger.verifying import current_results, latest_checkpoint, proofs_for
from models.store import Store
from rubrics.canonical import canonical_json
from workbench.errors import RefusedError
from workbench.exports.payload import SCHOOL, SheetPayload, for_teacher, proven
from workbench.exports.sheets import FORMATS, write_sheets
from workbench.services.identities import identities, school_label
from workbench.services.keys import trusted_keys
from workbench.services.ledgers import ledgers
from workbench.services.workspace import Workspace


def write_certificates(
    workspace: Workspace,
    out: Path,
    issued_on: date,
    school_ids: list[str] | None = None,
    formats: Sequence[str] = FORMATS,
    on_written: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write the school summary and every teacher's sheet of each school.

    Beside the sheets lie the public keys of the ledgers, for whoever verifies.

    Raises
    ------
    RefusedError
        If nothing has been certified yet.
    """
    written: list[Path] = []
    with workspace.store() as store:
        for school_id, path in ledgers(workspace, school_ids).items():
            payload = school_payload(store, workspace, school_id, path, issued_on)
            sheets = [payload, *(for_teacher(payload, who) for who in payload.people)]
            folder = out / school_label(store, school_id)
            written += write_sheets(sheets, folder, formats, on_written)
    if not written:
        raise RefusedError(
            "nothing has been certified yet, so there is nothing to print.",
            key="certificates.nothing",
        )
    keys = out / "trusted.pub"
    keys.write_text("\n".join(trusted_keys(workspace)) + "\n", encoding="utf-8")
    return written


def count_certificates(workspace: Workspace, school_ids: list[str] | None = None) -> int:
    """How many sheets there will be, school summaries included."""
    total = 0
    for path in ledgers(workspace, school_ids).values():
        total += 1 + len({str(result["subject"]) for result in current_results(path)})
    return total


def school_payload(
    store: Store, workspace: Workspace, school_id: str, path: Path, issued_on: date
) -> SheetPayload:
    """Everything a school's sheets say, with the proof of each entry under one checkpoint."""
    standing = sorted(current_results(path), key=lambda result: int(str(result["seq"])))
    people = dict(identities(store).values())
    named = {str(result["subject"]) for result in standing}
    codes = {str(result["competency"]) for result in standing} - {""}
    seqs = [int(str(result["seq"])) for result in standing]
    policy = workspace.policy
    checkpoint = latest_checkpoint(path)
    school = school_label(store, school_id)
    return SheetPayload(
        kind=SCHOOL,
        round=workspace.round_name,
        county=workspace.place,
        school=school,
        policy_id=policy.pack_id,
        policy_name=policy.name_zh,
        policy_digest=policy.digest,
        rubric_set=workspace.rubrics.set_id,
        origin=checkpoint.splitlines()[0],
        checkpoint=checkpoint,
        entries=tuple(proven(made) for made in proofs_for(path, seqs)),
        people={who: person for who, person in people.items() if who in named},
        issued_on=issued_on.isoformat(),
        round_id=workspace.round_name,
        school_id=school,
        rubrics=tuple(
            canonical_json(r.canonical()).decode()
            for r in workspace.rubrics
            if r.competency in codes
        ),
    )
