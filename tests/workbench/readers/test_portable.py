import io

import pypdf
import pytest
import typst
from PIL import Image
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from workbench.readers.errors import Unreadable
from workbench.readers.limits import Limits
from workbench.readers.portable import iso_time
from workbench.readers.reading import read_file

SOURCE = '#set document(author: "T0007")\nlesson plan\n#pagebreak()\nsecond page'


@pytest.fixture(scope="module")
def plan():
    return typst.compile(SOURCE.encode())


def written(path, data, change):
    """The PDF after a change made with pypdf."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    change(writer)
    writer.write(path)


def code_of(path, limits=None):
    with pytest.raises(Unreadable) as caught:
        read_file(path, limits or Limits())
    return caught.value.code


def test_text_pages_and_author(tmp_path, plan):
    (tmp_path / "a.pdf").write_bytes(plan)
    facts = read_file(tmp_path / "a.pdf")
    assert facts.text.split("\f") == ["lesson plan", "second page"]
    assert (facts.media_type, facts.pages, facts.author) == ("pdf", 2, "T0007")
    assert facts.encoder.startswith("Typst")
    assert facts.warnings == ()


def test_a_password_is_told_from_damage(tmp_path, plan):
    written(tmp_path / "a.pdf", plan, lambda writer: writer.encrypt("geheim", algorithm="RC4-128"))
    (tmp_path / "b.pdf").write_bytes(plan[: len(plan) // 3])
    assert code_of(tmp_path / "a.pdf") == "encrypted"
    assert code_of(tmp_path / "b.pdf") == "broken"


def test_a_pdf_that_only_forbids_printing_is_read(tmp_path, plan):
    def forbid(writer):
        writer.encrypt("", "owner", algorithm="RC4-128")

    written(tmp_path / "a.pdf", plan, forbid)
    facts = read_file(tmp_path / "a.pdf")
    assert (facts.pages, facts.warnings) == (2, ("restricted",))


def act(writer, kind, key, value):
    """Let the document do something when it is opened."""
    action = {NameObject("/S"): NameObject(kind), NameObject(key): TextStringObject(value)}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)


@pytest.mark.parametrize(
    "change",
    [
        lambda writer: act(writer, "/JavaScript", "/JS", "app.alert(1)"),
        lambda writer: writer.add_attachment("a.exe", b"MZ"),
        lambda writer: act(writer, "/Launch", "/F", "x.exe"),
    ],
)
def test_active_content_is_named(tmp_path, plan, change):
    written(tmp_path / "a.pdf", plan, change)
    assert "active_content" in read_file(tmp_path / "a.pdf").warnings


def test_a_scan_has_pictures_and_no_text(tmp_path):
    Image.radial_gradient("L").resize((400, 300)).convert("RGB").save(tmp_path / "scan.pdf")
    facts = read_file(tmp_path / "scan.pdf")
    (picture,) = facts.pictures
    assert facts.warnings == ("no_text",)
    assert (picture.width, picture.height, len(picture.dhash)) == (400, 300, 12)


def test_more_pages_than_allowed_are_too_long(tmp_path, plan):
    (tmp_path / "a.pdf").write_bytes(plan)
    assert code_of(tmp_path / "a.pdf", Limits(pdf_pages=1)) == "too_long"


def test_text_named_pdf_is_mislabelled(tmp_path):
    (tmp_path / "a.pdf").write_text("not a pdf")
    assert code_of(tmp_path / "a.pdf") == "mislabelled"


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("D:20260305", "2026-03-05T00:00:00"),
        ("D:20260305091011Z", "2026-03-05T09:10:11Z"),
        ("last spring", ""),
    ],
)
def test_times_of_a_pdf(stated, iso):
    assert iso_time(stated) == iso
