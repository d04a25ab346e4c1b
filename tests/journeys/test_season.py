"""A season of a sixty-teacher school: everything decided, explained, certified, and nearer the truth."""

from __future__ import annotations

import itertools
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from models.ledger.verifying import read_entries
from models.ratings import all_reads, standing_reads
from models.records import Read, Round
from models.resubmissions import readers_of_case, readers_of_cases
from rubrics.levels import Level
from rubrics.loading import load_set_folder, shipped_set_folder
from scoring.consensus import ConsensusRule, piece_consensus, read_level
from tests.journeys import season as walk
from tests.journeys import season_acts as acts
from tests.journeys.invented_school import Owner, Reader, School, invented_school
from tests.journeys.season import CHAIRS, COUNTY, DRIFTING, LEAVING, PLACE, REGISTRAR, Season
from workbench.services.appeals import appeal
from workbench.services.blinding import make_blind_copies
from workbench.services.certificates import write_certificates
from workbench.services.feedback import feedback
from workbench.services.holds import list_holds
from workbench.services.keys import trusted_keys
from workbench.services.ledgers import verify
from workbench.services.publicity import answer, list_publicity, object_to
from workbench.services.reading_terms import drop_reader
from workbench.services.resubmission import give_feedback
from workbench.services.results import CONCLUSION
from workbench.services.succession import succeed
from workbench.services.verification import verify_sheet
from workbench.services.windows import set_window

pytestmark = pytest.mark.slow

SEED = 1
DRIFTS_FROM = 45
KINDS = (".docx", ".pdf", ".pptx", ".jpg", ".mp4", ".txt")
AGAIN = 6
"""Failed results that are handed in anew."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[Path]:
    """In memory where the machine can: a season is put on disk some ten thousand times."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path_factory.mktemp("season")
        return
    with tempfile.TemporaryDirectory(prefix="season-", dir=memory) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def season(folder) -> Season:
    made = walk.begun(folder, SEED)
    made.school.readers[DRIFTING] = Reader(0.0, drifts_from=DRIFTS_FROM)
    read_the_round(made)
    made.first_results = acts.standing(made)
    show_and_object(made)
    acts.certify(made)
    hand_in_anew(made)
    return made


def read_the_round(season: Season) -> None:
    """Intake, plan, calibration, first and third reads, a drift, somebody who leaves, late evidence."""
    in_time, late = walk.first_package(season)
    walk.hand_in(season.on("2026-10-09"), in_time, "first")
    some = list(season.owner)[:12]
    make_blind_copies(season.workspace, season.act(REGISTRAR), pieces=some)
    acts.give_out(season.on("2026-10-12"))
    acts.qualify(season, "2026-10-13")
    walk.hand_in(season.on("2026-10-16"), late, "late")
    acts.give_out(season)
    season.on("2026-10-17")
    drop_reader(season.workspace, LEAVING, "1", season.act(CHAIRS[0], "病假"))
    acts.finish(season)
    set_window(season.workspace, PLACE, "noticed", season.act(REGISTRAR))
    set_window(season.workspace, PLACE, "closed", season.act(REGISTRAR))


def show_and_object(season: Season) -> None:
    """Publicity, objections answered one way or the other, an appeal, the county's check."""
    acts.publish(season)
    number = {no: teacher for teacher, no in acts.teacher_no(season).items()}
    asked = objected_to(season)
    for place, (teacher, code) in enumerate(asked):
        act = season.act(REGISTRAR)
        made = object_to(season.workspace, number[teacher], code, teacher, "请再看", act)
        given = "stands" if place % 2 else "re_read"
        answer(season.workspace, made, given, "已核对", season.act(CHAIRS[1]))
        season.objections.append(made)
    appeal(
        season.workspace, season.objections[1], asked[1][0], "请评阅组再看", season.act(REGISTRAR)
    )
    acts.finish(season)
    acts.close(season)
    for number in range(1, 6):  # checked anew until what was read again stands
        if acts.check_by_county(season, f"2026-{number}") == "accept":
            break
        acts.finish(season)
    if acts.publish(season):
        acts.close(season)


def objected_to(season: Season) -> list[tuple[str, str]]:
    """Four results of two slots that the panel judged otherwise than they truly are."""
    wrong = [
        key
        for key, row in season.first_results.items()
        if key[1] in ("A2", "B8", "C7")
        and row.level is not None
        and row.level is not season.school.true_level(*key, {})
    ]
    return wrong[:4]


def hand_in_anew(season: Season) -> None:
    """Notes handed over; some failed pieces come again, are read afresh, shown and certified."""
    given = give_feedback(season.workspace, [], season.act(REGISTRAR))
    number = acts.teacher_no(season)
    owners: list[Owner] = []
    for note in [each for each in given if each.slots][:AGAIN]:
        for slot in note.slots:
            before = (number[note.teacher_id], slot, 1)
            season.school.attempt_again(before)
            owners.append((*before[:2], 2))
    season.again = owners
    walk.hand_in(season, owners, "again")
    acts.finish(season)
    season.on(max(note.until for note in given if note.until).isoformat())
    season.on((season.now.date() + timedelta(days=1)).isoformat())
    if acts.publish(season):
        acts.close(season)
    acts.certify(season)


def next_year(season: Season):
    act = season.act("建档人")
    return succeed(season.workspace, season.folder / "next", "2027秋", act, season.fresh)


def test_every_result_is_decided_and_certified_as_it_stands(season):
    rows = acts.standing(season)
    assert len(rows) == 60 * 4
    assert {row.reason_none for row in rows.values()} == {None}
    posted = acts.entries(season)
    assert {key: str(row.level) for key, row in rows.items()} == posted
    assert all(each.found.ok for each in verify(season.workspace))


def test_every_result_below_excellent_says_which_pieces_decided_it_and_every_conclusion_its_conditions(
    season,
):
    for (_, code), row in acts.standing(season).items():
        if code == CONCLUSION:
            assert "points" in {each.code for each in row.conditions}
            assert all(each.met is not None for each in row.conditions)
        else:
            assert bool(row.decided_by) == (row.level is not Level.EXCELLENT)
            slots = {slot.slot_id for slot in season.school.slots(code)}
            assert {each.slot_id for each in row.decided_by} <= slots


def test_every_failed_result_names_criteria_that_two_people_or_a_ruling_found_unmet(season):
    with season.workspace.store() as store:
        reads = standing_reads(store)
    failed = 0
    pieces = {owner: piece for piece, owner in season.owner.items()}
    for (teacher, code), row in acts.standing(season).items():
        if code == CONCLUSION or row.level is not Level.FAIL:
            continue
        failed += 1
        assert row.decided_by
        for decider in row.decided_by:
            attempt = (
                max(n for who, slot, n in pieces if (who, slot) == (teacher, decider.slot_id))
                if decider.cause != "missing"
                else 0
            )
            assert decider.criteria or decider.cause == "missing"
            for criterion in decider.criteria:
                own = reads[pieces[teacher, decider.slot_id, attempt]]
                against = [read.round for read in own if read.marks.get(criterion) == 0]
                assert len(against) >= 2 or Round.CHAIR in against
    assert failed > 20


def test_every_failed_result_has_its_note_in_words(season):
    notes = feedback(season.workspace, season.now.date())
    number = acts.teacher_no(season)
    told = {(number[n.teacher["teacher_id"]], n.competency): n for n in notes}
    for key, row in acts.standing(season).items():
        if key[1] != CONCLUSION and row.level is Level.FAIL:
            assert told[key].items
            assert all(each.criterion_text or not each.criterion_id for each in told[key].items)


def test_every_sheet_verifies(season, tmp_path):
    written = write_certificates(season.workspace, tmp_path, season.now.date(), formats=("xlsx",))
    assert len(written) == 61
    keys = trusted_keys(season.workspace)
    found = {path.name: verify_sheet(path, keys) for path in written}
    assert {name: each.faults for name, each in found.items() if not each.ok} == {}


def test_nobody_read_the_own_work_and_the_own_department_only_where_it_was_set_aside(season):
    names = {r["person_id"]: r["name"] for r in season.rows("person")}
    with season.workspace.store() as store:
        aside = {
            (row["piece_id"], row["rater_id"])
            for row in store.rows(
                "SELECT a.piece_id, a.rater_id FROM assignment AS a JOIN audit_log AS l "
                "ON l.seq = a.tx WHERE l.action = 'allocation.relax' AND l.reason <> ''"
            )
        }
    own_group = set()
    for row in season.rows("read"):
        owner = season.owner.get(row["piece_id"])
        if owner is None or row["round"] not in ("blind", "third"):
            continue
        number = int(owner[0][1:])
        assert names[row["rater_id"]] != f"教师{number:02d}"
        reader = int(row["rater_id"][1:])
        own = row["rater_id"].startswith("R") and reader <= walk.OWN_READERS
        if own and walk.department_of(reader) == walk.department_of(number):
            own_group.add((row["piece_id"], row["rater_id"]))
    assert own_group <= aside
    assert len(own_group) < 10


def test_evidence_is_of_the_kinds_the_slots_ask_for_and_a_copy_of_each_kind_raises_its_case(season):
    kinds = Counter(
        Path(row["path"]).suffix
        for row in season.rows("evidence_file")
        if row["piece_id"] in season.owner
    )
    assert {kind: kinds[kind] > 9 for kind in KINDS} == dict.fromkeys(KINDS, True)
    assert Counter(row["verdict"] for row in season.rows("evidence_file"))["reject"] == 0
    copied = {case["code"] for case in list_holds(season.workspace)}
    assert copied & {"copied_text", "reused_image", "reused_video"}


def test_who_has_seen_the_case_of_a_piece_is_the_same_asked_for_one_or_for_all(season):
    with season.workspace.store() as store:
        seen = readers_of_cases(store)
        assert seen
        assert {p: s for p in season.owner if (s := readers_of_case(store, p))} == seen


def test_shares_are_fair_and_no_read_is_lost_or_counted_twice(season):
    loads = season.first_loads.values()
    assert max(loads) - min(loads) <= 1
    kept = Counter(
        (row["rater_id"], row["piece_id"], row["reading"])
        for row in season.rows("read")
        if row["round"] != "chair" and row["rater_id"] != COUNTY[3]  # on paper: a file brought it
    )
    handed_in = Counter((who, piece, reading) for who, piece, _, reading in season.given if reading)
    assert kept == handed_in
    assert max(kept.values()) == 1


def test_hidden_seeds_are_ten_a_reader_and_open_each_sitting(season):
    stays = set(season.first_loads) - {LEAVING}  # not those who were borrowed later
    with season.workspace.store() as store:
        seeds = {row["piece_id"] for row in store.where("seed_piece")}
        hidden = Counter(
            row["rater_id"]
            for row in store.rows(
                "SELECT a.rater_id FROM calibration_task AS t JOIN assignment AS a "
                "USING (assignment_id) JOIN read AS r ON r.piece_id = a.piece_id "
                "AND r.rater_id = a.rater_id WHERE t.kind = 'hidden'"
            )
        )
        first = [row["first_piece"] for row in store.where("sitting")]
    assert {rater: hidden[rater] >= 10 for rater in stays} == dict.fromkeys(stays, True)
    assert set(first) <= seeds
    assert len(first) >= 10 * 5


def test_who_drifts_is_locked_and_what_was_read_since_the_last_hit_is_recalled(season):
    assert DRIFTING in season.recalled
    cases = [case for case in list_holds(season.workspace) if case["code"] == "recalled_reads"]
    assert {case["state"] for case in cases} == {"resolved"}
    about = {rater for case in cases for rater in case["flag"]["ids"]}
    assert DRIFTING in about


def test_objections_end_and_the_appeal_is_read_by_three_who_had_not_seen_the_case(season):
    told = {
        each["objection_id"]: each
        for row in list_publicity(season.workspace)
        for each in row["objections"]
    }
    assert {told[each]["outcome"] for each in season.objections[1::2]} == {"stands"}
    (appealed,) = [each for each in told.values() if each["against"]]
    for each in (*(told[name] for name in season.objections[0::2]), appealed):
        assert each["outcome"] in ("kept", "raised", "lowered")
    with season.workspace.store() as store:
        cause = f"objection:{appealed['objection_id']}"
        for row in store.where("reopening", cause=cause):
            reads = all_reads(store, row["piece_id"])
            panel = {
                r["rater_id"]
                for r in reads
                if r["reading"] == row["reading"] and r["round"] == "blind"
            }
            before = {r["rater_id"] for r in reads if r["reading"] < row["reading"]}
            assert len(panel) >= 3
            assert not panel & before


def test_a_second_attempt_is_read_by_fresh_people_and_supersedes_the_entry(season):
    with season.workspace.store() as store:
        for teacher, slot, _ in season.again:
            pieces = {
                n: p for p, (who, s, n) in season.owner.items() if (who, s) == (teacher, slot)
            }
            reads = [all_reads(store, pieces[n]) for n in (1, 2)]
            seen = [{r["rater_id"] for r in each if r["round"] != "chair"} for each in reads]
            assert seen[1]
            assert not seen[0] & seen[1]
    path = season.workspace.ledger_path(acts.school_id(season))
    kinds = Counter(str(entry["kind"]) for entry in read_entries(path))
    assert kinds["supersede"] > 0


def test_the_panel_errs_less_than_single_reads_of_the_same_pieces(season):
    """Wrong results among the same marks: by the panel, and by any one read of each piece."""
    panel = single = 0.0
    pieces = {owner: piece for piece, owner in season.owner.items()}
    with season.workspace.store() as store:
        for key, row in season.first_results.items():
            if key[1] == CONCLUSION or row.level is None or row.missing:
                continue
            truth = season.school.true_level(*key, {})
            panel += row.level is not truth
            levels = {}
            for slot in season.school.slots(key[1]):
                rows = all_reads(store, pieces[key[0], slot.slot_id, 1])
                first = [
                    r
                    for r in rows
                    if r["round"] == "blind" and r["reading"] == 1 and not r["replaced"]
                ]
                levels[slot.slot_id] = [read_level(slot, r["marks"]) for r in first]
            single += wrong_of_single(season.school, key[1], levels, truth)
    assert panel < 0.85 * single, (panel, single)


def wrong_of_single(school: School, code: str, levels: dict, truth: Level) -> float:
    """Chance that a result is wrong where one read of each piece decides it."""
    slots = school.slots(code)
    core = [slot.slot_id for slot in slots if slot.core]
    wrong = []
    for drawn in itertools.product(*levels.values()):
        told = dict(zip(levels, drawn, strict=True))
        if Level.FAIL in told.values():
            level = Level.FAIL
        else:
            best = {told[name] for name in core} == {Level.EXCELLENT}
            level = Level.EXCELLENT if best else Level.PASS
        wrong.append(level is not truth)
    return sum(wrong) / len(wrong)


@pytest.mark.parametrize("seed", range(10, 18))
def test_in_other_schools_too_two_reads_and_a_third_where_they_differ_err_less(seed):
    """Of 180 results of each school, at least six in a hundred fewer are wrong than by one read alone."""
    school = invented_school(load_set_folder(shipped_set_folder("micro_competencies")), seed)
    rng, panel, single, count = random.Random(seed), 0, 0.0, 0
    for teacher, codes in school.points.items():
        for code in codes:
            singles, decided = {}, {}
            for slot in school.slots(code):
                reads = panel_of(school, (teacher, slot.slot_id, 1), rng)
                singles[slot.slot_id] = [read_level(slot, each.marks) for each in reads[:2]]
                decided[slot.slot_id] = [piece_consensus(slot, reads, ConsensusRule()).level]
            truth = school.true_level(teacher, code, {})
            count += 1
            single += wrong_of_single(school, code, singles, truth)
            panel += wrong_of_single(school, code, decided, truth)
    assert count == 180
    assert panel / count < single / count - 0.06


def panel_of(school: School, owner: Owner, rng: random.Random) -> list[Read]:
    """Reads of one piece as the rule asks for them: two, a third, and a ruling on what is open."""
    slot, people = school.slot(owner[1]), rng.sample(sorted(school.readers), 3)
    reads: list[Read] = []
    for rater, kind in zip(people, ("blind", "blind", "third"), strict=True):
        if kind == "third" and piece_consensus(slot, reads, ConsensusRule()).needs != "third":
            break
        reads.append(Read(rater, kind, school.marks(school.readers[rater], owner, rng)))
    found = piece_consensus(slot, reads, ConsensusRule())
    if found.needs == "ruling":
        met = school.marks(Reader(0.0), owner, rng)
        reads.append(Read("C1", "chair", {name: met[name] for name in found.open_criteria}))
    return reads


def test_the_next_year_begins_with_people_pending_retests_prints_and_seeds(season):
    made = next_year(season)
    failed = sum(
        row.level is Level.FAIL
        for (_, code), row in acts.standing(season).items()
        if code != CONCLUSION
    )
    assert (made.teachers, made.retests["fail"]) == (60, failed)
    assert made.seeds == len(season.rows("seed_piece"))
    assert made.prints > 0
