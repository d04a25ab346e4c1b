"""The wheel installs and runs from elsewhere, locks name no host, and the README's commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_lock_files_name_no_host():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--index|--find-links", text)
    assert text.count("--hash=sha256:") > 100


def test_the_two_commands_of_the_readme_are_targets_that_ci_runs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = re.search(r"```\n(.*?)```", readme, re.S)
    assert first is not None
    commands = first.group(1).split("\n")[:2]
    assert commands == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in commands:
        assert f"\n{command.removeprefix('make ')}:" in makefile
        assert command in ci.split("\n")


def test_pictures_and_pages_the_readme_names_are_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / target).exists(), target


@pytest.mark.slow
def test_a_wheel_installs_and_runs_from_another_directory(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert "rubrics/catalogue/micro_competencies/A1.toml" in names
    assert "sample_evidence/county/planted.json" in names
    # The environment borrows the installed libraries; only the project itself comes from the wheel.
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    libraries = next(p for p in sys.path if p.endswith("site-packages"))
    (site / "libraries.pth").write_text(libraries + "\n")
    python = str(tmp_path / "env" / "bin" / "python")
    workspace = str(tmp_path / "elsewhere")
    where = subprocess.run(
        [python, "-I", "-c", "import rubrics; print(rubrics.__file__)"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(site) in where.stdout
    said = subprocess.run(
        [python, "-I", "-m", "workbench", "--workspace", workspace, "--as", "登记员", "init"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    assert (Path(workspace) / "workspace.toml").is_file()
