import io

import pptx
from pptx.util import Inches

from workbench.readers.reading import read_file


def deck(path, titles, notes=""):
    presentation = pptx.Presentation()
    for title in titles:
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = title
    if notes:
        slide.notes_slide.notes_text_frame.text = notes
    table = slide.shapes.add_table(1, 1, 0, 0, Inches(1), Inches(1)).table
    table.cell(0, 0).text = "表格"
    presentation.core_properties.author = "T0007"
    presentation.save(path)
    return presentation


def test_slides_notes_and_tables_are_read_in_order(tmp_path):
    titles = [f"第{number}页" for number in range(1, 12)]
    deck(tmp_path / "课件.pptx", titles, notes="讲稿备注")
    facts = read_file(tmp_path / "课件.pptx")
    slides = facts.text.split("\f")
    assert [slide.split("\n")[0] for slide in slides] == titles
    assert "表格" in slides[-1]
    assert "讲稿备注" in facts.text
    assert (facts.media_type, facts.pages, facts.author) == ("pptx", 11, "T0007")


def test_slides_moved_by_the_teacher_are_read_as_shown(tmp_path):
    presentation = deck(tmp_path / "a.pptx", ["甲", "乙"])
    order = presentation.slides._sldIdLst
    order.insert(0, order[1])
    moved = io.BytesIO()
    presentation.save(moved)
    (tmp_path / "b.pptx").write_bytes(moved.getvalue())
    assert read_file(tmp_path / "b.pptx").text.startswith("乙")
