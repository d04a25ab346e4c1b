"""Verifying and reading a ledger: nothing here writes, and nothing inside the file is believed.

``verify`` names the first wrong entry; ``proof_for`` and ``verify_proof`` prove
one entry on its own, offline, against keys given from outside.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import LedgerError
from models.ledger.checking import (
    Fault,
    Outside,
    Progress,
    Walk,
    check_entries,
    check_file,
    check_schema,
    check_view,
)
from models.ledger.notes import (
    Checkpoint,
    LogProof,
    open_checkpoint,
    parse_checkpoint,
    parse_key,
    parse_note,
    parse_proof,
)
from models.ledger.reading import (
    current_results,
    last_note,
    latest_checkpoint,
    leaves_of,
    read_entries,
    readable,
    reading,
    request_for,
    root_at,
    voided_results,
)
from models.ledger.tables import DatabaseError
from models.ledger.tree import inclusion_proof, leaf_hash, levels, verify_inclusion
from models.ledger.trusting import check_trust
from rubrics.canonical import Json

__all__ = [
    "Fault",
    "Outside",
    "Verification",
    "current_results",
    "latest_checkpoint",
    "proof_for",
    "proofs_for",
    "read_entries",
    "request_for",
    "root_at",
    "verify",
    "verify_proof",
    "voided_results",
]


@dataclass(frozen=True)
class Verification:
    """What verifying found.

    ``first_fault`` is the number of the first wrong entry, None where nothing
    is wrong or the fault concerns no single entry (then see ``faults``).
    ``as_of`` is the time of the last checkpoint that verified.

    ``trusted`` says whether outside keys were compared, ``anchored`` whether a
    checkpoint kept elsewhere was. Without them a ledger only agrees with
    itself: a return to an older copy, or a rewrite by whoever holds the key,
    cannot be seen.
    """

    ok: bool
    checked: int
    first_fault: int | None
    faults: tuple[Fault, ...]
    as_of: str
    origin: str = ""
    root: str = ""
    key: str = ""
    trusted: bool = False
    anchored: bool = False

    def as_json(self) -> dict[str, Json]:
        """Flat object of ``ledger verify --json``."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "first_fault": self.first_fault,
            "faults": [
                {"seq": fault.seq, "code": fault.code, "sentence": fault.sentence}
                for fault in self.faults
            ],
            "as_of": self.as_of,
            "origin": self.origin,
            "root": self.root,
            "key": self.key,
            "trusted": self.trusted,
            "anchored": self.anchored,
        }


def verify(
    path: Path,
    trusted: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    kept: Sequence[str | bytes] = (),
    beside: Sequence[str | bytes] = (),
    outside: Outside | None = None,
) -> Verification:
    """Check everything a ledger file claims.

    The schema word for word; each entry's canonical form, fields, leaf and
    chain; the tree against every checkpoint, its frontier and its signature;
    batches; the rules of superseding; which results stand, rebuilt; and
    SQLite's own pages and indexes. The file is opened read-only.

    Parameters
    ----------
    path : Path
        The ledger file; a read-only medium will do.
    trusted : sequence of str, optional
        Verifier keys (``name+id+base64``) from outside the file. One of them
        must have signed a checkpoint. None: signatures are checked
        against the ledger's own keys, which shows accidents, not forgery.
    progress : callable, optional
        Called with (entries checked, entries in all).
    kept : sequence of notes
        Checkpoints kept elsewhere; they show a return to an older copy, a cut
        end and a rewritten history. Those of other ledgers are passed over.
    beside : sequence of notes
        Checkpoints kept beside the ledger, compared likewise; whoever replaces the
        ledger can replace them too, so they anchor nothing.
    outside : Outside, optional
        Policies in force and lines of the audit log, which entries must name.

    Returns
    -------
    Verification
        Never raises for a faulty ledger; what cannot be read is a fault.

    Raises
    ------
    LedgerError
        If a trusted key cannot be parsed, or the file does not exist.
    """
    keys = None if trusted is None else [parse_key(text.strip()) for text in trusted]
    walk = Walk(outside=outside or Outside())
    try:
        with reading(path) as connection:
            if check_schema(connection, walk):
                check_entries(connection, walk, progress)
                if not walk.faults:
                    check_view(connection, walk)
                check_trust(walk, keys, kept, beside)
            check_file(connection, walk)
    except (DatabaseError, UnicodeDecodeError) as error:  # SQLite may quote damaged bytes
        walk.add("unreadable", f"the file cannot be read on: {error}")
    return _found(walk, keys is not None)


def proof_for(path: Path, seq: int) -> dict[str, Json]:
    """Everything that proves one entry offline.

    Returns
    -------
    dict
        ``seq``; ``body`` and ``detail`` (the two canonical texts); ``proof``
        (a ``.tlog-proof`` file as text, with the checkpoint); ``note`` (that
        checkpoint alone).

    Raises
    ------
    LedgerError
        If the last checkpoint covers no such entry.
    """
    return proofs_for(path, [seq])[0]


def proofs_for(path: Path, seqs: Sequence[int]) -> list[dict[str, Json]]:
    """Proofs of several entries under one checkpoint; the tree is built once."""
    with readable(path) as connection:
        note = last_note(connection)
        checkpoint = parse_checkpoint(parse_note(note).text)
        rows = levels(leaves_of(connection))
        made: list[dict[str, Json]] = []
        for seq in seqs:
            path_up = inclusion_proof(rows, seq, checkpoint.size)
            body, detail = connection.execute(
                "SELECT body, detail FROM entry WHERE seq = ?", (seq,)
            ).fetchone()
            proof = LogProof(seq, tuple(path_up), note).text
            made.append({"seq": seq, "body": body, "detail": detail, "proof": proof, "note": note})
        return made


def verify_proof(
    body: bytes,
    proof: str | bytes | Mapping[str, Json],
    note: str | bytes | None,
    trusted: Sequence[str],
) -> Checkpoint:
    """Prove offline that a body stands in a ledger whose key is trusted.

    Parameters
    ----------
    body : bytes
        The canonical body; check the detail with ``entry.decode(body, detail)``.
    proof : str, bytes or mapping
        A ``.tlog-proof`` text, or what ``proof_for`` returned.
    note : str or bytes, optional
        A checkpoint to prove against instead of the one inside the proof; it
        must have the same size and root.
    trusted : sequence of str
        Verifier keys from outside.

    Returns
    -------
    Checkpoint
        The head under which the entry stands.

    Raises
    ------
    LedgerError
        If no trusted key signed the checkpoint, or the body does not lead to
        its root: the body was changed, or belongs to another ledger.
    """
    text = proof["proof"] if isinstance(proof, Mapping) else proof
    if not isinstance(text, str | bytes):
        raise _not_proven("the proof is not a text")
    parsed = parse_proof(text)
    keys = [parse_key(key.strip()) for key in trusted]
    checkpoint = open_checkpoint(parsed.checkpoint, keys)
    if note is not None and open_checkpoint(note, keys) != checkpoint:
        raise _not_proven("the proof was made for another checkpoint than the one given")
    leaf = leaf_hash(body)
    if not verify_inclusion(leaf, parsed.index, checkpoint.size, parsed.path, checkpoint.root):
        raise _not_proven(f"the record is not entry {parsed.index} of {checkpoint.origin}")
    return checkpoint


def _found(walk: Walk, trusted: bool) -> Verification:
    wrong = [fault.seq for fault in walk.faults if fault.seq is not None]
    last = max(walk.roots, default=0)
    root = walk.roots.get(last)
    return Verification(
        ok=not walk.faults,
        checked=walk.checked,
        first_fault=min(wrong, default=None),
        faults=tuple(walk.faults),
        as_of=walk.as_of,
        origin=walk.origin[1:-1],
        root=base64.b64encode(root).decode() if isinstance(root, bytes) else "",
        key=walk.keys[-1].text if walk.keys else "",
        trusted=trusted,
        anchored=walk.anchored,
    )


def _not_proven(why: str) -> LedgerError:
    return LedgerError(
        f"not proven: {why}. Ask the school for the sheet again and compare it.",
        key="ledger.not_proven",
        fault=why,
    )
