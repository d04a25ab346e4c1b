"""What posting and verifying a ledger cost, beside what nobody can avoid, measured in the same run.

Two floors: reading the rows and hashing them; and that with the canonical form
of both texts made once, as checking or writing it takes.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import verify_process
from models.ledger.forms import FORMS
from models.ledger.posting import create_ledger, post
from models.ledger.signing import Signer, new_signer
from models.ledger.tables import PAGE_SIZE, TABLES, open_reader, sqlite
from models.ledger.verifying import proof_for, read_entries, verify, verify_proof

ENTRIES = 10_000
ORIGIN = "county.example/bench"
AT = "2026-11-21T03:04:05Z"
DIGEST = "ab" * 32


def _draft(number: int) -> dict:
    return {
        "kind": "result",
        "round": "2026-秋",
        "school": "实验小学",
        "subject": f"{number:032x}",
        "competency": "A1",
        "level": "pass",
        "stage": "小学",
        "decided_by": [{"piece": "a" * 32, "slot": "A1-1", "criteria": ["A1-1.P1"]}],
        "reads": [
            {"rater": rater * 32, "piece": "a" * 32, "round": "blind"} for rater in ("b", "c")
        ],
        "evidence": [DIGEST],
        "rubric": DIGEST,
        "policy": DIGEST,
        "run": DIGEST,
        "approvers": ["u-1", "u-2"],
        "publicity": {"id": "pub-1", "digest": DIGEST},
        "pii_commit": DIGEST,
    }


def _cpu(work: Callable[[], object], times: int = 3) -> float:
    """Least CPU seconds of a few runs."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def _read_and_hash(path: Path) -> None:
    """The floor of verifying: read every row, hash its body, its link and one node."""
    connection = open_reader(path)
    rows = connection.execute(
        "SELECT seq, CAST(body AS BLOB), CAST(detail AS BLOB), leaf, prev, chain FROM entry"
    )
    for _, body, detail, _, prev, _ in rows:
        leaf = hashlib.sha256(b"\x00" + body).digest()
        hashlib.sha256(detail).digest()
        hashlib.sha256(prev + leaf).digest()
        hashlib.sha256(b"\x01" + leaf + prev).digest()
    connection.close()


def _canonical(path: Path) -> Callable[[], None]:
    """Write the canonical form of every record once, from values that are at hand already."""
    encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    split = [
        (
            {key: entry[key] for key in FORMS[str(entry["kind"])].body_keys},
            {key: entry[key] for key in FORMS[str(entry["kind"])].detail_keys},
        )
        for entry in read_entries(path)
    ]

    def write() -> None:
        for body, detail in split:
            encoder.encode(body).encode()
            encoder.encode(detail).encode()

    return write


def _bare_batch(path: Path, folder: Path) -> Callable[[], None]:
    """Write the same rows in one transaction to a bare table with the ledger's own pragmas."""
    connection = open_reader(path)
    rows = connection.execute("SELECT seq, body, detail, leaf, prev, chain FROM entry").fetchall()
    connection.close()

    def write() -> None:
        target = folder / "batch.db"
        target.unlink(missing_ok=True)
        made = sqlite.connect(str(target), isolation_level=None)
        made.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        made.execute("PRAGMA journal_mode = DELETE")
        made.execute("PRAGMA synchronous = EXTRA")
        made.execute(TABLES[0])
        made.execute("BEGIN")
        made.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", rows)
        made.execute("COMMIT")
        made.close()

    return write


def _single_posts(path: Path, signer: Signer, folder: Path, number: int) -> tuple[float, ...]:
    """Seconds of single posts and of bare one-row commits by turns, as disks change their pace.

    Returns wall of the posts, wall of the commits, CPU of the posts and of the commits. The
    bare table is held open, under the ledger's pragmas; a post opens its ledger, checks its
    end, signs, and closes it.
    """
    connection = sqlite.connect(str(folder / "bare.db"), isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body TEXT)")
    spent = [0.0] * 4
    for turn in range(number):
        moments = [(time.perf_counter(), time.process_time())]
        post(path, [_draft(ENTRIES + turn)], f"s-{turn}", signer, AT)
        moments.append((time.perf_counter(), time.process_time()))
        connection.execute("INSERT INTO entry VALUES (?, ?)", (turn, "x" * 1300))
        moments.append((time.perf_counter(), time.process_time()))
        (wall, cpu), (wall_after, cpu_after), (wall_bare, cpu_bare) = moments
        steps = (wall_after - wall, wall_bare - wall_after, cpu_after - cpu, cpu_bare - cpu_after)
        spent = [have + step for have, step in zip(spent, steps, strict=True)]
    connection.close()
    return tuple(spent)


def run() -> list[dict]:
    """One row a measure: value, what it is held against, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path, signer = place / "bench.db", new_signer(ORIGIN, bytes(range(32)))
        create_ledger(path, ORIGIN, signer, school="实验小学", policy=DIGEST, at=AT)
        drafts = [_draft(number) for number in range(ENTRIES)]
        posting = _cpu(lambda: post(path, drafts, "b-1", signer, AT), times=1)
        floor = _cpu(lambda: _read_and_hash(path))
        canonical = _cpu(_canonical(path))
        writing = _cpu(_bare_batch(path, place)) + canonical + floor
        verifying = _cpu(lambda: verify(path, [signer.key.text]))
        proof = proof_for(path, ENTRIES // 2)
        body = str(proof["body"]).encode()
        one = _cpu(lambda: verify_proof(body, proof, None, [signer.key.text]))
        size = path.stat().st_size / (ENTRIES + 1)
        texts = len(body) + len(str(proof["detail"]))

        singles = 50
        wall, bare, cpu, bare_cpu = (
            spent / singles * 1e3 for spent in _single_posts(path, signer, place, singles)
        )
    return [
        _row("verify / read and hash, CPU µs an entry", _each(verifying), _each(floor)),
        _row(
            "verify / read, hash, canonical form, CPU µs an entry",
            _each(verifying),
            _each(floor + canonical),
        ),
        _row(
            "post in one batch / canonical form, hash, bare rows, CPU µs an entry",
            _each(posting),
            _each(writing),
        ),
        _row("post one entry a batch, wall ms / bare commit", wall, bare),
        _row("the same, CPU ms / bare commit", cpu, bare_cpu),
        _row("verify one proof offline, CPU ms", one * 1e3, 0.25),
        _row("file, bytes an entry", size, texts),
        *verify_process.run(),
    ]


def _each(seconds: float) -> float:
    """Microseconds an entry."""
    return seconds / ENTRIES * 1e6


def _row(measure: str, value: float, floor: float) -> dict:
    return {
        "benchmark": "ledger",
        "measure": measure,
        "value": round(value, 2),
        "floor": round(floor, 2),
        "ratio": round(value / floor, 2),
    }


if __name__ == "__main__":
    for row in run():
        print(row)
