"""The county's own sheets: the roster as a portal gives it, and the portal sheet to be filled."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

from sample_evidence.documents import Stamp
from sample_evidence.people import COUNTY, ROUND, County, Rater, Teacher
from sample_evidence.tables import first_sheet, saved_workbook

_THIN = Side(style="thin")
_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_NAME = "中小学教师信息技术应用能力提升工程2.0"
_GROUPS = (("基本信息", 9), ("研修情况", 3), ("所选能力点", 3))
_COLUMNS = (
    *("序号", "教师编号", "姓名", "性别", "学校", "学科", "教研组", "职称", "身份证号"),
    *("网络研修学时", "实践学时", "线上研修是否合格", "能力点1", "能力点2", "能力点3"),
)
_PORTAL = (
    *("序号", "单位", "姓名", "身份证号", "任教学科"),
    *("能力点1", "能力点1结果", "能力点2", "能力点2结果", "能力点3", "能力点3结果"),
    *("测评结论", "备注"),
)


def roster(county: County, unpassed: set[str], names: dict[str, str], stamp: Stamp) -> bytes:
    """The roster: teachers, raters, schools; ``unpassed`` teachers did not pass online study."""
    book = Workbook()
    teachers = first_sheet(book, "教师")
    _teachers(teachers, county, unpassed, names)
    _raters(book.create_sheet("评审员"), county)
    _schools(book.create_sheet("学校"), county)
    return saved_workbook(book, f"{COUNTY}教师名册", stamp)


def portal(county: County, stamp: Stamp) -> bytes:
    """A portal sheet in the portal's own order, its result columns empty."""
    book = Workbook()
    sheet = first_sheet(book, "测评结果填报")
    _title(sheet, f"{COUNTY}{_NAME}校本应用考核结果填报表", len(_PORTAL))
    sheet.append(list(_PORTAL))
    ordered = sorted(county.teachers, key=lambda teacher: teacher.id_number)
    for number, teacher in enumerate(ordered, 1):
        choices = [cell for code in teacher.competencies for cell in (code, "")]
        sheet.append(
            [
                *(number, teacher.school.name, teacher.name, teacher.id_number, teacher.subject),
                *choices,
                "",
                "",
            ]
        )
    sheet.append(["合计", f"{len(ordered)}人"])
    _frame(sheet, 3)
    return saved_workbook(book, "校本应用考核结果填报表", stamp)


def _title(sheet: Worksheet, title: str, width: int) -> None:
    sheet.append([title])
    sheet.append([f"填报单位：{COUNTY}教师发展中心（盖章）　　批次：{ROUND}"])
    for row in (1, 2):
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=width)
    sheet["A1"].font = Font(bold=True, size=16)
    sheet["A1"].alignment = Alignment(horizontal="center")


def _frame(sheet: Worksheet, first: int) -> None:
    for row in sheet.iter_rows(min_row=first):
        for cell in row:
            cell.border = _BORDER
            cell.number_format = "@" if isinstance(cell.value, str) else "General"
    for letter, width in zip("ABCDEFGHIJKLMNO", (6, 20, 10, 20, 12, *[11] * 10), strict=True):
        sheet.column_dimensions[letter].width = width


def _teachers(sheet: Worksheet, county: County, unpassed: set[str], names: dict[str, str]) -> None:
    _title(sheet, f"{COUNTY}{_NAME}校本应用考核教师名册", len(_COLUMNS))
    sheet.append([""] * len(_COLUMNS))
    column = 1
    for name, width in _GROUPS:
        sheet.cell(3, column, name).alignment = Alignment(horizontal="center")
        sheet.merge_cells(
            start_row=3, start_column=column, end_row=3, end_column=column + width - 1
        )
        column += width
    sheet.append(list(_COLUMNS))
    for number, teacher in enumerate(county.teachers, 1):
        sheet.append(_teacher(number, teacher, teacher.teacher_id not in unpassed, names))
    hours = [t.hours_online if t.teacher_id not in unpassed else 12 for t in county.teachers]
    practice = sum(teacher.hours_practice for teacher in county.teachers)
    total = ["合计", f"{len(county.teachers)}人", *[""] * 7, sum(hours), practice]
    sheet.append(total)
    _frame(sheet, 3)


def _teacher(number: int, teacher: Teacher, passed: bool, names: dict[str, str]) -> list[str | int]:
    return [
        *(number, teacher.teacher_id, teacher.name, teacher.gender, teacher.school.name),
        *(teacher.subject, teacher.department, teacher.title, teacher.id_number),
        *(teacher.hours_online if passed else 12, teacher.hours_practice),
        "是" if passed else "否",
        *(f"{code} {names[code]}" for code in teacher.competencies),
    ]


def _raters(sheet: Worksheet, county: County) -> None:
    sheet.append(["评审员编号", "姓名", "学校", "教研组", "角色", "回避"])
    for rater in (*county.raters, county.chair, county.reviewer):
        sheet.append(_rater(rater))


def _rater(rater: Rater) -> list[str]:
    return [rater.rater_id, rater.name, rater.school, rater.department, rater.role, ""]


def _schools(sheet: Worksheet, county: County) -> None:
    sheet.append(["学校编号", "学校名称", "应用环境", "学段", "片区"])
    for school in county.schools:
        sheet.append(
            [school.school_id, school.name, school.environment, school.stage, school.cluster]
        )
