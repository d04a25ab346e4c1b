import os
import shutil
import subprocess
import time
from pathlib import Path

import docx
import pptx
import pytest

from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.office import Office, find_office

pytestmark = pytest.mark.slow

needs_office = pytest.mark.skipif(find_office() is None, reason="LibreOffice is not installed")


def program(folder, script):
    path = folder / "soffice"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def old_files(tmp_path_factory):
    """A doc and a ppt, saved by LibreOffice itself."""
    folder = tmp_path_factory.mktemp("old")
    document = docx.Document()
    document.add_paragraph("教学设计初稿")
    document.core_properties.author = "T0007"
    document.save(folder / "a.docx")
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "圆的面积"
    deck.save(folder / "a.pptx")
    office = Office(find_office(), folder)
    for source, target in (("docx", "doc"), ("pptx", "ppt")):
        made = office.convert(folder / f"a.{source}", source, target, 60)
        shutil.move(made, folder / f"a.{target}")
    shutil.copy(folder / "a.doc", folder / "a.wps")
    return folder


@needs_office
def test_old_office_files_are_read_by_way_of_libreoffice(old_files):
    with ReaderPool() as pool:
        found = {name: pool.read(old_files / name).facts for name in ("a.wps", "a.ppt")}
    assert {facts.media_type for facts in found.values()} == {"wps", "ppt"}
    assert all(facts.previewable and "no_preview" not in facts.warnings for facts in found.values())
    assert found["a.wps"].text == "教学设计初稿"
    assert found["a.wps"].author == "T0007"
    assert found["a.wps"].revision_ids == ()
    assert (found["a.ppt"].pages, found["a.ppt"].text) == (1, "圆的面积")


@needs_office
def test_without_libreoffice_an_old_file_is_kept_and_not_shown(old_files, pool):
    reading = pool.read(old_files / "a.doc")
    assert reading.code == ""
    assert reading.facts.media_type == "doc"
    assert (reading.facts.previewable, reading.facts.warnings) == (False, ("no_preview",))


@needs_office
def test_a_document_can_be_shown_as_pdf(old_files, tmp_path):
    made = Office(find_office(), tmp_path).convert(old_files / "a.doc", "doc", "pdf", 60)
    assert made.read_bytes().startswith(b"%PDF-")


@needs_office
def test_a_service_without_a_language_converts_in_a_folder_with_a_chinese_name(
    old_files, tmp_path, monkeypatch
):
    monkeypatch.setenv("LANG", "C")
    folder = tmp_path / "证据 甲"
    folder.mkdir()
    made = Office(find_office(), folder).convert(old_files / "a.doc", "doc", "pdf", 60)
    assert made.read_bytes().startswith(b"%PDF-")


def test_a_conversion_that_hangs_is_ended_with_all_it_started(tmp_path):
    (tmp_path / "a.doc").write_bytes(b"x")
    office = Office(program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/pid; wait"), tmp_path)
    with pytest.raises(Unreadable) as caught:
        office.convert(tmp_path / "a.doc", "doc", "docx", 3)
    assert caught.value.code == "timeout"
    sleeper = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 30
    while alive(sleeper) and time.monotonic() < until:
        os.sched_yield()
    assert not alive(sleeper)


def alive(pid):
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_conversion_that_writes_nothing_is_broken_and_leaves_nothing(tmp_path):
    (tmp_path / "a.doc").write_bytes(b"x")
    with pytest.raises(Unreadable) as caught:
        Office(program(tmp_path, "exit 1"), tmp_path).convert(tmp_path / "a.doc", "doc", "docx", 5)
    assert caught.value.code == "broken"
    assert not list(tmp_path.glob("convert-*"))


def test_a_failed_conversion_never_rejects_the_file(tmp_path, old_doc):
    with ReaderPool() as pool:
        pool._office.program = program(tmp_path, "exit 1")
        reading = pool.read(old_doc)
    assert reading.code == ""
    assert reading.facts.warnings == ("no_preview", "convert_failed")
    assert reading.facts.previewable is False


@pytest.fixture
def old_doc(tmp_path):
    (tmp_path / "a.doc").write_text(r"{\rtf1\ansi plan}")
    return tmp_path / "a.doc"


def test_macros_and_links_are_off_in_the_private_profile(tmp_path):
    (tmp_path / "a.doc").write_bytes(b"x")
    office = Office(program(tmp_path, "exit 1"), tmp_path)
    with pytest.raises(Unreadable):
        office.convert(tmp_path / "a.doc", "doc", "docx", 5)
    settings = (tmp_path / "profile/user/registrymodifications.xcu").read_text()
    assert "DisableMacrosExecution" in settings
    assert "BlockUntrustedRefererLinks" in settings


@pytest.mark.skipif(shutil.which("fc-match") is None, reason="no fontconfig here")
@pytest.mark.parametrize("name", ["宋体", "SimSun", "仿宋_GB2312", "楷体", "黑体", "微软雅黑"])
def test_fonts_of_windows_are_stood_in_for_by_simplified_chinese_ones(tmp_path, name):
    Office(None, tmp_path)._prepare()
    found = subprocess.run(
        ["fc-match", "-f", "%{family}", name],
        env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert any(mark in found for mark in (" SC", "Sim", "FangSong", "KaiTi", "YaHei", "Fandol"))
