"""Files made to break readers: each is one refusal with its code, never a crash or a wait."""

import io
import os
import stat
import struct
import zipfile
import zlib

import docx
import openpyxl
import pytest

from workbench.readers.limits import Limits

BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">{more}]>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
<w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>""".format(
    more="".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
)


def package(*members, form="word/document.xml", level=zipfile.ZIP_DEFLATED):
    """A docx of the given members; a member is a name or ZipInfo, and its content."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", level) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        if form and form not in [getattr(name, "filename", name) for name, _ in members]:
            archive.writestr(form, "<document><p><t>x</t></p></document>")
        for name, content in members:
            archive.writestr(name, content)
    return data.getvalue()


def plain_zip(name):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, "x")
    return data.getvalue()


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def nested(depth):
    data = package()
    for _ in range(depth):
        data = package(("word/embeddings/inner.docx", data))
    return data


def overlapping():
    """Two directory entries for the bytes of one member."""
    data = bytearray(package())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first, second = archive.infolist()[:2]
    at = data.rindex(b"PK\x01\x02")
    assert struct.unpack_from("<I", data, at + 42)[0] == second.header_offset
    struct.pack_into("<I", data, at + 42, first.header_offset + 4)
    return bytes(data)


def huge_png():
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    size = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


def protected_zip():
    data = bytearray(package())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + at] |= 1
            place = data.find(mark, place + 4)
    return bytes(data)


HOSTILE = {
    "bomb.docx": (package(("word/a.xml", b"\0" * 60_000_000)), "bomb"),
    "many.docx": (package(*[(f"word/{n}.xml", "") for n in range(5_000)]), "bomb"),
    "climb.docx": (package(("../../etc/cron.d/x", "x")), "unsafe_path"),
    "root.docx": (package(("/etc/passwd", "x")), "unsafe_path"),
    "nameless.zip": (plain_zip("A").replace(b"A", b"\0"), "unsafe_path"),
    "drive.zip": (plain_zip("C:\\a.txt"), "unsafe_path"),
    "link.docx": (package((link("word/link"), "/etc/passwd")), "unsafe_path"),
    "twice.docx": (package(("word/A.xml", "x"), ("word/a.xml", "y")), "unsafe_path"),
    "twice-nfc.docx": (package(("word/é.xml", "x"), ("word/e\u0301.xml", "y")), "unsafe_path"),
    "overlap.docx": (overlapping(), "bomb"),
    "nested.docx": (nested(2), "bomb"),
    "locked.docx": (protected_zip(), "encrypted"),
    "laughs.docx": (package(("word/document.xml", BOMB)), "bomb"),
    "laughs16.docx": (package(("word/document.xml", BOMB.encode("utf-16"))), "bomb"),
    "entity.docx": (
        package(("word/styles.xml", '<!DOCTYPE x SYSTEM "file:///etc/passwd">')),
        "bomb",
    ),
    "half.docx": (package()[:-30], "broken"),
    "notxml.docx": (package(("word/document.xml", "<w")), "broken"),
    "empty.docx": (b"", "empty"),
    "zeros.pdf": (bytes(100_000), "empty"),
    "picture.docx": (huge_png(), "mislabelled"),
    "huge.png": (huge_png(), "too_large"),
    "list.mp4": (b"ffconcat version 1.0\nfile other.mp4\n", "mislabelled"),
    "noise.docx": (os.urandom(5_000), "mislabelled"),
    "half.xls": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "broken"),
    "program.exe": (b"MZ\x90\0" + bytes(range(256)), "unsupported"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_refusal_with_its_code(tmp_path, pool, name):
    data, code = HOSTILE[name]
    (tmp_path / name).write_bytes(data)
    reading = pool.read(tmp_path / name)
    assert (reading.code, reading.facts) == (code, None), reading.detail
    assert reading.seconds < 5


def test_one_archive_inside_a_document_is_allowed(tmp_path, pool):
    (tmp_path / "a.docx").write_bytes(nested(1))
    assert pool.read(tmp_path / "a.docx").code == ""


def test_a_pipe_and_a_link_are_no_evidence(tmp_path, pool):
    os.mkfifo(tmp_path / "pipe.docx")
    (tmp_path / "real.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    assert pool.read(tmp_path / "pipe.docx").code == "unsafe_path"
    assert pool.read(tmp_path / "link.txt").code == "unsafe_path"


def test_a_document_cut_anywhere_is_refused_or_read_and_never_kills(tmp_path, pool):
    document = docx.Document()
    document.add_paragraph("教学设计")
    whole = io.BytesIO()
    document.save(whole)
    data = whole.getvalue()
    files = []
    for part in range(1, 12):
        files.append(tmp_path / f"{part}.docx")
        files[-1].write_bytes(data[: len(data) * part // 12])
    assert {reading.code for reading in pool.read_many(files)} == {"broken"}


def test_a_sheet_over_its_xml_limit_is_refused_before_it_is_parsed(tmp_path, pool):
    book = openpyxl.Workbook()
    for number in range(3_000):
        book.active.append([f"{number}-{column}" for column in range(20)])
    book.save(tmp_path / "a.xlsx")
    reading = pool.read(tmp_path / "a.xlsx", limits=Limits(sheet_xml_mib=1))
    assert reading.code == "too_large"


def test_members_written_by_chinese_windows_keep_their_names(tmp_path, pool):
    data = plain_zip("AAAAAAAA.txt").replace(b"AAAAAAAA", "教学设计".encode("gb18030"))
    (tmp_path / "a.zip").write_bytes(data)
    assert pool.read(tmp_path / "a.zip").facts.members == ("教学设计.txt",)
