"""Copies as a child process makes them: what of a file is shown, and what of it is not."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from workbench.readers import blocks
from workbench.readers.copies import Wish
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import DEFAULT
from workbench.readers.masking import NAME, SCHOOL, Mask, Surnames, Word
from workbench.readers.office import find_office

MASK = Mask((Word(NAME, "梁禾清"), Word(SCHOOL, "青禾小学")))
SURNAMES = Surnames(frozenset("梁苏王"))
LIMITS = replace(DEFAULT, cpu_s=60, wall_s=120, written_mib=256)
needs_office = pytest.mark.skipif(find_office() is None, reason="LibreOffice is not installed")


def copied(pool, path, folder, pdf=None):
    folder.mkdir(exist_ok=True)
    return pool.copy(path, path.name, Wish(folder, MASK, SURNAMES, pdf), LIMITS)


def read_view(made, folder):
    return json.loads((folder / made.reading).read_bytes())["blocks"]


def photo():
    data = io.BytesIO()
    image = Image.effect_mandelbrot((640, 480), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    exif = Image.Exif()
    exif[315] = "Liang Heqing"
    image.save(data, "JPEG", exif=exif)
    return data.getvalue()


def write_document(path, pages=1):
    document = docx.Document()
    document.core_properties.author = "梁禾清"
    document.core_properties.comments = "青禾小学"
    document.add_heading("教学设计", 1)
    document.add_paragraph("执教：梁禾清，与苏知远同备。")
    table = document.add_table(2, 4)
    for place, text in enumerate("学校 青禾小学 姓名 梁禾清 同伴 苏知远 授课教师 苏知远".split()):
        table.rows[place // 4].cells[place % 4].text = text
    document.add_picture(io.BytesIO(photo()))
    for number in range(2, pages + 1):
        document.add_page_break()
        document.add_paragraph(f"第 {number} 页，梁禾清写。")
    document.styles.add_style("x", WD_STYLE_TYPE.PARAGRAPH)
    document.save(path)
    return path


def test_a_document_without_pages_is_read_and_says_so(pool, tmp_path):
    made = copied(pool, write_document(tmp_path / "a.docx"), tmp_path / "out")
    view = read_view(made, tmp_path / "out")
    assert (made.kind, made.notices) == ("reading", ["no_office"])
    assert [block["kind"] for block in view] == ["heading", "text", "table", "picture"]
    assert view[1]["text"] == "执教：■■■，与■■■同备。"  # the colleague's name stands in the table
    assert view[2]["rows"][0] == ["学校", "■■■■", "姓名", "■■■"]
    assert made.covered == {"name": 5, "school": 1}
    assert made.leaks == {}


def test_nothing_written_names_anybody(pool, tmp_path):
    copied(pool, write_document(tmp_path / "a.docx"), tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        data = path.read_bytes()
        assert not [
            name for name in ("梁禾清", "青禾小学", "苏知远", "Liang") if name.encode() in data
        ]
        assert b"Exif" not in data


@needs_office
@pytest.mark.slow
def test_a_document_of_forty_pages_comes_out_as_forty_pictures(tmp_path):
    path = write_document(tmp_path / "a.docx", pages=40)
    with ReaderPool(LIMITS) as pool:
        (pdf,) = pool.convert_many([(path, "docx")], "pdf")
        made = copied(pool, path, tmp_path / "out", pdf)
    assert (made.kind, len(made.pages), made.notices) == ("pages", 40, [])
    assert made.covered == {"name": 5 + 39, "school": 1}
    assert "page_pictures" in made.labels and "fewer_on_pages" not in made.labels
    sizes = {(page["width"], page["height"]) for page in made.pages}
    assert len(sizes) == 1 and min(sizes.pop()) > 1_200


@needs_office
def test_one_bad_file_does_not_keep_the_others_from_being_converted(tmp_path):
    good = write_document(tmp_path / "a.docx")
    (tmp_path / "b.docx").write_bytes(b"PK\3\4 no document")
    with ReaderPool(LIMITS) as pool:
        made = pool.convert_many(
            [(good, "docx"), (tmp_path / "b.docx", "docx"), (good, "docx")], "pdf"
        )
        assert [path is not None for path in made] == [True, False, True]


def test_slides_are_read_slide_by_slide_with_their_notes(pool, tmp_path):
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "圆的面积"
    slide.placeholders[1].text = "梁禾清"
    slide.notes_slide.notes_text_frame.text = "提问后停三秒"
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "小结"
    deck.save(tmp_path / "a.pptx")
    view = read_view(copied(pool, tmp_path / "a.pptx", tmp_path / "out"), tmp_path / "out")
    assert view == [
        {"kind": "page", "level": 1},
        {"kind": "heading", "level": 2, "text": "圆的面积"},
        {"kind": "text", "text": "■■■"},
        {"kind": "note", "text": "提问后停三秒"},
        {"kind": "page", "level": 2},
        {"kind": "heading", "level": 2, "text": "小结"},
    ]


def test_a_class_list_loses_its_names_and_keeps_its_marks(pool, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["四年级成绩"])
    book.active.merge_cells("A1:C1")
    for row in (["姓名", "前测", "后测"], ["王一", 60, 80], ["苏小二", 71, 92], ["仉三", 55, 60]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    made = copied(pool, tmp_path / "a.xlsx", tmp_path / "out")
    table = read_view(made, tmp_path / "out")[1]
    assert table["rows"] == [
        ["四年级成绩"],
        ["姓名", "前测", "后测"],
        ["■■", "60", "80"],
        ["■■■", "71", "92"],
        ["■■", "55", "60"],
    ]
    assert made.notices == ["cells"]


def test_a_text_file_is_read_in_any_encoding(pool, tmp_path):
    (tmp_path / "a.txt").write_bytes("反思\n\n执教梁禾清，手机13800001111".encode("gb18030"))
    made = copied(pool, tmp_path / "a.txt", tmp_path / "out")
    assert [block["text"] for block in read_view(made, tmp_path / "out")] == [
        "反思",
        "执教■■■，手机■■■■■■■■■■■",
    ]
    assert made.notices == []


def test_members_of_a_zip_come_out_under_names_that_say_nothing(pool, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("梁禾清/2.txt", "二")
        archive.writestr("梁禾清/1.jpg", photo())
    made = copied(pool, tmp_path / "a.zip", tmp_path / "out")
    assert made.kind == "archive"
    assert [Path(each["name"]).name for each in made.files] == ["1.jpg", "2.txt"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"member-0001", "member-0002"}


def test_an_old_document_without_libreoffice_cannot_be_shown(pool, tmp_path):
    (tmp_path / "a.doc").write_text(r"{\rtf1\ansi plan}")
    made = copied(pool, tmp_path / "a.doc", tmp_path / "out")
    assert (made.kind, made.notices) == ("none", ["no_view"])


def test_a_web_page_named_doc_is_read_and_runs_nothing(pool, tmp_path):
    (tmp_path / "a.doc").write_text(
        "<html><body><p>梁禾清</p><script>alert(1)</script></body></html>", encoding="utf-8"
    )
    made = copied(pool, tmp_path / "a.doc", tmp_path / "out")
    assert read_view(made, tmp_path / "out") == [{"kind": "text", "text": "■■■"}]


def test_a_file_that_is_not_what_it_says_is_refused(pool, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"GIF89a" + b"\0" * 50)
    with pytest.raises(Unreadable, match="mislabelled"):
        copied(pool, tmp_path / "a.pdf", tmp_path / "out")


cell = st.text(alphabet="梁禾清 学校\n1", max_size=6)


@given(st.lists(st.lists(cell, min_size=1, max_size=3), max_size=4), st.lists(cell, max_size=3))
def test_covering_keeps_the_shape_of_tables_and_leaves_no_name(rows, texts):
    given_blocks = [
        *(blocks.Block(blocks.TEXT, text) for text in texts),
        blocks.Block(blocks.TABLE, rows=tuple(map(tuple, rows))),
    ]
    made = blocks.covered(given_blocks, MASK)
    assert [list(map(len, row)) for row in made[-1].rows] == [list(map(len, row)) for row in rows]
    assert "梁禾清" not in "".join("".join(blocks.strings(made)).split())
