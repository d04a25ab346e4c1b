"""Originals by content: whole, once, or not at all."""

import hashlib
import io
import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import StoreError
from models.evidence_store import EvidenceStore

MIB = 1 << 20


def take(store, content, largest=MIB):
    return store.take(io.BytesIO(content), "方案.docx", largest)


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@given(st.binary(max_size=2000))
def test_a_file_lies_under_its_digest(tmp_path_factory, content):
    store = EvidenceStore(tmp_path_factory.mktemp("evidence"))
    kept = take(store, content)
    digest = hashlib.sha256(content).hexdigest()
    assert kept.sha256 == digest
    assert kept.bytes == len(content)
    assert kept.path == store.folder / digest[:2] / digest[2:4] / digest
    assert kept.path.read_bytes() == content
    assert store.is_whole(digest)


def test_a_file_taken_twice_is_kept_once_and_cannot_be_written(tmp_path):
    store = EvidenceStore(tmp_path)
    first, second = take(store, b"same"), take(store, b"same")
    assert first == second
    assert files(tmp_path) == [first.path]
    assert first.path.stat().st_mode & 0o777 == 0o440


def test_a_file_too_large_leaves_nothing_behind(tmp_path):
    store = EvidenceStore(tmp_path)
    with pytest.raises(StoreError, match="larger than 1 MB") as caught:
        take(store, b"x" * (MIB + 1))
    assert caught.value.key == "evidence.too_large"
    assert files(tmp_path) == []
    assert take(store, b"x" * MIB).bytes == MIB


def test_reading_that_breaks_off_leaves_nothing_behind(tmp_path):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(10)

    with pytest.raises(OSError, match="Input/output"):
        EvidenceStore(tmp_path).take(Broken(b"x" * 100), "a", MIB)
    assert files(tmp_path) == []


def test_a_damaged_file_is_noticed_and_a_cut_one_made_whole_again(tmp_path):
    store = EvidenceStore(tmp_path)
    kept = take(store, b"0123456789")
    kept.path.chmod(0o600)
    kept.path.write_bytes(b"01234")
    assert not store.is_whole(kept.sha256)
    take(store, b"0123456789")
    assert store.is_whole(kept.sha256)
    assert not store.is_whole("0" * 64)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte, where this machine lets us make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk takes root")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_full_disk_nothing_is_left_half_written(small_disk):
    store = EvidenceStore(small_disk)
    kept = take(store, b"a" * (MIB // 2))
    with pytest.raises(StoreError, match="no space left") as caught:
        take(store, b"b" * MIB)
    assert caught.value.key == "evidence.no_space"
    assert files(small_disk) == [kept.path]
    assert store.is_whole(kept.sha256)
    assert take(store, b"c" * 1000).bytes == 1000  # there is room again


def test_a_full_disk_is_named_also_where_not_even_a_file_can_be_begun(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("models.evidence_store.tempfile.mkstemp", full)
    with pytest.raises(StoreError, match="no space left"):
        take(EvidenceStore(tmp_path), b"x")
