import io
import os
import signal
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image

from workbench.readers import isolation
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import Limits


@pytest.fixture(scope="module")
def slow(tmp_path_factory) -> Path:
    """A picture that takes most of a second to decode."""
    path = tmp_path_factory.mktemp("slow") / "slow.png"
    row = np.random.default_rng(1).integers(0, 256, (1, 7_000, 3), dtype=np.uint8)
    Image.fromarray(np.repeat(row, 7_000, axis=0)).save(path, compress_level=1)
    return path


def note(folder, name, text="课后反思"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def children(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def kill_first_child(pid):
    """Kill the next child of the prepared process as soon as it is there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for child in children(pid):
            os.kill(child, signal.SIGKILL)
            return


needs_proc = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="needs /proc (Linux)"
)


def test_a_reading_says_what_it_cost(tmp_path, pool):
    reading = pool.read(note(tmp_path, "stored"), "反思.txt")
    assert (reading.name, reading.facts.media_type, reading.code) == ("反思.txt", "txt", "")
    assert 0 < reading.cpu_s < 5
    assert reading.peak_mib > 1
    assert reading.seconds > 0


@needs_proc
def test_a_killed_child_is_one_rejected_reading_and_the_next_file_still_reads(tmp_path, pool, slow):
    killer = threading.Thread(target=kill_first_child, args=(pool._line.pid,))
    killer.start()
    first = pool.read(slow)
    killer.join()
    second = pool.read(note(tmp_path, "a.txt"))
    assert (first.code, first.facts) == ("died", None)
    assert "signal 9" in first.detail
    assert second.facts.chars == 4


@needs_proc
def test_a_killed_prepared_process_is_started_anew(tmp_path, pool):
    assert pool.read(note(tmp_path, "a.txt")).code == ""
    before = pool._line.pid
    os.kill(before, signal.SIGKILL)
    assert pool.read(note(tmp_path, "b.txt")).facts.chars == 4
    assert pool._line.pid != before


@needs_proc
def test_no_process_is_left_behind(slow):
    with ReaderPool(convert=False) as pool:
        pid = pool._line.pid
        pool._ask("facts", slow, "", None)
    assert not Path(f"/proc/{pid}").exists()


def test_a_file_that_takes_too_long_is_stopped(tmp_path, pool, slow):
    reading = pool.read(slow, limits=Limits(wall_s=0.1))
    assert (reading.code, reading.facts) == ("timeout", None)
    assert reading.seconds >= 0.1
    assert pool.read(note(tmp_path, "a.txt")).code == ""


def test_processor_time_is_limited(tmp_path, pool):
    picture = io.BytesIO()
    Image.effect_noise((1_600, 1_200), 60).save(picture, "PNG", compress_level=1)
    with zipfile.ZipFile(tmp_path / "album.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
        for number in range(100):
            archive.writestr(f"word/media/image{number}.png", picture.getvalue())
    limits = Limits(cpu_s=1, office_packed_mib=300)
    reading = pool.read(tmp_path / "album.docx", limits=limits)
    assert (reading.code, reading.detail) == ("timeout", "stopped: out of processor time")
    assert reading.cpu_s < 2


def test_a_file_that_wants_too_much_memory_is_refused(slow, pool):
    reading = pool.read(slow, limits=Limits(memory_mib=60))
    assert (reading.code, reading.facts) == ("memory", None)


def test_readings_come_in_the_order_of_the_files(tmp_path, pool, slow):
    files = [slow, *(note(tmp_path, f"{number}.txt") for number in range(30))]
    names = [reading.name for reading in pool.read_many(files)]
    assert names == [file.name for file in files]


def test_one_bad_file_never_ends_the_batch(tmp_path, pool):
    files = [
        (note(tmp_path, "a"), "a.txt"),
        (tmp_path / "none", "b.txt"),
        (note(tmp_path, "c"), "c.txt"),
    ]
    assert [reading.code for reading in pool.read_many(files)] == ["", "unsafe_path", ""]


def test_tables_are_read_in_isolation_too(tmp_path, pool):
    book = openpyxl.Workbook()
    book.active.append(["姓名", 370101199001011234])
    book.save(tmp_path / "名册.xlsx")
    (sheet,) = pool.table(tmp_path / "名册.xlsx")
    assert sheet.rows[0][0] == "姓名"
    assert type(sheet.rows[0][1]).__name__ == "ExcelFloat"
    with pytest.raises(Unreadable) as caught:
        pool.table(note(tmp_path, "a.docx"))
    assert caught.value.code == "mislabelled"


def test_where_nothing_can_be_forked_each_file_has_its_own_python(tmp_path, monkeypatch, slow):
    monkeypatch.setattr(isolation, "_line", isolation._OneByOne)
    with ReaderPool(convert=False) as pool:
        readings = list(pool.read_many([note(tmp_path, "a.txt"), tmp_path / "none.txt"]))
        late = pool.read(slow, limits=Limits(wall_s=0.2))
    assert [reading.code for reading in readings] == ["", "unsafe_path"]
    assert late.code == "timeout"
