"""Entries: what each kind states, strictly, and its canonical bytes."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from models.errors import LedgerError
from models.ledger.entry import build_entry, check_entry, decode, encode, entry_hashes, is_time
from models.ledger.forms import KINDS
from rubrics.canonical import canonical_json

ORIGIN = "county.example/school-7/2026"
AT = "2026-11-21T03:04:05Z"
DIGEST = "cd" * 32
PLACE = {"round": "2026-秋", "school": "实验小学"}
TWO = ["u-1", "u-2"]
KEY = "county.example/school-7/2026+5269e879+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
OTHERS = {
    "void": {
        **PLACE,
        "subject": "s-1",
        "competency": "A1",
        "supersedes": 1,
        "reason": "correction",
        "approvers": TWO,
    },
    "key": {"school": "实验小学", "action": "rotate", "key": KEY},
    "policy": {**PLACE, "policy": DIGEST, "pack": "yiyuan-2021", "approvers": ["u-1"]},
    "rubric": {
        **PLACE,
        "competency": "A1",
        "rubric": DIGEST,
        "replaces": "cd" * 32,
        "approvers": ["u-1"],
    },
    "hold_release": {
        **PLACE,
        "hold": "h-1",
        "disposition": "certify",
        "flag": "duplicate",
        "reason": "same_template",
        "approvers": TWO,
    },
    "publicity": {
        **PLACE,
        "publicity": {"id": "pub-1", "digest": DIGEST},
        "opened_at": AT,
        "closed_at": AT,
        "objections": 0,
        "approvers": ["u-1"],
    },
    "county_confirm": {
        **PLACE,
        "county_check": {"id": "c-1", "digest": DIGEST},
        "sampled": 20,
        "differing": 1,
        "approvers": TWO,
    },
    "erase_notice": {
        "school": "实验小学",
        "subject": "s-1",
        "commits": [DIGEST],
        "reason": "request",
        "approvers": TWO,
    },
}


def build(fields, seq=5):
    fields = dict(fields)
    return build_entry(fields.pop("kind"), seq, AT, ORIGIN, "b-1", **fields)


def test_every_kind_of_the_design_has_a_form():
    assert set(KINDS) == {
        "result",
        "supersede",
        "void",
        "key",
        "policy",
        "rubric",
        "hold_release",
        "publicity",
        "county_confirm",
        "erase_notice",
    }


@pytest.mark.parametrize("kind", OTHERS)
def test_each_kind_is_read_back_as_it_was_built(kind):
    entry = build({"kind": kind, **OTHERS[kind]})
    assert decode(*encode(entry)) == entry
    assert entry["v"] == 1


def test_a_result_and_what_supersedes_it_are_read_back_as_built(draft, superseding):
    for fields in (draft(), superseding(1), draft(competency="", rubric="", reads=[])):
        entry = build(fields)
        assert decode(*encode(entry)) == entry


def test_the_body_names_the_detail_by_its_digest_and_stays_small(draft):
    body, detail = encode(build(draft()))
    assert json.loads(body)["detail"] == hashlib.sha256(detail).hexdigest()
    assert "reads" in json.loads(detail)
    assert len(body) < 420  # what a printed proof has to carry


def test_hashes_of_an_entry_are_those_of_the_design(draft):
    body, _ = encode(build(draft()))
    leaf = hashlib.sha256(b"\x00" + body).digest()
    chain = hashlib.sha256(bytes(32) + leaf).digest()
    assert entry_hashes(bytes(32), body) == (leaf, chain)


@given(
    st.text(alphabet="秋实验abcXYZ09 -_.é（）", min_size=1, max_size=30).filter(
        lambda text: text == text.strip(" ")
    ),
    st.integers(1, 10**15 - 1),
)
def test_both_texts_are_rfc_8785_and_our_canonical_json(label, attempt):
    entry = build_entry(
        "result",
        1,
        AT,
        ORIGIN,
        "b-1",
        round=label,
        school="实验小学",
        subject="s-1",
        competency="A1",
        level="pass",
        attempt=attempt,
        rubric=DIGEST,
        policy=DIGEST,
        run=DIGEST,
        approvers=TWO,
        publicity={"id": "p", "digest": DIGEST},
        pii_commit=DIGEST,
    )
    for text in encode(entry):
        assert text == rfc8785.dumps(json.loads(text)) == canonical_json(json.loads(text))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"level": "good"}, "level"),
        ({"level": ""}, "level"),
        ({"level": "pass", "reason_none": "exempt"}, "level"),
        ({"level": "", "reason_none": "held"}, "reason_none"),
        ({"attempt": 0}, "attempt"),
        ({"attempt": 1.0}, "attempt"),
        ({"attempt": True}, "attempt"),
        ({"attempt": "1"}, "attempt"),
        ({"attempt": 10**15}, "attempt"),
        ({"subject": "张 老师"}, "subject"),
        ({"subject": "张老师"}, "subject"),
        ({"subject": "two words"}, "subject"),
        ({"subject": "11010519491231002X"}, "subject"),
        ({"subject": "13800138000"}, "subject"),
        ({"subject": ""}, "subject"),
        ({"round": "a\nb"}, "round"),
        ({"round": 'a"b'}, "round"),
        ({"round": "a\u202eb"}, "round"),
        ({"round": "e\u0301"}, "round"),
        ({"round": "\ud800"}, "round"),
        ({"round": " a"}, "round"),
        ({"evidence": [DIGEST.upper()]}, "evidence"),
        ({"evidence": [DIGEST[:-1]]}, "evidence"),
        ({"evidence": DIGEST}, "evidence"),
        ({"evidence": [None]}, "evidence"),
        ({"approvers": ["u-1", "u-1"]}, "approvers"),
        ({"approvers": ["u-1"]}, "approvers"),
        ({"approvers": ["u-1", "u-2", "u-3"]}, "approvers"),
        ({"reads": [{"rater": "r-1", "piece": "p", "round": "seed"}]}, "reads"),
        ({"reads": [{"rater": "r-1", "piece": "p"}]}, "reads"),
        ({"reads": [{"rater": "r-1", "piece": "p", "round": "blind", "score": 3}]}, "reads"),
        ({"holds": [{"id": "h-1", "disposition": "open"}]}, "holds"),
        ({"publicity": None}, "publicity"),
        ({"county_check": "done"}, "county_check"),
        ({"rubric": ""}, "rubric"),
        ({"pii_commit": ""}, "pii_commit"),
        ({"run": object()}, "run"),
    ],
)
def test_a_wrong_field_is_named(draft, change, field):
    with pytest.raises(LedgerError, match=f"field {field}:"):
        build(draft(**change))


def test_a_missing_an_unknown_and_a_reserved_field_are_named(draft):
    fields = draft()
    del fields["run"]
    with pytest.raises(LedgerError, match="run is missing"):
        build(fields)
    with pytest.raises(LedgerError, match="score is unknown"):
        build(draft(score="3.5"))
    with pytest.raises(LedgerError, match="unknown: expected one of"):
        build(draft(kind="note"))


def test_approvers_that_begin_alike_are_two_people(draft):
    for two in (["u-1", "u-12"], ["u-12", "u-1"]):
        assert build(draft(approvers=two))["approvers"] == two


def test_only_a_conclusion_is_composed(draft):
    parts = [{"competency": "A1", "level": "pass", "reason_none": "", "attempt": 1}]
    build(draft(competency="", composed_of=parts))
    with pytest.raises(LedgerError, match="composed_of"):
        build(draft(composed_of=parts))


def test_an_entry_supersedes_only_an_earlier_one(superseding):
    with pytest.raises(LedgerError, match="earlier entry"):
        build(superseding(5), seq=5)


def test_genesis_is_entry_0_and_its_key_bears_the_origin():
    with pytest.raises(LedgerError, match="genesis"):
        build({"kind": "key", **OTHERS["key"], "action": "genesis"}, seq=3)
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    with pytest.raises(LedgerError, match="named as the origin"):
        build({"kind": "key", **OTHERS["key"], "key": other})


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)))
def test_a_time_is_a_second_of_the_calendar_in_utc(moment):
    text = moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert is_time(text)
    assert not is_time(text[:-1])


@pytest.mark.parametrize(
    "text", ["2026-02-30T00:00:00Z", "2026-11-21 03:04:05Z", "20261121T030405Z"]
)
def test_other_times_are_refused(draft, text):
    with pytest.raises(LedgerError, match="posted_at"):
        build_entry(**draft(), seq=1, posted_at=text, origin=ORIGIN, batch="b-1")


@given(st.data())
def test_a_changed_byte_of_either_text_is_refused(data):
    entry = build({"kind": "hold_release", **OTHERS["hold_release"]})
    body, detail = encode(entry)
    joined = bytearray(body + detail)
    place = data.draw(st.integers(0, len(joined) - 1))
    joined[place] ^= data.draw(st.integers(1, 255))
    changed = bytes(joined[: len(body)]), bytes(joined[len(body) :])
    try:
        read = decode(*changed)
    except LedgerError:
        return
    assert read != entry  # another valid body is possible; its leaf is then another
    assert entry_hashes(bytes(32), changed[0]) != entry_hashes(bytes(32), body)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b'"v":1', b'"v": 1'),
        lambda body: body.replace(b'"v":1', b'"v":2'),
        lambda body: body.replace(b'"kind":"policy"', b'"kind":"diary"'),
        lambda body: body.replace(b'"seq":5', b'"seq":5.0'),
        lambda body: body.replace(b"{", b'{"a":1,', 1),
        lambda body: body + b"\n",
        lambda body: b"\xff" + body,
        lambda body: b"",
    ],
)
def test_a_text_that_is_not_canonical_is_refused(change):
    body, detail = encode(build({"kind": "policy", **OTHERS["policy"]}))
    with pytest.raises(LedgerError):
        decode(change(body), detail)


def test_a_newer_format_asks_for_a_newer_release():
    body, detail = encode(build({"kind": "policy", **OTHERS["policy"]}))
    with pytest.raises(LedgerError, match="newer release"):
        decode(body.replace(b'"v":1', b'"v":2'), detail)


def test_check_entry_accepts_what_build_entry_made(draft):
    check_entry(build(draft()))
    assert "detail" not in build(draft())
