"""The appendix of a teacher's sheet and the summary of a county: proven as the others are."""

from dataclasses import replace

import pytest

from workbench.errors import InputError
from workbench.exports.layout import layout_of
from workbench.exports.payload import (
    APPENDIX,
    for_county,
    for_teacher,
    payload_bytes,
    payload_from,
)
from workbench.exports.sheets import FORMATS, file_stem, make_sheet
from workbench.services.verification import verify_sheet


@pytest.fixture(scope="module")
def appendix(issued):
    return for_teacher(issued.school, "s001", APPENDIX)


@pytest.fixture(scope="module")
def county(issued, issuing, tmp_path_factory):
    """Two schools, each under a key of its own."""
    folder = tmp_path_factory.mktemp("second")
    teachers = [("乙", "语文", (("A1", "excellent", "", 1),))]
    other = issuing(folder, teachers, origin="yunqi.example/second/2026")
    second = replace(other.school, school="第二小学")
    return for_county([issued.school, second]), [issued.key, other.key]


def verified(folder, payload, keys, file_format, ledgers=()):
    path = folder / f"sheet.{file_format}"
    path.write_bytes(make_sheet(payload, file_format))
    return verify_sheet(path, keys, ledgers)


def texts(payload):
    return [[cell.value for cell in row] for row in layout_of(payload).rows]


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_appendix_is_proven_in_every_format(appendix, issued, tmp_path, file_format):
    report = verified(tmp_path, appendix, [issued.key], file_format)
    assert (report.ok, report.kind, report.faults) == (True, "appendix", ())


def test_the_appendix_names_the_deciding_criteria_in_full(appendix):
    rows = texts(appendix)
    assert rows[0][:2] == ["A3 演示文稿设计与制作", "不合格"]
    assert rows[0][3].startswith("A3-1.P1 ")
    assert len(rows[0][3]) > len("A3-1.P1 ")
    assert rows[0][4] == "合格指标未达到"
    assert rows[1][3].startswith("A3-1.P2 ")
    leaf = appendix.entries[0].leaf.hex()[:12]
    assert (rows[0][5], rows[1][5]) == (f"第 5 条 {leaf}", "")
    assert rows[-1][0] == "教师测评结论"


@pytest.mark.parametrize("file_format", FORMATS)
def test_places_the_readers_named_are_printed_and_told_from_what_is_proven(
    appendix, issued, tmp_path, file_format
):
    marked = replace(appendix, places={"5 A3-1.P2": "第 3 页、第 12 段"})
    assert [row[4] for row in texts(marked)[:2]] == [
        "合格指标未达到",
        "合格指标未达到（第 3 页、第 12 段）",
    ]
    report = verified(tmp_path, marked, [issued.key], file_format)
    assert report.ok
    assert any("位置" in sentence for sentence in report.stated)
    assert not any("位置" in s for s in verified(tmp_path, appendix, [issued.key], "xlsx").stated)


def test_places_on_any_other_sheet_are_no_payload(issued):
    sheet = replace(issued.teachers[0], places={"1 A1-1.P1": "第 1 页"})
    with pytest.raises(InputError, match="belong to an appendix"):
        payload_from(payload_bytes(sheet))


def test_an_edited_criterion_is_found(appendix, issued, tmp_path):
    rubrics = tuple(one.replace("A3-1.P1", "A3-1.P9") for one in appendix.rubrics)
    report = verified(tmp_path, replace(appendix, rubrics=rubrics), [issued.key], "xlsx")
    assert [fault.code for fault in report.faults] == ["rubric"]


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_summary_of_a_county_is_proven_by_the_keys_of_all_its_schools(
    county, tmp_path, file_format
):
    payload, keys = county
    report = verified(tmp_path, payload, keys, file_format)
    assert (report.ok, report.kind, report.checked) == (True, "county", 4)
    without = verified(tmp_path, payload, keys[:1], file_format)
    assert [fault.code for fault in without.faults] == ["signature"]


def test_a_county_counts_conclusions_by_school_and_in_all(county):
    rows = texts(county[0])
    assert [row[1:7] for row in rows] == [
        ["云溪县红旗实验小学", "3", "0", "1", "1", "1"],
        ["第二小学", "1", "0", "1", "0", "0"],
        ["合计", "4", "0", "2", "1", "1"],
    ]
    assert rows[0][9] == "待补件 1 人"


def test_a_county_summary_names_nobody(county):
    made = payload_bytes(county[0]).decode()
    assert "古丽" not in made
    assert '"people":{}' in made
    assert payload_from(payload_bytes(county[0])) == county[0]


def test_the_files_have_names_of_their_own(appendix, county):
    assert file_stem(appendix) == "结果单附页_T1001_古丽·甲乙丙"
    assert file_stem(county[0]) == "全县汇总表_云溪县"
