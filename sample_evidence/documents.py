"""Word documents: the county's blank forms, and the same forms filled in.

The XML is written directly: properties, revision ids and times are then exactly
what the story of the file asks for, and a document costs a millisecond.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from random import Random
from xml.sax.saxutils import escape

from PIL import Image

from sample_evidence.words import Form
from sample_evidence.writing import Sheet
from sample_evidence.zips import pack

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_EMU = 9525
HEAD_FIELDS = ("学校", "姓名", "学科", "课题", "班级", "能力点")


@dataclass(frozen=True)
class Stamp:
    """What a file says of its own making: who, when (UTC), how long (minutes), in which program."""

    author: str
    created: datetime
    modified: datetime
    minutes: int
    program: str
    rsids: tuple[str, ...]


def new_rsids(rng: Random) -> tuple[str, ...]:
    """Revision ids of one document's life: a root and some sessions."""
    return tuple(f"00{rng.randrange(16**6):06X}" for _ in range(rng.randint(6, 11)))


def blank_form(form: Form, stamp: Stamp) -> bytes:
    """The form as the county gives it out, every prompt still in its bracket."""
    head = dict.fromkeys(HEAD_FIELDS, "")
    sections = [(section.label, [section.prompt]) for section in form.sections]
    return word_document(Sheet(form, form.title, head, sections), stamp)


def word_document(sheet: Sheet, stamp: Stamp) -> bytes:
    """A .docx of the sheet."""
    images = [(f"image{n}.{_kind(body)}", body) for n, body in enumerate(sheet.pictures, 1)]
    parts = [
        ("[Content_Types].xml", _content_types()),
        ("_rels/.rels", _package_relations()),
        ("word/document.xml", _document(sheet, images, stamp)),
        ("word/_rels/document.xml.rels", _document_relations(images)),
        ("word/styles.xml", _styles()),
        ("word/settings.xml", _settings(stamp)),
        ("docProps/core.xml", core_properties(sheet.title, stamp)),
        ("docProps/app.xml", app_properties(stamp)),
    ]
    members = [(name, (_HEAD + xml).encode()) for name, xml in parts]
    return pack(members + [(f"word/media/{name}", body) for name, body in images])


def core_properties(title: str, stamp: Stamp) -> str:
    """The part docProps/core.xml."""
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>{stamp.author}</dc:creator>"
        f"<cp:lastModifiedBy>{stamp.author}</cp:lastModifiedBy>"
        f"<cp:revision>{len(stamp.rsids) * 2}</cp:revision>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{_utc(stamp.created)}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{_utc(stamp.modified)}</dcterms:modified>'
        "</cp:coreProperties>"
    )


def app_properties(stamp: Stamp) -> str:
    """The part docProps/app.xml."""
    return (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'extended-properties"><TotalTime>{stamp.minutes}</TotalTime>'
        f"<Application>{stamp.program}</Application></Properties>"
    )


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _kind(body: bytes) -> str:
    return "png" if body.startswith(b"\x89PNG") else "jpeg"


def _content_types() -> str:
    office = "application/vnd.openxmlformats-officedocument"
    word = f"{office}.wordprocessingml"
    overrides = {
        "/word/document.xml": f"{word}.document.main+xml",
        "/word/styles.xml": f"{word}.styles+xml",
        "/word/settings.xml": f"{word}.settings+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "/docProps/app.xml": f"{office}.extended-properties+xml",
    }
    listed = "".join(
        f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides.items()
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="png" ContentType="image/png"/>'
        f'<Default Extension="jpeg" ContentType="image/jpeg"/>{listed}</Types>'
    )


def _relations(entries: list[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(entries, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _package_relations() -> str:
    return _relations(
        [
            (f"{_R}/officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            (f"{_R}/extended-properties", "docProps/app.xml"),
        ]
    )


def _document_relations(images: list[tuple[str, bytes]]) -> str:
    entries = [(f"{_R}/styles", "styles.xml"), (f"{_R}/settings", "settings.xml")]
    entries += [(f"{_R}/image", f"media/{name}") for name, _ in images]
    return _relations(entries)


def _styles() -> str:
    return (
        f'<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr>'
        '<w:rFonts w:ascii="Times New Roman" w:eastAsia="宋体" w:hAnsi="Times New Roman"/>'
        '<w:sz w:val="21"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:spacing w:line="300" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
        '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="a">'
        '<w:name w:val="Normal"/></w:style></w:styles>'
    )


def _settings(stamp: Stamp) -> str:
    root, *others = stamp.rsids
    listed = "".join(f'<w:rsid w:val="{value}"/>' for value in (root, *others))
    return (
        f'<w:settings xmlns:w="{_W}"><w:zoom w:percent="100"/>'
        f'<w:defaultTabStop w:val="420"/><w:rsids><w:rsidRoot w:val="{root}"/>{listed}</w:rsids>'
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>'
    )


def _run(text: str, *, bold: bool = False, size: int = 21) -> str:
    marks = "<w:b/>" if bold else ""
    return (
        f'<w:r><w:rPr><w:rFonts w:eastAsia="宋体"/>{marks}<w:sz w:val="{size}"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    )


def _paragraph(runs: str, rsid: str, *, center: bool = False, indent: bool = False) -> str:
    align = '<w:jc w:val="center"/>' if center else ""
    first = '<w:ind w:firstLine="420"/>' if indent else ""
    return f'<w:p w:rsidR="{rsid}"><w:pPr>{first}{align}</w:pPr>{runs}</w:p>'


def _cell(content: str, width: int, *, span: int = 1) -> str:
    merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}</w:tcPr>{content}</w:tc>'


def _head_rows(sheet: Sheet, rsid: str) -> str:
    fields = [(name, sheet.head.get(name, "")) for name in HEAD_FIELDS]
    rows = ""
    for left in range(0, len(fields), 2):
        cells = ""
        for name, value in fields[left : left + 2]:
            cells += _cell(_paragraph(_run(name, bold=True), rsid, center=True), 1200)
            cells += _cell(_paragraph(_run(value), rsid), 3100)
        rows += f"<w:tr>{cells}</w:tr>"
    return rows


def _section_row(label: str, sentences: list[str], rsids: tuple[str, ...], at: int) -> str:
    rsid = rsids[at % len(rsids)]
    body = "".join(sentences)
    lines = [line for line in body.split("\n") if line] or [""]
    content = _paragraph(_run(label, bold=True), rsids[0])
    content += "".join(_paragraph(_run(line), rsid, indent=True) for line in lines)
    return f"<w:tr>{_cell(content, 8600, span=4)}</w:tr>"


def _table(sheet: Sheet, rsids: tuple[str, ...]) -> str:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:color="auto"/>' for side in sides)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in (1200, 3100, 1200, 3100))
    rows = _head_rows(sheet, rsids[0])
    rows += "".join(
        _section_row(label, sentences, rsids, at)
        for at, (label, sentences) in enumerate(sheet.sections, 1)
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="8600" w:type="dxa"/><w:tblBorders>{borders}'
        f"</w:tblBorders></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _picture(order: int, name: str, body: bytes) -> str:
    with Image.open(io.BytesIO(body)) as image:
        width, height = image.size
    wide = min(width, 420) * _EMU
    high = wide * height // width
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    return (
        f'<w:r><w:drawing><wp:inline xmlns:wp="{drawing}/wordprocessingDrawing">'
        f'<wp:extent cx="{wide}" cy="{high}"/><wp:docPr id="{order}" name="{name}"/>'
        f'<a:graphic xmlns:a="{drawing}/main"><a:graphicData uri="{drawing}/picture">'
        f'<pic:pic xmlns:pic="{drawing}/picture"><pic:nvPicPr><pic:cNvPr id="{order}" '
        f'name="{name}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'<a:blip xmlns:r="{_R}" r:embed="rId{order + 2}"/><a:stretch><a:fillRect/></a:stretch>'
        '</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
        f'<a:ext cx="{wide}" cy="{high}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def _document(sheet: Sheet, images: list[tuple[str, bytes]], stamp: Stamp) -> str:
    root = stamp.rsids[0]
    body = _paragraph(_run(sheet.title, bold=True, size=32), root, center=True)
    if sheet.form is not None:
        body += _paragraph(_run(sheet.form.note, size=18), root)
        body += _table(sheet, stamp.rsids)
    else:
        for at, (label, sentences) in enumerate(sheet.sections):
            body += _paragraph(_run(label, bold=True), root) if label else ""
            rsid = stamp.rsids[at % len(stamp.rsids)]
            lines = [line for line in "".join(sentences).split("\n") if line]
            body += "".join(_paragraph(_run(line), rsid, indent=True) for line in lines)
    for order, (name, image) in enumerate(images, 1):
        body += _paragraph(_picture(order, name, image), root, center=True)
    page = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1440" w:right="1600" w:bottom="1440" w:left="1600" '
        'w:header="851" w:footer="992" w:gutter="0"/></w:sectPr>'
    )
    closing = _paragraph("", root) if sheet.form is not None and not images else ""
    return f'<w:document xmlns:w="{_W}"><w:body>{body}{closing}{page}</w:body></w:document>'
