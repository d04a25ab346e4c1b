"""Cosignatures: a witness states when it saw which head of a ledger (c2sp.org/tlog-cosignature).

A request to a witness has the form of c2sp.org/tlog-witness (``add-checkpoint``): the
size the witness knows, a consistency proof from there, and the signed checkpoint.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.errors import LedgerError
from models.ledger.notes import (
    Checkpoint,
    Note,
    NoteSignature,
    VerifierKey,
    clean_text,
    decimal,
    decode64,
    note_fault,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    verifier_key,
)
from models.ledger.signing import Signer
from models.ledger.tree import HASH_SIZE, verify_consistency

COSIGNATURE = 0x04
MOST_NODES = 63  # more no tree of 2^63 leaves needs
LATEST = 2**63 - 1

_TIME_SIZE = 8


@dataclass(frozen=True)
class Cosignature:
    """A witness's verified statement: at this POSIX second this was the largest head it had seen."""

    key: VerifierKey
    at: int


@dataclass(frozen=True)
class Request:
    """What a ledger hands to a witness: proof that its checkpoint continues the ``old`` one."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        """The file, as ``add-checkpoint`` takes it."""
        path = [base64.b64encode(node).decode() for node in self.path]
        return "\n".join([f"old {self.old}", *path]) + "\n\n" + self.checkpoint


class WitnessRefusal(LedgerError):
    """A checkpoint no witness may sign."""

    @property
    def code(self) -> str:
        """Why: ``signature``, ``rolled_back``, ``forked``, ``stale`` or ``inconsistent``."""
        return self.key.removeprefix("witness.")


def witness_key(signer: Signer) -> VerifierKey:
    """Public half of a witness's key; its type keeps it apart from keys of ledgers."""
    return verifier_key(signer.name, signer.key.public, COSIGNATURE)


def cosign(signer: Signer, text: str, at: int) -> NoteSignature:
    """Signature line of a witness over a checkpoint's text, at a POSIX second."""
    raw = signer.private.sign(_cosigned(text, at))
    return NoteSignature(signer.name, witness_key(signer).key_id, _time(at) + raw)


def with_cosignature(checkpoint: str, signature: NoteSignature) -> str:
    """The signed checkpoint with one more line; an older one of the same witness gives way."""
    note = parse_note(checkpoint)
    who = (signature.name, signature.key_id)
    others = [line for line in note.signatures if (line.name, line.key_id) != who]
    return str(Note(note.text, (*others, signature)))


def cosignatures(note: Note, witnesses: Sequence[VerifierKey]) -> list[Cosignature]:
    """Cosignatures of known witnesses on a checkpoint, in the order of their lines.

    Lines of other keys are passed over, as the format demands.

    Raises
    ------
    LedgerError
        If a known witness's line does not verify.
    """
    by_id = {(key.name, key.key_id): key for key in witnesses}
    found: list[Cosignature] = []
    for line in note.signatures:
        key = by_id.get((line.name, line.key_id))
        if key is not None:
            found.append(Cosignature(key, _verified_time(line, key, note.text)))
    return found


def parse_request(data: str | bytes) -> Request:
    """Read a request strictly; LedgerError if a line is missing or not canonical.

    The checkpoint in it is parsed but not verified.
    """
    head, blank, checkpoint = clean_text(data).partition("\n\n")
    first, *lines = head.split("\n")
    if not blank or not first.startswith("old "):
        raise note_fault("a request begins with 'old SIZE' and has a blank line after its proof")
    if len(lines) > MOST_NODES:
        raise note_fault(f"{len(lines)} lines of proof, at most {MOST_NODES} are read")
    path = tuple(decode64(line) for line in lines)
    if any(len(node) != HASH_SIZE for node in path):
        raise note_fault(f"each hash of the proof is {HASH_SIZE} bytes")
    parse_checkpoint(parse_note(checkpoint).text)
    return Request(decimal(first[4:], "old size"), path, checkpoint)


def examine(
    request: Request, held: Checkpoint | None, trusted: Sequence[VerifierKey]
) -> Checkpoint:
    """Decide as a witness whether a checkpoint may be cosigned.

    Parameters
    ----------
    request : Request
    held : Checkpoint or None
        The last head cosigned for this origin; None if there was none.
    trusted : sequence of VerifierKey
        Keys the witness was given for this origin.

    Returns
    -------
    Checkpoint
        The head to cosign and to hold from now on.

    Raises
    ------
    WitnessRefusal
        ``signature`` no trusted key signed it; ``rolled_back`` it is smaller
        than the one held; ``forked`` it states another history of the same
        size; ``stale`` the proof starts elsewhere than at the size held;
        ``inconsistent`` it is not shown to continue the one held.
    """
    try:
        stated = open_checkpoint(request.checkpoint, trusted)
    except LedgerError as error:
        raise WitnessRefusal(error.message, key="witness.signature", fault=error.message) from None
    if held == stated:
        return stated  # asked again, perhaps as the answer was lost: the statement is the same
    size = held.size if held else 0
    told = {"origin": stated.origin, "size": stated.size, "held": size}
    if stated.size < max(size, 1):
        raise WitnessRefusal(
            f"{stated.origin}: the checkpoint covers {stated.size} entries, {size} were seen before. "
            "An old request was sent again, or an older copy was put back: ask the school for a "
            "checkpoint of the ledger that continues the one seen.",
            key="witness.rolled_back",
            **told,
        )
    if held and stated.size == size:
        raise WitnessRefusal(
            f"{stated.origin}: two histories of {size} entries, both signed. Keep the evidence and "
            "ask the school which ledger is the true one.",
            key="witness.forked",
            **told,
        )
    if request.old != size:
        raise WitnessRefusal(
            f"{stated.origin}: the proof starts at {request.old} entries, the witness holds {size}. "
            f"Make the request anew: workbench ledger checkpoint --since {size}",
            key="witness.stale",
            old=request.old,
            **told,
        )
    if not _continues(request, held, stated):
        raise WitnessRefusal(
            f"{stated.origin}: {stated.size} entries are not shown to continue the {size} seen "
            "before. If a request made anew fails too, the history was rewritten.",
            key="witness.inconsistent",
            **told,
        )
    return stated


def _continues(request: Request, held: Checkpoint | None, stated: Checkpoint) -> bool:
    if held is None:
        return not request.path  # every tree continues the empty one: nothing to prove
    return verify_consistency(held.size, stated.size, request.path, held.root, stated.root)


def _verified_time(line: NoteSignature, key: VerifierKey, text: str) -> int:
    at = int.from_bytes(line.raw[:_TIME_SIZE], "big")
    try:
        if at > LATEST:
            raise ValueError
        public = Ed25519PublicKey.from_public_bytes(key.public)
        public.verify(line.raw[_TIME_SIZE:], _cosigned(text, at))
    except (InvalidSignature, ValueError):
        raise LedgerError(
            f"the cosignature of {key.name} ({key.key_id.hex()}) does not belong to this checkpoint "
            "or time. One of them was changed after signing.",
            key="ledger.bad_signature",
            name=key.name,
        ) from None
    return at


def _cosigned(text: str, at: int) -> bytes:
    """Write the message of an Ed25519 cosignature, version 1."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _time(at: int) -> bytes:
    if not 0 <= at <= LATEST:
        raise LedgerError(
            f"time {at} of a cosignature: expected POSIX seconds from 0 to 2^63 - 1.",
            key="ledger.time",
            came=at,
        )
    return at.to_bytes(_TIME_SIZE, "big")
