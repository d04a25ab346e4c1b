import struct

import pytest

from workbench.readers.compound import MAGIC, read_compound
from workbench.readers.errors import Unreadable
from workbench.readers.kinds import kind_of
from workbench.readers.limits import DEFAULT

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
FREE, END = 0xFFFFFFFF, 0xFFFFFFFE


def compound(*streams, flags=0):
    """A compound file with empty streams; the first begins with a Word header of these flags."""
    sector = 512
    fat = [0xFFFFFFFD, END, END] + [FREE] * 125
    header = bytearray(MAGIC + bytes(sector - 8))
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 44, 1)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<I", header, 68, END)
    struct.pack_into("<109I", header, 76, 0, *[FREE] * 108)
    entries = b""
    for place, name in enumerate(("Root Entry", *streams)):
        raw = name.encode("utf-16-le")
        entry = bytearray(raw + bytes(128 - len(raw)))
        struct.pack_into("<HB", entry, 64, len(raw) + 2, 5 if place == 0 else 2)
        struct.pack_into("<I", entry, 116, 2)
        entries += entry
    body = bytearray(sector)
    struct.pack_into("<H", body, 10, flags)
    return bytes(header) + struct.pack("<128I", *fat) + entries.ljust(sector, b"\0") + bytes(body)


def kind(tmp_path, name, data):
    (tmp_path / "stored").write_bytes(data)
    return kind_of(tmp_path / "stored", name, DEFAULT)


def code_of(tmp_path, name, data):
    with pytest.raises(Unreadable) as caught:
        kind(tmp_path, name, data)
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.pdf", b"junk\n%PDF-1.7\n", "pdf"),
        ("a.JPEG", b"\xff\xd8\xff\xe0" + b"x" * 20, "jpg"),
        ("a.tif", b"II*\0" + b"x" * 20, "tiff"),
        ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        ("a.mov", b"\0\0\0\x14ftypqt  \0\0\0\0", "mov"),
        ("a.mp4", b"\0\0\0\x18ftypisom\0\0\0\0", "mp4"),
        ("a.m4a", b"\0\0\0\x18ftypM4A \0\0\0\0", "m4a"),
        ("a.mkv", b"\x1aE\xdf\xa3\x01\0\0\0matroska", "mkv"),
        ("a.webm", b"\x1aE\xdf\xa3\x01\0\0\0webm", "webm"),
        ("a.mp3", b"\xff\xfb\x90\x00" + b"\0" * 20, "mp3"),
        ("a.csv", "姓名,学校".encode("gb18030"), "csv"),
        ("a.md", b"# plan", "md"),
        ("a.doc", compound("WordDocument"), "doc"),
        ("a.wps", compound("WordDocument"), "wps"),
        ("a.xls", compound("Workbook"), "xls"),
        ("a.ppt", compound("PowerPoint Document"), "ppt"),
        ("a.doc", rb"{\rtf1\ansi x}", "doc"),
        ("no extension", PNG, "png"),
    ],
)
def test_the_content_says_what_a_file_is(tmp_path, name, data, media_type):
    found = kind(tmp_path, name, data)
    assert (found.media_type, found.mislabelled) == (media_type, False)


def test_another_extension_of_the_same_family_is_noted(tmp_path):
    found = kind(tmp_path, "a.jpg", PNG)
    assert (found.media_type, found.mislabelled) == ("png", True)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", PNG),
        ("a.mp4", b"just text"),
        ("a.docx", b"MZ\x90\0\x03\0\0\0"),
        ("a.png", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_another_family_than_the_name_says_is_mislabelled(tmp_path, name, data):
    assert code_of(tmp_path, name, data) == "mislabelled"


def test_phone_pictures_browsers_cannot_show_are_named(tmp_path):
    with pytest.raises(Unreadable, match="save it as JPEG") as caught:
        kind(tmp_path, "a.heic", b"\0\0\0\x18ftypheic\0\0\0\0")
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize(
    "data",
    [
        compound("EncryptedPackage"),
        compound("WordDocument", flags=0x0100),
        compound("PowerPoint Document", "EncryptedSummary"),
    ],
)
def test_a_password_on_an_office_file_is_seen(tmp_path, data):
    assert code_of(tmp_path, "a.docx", data) == "encrypted"


def test_a_compound_file_whose_directory_leads_nowhere_is_broken():
    data = bytearray(compound("WordDocument"))
    struct.pack_into("<I", data, 48, 9_999)
    with pytest.raises(Unreadable, match="directory"):
        read_compound(bytes(data[:700]))


def test_a_directory_that_runs_in_a_circle_ends():
    data = bytearray(compound("WordDocument"))
    struct.pack_into("<I", data, 512 + 4, 1)  # sector 1 is followed by itself
    assert read_compound(bytes(data)).kind == "doc"
