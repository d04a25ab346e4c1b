"""Results and loads followed from write to write are those drawn from the beginning."""

import pytest

from models.assignments import loads_now
from models.audit_trail import NOWHERE, goes_on, last_line
from workbench.services.assignments import allocate_reads, follow_up
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.loads import FollowedLoads
from workbench.services.outcomes import piece_outcomes
from workbench.services.reads import GivenRead, Judgement, record_read
from workbench.services.recall import recall_reads
from workbench.services.reopening import reopen
from workbench.services.results import Drawing, FollowedStanding
from workbench.services.windows import set_window
from workbench.services.workspace import Workspace

TOWN = "城关小学"


class Followed:
    """One workspace object that goes on following while others write."""

    def __init__(self, walk):
        self.workspace = Workspace(walk.folder / "workspace")

    def standing(self):
        with self.workspace.store() as store:
            return self.workspace.memory(FollowedStanding).now(store, self.workspace)

    def agrees(self):
        rubrics, policy = self.workspace.rubrics, self.workspace.policy
        with self.workspace.store() as store:
            anew = Drawing(store, rubrics, policy).standing(piece_outcomes(store, rubrics, policy))
            loads = loads_now(store)
            followed = self.workspace.memory(FollowedLoads).now(store)
        found = self.standing()
        return followed == loads and (found.rows, found.pieces, found.facts) == (
            anew.rows,
            anew.pieces,
            anew.facts,
        )

    def load(self, rater):
        with self.workspace.store() as store:
            return self.workspace.memory(FollowedLoads).now(store).get(rater, 0)


def hand_in(walk, piece, rater, met, round_name="blind"):
    """Record a read as the desk does, in the act that says only that somebody read."""
    marks = [(f"B8-1.P{n}", int(sign), "没有写到") for n, sign in enumerate(met[:4], 1)]
    marks += [(f"B8-1.E{n}", int(sign), "没有写到") for n, sign in enumerate(met[4:], 1)]
    with (
        walk.workspace.store() as store,
        store.transaction(walk.act(rater), "read.submit", piece) as tx,
    ):
        record_read(tx, GivenRead({"piece_id": piece}, rater, round_name, marks), Judgement(1))


def test_each_step_of_a_round_is_followed(opened):
    followed = Followed(opened)
    assert followed.agrees()
    opened.take_in([({"teacher_id": "T1", "slot": s}, opened.essay(s)) for s in ("B8-1", "B8-2")])
    assert followed.agrees()
    allocate_reads(opened.workspace, "7", opened.act("组长甲"))
    assert followed.agrees()
    piece = opened.piece("T1", "B8-1")
    for rater, met in (("R1", "111110"), ("R2", "101110"), ("R3", "111111")):
        hand_in(opened, piece, rater, met, "third" if rater == "R3" else "blind")
        assert followed.agrees()
    opened.take_in([({"teacher_id": "T2", "slot": "B8-1"}, opened.essay("T2"))])
    assert followed.agrees()


def test_after_a_read_only_the_results_of_that_teacher_are_drawn_anew(handed_in):
    followed = Followed(handed_in)
    before = {(row.teacher_id, row.competency): row for row in followed.standing().rows}
    for rater in ("R1", "R2"):
        hand_in(handed_in, handed_in.piece("T1", "B8-1"), rater, "111111")
    after = {(row.teacher_id, row.competency): row for row in followed.standing().rows}
    drawn = {teacher for (teacher, code), row in after.items() if row is not before[teacher, code]}
    assert drawn == {"T1"}
    assert followed.agrees()


def test_a_standing_nobody_wrote_after_is_the_same_thing(read):
    followed = Followed(read)
    assert followed.standing() is followed.standing()


def test_holds_windows_and_recalls_are_followed_though_no_read_came(read):
    followed = Followed(read)
    assert followed.agrees()
    raise_flags(read.workspace, read.act())
    assert followed.agrees()
    case = next(h for h in list_holds(read.workspace) if "T4.B8.1" in h["submissions"])
    resolve(read.workspace, case["hold_id"], "adjudicate", "请裁定", read.act("复核甲"))
    assert followed.agrees()
    set_window(read.workspace, TOWN, "noticed", read.act())
    set_window(read.workspace, TOWN, "closed", read.act())
    assert followed.agrees()
    with read.workspace.store() as store:
        with store.transaction(read.act("组长甲", "标准件失守"), "read.recall", "R1") as tx:
            recall_reads(store, tx, "R1", "calibration:drift", read.act(), 5)
        assert followed.agrees()
        piece = read.piece("T2", "B8-1")
        with store.transaction(read.act(), "hold.resolve", "x") as tx:
            reopen(store, tx, [piece], "hold:x")
        assert followed.agrees()
        follow_up(store, followed.workspace, piece, read.act())
    assert followed.agrees()


def test_a_load_falls_with_what_is_taken_from_a_rater_and_rises_with_what_is_given(handed_in):
    followed = Followed(handed_in)
    assert followed.load("R1") == 0
    allocate_reads(handed_in.workspace, "7", handed_in.act("组长甲"))
    with handed_in.workspace.store() as store:
        given = store.where("assignment", rater_id="R1")
        assert followed.load("R1") == len(given) > 0
        with store.transaction(handed_in.act("R1"), "read.stand_back") as tx:
            row = {"assignment_id": given[0]["assignment_id"], "why": "conflict"}
            tx.insert("assignment_end", [row])
    assert followed.load("R1") == len(given) - 1
    assert followed.agrees()


def test_what_a_transaction_takes_back_leaves_no_trace(read):
    followed = Followed(read)
    assert followed.agrees()
    before = followed.standing()
    with (
        followed.workspace.store() as store,
        pytest.raises(ZeroDivisionError),
        store.transaction(read.act(), "undone", "x") as tx,
    ):
        reopen(store, tx, [read.piece("T1", "B8-1")], "hold:x")
        within = followed.workspace.memory(FollowedStanding).now(store, followed.workspace)
        assert within.rows != before.rows
        raise ZeroDivisionError
    assert followed.standing() is before
    assert followed.agrees()


def test_another_log_of_the_same_length_is_not_taken_for_the_one_followed(read):
    with read.workspace.store() as store:
        since = last_line(store)
        assert goes_on(store, since, since, ())
        assert not goes_on(store, NOWHERE, since, ("read.submit",))
        hand_in(read, read.piece("T1", "B8-1"), "R5", "111111")
        now = last_line(store)
        assert goes_on(store, since, now, ("read.submit",))
        assert not goes_on(store, since, now, ("read.county",))
        assert not goes_on(store, (since[0], "another"), now, ("read.submit",))
        assert not goes_on(store, now, since, ("read.submit",))
