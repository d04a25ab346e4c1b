"""A small round of two schools, walked by its services; each test gets a copy of its own."""

import csv
import hashlib
import itertools
import random
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from models.store import Act
from tests import small_county
from workbench.services.certification import approve, propose
from workbench.services.intake import import_package
from workbench.services.publicity import close_publicity, open_publicity
from workbench.services.rating import import_ratings
from workbench.services.results import results
from workbench.services.roster import import_roster
from workbench.services.supervision import decide, sample
from workbench.services.workspace import Workspace, create

TOWN, HILL = "城关小学", "青山小学"
SCHOOL_OF = {"T1": TOWN, "T2": TOWN, "T5": TOWN, "T3": HILL, "T4": HILL}
PASS_COUNT = {"B8-1": 4, "B8-2": 3, "A4-1": 5, "A4-2": 3}
WHOLE = {"B8-1": "1111 11", "B8-2": "111 11"}
PLAIN = {"B8-1": "1111 00", "B8-2": "111 11"}
SHORT = {"B8-1": "1011 11", "B8-2": "111 11"}
LEVELS = {"T1": WHOLE, "T2": PLAIN, "T3": SHORT, "T4": WHOLE}
COLUMNS = "teacher_id competency slot rater criterion met round comment".split()
MANIFEST = "teacher_id teacher_name school competency slot file".split()

POLICY = (
    small_county.POLICY
    + small_county.CERTIFIES_UNSEEN
    + """
[rule.audit]
county_min_per_school = { value = 1, unit = "pieces", source = "test" }
always_include = { value = ["held_by_anomaly"], unit = "list", source = "test" }
"""
)


def counting(first=0):
    """Random bytes that are the same each time."""
    counter = itertools.count(first)

    def fresh(size):
        return hashlib.shake_256(str(next(counter)).encode()).digest(size)

    return fresh


def essay(seed, chars=700):
    """Text of its own for each seed: Chinese characters nobody else has in that order."""
    rng = random.Random(f"essay {seed}")
    body = "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars))
    return "。".join(body[start : start + 20] for start in range(0, chars, 20))


def write_rows(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def package(folder, files, columns=MANIFEST):
    """An evidence package: manifest rows by what they say, with the text of their file if any."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for row, text in files:
        named = {"teacher_name": f"教师{row['teacher_id'][1:]}", "competency": "B8", **row}
        named.setdefault("school", SCHOOL_OF.get(row["teacher_id"], TOWN))
        if text is not None:
            named.setdefault("file", f"{row['teacher_id']}-{row['slot']}.txt")
            content = text if isinstance(text, bytes) else text.encode()
            (folder / named["file"]).write_bytes(content)
        rows.append(named)
    write_rows(folder / "manifest.csv", columns, rows)
    return folder


def evidence():
    """What the two schools hand in: T4's text is T1's, and T5 leaves a slot empty."""
    files = [
        ({"teacher_id": t, "slot": s}, essay(f"{t} {s}"))
        for t in ("T1", "T2", "T3", "T4")
        for s in ("B8-1", "B8-2")
    ]
    files[7] = ({"teacher_id": "T4", "slot": "B8-2"}, essay("T1 B8-2"))
    return [*files, ({"teacher_id": "T5", "slot": "B8-1"}, essay("T5"))]


def mark_rows(teacher, slot, rater, word, round_name="blind", comment="", competency="B8"):
    """Rows of one read from a word such as ``1111 10``; a dot leaves a criterion out."""
    rows = []
    signs = word.replace(" ", "")
    for place, sign in enumerate(signs):
        passes = PASS_COUNT[slot]
        kind, number = ("P", place + 1) if place < passes else ("E", place + 1 - passes)
        if sign != ".":
            rows.append(
                {
                    "teacher_id": teacher,
                    "competency": competency,
                    "slot": slot,
                    "rater": rater,
                    "criterion": f"{slot}.{kind}{number}",
                    "met": {"1": "1", "0": "0", "?": "无法判断"}[sign],
                    "round": round_name,
                    "comment": comment,
                }
            )
    return rows


@dataclass
class Walk:
    """A round under way: its workspace, the clock, and what people do next."""

    folder: Path
    now: datetime = datetime(2026, 9, 21, 2, tzinfo=UTC)
    fresh: object = field(default_factory=counting)

    @property
    def workspace(self):
        return Workspace(self.folder / "workspace")

    def act(self, who="登记员", reason="", at=None):
        return Act(who, "", at or self.now, reason)

    def on(self, day, hour=2):
        """Go on to a day (UTC)."""
        self.now = datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)
        return self

    def later(self, days):
        self.now += timedelta(days=days)
        return self

    def school(self, name):
        with self.workspace.store() as store:
            return store.one("school", name=name)["school_id"]

    def piece(self, teacher, slot):
        with self.workspace.store() as store:
            owned = store.one("submission", teacher_id=teacher)["submission_id"]
            return store.one("piece", submission_id=owned, slot_id=slot)["piece_id"]

    def count(self, table):
        with self.workspace.store() as store:
            return len(store.where(table))

    def log(self):
        with self.workspace.store() as store:
            return [row["action"] for row in store.where("audit_log")]

    def take_in(self, files, columns=MANIFEST, name="package"):
        """Import a package of these files."""
        folder = package(self.folder / f"{name}-{self.count('audit_log')}", files, columns)
        return import_package(self.workspace, folder, self.act(), self.fresh)

    def rate(self, *reads, reason="", who="登记员"):
        """Import reads, each the arguments of ``mark_rows``."""
        path = self.folder / "ratings.csv"
        write_rows(path, COLUMNS, [row for read in reads for row in mark_rows(*read)])
        return import_ratings(self.workspace, path, self.act(who, reason), self.fresh)

    essay = staticmethod(essay)

    def result(self, teacher, competency="B8"):
        return next(
            row
            for row in results(self.workspace)
            if (row.teacher_id, row.competency) == (teacher, competency)
        )

    def level(self, teacher, competency="B8"):
        """Level, or the reason there is none."""
        row = self.result(teacher, competency)
        return str(row.level or row.reason_none)

    def publish(self, *schools):
        """Open publicity and close it when its days are over."""
        ids = [self.school(name) for name in schools]
        open_publicity(self.workspace, ids, self.act())
        self.later(30)
        return close_publicity(self.workspace, ids, self.act())

    def county_reads(self, drawn, words=None):
        """The county reads its sample again, as the school did unless told otherwise."""
        reads = []
        with self.workspace.store() as store:
            for each in drawn:
                piece = store.one("piece", piece_id=each.piece_id)
                owner = store.one("submission", submission_id=piece["submission_id"])["teacher_id"]
                slot = piece["slot_id"]
                word = (words or {}).get((owner, slot)) or LEVELS[owner][slot]
                reads.append((owner, slot, "K1", word, "county"))
        return self.rate(*reads)

    def check(self, *schools, words=None):
        """The county draws, reads again and accepts."""
        drawn = sample(self.workspace, "2026", self.act("复核甲"))
        self.county_reads(drawn, words)
        for name in schools:
            decide(self.workspace, self.school(name), "accept", "复核一致", self.act("复核甲"))
        return drawn

    def propose(self, *schools, who="登记员"):
        ids = [self.school(name) for name in schools]
        return propose(self.workspace, ids, self.act(who))

    def approve(self, proposal_id, who="复核甲"):
        return approve(self.workspace, proposal_id, self.act(who), self.fresh)


def roster(path):
    book = openpyxl.Workbook()
    teachers = book.active
    teachers.title = "教师名册"
    teachers.append(["教师编号", "姓名", "学校", "学科", "能力点1"])
    for teacher, school in SCHOOL_OF.items():
        teachers.append([teacher, f"教师{teacher[1:]}", school, "语文", "B8"])
    raters = book.create_sheet("评审员")
    raters.append(["评审员编号", "姓名", "学校", "角色"])
    people = {"R1": "评审员", "R2": "评审员", "R3": "评审员", "R4": "评审员", "R5": "评审员"}
    named = {rater: (f"评审{rater[1:]}", role) for rater, role in people.items()}
    named |= {"C1": ("组长甲", "评审组长"), "C2": ("组长乙", "评审组长")}
    named |= {"K1": ("复核甲", "县复核员"), "K2": ("复核乙", "县复核员")}
    for rater, (name, role) in named.items():
        raters.append([rater, name, "县教研室", role])
    raters.append(["G1", "登记甲", TOWN, "校级管理员"])
    book.save(path)
    return path


@pytest.fixture(scope="session", name="Walk")
def walk_class():
    """What a round is walked by, for a module that keeps one for all its tests."""
    return Walk


def _step(tmp_path_factory, before, do, fresh=None):
    folder = tmp_path_factory.mktemp("walk")
    if before is not None:
        shutil.copytree(before, folder, dirs_exist_ok=True)
    do(Walk(folder, fresh=fresh or counting()))
    return folder


@pytest.fixture(scope="session")
def opened_folder(tmp_path_factory):
    def do(walk):
        pack = walk.folder / "policy.toml"
        pack.write_text(POLICY, encoding="utf-8")
        act = walk.on("2026-09-01").act()
        create(walk.folder / "workspace", str(pack), "2026秋", "示例县", act, walk.fresh)
        import_roster(walk.workspace, roster(walk.folder / "roster.xlsx"), walk.act(), walk.fresh)

    return _step(tmp_path_factory, None, do)


@pytest.fixture(scope="session")
def handed_in_folder(tmp_path_factory, opened_folder):
    return _step(tmp_path_factory, opened_folder, lambda walk: walk.take_in(evidence()))


@pytest.fixture(scope="session")
def read_folder(tmp_path_factory, handed_in_folder):
    reads = [
        (teacher, slot, rater, word)
        for teacher, words in LEVELS.items()
        for slot, word in words.items()
        for rater in ("R1", "R2")
    ]
    return _step(tmp_path_factory, handed_in_folder, lambda walk: walk.rate(*reads))


@pytest.fixture(scope="session")
def published_folder(tmp_path_factory, read_folder):
    return _step(tmp_path_factory, read_folder, lambda walk: walk.publish())


@pytest.fixture(scope="session")
def checked_folder(tmp_path_factory, published_folder):
    return _step(
        tmp_path_factory, published_folder, lambda walk: walk.on("2026-10-22").check(TOWN, HILL)
    )


@pytest.fixture(scope="session")
def certified_town_folder(tmp_path_factory, checked_folder):
    def do(walk):
        walk.on("2026-10-23").approve(walk.propose(TOWN)[0].proposal_id)

    return _step(tmp_path_factory, checked_folder, do)


@pytest.fixture(scope="session")
def certified_folder(tmp_path_factory, checked_folder):
    def do(walk):
        for made in walk.on("2026-10-23").propose():
            walk.approve(made.proposal_id)

    return _step(tmp_path_factory, checked_folder, do)


@pytest.fixture(scope="session")
def further(tmp_path_factory):
    """Take a round further once for many tests: ``further(folder, do)`` gives its new folder."""
    starts = itertools.count(1000, 1000)  # no two steps draw the same bytes

    def take(folder, do):
        return _step(tmp_path_factory, folder, do, counting(next(starts)))

    return take


@pytest.fixture
def walk_in(tmp_path):
    """Give one test a copy of a round that ``further`` made: ``walk_in(folder, day)``."""
    return lambda folder, day: _copy(folder, tmp_path, day, counting(10**6))


def _copy(folder, tmp_path, day, fresh=None):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return Walk(tmp_path, fresh=fresh or counting()).on(day)


@pytest.fixture
def opened(opened_folder, tmp_path):
    """A round with its roster: five teachers, nine readers and officers."""
    return _copy(opened_folder, tmp_path, "2026-09-02")


@pytest.fixture
def handed_in(handed_in_folder, tmp_path):
    """Evidence taken in; T5 has left one slot empty."""
    return _copy(handed_in_folder, tmp_path, "2026-09-10")


@pytest.fixture
def read(read_folder, tmp_path):
    """Two agreeing blind reads a piece: T1 and T4 excellent, T2 pass, T3 fail."""
    return _copy(read_folder, tmp_path, "2026-09-22")


@pytest.fixture
def published(published_folder, tmp_path):
    """Publicity opened and closed without objection."""
    return _copy(published_folder, tmp_path, "2026-10-22")


@pytest.fixture
def checked(checked_folder, tmp_path):
    """The county has read its sample again and accepted both schools."""
    return _copy(checked_folder, tmp_path, "2026-10-23")


@pytest.fixture
def certified_town(certified_town_folder, walk_in):
    """The town's four results stand in its ledger; the hill's wait."""
    return walk_in(certified_town_folder, "2026-10-23")


@pytest.fixture
def certified(certified_folder, walk_in):
    """Both schools are certified as far as they may be."""
    return walk_in(certified_folder, "2026-10-23")
