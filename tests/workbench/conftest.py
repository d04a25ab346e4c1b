"""What the tests of the workbench share: one process that reads files, and what is costly made once."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from models.store import Store
from rubrics.loading import load_set_folder
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import RubricSet
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import Limits
from workbench.services.workspace import _read_policy

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


@pytest.fixture(scope="session", autouse=True)
def policies_read_once():
    """Keep a policy by what its file says: each object of a workspace would reckon its digest anew."""
    kept: dict[bytes, PolicyPack] = {}

    def read(path: Path) -> PolicyPack:
        content = path.read_bytes()
        if content not in kept:
            kept[content] = _read_policy(path)
        return kept[content]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.services.workspace._read_policy", read)
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_laid_down_once(tmp_path_factory):
    """A new working database is a copy of the first: three hundred statements lay one down."""
    empty = tmp_path_factory.mktemp("empty") / "working.db"
    Store(empty, create=True).close()

    def opened(path: Path, *, create: bool = False) -> Store:
        if create and not path.exists():
            shutil.copyfile(empty, path)
        return Store(path, create=create)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.services.workspace.Store", opened)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_hashed_in_a_moment():
    """Argon2id in one pass over a little memory; what it costs in earnest is told in test_accounts."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr("workbench.services.accounts._hasher", lambda: hasher)
        yield
