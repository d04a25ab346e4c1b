"""Intake: a package's files checked one by one, taken in together, and a report line for each."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from models.evidence_store import EvidenceStore
from models.store import Act, Store, Transaction, instant
from models.submissions import known_files
from workbench.errors import InputError
from workbench.formats.manifest_rows import ManifestRow
from workbench.formats.roster_rows import environment_code
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import Limits
from workbench.services.checks import REJECT
from workbench.services.intake_reading import (
    Progress,
    place_of,
    prepare,
    read_lines,
    read_manifest,
    refuse_after_reading,
    reported,
)
from workbench.services.intake_report import Line, Report
from workbench.services.keys import pepper
from workbench.services.packages import opened
from workbench.services.people import Directory, Roll, TeacherRow, piece_id_of
from workbench.services.reach import bound_school
from workbench.services.resubmission import Doors
from workbench.services.roles import ALLOWED, authorise, person_of
from workbench.services.working_days import day_of
from workbench.services.workspace import Fresh, Workspace


def check_package(
    workspace: Workspace,
    package: Path,
    progress: Progress | None = None,
    on: date | None = None,
) -> Report:
    """Look a package over as the teacher's own pre-check; the workspace stays as it is.

    ``on`` is the day in China; without it no last day for handing in anew is looked at.
    """
    limits = reading_limits(workspace)
    with (
        opened(package, limits) as folder,
        tempfile.TemporaryDirectory(prefix="workbench-check-") as aside,
        workspace.store() as store,
        ReaderPool(limits) as pool,
    ):
        evidence = EvidenceStore(Path(aside))
        manifest, report = read_manifest(store, workspace, folder, pool, limits)
        if report is not None:
            return report
        run = prepare(store, workspace, folder, evidence, limits, progress)
        doors = Doors(store, workspace, on)
        lines = refuse_after_reading(store, list(read_lines(run, manifest, pool)), doors)
        return reported(manifest, tuple(lines), workspace.rubrics)


def import_package(
    workspace: Workspace, package: Path, act: Act, fresh: Fresh, progress: Progress | None = None
) -> Report:
    """Take a package in: what can be taken is, in one transaction, whatever the rest is like.

    Parameters
    ----------
    package : Path
        Folder or zip with a manifest.
    act : Act
    fresh : callable
        Random bytes for pseudonyms.
    progress : callable, optional

    Returns
    -------
    Report
        ``new_files`` is 0 where the same package was taken in before; nothing
        is written then.

    Raises
    ------
    InputError
        If the package or its manifest cannot be opened.
    """
    limits = reading_limits(workspace)
    with (
        opened(package, limits) as folder,
        workspace.store() as store,
        ReaderPool(limits) as pool,
    ):
        act = authorise(store, act, "intake.import")
        own = bound_school(store, person_of(store, act.actor), ALLOWED["intake.import"])
        manifest, report = read_manifest(store, workspace, folder, pool, limits)
        if report is not None:
            return report
        run = prepare(store, workspace, folder, workspace.evidence, limits, progress)
        doors = Doors(store, workspace, day_of(act.at))
        lines = refuse_after_reading(store, list(read_lines(run, manifest, pool)), doors, own)
        report = reported(manifest, tuple(lines), workspace.rubrics)
        new = _new_lines(store, report)
        if not new and store.one("intake_line", package=report.package):
            return report
        with store.transaction(act, "intake.import", report.package) as tx:
            write_pieces(store, tx, workspace, new, fresh)
            tx.insert("intake_line", [_report_row(report.package, line) for line in report.lines])
        return replace(report, new_files=len(new))


def reading_limits(workspace: Workspace) -> Limits:
    """Bounds of reading one file, as policy sets them over the defaults."""
    stated = workspace.policy.section("intake.limits")
    return Limits(**{name: stated[name] for name in Limits.names() if name in stated})


def register_forms(
    workspace: Workspace, paths: Sequence[Path], act: Act, kind: str = "form"
) -> int:
    """Register blank forms, or public quotations, whose words are nobody's own.

    ``kind`` is ``form`` or ``quotation``: against forms a file is also checked
    for being left unfilled. Returns how many were new.
    """
    with workspace.store() as store, ReaderPool(reading_limits(workspace)) as pool:
        act = authorise(store, act, "form.register")
        rows = []
        for path in paths:
            reading = pool.read(path)
            if reading.facts is None or not reading.facts.text.strip():
                raise InputError(
                    f"form {path.name} has no text that can be read ({reading.code or 'empty'}).",
                    key="intake.form_unreadable",
                    file=path.name,
                )
            told = {**reading.facts.to_json(), "registered_as": kind}
            facts = json.dumps(told, ensure_ascii=False)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            rows.append({"sha256": sha256, "name": path.name, "text": facts})
        with store.transaction(act, "form.register") as tx:
            return tx.insert_missing("blank_form", rows)


def _new_lines(store: Store, report: Report) -> list[Line]:
    """Lines that bring a file the workspace does not have."""
    known, roll = known_files(store), Roll(store)
    new = []
    for line in report.lines:
        if line.verdict == REJECT:
            continue
        _, files = known.get(place_of(line, roll), {}).get(line.attempt, ("", {}))
        here = line.kept and line.kept.sha256
        # A file only stated so far is new again once it is here.
        is_new = not files.get(here, False) if here else line.row.sha256 not in files
        if is_new:
            new.append(line)
    return new


def write_pieces(
    store: Store, tx: Transaction, workspace: Workspace, new: Sequence[Line], fresh: Fresh
) -> list[str]:
    """Write teachers, submissions, pieces and files of new lines; the piece of each line."""
    made = []
    directory = Directory(store, tx, fresh)
    secret = pepper(workspace)
    for line in new:
        attempt = line.attempt
        teacher_id = directory.teacher(_teacher(line.row, secret))
        alias = store.where("alias", teacher_id=teacher_id)[0]["pseudonym"]
        submission_id = f"{teacher_id}.{line.row.competency}.{attempt}"
        piece_id = piece_id_of(alias, line.row.slot_id, attempt)
        submission = {
            "submission_id": submission_id,
            "teacher_id": teacher_id,
            "competency": line.row.competency,
            "attempt": attempt,
        }
        tx.insert_missing("submission", [submission])
        piece = {
            "piece_id": piece_id,
            "submission_id": submission_id,
            "slot_id": line.row.slot_id,
        }
        tx.insert_missing("piece", [piece])
        tx.insert_missing("evidence_file", [_file_row(line, piece_id)])
        if line.kept and line.facts:
            facts = json.dumps(line.facts.to_json(), ensure_ascii=False)
            row = {"sha256": line.kept.sha256, "media_type": line.facts.media_type, "facts": facts}
            tx.insert_missing("extract", [row])
        made.append(piece_id)
    return made


def _teacher(row: ManifestRow, secret: bytes) -> TeacherRow:
    facts = {
        "subject": row.subject,
        "department": row.department,
        "stage": row.stage,
        "environment": environment_code(row.environment),
        "person_key": row.id_number.key(secret) if row.id_number else "",
    }
    return TeacherRow(row.teacher_id, row.teacher_name, row.school, facts)


def _file_row(line: Line, piece_id: str) -> dict[str, object]:
    video = line.row.video
    stated = {
        "location": video.location,
        "duration_s": video.duration_s,
        "width": video.width,
        "height": video.height,
        "codec": video.codec,
        "recorded_at": instant(video.recorded_at) if video.recorded_at else "",
        "device": video.device,
        "notes": dict(line.row.notes),
    }
    return {
        "piece_id": piece_id,
        "item": line.row.item,
        "path": line.row.file,
        "sha256": line.kept.sha256 if line.kept else line.row.sha256,
        "bytes": line.kept.bytes if line.kept else 0,
        "attached": int(line.kept is not None),
        "verdict": line.verdict,
        "stated": json.dumps(stated, ensure_ascii=False),
        "submitted_at": instant(line.row.submitted_at) if line.row.submitted_at else "",
    }


def _report_row(package: str, line: Line) -> dict[str, object]:
    told = line.as_json()
    return {
        **told,
        "package": package,
        "reason": json.dumps(told["reason"], ensure_ascii=False),
        "seconds": str(told["seconds"]),
        "peak_mib": str(told["peak_mib"]),
    }
