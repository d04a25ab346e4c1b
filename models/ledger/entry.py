"""Ledger entries, version 1: what each kind states, its canonical bytes and its hashes.

An entry is one flat record, stored as two canonical JSON texts. ``body`` holds
what must fit a printed proof (who, what, level, salted commitment) and
``detail``, the SHA-256 of the second text; the second text holds what decided:
reads, pieces, evidence, digests, approvers. The tree's leaf covers the body and
so, through the digest, both.

No names, no scores, no floats, no free text about people: identifiers are ASCII
without blanks, reasons are codes with the digest of the text kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from unicodedata import is_normalized

from models.errors import LedgerError
from models.ledger.fields import Field
from models.ledger.forms import FORMS, KINDS, VERSION, Form
from models.ledger.notes import parse_key
from models.ledger.tree import leaf_hash
from rubrics.canonical import Json, canonical_json

FIRST_PREV = bytes(32)
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

# Writes the same bytes as ``canonical_json`` for what the patterns let through, and
# anything else does not get through: the check that function makes is made once.
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_RESULT = FORMS["result"]
_KIND = re.compile(r'"kind":"([a-z_]+)"')
_VERSION = re.compile(r'"v":([0-9]+)\}$')
_SEALED_LATER = frozenset(
    {"v", "kind", "seq", "posted_at", "origin", "detail", "batch", "audit_head", "clock_back"}
)


class Parts(NamedTuple):
    """An entry read back: its kind, and each field's canonical JSON text by group name."""

    kind: str
    body: re.Match[str]
    detail: re.Match[str]


class Sealed(NamedTuple):
    """The two texts of an entry, and the entry as read back from them."""

    body: bytes
    detail: bytes
    parts: Parts


def complete(draft: Mapping[str, Any]) -> dict[str, Json]:
    """A draft (``kind`` and its own fields) with the defaults of its kind filled in.

    Raises
    ------
    LedgerError
        If the kind is unknown, a field is missing or unknown, or a field is
        one that posting fills in (seq, time, origin, batch).
    """
    form = _form_of(draft.get("kind"))
    made: dict[str, Json] = {**form.defaults, **draft}
    if made.keys() != form.stated:
        filled = sorted((made.keys() & _SEALED_LATER) - {"kind"})
        if filled:
            raise _reserved(form.kind, ", ".join(filled))
        _check_keys(form, made.keys() | _SEALED_LATER)
    return made


def build_entry(
    kind: str,
    seq: int,
    posted_at: str,
    origin: str,
    batch: str,
    *,
    audit_head: str = "",
    clock_back: bool = False,
    **fields: Any,
) -> dict[str, Json]:
    """One flat, checked entry.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    seq : int
        Position in the ledger from 0, the index of its leaf.
    posted_at : str
        UTC, ``2026-11-21T03:04:05Z``.
    origin : str
        The ledger's identity; an entry cannot be moved to another ledger.
    batch : str
        Identifier of the posting batch.
    audit_head : str
        Head of the audit log (SHA-256) when the batch was posted, or empty.
    clock_back : bool
        Whether the clock had gone back and the previous entry's time was kept.
    **fields
        The kind's own fields, see ``FORMS``; those with a default may be left out.

    Returns
    -------
    dict
        Every field of the kind, none missing, none more (but ``detail``, which
        ``encode`` adds to the body).

    Raises
    ------
    LedgerError
        Names the first field that is not as expected.
    """
    draft = complete({"kind": kind, **fields})
    entry = assemble(draft, seq, posted_at, origin, batch, audit_head, clock_back)
    check_entry(entry)
    return entry


def assemble(
    draft: Mapping[str, Json],
    seq: int,
    posted_at: str,
    origin: str,
    batch: str,
    audit_head: str,
    clock_back: bool,
) -> dict[str, Json]:
    """Join a completed draft and what posting fills in; unchecked until ``seal``."""
    return {
        **draft,
        "v": VERSION,
        "seq": seq,
        "posted_at": posted_at,
        "origin": origin,
        "batch": batch,
        "audit_head": audit_head,
        "clock_back": clock_back,
    }


def check_entry(entry: Mapping[str, Any]) -> None:
    """Check a flat entry strictly; LedgerError names the field, what was expected, what came."""
    seal(entry)


def encode(entry: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Canonical bytes of a flat entry: body and detail; LedgerError if it is not as its kind asks."""
    sealed = seal(entry)
    return sealed.body, sealed.detail


def seal(entry: Mapping[str, Any]) -> Sealed:
    """Canonical texts of a flat entry, and what reading them back gives.

    Raises
    ------
    LedgerError
        Names the first field that is not as expected, or the rule between
        fields that is broken.
    """
    form = _form_of(entry.get("kind"))
    if entry.keys() != form.keys:
        _check_keys(form, entry.keys() | {"detail"})
    try:
        detail = _ENCODER.encode({key: entry[key] for key in form.detail_keys}).encode()
        head = {key: entry[key] for key in form.body_keys}
        head["detail"] = hashlib.sha256(detail).hexdigest()
        body = _ENCODER.encode(head).encode()
        return Sealed(body, detail, read_parts(body, detail))
    except (TypeError, ValueError, LedgerError):
        _check_fields(form, entry)
        raise


def decode(body: bytes, detail: bytes) -> dict[str, Json]:
    """Flat entry from its two texts; LedgerError if they are not canonical, valid and joined."""
    read_parts(body, detail)
    entry: dict[str, Json] = {**json.loads(detail), **json.loads(body)}
    del entry["detail"]
    return entry


def read_parts(body: bytes, detail: bytes) -> Parts:
    """Check canonical form, fields and rules within an entry, without building its values.

    Raises
    ------
    LedgerError
        Names what is wrong: not UTF-8, unknown version or kind, a field, the
        digest that joins the two texts, or a rule between fields.
    """
    try:
        body_text, detail_text = body.decode(), detail.decode()
    except UnicodeDecodeError as error:
        raise LedgerError(
            f"the entry is not UTF-8: {error}.", key="ledger.not_canonical", fault=str(error)
        ) from None
    form, in_body = _read_body(body_text)
    in_detail = form.detail_pattern.fullmatch(detail_text)
    if in_detail is None:
        raise _text_fault(form.kind, form.detail, detail_text)
    if hashlib.sha256(detail).hexdigest() != in_body["detail"][1:-1]:
        raise _field_fault(form.kind, "detail", "the SHA-256 of the second text", in_body["detail"])
    if not (is_normalized("NFC", body_text) and is_normalized("NFC", detail_text)):
        raise _field_fault(form.kind, "text", "Unicode NFC", "another spelling")
    _check_between(form.kind, in_body, in_detail)
    return Parts(form.kind, in_body, in_detail)


def _read_body(text: str) -> tuple[Form, re.Match[str]]:
    """Form of a body and its fields; most entries are results, so theirs is tried first."""
    in_body = _RESULT.body_pattern.fullmatch(text)
    if in_body is not None:
        return _RESULT, in_body
    found = _KIND.search(text)
    form = FORMS.get(found[1]) if found else None
    in_body = form.body_pattern.fullmatch(text) if form else None
    if form is None or in_body is None:
        raise _body_fault(text)
    return form, in_body


def chain_hash(prev: bytes, leaf: bytes) -> bytes:
    """SHA-256 of the previous link and this leaf; the first link's ``prev`` is 32 zero bytes."""
    return hashlib.sha256(prev + leaf).digest()


def entry_hashes(prev: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Leaf and chain hash of a body after the link ``prev``."""
    leaf = leaf_hash(body)
    return leaf, chain_hash(prev, leaf)


@lru_cache(maxsize=64)
def is_time(stamp: str) -> bool:
    """Whether a text, in the quotes of JSON or without, is a UTC time as entries write it."""
    plain = stamp[1:-1] if stamp[:1] == stamp[-1:] == '"' else stamp
    try:
        return datetime.fromisoformat(plain).strftime(TIME_FORMAT) == plain
    except ValueError:
        return False


def _form_of(kind: object) -> Form:
    form = FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise LedgerError(
            f"entry kind {kind!r} is unknown: expected one of {', '.join(KINDS)}.",
            key="ledger.unknown_kind",
            kind=str(kind),
            kinds=", ".join(KINDS),
        )
    return form


def _check_keys(form: Form, keys: set[str]) -> None:
    wanted = form.body.keys() | form.detail.keys()
    for names, state in ((wanted - keys, "missing"), (keys - wanted, "unknown")):
        if names:
            listed = ", ".join(sorted(names))
            raise LedgerError(
                f"{form.kind} entry: {listed} is {state}. Build it with the fields of its kind.",
                key=f"ledger.fields_{state}",
                kind=form.kind,
                fields=listed,
            )


def _reserved(kind: str, fields: str) -> LedgerError:
    return LedgerError(
        f"draft of a {kind} entry: {fields} is filled in by posting. Leave it out.",
        key="ledger.field_reserved",
        kind=kind,
        fields=fields,
    )


def _check_fields(form: Form, entry: Mapping[str, Any]) -> None:
    """Name the first field whose canonical JSON does not match its shape."""
    for key, field in sorted({**form.detail, **form.body}.items()):
        if key != "detail":
            _check_field(form.kind, key, field, entry[key])


def _check_field(kind: str, key: str, field: Field, value: object) -> None:
    try:
        text = canonical_json(value).decode()
    except ValueError as error:
        raise _field_fault(kind, key, field.expected, str(error)) from None
    if re.fullmatch(field.pattern, text) is None:
        raise _field_fault(kind, key, field.expected, text)


def _field_fault(kind: str, key: str, expected: str, came: str) -> LedgerError:
    short = came if len(came) <= 120 else came[:117] + "..."
    return LedgerError(
        f"{kind} entry, field {key}: expected {expected}, came {short}.",
        key="ledger.field",
        kind=kind,
        field=key,
        came=short,
    )


def _body_fault(text: str) -> LedgerError:
    """Why a body matches no form: a newer version, an unknown kind, or a field."""
    version = _VERSION.search(text)
    if version and int(version[1]) != VERSION:
        return LedgerError(
            f"the entry states format version {version[1]}; this program reads {VERSION}. "
            "Verify it with a newer release.",
            key="ledger.newer_version",
            version=version[1],
        )
    found = _KIND.search(text)
    try:
        form = _form_of(found[1] if found else None)
    except LedgerError as error:
        return error
    return _text_fault(form.kind, form.body, text)


def _text_fault(kind: str, fields: Mapping[str, Field], text: str) -> LedgerError:
    """Name the field at fault in a text that matches no form, or say it is not canonical."""
    try:
        values = json.loads(text)
        if isinstance(values, dict) and values.keys() == fields.keys():
            for key in sorted(fields):
                _check_field(kind, key, fields[key], values[key])
    except LedgerError as error:
        return error
    except (ValueError, RecursionError):
        pass
    return LedgerError(
        f"{kind} entry: the stored text is not the canonical JSON of its fields.",
        key="ledger.not_canonical",
        fault=kind,
    )


def _check_between(kind: str, body: re.Match[str], detail: re.Match[str]) -> None:
    """Rules between the fields of one entry."""
    if not is_time(body["posted_at"]):
        raise _field_fault(kind, "posted_at", "a day of the calendar", body["posted_at"])
    if kind == "result":
        _check_result(kind, body, detail)
        return
    if kind == "supersede":
        _check_result(kind, body, detail)
    if kind in ("supersede", "void") and int(body["supersedes"]) >= int(body["seq"]):
        raise _field_fault(kind, "supersedes", "an earlier entry", body["supersedes"])
    if kind == "key":
        _check_key(body)
    if kind == "publicity":
        for key in ("opened_at", "closed_at"):
            if not is_time(detail[key]):
                raise _field_fault(kind, key, "a day of the calendar", detail[key])


def _check_result(kind: str, body: re.Match[str], detail: re.Match[str]) -> None:
    level, reason, competency = body.group("level", "reason_none", "competency")
    if (level == '""') == (reason == '""'):
        raise _field_fault(kind, "level", "a level or a reason it has none", level)
    if competency == '""':
        return
    if detail["composed_of"] != "[]":
        raise _field_fault(
            kind, "composed_of", "nothing: only a conclusion is composed", detail["composed_of"]
        )
    if detail["rubric"] == '""':
        raise _field_fault(kind, "rubric", "the digest of the competency's rubric", '""')


def _check_key(body: re.Match[str]) -> None:
    key = parse_key(body["key"][1:-1])
    if key.name != body["origin"][1:-1]:
        raise _field_fault("key", "key", "a key named as the origin", body["key"])
    if (body["action"] == '"genesis"') != (body["seq"] == "0"):
        raise _field_fault("key", "action", "genesis at entry 0 and only there", body["action"])
