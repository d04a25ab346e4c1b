"""反馈单: the criterion in full, what to do next, and nobody's marks."""

from __future__ import annotations

import io
from dataclasses import replace

import docx
import pytest

from workbench.errors import InputError
from workbench.exports.feedback_note import (
    FeedbackItem,
    FeedbackNote,
    feedback_note,
    write_feedback_notes,
)

ITEM = FeedbackItem(
    slot_name="A3-1 演示文稿",
    file_names=("分数的初步认识.pptx",),
    criterion_id="A3-1.P1",
    criterion_text="版面清楚，文字精炼，图文配合得当。",
    reason="第 4 至 7 页文字较多，请提炼成短句。",
    where="第 4—7 页",
)
NOTE = FeedbackNote(
    county="云溪县",
    round="2026年秋季批次",
    school="云溪县红旗实验小学",
    name="甲乙丙",
    teacher_no="T1001",
    competency="A3",
    competency_name="演示文稿设计与制作",
    attempt=1,
    outcome="fail",
    items=(ITEM,),
    what_may_be_resubmitted="只需补交 A3-1 演示文稿。",
    resubmit_by="2026-12-15",
    how_to_object="收到本单后 5 个工作日内向学校管理员书面提出。",
    issued_on="2026-11-21",
)


def words(note):
    document = docx.Document(io.BytesIO(feedback_note(note)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_a_note_says_everything_the_teacher_needs():
    said = words(NOTE)
    for part in (
        *("甲乙丙老师：", "T1001", "A3 演示文稿设计与制作", "不合格", "首次测评"),
        *(ITEM.criterion_text, "指标编号：A3-1.P1", ITEM.reason, ITEM.where, *ITEM.file_names),
        *(NOTE.what_may_be_resubmitted, "2026年12月15日", NOTE.how_to_object, "2026年11月21日"),
    ):
        assert part in said


def test_missing_evidence_is_no_failure():
    item = FeedbackItem("A3-1 演示文稿", (), "", "", "请在补件期内提交。")
    said = words(replace(NOTE, outcome="missing_evidence", items=(item,), resubmit_by=""))
    assert "待补件" in said
    assert "不合格" not in said
    assert "（未收到文件）" in said
    assert "补交时间由学校另行通知" in said


def test_a_second_attempt_is_named():
    assert "第 2 次测评" in words(replace(NOTE, attempt=2))


@pytest.mark.parametrize("change", [{"items": ()}, {"outcome": "pass"}])
def test_a_note_without_a_reason_is_refused(change):
    with pytest.raises(InputError, match="T1001, A3"):
        feedback_note(replace(NOTE, **change))


def test_marks_of_markup_stay_text():
    said = words(replace(NOTE, items=(replace(ITEM, reason="<b>1 & 2</b>"),)))
    assert "<b>1 & 2</b>" in said


def test_notes_of_a_school_are_written_side_by_side(tmp_path):
    written = write_feedback_notes([NOTE, replace(NOTE, attempt=2)], tmp_path / "notes")
    assert [path.name for path in written] == [
        "反馈单_T1001_甲乙丙_A3_第1次.docx",
        "反馈单_T1001_甲乙丙_A3_第2次.docx",
    ]
