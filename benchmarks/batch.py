"""Sheets of a whole county in one run: 1,000 certified teachers, three formats, a sample verified.

The workspace is a real one with a signed ledger a school; what runs is the command a registrar
runs, in a process of its own: ``workbench --as 登记员 certificates --out DIR``.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.sheets import AT, COMPETENCIES, sha
from models.ledger.posting import create_ledger, post
from models.store import Act
from workbench.exports.payload import Person
from workbench.exports.sheets import FORMATS
from workbench.services.keys import ledger_origin, ledger_signer
from workbench.services.workspace import Workspace, create

TEACHERS = 1000
SCHOOLS = 20
SAMPLE = 30
BAR_CPU_S = 80
_SUBJECTS = ("语文", "数学", "英语", "物理", "化学", "道德与法治", "体育与健康", "信息科技")
_ACT = Act("登记员", "registrar", datetime(2026, 11, 20, 18, tzinfo=UTC))


def run(teachers: int = TEACHERS, schools: int = SCHOOLS) -> list[dict]:
    """Two rows: writing all sheets, and verifying a drawn sample of them in every format."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = certified(Path(folder) / "workspace", teachers, schools)
        out = Path(folder) / "out"
        asked = ["--workspace", str(workspace.folder), "--as", "登记员"]
        spent = _process([*asked, "certificates", "--out", str(out)])
        written = {each: len(list(out.rglob(f"*.{each}"))) for each in FORMATS}
        drawn = random.Random(7).sample(sorted(out.rglob("结果单_*.docx")), min(SAMPLE, teachers))
        sample = [str(path.with_suffix(f".{each}")) for path in drawn for each in FORMATS]
        checked = _process(["verify", *sample, "--trust", str(out / "trusted.pub"), "--json"])
        proven = sum(report["ok"] for report in json.loads(str(checked.pop("told"))))
    made = {"teachers": teachers, "schools": schools, **written}
    spent.pop("told")
    return [
        {"measure": "certificates in three formats", **made, **spent, "bar_cpu_s": BAR_CPU_S},
        {"measure": "verify a sample of them", "files": len(sample), "proven": proven, **checked},
    ]


def certified(folder: Path, teachers: int, schools: int) -> Workspace:
    """Make a workspace whose schools have certified every teacher: a level a competency, and a conclusion."""
    rng = random.Random(20261121)
    made = create(folder, "national-2.0", "2026年秋季批次", "基准县", _ACT, rng.randbytes)
    people = {
        f"t{number:04d}": (
            f"s{number % schools:02d}",
            sha(f"alias {number}")[:32],
            Person(
                f"T{number:04d}",
                "".join(chr(0x4E00 + rng.randrange(3000)) for _ in range(2 + number % 2)),
                _SUBJECTS[number % len(_SUBJECTS)],
                sha(f"salt {number}"),
            ),
        )
        for number in range(teachers)
    }
    names = {f"s{number:02d}": f"基准县第{number + 1}小学" for number in range(schools)}
    with made.store() as store, store.transaction(_ACT, "benchmark.people") as tx:
        tx.insert("school", [{"school_id": s, "name": name} for s, name in names.items()])
        for teacher, (school, pseudonym, who) in people.items():
            row = {"teacher_id": teacher, "teacher_no": who.teacher_no, "name": who.name}
            tx.insert("teacher", [{**row, "school_id": school}])
            fact = {"teacher_id": teacher, "name": "subject", "value": who.subject}
            tx.insert("teacher_fact", [fact])
            alias = {"teacher_id": teacher, "pseudonym": pseudonym, "salt": who.salt}
            tx.insert("alias", [alias])
    for school, name in names.items():
        signer = ledger_signer(made, school, rng.randbytes)
        path, origin = made.ledger_path(school), ledger_origin(made, school)
        path.parent.mkdir(exist_ok=True)
        create_ledger(path, origin, signer, school=name, policy=made.policy.digest, at=AT)
        mine = [(alias, who) for s, alias, who in people.values() if s == school]
        drafts = [draft for alias, who in mine for draft in _drafts(made, name, alias, who, rng)]
        post(path, drafts, "benchmark", signer, AT)
    return made


def _drafts(
    made: Workspace, school: str, alias: str, who: Person, rng: random.Random
) -> list[dict]:
    common = {
        "kind": "result",
        "round": made.round_name,
        "school": school,
        "subject": alias,
        "pii_commit": who.commitment,
        "policy": made.policy.digest,
        "run": sha("run"),
        "approvers": ["registrar", "head"],
        "publicity": {"id": "p", "digest": sha("p")},
    }
    rubrics = {rubric.competency: rubric for rubric in made.rubrics}
    results = [
        {**common, "competency": code, "rubric": rubrics[code].digest, "level": level}
        for code in COMPETENCIES
        for level in rng.choices(("pass", "excellent"), (4, 1))
    ]
    composed = [
        {"competency": one["competency"], "level": one["level"], "reason_none": "", "attempt": 1}
        for one in results
    ]
    return [*results, {**common, "level": "pass", "composed_of": composed}]


def _process(words: list[str]) -> dict[str, object]:
    """Run the command line: CPU and wall seconds, peak memory, and what it told."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.Popen(
        [sys.executable, "-m", "workbench", *words], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    told = done.stdout.read().decode() if done.stdout else ""
    _, status, used = os.wait4(done.pid, 0)
    if status:
        raise SystemExit(f"workbench {' '.join(words[:6])} … ended with {status}: {told[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "wall_s": round(time.perf_counter() - began, 1),
        "peak_mib": used.ru_maxrss // 1024,
        "told": told,
    }


if __name__ == "__main__":
    for line in run(*map(int, sys.argv[1:])):
        print(json.dumps(line, ensure_ascii=False))
