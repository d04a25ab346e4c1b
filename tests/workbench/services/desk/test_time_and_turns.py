"""Active time, pace, parked pieces, leases, what comes next, and reads beyond those given out."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from models.claims import claim_on
from models.desk_store import FILE_NAME, DeskStore
from models.drafts import Task, draft
from models.store import Act
from scoring.effects.habits import SECONDS
from workbench.errors import InputError
from workbench.services import desk
from workbench.services.desk_parked import LONGEST_NOTE, parked_pieces, put_aside
from workbench.services.desk_tasks import DeskTask, my_tasks, next_task
from workbench.services.desk_time import pace_of, report
from workbench.services.effects_rounds import round_of_workspace
from workbench.services.rulings import outcome_of
from workbench.services.supervision import compare


def task(panel, rater: str, piece: str) -> Task:
    return next(t.task for t in my_tasks(panel.workspace, rater) if t.task.piece_id == piece)


def told(panel, rater: str, piece: str, ms: int, seconds: float, **more: object) -> dict:
    own = task(panel, rater, piece)
    sent = {"piece": piece, "round": own.round, "reading": own.reading, "active_ms": ms, **more}
    return report(panel.workspace, rater, sent, panel.at(seconds))


def seconds_of_reads(panel) -> list[int]:
    with panel.workspace.store() as store:
        return [row["active_s"] for row in store.where("read_time")]


def pace(panel, rater: str, seconds: float) -> dict:
    with panel.workspace.desk() as opened:
        return pace_of(opened, panel.workspace.policy, rater, panel.at(seconds))


class TestActiveTime:
    def test_adds_up_over_requests_and_is_kept_with_the_read(self, panel):
        rater, piece = panel.first()
        panel.view(rater, piece)
        told(panel, rater, piece, 30_000, 60)
        panel.save(rater, piece, 90, marks={panel.criteria(piece)[0]: 1}, active_ms=15_400)
        panel.read(rater, piece, 120, active_ms=10_000)
        assert seconds_of_reads(panel) == [55]

    def test_is_never_more_than_has_gone_by(self, panel):
        rater, piece = panel.first()
        panel.view(rater, piece)
        panel.read(rater, piece, 40, active_ms=3_600_000)
        assert seconds_of_reads(panel) == [40]

    def test_is_counted_once_for_a_request_that_is_sent_again(self, panel):
        rater, piece = panel.first()
        request = panel.request(rater, piece, 0, active_ms=20_000)
        for seconds in (30, 31):
            desk.save(panel.workspace, rater, request, panel.at(seconds))
        panel.read(rater, piece, 60)
        assert seconds_of_reads(panel) == [20]

    def test_is_unknown_and_not_nought_where_nobody_measured(self, panel):
        rater, piece = panel.first()
        panel.read(rater, piece, 60)
        assert seconds_of_reads(panel) == []

    def test_is_what_the_tests_of_raters_go_by_where_it_was_measured(self, panel):
        rater, piece = panel.first()
        panel.view(rater, piece)
        panel.read(rater, piece, 900, active_ms=75_000)  # a quarter of an hour, mostly away
        (other,) = {row["rater_id"] for row in panel.given_to(piece)} - {rater}
        panel.view(other, piece, 1000)
        panel.read(other, piece, 1200)
        reads = round_of_workspace(panel.workspace, None).reads
        told = dict(zip(reads["rater_id"], reads[SECONDS], strict=True))
        assert told == {rater: 75, other: 200}

    def test_of_a_piece_that_is_not_open_is_not_taken(self, panel):
        rater, piece = panel.first()
        assert told(panel, rater, piece, 9_000, 5) == {"state": "nothing_open"}
        with pytest.raises(InputError):
            report(panel.workspace, rater, {"piece": piece, "active_ms": "x"}, panel.at(5))


class TestPace:
    def test_is_the_median_of_this_sitting_from_three_pieces_on(self, panel):
        rater, _ = panel.first()
        at = 0
        for ms in (60_000, 200_000, 100_000):
            piece = panel.view(rater, "", at)["piece"]
            panel.read(rater, piece, at + 300, active_ms=ms)
            at += 320
        assert pace(panel, rater, at) == {"read": 3, "median_s": 100}
        assert pace(panel, rater, at + 4 * 3600) == {"read": 0, "median_s": None}

    def test_does_not_count_what_was_taken_back(self, panel):
        rater, piece = panel.first()
        panel.view(rater, piece)
        panel.hand_in(rater, piece, 60, active_ms=50_000)
        assert panel.view(rater, "", 61)["pace"]["read"] == 1
        desk.undo(panel.workspace, rater, piece, panel.at(62))
        assert panel.view(rater, "", 63)["pace"]["read"] == 0


class TestParked:
    def park(self, panel, rater: str, piece: str, note: str = "", seconds: float = 0, **more):
        sent = {"piece": piece, "note": note, **more}
        return put_aside(panel.workspace, rater, sent, panel.at(seconds))

    def test_comes_last_and_is_never_lost(self, panel):
        rater, piece = panel.first()
        answer = self.park(panel, rater, piece, "再看一遍录像")
        assert answer["state"] == "parked"
        seen, place = [], answer["next"]
        while place and place not in seen:
            seen.append(place)
            panel.read(rater, place, 20 * len(seen))
            place = panel.view(rater, "", 20 * len(seen) + 11)["piece"]
        assert seen[-1] == piece
        assert len(seen) == len(my_tasks(panel.workspace, rater))

    def test_shows_its_note_to_its_reader_and_to_nobody_else(self, panel):
        rater, piece = panel.first()
        self.park(panel, rater, piece, "再看一遍录像")
        assert panel.view(rater, piece, 5)["parked"] == "再看一遍录像"
        (other,) = {row["rater_id"] for row in panel.given_to(piece)} - {rater}
        assert panel.view(other, piece, 6)["parked"] is None
        with panel.workspace.store() as store, panel.workspace.desk() as opened:
            found = parked_pieces(store, opened)
        assert [(each.piece_id, each.rater_id) for each in found] == [(piece, rater)]
        assert "录像" not in repr(found)

    def test_keeps_its_marks_and_is_no_longer_parked_once_read_or_taken_up(self, panel):
        rater, piece = panel.first()
        name = panel.criteria(piece)[0]
        panel.save(rater, piece, 1, marks={name: 1})
        self.park(panel, rater, piece, "", 2)
        assert panel.view(rater, piece, 3)["draft"]["marks"] == {name: 1}
        assert self.park(panel, rater, piece, parked=False)["state"] == "taken_up"
        assert panel.view(rater, piece, 4)["parked"] is None
        self.park(panel, rater, piece, "", 5)
        panel.read(rater, piece, 6)
        with panel.workspace.store() as store, panel.workspace.desk() as opened:
            assert parked_pieces(store, opened) == []

    def test_a_note_of_a_page_is_refused(self, panel):
        with pytest.raises(InputError, match="characters at most"):
            self.park(panel, *panel.first(), "长" * (LONGEST_NOTE + 1))


def queue(*turns: str) -> list[DeskTask]:
    """Tasks p0, p1, …: o free, d begun, e somebody else is at it, k parked, x done."""
    state = {"d": "draft", "x": "done"}
    return [
        DeskTask(
            Task(f"p{n}", "r", "blind", 1),
            *("A1", "A1-1"),
            state.get(turn, "open"),
            elsewhere=turn == "e",
            parked=turn == "k",
        )
        for n, turn in enumerate(turns)
    ]


@pytest.mark.parametrize(
    ("turns", "after", "expected"),
    [
        ("ooo", "p0", "p1"),
        ("ooo", "p2", "p0"),  # round to what was left out before
        ("oko", "p0", "p2"),  # what is parked waits
        ("xko", "p2", "p1"),  # until nothing else does
        ("oeo", "p0", "p2"),
        ("xek", "", "p1"),  # somebody else's before one's own parked
        ("odo", "", "p1"),  # begun first
        ("xxo", "p2", ""),
        ("xxx", "", ""),
    ],
)
def test_what_comes_next(turns, after, expected):
    assert next_task(queue(*turns), after) == expected


class TestAhead:
    def test_the_next_piece_comes_whole_and_nothing_is_taken_or_opened_by_it(self, panel):
        rater, piece = panel.first()
        ahead = panel.view(rater, piece)["ahead"]
        own = panel.view(rater, ahead["piece"], 1)
        assert {k: ahead[k] for k in ("piece", "criteria", "round", "parts", "draft", "mode")} == {
            k: own[k] for k in ("piece", "criteria", "round", "parts", "draft", "mode")
        }

    def test_loading_it_beforehand_leaves_no_draft(self, panel):
        rater, piece = panel.first()
        ahead = panel.view(rater, piece)["ahead"]["piece"]
        with DeskStore(panel.workspace.folder / FILE_NAME) as opened:
            assert draft(opened, task(panel, rater, ahead)) is None
            assert claim_on(opened, task(panel, rater, piece), rater, panel.at(1)) is None
        assert panel.rows("read") == []

    def test_it_says_nothing_of_the_author(self, panel):
        rater, piece = panel.first()
        said = str(panel.view(rater, piece)["ahead"])
        assert not any(word in said for word in ("T1", "T2", "梁禾清", "许溯光", "青禾小学"))


@pytest.fixture
def sampled(panel):
    """Every piece read twice and one of them drawn for the county, both of whom may take it."""
    _, piece = panel.first()
    for place, row in enumerate(panel.given_to(piece)):
        panel.read(row["rater_id"], piece, 20 * place)
    act = Act("FH01", "county", panel.at(50))
    with panel.workspace.store() as store, store.transaction(act, "supervision.sample", "k") as tx:
        tx.insert("county_sample", [{"sample_id": "k", "random_seed": "1", "rate": "1"}])
        tx.insert("county_sample_piece", [{"sample_id": "k", "piece_id": piece, "why": ""}])
    return panel, piece


class TestLease:
    def test_is_taken_by_marking_and_not_by_opening(self, sampled):
        panel, piece = sampled
        panel.view("FH01", piece, 60)
        assert panel.view("FH02", piece, 61)["claim"] is None
        name = panel.criteria(piece)[0]
        panel.save("FH01", piece, 62, marks={name: 1}, window="w1")
        seen = panel.view("FH02", piece, 63)["claim"]
        assert (seen["mine"], seen["window"]) == (False, "")
        assert panel.view("FH01", piece, 64)["claim"]["window"] == "w1"

    def test_is_renewed_by_every_act_and_runs_out(self, sampled):
        panel, piece = sampled
        name = panel.criteria(piece)[0]
        minutes = panel.workspace.policy["desk.lease_minutes"]
        nearly = timedelta(minutes=minutes).total_seconds() - 5
        panel.save("FH01", piece, 60, marks={name: 1})
        panel.save("FH01", piece, 60 + nearly, marks={name: 0}, comments={name: "没有写出"})
        assert panel.view("FH02", piece, 60 + 2 * nearly)["claim"] is not None
        assert panel.view("FH02", piece, 60 + 2 * nearly + 20)["claim"] is None

    def test_leads_others_past_the_piece_and_is_given_up_on_leaving(self, sampled):
        panel, piece = sampled
        panel.save("FH01", piece, 60, marks={panel.criteria(piece)[0]: 1})
        (mine,) = my_tasks(panel.workspace, "FH02", panel.at(61))
        assert mine.elsewhere
        sent = {"piece": piece, "round": "county", "reading": 1, "leaving": True}
        report(panel.workspace, "FH01", sent, panel.at(62))
        (mine,) = my_tasks(panel.workspace, "FH02", panel.at(63))
        assert not mine.elsewhere

    def test_of_a_piece_given_out_by_name_concerns_its_reader_alone(self, panel):
        _, piece = panel.first()
        one, two = [row["rater_id"] for row in panel.given_to(piece)]
        panel.save(one, piece, 1, marks={panel.criteria(piece)[0]: 1}, window="w1")
        assert panel.view(two, piece, 2)["claim"] is None
        assert panel.view(one, piece, 3)["claim"]["window"] == "w1"


class TestOneReadMoreThanGivenOut:
    def test_of_two_county_reads_at_once_the_first_counts_and_the_other_is_kept(self, sampled):
        panel, piece = sampled
        unmet = panel.criteria(piece)[0]
        low = {**dict.fromkeys(panel.criteria(piece), 1), unmet: 0}
        panel.hand_in("FH01", piece, 60)
        said = {"marks": low, "comments": {unmet: "没有写出方法"}}
        assert panel.hand_in("FH02", piece, 61, **said)["state"] == "submitted"
        assert panel.settle(90) == 2
        assert len(panel.rows("read", round="county")) == 2
        (row,) = compare(panel.workspace)
        assert row["lowered_share"] == 0
        assert len(panel.rows("extra_read")) == 1

    def test_a_read_that_arrives_after_its_piece_was_given_to_another_decides_nothing(self, panel):
        _, piece = panel.first()
        one, two = [row["rater_id"] for row in panel.given_to(piece)]
        unmet = panel.criteria(piece)[0]
        low = {**dict.fromkeys(panel.criteria(piece), 1), unmet: 0}
        panel.hand_in(one, piece, 0, marks=low, comments={unmet: "没有写出方法"})
        (given,) = [r for r in panel.given_to(piece) if r["rater_id"] == one]
        act = Act("ZZ01", "chair", panel.at(1))
        with panel.workspace.store() as store, store.transaction(act, "test", piece) as tx:
            tx.insert("assignment_end", [{"assignment_id": given["assignment_id"], "why": "left"}])
            row = {"piece_id": piece, "rater_id": "PS09", "round": "blind", "reading": 1}
            fresh = next(r for r in ("PS01", "PS02", "PS03") if r not in (one, two))
            tx.insert("assignment", [{**row, "rater_id": fresh, "position": 99}])
        assert panel.settle(20) == 1
        panel.read(two, piece, 30)
        panel.read(fresh, piece, 50)
        with panel.workspace.store() as store:
            found = outcome_of(store, panel.workspace, piece)
        assert str(found.level) == "excellent"
        assert len(panel.rows("read", piece_id=piece)) == 3

    def test_one_who_left_late_still_counts_where_nobody_took_over(self, panel):
        _, piece = panel.first()
        one, two = [row["rater_id"] for row in panel.given_to(piece)]
        panel.hand_in(one, piece, 0)
        (given,) = [r for r in panel.given_to(piece) if r["rater_id"] == one]
        act = Act("ZZ01", "chair", panel.at(1))
        with panel.workspace.store() as store, store.transaction(act, "test", piece) as tx:
            tx.insert("assignment_end", [{"assignment_id": given["assignment_id"], "why": "left"}])
        assert panel.settle(20) == 1
        panel.read(two, piece, 30)
        assert panel.rows("extra_read") == []


def test_marks_never_turn_up_on_another_piece_or_at_another_desk(panel):
    rater, piece = panel.first()
    name = panel.criteria(piece)[0]
    place = [{"part": 1, "kind": "page", "place": 2}]
    panel.save(rater, piece, 1, marks={name: 0}, comments={name: "没有写出"}, anchors={name: place})
    empty = {"marks": {}, "comments": {}, "anchors": {}}
    for each in my_tasks(panel.workspace, rater):
        if each.task.piece_id != piece:
            seen = panel.view(rater, each.task.piece_id, 5)["draft"]
            assert {key: seen[key] for key in empty} == empty
    (other,) = {row["rater_id"] for row in panel.given_to(piece)} - {rater}
    seen = panel.view(other, piece, 6)["draft"]
    assert {key: seen[key] for key in empty} == empty


def test_the_same_exit_or_mark_sent_under_another_persons_key_is_not_answered_from_it(panel):
    rater, piece = panel.first()
    key = secrets.token_hex(8)
    panel.save(rater, piece, 1, key=key, marks={panel.criteria(piece)[0]: 1})
    (other,) = {row["rater_id"] for row in panel.given_to(piece)} - {rater}
    assert panel.save(other, piece, 2, key=key)["version"] == 1
    assert panel.view(other, piece, 3)["draft"]["marks"] == {}
