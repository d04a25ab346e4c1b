"""The end of a ledger, checked before anything is added or signed over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import LedgerError
from models.ledger.entry import entry_hashes, read_parts
from models.ledger.notes import VerifierKey, open_checkpoint, parse_key
from models.ledger.tables import Connection
from models.ledger.tree import Frontier, frontier_from_bytes

NamedKey = tuple[int, str, str]


@dataclass(frozen=True)
class Head:
    """What a new batch continues: tree, last link, last time, school, and the key in force."""

    frontier: Frontier
    chain: bytes
    posted_at: str
    school: str
    key: VerifierKey


def verified_head(connection: Connection, origin: str) -> Head:
    """Check the end of the ledger before continuing it: never sign over a head that is wrong."""
    found = connection.execute(
        "SELECT size, root, note, frontier, posted_at, first_seq FROM checkpoint "
        "JOIN batch USING (size) ORDER BY size DESC LIMIT 1"
    ).fetchone()
    last = connection.execute(
        "SELECT seq, body, detail, leaf, prev, chain FROM entry ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    if found is None or last is None or last[0] + 1 != found[0]:
        raise _broken_head("the last checkpoint does not cover the last entry")
    size, root, note, peaks, posted_at, first = found
    frontier = frontier_from_bytes(size, peaks)
    if frontier.root() != root or entry_hashes(last[4], last[1].encode()) != (last[3], last[5]):
        raise _broken_head("its hashes do not agree")
    named = named_keys(connection)
    checkpoint = open_checkpoint(note, [key_of(named, origin, first)])
    if (checkpoint.origin, checkpoint.size, checkpoint.root) != (origin, size, root):
        raise _broken_head("the signed checkpoint states another head")
    key = key_of(named, origin, size)
    if is_revoked(named, key):
        raise LedgerError(
            f"key {key.key_id.hex()} of {origin} is revoked: this ledger is closed. "
            "Continue it in a new one: workbench ledger key continue",
            key="ledger.revoked",
            came=key.key_id.hex(),
            origin=origin,
        )
    school = read_parts(last[1].encode(), last[2].encode()).body["school"][1:-1]
    return Head(frontier, last[5], posted_at, school, key)


def named_keys(connection: Connection) -> list[NamedKey]:
    """Number, action and key of each entry about a key, in order."""
    return list(
        connection.execute(
            "SELECT seq, body ->> 'action', body ->> 'key' FROM entry "
            "WHERE body ->> 'kind' = 'key' ORDER BY seq"
        )
    )


def key_of(named: Sequence[NamedKey], origin: str, size: int) -> VerifierKey:
    """Key in force for the checkpoint after the first ``size`` entries: the last one named in them.

    The first checkpoint is signed by the key its own genesis entry names.
    """
    before = [text for seq, action, text in named if seq < max(size, 1) and action != "revoke"]
    if not before:
        raise _broken_head("it names no key")
    key = parse_key(before[-1])
    if key.name != origin:
        raise LedgerError(
            f"the key is named {origin}, the ledger {key.name}. Sign with the key of this ledger.",
            key="ledger.wrong_key_name",
            name=origin,
            origin=key.name,
        )
    return key


def is_revoked(named: Sequence[NamedKey], key: VerifierKey) -> bool:
    """Whether an entry revokes the key."""
    return any(action == "revoke" and text == key.text for _, action, text in named)


def _broken_head(why: str) -> LedgerError:
    return LedgerError(
        f"the end of the ledger does not verify: {why}. Nothing is posted; run ledger verify and "
        "restore a backup.",
        key="ledger.broken_head",
        fault=why,
    )
