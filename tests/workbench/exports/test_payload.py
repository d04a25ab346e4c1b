"""The payload: one spelling, everything in it accounted for."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.canonical import canonical_json
from workbench.errors import InputError
from workbench.exports.embedding import pack, unpack
from workbench.exports.payload import Person, for_teacher, payload_bytes, payload_from

SALT = "0f" * 32
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


def test_a_payload_survives_its_own_spelling(issued):
    for payload in (issued.school, *issued.teachers):
        assert payload_from(payload_bytes(payload)) == payload


def test_a_payload_survives_packing(issued):
    assert unpack(pack(issued.school)) == payload_bytes(issued.school)


def test_the_commitment_is_the_hash_of_salt_and_canonical_identity():
    person = Person("T1", "甲乙", "语文", SALT)
    words = '{"name":"甲乙","subject":"语文","teacher_no":"T1"}'.encode()
    assert person.commitment == hashlib.sha256(bytes.fromhex(SALT) + words).hexdigest()


@given(names, names)
def test_another_name_never_opens_the_same_commitment(one, other):
    try:
        commitments = {Person("T1", name, "语文", SALT).commitment for name in (one, other)}
    except ValueError:  # text outside NFC is refused
        return
    assert len(commitments) == len({one, other})


def test_a_payload_spelled_another_way_is_refused(issued):
    said = json.loads(payload_bytes(issued.teachers[0]))
    with pytest.raises(InputError, match="not written in canonical form"):
        payload_from(json.dumps(said, ensure_ascii=False).encode())


def test_a_payload_with_another_key_is_refused(issued):
    said = json.loads(payload_bytes(issued.teachers[0]))
    with pytest.raises(InputError, match="not written in canonical form"):
        payload_from(canonical_json({**said, "extra": 1}))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kind": "county"},
        {"entries": [{"seq": "1"}]},
        {"checkpoint": "no note"},
        {"people": {"s000": {"teacher_no": "T", "name": "甲", "subject": "语文", "salt": "00"}}},
        {"rubrics": ["{}"]},
    ],
)
def test_a_payload_of_another_form_is_refused(issued, change):
    said = {**json.loads(payload_bytes(issued.teachers[0])), **change}
    with pytest.raises(InputError, match="no payload of version 1"):
        payload_from(canonical_json(said))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_payload_are_refused(data):
    with pytest.raises(InputError):
        payload_from(data)


def test_a_teachers_payload_holds_that_teacher_alone(issued):
    one = for_teacher(issued.school, "s001")
    assert set(one.people) == {"s001"}
    assert {entry.record["subject"] for entry in one.entries} == {"s001"}
    assert set(one.competency_names) == {"A3", "A6", "B6"}


@pytest.mark.parametrize("text", ["", "no base64!", "AAAA", "eJwDAAAAAAE"])
def test_a_packed_payload_that_was_cut_or_altered_is_refused(text):
    with pytest.raises(InputError, match="the proof in the file"):
        unpack(text)
