"""How a ledger file is written: one writer at a time, one transaction, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import LedgerError
from models.ledger.tables import Connection, DatabaseError, open_writer

try:
    import fcntl
except ImportError:  # Windows: writers then wait in SQLite's own queue
    fcntl = None  # type: ignore[assignment]


@contextmanager
def queue(path: Path) -> Iterator[None]:
    """Wait in line for the file: SQLite's own waiting starves writers that come late."""
    if fcntl is None:
        yield
        return
    try:
        line = path.with_name(path.name + ".queue").open("a")
    except OSError as error:
        raise _not_written(path, error) from error
    with line:
        fcntl.flock(line, fcntl.LOCK_EX)
        yield


@contextmanager
def transaction(path: Path) -> Iterator[Connection]:
    """One transaction: committed at the end, undone by any exception; disk faults become LedgerError."""
    connection = None
    try:
        connection = open_writer(path)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except (DatabaseError, UnicodeDecodeError) as error:
        raise _not_written(path, error) from error
    finally:
        if connection is not None:
            _close(connection)


def _close(connection: Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except DatabaseError:
        pass  # the disk refuses: the journal stays and the next open rolls it back
    finally:
        connection.close()


def replace_file(path: Path, text: str) -> None:
    """Write a small text file whole, or leave the earlier one: it survives a power cut."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _not_written(path: Path, error: Exception) -> LedgerError:
    return LedgerError(
        f"ledger {path} was not written: {error}. Nothing was posted; make room or check the "
        "disk, then post the same batch again.",
        key="ledger.not_written",
        path=str(path),
        fault=str(error),
    )
