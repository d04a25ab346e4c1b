"""The working database: one connection a run, and one door through which it is written.

``transaction`` is that door. It takes the write lock at once, adds a line to
the hash-chained audit log, stamps each row with that line's number, and undoes
everything where anything fails.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pysqlite3 import dbapi2 as sqlite
from sqlite_utils import Database

from models import frames
from models.errors import StoreError
from models.schema import migrations
from models.tables.closing import AFTER_CLOSING, IS_CLOSED
from rubrics.canonical import canonical_json

_DISK_FAULTS = ("disk I/O error", "database or disk is full", "unable to open database file")
SAFE_SQLITE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""First versions of each line without the bug that can corrupt a WAL file on reset."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """Who does something, as what, when and why; every write is given one.

    ``reason`` is empty where the act needs none; ``at`` has a zone.
    """

    actor: str
    role: str
    at: datetime
    reason: str = ""


_GENESIS = "0" * 64


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite may be used in WAL mode by several connections.

    Versions 3.7.0 to 3.51.2 can corrupt a file when the WAL is reset; the repair
    was taken back to 3.50.7 and 3.44.6.

    >>> wal_is_safe((3, 40, 1)), wal_is_safe((3, 50, 7)), wal_is_safe((3, 53, 4))
    (False, True, True)
    """
    if version >= SAFE_SQLITE[0]:
        return True
    return any(version[:2] == safe[:2] and version >= safe for safe in SAFE_SQLITE[1:])


def instant(at: datetime) -> str:
    """Write a time as UTC text to the second, ``2026-11-21T03:04:05Z``; it must have a zone."""
    if at.tzinfo is None:
        raise StoreError(f"time {at} has no zone; give a time in UTC.")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Transaction:
    """Rows written together under one line of the audit log."""

    def __init__(self, store: Store, seq: int) -> None:
        self._store = store
        self.seq = seq

    def insert(self, table: str, rows: Iterable[Mapping[str, object]]) -> list[int]:
        """Add rows, each stamped with this transaction; returns their row numbers."""
        return [self._store._insert(table, {**row, "tx": self.seq}) for row in rows]

    def insert_marks(self, read_id: int, marks: Iterable[tuple[str, int | None, str]]) -> None:
        """Add the marks of one read: criterion, met (1, 0 or None for cannot judge), comment."""
        self._store._connection.executemany(
            "INSERT INTO mark (read_id, criterion_id, met, comment) VALUES (?, ?, ?, ?)",
            [(read_id, *mark) for mark in marks],
        )

    def change(self, statement: str, values: Mapping[str, object]) -> None:
        """Run a statement of ``models.erasing``; triggers let erased people's rows go, and no others."""
        self._store._connection.execute(statement, values)

    def insert_missing(self, table: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Add the rows that are not there yet; returns how many were new."""
        return sum(
            self._store._insert(table, {**row, "tx": self.seq}, "ON CONFLICT DO NOTHING") > 0
            for row in rows
        )


class Store:
    """A workspace's working database.

    Use as a context manager, in one thread at a time.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.is_file():
            raise StoreError(
                f"there is no workspace at {path.parent}. Make one with `workbench init`.",
                key="store.no_workspace",
                folder=str(path.parent),
            )
        if not wal_is_safe(sqlite.sqlite_version_info):
            raise StoreError(
                f"SQLite {sqlite.sqlite_version} can corrupt a database in WAL mode. "
                "Install pysqlite3 0.6.1 or later.",
                key="store.sqlite",
                version=sqlite.sqlite_version,
            )
        try:
            self._open(path)
        except sqlite.OperationalError as error:
            if str(error) in _DISK_FAULTS:
                raise _not_written(f"opening {path.name}", error) from error
            raise

    def _open(self, path: Path) -> None:
        self._connection = sqlite.connect(
            str(path), isolation_level=None, timeout=30, check_same_thread=False
        )
        self._connection.row_factory = sqlite.Row
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        self._in_transaction = False
        self._bring_up_to_date()
        self._connection.execute("PRAGMA recursive_triggers=ON")  # so REPLACE meets the triggers
        self._connection.execute("PRAGMA query_only=ON")  # the door of `transaction` is shut

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, act: Act, action: str, about: str = "") -> Iterator[Transaction]:
        """Write rows together, or none; the only writer of the working database.

        Parameters
        ----------
        act : Act
            Who does it, as what, when and why.
        action : str
            The service's name of the act, ``rating.import``.
        about : str
            What it is about: an identifier, never a name.

        Raises
        ------
        StoreError
            If the actor is empty, a transaction is open already, the round is
            closed to the act, or somebody else has been writing for too long.
        """
        if not act.actor.strip():
            raise StoreError("a write needs an actor.", key="no_actor")
        if self._in_transaction:
            raise StoreError(f"{action} was begun inside another transaction.")
        self._begin(action)
        self._in_transaction = True
        try:
            self.must_be_open(action)
            seq = self._log(act, action, about)
            yield Transaction(self, seq)
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._undo()
            if isinstance(error, sqlite.OperationalError) and str(error) in _DISK_FAULTS:
                raise _not_written(action, error) from error
            raise
        finally:
            self._in_transaction = False
            self._connection.execute("PRAGMA query_only=ON")

    def _undo(self) -> None:
        try:
            if self._connection.in_transaction:  # a full disk has undone it already
                self._connection.execute("ROLLBACK")
        except sqlite.DatabaseError:
            pass  # the disk refuses: what was not committed is not read again

    def is_closed(self) -> bool:
        """Whether the round is closed 结项: what would change it is refused."""
        return bool(self.rows(IS_CLOSED))

    def must_be_open(self, action: str) -> None:
        """Refuse an act that would change a closed round.

        Raises
        ------
        StoreError
            If the round is closed and the act is none of `AFTER_CLOSING`.
        """
        if action not in AFTER_CLOSING and self.is_closed():
            raise StoreError(
                f"{action}: the round is closed. Reopen it with its reason before anything in it "
                "changes.",
                key="closing.closed",
                action=action,
            )

    @property
    def in_transaction(self) -> bool:
        """Whether rows may be seen that are not settled yet."""
        return self._in_transaction

    def forget_deleted(self) -> None:
        """Move everything out of the write-ahead log, so that no deleted text stays in it."""
        self._connection.execute("PRAGMA query_only=OFF")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.execute("PRAGMA query_only=ON")

    def rows(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """Rows of a query of this package, as dicts."""
        return [dict(row) for row in self._connection.execute(query, values)]

    def tuples(
        self, query: str, values: Sequence[object] | Mapping[str, object] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """Rows of a query of this package as plain tuples, for many rows."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        yield from cursor.execute(query, values)

    def where(self, table: str, **equal: object) -> list[Row]:
        """Rows of a table whose columns equal these values, in the order they were written."""
        condition = " AND ".join(f"{column} = :{column}" for column in equal) or "1"
        return self.rows(f"SELECT * FROM {table} WHERE {condition} ORDER BY rowid", equal)  # noqa: S608

    def one(self, table: str, **equal: object) -> Row | None:
        """Return the single row of a table whose columns equal these values, or None."""
        found = self.where(table, **equal)
        return found[0] if found else None

    def frame(
        self, query: str, columns: Sequence[str], values: Sequence[object] = ()
    ) -> pd.DataFrame:
        """Frame of a query of this package with these columns, named in the query's order."""
        return frames.frame(self.tuples(query, values), columns)

    def audit_head(self) -> str:
        """Hash of the newest line of the audit log; 64 noughts where it is empty."""
        found = self.rows("SELECT chain FROM audit_log ORDER BY seq DESC LIMIT 1")
        return str(found[0]["chain"]) if found else _GENESIS

    def audit_faults(self) -> list[int]:
        """Sequence numbers of audit lines that do not follow from the line before."""
        faults, prev, expected = [], _GENESIS, 1
        blanked = {row["seq"] for row in self.where("audit_redaction")}
        for row in self.rows("SELECT * FROM audit_log ORDER BY seq"):
            sound = _opens(row) or (row["seq"] in blanked and not (row["reason"] or row["salt"]))
            if row["seq"] != expected or row["prev"] != prev or not (sound and _follows(prev, row)):
                faults.append(row["seq"])
            prev, expected = row["chain"], row["seq"] + 1
        return faults

    def _bring_up_to_date(self) -> None:
        """Lay down the tables of a new workspace, or what one of an earlier release lacks.

        The file says how many steps it has had, so that they are looked through once
        a file and not at every opening.
        """
        steps = _steps()
        if self._connection.execute("PRAGMA user_version").fetchone()[0] >= steps:
            return
        database = Database(self._connection)
        if migrations.pending(database):
            # A step lost with the power is taken again; the write below syncs them all.
            self._connection.execute("PRAGMA synchronous=NORMAL")
            migrations.apply(database)
            self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(f"PRAGMA user_version={steps}")

    def _begin(self, action: str) -> None:
        self._connection.execute("PRAGMA query_only=OFF")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite.OperationalError as error:
            self._connection.execute("PRAGMA query_only=ON")
            raise StoreError(
                f"{action}: somebody else is writing to the workspace ({error}). Try again.",
                key="store.busy",
            ) from error

    def _log(self, act: Act, action: str, about: str) -> int:
        last = self.rows("SELECT seq, chain FROM audit_log ORDER BY seq DESC LIMIT 1")
        line = {
            "seq": last[0]["seq"] + 1 if last else 1,
            "at": instant(act.at),
            "actor": _plain(act.actor),
            "role": act.role,
            "action": action,
            "object": _plain(about),
            "reason": _plain(act.reason),
        }
        if line["reason"]:
            salt = str(self.rows("SELECT lower(hex(randomblob(32))) AS salt")[0]["salt"])
            line |= {"salt": salt, "sealed": _sealed(salt, str(line["reason"]))}
        prev = last[0]["chain"] if last else _GENESIS
        self._insert("audit_log", {**line, "prev": prev, "chain": _chain(prev, line)})
        return int(line["seq"])

    def _insert(self, table: str, row: Mapping[str, object], conflict: str = "") -> int:
        columns = ", ".join(row)
        places = ", ".join(f":{column}" for column in row)
        made = self._connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places}) {conflict}",  # noqa: S608
            dict(row),
        )
        return int(made.lastrowid) if made.rowcount > 0 else 0


@cache
def _steps() -> int:
    """How many migration steps this release has."""
    with closing(sqlite.connect(":memory:")) as nothing:
        return len(migrations.pending(Database(nothing)))


def _plain(text: str) -> str:
    """Text as canonical JSON takes it; names of files may come decomposed, or undecodable."""
    return unicodedata.normalize("NFC", text.encode("utf-8", "backslashreplace").decode("utf-8"))


def _follows(prev: str, row: Row) -> bool:
    try:
        return bool(row["chain"] == _chain(prev, row))
    except ValueError:  # tampered text may have no canonical form, a tampered hash no bytes
        return False


def _opens(row: Row) -> bool:
    """Whether the words of a line are those its sealed reason was made of."""
    if not row["sealed"]:
        return not row["salt"]
    try:
        return bool(row["sealed"] == _sealed(row["salt"], row["reason"]))
    except ValueError:
        return False


def _sealed(salt: str, reason: str) -> str:
    """Salted hash of a reason, which stands for it in the chain when its words are gone."""
    return hashlib.sha256(bytes.fromhex(salt) + reason.encode()).hexdigest()


def _chain(prev: str, line: Mapping[str, object]) -> str:
    """Link of a line: over its reason as lines of the first releases have it, or over the sealed one."""
    reason = "sealed" if line.get("sealed") else "reason"
    kept = ("seq", "at", "actor", "role", "action", "object", reason)
    content = canonical_json({key: line[key] for key in kept})
    return hashlib.sha256(bytes.fromhex(prev) + content).hexdigest()


def _not_written(action: str, error: Exception) -> StoreError:
    return StoreError(
        f"{action} failed: {error}. Nothing of it was kept; make room or check the disk, then do it "
        "again.",
        key="store.disk",
        action=action,
        fault=str(error),
    )
