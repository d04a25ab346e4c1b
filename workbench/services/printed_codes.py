"""核验 of paper: what the code in a photo or scan of a sheet proves."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.errors import LedgerError
from models.ledger.notes import VerifierKey, parse_checkpoint, parse_note
from models.ledger.tree import leaf_hash
from rubrics.canonical import canonical_json
from workbench.errors import InputError
from workbench.exports.picture_reading import codes_of_picture, codes_of_scan, is_picture
from workbench.exports.reading_back import bytes_of, carries_proof
from workbench.exports.receipt import PaperProof, read_code
from workbench.messages import text
from workbench.services.later_entries import held_against
from workbench.services.verdict import Report, fault, report, signature_faults

PAPER = "paper"


def code_of(path: Path) -> str | None:
    """Text of the printed code of a picture, or of a PDF that is a scan; None for any other file.

    Raises
    ------
    InputError
        If a picture shows none of our codes, or those of several sheets.
    """
    data = bytes_of(path)
    if is_picture(data):
        found = codes_of_picture(path.name, data)
    elif data[:1024].find(b"%PDF-") >= 0 and not carries_proof(path.name, data):
        found = codes_of_scan(data)
        if not found:
            return None  # the reader of sheets says what it lacks
    else:
        return None
    if len(found) != 1:
        raise InputError(
            f"{path.name} shows {len(found)} codes of result sheets, expected one. Photograph "
            "one sheet, straight and near enough for its code to fill a third of the picture.",
            key="sheet.codes",
            file=path.name,
            count=len(found),
        )
    return found[0]


def verify_code(code: str, keys: Sequence[VerifierKey], ledgers: Sequence[Path]) -> Report:
    """Verify what a printed code says, and list it for comparison with the paper.

    Raises
    ------
    InputError
        If the code is not one of this workbench.
    """
    said = read_code(code)
    if isinstance(said, PaperProof):
        return _verify_proof(said, keys, ledgers)
    return _verify_receipt(said, keys, ledgers)


def _verify_proof(said: PaperProof, keys: Sequence[VerifierKey], ledgers: Sequence[Path]) -> Report:
    head = parse_checkpoint(parse_note(said.checkpoint).text)
    faults = list(signature_faults(said.checkpoint, keys))
    leaves = {body["seq"]: leaf_hash(canonical_json(dict(body))) for body in said.bodies}
    later = held_against(ledgers, head, leaves, keys)
    made = report((*faults, *later.faults), said.bodies, PAPER, head.origin)
    who = text(
        "verify.paper.who",
        name=said.person.name,
        teacher_no=said.person.teacher_no,
        subject=said.person.subject or "—",
        school=said.bodies[0]["school"],
        round=said.bodies[0]["round"],
    )
    proven = () if faults else (who, *_results(said.bodies))
    return replace(made, proven=proven, ledger_as_of=later.as_of)


def _results(bodies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for body in bodies:
        level, reason = body["level"], body["reason_none"]
        yield text(
            "verify.paper.result",
            seq=body["seq"],
            competency=body["competency"] or text("verify.paper.conclusion"),
            outcome=text(f"level.{level}") if level else text(f"reason_none.{reason}"),
        )


def _verify_receipt(
    said: Mapping[str, Any], keys: Sequence[VerifierKey], ledgers: Sequence[Path]
) -> Report:
    """Verify a code that names entries without proving them: it needs the ledger, or the file."""
    try:
        note = f"{said['origin']}\n{said['size']}\n{said['root']}\n\n{said['sig']}\n"
        head = parse_checkpoint(parse_note(note).text)
        leaves = {
            int(seq): base64.b64decode(leaf, validate=True) for seq, leaf in said.get("entries", ())
        }
    except (LedgerError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise InputError(
            f"the code is no receipt of this workbench ({error}).", key="sheet.receipt_form"
        ) from error
    faults = list(signature_faults(note, keys))
    later = held_against(ledgers, head, leaves, keys)
    bodies = _stated(ledgers, head.origin, leaves) if later.as_of and not faults else None
    if not bodies:
        faults.append(fault("code", "code", "code"))
    made = report((*faults, *later.faults), bodies or (), PAPER, head.origin)
    proven = tuple(_results(bodies)) if bodies and not faults else ()
    return replace(made, proven=proven, ledger_as_of=later.as_of)


def _stated(
    ledgers: Sequence[Path], origin: str, leaves: Mapping[int, bytes]
) -> list[dict[str, Any]] | None:
    """Entries of the ledger at hand that a code names; None where it names others, or none."""
    from models.ledger.verifying import latest_checkpoint, proofs_for  # loads SQLite

    for path in ledgers:
        if leaves and latest_checkpoint(path).split("\n", 1)[0] == origin:
            made = [str(each["body"]) for each in proofs_for(path, list(leaves))]
            same = all(
                leaf_hash(body.encode()) == leaf
                for body, leaf in zip(made, leaves.values(), strict=True)
            )
            return [json.loads(body) for body in made] if same else None
    return None
