"""Results as they are drawn from what is recorded."""

import pytest

from models.records import Decider, ReasonNone
from rubrics.levels import Level
from workbench.services.results import CONCLUSION, results
from workbench.services.windows import set_window

TOWN = "城关小学"


def test_the_walk_has_every_level_with_what_decided_it(read):
    assert {t: read.level(t) for t in ("T1", "T2", "T3", "T4")} == {
        "T1": "excellent",
        "T2": "pass",
        "T3": "fail",
        "T4": "excellent",
    }
    assert read.result("T1").decided_by == ()
    assert read.result("T2").decided_by == (Decider("B8-1", "criteria", ("B8-1.E1", "B8-1.E2")),)
    assert read.result("T3").decided_by == (Decider("B8-1", "criteria", ("B8-1.P2",)),)


def test_a_result_has_a_level_or_a_reason(read):
    for row in results(read.workspace):
        assert (row.level is None) == (row.reason_none is not None)


def test_conclusions_follow_from_the_points(read):
    assert read.level("T1", CONCLUSION) == "pass"
    assert read.level("T3", CONCLUSION) == "fail"
    assert read.level("T5", CONCLUSION) == "missing_evidence"


def test_before_reads_results_await_them(handed_in):
    assert handed_in.level("T1") == "awaiting_read"
    assert handed_in.level("T5") == "missing_evidence"
    assert handed_in.result("T5").missing == ("B8-2",)


def test_a_point_chosen_and_not_handed_in_is_missing_evidence(opened):
    assert opened.level("T1") == "missing_evidence"
    assert opened.result("T1").missing == ("B8-1", "B8-2")


def test_missing_evidence_fails_only_after_notice_and_closing(read):
    set_window(read.workspace, TOWN, "noticed", read.act())
    assert read.level("T5") == "missing_evidence"
    set_window(read.workspace, TOWN, "closed", read.act())
    row = read.result("T5")
    assert (row.level, row.decided_by) == (Level.FAIL, (Decider("B8-2", "missing"),))
    set_window(read.workspace, TOWN, "reopened", read.act())
    assert read.level("T5") == "missing_evidence"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [({"exempt": "1"}, "exempt"), ({"deferred": "1"}, "deferred")],
)
def test_who_is_exempt_or_deferred_has_that_reason_and_no_level(read, facts, reason):
    with read.workspace.store() as store, store.transaction(read.act(), "roster.import") as tx:
        tx.insert(
            "teacher_fact",
            [{"teacher_id": "T1", "name": name, "value": value} for name, value in facts.items()],
        )
    assert read.level("T1") == reason
    assert read.level("T1", CONCLUSION) == reason


def test_results_speak_json(read):
    told = read.result("T3").as_json()
    assert told["level"] == "fail"
    assert told["decided_by"] == [{"slot": "B8-1", "cause": "criteria", "criteria": ["B8-1.P2"]}]
    assert read.result("T5").as_json()["reason_none"] == ReasonNone.MISSING_EVIDENCE
