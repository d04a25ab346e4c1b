"""Flags: looked at on fixed moments, kept once, and made cases where somebody has to answer."""

import pytest

from models.looks import newest_look
from workbench.errors import InputError, RefusedError
from workbench.services import flag_finding
from workbench.services.analysing import Kind
from workbench.services.case_view import case_view
from workbench.services.flags import list_flags, open_case, raise_flags
from workbench.services.holds import list_holds
from workbench.services.looks import look_standing, must_have_looked


def finding(code="severe_rater", subject="rater", ids=("R1",), **values):
    told = {"code": code, "subject": subject, "ids": list(ids), "statistic": 4.0, "effect": 0.3}
    numbers = {"p": 0.001, "q": 0.004, "n": 20, "detectable": 0.2}
    return {**told, **numbers, "minimum_met": True, "flagged": True, **values}


@pytest.fixture
def planted(monkeypatch):
    """Tests of raters and schools come out as planted; comparisons and intake are the real ones."""

    def plant(*findings, kind="effects"):
        made = Kind(lambda workspace, scope, seed: {"findings": list(findings)})
        monkeypatch.setitem(flag_finding.KINDS, kind, made)

    return plant


def codes(walk):
    return [(flag["code"], flag["tier"], flag["state"]) for flag in list_flags(walk.workspace)]


class TestMoments:
    def test_a_look_is_early_while_reads_are_to_come(self, handed_in):
        made = raise_flags(handed_in.workspace, handed_in.act())
        assert made.gate == "early"
        assert [flag.code for flag in made.flags] == ["copied_text"]

    def test_reading_is_over_when_no_result_waits_for_a_read(self, read):
        assert raise_flags(read.workspace, read.act()).gate == "round_closed"

    def test_after_publicity_a_look_is_the_one_before_certification(self, published):
        assert raise_flags(published.workspace, published.act()).gate == "before_certification"

    def test_tests_looked_at_early_open_no_case_and_are_gone_once_they_count(self, read, planted):
        read.rate(("T1", "B8-1", "R1", "0111 11"), reason="更正")  # contested: a third read is due
        planted(finding())
        early = raise_flags(read.workspace, read.act())
        assert early.gate == "early"
        assert ("severe_rater", "early", "open") in codes(read)
        assert {case["code"] for case in list_holds(read.workspace)} == {"copied_text"}
        read.rate(("T1", "B8-1", "R3", "1111 11", "third"))
        raise_flags(read.workspace, read.act())
        assert [c for c in codes(read) if c[0] == "severe_rater"] == [
            ("severe_rater", "fact", "asked")
        ]

    def test_what_an_early_look_found_by_chance_does_not_stay(self, read, planted):
        read.rate(("T1", "B8-1", "R1", "0111 11"), reason="更正")
        planted(finding())
        raise_flags(read.workspace, read.act())
        read.rate(("T1", "B8-1", "R3", "1111 11", "third"))
        planted(finding(flagged=False))
        raise_flags(read.workspace, read.act())
        assert "severe_rater" not in {code for code, _, _ in codes(read)}

    def test_a_look_at_nothing_new_is_not_kept_twice(self, read):
        for _ in range(2):
            raise_flags(read.workspace, read.act())
        assert read.count("flag_look") == 1


class TestWhatALookCouldNotSee:
    def test_too_few_reads_are_told_and_no_silent_pass(self, handed_in):
        raise_flags(handed_in.workspace, handed_in.act())
        assert (
            "数据不足，未检验：评审员效应（没有可比的评阅）。"
            in look_standing(handed_in.workspace).limits
        )

    def test_subjects_below_the_minimum_are_counted(self, read, planted):
        planted(*(finding(ids=(r,), minimum_met=False, flagged=False) for r in ("R1", "R2")))
        raise_flags(read.workspace, read.act())
        limits = look_standing(read.workspace).limits
        assert "数据不足，未检验：评分偏严（2 个对象达不到最低数据量）。" in limits

    def test_pieces_not_compared_are_counted(self, handed_in):
        handed_in.take_in([({"teacher_id": "T5", "slot": "B8-2"}, "太短。")])
        raise_flags(handed_in.workspace, handed_in.act())
        assert any("自写文字过短" in each for each in look_standing(handed_in.workspace).limits)

    def test_what_came_in_since_is_counted(self, read):
        raise_flags(read.workspace, read.act())
        read.rate(("T2", "B8-1", "R3", "1111 00"))
        look = look_standing(read.workspace)
        assert (look.gate, look.files, look.reads, look.tests) == ("round_closed", 0, 1, 1)

    def test_before_any_look_all_is_new(self, read):
        look = look_standing(read.workspace)
        assert (look.at, look.files, look.reads) == ("", 9, 16)


class TestCases:
    def test_a_flag_about_a_rater_asks_and_stops_nothing(self, read, planted):
        planted(finding())
        raise_flags(read.workspace, read.act())
        (case,) = (c for c in list_holds(read.workspace) if c["code"] == "severe_rater")
        assert (case["submissions"], case["due_on"]) == ([], "2026-09-30")
        assert read.level("T2") == "pass"

    def test_copied_reads_stop_what_both_have_read(self, read, planted):
        read.rate(("T2", "B8-1", "R3", "1111 00"))
        planted(finding("copied_reads", "rater_pair", ("R1", "R3")))
        raise_flags(read.workspace, read.act())
        (case,) = (c for c in list_holds(read.workspace) if c["code"] == "copied_reads")
        assert case["submissions"] == ["T2.B8.1"]
        assert read.level("T2") == "held"

    def test_schools_come_by_the_same_road(self, read, planted):
        planted(finding("above_county", "school", (read.school("城关小学"),)), kind="schools")
        raise_flags(read.workspace, read.act())
        (flag,) = (f for f in list_flags(read.workspace) if f["code"] == "above_county")
        assert (flag["subject"], flag["state"]) == ("school", "asked")
        assert flag["sentence_zh"].startswith("城关小学 经县复评的 20 件中")

    def test_a_case_about_a_school_shows_its_pieces_and_the_record_of_its_kind(self, read, planted):
        school = read.school("城关小学")
        planted(finding("above_county", "school", (school,)), kind="schools")
        raise_flags(read.workspace, read.act())
        (case,) = (c for c in list_holds(read.workspace) if c["code"] == "above_county")
        view = case_view(read.workspace, "K1", case["hold_id"], read.now.date())
        assert {row.school for row in view.behind} == {"城关小学"}
        assert len(view.behind) == 5
        assert (view.reads, view.alarms) == ((), None)

    def test_a_kind_nobody_described_is_left_out(self, read, planted):
        planted(finding("unheard_of"))
        assert "unheard_of" not in {f.code for f in raise_flags(read.workspace, read.act()).flags}


class TestOpeningACase:
    def test_by_hand_of_a_flag_that_opened_none(self, read, planted):
        read.rate(("T1", "B8-1", "R1", "0111 11"), reason="更正")
        planted(finding())
        raise_flags(read.workspace, read.act())
        early = next(f for f in list_flags(read.workspace) if f["tier"] == "early")
        made = open_case(read.workspace, early["flag_id"], read.act("组长甲"))
        case = next(c for c in list_holds(read.workspace) if c["hold_id"] == made[0])
        assert (case["raised_by"], case["submissions"]) == ("组长甲", [])

    def test_is_refused_while_one_is_open(self, read):
        raise_flags(read.workspace, read.act())
        (flag,) = list_flags(read.workspace)
        with pytest.raises(RefusedError, match="open case already") as caught:
            open_case(read.workspace, flag["flag_id"], read.act("组长甲"))
        assert caught.value.key == "hold.flag_has_case"

    def test_needs_a_flag_there_is(self, read):
        with pytest.raises(InputError, match="no flag f0"):
            open_case(read.workspace, "f0", read.act("组长甲"))

    def test_is_the_chairs_or_the_countys(self, read):
        raise_flags(read.workspace, read.act())
        with pytest.raises(RefusedError, match="asks for the role"):
            open_case(read.workspace, list_flags(read.workspace)[0]["flag_id"], read.act("登记甲"))


class TestBeforeCertification:
    @staticmethod
    def asks(walk, school):
        policy = {"hold.look_before_certification": True}
        with walk.workspace.store() as store:
            must_have_looked(store, policy, walk.school(school))

    def test_what_nobody_looked_at_is_not_certified(self, read):
        with pytest.raises(RefusedError, match="5 files and 8 reads") as caught:
            self.asks(read, "城关小学")
        assert caught.value.key == "looks.due"

    def test_a_look_settles_it_until_more_comes_in(self, read):
        raise_flags(read.workspace, read.act())
        self.asks(read, "城关小学")
        read.rate(("T2", "B8-1", "R3", "1111 00"))
        with pytest.raises(RefusedError, match="0 files and 1 reads"):
            self.asks(read, "城关小学")
        self.asks(read, "青山小学")  # nothing of this school is new

    def test_the_look_is_kept_with_what_it_rests_on(self, read):
        raise_flags(read.workspace, read.act())
        with read.workspace.store() as store:
            look = newest_look(store)
        assert (look["gate"], look["told"]["schools"]) == ("round_closed", 2)
