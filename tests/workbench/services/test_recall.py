"""Recall 召回: reads count no longer from a time on, results are held, and fresh readers read."""

from models.store import instant
from workbench.services.holds import list_holds
from workbench.services.recall import reads_to_recall, reallocate, recall_reads


def recalled(walk, rater, since=""):
    act = walk.act("组长甲", "标准件失守")
    with walk.workspace.store() as store:
        with store.transaction(act, "read.recall", rater) as tx:
            made = recall_reads(store, tx, rater, "calibration:drift", act, 5, since)
        return made, reallocate(store, walk.workspace, made.pieces, act)


def test_recalled_reads_count_no_longer_and_hold_the_results(read):
    assert read.level("T1") == "excellent"
    made, _ = recalled(read, "R1")
    assert len(made.reads) == len(reads_of(read, "R1")) == 8
    assert read.level("T1") in ("held", "awaiting_read")
    (case,) = [row for row in list_holds(read.workspace) if row["hold_id"] == made.hold_id]
    assert case["code"] == "recalled_reads"
    assert len(case["submissions"]) == 4
    assert reads_to_recall(read.workspace, "R1") == []


def test_each_piece_goes_to_somebody_who_has_not_read_it_and_nothing_is_deleted(read):
    before = read.count("read")
    made, waiting = recalled(read, "R1")
    assert waiting == ()
    with read.workspace.store() as store:
        given = store.where("assignment")
    assert {row["piece_id"] for row in given} == set(made.pieces)
    assert not {row["rater_id"] for row in given} & {"R1", "R2"}
    assert read.count("read") == before


def test_only_reads_since_the_last_good_check_are_recalled(read):
    made, _ = recalled(read, "R1", instant(read.later(1).now))
    assert made.reads == () and made.hold_id == ""
    assert read.level("T1") == "excellent"
    assert list_holds(read.workspace) == []


def reads_of(walk, rater):
    with walk.workspace.store() as store:
        return store.where("read", rater_id=rater)
