"""Holds: a case stops a result until another person has heard the other side and decided."""

import pytest

from workbench.errors import InputError, RefusedError
from workbench.services.flags import list_flags, raise_flags
from workbench.services.holds import list_holds, reply, resolve, show_hold
from workbench.services.results import CONCLUSION

B1, B2 = "B8-1", "B8-2"


@pytest.fixture(scope="module")
def held_folder(further, read_folder):
    def do(walk):
        raise_flags(walk.workspace, walk.on("2026-09-22").act())

    return further(read_folder, do)


@pytest.fixture
def held(held_folder, walk_in):
    """T4 handed in T1's text: both are held, raised by the registrar on 22 September."""
    return walk_in(held_folder, "2026-09-22")


def case_of(walk, teacher):
    return next(
        h["hold_id"] for h in list_holds(walk.workspace) if f"{teacher}.B8.1" in h["submissions"]
    )


def decide(walk, disposition, who="组长甲", teacher="T4", words="核对后决定"):
    return resolve(walk.workspace, case_of(walk, teacher), disposition, words, walk.act(who))


def hear(walk, teacher="T4"):
    reply(walk.workspace, case_of(walk, teacher), teacher, "是我们一起备的课", "", walk.act())


class TestRaising:
    def test_a_flag_changes_nothing_and_its_hold_stops_the_result(self, held):
        flags = list_flags(held.workspace)
        assert [(f["code"], f["state"]) for f in flags] == [("copied_text", "held")]
        row = held.result("T4")
        assert (held.level("T4"), str(row.provisional)) == ("held", "excellent")
        assert row.held == (case_of(held, "T4"),)

    def test_each_answers_for_their_own_submission(self, held):
        holds = list_holds(held.workspace)
        assert sorted(h["submissions"] for h in holds) == [["T1.B8.1"], ["T4.B8.1"]]
        assert held.level("T2") == "pass"

    def test_the_conclusion_is_held_with_its_point(self, held):
        row = held.result("T4", CONCLUSION)
        assert (held.level("T4", CONCLUSION), row.held) == ("held", held.result("T4").held)

    def test_so_is_a_conclusion_that_has_failed_already(self, read):
        """T3 failed B8; what T3 handed in for another point is T1's."""
        about = {"teacher_id": "T3", "competency": "A4"}
        copied = read.essay("T1 B8-1")
        read.take_in([({**about, "slot": "A4-1"}, copied), ({**about, "slot": "A4-2"}, copied)])
        assert read.level("T3", CONCLUSION) == "fail"
        raise_flags(read.workspace, read.act())
        row = read.result("T3", CONCLUSION)
        assert (read.level("T3", CONCLUSION), str(row.provisional)) == ("held", "fail")

    def test_looking_again_raises_nothing_twice(self, held):
        before = held.log()
        raised = raise_flags(held.workspace, held.act())
        assert (len(raised.flags), raised.new, raised.holds) == (1, 0, ())
        assert held.log() == before

    def test_the_due_date_counts_working_days(self, held):
        """From Tuesday 22 September: 23, 24, then past mid-autumn (25 to 27) 28, 29, 30."""
        assert show_hold(held.workspace, case_of(held, "T4"))["due_on"] == "2026-09-30"


class TestDeciding:
    def test_who_raised_it_does_not_decide_it(self, read):
        raise_flags(read.workspace, read.act("组长甲"))
        for name in ("组长甲", "C1", " 组长甲 "):  # by name or by identifier, it is one person
            with pytest.raises(RefusedError, match="same person") as caught:
                decide(read, "certify", name)
            assert caught.value.key == "hold.raised_by_same"
        assert decide(read, "certify", "C2").state == "resolved"

    def test_a_favourable_decision_takes_one(self, held):
        assert decide(held, "certify").state == "resolved"
        assert held.level("T4") == "excellent"
        assert held.level("T1") == "held"  # a case of its own

    def test_a_reason_is_needed(self, held):
        with pytest.raises(InputError, match="in words"):
            decide(held, "certify", words="  ")

    def test_only_the_four_dispositions_are_known(self, held):
        with pytest.raises(InputError, match="not one of"):
            decide(held, "forgive")

    def test_a_resolved_case_is_closed(self, held):
        decide(held, "certify")
        for again in (lambda: decide(held, "reject"), lambda: hear(held)):
            with pytest.raises(RefusedError, match="resolved already"):
                again()

    def test_a_case_nobody_knows_is_named(self, held):
        with pytest.raises(InputError, match="no hold h9999"):
            resolve(held.workspace, "h9999", "certify", "理由", held.act("组长甲"))


class TestAdverseDecisions:
    def test_wait_for_the_other_side_or_the_due_date(self, held):
        with pytest.raises(RefusedError, match="nobody has replied"):
            decide(held, "reject")
        held.on("2026-09-30", 15)  # 23:00 of the due date in China
        with pytest.raises(RefusedError, match="nobody has replied"):
            decide(held, "reject")
        held.on("2026-09-30", 16)  # midnight there
        assert decide(held, "reject").state == "proposed"

    def test_take_two_people(self, held):
        hear(held)
        assert decide(held, "reject", "组长甲").state == "proposed"
        assert decide(held, "reject", "C1").state == "proposed"  # the same person by identifier
        assert held.level("T4") == "held"
        assert decide(held, "reject", "复核甲").state == "resolved"

    def test_are_not_seconded_by_another_decision(self, held):
        hear(held)
        decide(held, "reject", "组长甲")
        assert decide(held, "certify", "复核甲").state == "resolved"
        assert held.level("T4") == "excellent"

    def test_reject_takes_the_evidence_out(self, held):
        hear(held)
        decide(held, "reject", "组长甲")
        decide(held, "reject", "复核甲")
        row = held.result("T4")
        assert (held.level("T4"), row.missing) == ("missing_evidence", (B2,))
        assert held.level("T1") == "held"

    def test_every_step_stands_in_the_case_with_actor_and_reason(self, held):
        hear(held)
        decide(held, "reject", "组长甲", words="与T1逐字相同")
        decide(held, "reject", "复核甲", words="同意")
        case = show_hold(held.workspace, case_of(held, "T4"))
        assert [(e["kind"], e["actor"], e["words"]) for e in case["events"]] == [
            ("reply", "登记员", "是我们一起备的课"),
            ("proposal", "组长甲", "与T1逐字相同"),
            ("resolution", "复核甲", "同意"),
        ]
        assert (case["state"], case["raised_by"]) == ("resolved", "登记员")


class TestReadingAgain:
    def test_reopens_the_pieces_of_the_case_for_fresh_raters(self, held):
        made = decide(held, "re_rate")
        assert made.reopened == (held.piece("T4", B2),)
        assert held.level("T4") == "awaiting_read"
        refused = held.rate(("T4", B2, "R1", "011 11")).refused
        assert [r.code for r in refused[0].remarks] == ["not_fresh"]
        held.rate(("T4", B2, "R3", "011 11"), ("T4", B2, "R4", "011 11"))
        assert held.level("T4") == "fail"

    def test_keeps_the_reads_before_it_on_record(self, held):
        before = held.count("read")
        decide(held, "re_rate")
        assert held.count("read") == before


class TestSendingToTheChair:
    def test_waits_for_a_ruling_although_the_reads_agree(self, held):
        decide(held, "adjudicate", "复核甲")
        assert held.level("T4") == "awaiting_ruling"
        assert held.result("T4").held == ()

    def test_lets_the_chair_rule_on_anything(self, held):
        decide(held, "adjudicate", "复核甲")
        held.rate(("T4", B2, "C1", ".0. ..", "chair", "写的是别的学校"))
        row = held.result("T4")
        assert (str(row.level), row.decided_by[0].criteria) == ("fail", ("B8-2.P2",))

    def test_is_settled_by_upholding_as_well(self, held):
        decide(held, "adjudicate", "复核甲")
        held.rate(("T4", B2, "C1", "1.. ..", "chair", "确是本人所写"))
        assert held.level("T4") == "excellent"

    def test_is_not_met_by_a_ruling_made_before(self, read):
        read.rate(
            ("T4", B2, "R1", "011 11"),
            ("T4", B2, "R2", "101 11"),
            ("T4", B2, "R3", "111 11", "third"),
            reason="更正",
        )
        read.rate(("T4", B2, "C1", "11. ..", "chair", "都写到了"))
        assert read.level("T4") == "excellent"
        raise_flags(read.workspace, read.act())
        decide(read, "adjudicate", "复核甲")
        assert read.level("T4") == "awaiting_ruling"
