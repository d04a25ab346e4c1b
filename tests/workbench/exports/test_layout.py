"""The printed cells: every word from the payload, named so that a person finds it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rubrics.canonical import digest
from workbench.errors import InputError
from workbench.exports.cells import Cell
from workbench.exports.layout import layout_of
from workbench.exports.wording import ranges
from workbench.messages import catalogue, placeholders


def texts(row):
    return [cell.value for cell in row]


def test_a_summary_has_a_row_a_teacher_and_columns_for_the_most_competencies(issued):
    layout = layout_of(issued.school)
    assert texts(layout.header) == [
        *("序号", "教师编号", "姓名", "学科"),
        *("能力点一", "等级", "能力点二", "等级", "能力点三", "等级"),
        *("教师结论", "台账序号", "备注"),
    ]
    assert texts(layout.rows[1])[:6] == [
        "2",
        "T1001",
        "古丽·甲乙丙",
        "数学",
        "A3 演示文稿设计与制作",
        "不合格",
    ]
    assert texts(layout.rows[2])[4:] == [
        *(
            "A1 技术支持的学情分析",
            "待补件",
            "B2 微课程设计与制作",
            "合格",
            "",
            "",
            "待补件",
            "9–11",
            "",
        ),
    ]


def test_a_summary_counts_its_conclusions(issued):
    counted = layout_of(issued.school).facts[-1][-1].value
    assert counted == "共 3 人：合格 1 人，不合格 1 人，待补件 1 人"


def test_a_second_attempt_is_remarked(issued):
    assert layout_of(issued.school).rows[0][-1].value == "C4 补测"


def test_a_result_sheet_says_what_decided_and_sends_a_failure_to_its_note(issued):
    layout = layout_of(issued.teachers[1])
    assert texts(layout.rows[0]) == [
        *("A3", "演示文稿设计与制作", "不合格", "证据 A3-1 有 2 项合格指标未达到，详见反馈单"),
        *("5", "2026年11月21日"),  # posted at 18:00 UTC of the 20th: already the 21st in China
    ]
    assert texts(layout.rows[-1])[:4] == [
        "结论",
        "教师测评结论",
        "不合格",
        "A3 不合格、A6 合格、B6 合格",
    ]


def test_the_footer_names_ledger_checkpoint_and_day(issued):
    head = issued.school.head
    footer = layout_of(issued.school).footer.value
    assert f"检查点 {head.size} 条 ｜ 根 {head.root.hex()[:16]} ｜ 制表 2026年11月21日" in footer


def test_places_of_cells_are_unique(issued):
    places = [cell.place for row in layout_of(issued.school).printed_rows for cell in row]
    assert len(places) == len(set(places))


def test_without_a_rubric_the_code_stands_alone(issued):
    layout = layout_of(replace(issued.school, rubrics=()))
    assert layout.rows[0][4].value == "A1"


def test_a_sheet_without_results_is_refused(issued):
    with pytest.raises(InputError, match="has no result"):
        layout_of(replace(issued.school, entries=()))


def test_a_summary_that_names_nobody_is_refused(issued):
    with pytest.raises(InputError, match="pseudonym s000"):
        layout_of(replace(issued.school, people={}))


@pytest.mark.parametrize(
    ("found", "agrees"),
    [
        ("校长（签字）年月日", True),
        ("校长（签字）： 某某\n2026 年 11 月 21 日", True),
        ("校长（签字）" + "字" * 61 + "年月日", False),
        ("县长（签字）年月日", False),
        ("", False),
    ],
)
def test_a_signature_field_takes_handwriting_but_keeps_its_words(found, agrees):
    assert (
        Cell("sign.head", "校长（签字）", "校长（签字） 年 月 日", free=True).agrees(found)
        is agrees
    )


def test_blanks_never_matter_and_every_sign_does():
    cell = Cell("rows[1].level", "等级", "不合格")
    assert cell.agrees(" 不\n合格 ")
    assert not cell.agrees("合格")


@pytest.mark.parametrize("sign", ["\x0b", "\u202e", "\u200b", "\ue000"])
def test_a_name_with_a_sign_that_hides_something_is_refused(issued, sign):
    payload = issued.teachers[0]
    people = {key: replace(who, name=f"甲{sign}乙") for key, who in payload.people.items()}
    with pytest.raises(InputError, match=r"facts.name of the sheet holds U\+"):
        layout_of(replace(payload, people=people))


def test_the_printed_wording_of_version_one_is_frozen():
    """Sheets already issued are verified by setting them anew in these very words.

    A new wording is a new version of the payload with a table of its own.
    """
    printed = {
        key: words
        for key, words in catalogue("zh").items()
        if key.startswith("sheet.")
        and not key.startswith(("sheet.label.", "sheet.odd.", "sheet.file."))
    }
    assert digest(printed) == "9ce082644476f97b486377f18e4a7d9de79a542a5912fef477e83c2885d1f8f2"


def test_both_languages_have_the_same_sentences():
    for room in ("sheet.", "verify.", "feedback."):
        zh, en = (
            {
                key: placeholders(words)
                for key, words in catalogue(one).items()
                if key.startswith(room)
            }
            for one in ("zh", "en")
        )
        assert zh == en


def test_ranges_of_numbers():
    assert ranges([]) == ""
    assert ranges([7]) == "7"
    assert ranges([2, 1]) == "1、2"
    assert ranges([1, 2, 3, 8]) == "1–3、8"
