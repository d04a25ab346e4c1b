"""A small panel at its desks: two teachers, five raters, two county reviewers, a chair."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.assignments import assignments_of
from models.store import Act, Row
from workbench.services import desk
from workbench.services.assignments import allocate_reads
from workbench.services.desk_leaving import leave
from workbench.services.people import Directory, TeacherRow, piece_id_of
from workbench.services.workspace import Workspace, create

START = datetime(2026, 11, 2, 1, tzinfo=UTC)
CHAIR = "ZZ01"
COUNTY = ("FH01", "FH02")
RATERS = ("PS01", "PS02", "PS03", "PS04", "PS05")
TEACHERS = {"T1": "梁禾清", "T2": "许溯光"}
SLOTS = ("A1-1", "A1-2", "A2-1", "A2-2")


@dataclass
class Panel:
    """The workspace and what is done at its desks, at seconds after the start."""

    workspace: Workspace

    def at(self, seconds: float) -> datetime:
        return START + timedelta(seconds=seconds)

    def rows(self, table: str, **equal: object) -> list[Row]:
        with self.workspace.store() as store:
            return store.where(table, **equal)

    def given_to(self, piece: str) -> list[Row]:
        """Assignments of a piece on its current reading, of everybody."""
        with self.workspace.store() as store:
            found = [row for rater in RATERS for row in assignments_of(store, rater)]
        return [row for row in found if row["piece_id"] == piece]

    def first(self) -> tuple[str, str]:
        """A rater with something to do, and the first piece of the queue."""
        with self.workspace.store() as store:
            for rater in RATERS:
                if rows := assignments_of(store, rater):
                    return rater, rows[0]["piece_id"]
        raise AssertionError

    def criteria(self, piece: str) -> list[str]:
        slot_id = self.rows("piece", piece_id=piece)[0]["slot_id"]
        slot = self.workspace.rubrics[slot_id[:2]].slot(slot_id)
        return [criterion.criterion_id for criterion in slot.criteria]

    def view(self, who: str, piece: str = "", seconds: float = 0) -> dict:
        return desk.open_piece(self.workspace, who, piece, self.at(seconds))

    def request(self, who: str, piece: str, seconds: float, **given: object) -> dict:
        view = self.view(who, piece, seconds)
        asked = {name: view[name] for name in ("piece", "round", "reading")}
        draft = {"version": view["draft"]["version"], "marks": {}, "comments": {}}
        return {"key": secrets.token_hex(8), **asked, **draft, **given}

    def save(self, who: str, piece: str, seconds: float, **given: object) -> dict:
        sent = self.request(who, piece, seconds, **given)
        return desk.save(self.workspace, who, sent, self.at(seconds))

    def hand_in(self, who: str, piece: str, seconds: float, **given: object) -> dict:
        marks = dict.fromkeys(self.criteria(piece), 1)
        sent = self.request(who, piece, seconds, **{"marks": marks, **given})
        return desk.submit(self.workspace, who, sent, self.at(seconds))

    def settle(self, seconds: float) -> int:
        return desk.settle(self.workspace, self.at(seconds))

    def read(self, who: str, piece: str, seconds: float, **given: object) -> None:
        """Hand a piece in and let its ten seconds pass."""
        assert self.hand_in(who, piece, seconds, **given)["state"] == "submitted"
        assert self.settle(seconds + 10) == 1

    def leave(self, who: str, piece: str, why: str, words: str, seconds: float = 0) -> dict:
        sent = {"piece": piece, "exit": why, "words": words, "key": secrets.token_hex(8)}
        return leave(self.workspace, who, sent, self.at(seconds))


@pytest.fixture
def panel(panel_folder, tmp_path) -> Panel:
    """Four pieces of each of two teachers, given out to two raters each."""
    return Panel(Workspace(Path(shutil.copytree(panel_folder, tmp_path / "w"))))


@pytest.fixture(scope="session")
def panel_folder(tmp_path_factory) -> Path:
    act = Act("登记员", "", START)
    folder = tmp_path_factory.mktemp("panel") / "w"
    made = create(folder, "national-2.0", "2026", "松岚县", act, secrets.token_bytes)
    with made.store() as store, store.transaction(act, "test") as tx:
        directory = Directory(store, tx, secrets.token_bytes)
        facts = {"hours_online": "50", "hours_practice": "50"}
        for number, name in TEACHERS.items():
            directory.teacher(TeacherRow(number, name, "青禾小学", facts))
        for rater in RATERS:
            directory.rater(rater, name=f"评{rater}", school="临溪中学", department="语文教研组")
        directory.rater(CHAIR, name="组长", roles=["chair"])
        for number in COUNTY:
            directory.rater(number, name=f"县{number}", roles=["county"])
        for number in TEACHERS:
            for code in sorted({slot[:2] for slot in SLOTS}):
                key = {"submission_id": f"{number}{code}", "teacher_id": number}
                tx.insert("submission", [{**key, "competency": code, "attempt": 1}])
            for slot in SLOTS:
                row = {"submission_id": f"{number}{slot[:2]}", "slot_id": slot}
                tx.insert("piece", [{"piece_id": piece_id_of(number, slot, 1), **row}])
    allocate_reads(made, "7", Act(CHAIR, "", START))
    return folder
