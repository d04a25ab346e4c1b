import datetime as dt
import hashlib
import io
import zipfile

import docx
import numpy as np
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image

from workbench.readers.limits import Limits
from workbench.readers.reading import read_file

BOX = (
    '<w:r {ns} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"><mc:AlternateContent>'
    '<mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>'
    "<w:p><w:r><w:t>文本框里的学情分析</w:t></w:r></w:p>"
    "</w:txbxContent></wps:txbx></w:drawing></mc:Choice>"
    "<mc:Fallback><w:pict><v:textbox><w:txbxContent>"
    "<w:p><w:r><w:t>文本框里的学情分析</w:t></w:r></w:p>"
    "</w:txbxContent></v:textbox></w:pict></mc:Fallback>"
    "</mc:AlternateContent></w:r>"
).format(ns=nsdecls("w"))
CONTROL = (
    "<w:sdt {ns}><w:sdtContent><w:p><w:r><w:t>内容控件里的教学目标</w:t></w:r></w:p>"
    "</w:sdtContent></w:sdt>"
).format(ns=nsdecls("w"))


def scene(seed=1, size=(640, 480)):
    cells = np.random.default_rng(seed).integers(0, 256, (9, 12), dtype=np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)


def saved(picture, form="PNG"):
    data = io.BytesIO()
    picture.save(data, form)
    return data.getvalue()


def full_document(path):
    """A document with text in every place teachers put it."""
    document = docx.Document()
    paragraph = document.add_paragraph("正文")
    paragraph._p.append(parse_xml(BOX))
    paragraph.add_run("续写")
    document.element.body.insert(1, parse_xml(CONTROL))
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "环节", "活动"
    document.sections[0].header.paragraphs[0].text = "页眉学校"
    document.sections[0].footer.paragraphs[0].text = "页脚说明"
    document.add_picture(io.BytesIO(saved(scene())))
    properties = document.core_properties
    properties.author, properties.last_modified_by = "T0007", "T0008"
    properties.created = dt.datetime(2026, 3, 5, 1, 2, 3)
    document.save(path)


def with_part(path, name, data):
    """The same package with one more or another part."""
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[name] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in parts.items():
            archive.writestr(each, content)


def test_text_is_found_wherever_it_stands_and_once(tmp_path):
    full_document(tmp_path / "设计.docx")
    facts = read_file(tmp_path / "设计.docx")
    assert facts.text.split("\n") == [
        "正文续写",
        "内容控件里的教学目标",
        "环节",
        "活动",
        "文本框里的学情分析",
        "页眉学校",
        "页脚说明",
    ]
    assert facts.chars == 4 + 10 + 2 + 2 + 9 + 4 + 4


def test_notes_and_deleted_text(tmp_path):
    path = tmp_path / "a.docx"
    full_document(path)
    notes = (
        f"<w:footnotes {nsdecls('w')}><w:footnote><w:p><w:r><w:t>脚注出处</w:t></w:r>"
        "<w:del><w:r><w:delText>已删</w:delText></w:r></w:del></w:p></w:footnote></w:footnotes>"
    )
    with_part(path, "word/footnotes.xml", notes.encode())
    text = read_file(path).text
    assert "脚注出处" in text
    assert "已删" not in text


def test_who_wrote_it_and_when(tmp_path):
    full_document(tmp_path / "a.docx")
    facts = read_file(tmp_path / "a.docx")
    assert (facts.author, facts.last_modified_by) == ("T0007", "T0008")
    assert facts.created_at == "2026-03-05T01:02:03Z"
    assert facts.template == "Normal.dotm"
    assert facts.pages == 1


def test_revision_ids_are_sorted_and_single(tmp_path):
    path = tmp_path / "a.docx"
    full_document(path)
    settings = (
        f"<w:settings {nsdecls('w')}><w:rsids><w:rsidRoot w:val='00B2'/><w:rsid w:val='00B2'/>"
        "<w:rsid w:val='00A1'/></w:rsids></w:settings>"
    )
    with_part(path, "word/settings.xml", settings.encode())
    assert read_file(path).revision_ids == ("00A1", "00B2")


def test_an_embedded_picture_has_both_hashes(tmp_path):
    full_document(tmp_path / "a.docx")
    (picture,) = read_file(tmp_path / "a.docx").pictures
    assert picture.sha256 == hashlib.sha256(saved(scene())).hexdigest()
    assert (picture.width, picture.height, len(picture.dhash)) == (640, 480, 12)
    assert picture.dhash[0] != picture.mirror


def test_a_picture_that_cannot_be_decoded_does_not_cost_the_document(tmp_path):
    path = tmp_path / "a.docx"
    full_document(path)
    with_part(path, "word/media/image2.png", saved(scene())[:200])
    facts = read_file(path)
    assert [picture.width for picture in facts.pictures] == [640, None]
    assert "picture_broken" in facts.warnings


def test_pictures_beyond_the_limit_keep_only_their_digest(tmp_path):
    path = tmp_path / "a.docx"
    full_document(path)
    with_part(path, "word/media/image2.png", saved(scene(2)))
    facts = read_file(path, Limits(pictures=1))
    assert [bool(picture.dhash) for picture in facts.pictures] == [True, False]
    assert facts.warnings == ("pictures_cut",)


def test_macros_are_named_and_not_run(tmp_path):
    path = tmp_path / "a.docx"
    full_document(path)
    with_part(path, "word/vbaProject.bin", b"\xd0\xcf")
    assert read_file(path).warnings == ("macros",)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            "<html><head><title>x</title></head><body><p>教案</p><p>目标</p></body></html>",
            "教案\n目标",
        ),
        (
            "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n"
            "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n"
            "\n<html><body><p>=E6=95=99=E6=A1=88</p></body></html>\n--b--\n",
            "教案",
        ),
    ],
)
def test_a_web_page_named_doc_is_read(tmp_path, content, text):
    (tmp_path / "教案.doc").write_text(content, encoding="utf-8")
    facts = read_file(tmp_path / "教案.doc")
    assert (facts.media_type, facts.text, facts.warnings) == ("doc", text, ("html_inside",))
