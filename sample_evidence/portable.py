"""PDF files set by Typst with the embedded Chinese font."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from functools import cache

import pylopdf_fonts_zh_cn
import typst

from sample_evidence.documents import HEAD_FIELDS, Stamp
from sample_evidence.slides import Pages
from sample_evidence.writing import Sheet

_SHEET = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, author: data.author)
#set page(paper: "a4", margin: 2.4cm)
#set text(font: "Noto Sans SC", size: 10pt, lang: "zh")
#set par(leading: 0.8em)
#align(center, text(size: 16pt, data.title))
#if data.note != "" { text(size: 8pt, data.note) }
#if data.head.len() > 0 {
  table(columns: (2cm, 1fr, 2cm, 1fr), ..data.head)
}
#for (label, body) in data.sections {
  if label != "" { heading(level: 2, label) }
  for line in body.split("\\n") { par(first-line-indent: (amount: 2em, all: true), line) }
}
"""
_DECK = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, author: data.author)
#set page(width: 25.4cm, height: 14.3cm, margin: 1.5cm, fill: rgb(data.tint))
#set text(font: "Noto Sans SC", size: 20pt, lang: "zh")
#for (n, (title, lines)) in data.pages.enumerate() {
  if n > 0 { pagebreak() }
  text(size: 30pt, title)
  list(..lines)
}
"""


def portable_sheet(sheet: Sheet, stamp: Stamp) -> bytes:
    """The sheet as PDF."""
    head = [cell for field in HEAD_FIELDS for cell in (field, sheet.head.get(field, ""))]
    data = {
        "title": sheet.title,
        "author": stamp.author,
        "note": sheet.form.note if sheet.form else "",
        "head": head if sheet.head else [],
        "sections": [[label, "".join(body).strip()] for label, body in sheet.sections],
    }
    return _set(_SHEET, data, stamp)


def portable_deck(pages: Pages, stamp: Stamp, tint: str) -> bytes:
    """The pages of a presentation as PDF."""
    data = {"title": pages[0][0], "author": stamp.author, "tint": tint, "pages": pages}
    return _set(_DECK, data, stamp)


def _set(template: str, data: Mapping[str, object], stamp: Stamp) -> bytes:
    made = _compiler().compile(
        template.encode(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=stamp.created.replace(tzinfo=UTC),
    )
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    """One compiler for all: loading the fonts costs more than a document."""
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(pylopdf_fonts_zh_cn.sans_path().parent)],
    )
    return typst.Compiler(font_paths=fonts)
