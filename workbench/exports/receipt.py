"""The QR of a sheet: a receipt small enough to print, taken from the payload."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import base45

from rubrics.canonical import canonical_json
from workbench.errors import InputError
from workbench.exports.paper_proof import PaperProof, paper_proof, read_paper
from workbench.exports.payload import APPENDIX, COUNTY, TEACHER, SheetPayload
from workbench.exports.symbols import code_picture

if TYPE_CHECKING:
    import segno

MARK = "EVW1:"
PROOF_MARK = "EVW2:"
LARGEST = 1000
_OF_ONE = (TEACHER, APPENDIX)


def receipt(payload: SheetPayload) -> str:
    """Text of the QR of a sheet.

    A teacher's is ``EVW2:`` and base45 of what :func:`paper_proof` packs: it
    proves the results by itself. Where that is too much for a printed code, and
    for a school, it is ``EVW1:`` and base45 of a compressed canonical receipt:
    the checkpoint (origin, size, root, first signature) and, for a teacher, the
    number and leaf hash of each entry; for a school the digest of the payload.

    Returns
    -------
    str
        At most 1,505 characters, all of the QR alphanumeric set.

    Raises
    ------
    InputError
        If it would be longer: a teacher's sheet with too many entries.
    """
    proof = paper_proof(payload) if payload.kind in _OF_ONE else None
    if proof is not None:
        return PROOF_MARK + base45.b45encode(proof).decode("ascii")
    if payload.kind == COUNTY:  # its parts have a checkpoint each, too much for a code
        return _packed({"county": payload.county, "payload": payload.digest})
    head = payload.head
    said: dict[str, Any] = {
        "origin": head.origin,
        "size": head.size,
        "root": base64.b64encode(head.root).decode(),
        "sig": payload.note.signatures[0].line.strip(),
    }
    if payload.kind in _OF_ONE:
        leaves = [[one.seq, base64.b64encode(one.leaf).decode()] for one in payload.entries]
        said["entries"] = leaves
    else:
        said["payload"] = payload.digest
    made = _packed(said)
    if len(made) > LARGEST:
        raise InputError(
            f"the receipt of {len(payload.entries)} entries takes {len(made)} characters, "
            f"the printed code holds {LARGEST}. Issue the sheet for fewer competencies.",
            key="sheet.receipt_too_long",
            length=len(made),
            limit=LARGEST,
        )
    return made


def _packed(said: Mapping[str, Any]) -> str:
    return MARK + base45.b45encode(zlib.compress(canonical_json(dict(said)), 9)).decode("ascii")


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


def read_code(text: str) -> PaperProof | dict[str, Any]:
    """Read the text of a printed code, of either form; InputError for any other text."""
    if not text.startswith(PROOF_MARK) or len(text) > 4 * LARGEST:
        return read_receipt(text)
    try:
        data = base45.b45decode(text[len(PROOF_MARK) :])
    except ValueError as fault:
        raise InputError(
            "the code is no receipt of this workbench: it does not read as base45.",
            key="sheet.receipt_form",
        ) from fault
    return read_paper(data)


@lru_cache(maxsize=8)
def qr_code(text: str) -> segno.QRCode:
    """Make the QR symbol of a receipt, error level M.

    The mask is fixed: what is packed looks random under any of the eight, and
    trying them all costs three quarters of the symbol.
    """
    import segno  # verifying a PDF needs none of it

    return segno.make_qr(text, error="m", mode="alphanumeric", mask=3, boost_error=False)


@lru_cache(maxsize=8)
def qr_png(text: str) -> bytes:
    """QR as PNG, four pixels a module, quiet zone of four modules."""
    return code_picture(qr_code(text).matrix)


@lru_cache(maxsize=8)
def qr_svg(text: str) -> str:
    """QR as SVG, for print at any size."""
    made = io.BytesIO()
    qr_code(text).save(made, kind="svg", xmldecl=False, svgns=True, border=4, nl=False)
    return made.getvalue().decode("ascii")
