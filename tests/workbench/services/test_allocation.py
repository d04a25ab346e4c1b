"""The plan with its proof, rules set aside in writing, shares, leaving in mid-round, reads that validate."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from models.allocation import RELAX, extra_readers
from models.assignments import all_assignments, assignments_of, open_assignments
from models.ratings import mark_frame, standing_reads
from models.store import Act
from workbench.cli import cli
from workbench.errors import InputError, RefusedError
from workbench.services import desk
from workbench.services.allocation import proof_seen, prove
from workbench.services.assignments import allocate_reads, plan_reads
from workbench.services.people import Directory, TeacherRow, piece_id_of
from workbench.services.reading_terms import LEFT, OneTerms, drop_reader, set_terms
from workbench.services.workspace import Workspace, create

START = datetime(2026, 11, 2, 1, tzinfo=UTC)
SLOTS = ("A1-1", "A1-2", "A2-1")
POLICY = """
[pack]
id = "test-county"
name_zh = "示例县"
name_en = "Example county"
[rule.review]
exclude_same_subject_group = {{ value = {strict}, unit = "yes-no", source = "test" }}
validation_share = {{ value = {share}, unit = "share", source = "test" }}
"""


def act(who="ZZ01", reason="", seconds=0.0):
    return Act(who, "", START + timedelta(seconds=seconds), reason)


SEEDED = """
[rule.calibration]
mode = { value = "seeds", unit = "choice", source = "test" }
"""


def made(
    folder, *, raters=6, teachers=4, strict=False, share=0.0, department="语文教研组", more=""
):
    """A school whose teachers and raters are of one department, a chair, and a county reviewer."""
    pack = folder / "policy.toml"
    told = POLICY.format(strict=str(strict).lower(), share=share) + more
    pack.write_text(told, encoding="utf-8")
    found = create(folder / "w", str(pack), "2026", "松岚县", act("登记员"), secrets.token_bytes)
    with found.store() as store, store.transaction(act("登记员"), "test") as tx:
        directory = Directory(store, tx, secrets.token_bytes)
        for number in range(raters):
            place = {"school": "青禾小学", "department": department}
            directory.rater(f"PS{number}", name=f"评审{number}", **place)
        directory.rater("ZZ01", name="组长", roles=["chair"])
        directory.rater("FH01", name="复核", roles=["county"])
        for number in range(teachers):
            teacher = f"T{number}"
            facts = {"hours_online": "50", "hours_practice": "50", "department": "语文教研组"}
            directory.teacher(TeacherRow(teacher, f"教师{number}", "青禾小学", facts))
            for code in ("A1", "A2"):
                row = {"submission_id": teacher + code, "teacher_id": teacher, "competency": code}
                tx.insert("submission", [{**row, "attempt": 1}])
            for slot in SLOTS:
                row = {"submission_id": teacher + slot[:2], "slot_id": slot}
                tx.insert("piece", [{"piece_id": piece_id_of(teacher, slot, 1), **row}])
    return found


def readers(workspace: Workspace) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with workspace.store() as store:
        for row in all_assignments(store):
            if row["why"] is None:
                found.setdefault(row["piece_id"], []).append(row["rater_id"])
    return found


def hand_in(workspace, rater, piece, seconds=0.0, unmet=()):
    """Read a piece at the desk with everything met but some; recorded ten seconds later."""
    at = START + timedelta(seconds=seconds)
    view = desk.open_piece(workspace, rater, piece, at)
    names = [each["id"] for each in view["criteria"]]
    sent = {
        "key": f"{rater}-{piece}", "piece": piece, "round": "blind", "reading": 1,
        "version": view["draft"]["version"],
        "marks": {name: int(name not in unmet) for name in names},
        "comments": dict.fromkeys(unmet, "第二页没有写"),
    }  # fmt: skip
    answer = desk.submit(workspace, rater, sent, at)
    assert answer["state"] == "submitted", answer
    return view


def test_the_proof_tells_network_errors_shares_people_and_hours_before_anybody_reads(tmp_path):
    workspace = made(tmp_path)
    proof = prove(workspace, "7")
    assert readers(workspace) == {}
    assert proof.made.sound
    assert {row.load for row in proof.raters} == {4}  # 12 pieces, two reads, six raters
    assert all(0 < row.se < 2 for row in proof.raters)
    outlook = proof.outlook
    assert (outlook.minutes, outlook.minutes_measured) == (8.0, 0)
    assert outlook.work.hours == pytest.approx((24 + 12 * 0.49) * 8 / 60)
    assert (proof.staff.borrow, proof.staff.borrow_for_third) == (0, 0)


def test_the_proof_says_when_fewer_hidden_seeds_are_there_than_policy_asks_for(tmp_path):
    workspace = made(tmp_path, more=SEEDED)
    proof = prove(workspace, "7")
    assert (proof.seeds, proof.seeds_due) == (0, 10)
    assert "暗插用的只有 0 件" in run(workspace, "allocate", "--check", "--seed", "7").output
    errors = [row.se for row in proof.raters]
    with workspace.store() as store, store.transaction(act("登记员"), "test") as tx:
        tx.insert("seed_pack", [{"pack_id": "k", "name": "k", "digest": "0" * 64}])
        tx.insert("submission", [
            {"submission_id": f"s{n}", "teacher_id": f"T{n}", "competency": "A3", "attempt": 1}
            for n in range(4)
        ])  # fmt: skip
        for n in range(4):
            row = {"piece_id": f"s{n}", "submission_id": f"s{n}", "slot_id": "A3-1"}
            tx.insert("piece", [row])
            seed = {"piece_id": f"s{n}", "pack_id": "k", "item": str(n), "purpose": "hidden"}
            tx.insert("seed_piece", [{**seed, "experts": "[]"}])
    proof = prove(workspace, "7")
    assert (proof.seeds, proof.seeds_due) == (4, 10)
    assert all(row.se < before for row, before in zip(proof.raters, errors, strict=True))


def test_minutes_and_third_reads_are_forecast_from_the_round_once_it_has_enough(tmp_path):
    workspace = made(tmp_path, raters=2, teachers=12)
    allocate_reads(workspace, "7", act())
    with workspace.store() as store, store.transaction(act("登记员"), "test") as tx:
        given = [row for row in open_assignments(store) if row["rater_id"] in ("PS0", "PS1")]
        for row in given:
            slot = next(
                s for r in workspace.rubrics for s in r.slots if s.slot_id == row["slot_id"]
            )
            times = {"opened_at": "2026-11-02T01:00:00Z", "submitted_at": "2026-11-02T01:05:00Z"}
            read = {name: row[name] for name in ("piece_id", "rater_id", "round", "reading")}
            number = tx.insert("read", [{**read, **times, "comment": "", "replaces": None}])[0]
            met = int(row["rater_id"] == "PS0")  # they never agree: every piece takes a third
            tx.insert_marks(number, [(c.criterion_id, met, "") for c in slot.criteria])
    outlook = prove(workspace, "8").outlook
    assert (outlook.minutes, outlook.minutes_measured) == (5.0, 72)
    assert outlook.third_share == 1.0
    assert outlook.third_measured >= 30


def test_an_infeasible_plan_names_its_ways_out_and_the_people_lacking(tmp_path):
    proof = prove(made(tmp_path, strict=True), "7")
    assert not proof.made.sound
    assert len(proof.made.short) == 12
    assert dict(proof.made.short[0].barred) == {"own_group": 6}
    assert {way.rule: (way.short_left, way.reads) for way in proof.ways_out} == {
        "own_group": (0, 24),
        "county": (12, 12),  # one reviewer gives each piece one of its two reads
    }
    assert (proof.staff.borrow, proof.staff.borrow_for_third) == (2, 3)


def test_a_rule_is_set_aside_only_with_a_reason_and_the_log_keeps_both(tmp_path):
    workspace = made(tmp_path, strict=True)
    with pytest.raises(RefusedError, match="reason"):
        allocate_reads(workspace, "7", act(), ["own_group"])
    assert readers(workspace) == {}
    given = allocate_reads(workspace, "7", act(reason="本校只有一个语文组"), ["own_group"])
    assert given.sound
    assert len(given.set_aside) == 24
    with workspace.store() as store:
        (line,) = store.where("audit_log", action=RELAX)
        assert len(store.where("assignment", tx=line["seq"])) == 24
    assert line["object"] == "seed:7;own_group"
    assert line["reason"] == "本校只有一个语文组"


def test_what_was_given_out_with_a_rule_set_aside_can_be_read_and_nothing_else(tmp_path):
    workspace = made(tmp_path, strict=True)
    allocate_reads(workspace, "7", act(reason="本校只有一个语文组"), ["own_group"])
    piece, names = next(iter(readers(workspace).items()))
    hand_in(workspace, names[0], piece)
    assert desk.settle(workspace, START + timedelta(seconds=11)) == 1
    other = next(f"PS{n}" for n in range(6) if f"PS{n}" not in names)
    with pytest.raises(RefusedError):
        desk.open_piece(workspace, other, piece, START)


def test_county_reviewers_read_where_the_chair_asks_for_it(tmp_path):
    workspace = made(tmp_path, strict=True)
    allocate_reads(workspace, "7", act(reason="请县里评阅"), ["county"])
    given = readers(workspace)
    assert set(map(tuple, given.values())) == {("FH01",)}
    piece = next(iter(given))
    hand_in(workspace, "FH01", piece)
    assert desk.settle(workspace, START + timedelta(seconds=11)) == 1


def test_a_share_and_a_limit_are_kept_and_who_takes_nothing_on_gets_nothing(tmp_path):
    workspace = made(tmp_path)
    set_terms(workspace, [OneTerms("PS0", 0), OneTerms("PS1", 50), OneTerms("PS2", 100, 3)], act())
    given = allocate_reads(workspace, "7", act())
    loads = given.plan.loads
    assert given.plan.whole
    assert (loads["PS0"], loads["PS2"]) == (0, 3)
    assert loads["PS1"] < min(loads[f"PS{n}"] for n in (3, 4, 5))


@pytest.mark.parametrize(
    "terms", [OneTerms("PS9", 50), OneTerms("PS0", 201), OneTerms("PS0", 9, -1)]
)
def test_terms_of_nobody_or_out_of_range_are_refused(tmp_path, terms):
    with pytest.raises(InputError, match=terms.person_id):
        set_terms(made(tmp_path), [terms], act())


def test_only_a_chair_or_the_county_changes_shares_and_sees_the_plan(tmp_path):
    workspace = made(tmp_path)
    with pytest.raises(RefusedError):
        set_terms(workspace, [OneTerms("PS0", 50)], act("PS1"))
    with pytest.raises(RefusedError):
        proof_seen(workspace, "PS1", "7")
    assert proof_seen(workspace, "FH01", "7").made.sound


def test_who_leaves_in_mid_round_hands_on_unread_work_only(tmp_path):
    workspace = made(tmp_path)
    allocate_reads(workspace, "7", act())
    before = readers(workspace)
    mine = [piece for piece, names in before.items() if "PS0" in names]
    hand_in(workspace, "PS0", mine[0])
    desk.settle(workspace, START + timedelta(seconds=11))
    hand_in(workspace, "PS0", mine[1], 20)  # can still be taken back when PS0 leaves
    with pytest.raises(RefusedError, match="reason"):
        drop_reader(workspace, "PS0", "8", act())
    made_of = drop_reader(workspace, "PS0", "8", act(reason="请病假", seconds=22))
    assert sorted(made_of.released) == sorted(mine[2:])
    assert sorted(made_of.again) == sorted(mine[2:])
    assert (made_of.kept, made_of.short) == ((mine[1],), ())
    desk.settle(workspace, START + timedelta(seconds=40))
    after = readers(workspace)
    assert all(len(names) == 2 for names in after.values())
    assert sorted(piece for piece, names in after.items() if "PS0" in names) == sorted(mine[:2])
    others = [piece for piece in before if piece not in mine]
    assert {piece: after[piece] for piece in others} == {piece: before[piece] for piece in others}
    with workspace.store() as store:
        ended = [r["why"] for r in assignments_of(store, "PS0") if r["why"]]
        assert ended == [LEFT] * len(mine[2:])
        assert {len(reads) for reads in standing_reads(store).values()} == {1}
    assert "PS0" not in plan_reads(workspace, "9").plan.orders


def test_pieces_of_who_left_that_nobody_else_may_read_are_named(tmp_path):
    workspace = made(tmp_path, raters=2, teachers=1)
    allocate_reads(workspace, "7", act())
    gone = drop_reader(workspace, "PS0", "8", act(reason="调离"))
    assert len(gone.released) == 3
    assert gone.again == ()
    assert sorted(gone.short) == sorted(gone.released)
    proof = prove(workspace, "9")
    assert (len(proof.made.short), proof.staff.now, proof.staff.borrow) == (3, 1, 1)


def test_opening_a_piece_consumes_nothing(tmp_path):
    workspace = made(tmp_path)
    allocate_reads(workspace, "7", act())
    piece, names = next(iter(readers(workspace).items()))
    before = readers(workspace)
    for rater in names:
        desk.open_piece(workspace, rater, piece, START)
    assert readers(workspace) == before
    with workspace.store() as store:
        assert len([r for r in open_assignments(store) if r["piece_id"] == piece]) == 2


def test_a_read_beyond_those_planned_handed_in_at_once_is_kept_as_one_more(tmp_path):
    workspace = made(tmp_path)
    allocate_reads(workspace, "7", act())
    piece, names = next(iter(readers(workspace).items()))
    more = next(f"PS{n}" for n in range(6) if f"PS{n}" not in names)
    with workspace.store() as store, store.transaction(act("登记员"), "test") as tx:
        row = {"piece_id": piece, "rater_id": more, "round": "blind", "reading": 1, "position": 99}
        tx.insert("assignment", [row])
    for rater in (*names, more):
        hand_in(workspace, rater, piece)
    assert desk.settle(workspace, START + timedelta(seconds=11)) == 3
    with workspace.store() as store:
        assert {read.rater_id for read in standing_reads(store)[piece]} == {*names, more}


def validated(tmp_path):
    """A quarter of twelve pieces gets two reads more."""
    workspace = made(tmp_path, raters=8, share=0.25)
    allocate_reads(workspace, "7", act())
    with workspace.store() as store:
        return workspace, extra_readers(store)


def test_a_share_of_pieces_drawn_at_random_gets_two_reads_more(tmp_path):
    workspace, extra = validated(tmp_path)
    given = readers(workspace)
    assert len(extra) == 3
    assert {
        piece: len(names) for piece, names in given.items() if len(names) != 2
    } == dict.fromkeys(extra, 4)
    assert all(len(names) == 2 for names in extra.values())
    assert plan_reads(workspace, "8").rounds == {}  # nothing is lacking, none are drawn anew


def test_reads_that_only_validate_decide_nothing_and_their_readers_cannot_tell(tmp_path):
    workspace, extra = validated(tmp_path)
    piece, only = sorted(extra.items())[0]
    names = readers(workspace)[piece]
    plain = {}
    for rater in names:
        unmet = () if rater not in only else tuple(plain["unmet"])
        view = hand_in(workspace, rater, piece, unmet=unmet) if rater not in only else None
        if view is not None:
            plain = {"view": view, "unmet": [view["criteria"][0]["id"]]}
    for rater in only:
        view = hand_in(workspace, rater, piece, unmet=tuple(plain["unmet"]))
        assert view["mode"] == "reader"
        assert view.keys() == plain["view"].keys()
        assert "extra" not in json.dumps(view, ensure_ascii=False)
    assert desk.settle(workspace, START + timedelta(seconds=11)) == 4
    with workspace.store() as store:
        deciding = standing_reads(store)[piece]
        assert {read.rater_id for read in deciding} == set(names) - only
        assert set(mark_frame(store)["rater_id"]) == set(names) - only
    assert plan_reads(workspace, "8").rounds.get(piece) is None  # settled: no third read


def test_small_panels_get_no_extra_reads_they_could_not_give(tmp_path):
    workspace = made(tmp_path, raters=4, share=1.0)
    assert plan_reads(workspace, "7").extra == frozenset()


def run(workspace, *words):
    return CliRunner().invoke(cli, ["--workspace", str(workspace.folder), *words])


def test_the_command_sets_shares_drops_a_reader_and_names_ways_out(tmp_path):
    workspace = made(tmp_path, strict=True)
    checked = run(workspace, "allocate", "--check", "--seed", "7")
    assert checked.exit_code == 1
    assert "--relax own_group" in checked.output
    assert "借调 2 位" in checked.output
    words = ("--as", "ZZ01", "allocate", "--seed", "7", "--relax", "own_group")
    assert run(workspace, *words).exit_code == 2  # no reason
    done = run(workspace, *words, "--reason", "只有一个语文组", "--share", "PS1=50", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert len(told["set_aside"]) == 24
    assert {row["rater"]: row["share"] for row in told["raters"]}["PS1"] == 0.5
    assert {"conflicts", "schools", "staffing", "forecast", "ways_out", "links"} <= told.keys()
    wrong = run(workspace, "--as", "ZZ01", "allocate", "--seed", "7", "--share", "PS1:50")
    assert wrong.exit_code == 2
    assert "PS01=50" in wrong.output
    kept = run(workspace, "allocate", "--check", "--seed", "7", "--drop", "PS1")
    assert kept.exit_code == 2
