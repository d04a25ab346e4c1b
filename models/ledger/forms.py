"""What each kind of ledger entry states, version 1: its fields, defaults and patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from models.ledger.fields import (
    BASE64,
    CODE,
    COUNT,
    DIGEST,
    FLAG,
    IDENTIFIER,
    KEY,
    LABEL,
    ORDINAL,
    ORIGIN,
    TIME,
    Field,
    constant,
    list_of,
    named_record,
    one_of,
    or_empty,
    or_null,
    people,
    record,
)
from rubrics.canonical import Json

VERSION = 1

LEVELS = ("fail", "pass", "excellent")
REASONS_NONE = ("missing_evidence", "not_eligible", "exempt", "deferred")
ROUNDS_OF_READ = ("blind", "third", "chair", "county")
DISPOSITIONS = ("certify", "re_rate", "adjudicate", "reject")
KEY_ACTIONS = ("genesis", "rotate", "revoke")

_DOCUMENT = record({"id": IDENTIFIER, "digest": DIGEST})
_COMMON_BODY: dict[str, Field] = {
    "v": constant(VERSION),
    "seq": COUNT,
    "posted_at": TIME,
    "origin": ORIGIN,
    "detail": DIGEST,
}
_COMMON_DETAIL: dict[str, Field] = {
    "batch": IDENTIFIER,
    "audit_head": or_empty(DIGEST),
    "clock_back": FLAG,
}
_PLACE: dict[str, Field] = {"round": LABEL, "school": LABEL}
_SUBJECT: dict[str, Field] = {
    **_PLACE,
    "subject": IDENTIFIER,
    "competency": or_empty(IDENTIFIER),
}
_RESULT_BODY: dict[str, Field] = {
    **_SUBJECT,
    "level": or_empty(one_of(LEVELS)),
    "reason_none": or_empty(one_of(REASONS_NONE)),
    "attempt": ORDINAL,
    "stage": or_empty(LABEL),
    "pii_commit": DIGEST,
}
_RESULT_DETAIL: dict[str, Field] = {
    "decided_by": list_of(
        record({"piece": or_empty(IDENTIFIER), "slot": IDENTIFIER, "criteria": list_of(IDENTIFIER)})
    ),
    "composed_of": list_of(
        record(
            {
                "competency": IDENTIFIER,
                "level": or_empty(one_of(LEVELS)),
                "reason_none": or_empty(one_of(REASONS_NONE)),
                "attempt": ORDINAL,
            }
        )
    ),
    "reads": list_of(
        record({"rater": IDENTIFIER, "piece": IDENTIFIER, "round": one_of(ROUNDS_OF_READ)})
    ),
    "evidence": list_of(DIGEST),
    "rubric": or_empty(DIGEST),
    "policy": DIGEST,
    "run": DIGEST,
    "approvers": people(2, 2),
    "holds": list_of(record({"id": IDENTIFIER, "disposition": one_of(DISPOSITIONS)})),
    "publicity": _DOCUMENT,
    "county_check": or_null(_DOCUMENT),
}
_REASON: dict[str, Field] = {"reason": CODE, "reason_digest": or_empty(DIGEST)}
_CONTINUES = or_null(record({"origin": ORIGIN, "size": ORDINAL, "root": DIGEST}))

_RESULT_DEFAULTS: dict[str, Json] = {
    "competency": "",
    "level": "",
    "reason_none": "",
    "attempt": 1,
    "stage": "",
    "decided_by": [],
    "composed_of": [],
    "reads": [],
    "evidence": [],
    "rubric": "",
    "holds": [],
    "county_check": None,
}


@dataclass(frozen=True)
class Form:
    """What one kind of entry states, its defaults, and the patterns of its two texts."""

    kind: str
    body: Mapping[str, Field]
    detail: Mapping[str, Field]
    defaults: Mapping[str, Json]

    @cached_property
    def body_pattern(self) -> re.Pattern[str]:
        """Matches the body's canonical JSON; made when an entry of the kind is first met."""
        return re.compile(named_record(self.body))

    @cached_property
    def detail_pattern(self) -> re.Pattern[str]:
        """Matches the detail's canonical JSON."""
        return re.compile(named_record(self.detail))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Every key of a flat entry."""
        return frozenset((self.body.keys() | self.detail.keys()) - {"detail"})

    @cached_property
    def stated(self) -> frozenset[str]:
        """Keys of a draft: its kind and its own fields; posting fills in the others."""
        common = _COMMON_BODY.keys() | _COMMON_DETAIL.keys()
        return frozenset(self.keys - common)

    @cached_property
    def body_keys(self) -> tuple[str, ...]:
        """Keys of the body in canonical order, but the digest of the detail."""
        return tuple(key for key in sorted(self.body) if key != "detail")

    @cached_property
    def detail_keys(self) -> tuple[str, ...]:
        """Keys of the detail in canonical order."""
        return tuple(sorted(self.detail))


def _form(
    kind: str,
    body: Mapping[str, Field],
    detail: Mapping[str, Field],
    defaults: Mapping[str, Json] | None = None,
) -> Form:
    all_body = {**_COMMON_BODY, "kind": one_of([kind]), **body}
    all_detail = {**_COMMON_DETAIL, **detail}
    return Form(kind, all_body, all_detail, defaults or {})


FORMS: dict[str, Form] = {
    form.kind: form
    for form in (
        _form("result", _RESULT_BODY, _RESULT_DETAIL, _RESULT_DEFAULTS),
        _form(
            "supersede",
            {**_RESULT_BODY, "supersedes": COUNT},
            {**_RESULT_DETAIL, **_REASON},
            {**_RESULT_DEFAULTS, "reason_digest": ""},
        ),
        _form(
            "void",
            {**_SUBJECT, "supersedes": COUNT},
            {**_REASON, "approvers": people(2, 2)},
            {"competency": "", "reason_digest": ""},
        ),
        _form(
            "key",
            {"school": LABEL, "action": one_of(KEY_ACTIONS), "key": KEY},
            {
                "policy": or_empty(DIGEST),
                "continues": _CONTINUES,
                "statement": BASE64,
                "approvers": people(0, 2),
            },
            {"policy": "", "continues": None, "statement": "", "approvers": []},
        ),
        _form(
            "policy", {**_PLACE, "policy": DIGEST}, {"pack": IDENTIFIER, "approvers": people(1, 2)}
        ),
        _form(
            "rubric",
            {**_PLACE, "competency": IDENTIFIER, "rubric": DIGEST},
            {"replaces": DIGEST, "approvers": people(1, 2)},
        ),
        _form(
            "hold_release",
            {**_PLACE, "hold": IDENTIFIER, "disposition": one_of(DISPOSITIONS)},
            {"flag": CODE, "exhibits": or_empty(DIGEST), "approvers": people(2, 2), **_REASON},
            {"exhibits": "", "reason_digest": ""},
        ),
        _form(
            "publicity",
            {**_PLACE, "publicity": _DOCUMENT},
            {"opened_at": TIME, "closed_at": TIME, "objections": COUNT, "approvers": people(1, 2)},
        ),
        _form(
            "county_confirm",
            {**_PLACE, "county_check": _DOCUMENT},
            {"sampled": COUNT, "differing": COUNT, "approvers": people(2, 2)},
        ),
        _form(
            "erase_notice",
            {"school": LABEL, "subject": IDENTIFIER},
            {"commits": list_of(DIGEST), "approvers": people(2, 2), **_REASON},
            {"reason_digest": ""},
        ),
    )
}
KINDS = tuple(FORMS)
