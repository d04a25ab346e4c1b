"""What a county states about a ledger's key, as a signed note: that it is revoked, or continued.

A school that lost its key can sign nothing; one whose key was stolen is not the
only one that can. The county then speaks for it, with the key it witnesses with
(signature type 0x01; a cosignature begins with other words, so neither passes
for the other).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from models.ledger.notes import (
    ED25519,
    Note,
    VerifierKey,
    decimal,
    decode64,
    note_fault,
    parse_key,
    parse_note,
    verified_keys,
    verifier_key,
)
from models.ledger.signing import Signer
from models.ledger.tree import HASH_SIZE

HEADER = "workbench key statement v1"
REVOKE = "revoke"
CONTINUE = "continue"


@dataclass(frozen=True)
class Statement:
    """About a ledger as last witnessed (origin, size, root): its key is revoked, or ``key`` continues it."""

    action: str
    origin: str
    size: int
    root: bytes
    key: str

    @property
    def text(self) -> str:
        """The text that is signed."""
        root = base64.b64encode(self.root).decode()
        lines = (HEADER, self.action, self.origin, str(self.size), root, self.key)
        return "\n".join(lines) + "\n"


def sign_statement(stated: Statement, signer: Signer) -> str:
    """The statement as a signed note."""
    return str(Note(stated.text, (signer.sign(stated.text),)))


def county_key(witness: VerifierKey) -> VerifierKey:
    """Key a witness makes statements with: the same pair, another type of signature."""
    return verifier_key(witness.name, witness.public, ED25519)


def open_statement(data: str | bytes, trusted: Sequence[VerifierKey]) -> Statement:
    """Statement of a note that a trusted county signed.

    Raises
    ------
    LedgerError
        If no trusted key signed it, a signature is wrong, or it is not in its form.
    """
    note = parse_note(data)
    verified_keys(note, trusted)
    return parse_statement(note.text)


def parse_statement(text: str) -> Statement:
    """Read the text of a statement strictly; LedgerError if a line is missing or not canonical."""
    lines = text.split("\n")
    if len(lines) != 7 or lines[0] != HEADER or lines[6] or lines[1] not in (REVOKE, CONTINUE):
        raise note_fault(f"a statement has the lines {HEADER}, act, origin, size, root, key")
    root = decode64(lines[4])
    if len(root) != HASH_SIZE or not lines[2]:
        raise note_fault(f"a statement names an origin, and a root of {HASH_SIZE} bytes")
    parse_key(lines[5])
    return Statement(lines[1], lines[2], decimal(lines[3], "size"), root, lines[5])
