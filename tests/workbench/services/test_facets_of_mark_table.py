"""The model of marks on any table: severities back, experts as zero, faults named, and a rerun."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks.invented_marks import Shape, invented_marks
from benchmarks.synthetic_county import build
from models import frames
from models.store import Act
from rubrics.errors import WorkbenchError
from workbench.cli import cli
from workbench.errors import InputError, RefusedError
from workbench.messages import explain
from workbench.services.analyses import last_analysis
from workbench.services.analysing import analyse_kinds
from workbench.services.catalogue import find_policy
from workbench.services.facets_of_mark_table import facets_of_mark_file
from workbench.services.facets_rerun import rerun_archive

HEADERS = {
    frames.PIECE: "piece", frames.CRITERION: "criterion", frames.RATER: "rater",
    frames.MET: "met", frames.TEACHER: "teacher",
}  # fmt: skip


def written(folder, marks, name="marks.csv"):
    path = folder / name
    marks.rename(columns=HEADERS).to_csv(path, index=False)
    return path


def fitted(path, **more):
    return facets_of_mark_file(path, find_policy("national-2.0"), 1, **({"fit_draws": 0} | more))


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    marks, truth = invented_marks(Shape(teachers=150, raters=8), 5)
    path = written(tmp_path_factory.mktemp("marks"), marks)
    return path, truth, fitted(path)


def test_severities_come_back_and_the_halo_is_told(known):
    _, truth, found = known
    severity = np.array([row["severity"] for row in found["raters"]])
    error = np.array([row["se"] for row in found["raters"]])
    # Eight standardised errors: none beyond 3.5.
    assert np.abs((severity - truth.severity) / error).max() < 3.5
    assert np.corrcoef(severity, truth.severity)[0, 1] > 0.9
    assert found["halo_sd"] == pytest.approx(0.6, abs=0.3)
    assert found["agreement"]["observed"] == pytest.approx(found["agreement"]["expected"], abs=0.03)
    assert (found["decision"], found["subsets"]) == ("ready", 1)


def test_a_table_has_no_gate_so_the_pass_rate_is_unknown(known):
    assert all(row["pass_rate_change"] is None for row in known[2]["raters"])
    assert json.loads(json.dumps(known[2], allow_nan=False)) == known[2]


def test_marks_in_words_are_those_in_numbers(known, tmp_path):
    path, _, found = known
    marks = pd.read_csv(path)
    said = marks.assign(met=marks["met"].map({1: "达到", 0: "未达到"}))
    chinese = ("证据", "指标", "评审员", "打点", "教师编号")
    said = said.rename(columns=dict(zip(HEADERS.values(), chinese, strict=True)))
    other = fitted(written(tmp_path, said))
    assert [row["severity"] for row in other["raters"]] == [
        row["severity"] for row in found["raters"]
    ]


def test_a_ratings_file_is_read_as_it_was_exported_and_only_the_panels_reads_count(known, tmp_path):
    marks = pd.read_csv(known[0])
    plain = marks.drop(columns="teacher").rename(columns={"piece": "item"})
    ruling = plain.head(5).assign(rater="chair", round="chair")
    exported = pd.concat([plain.assign(round="blind"), ruling])
    found = fitted(written(tmp_path, exported))
    bare = fitted(written(tmp_path, plain, "bare.csv"))
    assert found["raters"] == bare["raters"]
    assert len(found["raters"]) == 8


def test_teacher_and_slot_together_name_a_piece(known, tmp_path):
    marks = pd.read_csv(known[0])
    slot = "S" + marks["piece"].astype("category").cat.codes.astype(str)
    by_slot = {"教师编号": marks["teacher"], "能力点": "A1", "证据": slot, "评审员": marks["rater"],
               "指标": marks["criterion"], "打点": marks["met"]}  # fmt: skip
    other = fitted(written(tmp_path, pd.DataFrame(by_slot)))
    assert len(other["persons"]) == marks["piece"].nunique()
    severity = [row["severity"] for row in known[2]["raters"]]
    assert [row["severity"] for row in other["raters"]] == pytest.approx(severity, abs=1e-4)


def test_experts_marks_on_seeds_are_the_zero(tmp_path):
    marks, _ = invented_marks(Shape(teachers=60, raters=5, seeds=40), 2)
    seeds = marks[marks[frames.PIECE].astype(str).str.startswith("q")]
    own = seeds[seeds[frames.RATER] == "r000"]  # the experts mark as this reader does
    experts = tmp_path / "experts.csv"
    own.rename(columns=HEADERS)[["piece", "criterion", "met"]].to_csv(experts, index=False)
    found = fitted(written(tmp_path, marks), experts=experts)
    assert [row["rater"] for row in found["raters"]] == [f"r00{n}" for n in range(5)]
    assert {row["zero"] for row in found["raters"]} == {"expert"}
    # Who marks seeds as the experts do is nearly as harsh; the rest of the marks say the rest.
    assert abs(found["raters"][0]["severity"]) < 2 * found["raters"][0]["se"]


def test_groups_that_hang_together_by_a_piece_or_two_are_named(tmp_path):
    marks, _ = invented_marks(Shape(teachers=60, raters=4), 3)
    other = marks.assign(
        **{
            frames.PIECE: "x" + marks[frames.PIECE].astype(str),
            frames.RATER: "x" + marks[frames.RATER].astype(str),
            frames.TEACHER: "x" + marks[frames.TEACHER].astype(str),
        }
    )
    bridge = marks[marks[frames.PIECE] == "p00000"]
    reader = bridge[frames.RATER].iloc[0]
    crossing = bridge[bridge[frames.RATER] == reader].assign(**{frames.RATER: f"x{reader}"})
    found = fitted(written(tmp_path, pd.concat([marks, other, crossing])))
    assert found["decision"] == "review"
    (link,) = found["weak_links"]
    assert link["persons"] == ["p00000"]
    assert {len(link["raters"]), len(link["others"])} == {4}
    assert {"code": "weak_link", "ids": ["p00000"]} in found["reasons"]


def test_panels_of_schools_nobody_links_are_told_within_the_school(tmp_path):
    marks, _ = invented_marks(Shape(teachers=40, raters=4), 3)
    other = marks.assign(
        **{name: "x" + marks[name].astype(str) for name in (*HEADERS,) if name in (
            frames.PIECE, frames.RATER, frames.TEACHER)}
    )  # fmt: skip
    both = pd.concat([marks.assign(school="一中"), other.assign(school="二中")])
    found = fitted(written(tmp_path, both))
    assert {row["zero"] for row in found["raters"]} == {"own_panel"}
    assert sorted(row["panel"] for row in found["panels"]) == ["一中", "二中"]
    assert "own_panel" in {reason["code"] for reason in found["reasons"]}


def test_without_schools_those_who_read_together_are_a_panel_named_by_its_first(tmp_path):
    marks, _ = invented_marks(Shape(teachers=40, raters=4), 3)
    other = marks.assign(
        **{name: "x" + marks[name].astype(str) for name in (frames.PIECE, frames.RATER)}
    ).drop(columns=frames.TEACHER)
    found = fitted(written(tmp_path, pd.concat([marks.drop(columns=frames.TEACHER), other])))
    assert [row["panel"] for row in found["panels"]] == ["r000 …", "xr000 …"]
    assert {"code": "own_panel", "ids": ["r000 …", "xr000 …"]} in found["reasons"]


LINES = ["piece,criterion,rater,met", "p1,a,r1,1", "p1,b,r1,0", "p1,a,r2,1", "p1,b,r2,1"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([*LINES, "p2,a,r1,good"], ("good", "r1", "p2")),
        ([*LINES, "p1,a,r1,1"], ("r1", "p1")),
        (["piece,rater,met", "p1,r1,1", "p1,r2,0"], ("criterion",)),
        ([*LINES, "p2,a,,1"], ("5", "rater")),
        (["piece,criterion,rater,met"], ("评定",)),
    ],
)
def test_marks_that_cannot_be_used_are_named(tmp_path, lines, told):
    path = tmp_path / "marks.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(WorkbenchError) as refused:
        fitted(path)
    said = explain(refused.value)
    assert all(part in said for part in told), said


def test_experts_marks_that_are_none_are_named(known, tmp_path):
    wrong = tmp_path / "experts.csv"
    wrong.write_text("piece,criterion,met\np00001,c0001,maybe\n", encoding="utf-8")
    with pytest.raises(InputError, match="'maybe' on criterion c0001 of piece p00001"):
        fitted(known[0], experts=wrong)
    wrong.write_text("piece,met\np00001,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="criterion missing"):
        fitted(known[0], experts=wrong)


@pytest.mark.parametrize("more", ["--penalty", "--free-weights", "--across-subsets"])
def test_options_of_the_other_models_are_refused_and_not_passed_over(known, more):
    made = CliRunner().invoke(cli, ["facets", str(known[0]), "--model", "marks", more])
    assert made.exit_code == 2
    assert more in made.output


def test_the_command_names_the_model_and_writes_files_without_names(known, tmp_path):
    out = tmp_path / "out"
    arguments = ["--lang", "en", "facets", str(known[0]), "--model", "marks", "--draws", "0"]
    made = CliRunner().invoke(cli, [*arguments, "--export", str(out)])
    assert made.exit_code == 0, made.output
    assert "Model of marks" in made.output
    assert "Exact agreement" in made.output
    texts = {path.name: path.read_text("utf-8") for path in out.iterdir()}
    assert not any("r00" in words or "p00" in words for words in texts.values())
    told = list(csv.DictReader(io.StringIO(texts["severities.csv"])))
    assert sorted(float(row["severity"]) for row in told) == pytest.approx(
        sorted(row["severity"] for row in known[2]["raters"]), abs=5e-5
    )
    # With two levels R must not be asked for steps.
    assert "~ item + rater," in texts["tam.R"]


@pytest.mark.slow
def test_a_rounds_marks_leave_without_names_for_those_who_may_see_the_report(tmp_path):
    from datetime import UTC, datetime

    at = datetime(2026, 11, 20, 1, tzinfo=UTC)
    county = build(tmp_path / "w", pieces=60, readers=4, schools=2)
    analyse_kinds(county, ("facets",), Act("Z1", "", at))
    payload = last_analysis(county, "facets").payload
    made = rerun_archive(county, "Z1", payload, 77)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(texts) == {
        "ratings.csv", "facets.txt", "tam.R", "mfrmr.R", "expected.csv", "severities.csv",
        "README.txt",
    }  # fmt: skip
    with county.store() as store:
        names = {str(row["person_id"]) for row in store.where("person")}
        pieces = {str(row["piece_id"]) for row in store.where("piece")}
    words = "\n".join(texts.values())
    assert not any(name in words for name in names | pieces)
    assert "severity" in texts["severities.csv"]
    with pytest.raises(RefusedError):
        rerun_archive(county, "R000", payload, 77)
