"""The round a panel walks in the browser: people, evidence, seed pieces, and the clock they share.

Eight readers of one school's evidence: three read the trial, five come after it with
the county's seed pieces. What is true of each piece is written here; who reads it is
the plan's to say. What is not the point of a browser is done by the services.
"""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from models.store import Act
from workbench.services import desk
from workbench.services.accounts import add_user, set_password
from workbench.services.assignments import allocate_reads
from workbench.services.blinding import make_blind_copies
from workbench.services.calibration import begin_qualification
from workbench.services.calibration_gate import BREAK, UNQUALIFIED, gate_of
from workbench.services.calibration_packs import import_pack
from workbench.services.impact import adopt_policy
from workbench.services.intake import import_package
from workbench.services.people import Directory, TeacherRow
from workbench.services.workspace import Workspace, create

START = datetime(2026, 10, 20, 1, tzinfo=UTC)
SCHOOL, SCHOOL_ID = "城关小学", "s01"
FIRST, LATER = ("R1", "R2", "R3"), ("R4", "R5", "R6", "R7", "R8")
READERS = (*FIRST, *LATER)
STAFF = {"C1": "chair", "C2": "chair", "K1": "county", "K2": "county", "A1": "admin"}
STAFF |= {"G1": "registrar", "G2": "registrar"}
TRIED, REST = ("T1", "T2"), ("T3", "T4", "T5", "T6")
SLOTS = ("B8-1", "B8-2")
SPLIT, FAILED = ("T3", "B8-2", 1), ("T5", "B8-2", 1)
"""The piece two readers see differently, and the one that fails and comes again."""

PASSES, QUALIFYING, HIDDEN = "110", 9, 6
"""Seed pieces in turn are excellent, excellent, pass; so many of each purpose are in the pack."""

POLICY = """
[pack]
id = "panel-{mode}"
name_zh = "示例县"
name_en = "Example county"
[rule.choice]
points_required = {{ value = 1, unit = "competencies", source = "test" }}
[rule.hours]
total_min = {{ value = 0, unit = "hours", source = "test" }}
practice_min = {{ value = 0, unit = "hours", source = "test" }}
practice_share_min = {{ value = 0.0, unit = "share", source = "test" }}
[rule.environments]
cross_environment = {{ value = "any", unit = "choice", source = "test" }}
[rule.audit]
county_sample_rate = {{ value = 0.01, unit = "share", source = "test" }}
county_min_per_school = {{ value = 1, unit = "pieces", source = "test" }}
always_include = {{ value = [], unit = "list", source = "test" }}
[rule.review]
ruling_at_gap_of_two = {{ value = true, unit = "yes-no", source = "test" }}
validation_share = {{ value = 0.0, unit = "share", source = "test" }}
[rule.calibration]
mode = {{ value = "{mode}", unit = "choice", source = "test" }}
seeds_per_rater = {{ value = 4, unit = "pieces", source = "test" }}
break_pieces = {{ value = 1, unit = "pieces", source = "test" }}
long_break_pieces = {{ value = 1, unit = "pieces", source = "test" }}
"""

Owner = tuple[str, str, int]
"""Teacher, slot and attempt of a piece."""


@dataclass
class Round:
    """The round under way: its workspace, and by how much its clock is ahead of this machine's."""

    folder: Path
    workspace: Workspace
    ahead: timedelta = field(
        default_factory=lambda: timedelta(
            seconds=(START - datetime.now(UTC)) // timedelta(seconds=1)
        )
    )
    ticks: Iterator[int] = field(default_factory=itertools.count)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def on(self, seconds: int = 0, days: int = 0) -> None:
        """Put the clock of the round and of its server forward; it goes on from there."""
        self.ahead += timedelta(days=days, seconds=seconds)
        part = self.folder / "ahead.part"
        part.write_text(str(int(self.ahead.total_seconds())), encoding="ascii")
        part.replace(self.folder / "ahead")  # at once: the server reads it all the time

    def settle(self) -> None:
        """Let the seconds pass in which a read can be taken back, and have it recorded."""
        self.on(15)
        desk.settle(self.workspace, self.now)

    def act(self, who: str, reason: str = "") -> Act:
        return Act(who, "", self.now, reason)

    def rows(self, table: str, **equal: object) -> list[dict[str, Any]]:
        with self.workspace.store() as store:
            return store.where(table, **equal)

    def ask(self, sql: str, values: tuple[object, ...] = ()) -> list[dict[str, Any]]:
        with self.workspace.store() as store:
            return store.rows(sql, values)

    def owners(self) -> dict[str, Owner]:
        """Teacher, slot and attempt of each piece that is no seed."""
        found = self.ask(
            "SELECT p.piece_id, t.teacher_no, p.slot_id, s.attempt FROM piece AS p "
            "JOIN submission AS s USING (submission_id) JOIN teacher AS t USING (teacher_id) "
            "WHERE p.piece_id NOT IN (SELECT piece_id FROM seed_piece)"
        )
        return {r["piece_id"]: (r["teacher_no"], r["slot_id"], r["attempt"]) for r in found}

    def piece(self, owner: Owner) -> str:
        """The piece of an owner."""
        return next(name for name, whose in self.owners().items() if whose == owner)

    def desk_of(self, rater: str) -> list[str]:
        """Pieces on somebody's desk that are not handed in, in the order given out."""
        found = self.ask(
            "SELECT a.piece_id FROM assignment AS a "
            "LEFT JOIN assignment_end AS e USING (assignment_id) "
            "WHERE a.rater_id = ? AND e.why IS NULL AND NOT EXISTS (SELECT 1 FROM read AS r "
            "WHERE r.piece_id = a.piece_id AND r.rater_id = a.rater_id "
            "AND r.reading = a.reading) ORDER BY a.position",
            (rater,),
        )
        return [row["piece_id"] for row in found]

    def readers_of(self, piece: str) -> list[str]:
        """Who was given a piece, in the order of their identifiers."""
        return sorted({row["rater_id"] for row in self.rows("assignment", piece_id=piece)})

    def truth(self, piece: str) -> dict[str, int]:
        """What is met of a piece, by the experts of a seed or as written here."""
        if expert := self.rows("expert_mark", piece_id=piece):
            return {row["criterion_id"]: row["met"] for row in expert}
        owner = self.owners()[piece]
        names = [c.criterion_id for c in self.slot(owner[1]).criteria]
        unmet = set(names[:1]) if owner == FAILED else set()
        return {name: int(name not in unmet) for name in names}

    def slot(self, slot_id: str) -> Any:
        return self.workspace.rubrics[slot_id.partition("-")[0]].slot(slot_id)


def begun(folder: Path, password: str) -> Round:
    """A round in its first year: three readers, evidence of all, and nothing given out yet."""
    folder.mkdir()
    for mode in ("trial", "seeds"):
        policy = POLICY.format(mode=mode)
        (folder / f"{mode}.toml").write_text(policy, encoding="utf-8")
    fresh = random.Random("panel").randbytes
    first = Act("建档", "", START)
    made = create(
        folder / "workspace", str(folder / "trial.toml"), "2026秋", "示例县", first, fresh
    )
    started = Round(folder, made)
    started.on()
    with made.store() as store, store.transaction(first, "roster.import") as tx:
        people = Directory(store, tx, fresh)
        for teacher in (*TRIED, *REST):
            facts = {"online_passed": "1", "choices": '["B8"]'}
            people.teacher(TeacherRow(teacher, f"教师{teacher[1]}", SCHOOL, facts))
        for person, role in (*STAFF.items(), *((each, "rater") for each in FIRST)):
            people.rater(person, name=f"人员{person}", roles=[role])
    for person in (*STAFF, *FIRST):
        set_password(made, person, password, started.act(person))
    hand_in(started, [(teacher, slot, 1) for teacher in TRIED for slot in SLOTS])
    return started


def seeds_come(round_: Round, password: str) -> None:
    """The county's seed pieces, the rest of the evidence and five more readers; all are qualified but R1."""
    fresh = random.Random("seeds").randbytes
    adopt_policy(
        round_.workspace, str(round_.folder / "seeds.toml"), round_.act("A1", "县级标准件包已到")
    )
    round_.workspace = Workspace(round_.folder / "workspace")
    import_pack(round_.workspace, _pack(round_), round_.act("K1"), fresh)
    for person in LATER:
        act = round_.act("A1")
        add_user(round_.workspace, f"人员{person}", ["rater"], act, fresh, person_id=person)
        set_password(round_.workspace, person, password, round_.act(person))
    hand_in(round_, [(teacher, slot, 1) for teacher in REST for slot in SLOTS])
    allocate_reads(round_.workspace, "2026-7", round_.act("C1"))
    for rater in READERS[1:]:
        assert _state(round_, rater) == UNQUALIFIED
        begin_qualification(round_.workspace, round_.act(rater))
        read_on(round_, rater, QUALIFYING)


def hand_in(round_: Round, owners: Iterable[Owner]) -> None:
    """Import a package of these pieces and mask it."""
    folder = round_.folder / f"package-{next(round_.ticks)}"
    folder.mkdir()
    rows = []
    for teacher, slot, attempt in owners:
        name = f"{teacher}-{slot}-{attempt}.txt"
        (folder / name).write_text(essay(name), encoding="utf-8")
        row = {"teacher_id": teacher, "teacher_name": f"教师{teacher[1]}", "school": SCHOOL}
        rows.append({**row, "competency": slot.partition("-")[0], "slot": slot, "file": name})
    _write(folder / "manifest.csv", rows)
    act, fresh = round_.act("G1"), random.Random(folder.name).randbytes
    report = import_package(round_.workspace, folder, act, fresh)
    assert {line.verdict for line in report.lines} <= {"accept", "warn"}
    make_blind_copies(round_.workspace, act)


def _pack(round_: Round) -> Path:
    """Clear cases of both slots which two experts marked alike; every third is only 合格."""
    folder = round_.folder / "seed-pack"
    folder.mkdir()
    manifest, marks = [], []
    for number, kind in enumerate(["qualification"] * QUALIFYING + ["hidden"] * HIDDEN):
        slot, item = round_.slot(SLOTS[number % 2]), f"S{number:02d}"
        (folder / f"{item}.txt").write_text(essay(item), encoding="utf-8")
        row = {"item": item, "teacher_name": f"样例{number}", "school": "外县小学"}
        row |= {"competency": "B8", "slot": slot.slot_id, "file": f"{item}.txt"}
        manifest.append({**row, "purpose": kind})
        lacks = () if PASSES[number % 3] == "1" else slot.excellent_ids
        for expert, criterion in itertools.product(("专家甲", "专家乙"), slot.criteria):
            name = criterion.criterion_id
            met = int(name not in lacks)
            told = {"item": item, "rater": expert, "criterion": name, "met": met}
            marks.append({**told, "comment": "" if met else "证据中没有写到"})
    _write(folder / "manifest.csv", manifest)
    _write(folder / "marks.csv", marks)
    return folder


def read_on(round_: Round, rater: str, most: int) -> None:
    """Somebody reads as is true so much of what the desk shows, by the services."""
    for _ in range(most):
        view = desk.open_piece(round_.workspace, rater, "", round_.now)
        assert view and not view.get("done"), (rater, view)
        _hand_in_read(round_, rater, view)


def read_what_is_left(round_: Round) -> None:
    """Everybody reads what counts and is on the desk; after a break, a seed piece first."""
    while True:
        owned = round_.owners().keys()
        left = {rater: owned & set(round_.desk_of(rater)) for rater in READERS}
        if not any(left.values()):
            return
        for rater, pieces in left.items():
            for piece in pieces:
                desk.open_piece(
                    round_.workspace, rater, "", round_.now
                )  # what a sitting begins with
                if _state(round_, rater) == BREAK:
                    read_on(round_, rater, 1)
                _hand_in_read(
                    round_, rater, desk.open_piece(round_.workspace, rater, piece, round_.now)
                )


def _state(round_: Round, rater: str) -> str:
    with round_.workspace.store() as store:
        return gate_of(store, round_.workspace.policy, rater).state


def _hand_in_read(round_: Round, rater: str, view: dict[str, Any]) -> None:
    met = round_.truth(view["piece"])
    marks = {row["id"]: met[row["id"]] for row in view["criteria"]}
    sent = {
        "key": f"panel-{next(round_.ticks):06d}",
        "piece": view["piece"],
        "round": view["round"],
        "reading": view["reading"],
        "version": view["draft"]["version"],
        "marks": marks,
        "comments": {name: "证据中没有写到" for name, each in marks.items() if not each},
    }
    told = desk.submit(round_.workspace, rater, sent, round_.now)
    assert told["state"] == "submitted", told
    round_.settle()


def essay(seed: str, chars: int = 420) -> str:
    """Text of its own for each seed."""
    rng = random.Random(f"essay {seed}")
    body = "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars))
    return "。".join(body[start : start + 20] for start in range(0, chars, 20))


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
