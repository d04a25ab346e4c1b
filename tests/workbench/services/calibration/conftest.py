"""A county with seed pieces, for the tests of calibration: what is given out, read and decided."""

from __future__ import annotations

import csv
import itertools
import random
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.assignments import assignments_of
from models.store import Act
from workbench.services import desk
from workbench.services.assignments import allocate_reads
from workbench.services.calibration import begin_qualification
from workbench.services.calibration_packs import PackReport, import_pack
from workbench.services.desk_tasks import my_tasks
from workbench.services.people import Directory, TeacherRow, piece_id_of
from workbench.services.workspace import Workspace, create

START = datetime(2026, 11, 2, 1, tzinfo=UTC)
CHAIR, COUNTY, RATERS = "ZZ01", "XF01", ("PS01", "PS02", "PS03")
SLOTS = ("A1-1", "A2-1", "A3-1")
_PACK = """
[pack]
id = "own-2026"
name_zh = "本县规则"
name_en = "Own rules"
inherits = "national-2.0"

[rule.calibration]
mode = {{ value = "{mode}", unit = "choice", source = "本县 2026年1号" }}
seeds_per_rater = {{ value = {seeds}, unit = "pieces", source = "本县 2026年1号" }}
"""


@dataclass
class House:
    """A workspace with a clock that goes on by itself."""

    workspace: Workspace
    folder: Path
    now: datetime = START
    keys: itertools.count = field(default_factory=itertools.count)

    def act(self, who: str = CHAIR, reason: str = "") -> Act:
        return Act(who, "", self.now, reason)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def slot(self, slot_id: str):
        return self.workspace.rubrics[slot_id[:2]].slot(slot_id)

    def pack(self, per_slot: int, **changes) -> Path:
        """Write a pack: so many pieces of each slot, all met by two experts unless told otherwise."""
        return write_pack(self, self.folder / f"pack{next(self.keys)}", per_slot, **changes)

    def take_in(self, per_slot: int = 20, **changes) -> PackReport:
        package = self.pack(per_slot, **changes)
        return import_pack(self.workspace, package, self.act(COUNTY), secrets.token_bytes)

    def experts(self, piece_id: str) -> dict[str, int]:
        with self.workspace.store() as store:
            return {
                row["criterion_id"]: row["met"]
                for row in store.where("expert_mark", piece_id=piece_id)
            }

    def waiting(self, rater: str) -> list[str]:
        """Pieces on a rater's desk that wait, in the order shown."""
        return [task.task.piece_id for task in my_tasks(self.workspace, rater) if task.waits]

    def seeds(self, rater: str, kind: str) -> list[str]:
        with self.workspace.store() as store:
            given = {row["assignment_id"]: row for row in store.where("assignment", rater_id=rater)}
            return [
                given[row["assignment_id"]]["piece_id"]
                for row in store.where("calibration_task", kind=kind)
                if row["assignment_id"] in given
            ]

    def read(self, rater: str, piece_id: str = "", wrong: str = "") -> str:
        """Read a piece at the desk, 20 minutes each; ``wrong``: ``one`` or ``two`` levels off.

        Live pieces are marked all met.
        """
        view = desk.open_piece(self.workspace, rater, piece_id, self.now)
        piece_id = view["piece"]
        names = [row["id"] for row in view["criteria"]]
        marks = self.experts(piece_id) or dict.fromkeys(names, 1)
        if wrong:
            level = {"one": "excellent", "two": "pass"}[wrong]
            name = next(row["id"] for row in view["criteria"] if row["level"] == level)
            marks = {**marks, name: 1 - marks[name]}
        said = {name: "证据中没有写到" for name, met in marks.items() if not met}
        sent = {
            "key": secrets.token_hex(8),
            "piece": piece_id,
            "round": view["round"],
            "reading": view["reading"],
            "version": view["draft"]["version"],
            "marks": marks,
            "comments": said,
        }
        self.later(minutes=19)
        answer = desk.submit(self.workspace, rater, sent, self.now)
        assert answer["state"] == "submitted", answer
        self.later(minutes=1)
        desk.settle(self.workspace, self.now)
        return piece_id

    def count(self, table: str, **equal) -> int:
        with self.workspace.store() as store:
            return len(store.where(table, **equal))

    def live(self, rater: str) -> set[str]:
        """Pieces of the round a rater was given."""
        with self.workspace.store() as store:
            seeds = {row["piece_id"] for row in store.where("seed_piece")}
            return {row["piece_id"] for row in assignments_of(store, rater)} - seeds


def house(folder: Path, mode: str, teachers: int = 4, seeds: int = 3) -> House:
    """A round of a few teachers of one school, three raters of another, a chair and the county."""
    pack = folder / "policy.toml"
    pack.write_text(_PACK.format(mode=mode, seeds=seeds), encoding="utf-8")
    act = Act("登记员", "", START)
    made = create(folder / "w", str(pack), "2026", "松岚县", act, secrets.token_bytes)
    with made.store() as store, store.transaction(act, "test") as tx:
        directory = Directory(store, tx, secrets.token_bytes)
        for number in range(1, teachers + 1):
            facts = {"hours_online": "50", "hours_practice": "50"}
            directory.teacher(TeacherRow(f"T{number}", f"教师{number}", "青禾小学", facts))
        for rater in RATERS:
            directory.rater(rater, name=f"评{rater}", school="临溪中学", department="语文教研组")
        directory.rater(CHAIR, name="组长", roles=["chair"])
        directory.rater(COUNTY, name="县复核", roles=["county"])
        for number, slot in itertools.product(range(1, teachers + 1), SLOTS):
            own = f"T{number}.{slot[:2]}"
            row = {"teacher_id": f"T{number}", "competency": slot[:2], "attempt": 1}
            tx.insert("submission", [{"submission_id": own, **row}])
            piece = piece_id_of(f"T{number}", slot, 1)
            tx.insert("piece", [{"piece_id": piece, "submission_id": own, "slot_id": slot}])
    return House(made, folder)


def write_pack(
    there: House,
    folder: Path,
    per_slot: int,
    experts=("专家甲", "专家乙"),
    differ: str = "",
    bare: str = "",
    purpose: str = "",
) -> Path:
    """A pack in a folder; ``differ`` and ``bare`` name items the experts differ on or left unread."""
    folder.mkdir()
    manifest, marks = [], []
    for number, slot in itertools.product(range(1, per_slot + 1), SLOTS):
        item = f"{slot}-{number}"
        body = random.Random(item)
        words = "".join(chr(body.randrange(0x4E00, 0x9000)) for _ in range(300))
        (folder / f"{item}.txt").write_text(words, encoding="utf-8")
        row = {"item": item, "teacher_name": f"样例{number}", "school": "外县小学"}
        row |= {"competency": slot[:2], "slot": slot, "file": f"{item}.txt", "purpose": purpose}
        manifest.append(row)
        if item == bare:
            continue
        for expert, criterion in itertools.product(experts, there.slot(slot).criteria):
            off = item == differ and expert == experts[0] and criterion.criterion_id.endswith("P1")
            told = {"item": item, "rater": expert, "criterion": criterion.criterion_id}
            marks.append({**told, "met": 0 if off else 1, "comment": "未写明" if off else ""})
    for name, rows in (("manifest.csv", manifest), ("marks.csv", marks)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture(scope="session")
def begun_folders(tmp_path_factory) -> Callable[[str], Path]:
    """A round of each kind as it was begun, made once."""
    known: dict[str, Path] = {}

    def folder(mode: str) -> Path:
        if mode not in known:
            known[mode] = tmp_path_factory.mktemp(mode)
            house(known[mode], mode)
        return known[mode]

    return folder


@pytest.fixture
def rounds(begun_folders, tmp_path) -> Callable[[str], House]:
    """Rounds made to order, by the policy's kind of calibration."""
    numbers = itertools.count()

    def made(mode: str) -> House:
        folder = tmp_path / f"round{next(numbers)}"
        shutil.copytree(begun_folders(mode), folder)
        return House(Workspace(folder / "w"), folder)

    return made


@pytest.fixture
def county(rounds) -> House:
    """A round with seed pieces asked for and none there yet."""
    return rounds("seeds")


@pytest.fixture
def first_year(rounds) -> House:
    """A round where a trial is offered."""
    return rounds("trial")


@pytest.fixture(scope="session")
def seeded_folder(begun_folders, tmp_path_factory) -> Path:
    """A round with sixty seed pieces, whose pieces were given out to three raters."""
    folder = tmp_path_factory.mktemp("seeded")
    shutil.copytree(begun_folders("seeds"), folder, dirs_exist_ok=True)
    made = House(Workspace(folder / "w"), folder)
    made.take_in(20)
    allocate_reads(made.workspace, "7", made.act())
    return folder


@pytest.fixture
def seeded(seeded_folder, tmp_path) -> House:
    folder = tmp_path / "seeded"
    shutil.copytree(seeded_folder, folder)
    return House(Workspace(folder / "w"), folder)


@pytest.fixture(scope="session")
def qualified_folder(seeded_folder, tmp_path_factory) -> tuple[Path, datetime]:
    """All three raters have read nine seed pieces as the experts did."""
    folder = tmp_path_factory.mktemp("qualified")
    shutil.copytree(seeded_folder, folder, dirs_exist_ok=True)
    made = House(Workspace(folder / "w"), folder)
    for rater in RATERS:
        begin_qualification(made.workspace, made.act(rater))
        for _ in range(9):
            made.read(rater)
    return folder, made.now


@pytest.fixture
def qualified(qualified_folder, tmp_path) -> House:
    kept, now = qualified_folder
    folder = tmp_path / "qualified"
    shutil.copytree(kept, folder)
    return House(Workspace(folder / "w"), folder, now)
