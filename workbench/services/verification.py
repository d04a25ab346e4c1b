"""核验: does a sheet say what its ledger proves? Offline, from the file and a key given from outside."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.errors import LedgerError
from models.ledger.entry import decode
from models.ledger.notes import Checkpoint, VerifierKey, parse_key
from models.ledger.tree import verify_inclusion
from rubrics.errors import WorkbenchError
from workbench.errors import InputError
from workbench.exports.comparing import compare
from workbench.exports.layout_parts import results_of
from workbench.exports.payload import (
    APPENDIX,
    COUNTED,
    TEACHER,
    ProvenEntry,
    SheetPayload,
    payload_from,
)
from workbench.exports.reading_back import Sheet, read_sheet
from workbench.messages import explain, text
from workbench.services.later_entries import held_against
from workbench.services.printed_codes import code_of, verify_code
from workbench.services.verdict import Fault, Report, fault, report, signature_faults


def verify_sheet(path: Path, trusted: Sequence[str], ledgers: Sequence[Path] = ()) -> Report:
    """Verify an issued docx, xlsx or pdf against its own proof, or a photo or scan by its code.

    Parameters
    ----------
    path : Path
        The file; a picture, or a PDF that is a scan, is read for its printed code.
    trusted : sequence of str
        Verifier keys (``name+id+base64``) from outside the file. Without one
        nothing is proven, and the report says so.
    ledgers : sequence of Path
        Ledgers at hand: the one of the sheet's origin says what was replaced since.

    Returns
    -------
    Report
        Every fault at once: signature, entries, identities, printed cells.

    Raises
    ------
    InputError
        If the file is no sheet, is broken, carries no proof, or a key is no key.
    """
    keys = [_key(one) for one in trusted]
    code = code_of(path)
    if code is not None:
        return verify_code(code, keys, ledgers)
    sheet = read_sheet(path)
    try:
        payload = payload_from(sheet.payload)
    except InputError as error:
        return report((Fault("payload", "proof", explain(error)),))
    parts = payload.parts or (payload,)
    faults = [each for part in parts for each in _ledger_faults(part, keys)]
    faults += _printed_faults(payload, sheet)
    stated = list(_stated(payload))
    if sheet.file_format == "pdf" and not faults:
        from workbench.exports.appearance import compare_appearance  # loads the typesetter

        unlike = compare_appearance(payload, path.read_bytes())
        stated += [text("verify.stated.appearance")] if unlike is None else []
        faults += [_printed(one.place, one.label, "", "") for one in unlike or ()]
    later = [
        held_against(ledgers, part.head, {one.seq: one.leaf for one in part.entries}, keys)
        for part in parts
    ]
    faults += [each for found in later for each in found.faults]
    entries = [one.record for part in parts for one in part.entries]
    made = report(faults, entries, payload.kind, payload.origin or payload.county)
    # of several ledgers the one that can tell least says how far the whole can be relied on
    return replace(
        made, stated=tuple(stated), ledger_as_of=min((found.as_of for found in later), default="")
    )


def _key(words: str) -> VerifierKey:
    try:
        return parse_key(words.strip())
    except LedgerError as error:
        raise InputError(
            f"the key given is no verifier key ({error.message}) "
            "Give the text the school or the county handed out: name+id+base64.",
            key="verify.key_form",
            reason=error.message,
        ) from error


def _ledger_faults(payload: SheetPayload, keys: Sequence[VerifierKey]) -> Iterator[Fault]:
    """Faults of the proof: key, signature, entries, identities, scope."""
    yield from signature_faults(payload.checkpoint, keys)
    head = payload.head
    if head.origin != payload.origin:
        yield fault("origin", "checkpoint", "origin", expected=head.origin, found=payload.origin)
    for one in payload.entries:
        yield from _entry_faults(payload, one, head)
    yield from _policy_faults(payload)
    yield from _rubric_faults(payload)
    yield from _identity_faults(payload)
    yield from _scope_faults(payload)


def _entry_faults(payload: SheetPayload, one: ProvenEntry, head: Checkpoint) -> Iterator[Fault]:
    """Form, place in the tree, and agreement with what the sheet says of all entries."""
    place = f"entry {one.seq}"
    try:
        said = decode(one.body.encode(), one.detail.encode())
        path = [base64.b64decode(node, validate=True) for node in one.proof]
    except (LedgerError, binascii.Error, ValueError) as error:
        reason = explain(error) if isinstance(error, WorkbenchError) else str(error)
        yield fault("entry", place, "entry", seq=one.seq, reason=reason)
        return
    proven = one.size == head.size and said["seq"] == one.seq
    if not proven or not verify_inclusion(one.leaf, one.seq, head.size, path, head.root):
        yield fault("inclusion", place, "inclusion", seq=one.seq)
    for key, printed in (
        ("origin", payload.origin),
        ("round", payload.round_id),
        ("school", payload.school_id),
    ):
        if key in said and said[key] != printed:
            yield fault("scope", place, "other", seq=one.seq, expected=printed, found=said[key])
    if "policy" in said and said["policy"] not in {each.digest for each in payload.policies}:
        yield fault("policy", place, "policy", seq=one.seq)


def _policy_faults(payload: SheetPayload) -> Iterator[Fault]:
    """Each policy a sheet names must be one its entries were made under, and stand there once."""
    named = [policy.digest for policy in payload.policies]
    followed = {one.record.get("policy") for one in results_of(payload)}
    for policy in payload.policies:
        if policy.digest not in followed or named.count(policy.digest) > 1:
            yield fault("policy", "policy", "policy_unused", name=policy.name)


def _rubric_faults(payload: SheetPayload) -> Iterator[Fault]:
    """Each rubric that came along must be the one its competency's entries name."""
    for rubric in payload.rubrics:
        code = json.loads(rubric)["competency"]
        made = hashlib.sha256(rubric.encode()).hexdigest()
        named = {
            one.record["rubric"] for one in results_of(payload) if one.record["competency"] == code
        }
        if named != {made}:
            yield fault("rubric", f"rubric {code}", "rubric", competency=code)


def _identity_faults(payload: SheetPayload) -> Iterator[Fault]:
    """Each name must open the commitment of every result that speaks of it."""
    for one in results_of(payload) if payload.kind != COUNTED else ():
        who = payload.people.get(one.record["subject"])
        if who is None or who.commitment != one.record["pii_commit"]:
            yield fault("identity", f"entry {one.seq}", "identity", seq=one.seq)


def _scope_faults(payload: SheetPayload) -> Iterator[Fault]:
    """Nothing twice, nothing replaced, nothing of a conclusion left out, nobody else's."""
    results = results_of(payload)
    replaced = {one.record["supersedes"] for one in results if one.record["kind"] == "supersede"}
    for one in results:
        if one.seq in replaced:
            yield fault("scope", f"entry {one.seq}", "replaced", seq=one.seq)
    places = [(one.record["subject"], one.record["competency"]) for one in results]
    for subject, competency in sorted({place for place in places if places.count(place) > 1}):
        yield fault("scope", subject, "twice", subject=subject, competency=competency or "—")
    if payload.kind in (TEACHER, APPENDIX) and len({subject for subject, _ in places}) > 1:
        yield fault("scope", "sheet", "several")
    if payload.kind != COUNTED:
        yield from _missing_parts(results)


def _missing_parts(results: Sequence[ProvenEntry]) -> Iterator[Fault]:
    """Every competency a conclusion is composed of must be on the sheet, as it was then."""
    shown = {
        (one.record["subject"], _part(one.record)) for one in results if one.record["competency"]
    }
    for one in results:
        for part in one.record["composed_of"]:
            if (one.record["subject"], _part(part)) not in shown:
                yield fault(
                    "complete",
                    f"entry {one.seq}",
                    "incomplete",
                    seq=one.seq,
                    competency=part["competency"],
                )


def _part(said: Any) -> tuple[str, str, str, int]:
    return said["competency"], said["level"], said["reason_none"], said["attempt"]


def _printed_faults(payload: SheetPayload, sheet: Sheet) -> list[Fault]:
    try:
        differences = compare(payload, sheet)
    except WorkbenchError as error:
        return [Fault("printed", "sheet", explain(error))]
    except (KeyError, TypeError, ValueError) as error:
        reason = text("verify.unprintable", reason=repr(error))
        return [Fault("printed", "sheet", reason)]
    return [_printed(one.place, one.label, one.expected, one.found) for one in differences]


def _printed(place: str, label: str, expected: str, found: str) -> Fault:
    key = "printed" if expected or found else "unlike"
    sentence = text(
        f"verify.{key}", label=label, expected=expected or "—", found=found.strip() or "—"
    )
    return Fault("printed", place, sentence, expected, found)


def _stated(payload: SheetPayload) -> Iterator[str]:
    """What the sheet prints and the ledger does not prove."""
    yield text("verify.stated.always")
    if payload.round != payload.round_id:
        yield text("verify.stated.round")
    if payload.school != payload.school_id:
        yield text("verify.stated.school")
    if payload.places:
        yield text("verify.stated.places")
    codes = {one.record["competency"] for one in results_of(payload)} - {""}
    unnamed = sorted(codes - payload.competency_names.keys())
    if unnamed:
        yield text("verify.stated.rubric", competencies="、".join(unnamed))
