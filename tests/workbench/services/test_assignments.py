"""Assignments: planned without a trace, given out once, and filled up as the round goes on."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from models.assignments import all_assignments, open_assignments
from models.store import Act
from workbench.cli import cli
from workbench.services.assignments import allocate_reads, plan_reads
from workbench.services.people import Directory, TeacherRow, piece_id_of
from workbench.services.reopening import reopen
from workbench.services.workspace import Workspace, create

START = datetime(2026, 11, 2, 1, tzinfo=UTC)
CHAIR = Act("ZZ01", "", START)
SLOTS = ("A1-1", "A1-2", "A2-1")


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """Two teachers of one school with three pieces each, four raters of another."""
    made = create(
        tmp_path / "w",
        "national-2.0",
        "2026",
        "松岚县",
        Act("登记员", "", START),
        secrets.token_bytes,
    )
    with made.store() as store, store.transaction(Act("登记员", "", START), "test") as tx:
        directory = Directory(store, tx, secrets.token_bytes)
        for rater in ("PS01", "PS02", "PS03", "PS04"):
            directory.rater(rater, name=rater, school="临溪中学", department="语文教研组")
        directory.rater("ZZ01", name="组长", roles=["chair"])
        for teacher in ("T1", "T2"):
            hours = {
                "hours_online": "50",
                "hours_practice": "50",
                "exempt": str(int(teacher == "T2")),
            }
            directory.teacher(TeacherRow(teacher, f"教师{teacher}", "青禾小学", hours))
            for code in ("A1", "A2"):
                row = {"submission_id": teacher + code, "teacher_id": teacher, "competency": code}
                tx.insert("submission", [{**row, "attempt": 1}])
            for slot in SLOTS:
                row = {"submission_id": teacher + slot[:2], "slot_id": slot}
                tx.insert("piece", [{"piece_id": piece_id_of(teacher, slot, 1), **row}])
    return made


def given(workspace: Workspace) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with workspace.store() as store:
        for row in all_assignments(store):
            found.setdefault(row["piece_id"], set()).add(row["rater_id"])
    return found


def test_a_check_writes_nothing_and_tells_the_plan_that_is_then_given_out(workspace):
    checked = plan_reads(workspace, "7")
    assert given(workspace) == {}
    made = allocate_reads(workspace, "7", CHAIR)
    assert made.plan.readers == checked.plan.readers
    assert given(workspace) == {p: set(r) for p, r in checked.plan.readers.items()}


def test_every_piece_gets_two_readers_with_even_loads_in_one_network(workspace):
    made = allocate_reads(workspace, "7", CHAIR)
    assert all(len(raters) == 2 for raters in given(workspace).values())
    assert len(given(workspace)) == 3
    loads = [row["load"] for row in made.raters()]
    assert max(loads) - min(loads) <= 1
    assert made.sound


def test_pieces_of_a_teacher_who_is_not_assessed_are_left_out_and_counted(workspace):
    made = plan_reads(workspace, "7")
    assert dict(made.left_out) == {"exempt": 3}
    assert set(made.rounds) == {piece_id_of("T1", slot, 1) for slot in SLOTS}


def test_each_rater_reads_in_an_order_of_their_own(workspace):
    allocate_reads(workspace, "7", CHAIR)
    with workspace.store() as store:
        for rater in ("PS01", "PS02", "PS03", "PS04"):
            places = [r["position"] for r in open_assignments(store) if r["rater_id"] == rater]
            assert sorted(places) == list(range(1, len(places) + 1))


def test_a_reopened_piece_goes_to_readers_who_have_not_had_it(workspace):
    allocate_reads(workspace, "7", CHAIR)
    piece = piece_id_of("T1", "A1-1", 1)
    before = given(workspace)[piece]
    with workspace.store() as store, store.transaction(Act("县", "", START), "test") as tx:
        reopen(store, tx, [piece], "county:1")
    allocate_reads(workspace, "8", CHAIR)
    after = given(workspace)[piece]
    assert len(after) == 2
    assert not before & after


def test_a_piece_without_enough_readers_is_named_with_the_reasons(workspace):
    with workspace.store() as store, store.transaction(Act("登记员", "", START), "test") as tx:
        rows = [
            {"piece_id": piece_id_of("T1", "A1-1", 1), "rater_id": rater, "round": "county"}
            for rater in ("PS01", "PS02", "PS03")
        ]
        tx.insert("assignment", [{**row, "reading": 1, "position": 1} for row in rows])
    made = plan_reads(workspace, "7")
    (short,) = made.short
    assert (short.piece_id, short.needed, short.eligible) == (piece_id_of("T1", "A1-1", 1), 2, 1)
    assert dict(short.barred) == {"not_fresh": 3}
    assert not made.sound


def run(workspace: Workspace, *words: str):
    return CliRunner().invoke(cli, ["--workspace", str(workspace.folder), *words])


def test_the_command_checks_with_json_and_gives_out_in_words(workspace):
    checked = run(workspace, "allocate", "--check", "--seed", "7", "--json")
    assert checked.exit_code == 0, checked.output
    told = json.loads(checked.output)
    assert (told["pieces"], told["reads"], told["connected"], told["short"]) == (3, 6, True, [])
    assert {row["rater"] for row in told["raters"]} == {"PS01", "PS02", "PS03", "PS04"}
    made = run(workspace, "--as", "ZZ01", "allocate", "--seed", "7")
    assert made.exit_code == 0, made.output
    assert "已分派：3 件证据，共 6 次评阅" in made.output
    again = run(workspace, "--as", "ZZ01", "allocate", "--seed", "7")
    assert again.exit_code == 2
