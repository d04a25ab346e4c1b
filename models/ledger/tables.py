"""Tables, triggers and views of a ledger file, and how it is opened.

The triggers stop mistakes, not attackers: whoever can write the file can drop
them. Verifying therefore compares the stored schema with this one, word for
word; a statement here that has shipped is never edited.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

try:
    import pysqlite3.dbapi2 as sqlite
except ImportError:  # no wheel for this system: the interpreter's own serves in DELETE mode
    import sqlite3 as sqlite

Connection = Any
SchemaRow = tuple[str, str, str, str | None]

DatabaseError = sqlite.DatabaseError

APPLICATION_ID = 0x45564C31  # "EVL1"
USER_VERSION = 1
BUSY_MS = 60_000
PAGE_SIZE = 8192  # five entries a page; at 4096 two, with a third of the file empty

TABLES = (
    """CREATE TABLE entry (
  seq INTEGER PRIMARY KEY CHECK (seq >= 0),
  body TEXT NOT NULL,
  detail TEXT NOT NULL,
  leaf BLOB NOT NULL CHECK (length(leaf) = 32),
  prev BLOB NOT NULL CHECK (length(prev) = 32),
  chain BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT""",
    """CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  note TEXT NOT NULL,
  frontier BLOB NOT NULL CHECK (length(frontier) % 32 = 0),
  posted_at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE batch (
  size INTEGER PRIMARY KEY REFERENCES checkpoint (size),
  first_seq INTEGER NOT NULL CHECK (first_seq < size),
  batch_id TEXT NOT NULL UNIQUE
) STRICT""",
)
INDEXES = (
    """CREATE UNIQUE INDEX entry_supersedes ON entry (body ->> 'supersedes')
WHERE body ->> 'supersedes' IS NOT NULL""",
    """CREATE INDEX entry_subject ON entry (body ->> 'subject', body ->> 'competency')
WHERE body ->> 'subject' IS NOT NULL""",
    """CREATE INDEX entry_key ON entry (seq) WHERE body ->> 'kind' = 'key'""",
)
VIEWS = (
    """CREATE VIEW current_result AS
SELECT seq, body ->> 'round' AS round, body ->> 'subject' AS subject,
  body ->> 'competency' AS competency, body ->> 'level' AS level,
  body ->> 'reason_none' AS reason_none, body ->> 'attempt' AS attempt
FROM entry
WHERE body ->> 'kind' IN ('result', 'supersede')
  AND NOT EXISTS (
    SELECT 1 FROM entry AS later
    WHERE later.body ->> 'supersedes' IS NOT NULL
      AND later.body ->> 'supersedes' = +entry.seq
  )""",
)
TRIGGERS = (
    *(
        f"""CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no {verb} on {table}'); END"""
        for table in ("entry", "checkpoint", "batch")
        for verb in ("update", "delete")
    ),
    """CREATE TRIGGER entry_next BEFORE INSERT ON entry
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: seq must be the next')
  WHERE NEW.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM entry);
  SELECT RAISE(ABORT, 'the ledger is append-only: prev must be the last chain')
  WHERE NEW.prev <> coalesce((SELECT chain FROM entry ORDER BY seq DESC LIMIT 1), zeroblob(32));
END""",
    """CREATE TRIGGER checkpoint_next BEFORE INSERT ON checkpoint
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a checkpoint covers every entry')
  WHERE NEW.size <> (SELECT max(seq) + 1 FROM entry)
    OR NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint);
END""",
    """CREATE TRIGGER batch_next BEFORE INSERT ON batch
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a batch begins where the last one ended')
  WHERE NEW.first_seq <> (SELECT coalesce(max(size), 0) FROM batch)
    OR NEW.size <> (SELECT max(size) FROM checkpoint);
END""",
)
DDL = (*TABLES, *INDEXES, *VIEWS, *TRIGGERS)

READ_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master"


def open_writer(path: Path) -> Connection:
    """Connection that posts: rollback journal removed and synced with every commit.

    ``synchronous=EXTRA`` also syncs the folder after the journal is gone; with
    FULL a power cut can undo a post that was already acknowledged.
    """
    connection = sqlite.connect(
        path.absolute().as_uri() + "?mode=rw", uri=True, isolation_level=None
    )
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    if path.stat().st_size == 0:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")  # only an empty file takes it
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def open_reader(path: Path) -> Connection:
    """Connection that only reads, also from a medium that cannot be written.

    A posting cut off by a crash leaves its journal beside the file; SQLite
    must first roll it back, which is tried where the medium allows.
    """
    if path.with_name(path.name + "-journal").exists():
        _roll_back(path)
    connection = sqlite.connect(
        path.absolute().as_uri() + "?mode=ro", uri=True, isolation_level=None
    )
    connection.text_factory = _lenient_text
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def create_tables(connection: Connection) -> None:
    """Write the whole schema into an empty file."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {USER_VERSION}")
    for statement in DDL:
        connection.execute(statement)


@cache
def expected_schema() -> frozenset[SchemaRow]:
    """What ``sqlite_master`` of an untouched ledger says."""
    connection = sqlite.connect(":memory:", isolation_level=None)
    try:
        for statement in DDL:
            connection.execute(statement)
        return frozenset(connection.execute(READ_SCHEMA))
    finally:
        connection.close()


def _lenient_text(data: bytes) -> str:
    """Text as stored; damaged bytes show as signs no hash or signature accepts."""
    return data.decode("utf-8", "replace")


def _roll_back(path: Path) -> None:
    try:
        connection = sqlite.connect(path.absolute().as_uri() + "?mode=rw", uri=True)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            connection.close()
    except DatabaseError:
        return  # read-only medium: the reader that follows says what it cannot read
