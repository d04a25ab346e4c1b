"""Results written back into a portal's sheet: the right rows, and nothing else changed."""

from __future__ import annotations

import zipfile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from workbench.errors import InputError
from workbench.formats.identity import check_digit, person_key
from workbench.formats.portal import PortalResult, fill_portal

PEPPER = b"pepper of the workspace"


def id_number(first17: str) -> str:
    return first17 + check_digit(first17)


WANG, LI = id_number("99990119850228001"), id_number("99990119900101002")


def result(teacher_id, name, school="一小", number="", text="合格", **more) -> PortalResult:
    key = person_key(PEPPER, number) if number else ""
    return PortalResult(teacher_id, name, school, key, result=text, **more)


@pytest.fixture
def portal(tmp_path, rubric_set):
    """Write a sheet, fill it, and hand back its cells below the header with the report."""

    def fill(header, rows, results, **options):
        book = Workbook()
        page = book.worksheets[0]
        for row in (["测评结果上报表"], header, *rows):
            page.append(row)
        book.save(tmp_path / "in.xlsx")
        report = fill_portal(
            tmp_path / "in.xlsx", tmp_path / "out.xlsx", results, PEPPER, rubric_set, **options
        )
        cells = (
            load_workbook(tmp_path / "out.xlsx")
            .worksheets[0]
            .iter_rows(min_row=3, values_only=True)
        )
        return [list(row) for row in cells], report

    return fill


def states(report):
    return [(line.row_number, line.state, line.by) for line in report.lines]


def test_rows_are_matched_by_the_hash_of_the_id_number_in_their_order(portal):
    rows, report = portal(
        ["序号", "姓名", "身份证号", "测评结果"],
        [[1, "李小河", LI.lower(), None], [2, "王小山", WANG, None], [3, "赵小川", None, None]],
        [result("T1", "王小山", number=WANG, text="优秀"), result("T2", "李小河", number=LI)],
    )
    assert rows == [
        [1, "李小河", LI.lower(), "合格"],
        [2, "王小山", WANG, "优秀"],
        [3, "赵小川", None, None],
    ]
    assert states(report) == [
        (3, "filled", "id_number"),
        (4, "filled", "id_number"),
        (5, "not_found", ""),
    ]
    assert report.unplaced == ()
    assert WANG not in repr(report)


def test_without_an_id_number_the_teacher_id_then_name_and_school_decide(portal):
    rows, report = portal(
        ["教师编号", "姓名", "学校", "结论"],
        [
            ["T1", "王小山", "一小", None],
            [None, "李小河", " 一 小", None],
            [None, "李小河", "二小", None],
        ],
        [result("T1", "王小山"), result("T2", "李小河")],
    )
    assert [row[3] for row in rows] == ["合格", "合格", None]
    assert [line.by for line in report.lines] == ["teacher_id", "name", ""]


def test_namesakes_get_nothing_by_name(portal):
    results = [result("T1", "王小山"), result("T2", "王小山", text="不合格")]
    rows, report = portal(["姓名", "学校", "结果"], [["王小山", "一小", None]], results)
    assert rows[0][2] is None
    assert states(report) == [(3, "ambiguous", "name")]
    assert {r.teacher_id for r in report.unplaced} == {"T1", "T2"}


def test_one_result_for_two_rows_of_the_same_name_is_ambiguous(portal):
    rows, report = portal(
        ["姓名", "学校", "学科", "结果"],
        [["王小山", "一小", "语文", None], ["王小山", "一小", "数学", None]],
        [result("T1", "王小山")],
    )
    assert [row[3] for row in rows] == [None, None]
    assert [line.state for line in report.lines] == ["ambiguous", "ambiguous"]


@pytest.mark.parametrize(
    ("row", "results"),
    [
        (
            ["李小河", "一小", WANG, None],
            [result("T1", "王小山", number=WANG)],
        ),  # number of another
        (["王小山", "一小", LI, None], [result("T1", "王小山", number=WANG)]),  # a namesake
    ],
)
def test_a_number_and_a_name_of_two_people_are_a_conflict(portal, row, results):
    rows, report = portal(["姓名", "学校", "身份证号", "结果"], [row], results)
    assert rows[0][3] is None
    assert [line.state for line in report.lines] == ["conflict"]


def test_a_number_excel_has_rounded_matches_nobody(portal):
    rows, report = portal(
        ["姓名", "学校", "身份证号", "结果"],
        [["李小河", "二小", float(LI[:17] + "0"), None]],
        [result("T2", "李小河", number=LI)],
    )
    assert rows[0][3] is None
    assert [line.state for line in report.lines] == ["not_found"]


def test_results_go_to_the_competency_the_row_names(portal):
    teacher = result(
        "T1", "王小山", competencies={"A1": "合格", "A6": "优秀"}, choices=("A1", "A6"), passed=True
    )
    header = [
        "姓名",
        "学校",
        "能力点1",
        "能力点1结果",
        "能力点2",
        "能力点2结果",
        "总评",
        "是否合格",
    ]
    rows, _ = portal(
        header,
        [["王小山", "一小", "A6 技术支持的课堂讲授", None, "A10", None, None, None]],
        [teacher],
    )
    assert rows[0][3:] == ["优秀", "A10", None, "合格", "是"]
    header = ["姓名", "学校", "能力点1等级", "能力点2等级", "能力点3等级"]
    rows, _ = portal(header, [["王小山", "一小", None, None, None]], [teacher], force=True)
    assert rows[0][2:] == ["合格", "优秀", None]


def test_what_stands_there_is_not_replaced_unasked(portal):
    header, results = ["姓名", "学校", "结果"], [result("T1", "王小山"), result("T2", "李小河")]
    given = [["王小山", "一小", "不合格"], ["李小河", "一小", "合格"]]
    rows, report = portal(header, given, results)
    assert [row[2] for row in rows] == ["不合格", "合格"]
    assert [line.state for line in report.lines] == ["occupied", "unchanged"]
    rows, report = portal(header, given, results, overwrite=True, force=True)
    assert [row[2] for row in rows] == ["合格", "合格"]


def test_a_formula_is_never_replaced(portal):
    rows, report = portal(
        ["姓名", "学校", "结果"],
        [["王小山", "一小", '=IF(1,"","")']],
        [result("T1", "王小山")],
        overwrite=True,
    )
    assert rows[0][2] == '=IF(1,"","")'
    assert [line.state for line in report.lines] == ["occupied"]


@pytest.mark.parametrize("text", ["=1+1", "+合格", "-", "@SUM(A1)", "=HYPERLINK(1)"])
def test_text_never_becomes_a_formula(portal, tmp_path, text):
    portal(
        ["姓名", "学校", "结果"], [["王小山", "一小", None]], [result("T1", "王小山", text=text)]
    )
    cell = load_workbook(tmp_path / "out.xlsx").worksheets[0]["C3"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_a_teacher_without_a_result_keeps_an_empty_cell(portal):
    rows, report = portal(
        ["姓名", "学校", "结果"], [["王小山", "一小", None]], [result("T1", "王小山", text="")]
    )
    assert rows[0][2] is None
    assert [line.state for line in report.lines] == ["no_result"]


def test_layout_styles_and_every_other_part_stay_as_they_were(tmp_path, rubric_set):
    book = Workbook()
    page = book.worksheets[0]
    page.title = "上报"
    for row in (["上报表"], ["姓名", "学校", "能力点1", None], [None, None, "名称", "结果"],
                ["王小山", "一小", "A1", None], ["合计", 1], ["填报人：", None, "审核人："]):  # fmt: skip
        page.append(row)
    page.merge_cells("A1:D1")
    page.merge_cells("C2:D2")
    page.column_dimensions["D"].width = 33
    page["D4"].fill = PatternFill("solid", fgColor="FFFF00")
    page["D4"].font = Font(bold=True)
    page.add_data_validation(DataValidation("list", formula1='"合格,优秀"', sqref="D4:D9"))
    chart = BarChart()
    chart.add_data(Reference(page, min_col=2, min_row=5))
    page.add_chart(chart, "F2")
    book.create_sheet("说明")["A1"] = "=1+1"
    book.save(tmp_path / "in.xlsx")
    teacher = result("T1", "王小山", competencies={"A1": "优秀"})
    report = fill_portal(tmp_path / "in.xlsx", tmp_path / "out.xlsx", [teacher], PEPPER, rubric_set)
    assert report.columns == {"上报": ("能力点1结果",)}
    with (
        zipfile.ZipFile(tmp_path / "in.xlsx") as before,
        zipfile.ZipFile(tmp_path / "out.xlsx") as after,
    ):
        assert before.namelist() == after.namelist()
        changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
    assert changed == ["xl/worksheets/sheet1.xml"]
    filled = load_workbook(tmp_path / "out.xlsx")["上报"]
    assert filled["D4"].value == "优秀"
    assert filled["D4"].fill.fgColor.rgb == "00FFFF00"
    assert filled["D4"].font.bold
    assert filled.column_dimensions["D"].width == 33
    assert filled.merged_cells.ranges == page.merged_cells.ranges
    assert (
        filled.data_validations.dataValidation[0].sqref
        == page.data_validations.dataValidation[0].sqref
    )


def test_a_cell_that_does_not_exist_yet_is_made_in_its_place(tmp_path, rubric_set):
    book = Workbook()
    for row in (
        ["姓名", "学校", "结果", "备用"],
        ["王小山", "一小"],
        ["李小河", "一小", None, "留"],
    ):
        book.worksheets[0].append(row)
    book.save(tmp_path / "in.xlsx")
    results = [result("T1", "王小山"), result("T2", "李小河")]
    fill_portal(tmp_path / "in.xlsx", tmp_path / "out.xlsx", results, PEPPER, rubric_set)
    rows = load_workbook(tmp_path / "out.xlsx").worksheets[0].iter_rows(min_row=2, values_only=True)
    assert list(rows) == [("王小山", "一小", "合格", None), ("李小河", "一小", "合格", "留")]


def test_old_formats_are_refused_with_the_way_out(tmp_path, rubric_set):
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(InputError, match="另存为 xlsx"):
        fill_portal(tmp_path / "a.xls", tmp_path / "b.xlsx", [], PEPPER, rubric_set)
    (tmp_path / "a.xlsx").write_bytes(b"<html><table><tr><td>1</td></tr></table></html>")
    with pytest.raises(InputError, match="另存为 xlsx"):
        fill_portal(tmp_path / "a.xlsx", tmp_path / "b.xlsx", [], PEPPER, rubric_set)


def test_the_portals_file_and_existing_files_are_not_replaced(tmp_path, rubric_set):
    book = Workbook()
    book.worksheets[0].append(["姓名", "学校", "结果"])
    book.save(tmp_path / "in.xlsx")
    for options in ({}, {"force": True}):
        with pytest.raises(InputError, match="exists already"):
            fill_portal(
                tmp_path / "in.xlsx", tmp_path / "in.xlsx", [], PEPPER, rubric_set, **options
            )


def test_a_sheet_without_a_result_column_is_refused(tmp_path, rubric_set):
    book = Workbook()
    book.worksheets[0].append(["姓名", "学校", "职称"])
    book.save(tmp_path / "in.xlsx")
    with pytest.raises(InputError, match="no sheet has both"):
        fill_portal(tmp_path / "in.xlsx", tmp_path / "out.xlsx", [], PEPPER, rubric_set)
    assert not (tmp_path / "out.xlsx").exists()
