"""The whole journey on the sample county: everything planted is found, and nothing else."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.store import Act
from workbench.services.demo import Outcome, run_demo
from workbench.services.intake import import_package
from workbench.services.ledgers import audit_log, verify
from workbench.services.rating import import_ratings
from workbench.services.results import CONCLUSION, results
from workbench.services.verification import verify_sheet
from workbench.services.workspace import Workspace

COUNTY = Path(__file__).parents[2] / "sample_evidence" / "county"
Found = set[tuple[str, frozenset[str]]]


def planted(samples: Path) -> Found:
    """What the sample says it hides: code, and teachers, raters or items concerned."""
    told = json.loads((samples / "planted.json").read_text(encoding="utf-8"))
    return {
        (plant["code"], frozenset(plant["raters"] or plant["teacher_ids"]))
        for plant in told["plants"]
    }


def found(workspace: Workspace, report_lines: list[tuple[str, str]]) -> Found:
    """What a look at the workspace brings: flags, refused files, and what keeps results waiting."""
    with workspace.store() as store:
        owner = {
            row["piece_id"]: row["submission_id"].split(".")[0] for row in store.where("piece")
        }
        flags = {
            (row["code"], frozenset(owner.get(i, i) for i in json.loads(row["ids"])))
            for row in store.where("flag")
        }
    broken = {teacher for code, teacher in report_lines if code == "broken"}
    waiting = {
        (str(row.reason_none), frozenset([row.teacher_id]))
        for row in results(workspace)
        if row.competency != CONCLUSION
        and str(row.reason_none) in ("missing_evidence", "not_eligible")
        and row.teacher_id not in broken
    }
    return flags | waiting | {("broken", frozenset([teacher])) for teacher in broken}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_demo(
        tmp_path_factory.mktemp("demo") / "workspace", COUNTY, os.urandom, lambda *_: None
    )


def test_the_demonstration_finds_everything_planted_and_nothing_else(outcome):
    lines = [(row["code"], row["teacher_id"]) for row in outcome.refused]
    assert found(outcome.workspace, lines) == planted(COUNTY)


def test_nothing_held_or_without_a_level_reached_the_ledger(outcome):
    rows = results(outcome.workspace)
    certified = outcome.counts["certified"]
    assert certified == sum(row.level is not None for row in rows)
    assert certified > 60


def test_every_ledger_and_every_sheet_verifies(outcome):
    assert all(each.found.ok for each in verify(outcome.workspace))
    keys = (outcome.sheets / "trusted.pub").read_text(encoding="utf-8").split("\n")
    sheets = [
        path for path in outcome.sheets.rglob("*") if path.suffix in (".docx", ".xlsx", ".pdf")
    ]
    assert len(sheets) == outcome.counts["sheets"]
    for path in sheets[::7]:
        report = verify_sheet(path, [key for key in keys if key])
        assert report.ok, (path.name, report.faults)


def test_the_audit_log_is_whole_and_names_who_did_what(outcome):
    lines, faults = audit_log(outcome.workspace)
    assert faults == []
    actions = {line["action"] for line in lines}
    assert {
        "init",
        "intake.import",
        "rating.import",
        "certify.propose",
        "certify.approve",
    } <= actions
    by_action = {line["action"]: line["actor"] for line in lines}
    assert by_action["certify.propose"] != by_action["certify.approve"]


def test_the_same_package_and_the_same_reads_again_change_nothing(outcome):
    lines, _ = audit_log(outcome.workspace)
    act = Act("演示登记员", "", datetime(2026, 11, 30, tzinfo=UTC))
    again = import_package(outcome.workspace, COUNTY / "package", act, os.urandom)
    reads = import_ratings(outcome.workspace, COUNTY / "ratings.csv", act, os.urandom)
    assert again.new_files == 0
    assert reads.new == 0
    assert len(audit_log(outcome.workspace)[0]) == len(lines)
