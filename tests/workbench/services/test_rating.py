"""Reads taken in: whole, once, by somebody who may, in the order the rule asks for."""

import csv

import pytest

from models.ratings import all_reads
from workbench.errors import InputError
from workbench.services.rating import export_ratings

B1, B2 = "B8-1", "B8-2"


def codes(report):
    return [remark.code for refused in report.refused for remark in refused.remarks]


def reads_of(walk, teacher, slot):
    with walk.workspace.store() as store:
        return all_reads(store, walk.piece(teacher, slot))


class TestOneRead:
    def test_the_same_file_again_writes_nothing(self, read):
        before = read.log()
        report = read.rate(("T1", B1, "R1", "1111 11"), ("T1", B1, "R2", "1111 11"))
        assert (report.new, report.unchanged) == (0, 2)
        assert read.log() == before

    def test_other_marks_need_a_reason_and_the_earlier_ones_stay_on_record(self, read):
        other = ("T1", B1, "R1", "0111 11")
        assert codes(read.rate(other)) == ["marks_differ"]
        assert read.level("T1") == "excellent"
        assert read.rate(other, reason="看错了一页").new == 1
        assert [r["replaced"] for r in reads_of(read, "T1", B1)] == [True, False, False]
        assert read.level("T1") == "awaiting_read"  # contested now

    def test_a_read_lacks_no_criterion(self, handed_in):
        report = handed_in.rate(("T1", B1, "R1", "1111 1."))
        assert report.new == 0
        assert "ratings.missing_criteria" in codes(report)

    def test_a_faulty_read_is_refused_and_the_rest_goes_in(self, handed_in):
        report = handed_in.rate(("T1", B1, "R1", "1111 1."), ("T1", B1, "R2", "1111 11"))
        assert (report.new, len(report.refused)) == (1, 1)

    def test_a_piece_nobody_handed_in_cannot_be_read(self, handed_in):
        assert codes(handed_in.rate(("T5", B2, "R1", "111 11"))) == ["no_such_piece"]

    def test_a_read_of_what_nobody_can_read_is_named(self, handed_in):
        path = handed_in.folder / "ratings.csv"
        path.write_bytes(b"PK\x03\x04 not a sheet")
        with pytest.raises(InputError, match=r"ratings\.csv cannot be read"):
            from workbench.services.rating import import_ratings

            import_ratings(handed_in.workspace, path, handed_in.act(), handed_in.fresh)


class TestConflicts:
    def test_nobody_reads_their_own_work(self, handed_in):
        assert codes(handed_in.rate(("T1", B1, "T1", "1111 11"))) == ["own_work"]

    def test_the_county_reads_with_fresh_eyes(self, read):
        assert codes(read.rate(("T1", B1, "R1", "1111 11", "county"))) == ["not_fresh"]
        assert read.rate(("T1", B1, "K1", "1111 11", "county")).new == 1

    def test_a_third_reader_has_not_read_the_piece_before(self, read):
        read.rate(("T2", B1, "R1", "1111 11"), reason="更正")
        assert codes(read.rate(("T2", B1, "R2", "1111 11", "third"))) == ["not_fresh"]
        assert read.rate(("T2", B1, "R3", "1111 11", "third")).new == 1


class TestThirdReads:
    def test_come_after_the_blind_ones(self, handed_in):
        handed_in.rate(("T1", B1, "R1", "1111 11"))
        assert codes(handed_in.rate(("T1", B1, "R3", "1111 11", "third"))) == ["third_too_early"]
        both = handed_in.rate(("T1", B1, "R3", "1111 11", "third"), ("T1", B1, "R2", "1111 11"))
        assert both.new == 2  # one file may bring both, in any order

    def test_decide_by_majority(self, handed_in):
        handed_in.rate(
            ("T1", B2, "R1", "111 11"),
            ("T1", B2, "R2", "111 11"),
            ("T1", B1, "R1", "0111 11"),
            ("T1", B1, "R2", "1111 11"),
        )
        assert handed_in.level("T1") == "awaiting_read"
        handed_in.rate(("T1", B1, "R3", "0111 11", "third"))
        assert handed_in.level("T1") == "fail"
        assert handed_in.result("T1").decided_by[0].criteria == ("B8-1.P1",)


class TestRulings:
    @pytest.fixture
    def waiting(self, read):
        """T1's first piece: two reads fail it on different criteria, the third on none."""
        read.rate(
            ("T1", B1, "R1", "0111 11"),
            ("T1", B1, "R2", "1011 11"),
            ("T1", B1, "R3", "1111 11", "third"),
            reason="按要求更正",
        )
        assert read.level("T1") == "awaiting_ruling"
        return read

    def test_need_a_piece_that_waits_for_one(self, read):
        report = read.rate(("T1", B1, "C1", "0... ..", "chair", "不达到"))
        assert codes(report) == ["no_ruling_due"]

    def test_need_a_reason(self, waiting):
        report = waiting.rate(("T1", B1, "C1", "00.. ..", "chair"))
        assert codes(report) == ["ruling_without_reason"]

    def test_decide_what_is_open(self, waiting):
        assert waiting.rate(("T1", B1, "C1", "10.. ..", "chair", "缺少对象")).new == 1
        row = waiting.result("T1")
        assert (str(row.level), row.decided_by[0].criteria) == ("fail", ("B8-1.P2",))

    def test_overrule_nothing_two_reads_share(self, waiting):
        """All three found P3 met: it is not for the chair to find it unmet."""
        report = waiting.rate(("T1", B1, "C1", "110. ..", "chair", "理由"))
        assert codes(report) == ["no_ruling_due"]
        assert waiting.rate(("T1", B1, "C1", "111. ..", "chair", "理由")).new == 1

    def test_may_come_in_two_parts(self, waiting):
        waiting.rate(("T1", B1, "C1", "1... ..", "chair", "写明了目的"))
        assert waiting.level("T1") == "awaiting_ruling"
        waiting.rate(("T1", B1, "C1", ".1.. ..", "chair", "对象也清楚"))
        assert waiting.level("T1") == "excellent"

    def test_are_corrected_only_with_a_reason(self, waiting):
        waiting.rate(("T1", B1, "C1", "11.. ..", "chair", "都写到了"))
        assert waiting.level("T1") == "excellent"
        corrected = ("T1", B1, "C1", "10.. ..", "chair", "对象写的是别的班")
        assert codes(waiting.rate(corrected)) == ["marks_differ"]
        assert waiting.rate(corrected, reason="重看材料后更正").new == 1
        assert waiting.level("T1") == "fail"

    def test_of_one_chair_are_not_for_another_to_undo(self, waiting):
        waiting.rate(("T1", B1, "C1", "11.. ..", "chair", "都写到了"))
        assert codes(waiting.rate(("T1", B1, "C2", "00.. ..", "chair", "不同意"))) == [
            "no_ruling_due"
        ]

    def test_may_stand_in_the_file_that_brings_the_reads(self, handed_in):
        handed_in.rate(("T1", B2, "R1", "111 11"), ("T1", B2, "R2", "111 11"))
        report = handed_in.rate(
            ("T1", B1, "C1", "11.. ..", "chair", "都写到了"),
            ("T1", B1, "R3", "1111 11", "third"),
            ("T1", B1, "R2", "1011 11"),
            ("T1", B1, "R1", "0111 11"),
        )
        assert report.new == 4
        assert handed_in.level("T1") == "excellent"


def test_a_reader_no_roster_names_has_the_role_of_what_they_read(handed_in):
    handed_in.rate(("T1", B1, "X1", "1111 11"), ("T2", B1, "X2", "1111 11", "county"))
    with handed_in.workspace.store() as store:
        assert store.one("person", person_id="X1")["roles"] == '["rater"]'
        assert store.one("person", person_id="X2")["roles"] == '["county"]'


def test_what_is_written_out_reads_back_unchanged(read):
    path = read.folder / "out.csv"
    read.rate(("T2", B1, "R1", "1111 01"), reason="更正")
    count = export_ratings(read.workspace, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count == 8 * 2 * 5.5  # 8 pieces, 2 reads, 6 or 5 criteria
    assert not {"T1", "教师1"} & set(path.read_text(encoding="utf-8-sig").split(","))
    from workbench.services.rating import import_ratings

    again = import_ratings(read.workspace, path, read.act(), read.fresh)
    assert (again.new, again.unchanged, again.refused) == (0, 16, ())
