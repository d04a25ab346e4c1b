"""反馈单: what one teacher is told of one competency not passed, and the way forward, as docx."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.oxml import parse_xml

from rubrics.levels import LEVEL_ZH, Level
from workbench.errors import InputError
from workbench.exports.document_sheet import (
    HEI,
    cell_xml,
    paragraph_xml,
    row_xml,
    set_paper,
    set_properties,
    table_xml,
)
from workbench.exports.sheets import safe_name
from workbench.exports.wording import day_zh
from workbench.messages import sentence

MISSING = "missing_evidence"
_WIDTH_MM = 170
_FACTS_MM = (22, 63, 22, 63)
_ITEMS_MM = (34, 58, 26, 52)


@dataclass(frozen=True)
class FeedbackItem:
    """One reason: a criterion not met, or evidence not handed in.

    Parameters
    ----------
    slot_name : str
        Name of the slot, with its id: ``A1-1 学情分析方案``.
    file_names : tuple of str
        What was handed in; empty where nothing was.
    criterion_id, criterion_text : str
        The deciding criterion in full; empty for missing evidence.
    reason : str
        As the chair edited it; names no rater.
    where : str
        Where in the evidence: a page, a minute, a section; may be empty.
    """

    slot_name: str
    file_names: tuple[str, ...]
    criterion_id: str
    criterion_text: str
    reason: str
    where: str = ""


@dataclass(frozen=True)
class FeedbackNote:
    """All a feedback note says.

    ``outcome`` is ``fail`` or ``missing_evidence``; days are ISO texts,
    ``resubmit_by`` empty where no day is set; ``how_to_object`` names the way,
    the office and the deadline.
    """

    county: str
    round: str
    school: str
    name: str
    teacher_no: str
    competency: str
    competency_name: str
    attempt: int
    outcome: str
    items: tuple[FeedbackItem, ...]
    what_may_be_resubmitted: str
    resubmit_by: str
    how_to_object: str
    issued_on: str


def feedback_note(note: FeedbackNote) -> bytes:
    """Write a feedback note as docx.

    Raises
    ------
    InputError
        If it gives no reason, or the outcome is not one that gets a note.
    """
    if note.outcome not in (Level.FAIL, MISSING) or not note.items:
        raise InputError(
            f"feedback note for {note.teacher_no}, {note.competency}: expected the outcome fail or "
            f"{MISSING} and at least one reason, came {note.outcome!r} and {len(note.items)}.",
            key="feedback.no_reason",
            teacher=note.teacher_no,
            competency=note.competency,
        )
    document = docx.Document()
    set_paper(document, landscape=False, margin_mm=20)
    last = document.element.body.sectPr
    for xml in (*_head(note), _items_xml(note), *_way_forward(note), _receipt_xml()):
        last.addprevious(parse_xml(xml))
    last.addprevious(parse_xml(paragraph_xml("", size=1)))
    set_properties(document, _say("title"), note.issued_on)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def write_feedback_notes(notes: Iterable[FeedbackNote], folder: Path) -> list[Path]:
    """Write feedback notes into a folder, which is made if need be; one file a note."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for note in notes:
        stem = note_stem(note.teacher_no, note.name, note.competency, note.attempt)
        path = folder / f"{stem}.docx"
        path.write_bytes(feedback_note(note))
        written.append(path)
    return written


def note_stem(teacher_no: str, name: str, competency: str, attempt: int) -> str:
    """File name of a note without its ending."""
    words = _say("file", teacher_no=teacher_no, name=name, competency=competency, attempt=attempt)
    return safe_name(words)


def _say(key: str, /, **values: object) -> str:
    return sentence("zh", f"feedback.{key}", **values)


def _outcome_zh(note: FeedbackNote) -> str:
    return LEVEL_ZH[Level.FAIL] if note.outcome == Level.FAIL else _say("missing")


def _head(note: FeedbackNote) -> list[str]:
    """Title, who and what it is about, and the sentence it opens with."""
    opening = "opening_fail" if note.outcome == Level.FAIL else "opening_missing"
    competency = f"{note.competency} {note.competency_name}".strip()
    return [
        paragraph_xml(_say("title"), size=18, font=HEI, align="center", after=60),
        paragraph_xml(f"{note.county}　{note.round}", size=11, align="center", after=140),
        _facts_xml(note, competency),
        paragraph_xml(_say("greeting", name=note.name), size=12, before=160, after=60),
        *(
            paragraph_xml(f"　　{line}", size=12, after=60)
            for line in _say(opening, competency=competency).split("\n")
        ),
        paragraph_xml(_say("items"), size=12, font=HEI, before=100, after=80, keep=True),
    ]


def _facts_xml(note: FeedbackNote, competency: str) -> str:
    attempt = _say("first") if note.attempt == 1 else _say("again", attempt=note.attempt)
    pairs = [
        (("school", note.school), ("teacher_no", note.teacher_no)),
        (("name", note.name), ("competency", competency)),
        (("attempt", attempt), ("outcome", _outcome_zh(note))),
    ]
    rows = []
    for pair in pairs:
        texts = [words for key, value in pair for words in (_say(f"fact.{key}"), value)]
        cells = [
            cell_xml(paragraph_xml(words), width, shaded=place % 2 == 0)
            for place, (words, width) in enumerate(zip(texts, _FACTS_MM, strict=True))
        ]
        rows.append(row_xml(cells, height_mm=8))
    return table_xml(rows, _FACTS_MM)


def _items_xml(note: FeedbackNote) -> str:
    head = [
        cell_xml(paragraph_xml(_say(f"column.{key}"), font=HEI, align="center"), width, shaded=True)
        for key, width in zip(("evidence", "criterion", "where", "reason"), _ITEMS_MM, strict=True)
    ]
    rows = [row_xml(head, repeated=True, height_mm=8)]
    for item in note.items:
        contents = (
            _evidence(item),
            _criterion(item),
            paragraph_xml(item.where or _say("nowhere")),
            "".join(paragraph_xml(line) for line in item.reason.splitlines()) or paragraph_xml(""),
        )
        cells = [cell_xml(made, width) for made, width in zip(contents, _ITEMS_MM, strict=True)]
        rows.append(row_xml(cells))
    return table_xml(rows, _ITEMS_MM)


def _evidence(item: FeedbackItem) -> str:
    files = "、".join(item.file_names) or _say("no_file")
    return paragraph_xml(item.slot_name, after=20) + paragraph_xml(files, size=9)


def _criterion(item: FeedbackItem) -> str:
    if not item.criterion_id:
        return paragraph_xml(_say("not_handed_in"))
    return paragraph_xml(item.criterion_text, after=20) + paragraph_xml(
        _say("criterion", criterion=item.criterion_id), size=9
    )


def _way_forward(note: FeedbackNote) -> list[str]:
    """What may be handed in again and by when, how to object, and who signs."""
    by = _say("by", day=day_zh(note.resubmit_by)) if note.resubmit_by else _say("by_later")
    made = []
    for key, lines in (
        ("resubmit", [note.what_may_be_resubmitted, by, _say("closing")]),
        ("object", [note.how_to_object]),
    ):
        made.append(
            paragraph_xml(
                _say(f"heading.{key}"), size=12, font=HEI, before=140, after=40, keep=True
            )
        )
        made += [paragraph_xml(f"　　{line}", size=12, after=40) for line in lines if line]
    made.append(
        paragraph_xml(
            _say("signed", school=note.school), size=12, align="right", before=120, keep=True
        )
    )
    made.append(paragraph_xml(day_zh(note.issued_on), size=12, align="right", before=40, after=160))
    return made


def _receipt_xml() -> str:
    """Strip the teacher signs: that the note was received, not that it is agreed to."""
    words = paragraph_xml(_say("received"), size=10.5) + paragraph_xml(
        _say("received_sign"), size=10.5, align="right", before=160, after=40
    )
    return table_xml([row_xml([cell_xml(words, _WIDTH_MM, top=True)], height_mm=16)], (_WIDTH_MM,))
