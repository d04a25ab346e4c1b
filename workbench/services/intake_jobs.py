"""Taking in from the browser: what was sent is handed to a job, and read back from it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.services.acting import act_of
from workbench.services.jobs import Job, job, list_jobs, start_job
from workbench.services.roles import authorise
from workbench.services.uploads import Upload, upload
from workbench.services.workspace import Fresh, Workspace

ROSTER, CHECK, IMPORT = "roster", "intake.check", "intake"
ENDINGS = {ROSTER: (".xlsx", ".xls", ".csv"), CHECK: (".zip",), IMPORT: (".zip",)}
"""What a file must end in to be taken as a roster, looked over, or taken in as a package."""

_ACTIONS = {ROSTER: "roster.import", CHECK: "job.start", IMPORT: "intake.import"}
_REPORT = "report.json"


@dataclass(frozen=True)
class Checked:
    """What came of a package: lines of the intake report, and how many of each verdict."""

    lines: tuple[dict[str, Any], ...]
    counts: dict[str, int]


def begin_intake(
    workspace: Workspace,
    kind: str,
    upload_id: str,
    person_id: str,
    at: datetime,
    fresh: Fresh,
    school: str = "",
) -> Job:
    """Start taking in one's own upload.

    Parameters
    ----------
    workspace : Workspace
    kind : str
        A key of ``ENDINGS``.
    upload_id : str
        What ``/upload`` answered.
    person_id : str
    at : datetime
    fresh : callable
        Random bytes for the name of the job.
    school : str
        School of a roster that names none.

    Raises
    ------
    InputError
        If there is no such upload, or its form is not one for this kind.
    RefusedError
        If the person may not, or enough jobs run already.
    """
    sent = upload(workspace, person_id, upload_id)
    if not sent.name.lower().endswith(ENDINGS[kind]):
        raise InputError(
            f"{sent.name}: expected a file ending in {', '.join(ENDINGS[kind])}. Send another.",
            key="intake.form_of_upload",
            file=sent.name,
            forms="、".join(ENDINGS[kind]),
        )
    with workspace.store() as store:
        authorise(store, act_of(person_id, at), _ACTIONS[kind])
    return start_job(workspace, kind, _arguments(kind, sent, school), person_id, at, fresh)


def latest_job(workspace: Workspace, person_id: str, kinds: tuple[str, ...]) -> Job | None:
    """One's own newest job of these kinds; None where there is none."""
    return next(
        (
            each
            for each in list_jobs(workspace)
            if each.kind in kinds and each.person_id == person_id
        ),
        None,
    )


def own_job(workspace: Workspace, person_id: str, job_id: str) -> Job:
    """One's own job as it stands; InputError where there is none of that id."""
    found = job(workspace, job_id)
    if found.person_id != person_id:
        raise InputError(f"there is no job {job_id}.", key="job.missing", job=job_id)
    return found


def report_of(workspace: Workspace, person_id: str, upload_id: str) -> Checked | None:
    """Report of one's own upload; None as long as no job has written one.

    Raises
    ------
    InputError
        If there is no such upload.
    """
    path = _report_path(upload(workspace, person_id, upload_id))
    if not path.is_file():
        return None
    lines = tuple(json.loads(path.read_text(encoding="utf-8")))
    return Checked(lines, dict(Counter(line["verdict"] for line in lines)))


def _arguments(kind: str, sent: Upload, school: str) -> list[str]:
    if kind == ROSTER:
        return [str(sent.path.resolve()), *(("--school", school) if school else ())]
    return [str(sent.path.resolve()), "--report", str(_report_path(sent).resolve())]


def _report_path(sent: Upload) -> Path:
    return sent.path.parent / _REPORT
