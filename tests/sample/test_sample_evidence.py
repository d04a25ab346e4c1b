"""The sample county: what it holds, that it repeats, that only what is planted can be found."""

import csv
import hashlib
import io
import json
import zipfile
from collections import Counter
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image

import sample_evidence
from rubrics.loading import load_policy, load_set
from rubrics.rubric import RubricSet
from sample_evidence.build import Planted, build
from sample_evidence.people import check_digit, invent_county
from sample_evidence.planting import Plant, Planting
from sample_evidence.reads import agreement, differences, simulate, value_pieces
from sample_evidence.rereads import county_rereads
from sample_evidence.submissions import Planner, Submission
from sample_evidence.writing import GRAM, Sheet, grams, normalise
from scoring.consensus import read_level
from workbench.formats.cells import grid_of
from workbench.formats.manifest import parse_manifest
from workbench.formats.roster import parse_roster
from workbench.readers.images import hashes_of, working_copy
from workbench.readers.limits import DEFAULT
from workbench.readers.spreadsheets import read_table

COMMITTED = Path(sample_evidence.__file__).parent / "county"
SEEDS = (1, 2, 3, 4, 5)
EXPECTED = Counter(
    {
        "copied_text": 3,
        "reused_image": 1,
        "reused_video": 1,
        "unfilled_template": 1,
        "outside_window": 1,
        "broken": 1,
        "missing_evidence": 1,
        "not_eligible": 1,
        "severe_rater": 1,
        "lenient_rater": 1,
    }
)
PAIRS = ("copied_text", "reused_image", "reused_video")


@pytest.fixture(scope="module")
def rubrics() -> RubricSet:
    return load_set("micro_competencies")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Planted]:
    out = tmp_path_factory.mktemp("county")
    return out, build(out, 1)


@pytest.fixture(scope="module", params=SEEDS)
def planned(
    request: pytest.FixtureRequest, rubrics: RubricSet
) -> tuple[int, list[Submission], list[Plant]]:
    seed = request.param
    planner = Planner(rubrics, seed)
    submissions = planner.plan(invent_county(seed))
    return seed, submissions, Planting(submissions, planner, seed).plant()


def longest_run(one: set[int], text: str) -> int:
    """Characters of the longest run of a text whose grams all stand in the other."""
    plain = normalise(text)
    longest = run = 0
    for start in range(len(plain) - GRAM + 1):
        run = run + 1 if hash(plain[start : start + GRAM]) in one else 0
        longest = max(longest, run)
    return longest + GRAM - 1 if longest else 0


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_the_county_is_as_large_as_it_says(built):
    out, planted = built
    assert (planted.teachers, planted.submissions) == (30, 90)
    assert 220 <= planted.pieces <= 240
    assert 500 <= planted.reads <= 560
    reads = {
        (r["teacher_id"], r["slot"], r["rater"], r["round"]) for r in rows_of(out / "ratings.csv")
    }
    assert len(reads) == planted.reads
    assert len({read[2] for read in reads if read[3] == "blind"}) == 9


def test_everything_is_planted_and_named(built):
    out, planted = built
    assert Counter(plant.code for plant in planted.plants) == EXPECTED
    told = json.loads((out / "planted.json").read_text(encoding="utf-8"))
    for plant in told["plants"]:
        expected = 2 if plant["code"] in PAIRS else 0 if plant["code"].endswith("rater") else 1
        assert len(plant["teacher_ids"]) == len(set(plant["teacher_ids"])) == expected
        assert len(plant["raters"]) == plant["code"].endswith("rater")
    concerned = [t for plant in told["plants"] for t in plant["teacher_ids"]]
    assert len(concerned) == len(set(concerned))


def test_the_same_seed_gives_the_same_bytes(built, tmp_path):
    out, _ = built
    build(tmp_path / "again", 1)
    first, again = files_below(out), files_below(tmp_path / "again")
    assert first.keys() == again.keys()
    assert [name for name in first if first[name] != again[name]] == []


def test_the_committed_county_is_what_the_script_makes(built):
    out, _ = built
    assert files_below(COMMITTED).keys() == files_below(out).keys()
    for name in ("planted.json", "truth.json", "ratings.csv", "policy.toml"):
        assert (COMMITTED / name).read_bytes() == (out / name).read_bytes(), name


def test_the_committed_county_stays_small():
    assert sum(len(body) for body in files_below(COMMITTED).values()) < 12 * 2**20


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "kept.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not empty"):
        build(tmp_path, 1)


def test_every_kind_of_file_is_there(built):
    out, _ = built
    kinds = {path.suffix.lstrip(".") for path in (out / "package").rglob("*.*")}
    for path in (out / "package").rglob("*.zip"):
        kinds |= {name.rsplit(".")[-1] for name in zipfile.ZipFile(path).namelist()}
    wanted = "docx doc wps pptx ppt xlsx csv pdf txt md jpg png webp gif bmp mp3 m4a mp4 mov mkv"
    assert set(f"{wanted} avi wmv webm zip".split()) <= kinds


def test_the_manifest_reads_without_fault_and_names_every_file(built, rubrics):
    out, planted = built
    sheet = read_table(out / "package" / "manifest.xlsx", DEFAULT)[0]
    manifest = parse_manifest(grid_of(sheet), rubrics, None)
    assert [fault for fault in manifest.faults if fault.severity == "reject"] == []
    assert len(manifest.rows) == planted.files
    named = {row.file for row in manifest.rows if row.file}
    there = files_below(out / "package").keys() - {"manifest.xlsx"}
    assert named == there
    elsewhere = [row for row in manifest.rows if not row.file]
    body = next((out / "attach").iterdir()).read_bytes()
    assert [row.sha256 for row in elsewhere] == [hashlib.sha256(body).hexdigest()]


def test_the_roster_reads_without_refusal(built, rubrics):
    out, _ = built
    roster = parse_roster(read_table(out / "roster.xlsx", DEFAULT), rubrics)
    assert (len(roster.teachers), len(roster.schools)) == (30, 3)
    assert [fault for fault in roster.faults if fault.severity == "reject"] == []
    assert sum(teacher.online_passed is False for teacher in roster.teachers) == 1
    assert Counter(role for rater in roster.raters for role in rater.roles) == {
        "rater": 9,
        "chair": 1,
        "county": 1,
    }


def test_identity_numbers_are_well_formed_and_belong_to_no_place():
    numbers = [teacher.id_number for teacher in invent_county(1).teachers]
    assert len(set(numbers)) == 30
    for number in numbers:
        assert number.startswith("990731") and number[17] == check_digit(number[:17])


def test_the_policy_is_the_county_pack_it_inherits_with_its_own_window(built):
    policy = load_policy(built[0] / "policy.toml")
    assert policy["window.opens"] == "2026-09-01" and policy["window.closes"] == "2026-10-31"
    assert policy["prerequisites.online_study_passed"] is True


def test_the_portal_sheet_lists_every_teacher_with_empty_results(built):
    rows = list(load_workbook(built[0] / "portal.xlsx").active.values)
    assert len(rows) == 2 + 1 + 30 + 1
    assert all(row[6] in (None, "") for row in rows[3:33])


def test_every_unmet_needed_criterion_has_a_reason(built):
    silent = [
        row
        for row in rows_of(built[0] / "ratings.csv")
        if row["met"] == "0" and ".P" in row["criterion"] and not row["comment"]
    ]
    assert silent == []


def test_nobody_reads_for_the_own_school_and_every_read_ends_after_it_begins(built):
    schools = {r.rater_id: r.school_id for r in invent_county(1).raters}
    for row in rows_of(built[0] / "ratings.csv"):
        assert row["teacher_id"][:2] != schools.get(row["rater"])
        opened, submitted = (datetime.fromisoformat(row[k]) for k in ("opened_at", "submitted_at"))
        assert opened < submitted


def test_documents_carry_their_teachers_name_and_times_inside_the_window(built):
    out, planted = built
    late = {plant.pieces[0] for plant in planted.plants if plant.code == "outside_window"}
    stamps = set()
    for path in (out / "package").rglob("*.docx"):
        if not zipfile.is_zipfile(path):
            continue
        core = zipfile.ZipFile(path).read("docProps/core.xml").decode()
        teacher_id, name = path.parts[-3].split("_")
        assert f"<dc:creator>{name}</dc:creator>" in core
        made = core.split('dcterms:W3CDTF">')[1][:19]
        assert made not in stamps
        stamps.add(made)
        slot = (teacher_id, path.parts[-2].split("_")[0], path.name.split("_")[0])
        assert ("2026-09-01" <= made < "2026-10-31") == (slot not in late)


def test_county_rereads_give_each_piece_the_level_it_came_to(built, rubrics):
    out, _ = built
    told = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    read = {
        "|".join((r["teacher_id"], r["competency"], r["slot"]))
        for r in rows_of(out / "ratings.csv")
    }
    assert set(told["marks"]) == read
    items = [item for item, key in told["items"].items() if "|".join(key) in read][:40]
    rows = county_rereads(out, items, 7)
    assert rows == county_rereads(out, [told["items"][item] for item in items], 7)
    assert {row["round"] for row in rows} == {"county"} and {row["rater"] for row in rows} == {
        "FH01"
    }
    by_piece: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in rows:
        key = (row["teacher_id"], row["competency"], row["slot"])
        by_piece.setdefault(key, {})[row["criterion"]] = row["met"]
    assert set(by_piece) == {tuple(told["items"][item]) for item in items}
    for (_, competency, slot_id), marks in by_piece.items():
        assert read_level(rubrics[competency].slot(slot_id), marks) is not None


def test_two_honest_teachers_texts_have_little_in_common(planned):
    _, submissions, plants = planned
    copied = {frozenset(p.teacher_ids) for p in plants if p.code == "copied_text"}
    texts = [
        (made.teacher.teacher_id, file.content.own_text())
        for made in submissions
        for piece in made.pieces
        for file in piece.files
        if isinstance(file.content, Sheet)
    ]
    # 120 fingerprints, about 360 characters, are the least that is compared.
    found = [(who, grams(text), text) for who, text in texts if len(normalise(text)) >= 360]
    for (a, grams_a, _), (b, grams_b, text_b) in combinations(found, 2):
        if a == b or frozenset((a, b)) in copied:
            continue
        shared = len(grams_a & grams_b)
        assert shared / min(len(grams_a), len(grams_b)) < 0.08
        assert shared < 25 or longest_run(grams_a, text_b) <= 60


def test_what_is_copied_is_copied_far_beyond_chance(planned):
    _, submissions, plants = planned
    by_id = {(m.teacher.teacher_id, m.rubric.competency): m for m in submissions}
    runs = {}
    for plant in (p for p in plants if p.code == "copied_text"):
        one, two = (
            by_id[key[:2]].piece(key[2]).files[0].content.own_text() for key in plant.pieces
        )
        share = len(grams(one) & grams(two)) / len(grams(two))
        runs[plant.name] = (share, longest_run(grams(one), two))
    assert runs["整份抄录"][0] == 1.0
    assert 0.6 < runs["改动两三成的抄录"][0] < 0.85
    assert runs["整节挪用"][0] < 0.6 and runs["整节挪用"][1] >= 350


def test_the_panel_tells_the_story_it_is_to_tell(planned):
    seed, submissions, plants = planned
    unread = {p.pieces[0] for p in plants if p.code in ("broken", "missing_evidence")}
    empty = {p.pieces[0] for p in plants if p.code == "unfilled_template"}
    panel = simulate(invent_county(seed), value_pieces(submissions, unread, empty, seed), seed)
    gaps = differences(panel)
    assert gaps.pop(panel.severe) <= -0.2 and gaps.pop(panel.lenient) >= 0.2
    assert max(abs(gap) for gap in gaps.values()) <= 0.08
    assert 0.80 <= agreement(panel) <= 0.87
    assert all(outcome.level for outcome in panel.outcomes.values())
    levels = Counter(str(outcome.level) for outcome in panel.outcomes.values())
    assert levels["pass"] > levels["excellent"] > levels["fail"] >= 4


def test_no_two_pictures_look_alike_but_the_planted_pair(built):
    out, planted = built
    pair = next(set(plant.teacher_ids) for plant in planted.plants if plant.code == "reused_image")
    seen = []
    for path in sorted((out / "package").rglob("*")):
        if path.suffix in (".jpg", ".png"):
            hashes, _ = hashes_of(working_copy(Image.open(path).convert("RGB")))
            seen.append((path.parts[-3].split("_")[0], int(hashes[0], 16)))
    alike = [
        {a, b} for (a, one), (b, two) in combinations(seen, 2) if (one ^ two).bit_count() <= 60
    ]
    assert alike == [pair]
