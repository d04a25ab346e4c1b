"""Cosignatures and requests to a witness: the published format, and what a witness refuses."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import LedgerError
from models.ledger.cosigning import (
    COSIGNATURE,
    LATEST,
    Request,
    WitnessRefusal,
    cosign,
    cosignatures,
    examine,
    parse_request,
    with_cosignature,
    witness_key,
)
from models.ledger.notes import (
    Checkpoint,
    open_checkpoint,
    parse_checkpoint,
    parse_key,
    parse_note,
)
from models.ledger.signing import new_signer
from models.ledger.tree import consistency_proof, leaf_hash, levels, root

# Example of c2sp.org/tlog-cosignature; its keys are not published, so its form alone is held to.
PUBLISHED = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGk\
u9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oy\
in1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
PUBLISHED_TIME = 1679315147
# Example of c2sp.org/tlog-witness.
PUBLISHED_REQUEST = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGk\
u9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6\
QUXTS5Rovnzv++qbSzm9Q=
"""
ORIGIN = "county.example/school-7"
AT = 1_795_000_000
LEAVES = [leaf_hash(bytes([number])) for number in range(9)]


def school():
    return new_signer(ORIGIN, bytes(range(32)))


def county():
    return new_signer("county.example/witness", bytes(range(32, 64)))


def head(size, leaves=LEAVES):
    return Checkpoint(ORIGIN, size, root(leaves[:size]))


def request(old, new, leaves=LEAVES, **changes):
    path = consistency_proof(levels(leaves), old, new) if old else []
    note = school().sign_checkpoint(head(new, leaves))
    return Request(**{"old": old, "path": tuple(path), "checkpoint": note, **changes})


def refusal(*arguments):
    with pytest.raises(WitnessRefusal) as caught:
        examine(*arguments)
    return caught.value.code


def test_the_time_of_the_published_cosignature_stands_in_its_first_eight_bytes():
    line = parse_note(PUBLISHED).signatures[1]
    assert int.from_bytes(line.raw[:8], "big") == PUBLISHED_TIME
    assert len(line.raw) == 8 + 64
    assert str(parse_note(PUBLISHED)) == PUBLISHED


def test_our_line_over_the_published_checkpoint_differs_only_in_key_and_signature():
    text = parse_note(PUBLISHED).text
    ours = cosign(county(), text, PUBLISHED_TIME)
    published = parse_note(PUBLISHED).signatures[1]
    assert ours.raw[:8] == published.raw[:8]
    assert len(ours.raw) == len(published.raw)
    message = b"cosignature/v1\ntime 1679315147\n" + text.encode()
    county().private.public_key().verify(ours.raw[8:], message)


def test_a_cosignature_is_read_back_with_its_time():
    key = witness_key(county())
    note = with_cosignature(request(0, 3).checkpoint, cosign(county(), head(3).text, AT))
    (found,) = cosignatures(parse_note(note), [key])
    assert (found.key, found.at) == (key, AT)
    assert open_checkpoint(note, [school().key]) == head(3)


def test_a_later_cosignature_of_the_same_witness_takes_the_place_of_the_earlier():
    note = request(0, 3).checkpoint
    for at in (AT, AT + 60):
        note = with_cosignature(note, cosign(county(), head(3).text, at))
    assert [found.at for found in cosignatures(parse_note(note), [witness_key(county())])] == [
        AT + 60
    ]
    assert len(parse_note(note).signatures) == 2


def test_lines_of_other_witnesses_are_carried_and_not_believed():
    other = new_signer("other.example/witness", bytes(32))
    note = with_cosignature(request(0, 3).checkpoint, cosign(other, head(3).text, AT))
    assert cosignatures(parse_note(note), [witness_key(county())]) == []


@given(st.integers(12, 83), st.integers(1, 255))
def test_one_changed_byte_of_time_or_signature_is_refused(place, mask):
    signature = cosign(county(), head(3).text, AT)
    line = bytearray(bytes(4) + signature.raw)
    line[4 + (place - 12) % 72] ^= mask
    changed = type(signature)(signature.name, signature.key_id, bytes(line[4:]))
    note = with_cosignature(request(0, 3).checkpoint, changed)
    with pytest.raises(LedgerError, match="does not belong"):
        cosignatures(parse_note(note), [witness_key(county())])


@pytest.mark.parametrize("raw", [b"", bytes(7), bytes(8), bytes(71), bytes(73)])
def test_a_cosignature_of_another_length_is_refused(raw):
    key = witness_key(county())
    line = type(cosign(county(), "x\n", 0))(key.name, key.key_id, raw or b"\x00")
    note = with_cosignature(request(0, 3).checkpoint, line)
    with pytest.raises(LedgerError, match="does not belong"):
        cosignatures(parse_note(note), [key])


@pytest.mark.parametrize("at", [-1, LATEST + 1])
def test_a_time_that_does_not_fit_is_refused(at):
    with pytest.raises(LedgerError, match="POSIX seconds"):
        cosign(county(), head(3).text, at)


def test_a_witness_key_is_no_ledger_key_and_the_other_way_round():
    key = witness_key(county())
    assert parse_key(key.text, COSIGNATURE) == key
    assert key.key_id != county().key.key_id
    with pytest.raises(LedgerError, match="type 01"):
        parse_key(key.text)
    with pytest.raises(LedgerError, match="type 04"):
        parse_key(school().key.text, COSIGNATURE)


def test_the_published_request_is_read_and_written_back_byte_for_byte():
    parsed = parse_request(PUBLISHED_REQUEST.encode())
    assert (parsed.old, len(parsed.path)) == (20852014, 4)
    assert parse_checkpoint(parse_note(parsed.checkpoint).text).size == 20852163
    assert parsed.text == PUBLISHED_REQUEST


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("old 20852014", "old 020852014"),
        ("old 20852014", "old -1"),
        ("old 20852014", "old "),
        ("old 20852014", "Old 20852014"),
        ("\n\n", "\n"),
        ("\n", "\r\n"),
        ("PlRN", "PlR"),
        ("pkaw=", "pkax="),
        (
            "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=",
            "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkQ==",
        ),
        (
            "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n",
            f"{base64.b64encode(bytes(32)).decode()}\n" * 61,
        ),
        ("— example", "- example"),
        ("old", "\ufeffold"),
    ],
)
def test_a_request_in_any_other_form_is_refused(old, new):
    with pytest.raises(LedgerError):
        parse_request(PUBLISHED_REQUEST.replace(old, new))


def test_a_witness_takes_a_first_checkpoint_and_every_continuation():
    keys = [school().key]
    assert examine(request(0, 3), None, keys) == head(3)
    assert examine(request(3, 8), head(3), keys) == head(8)
    assert examine(request(8, 8), head(8), keys) == head(8)


def test_the_head_held_is_cosigned_again_when_its_answer_was_lost():
    assert examine(request(0, 8), head(8), [school().key]) == head(8)


def test_a_smaller_checkpoint_is_a_rollback():
    assert refusal(request(0, 3), head(8), [school().key]) == "rolled_back"


def test_another_history_of_the_same_size_is_a_fork():
    other = [*LEAVES[:7], leaf_hash(b"x")]
    assert refusal(request(8, 8, other), head(8), [school().key]) == "forked"


def test_a_larger_tree_of_another_history_is_inconsistent():
    other = [leaf_hash(b"x"), *LEAVES[1:]]
    assert refusal(request(3, 8, other), head(3), [school().key]) == "inconsistent"


def test_a_proof_from_another_size_asks_for_a_new_request():
    with pytest.raises(WitnessRefusal, match="--since 3"):
        examine(request(2, 8), head(3), [school().key])
    assert refusal(request(2, 8), None, [school().key]) == "stale"


def test_a_proof_from_nothing_proves_nothing_and_must_be_empty():
    made = request(0, 3, path=(LEAVES[0],))
    assert refusal(made, None, [school().key]) == "inconsistent"


def test_an_empty_tree_is_never_cosigned():
    note = school().sign_checkpoint(Checkpoint(ORIGIN, 0, root([])))
    assert refusal(Request(0, (), note), None, [school().key]) == "rolled_back"


def test_a_checkpoint_no_known_key_signed_is_refused():
    stranger = new_signer(ORIGIN, bytes(32))
    assert refusal(request(0, 3), None, [stranger.key]) == "signature"
    changed = request(0, 3).checkpoint.replace(f"{ORIGIN}\n3\n", f"{ORIGIN}\n4\n")
    assert refusal(Request(0, (), changed), None, [school().key]) == "signature"


@given(st.data())
def test_a_request_with_one_damaged_hash_is_never_cosigned(data):
    old = data.draw(st.integers(1, 8))
    made = request(old, 9)
    place = data.draw(st.integers(0, len(made.path) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    broken = bytes([made.path[place][0] ^ bit]) + made.path[place][1:]
    path = (*made.path[:place], broken, *made.path[place + 1 :])
    assert refusal(Request(old, path, made.checkpoint), head(old), [school().key]) == "inconsistent"
