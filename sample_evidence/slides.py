"""Presentations with a title and a few lines a page, and a picture on some."""

from __future__ import annotations

import io
from functools import cache
from random import Random

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Cm, Pt

from sample_evidence import words
from sample_evidence.documents import Stamp, app_properties, core_properties
from sample_evidence.writing import Brief, Writer
from sample_evidence.zips import repack

Pages = list[tuple[str, list[str]]]
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def compose_pages(writer: Writer, about: Brief, count: int) -> Pages:
    """Titles and lines of so many pages about a submission's lesson."""
    frames = words.common("slide_titles")
    kept = sorted(Random(f"{about.klass} {count}").sample(range(len(frames)), count - 1))
    titles = [writer.sentences((frames[at],), about, 1)[0] for at in kept]
    pages = [(about.topic.title, [f"{about.klass}　{about.teacher.subject}"])]
    for title in titles:
        pages.append((title, writer.sentences(words.common("slides"), about, 3)))
    writer.remember("".join(title + "".join(lines) for title, lines in pages))
    return pages


def presentation(pages: Pages, pictures: list[bytes], stamp: Stamp) -> bytes:
    """A .pptx of the pages, pictures on the first inner pages."""
    deck = Presentation(io.BytesIO(_empty_deck()))
    rng = Random(stamp.author + pages[0][0])
    ink = RGBColor(rng.randint(0, 90), rng.randint(0, 90), rng.randint(40, 140))
    for number, (title, lines) in enumerate(pages):
        slide = deck.slides.add_slide(deck.slide_layouts[0])
        _put(slide, title, (1.5, 0.8, 22, 2), 32 if number else 40, ink)
        _put(slide, "\n".join(lines), (1.5, 4, 13, 9), 22, RGBColor(40, 40, 40))
        if 0 < number <= len(pictures):
            slide.shapes.add_picture(io.BytesIO(pictures[number - 1]), Cm(15), Cm(4), Cm(9))
    buffer = io.BytesIO()
    deck.save(buffer)
    properties = {
        "docProps/core.xml": (_XML + core_properties(pages[0][0], stamp)).encode(),
        "docProps/app.xml": (_XML + app_properties(stamp)).encode(),
    }
    return repack(buffer.getvalue(), replace=properties)


def _put(
    slide: object,
    text: str,
    place: tuple[float, float, float, float],
    size: int,
    ink: RGBColor,
) -> None:
    box = slide.shapes.add_textbox(*(Cm(value) for value in place))  # type: ignore[attr-defined]
    frame = box.text_frame
    frame.word_wrap = True
    frame.text = text
    for paragraph in frame.paragraphs:
        paragraph.space_after = Pt(10)
        for run in paragraph.runs:
            run.font.size = Pt(size)
            run.font.color.rgb = ink


@cache
def _empty_deck() -> bytes:
    """A deck with one blank layout and no thumbnail: what python-pptx brings, reduced."""
    deck = Presentation()
    blank = deck.slide_layouts[6]
    for layout in list(deck.slide_layouts):
        if layout is not blank:
            deck.slide_layouts.remove(layout)
    for name, relation in list(deck.part.package._rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            deck.part.package._rels.pop(name)
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()
