"""Saving marks under fire: a read is there whole or not at all, and stays once acknowledged."""

import resource
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from models.store import Act, Store

CALLS = "pwrite64,fsync,fdatasync,unlink,ftruncate"
ACT = Act("登记员", "", datetime(2026, 11, 21, tzinfo=UTC))
CRITERIA = [f"B8-1.P{n}" for n in range(1, 5)]
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

# argv: database, number of reads. Each is saved by a connection of its own, as a command does,
# or by one that stays open, as the server does; each is acknowledged on a line.
SAVE = f"""
import sys
sys.path[:0] = {sys.path!r}
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from models.store import Act, Store
from workbench.services.reads import GivenRead, Judgement, record_read
path, number, kept = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "open"
act = Act("R1", "rater", datetime(2026, 11, 21, tzinfo=UTC))
held = Store(path) if kept else None
for turn in range(number):
    marks = [(criterion, 1, "评语" * 20) for criterion in {CRITERIA!r}]
    with nullcontext(held) if kept else Store(path) as store:
        with store.transaction(act, "desk.submit", f"p{{turn}}") as tx:
            read = GivenRead({{"piece_id": f"p{{turn}}"}}, "R1", "blind", marks)
            record_read(tx, read, Judgement(1))
        print(f"saved {{turn}}", flush=True)
if held:
    held.close()
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A working database with pieces that nobody has read."""
    path = tmp_path_factory.mktemp("made") / "working.db"
    with Store(path, create=True) as store, store.transaction(ACT, "init") as tx:
        tx.insert("school", [{"school_id": "s1", "name": "第一小学"}])
        teacher = {"teacher_id": "t1", "teacher_no": "T1", "name": "教师", "school_id": "s1"}
        tx.insert("teacher", [teacher])
        handed_in = {"submission_id": "x", "teacher_id": "t1", "competency": "B8", "attempt": 1}
        tx.insert("submission", [handed_in])
        pieces = [
            {"piece_id": f"p{n}", "submission_id": "x", "slot_id": f"B8-{n}"} for n in range(300)
        ]
        tx.insert("piece", pieces)
    return path


@pytest.fixture
def database(made, tmp_path):
    (tmp_path / "w").mkdir()
    return Path(shutil.copy(made, tmp_path / "w" / "working.db"))


def saver(path, number, way="anew"):
    return [sys.executable, "-c", SAVE, str(path), str(number), way]


def reads_of(path):
    """Reads that are there, once it is sure that the file is sound and none of them is torn."""
    with Store(path) as store:
        assert store.audit_faults() == []
        found = store.rows(
            "SELECT read_id, piece_id, (SELECT count(*) FROM mark WHERE mark.read_id = read.read_id) "
            "AS marks, (SELECT count(*) FROM audit_log WHERE seq = tx AND action = 'desk.submit') "
            "AS logged FROM read"
        )
        assert all((row["marks"], row["logged"]) == (len(CRITERIA), 1) for row in found)
        assert len(store.where("audit_log", action="desk.submit")) == len(found)
    connection = sqlite.connect(str(path))
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
    return [row["piece_id"] for row in found]


def acknowledged(answer):
    return [f"p{line.split()[1]}" for line in answer.stdout.splitlines() if line[:6] == "saved "]


def heals(path, fire):
    """The next act on the same file comes off, whatever befell the one before."""
    before = reads_of(path)
    free = next(n for n in range(300) if f"p{n}" not in before)
    if free == 0:
        assert fire.run(saver(path, 1)).returncode == 0
        assert reads_of(path) == ["p0"]


@needs_strace
@pytest.mark.faults
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO", "error=ENOSPC"])
@pytest.mark.parametrize("way", ["anew", "open"])
def test_a_save_struck_at_any_call_keeps_what_it_acknowledged_and_tears_nothing(
    made, tmp_path, fire, fault, way
):
    folder = tmp_path / "w"

    def fresh():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return Path(shutil.copy(made, folder / "working.db"))

    calls = fire.count_calls(saver(fresh(), 2, way), CALLS, tmp_path)
    assert calls >= 6
    for number in range(1, calls + 1):
        path = fresh()
        answer = fire.run([*fire.struck(fault, number, CALLS), *saver(path, 2, way)])
        kept = reads_of(path)
        assert set(acknowledged(answer)) <= set(kept) <= {"p0", "p1"}, (number, answer.stderr)
        if fault != "signal=KILL" and answer.returncode:
            assert "StoreError" in answer.stderr, (number, answer.stderr)
            assert "check the disk" in answer.stderr
        heals(path, fire)


@needs_strace
@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_save_killed_at_a_call_is_whole_or_absent(database, fire, number):
    answer = fire.run([*fire.struck("signal=KILL", number, CALLS), *saver(database, 1)])
    assert answer.returncode != 0
    assert set(acknowledged(answer)) <= set(reads_of(database))
    heals(database, fire)


@needs_strace
@pytest.mark.parametrize(
    ("way", "draws"),
    [
        ("anew", 1),
        pytest.param("anew", 12, marks=pytest.mark.faults),
        pytest.param("open", 12, marks=pytest.mark.faults),
    ],
)
def test_power_lost_at_any_call_leaves_every_acknowledged_read_and_no_torn_one(
    database, tmp_path, fire, way, draws
):
    states = 0
    for told, left in fire.states_after_power_loss(
        database, saver(database, 2, way), draws, tmp_path, "saved"
    ):
        kept = reads_of(left)
        assert told <= len(kept) <= min(told + 1, 2), (states, told, kept)
        states += 1
    assert told == 2
    assert states >= 8 * draws


@needs_strace
def test_the_same_loss_of_power_shows_that_a_weaker_setting_loses_an_acknowledged_read(
    database, tmp_path, fire
):
    *python, text, path, number, _ = saver(database, 3)
    before = "with store.transaction"
    weaker = text.replace(
        before, f'store._connection.execute("PRAGMA synchronous=NORMAL")\n        {before}'
    )
    states = fire.states_after_power_loss(
        database, [*python, weaker, path, number, "open"], 2, tmp_path, "saved"
    )
    assert any(len(reads_of(left)) < told for told, left in states)


def test_a_full_disk_keeps_what_was_acknowledged_and_says_what_to_do(database, fire):
    room = database.stat().st_size + 200_000

    def narrow():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    answer = fire.run(saver(database, 300, "open"), preexec_fn=narrow)
    assert answer.returncode != 0
    assert "make room" in answer.stderr
    kept = reads_of(database)
    assert set(acknowledged(answer)) <= set(kept)
    assert 0 < len(kept) < 300
