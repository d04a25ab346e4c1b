"""The board: coverage, hours, pace and forecast, each from what is recorded, unknown where it is not."""

from datetime import date, timedelta

import pytest

from models.store import Act
from workbench.services.assignments import allocate_reads
from workbench.services.control_board import control_board, reminder_of
from workbench.services.workspace import hold_to

TODAY = date(2026, 9, 22)


def board(walk, who="C1", today=TODAY):
    return control_board(walk.workspace, who, today)


def with_rule(walk, key, value):
    """The round held to its policy with one rule changed."""
    from dataclasses import replace

    pack = walk.workspace.policy
    rule = replace(pack.rule(key), value=value)
    hold_to(walk.workspace, replace(pack, rules={**pack.rules, key: rule}))
    return walk


def timed(walk, minutes):
    """Put active time beside every read there is."""
    with (
        walk.workspace.store() as store,
        store.transaction(Act("C1", "chair", walk.now), "test") as tx,
    ):
        rows = [
            {"read_id": row["read_id"], "active_s": round(minutes * 60)}
            for row in store.where("read")
        ]
        tx.insert("read_time", rows)


class TestCoverage:
    def test_counts_reads_done_of_reads_wanted(self, read):
        total = board(read).total
        # Eight pieces read twice, and T5's one piece not at all: 16 of 18.
        assert (total.pieces, total.done, total.wanted, total.without) == (9, 16, 18, 2)
        assert total.share == pytest.approx(16 / 18)

    def test_a_third_read_is_wanted_once_it_is_due(self, read):
        read.rate(("T1", "B8-1", "R1", "0111 11"), ("T1", "B8-1", "R2", "1011 11"), reason="更正")
        found = board(read)
        assert (found.total.done, found.total.wanted) == (16, 19)
        slot = next(each for each in found.slots if each.key == "B8-1")
        assert (slot.done, slot.wanted) == (8, 11)

    def test_what_is_given_out_does_not_lack_a_reader(self, read):
        allocate_reads(read.workspace, "7", read.act("C1"))
        assert board(read).total.without == 0

    def test_a_piece_nobody_reads_is_in_none_of_it(self, opened):
        assert board(opened).total.share is None


class TestWork:
    def test_hours_go_by_the_plan_until_enough_reads_are_timed(self, read):
        work = board(read).work
        # Two reads at 8 planned minutes, and 0.49 third reads expected of the one piece unread.
        assert (work.reads, work.timed, work.minutes) == (2, 0, 8.0)
        assert work.expected == pytest.approx(0.49)
        assert work.hours == pytest.approx(2.49 * 8 / 60)
        timed(read, 12)
        work = board(read).work
        assert (work.minutes, work.timed) == (12.0, 16)

    def test_the_finish_is_forecast_by_the_reads_of_the_last_days(self, read):
        assert board(read).work.finish is None  # the reads came by a file, without their time
        with read.workspace.store() as store, store.transaction(read.act("C1"), "test") as tx:
            piece = read.piece("T5", "B8-1")
            row = {"piece_id": piece, "rater_id": "R1", "round": "blind", "reading": 1,
                   "opened_at": "2026-09-20T02:00:00Z", "submitted_at": "2026-09-20T02:10:00Z",
                   "comment": "", "replaces": None}  # fmt: skip
            tx.insert("read", [row])
        work = board(read).work
        # One read in seven days, 1.49 left: ceil(1.49 × 7) = 11 days.
        assert work.per_day == pytest.approx(1 / 7)
        assert work.finish == TODAY + timedelta(days=11)
        late = board(with_rule(read, "progress.done_by", "2026-09-25")).work
        assert (late.done_by, late.days_left, late.late) == (date(2026, 9, 25), 4, True)

    def test_nothing_left_is_finished_today(self, read):
        read.rate(("T5", "B8-1", "R1", "1111 11"), ("T5", "B8-1", "R2", "1111 11"))
        work = board(read).work
        assert (work.reads, work.finish, work.late) == (0, TODAY, False)


class TestReaders:
    def test_are_behind_the_days_that_have_passed(self, handed_in):
        """Given on the 10th, due on the 19th: after five of ten days half should be read."""
        allocate_reads(handed_in.workspace, "7", handed_in.act("C1"))
        with_rule(handed_in, "progress.done_by", "2026-09-19")
        early = board(handed_in, today=date(2026, 9, 11))
        assert early.behind == ()  # a tenth expected, within the tolerance of .15
        found = board(handed_in, today=date(2026, 9, 15))
        assert {each.expected_share for each in found.readers} == {0.5}
        assert len(found.behind) == len(found.readers) > 0
        said = reminder_of(found, "2026秋")
        assert (
            "2026-09-19" in said and "评审1老师" in said and "教师" not in said.replace("老师", "")
        )

    def test_without_a_day_are_behind_the_others(self, handed_in):
        allocate_reads(handed_in.workspace, "7", handed_in.act("C1"))
        found = board(handed_in)
        assert found.behind == ()  # nobody has begun: nobody is behind the others
        assert reminder_of(found, "2026秋") == ""


class TestCases:
    def test_open_holds_have_an_age_and_may_be_overdue(self, read):
        from workbench.services.flags import raise_flags

        raise_flags(read.workspace, read.act())
        cases = board(read, today=date(2026, 12, 1)).cases
        assert cases.open >= 1 and cases.overdue == cases.open
        assert cases.oldest_days == (date(2026, 12, 1) - TODAY).days

    def test_locks_are_told_only_where_seeds_lock(self, read):
        assert board(read).locked is None
        with_rule(read, "calibration.mode", "seeds")
        assert board(read).locked == ()
