"""Schools of any table and of a workspace: what is said of each, and what is left unsaid."""

import csv
import json

import pytest
from click.testing import CliRunner

from scoring.errors import ScoringError
from tests.scoring.school_county import simulated
from workbench.cli import cli
from workbench.errors import InputError, RefusedError
from workbench.messages import use_language
from workbench.services.catalogue import find_policy
from workbench.services.county_pieces import names_of, pieces_behind
from workbench.services.school_effects import schools_analysis, schools_of_table, without_outsiders
from workbench.services.school_sentences import sentence_by_school, sentences_of, split_sentence
from workbench.services.school_tables import marks_for_schools

FINDING = "code subject ids statistic effect p q n minimum_met flagged detectable".split()


@pytest.fixture(scope="module")
def tables():
    """Marks and pieces of 12 schools, the first very lenient, the second lifting near misses."""
    marks, pieces = simulated(5, schools=12, pieces=120, lenient={0: 3.0}, lifted={1: 1.0})
    named = pieces.rename(
        columns={"piece_id": "piece", "school_id": "school", "teacher_id": "person"}
    )
    return marks.to_dict("records"), named[["piece", "school", "person"]].to_dict("records")


@pytest.fixture(scope="module")
def payload(tables):
    return schools_of_table(*tables, [], find_policy("national-2.0"))


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_school_has_one_sentence_and_no_place(payload):
    use_language("zh")
    said = sentence_by_school(payload)
    assert list(said) == [f"s{k:02d}" for k in range(12)]
    assert "标准件上偏宽" in said["s00"]
    assert "恰好过合格线" in said["s01"]
    assert not any("名" in each or "最" in each for each in said.values())


def test_a_school_with_too_few_rereads_is_unknown_and_not_cleared(tables):
    marks, pieces = tables
    use_language("zh")
    few = [row for row in marks if row["round"] != "county"]
    found = schools_of_table(few, pieces, [], find_policy("national-2.0"))
    above = [each for each in found["findings"] if each["code"] == "above_county"]
    assert all(not each["minimum_met"] and each["effect"] is None for each in above)
    assert "数据不足" in sentence_by_school(found)["s05"]
    assert "没有一所学校有足够的县复评" in sentences_of(found, {})[0]
    assert all(split_sentence(row) == "" for row in found["splits"])


def test_without_seeds_the_sentence_says_the_terms_cannot_be_told_apart(tables):
    marks, pieces = tables
    use_language("zh")
    bare = [row for row in marks if row["round"] != "seed"]
    found = schools_of_table(bare, pieces, [], find_policy("national-2.0"))
    said = split_sentence(found["splits"][0])
    assert "分不开" in said
    assert "合计" in said


def test_pieces_named_as_seeds_are_seeds_whatever_their_round(tables, payload):
    marks, pieces = tables
    blind = [{**row, "round": "blind"} if row["round"] == "seed" else row for row in marks]
    seeds = [{"piece": f"x{k}", "criterion": "P1", "met": 1} for k in range(20)]
    assert schools_of_table(blind, pieces, seeds, find_policy("national-2.0")) == payload


def test_blind_reads_from_other_schools_are_left_out_where_the_school_has_read_too():
    pieces = [{"piece": "p1", "school": "a"}, {"piece": "p2", "school": "a"}]
    raters = [{"rater": "r1", "school": "a"}, {"rater": "r2", "school": "b"}]
    marks = [
        {"piece_id": piece, "rater_id": rater, "round": "blind"}
        for piece, rater in (("p1", "r1"), ("p1", "r2"), ("p2", "r2"), ("p1", "r3"))
    ]
    kept = [(row["piece_id"], row["rater_id"]) for row in without_outsiders(marks, pieces, raters)]
    assert kept == [("p1", "r1"), ("p2", "r2"), ("p1", "r3")]  # r3 is of no known school


def test_a_table_without_schools_or_with_a_mark_that_is_none_is_refused(tables):
    marks, pieces = tables
    policy = find_policy("national-2.0")
    with pytest.raises(InputError, match="piece and school are needed"):
        schools_of_table(marks, [{"piece": "p1"}], [], policy)
    with pytest.raises(ScoringError, match="neither 1"):
        schools_of_table([{**marks[0], "met": "7"}, *marks[1:]], pieces, [], policy)
    with pytest.raises(InputError, match="met missing"):
        schools_of_table([{k: v for k, v in marks[0].items() if k != "met"}], pieces, [], policy)


def test_a_column_a_criterion_is_read_as_marks_and_scores_ask_from_where_on(tmp_path):
    rows = [
        {"piece": "p1", "rater": "r1", "round": "初评", "P1": "1", "E1": "0", "comment": "好"},
        {"piece": "p1", "rater": "k", "round": "县复核", "P1": "1", "E1": "", "comment": ""},
    ]
    found = marks_for_schools(write(tmp_path / "wide.csv", rows))
    assert [(m["criterion_id"], m["round"], m["met"]) for m in found] == [
        ("P1", "blind", 1), ("E1", "blind", 0), ("P1", "county", 1),
    ]  # fmt: skip
    scores = write(tmp_path / "scores.csv", [{"piece": "p1", "rater": "r1", "P1": "3.5"}])
    with pytest.raises(InputError, match="--met-from"):
        marks_for_schools(scores)
    assert [m["met"] for m in marks_for_schools(scores, 3)] == [1]
    assert [m["met"] for m in marks_for_schools(scores, 4)] == [0]


def test_the_command_gives_findings_of_any_table(tmp_path, tables):
    marks, pieces = tables
    files = [write(tmp_path / "m.csv", marks), write(tmp_path / "p.csv", pieces)]
    asked = ["schools", str(files[0]), "--pieces", str(files[1])]
    ran = CliRunner().invoke(cli, ["--workspace", str(tmp_path / "none"), *asked, "--json"])
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    assert all(list(each) == FINDING for each in found)
    lenient = [
        each["ids"] for each in found if each["code"] == "lenient_school" and each["flagged"]
    ]
    assert lenient == [["s00"]]
    bare = CliRunner().invoke(cli, ["--workspace", str(tmp_path / "none"), *asked[:2]])
    assert bare.exit_code == 2


def test_one_school_cannot_ask_for_all(read):
    with pytest.raises(RefusedError, match="by the county alone"):
        schools_analysis(read.workspace, read.school("城关小学"))


def test_a_workspace_is_compared_from_its_own_reads_and_few_are_too_few(checked):
    made = schools_analysis(checked.workspace, None)
    assert {each["code"] for each in made["findings"]} == {
        "pass_rate_apart", "excellent_rate_apart", "above_county", "bunched_at_gate",
        "lenient_school", "home_favour",
    }  # fmt: skip
    assert not any(each["flagged"] or each["minimum_met"] for each in made["findings"])
    assert {row["pieces"] for row in made["rates"]} == {4}  # two teachers with two pieces each
    rereads = {row["rereads"] for row in made["splits"]}
    assert rereads <= {1, 2, 3, 4}
    assert rereads
    assert all(0 <= row["share"] <= 1 for row in made["agreement"])


def test_every_mark_leads_to_its_pieces(checked):
    county = "K1"
    town = checked.school("城关小学")
    of_school = pieces_behind(checked.workspace, county, "school", town)
    assert {row.school for row in of_school} == {"城关小学"}
    assert {"excellent", "pass"} <= {row.level for row in of_school}
    of_slot = pieces_behind(checked.workspace, county, "slot", "B8-1")
    assert {row.slot_id for row in of_slot} == {"B8-1"}
    of_rater = pieces_behind(checked.workspace, county, "rater", "R1")
    assert all(row.own for row in of_rater)
    assert names_of(checked.workspace, "school")[town] == "城关小学"
