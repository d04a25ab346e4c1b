"""Finding the header of a table and what its columns mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.formats.headers import body_rows, propose_mapping
from workbench.formats.mapping import RememberedMapping

KEYS = tuple(
    "item teacher_id teacher_name school subject stage environment id_number phone title gender "
    "hours_online hours_practice online_passed choice_1 choice_2 choice_3".split()
)


def proposed(*rows: list[str], keys=KEYS, **given):
    return propose_mapping(list(rows), keys, "teachers", **given)


def meaning(header: str) -> str | None:
    column = proposed([header, "姓名" if "姓名" not in header else "学校"]).columns[0]
    return column.key if column.used else None


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("教师姓名", "teacher_name"), ("姓 名", "teacher_name"), ("姓名（必填）", "teacher_name"),
        ("*姓名：", "teacher_name"), ("teacher_name", "teacher_name"), ("Teacher Name", "teacher_name"),
        ("姓名/Name", "teacher_name"), ("所在学校", "school"), ("单位", "school"), ("单位\n名称", "school"),
        ("任教学科", "subject"), ("现任教学科", "subject"), ("学段", "stage"), ("信息化环境", "environment"),
        ("证件号码", "id_number"), ("身份证号(18位)", "id_number"), ("手机", "phone"), ("职称", "title"),
        ("网络研修学时", "hours_online"), ("实践学时", "hours_practice"),
        ("线上研修是否合格", "online_passed"), ("线上研修成绩", "online_passed"),
        ("能力点1", "choice_1"), ("能力点一", "choice_1"), ("能力点（二）", "choice_2"),
        ("能力点３", "choice_3"), ("继教号", "teacher_id"), ("学员编号", "teacher_id"), ("备用栏", None),
    ],
)  # fmt: skip
def test_portals_call_columns_many_things(header, key):
    assert meaning(header) == key


def test_title_rows_above_the_header_are_passed_over():
    found = proposed(
        ["某县教师花名册", ""], ["填报单位：实验小学", ""], ["姓名", "学校"], ["王小山", "实验小学"]
    )
    assert (found.header_row, found.first_row) == (3, 4)


def test_a_header_merged_over_two_rows_is_read_together():
    found = proposed(
        ["序号", "姓名", "学校", "学时", "", "能力点", "", ""],
        ["", "", "", "网络研修", "实践应用", "1", "2", "3"],
        ["1", "王小山", "实验小学", "25", "25", "A1", "A6", "A10"],
    )
    assert found.first_row == 3
    assert {key: column.index for key, column in found.keys.items()} == {
        "item": 0, "teacher_name": 1, "school": 2, "hours_online": 3, "hours_practice": 4,
        "choice_1": 5, "choice_2": 6, "choice_3": 7,
    }  # fmt: skip


def test_a_row_of_data_is_not_taken_for_the_second_row_of_the_header():
    found = proposed(["姓名", "学校", "能力点1"], ["教师", "学校", "A1"], ["李小河", "一中", "A6"])
    assert found.first_row == 2


def test_totals_remarks_blank_rows_and_repeated_headers_are_no_data():
    grid = [
        ["姓名", "学校"],
        ["王小山", "一小"],
        ["", ""],
        ["姓 名", "学 校"],
        ["李小河", "一小"],
        ["合计", "2"],
        ["备注：以上为公示名单", ""],
        ["填报人：", "审核人："],
    ]
    rows = body_rows(grid, proposed(*grid))
    assert [(row.number, row.text("teacher_name")) for row in rows] == [
        (2, "王小山"),
        (5, "李小河"),
    ]


def test_a_school_whose_name_begins_like_a_remark_stays():
    grid = [["学校", "姓名"], ["教育局幼儿园", "王小山"]]
    assert len(body_rows(grid, proposed(*grid))) == 1


def test_a_comment_that_says_total_does_not_hide_its_row():
    grid = [["姓名", "学校", "学科", "其他"], ["王小山", "一小", "语文", "合计"]]
    assert len(body_rows(grid, proposed(*grid))) == 1


def test_unknown_columns_are_notes_and_listed():
    grid = [["姓名", "学校", "血型"], ["王小山", "一小", "O"]]
    found = proposed(*grid)
    assert found.unknown == ("血型",)
    assert body_rows(grid, found)[0].notes == {"血型": "O"}


def test_a_suspicion_is_asked_about_and_not_used():
    found = proposed(["姓名", "学校", "学校负责人姓名"])
    assert found.keys["teacher_name"].index == 0
    assert "学校负责人姓名" in found.unknown
    lonely = proposed(["负责人姓名", "学校", "学科"])
    assert "teacher_name" not in lonely.keys
    assert [(doubt.code, doubt.header) for doubt in lonely.doubts] == [
        ("similar_header", "负责人姓名")
    ]
    assert "负责人姓名" in lonely.doubts[0].sentence()


def test_two_columns_of_one_meaning_are_asked_about():
    found = proposed(["单位", "学校", "姓名"])
    assert found.keys["school"].header == "学校"
    assert [(doubt.code, doubt.header, doubt.other) for doubt in found.doubts] == [
        ("second_column", "单位", "学校")
    ]


def test_a_confirmed_mapping_is_reused_whatever_the_order():
    found = proposed(["负责人姓名", "单位", "学校"])
    confirmed = found.confirmed({"负责人姓名": "teacher_name", "单位": "school", "学校": None})
    kept = RememberedMapping.from_json(confirmed.to_json())
    again = proposed(["学校", "负责人姓名", "单位"], remembered=kept)
    assert {key: c.header for key, c in again.keys.items()} == {
        "teacher_name": "负责人姓名",
        "school": "单位",
    }
    assert not again.doubts


def test_one_key_cannot_be_given_twice():
    with pytest.raises(InputError, match="two columns are given for school"):
        proposed(["单位", "学校", "姓名"]).confirmed({"单位": "school"})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"kind": "teachers", "headers": {"a": "no_such_key"}}']
)
def test_a_broken_kept_mapping_is_refused(text):
    with pytest.raises(InputError):
        RememberedMapping.from_json(text)


def test_a_header_that_is_not_there_cannot_be_confirmed():
    with pytest.raises(InputError, match="no column is headed"):
        proposed(["姓名", "学校"]).confirmed({"年龄": None})


HEADERS = [
    "序号",
    "教师编号",
    "姓名",
    "学校",
    "学科",
    "学段",
    "身份证号",
    "电话",
    "能力点1",
    "能力点2",
    "能力点3",
]


@given(st.permutations(range(len(HEADERS))), st.integers(0, 4))
def test_the_order_of_columns_never_matters(order, titles):
    row = [f"v{n}" for n in range(len(HEADERS))]
    grid = [["标题"]] * titles + [[HEADERS[n] for n in order], [row[n] for n in order]]
    found = proposed(*grid)
    cells = body_rows(grid, found)[0].cells
    plain = body_rows([HEADERS, row], proposed(HEADERS, row))[0].cells
    assert cells == plain
    assert len(cells) == len(HEADERS)


def test_a_table_without_any_known_header_maps_nothing():
    assert proposed(["甲", "乙"], ["1", "2"]).keys == {}
    assert proposed().keys == {}
