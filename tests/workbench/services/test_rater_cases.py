"""Cases about raters: heard like teachers, decided by others, and reads recalled by two people."""

import json
from datetime import date, timedelta

import pytest

from models.ratings import mark_frame, standing_reads
from models.recalls import counting_reads
from workbench.errors import InputError, RefusedError
from workbench.services import flag_finding
from workbench.services.analysing import Kind
from workbench.services.asked_of_me import asked_of_me
from workbench.services.case_queue import alarm_rates, case_rows, rater_cases, school_cases
from workbench.services.case_view import case_view
from workbench.services.flags import raise_flags
from workbench.services.holds import assign, list_holds, reply, resolve, show_hold
from workbench.services.recall import recall_reads

RATERS_CASE = "h0003"
FINDING = {
    "code": "severe_rater",
    "subject": "rater",
    "ids": ["R1"],
    "statistic": 4.0,
    "effect": 0.3,
    "p": 0.001,
    "q": 0.004,
    "n": 20,
    "minimum_met": True,
    "flagged": True,
    "detectable": 0.2,
}


@pytest.fixture
def asked(read, monkeypatch):
    """T4's text is T1's (h0001, h0002), and a test found R1 severe (h0003)."""
    made = Kind(lambda workspace, scope, seed: {"findings": [FINDING]})
    monkeypatch.setitem(flag_finding.KINDS, "effects", made)
    raise_flags(read.workspace, read.act())
    return read


def decide(walk, disposition, who, hold_id=RATERS_CASE, found=""):
    return resolve(walk.workspace, hold_id, disposition, "理由", walk.act(who), found)


def hear(walk, hold_id=RATERS_CASE, party="R1"):
    reply(walk.workspace, hold_id, party, "多为外学科材料", "", walk.act())


def recall(walk, rater="R1", since=""):
    with walk.workspace.store() as store, store.transaction(walk.act(), "test") as tx:
        return recall_reads(store, tx, rater, "calibration:1", walk.act(), 5, since)


def today(walk):
    return walk.now.date()


class TestWhoDecides:
    def test_not_the_rater_the_case_is_about(self, asked):
        with asked.workspace.store() as store, store.transaction(asked.act(), "test") as tx:
            roles = json.dumps(["rater", "chair"])
            tx.insert("person_role", [{"person_id": "R1", "roles": roles}])
        with pytest.raises(RefusedError, match="about the same person") as caught:
            decide(asked, "certify", "R1")
        assert caught.value.key == "hold.own_case"

    def test_evidence_alone_can_be_rejected(self, asked):
        with pytest.raises(RefusedError, match="cannot end in reject") as caught:
            decide(asked, "reject", "组长甲")
        assert caught.value.key == "hold.not_open_to"

    def test_one_person_puts_it_on_record(self, asked):
        assert decide(asked, "certify", "组长甲").state == "resolved"
        case = show_hold(asked.workspace, RATERS_CASE)
        assert (case["state"], case["found"]) == ("resolved", "unclear")

    def test_throwing_reads_away_waits_for_the_rater_and_takes_two(self, asked):
        with pytest.raises(RefusedError, match="nobody has replied"):
            decide(asked, "re_rate", "组长甲")
        hear(asked)
        assert decide(asked, "re_rate", "组长甲").state == "proposed"
        assert asked.count("recalled_read") == 0
        assert decide(asked, "re_rate", "复核甲").state == "resolved"
        assert show_hold(asked.workspace, RATERS_CASE)["found"] == "borne_out"


class TestAssigning:
    def test_the_last_one_named_handles_it(self, asked):
        for person in ("C1", "K1"):
            assign(asked.workspace, RATERS_CASE, person, asked.act("组长乙"))
        assert show_hold(asked.workspace, RATERS_CASE)["assignee"] == "K1"
        assert asked.log()[-1] == "hold.assign"

    def test_a_reader_handles_none(self, asked):
        with pytest.raises(RefusedError, match="asks for the role"):
            assign(asked.workspace, RATERS_CASE, "R2", asked.act("组长乙"))

    def test_who_raised_it_handles_it_not(self, read):
        raise_flags(read.workspace, read.act("组长甲"))
        with pytest.raises(RefusedError, match="raised by the same person"):
            assign(read.workspace, "h0001", "C1", read.act("组长乙"))

    def test_somebody_has_to_be_known(self, asked):
        with pytest.raises(InputError, match="nobody this workspace knows"):
            assign(asked.workspace, RATERS_CASE, "X9", asked.act("组长乙"))


class TestRecall:
    def test_takes_the_reads_of_one_rater_out_and_leaves_the_others(self, read):
        made = recall(read)
        assert (made.hold_id, len(made.reads), len(made.pieces)) == ("h0001", 8, 8)
        with read.workspace.store() as store:
            left = {each.rater_id for reads in standing_reads(store).values() for each in reads}
            assert left == {"R2"}
            assert set(mark_frame(store)["rater_id"]) == {"R2"}
        assert read.count("read") == 16

    def test_holds_the_results_until_others_have_read(self, read):
        recall(read)
        assert {read.level(t) for t in ("T1", "T2", "T3", "T4")} == {"awaiting_read"}
        with pytest.raises(RefusedError, match="8 of 8 recalled pieces wait") as caught:
            decide(read, "certify", "组长甲", "h0001")
        assert caught.value.key == "hold.not_reread"
        words = {"T1": ("1111 11", "111 11"), "T2": ("1111 00", "111 11")}
        words |= {"T3": ("1011 11", "111 11"), "T4": ("1111 11", "111 11")}
        read.rate(*((t, f"B8-{n}", "R3", w[n - 1]) for t, w in words.items() for n in (1, 2)))
        assert read.level("T1") == "held"
        assert decide(read, "certify", "组长甲", "h0001").state == "resolved"
        assert (read.level("T1"), read.level("T2")) == ("excellent", "pass")

    def test_the_rater_does_not_read_the_piece_again(self, read):
        recall(read)
        refused = read.rate(("T1", "B8-1", "R1", "0111 11"), reason="更正").refused
        assert [r.code for r in refused[0].remarks] == ["not_fresh"]

    def test_begins_after_the_last_good_check(self, read):
        """The reads came by file on 10 September and bear no time of their own."""
        with read.workspace.store() as store:
            given = max(row["given_at"] for row in counting_reads(store, "R1"))
        assert recall(read, since=given).hold_id == ""
        assert recall(read, since="2026-01-01T00:00:00Z").hold_id == "h0001"

    def test_of_nothing_opens_no_case(self, read):
        assert (recall(read, "R5").hold_id, read.count("hold")) == ("", 0)

    def test_by_a_rule_bars_nobody_from_closing_it(self, read):
        recall(read)
        assert show_hold(read.workspace, "h0001")["raised_by"].startswith("rule:")

    def test_ends_the_case_that_led_to_it(self, asked):
        hear(asked)
        decide(asked, "re_rate", "组长甲")
        made = decide(asked, "re_rate", "复核甲")
        assert len(made.reopened) == 8
        latest = list_holds(asked.workspace)[-1]
        assert (latest["code"], len(latest["submissions"])) == ("recalled_reads", 4)


class TestTheQueue:
    def test_puts_on_top_what_hangs_most_on_it(self, asked):
        rows = case_rows(asked.workspace, "K1", today(asked))
        assert [(r["hold_id"], r["severity"]) for r in rows] == [
            ("h0001", "high"),
            ("h0002", "high"),
            ("h0003", "low"),
        ]
        decide(asked, "certify", "组长甲", "h0001")
        assert [r["hold_id"] for r in case_rows(asked.workspace, "K1", today(asked))] == [
            "h0002",
            "h0003",
            "h0001",
        ]

    def test_counts_days_and_names_who_answers(self, asked):
        later = asked.later(3)
        row = next(
            r for r in case_rows(later.workspace, "K1", today(later)) if r["hold_id"] == RATERS_CASE
        )
        assert (row["days"], row["about"], row["stops"]) == (3, "评审1", 0)

    def test_a_school_sees_its_own(self, asked):
        assert {r["about"] for r in case_rows(asked.workspace, "G1", today(asked))} == {"T1"}

    def test_by_rater_says_what_was_found(self, asked):
        (row,) = rater_cases(asked.workspace, "K1", today(asked))
        assert (row.rater_id, row.codes, row.open_cases) == ("R1", ("severe_rater",), ("h0003",))
        assert "评审员 R1" in row.sentences["zh"][0]
        recall(asked)
        (row,) = rater_cases(asked.workspace, "K1", today(asked))
        assert (row.recalled, row.codes) == (8, ("severe_rater", "recalled_reads"))

    def test_by_school_counts_what_waits(self, asked):
        rows = {row.school: row for row in school_cases(asked.workspace, "K1", today(asked))}
        waits = {name: (r.pieces, r.open_cases, r.high) for name, r in rows.items()}
        assert waits == {"城关小学": (5, 1, 1), "青山小学": (4, 1, 1), "县教研室": (0, 1, 0)}
        assert [r.school for r in school_cases(asked.workspace, "G1", today(asked))] == ["城关小学"]

    def test_false_alarms_come_from_what_was_found(self, asked):
        assert alarm_rates(asked.workspace) == []
        decide(asked, "certify", "组长甲", "h0001")
        assert alarm_rates(asked.workspace) == []  # the other teacher's case of the flag is open
        decide(asked, "certify", "组长甲", "h0002", "borne_out")
        (made,) = alarm_rates(asked.workspace)
        assert (made.code, made.borne_out, made.innocent, made.share) == ("copied_text", 1, 0, None)


class TestTheScreen:
    def test_shows_every_read_a_case_about_a_rater_rests_on(self, asked):
        view = case_view(asked.workspace, "K1", RATERS_CASE, today(asked))
        assert len(view.reads) == 8
        first = next(each for each in view.reads if each.label.endswith("T3 B8-1"))
        assert (first.level, first.met, first.marks, first.others) == ("fail", 5, 6, 5 / 6)
        assert view.parties == (("R1", "评审1"),)
        assert view.dispositions == ("certify", "re_rate")
        assert dict(view.handlers) == {
            "C1": "组长甲",
            "C2": "组长乙",
            "K1": "复核甲",
            "K2": "复核乙",
        }

    def test_of_a_pair_says_what_both_wrote_and_who_came_after_whom(self, read, monkeypatch):
        pair = {**FINDING, "code": "copied_reads", "subject": "rater_pair", "ids": ["R1", "R2"]}
        made = Kind(lambda workspace, scope, seed: {"findings": [pair]})
        monkeypatch.setitem(flag_finding.KINDS, "effects", made)
        raise_flags(read.workspace, read.act())
        (case,) = (c for c in list_holds(read.workspace) if c["code"] == "copied_reads")
        view = case_view(read.workspace, "K1", case["hold_id"], today(read))
        assert {each.rater_id for each in view.reads} == {"R1", "R2"}
        assert all(each.same is not None for each in view.reads)
        by = {(each.piece_id, each.rater_id): each.after for each in view.reads}
        told = {k: v for k, v in by.items() if v is not None}
        other = {"R1": "R2", "R2": "R1"}
        assert all(v == -told[piece, other[rater]] for (piece, rater), v in told.items())

    def test_says_which_recalled_reads_were_made_good(self, read):
        recall(read)
        read.rate(("T1", "B8-1", "R3", "1111 11"))
        view = case_view(read.workspace, "K1", "h0001", today(read))
        assert sorted(each.state for each in view.reads) == ["reread", *["waiting"] * 7]

    def test_says_how_often_flags_of_the_kind_were_wrong(self, asked):
        assert case_view(asked.workspace, "K1", "h0001", today(asked)).alarms is None
        for hold_id in ("h0001", "h0002"):
            decide(asked, "certify", "组长甲", hold_id)
        found = case_view(asked.workspace, "K1", "h0001", today(asked)).alarms
        assert (found.innocent, found.known, found.share) == (1, 1, None)  # ten are asked for

    def test_of_evidence_shows_no_reads(self, asked):
        assert case_view(asked.workspace, "K1", "h0001", today(asked)).reads == ()


class TestWhatTheRaterSees:
    def test_a_rater_is_told_of_the_own_case_by_when_to_answer_and_no_other_rater_is(self, asked):
        (question,) = asked_of_me(asked.workspace, "R1", today(asked))
        assert (question.hold_id, question.code) == (RATERS_CASE, "severe_rater")
        assert "R1" in question.sentence
        assert (question.overdue, question.replied) == (False, False)
        assert asked_of_me(asked.workspace, "R2", today(asked)) == []
        late = date.fromisoformat(question.due_on) + timedelta(days=1)
        assert asked_of_me(asked.workspace, "R1", late)[0].overdue

    def test_an_answer_on_record_is_said_and_a_closed_case_asks_nothing_more(self, asked):
        hear(asked)
        assert asked_of_me(asked.workspace, "R1", today(asked))[0].replied
        decide(asked, "certify", "Z1")
        assert asked_of_me(asked.workspace, "R1", today(asked)) == []

    def test_a_case_about_two_does_not_name_the_one_to_the_other(self, read, monkeypatch):
        pair = {**FINDING, "code": "copied_reads", "subject": "rater_pair", "ids": ["R1", "R2"]}
        made = Kind(lambda workspace, scope, seed: {"findings": [pair]})
        monkeypatch.setitem(flag_finding.KINDS, "effects", made)
        raise_flags(read.workspace, read.act())
        for rater in ("R1", "R2"):
            assert [each.sentence for each in asked_of_me(read.workspace, rater, today(read))] == [
                ""
            ]

    def test_who_is_no_rater_has_no_such_list(self, asked):
        with pytest.raises(RefusedError):
            asked_of_me(asked.workspace, "D1", today(asked))
