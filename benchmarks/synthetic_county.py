"""A synthetic county of any size, written straight to the working database for benchmarks.

Nothing in it is real: names are numbers, files are digests of nothing, masked
copies name pages that do not exist. Teachers choose three competencies, pieces
are read twice by readers of a fixed seed, and a share of them waits for its
second read, so that every reader has something on the desk.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher

from models.store import Act, Transaction
from rubrics.levels import Level
from rubrics.rubric import Rubric, Slot
from workbench.services.results import ResultRow, results
from workbench.services.workspace import Workspace, create

AT = datetime(2026, 11, 2, 1, tzinfo=UTC)
PASSWORD = "synthetic-river-2026"
STAFF = {"Z1": "chair", "F1": "county", "D1": "registrar", "G1": "admin"}
"""One person of each role but the readers, who are ``R000`` and following."""

_READ_ONCE = 0.2
_HELD_EVERY = 25  # one submission in so many has been held
_SAMPLED_EVERY = 20  # one piece in so many is in the county's sample
_BETTER = "依据学情数据调整 有前后测对比 给出证据并反思 学生作品支持结论 说明工具为何合适"
_PLAIN = "开展教学活动 使用多媒体课件 学生认真听讲 完成教学任务 效果良好"


@dataclass(frozen=True)
class Scene:
    """How far the round is: shares of pieces read once and of marks agreed, the county's re-reads.

    With ``at_school`` readers belong to schools and read there; with ``telling`` each text
    has its own words, and more of the better ones the more criteria are met.
    """

    read_once: float = 0.2
    agreed: float = 0.99
    at_school: bool = False
    rereads: int = 0
    telling: bool = False


READING = Scene()
CLOSED = Scene(read_once=0.0, agreed=0.9, at_school=True, rereads=15, telling=True)
"""Reading is over, every school has its readers, and the county has read 15 pieces of each again."""


@dataclass
class Made:
    """A county being written: what is drawn of it so far."""

    rng: random.Random
    scene: Scene
    schools: list[str]
    readers: list[str]
    pieces: list[tuple[str, Slot]] = field(default_factory=list)
    quality: dict[str, float] = field(default_factory=dict)
    school_of: dict[str, str] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)
    submissions: list[tuple[str, str, str]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)


def build(
    folder: Path,
    *,
    pieces: int = 15_000,
    readers: int = 200,
    schools: int = 100,
    random_seed: int = 20261121,
    scene: Scene = READING,
) -> Workspace:
    """Make a workspace with so many pieces, and everybody's password ``PASSWORD``."""
    rng = random.Random(random_seed)
    act = Act("synthetic", "admin", AT)
    made = create(folder, "national-2.0", "2026秋", "合成县", act, rng.randbytes)
    names = [f"s{n:03d}" for n in range(schools)]
    county = Made(rng, scene, names, [f"R{n:03d}" for n in range(readers)])
    with made.store() as store:
        with store.transaction(act, "synthetic.people") as tx:
            _enter_people(tx, county)
        with store.transaction(act, "synthetic.evidence") as tx:
            _enter_evidence(tx, county, list(made.rubrics), pieces)
        with store.transaction(act, "synthetic.reads") as tx:
            _enter_reads(tx, county)
        with store.transaction(act, "synthetic.cases") as tx:
            _enter_cases(tx, county)
        shown = results(made)
        with store.transaction(act, "synthetic.publicity") as tx:
            _enter_publicities(tx, shown)
        told = PasswordHasher(time_cost=2, memory_cost=19 * 1024).hash(PASSWORD)
        for person in (*STAFF, *county.readers):  # each by the person: no password is provisional
            with store.transaction(Act(person, "", AT), "account.password", person) as tx:
                tx.insert("account_secret", [{"person_id": person, "password_hash": told}])
    return made


def _enter_people(tx: Transaction, county: Made) -> None:
    tx.insert("school", [{"school_id": s, "name": f"合成学校{s[1:]}"} for s in county.schools])
    tx.insert(
        "school_fact",
        [{"school_id": s, "name": "environment", "value": "multimedia"} for s in county.schools],
    )
    roles = {**STAFF, **dict.fromkeys(county.readers, "rater")}
    tx.insert(
        "person",
        [
            {
                "person_id": person,
                "name": f"合成{person}",
                "school_id": _home(county, person),
                "department": "",
                "roles": json.dumps([role]),
                "relations": "[]",
                "pseudonym": f"p{person}",
            }
            for person, role in roles.items()
        ],
    )


def _home(county: Made, person: str) -> str | None:
    """School of a reader, dealt out in turn where readers are at schools."""
    if person in STAFF or not county.scene.at_school:
        return None
    return county.schools[int(person[1:]) % len(county.schools)]


def _enter_evidence(tx: Transaction, county: Made, rubrics: Sequence[Rubric], pieces: int) -> None:
    number = 0
    while len(county.pieces) < pieces:
        teacher = f"t{number:05d}"
        chosen = county.rng.sample(rubrics, 3)
        school = county.schools[number % len(county.schools)]
        county.school_of[teacher] = school
        county.quality[teacher] = county.rng.gauss(0.4 * (_hash_share(school) - 0.5), 0.7)
        _enter_teacher(tx, teacher, school, chosen)
        for rubric in chosen:
            _enter_submission(tx, county, teacher, rubric)
        number += 1


def _enter_teacher(tx: Transaction, teacher: str, school: str, chosen: Sequence[Rubric]) -> None:
    row = {"teacher_id": teacher, "teacher_no": teacher[1:], "name": f"合成教师{teacher[1:]}"}
    tx.insert("teacher", [{**row, "school_id": school}])
    facts = {
        "online_passed": "1",
        "hours_online": "30",
        "hours_practice": "30",
        "choices": json.dumps([rubric.competency for rubric in chosen]),
    }
    tx.insert(
        "teacher_fact",
        [{"teacher_id": teacher, "name": name, "value": value} for name, value in facts.items()],
    )
    alias = {"teacher_id": teacher, "pseudonym": _digest(teacher)[:32], "salt": _digest("salt")}
    tx.insert("alias", [alias])


def _enter_submission(tx: Transaction, county: Made, teacher: str, rubric: Rubric) -> None:
    submission = f"{teacher}.{rubric.competency}.1"
    row = {"submission_id": submission, "teacher_id": teacher, "attempt": 1}
    tx.insert("submission", [{**row, "competency": rubric.competency}])
    first = ""
    for slot in rubric.slots:
        piece = f"p-{teacher}-{slot.slot_id}"
        tx.insert(
            "piece", [{"piece_id": piece, "submission_id": submission, "slot_id": slot.slot_id}]
        )
        county.quality[piece] = county.quality[teacher] + county.rng.gauss(0, 0.7)
        county.school_of[piece] = county.school_of[teacher]
        _enter_file(tx, piece, _text(county, county.quality[piece]))
        county.pieces.append((piece, slot))
        first = first or piece
    county.submissions.append((submission, teacher, first))


def _hash_share(words: str) -> float:
    """Number from 0 to 1 that hangs on the words alone."""
    return int(_digest(words)[:8], 16) / 16**8


def _text(county: Made, quality: float) -> str:
    """Words of a piece: the same for all, or its own, the better ones as often as it is good."""
    if not county.scene.telling:
        return "合成文本。" * 200
    good = 1 / (1 + math.exp(-1.5 * quality))
    return "。".join(
        _sentence(county.rng, _BETTER if county.rng.random() < good else _PLAIN) for _ in range(45)
    )


def _sentence(rng: random.Random, ends: str) -> str:
    words = [chr(0x4E00 + int(rng.paretovariate(0.7) * 37) % 6_000) for _ in range(14)]
    return "".join(words) + rng.choice(ends.split())


def _enter_file(tx: Transaction, piece: str, words: str) -> None:
    sha256 = _digest(piece)
    tx.insert(
        "evidence_file",
        [
            {
                "piece_id": piece,
                "item": piece,
                "path": "教案.docx",
                "bytes": 40_000,
                "attached": 1,
                "verdict": "accept",
                "stated": "{}",
                "sha256": sha256,
                "submitted_at": "2026-10-10T02:00:00Z",
            }
        ],
    )
    facts = json.dumps({"media_type": "docx", "text": words}, ensure_ascii=False)
    tx.insert("extract", [{"sha256": sha256, "media_type": "docx", "facts": facts}])
    content = json.dumps({"version": 1, "parts": [_part(piece)]})
    tx.insert("blind_copy", [{"piece_id": piece, "sha256": sha256, "content": content}])


def _part(piece: str) -> dict[str, object]:
    pages = [
        {"file": _digest(f"{piece} {page}"), "width": 1240, "height": 1754} for page in range(5)
    ]
    return {
        "kind": "pages",
        "media_type": "docx",
        "mime": "",
        "pages": pages,
        "files": [],
        "reading": _digest(f"{piece} reading"),
        "labels": [],
        "notices": [],
        "duration_s": None,
        "chapters": [],
    }


def _enter_reads(tx: Transaction, county: Made) -> None:
    """Two reads a piece, most agreed; the second of some is still on a reader's desk."""
    scene = county.scene
    county.again = _again(county)
    for number, (piece, slot) in enumerate(county.pieces):
        pair = county.rng.sample(_readers_of(county, piece), 2)
        waits = county.rng.random() < scene.read_once
        truth = {c.criterion_id: _is_met(county, piece, c.level) for c in slot.criteria}
        for reader in pair:
            place = county.places[reader] = county.places.get(reader, 0) + 1
            row = {"piece_id": piece, "rater_id": reader, "round": "blind", "reading": 1}
            tx.insert("assignment", [{**row, "position": place}])
            if reader == pair[1] and waits:
                continue
            opened = AT + timedelta(minutes=number % 5_000)
            times = [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (opened, opened + timedelta(minutes=7))]
            more = {"opened_at": times[0], "submitted_at": times[1]}
            read_id = tx.insert("read", [{**row, **more, "comment": "", "replaces": None}])[0]
            tx.insert_marks(read_id, _marks(county.rng, truth, scene.agreed))
        if piece in county.again:
            row = {"piece_id": piece, "rater_id": "F1", "round": "county", "reading": 1}
            more = {"opened_at": "2026-11-20T01:00:00Z", "submitted_at": "2026-11-20T01:06:00Z"}
            read_id = tx.insert("read", [{**row, **more, "comment": "", "replaces": None}])[0]
            tx.insert_marks(read_id, _marks(county.rng, truth, scene.agreed))


def _again(county: Made) -> set[str]:
    """Pieces of each school the county reads again."""
    left = dict.fromkeys(county.schools, county.scene.rereads)
    found = set()
    for piece, _ in county.rng.sample(county.pieces, len(county.pieces)):
        if left[county.school_of[piece]] > 0:
            left[county.school_of[piece]] -= 1
            found.add(piece)
    return found


def _readers_of(county: Made, piece: str) -> list[str]:
    """Readers of the school of a piece; all of the county where they are at no school."""
    if not county.scene.at_school:
        return county.readers
    school = county.school_of[piece]
    return [reader for reader in county.readers if _home(county, reader) == school]


def _is_met(county: Made, piece: str, level: Level) -> bool:
    if not county.scene.telling:
        return county.rng.random() < {Level.PASS: 0.99, Level.EXCELLENT: 0.6}[level]
    ease = {Level.PASS: 2.2, Level.EXCELLENT: 0.3}[level] + 1.5 * county.quality[piece]
    return county.rng.random() < 1 / (1 + math.exp(-ease))


def _marks(
    rng: random.Random, truth: dict[str, bool], agreed: float
) -> Iterator[tuple[str, int, str]]:
    for criterion, met in truth.items():
        given = met == (rng.random() < agreed)
        yield criterion, int(given), "" if given else "合成评语"


def _enter_cases(tx: Transaction, county: Made) -> None:
    """Holds, half of them resolved, and the county's sample."""
    for number, (submission, _, piece) in enumerate(county.submissions[::_HELD_EVERY]):
        hold, flag = f"h{number:04d}", f"f{number:04d}"
        head = {"flag_id": flag, "code": "copied_text", "subject": "pair"}
        values = {"a": piece, "b": piece, "share": "90%", "run": "80", "shown": "", "count": "1"}
        exhibit = {"values": values, "shown": []}
        rest = {
            "tier": "strong",
            "effect": "0.9",
            "p": "0.001",
            "q": "0.01",
            "exhibit": json.dumps(exhibit),
        }
        tx.insert("flag", [{**head, "ids": json.dumps([piece]), **rest}])
        case = {"hold_id": hold, "code": "copied_text", "flag_id": flag, "raised_by": "F1"}
        tx.insert("hold", [{**case, "due_on": "2026-12-01"}])
        tx.insert("hold_submission", [{"hold_id": hold, "submission_id": submission}])
        kinds = ("reply", "resolution") if number % 2 else ("reply",)
        event = {"hold_id": hold, "actor": "Z1", "party": "", "words": "合成", "scan": ""}
        ends = {"reply": "", "resolution": "certify"}
        tx.insert("hold_event", [{**event, "kind": k, "disposition": ends[k]} for k in kinds])
    head = {"sample_id": "k0001", "random_seed": "7", "rate": "0.05"}
    tx.insert("county_sample", [head])
    drawn = sorted(county.again) or [piece for piece, _ in county.pieces[::_SAMPLED_EVERY]]
    tx.insert(
        "county_sample_piece",
        [{"sample_id": "k0001", "piece_id": piece, "why": "stratified"} for piece in drawn],
    )


def _enter_publicities(tx: Transaction, rows: Sequence[ResultRow]) -> None:
    """Show every level of two schools in five; half of these publicities have closed."""
    days = {"opened_on": "2026-11-10", "closes_on": "2026-11-17"}
    schools = list(dict.fromkeys(row.school_id for row in rows))
    for number, school in enumerate(schools[: len(schools) * 2 // 5]):
        name = f"g{number:04d}"
        tx.insert("publication", [{"publication_id": name, "school_id": school, **days}])
        tx.insert(
            "published_result",
            [
                {
                    "publication_id": name,
                    "teacher_id": row.teacher_id,
                    "competency": row.competency,
                    "level": str(row.level),
                }
                for row in rows
                if row.school_id == school and row.level is not None
            ],
        )
        if number % 2:
            tx.insert("publication_end", [{"publication_id": name, "closed_on": "2026-11-18"}])


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()
