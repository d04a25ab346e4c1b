"""How a payload travels inside a file: packed as ASCII, so that no office program alters it."""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache

from workbench.errors import InputError
from workbench.exports.payload import SheetPayload, payload_bytes

DOCUMENT_NAMESPACE = "urn:evidence-workbench:sheet:1"
WORKBOOK_SHEET = "proof"
ATTACHMENT = "evidence-workbench-proof.json"
LARGEST = 64 * 1024 * 1024


def pack(payload: SheetPayload) -> str:
    """Pack the canonical payload: compressed, base64."""
    return _packed(payload_bytes(payload))


@lru_cache(maxsize=2)
def _packed(data: bytes) -> str:
    """Of two formats of one sheet the second finds it made."""
    return base64.b64encode(zlib.compress(data, 6)).decode("ascii")


def unpack(text: str) -> bytes:
    """Bytes of a packed payload; InputError where it does not unpack, or to over 64 MiB."""
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode("".join(text.split()), validate=True), LARGEST)
    except (ValueError, zlib.error) as fault:
        raise InputError(
            "the proof in the file does not unpack, so the file was altered or cut; "
            "ask the school for the file as it was issued.",
            key="sheet.proof_broken",
        ) from fault
    if stream.unconsumed_tail or not stream.eof:
        raise InputError(
            "the proof in the file is cut off or larger than 64 MiB; "
            "ask the school for the file as it was issued.",
            key="sheet.proof_broken",
        )
    return data
