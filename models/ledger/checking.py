"""The walk through a ledger file: schema, entries, checkpoints, views, in one read transaction."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from models.errors import LedgerError
from models.ledger.entry import FIRST_PREV, Parts, chain_hash, read_parts
from models.ledger.notes import (
    Checkpoint,
    Note,
    VerifierKey,
    open_checkpoint,
    parse_key,
    parse_note,
)
from models.ledger.standing import Standing
from models.ledger.statements import Statement, parse_statement
from models.ledger.tables import (
    APPLICATION_ID,
    READ_SCHEMA,
    USER_VERSION,
    Connection,
    expected_schema,
)
from models.ledger.tree import Frontier, leaf_hash

MOST_FAULTS = 100
PROGRESS_STEP = 1000

Progress = Callable[[int, int], None]
Row = tuple[Any, ...]

_ENTRIES = (
    "SELECT seq, CAST(body AS BLOB), CAST(detail AS BLOB), leaf, prev, chain "
    "FROM entry ORDER BY seq"
)
_CODES = {"ledger.policy": "policy", "ledger.audit": "audit"}
_CHECKPOINTS = (
    "SELECT size, root, note, frontier, posted_at, first_seq, batch_id "
    "FROM checkpoint LEFT JOIN batch USING (size) ORDER BY size"
)


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it must be; ``seq`` where it concerns one entry."""

    code: str
    sentence: str
    seq: int | None = None


@dataclass(frozen=True)
class Outside:
    """What the ledger's entries refer to and does not stand in it; None where it is not compared.

    ``policies`` are digests of the packs in force, ``audit_heads`` the hashes of
    every line of the audit log.
    """

    policies: Collection[str] | None = None
    audit_heads: Collection[str] | None = None


@dataclass
class Walk:
    """What is known after the entries read so far."""

    origin: str = ""
    school: str = ""
    posted_at: str = ""
    chain: bytes = FIRST_PREV
    next_seq: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    standing: Standing = field(default_factory=Standing)
    keys: list[VerifierKey] = field(default_factory=list)
    signers: list[VerifierKey] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    checked: int = 0
    tree_holds: bool = True
    as_of: str = ""
    anchored: bool = False
    outside: Outside = field(default_factory=Outside)
    revoked: list[VerifierKey] = field(default_factory=list)
    statements: list[tuple[int, Note, Statement]] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    audit_head: str = '""'

    def add(self, code: str, sentence: str, seq: int | None = None) -> None:
        """Note a fault; beyond the first hundred only the first ones are kept."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(code, sentence, seq))


def check_schema(connection: Connection, walk: Walk) -> bool:
    """Compare the stored schema with the shipped one, word for word; False if tables differ."""
    found = frozenset(connection.execute(READ_SCHEMA))
    expected = expected_schema()
    for kind, name, *_ in sorted(expected - found):
        walk.add("schema", f"{kind} {name} is missing or was altered")
    for kind, name, *_ in sorted(found - expected, key=str):
        if not any(row[1] == name for row in expected - found):
            walk.add("schema", f"{kind} {name} does not belong to a ledger")
    for pragma, value in (("application_id", APPLICATION_ID), ("user_version", USER_VERSION)):
        came = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        if came != value:
            walk.add("schema", f"{pragma} is {came}, expected {value}")
    tables = {row for row in expected if row[0] == "table"}
    return tables <= found


def check_entries(connection: Connection, walk: Walk, progress: Progress | None) -> None:
    """Walk the entries batch by batch: each entry, then the checkpoint over it."""
    total = connection.execute("SELECT coalesce(max(seq) + 1, 0) FROM entry").fetchone()[0]
    entries = _Ahead(connection.execute(_ENTRIES))
    told = 0
    for row in connection.execute(_CHECKPOINTS):
        _check_batch(entries, row, walk)
        if progress and walk.checked - told >= PROGRESS_STEP:
            told = walk.checked
            progress(told, total)
    while (row := entries.below(None)) is not None:
        walk.add("no_checkpoint", f"entry {row[0]} stands after the last checkpoint", row[0])
        walk.checked += 1
    if not walk.roots:
        walk.add("no_checkpoint", "the ledger has no checkpoint")
    batches = connection.execute("SELECT count(*) FROM batch").fetchone()[0]
    if batches != len(walk.roots):
        walk.add("batch", f"{batches} batches for {len(walk.roots)} checkpoints")
    if progress:
        progress(walk.checked, total)


def check_view(connection: Connection, walk: Walk) -> None:
    """Rebuild which results stand and compare with what the view says."""
    stands = {seq for seq, _ in walk.standing.results.values()}
    found = {row[0] for row in connection.execute("SELECT seq FROM current_result")}
    wrong = sorted(stands ^ found)
    if wrong:
        walk.add("view", f"current_result differs from the entries at {wrong[:5]}", wrong[0])


def check_file(connection: Connection, walk: Walk) -> None:
    """SQLite's own check: pages, types and indexes."""
    for (line,) in connection.execute("PRAGMA integrity_check(5)"):
        if line != "ok":
            walk.add("file", f"SQLite: {line}")


class _Ahead:
    """Rows one at a time, with a look at the next one's number."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def below(self, size: int | None) -> Row | None:
        """Hand out the next row if its number is below ``size``."""
        row = self._next
        if row is None or (size is not None and row[0] >= size):
            return None
        self._next = next(self._rows, None)
        return row


def _check_batch(entries: _Ahead, row: Row, walk: Walk) -> None:
    """Take in the entries up to one checkpoint, then hold the checkpoint against them."""
    size, root, _, _, _, first, batch_id = row
    before, faults = walk.next_seq, len(walk.faults)
    in_force = walk.keys[-1] if walk.keys else None
    if in_force in walk.revoked:
        walk.add("revoked", f"entry {before} was posted after the key was revoked", before)
    leaves: list[bytes] = []
    while (entry := entries.below(size)) is not None:
        _check_entry(entry, batch_id, walk, leaves)
    if walk.next_seq != size:
        walk.add("missing", f"entry {walk.next_seq} is missing", walk.next_seq)
        walk.next_seq = size
    # A wrong entry makes every later root wrong: what follows from it is not reported again.
    wrong = [fault for fault in walk.faults[faults:] if fault.code not in _CODES.values()]
    walk.tree_holds = walk.tree_holds and not wrong
    if walk.tree_holds:
        walk.frontier = walk.frontier.extended(leaves)
        _check_tree(row, before, walk)
    if first != before:
        walk.add("batch", f"batch {batch_id} begins at {first}, expected {before}", before)
    _check_checkpoint(row, in_force or (walk.keys[0] if walk.keys else None), walk)
    walk.roots[size] = root


def _check_entry(row: Row, batch_id: object, walk: Walk, leaves: list[bytes]) -> None:
    """Check one entry; whatever is wrong with it is one fault under its number."""
    seq, body, detail, stored, prev, chain = row
    if seq != walk.next_seq:
        walk.add("missing", f"entry {walk.next_seq} is missing", walk.next_seq)
    try:
        # A damaged file can hold any type in any column, whatever the table says.
        if not (type(body) is type(detail) is type(stored) is type(prev) is type(chain) is bytes):
            raise _wrong("a column is not of its type")
        leaf = leaf_hash(body)
        _take_entry(row, leaf, batch_id, walk)
        leaves.append(leaf)
    except LedgerError as error:
        code = _CODES.get(error.key, "entry")
        walk.add(code, f"entry {seq}: {error.message}", seq)
        if code != "entry":
            leaves.append(leaf)  # the entry itself is whole: what it names is not there
    walk.chain = chain
    walk.next_seq = seq + 1
    walk.checked += 1


def _take_entry(row: Row, leaf: bytes, batch_id: object, walk: Walk) -> None:
    seq, body, detail, stored_leaf, prev, chain = row
    parts = read_parts(body, detail)
    if leaf != stored_leaf:
        raise _wrong("its content does not belong to its leaf hash")
    if prev != walk.chain:
        raise _wrong("it is not linked to the entry before it")
    if chain_hash(prev, leaf) != chain:
        raise _wrong("its chain hash is not that of its link and leaf")
    number, at, origin, school = parts.body.group("seq", "posted_at", "origin", "school")
    if number != str(seq):
        raise _wrong(f"its text says it is entry {number}")
    if parts.detail["batch"] != f'"{batch_id}"':
        raise _wrong(f"it names batch {parts.detail['batch']}, its checkpoint {batch_id!r}")
    if seq == 0:
        _take_genesis(parts, walk)
    if origin != walk.origin or school != walk.school:
        raise _wrong(f"it is of {origin}, school {school}")
    if at < walk.posted_at:
        raise _wrong(f"its time {at} is before the entry before it")
    walk.standing.admit(parts)
    walk.posted_at = at
    if parts.kind == "key":
        _take_key(seq, parts, walk)
    if parts.kind == "policy":
        walk.declared.add(parts.body["policy"])
    _take_references(parts, walk)


def _take_key(seq: int, parts: Parts, walk: Walk) -> None:
    """Note a key handed over to or revoked, and what a county states about it."""
    key, action = parse_key(parts.body["key"][1:-1]), parts.body["action"]
    if action == '"rotate"':
        walk.keys.append(key)
    elif action == '"revoke"':
        walk.revoked.append(key)
    try:
        note = parse_note(base64.b64decode(parts.detail["statement"][1:-1]))
        walk.statements.append((seq, note, parse_statement(note.text)))
    except LedgerError:
        return  # none, or one of before statements had a form: it vouches for nothing


def _take_references(parts: Parts, walk: Walk) -> None:
    """Compare the policy and the audit log an entry names with those there are."""
    outside, detail = walk.outside, parts.detail
    if outside.policies is not None and parts.kind in ("result", "supersede", "key"):
        policy = detail["policy"]
        known = policy in walk.declared or policy[1:-1] in outside.policies
        if not known and policy != '""':
            raise LedgerError(
                f"policy {policy} is not the one in force", key="ledger.policy", came=policy
            )
    head = detail["audit_head"]
    if head == walk.audit_head or outside.audit_heads is None:
        return
    walk.audit_head = head
    if head != '""' and head[1:-1] not in outside.audit_heads:
        raise LedgerError(f"the audit log has no line {head}", key="ledger.audit", came=head)


def _take_genesis(parts: Parts, walk: Walk) -> None:
    if parts.kind != "key":
        raise _wrong("a ledger begins with its key")
    walk.origin, walk.school = parts.body["origin"], parts.body["school"]
    walk.keys.append(parse_key(parts.body["key"][1:-1]))


def _check_tree(row: Row, before: int, walk: Walk) -> None:
    size, root, _, peaks, posted_at, *_ = row
    if walk.frontier.root() != root:
        walk.tree_holds = False
        walk.add(
            "root",
            f"entries {before} to {size - 1} are not those the checkpoint was made over",
            before,
        )
    elif walk.frontier.to_bytes() != peaks:
        walk.add("frontier", f"the frontier at {size} is not that of the tree", size - 1)
    if walk.posted_at != f'"{posted_at}"':
        walk.add("checkpoint", f"the checkpoint at {size} states another time", size - 1)


def _check_checkpoint(row: Row, key: VerifierKey | None, walk: Walk) -> None:
    """The signed note must state this size and root, under the key in force."""
    size, root, note, _, posted_at, *_ = row
    if key is None:
        walk.add("signature", f"checkpoint {size}: no key is known to verify it with", size - 1)
        return
    try:
        stated = open_checkpoint(note if isinstance(note, str) else "", [key])
    except LedgerError as error:
        walk.add("signature", f"checkpoint {size}: {error.message}", size - 1)
        return
    if stated != Checkpoint(walk.origin[1:-1], size, root):
        walk.add("checkpoint", f"checkpoint {size}: the signed note states another head", size - 1)
        return
    walk.as_of = str(posted_at)
    if key not in walk.signers:
        walk.signers.append(key)


def _wrong(why: str) -> LedgerError:
    return LedgerError(why, key="ledger.entry", fault=why)
