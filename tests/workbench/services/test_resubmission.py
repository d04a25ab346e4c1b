"""Handing in again: after the note, in time, failed pieces only, read by people who saw nothing of it."""

from datetime import date

import pytest

from models.assignments import readers_ever
from models.ledger.reading import read_entries
from models.submissions import pieces_with_reads
from workbench.errors import RefusedError
from workbench.services.assignments import allocate_reads
from workbench.services.certificates import write_certificates
from workbench.services.feedback import feedback
from workbench.services.intake import check_package
from workbench.services.publicity import close_publicity, open_publicity, upcoming
from workbench.services.resubmission import give_feedback
from workbench.services.trust import keys_of_file
from workbench.services.verification import verify_sheet
from workbench.services.windows import set_window

TOWN, HILL = "城关小学", "青山小学"
B1, B2 = "B8-1", "B8-2"


def hand_in(walk, teacher, slot, seed, name="again"):
    row = {"teacher_id": teacher, "slot": slot}
    return walk.take_in([(row, walk.essay(f"{teacher} {slot} {seed}"))], name=name)


def codes(report):
    return [line.code for line in report.lines]


def pieces(walk, teacher):
    with walk.workspace.store() as store:
        return {
            (row["attempt"], piece["slot_id"]): piece["piece_id"]
            for row in store.where("submission", teacher_id=teacher)
            for piece in store.where("piece", submission_id=row["submission_id"])
        }


def read_again(walk, teacher, slot, word, raters=("R3", "R4")):
    return walk.rate(*((teacher, slot, rater, word) for rater in raters))


@pytest.fixture
def shown(read):
    """T3's 不合格 is shown; its note was not handed over yet."""
    open_publicity(read.workspace, [], read.on("2026-09-28").act())
    return read


@pytest.fixture
def given(shown):
    """The notes of T3 (不合格, B8-1) and of T5 (待补件, B8-2) were handed over on 28 September."""
    give_feedback(shown.workspace, [], shown.act())
    return shown


class TestTheNote:
    def test_names_the_failed_piece_and_two_weeks(self, shown):
        found = {each.teacher_id: each for each in give_feedback(shown.workspace, [], shown.act())}
        assert (found["T3"].slots, found["T3"].until) == ((B1,), date(2026, 10, 12))
        assert found["T5"].slots == ()  # 待补件 in an open window is filled in the first attempt

    def test_is_handed_over_once(self, given):
        assert give_feedback(given.workspace, [], given.act()) == []

    def test_keeps_the_last_day_that_was_told(self, given):
        later = {n.teacher["teacher_id"]: n for n in feedback(given.workspace, date(2026, 10, 9))}
        assert later["T3"].resubmit_by == date(2026, 10, 12)
        assert later["T3"].given_on == date(2026, 9, 28)

    def test_is_handed_over_by_the_registrar(self, shown):
        with pytest.raises(RefusedError, match="registrar"):
            give_feedback(shown.workspace, [], shown.act("组长甲"))


class TestIntake:
    def test_takes_nothing_anew_before_the_note_was_handed_over(self, shown):
        assert codes(hand_in(shown, "T3", B1, "better")) == ["already_read"]

    def test_takes_the_failed_piece_as_attempt_two_and_keeps_the_first(self, given):
        first = given.piece("T3", B1)
        assert hand_in(given, "T3", B1, "better").new_files == 1
        found = pieces(given, "T3")
        assert set(found) == {(1, B1), (1, B2), (2, B1)}
        assert found[1, B1] == first != found[2, B1]
        with given.workspace.store() as store:
            assert first in pieces_with_reads(store)
        assert given.level("T3") == "awaiting_read"
        assert given.result("T3").attempt == 2

    def test_takes_no_piece_that_passed(self, given):
        assert codes(hand_in(given, "T3", B2, "better")) == ["already_read"]

    def test_takes_the_last_day_and_not_the_one_after(self, given):
        given.on("2026-10-12", 15)  # 23:00 in China
        assert hand_in(given, "T3", B1, "in time").new_files == 1
        given.on("2026-10-12", 16)
        assert codes(hand_in(given, "T3", B1, "late")) == ["resubmission_over"]

    def test_the_pre_check_says_the_same(self, given):
        hand_in(given, "T5", B2, "first")
        folder = max(given.folder.glob("again-*"))
        late = (folder / "manifest.csv").read_text().replace("T5", "T3").replace("教师5", "教师3")
        (folder / "manifest.csv").write_text(late.replace(TOWN, HILL).replace(B2, B1))
        (folder / f"T5-{B2}.txt").rename(folder / f"T3-{B1}.txt")
        check = check_package(given.workspace, folder, on=date(2026, 10, 13))
        assert codes(check) == ["resubmission_over"]
        (line,) = check_package(given.workspace, folder, on=date(2026, 10, 12)).lines
        assert line.verdict != "reject"

    def test_does_not_take_the_old_package_for_a_second_attempt(self, given):
        row = {"teacher_id": "T3", "slot": B1}
        assert given.take_in([(row, given.essay(f"T3 {B1}"))]).new_files == 0
        assert set(pieces(given, "T3")) == {(1, B1), (1, B2)}

    def test_takes_nothing_a_third_time(self, given):
        hand_in(given, "T3", B1, "better")
        read_again(given, "T3", B1, "1011 11")
        open_publicity(given.workspace, [], given.on("2026-10-09").act())
        (note,) = [n for n in feedback(given.workspace, date(2026, 10, 9)) if n.attempt == 2]
        assert (note.resubmit, note.resubmit_by) == ((), None)
        give_feedback(given.workspace, [], given.act())
        assert codes(hand_in(given, "T3", B1, "third")) == ["already_read"]

    def test_is_refused_after_a_re_read_lifted_the_piece(self, given):
        from workbench.services.publicity import answer, object_to

        act = given.act()
        objection = object_to(given.workspace, "T3", "B8", "T3", "请再看", act)
        answer(given.workspace, objection, "re_read", "核对", given.act("组长甲"))
        read_again(given, "T3", B1, "1111 11")
        read_again(given, "T3", B2, "111 11")
        assert given.level("T3") == "excellent"
        assert codes(hand_in(given, "T3", B1, "better")) == ["already_read"]


class TestARejectedPiece:
    @pytest.fixture
    def rejected(self, read):
        """A case about T2 that ended by rejecting what was handed in."""
        with read.workspace.store() as store, store.transaction(read.act(), "hold.open") as tx:
            case = {"hold_id": "h0001", "code": "copied_text", "flag_id": None}
            tx.insert("hold", [{**case, "raised_by": "rule:test", "due_on": "2026-09-30"}])
            tx.insert("hold_submission", [{"hold_id": "h0001", "submission_id": "T2.B8.1"}])
            told = {"hold_id": "h0001", "kind": "resolution", "disposition": "reject"}
            said = {"actor": "复核甲", "party": "", "words": "抄录", "scan": ""}
            tx.insert("hold_event", [{**told, **said}])
        return read.on("2026-09-28")

    def test_waits_for_its_note_and_then_comes_as_attempt_two(self, rejected):
        assert rejected.level("T2") == "missing_evidence"
        assert codes(hand_in(rejected, "T2", B1, "own")) == ["awaits_note"]
        given = {
            n.teacher_id: n.slots for n in give_feedback(rejected.workspace, [], rejected.act())
        }
        assert given["T2"] == (B1, B2)
        assert hand_in(rejected, "T2", B1, "own").new_files == 1
        assert rejected.level("T2") == "missing_evidence"  # the other slot
        assert hand_in(rejected, "T2", B2, "own").new_files == 1
        assert rejected.level("T2") == "awaiting_read"
        assert set(pieces(rejected, "T2")) == {(n, slot) for n in (1, 2) for slot in (B1, B2)}


class TestTheWindow:
    def close(self, walk, school=TOWN):
        for state in ("noticed", "closed"):
            set_window(walk.workspace, school, state, walk.act())

    def test_once_closed_refuses_what_is_new(self, read):
        self.close(read)
        assert codes(hand_in(read, "T5", B2, "late")) == ["window_closed"]
        row = {"teacher_id": "T9", "teacher_name": "新来", "school": TOWN, "slot": B1}
        assert codes(read.take_in([(row, read.essay("x"))])) == ["window_closed"]
        set_window(read.workspace, TOWN, "reopened", read.act())
        assert hand_in(read, "T5", B2, "late").new_files == 1

    def test_is_that_of_one_school(self, handed_in):
        self.close(handed_in, HILL)
        assert hand_in(handed_in, "T5", B2, "in time").new_files == 1

    def test_missing_evidence_fails_only_by_closing_and_may_then_come_as_attempt_two(self, read):
        set_window(read.workspace, TOWN, "noticed", read.act())
        assert read.level("T5") == "missing_evidence"
        set_window(read.workspace, TOWN, "closed", read.act())
        assert read.level("T5") == "fail"
        open_publicity(read.workspace, [], read.on("2026-09-28").act())
        found = {n.teacher_id: n.slots for n in give_feedback(read.workspace, [], read.act())}
        assert found["T5"] == (B2,)
        assert hand_in(read, "T5", B2, "late").new_files == 1
        assert (2, B2) in pieces(read, "T5")


class TestFreshEyes:
    def test_nobody_who_saw_attempt_one_is_given_attempt_two(self, given):
        hand_in(given, "T3", B1, "better")
        anew = pieces(given, "T3")[2, B1]
        with given.workspace.store() as store:
            assert readers_ever(store)[anew] == {"R1", "R2"}
        plan = allocate_reads(given.workspace, "1", given.act("组长甲"))
        assert set(plan.plan.readers[anew]) <= {"R3", "R4", "R5"}

    def test_nor_may_such_a_read_come_by_file(self, given):
        hand_in(given, "T3", B1, "better")
        report = given.rate(("T3", B1, "R1", "1111 11"))
        assert {remark.code for each in report.refused for remark in each.remarks} == {"not_fresh"}
        assert read_again(given, "T3", B1, "1111 11").new == 2


class TestShowing:
    def test_waits_while_another_failed_piece_may_still_come(self, read):
        read.rate(("T2", B1, "R1", "0111 11"), ("T2", B1, "R2", "0111 11"), reason="更正")
        read.rate(("T2", B2, "R1", "011 11"), ("T2", B2, "R2", "011 11"), reason="更正")
        open_publicity(read.workspace, [], read.on("2026-09-28").act())
        give_feedback(read.workspace, [], read.act())
        hand_in(read, "T2", B1, "better")
        read_again(read, "T2", B1, "1111 11")
        assert read.level("T2") == "fail"  # the other piece
        due = upcoming(read.workspace, "G1", date(2026, 10, 12)).by_school
        assert ("T2", "B8") not in {(r.teacher_id, r.competency) for r in due.get("s01", ())}
        due = upcoming(read.workspace, "G1", date(2026, 10, 13)).by_school
        shown = {(r.teacher_id, r.competency) for rows in due.values() for r in rows}
        assert ("T2", "B8") in shown  # failed again: shown again, and may be objected to

    def test_a_second_fail_is_certified_only_after_its_own_publicity(self, given):
        hand_in(given, "T3", B1, "better")
        read_again(given, "T3", B1, "1011 11")
        given.on("2026-10-20")
        close_publicity(given.workspace, [], given.act())
        given.check(TOWN, HILL, words={("T3", B1): "1011 11"})
        (proposal,) = given.propose(HILL)
        assert proposal.refused == {"not_published": 1}


def test_from_fail_by_feedback_and_fresh_raters_to_a_superseding_entry_and_its_sheet(checked):
    """The whole way: certified 不合格, note, attempt 2, fresh reads, publicity, entry, sheet."""
    checked.approve(checked.propose(HILL)[0].proposal_id)
    give_feedback(checked.workspace, [checked.school(HILL)], checked.act())
    hand_in(checked, "T3", B1, "better")
    read_again(checked, "T3", B1, "1111 11")
    assert checked.level("T3") == "excellent"
    checked.publish(HILL)
    checked.approve(checked.propose(HILL)[0].proposal_id)
    path = checked.workspace.ledger_path(checked.school(HILL))
    anew = [entry for entry in read_entries(path) if entry["kind"] == "supersede"]
    (entry,) = [each for each in anew if each["competency"] == "B8"]
    assert (entry["level"], entry["attempt"], entry["reason"]) == ("excellent", 2, "resubmitted")
    found = pieces(checked, "T3")
    assert {read["piece"] for read in entry["reads"]} == {found[2, B1], found[1, B2]}
    with checked.workspace.store() as store:
        assert len(store.where("read", piece_id=found[1, B1])) >= 2  # attempt 1 is kept
    sheets = checked.folder / "sheets"
    issued = write_certificates(checked.workspace, sheets, date(2026, 12, 1), formats=("xlsx",))
    keys = keys_of_file(sheets / "trusted.pub")
    reports = [verify_sheet(sheet, keys) for sheet in issued if sheet.suffix == ".xlsx"]
    assert reports and all(report.ok for report in reports)
