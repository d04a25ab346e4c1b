"""Originals by content: a file is kept once, under its SHA-256, and never changed."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from models.errors import StoreError

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Kept:
    """A file taken into the store: its digest, its size in bytes, and where it lies."""

    sha256: str
    bytes: int
    path: Path


class EvidenceStore:
    """Folder of files named by their SHA-256 (``ab/cd/abcd…``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where the file of that digest lies, or would lie."""
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def take(self, source: BinaryIO, name: str, largest: int) -> Kept:
        """Copy an open file in, hashing what is written; only the copy is read from then on.

        Parameters
        ----------
        source : binary file
            Opened by whoever knows that it may be; it is read from where it stands.
        name : str
            What the file is called, for the message.
        largest : int
            Bytes; a larger file is refused before its end is read.

        Raises
        ------
        StoreError
            With key ``evidence.too_large`` or ``evidence.no_space``; nothing is left behind.
        """
        taking: str | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            holder, taking = tempfile.mkstemp(prefix=".taking-", dir=self.folder)
            with os.fdopen(holder, "wb") as writing:
                sha256, size = _copy(source, writing, name, largest)
            kept = self.path(sha256)
            if not kept.exists() or kept.stat().st_size != size:  # a cut copy is made whole again
                kept.parent.mkdir(parents=True, exist_ok=True)
                Path(taking).chmod(0o440)
                Path(taking).replace(kept)
            return Kept(sha256, size, kept)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreError(
                    f"no space left while taking in {name}. Free some and run it again.",
                    key="evidence.no_space",
                    file=name,
                ) from error
            raise
        finally:
            if taking is not None:
                Path(taking).unlink(missing_ok=True)

    def is_whole(self, sha256: str) -> bool:
        """Whether the kept file is there and still has its digest."""
        try:
            with self.path(sha256).open("rb") as kept:
                return hashlib.file_digest(kept, "sha256").hexdigest() == sha256
        except OSError:
            return False


def _copy(reading: BinaryIO, writing: BinaryIO, name: str, largest: int) -> tuple[str, int]:
    hashing, size = hashlib.sha256(), 0
    while block := reading.read(_BLOCK):
        size += len(block)
        if size > largest:
            raise StoreError(
                f"file {name} is larger than {largest >> 20} MB.",
                key="evidence.too_large",
                file=name,
                most=largest >> 20,
            )
        hashing.update(block)
        writing.write(block)
    writing.flush()
    os.fsync(writing.fileno())
    return hashing.hexdigest(), size
