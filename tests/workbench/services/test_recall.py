"""Recall 召回: reads count no longer from a time on, results are held, and fresh readers read."""

from models.ratings import standing_reads
from models.recalls import counting_reads
from models.store import instant
from workbench.services.assignments import allocate_reads
from workbench.services.holds import list_holds
from workbench.services.recall import reallocate, recall_reads

B1 = "B8-1"


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
    with read.workspace.store() as store:
        assert counting_reads(store, "R1", "") == []


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


def test_a_third_read_under_way_when_a_first_is_recalled_is_taken_and_counts(read):
    """R3 was given the third read of a piece; before it came in, R1's first read was recalled."""
    read.rate(("T1", B1, "R1", "0111 11"), ("T1", B1, "R2", "1011 11"), reason="更正")
    allocate_reads(read.workspace, "7", read.act("组长甲"))
    piece = read.piece("T1", B1)
    with read.workspace.store() as store:
        (third,) = [row["rater_id"] for row in store.where("assignment", piece_id=piece)]
    recalled(read, "R1")
    assert read.rate(("T1", B1, third, "1011 11", "third")).refused == ()
    with read.workspace.store() as store:
        rows = store.where("assignment", piece_id=piece, round="blind")
        assert [row["rater_id"] in ("R1", "R2", third) for row in rows] == [False]
        assert len(standing_reads(store)[piece]) == 2


def reads_of(walk, rater):
    with walk.workspace.store() as store:
        return store.where("read", rater_id=rater)
