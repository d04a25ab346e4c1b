"""The sample through intake and flags: every planted thing is found, and nothing else."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.cases import flags as recorded_flags
from models.store import Act
from sample_evidence.build import build
from workbench.services.flags import raise_flags
from workbench.services.intake import import_package, register_forms
from workbench.services.rating import import_ratings
from workbench.services.roster import import_roster
from workbench.services.workspace import create

REMARKS_OF_EVERY_SAMPLE = {"no_preview", "video_elsewhere", "convert_failed"}


def zeros(count: int) -> bytes:
    zeros.turn += 1
    return zeros.turn.to_bytes(count, "big")


zeros.turn = 0


def act(who: str) -> Act:
    return Act(who, "", datetime(2026, 11, 17, 1, tzinfo=UTC), "")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4, 5])  # the committed county, 1, walks the journeys
def test_every_planted_thing_is_found_and_nothing_else(tmp_path: Path, seed: int):
    sample = tmp_path / "county"
    build(sample, seed)
    told = json.loads((sample / "planted.json").read_text(encoding="utf-8"))
    plants = told["plants"]
    policy = str(sample / "policy.toml")
    workspace = create(tmp_path / "w", policy, told["round"], told["county"], act("登记员"), zeros)
    import_roster(workspace, sample / "roster.xlsx", act("登记员"), zeros)
    register_forms(workspace, sorted((sample / "forms").iterdir()), act("登记员"))

    report = import_package(workspace, sample / "package", act("登记员"), zeros)
    gone = [p["pieces"][0] for p in plants if p["code"] in ("broken", "missing_evidence")]
    assert sorted(map(list, report.missing)) == sorted(gone)
    remarks = {
        (line.row.item, remark.code)
        for line in report.lines
        for remark in line.remarks
        if remark.code not in REMARKS_OF_EVERY_SAMPLE
    }
    expected = {
        (item, plant["code"])
        for plant in plants
        if plant["code"] in ("broken", "unfilled_template", "outside_window")
        for item in plant["items"]
    }
    expected |= {(item, "beyond_min_chars") for item, code in expected if "unfilled" in code}
    assert remarks == expected

    reads = import_ratings(workspace, sample / "ratings.csv", act("组长"), zeros)
    assert (reads.new, len(reads.refused)) == (told["reads"], 0)

    raise_flags(workspace, act("登记员"))
    with workspace.store() as store:
        found = recorded_flags(store)
    assert Counter(flag["code"] for flag in found) == Counter(
        plant["code"]
        for plant in plants
        if plant["code"] not in ("broken", "missing_evidence", "not_eligible")
    )
    pairs = {
        frozenset((flag["exhibit"]["teacher_a"], flag["exhibit"]["teacher_b"]))
        for flag in found
        if flag["subject"] == "pair"
    }
    assert pairs == {frozenset(p["teacher_ids"]) for p in plants if len(p["teacher_ids"]) == 2}
    assert {i for f in found if f["subject"] == "rater" for i in f["ids"]} == {
        rater for plant in plants for rater in plant["raters"]
    }
