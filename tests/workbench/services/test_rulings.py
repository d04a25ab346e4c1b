"""Rulings: by a chair who has not read the piece, by the county where there is none."""

import secrets
from datetime import timedelta

import pytest

from models.desk_store import FILE_NAME, DeskStore
from workbench.errors import RefusedError
from workbench.services import desk
from workbench.services.accounts import set_roles
from workbench.services.adjudication import mark_first, rule, ruling_view
from workbench.services.assignments import allocate_reads, plan_reads
from workbench.services.desk_leaving import leave
from workbench.services.desk_tasks import my_tasks
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.reads import ReadJudge
from workbench.services.reopening import reopen
from workbench.services.rulings import DueRulings, rulings_of
from workbench.services.workspace import ServedWorkspace

B1, B2 = "B8-1", "B8-2"
TEACHERS = ("T1", "T2", "T3", "T4", "T5")
OPEN = ("B8-1.P1", "B8-1.P2")


def contested(walk):
    """Two reads that fail T1's first piece on different criteria: a third is due."""
    walk.rate(("T1", B1, "R1", "0111 11"), ("T1", B1, "R2", "1011 11"), reason="更正")


@pytest.fixture(scope="module")
def waiting_folder(further, read_folder):
    def do(walk):
        contested(walk.on("2026-09-22"))
        walk.rate(("T1", B1, "R3", "1111 11", "third"))
        assert walk.level("T1") == "awaiting_ruling"

    return further(read_folder, do)


@pytest.fixture
def waiting(waiting_folder, walk_in):
    """R3's third read has settled nothing: T1's first piece waits for a ruling."""
    return walk_in(waiting_folder, "2026-09-22")


def roles(walk, **given):
    for person, held in given.items():
        set_roles(walk.workspace, person, held, walk.act("管理员"))


def ruled_by(walk, person):
    """Pieces that wait for somebody's ruling."""
    with walk.workspace.store() as store:
        return [piece["piece_id"] for piece in rulings_of(store, walk.workspace, person)]


def walk_piece(walk, teacher, slot):
    """Piece of a teacher's slot, or empty: T5 has left one out."""
    try:
        return walk.piece(teacher, slot)
    except TypeError:
        return ""


def given(met):
    return dict.fromkeys(OPEN, (met, "第二页写明了"))


class TestWhoRules:
    def test_every_chair_who_has_not_read_the_piece(self, waiting):
        piece = waiting.piece("T1", B1)
        assert (ruled_by(waiting, "C1"), ruled_by(waiting, "C2")) == ([piece], [piece])
        assert ruled_by(waiting, "R3") == []

    def test_no_chair_who_has_read_it(self, waiting):
        roles(waiting, R3=["rater", "chair"])
        piece = waiting.piece("T1", B1)
        assert ruled_by(waiting, "R3") == []
        for asked in (
            lambda: desk.open_piece(waiting.workspace, "R3", piece, waiting.now),
            lambda: ruling_view(waiting.workspace, "R3", piece),
            lambda: rule(waiting.workspace, piece, given(1), waiting.act("R3")),
        ):
            with pytest.raises(RefusedError, match="another chair, or to the county"):
                asked()
        assert ruled_by(waiting, "C1") == [piece]

    def test_of_two_chairs_ruling_at_once_one_is_recorded_and_the_other_told(
        self, waiting, monkeypatch
    ):
        piece, codes = waiting.piece("T1", B1), dict.fromkeys(OPEN, "place_shown")
        for chair in ("C1", "C2"):
            mark_first(waiting.workspace, piece, dict.fromkeys(OPEN, 1), waiting.act(chair))
        judge = ReadJudge.judge

        def forestalled(*asked):
            monkeypatch.setattr(ReadJudge, "judge", judge)
            judged = judge(*asked)  # nothing stands against it yet
            rule(waiting.workspace, piece, given(0), waiting.act("C2"), codes=codes)
            return judged

        monkeypatch.setattr(ReadJudge, "judge", forestalled)
        with pytest.raises(RefusedError, match="another chair may just have given it"):
            rule(waiting.workspace, piece, given(1), waiting.act("C1"), codes=codes)
        with waiting.workspace.store() as store:
            (kept,) = store.where("read", piece_id=piece, round="chair")
        assert kept["rater_id"] == "C2"

    def test_nor_by_a_ratings_file(self, waiting):
        roles(waiting, R3=["rater", "chair"])
        report = waiting.rate(("T1", B1, "R3", "10.. ..", "chair", "缺少对象"))
        (refused,) = report.refused
        assert "ruling_by_reader" in [remark.code for remark in refused.remarks]
        assert waiting.rate(("T1", B1, "C1", "10.. ..", "chair", "缺少对象")).new == 1

    def test_nor_one_whose_read_was_replaced_or_of_an_earlier_reading(self, waiting):
        roles(waiting, R1=["rater", "chair"], R3=["rater", "chair"])
        piece = waiting.piece("T1", B1)
        with waiting.workspace.store() as store, store.transaction(waiting.act("县"), "test") as tx:
            reopen(store, tx, [piece], "objection:1")
        waiting.rate(("T1", B1, "R4", "0111 11"), ("T1", B1, "R5", "1011 11"))
        waiting.rate(("T1", B1, "K2", "1111 11", "third"))
        assert (ruled_by(waiting, "R1"), ruled_by(waiting, "R3")) == ([], [])
        assert ruled_by(waiting, "C1") == [piece]

    def test_the_county_only_where_no_chair_may(self, waiting):
        piece = waiting.piece("T1", B1)
        assert ruled_by(waiting, "K1") == []
        with pytest.raises(RefusedError, match="not on this person's desk"):
            desk.open_piece(waiting.workspace, "K1", piece, waiting.now)
        roles(waiting, C1=["rater"], C2=["rater"], R3=["rater", "chair"])
        assert ruled_by(waiting, "K1") == [piece]
        assert [t.task.round for t in my_tasks(waiting.workspace, "K1")] == ["chair"]

    def test_what_the_county_rules_stands_as_a_ruling(self, waiting):
        roles(waiting, C1=["rater"], C2=["rater"], R3=["rater", "chair"])
        piece = waiting.piece("T1", B1)
        with pytest.raises(RefusedError, match="before seeing the reads"):
            desk.open_piece(waiting.workspace, "K1", piece, waiting.now)
        mark_first(waiting.workspace, piece, dict.fromkeys(OPEN, 1), waiting.act("K1"))
        view = desk.open_piece(waiting.workspace, "K1", piece, waiting.now)
        sent = {
            "key": secrets.token_hex(8), "piece": piece, "round": "chair", "reading": 1,
            "version": view["draft"]["version"], "marks": dict.fromkeys(OPEN, 1),
            "comments": dict.fromkeys(OPEN, "第二页写明了"),
        }  # fmt: skip
        assert desk.submit(waiting.workspace, "K1", sent, waiting.now)["state"] == "submitted"
        assert desk.settle(waiting.workspace, waiting.now + timedelta(seconds=11)) == 1
        assert waiting.level("T1") == "excellent"
        with waiting.workspace.store() as store:
            line = store.where("audit_log", action="read.rule")[-1]
        assert (line["actor"], line["role"]) == ("K1", "county")

    def test_a_chair_of_another_school_leaves_it_to_the_county(self, waiting):
        """C1 and C2 sit at an office; a chair who belongs to a school rules for that school."""
        with waiting.workspace.store() as store, store.transaction(waiting.act("县"), "test") as tx:
            told = {"department": "", "roles": '["chair"]', "relations": "[]"}
            hill = waiting.school("青山小学")
            tx.insert(
                "person",
                [{"person_id": "H1", "name": "组长丙", "school_id": hill, **told,
                  "pseudonym": "ph1"}],
            )  # fmt: skip
        roles(waiting, C1=["rater"], C2=["rater"])
        assert ruled_by(waiting, "H1") == []
        assert ruled_by(waiting, "K1") == [waiting.piece("T1", B1)]


class TestTheThirdRead:
    @pytest.fixture
    def short_of_readers(self, read):
        """Only C1 could still read T1's contested piece, and C1 is a chair."""
        contested(read)
        roles(read, R3=[], R4=[], R5=[], C1=["rater", "chair"], C2=[], K1=["county"])
        return read

    def test_is_never_given_to_the_last_chair_who_may_rule(self, short_of_readers):
        made = plan_reads(short_of_readers.workspace, "1")
        piece = short_of_readers.piece("T1", B1)
        short = next(each for each in made.short if each.piece_id == piece)
        assert short.barred["would_rule"] == 1
        assert piece not in made.plan.readers

    def test_may_be_given_to_one_of_two_chairs(self, short_of_readers):
        roles(short_of_readers, C2=["chair"])
        walk = short_of_readers
        made = allocate_reads(walk.workspace, "1", walk.act("C2"))
        assert made.plan.readers[walk.piece("T1", B1)] == ("C1",)

    def test_a_first_read_is_no_reason_to_be_barred(self, handed_in):
        roles(handed_in, R2=[], R3=[], R4=[], R5=[], C1=["rater", "chair"], C2=[])
        made = plan_reads(handed_in.workspace, "1")
        assert {"R1", "C1"} <= set(made.plan.readers[handed_in.piece("T1", B1)])


class TestFollowing:
    """What is followed as rows are added is what one who looks for the first time finds."""

    def same(self, served):
        with served.store() as store:
            kept = served.memory(DueRulings).now(store, served)
            fresh = DueRulings().now(store, served)
        assert kept == fresh
        return [each.piece["piece_id"] for each in kept]

    def test_step_by_step(self, read):
        served = ServedWorkspace(read.workspace.folder)
        piece, other = read.piece("T1", B1), read.piece("T4", B2)
        assert self.same(served) == []
        contested(read)
        assert self.same(served) == []
        read.rate(("T1", B1, "R3", "1111 11", "third"))
        assert self.same(served) == [piece]
        raise_flags(read.workspace, read.act())
        case = next(
            h["hold_id"] for h in list_holds(served) if "T4.B8.1" in h["submissions"]
        )  # fmt: skip
        resolve(read.workspace, case, "adjudicate", "核对后决定", read.act("复核甲"))
        assert set(self.same(served)) == {piece, other}
        read.rate(("T4", B2, "C1", "1.. ..", "chair", "确是本人所写"))
        assert self.same(served) == [piece]
        with read.workspace.store() as store, store.transaction(read.act("县"), "test") as tx:
            reopen(store, tx, [piece], "objection:1")
        assert self.same(served) == []
        served.close()

    def test_what_others_write_changes_a_desk_that_stays_open(self, handed_in):
        """Assignments, drafts, reads, a desk handed back and a reopening, all by other programs."""
        walk, served = handed_in, ServedWorkspace(handed_in.workspace.folder)

        def same():
            for person in ("R1", "R2", "R3", "R4", "R5", "C1", "K1"):
                assert my_tasks(served, person) == my_tasks(walk.workspace, person)
            return [task.state for task in my_tasks(served, "R1")]

        assert same() == []
        allocate_reads(walk.workspace, "1", walk.act("C1"))
        before = same()
        assert set(before) == {"open"}
        piece = my_tasks(served, "R1")[0].task.piece_id
        slot = my_tasks(served, "R1")[0].slot_id
        teacher = next(t for t in TEACHERS if piece == walk_piece(walk, t, slot))
        desk.open_piece(walk.workspace, "R1", piece, walk.now)
        with DeskStore(walk.workspace.folder / FILE_NAME) as store, store.transaction():
            store.write("UPDATE draft SET saved_at = '2026' WHERE piece_id = ?", [piece])
        assert same()[0] == "draft"
        walk.rate((teacher, slot, "R1", "1" * (6 if slot == B1 else 5)))
        assert same()[0] == "done"
        last = my_tasks(served, "R1")[-1].task.piece_id
        sent = {"piece": last, "exit": "other", "words": "身体不适"}
        leave(walk.workspace, "R1", sent, walk.now)
        desk.settle(walk.workspace, walk.now + timedelta(seconds=11))
        assert same()[-1] == "ended"
        with walk.workspace.store() as store, store.transaction(walk.act("县"), "test") as tx:
            reopen(store, tx, [piece], "objection:1")
        assert len(same()) == len(before) - 1
        served.close()
