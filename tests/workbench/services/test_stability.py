"""Stability of a round that was read: flip risks, their reasons, and the queue."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.synthetic_county import build
from models.store import Act
from workbench.cli import cli
from workbench.errors import RefusedError
from workbench.services.analyses import last_analysis
from workbench.services.analysing import analyse_kinds
from workbench.services.results import CONCLUSION, results
from workbench.services.stability import (
    CHANGED,
    NO_LEVEL,
    NOT_COMPUTED,
    reading_queue,
    reason_words,
    stability_analysis,
    with_flip_risk,
)
from workbench.services.stability_round import read_round
from workbench.services.workspace import Workspace

pytestmark = pytest.mark.slow  # each fits a whole round

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """Two schools, five readers, some hundred and thirty reads; nothing in it is written to."""
    return build(tmp_path_factory.mktemp("stability") / "w", pieces=72, readers=5, schools=2)


@pytest.fixture(scope="module")
def analysis(county):
    return stability_analysis(county)


@pytest.fixture
def own_county(county, tmp_path):
    return Workspace(Path(shutil.copytree(county.folder, tmp_path / "w")))


def leveled(rows):
    return {(r.teacher_id, r.competency): r for r in rows if (r.level or r.provisional) is not None}


def test_every_result_that_reading_decided_has_a_risk_and_an_interval_around_it(county, analysis):
    expected = leveled(results(county))
    assert {(row["teacher_id"], row["competency"]) for row in analysis["results"]} == set(expected)
    for row in analysis["results"]:
        assert row["level"] == str(
            (made := expected[row["teacher_id"], row["competency"]]).level or made.provisional
        )
        assert 0 <= row["lo"] <= row["flip_risk"] <= row["hi"] <= 1
        assert row["unsure"] <= row["flip_risk"] + 1e-9 or row["modal"] != row["level"]


def test_replication_is_one_less_the_mean_risk_of_competencies(analysis):
    risks = [row["flip_risk"] for row in analysis["results"] if row["competency"] != CONCLUSION]
    told = analysis["replication"]
    assert told["share"] == pytest.approx(1 - sum(risks) / len(risks), abs=1e-3)
    assert told["results"] == len(risks)
    assert told["lo"] <= told["share"] <= told["hi"]


def test_the_queue_lists_pieces_of_results_best_first(county, analysis):
    queue = reading_queue(analysis)
    falls = [read["fall"] for read in queue]
    assert falls == sorted(falls, reverse=True)
    assert falls[0] > 0
    pieces = {
        p for slots in read_round(county, 50, 1).standing.pieces.values() for p in slots.values()
    }
    assert {read["piece_id"] for read in queue} <= pieces
    assert reading_queue(analysis, 3) == queue[:3]


def test_a_school_is_told_of_its_own_results_only(county, analysis):
    school = analysis["results"][0]["school_id"]
    own = stability_analysis(county, school)["results"]
    assert {row["school_id"] for row in own} == {school}
    assert own == [row for row in analysis["results"] if row["school_id"] == school]


def test_results_carry_their_risk_or_the_reason_they_have_none(county, analysis):
    told = {(row["teacher_id"], row["competency"]): row for row in analysis["results"]}
    for row in with_flip_risk(county, results(county)):
        found = told.get((row.teacher_id, row.competency))
        if found is None:
            assert (row.flip_risk, row.flip_risk_reason) == (None, NO_LEVEL)
        else:
            assert row.flip_risk == found["flip_risk"]
            assert row.flip_risk_interval == (found["lo"], found["hi"])
            assert row.as_json()["flip_risk_interval"] == [found["lo"], found["hi"]]


def test_too_few_reads_are_said_and_no_number_given(read):
    with pytest.raises(RefusedError, match="at least 30"):
        stability_analysis(read.workspace)
    rows = {
        (r.teacher_id, r.competency): r
        for r in with_flip_risk(read.workspace, results(read.workspace))
    }
    row = rows["T1", "B8"]
    assert row.flip_risk is None
    assert "数据不足" in row.flip_risk_reason
    assert reason_words(row.flip_risk_reason) == row.flip_risk_reason


def test_what_was_stored_is_shown_and_a_level_that_changed_since_says_so(own_county):
    act = Act("Z1", "chair", AT)
    assert analyse_kinds(own_county, ["stability"], act) == {"stability": ""}
    stored = last_analysis(own_county, "stability").payload
    rows = results(own_county)
    shown = with_flip_risk(own_county, rows)
    assert {r.flip_risk for r in shown if r.flip_risk is not None} == {
        row["flip_risk"] for row in stored["results"]
    }
    changed = next(r for r in rows if str(r.level) == "pass" and r.competency != CONCLUSION)
    other = type(changed.level)("fail")
    again = with_flip_risk(own_county, [type(changed)(**{**vars(changed), "level": other})])
    assert (again[0].flip_risk, again[0].flip_risk_reason) == (None, CHANGED)


def test_many_reads_are_left_to_the_job(county, monkeypatch):
    monkeypatch.setattr("workbench.services.stability.AT_ONCE", 10)
    rows = with_flip_risk(county, results(county))
    reasons = {row.flip_risk_reason for row in rows}
    assert reasons == {NOT_COMPUTED, NO_LEVEL}
    assert "analyse stability" in reason_words(NOT_COMPUTED)


def test_the_command_prints_risks_as_json(county):
    found = CliRunner().invoke(
        cli, ["--workspace", str(county.folder), "results", "--json"], env={**os.environ}
    )
    assert found.exit_code == 0, found.output
    rows = json.loads(found.stdout)
    assert any(isinstance(row["flip_risk"], float) for row in rows)
    assert all((row["flip_risk"] is None) == bool(row["flip_risk_reason"]) for row in rows)
