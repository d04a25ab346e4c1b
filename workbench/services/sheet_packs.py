"""Result sheets 结果单 for who hands them out: what there is, packed by school, and verified."""

from __future__ import annotations

import shutil
import zipfile
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from models.store import Row
from workbench.context import CHINA
from workbench.errors import InputError
from workbench.exports.sheets import FORMATS, safe_name
from workbench.exports.wording import say
from workbench.messages import sentence
from workbench.services.certificates import count_certificates
from workbench.services.downloads import export_rows
from workbench.services.identities import school_label
from workbench.services.jobs import Job, start_job
from workbench.services.ledgers import ledgers
from workbench.services.reach import schools_seen
from workbench.services.roles import may_see
from workbench.services.trust import keys_of_folder, ledgers_of_folder
from workbench.services.uploads import upload
from workbench.services.verdict import Report
from workbench.services.verification import verify_sheet
from workbench.services.workspace import Fresh, Workspace

_KIND = "certificates"


def sheet_states(workspace: Workspace, person_id: str) -> list[Row]:
    """One row a certified school one sees: sheets due, files there, whether they are current.

    ``state`` is ``none``, ``stale`` (the ledger was written to since) or ``current``; ``made_at``
    is the day and time of the oldest file, empty where there is none.

    Raises
    ------
    RefusedError
        If the person may not have result sheets.
    """
    with workspace.store() as store:
        seen = schools_seen(store, person_id, f"download.{_KIND}")
    made = []
    for school_id, ledger in (ledgers(workspace, seen) if seen else {}).items():
        folder = workspace.exports / _KIND / seen[school_id]
        files = [path for path in folder.glob("*") if path.suffix.lstrip(".") in FORMATS]
        oldest = min((path.stat().st_mtime for path in files), default=0.0)
        state = "none" if not files else "stale" if oldest < ledger.stat().st_mtime else "current"
        made.append(
            {
                "school_id": school_id,
                "school": seen[school_id],
                "sheets": count_certificates(workspace, [school_id]),
                "files": len(files),
                "made_at": f"{datetime.fromtimestamp(oldest, CHINA):%Y-%m-%d %H:%M}"
                if files
                else "",
                "state": state,
            }
        )
    return made


def sheet_rows(workspace: Workspace, person_id: str) -> list[Row]:
    """One row a sheet: school, title, and the download name of each of its forms.

    The school summary stands first of its school.

    Raises
    ------
    RefusedError
        If the person may not have result sheets.
    """
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in export_rows(workspace, person_id, _KIND):
        path = Path(row["name"])
        if path.suffix.lstrip(".") in FORMATS and row["school"]:
            found[row["school"], path.stem][path.suffix.lstrip(".")] = row["name"]
    rows = [
        {"school": school, "title": stem, "is_summary": stem.startswith(_summary_stem()), **forms}
        for (school, stem), forms in found.items()
    ]
    return sorted(rows, key=lambda row: (row["school"], not row["is_summary"], row["title"]))


def begin_sheets(
    workspace: Workspace, school_id: str, person_id: str, at: datetime, fresh: Fresh
) -> Job:
    """Start making the sheets of a school; of every school one sees where none is named.

    Raises
    ------
    RefusedError
        If the person may not have them, or enough jobs run already.
    """
    with workspace.store() as store:
        seen = schools_seen(store, person_id, f"download.{_KIND}")
        if school_id:
            may_see(store, person_id, f"download.{_KIND}", school_id)
    out = str((workspace.exports / _KIND).resolve())
    chosen = [word for each in ([school_id] if school_id else seen) for word in ("--school", each)]
    return start_job(workspace, _KIND, [out, *chosen], person_id, at, fresh)


def pack_school(workspace: Workspace, person_id: str, school_id: str) -> str:
    """Pack every sheet of a school into a zip; its name for ``/download/certificates``.

    The public keys lie in none of it: who verifies gets them another way.

    Raises
    ------
    RefusedError
        If the person may not have them.
    InputError
        If none has been made.
    """
    with workspace.store() as store:
        may_see(store, person_id, f"download.{_KIND}", school_id)
        school = school_label(store, school_id)
    folder = workspace.exports / _KIND / school
    files = sorted(path for path in folder.glob("*") if path.suffix.lstrip(".") in FORMATS)
    if not files:
        raise InputError(
            f"no sheets of {school} have been made. Make them first.",
            key="certificates.none_made",
            school=school,
        )
    words = sentence("zh", "page_certificates.pack_file", school=school)
    target = folder / f"{safe_name(words)}.zip"
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as packed:  # all three forms are zipped
        for path in files:
            packed.write(path, f"{school}/{path.name}")
    part.replace(target)
    return target.relative_to(workspace.exports / _KIND).as_posix()


def verify_sent(workspace: Workspace, person_id: str, upload_id: str) -> tuple[str, Report]:
    """Verify a sheet that was sent in, against the keys kept here; its name and what was found.

    The file is gone afterwards: it served this alone.

    Raises
    ------
    RefusedError
        If the person may not verify here.
    InputError
        If there is no such upload, or the file is no sheet.
    """
    with workspace.store() as store:
        may_see(store, person_id, "sheet.verify")
    sent = upload(workspace, person_id, upload_id)
    try:
        keys, ledgers_here = keys_of_folder(workspace.folder), ledgers_of_folder(workspace.folder)
        return sent.name, verify_sheet(sent.path, keys, ledgers_here)
    finally:
        shutil.rmtree(sent.path.parent)


def _summary_stem() -> str:
    return say("file.school", school="").rstrip("_")
