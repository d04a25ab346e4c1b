"""Connections to one file that stay open between uses, as opening one reads the whole schema anew.

A connection is lent to one user at a time, in whatever thread. While any stands,
the file must be opened through SQLite only: closing it after a plain read would
drop the locks of every connection of the process (SQLite, "How To Corrupt", 2.2).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Close it."""


C = TypeVar("C", bound=Closable)
_Identity = tuple[int, int]


class Pool(Generic[C]):
    """Open connections to a file, made as they are needed and kept for the next use.

    Parameters
    ----------
    path : Path
        The file.
    opened : callable
        Opens one connection to it.
    most_kept : int
        Connections that stay open without a user.
    """

    def __init__(self, path: Path, opened: Callable[[Path], C], most_kept: int = 8) -> None:
        self._path, self._opened, self._most = path, opened, most_kept
        self._idle: list[tuple[_Identity | None, C]] = []
        self._lock = threading.Lock()

    @contextmanager
    def lend(self) -> Iterator[C]:
        """Lend a connection for as long as the block lasts.

        One whose block ends with an error is closed, as is one to a file that has
        been replaced by another since.
        """
        file, connection = self._take() or self._open()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._give_back(file, connection)

    def close(self) -> None:
        """Close what nobody uses now, and the others when they come back."""
        with self._lock:
            idle, self._idle, self._most = self._idle, [], 0
        for _, connection in idle:
            connection.close()

    def _open(self) -> tuple[_Identity | None, C]:
        before = self._identity()
        connection = self._opened(self._path)
        return before or self._identity(), connection

    def _take(self) -> tuple[_Identity | None, C] | None:
        now = self._identity()
        with self._lock:
            if self._idle and self._idle[-1][0] == now:
                return self._idle.pop()
            stale, self._idle = self._idle, []
        for _, connection in stale:
            connection.close()
        return None

    def _give_back(self, file: _Identity | None, connection: C) -> None:
        with self._lock:
            if kept := len(self._idle) < self._most:
                self._idle.append((file, connection))
        if not kept:
            connection.close()

    def _identity(self) -> _Identity | None:
        """Which file the path leads to now; None where to none."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
