"""Feedback notes: who is due one, and what it says."""

from datetime import date

import pytest

from workbench.errors import InputError
from workbench.services.feedback import add_reason, feedback
from workbench.services.publicity import open_publicity

TODAY = date(2026, 9, 28)


def notes(walk):
    return {note.teacher["teacher_id"]: note for note in feedback(walk.workspace, TODAY)}


def test_missing_evidence_is_told_at_once_and_a_fail_once_it_is_published(read):
    assert set(notes(read)) == {"T5"}
    open_publicity(read.workspace, [], read.on("2026-09-28").act())
    assert set(notes(read)) == {"T3", "T5"}


def test_a_fail_is_told_with_the_criterion_in_full_and_what_can_be_done(read):
    open_publicity(read.workspace, [], read.on("2026-09-28").act())
    note = notes(read)["T3"]
    (item,) = note.items
    assert (item.slot_id, item.criterion_id) == ("B8-1", "B8-1.P2")
    text = read.workspace.rubrics["B8"].slot("B8-1").criterion("B8-1.P2").text_zh
    assert item.criterion_text == text
    assert [slot.split()[0] for slot in note.resubmit] == ["B8-1"]  # the failed piece only
    assert note.resubmit_by == date(2026, 10, 12)  # 14 days
    assert note.object_by == date(2026, 10, 10)


def test_missing_evidence_names_the_slot(read):
    note = notes(read)["T5"]
    assert [(i.slot_id, i.criterion_id) for i in note.items] == [("B8-2", "")]
    assert note.level is None


def test_the_chairs_latest_words_are_used(read):
    open_publicity(read.workspace, [], read.on("2026-09-28").act())
    piece = read.piece("T3", "B8-1")
    for words in ("第一稿", "请补充第二步的任务要求"):
        add_reason(read.workspace, piece, "B8-1.P2", words, "第3页", read.act("组长甲"))
    (item,) = notes(read)["T3"].items
    assert (item.words, item.place) == ("请补充第二步的任务要求", "第3页")


@pytest.mark.parametrize(("known", "criterion"), [(True, "B8-2.P1"), (False, "B8-1.P1")])
def test_words_are_about_a_criterion_there_is(read, known, criterion):
    piece = read.piece("T3", "B8-1") if known else "p000"
    with pytest.raises(InputError, match="no criterion"):
        add_reason(read.workspace, piece, criterion, "话", "", read.act("组长甲"))


def test_a_reason_without_words_is_none(read):
    with pytest.raises(InputError, match="needs words"):
        add_reason(read.workspace, read.piece("T3", "B8-1"), "B8-1.P1", " ", "", read.act("组长甲"))
