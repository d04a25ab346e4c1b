"""The three formats as they leave the house: text as text, one code, headings on every page."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import docx
import openpyxl
import pypdfium2 as pdfium
import pytest
import zxingcpp
from pylopdf_fonts_zh_cn import sans_path

from workbench.errors import InputError, ServiceError
from workbench.exports.cells import solid
from workbench.exports.layout import layout_of
from workbench.exports.payload import payload_bytes
from workbench.exports.portable_sheet import missing_characters
from workbench.exports.receipt import LARGEST, read_code, read_receipt, receipt
from workbench.exports.sheets import FORMATS, make_sheet, make_sheets, safe_name, write_sheets
from workbench.services.verification import verify_sheet

PASSES = (("A1", "pass", "", 1), ("A6", "excellent", "", 1), ("C4", "pass", "", 1))
LONG = "云溪县红旗街道中心实验小学附属第二十三民族团结示范九年一贯制寄宿学校（东校区）"


def page_text(document, number):
    return document[number].get_textpage().get_text_range()


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_sheet_of_a_school_verifies(issued, tmp_path, file_format):
    written = write_sheets([issued.school, *issued.teachers], tmp_path, [file_format])
    assert [path.name for path in written] == [
        f"汇总表_云溪县红旗实验小学.{file_format}",
        f"结果单_T1000_甲钰𬭸.{file_format}",
        f"结果单_T1001_古丽·甲乙丙.{file_format}",
        f"结果单_T1002_=1+1.{file_format}",
    ]
    for path in written:
        report = verify_sheet(path, [issued.key])
        assert report.ok, report.faults
        assert report.as_of == "2026-11-20T18:00:00Z"


def test_a_name_that_looks_like_a_formula_stays_text(issued):
    book = openpyxl.load_workbook(io.BytesIO(make_sheet(issued.teachers[2], "xlsx")))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]
    assert {cell.data_type for cell in cells} == {"s"}
    with zipfile.ZipFile(io.BytesIO(make_sheet(issued.teachers[2], "xlsx"))) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


def test_the_printed_code_reads_as_the_receipt(issued):
    for payload in (issued.teachers[0], issued.school):
        document = pdfium.PdfDocument(make_sheet(payload, "pdf"))
        picture = document[len(document) - 1].render(scale=200 / 72).to_pil()
        codes = zxingcpp.read_barcodes(picture)
        assert [code.text for code in codes] == [receipt(payload)]


def test_the_code_of_a_document_and_a_workbook_is_the_same_receipt(issued):
    for file_format, part in (("docx", "word/media/image1.png"), ("xlsx", "xl/media/image1.png")):
        with zipfile.ZipFile(io.BytesIO(make_sheet(issued.teachers[0], file_format))) as archive:
            from PIL import Image

            picture = Image.open(io.BytesIO(archive.read(part))).convert("L")
        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [
            receipt(issued.teachers[0])
        ]


def test_the_code_of_a_teacher_holds_the_results_themselves_and_their_proof(issued):
    payload = issued.teachers[0]
    said = read_code(receipt(payload))
    assert (said.checkpoint, said.person) == (
        payload.checkpoint,
        next(iter(payload.people.values())),
    )
    assert list(said.bodies) == [json.loads(one.body) for one in payload.entries]


def test_a_code_too_full_for_proofs_names_checkpoint_and_leaves(issuing, tmp_path):
    subject = "".join(chr(0x4E00 + 51 * n) for n in range(400))  # nothing shortens these
    many = issuing(tmp_path, [("甲", subject, PASSES)])
    payload = many.teachers[0]
    said = read_receipt(receipt(payload))
    assert said["root"] == base64.b64encode(payload.head.root).decode()
    assert f"\n\n{said['sig']}\n" in payload.checkpoint
    assert [base64.b64decode(leaf) for _, leaf in said["entries"]] == [
        e.leaf for e in payload.entries
    ]


def test_the_receipt_of_a_school_holds_the_digest_of_the_payload(issued):
    said = read_receipt(receipt(issued.school))
    assert said["payload"] == issued.school.digest
    assert "entries" not in said


def test_a_receipt_over_a_thousand_characters_is_refused(issuing, tmp_path):
    codes = [f"{letter}{n}" for letter, most in (("A", 13), ("B", 10)) for n in range(1, most + 1)]
    many = issuing(tmp_path, [("甲", "语文", tuple((code, "pass", "", 1) for code in codes))])
    with pytest.raises(InputError, match=f"holds {LARGEST}"):
        receipt(many.teachers[0])


@pytest.mark.parametrize("text", ["", "EVW1:", "EVW1:000", "https://example.org", "EVW1:ÄÖ"])
def test_another_code_is_no_receipt(text):
    with pytest.raises(InputError, match="no receipt"):
        read_receipt(text)


def test_a_large_school_repeats_the_heading_and_the_footer_on_every_page(issuing, tmp_path):
    teachers = [(f"教师{n}", "道德与法治", PASSES) for n in range(60)]
    payload = issuing(tmp_path, teachers, printed={"school": LONG}).school
    layout = layout_of(payload)
    heading = "".join(solid(cell.value) for cell in layout.header)
    made = make_sheets(payload)

    document = pdfium.PdfDocument(made["pdf"])
    assert len(document) >= 4
    for number in range(len(document)):
        text = solid(page_text(document, number))
        assert heading in text
        assert text.endswith(
            solid(f"{layout.footer.value} 第 {number + 1} 页 共 {len(document)} 页")
        )
    last = solid(page_text(document, len(document) - 1))
    assert "T1059" in last  # the signatures never stand alone on a page
    assert "县教育局意见（盖章）" in last

    table = docx.Document(io.BytesIO(made["docx"])).tables[1]
    assert "<w:tblHeader/>" in table.rows[0]._tr.xml
    assert len(table.rows) == 61 + 3  # two notes and the signatures stand in it
    sheet = openpyxl.load_workbook(io.BytesIO(made["xlsx"])).worksheets[0]
    assert sheet.print_title_rows == "$5:$5"
    assert sheet.cell(5, 1).value == "序号"


def test_long_names_wrap_inside_the_page(issuing, tmp_path):
    name = "阿卜杜拉·买买提·古丽米热·阿依努尔·塔吉古丽"
    issued = issuing(tmp_path, [(name, "信息科技与综合实践活动", PASSES)], printed={"school": LONG})
    for payload in (issued.school, issued.teachers[0]):
        document = pdfium.PdfDocument(make_sheet(payload, "pdf"))
        for page in document:
            left, bottom, right, top = page.get_bbox()
            text = page.get_textpage()
            for number in range(text.count_chars()):
                box = text.get_charbox(number)
                assert left + 28 <= box[0] + 1 and box[2] - 1 <= right - 28
                assert bottom <= box[1] and box[3] <= top


def test_rare_characters_are_embedded(issued):
    document = pdfium.PdfDocument(make_sheet(issued.teachers[0], "pdf"))
    assert "甲钰𬭸" in page_text(document, 0)
    assert missing_characters(["𬭸䶮㛃·ᠠ"]) == ["ᠠ"]


def test_a_character_without_glyph_is_refused_for_pdf_alone(issuing, tmp_path):
    payload = issuing(tmp_path, [("甲ᠠ", "语文", PASSES)]).teachers[0]
    with pytest.raises(ServiceError, match=r"ᠠ（U\+1820）"):
        make_sheet(payload, "pdf")
    assert make_sheets(payload, ["docx", "xlsx"]).keys() == {"docx", "xlsx"}


def test_only_the_packaged_fonts_are_embedded(issued):
    data = make_sheet(issued.school, "pdf")
    document = pdfium.PdfDocument(data)
    faces = {
        one.get_font().get_base_name().rpartition("+")[2]
        for one in document[0].get_objects(max_depth=8)
        if one.type == pdfium.raw.FPDF_PAGEOBJ_TEXT
    }
    assert faces == {"NotoSansSC-Regular", "NotoSerifSC-Regular"}


def test_the_fonts_come_with_their_licence():
    folder = next(sans_path().parent.parent.glob("pylopdf_fonts_zh_cn-*.dist-info"))
    assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / "licenses" / "LICENSE").read_text()


def test_the_same_payload_gives_the_same_pdf(issued):
    assert make_sheet(issued.school, "pdf") == make_sheet(issued.school, "pdf")


def test_the_proof_in_the_pdf_is_plain_json(issued):
    attachment = pdfium.PdfDocument(make_sheet(issued.school, "pdf")).get_attachment(0)
    assert attachment.get_name() == "evidence-workbench-proof.json"
    assert bytes(attachment.get_data()) == payload_bytes(issued.school)
    assert json.loads(bytes(attachment.get_data()))["kind"] == "school"


def test_no_file_names_an_author(issued):
    made = make_sheets(issued.teachers[0])
    properties = docx.Document(io.BytesIO(made["docx"])).core_properties
    assert (properties.author, properties.last_modified_by) == ("", "")
    assert openpyxl.load_workbook(io.BytesIO(made["xlsx"])).properties.creator in (None, "")


def test_an_unknown_format_is_refused(issued):
    with pytest.raises(InputError, match="docx, xlsx, pdf"):
        make_sheets(issued.school, ["doc"])


def test_a_file_name_is_one_every_system_takes():
    assert safe_name('结果单_T/1:*?"<>|_甲. ') == "结果单_T_1________甲"
