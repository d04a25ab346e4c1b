"""Feedback notes 反馈单 as files: what the service tells, put into the words of the note."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

from workbench.exports.feedback_note import (
    MISSING,
    FeedbackItem,
    FeedbackNote,
    write_feedback_notes,
)
from workbench.exports.wording import day_zh
from workbench.messages import sentence
from workbench.services.feedback import Feedback, Item, feedback
from workbench.services.workspace import Workspace


def write_feedback(
    workspace: Workspace, out: Path, issued_on: date, school_ids: Collection[str] = ()
) -> list[Path]:
    """Write every note due now as docx, a folder a school; the notes are always in Chinese.

    ``school_ids`` keeps to these schools; empty for all.

    Returns
    -------
    list of Path
        The files; empty where no note is due.
    """
    written: list[Path] = []
    by_school: dict[str, list[FeedbackNote]] = {}
    for told in feedback(workspace, issued_on):
        if school_ids and told.teacher["school_id"] not in school_ids:
            continue
        by_school.setdefault(told.school, []).append(_note(workspace, told, issued_on))
    for school, notes in by_school.items():
        written += write_feedback_notes(notes, out / school)
    return written


def _note(workspace: Workspace, told: Feedback, issued_on: date) -> FeedbackNote:
    return FeedbackNote(
        county=workspace.place,
        round=workspace.round_name,
        school=told.school,
        name=told.teacher["name"],
        teacher_no=told.teacher["teacher_no"] or told.teacher["teacher_id"],
        competency=told.competency,
        competency_name=told.name_zh,
        attempt=told.attempt,
        outcome=str(told.level) if told.level is not None else MISSING,
        items=tuple(_item(item) for item in told.items),
        what_may_be_resubmitted=_resubmission(told),
        resubmit_by=told.resubmit_by.isoformat() if told.resubmit_by else "",
        how_to_object=_objection(told),
        issued_on=issued_on.isoformat(),
    )


def _item(item: Item) -> FeedbackItem:
    reason = item.words or (_say("see_criterion") if item.criterion_id else _say("hand_in"))
    return FeedbackItem(
        f"{item.slot_id} {item.slot_name}",
        item.files,
        item.criterion_id,
        item.criterion_text,
        reason,
        item.place,
    )


def _resubmission(told: Feedback) -> str:
    if not told.resubmit:
        return _say("no_more")
    return _say("resubmit", slots="、".join(told.resubmit))


def _objection(told: Feedback) -> str:
    if told.object_by is None:
        return _say("object_later")
    return _say("object", day=day_zh(told.object_by.isoformat()))


def _say(key: str, /, **values: object) -> str:
    return sentence("zh", f"feedback_notes.{key}", **values)
