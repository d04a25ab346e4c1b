"""Trial reads 试评: all read the same pieces blind, then see them side by side by criterion."""

import pytest

from workbench.errors import RefusedError
from workbench.services import desk
from workbench.services.assignments import allocate_reads
from workbench.services.calibration_trial import (
    begin_trial,
    close_trial,
    open_discussion,
    propose_trial,
    trial_view,
)
from workbench.services.outcomes import piece_outcomes

CHAIR, RATERS = "ZZ01", ("PS01", "PS02", "PS03")


def begun(there):
    pieces = [piece.piece_id for piece in propose_trial(there.workspace)]
    begin_trial(there.workspace, pieces, there.act(CHAIR))
    return pieces


def test_three_pieces_of_different_competencies_are_proposed_and_all_read_them(first_year):
    proposed = propose_trial(first_year.workspace)
    assert len({piece.competency for piece in proposed}) == len(proposed) == 3
    pieces = begun(first_year)
    for rater in RATERS:
        assert sorted(first_year.waiting(rater)) == sorted(pieces)


def test_who_has_to_stand_back_reads_the_others_only(first_year):
    with first_year.workspace.store() as store:
        store_act = first_year.act("登记员")
        with store.transaction(store_act, "test") as tx:
            teacher = store.one("teacher", name="教师1")
            row = {"person_id": "PS09", "name": "教师1", "school_id": teacher["school_id"]}
            row |= {"department": "", "roles": '["rater"]', "relations": "[]", "pseudonym": "r9"}
            tx.insert("person", [row])
    proposed = propose_trial(first_year.workspace)
    assert all("PS09" not in piece.barred for piece in proposed)
    with first_year.workspace.store() as store:
        own = store.where("piece", submission_id="T1.A1")[0]["piece_id"]
    begin_trial(first_year.workspace, [own], first_year.act(CHAIR))
    assert first_year.waiting("PS09") == []
    assert first_year.waiting("PS01") == [own]


def test_other_pieces_wait_until_the_trial_is_closed(first_year):
    pieces = begun(first_year)
    allocate_reads(first_year.workspace, "3", first_year.act(CHAIR))
    rater = RATERS[0]
    assert sorted(first_year.waiting(rater)) == sorted(pieces)
    live = min(first_year.live(rater) - set(pieces))
    with pytest.raises(RefusedError) as refused:
        desk.open_piece(first_year.workspace, rater, live, first_year.now)
    assert refused.value.key == "calibration.gate_trial"
    for each in RATERS:
        for _ in pieces:
            first_year.read(each)
    open_discussion(first_year.workspace, first_year.act(CHAIR))
    assert close_trial(first_year.workspace, first_year.act(CHAIR)) == 9
    assert live in first_year.waiting(rater)


def test_nobody_sees_a_read_before_the_discussion_and_then_all_by_number(first_year):
    pieces = begun(first_year)
    for rater in RATERS:
        for piece in pieces:
            first_year.read(rater, piece, wrong="one" if rater == "PS02" else "")
    assert trial_view(first_year.workspace, "PS01").discussion == ()
    open_discussion(first_year.workspace, first_year.act(CHAIR))
    view = trial_view(first_year.workspace, "PS02")
    assert view.stage == "discussion"
    for shown in view.discussion:
        assert shown["own"].count(True) == 1
        first = shown["criteria"][0]  # the contested one stands first
        assert (first["met"], first["unmet"]) == (2, 1)
        assert first["marks"][shown["own"].index(True)] == 0
    told = str(view.discussion)
    assert not any(rater in told for rater in RATERS)


def test_an_author_on_the_panel_sees_no_marks_on_the_own_piece(first_year):
    act = first_year.act("登记员")
    with first_year.workspace.store() as store, store.transaction(act, "test") as tx:
        school = store.one("teacher", name="教师1")["school_id"]
        row = {"person_id": "PS09", "name": "教师1", "school_id": school, "department": ""}
        tx.insert("person", [row | {"roles": '["rater"]', "relations": "[]", "pseudonym": "r9"}])
        own = store.where("piece", submission_id="T1.A1")[0]["piece_id"]
        other = store.where("piece", submission_id="T2.A2")[0]["piece_id"]
    begin_trial(first_year.workspace, [own, other], first_year.act(CHAIR))
    open_discussion(first_year.workspace, first_year.act(CHAIR, "演示"))
    shown = {
        rater: trial_view(first_year.workspace, rater).discussion for rater in ("PS09", "PS01")
    }
    assert [each["piece_id"] for each in shown["PS09"]] == [other]
    assert [each["piece_id"] for each in shown["PS01"]] == [own, other]


def test_the_reads_count_and_the_majority_decides(first_year):
    pieces = begun(first_year)
    for rater in RATERS:
        for piece in pieces:
            first_year.read(rater, piece, wrong="two" if rater == "PS03" else "")
    workspace = first_year.workspace
    with workspace.store() as store:
        found = piece_outcomes(store, workspace.rubrics, workspace.policy, set(pieces))
    assert {str(each.level) for each in found.values()} == {"excellent"}


def test_discussing_early_needs_a_reason_and_ends_the_reads_not_given(first_year):
    pieces = begun(first_year)
    for piece in pieces:
        first_year.read("PS01", piece)
    with pytest.raises(RefusedError) as refused:
        open_discussion(first_year.workspace, first_year.act(CHAIR))
    assert refused.value.values["waiting"] == 6
    assert open_discussion(first_year.workspace, first_year.act(CHAIR, "两人请假")) == 3
    assert first_year.waiting("PS02") == []


def test_pieces_given_out_are_no_trial_pieces_and_one_trial_runs_at_a_time(first_year):
    pieces = begun(first_year)
    with pytest.raises(RefusedError):
        begin_trial(first_year.workspace, pieces, first_year.act(CHAIR))
    close_trial(first_year.workspace, first_year.act(CHAIR, "改日再评"))
    with pytest.raises(RefusedError) as refused:
        begin_trial(first_year.workspace, pieces, first_year.act(CHAIR))
    assert refused.value.key == "calibration.trial_taken"


def test_without_a_trial_nothing_changes(rounds):
    for mode in ("none", "trial"):
        there = rounds(mode)
        allocate_reads(there.workspace, "3", there.act(CHAIR))
        assert there.waiting("PS01") and set(there.waiting("PS01")) == there.live("PS01")
        assert trial_view(there.workspace, "PS01") is None


def test_raters_begin_no_trial(first_year):
    with pytest.raises(RefusedError):
        begin_trial(first_year.workspace, [], first_year.act("PS01"))
