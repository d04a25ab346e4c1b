"""Outcomes followed from write to write are those judged from the beginning."""

import pytest

from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.outcomes import FollowedOutcomes, piece_outcomes
from workbench.services.recall import recall_reads
from workbench.services.reopening import reopen
from workbench.services.workspace import Workspace


class Followed:
    """One workspace object that goes on following while others write."""

    def __init__(self, walk):
        self.workspace = Workspace(walk.folder / "workspace")
        self.outcomes = self.workspace.memory(FollowedOutcomes)

    def agrees(self):
        with self.workspace.store() as store:
            anew = piece_outcomes(store, self.workspace.rubrics, self.workspace.policy)
            return dict(self.outcomes.now(store, self.workspace)) == anew and list(anew)


def test_each_step_of_a_round_is_followed(opened):
    followed = Followed(opened)
    assert followed.agrees() == []
    opened.take_in([({"teacher_id": "T1", "slot": s}, opened.essay(s)) for s in ("B8-1", "B8-2")])
    assert len(followed.agrees()) == 2
    for rater, word in (("R1", "1111 10"), ("R2", "1011 10"), ("R3", "1111 11")):
        opened.rate(("T1", "B8-1", rater, word, "third" if rater == "R3" else "blind"))
        assert followed.agrees()
    opened.rate(("T1", "B8-1", "R2", "1111 11"), reason="更正")
    assert followed.agrees()
    opened.take_in([({"teacher_id": "T2", "slot": "B8-1"}, opened.essay("T2"))])
    assert len(followed.agrees()) == 3


def test_reopened_and_recalled_reads_are_followed(read):
    followed = Followed(read)
    assert followed.agrees()
    with read.workspace.store() as store:
        with store.transaction(read.act(), "hold.resolve", "x") as tx:
            reopen(store, tx, [read.piece("T1", "B8-1")], "hold:x")
        assert followed.agrees()
        with store.transaction(read.act("组长甲", "标准件失守"), "read.recall", "R1") as tx:
            recall_reads(store, tx, "R1", "calibration:drift", read.act(), 5)
    assert followed.agrees()


def test_a_case_sent_to_the_chair_is_followed_there_and_back(read):
    followed = Followed(read)
    assert followed.agrees()
    raise_flags(read.workspace, read.act())
    case = next(h for h in list_holds(read.workspace) if "T4.B8.1" in h["submissions"])
    resolve(read.workspace, case["hold_id"], "adjudicate", "请裁定", read.act("复核甲"))
    piece = read.piece("T4", "B8-2")
    assert followed.agrees()
    with followed.workspace.store() as store:
        assert followed.outcomes.now(store, followed.workspace)[piece].needs == "ruling"
    read.rate(("T4", "B8-2", "C1", ".0. ..", "chair", "写的是别的学校"))
    assert followed.agrees()


def test_what_a_transaction_takes_back_leaves_no_trace(read):
    followed = Followed(read)
    before = followed.agrees()
    piece = read.piece("T1", "B8-1")
    with (
        followed.workspace.store() as store,
        pytest.raises(ZeroDivisionError),
        store.transaction(read.act(), "undone", "x") as tx,
    ):
        reopen(store, tx, [piece], "hold:x")
        assert followed.outcomes.now(store, followed.workspace)[piece].level is None
        raise ZeroDivisionError
    assert followed.agrees() == before


def test_another_database_in_its_place_is_read_from_the_beginning(read, handed_in):
    followed = Followed(read)
    assert followed.agrees()
    with handed_in.workspace.store() as earlier:
        anew = piece_outcomes(earlier, handed_in.workspace.rubrics, handed_in.workspace.policy)
        assert dict(followed.outcomes.now(earlier, followed.workspace)) == anew
