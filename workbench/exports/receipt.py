"""The QR of a sheet: a receipt small enough to print, taken from the payload."""

from __future__ import annotations

import base64
import io
import json
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import base45

from rubrics.canonical import canonical_json
from workbench.errors import InputError
from workbench.exports.payload import TEACHER, SheetPayload

if TYPE_CHECKING:
    import segno

MARK = "EVW1:"
LARGEST = 1000


def receipt(payload: SheetPayload) -> str:
    """Text of the QR: ``EVW1:`` and base45 of the compressed canonical receipt.

    The receipt holds the checkpoint (origin, size, root, first signature) and,
    for a teacher, the number and leaf hash of each entry; for a school the
    digest of the whole payload.

    Returns
    -------
    str
        At most 1,000 characters, all of the QR alphanumeric set.

    Raises
    ------
    InputError
        If it would be longer: a teacher's sheet with too many entries.
    """
    head = payload.head
    said: dict[str, Any] = {
        "origin": head.origin,
        "size": head.size,
        "root": base64.b64encode(head.root).decode(),
        "sig": payload.note.signatures[0].line.strip(),
    }
    if payload.kind == TEACHER:
        leaves = [[one.seq, base64.b64encode(one.leaf).decode()] for one in payload.entries]
        said["entries"] = leaves
    else:
        said["payload"] = payload.digest
    made = MARK + base45.b45encode(zlib.compress(canonical_json(said), 9)).decode("ascii")
    if len(made) > LARGEST:
        raise InputError(
            f"the receipt of {len(payload.entries)} entries takes {len(made)} characters, "
            f"the printed code holds {LARGEST}. Issue the sheet for fewer competencies.",
            key="sheet.receipt_too_long",
            length=len(made),
            limit=LARGEST,
        )
    return made


def read_receipt(text: str) -> dict[str, Any]:
    """Read what a QR of ours says; InputError for any other text."""
    try:
        if not text.startswith(MARK) or len(text) > 4 * LARGEST:
            raise ValueError(text[:20])
        unpacked = zlib.decompressobj().decompress(
            base45.b45decode(text[len(MARK) :]), 64 * LARGEST
        )
        said: dict[str, Any] = json.loads(unpacked)
    except (ValueError, zlib.error) as fault:
        raise InputError(
            f"the code is no receipt of this workbench: it does not read as {MARK} and base45.",
            key="sheet.receipt_form",
        ) from fault
    return said


@lru_cache(maxsize=8)
def qr_code(text: str) -> segno.QRCode:
    """Make the QR symbol of a receipt, error level M."""
    import segno  # verifying a PDF needs none of it

    return segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False)


@lru_cache(maxsize=8)
def qr_png(text: str) -> bytes:
    """QR as PNG, four pixels a module, quiet zone of four modules."""
    made = io.BytesIO()
    qr_code(text).save(made, kind="png", scale=4, border=4)
    return made.getvalue()


@lru_cache(maxsize=8)
def qr_svg(text: str) -> str:
    """QR as SVG, for print at any size."""
    made = io.BytesIO()
    qr_code(text).save(made, kind="svg", xmldecl=False, svgns=True, border=4, nl=False)
    return made.getvalue().decode("ascii")
