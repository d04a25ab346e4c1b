import hashlib
import io
import zipfile

import pytest

from workbench.readers.archives import unpack
from workbench.readers.errors import Unreadable
from workbench.readers.limits import DEFAULT, Limits
from workbench.readers.reading import read_file


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def test_a_package_comes_out_with_names_and_digests(tmp_path):
    members = {"manifest.csv": b"x", "甲/A1/设计.docx": b"PK...", "甲/": b""}
    found = unpack(archive(tmp_path / "a.zip", members), tmp_path / "out", DEFAULT)
    assert [member.name for member in found] == ["manifest.csv", "甲/A1/设计.docx"]
    assert found[1].path.read_bytes() == b"PK..."
    assert found[1].sha256 == hashlib.sha256(b"PK...").hexdigest()


def test_nothing_is_written_when_one_name_is_unsafe(tmp_path):
    path = archive(tmp_path / "a.zip", {"a.txt": b"x", "../b.txt": b"y"})
    with pytest.raises(Unreadable):
        unpack(path, tmp_path / "out", DEFAULT)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "b.txt").exists()


def test_a_member_with_damaged_content_names_itself(tmp_path):
    path = archive(tmp_path / "a.zip", {"a.txt": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    data[60:64] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"a\.txt") as caught:
        unpack(path, tmp_path / "out", DEFAULT)
    assert caught.value.code == "broken"


def test_a_damaged_zip_is_no_evidence(tmp_path):
    path = archive(tmp_path / "a.zip", {"a.txt": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    data[60:64] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"a\.txt"):
        read_file(path)


def test_a_package_within_a_package_is_left_packed(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("a.txt", "x")
    path = archive(tmp_path / "a.zip", {"inner.zip": inner.getvalue()})
    assert unpack(path, tmp_path / "out", Limits(nested_archives=0))[0].name == "inner.zip"


def test_a_zip_as_evidence_lists_its_files_and_is_not_shown(tmp_path):
    path = archive(tmp_path / "资源.zip", {"课件/": b"", "课件/1.txt": b"x", "2.txt": b"y"})
    facts = read_file(path)
    assert (facts.media_type, facts.members) == ("zip", ("课件/1.txt", "2.txt"))
    assert (facts.previewable, facts.warnings) == (False, ("no_preview",))


def test_a_zip_without_a_file_is_empty(tmp_path):
    with pytest.raises(Unreadable) as caught:
        read_file(archive(tmp_path / "a.zip", {"甲/": b""}))
    assert caught.value.code == "empty"
