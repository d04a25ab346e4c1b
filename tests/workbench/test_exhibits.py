"""What is gathered around a case, a sample, a portal sheet and a note, on one small workspace."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import docx
import openpyxl
import pytest

from models.store import Act
from workbench import messages
from workbench.errors import InputError
from workbench.services.exhibits import SHOWN_CHARS, exhibits_of
from workbench.services.feedback_notes import write_feedback
from workbench.services.holds import show_hold
from workbench.services.pairs import pair_rows
from workbench.services.portal import fill
from workbench.services.rating_template import write_template
from workbench.services.scans import keep_scan
from workbench.services.workspace import Workspace, create

ACT = Act("王登记", "registrar", datetime(2026, 11, 20, 2, tzinfo=UTC))
COPIED = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(900))  # no two grams alike
FORM = "教学设计表格填写说明：本表由教师本人填写，一式两份，学校留存一份，上交一份。"
TEXTS = {"T1": FORM + "甲" + COPIED, "T2": "乙老师自己的开头。" + FORM + COPIED}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two teachers of one school with one lesson between them, and a case about it."""
    folder = tmp_path / "workspace"
    made = create(folder, "national-2.0", "2026年批次", "示例县", ACT, lambda size: b"k" * size)
    with made.store() as store, store.transaction(ACT, "test") as tx:
        tx.insert("school", [{"school_id": "s01", "name": "一小"}])
        for number, (teacher, words) in enumerate(TEXTS.items()):
            _hand_in(tx, number, teacher, words)
        tx.insert("blank_form", [_form()])
        tx.insert("flag", [_flag()])
        tx.insert("hold", [_hold()])
        tx.insert("hold_submission", [{"hold_id": "h0001", "submission_id": "T1.A1.1"}])
    return made


def _hand_in(tx, number: int, teacher: str, words: str) -> None:
    person = {"teacher_id": teacher, "teacher_no": teacher, "name": f"教师{number}"}
    tx.insert("teacher", [{**person, "school_id": "s01"}])
    tx.insert("teacher_fact", [{"teacher_id": teacher, "name": "online_passed", "value": "1"}])
    submission = {"submission_id": f"{teacher}.A1.1", "teacher_id": teacher, "competency": "A1"}
    tx.insert("submission", [{**submission, "attempt": 1}])
    piece = {"piece_id": f"p{number}", "submission_id": f"{teacher}.A1.1", "slot_id": "A1-1"}
    tx.insert("piece", [piece])
    sha256 = f"{number}" * 64
    file = {"piece_id": f"p{number}", "item": f"{number + 7}", "path": "教案.docx", "bytes": 1}
    rest = {"attached": 1, "verdict": "accept", "stated": "{}", "submitted_at": ""}
    tx.insert("evidence_file", [{**file, **rest, "sha256": sha256}])
    facts = json.dumps({"media_type": "docx", "text": words})
    tx.insert("extract", [{"sha256": sha256, "media_type": "docx", "facts": facts}])


def _form() -> dict[str, str]:
    text = json.dumps({"media_type": "docx", "text": FORM, "created_at": "", "modified_at": ""})
    return {"sha256": "f" * 64, "name": "表格.docx", "text": text}


def _flag() -> dict[str, str]:
    values = {"a": "一小 T1 A1-1", "b": "一小 T2 A1-1", "share": "97%", "run": "432"}
    exhibit = json.dumps({"variant": "sentence", "values": values, "shown": ["a" * 64]})
    measured = {"tier": "strong", "effect": "0.97", "p": "", "q": "", "exhibit": exhibit}
    return {
        "flag_id": "f1",
        "code": "copied_text",
        "subject": "pair",
        "ids": '["p0", "p1"]',
        **measured,
    }


def _hold() -> dict[str, str]:
    case = {"hold_id": "h0001", "code": "copied_text", "flag_id": "f1"}
    return {**case, "raised_by": "李组长", "due_on": "2026-11-27"}


def test_a_case_of_copied_text_shows_the_words_of_both_without_the_form(workspace):
    found = exhibits_of(workspace, show_hold(workspace, "h0001"))
    one, other = found.passages[0]
    assert one.rstrip("…") in COPIED
    assert other.rstrip("…") in COPIED
    assert len(one) == len(other) == SHOWN_CHARS
    assert not any("填写说明" in words for pair in found.passages for words in pair)


def test_a_case_says_what_it_is_about_what_to_rule_out_and_who_may_decide(workspace):
    found = exhibits_of(workspace, show_hold(workspace, "h0001"))
    assert "97%" in found.sentence
    assert found.innocent == messages.text("flag.copied_text.innocent")
    assert found.pieces == {"p0": "一小 T1 A1-1", "p1": "一小 T2 A1-1"}
    assert set(found.roles) == {"chair", "county"}
    assert (found.not_by, found.needs_two) == ("李组长", ("reject",))


def test_pairs_are_named_by_the_items_of_the_manifest(workspace):
    (row,) = (row for row in pair_rows(workspace) if row["kind"] == "text")
    assert {row["a"], row["b"]} == {"7", "8"}
    assert "逐字相同" in row["sentence"]


def test_a_template_has_a_row_for_every_criterion_and_no_mark(workspace, tmp_path):
    path = tmp_path / "county.csv"
    written = write_template(workspace, ["p0"], "county", path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    criteria = [c.criterion_id for c in workspace.rubrics["A1"].slot("A1-1").criteria]
    assert [row["criterion"] for row in rows] == criteria
    assert written == len(criteria)
    assert {(row["item"], row["rater"], row["met"], row["round"]) for row in rows} == {
        ("p0", "", "", "county")
    }


def test_a_template_never_replaces_a_file_that_may_hold_marks(workspace, tmp_path):
    (tmp_path / "county.csv").write_text("打点", encoding="utf-8")
    with pytest.raises(InputError, match="may hold marks"):
        write_template(workspace, ["p0"], "county", tmp_path / "county.csv")


def test_an_awaited_result_leaves_the_portal_empty_and_an_exemption_fills_it(workspace, tmp_path):
    exempt = {"teacher_id": "T2", "name": "exempt", "value": "1"}
    with workspace.store() as store, store.transaction(ACT, "test") as tx:
        tx.insert("teacher_fact", [exempt])
    book = openpyxl.Workbook()
    for row in (
        ("教师编号", "姓名", "学校", "测评结果"),
        ("T1", "教师0", "一小"),
        ("T2", "教师1", "一小"),
    ):
        book.active.append(row)
    book.save(tmp_path / "portal.xlsx")
    report = fill(workspace, tmp_path / "portal.xlsx", tmp_path / "filled.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "filled.xlsx").active
    assert [sheet.cell(row, 4).value for row in (2, 3)] == [None, "免测"]
    assert (report.count("filled"), report.count("no_result")) == (1, 1)


def test_a_note_on_missing_evidence_says_what_by_when_and_how_to_object(workspace, tmp_path):
    paths = write_feedback(workspace, tmp_path / "notes", date(2026, 11, 20))
    assert [path.parent.name for path in paths] == ["一小", "一小"]
    note = docx.Document(str(paths[0]))
    words = "\n".join(paragraph.text for paragraph in note.paragraphs)
    missing = [slot for slot in workspace.rubrics["A1"].slots if slot.slot_id != "A1-1"]
    assert all(f"{slot.slot_id} {slot.name_zh}" in words for slot in missing)
    assert "2026年12月4日前" in words  # 14 days after the note
    assert messages.sentence("zh", "feedback_notes.object_later") in words


def test_a_scan_is_kept_by_its_content(workspace, tmp_path):
    (tmp_path / "scan.jpg").write_bytes(b"signed")
    digest = keep_scan(workspace, tmp_path / "scan.jpg")
    assert workspace.evidence.is_whole(digest)
    with pytest.raises(InputError, match=r"gone\.jpg"):
        keep_scan(workspace, tmp_path / "gone.jpg")
