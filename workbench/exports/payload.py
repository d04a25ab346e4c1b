"""The canonical payload of a sheet: ledger entries, their proofs, and the people they speak of.

Every word of a sheet is computed from this payload and nothing else, in all
three formats; the file carries it whole, so that the sheet proves itself
without a server.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from models.errors import LedgerError
from models.ledger.notes import Checkpoint, Note, parse_checkpoint, parse_note, parse_proof
from models.ledger.tree import leaf_hash
from rubrics.canonical import canonical_json
from workbench.errors import InputError

TEACHER = "teacher"
SCHOOL = "school"
APPENDIX = "appendix"
COUNTY = "county"
COUNTED = "counted"
KINDS = (TEACHER, SCHOOL, APPENDIX, COUNTY)
VERSION = 1


@dataclass(frozen=True)
class Person:
    """Who stands behind a pseudonym; ``salt`` (64 hex digits) opens the ledger's commitment."""

    teacher_no: str
    name: str
    subject: str
    salt: str

    @property
    def commitment(self) -> str:
        """SHA-256 over the salt and the canonical JSON of name, subject and teacher number."""
        words = {"name": self.name, "subject": self.subject, "teacher_no": self.teacher_no}
        return hashlib.sha256(bytes.fromhex(self.salt) + canonical_json(words)).hexdigest()


@dataclass(frozen=True)
class NamedPolicy:
    """A policy pack that entries of a sheet were made under: its id, printed name and digest."""

    id: str
    name: str
    digest: str


@dataclass(frozen=True)
class ProvenEntry:
    """One ledger entry: its two canonical JSON texts as posted, and the hashes that prove it.

    ``body`` is what the tree's leaf covers; it holds the digest of ``detail``.
    ``proof`` are the base64 hashes of its inclusion proof in the tree of the
    payload's checkpoint, leaf side first; ``size`` is that tree's size.
    """

    seq: int
    body: str
    detail: str
    proof: tuple[str, ...]
    size: int

    @cached_property
    def record(self) -> Mapping[str, Any]:
        """What the entry says, body over detail."""
        said: dict[str, Any] = {**json.loads(self.detail), **json.loads(self.body)}
        return said

    @property
    def leaf(self) -> bytes:
        """Leaf hash of the entry in the ledger's tree."""
        return leaf_hash(self.body.encode("utf-8"))


@dataclass(frozen=True)
class SheetPayload:
    """All a sheet says and what proves it.

    Parameters
    ----------
    kind : str
        ``teacher`` 结果单, ``school`` 汇总表, ``appendix`` 附页 of a teacher's sheet,
        or ``county`` 全县汇总表, which has ``parts`` of kind ``counted``, no entries
        and no checkpoint of its own.
    round, county, school : str
        As they are printed.
    round_id, school_id : str
        As the ledger's entries name them; where they differ from the printed
        names, the names are stated by the sheet and not proven by the ledger.
    policies : tuple of NamedPolicy
        The policy packs the entries were made under, in the order the entries name
        them; several where one was adopted in mid-round. A county's are its parts'.
    rubric_set : str
        Name of the set of rubrics.
    origin : str
        The ledger's origin, as in its checkpoint.
    checkpoint : str
        Signed note: the text of the checkpoint with its signature lines.
    entries : tuple of ProvenEntry
        In ledger order.
    people : mapping of Person
        By pseudonym.
    rubrics : tuple of str
        Canonical JSON of each rubric named by an entry's digest, in code order;
        it proves the printed names of the competencies.
    issued_on : str
        Day of issue, ``2026-11-21``.
    places : mapping of str
        Of an appendix: where in the evidence a deciding criterion is seen, by entry
        number and criterion (``12 A1-1.P3``); stated by the readers, not proven.
    parts : tuple of SheetPayload
        Of a county's summary: the conclusions of each school, naming nobody.
    """

    kind: str
    round: str
    county: str
    school: str
    policies: tuple[NamedPolicy, ...]
    rubric_set: str
    origin: str
    checkpoint: str
    entries: tuple[ProvenEntry, ...]
    people: Mapping[str, Person]
    issued_on: str
    round_id: str
    school_id: str
    rubrics: tuple[str, ...] = field(default=())
    places: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[SheetPayload, ...] = field(default=())

    @cached_property
    def competency_names(self) -> dict[str, str]:
        """Chinese name of each competency, by code."""
        said = [json.loads(rubric) for rubric in self.rubrics]
        return {rubric["competency"]: rubric["name_zh"] for rubric in said}

    @cached_property
    def named_policies(self) -> tuple[NamedPolicy, ...]:
        """Policies of the payload, or of its parts, each once."""
        parts = self.parts or (self,)
        return tuple(dict.fromkeys(policy for part in parts for policy in part.policies))

    @cached_property
    def head(self) -> Checkpoint:
        """What the checkpoint says, for printing: its signature is not examined here."""
        return parse_checkpoint(self.note.text)

    @cached_property
    def note(self) -> Note:
        """The checkpoint's text and signatures, not examined; LedgerError where it is no note."""
        return parse_note(self.checkpoint)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical payload, in hexadecimal."""
        return hashlib.sha256(self.canonical).hexdigest()

    @cached_property
    def canonical(self) -> bytes:
        """Canonical JSON of the payload, UTF-8, made once for all formats."""
        return canonical_json(_told(self))


def proven(made: Mapping[str, Any]) -> ProvenEntry:
    """Take an entry from what ``models.ledger.verifying.proofs_for`` makes."""
    read = parse_proof(made["proof"])
    path = tuple(base64.b64encode(node).decode() for node in read.path)
    size = parse_checkpoint(parse_note(read.checkpoint).text).size
    return ProvenEntry(read.index, made["body"], made["detail"], path, size)


def payload_bytes(payload: SheetPayload) -> bytes:
    """Canonical JSON of a payload, UTF-8."""
    return payload.canonical


def _told(payload: SheetPayload) -> dict[str, Any]:
    people = {pseudonym: vars(who) for pseudonym, who in payload.people.items()}
    entries = [
        {key: getattr(one, key) for key in ("seq", "body", "detail", "proof", "size")}
        for one in payload.entries
    ]
    told = {
        "v": VERSION,
        "kind": payload.kind,
        "round": {"id": payload.round_id, "name": payload.round},
        "county": payload.county,
        "school": {"id": payload.school_id, "name": payload.school},
        "policies": [vars(policy) for policy in payload.policies],
        "rubric_set": payload.rubric_set,
        "rubrics": list(payload.rubrics),
        "origin": payload.origin,
        "checkpoint": payload.checkpoint,
        "entries": entries,
        "people": people,
        "issued_on": payload.issued_on,
    }
    if payload.places:
        told["places"] = dict(payload.places)
    return told | ({"parts": [_told(part) for part in payload.parts]} if payload.parts else {})


def payload_from(data: bytes) -> SheetPayload:
    """Read a payload back; InputError where form, keys or canonical spelling are wrong."""
    try:
        payload = _build(json.loads(data), KINDS)
        same = payload_bytes(payload) == data
    except (KeyError, TypeError, ValueError, RecursionError, LedgerError) as fault:
        raise InputError(
            f"the proof in the file is no payload of version {VERSION} ({fault}); "
            "ask the school for the file as it was issued.",
            key="sheet.payload_form",
        ) from fault
    if not same:
        raise InputError(
            "the proof in the file is not written in canonical form, so it was altered; "
            "ask the school for the file as it was issued.",
            key="sheet.payload_canonical",
        )
    return payload


def _build(said: Any, kinds: Sequence[str]) -> SheetPayload:
    if said["v"] != VERSION or said["kind"] not in kinds:
        raise ValueError("unknown version or kind")
    payload = SheetPayload(
        **{key: _text(said[key]) for key in _TEXTS},
        round=_text(said["round"]["name"]),
        round_id=_text(said["round"]["id"]),
        school=_text(said["school"]["name"]),
        school_id=_text(said["school"]["id"]),
        policies=tuple(_policy(one) for one in said["policies"]),
        entries=tuple(_entry(one) for one in said["entries"]),
        people={pseudonym: _person(one) for pseudonym, one in said["people"].items()},
        rubrics=tuple(_text(one) for one in said["rubrics"]),
        places={key: _text(words) for key, words in said.get("places", {}).items()},
        parts=tuple(_build(one, (COUNTED,)) for one in said.get("parts", ())),
    )
    if payload.places and payload.kind != APPENDIX:
        raise ValueError("places of criteria belong to an appendix")
    if (payload.kind == COUNTY) != bool(payload.parts):
        raise ValueError("parts belong to a county's summary")
    if bool(payload.policies) == bool(payload.parts):
        raise ValueError("a sheet names its policies, a county's summary those of its parts")
    if payload.kind == COUNTY:
        return payload
    if not payload.head.origin or None in payload.competency_names:
        raise ValueError("checkpoint or rubric without a name")
    return payload


_TEXTS = ("kind", "county", "rubric_set", "origin", "checkpoint", "issued_on")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _entry(said: Any) -> ProvenEntry:
    if type(said["seq"]) is not int or type(said["size"]) is not int:
        raise TypeError("an entry's seq and size are whole numbers")
    proof = tuple(_text(one) for one in said["proof"])
    body, detail = _text(said["body"]), _text(said["detail"])
    entry = ProvenEntry(said["seq"], body, detail, proof, said["size"])
    if not isinstance(entry.record, dict):
        raise TypeError(f"entry {entry.seq} is not an object")
    return entry


def _policy(said: Any) -> NamedPolicy:
    return NamedPolicy(*(_text(said[key]) for key in ("id", "name", "digest")))


def _person(said: Any) -> Person:
    person = Person(*(_text(said[key]) for key in ("teacher_no", "name", "subject", "salt")))
    if len(bytes.fromhex(person.salt)) != 32:
        raise ValueError("a salt has 64 hex digits")
    return person


def for_teacher(payload: SheetPayload, pseudonym: str, kind: str = TEACHER) -> SheetPayload:
    """Cut a teacher's sheet, or its appendix, out of the payload of a school.

    KeyError for an unknown pseudonym.
    """
    entries = tuple(one for one in payload.entries if one.record.get("subject") == pseudonym)
    return replace(
        payload,
        kind=kind,
        entries=entries,
        people={pseudonym: payload.people[pseudonym]},
        policies=_policies_of(payload.policies, entries),
        rubrics=_rubrics_of(payload.rubrics, entries),
    )


def for_county(schools: Sequence[SheetPayload]) -> SheetPayload:
    """Summary of a county from the payloads of its schools; at least one."""
    parts = tuple(_counted(one) for one in schools)
    return replace(
        schools[0],
        kind=COUNTY,
        school="",
        school_id="",
        origin="",
        checkpoint="",
        entries=(),
        people={},
        policies=(),
        rubrics=(),
        parts=parts,
    )


def _counted(school: SheetPayload) -> SheetPayload:
    """Conclusions of a school, naming nobody."""
    entries = tuple(one for one in school.entries if one.record.get("competency") == "")
    policies = _policies_of(school.policies, entries)
    return replace(school, kind=COUNTED, entries=entries, people={}, policies=policies, rubrics=())


def _policies_of(
    policies: Iterable[NamedPolicy], entries: Iterable[ProvenEntry]
) -> tuple[NamedPolicy, ...]:
    wanted = {one.record.get("policy") for one in entries}
    return tuple(policy for policy in policies if policy.digest in wanted)


def _rubrics_of(rubrics: Iterable[str], entries: Iterable[ProvenEntry]) -> tuple[str, ...]:
    wanted = {one.record.get("competency") for one in entries}
    return tuple(text for text in rubrics if json.loads(text)["competency"] in wanted)
