"""The leak scan: names known too late, hidden places of real files, and ordinary words left alone."""

import io
from contextlib import nullcontext

import docx
import pptx
import pypdf
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from PIL import Image
from pypdf.annotations import FreeText

from workbench.errors import RefusedError
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import Limits
from workbench.readers.masking import NAME, Mask
from workbench.readers.traces import traces_of
from workbench.services import blinding, leak_scan
from workbench.services.blinding import make_blind_copies
from workbench.services.leak_scan import COPY, ORIGINAL, finds, last_scan, scan
from workbench.services.mask_words import name_words
from workbench.services.people import Directory, TeacherRow

LIMITS = Limits(written_mib=64, cpu_s=30)


@pytest.fixture(scope="module", autouse=True)
def without_office():
    with ReaderPool(LIMITS, convert=False) as pool, pytest.MonkeyPatch.context() as patch:
        for module in (blinding, leak_scan):
            patch.setattr(module, "ReaderPool", lambda *_: nullcontext(pool))
        yield


def saved(made):
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def document(text):
    """A Word file that names 梁禾清 wherever one can be named."""
    made = docx.Document()
    made.core_properties.author = "梁禾清"
    made.add_paragraph(text)
    made.sections[0].header.paragraphs[0].text = "授课 梁禾清"
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(picture, "PNG")
    picture.seek(0)
    made.add_picture(picture)
    made.inline_shapes[0]._inline.docPr.set("descr", "梁禾清在上课")
    made.part.relate_to("mailto:liang@example.cn", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    made.add_comment(made.paragraphs[0].runs, "请梁禾清改", author="梁禾清")
    return saved(made)


def take(walk, content, name="T1.docx"):
    walk.take_in([({"teacher_id": "T1", "slot": "B8-1", "file": name}, content)])


def known_as(walk, name):
    """Enter a colleague of the school after the copies were made."""
    with walk.workspace.store() as store, store.transaction(walk.act(), "roster.import") as tx:
        Directory(store, tx, walk.fresh).teacher(TeacherRow("T99", name, "城关小学", {}))


def test_copies_made_with_all_names_known_tell_nothing(opened):
    known_as(opened, "梁禾清")
    take(opened, document("梁禾清老师执教，电话 13800001111。" + opened.essay("a")))
    make_blind_copies(opened.workspace, opened.act())
    report = scan(opened.workspace, opened.act("C1"))
    assert report.open == ()
    where = {leak.where for leak in report.leaks}
    assert {"property", "alt", "comment", "link"} <= where
    assert {leak.seen for leak in report.leaks} == {ORIGINAL}


def test_a_name_entered_later_is_found_in_the_copy_covered_in_the_report_and_gone_when_made_anew(
    opened,
):
    take(opened, document("本课由梁禾清老师执教。" + opened.essay("a")))
    make_blind_copies(opened.workspace, opened.act())
    assert scan(opened.workspace, opened.act("C1")).open == ()
    known_as(opened, "梁禾清")
    scan(opened.workspace, opened.act("C1"))
    report, at = last_scan(opened.workspace, "C1")
    found = [leak for leak in report.open if leak.where == "text"]
    assert at and {(leak.seen, leak.kind, leak.remedy) for leak in found} == {
        (COPY, NAME, "mask_again")
    }
    assert "本课由■■■老师执教" in found[0].excerpt
    assert not any("梁禾清" in leak.excerpt for leak in report.leaks)
    make_blind_copies(opened.workspace, opened.act(), again=True)
    assert scan(opened.workspace, opened.act("C1")).open == ()


def test_files_without_a_copy_are_counted_and_no_pass_is_given_to_them(opened):
    take(opened, document(opened.essay("a")))
    report = scan(opened.workspace, opened.act("C1"))
    assert (report.files, report.uncopied, report.open) == (1, 1, ())


def test_a_reader_scans_nothing(opened):
    with pytest.raises(RefusedError, match="asks for the role"):
        scan(opened.workspace, opened.act("R1"))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("提高老师的信息素养", 0),
        ("双方老师共同评议", 0),
        ("由高老师执教", 1),
        ("高明的设计，见解高明", 0),
        ("执教：高明", 1),
        ("方法与过程，高效课堂", 0),
        ("身份证11010519491231002X", 1),
        ("编号110105194912310021", 0),
        ("教于三年级（2）班", 1),
        ("七（3）班", 1),
        ("三年级学生分班活动", 0),
        ("共 13800001111 人次", 1),
    ],
)
def test_ordinary_words_and_numbers_are_no_finds(text, count):
    words = [*name_words("高明"), *name_words("方远")]
    assert len(finds(Mask(tuple(words)), text)) == count


def told(path, content):
    path.write_bytes(content)
    return traces_of(path, path.name, LIMITS)


def test_slides_tell_notes_descriptions_and_properties(tmp_path):
    made = pptx.Presentation()
    made.core_properties.last_modified_by = "梁禾清"
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "分数的意义"
    slide.shapes.title._element.nvSpPr.cNvPr.set("descr", "梁禾清照片")
    slide.notes_slide.notes_text_frame.text = "梁禾清备注"
    found = told(tmp_path / "a.pptx", saved(made))
    assert ("property", "梁禾清") in found
    assert ("comment", "梁禾清备注") in [(w, t.strip()) for w, t in found]
    assert any(where == "alt" and "梁禾清照片" in text for where, text in found)


def test_a_pdf_tells_properties_and_notes_and_a_picture_its_exif(tmp_path):
    made = pypdf.PdfWriter()
    made.add_blank_page(100, 100)
    made.add_metadata({"/Author": "梁禾清"})
    made.add_annotation(0, FreeText(text="梁禾清", rect=(0, 0, 9, 9)))
    file = io.BytesIO()
    made.write(file)
    found = told(tmp_path / "a.pdf", file.getvalue())
    assert ("property", "梁禾清") in found
    assert any(where == "comment" and "梁禾清" in text for where, text in found)
    picture, exif = io.BytesIO(), Image.Exif()
    exif[0x013B] = "Liang Heqing"  # Artist
    exif[0x9C9D] = "梁禾清".encode("utf-16-le")  # XPAuthor, as Windows writes it
    Image.new("RGB", (30, 30)).save(picture, "JPEG", exif=exif)
    found = told(tmp_path / "a.jpg", picture.getvalue())
    assert ("exif", "Liang Heqing") in found and ("exif", "梁禾清") in found
