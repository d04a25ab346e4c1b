"""Exits: what follows when somebody leaves a piece, and that it costs nobody a mark."""

from __future__ import annotations

from collections import Counter

import pytest

from models.assignments import assignments_of
from models.ratings import all_reads
from models.store import Act
from workbench.errors import InputError, RefusedError
from workbench.services import desk
from workbench.services.desk_tasks import my_tasks
from workbench.services.exits import CODE, exit_counts, exits, open_exits
from workbench.services.holds import list_holds, resolve
from workbench.services.outcomes import piece_outcomes
from workbench.services.resubmission import Doors
from workbench.services.rulings import outcome_of

WHY = "认出是以前同事的课"


def outcome(panel, piece: str):
    with panel.workspace.store() as store:
        return outcome_of(store, panel.workspace, piece)


def states(panel, rater: str) -> dict[str, str]:
    return {each.task.piece_id: each.state for each in my_tasks(panel.workspace, rater)}


@pytest.mark.parametrize(("why", "words"), [("bored", "太多了"), ("conflict", "  "), ("", "理由")])
def test_leaving_needs_a_known_cause_and_words(panel, why, words):
    rater, piece = panel.first()
    with pytest.raises(InputError, match="reason in words"):
        panel.leave(rater, piece, why, words)


def test_nothing_is_left_that_was_not_given_to_this_person(panel):
    _, piece = panel.first()
    stranger = next(
        r
        for r in ("PS01", "PS02", "PS03")
        if r not in {a["rater_id"] for a in panel.given_to(piece)}
    )
    with pytest.raises(RefusedError, match="not on this person's desk"):
        panel.leave(stranger, piece, "conflict", WHY)


class TestConflict:
    def test_ends_the_assignment_after_ten_seconds_and_finds_a_fresh_reader(self, panel):
        rater, piece = panel.first()
        before = {row["rater_id"] for row in panel.given_to(piece)}
        answer = panel.leave(rater, piece, "conflict", WHY)
        assert (answer["state"], answer["seconds"]) == ("left", 10)
        assert answer["next"] not in ("", piece)
        assert {row["rater_id"] for row in panel.given_to(piece)} == before
        panel.settle(10)
        rows = panel.given_to(piece)
        assert {r["rater_id"]: r["why"] for r in rows}[rater] == "conflict"
        fresh = {r["rater_id"] for r in rows if r["why"] is None}
        assert len(fresh) == 2
        assert fresh - before
        (line,) = panel.rows("audit_log", action="read.conflict")
        assert (line["reason"], line["object"], line["actor"]) == (WHY, piece, rater)

    def test_takes_every_piece_of_that_author_off_the_desk_for_good(self, panel):
        rater, piece = panel.first()
        author = {row["submission_id"]: row["teacher_id"] for row in panel.rows("submission")}
        of = {row["piece_id"]: author[row["submission_id"]] for row in panel.rows("piece")}
        panel.leave(rater, piece, "conflict", WHY)
        panel.settle(10)
        left = [p for p, state in states(panel, rater).items() if state == "open"]
        assert {of[each] for each in left} <= {"T1", "T2"} - {of[piece]}
        others = [each for each, whose in of.items() if whose == of[piece]]
        for each in others:
            readers = {r["rater_id"] for r in panel.given_to(each) if r["why"] is None}
            assert rater not in readers
            assert len(readers) == 2

    def test_can_be_thought_better_of_within_ten_seconds(self, panel):
        rater, piece = panel.first()
        name = panel.criteria(piece)[0]
        panel.save(rater, piece, 1, marks={name: 0}, comments={name: "没有写出方法"})
        panel.leave(rater, piece, "conflict", WHY, 5)
        view = panel.view(rater, "", 6)
        assert (view["undo"]["piece"], view["undo"]["exit"]) == (piece, "conflict")
        assert desk.undo(panel.workspace, rater, piece, panel.at(14))["state"] == "taken_back"
        panel.settle(60)
        again = panel.view(rater, piece, 61)
        assert again["draft"]["marks"] == {name: 0}
        assert again["draft"]["comments"] == {name: "没有写出方法"}
        assert panel.rows("assignment_end") == []
        assert panel.rows("desk_exit") == []

    def test_a_read_handed_in_later_on_what_was_left_does_not_pass(self, panel):
        rater, piece = panel.first()
        panel.leave(rater, piece, "conflict", WHY)
        panel.settle(10)
        with pytest.raises(RefusedError, match="not on this person's desk"):
            panel.hand_in(rater, piece, 20)


class TestCannotJudge:
    def test_is_a_read_that_leaves_open_what_was_not_marked(self, panel):
        rater, piece = panel.first()
        one, *rest = panel.criteria(piece)
        panel.save(rater, piece, 1, marks={one: 1})
        panel.leave(rater, piece, "cannot_judge", "只交了封面，看不出内容", 5)
        assert panel.settle(15) == 1
        with panel.workspace.store() as store:
            (read,) = all_reads(store, piece)
        assert read["marks"] == {one: 1, **dict.fromkeys(rest)}
        assert {read["comments"][name] for name in rest} == {"只交了封面，看不出内容"}
        assert [row["kind"] for row in panel.rows("desk_exit")] == ["cannot_judge"]

    def test_goes_to_a_third_reader_and_costs_the_author_nothing(self, panel):
        _, piece = panel.first()
        one, two = [row["rater_id"] for row in panel.given_to(piece)]
        panel.leave(one, piece, "cannot_judge", "只交了封面，看不出内容", 0)
        panel.settle(10)
        panel.read(two, piece, 20)
        (third,) = [row for row in panel.given_to(piece) if row["round"] == "third"]
        panel.read(third["rater_id"], piece, 40)
        assert str(outcome(panel, piece).level) == "excellent"

    def test_of_the_third_reader_leaves_it_to_the_chair(self, panel):
        _, piece = panel.first()
        one, two = [row["rater_id"] for row in panel.given_to(piece)]
        name = panel.criteria(piece)[0]
        panel.read(one, piece, 0)
        unmet = {**dict.fromkeys(panel.criteria(piece), 1), name: 0}
        panel.read(two, piece, 20, marks=unmet, comments={name: "没有写出方法"})
        (third,) = [row for row in panel.given_to(piece) if row["round"] == "third"]
        panel.leave(third["rater_id"], piece, "cannot_judge", "画面太暗，看不出来", 40)
        panel.settle(50)
        assert outcome(panel, piece).needs == "ruling"

    def test_says_what_lacks_where_a_mark_wants_its_comment_and_changes_nothing(self, panel):
        rater, piece = panel.first()
        name = panel.criteria(piece)[0]
        panel.save(rater, piece, 1, marks={name: 0})
        answer = panel.leave(rater, piece, "cannot_judge", "只交了封面，看不出内容", 5)
        assert answer["missing"] == [{"criterion": name, "what": "comment"}]
        assert panel.view(rater, piece, 6)["draft"]["marks"] == {name: 0}


class TestUnreadable:
    def test_opens_a_case_that_stops_the_result_and_waits_with_other_readers(self, panel):
        rater, piece = panel.first()
        panel.leave(rater, piece, "unreadable", "第二个视频放不出来")
        panel.settle(10)
        (case,) = list_holds(panel.workspace, open_only=True)
        (submission,) = {r["submission_id"] for r in panel.rows("piece", piece_id=piece)}
        assert (case["code"], case["submissions"]) == (CODE, [submission])
        assert case["flag"]["ids"] == [piece]
        assert len([r for r in panel.given_to(piece) if r["why"] is None]) == 1

    def test_said_twice_is_one_case(self, panel):
        _, piece = panel.first()
        for place, row in enumerate(panel.given_to(piece)):
            panel.leave(row["rater_id"], piece, "unreadable", "打不开", 20 * place)
            panel.settle(20 * place + 10)
        assert len(list_holds(panel.workspace)) == 1
        assert len({row["hold_id"] for row in panel.rows("desk_exit")}) == 1

    def test_is_read_anew_once_the_case_has_ended(self, panel):
        rater, piece = panel.first()
        panel.leave(rater, piece, "unreadable", "打不开")
        panel.settle(10)
        with panel.workspace.store() as store:
            assert [each.piece_id for each in open_exits(store)] == [piece]
        (case,) = list_holds(panel.workspace)
        act = Act("ZZ01", "", panel.at(60))
        made = resolve(panel.workspace, case["hold_id"], "re_rate", "已更换文件", act)
        assert made.reopened == (piece,)
        with panel.workspace.store() as store:
            assert open_exits(store) == []
            found = piece_outcomes(store, panel.workspace.rubrics, panel.workspace.policy, {piece})
        assert found[piece].needs == "blind"

    def test_lets_the_registrar_bring_in_a_usable_file_whenever_it_comes(self, panel):
        _, piece = panel.first()
        one, two = [row["rater_id"] for row in panel.given_to(piece)]
        panel.read(one, piece, 0)  # what was read stays as it was, but for this
        (row,) = panel.rows("piece", piece_id=piece)
        (submission,) = panel.rows("submission", submission_id=row["submission_id"])
        key = (submission["teacher_id"], submission["competency"], row["slot_id"])
        (school,) = panel.rows("school", name="青禾小学")
        act = Act("登记员", "", panel.at(15))
        with panel.workspace.store() as store, store.transaction(act, "intake.window") as tx:
            shut = {"school_id": school["school_id"], "state": "closed"}
            tx.insert("submission_window", [shut])

        def may_come() -> tuple[int, str]:
            with panel.workspace.store() as store:
                doors = Doors(store, panel.workspace, None)
                attempt, remark = doors.of(key, "青禾小学")
                return attempt, remark.code if remark else ""

        assert may_come() == (1, "window_closed")
        panel.leave(two, piece, "unreadable", "打不开", 20)
        panel.settle(30)
        assert may_come() == (1, "")
        (case,) = list_holds(panel.workspace)
        panel_act = Act("ZZ01", "", panel.at(60))
        resolve(panel.workspace, case["hold_id"], "re_rate", "已更换文件", panel_act)
        assert may_come() == (1, "window_closed")

    def test_of_a_seed_piece_opens_no_case_and_calls_nobody(self, panel):
        rater, piece = panel.first()
        act = Act("县", "", panel.at(1))
        with panel.workspace.store() as store, store.transaction(act, "test") as tx:
            pack = {"pack_id": "k", "name": "k", "digest": "d", "experts": 2}
            tx.insert("seed_pack", [_row(store, "seed_pack", pack)])
            seed = {"piece_id": piece, "pack_id": "k", "purpose": "hidden"}
            tx.insert("seed_piece", [_row(store, "seed_piece", seed)])
        before = len(panel.rows("assignment"))
        panel.leave(rater, piece, "unreadable", "打不开", 2)
        panel.settle(12)
        assert list_holds(panel.workspace) == []
        assert len(panel.rows("assignment")) == before
        with panel.workspace.store() as store:
            assert open_exits(store) == []


def _row(store, table: str, known: dict) -> dict:
    """A row of a table with the columns it has, those not given as empty text."""
    columns = [row["name"] for row in store.rows(f"PRAGMA table_info({table})")]
    return {name: known.get(name, "") for name in columns if name != "tx"}


def test_the_chair_sees_who_left_what_and_why_and_what_is_still_open(panel):
    rater, piece = panel.first()
    panel.leave(rater, piece, "other", "身体不适")
    panel.settle(10)
    other = next(p for p, state in states(panel, rater).items() if state == "open")
    panel.leave(rater, other, "unreadable", "打不开", 20)
    panel.settle(30)
    newest, oldest = exits(panel.workspace, "ZZ01")
    assert (oldest.piece_id, oldest.kind, oldest.words, oldest.state) == (
        *(piece, "other"),
        *("身体不适", "done"),
    )
    assert (newest.kind, newest.state) == ("unreadable", "open")
    with panel.workspace.store() as store:
        assert exit_counts(store) == {rater: Counter(other=1, unreadable=1)}
    with pytest.raises(RefusedError):
        exits(panel.workspace, rater)


def test_an_exit_for_which_nobody_is_free_stays_open(panel):
    _, piece = panel.first()
    for turn in range(4):  # five raters: after four exits one is left, who has it already
        with panel.workspace.store() as store:
            waiting = [
                r["rater_id"]
                for rater in ("PS01", "PS02", "PS03", "PS04", "PS05")
                for r in assignments_of(store, rater)
                if r["piece_id"] == piece and r["why"] is None
            ]
        panel.leave(waiting[0], piece, "other", "身体不适", 20 * turn)
        panel.settle(20 * turn + 10)
    with panel.workspace.store() as store:
        assert {each.piece_id for each in open_exits(store)} == {piece}
