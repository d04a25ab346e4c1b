"""The roster as portals really give it, read from real files."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from workbench.formats.identity import check_digit
from workbench.formats.mapping import RememberedMapping
from workbench.formats.roster import parse_roster
from workbench.readers.limits import DEFAULT
from workbench.readers.spreadsheets import read_table
from workbench.readers.tables import Sheet


def sheet(name: str, *rows: list[str], merged=()) -> Sheet:
    return Sheet(name, tuple(tuple(row) for row in rows), merged)


HEADER = ["姓名", "学校", "学科", "能力点1", "能力点2", "能力点3"]


def id_number(first17: str) -> str:
    return first17 + check_digit(first17)


@pytest.fixture
def read(rubric_set):
    def parse(*sheets: Sheet, **given):
        return parse_roster(sheets, rubric_set, **given)

    return parse


def test_a_portal_workbook_with_titles_merged_headers_and_totals(rubric_set, tmp_path):
    book = Workbook()
    page = book.worksheets[0]
    page.title = "教师"
    for row in (
        ["青石县教师信息技术应用能力提升工程2.0参训教师名册"],
        ["填报单位（盖章）：", None, None, None, "2021.11.5"],
        ["序号", "姓名", "性别", "所在学校", "学科", "证件号码", "学时", None, "线上研修成绩",
         "能力点", None, None],
        [None, None, None, None, None, None, "网络研修", "实践应用", None, "1", "2", "3"],
        [1, "王小山", "男", "实验小学", "语文", id_number("99990119850228001"), "25学时", 25, "合格",
         "A1", "a6", None],
        [2, "李小河", "女", None, "数学", None, None, "三十", "√", "A1、A10", None, None],
        [3, "赵小川", "女", "第一中学", "英语", None, 12.5, 0, "不合格",
         "A6 技术支持的课堂讲授", "A99", "A6"],
        ["合计", "3人", None, None, None, None, 37.5],
        ["备注：本表一式两份。"],
    ):  # fmt: skip
        page.append(row)
    page.merge_cells("A1:L1")
    page.merge_cells("G3:H3")
    page.merge_cells("J3:L3")
    page.merge_cells("B3:B4")
    page.merge_cells("D5:D6")
    path = tmp_path / "名册.xlsx"
    book.save(path)

    roster = parse_roster(read_table(path, DEFAULT), rubric_set)
    wang, li, zhao = roster.teachers
    assert (wang.name, wang.school, wang.hours_online, wang.hours_practice) == (
        "王小山",
        "实验小学",
        25,
        25,
    )
    assert (wang.online_passed, wang.choices, wang.notes) == (True, ("A1", "A6"), {"性别": "男"})
    assert wang.id_number and "0228" not in repr(wang)
    assert (li.school, li.hours_online, li.hours_practice) == ("实验小学", None, None)
    assert (li.online_passed, li.choices) == (True, ("A1", "A10"))
    assert (zhao.hours_practice, zhao.online_passed, zhao.choices) == (0, False, ("A6",))
    assert [(f.row_number, f.code) for f in roster.faults] == [
        (6, "bad_hours"),
        (7, "unknown_choice"),
        (7, "choice_twice"),
    ]


def test_a_web_page_saved_as_xls(rubric_set, tmp_path):
    path = tmp_path / "导出.xls"
    path.write_bytes(
        "<html><meta charset=gb2312><table><tr><td colspan=3>名册</td></tr><tr><th>姓名</th><th>单位</th>"
        "<th>任教学科</th></tr><tr><td>王小山</td><td rowspan=2>实验小学</td><td>语文</td></tr>"
        "<tr><td>李小河</td><td>数学</td></tr></table></html>".encode("gb18030")
    )
    roster = parse_roster(read_table(path, DEFAULT), rubric_set)
    assert [(t.name, t.school, t.subject) for t in roster.teachers] == [
        ("王小山", "实验小学", "语文"),
        ("李小河", "实验小学", "数学"),
    ]
    assert roster.faults == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_csv_in_the_encodings_spreadsheets_write(rubric_set, tmp_path, encoding):
    path = tmp_path / "名册.csv"
    path.write_text("教师姓名,学校,学科\n王小山,实验小学,语文\n", encoding=encoding)
    (teacher,) = parse_roster(read_table(path, DEFAULT), rubric_set).teachers
    assert (teacher.name, teacher.school, teacher.subject) == ("王小山", "实验小学", "语文")


def test_kinds_of_sheet_are_told_by_columns_and_name(read):
    roster = read(
        sheet("学校", ["学校名称", "应用环境", "学段", "学区"], ["实验小学", "混合学习环境", "小学", "城区"],
              ["第一中学", "智慧校园", "初中", "城区"]),
        sheet("教师", HEADER, ["王小山", "实验小学", "语文", "A1", "", ""]),
        sheet("评审员", ["评审员编号", "姓名", "单位", "教研组", "角色", "回避"],
              ["R1", "周小溪", "第一中学", "语文组", "评审员、评审组长", "王小山；李小河"],
              ["R2", "吴小湖", "邻县一中", "", "", ""]),
        sheet("填表说明", ["请认真填写"]),
    )  # fmt: skip
    assert {name: mapping.kind for name, mapping in roster.mappings.items()} == {
        "学校": "schools",
        "教师": "teachers",
        "评审员": "raters",
    }
    assert roster.skipped == ("填表说明",)
    assert [(s.name, s.environment, s.stage, s.cluster) for s in roster.schools] == [
        ("实验小学", "blended", "小学", "城区"),
        ("第一中学", "smart", "初中", "城区"),
    ]
    first, second = roster.raters
    assert (first.rater_id, first.roles, first.relations) == (
        "R1",
        ("rater", "chair"),
        ("王小山", "李小河"),
    )
    assert second.roles == ("rater",)
    assert [(f.row_number, f.code, f.severity) for f in roster.sheet_faults["评审员"]] == [
        (3, "rater_from_elsewhere", "warn")  # a reader may be borrowed from elsewhere
    ]
    assert roster.school_names == ("实验小学", "第一中学")
    assert roster.choices == {("", "王小山", "实验小学"): ("A1",)}


def test_teachers_of_a_school_that_is_not_listed_are_refused(read):
    teachers = sheet("教师", HEADER, ["王小山", "外校", "语文", "A1", "", ""])
    roster = read(teachers, sheet("学校", ["学校", "学段"], ["实验小学", "小学"]))
    assert roster.teachers == ()
    assert [f.code for f in roster.faults] == ["unknown_school"]


def test_the_school_of_a_list_without_one_is_an_argument(read):
    listed = sheet("名册", ["姓名", "学科"], ["王小山", "语文"])
    assert read(listed, school="实验小学").teachers[0].school == "实验小学"
    assert [f.code for f in read(listed).faults] == ["missing_columns"]


@pytest.mark.parametrize("across", [False, True])
def test_a_person_listed_twice_is_refused_the_second_time(read, across):
    header = ["教师编号", "姓名", "学校"]
    row = ["T1", "王小山", "一小"]
    once, twice = sheet("甲", header, row), sheet("甲", header, row, row)
    sheets = [once, sheet("乙", header, row)] if across else [twice]
    roster = read(*sheets)
    assert len(roster.teachers) == 1
    assert [f.code for f in roster.faults] == ["listed_twice"]


def test_one_id_number_belongs_to_one_person(read):
    number = id_number("99990119850228001")
    header = ["姓名", "学校", "身份证号"]
    roster = read(sheet("名册", header, ["王小山", "一小", number], ["李小河", "一小", number]))
    assert [(f.row_number, f.code) for f in roster.faults] == [(3, "id_number_twice")]
    assert number not in repr(roster)


def test_namesakes_without_ids_are_a_question(read):
    header = ["姓名", "学校", "学科"]
    roster = read(sheet("名册", header, ["王小山", "一小", "语文"], ["王小山", "一小", "数学"]))
    assert [f.code for f in roster.faults] == ["homonym_by_subject"] * 2
    assert roster.teachers == ()


def test_an_unknown_role_is_refused(read):
    roster = read(sheet("评审员", ["姓名", "单位", "角色"], ["周小溪", "一小", "督学"]))
    assert [(f.code, f.severity) for f in roster.faults] == [("unknown_role", "reject")]


def test_what_is_unknown_stays_unknown(read):
    header = [*HEADER, "线上研修成绩", "实践学时"]
    (teacher,) = read(
        sheet("名册", header, ["王小山", "一小", "语文", "", "", "", "86", ""])
    ).teachers
    assert (teacher.online_passed, teacher.hours_practice, teacher.choices) == (None, None, ())


def test_a_confirmed_mapping_is_used_again(rubric_set):
    listed = sheet(
        "名册", ["参与者姓名", "学校", "学科", "能力点1"], ["王小山", "一小", "语文", "A1"]
    )
    first = parse_roster([listed], rubric_set)
    assert first.teachers == ()
    assert [d.code for d in first.mappings["名册"].doubts] == ["similar_header"]
    confirmed = first.mappings["名册"].confirmed({"参与者姓名": "teacher_name"})
    kept = {"teachers": RememberedMapping.from_json(confirmed.to_json())}
    assert parse_roster([listed], rubric_set, kept).teachers[0].name == "王小山"
