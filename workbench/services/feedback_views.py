"""Feedback 反馈单 as people work on it: notes due, reasons still without words, files made."""

from __future__ import annotations

from datetime import date, datetime

from models.store import Row
from workbench.exports.feedback_note import note_stem
from workbench.services.downloads import export_rows
from workbench.services.feedback import Feedback, feedback
from workbench.services.identities import identities, short_code
from workbench.services.jobs import Job, start_job
from workbench.services.reach import may_name, schools_seen
from workbench.services.workspace import Fresh, Workspace

_KIND = "feedback"


def notes_due(workspace: Workspace, person_id: str, issued_on: date) -> list[Row]:
    """One row a note that is due, of the schools one sees.

    ``who`` is the teacher's name for those who may know it, else the pseudonym; ``worded`` of
    ``criteria`` reasons have the chair's own words; ``given_on`` is the day it was handed over,
    None until then; ``file`` is the name for
    ``/download/feedback``, empty where none has been made; ``items`` as the service tells them.

    Raises
    ------
    RefusedError
        If the person may not see feedback notes.
    """
    with workspace.store() as store:
        schools = schools_seen(store, person_id, "feedback.show")
        behind = identities(store)
        named = may_name(store, person_id)
    files = {row["name"] for row in export_rows(workspace, person_id, _KIND)}
    made = []
    for note in feedback(workspace, issued_on):
        if note.teacher["school_id"] not in schools:
            continue
        teacher_id = note.teacher["teacher_id"]
        who = note.teacher["name"] if named else short_code(behind[teacher_id][0])
        made.append(
            {
                "key": f"{teacher_id}.{note.competency}.{note.attempt}",
                "school": schools[note.teacher["school_id"]],
                "who": who,
                "teacher_no": note.teacher["teacher_no"] if named else "",
                "competency": note.competency,
                "competency_name": note.name_zh,
                "attempt": note.attempt,
                "outcome": str(note.level or note.reason_none),
                "criteria": sum(bool(item.criterion_id) for item in note.items),
                "worded": sum(bool(item.words) for item in note.items),
                "resubmit": note.resubmit,
                "resubmit_by": note.resubmit_by,
                "object_by": note.object_by,
                "given_on": note.given_on,
                "items": note.items,
                "file": _file(note, files) if named else "",
            }
        )
    return made


def begin_notes(workspace: Workspace, person_id: str, at: datetime, fresh: Fresh) -> Job:
    """Start writing every note due of the schools one sees.

    Raises
    ------
    RefusedError
        If the person may not have them, or enough jobs run already.
    """
    with workspace.store() as store:
        seen = schools_seen(store, person_id, f"download.{_KIND}")
    out = str((workspace.exports / _KIND).resolve())
    chosen = [word for school_id in seen for word in ("--school", school_id)]
    return start_job(workspace, _KIND, [out, *chosen], person_id, at, fresh)


def _file(note: Feedback, files: set[str]) -> str:
    """Name of the note's file among those made; empty where it has not been."""
    number = note.teacher["teacher_no"] or note.teacher["teacher_id"]
    stem = note_stem(number, note.teacher["name"], note.competency, note.attempt)
    name = f"{note.school}/{stem}.docx"
    return name if name in files else ""
