"""Signed notes, checkpoints and proof files, byte for byte against published examples."""

import base64

import pytest

from models.errors import LedgerError
from models.ledger.notes import (
    Checkpoint,
    LogProof,
    Note,
    NoteSignature,
    open_checkpoint,
    parse_checkpoint,
    parse_key,
    parse_note,
    parse_proof,
    verified_keys,
)
from models.ledger.signing import load_signer, new_signer, save_signer
from models.ledger.tree import leaf_hash

# Example of the documentation of golang.org/x/mod/sumdb/note.
GO_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
# Example of c2sp.org/signed-note.
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""


def go_signer():
    return new_signer("PeterNeumann", base64.b64decode(GO_SECRET)[1:])


def head(size=3):
    return Checkpoint("PeterNeumann", size, leaf_hash(b"x"))


@pytest.mark.parametrize(("key", "note"), [(GO_KEY, GO_NOTE), (C2SP_KEY, C2SP_NOTE)])
def test_published_notes_verify_and_are_written_back_byte_for_byte(key, note):
    parsed = parse_note(note.encode())
    assert verified_keys(parsed, [parse_key(key)]) == [parse_key(key)]
    assert str(parsed) == note
    assert parse_key(key).text == key


def test_the_published_secret_signs_the_published_note():
    signer = go_signer()
    text = parse_note(GO_NOTE).text
    assert signer.key.text == GO_KEY
    assert str(Note(text, (signer.sign(text),))) == GO_NOTE


def test_a_note_text_may_hold_empty_lines():
    assert parse_note("a\n\nb\n\n— n AAAAAAA=\n").text == "a\n\nb\n"


def test_one_changed_letter_of_the_text_is_a_wrong_signature():
    changed = parse_note(GO_NOTE.replace("answer", "Answer"))
    with pytest.raises(LedgerError, match="does not belong to this text"):
        verified_keys(changed, [parse_key(GO_KEY)])


def test_a_signature_of_an_unknown_key_is_not_believed_even_under_a_known_name():
    other = new_signer("PeterNeumann", bytes(32))
    with pytest.raises(LedgerError, match="no trusted key"):
        verified_keys(parse_note(GO_NOTE), [other.key])


def test_signatures_of_strangers_are_carried_and_ignored():
    stranger = NoteSignature("witness.example", b"abcd", bytes(72))
    note = parse_note(GO_NOTE + stranger.line)
    assert len(note.signatures) == 2
    assert [key.name for key in verified_keys(note, [parse_key(GO_KEY)])] == ["PeterNeumann"]


def test_sixteen_signatures_are_read_and_a_flood_is_not():
    line = NoteSignature("w", b"abcd", bytes(64)).line
    assert len(parse_note(GO_NOTE + line * 16).signatures) == 17
    with pytest.raises(LedgerError, match="at most"):
        parse_note(GO_NOTE + line * 64)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (GO_NOTE.replace("\n", "\r\n"), "control character"),
        ("\ufeff" + GO_NOTE, "byte order mark"),
        (GO_NOTE.rstrip("\n"), "newline at the end"),
        (GO_NOTE.replace("\n\n", "\n"), "blank line"),
        (GO_NOTE.replace("— ", "- "), "em dash"),
        (GO_NOTE.replace("BwJnAM=", "BwJnAN="), "canonical"),
        (GO_NOTE.replace("BwJnAM=", "BwJnAM"), "base64"),
        (GO_NOTE.replace("BwJnAM=", "BwJ nAM="), "base64"),
        ("text\n\n", "newline at the end"),
        ("text\n\n— n AAAA\n", "key id and signature"),
        ("text\n\n— a+b AAAAAAA=\n", "key name"),
        (GO_NOTE.encode().replace(b"answer", b"\xff"), "UTF-8"),
    ],
)
def test_a_note_in_any_other_form_is_refused(note, why):
    with pytest.raises(LedgerError, match=why):
        parse_note(note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        GO_KEY[:-1],
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("Peter", "peter"),
        GO_KEY.replace("Peter", "Pe ter"),
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # unknown type
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long
    ],
)
def test_a_damaged_verifier_key_is_refused(text):
    with pytest.raises(LedgerError):
        parse_key(text)


def test_a_checkpoint_is_three_lines_and_its_extensions():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    parsed = parse_checkpoint(text)  # example of c2sp.org/tlog-checkpoint
    assert (parsed.origin, parsed.size) == ("example.com/behind-the-sofa", 20852163)
    assert parsed.text == text
    assert parse_checkpoint(text + "more\n").extensions == ("more",)


@pytest.mark.parametrize(
    "lines",
    [
        ["o", "03", base64.b64encode(bytes(32)).decode()],
        ["o", "+3", base64.b64encode(bytes(32)).decode()],
        ["o", "٣", base64.b64encode(bytes(32)).decode()],
        ["o", "-1", base64.b64encode(bytes(32)).decode()],
        ["", "3", base64.b64encode(bytes(32)).decode()],
        ["o", "3", base64.b64encode(bytes(31)).decode()],
        ["o", "3", ""],
        ["o", "3"],
        ["o", "3", base64.b64encode(bytes(32)).decode(), "", "x"],
    ],
)
def test_a_checkpoint_in_any_other_form_is_refused(lines):
    with pytest.raises(LedgerError):
        parse_checkpoint("\n".join(lines) + "\n")


def test_a_checkpoint_of_another_origin_is_refused_though_its_signature_is_right():
    signer = go_signer()
    text = Checkpoint("another", 3, leaf_hash(b"x")).text
    note = str(Note(text, (signer.sign(text),)))
    with pytest.raises(LedgerError, match="origin another"):
        open_checkpoint(note, [signer.key])
    with pytest.raises(LedgerError, match="key of this ledger"):
        signer.sign_checkpoint(Checkpoint("another", 3, leaf_hash(b"x")))


def test_a_signed_checkpoint_opens_to_what_was_signed():
    signer = go_signer()
    assert open_checkpoint(signer.sign_checkpoint(head()), [signer.key]) == head()


@pytest.mark.parametrize("extra", [None, b"", b"age-v1.2.1"])
def test_a_proof_file_is_read_back_as_written(extra):
    note = go_signer().sign_checkpoint(head())
    proof = LogProof(1, (leaf_hash(b"a"), leaf_hash(b"b")), note, extra)
    assert parse_proof(proof.text) == proof
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert proof.text.endswith(note)


def test_a_proof_file_has_the_published_layout():
    node = leaf_hash(b"a")
    made = LogProof(73894, (node,), "o\n1\n", b"x").text.split("\n")
    assert made[:5] == [
        "c2sp.org/tlog-proof@v1",
        "extra eA==",
        "index 73894",
        base64.b64encode(node).decode(),
        "",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index 1", "index 01"),
        ("index 1", "Index 1"),
        ("@v1", "@v2"),
        ("\n\n", "\n"),
        ("\n", "\r\n"),
    ],
)
def test_a_proof_file_in_any_other_form_is_refused(old, new):
    text = LogProof(1, (leaf_hash(b"a"),), go_signer().sign_checkpoint(head())).text
    with pytest.raises(LedgerError):
        parse_proof(text.replace(old, new))


def test_a_key_file_is_for_its_owner_and_never_overwritten(tmp_path):
    path = tmp_path / "school.pem"
    save_signer(go_signer(), path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signer(path, "PeterNeumann").key.text == GO_KEY
    with pytest.raises(LedgerError, match="not overwritten"):
        save_signer(go_signer(), path)
    path.chmod(0o644)
    with pytest.raises(LedgerError, match="chmod 600"):
        load_signer(path, "PeterNeumann")


def test_a_locked_key_file_opens_with_its_passphrase_alone(tmp_path):
    path = tmp_path / "school.pem"
    save_signer(go_signer(), path, "北窗 7")
    assert load_signer(path, "PeterNeumann", "北窗 7").key.text == GO_KEY
    for wrong in (None, "other"):
        with pytest.raises(LedgerError, match="passphrase"):
            load_signer(path, "PeterNeumann", wrong)


def test_a_missing_or_foreign_key_file_says_so(tmp_path):
    with pytest.raises(LedgerError, match="No such file"):
        load_signer(tmp_path / "none.pem", "o")
    path = tmp_path / "other.pem"
    path.write_text("not a key")
    path.chmod(0o600)
    with pytest.raises(LedgerError, match="not a private key"):
        load_signer(path, "o")


def test_a_key_needs_32_random_bytes_and_a_name_without_blanks():
    with pytest.raises(LedgerError, match="32 random bytes"):
        new_signer("o", b"short")
    with pytest.raises(LedgerError, match="free of blanks"):
        new_signer("a b", bytes(32))
