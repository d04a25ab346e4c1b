"""The manifest: what each line says, and every way it can be wrong."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.formats.identity import check_digit
from workbench.formats.manifest import parse_manifest
from workbench.formats.values import read_moment
from workbench.readers.tables import ExcelFloat

GIVEN = {
    "teacher_id": "T1", "teacher_name": "王小山", "school": "实验小学", "competency": "A1", "slot": "A1-1",
    "file": "王小山/方案.docx",
}  # fmt: skip
ID_NUMBER = "99990119850230018"  # 30 February: only its shape matters where it is masked


def line(**changes: object) -> dict[str, object]:
    return {**GIVEN, **changes}


def grid(*lines: dict[str, object]) -> list[list[object]]:
    keys = list(dict.fromkeys(key for each in lines for key in each))
    return [keys, *([each.get(key, "") for key in keys] for each in lines)]


@pytest.fixture
def parsed(rubric_set):
    def parse(*lines, schools=None):
        return parse_manifest(grid(*lines), rubric_set, schools)

    return parse


@pytest.fixture
def codes(parsed):
    """Codes and severities of the faults of some lines, in order."""

    def find(*lines, schools=None):
        return [(fault.code, fault.severity) for fault in parsed(*lines, schools=schools).faults]

    return find


def test_a_clean_line_has_no_fault(parsed):
    manifest = parsed(line())
    row = manifest.rows[0]
    assert manifest.faults == ()
    assert manifest.verdict(row) == "accept"
    assert (row.competency, row.slot_id, row.file, row.item) == (
        "A1",
        "A1-1",
        "王小山/方案.docx",
        "#2",
    )


@pytest.mark.parametrize(
    "text",
    ["A1", "ａ１", "技术支持的学情分析", "A1 技术支持的学情分析", "A1：技术支持的学情分析",
     "（A1）技术支持的学情分析"],
)  # fmt: skip
def test_a_competency_goes_by_code_by_name_or_by_both(parsed, text):
    assert parsed(line(competency=text)).rows[0].competency == "A1"


@pytest.mark.parametrize(
    "text",
    [
        "A1-1",
        "Ａ１－１",
        "学情分析方案",
        "A1-1 学情分析方案",
        "a1_1",
        "证据一",
        "1",
        "学情分析方案（文本）",
    ],
)
def test_a_slot_goes_by_id_by_name_by_both_or_by_place(parsed, text):
    assert parsed(line(slot=text)).rows[0].slot_id == "A1-1"


def test_a10_is_not_read_as_a1(parsed):
    row = parsed(line(competency="A10", slot="A10-1")).rows[0]
    assert (row.competency, row.slot_id) == ("A10", "A10-1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"competency": "A1 技术支持的课堂讲授"}, "competency_contradiction"),
        ({"competency": "A11"}, "unknown_competency"),
        ({"competency": "技术支持学情分析"}, "unknown_competency_near"),
        ({"slot": "A6-1"}, "slot_of_other_competency"),
        ({"slot": "A11"}, "unknown_slot"),
        ({"slot": "5"}, "unknown_slot"),
        ({"slot": "A1-1 学情分析报告"}, "unknown_slot"),
        ({"slot": ""}, "missing_value"),
        ({"teacher_name": ""}, "missing_value"),
        ({"school": "  "}, "missing_value"),
        ({"competency": "", "slot": "学情分析方案"}, "missing_value"),
        ({"file": ""}, "no_file"),
        ({"file": "../王小山.docx"}, "path_outside"),
        ({"file": "C:\\证据\\a.docx"}, "path_absolute"),
        ({"file": "https://pan.example.cn/a"}, "path_address"),
        ({"file": "", "location": "学校服务器"}, "file_needed"),
        ({"sha256": "abc"}, "bad_sha256"),
        ({"id_number": ExcelFloat("999901198502300000")}, "id_number_lossy"),
        ({"id_number": "999901850230001"}, "id_number_old"),
        ({"id_number": "999901198502280010"}, "id_number_check_digit"),
        ({"teacher_id": ID_NUMBER + check_digit(ID_NUMBER)}, "id_number_as_teacher_id"),
    ],
)  # fmt: skip
def test_a_line_is_refused_for_one_reason(codes, changes, code):
    assert codes(line(**changes)) == [(code, "reject")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"competency": ""}, "competency_from_slot"),
        ({"duration_s": "五分钟"}, "bad_duration"),
        ({"duration_s": "05:30:00"}, "duration_in_hours"),
        ({"width": "1920.5"}, "bad_number"),
        ({"submitted_at": "5/11/2021"}, "bad_date"),
        ({"id_number": "H1234567"}, "id_number_malformed"),
        ({"备用": "99990119850230018X 王"[:18].replace("X", check_digit(ID_NUMBER))}, "id_number_in_note"),
        ({"slot": "A1-2", "file": "", "location": "学校服务器 D 盘"}, "no_sha256"),
    ],
)  # fmt: skip
def test_a_line_is_taken_with_a_warning(codes, changes, code):
    assert codes(line(**changes)) == [(code, "warn")]


def test_a_video_kept_elsewhere_is_given_by_what_is_known_of_it(parsed):
    manifest = parsed(
        line(slot="A1-2", file="", location="学校服务器", duration_s="4:30", width="1920", height="1080",
             codec="h264", recorded_at="2021.11.5", device="手机", sha256="AB" * 32)
    )  # fmt: skip
    row = manifest.rows[0]
    assert manifest.faults == ()
    assert row.metadata_only
    assert (row.video.duration_s, row.video.width, row.video.height) == (270, 1920, 1080)
    assert row.video.recorded_at == read_moment("2021-11-05")
    assert row.sha256 == "ab" * 32


def test_missing_columns_are_named_together(rubric_set):
    manifest = parse_manifest([["教师姓名", "文件"], ["王小山", "a.docx"]], rubric_set)
    (fault,) = manifest.faults
    assert (fault.row_number, fault.code, manifest.rows) == (0, "missing_columns", ())
    assert fault.values["columns"] == ("学校 (school)", "能力点 (competency)", "证据 (slot)")
    assert "学校 (school)、能力点 (competency)" in fault.sentence("zh")


def test_a_manifest_of_videos_kept_elsewhere_needs_no_file_column(rubric_set):
    header = ["教师姓名", "学校", "能力点", "证据", "存放位置", "校验值"]
    row = ["王小山", "一小", "A1", "A1-2", "服务器", "0" * 64]
    assert parse_manifest([header, row], rubric_set).faults == ()


def test_an_empty_manifest_is_said_to_be_empty(rubric_set):
    manifest = parse_manifest([list(GIVEN)], rubric_set)
    assert [fault.code for fault in manifest.faults] == ["no_rows"]


def test_unknown_schools_are_refused_once_a_roster_exists(parsed):
    known = ["实验小学", "第一中学"]
    assert parsed(line(school="实验 小学"), schools=known).rows[0].school == "实验小学"
    fault = parsed(line(school="实验小学校"), schools=known).faults[0]
    assert (fault.code, fault.values["near"]) == ("unknown_school_near", "实验小学")
    assert parsed(line(school="外县学校"), schools=[]).faults[0].code == "unknown_school"


def test_the_callers_item_is_echoed_in_rows_and_faults(parsed):
    manifest = parsed(line(item="k-7", file=""))
    assert manifest.rows[0].item == "k-7"
    assert manifest.faults[0].item == "k-7"


def test_several_files_may_fill_one_slot(codes):
    assert codes(line(), line(file="王小山/方案2.docx")) == []


def test_a_repeated_line_is_left_out(parsed):
    manifest = parsed(line(), line(file="王小山\\方案.docx"))
    assert [(f.row_number, f.code) for f in manifest.faults] == [(3, "duplicate_row")]
    assert len(manifest.accepted) == 1


def test_one_file_for_two_slots_is_asked_about(codes):
    assert codes(line(), line(competency="A6", slot="A6-1")) == [("file_named_twice", "warn")]


def test_one_item_for_two_pieces_is_refused(codes):
    second = line(item="1", competency="A6", slot="A6-1", file="b.docx")
    assert codes(line(item="1"), second) == [("item_twice", "reject")]
    assert codes(line(item="1"), line(item="1", file="c.docx")) == []


def test_namesakes_with_ids_are_asked_about_and_one_without_is_refused(parsed):
    manifest = parsed(
        line(), line(teacher_id="T2", file="b.docx"), line(teacher_id="", file="c.docx")
    )
    assert [(f.row_number, f.code, f.severity) for f in manifest.faults] == [
        (2, "homonym", "warn"),
        (3, "homonym", "warn"),
        (4, "homonym_without_id", "reject"),
    ]


def test_one_name_with_two_subjects_and_no_id_is_a_question(codes):
    one = line(teacher_id="", subject="语文")
    other = line(teacher_id="", subject="数学", file="b.docx")
    assert codes(one, other) == [("homonym_by_subject", "reject")] * 2
    assert codes(one, {**other, "subject": "语文"}) == []
    assert codes({**one, "teacher_id": "T1"}, {**other, "teacher_id": "T1"}) == []


def test_one_name_at_two_schools_is_two_people(codes):
    assert codes(line(teacher_id=""), line(teacher_id="", school="第一中学", file="b.docx")) == []


def test_an_id_given_to_two_people_refuses_the_odd_one(parsed):
    manifest = parsed(line(), line(file="b.docx"), line(teacher_name="李小河", file="c.docx"))
    assert [(f.row_number, f.code) for f in manifest.faults] == [(4, "one_id_several_people")]
    tie = parsed(line(), line(teacher_name="李小河", file="c.docx"))
    assert [f.row_number for f in tie.faults] == [2, 3]


def test_every_fault_of_a_line_is_told_at_once(codes):
    assert {code for code, _ in codes(line(teacher_name="", slot="九", file="/a"))} == {
        "missing_value",
        "unknown_slot",
        "path_absolute",
    }


def test_no_fault_and_no_row_shows_an_id_number(parsed):
    first17 = "99990119850228001"
    good = first17 + check_digit(first17)
    bad = good[:17] + ("0" if good[17] != "0" else "1")
    manifest = parsed(
        line(id_number=good), line(id_number=bad, file="b.docx"), line(teacher_id=good, file="c.docx"),
        line(备用=f"号码{good}", file="d.docx"),
    )  # fmt: skip
    shown = repr(manifest) + "".join(f.sentence("zh") + f.sentence("en") for f in manifest.faults)
    assert good not in shown
    assert bad not in shown
    assert manifest.rows[0].id_number.key(b"pepper")


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.permutations(
        ["序号", "教师编号", "教师姓名", "学校", "能力点", "证据", "文件", "提交时间", "血型"]
    )
)
def test_the_order_of_columns_changes_no_row(rubric_set, order):
    cells = {
        "序号": "9", "教师编号": "T1", "教师姓名": "王小山", "学校": "一小", "能力点": "A1",
        "证据": "学情分析方案", "文件": "a.docx", "提交时间": "2021.11.5", "血型": "O",
    }  # fmt: skip
    shuffled = parse_manifest([order, [cells[name] for name in order]], rubric_set)
    plain = parse_manifest([list(cells), list(cells.values())], rubric_set)
    assert shuffled.rows == plain.rows
    assert shuffled.unknown_columns == ("血型",)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.lists(st.text(max_size=12), max_size=9), max_size=8))
def test_no_table_whatever_ends_in_an_exception(rubric_set, rows):
    for grid in (rows, [list(GIVEN), *rows]):
        found = parse_manifest(grid, rubric_set)
        told = {each.row_number for each in found.faults}
        assert found.rows or told == {0}  # the table as a whole
        assert told <= {0, *(row.row_number for row in found.rows)}
