"""Edited sheets under a true code: the cell that differs is named, in every format."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import docx
import openpyxl
import pypdf
import pypdf.annotations
import pytest
from docx.oxml import parse_xml
from docx.shared import Mm
from openpyxl.styles import Font

from workbench.exports.cells import Cell
from workbench.exports.comparing import compare
from workbench.exports.document_sheet import paragraph_xml
from workbench.exports.layout import layout_of
from workbench.exports.payload import payload_from
from workbench.exports.portable_sheet import portable_sheet
from workbench.exports.reading_back import read_sheet
from workbench.exports.receipt import qr_png
from workbench.exports.sheets import make_sheet

TEXT_PARTS = {"docx": "word/document.xml", "xlsx": "xl/sharedStrings.xml"}


def differences(folder, data, file_format):
    path = folder / f"sheet.{file_format}"
    path.write_bytes(data)
    sheet = read_sheet(path)
    return compare(payload_from(sheet.payload), sheet)


def places(found):
    return [one.place for one in found]


def rewritten(data, part, change):
    """The office file with one part changed, everything else as it was."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()).encode() if name == part else text)
    return made.getvalue()


def reset(payload, change):
    """The PDF set with some cells changed, under the true payload and code."""
    layout = layout_of(payload)

    def altered(row):
        return tuple(replace(cell, value=change.get(cell.place, cell.value)) for cell in row)

    made = replace(
        layout,
        title=altered((layout.title,))[0],
        footer=altered((layout.footer,))[0],
        facts=tuple(altered(row) for row in layout.facts),
        header=altered(layout.header),
        rows=tuple(altered(row) for row in layout.rows),
        notes=altered(layout.notes),
    )
    return portable_sheet(payload, made)


EDITS = [
    ("rows[1].level", "不合格", "合格"),
    ("rows[1].level", "不合格", "优秀"),
    ("rows[2].seq", "6", "66"),
    ("rows[2].seq", "6", "16"),
    ("rows[3].day", "2026年11月21日", "2026年11月22日"),
    ("facts.teacher_no", "T1001", "T1007"),
    ("facts.name", "古丽·甲乙丙", "古丽·甲乙丁"),
    ("facts.remark", "无", "免"),
    ("header.level", "等级", "等次"),
    ("title", "教师信息技术应用能力微能力测评结果单", "教师信息技术应用能力微能力测评成绩单"),
]


@pytest.mark.parametrize(("place", "before", "after"), EDITS)
def test_an_edited_cell_of_a_pdf_is_named(issued, tmp_path, place, before, after):
    found = differences(tmp_path, reset(issued.teachers[1], {place: after}), "pdf")
    assert [(one.place, one.expected, one.found) for one in found] == [(place, before, after)]


@pytest.mark.parametrize("file_format", ["docx", "xlsx"])
@pytest.mark.parametrize(("place", "before", "after"), EDITS)
def test_an_edited_cell_of_an_office_file_is_named(
    issued, tmp_path, file_format, place, before, after
):
    if file_format == "docx":
        data = edited_document(make_sheet(issued.teachers[1], "docx"), issued, place, after)
    else:
        data = edited_workbook(make_sheet(issued.teachers[1], "xlsx"), issued, place, after)
    found = differences(tmp_path, data, file_format)
    assert [(one.place, one.expected, one.found.strip()) for one in found] == [
        (place, before, after)
    ]


def number_of(issued, place):
    """Row and column of a cell among the body rows of the second teacher's sheet."""
    rows = layout_of(issued.teachers[1]).body_rows
    return next(
        (y, x) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell.place == place
    )


def edited_document(data, issued, place, after):
    document = docx.Document(io.BytesIO(data))
    y, x = number_of(issued, place)
    facts = len(layout_of(issued.teachers[1]).facts)
    if place == "title":
        paragraph = document.paragraphs[0]
    elif y < 2 + facts:
        paragraph = document.tables[0].rows[y - 2].cells[x].paragraphs[0]
    else:
        paragraph = document.tables[1].rows[y - 2 - facts].cells[x].paragraphs[0]
    paragraph.runs[0].text = after
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def edited_workbook(data, issued, place, after):
    """Open and save as a spreadsheet program does: pictures and hidden sheet stay."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    y, x = number_of(issued, place)
    sheet = book.worksheets[0]
    merged = {cell for area in sheet.merged_cells.ranges for cell in list(area.cells)[1:]}
    columns = [c for c in range(1, sheet.max_column + 1) if (y + 1, c) not in merged]
    sheet.cell(y + 1, columns[x]).value = after
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("file_format", ["docx", "xlsx", "pdf"])
def test_every_printed_word_is_covered(issued, tmp_path, file_format):
    """One sign of any cell changed at a time: that cell, and no other, is named."""
    payload = issued.teachers[1]
    layout = layout_of(payload)
    data = make_sheet(payload, file_format)
    path = tmp_path / f"sheet.{file_format}"
    path.write_bytes(data)
    sheet = read_sheet(path)
    for y, row in enumerate(layout.body_rows):
        for x, cell in enumerate(row):
            if not cell.value or file_format == "pdf":
                continue
            changed = (*sheet.rows[y][:x], "某" + sheet.rows[y][x][1:], *sheet.rows[y][x + 1 :])
            rows = (*sheet.rows[:y], changed, *sheet.rows[y + 1 :])
            assert places(compare(payload, replace(sheet, rows=rows))) == [cell.place]
    if file_format == "pdf":
        text = sheet.pages[0]
        for at, sign in enumerate(text):
            if not sign.isspace():
                page = f"{text[:at]}某{text[at + 1 :]}"
                assert compare(payload, replace(sheet, pages=(page,))), text[at - 5 : at + 5]


@pytest.mark.parametrize("file_format", ["docx", "xlsx"])
def test_an_added_row_is_named_by_the_row_before_it(issued, tmp_path, file_format):
    sheet = sheet_of(tmp_path, issued.school, file_format)
    at = next(n for n, row in enumerate(sheet.rows) if row[0].strip() == "2")
    added = ("4", "T9999", "某某", "语文", *("",) * 9)
    found = compare(
        issued.school, replace(sheet, rows=(*sheet.rows[: at + 1], added, *sheet.rows[at + 1 :]))
    )
    assert [(one.place, one.label) for one in found] == [
        ("after rows[2].remark", "第 2 行“备注”之后多出的内容")
    ]
    assert "T9999" in found[0].found


@pytest.mark.parametrize("file_format", ["docx", "xlsx"])
def test_a_deleted_row_is_named(issued, tmp_path, file_format):
    sheet = sheet_of(tmp_path, issued.school, file_format)
    rows = tuple(row for row in sheet.rows if row[0].strip() != "2")
    found = compare(issued.school, replace(sheet, rows=rows))
    assert [(one.place, one.label) for one in found] == [
        ("rows[2].number", "缺少整行：第 2 行“序号”")
    ]


def sheet_of(folder, payload, file_format):
    path = folder / f"sheet.{file_format}"
    path.write_bytes(make_sheet(payload, file_format))
    return read_sheet(path)


def test_a_deleted_and_an_added_row_of_a_pdf_are_found(issued, tmp_path):
    layout = layout_of(issued.school)
    for rows in (layout.rows[1:], (*layout.rows, layout.rows[0])):
        data = portable_sheet(issued.school, replace(layout, rows=rows))
        assert differences(tmp_path, data, "pdf")


def test_a_word_put_into_an_empty_cell_of_a_pdf_is_named(issued, tmp_path):
    found = differences(tmp_path, reset(issued.school, {"rows[2].remark": "优先"}), "pdf")
    assert [(one.place, one.found) for one in found] == [("rows[2].remark", "优先")]


def test_an_altered_footer_is_named_in_every_format(issued, tmp_path):
    payload = issued.teachers[0]
    footer = layout_of(payload).footer.value
    altered = footer.replace("12 条", "13 条")
    found = differences(tmp_path, reset(payload, {"footer": altered}), "pdf")
    assert places(found) == ["page[1].footer"]
    for file_format, part in (("docx", "word/footer1.xml"), ("xlsx", "xl/worksheets/sheet1.xml")):
        data = rewritten(
            make_sheet(payload, file_format),
            part,
            lambda text: text.replace("12 条", "13 条").replace("12 &#26465;", "13 &#26465;"),
        )
        assert places(differences(tmp_path, data, file_format)) == ["footer"]


def test_a_word_a_workbook_prints_by_itself_is_found_in_the_footer(issued, tmp_path):
    data = rewritten(
        make_sheet(issued.teachers[0], "xlsx"),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace("&amp;R&amp;8", "&amp;C&amp;A&amp;R&amp;8"),
    )
    assert places(differences(tmp_path, data, "xlsx")) == ["footer"]


def test_handwriting_in_the_signature_fields_is_left_alone(issued, tmp_path):
    document = docx.Document(io.BytesIO(make_sheet(issued.school, "docx")))
    cells = document.tables[-1].rows[0].cells
    cells[0].paragraphs[0].add_run("某某")
    cells[0].paragraphs[1].runs[0].text = "2026年11月23日"
    cells[4].paragraphs[0].add_run(" 同意上报。")
    made = io.BytesIO()
    document.save(made)
    assert differences(tmp_path, made.getvalue(), "docx") == []


@pytest.mark.parametrize(
    "xml",
    [
        paragraph_xml("另：T1001 教师已补测合格。"),
        paragraph_xml("").partition(">")[0].replace("<w:p ", "<w:altChunk ") + "/>",
        paragraph_xml("").replace(
            "</w:p>", '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r></w:p>'
        ),
    ],
)
def test_an_added_paragraph_of_a_document_is_found(issued, tmp_path, xml):
    document = docx.Document(io.BytesIO(make_sheet(issued.school, "docx")))
    document.tables[1]._tbl.addnext(parse_xml(xml))
    made = io.BytesIO()
    document.save(made)
    assert places(differences(tmp_path, made.getvalue(), "docx")) == ["after rows[3].remark"]


def test_hidden_and_deleted_text_of_a_document_does_not_count_as_printed(issued, tmp_path):
    data = make_sheet(issued.teachers[1], "docx")
    for mark in ("<w:vanish/>", '<w:color w:val="FEFEFE"/>', '<w:sz w:val="2"/>', ""):

        def change(text, mark=mark):
            hidden = text.replace('<w:t xml:space="preserve">不合格</w:t>', "HERE", 1)
            run = '<w:t xml:space="preserve">不合格</w:t>'
            if mark:
                start = hidden.rindex("<w:rPr>", 0, hidden.index("HERE")) + len("<w:rPr>")
                return (hidden[:start] + mark + hidden[start:]).replace("HERE", run)
            return hidden.replace(
                "HERE", run.replace("<w:t ", "<w:delText ").replace("</w:t>", "</w:delText>")
            )

        found = differences(tmp_path, rewritten(data, TEXT_PARTS["docx"], change), "docx")
        assert [(one.place, one.found) for one in found] == [("rows[1].level", "")]


def test_a_picture_laid_over_a_document_is_found(issued, tmp_path):
    document = docx.Document(io.BytesIO(make_sheet(issued.school, "docx")))
    document.paragraphs[0].add_run().add_picture(io.BytesIO(qr_png("EVW1:OTHER")), width=Mm(20))
    made = io.BytesIO()
    document.save(made)
    assert places(differences(tmp_path, made.getvalue(), "docx")) == ["odd.picture"]


def test_the_code_of_another_sheet_is_found(issued, tmp_path):
    other = qr_png(layout_of(issued.teachers[1]).receipt)
    made = io.BytesIO()
    data = make_sheet(issued.teachers[0], "docx")
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, other if name.startswith("word/media/") else old.read(name))
    assert places(differences(tmp_path, made.getvalue(), "docx")) == ["qr"]


def level_cell(book):
    return next(
        cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value == "不合格"
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda cell: setattr(cell, "value", '="合格"'), '="合格"'),
        (lambda cell: setattr(cell, "number_format", '"合格";"合格";"合格";"合格"'), "□不合格"),
        (lambda cell: setattr(cell, "value", 1), "1"),
        (lambda cell: setattr(cell, "font", Font(color="FFFFFF")), "□不合格"),
    ],
)
def test_a_cell_that_shows_other_than_it_holds_is_found(issued, tmp_path, change, found):
    book = openpyxl.load_workbook(io.BytesIO(make_sheet(issued.teachers[1], "xlsx")))
    change(level_cell(book))
    made = io.BytesIO()
    book.save(made)
    named = differences(tmp_path, made.getvalue(), "xlsx")
    assert [(one.place, one.found) for one in named] == [("rows[1].level", found)]


def test_a_hidden_row_of_a_workbook_is_a_missing_row(issued, tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(make_sheet(issued.teachers[1], "xlsx")))
    book.worksheets[0].row_dimensions[level_cell(book).row].hidden = True
    made = io.BytesIO()
    book.save(made)
    assert places(differences(tmp_path, made.getvalue(), "xlsx")) == ["rows[1].code"]


def test_a_second_visible_sheet_of_a_workbook_is_found(issued, tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(make_sheet(issued.teachers[1], "xlsx")))
    book.create_sheet("更正")["A1"] = "A3 合格"
    made = io.BytesIO()
    book.save(made)
    found = differences(tmp_path, made.getvalue(), "xlsx")
    assert [one.found for one in found] == ["A3 合格"]


def test_opening_and_saving_alone_changes_nothing(issued, tmp_path):
    for payload in (issued.school, issued.teachers[0]):
        document = docx.Document(io.BytesIO(make_sheet(payload, "docx")))
        book = openpyxl.load_workbook(io.BytesIO(make_sheet(payload, "xlsx")))
        for file_format, one in (("docx", document), ("xlsx", book)):
            made = io.BytesIO()
            one.save(made)
            assert differences(tmp_path, made.getvalue(), file_format) == []
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_sheet(payload, "pdf")))
        made = io.BytesIO()
        writer.write(made)
        assert differences(tmp_path, made.getvalue(), "pdf") == []


def test_white_text_and_annotations_of_a_pdf_are_found(issued, tmp_path):
    data = make_sheet(issued.teachers[1], "pdf")
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.add_annotation(0, pypdf.annotations.FreeText(text="合格", rect=(200, 600, 260, 620)))
    made = io.BytesIO()
    writer.write(made)
    assert places(differences(tmp_path, made.getvalue(), "pdf")) == ["odd.annotation"]

    content = pypdf.PdfReader(io.BytesIO(data)).pages[0].get_contents().get_data()
    assert b"BT 0 Tr" in content
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    page = writer.pages[0]
    stream = pypdf.generic.DecodedStreamObject()
    stream.set_data(content.replace(b"BT 0 Tr", b"BT 3 Tr", 1))
    page[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream)
    made = io.BytesIO()
    writer.write(made)
    assert "odd.hidden_text" in places(differences(tmp_path, made.getvalue(), "pdf"))


def test_cells_compare_by_value_alone():
    assert Cell("a", "b", "1").agrees("1")
    assert not Cell("a", "b", "1").agrees("l")
