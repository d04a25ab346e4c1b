import datetime as dt

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.readers.errors import Unreadable
from workbench.readers.limits import DEFAULT, Limits
from workbench.readers.reading import read_file
from workbench.readers.spreadsheets import read_table
from workbench.readers.tables import ExcelFloat, cell_text

HEADER = ("教师编号", "教师姓名", "文件")
ROW = ("T0001", "甲老师", "A1/设计.docx")
CSV = "\r\n".join(",".join(row) for row in (HEADER, ROW))


def workbook(path, *rows, merge=""):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    book.save(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_manifest_reads_in_every_encoding_and_delimiter(tmp_path, encoding, delimiter):
    (tmp_path / "manifest.csv").write_bytes(CSV.replace(",", delimiter).encode(encoding))
    (sheet,) = read_table(tmp_path / "manifest.csv", DEFAULT)
    assert sheet.rows == (HEADER, ROW)


def test_a_quoted_cell_keeps_its_comma_and_line_break(tmp_path):
    (tmp_path / "a.csv").write_text('评语,分\r\n"好,\n很好",1\r\n', encoding="utf-8")
    (sheet,) = read_table(tmp_path / "a.csv", DEFAULT)
    assert sheet.rows[1] == ("好,\n很好", "1")


def test_cells_of_a_workbook_come_out_as_text(tmp_path):
    workbook(
        tmp_path / "a.xlsx",
        ("日期", "学时", "日期文本", "比例", "是"),
        (dt.date(2021, 11, 5), 25.0, "2021.11.5", 0.1 + 0.2, True),
        (dt.datetime(2021, 11, 5, 8, 30), 7, "2021年11月", None, False),
    )
    (sheet,) = read_table(tmp_path / "a.xlsx", DEFAULT)
    assert sheet.rows[1] == ("2021-11-05", "25", "2021.11.5", "0.3", "TRUE")
    assert sheet.rows[2] == ("2021-11-05 08:30:00", "7", "2021年11月", "", "FALSE")


def test_an_id_number_excel_took_for_a_number_is_marked_and_one_typed_as_text_is_not(tmp_path):
    workbook(tmp_path / "a.xlsx", (370101199001011234, "37010119900101123X"))
    (sheet,) = read_table(tmp_path / "a.xlsx", DEFAULT)
    number, text = sheet.rows[0]
    assert isinstance(number, ExcelFloat)
    assert not isinstance(text, ExcelFloat)
    assert text == "37010119900101123X"


@given(st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1))
def test_a_whole_number_of_at_most_15_digits_is_exact(number):
    assert cell_text(float(number)) == str(number)
    assert not isinstance(cell_text(float(number)), ExcelFloat)


def test_a_blank_column_keeps_its_place_and_merged_titles_are_named(tmp_path):
    workbook(tmp_path / "a.xlsx", (None, "汇总表", None), (None, "姓名", "学校"), merge="B1:C1")
    (sheet,) = read_table(tmp_path / "a.xlsx", DEFAULT)
    assert sheet.rows == (("", "汇总表", ""), ("", "姓名", "学校"))
    assert sheet.merged == ((0, 1, 0, 2),)


def test_a_web_page_named_xls_is_a_table(tmp_path):
    page = (
        "<html><head><meta charset='gbk'><style>td{}</style></head><body><table>"
        "<tr><td colspan=2>教师名册</td></tr><tr><th>姓名</th><th>身份证号</th></tr>"
        "<tr><td rowspan='2'>甲</td><td>370101199001011234</td></tr><tr><td>x</td></tr>"
        "</table></body></html>"
    )
    (tmp_path / "名册.xls").write_bytes(page.encode("gbk"))
    (sheet,) = read_table(tmp_path / "名册.xls", DEFAULT)
    assert sheet.rows == (
        ("教师名册", ""),
        ("姓名", "身份证号"),
        ("甲", "370101199001011234"),
        ("", "x"),
    )
    assert sheet.merged == ((0, 0, 0, 1), (2, 0, 3, 0))
    assert not isinstance(sheet.rows[2][1], ExcelFloat)


def test_the_single_file_xml_of_excel_2003_is_a_table(tmp_path):
    (tmp_path / "a.xls").write_text(
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="表"><Table>'
        '<Row><Cell><Data ss:Type="String">甲</Data></Cell>'
        '<Cell ss:Index="3"><Data ss:Type="Number">12.0</Data></Cell></Row>'
        "</Table></Worksheet></Workbook>",
        encoding="utf-8",
    )
    (sheet,) = read_table(tmp_path / "a.xls", DEFAULT)
    assert (sheet.name, sheet.rows) == ("表", (("甲", "", "12"),))


def test_a_roster_longer_than_the_limit_is_refused_but_evidence_is_cut(tmp_path):
    workbook(tmp_path / "a.xlsx", *[(number,) for number in range(6)])
    limits = Limits(sheet_rows=5)
    with pytest.raises(Unreadable) as caught:
        read_table(tmp_path / "a.xlsx", limits)
    assert caught.value.code == "too_large"
    facts = read_file(tmp_path / "a.xlsx", limits)
    assert (facts.text, facts.warnings) == ("0\n1\n2\n3\n4", ("rows_cut",))


def test_a_document_is_no_table(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n")
    with pytest.raises(Unreadable) as caught:
        read_table(tmp_path / "a.pdf", DEFAULT)
    assert caught.value.code == "unsupported"
