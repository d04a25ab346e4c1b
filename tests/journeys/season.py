"""A season of a sixty-teacher school, walked through the services as pages and commands call them.

People act in the evenings on the season's own clock: everybody with something on
the desk reads one piece after the other, a few minutes each, until the evening is
over. What is true of a piece, and how each reader sees it, comes from
``invented_school``; everything else is what the product makes of it.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import openpyxl

from models.store import Act
from tests.journeys.invented_school import (
    OWN_READERS,
    Owner,
    School,
    department_of,
    invented_school,
)
from tests.journeys.season_evidence import body_of, essay, kind_of
from workbench.services.calibration_packs import import_pack
from workbench.services.intake import import_package
from workbench.services.reading_terms import OneTerms, set_terms
from workbench.services.results import ResultRow
from workbench.services.roster import import_roster
from workbench.services.workspace import ServedWorkspace, create

PLACE, NEIGHBOUR, OFFICE = "青禾小学", "临溪中学", "县教研室"
CHAIRS, COUNTY, REGISTRAR, PRINCIPAL = ("C1", "C2"), ("K1", "K2", "K3", "K4"), "G1", "G2"
DRIFTING, LEAVING = "R07", "R08"
MARKS = "teacher_id competency slot rater criterion met round comment".split()
MINUTES, MOST = 5, 16
"""Minutes of a read, and the most one reads in an evening."""

POLICY = """
[pack]
id = "season-county"
name_zh = "示例县"
name_en = "Example county"
[rule.environments]
cross_environment = { value = "any", unit = "choice", source = "test" }
[rule.review]
exclude_same_subject_group = { value = true, unit = "yes-no", source = "test" }
[rule.audit]
always_include = { value = ["held_by_anomaly"], unit = "list", source = "test" }
[rule.calibration]
mode = { value = "seeds", unit = "choice", source = "test" }
long_break_pieces = { value = 3, unit = "pieces", source = "test" }
"""


@dataclass
class Season:
    """A season under way.

    ``given`` are the reads handed in, each of rater, piece, round and reading;
    ``owner`` says whose each piece is, ``nth`` how many reads everybody gave.
    """

    folder: Path
    seed: int
    school: School
    rng: random.Random
    now: datetime = datetime(2026, 9, 1, 1, tzinfo=UTC)
    given: list[tuple[str, str, str, int]] = field(default_factory=list)
    owner: dict[str, Owner] = field(default_factory=dict)
    nth: Counter[str] = field(default_factory=Counter)
    first_loads: dict[str, int] = field(default_factory=dict)
    first_results: dict[tuple[str, str], ResultRow] = field(default_factory=dict)
    recalled: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)
    again: list[Owner] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    keys: itertools.count[int] = field(default_factory=itertools.count)

    @cached_property
    def workspace(self) -> ServedWorkspace:
        return ServedWorkspace(self.folder / "workspace")

    def act(self, who: str, reason: str = "") -> Act:
        self.now += timedelta(minutes=1)
        return Act(who, "", self.now, reason)

    def on(self, day: str, hour: int = 2) -> Season:
        """Go on to a day; hours are UTC."""
        self.now = max(self.now, datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC))
        return self

    def fresh(self, size: int) -> bytes:
        """Random bytes that are the same in each season of the seed."""
        told = f"{self.seed} {next(self.keys)}"
        return hashlib.shake_256(told.encode()).digest(size)

    def rows(self, table: str, **equal: object) -> list[dict]:
        with self.workspace.store() as store:
            return store.where(table, **equal)


def begun(folder: Path, seed: int) -> Season:
    """A round with its roster, and the county's seed pieces."""
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    keys = itertools.count()
    rng = random.Random(f"walk {seed}")
    made = create(
        folder / "workspace",
        str(folder / "policy.toml"),
        "2026秋",
        "示例县",
        Act("建档人", "", Season.now),
        lambda size: hashlib.shake_256(str(next(keys)).encode()).digest(size),
    )
    season = Season(folder, seed, invented_school(made.rubrics, seed), rng)
    told = import_roster(season.workspace, _roster(season), season.act("建档人"), season.fresh)
    assert not told.faults
    only_checks = OneTerms(COUNTY[3], 0)  # who checks for the county reads nothing of the round
    set_terms(season.workspace, [only_checks], season.act(CHAIRS[0]))
    import_pack(season.workspace, _seed_pack(season), season.act(COUNTY[0]), season.fresh)
    return season


def _roster(season: Season) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "教师名册"
    sheet.append(
        "教师编号 姓名 学校 学科 教研组 能力点1 能力点2 能力点3 网络研修学时 实践学时".split()
    )
    for number, (teacher, points) in enumerate(season.school.points.items(), 1):
        group = department_of(number)
        row = [teacher, f"教师{number:02d}", PLACE, group, f"{group}教研组"]
        sheet.append([*row, *points, 25, 25])
    people = book.create_sheet("评审员")
    people.append("评审员编号 姓名 学校 教研组 角色".split())
    for number, rater in enumerate(season.school.readers, 1):
        own = number <= OWN_READERS
        name, school = (f"教师{number:02d}", PLACE) if own else (f"外聘{number:02d}", NEIGHBOUR)
        people.append([rater, name, school, f"{department_of(number)}教研组", "评审员"])
    for chair, school in zip(CHAIRS, (OFFICE, PLACE), strict=True):
        people.append([chair, f"组长{chair}", school, "教务处", "评审组长"])
    for person in COUNTY:
        people.append([person, f"复核{person}", OFFICE, "", "县复核员"])
    people.append([REGISTRAR, "登记甲", PLACE, "", "校级管理员"])
    people.append([PRINCIPAL, "校长甲", PLACE, "", "校级管理员"])
    path = season.folder / "roster.xlsx"
    book.save(path)
    return path


def _seed_pack(season: Season) -> Path:
    """Clear cases of every slot, which two experts marked alike."""
    folder, rng = season.folder / "seed-pack", random.Random("seeds")
    folder.mkdir()
    manifest, marks = [], []
    slots = [slot for code in sorted(set(_points(season))) for slot in season.school.slots(code)]
    kinds = ["practice"] * 3 + ["qualification"] * 26 + ["hidden"] * 45
    for number, kind in enumerate(kinds):
        slot, item = slots[number % len(slots)], f"S{number:02d}"
        (folder / f"{item}.txt").write_text(essay(item), encoding="utf-8")
        row = {"item": item, "teacher_name": f"样例{number}", "school": "外县小学"}
        row |= {"competency": slot.slot_id.partition("-")[0], "slot": slot.slot_id}
        manifest.append({**row, "file": f"{item}.txt", "purpose": kind})
        lacks = set(rng.sample(slot.excellent_ids, int(rng.random() < 0.5)))
        lacks |= set(rng.sample(slot.pass_ids, int(rng.random() < 0.25)))
        for expert, criterion in itertools.product(("专家甲", "专家乙"), slot.criteria):
            met = int(criterion.criterion_id not in lacks)
            told = {"item": item, "rater": expert, "criterion": criterion.criterion_id}
            marks.append({**told, "met": met, "comment": "" if met else "证据中没有写到"})
    write_rows(folder / "manifest.csv", list(manifest[0]), manifest)
    write_rows(folder / "marks.csv", list(marks[0]), marks)
    return folder


def _points(season: Season) -> list[str]:
    return [code for points in season.school.points.values() for code in points]


def write_rows(path: Path, columns: list[str], rows: list[dict]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


# What is handed in ----------------------------------------------------------------------------

LATE = {("T31", "2"), ("T32", "1")}
"""Teachers and the choice of theirs that comes late."""
NEVER = ("T33", "1")
COPIED = {"T12": "T11", "T22": "T21"}
"""Who handed in a text of whom, in the first slot both have."""


def hand_in(season: Season, owners: list[Owner], name: str) -> dict[str, str]:
    """Import a package of these pieces; verdict by file."""
    folder = season.folder / name
    folder.mkdir()
    rows = []
    for teacher, slot, attempt in owners:
        place = season.school.slot(slot)
        source = _source(season, teacher, slot, attempt)
        file = f"{teacher}-{slot}-{attempt}.{kind_of(place, source)}"
        (folder / file).write_bytes(body_of(place, source, f"教师{teacher[1:]}"))
        row = {"teacher_id": teacher, "teacher_name": f"教师{teacher[1:]}", "school": PLACE}
        rows.append({**row, "competency": slot.partition("-")[0], "slot": slot, "file": file})
    write_rows(folder / "manifest.csv", list(rows[0]), rows)
    act = season.act(REGISTRAR)
    report = import_package(season.workspace, folder, act, season.fresh)
    _know_pieces(season)
    return {line.row.file: line.verdict for line in report.lines}


def _source(season: Season, teacher: str, slot: str, attempt: int) -> str:
    """Whose work a piece really is."""
    other = COPIED.get(teacher, "")
    if other and attempt == 1 and slot == shared_slot(season, teacher, other):
        return f"{season.seed} {other} {slot} 1"
    return f"{season.seed} {teacher} {slot} {attempt}"


def shared_slot(season: Season, one: str, other: str) -> str:
    """First slot that two teachers both hand in; three of six points always share none only by chance."""
    both = sorted(set(season.school.points[one]) & set(season.school.points[other]))
    return season.school.slots(both[0])[0].slot_id if both else ""


def first_package(season: Season) -> tuple[list[Owner], list[Owner]]:
    """What comes in time, and what comes late; a piece of ``NEVER`` does not come at all."""
    late, in_time = [], []
    for owner in season.school.quality:
        teacher, slot, _ = owner
        place = str(season.school.points[teacher].index(slot.partition("-")[0]) + 1)
        if (teacher, place) == NEVER:
            continue
        (late if (teacher, place) in LATE else in_time).append(owner)
    return in_time, late


def _know_pieces(season: Season) -> None:
    with season.workspace.store() as store:
        found = store.rows(
            "SELECT p.piece_id, t.teacher_no, p.slot_id, s.attempt FROM piece AS p "
            "JOIN submission AS s USING (submission_id) JOIN teacher AS t USING (teacher_id) "
            "WHERE p.piece_id NOT IN (SELECT piece_id FROM seed_piece)"
        )
    season.owner = {
        row["piece_id"]: (row["teacher_no"], row["slot_id"], row["attempt"]) for row in found
    }


# Evenings -------------------------------------------------------------------------------------
