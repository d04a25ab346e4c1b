"""公示名单: the results of one publicity for the wall, as docx; name, school, competency, level."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.oxml import parse_xml

from rubrics.levels import LEVEL_ZH, Level
from workbench.exports.document_sheet import (
    HEI,
    cell_xml,
    paragraph_xml,
    row_xml,
    set_paper,
    set_properties,
    table_xml,
)
from workbench.exports.sheets import safe_name
from workbench.exports.wording import day_zh
from workbench.messages import sentence

_WIDTHS_MM = (14, 34, 92, 30)


@dataclass(frozen=True)
class PublicResult:
    """One line: a teacher's name, what was assessed (empty for the conclusion), and the level."""

    name: str
    competency: str
    level: Level


@dataclass(frozen=True)
class PublicList:
    """All a public list says; days are ISO texts, ``closes_on`` is the last day to object."""

    county: str
    round: str
    school: str
    opened_on: str
    closes_on: str
    results: tuple[PublicResult, ...]


def public_list(shown: PublicList) -> bytes:
    """Write a public list as docx, always in Chinese."""
    document = docx.Document()
    set_paper(document, landscape=False, margin_mm=20)
    last = document.element.body.sectPr
    for xml in (*_head(shown), _table_xml(shown), *_foot(shown)):
        last.addprevious(parse_xml(xml))
    set_properties(document, _say("title"), shown.opened_on)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def write_public_list(shown: PublicList, folder: Path, publication_id: str) -> Path:
    """Write a public list into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    words = _say("file", school=shown.school, publication=publication_id)
    path = folder / f"{safe_name(words)}.docx"
    path.write_bytes(public_list(shown))
    return path


def _head(shown: PublicList) -> list[str]:
    opening = _say(
        "opening",
        round=shown.round,
        school=shown.school,
        opened_on=day_zh(shown.opened_on),
        closes_on=day_zh(shown.closes_on),
    )
    return [
        paragraph_xml(_say("title"), size=18, font=HEI, align="center", after=60),
        paragraph_xml(f"{shown.county}　{shown.school}", size=12, align="center", after=140),
        paragraph_xml(f"　　{opening}", size=12, after=60),
        paragraph_xml(
            f"　　{_say('object', closes_on=day_zh(shown.closes_on))}", size=12, after=140
        ),
    ]


def _table_xml(shown: PublicList) -> str:
    names = ("number", "name", "competency", "level")
    head = [
        cell_xml(paragraph_xml(_say(f"column.{key}"), font=HEI, align="center"), width, shaded=True)
        for key, width in zip(names, _WIDTHS_MM, strict=True)
    ]
    rows = [row_xml(head, repeated=True, height_mm=9)]
    for number, result in enumerate(shown.results, start=1):
        subject = result.competency or _say("conclusion")
        words = (str(number), result.name, subject, LEVEL_ZH[result.level])
        aligned = ("center", "center", "left", "center")
        cells = [
            cell_xml(paragraph_xml(text, align=align), width)
            for text, align, width in zip(words, aligned, _WIDTHS_MM, strict=True)
        ]
        rows.append(row_xml(cells, height_mm=8))
    return table_xml(rows, _WIDTHS_MM)


def _foot(shown: PublicList) -> list[str]:
    return [
        paragraph_xml(_say("count", count=len(shown.results)), before=80, after=160),
        paragraph_xml(_say("signed", school=shown.school), size=12, align="right", keep=True),
        paragraph_xml(day_zh(shown.opened_on), size=12, align="right", before=40),
    ]


def _say(key: str, /, **values: object) -> str:
    return sentence("zh", f"public_list.{key}", **values)
