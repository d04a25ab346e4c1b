"""The desk's own database: drafts, sign-ins, comment banks, leases: what may be lost without a result.

It stands beside the working database as ``desk.db``. Nothing here is evidence of
anything: a read counts from the moment it is a row of the working database. What
a person has typed or submitted must still not get lost, so every write is on
disk before it is answered.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite

from models.errors import StoreError
from models.store import Row, wal_is_safe

FILE_NAME = "desk.db"

_TABLES = """
CREATE TABLE IF NOT EXISTS draft (
  piece_id TEXT NOT NULL, rater_id TEXT NOT NULL, round TEXT NOT NULL, reading INTEGER NOT NULL,
  version INTEGER NOT NULL, content TEXT NOT NULL CHECK (json_valid(content)),
  opened_at TEXT NOT NULL, saved_at TEXT NOT NULL,
  PRIMARY KEY (piece_id, rater_id, round, reading)
) STRICT;
CREATE TABLE IF NOT EXISTS pending (
  piece_id TEXT NOT NULL, rater_id TEXT NOT NULL, round TEXT NOT NULL, reading INTEGER NOT NULL,
  submitted_at TEXT NOT NULL, due_at TEXT NOT NULL,
  PRIMARY KEY (piece_id, rater_id, round, reading)
) STRICT;
CREATE INDEX IF NOT EXISTS pending_due ON pending (due_at);
CREATE TABLE IF NOT EXISTS submission_key (
  key TEXT PRIMARY KEY, person_id TEXT NOT NULL, answer TEXT NOT NULL CHECK (json_valid(answer)),
  at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS phrase (
  phrase_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL, criterion_id TEXT NOT NULL,
  words TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL,
  UNIQUE (person_id, criterion_id, words)
) STRICT;
CREATE TABLE IF NOT EXISTS sign_in (
  session_hash TEXT PRIMARY KEY, person_id TEXT NOT NULL, created_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL, expires_at TEXT NOT NULL, revoked_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS sign_in_of ON sign_in (person_id);
CREATE TABLE IF NOT EXISTS throttle (
  subject TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at TEXT NOT NULL, until TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS activity (
  piece_id TEXT NOT NULL, rater_id TEXT NOT NULL, round TEXT NOT NULL, reading INTEGER NOT NULL,
  active_ms INTEGER NOT NULL, handed_in_at TEXT NOT NULL,
  PRIMARY KEY (piece_id, rater_id, round, reading)
) STRICT;
CREATE INDEX IF NOT EXISTS activity_of ON activity (rater_id, handed_in_at);
CREATE TABLE IF NOT EXISTS parked (
  piece_id TEXT NOT NULL, rater_id TEXT NOT NULL, round TEXT NOT NULL, reading INTEGER NOT NULL,
  note TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (piece_id, rater_id, round, reading)
) STRICT;
CREATE INDEX IF NOT EXISTS parked_of ON parked (rater_id);
CREATE TABLE IF NOT EXISTS claim (
  piece_id TEXT NOT NULL, round TEXT NOT NULL, reading INTEGER NOT NULL, lane TEXT NOT NULL,
  person_id TEXT NOT NULL, window TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL,
  PRIMARY KEY (piece_id, round, reading, lane)
) STRICT;
"""
_VERSION = 2
_LONGEST_S = 30
"""Seconds a write waits for the others before it is given up."""


def moment(at: datetime) -> str:
    """Write a time as UTC text to the millisecond; such texts sort as the times do."""
    if at.tzinfo is None:
        raise StoreError(f"time {at} has no zone; give a time in UTC.")
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


class DeskStore:
    """One connection to ``desk.db``, made where it is missing.

    Use as a context manager, in one thread at a time.

    Parameters
    ----------
    path : Path
    turn : Lock or None
        Shared by the connections of one process: their writes then wait for each
        other in line. SQLite has who waits ask again ever more seldom, so that a
        save among many is passed over for seconds.
    """

    def __init__(self, path: Path, turn: threading.Lock | None = None) -> None:
        self._turn = turn
        if not wal_is_safe(sqlite.sqlite_version_info):
            raise StoreError(
                f"SQLite {sqlite.sqlite_version} can corrupt a database in WAL mode. "
                "Install pysqlite3 0.6.1 or later.",
                key="store.sqlite",
                version=sqlite.sqlite_version,
            )
        self._connection = sqlite.connect(
            str(path), isolation_level=None, timeout=_LONGEST_S, check_same_thread=False
        )
        self._connection.row_factory = sqlite.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        if self._connection.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
            self._lay_down()
            path.chmod(0o600)

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        self._connection.close()

    def __enter__(self) -> DeskStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write together or not at all, holding the write lock from the start.

        Raises
        ------
        StoreError
            If somebody else has been writing for too long.
        """
        with self._in_turn():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite.OperationalError as error:
                raise _busy(error) from error
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Hold this process's turn to write."""
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=_LONGEST_S):
            raise _busy(f"{_LONGEST_S} s have passed")
        try:
            yield
        finally:
            self._turn.release()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Rows of a query of this package, as dicts."""
        return [dict(row) for row in self._connection.execute(query, values)]

    def one(self, query: str, values: Sequence[object] = ()) -> Row | None:
        """First row of a query of this package, or None."""
        row = self._connection.execute(query, values).fetchone()
        return dict(row) if row else None

    def write(self, statement: str, values: Sequence[object] = ()) -> int:
        """Carry out one statement of this package; returns how many rows it touched."""
        if self._connection.in_transaction:
            return int(self._connection.execute(statement, values).rowcount)
        with self._in_turn():
            return int(self._connection.execute(statement, values).rowcount)

    def _lay_down(self) -> None:
        with self.transaction():
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={_VERSION}")


def _busy(why: object) -> StoreError:
    return StoreError(
        f"the desk is being written by somebody else ({why}). Try again.", key="store.busy"
    )
