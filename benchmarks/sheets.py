"""What issuing and verifying sheets costs: 300 result sheets in three formats, one process."""

from __future__ import annotations

import hashlib
import json
import resource
import tempfile
import time
from pathlib import Path

from models.ledger.posting import create_ledger, post
from models.ledger.signing import new_signer
from models.ledger.verifying import latest_checkpoint, proofs_for
from rubrics.canonical import canonical_json
from rubrics.loading import load_set
from workbench.exports.payload import NamedPolicy, Person, SheetPayload, for_teacher, proven
from workbench.exports.sheets import FORMATS, make_sheets, write_sheets
from workbench.services.verification import verify_sheet

TEACHERS = 300
COMPETENCIES = ("A1", "A6", "C4")
ORIGIN = "benchmark.example/school/2026"
AT = "2026-11-20T18:00:00Z"
POLICY = "ab" * 32


def run(teachers: int = TEACHERS) -> list[dict]:
    """One row a measurement: CPU milliseconds a sheet, bytes a file, peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        school, key = school_of(Path(folder), teachers)
        payloads = [for_teacher(school, pseudonym) for pseudonym in school.people]
        make_sheets(payloads[0])  # fonts and libraries are loaded once a run
        return [
            *_writing(payloads),
            *_whole(payloads, Path(folder)),
            *_verifying(payloads, Path(folder), key),
        ]


def _writing(payloads: list[SheetPayload]) -> list[dict]:
    rows = []
    for file_format in FORMATS:
        started = time.process_time()
        sizes = [len(make_sheets(payload, (file_format,))[file_format]) for payload in payloads]
        spent = time.process_time() - started
        rows.append(_row(f"write {file_format}", spent, len(payloads), sum(sizes)))
    return rows


def _whole(payloads: list[SheetPayload], folder: Path) -> list[dict]:
    started = time.process_time()
    written = write_sheets(payloads, folder / "sheets")
    return [_row("write all three, per file", time.process_time() - started, len(written))]


def _verifying(payloads: list[SheetPayload], folder: Path, key: str) -> list[dict]:
    rows = []
    for file_format in FORMATS:
        paths = sorted((folder / "sheets").glob(f"*.{file_format}"))[: len(payloads)]
        started = time.process_time()
        good = sum(verify_sheet(path, [key]).ok for path in paths)
        rows.append(_row(f"verify {file_format}", time.process_time() - started, len(paths)))
        rows[-1]["verified"] = good
    return rows


def _row(what: str, seconds: float, count: int, size: int = 0) -> dict:
    return {
        "what": what,
        "sheets": count,
        "cpu_ms_each": round(1000 * seconds / count, 2),
        "bytes_each": size // count,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def school_of(folder: Path, teachers: int) -> tuple[SheetPayload, str]:
    """A ledger of one school with three competencies and a conclusion a teacher."""
    rubrics = load_set("micro_competencies")
    signer = new_signer(ORIGIN, bytes(range(32)))
    path = folder / "ledger.db"
    create_ledger(path, ORIGIN, signer, school="基准小学", policy=POLICY, at=AT)
    people = {
        f"s{n:04d}": Person(f"T{n:04d}", f"教师{n}", "语文", sha(f"{n}")) for n in range(teachers)
    }
    drafts = []
    for pseudonym, who in people.items():
        common = {
            "kind": "result",
            "round": "2026年秋季批次",
            "school": "基准小学",
            "subject": pseudonym,
            "pii_commit": who.commitment,
            "policy": POLICY,
            "run": sha("run"),
            "approvers": ["registrar", "head"],
            "publicity": {"id": "p", "digest": sha("p")},
            "level": "pass",
        }
        drafts += [
            {**common, "competency": code, "rubric": rubrics[code].digest} for code in COMPETENCIES
        ]
        drafts.append(common)
    posted = post(path, drafts, "batch", signer, AT)
    payload = SheetPayload(
        kind="school",
        round="2026年秋季批次",
        county="基准县",
        school="基准小学",
        policies=(NamedPolicy("benchmark", "测评办法", POLICY),),
        rubric_set="micro_competencies",
        origin=ORIGIN,
        checkpoint=latest_checkpoint(path),
        entries=tuple(proven(made) for made in proofs_for(path, posted.seqs)),
        people=people,
        issued_on="2026-11-21",
        round_id="2026年秋季批次",
        school_id="基准小学",
        rubrics=tuple(canonical_json(rubrics[code].canonical()).decode() for code in COMPETENCIES),
    )
    return payload, signer.key.text


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line, ensure_ascii=False))
