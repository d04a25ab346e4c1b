"""Posting: one batch is one transaction and one checkpoint; retries, rivals, clocks and crashes."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import pytest

from models.errors import LedgerError
from models.ledger.notes import open_checkpoint
from models.ledger.posting import create_ledger, post
from models.ledger.signing import new_signer, save_signer
from models.ledger.tables import open_writer, sqlite
from models.ledger.verifying import current_results, latest_checkpoint, read_entries, verify

ORIGIN = "county.example/school-7/2026"
AT = "2026-11-21T03:04:05Z"
LATER = "2026-11-22T00:00:00Z"
DIGEST = "ab" * 32
SYSCALLS = "pwrite64,fsync,fdatasync,unlink"  # the calls of a posting that can lose something

GOLDEN_ROOT = "2435ba5b88f03c0d00a241c5b8b8df6cf5a48dd1ed8184244fef4a152283c0ad"
GOLDEN_NOTE = (
    "county.example/school-7/2026\n"
    "6\n"
    "JDW6W4jwPA0AokHFuLjfbPWkjdHtgYQkT+9KFSKDwK0=\n"
    "\n"
    "— county.example/school-7/2026 UmnoeZiXdSDwH+Y0L/6GCKEEO6Au8F2AxBmaKGs1VLFCYgh9GaC1gbX7UM47"
    "WU5dST2cpJBB8sX8ZxW4+9Z/IP2w3gY=\n"
)


def rows(path, sql):
    connection = sqlite.connect(str(path))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_fixed_ledger_has_a_fixed_root(ledger):
    assert latest_checkpoint(ledger) == GOLDEN_NOTE
    # The same root, from the stored bodies with nothing but hashlib.
    hashes = [
        hashlib.sha256(b"\x00" + body.encode()).digest()
        for (body,) in rows(ledger, "SELECT body FROM entry ORDER BY seq")
    ]
    assert len(hashes) == 6

    def join(left, right):
        return hashlib.sha256(b"\x01" + left + right).digest()

    four = join(join(hashes[0], hashes[1]), join(hashes[2], hashes[3]))
    assert join(four, join(hashes[4], hashes[5])).hex() == GOLDEN_ROOT


def test_genesis_names_the_key_the_origin_and_the_policy(empty, signer):
    (entry,) = read_entries(empty)
    assert (entry["kind"], entry["seq"], entry["action"]) == ("key", 0, "genesis")
    assert (entry["key"], entry["origin"], entry["policy"]) == (signer.key.text, ORIGIN, DIGEST)


def test_a_batch_answers_with_its_numbers_and_a_checkpoint_that_verifies(empty, signer, draft):
    posted = post(empty, [draft("s-1"), draft("s-2")], "b-1", signer, AT)
    assert posted.seqs == (1, 2)
    checkpoint = open_checkpoint(posted.checkpoint, [signer.key])
    assert (checkpoint.size, checkpoint.root.hex()) == (3, posted.root)


def test_the_same_batch_posted_twice_is_posted_once_and_answers_the_same(empty, signer, draft):
    first = post(empty, [draft("s-1")], "b-1", signer, AT, audit_head="")
    again = post(empty, [draft("s-1")], "b-1", signer, LATER, audit_head=DIGEST)
    assert again == first
    assert len(list(read_entries(empty))) == 2


@pytest.mark.parametrize("change", [{"level": "fail"}, {"subject": "s-9"}, {"run": "ef" * 32}])
def test_other_content_under_a_used_batch_id_is_refused(empty, signer, draft, change):
    post(empty, [draft("s-1")], "b-1", signer, AT)
    with pytest.raises(LedgerError, match="posted with other content"):
        post(empty, [draft(**{"subject": "s-1", **change})], "b-1", signer, AT)
    with pytest.raises(LedgerError, match="posted with other content"):
        post(empty, [draft("s-1"), draft("s-2")], "b-1", signer, AT)


def test_one_wrong_entry_keeps_the_whole_batch_out(empty, signer, draft):
    before = empty.read_bytes()
    with pytest.raises(LedgerError, match="field level"):
        post(empty, [draft("s-1"), draft("s-2", level="good")], "b-1", signer, AT)
    assert empty.read_bytes() == before


def test_a_second_result_must_supersede_the_one_that_stands(ledger, signer, draft, superseding):
    with pytest.raises(LedgerError, match="entry 1 stands already"):
        post(ledger, [draft("s-0001")], "b-9", signer, LATER)
    with pytest.raises(LedgerError, match="entry 7 stands already"):
        post(ledger, [draft("s-8", round="x"), draft("s-9"), draft("s-9")], "b-9", signer, LATER)
    post(ledger, [superseding(1, subject="s-0001", attempt=2)], "b-9", signer, LATER)
    stands = {entry["subject"]: entry["seq"] for entry in current_results(ledger)}
    assert stands == {"s-0001": 6, "s-0002": 4, "s-0003": 3, "s-0004": 5}


@pytest.mark.parametrize(
    ("seq", "changes", "why"),
    [
        (2, {"subject": "s-0002"}, "entry 4 stands"),  # superseded before
        (1, {"subject": "s-0003"}, "entry 3 stands"),  # another subject's
        (1, {"subject": "s-0001", "competency": "B1"}, "none stands"),
        (1, {"subject": "s-0001", "round": "2027-春"}, "none stands"),
        (0, {"subject": "s-0001"}, "entry 1 stands"),
    ],
)
def test_only_the_standing_result_of_the_same_place_can_be_superseded(
    ledger, signer, superseding, seq, changes, why
):
    with pytest.raises(LedgerError, match=why):
        post(ledger, [superseding(seq, **changes)], "b-9", signer, LATER)


def test_attempt_1_does_not_supersede_attempt_2(ledger, signer, superseding):
    post(ledger, [superseding(1, subject="s-0001", attempt=2)], "b-4", signer, LATER)
    with pytest.raises(LedgerError, match="attempt 1 cannot supersede attempt 2"):
        post(ledger, [superseding(6, subject="s-0001", attempt=1)], "b-5", signer, LATER)


def test_a_voided_result_no_longer_stands_and_may_be_followed_by_another(ledger, signer, draft):
    void = {
        "kind": "void",
        "round": "2026-秋",
        "school": "实验小学",
        "subject": "s-0001",
        "competency": "A1",
        "supersedes": 1,
        "reason": "correction",
        "approvers": ["u-1", "u-2"],
    }
    post(ledger, [void], "b-4", signer, LATER)
    assert 1 not in {entry["seq"] for entry in current_results(ledger)}
    post(ledger, [draft("s-0001")], "b-5", signer, LATER)
    anew = [{**void, "supersedes": 7}, draft("s-0001", level="fail")]
    assert post(ledger, anew, "b-6", signer, LATER).seqs == (8, 9)
    assert verify(ledger).ok


def test_an_entry_of_another_school_is_refused(empty, signer, draft):
    with pytest.raises(LedgerError, match="Post it to its own school"):
        post(empty, [draft(school="第二小学")], "b-1", signer, AT)


def test_a_key_that_is_not_in_force_cannot_post(empty, draft):
    with pytest.raises(LedgerError, match="is in force"):
        post(empty, [draft()], "b-1", new_signer(ORIGIN, bytes(32)), AT)
    with pytest.raises(LedgerError, match="key of this ledger"):
        post(empty, [draft()], "b-1", new_signer("other", bytes(range(32))), AT)


def test_after_a_rotation_the_new_key_signs_and_the_old_one_no_longer(empty, signer, draft):
    new = new_signer(ORIGIN, bytes(32))
    turn = {"kind": "key", "school": "实验小学", "action": "rotate", "key": new.key.text}
    post(empty, [turn], "b-1", signer, AT)
    with pytest.raises(LedgerError, match="is in force"):
        post(empty, [draft()], "b-2", signer, AT)
    post(empty, [draft()], "b-2", new, AT)
    post(empty, [draft("s-9")], "b-3", new, AT)
    assert verify(empty, [signer.key.text]).ok
    assert verify(empty, [new.key.text]).ok


def test_a_clock_that_went_back_posts_only_when_accepted_and_says_so(ledger, signer, draft):
    with pytest.raises(LedgerError, match="Set the clock right"):
        post(ledger, [draft("s-9")], "b-4", signer, AT)
    posted = post(ledger, [draft("s-9")], "b-4", signer, AT, accept_clock=True)
    *_, last = read_entries(ledger)
    assert (posted.posted_at, last["posted_at"], last["clock_back"]) == (LATER, LATER, True)
    assert verify(ledger).ok


def test_times_in_another_form_and_empty_batches_are_refused(empty, signer, draft):
    with pytest.raises(LedgerError, match="expected UTC"):
        post(empty, [draft()], "b-1", signer, "2026-11-21 03:04:05")
    with pytest.raises(LedgerError, match="nothing to post"):
        post(empty, [], "b-1", signer, AT)


def test_a_ledger_is_not_created_twice_nor_posted_to_before_it_is(empty, signer, tmp_path, draft):
    with pytest.raises(LedgerError, match="exists"):
        create_ledger(empty, ORIGIN, signer, school="实验小学", policy=DIGEST, at=AT)
    with pytest.raises(LedgerError, match="Create it first"):
        post(tmp_path / "none.db", [draft()], "b-1", signer, AT)
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET body = '{}' WHERE seq = 1",
        "DELETE FROM entry WHERE seq = 5",
        "REPLACE INTO entry SELECT * FROM entry WHERE seq = 5",
        "INSERT INTO entry SELECT seq + 2, body, detail, leaf, prev, chain FROM entry WHERE seq = 5",
        "INSERT INTO entry SELECT 6, body, detail, leaf, prev, chain FROM entry WHERE seq = 5",
        "UPDATE checkpoint SET posted_at = ''",
        "DELETE FROM checkpoint",
        "UPDATE batch SET batch_id = 'x'",
        "DELETE FROM batch",
        "INSERT INTO batch VALUES (7, 6, 'x')",
    ],
)
def test_the_tables_refuse_everything_but_the_next_entry(ledger, statement):
    connection = open_writer(ledger)
    with pytest.raises(sqlite.IntegrityError, match=r"append-only|FOREIGN KEY"):
        connection.execute(statement)
    connection.close()


def test_nothing_is_signed_over_a_head_that_was_changed(ledger, signer, draft):
    connection = open_writer(ledger)
    connection.execute("DROP TRIGGER entry_no_update")
    connection.execute("UPDATE entry SET body = replace(body, 'fail', 'pass') WHERE seq = 5")
    connection.close()
    with pytest.raises(LedgerError, match="does not verify"):
        post(ledger, [draft("s-9")], "b-4", signer, LATER)


def test_two_programs_posting_at_once_both_get_through(empty, signer, tmp_path):
    key = tmp_path / "key.pem"
    save_signer(signer, key)
    rivals = [start(empty, key, name, 12) for name in ("a", "b")]
    answers = [rival.communicate(timeout=60) for rival in rivals]
    assert [rival.returncode for rival in rivals] == [0, 0], answers
    found = verify(empty, [signer.key.text])
    assert found.ok, found.faults
    assert found.checked == 25
    batches = {entry["batch"] for entry in read_entries(empty)}
    assert batches == {"genesis", *(f"{name}-{i}" for name in "ab" for i in range(12))}


@pytest.mark.parametrize("after", [0.0, 0.01, 0.03, 0.06, 0.1])
def test_a_program_killed_while_posting_leaves_before_or_after(empty, signer, tmp_path, after):
    key = tmp_path / "key.pem"
    save_signer(signer, key)
    victim = start(empty, key, "a", 1000)
    acknowledged = [victim.stdout.readline(), victim.stdout.readline()]
    try:
        victim.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.kill(victim.pid, signal.SIGKILL)
    acknowledged += victim.stdout.read().splitlines()  # communicate() would lose what is buffered
    victim.wait()
    found = verify(empty, [signer.key.text])
    assert found.ok, found.faults
    done = len([line for line in acknowledged if line.startswith("posted ")])
    assert found.checked - 1 - done in (0, 1)  # at most one committed and not yet acknowledged


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        ("signal=KILL", range(1, 28, 3)),
        ("error=EIO", range(2, 28, 8)),
        ("error=ENOSPC", range(4, 28, 8)),
    ],
)
def test_a_fault_at_any_write_of_a_posting_leaves_before_or_after(
    empty, signer, tmp_path, draft, fault, calls
):
    key = tmp_path / "key.pem"
    save_signer(signer, key)
    struck = 0
    for number in calls:
        broken = tmp_path / f"broken-{number}.db"
        broken.write_bytes(empty.read_bytes())
        inject = f"--inject={SYSCALLS}:{fault}:when={number}"
        command = ["strace", "-f", "-qq", "-e", f"trace={SYSCALLS}", inject, "-o", "/dev/null"]
        run = subprocess.run(
            [*command, *program(broken, key, "a", 1)], capture_output=True, text=True, check=False
        )
        struck += run.returncode != 0
        found = verify(broken, [signer.key.text])
        assert found.ok, (number, found.faults, run.stderr)
        assert found.checked in (1, 2)
        if "posted a-0" in run.stdout:
            assert found.checked == 2
        post(broken, [draft("s-a-0")], "a-0", signer, AT)  # the retry succeeds either way
        assert verify(broken).checked == 2
    assert struck >= 2


def program(path, key, name, number):
    text = textwrap.dedent(f"""
        import pathlib, sys
        sys.path[:0] = {sys.path!r}
        from models.ledger.posting import post
        from models.ledger.signing import load_signer
        signer = load_signer(pathlib.Path({str(key)!r}), {ORIGIN!r})
        d = "ab" * 32
        for i in range({number}):
            entry = dict(
                kind="result", round="2026-秋", school="实验小学", subject=f"s-{name}-{{i}}",
                competency="A1", level="pass", stage="小学",
                decided_by=[{{"piece": "piece-1", "slot": "A1-1", "criteria": ["A1-1.P1"]}}],
                reads=[{{"rater": r, "piece": "piece-1", "round": "blind"}} for r in ("r-1", "r-2")],
                evidence=[d], rubric=d, policy=d, run=d, approvers=["u-1", "u-2"],
                publicity={{"id": "pub-1", "digest": d}}, pii_commit=d)
            post(pathlib.Path({str(path)!r}), [entry], f"{name}-{{i}}", signer, {AT!r})
            print(f"posted {name}-{{i}}", flush=True)
    """)
    return [sys.executable, "-c", text]


def start(path, key, name, number):
    return subprocess.Popen(
        program(path, key, name, number),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
