"""Signed notes, checkpoints and proof files as text, byte for byte as C2SP fixes them.

Formats: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof.
Other tools of that family read and verify what this module writes. Signatures
are Ed25519 (type 0x01); signatures of unknown keys are carried, never believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.errors import LedgerError
from models.ledger.tree import HASH_SIZE

ED25519 = 0x01
MOST_SIGNATURES = 64
PROOF_HEADER = "c2sp.org/tlog-proof@v1"

_DASH = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NO_NAME = re.compile(r"[\s\x00-\x1f]")  # what ``isspace`` counts as blank, and controls


class VerifierKey(NamedTuple):
    """A public key under a name; the id only helps to find it."""

    name: str
    key_id: bytes
    public: bytes
    kind: int = ED25519

    @property
    def text(self) -> str:
        """``name+hexkeyid+base64``, the form people exchange."""
        material = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


class NoteSignature(NamedTuple):
    """One signature line: who claims to have signed, with which key, and the signature."""

    name: str
    key_id: bytes
    raw: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.raw).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text with its signatures; worth nothing until ``verified_keys`` has found a trusted one."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)


class Checkpoint(NamedTuple):
    """The head of a tree: whose, how many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode())
        return "\n".join((*lines, *self.extensions)) + "\n"


@dataclass(frozen=True)
class LogProof:
    """A self-contained proof file: place of the leaf, path to the root, and the signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @property
    def text(self) -> str:
        """The ``.tlog-proof`` file."""
        extra = [] if self.extra is None else [f"extra {base64.b64encode(self.extra).decode()}"]
        path = [base64.b64encode(node).decode() for node in self.path]
        lines = [PROOF_HEADER, *extra, f"index {self.index}", *path]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def verifier_key(name: str, public: bytes, kind: int = ED25519) -> VerifierKey:
    """Name a 32-byte Ed25519 public key; id = SHA-256(name || 0x0A || kind || key)[:4]."""
    if not is_key_name(name) or len(public) != 32:
        raise note_fault(f"key name {name!r} must be free of blanks and '+', its key 32 bytes")
    hashed = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public)
    return VerifierKey(name, hashed.digest()[:4], public, kind)


def parse_key(text: str, kind: int = ED25519) -> VerifierKey:
    """Read ``name+hexkeyid+base64``.

    Parameters
    ----------
    text : str
    kind : int
        Type of signature the key makes: 1 for a ledger's, 4 for a witness's.

    Raises
    ------
    LedgerError
        If a part is missing or not canonical, the type is another, or the id
        is not that of the key.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise note_fault(f"verifier key {text!r}: expected name+id+base64")
    material = decode64(parts[2])
    if len(material) != 33 or material[0] != kind:
        expected = f"an Ed25519 key (type {kind:02x}, 32 bytes)"
        raise note_fault(f"verifier key {parts[0]!r}: expected {expected}")
    key = verifier_key(parts[0], material[1:], kind)
    if key.key_id.hex() != parts[1]:
        raise note_fault(
            f"verifier key {key.name}: its id is {key.key_id.hex()}, came {parts[1]!r}"
        )
    return key


def is_key_name(name: str) -> bool:
    """Whether a text can name a key: not empty, no blank, no '+', no control character."""
    return bool(name) and "+" not in name and not _NO_NAME.search(name)


def parse_note(data: str | bytes) -> Note:
    """Read a signed note strictly; nothing is verified yet.

    Raises
    ------
    LedgerError
        If it is not UTF-8, holds a control character (CR too) or a byte order
        mark, lacks the blank line or a signature line, has more than 64
        signatures, or a line is not canonical.
    """
    text = clean_text(data)
    body, blank, tail = text.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise note_fault("no blank line before the signatures, or no newline at the end")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise note_fault(f"{len(lines)} signatures, at most {MOST_SIGNATURES} are read")
    return Note(body + "\n", tuple(_parse_signature(line) for line in lines))


def verified_keys(note: Note, trusted: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Trusted keys that signed the note, in the order of their lines.

    Signatures of other keys are ignored, as the format demands.

    Raises
    ------
    LedgerError
        If a trusted key's signature is wrong, or no trusted key signed.
    """
    by_id = {(key.name, key.key_id): key for key in trusted}
    found: list[VerifierKey] = []
    for signature in note.signatures:
        key = by_id.get((signature.name, signature.key_id))
        if key is None or key in found:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature.raw, note.text.encode())
        except (InvalidSignature, ValueError):
            raise LedgerError(
                f"the signature of {key.name} ({key.key_id.hex()}) does not belong to this text. "
                "The text was changed after signing, or another key made it.",
                key="ledger.bad_signature",
                name=key.name,
            ) from None
        found.append(key)
    if not found:
        signers = ", ".join(f"{s.name} ({s.key_id.hex()})" for s in note.signatures)
        raise LedgerError(
            f"no trusted key signed this note; it names {signers}. "
            "Ask the school or the county for its key file.",
            key="ledger.unknown_signer",
            signers=signers,
        )
    return found


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint note; LedgerError if a line is missing or not canonical."""
    if not text.endswith("\n"):
        raise note_fault("the checkpoint does not end in a newline")
    origin, *rest = text[:-1].split("\n")
    if len(rest) < 2 or not origin or not all(rest):
        raise note_fault("a checkpoint has the lines origin, size, root and no empty one")
    root = decode64(rest[1])
    if len(root) != HASH_SIZE:
        raise note_fault(f"the root is {len(root)} bytes, expected {HASH_SIZE}")
    return Checkpoint(origin, decimal(rest[0], "size"), root, tuple(rest[2:]))


def open_checkpoint(data: str | bytes, trusted: Sequence[VerifierKey]) -> Checkpoint:
    """Checkpoint of a note that a trusted key of its own origin signed.

    Raises
    ------
    LedgerError
        As ``parse_note``, ``verified_keys`` and ``parse_checkpoint``; and if
        the key that signed is named for another origin.
    """
    note = parse_note(data)
    signers = verified_keys(note, trusted)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin not in {key.name for key in signers}:
        raise note_fault(f"origin {checkpoint.origin} is not the name of a trusted key that signed")
    return checkpoint


def parse_proof(data: str | bytes) -> LogProof:
    """Read a ``.tlog-proof`` file strictly; the checkpoint in it is parsed but not verified."""
    head, blank, checkpoint = clean_text(data).partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != PROOF_HEADER:
        raise note_fault(
            f"a proof begins with {PROOF_HEADER} and has a blank line before its checkpoint"
        )
    extra = decode64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise note_fault("a proof names its leaf in a line 'index N'")
    index = decimal(lines.pop(0)[6:], "index")
    path = tuple(decode64(line) for line in lines)
    if any(len(node) != HASH_SIZE for node in path):
        raise note_fault(f"each hash of the path is {HASH_SIZE} bytes")
    parse_checkpoint(parse_note(checkpoint).text)
    return LogProof(index, path, checkpoint, extra)


def clean_text(data: str | bytes) -> str:
    """Read UTF-8 without byte order mark or control characters but newlines; LedgerError else."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        text.encode()
    except UnicodeError as error:
        raise note_fault(f"not UTF-8: {error}") from None
    if text.startswith("\ufeff"):
        raise note_fault("it begins with a byte order mark; save it without one")
    if _CONTROL.search(text):
        raise note_fault(
            "it holds a control character; a mail program may have changed its line ends"
        )
    return text


def _parse_signature(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise note_fault("a signature line begins with an em dash and a blank")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = decode64(encoded)
    if not is_key_name(name) or len(raw) < 5:
        raise note_fault("a signature line is: em dash, key name, base64 of key id and signature")
    return NoteSignature(name, raw[:4], raw[4:])


def decode64(text: str) -> bytes:
    """Decode base64 that encodes back to the same text, so one value has one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise note_fault(f"{text[:60]!r} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise note_fault(f"{text[:60]!r} is not canonical base64")
    return data


def decimal(text: str, name: str) -> int:
    """Read a plain decimal number without sign or leading zeroes; LedgerError else."""
    plain = text.isascii() and text.isdecimal() and len(text) <= 15
    if not plain or str(int(text)) != text:
        raise note_fault(f"{name} {text[:30]!r} is not a plain decimal number")
    return int(text)


def note_fault(why: str) -> LedgerError:
    """Say what is wrong with a signed text, and the way out."""
    return LedgerError(
        f"signed text: {why}. Take it again from its source.", key="ledger.note", fault=why
    )
