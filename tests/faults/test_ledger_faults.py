"""A ledger under fire: real processes killed, disks that refuse or lose power, clocks and copies."""

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import LedgerError
from models.ledger.posting import create_ledger, post
from models.ledger.signing import new_signer, save_signer
from models.ledger.tables import sqlite
from models.ledger.verifying import read_entries, verify

ORIGIN, SCHOOL, AT = "county.example/school-7", "实验小学", "2026-11-21T03:04:05Z"
DIGEST = "ab" * 32
CALLS = "pwrite64,fsync,fdatasync,unlink"
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

# argv: ledger, key, name, number of posts or the size to stop at. Each post is acknowledged on a line.
POST = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from models.ledger.posting import post
from models.ledger.signing import load_signer
ledger, key, name, number, stop = sys.argv[1:]
signer = load_signer(Path(key), {ORIGIN!r})
d = "ab" * 32
print("ready", flush=True)
sys.stdin.readline()
for turn in range(int(number)):
    entry = dict(kind="result", round="2026", school={SCHOOL!r}, subject=f"s-{{name}}-{{turn}}",
                 competency="A1", level="pass", rubric=d, policy=d, run=d,
                 approvers=["u-1", "u-2"], publicity={{"id": "p", "digest": d}}, pii_commit=d)
    made = post(Path(ledger), [entry], f"{{name}}-{{turn}}", signer, {AT!r})
    print(f"posted {{name}}-{{turn}}", flush=True)
    if made.size >= int(stop):
        break
"""

# Before POST: commits as SQLite's own default does, without syncing the folder after the journal.
WEAKER = f"""
import sys
sys.path[:0] = {sys.path!r}
import models.ledger.writing as writing
strong = writing.open_writer
def weak(path):
    connection = strong(path)
    connection.execute("PRAGMA synchronous = FULL")
    return connection
writing.open_writer = weak
"""

CREATE = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from models.ledger.posting import create_ledger
from models.ledger.signing import load_signer
signer = load_signer(Path(sys.argv[2]), {ORIGIN!r})
create_ledger(Path(sys.argv[1]), {ORIGIN!r}, signer, school={SCHOOL!r}, policy="ab" * 32, at={AT!r})
print("created", flush=True)
"""

ANSWER = f"""
import sys
sys.path[:0] = {sys.path!r}
from datetime import UTC, datetime
from pathlib import Path
from workbench.services.witness import answer
folder, file, out = map(Path, sys.argv[1:])
made = answer(folder, [file], out, datetime(2026, 11, 22, tzinfo=UTC))
print("answered", made[0].code or "cosigned", flush=True)
"""


def draft(subject="s-1", **changes):
    return {
        "kind": "result",
        "round": "2026",
        "school": SCHOOL,
        "subject": subject,
        "competency": "A1",
        "level": "pass",
        "rubric": DIGEST,
        "policy": DIGEST,
        "run": DIGEST,
        "approvers": ["u-1", "u-2"],
        "publicity": {"id": "p", "digest": DIGEST},
        "pii_commit": DIGEST,
        **changes,
    }


@pytest.fixture
def signer():
    return new_signer(ORIGIN, bytes(range(32)))


@pytest.fixture
def key(tmp_path, signer):
    path = tmp_path / "key.pem"
    save_signer(signer, path)
    return path


@pytest.fixture
def ledger(tmp_path, signer):
    path = tmp_path / "school.db"
    create_ledger(path, ORIGIN, signer, school=SCHOOL, policy=DIGEST, at=AT)
    post(path, [draft("s-0"), draft("s-00")], "first", signer, AT)
    return path


def poster(path, key, name, number, stop=10**9, before=()):
    return [*before, sys.executable, "-c", POST, str(path), str(key), name, str(number), str(stop)]


def dump(path):
    """Everything a ledger states, read past what checks it."""
    connection = sqlite.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        tables = ("entry", "checkpoint", "batch")
        rows = [connection.execute(f"SELECT * FROM {t} ORDER BY 1").fetchall() for t in tables]
        return rows, sorted(connection.execute("SELECT type, name, sql FROM sqlite_master"))
    finally:
        connection.close()


# --- many writers -------------------------------------------------------------------------------


def test_eight_programs_posting_at_once_each_get_their_fair_share(ledger, key, signer):
    rivals = [
        subprocess.Popen(
            poster(ledger, key, name, 1000, 203),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abcdefgh"
    ]
    for rival in rivals:
        assert rival.stdout.readline() == "ready\n"
    for rival in rivals:
        rival.stdin.write("\n")
        rival.stdin.flush()
    said = [rival.communicate(timeout=60)[0].split("\n")[:-1] for rival in rivals]
    assert [rival.returncode for rival in rivals] == [0] * 8
    found = verify(ledger, [signer.key.text])
    assert found.ok, found.faults
    batches = [entry["batch"] for entry in read_entries(ledger) if entry["seq"] > 2]
    assert sorted(batches) == sorted(line.removeprefix("posted ") for each in said for line in each)
    assert len(batches) == len(set(batches)) >= 200
    shares = [len(each) for each in said]
    assert max(shares) <= 3 * min(shares), shares


# --- cut off at any call ------------------------------------------------------------------------


def survives(broken, signer, answer):
    """After a fault: it verifies, nothing acknowledged is missing, and the retry posts it once."""
    found = verify(broken, [signer.key.text])
    assert found.ok, (found.faults, answer.stderr)
    assert found.checked in (3, 4)
    if "posted a-0" in answer.stdout.splitlines():
        assert found.checked == 4
    post(broken, [draft("s-a-0")], "a-0", signer, AT)
    again = verify(broken, [signer.key.text])
    assert (again.ok, again.checked) == (True, 4)


@needs_strace
@pytest.mark.faults
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO", "error=ENOSPC"])
def test_a_post_struck_at_every_single_call_is_whole_or_absent(
    ledger, key, signer, tmp_path, fault, fire
):
    spare = Path(shutil.copy(ledger, tmp_path / "spare.db"))
    calls = fire.count_calls(poster(spare, key, "a", 1), CALLS, tmp_path)
    assert calls > 10
    failed = 0
    for number in range(1, calls + 1):
        broken = Path(shutil.copy(ledger, tmp_path / "broken.db"))
        answer = fire.run(poster(broken, key, "a", 1, before=fire.struck(fault, number, CALLS)))
        failed += answer.returncode != 0
        if fault != "signal=KILL" and answer.returncode:
            assert "LedgerError" in answer.stderr
        survives(broken, signer, answer)
    assert failed > calls / 2


@needs_strace
@pytest.mark.faults
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO"])
def test_a_ledger_whose_making_is_struck_at_any_call_is_there_whole_or_not_at_all(
    key, signer, tmp_path, fault, fire
):
    path, calls = tmp_path / "new.db", f"{CALLS},rename"
    command = [sys.executable, "-c", CREATE, str(path), str(key)]
    total = fire.count_calls(command, calls, tmp_path)
    for number in range(1, total + 1):
        path.unlink(missing_ok=True)
        answer = fire.run([*fire.struck(fault, number, calls), *command])
        assert path.exists() or "created" not in answer.stdout
        if not path.exists():
            create_ledger(path, ORIGIN, signer, school=SCHOOL, policy=DIGEST, at=AT)
        assert verify(path, [signer.key.text]).ok


@needs_strace
@pytest.mark.parametrize("number", [1, 4, 8, 11])
def test_a_post_killed_at_a_call_is_whole_or_absent(ledger, key, signer, number, fire):
    answer = fire.run(poster(ledger, key, "a", 1, before=fire.struck("signal=KILL", number, CALLS)))
    assert answer.returncode != 0
    survives(ledger, signer, answer)


def test_a_full_disk_posts_nothing_and_says_so(ledger, key, signer, fire):
    room = ledger.stat().st_size + 1000

    def narrow():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    before = ledger.read_bytes()
    answer = fire.run(poster(ledger, key, "a", 200), preexec_fn=narrow)
    assert answer.returncode != 0
    assert "was not written" in answer.stderr
    done = answer.stdout.count("posted a-")
    found = verify(ledger, [signer.key.text])
    assert (found.ok, found.checked) == (True, 3 + done)
    assert ledger.read_bytes()[:100] != b"" and len(ledger.read_bytes()) <= room
    assert done or ledger.read_bytes() == before


# --- power ---------------------------------------------------------------------------------------


@needs_strace
@pytest.mark.parametrize(
    "draws", [1, pytest.param(12, marks=pytest.mark.faults)], ids=["once", "often"]
)
def test_power_lost_at_any_call_leaves_before_or_after_and_nothing_acknowledged_is_lost(
    ledger, key, signer, tmp_path, draws, fire
):
    command = poster(ledger, key, "a", 2)
    states = 0
    for acknowledged, left in fire.states_after_power_loss(
        ledger, command, draws, tmp_path, "posted"
    ):
        found = verify(left, [signer.key.text])
        assert found.ok, (states, found.faults)
        assert 3 + acknowledged <= found.checked <= 3 + min(acknowledged + 1, 2)
        states += 1
    assert acknowledged == 2
    assert states > 20 * draws


@needs_strace
def test_the_same_loss_of_power_shows_that_a_weaker_setting_loses_an_acknowledged_post(
    ledger, key, signer, tmp_path, fire
):
    *python, text, path, at_key, name, number, stop = poster(ledger, key, "a", 2)
    command = [*python, WEAKER + text, path, at_key, name, number, stop]
    states = fire.states_after_power_loss(ledger, command, 2, tmp_path, "posted")
    assert any(
        verify(left, [signer.key.text]).checked < 3 + acknowledged for acknowledged, left in states
    )


# --- bytes, copies, clocks -----------------------------------------------------------------------


@pytest.mark.faults
@pytest.mark.parametrize("quarter", range(4))
def test_every_byte_of_a_ledger_flipped_fails_or_changes_nothing_stated(
    ledger, signer, tmp_path, quarter
):
    whole, clean = ledger.read_bytes(), dump(ledger)
    broken, missed = tmp_path / "broken.db", []
    for place in range(quarter, len(whole), 4):
        changed = bytearray(whole)
        changed[place] ^= 1 << (place // 4 % 8)
        broken.write_bytes(changed)
        if verify(broken, [signer.key.text]).ok and dump(broken) != clean:
            missed.append(place)
    assert not missed


@pytest.mark.parametrize("copies", [15, pytest.param(300, marks=pytest.mark.faults)])
def test_a_file_copied_while_somebody_posts_is_a_beginning_of_it_or_says_it_is_damaged(
    ledger, key, signer, tmp_path, copies
):
    writer = subprocess.Popen(
        poster(ledger, key, "a", 10**6),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    taken = []
    try:
        writer.stdout.readline()
        writer.stdin.write("\n")
        writer.stdin.flush()
        for number in range(copies):
            writer.stdout.readline()  # another post has been acknowledged
            taken.append(Path(shutil.copy(ledger, tmp_path / f"copy-{number}.db")))
    finally:
        writer.kill()
        writer.communicate()
    bodies = [hashlib.sha256(str(entry).encode()).digest() for entry in read_entries(ledger)]
    for copy in taken:
        found = verify(copy, [signer.key.text])
        if found.ok:
            said = [hashlib.sha256(str(entry).encode()).digest() for entry in read_entries(copy)]
            assert said == bodies[: len(said)]
        else:
            assert found.faults
    assert verify(ledger, [signer.key.text]).ok


def test_a_clock_years_ahead_is_recorded_and_later_posts_keep_to_it_openly(ledger, signer):
    post(ledger, [draft("s-2")], "ahead", signer, "2036-11-21T03:04:05Z")
    with pytest.raises(LedgerError, match="Set the clock right"):
        post(ledger, [draft("s-3")], "back", signer, AT)
    post(ledger, [draft("s-3")], "back", signer, AT, accept_clock=True)
    *_, last = read_entries(ledger)
    assert (last["posted_at"], last["clock_back"]) == ("2036-11-21T03:04:05Z", True)
    assert verify(ledger, [signer.key.text]).ok


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/St_Johns", "right/UTC"])
def test_the_time_zone_of_the_machine_changes_nothing_in_the_ledger(
    ledger, key, signer, tmp_path, zone, fire
):
    twin = Path(shutil.copy(ledger, tmp_path / "twin.db"))
    fire.run(poster(ledger, key, "a", 1), env={**os.environ, "TZ": zone})
    fire.run(poster(twin, key, "a", 1), env={**os.environ, "TZ": "UTC"})
    assert dump(ledger) == dump(twin)
    assert verify(ledger, [signer.key.text]).checked == 4


# --- the witness ---------------------------------------------------------------------------------


@needs_strace
@pytest.mark.faults
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO"])
def test_a_witness_struck_at_any_call_never_hands_out_what_it_does_not_hold(
    ledger, signer, tmp_path, fault, fire
):
    from models.ledger.reading import request_for
    from workbench.services.witness import admit, set_up, status

    calls = "write,fsync,rename,unlink"
    request = tmp_path / "school.request"
    request.write_text(request_for(ledger, 0).text, encoding="utf-8", newline="")

    def fresh(name):
        folder = tmp_path / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        set_up(folder, "county.example/witness", lambda size: bytes(range(size)))
        admit(folder, [signer.key.text])
        return [sys.executable, "-c", ANSWER, str(folder), str(request), str(tmp_path / "out")]

    total = fire.count_calls(fresh("counted"), calls, tmp_path)
    assert total >= 5
    for number in range(1, total + 1):
        command = fresh("witness")
        fire.run([*fire.struck(fault, number, calls), *command])
        (held,) = status(tmp_path / "witness")
        given = (tmp_path / "out" / "school.cosigned").exists()
        assert held.size == 3 or (held.size == 0 and not given)
        again = fire.run(command)
        assert "answered cosigned" in again.stdout, again.stderr
