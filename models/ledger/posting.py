"""Posting: the one road into a ledger. One batch, one transaction, one signed checkpoint.

Only the certification service imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import LedgerError
from models.ledger.entry import (
    FIRST_PREV,
    Parts,
    assemble,
    complete,
    decode,
    entry_hashes,
    is_time,
    seal,
)
from models.ledger.head import Head, verified_head
from models.ledger.notes import Checkpoint, VerifierKey
from models.ledger.signing import Signer
from models.ledger.standing import Place, Standing, place_of, plain
from models.ledger.tables import Connection, create_tables
from models.ledger.tree import Frontier
from models.ledger.writing import queue, sync_folder, transaction
from rubrics.canonical import Json

Draft = Mapping[str, Any]
Row = tuple[int, str, str, bytes, bytes, bytes]
GENESIS_BATCH = "genesis"


@dataclass(frozen=True)
class Posted:
    """What a posting left behind: the entries' numbers and the signed head over them."""

    seqs: tuple[int, ...]
    size: int
    root: str
    checkpoint: str
    posted_at: str


@dataclass(frozen=True)
class _Stamp:
    """When, in which batch, and beside which audit log a batch is sealed."""

    posted_at: str
    batch: str
    audit_head: str
    clock_back: bool


def create_ledger(
    path: Path,
    origin: str,
    signer: Signer,
    *,
    school: str,
    policy: str,
    at: str,
    audit_head: str = "",
    continues: Mapping[str, Json] | None = None,
    statement: str = "",
    approvers: Sequence[str] = (),
) -> Posted:
    """Make a ledger file with its genesis entry: public key, origin and policy.

    Parameters
    ----------
    path : Path
        The file; it must not exist.
    origin : str
        Identity of the ledger, such as ``county.example/school-7/2026``; the
        signing key bears the same name.
    signer : Signer
        Key that signs every checkpoint until it is rotated.
    school, policy : str
        School label, and digest of the policy pack in force.
    at : str
        UTC, ``2026-11-21T03:04:05Z``.
    continues : mapping, optional
        ``origin, size, root`` of the ledger this one continues after its key was lost.
    statement : str
        Base64 of a county-signed note about the continuation; empty otherwise.

    Returns
    -------
    Posted
        Entry 0 and the first checkpoint, to be kept somewhere else.

    Raises
    ------
    LedgerError
        If the file exists, the origin, key name or time is not as expected,
        or the disk refuses.
    """
    genesis = {
        "kind": "key",
        "school": school,
        "action": "genesis",
        "key": signer.key.text,
        "policy": policy,
        "continues": continues,
        "statement": statement,
        "approvers": list(approvers),
    }
    stamp = _Stamp(_time(at), GENESIS_BATCH, audit_head, False)
    head = Head(Frontier(), FIRST_PREV, "", school, signer.key)
    with queue(path):
        if path.exists():
            raise LedgerError(
                f"ledger {path} exists. Post to it, or choose another place.",
                key="ledger.exists",
                path=str(path),
            )
        unfinished = path.with_name(path.name + ".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(exist_ok=False)
        with transaction(unfinished) as connection:
            create_tables(connection)
            posted = _append(connection, head, [complete(genesis)], origin, stamp, signer)
        unfinished.rename(path)
        sync_folder(path.parent)
    return posted


def post(
    path: Path,
    entries: Sequence[Draft],
    batch_id: str,
    signer: Signer,
    at: str,
    *,
    audit_head: str = "",
    accept_clock: bool = False,
) -> Posted:
    """Append a batch: all of its entries and one signed checkpoint, or nothing.

    Parameters
    ----------
    path : Path
        The ledger file.
    entries : sequence of drafts
        Each a mapping with ``kind`` and that kind's own fields (see
        ``forms.FORMS``); number, time, origin and batch are filled in here.
    batch_id : str
        Chosen once by the caller and used again on a retry: the same batch
        posted twice is posted once and answers the same.
    signer : Signer
        The key in force, named as the ledger's origin.
    at : str
        UTC now. Order is by number alone; the time is a statement.
    audit_head : str
        SHA-256 head of the audit log; not part of what makes a batch the same.
    accept_clock : bool
        Post although the clock is behind the last entry: the last entry's
        time is kept and ``clock_back`` recorded.

    Returns
    -------
    Posted
        Numbers of the entries, size, root (hex) and the checkpoint note.

    Raises
    ------
    LedgerError
        If the existing head does not verify, the key is not the one in force,
        the batch id was used for other content, an entry or a rule of
        superseding is broken, the clock is behind, or the disk refuses. The
        file is then as it was.
    """
    drafts = [complete(draft) for draft in entries]
    if not drafts:
        raise LedgerError(
            f"batch {batch_id} is empty: nothing to post.", key="ledger.empty_batch", batch=batch_id
        )
    now = _time(at)
    if not path.is_file():
        raise LedgerError(
            f"ledger {path} does not exist. Create it first.", key="ledger.missing", path=str(path)
        )
    with queue(path), transaction(path) as connection:
        earlier = _posted_before(connection, drafts, batch_id)
        if earlier is not None:
            return earlier
        head = verified_head(connection, signer.name)
        if signer.key != head.key:
            raise _wrong_key(signer.key, head.key)
        stamp = _stamp(head, now, batch_id, audit_head, accept_clock)
        return _append(connection, head, drafts, signer.name, stamp, signer)


def _append(
    connection: Connection,
    head: Head,
    drafts: Sequence[Mapping[str, Json]],
    origin: str,
    stamp: _Stamp,
    signer: Signer,
) -> Posted:
    first = head.frontier.size
    rows = _sealed(head, drafts, origin, stamp, _Rules(connection, head.school))
    frontier = head.frontier.extended(row[3] for row in rows)
    root = frontier.root()
    note = signer.sign_checkpoint(Checkpoint(origin, frontier.size, root))
    connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        "INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)",
        (frontier.size, root, note, frontier.to_bytes(), stamp.posted_at),
    )
    connection.execute("INSERT INTO batch VALUES (?, ?, ?)", (frontier.size, first, stamp.batch))
    return _posted(first, frontier.size, root, note, stamp.posted_at)


def _sealed(
    head: Head, drafts: Sequence[Mapping[str, Json]], origin: str, stamp: _Stamp, rules: _Rules
) -> list[Row]:
    """Rows of a batch, each checked and linked to the one before."""
    rows: list[Row] = []
    prev = head.chain
    for seq, draft in enumerate(drafts, start=head.frontier.size):
        sealed = seal(
            assemble(
                draft,
                seq,
                stamp.posted_at,
                origin,
                stamp.batch,
                stamp.audit_head,
                stamp.clock_back,
            )
        )
        rules.admit(sealed.parts)
        leaf, chain = entry_hashes(prev, sealed.body)
        rows.append((seq, sealed.body.decode(), sealed.detail.decode(), leaf, prev, chain))
        prev = chain
    return rows


class _Rules:
    """What an entry may say after those before it: of its school, and of the result that stands."""

    def __init__(self, connection: Connection, school: str) -> None:
        self._connection, self._school = connection, f'"{school}"'
        self._standing, self._loaded = Standing(), set[Place]()

    def admit(self, parts: Parts) -> None:
        """Take the next entry of the batch into account; LedgerError if it breaks a rule."""
        if parts.body["school"] != self._school:
            raise LedgerError(
                f"entry {parts.body['seq']} is of school {parts.body['school']}, the ledger of "
                f"{self._school}. Post it to its own school's ledger.",
                key="ledger.other_school",
                came=parts.body["school"][1:-1],
                school=self._school[1:-1],
            )
        if parts.kind in ("result", "supersede", "void"):
            self._load(place_of(parts))
        self._standing.admit(parts)

    def _load(self, place: Place) -> None:
        if place in self._loaded:
            return
        self._loaded.add(place)
        found = self._connection.execute(
            "SELECT seq, attempt FROM current_result "
            "WHERE round = ? AND subject = ? AND competency = ?",
            plain(place),
        ).fetchone()
        if found:
            self._standing.results[place] = (found[0], found[1])


def _posted_before(
    connection: Connection, drafts: Sequence[Mapping[str, Json]], batch_id: str
) -> Posted | None:
    """The answer given when this batch was posted; LedgerError if its content was another."""
    found = connection.execute(
        "SELECT first_seq, size, root, note, posted_at FROM batch JOIN checkpoint USING (size) "
        "WHERE batch_id = ?",
        (batch_id,),
    ).fetchone()
    if found is None:
        return None
    stored = connection.execute(
        "SELECT body, detail FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq", found[:2]
    ).fetchall()
    same = len(stored) == len(drafts) and all(
        draft.items() <= decode(body.encode(), detail.encode()).items()
        for draft, (body, detail) in zip(drafts, stored, strict=True)
    )
    if not same:
        raise LedgerError(
            f"batch {batch_id} was posted with other content (entries {found[0]} to {found[1] - 1}). "
            "Give new content a new batch id.",
            key="ledger.batch_reused",
            batch=batch_id,
        )
    return _posted(*found)


def _posted(first: int, size: int, root: bytes, note: str, posted_at: str) -> Posted:
    return Posted(tuple(range(first, size)), size, root.hex(), note, posted_at)


def _stamp(head: Head, now: str, batch: str, audit_head: str, accept_clock: bool) -> _Stamp:
    if now >= head.posted_at:
        return _Stamp(now, batch, audit_head, False)
    if accept_clock:
        return _Stamp(head.posted_at, batch, audit_head, True)
    raise LedgerError(
        f"the clock says {now}, the last entry {head.posted_at}. Set the clock right, or have the "
        "registrar accept it: the last entry's time is then kept and the fact recorded.",
        key="ledger.clock_back",
        now=now,
        last=head.posted_at,
    )


def _time(at: str) -> str:
    if not is_time(at):
        raise LedgerError(
            f"posting time {at!r}: expected UTC such as 2026-11-21T03:04:05Z.",
            key="ledger.time",
            came=at,
        )
    return at


def _wrong_key(came: VerifierKey, expected: VerifierKey) -> LedgerError:
    return LedgerError(
        f"key {came.key_id.hex()} signs, but key {expected.key_id.hex()} is in force for "
        f"{expected.name}. Post with the key in force, or rotate it first.",
        key="ledger.wrong_key",
        came=came.key_id.hex(),
        expected=expected.key_id.hex(),
    )
