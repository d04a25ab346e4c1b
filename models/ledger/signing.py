"""Ed25519 keys of a ledger: made from given random bytes, kept in a file only its owner reads."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from models.errors import LedgerError
from models.ledger.notes import Checkpoint, Note, NoteSignature, VerifierKey, verifier_key

SEED_SIZE = 32


@dataclass(frozen=True)
class Signer:
    """A private key under the name (origin) it signs for."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def key(self) -> VerifierKey:
        """The public half, to be given to those who verify."""
        return verifier_key(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> NoteSignature:
        """Signature over a note text, its final newline included."""
        return NoteSignature(self.name, self.key.key_id, self.private.sign(text.encode()))

    def sign_checkpoint(self, checkpoint: Checkpoint) -> str:
        """The checkpoint as a signed note; LedgerError if it is another ledger's."""
        if checkpoint.origin != self.name:
            raise LedgerError(
                f"the key is named {self.name}, the ledger {checkpoint.origin}. "
                "Sign with the key of this ledger.",
                key="ledger.wrong_key_name",
                name=self.name,
                origin=checkpoint.origin,
            )
        return str(Note(checkpoint.text, (self.sign(checkpoint.text),)))


def new_signer(name: str, seed: bytes) -> Signer:
    """Key pair from 32 random bytes (RFC 8032 seed), which the caller draws and forgets.

    Raises
    ------
    LedgerError
        If the seed is not 32 bytes, or the name has blanks or a plus sign.
    """
    if len(seed) != SEED_SIZE:
        raise LedgerError(
            f"the seed of a key is {SEED_SIZE} random bytes, came {len(seed)}.",
            key="ledger.seed_size",
            came=len(seed),
        )
    private = Ed25519PrivateKey.from_private_bytes(seed)
    verifier_key(name, private.public_key().public_bytes_raw())
    return Signer(name, private)


def save_signer(signer: Signer, path: Path, passphrase: str | None = None) -> None:
    """Write the private key as PKCS8 PEM, readable by its owner alone; never over another file.

    Raises
    ------
    LedgerError
        If the file exists (a key that is lost cannot be made again) or cannot be written.
    """
    lock: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    pem = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise LedgerError(
            f"key file {path} exists and is not overwritten. Move it away or choose another name.",
            key="ledger.key_exists",
            path=str(path),
        ) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    with os.fdopen(opened, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def load_signer(path: Path, name: str, passphrase: str | None = None) -> Signer:
    """Read a private key to sign for ``name``.

    Raises
    ------
    LedgerError
        If the file is missing, readable by others, not an Ed25519 key, or its
        passphrase is missing or wrong.
    """
    try:
        pem = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise _unreadable(path, error) from None
    if os.name == "posix" and mode & 0o077:
        raise LedgerError(
            f"key file {path} can be read by others (mode {mode & 0o777:o}, expected 600). "
            f"Run: chmod 600 {path}",
            key="ledger.key_open",
            path=str(path),
        )
    secret = passphrase.encode() if passphrase else None
    try:
        private = load_pem_private_key(pem, secret)
    except TypeError:
        raise _locked(path, "it needs a passphrase, or was given one it does not need") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _locked(path, "the passphrase is wrong, or it is not a private key") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise _locked(path, "it is not an Ed25519 key")
    return Signer(name, private)


def _unreadable(path: Path, error: OSError) -> LedgerError:
    return LedgerError(
        f"key file {path}: {error.strerror}. Put the key back where the workspace expects it.",
        key="ledger.key_missing",
        path=str(path),
    )


def _locked(path: Path, why: str) -> LedgerError:
    return LedgerError(
        f"key file {path} cannot be used: {why}.", key="ledger.key_unusable", path=str(path)
    )
