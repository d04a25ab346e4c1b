import hashlib
import os

import pytest

from workbench.readers.errors import Unreadable
from workbench.readers.storing import copy_hashing, open_inside, safe_open, safe_parts


def refused(call, *arguments):
    with pytest.raises(Unreadable) as caught:
        call(*arguments)
    return caught.value.code


def test_a_copy_is_hashed_on_the_way(tmp_path):
    data = os.urandom(3 * 1024 * 1024 + 7)
    source, target = tmp_path / "a.bin", tmp_path / "b.bin"
    source.write_bytes(data)
    assert copy_hashing(source, target) == (hashlib.sha256(data).hexdigest(), len(data))
    assert target.read_bytes() == data


def test_a_copy_that_grows_too_large_leaves_nothing_behind(tmp_path):
    source, target = tmp_path / "a.bin", tmp_path / "b.bin"
    source.write_bytes(b"x" * 11)
    assert refused(copy_hashing, source, target, 10) == "too_large"
    assert not target.exists()


def test_a_copy_never_replaces_a_file(tmp_path):
    source, target = tmp_path / "a.bin", tmp_path / "b.bin"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        copy_hashing(source, target)
    assert target.read_bytes() == b"old"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "real.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    assert refused(safe_open, tmp_path / "link.txt") == "unsafe_path"


def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.docx")
    assert refused(safe_open, tmp_path / "pipe.docx") == "unsafe_path"


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    assert refused(safe_open, tmp_path) == "unsafe_path"
    assert refused(safe_open, tmp_path / "none.txt") == "unsafe_path"


def test_a_linked_folder_on_the_way_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("secret")
    package = tmp_path / "package"
    package.mkdir()
    (package / "甲").symlink_to(outside)
    assert refused(open_inside, package, "甲/a.txt") == "unsafe_path"


def test_a_file_in_the_package_opens_with_either_slash(tmp_path):
    (tmp_path / "甲").mkdir()
    (tmp_path / "甲" / "a.txt").write_text("x")
    for name in ("甲/a.txt", "甲\\a.txt", "./甲/a.txt"):
        with open_inside(tmp_path, name) as file:
            assert file.read() == b"x"


@pytest.mark.parametrize("name", ["", ".", "/etc/passwd", "../a", "a/../../b", "C:\\a", "a\0b"])
def test_a_path_that_leads_elsewhere_is_refused(name):
    assert refused(safe_parts, name) == "unsafe_path"
