"""Intake cut short: a killed process leaves the workspace as it was, and running it again heals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.store import Act
from workbench.services.intake import import_package
from workbench.services.ledgers import audit_log
from workbench.services.workspace import Workspace, create

ACT = Act("登记员", "", datetime(2026, 11, 2, tzinfo=UTC))
# Each file kept and each row written is told on a line, so that a test can strike there.
IMPORT = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from models.evidence_store import EvidenceStore
from models.store import Act, Transaction
from workbench.services.intake import import_package
from workbench.services.workspace import Workspace
def telling(word, kind, name):
    real = getattr(kind, name)
    def told(*given, **more):
        print(word, flush=True)
        return real(*given, **more)
    setattr(kind, name, told)
telling("file", EvidenceStore, "take")
telling("rows", Transaction, "insert")
telling("rows", Transaction, "insert_missing")
act = Act("登记员", "", datetime(2026, 11, 2, tzinfo=UTC))
report = import_package(Workspace(Path(sys.argv[1])), Path(sys.argv[2]), act, os.urandom)
print("taken", report.new_files, flush=True)
"""


def package(folder: Path, files: int) -> Path:
    rows = ["序号,教师编号,教师姓名,学校,能力点,证据,文件"]
    for number in range(files):
        name = f"反思{number}.txt"
        words = f"第{number}次课后，学生在小组里讨论了资源怎样归类，并当场改了目录。" * 20
        (folder / name).write_text(words, encoding="utf-8")
        rows.append(f"{number},T{number:03d},教师{number},第一小学,A4,A4-2,{name}")
    (folder / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return create(tmp_path / "w", "national-2.0", "批次", "示例县", ACT, os.urandom)


@pytest.mark.parametrize(
    ("word", "nth"),
    [("file", 1), ("file", 20), ("file", 40), ("rows", 1), ("rows", 160), ("rows", 320)],
)
def test_a_killed_import_leaves_all_or_nothing_and_the_next_run_completes(
    workspace, tmp_path, word, nth
):
    (tmp_path / "package").mkdir()
    folder = package(tmp_path / "package", 40)
    run = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(workspace.folder), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    came = 0
    while came < nth and (line := run.stdout.readline()):
        came += line.split()[0] == word
    assert came == nth
    run.send_signal(signal.SIGKILL)
    run.communicate()
    with workspace.store() as store:
        taken = len(store.where("evidence_file"))
        assert taken in (0, 40)
        assert store.audit_faults() == []
    again = import_package(workspace, folder, ACT, os.urandom)
    assert again.new_files == 40 - taken
    with workspace.store() as store:
        assert len(store.where("evidence_file")) == 40
        assert all(workspace.evidence.is_whole(row["sha256"]) for row in store.where("extract"))


def test_a_file_that_vanishes_costs_its_own_row_and_no_other(workspace, tmp_path):
    (tmp_path / "package").mkdir()
    folder = package(tmp_path / "package", 3)
    (folder / "反思1.txt").unlink()
    report = import_package(workspace, folder, ACT, os.urandom)
    assert [line.verdict == "reject" for line in report.lines] == [False, True, False]
    assert report.lines[1].code == "file_missing"
    assert report.new_files == 2


def test_a_file_name_in_the_spelling_of_another_system_is_found(workspace, tmp_path):
    (tmp_path / "package").mkdir()
    folder = package(tmp_path / "package", 1)
    manifest = folder / "manifest.csv"
    composed = unicodedata.normalize("NFC", "José.txt")
    manifest.write_text(manifest.read_text("utf-8").replace("反思0.txt", composed), "utf-8")
    (folder / "反思0.txt").rename(folder / unicodedata.normalize("NFD", "José.txt"))
    assert import_package(workspace, folder, ACT, os.urandom).new_files == 1


def test_a_second_import_of_the_same_package_adds_no_line_to_the_audit_log(workspace, tmp_path):
    (tmp_path / "package").mkdir()
    folder = package(tmp_path / "package", 3)
    import_package(workspace, folder, ACT, os.urandom)
    before = audit_log(workspace)[0]
    assert import_package(workspace, folder, ACT, os.urandom).new_files == 0
    assert audit_log(workspace)[0] == before
