"""Whole copies of a workspace's databases, taken while others write, and a look at their soundness."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite

from models.errors import StoreError

_PAGES_A_STEP = 4096


@dataclass(frozen=True)
class DatabaseFacts:
    """How a database file stands: its journal mode, its migration step, and what is broken in it.

    ``faults`` are SQLite's own sentences; none means that every page and index is sound.
    """

    journal_mode: str
    user_version: int
    faults: tuple[str, ...]


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it stood at one moment, also while it is written to.

    SQLite's online backup is used: a copy of the bare file may be torn, and
    misses what still lies in the write-ahead log.

    Raises
    ------
    StoreError
        If the source is no readable database.
    """
    try:
        with (
            closing(sqlite.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as reading,
            closing(sqlite.connect(str(target))) as writing,
        ):
            reading.backup(writing, pages=_PAGES_A_STEP)
            writing.execute("PRAGMA journal_mode=DELETE")
    except sqlite.DatabaseError as error:
        raise _unreadable(source, error) from error
    with target.open("rb") as written:
        os.fsync(written.fileno())


def database_facts(path: Path, *, whole: bool = True) -> DatabaseFacts:
    """Look a database over; without ``whole`` its pages are not read through.

    Raises
    ------
    StoreError
        If it is no readable database.
    """
    try:
        with closing(sqlite.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as reading:
            mode = str(reading.execute("PRAGMA journal_mode").fetchone()[0])
            version = int(reading.execute("PRAGMA user_version").fetchone()[0])
            said = reading.execute("PRAGMA integrity_check").fetchall() if whole else []
    except sqlite.DatabaseError as error:
        raise _unreadable(path, error) from error
    return DatabaseFacts(mode, version, tuple(row[0] for row in said if row[0] != "ok"))


def sqlite_version() -> str:
    """Version of the SQLite everything here is written with."""
    return str(sqlite.sqlite_version)


def _unreadable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{path.name} cannot be read as a database ({error}). Restore it from a backup.",
        key="snapshot.unreadable",
        file=path.name,
        why=str(error),
    )
