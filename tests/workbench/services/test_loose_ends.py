"""Recalls, pieces left and parked pieces: all in one place, each with something to do."""

from datetime import timedelta

import pytest

from workbench.errors import InputError, RefusedError
from workbench.services.assignments import allocate_reads
from workbench.services.desk import settle
from workbench.services.desk_leaving import leave
from workbench.services.desk_parked import put_aside
from workbench.services.desk_tasks import my_tasks
from workbench.services.loose_ends import give_out_again, loose_ends, take_from_desk
from workbench.services.recall import recall_reads


@pytest.fixture
def given(handed_in):
    """Every piece has two readers."""
    allocate_reads(handed_in.workspace, "7", handed_in.act("C1"))
    return handed_in


def waiting(walk):
    """A rater with something to read, and the first piece of it."""
    for rater in ("R1", "R2", "R3", "R4", "R5"):
        for each in my_tasks(walk.workspace, rater):
            if each.waits:
                return rater, each.task.piece_id
    raise AssertionError


def test_a_parked_piece_is_named_without_its_note_and_can_go_to_another(given):
    rater, piece = waiting(given)
    sent = {"piece": piece, "note": "等学校说明", "parked": True}
    put_aside(given.workspace, rater, sent, given.now)
    found = loose_ends(given.workspace, "C1")
    (row,) = found.parked
    assert (row.piece_id, row.rater_id, found.count) == (piece, rater, 1)
    assert "等学校说明" not in str(found)
    with pytest.raises(InputError, match="reason"):
        take_from_desk(given.workspace, piece, rater, given.act("C1"))
    (other,) = take_from_desk(given.workspace, piece, rater, given.act("C1", "已搁置三天"))
    assert other != rater
    assert loose_ends(given.workspace, "C1").parked == ()
    assert piece not in [e.task.piece_id for e in my_tasks(given.workspace, rater) if e.waits]
    with pytest.raises(RefusedError, match="waits on no desk"):
        take_from_desk(given.workspace, piece, rater, given.act("C1", "已搁置三天"))


def test_a_piece_left_for_a_conflict_is_done_once_somebody_else_has_it(given):
    rater, piece = waiting(given)
    sent = {"piece": piece, "exit": "conflict", "words": "是本人的徒弟"}
    leave(given.workspace, rater, sent, given.now)
    settle(given.workspace, given.now + timedelta(seconds=11))
    found = loose_ends(given.workspace, "C1")
    assert {(e.kind, e.state) for e in found.exits if e.piece_id == piece} == {("conflict", "done")}


def test_recalled_reads_wait_until_somebody_has_them(read):
    with (
        read.workspace.store() as store,
        store.transaction(read.act("C1"), "calibration.lock") as tx,
    ):
        made = recall_reads(store, tx, "R1", "calibration:drift", read.act("C1"), 5)
    (case,) = loose_ends(read.workspace, "C1").recalls
    assert (case.hold_id, case.rater_id, case.reads) == (made.hold_id, "R1", 8)
    assert len(case.waiting) == len(case.without) == 8
    assert give_out_again(read.workspace, case.without, read.act("C1")) == ()
    (after,) = loose_ends(read.workspace, "C1").recalls
    assert (len(after.waiting), after.without, after.state) == (8, (), "open")


def test_what_waits_is_for_the_chair_and_the_county(read):
    with pytest.raises(RefusedError, match="asks for the role"):
        loose_ends(read.workspace, "R1")
    assert loose_ends(read.workspace, "K1").count == 0
