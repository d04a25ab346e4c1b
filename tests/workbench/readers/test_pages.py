"""Pages with names covered: what lies under a box is gone, and nothing else has changed."""

import io
from pathlib import Path

import numpy as np
import pypdf
import pypdfium2
import pytest
import typst
from PIL import Image
from pylopdf_fonts_zh_cn import sans_path
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    StreamObject,
)

from workbench.readers.limits import DEFAULT
from workbench.readers.masking import NAME, PHONE, Mask, Word
from workbench.readers.pages import draw_pages

INK = (43, 43, 43)
SOURCE = """#set page(width: 300pt, height: 200pt, margin: 20pt)
#set text(font: "Noto Sans SC", size: 12pt)
教学设计

执教：梁禾清 电话 13800001111

#box(width: 66pt)[课后再由梁禾清老师小结]
"""
MASK = Mask((Word(NAME, "梁禾清"),))


@pytest.fixture(scope="module")
def plan():
    return typst.compile(SOURCE.encode(), font_paths=[str(Path(sans_path()).parent)])


def drawn(tmp_path, data, mask=MASK, most=10):
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "a.pdf").write_bytes(data)
    return draw_pages(tmp_path / "a.pdf", tmp_path, mask, DEFAULT, most)


def picture(tmp_path, number=1):
    with Image.open(tmp_path / f"page-{number:04d}.webp") as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)


def ink(cells):
    return (np.abs(cells - INK) < 12).all(axis=2)


def turned(data, degrees):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.pages[0].rotate(degrees)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_every_stroke_of_what_is_covered_lies_under_a_box(tmp_path, plan, degrees):
    data = turned(plan, degrees)
    made = drawn(tmp_path / "masked", data)
    drawn(tmp_path / "plain", data, Mask((Word(NAME, "无此人"),)))
    masked, plain = picture(tmp_path / "masked"), picture(tmp_path / "plain")
    only = drawn(tmp_path / "only", turned(typst_without_names(), degrees), Mask())
    rest = picture(tmp_path / "only")
    assert (made.covered, made.leaks) == ({NAME: 2, PHONE: 1}, {})
    assert only.covered == {}
    # strokes that the page has only because of the covered words
    strokes = (plain.sum(axis=2) < 380) & (rest.sum(axis=2) > 700)
    assert strokes.sum() > 500
    assert ink(masked)[strokes].mean() > 0.98
    # and what lies away from the boxes is as it was
    away = ~near(np.abs(masked - plain).max(axis=2) > 60, 8)
    assert (rest[away].sum(axis=1) < 380).sum() > 500
    assert np.abs(masked[away] - plain[away]).max() < 60


def near(cells, steps):
    """Cells within so many steps of a true one."""
    grown = cells.copy()
    for _ in range(steps):
        wider = grown.copy()
        wider[1:] |= grown[:-1]
        wider[:-1] |= grown[1:]
        wider[:, 1:] |= grown[:, :-1]
        wider[:, :-1] |= grown[:, 1:]
        grown = wider
    return grown


def typst_without_names():
    """The same page with the words to be covered set in white."""
    hidden = SOURCE.replace("梁禾清", "#text(fill: white)[梁禾清]").replace(
        "13800001111", '#text(fill: white)[#("1380000" + "1111")]'
    )
    data = typst.compile(hidden.encode(), font_paths=[str(Path(sans_path()).parent)])
    # white words are words still: only their places matter here
    return without_text_layer(data)


def without_text_layer(data):
    page = pypdfium2.PdfDocument(data)[0]
    out = io.BytesIO()
    page.render(scale=4).to_pil().convert("RGB").save(out, "PDF", resolution=288)
    return out.getvalue()


def test_a_find_is_covered_on_both_lines_it_stands_in(tmp_path, plan):
    drawn(tmp_path, plan)
    rows = np.flatnonzero(ink(picture(tmp_path)).sum(axis=1) > 40)
    bands = 1 + int((np.diff(rows) > 3).sum())
    assert bands == 3  # the line of name and telephone, and the two halves of the broken one


def test_words_of_a_form_field_are_covered_too(tmp_path):
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 200)
    look = StreamObject()
    look._data = b"BT /F 14 Tf 4 8 Td (Tel 13800001111) Tj ET"
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})
    fonts = DictionaryObject({NameObject("/F"): font})
    look.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject(map(NumberObject, (0, 0, 200, 30))),
            NameObject("/Resources"): DictionaryObject({NameObject("/Font"): fonts}),
        }
    )
    note = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Stamp"),
            NameObject("/F"): NumberObject(4),
            NameObject("/Rect"): ArrayObject(map(FloatObject, (50, 100, 250, 130))),
            NameObject("/AP"): DictionaryObject({NameObject("/N"): writer._add_object(look)}),
        }
    )
    page[NameObject("/Annots")] = ArrayObject([writer._add_object(note)])
    out = io.BytesIO()
    writer.write(out)
    made = drawn(tmp_path, out.getvalue())
    assert (made.covered, made.leaks) == ({PHONE: 1}, {})
    assert ink(picture(tmp_path)).sum() > 1_000


def test_a_scan_is_said_to_have_nothing_to_search(tmp_path):
    out = io.BytesIO()
    Image.new("RGB", (600, 800), "grey").save(out, "PDF")
    made = drawn(tmp_path, out.getvalue())
    assert (made.scans, made.pictures) == (1, 1)


def test_pages_beyond_the_bound_are_left_out_and_said_so(tmp_path):
    data = typst.compile(b"a #pagebreak() b #pagebreak() c")
    made = drawn(tmp_path, data, most=2)
    assert (len(made.pages), made.cut) == (2, True)


def test_a_poster_is_drawn_smaller_instead_of_eating_memory(tmp_path):
    data = typst.compile(b"#set page(width: 200cm, height: 100cm)\nposter")
    (page,) = drawn(tmp_path, data).pages
    assert page["width"] * page["height"] <= 12_100_000
    assert page["width"] / page["height"] == pytest.approx(2, abs=0.01)
