"""A small real ledger and the payloads of its sheets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.ledger.posting import create_ledger, post
from models.ledger.signing import Signer, new_signer
from models.ledger.verifying import latest_checkpoint, proofs_for
from rubrics.canonical import canonical_json
from rubrics.loading import load_set
from workbench.exports.payload import NamedPolicy, Person, SheetPayload, for_teacher, proven

ORIGIN = "yunqi.example/hongqi/2026"
SCHOOL = "云溪县红旗实验小学"
ROUND = "2026年秋季批次"
AT = "2026-11-20T18:00:00Z"
POLICY = "ab" * 32
SET = load_set("micro_competencies")

# name, subject, results: (competency, level, reason for none, attempt)
TEACHERS = (
    ("甲钰𬭸", "语文", (("A1", "pass", "", 1), ("A6", "excellent", "", 1), ("C4", "pass", "", 2))),
    ("古丽·甲乙丙", "数学", (("A3", "fail", "", 1), ("A6", "pass", "", 1), ("B6", "pass", "", 1))),
    ("=1+1", "信息科技", (("A1", "", "missing_evidence", 1), ("B2", "pass", "", 1))),
)


@dataclass(frozen=True)
class Issued:
    """A ledger's payloads and the key that proves them."""

    school: SheetPayload
    teachers: tuple[SheetPayload, ...]
    key: str
    signer: Signer
    path: Path


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def person(number: int, name: str, subject: str) -> Person:
    return Person(f"T{1000 + number}", name, subject, sha(f"salt {number}"))


def draft(subject: str, who: Person, **said: object) -> dict[str, object]:
    code = str(said.get("competency", ""))
    return {
        "kind": "result",
        "round": ROUND,
        "school": SCHOOL,
        "subject": subject,
        "pii_commit": who.commitment,
        "rubric": SET[code].digest if code else "",
        "policy": POLICY,
        "run": sha("run"),
        "approvers": ["registrar-1", "head-1"],
        "publicity": {"id": "pub-1", "digest": sha("publicity")},
        **said,
    }


def drafts_of(subject: str, who: Person, results: Sequence[tuple]) -> list[dict[str, object]]:
    made = []
    for code, level, reason, attempt in results:
        decided = []
        if level == "fail":
            criteria = [f"{code}-1.P1", f"{code}-1.P2"]
            decided = [{"piece": f"p-{subject}", "slot": f"{code}-1", "criteria": criteria}]
        said = {"competency": code, "level": level, "reason_none": reason, "attempt": attempt}
        made.append(draft(subject, who, decided_by=decided, **said))
    composed = [
        {"competency": code, "level": level, "reason_none": reason, "attempt": attempt}
        for code, level, reason, attempt in results
    ]
    ends = {level for _, level, _, _ in results}
    level = "fail" if "fail" in ends else "" if "" in ends else "pass"
    reason = "" if level else "missing_evidence"
    return [*made, draft(subject, who, level=level, reason_none=reason, composed_of=composed)]


def issue(
    folder: Path,
    teachers: Sequence[tuple],
    *,
    origin: str = ORIGIN,
    printed: Mapping[str, str] | None = None,
) -> Issued:
    signer = new_signer(origin, hashlib.sha256(origin.encode()).digest())
    path = folder / "ledger.db"
    create_ledger(path, origin, signer, school=SCHOOL, policy=POLICY, at=AT)
    people = {
        f"s{n:03d}": person(n, name, subject) for n, (name, subject, _) in enumerate(teachers)
    }
    drafts = [
        one
        for (pseudonym, who), (_, _, results) in zip(people.items(), teachers, strict=True)
        for one in drafts_of(pseudonym, who, results)
    ]
    posted = post(path, drafts, "batch-1", signer, AT)
    codes = sorted({str(one["competency"]) for one in drafts if one.get("competency")})
    words = {"school": SCHOOL, "round": ROUND, "county": "云溪县", **(printed or {})}
    school = SheetPayload(
        kind="school",
        policies=(NamedPolicy("yunqi-2026", "云溪县教师微能力测评办法", POLICY),),
        rubric_set="micro_competencies",
        origin=origin,
        checkpoint=latest_checkpoint(path),
        entries=tuple(proven(made) for made in proofs_for(path, posted.seqs)),
        people=people,
        issued_on="2026-11-21",
        round_id=ROUND,
        school_id=SCHOOL,
        rubrics=tuple(canonical_json(SET[code].canonical()).decode() for code in codes),
        **words,
    )
    sheets = tuple(for_teacher(school, pseudonym) for pseudonym in people)
    return Issued(school, sheets, signer.key.text, signer, path)


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("ledger"), TEACHERS)


@pytest.fixture(scope="session")
def issuing() -> Callable[..., Issued]:
    return issue
