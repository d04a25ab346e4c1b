"""What comes from outside held against a ledger: trusted keys, kept checkpoints, a county's statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.errors import LedgerError
from models.ledger.checking import Walk
from models.ledger.notes import (
    Checkpoint,
    Note,
    VerifierKey,
    open_checkpoint,
    parse_checkpoint,
    parse_key,
    parse_note,
    verified_keys,
)
from models.ledger.statements import CONTINUE, Statement


def check_trust(
    walk: Walk,
    trusted: Sequence[VerifierKey] | None,
    kept: Sequence[str | bytes],
    beside: Sequence[str | bytes] = (),
) -> None:
    """Compare with what comes from outside: trusted keys, and checkpoints kept elsewhere.

    Checkpoints of other ledgers are passed over, so that a folder of them can be given.
    """
    # A key the ledger merely names proves nothing: a forger can name the true one. One that
    # signed a checkpoint vouches for all before it, and for the key it hands over to.
    vouched = [*(trusted or ()), *_vouched(walk, trusted or ())]
    if trusted is not None and not any(key in vouched for key in walk.signers):
        signers = ", ".join(key.text for key in walk.keys)
        walk.add("untrusted", f"no trusted key signed this ledger; it names {signers or 'none'}")
    for seq, statement, stated in walk.statements:
        try:
            _check_statement(statement, stated, trusted or (), walk)
        except LedgerError as error:
            walk.add("statement", f"entry {seq}: {error.message}", seq)
    for place, note in enumerate((*kept, *beside)):
        try:
            # Which ledger it is for is only read here; what it says counts once it is verified.
            if parse_checkpoint(parse_note(note).text).origin == walk.origin[1:-1]:
                walk.anchored = walk.anchored or place < len(kept)
                _check_kept(open_checkpoint(note, trusted or walk.keys), walk)
        except LedgerError as error:
            walk.add("kept", f"a kept checkpoint cannot be used: {error.message}")


def _vouched(walk: Walk, trusted: Sequence[VerifierKey]) -> Iterator[VerifierKey]:
    """Keys that a trusted county states to continue a ledger: they sign this one from its start."""
    for seq, note, stated in walk.statements:
        if seq == 0 and stated.action == CONTINUE and _signed(note, trusted):
            yield parse_key(stated.key)


def _signed(note: Note, trusted: Sequence[VerifierKey]) -> bool:
    try:
        return bool(verified_keys(note, trusted))
    except LedgerError:
        return False


def _check_statement(
    note: Note, stated: Statement, trusted: Sequence[VerifierKey], walk: Walk
) -> None:
    """Check what a county stated: of this key, and signed by it where its key is at hand."""
    known = {(key.name, key.key_id) for key in trusted}
    if any((line.name, line.key_id) in known for line in note.signatures):
        verified_keys(note, trusted)
    named = walk.keys[:1] if stated.action == CONTINUE else walk.revoked
    if stated.key not in [key.text for key in named]:
        raise LedgerError(
            f"the county's statement speaks of key {stated.key}",
            key="ledger.entry",
            fault=stated.key,
        )


def _check_kept(kept: Checkpoint, walk: Walk) -> None:
    last = max(walk.roots, default=0)
    if kept.size > last:
        walk.add(
            "rolled_back",
            f"a kept checkpoint covers {kept.size} entries, the ledger has {last}: "
            "an older copy was put back or its end was cut off",
            last,
        )
    elif walk.roots.get(kept.size) != kept.root:
        walk.add(
            "forked",
            f"at {kept.size} entries a kept checkpoint states another history than the ledger",
        )
