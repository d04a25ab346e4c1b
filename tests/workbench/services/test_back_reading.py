"""Back-reading: blind, decides nothing, and sends a piece back only where it differs and with a reason."""

import secrets
from datetime import timedelta

import pytest

from workbench.errors import InputError, RefusedError
from workbench.services import desk
from workbench.services.accounts import set_roles
from workbench.services.analyses import store_analysis
from workbench.services.assignments import plan_reads
from workbench.services.back_queue import back_queue
from workbench.services.back_reading import (
    back_read_rows,
    begin_back_read,
    end_back_read,
)
from workbench.services.desk_tasks import my_tasks

B1, B2 = "B8-1", "B8-2"


def begin(walk, teacher="T3", slot=B1, who="C1"):
    return begin_back_read(walk.workspace, walk.piece(teacher, slot), walk.act(who))


def give(walk, piece, marks, who="C1"):
    """Read a piece at the desk; what is not met has its words."""
    view = desk.open_piece(walk.workspace, who, piece, walk.now)
    ids = [each["id"] for each in view["criteria"]]
    sent = {
        "key": secrets.token_hex(8), "piece": piece, "round": view["round"],
        "reading": view["reading"], "version": view["draft"]["version"],
        "marks": dict(zip(ids, marks, strict=True)),
        "comments": dict.fromkeys(ids, "第二页写明了"),
    }  # fmt: skip
    assert desk.submit(walk.workspace, who, sent, walk.now)["state"] == "submitted"
    return desk.settle(walk.workspace, walk.now + timedelta(seconds=11)), view


@pytest.fixture
def differing(read):
    """C1 has read T3's first piece back and found met what two readers found unmet."""
    number = begin(read)
    give(read, read.piece("T3", B1), [1] * 6)
    return read, number


class TestTheQueue:
    def test_goes_by_criteria_contested_until_flip_risk_is_computed(self, read):
        read.rate(("T2", B1, "R1", "1111 01"), reason="更正")
        found = back_queue(read.workspace, "C1")
        assert (found.order, found.orders, found.made_at) == ("contested", ("contested",), "")
        assert [row.piece_id for row in found.rows] == [read.piece("T2", B1)]
        assert (found.rows[0].contested, found.rows[0].risk) == (1, None)

    def test_goes_by_what_a_read_is_expected_to_bring_once_it_is(self, read):
        first, second = read.piece("T1", B1), read.piece("T2", B1)
        reads = {"slot_id": B1, "sharper": 0.1}
        of = {"school_id": "s", "competency": "B8"}
        payload = {
            "results": [
                {**of, "teacher_id": "T1", "flip_risk": 0.3,
                 "reads": [{**reads, "piece_id": first, "fall": 0.02}]},
                {**of, "teacher_id": "T2", "flip_risk": 0.2,
                 "reads": [{**reads, "piece_id": second, "fall": 0.05}]},
            ]
        }  # fmt: skip
        store_analysis(
            read.workspace, "stability", payload, read.act("C1"), scope=None, data_version=1
        )
        found = back_queue(read.workspace, "C1")
        assert found.order == "flip_risk" and found.made_at
        assert [row.piece_id for row in found.rows] == [second, first]
        assert [row.risk for row in found.rows] == [0.2, 0.3]
        assert back_queue(read.workspace, "C1", "contested").order == "contested"

    def test_tells_neither_author_nor_level(self, read):
        read.rate(("T2", B1, "R1", "1111 01"), reason="更正")
        (row,) = back_queue(read.workspace, "C1").rows
        assert set(vars(row)) == {
            "piece_id", "competency", "slot_id", "school", "risk", "gain", "contested",
        }  # fmt: skip

    def test_leaves_out_what_somebody_has_read(self, read):
        read.rate(("T2", B1, "R1", "1111 01"), reason="更正")
        set_roles(read.workspace, "R1", ["rater", "chair"], read.act("管理员"))
        assert back_queue(read.workspace, "R1").rows == ()

    def test_is_for_the_chair_and_the_county(self, read):
        with pytest.raises(RefusedError, match="asks for the role"):
            back_queue(read.workspace, "R1")


class TestReadingBack:
    def test_is_a_blind_read_at_the_desk_that_decides_nothing(self, read):
        number = begin(read)
        (task,) = my_tasks(read.workspace, "C1")
        assert task.task.piece_id == read.piece("T3", B1)
        recorded, view = give(read, read.piece("T3", B1), [1] * 6)
        assert recorded == 1
        assert (view["mode"], view["reads"]) == ("reader", [])
        assert read.level("T3") == "fail"
        (row,) = back_read_rows(read.workspace, "C1")
        assert (row.number, row.state, row.level, row.standing) == (
            number,
            "read",
            "excellent",
            "fail",
        )
        assert row.differ == ("B8-1.P2",)
        with read.workspace.store() as store:
            lines = store.where("audit_log", action="read.back")
        assert [line["role"] for line in lines] == ["chair", "chair"]  # begun, and given

    def test_asks_for_a_piece_with_a_level_and_fresh_eyes(self, read):
        with pytest.raises(RefusedError, match="no level yet"):
            begin(read, "T5")
        set_roles(read.workspace, "R1", ["rater", "chair"], read.act("管理员"))
        with pytest.raises(RefusedError, match="has read it"):
            begin(read, who="R1")
        begin(read)
        with pytest.raises(RefusedError, match="read back already"):
            begin(read, who="C2")
        with pytest.raises(RefusedError, match="asks for the role"):
            begin(read, "T1", who="R2")

    def test_does_not_count_as_a_draw_that_validates(self, read):
        begin(read)
        with read.workspace.store() as store:
            from models.allocation import extra_readers

            assert extra_readers(store) == {}


class TestEnding:
    def test_on_record_changes_nothing(self, differing):
        walk, number = differing
        assert end_back_read(walk.workspace, number, "kept", walk.act("C1", "两可，维持")) == ()
        assert walk.level("T3") == "fail"
        assert back_read_rows(walk.workspace, "C1")[0].ended == "kept"
        with pytest.raises(RefusedError, match="ended already"):
            end_back_read(walk.workspace, number, "kept", walk.act("C1", "两可，维持"))

    def test_sent_back_it_is_read_again_by_people_who_have_not_seen_it(self, differing):
        walk, number = differing
        assert end_back_read(walk.workspace, number, "reopened", walk.act("C1", "漏看第二页")) == ()
        assert walk.level("T3") == "awaiting_read"
        with walk.workspace.store() as store:
            given = store.where("assignment", piece_id=walk.piece("T3", B1), reading=2)
            assert store.where("reopening")[-1]["cause"] == f"back_read:{number}"
        assert {row["rater_id"] for row in given} <= {"R3", "R4", "R5"}
        assert len(given) == 2
        assert plan_reads(walk.workspace, "1").short == ()

    def test_needs_a_reason_a_read_and_another_level(self, read):
        number = begin(read, "T1")
        with pytest.raises(InputError, match="reason"):
            end_back_read(read.workspace, number, "kept", read.act("C1"))
        with pytest.raises(RefusedError, match="has not been read"):
            end_back_read(read.workspace, number, "kept", read.act("C1", "不必"))
        give(read, read.piece("T1", B1), [1] * 6)
        with pytest.raises(RefusedError, match="came to the present level"):
            end_back_read(read.workspace, number, "reopened", read.act("C1", "想重评"))
        with pytest.raises(InputError, match="no back-read"):
            end_back_read(read.workspace, 99, "kept", read.act("C1", "不必"))
