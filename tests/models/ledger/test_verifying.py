"""Verifying: what was changed is found and the first wrong entry named; what cannot be seen is said."""

import base64
import random
import shutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from models.errors import LedgerError
from models.ledger.entry import FIRST_PREV, encode, entry_hashes
from models.ledger.notes import Checkpoint
from models.ledger.posting import create_ledger, post
from models.ledger.signing import new_signer
from models.ledger.statements import CONTINUE, REVOKE, Statement, sign_statement
from models.ledger.tables import TABLES, TRIGGERS, sqlite
from models.ledger.tree import Frontier
from models.ledger.verifying import (
    Outside,
    current_results,
    latest_checkpoint,
    proof_for,
    proofs_for,
    read_entries,
    verify,
    verify_proof,
)

ORIGIN = "county.example/school-7/2026"
LATER = "2026-11-23T00:00:00Z"
REWRITE = "UPDATE entry SET body = ?, detail = ?, leaf = ?, prev = ?, chain = ? WHERE seq = ?"


def attack(path, *statements):
    """Run SQL as someone with the file would: triggers off before, back in place after."""
    connection = sqlite.connect(str(path), isolation_level=None)
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(*((statement,) if isinstance(statement, str) else statement))
    for _, text in triggers:
        connection.execute(text)
    connection.close()


def dump(path):
    connection = sqlite.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        tables = [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("entry", "checkpoint", "batch")
        ]
        return tables, sorted(connection.execute("SELECT type, name, sql FROM sqlite_master"))
    finally:
        connection.close()


def codes(found):
    return {fault.code for fault in found.faults}


def test_an_untouched_ledger_verifies(ledger, trusted):
    found = verify(ledger, trusted, kept=[latest_checkpoint(ledger)])
    assert found.as_json() == {
        "ok": True,
        "checked": 6,
        "first_fault": None,
        "faults": [],
        "as_of": "2026-11-22T00:00:00Z",
        "origin": ORIGIN,
        "root": "JDW6W4jwPA0AokHFuLjfbPWkjdHtgYQkT+9KFSKDwK0=",
        "key": trusted[0],
        "trusted": True,
        "anchored": True,
    }


def test_without_outside_keys_and_checkpoints_the_answer_says_so(ledger):
    found = verify(ledger)
    assert (found.ok, found.trusted, found.anchored) == (True, False, False)


@pytest.mark.parametrize("seq", range(6))
@pytest.mark.parametrize("column", ["body", "detail", "leaf", "prev", "chain"])
def test_a_changed_column_names_its_entry(ledger, trusted, seq, column):
    change = {
        "body": "replace(body, '\"v\":1', '\"v\": 1')",
        "detail": "replace(detail, 'false', 'true')",
    }.get(column, "randomblob(32)")
    attack(ledger, f"UPDATE entry SET {column} = {change} WHERE seq = {seq}")
    found = verify(ledger, trusted)
    assert (found.ok, found.first_fault) == (False, seq)


def rewritten(path, change):
    """Statements that give every entry hashes made anew after ``change``, and the roots they have."""
    statements, roots = [], {}
    frontier, prev = Frontier(), FIRST_PREV
    for entry in map(change, read_entries(path)):
        body, detail = encode(entry)
        leaf, chain = entry_hashes(prev, body)
        texts = (body.decode(), detail.decode())
        statements.append((REWRITE, (*texts, leaf, prev, chain, entry["seq"])))
        frontier, prev = frontier.extended([leaf]), chain
        roots[frontier.size] = frontier
    return statements, roots


def test_a_level_changed_with_all_hashes_made_anew_names_the_batch_it_is_in(ledger, trusted):
    statements, _ = rewritten(
        ledger, lambda entry: {**entry, "level": "pass"} if entry["seq"] == 5 else entry
    )
    attack(ledger, *statements)
    found = verify(ledger, trusted)
    assert (found.ok, found.first_fault, codes(found)) == (False, 5, {"root"})


@pytest.mark.parametrize("value", ["NULL", "7", "x'ff'", "CAST(x'ff22' AS TEXT)"])
def test_a_column_of_another_type_is_a_fault_of_its_entry(ledger, trusted, value):
    connection = sqlite.connect(str(ledger), isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_master SET sql = replace(replace(sql, 'NOT NULL', ''), 'STRICT', '') "
        "WHERE type = 'table'"
    )
    connection.close()
    attack(ledger, f"UPDATE entry SET detail = {value} WHERE seq = 3")
    connection = sqlite.connect(str(ledger), isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    for text in TABLES:
        connection.execute(
            "UPDATE sqlite_master SET sql = ? WHERE name = ?", (text, text.split()[2])
        )
    connection.close()
    found = verify(ledger, trusted)
    assert (found.first_fault, found.faults[0].code) == (3, "entry")


def test_a_deleted_entry_is_named(ledger, trusted):
    attack(ledger, "DELETE FROM entry WHERE seq = 3")
    found = verify(ledger, trusted)
    assert (found.first_fault, found.faults[0].code) == (3, "missing")


def test_the_last_entry_deleted_is_named(ledger, trusted):
    attack(ledger, "DELETE FROM entry WHERE seq = 5")
    assert verify(ledger, trusted).first_fault == 5


def test_an_entry_added_behind_the_checkpoint_is_named(ledger, trusted):
    attack(
        ledger,
        "INSERT INTO entry SELECT 6, body, detail, leaf, prev, chain FROM entry WHERE seq = 5",
    )
    found = verify(ledger, trusted)
    assert (found.first_fault, codes(found)) == (6, {"no_checkpoint"})


def test_an_entry_pushed_in_between_is_named(ledger, trusted):
    attack(
        ledger,
        "UPDATE entry SET seq = 6 WHERE seq = 5",
        "UPDATE entry SET seq = 5 WHERE seq = 4",
        "INSERT INTO entry SELECT 4, body, detail, leaf, prev, chain FROM entry WHERE seq = 3",
    )
    assert verify(ledger, trusted).first_fault == 4


def test_two_swapped_entries_are_found_at_the_first(ledger, trusted):
    attack(
        ledger,
        "UPDATE entry SET seq = 99 WHERE seq = 2",
        "UPDATE entry SET seq = 2 WHERE seq = 3",
        "UPDATE entry SET seq = 3 WHERE seq = 99",
    )
    assert verify(ledger, trusted).first_fault == 2


@pytest.mark.parametrize("number", range(len(TRIGGERS)))
def test_a_dropped_trigger_is_found(ledger, trusted, number):
    name = TRIGGERS[number].split()[2]
    connection = sqlite.connect(str(ledger), isolation_level=None)
    connection.execute(f"DROP TRIGGER {name}")
    connection.close()
    found = verify(ledger, trusted)
    assert [fault.sentence for fault in found.faults] == [
        f"trigger {name} is missing or was altered"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE note (text TEXT)",
        "CREATE TRIGGER x AFTER INSERT ON entry BEGIN SELECT 1; END",
        "CREATE VIEW x AS SELECT 1",
        "DROP INDEX entry_supersedes",
        "PRAGMA user_version = 9",
        "PRAGMA application_id = 9",
    ],
)
def test_anything_added_to_or_taken_from_the_schema_is_found(ledger, trusted, statement):
    connection = sqlite.connect(str(ledger), isolation_level=None)
    connection.execute(statement)
    connection.close()
    assert codes(verify(ledger, trusted)) == {"schema"}


def test_an_edited_view_is_found(ledger, trusted):
    connection = sqlite.connect(str(ledger), isolation_level=None)
    (text,) = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'current_result'"
    ).fetchone()
    connection.execute("DROP VIEW current_result")
    connection.execute(text.replace("'attempt' AS attempt", "'attempt' + 1 AS attempt"))
    connection.close()
    found = verify(ledger, trusted)
    assert found.faults[0].sentence == "view current_result is missing or was altered"


def test_an_index_that_hides_a_superseding_entry_is_found(ledger, trusted):
    connection = sqlite.connect(str(ledger), isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    pages = dict(connection.execute("SELECT name, rootpage FROM sqlite_master"))
    for name, other in (("entry_supersedes", "entry_key"), ("entry_key", "entry_supersedes")):
        connection.execute(
            "UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (pages[other], name)
        )
    connection.close()
    assert {"view", "file"} & codes(verify(ledger, trusted))


@pytest.mark.parametrize(
    "change",
    [
        "note = replace(note, char(10) || '6' || char(10), char(10) || '7' || char(10))",
        "note = substr(note, 2)",
        "note = note || 'x'",
        "note = ''",
        "root = randomblob(32)",
        "frontier = randomblob(64)",
        "posted_at = '2026-11-22T00:00:01Z'",
    ],
)
def test_a_tampered_checkpoint_is_found(ledger, trusted, change):
    attack(ledger, f"UPDATE checkpoint SET {change} WHERE size = 6")
    assert not verify(ledger, trusted).ok


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE batch SET batch_id = 'other' WHERE size = 5",
        "UPDATE batch SET first_seq = 3 WHERE size = 5",
        "DELETE FROM batch WHERE size = 5",
        "DELETE FROM checkpoint WHERE size = 5",
        "DELETE FROM checkpoint",
    ],
)
def test_batches_and_checkpoints_that_no_longer_fit_the_entries_are_found(ledger, trusted, change):
    attack(ledger, change)
    assert not verify(ledger, trusted).ok


def test_another_school_is_not_trusted(ledger):
    found = verify(ledger, [new_signer(ORIGIN, bytes(32)).key.text])
    assert codes(found) == {"untrusted"}
    with pytest.raises(LedgerError, match="verifier key"):
        verify(ledger, ["nonsense"])


def test_a_ledger_signed_anew_with_another_key_is_found_by_the_trusted_one(ledger, trusted):
    forger, kept = new_signer(ORIGIN, bytes(32)), latest_checkpoint(ledger)
    statements, frontiers = rewritten(
        ledger, lambda entry: {**entry, "key": forger.key.text} if entry["seq"] == 0 else entry
    )
    for size, frontier in frontiers.items():
        note = forger.sign_checkpoint(Checkpoint(ORIGIN, size, frontier.root()))
        head = (frontier.root(), note, frontier.to_bytes(), size)
        statements.append(
            ("UPDATE checkpoint SET root = ?, note = ?, frontier = ? WHERE size = ?", head)
        )
    attack(ledger, *statements)
    assert verify(ledger).ok  # it agrees with itself: only what is outside can tell
    assert codes(verify(ledger, trusted)) == {"untrusted"}
    assert not verify(ledger, kept=[kept]).ok


def test_a_forger_who_hands_over_to_the_true_key_is_not_trusted_for_naming_it(
    tmp_path, trusted, signer, draft
):
    forger, path = new_signer(ORIGIN, bytes(32)), tmp_path / "forged.db"
    create_ledger(path, ORIGIN, forger, school="实验小学", policy="ab" * 32, at=LATER)
    post(path, [draft(level="excellent")], "b-1", forger, LATER)
    turn = {"kind": "key", "school": "实验小学", "action": "rotate", "key": trusted[0]}
    post(path, [turn], "b-2", forger, LATER)
    assert codes(verify(path, trusted)) == {"untrusted"}


def test_an_older_copy_is_seen_only_with_a_checkpoint_kept_elsewhere(
    ledger, trusted, signer, draft, tmp_path
):
    old = shutil.copy(ledger, tmp_path / "old.db")
    kept = post(ledger, [draft("s-9")], "b-9", signer, LATER).checkpoint
    shutil.copy(old, ledger)
    assert verify(ledger, trusted).ok
    assert codes(verify(ledger, trusted, kept=[kept])) == {"rolled_back"}


def test_a_fork_by_the_key_holder_is_seen_with_a_kept_checkpoint(
    ledger, trusted, signer, draft, tmp_path
):
    fork = shutil.copy(ledger, tmp_path / "fork.db")
    kept = post(ledger, [draft("s-9")], "b-9", signer, LATER).checkpoint
    post(fork, [draft("s-9", level="excellent")], "b-9", signer, LATER)
    assert verify(fork, trusted).ok
    assert codes(verify(fork, trusted, kept=[kept])) == {"forked"}
    assert verify(ledger, trusted, kept=[kept]).ok


def test_a_kept_checkpoint_that_is_damaged_is_a_fault_not_a_crash(ledger, trusted):
    assert codes(verify(ledger, trusted, kept=["nonsense"])) == {"kept"}


def test_a_checkpoint_of_another_ledger_is_passed_over_and_anchors_nothing(ledger, trusted):
    other = new_signer("county.example/school-8/2026", bytes(32))
    note = other.sign_checkpoint(Checkpoint(other.name, 3, bytes(32)))
    found = verify(ledger, trusted, kept=[note])
    assert (found.ok, found.anchored) == (True, False)


def test_a_flipped_bit_anywhere_fails_or_changes_nothing_that_is_stored(ledger, trusted, tmp_path):
    whole, clean = ledger.read_bytes(), dump(ledger)
    used = [place for place in range(len(whole)) if whole[place]]
    places = random.Random(7).sample(used, 1200) + random.Random(8).sample(range(len(whole)), 300)
    broken = tmp_path / "broken.db"
    missed = []
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << (place % 8)
        broken.write_bytes(changed)
        if verify(broken, trusted).ok and dump(broken) != clean:
            missed.append(place)
    assert not missed


def test_what_is_no_ledger_is_unreadable_and_what_is_missing_says_so(tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all" * 100)
    assert codes(verify(other)) == {"unreadable"}
    other.write_bytes(b"")
    assert codes(verify(other)) == {"schema"}
    with pytest.raises(LedgerError, match="does not exist"):
        verify(tmp_path / "none.db")
    with pytest.raises(LedgerError, match="cannot be read"):
        list(read_entries(other))


def test_a_ledger_verifies_where_nothing_can_be_written(ledger, trusted):
    before = ledger.read_bytes()
    ledger.chmod(0o400)
    ledger.parent.chmod(0o500)
    try:
        assert verify(ledger, trusted).ok
    finally:
        ledger.parent.chmod(0o700)
    assert ledger.read_bytes() == before


def test_progress_tells_how_far_it_is(ledger):
    told = []
    verify(ledger, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (6, 6)


def test_current_results_are_those_not_superseded(ledger):
    stands = [(entry["seq"], entry["subject"], entry["level"]) for entry in current_results(ledger)]
    assert stands == [
        (1, "s-0001", "pass"),
        (3, "s-0003", "pass"),
        (4, "s-0002", "excellent"),
        (5, "s-0004", "fail"),
    ]


@pytest.mark.parametrize("seq", range(6))
def test_every_entry_proves_itself_offline(ledger, trusted, seq):
    proof = proof_for(ledger, seq)
    head = verify_proof(proof["body"].encode(), proof, proof["note"], trusted)
    assert (head.origin, head.size) == (ORIGIN, 6)


def test_proofs_made_together_are_those_made_alone(ledger):
    assert proofs_for(ledger, [4, 1]) == [proof_for(ledger, 4), proof_for(ledger, 1)]
    with pytest.raises(LedgerError, match="no leaf 6"):
        proof_for(ledger, 6)


def test_an_edited_record_another_entry_or_another_key_is_not_proven(ledger, trusted):
    proof, other = proof_for(ledger, 5), proof_for(ledger, 1)
    edited = proof["body"].replace('"fail"', '"pass"').encode()
    for body in (edited, other["body"].encode()):
        with pytest.raises(LedgerError, match="not proven"):
            verify_proof(body, proof, None, trusted)
    with pytest.raises(LedgerError, match="no trusted key"):
        verify_proof(proof["body"].encode(), proof, None, [new_signer(ORIGIN, bytes(32)).key.text])


def test_a_proof_is_not_taken_against_another_checkpoint(ledger, trusted, signer, draft):
    proof = proof_for(ledger, 1)
    post(ledger, [draft("s-9")], "b-9", signer, LATER)
    with pytest.raises(LedgerError, match="another checkpoint"):
        verify_proof(proof["body"].encode(), proof, latest_checkpoint(ledger), trusted)


def test_verifying_loads_neither_pandas_nor_streamlit_nor_posting():
    text = (
        "import sys, models.ledger.verifying; "
        "print(sorted({'pandas', 'streamlit', 'numpy', 'models.ledger.posting'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


OTHER = "cd" * 32


def test_a_policy_that_is_not_in_force_is_named_at_its_entry(ledger, trusted, signer, draft):
    post(ledger, [draft("s-9", policy=OTHER), draft("s-10")], "b-9", signer, LATER)
    assert verify(ledger, trusted).ok  # not compared
    found = verify(ledger, trusted, outside=Outside(policies={"ab" * 32}))
    assert (found.first_fault, codes(found)) == (6, {"policy"})
    assert verify(ledger, trusted, outside=Outside(policies={"ab" * 32, OTHER})).ok


def test_a_policy_two_people_declared_in_the_ledger_is_in_force_from_there_on(
    ledger, trusted, signer, draft
):
    declared = {
        "kind": "policy",
        "round": "2026-秋",
        "school": "实验小学",
        "policy": OTHER,
        "pack": "county-2027",
        "approvers": ["u-1"],
    }
    post(ledger, [declared, draft("s-9", policy=OTHER)], "b-9", signer, LATER)
    assert verify(ledger, trusted, outside=Outside(policies={"ab" * 32})).ok


def test_an_audit_log_that_was_cut_is_found_at_the_first_entry_it_no_longer_covers(
    ledger, trusted, signer, draft
):
    post(ledger, [draft("s-9")], "b-9", signer, LATER, audit_head="11" * 32)
    post(ledger, [draft("s-10"), draft("s-11")], "b-10", signer, LATER, audit_head="22" * 32)
    whole = Outside(audit_heads={"11" * 32, "22" * 32})
    assert verify(ledger, trusted, outside=whole).ok
    found = verify(ledger, trusted, outside=Outside(audit_heads={"11" * 32}))
    assert (found.first_fault, codes(found)) == (7, {"audit"})


def key_entry(action, key, statement=""):
    packed = base64.b64encode(statement.encode()).decode()
    return {
        "kind": "key",
        "school": "实验小学",
        "action": action,
        "key": key,
        "statement": packed,
    }


def revocation(county, key, head=bytes(32)):
    return sign_statement(Statement(REVOKE, ORIGIN, 6, head, key), county)


def test_a_revoked_key_signs_its_revocation_and_nothing_after(ledger, trusted, signer, draft):
    county = new_signer("county.example/witness", bytes(32))
    post(
        ledger,
        [key_entry("revoke", trusted[0], revocation(county, trusted[0]))],
        "b-9",
        signer,
        LATER,
    )
    assert verify(ledger, [*trusted, county.key.text]).ok
    with pytest.raises(LedgerError, match="closed"):
        post(ledger, [draft("s-9")], "b-10", signer, LATER)


def test_a_revocation_that_names_the_next_key_keeps_the_ledger_open(ledger, trusted, signer, draft):
    new = new_signer(ORIGIN, bytes(32))
    turn = [key_entry("revoke", trusted[0]), key_entry("rotate", new.key.text)]
    post(ledger, turn, "b-9", signer, LATER)
    post(ledger, [draft("s-9")], "b-10", new, LATER)
    assert verify(ledger, trusted).ok


def test_an_entry_after_the_revocation_is_named_though_its_hashes_fit(
    ledger, trusted, signer, draft, monkeypatch
):
    post(ledger, [key_entry("revoke", trusted[0])], "b-9", signer, LATER)
    monkeypatch.setattr("models.ledger.head.is_revoked", lambda *_: False)  # as a thief would
    post(ledger, [draft("s-9")], "b-10", signer, LATER)
    found = verify(ledger, trusted)
    assert (found.first_fault, codes(found)) == (7, {"revoked"})


@pytest.mark.parametrize("forged", ["another key", "another signer"])
def test_a_countys_statement_that_does_not_hold_is_found(ledger, trusted, signer, forged):
    county = new_signer("county.example/witness", bytes(32))
    said = new_signer(ORIGIN, b"x" * 32).key.text if forged == "another key" else trusted[0]
    note = revocation(county, said)
    if forged == "another signer":
        note = note.replace("\n6\n", "\n5\n")  # changed after signing
    post(ledger, [key_entry("revoke", trusted[0], note)], "b-9", signer, LATER)
    found = verify(ledger, [*trusted, county.key.text])
    assert (found.first_fault, codes(found)) == (6, {"statement"})


@pytest.mark.parametrize("text", ["nonsense", "a\n\n— n AAAAAAA=\n"])
def test_a_statement_of_before_they_had_a_form_verifies_and_vouches_for_nothing(
    tmp_path, trusted, signer, text
):
    other, path = new_signer(ORIGIN, bytes(32)), tmp_path / "next.db"
    packed = base64.b64encode(text.encode()).decode()
    create_ledger(
        path, ORIGIN, other, school="实验小学", policy="ab" * 32, at=LATER, statement=packed
    )
    assert verify(path, [other.key.text]).ok
    assert codes(verify(path, trusted)) == {"untrusted"}


def test_a_ledger_a_trusted_county_says_continues_another_is_trusted(tmp_path, trusted):
    county, other = new_signer("c.example/w", b"c" * 32), new_signer(f"{ORIGIN}/2", bytes(32))
    said = Statement(CONTINUE, ORIGIN, 6, bytes(32), other.key.text)
    packed = base64.b64encode(sign_statement(said, county).encode()).decode()
    path = tmp_path / "next.db"
    create_ledger(
        path, other.name, other, school="实验小学", policy="ab" * 32, at=LATER, statement=packed
    )
    assert verify(path, [county.key.text]).ok
    assert codes(verify(path, trusted)) == {"untrusted"}
    stranger = new_signer("c.example/w", b"d" * 32)
    assert codes(verify(path, [stranger.key.text])) == {"untrusted"}


def test_a_checkpoint_beside_the_ledger_is_compared_and_anchors_nothing(
    ledger, trusted, signer, draft, tmp_path
):
    old = shutil.copy(ledger, tmp_path / "old.db")
    note = post(ledger, [draft("s-9")], "b-9", signer, LATER).checkpoint
    found = verify(ledger, trusted, beside=[note])
    assert (found.ok, found.anchored) == (True, False)
    assert codes(verify(old, trusted, beside=[note])) == {"rolled_back"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_changed_byte_of_a_proof_file_or_its_record_is_proven(ledger, trusted, data):
    found = proof_for(ledger, 5)
    texts = {"proof": found["proof"].encode(), "body": found["body"].encode()}
    name = data.draw(st.sampled_from(sorted(texts)))
    changed = bytearray(texts[name])
    place = data.draw(st.integers(0, len(changed) - 1))
    change = data.draw(st.sampled_from(["flipped", "dropped", "doubled", "cut", "swapped"]))
    if change == "flipped":
        changed[place] ^= data.draw(st.integers(1, 255))
    elif change == "dropped":
        del changed[place]
    elif change == "doubled":
        changed[place:place] = changed[place : place + 1]
    elif change == "cut":
        del changed[place:]
    else:
        changed[place - 1], changed[place] = changed[place], changed[place - 1]
    assume(bytes(changed) != texts[name])
    given_ = {**texts, name: bytes(changed)}
    with pytest.raises(LedgerError):
        verify_proof(given_["body"], given_["proof"], None, trusted)
