"""Reading a ledger: its entries, the results that stand, its checkpoint, and a request to a witness.

Nothing here writes, and what is read is checked for form only: ``verifying`` checks the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import LedgerError
from models.ledger.cosigning import Request
from models.ledger.entry import decode
from models.ledger.head import key_of, named_keys
from models.ledger.notes import parse_checkpoint, parse_note
from models.ledger.tables import Connection, DatabaseError, open_reader
from models.ledger.tree import consistency_proof, levels, root
from rubrics.canonical import Json


def read_entries(path: Path) -> Iterator[dict[str, Json]]:
    """Entries in order, each one flat record, checked for form but not for the chain.

    Raises
    ------
    LedgerError
        If the file is missing or unreadable, or an entry is not valid.
    """
    with readable(path) as connection:
        rows = connection.execute(
            "SELECT CAST(body AS BLOB), CAST(detail AS BLOB) FROM entry ORDER BY seq"
        )
        for body, detail in rows:
            yield decode(body, detail)


def current_results(path: Path) -> list[dict[str, Json]]:
    """The results that stand, as flat entries in the order of their numbers.

    Raises
    ------
    LedgerError
        As ``read_entries``.
    """
    with readable(path) as connection:
        rows = connection.execute(
            "SELECT CAST(body AS BLOB), CAST(detail AS BLOB) FROM entry "
            "WHERE seq IN (SELECT seq FROM current_result) ORDER BY seq"
        )
        return [decode(body, detail) for body, detail in rows]


def key_in_force(path: Path) -> str:
    """Verifier key the next checkpoint must be signed with; LedgerError if none is named."""
    with readable(path) as connection:
        origin = parse_checkpoint(parse_note(last_note(connection)).text).origin
        size = connection.execute("SELECT max(seq) + 1 FROM entry").fetchone()[0]
        return key_of(named_keys(connection), origin, size).text


def voided_results(path: Path) -> list[dict[str, Json]]:
    """Results that were voided, as flat entries in the order of their numbers.

    Raises
    ------
    LedgerError
        As ``read_entries``.
    """
    with readable(path) as connection:
        rows = connection.execute(
            "SELECT CAST(body AS BLOB), CAST(detail AS BLOB) FROM entry WHERE seq IN "
            "(SELECT body ->> 'supersedes' FROM entry WHERE body ->> 'supersedes' IS NOT NULL "
            "AND body ->> 'kind' = 'void') ORDER BY seq"
        )
        return [decode(body, detail) for body, detail in rows]


def request_for(path: Path, since: int) -> Request:
    """Ask a witness to cosign the last checkpoint, which continues the one of ``since`` entries.

    Parameters
    ----------
    path : Path
    since : int
        Entries the witness has seen; 0 where it has seen none.

    Raises
    ------
    LedgerError
        If the ledger has fewer entries than that, or cannot be read.
    """
    with readable(path) as connection:
        note = last_note(connection)
        size = parse_checkpoint(parse_note(note).text).size
        proof: list[bytes] = []
        if since > size:
            raise _shorter(since, size)
        if since:
            proof = consistency_proof(levels(leaves_of(connection)), since, size)
        return Request(since, tuple(proof), note)


def has_batch(path: Path, batch_id: str) -> bool:
    """Whether a batch was posted; LedgerError if the file is missing or unreadable."""
    with readable(path) as connection:
        found = connection.execute("SELECT 1 FROM batch WHERE batch_id = ?", (batch_id,))
        return found.fetchone() is not None


def root_at(path: Path, size: int) -> bytes:
    """Root over the first ``size`` entries as they are now; LedgerError if there are fewer."""
    with readable(path) as connection:
        leaves = leaves_of(connection)
    if size > len(leaves):
        raise _shorter(size, len(leaves))
    return root(leaves[:size])


def latest_checkpoint(path: Path) -> str:
    """The last signed checkpoint note, to be kept somewhere else; LedgerError if there is none."""
    with readable(path) as connection:
        return last_note(connection)


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """One read transaction, so that a posting in between is not half seen."""
    if not path.is_file():
        raise LedgerError(
            f"ledger {path} does not exist. Create it first.", key="ledger.missing", path=str(path)
        )
    connection = open_reader(path)
    try:
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


@contextmanager
def readable(path: Path) -> Iterator[Connection]:
    """As ``reading``, with a damaged file as a LedgerError."""
    try:
        with reading(path) as connection:
            yield connection
    except (DatabaseError, UnicodeDecodeError) as error:
        raise LedgerError(
            f"ledger {path} cannot be read: {error}. Run ledger verify and restore a backup.",
            key="ledger.unreadable",
            path=str(path),
            fault=str(error),
        ) from error


def leaves_of(connection: Connection) -> list[bytes]:
    """Leaf hashes in order."""
    return [row[0] for row in connection.execute("SELECT leaf FROM entry ORDER BY seq")]


def last_note(connection: Connection) -> str:
    """Last signed checkpoint; LedgerError if there is none."""
    found = connection.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if found is None:
        raise LedgerError(
            "the ledger has no checkpoint. Verify it and restore a backup.",
            key="ledger.unreadable",
            path="",
            fault="no checkpoint",
        )
    return str(found[0])


def _shorter(asked: int, came: int) -> LedgerError:
    return LedgerError(
        f"{asked} entries were asked for, the ledger has {came}: an older copy was put back, or its "
        "end was cut off.",
        key="ledger.shorter",
        size=asked,
        came=came,
    )
