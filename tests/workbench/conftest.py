"""What the tests of the workbench share: one process that reads files, and rubrics read once."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from pathlib import Path

import pytest

from rubrics.loading import load_set_folder
from rubrics.rubric import RubricSet
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import Limits

_READ_FILES = ("calibration_packs", "drafting", "intake", "rating", "roster", "tables")


@pytest.fixture(scope="session", autouse=True)
def one_reading_process():
    """Files are read in one child for all tests here: starting one takes a quarter of a second."""
    started: list[ReaderPool] = []

    def pool(*_: object, **__: object) -> nullcontext[ReaderPool]:
        if not started:
            started.append(ReaderPool(Limits()).__enter__())
        return nullcontext(started[0])

    with pytest.MonkeyPatch.context() as patch:
        for name in _READ_FILES:
            patch.setattr(f"workbench.services.{name}.ReaderPool", pool)
        yield
    for each in started:
        each.__exit__(None, None, None)


@pytest.fixture(scope="session", autouse=True)
def rubrics_read_once():
    """Keep the rubrics of a folder by what its files say; reading thirty takes forty milliseconds.

    A file changed, added or taken away is read, and refused, as ever.
    """
    kept: dict[bytes, RubricSet] = {}

    def load(folder: Path) -> RubricSet:
        said = hashlib.sha256()
        for path in sorted(folder.glob("*")):
            content = path.read_bytes() if path.is_file() else b""
            said.update(f"{path.name} {len(content)} ".encode() + content)
        if said.digest() not in kept:
            kept[said.digest()] = load_set_folder(folder)
        return kept[said.digest()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.services.workspace.load_set_folder", load)
        yield
