"""Scans of stamped sheets 盖章扫描件: verified by their printed code, then kept with what they show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from models.store import Act, Row
from workbench.errors import InputError, RefusedError
from workbench.services.keys import ledger_origin, trusted_keys
from workbench.services.ledgers import ledgers
from workbench.services.reach import sheets_of_schools
from workbench.services.roles import authorise, may_see
from workbench.services.scans import keep_scan
from workbench.services.uploads import upload
from workbench.services.verdict import Report
from workbench.services.verification import verify_sheet
from workbench.services.workspace import Workspace

_LATER = ("superseded", "voided")
"""What befell an entry after its sheet was stamped: the scan is kept all the same."""


def keep_stamped(workspace: Workspace, scan: Path, act: Act) -> Report:
    """Keep the scan of a stamped sheet: its code is verified first, and says what it is of.

    Raises
    ------
    InputError
        If the scan shows no code of a sheet of a ledger here.
    RefusedError
        If the actor may not, or the code is not proven.
    """
    found = verify_sheet(scan, trusted_keys(workspace), list(ledgers(workspace).values()))
    school_id = _school_of(workspace, found.origin, scan)
    _must_be_proven(found, scan)
    with workspace.store() as store:
        act = authorise(store, act, "certificates.scan", school_id)
        sha256 = keep_scan(workspace, scan)
        with store.transaction(act, "certificates.scan", f"{school_id} {sha256}") as tx:
            row = {
                "school_id": school_id,
                "sha256": sha256,
                "origin": found.origin,
                "entries": json.dumps(found.seqs),
            }
            tx.insert("stamped_scan", [row])
    return found


def keep_sent(workspace: Workspace, person_id: str, upload_id: str, act: Act) -> tuple[str, Report]:
    """Keep a scan that was sent in from the browser, as `keep_stamped`; its name and what was found.

    Raises
    ------
    InputError, RefusedError
        As `keep_stamped`; and if there is no such upload. The upload is gone afterwards.
    """
    with workspace.store() as store:
        may_see(store, person_id, "sheet.verify")
    sent = upload(workspace, person_id, upload_id)
    try:
        return sent.name, keep_stamped(workspace, sent.path, act)
    finally:
        shutil.rmtree(sent.path.parent)


def kept_scans(workspace: Workspace, person_id: str) -> list[Row]:
    """Scans kept of the schools one sees, newest first: school, entries, digest, when and by whom.

    Raises
    ------
    RefusedError
        If the person may not have result sheets.
    """
    with workspace.store() as store:
        found = sheets_of_schools(store, person_id, "stamped_scan", "certificates.scan")
        return [
            {
                "entries": "、".join(str(seq) for seq in json.loads(row["entries"])),
                "sha256": row["sha256"],
                **line,
            }
            for row, line in found
        ]


def _school_of(workspace: Workspace, origin: str, scan: Path) -> str:
    for school_id in ledgers(workspace):
        if ledger_origin(workspace, school_id) == origin:
            return school_id
    raise InputError(
        f"{scan.name} is of ledger {origin}, which is not kept here.",
        key="certificates.other_ledger",
        file=scan.name,
        origin=origin,
    )


def _must_be_proven(found: Report, scan: Path) -> None:
    broken = [fault for fault in found.faults if fault.code not in ("code", *_LATER)]
    if broken:
        raise RefusedError(
            f"{scan.name} is not proven ({broken[0].code}).",
            key="certificates.not_proven",
            file=scan.name,
            why=broken[0].sentence,
        )
