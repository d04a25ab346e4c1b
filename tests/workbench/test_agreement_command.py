"""``workbench agreement`` read as a user would: weights of one's own, clusters, legends, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.synthetic_county import build
from workbench.cli import cli

GOLDEN = Path(__file__).parents[1] / "scoring" / "golden"
COHEN_1968 = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
DISAGREEMENTS = ",0,1,2\n0,0,1,3\n1,1,0,6\n2,3,6,0\n"


def run(*arguments):
    return CliRunner().invoke(cli, ["--lang", "en", "agreement", *map(str, arguments)])


def found(*arguments):
    made = run(*arguments, "--json")
    assert made.exit_code == 0, made.output
    return {(one["coefficient"], one["weights"]): one for one in json.loads(made.stdout)}


@pytest.fixture
def cohen(tmp_path):
    """The table of Cohen (1968), 200 units, as a file and beside it his weights."""
    rows, number = ["unit,rater,level"], 0
    for one, row in enumerate(COHEN_1968):
        for other, times in enumerate(row):
            for _ in range(times):
                rows += [f"u{number},x,{one}", f"u{number},y,{other}"]
                number += 1
    (tmp_path / "own.csv").write_text(DISAGREEMENTS, encoding="utf-8")
    path = tmp_path / "cohen.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_weights_of_ones_own_come_from_a_file_and_give_cohens_published_kappa(cohen):
    made = found(cohen, "--weights", cohen.with_name("own.csv"), "--draws", "0")
    kappa = made["cohen_kappa", "custom_disagreement"]
    assert kappa["value"] == pytest.approx(0.348, abs=5e-4)  # Cohen 1968
    assert kappa["se"] == pytest.approx(0.0755040153, abs=1e-8)  # statsmodels 0.15.0
    assert {weights for _, weights in made} == {"custom_disagreement"}
    assert ("krippendorff_alpha", "custom_disagreement") in made
    assert ("conger_kappa", "custom_disagreement") in made


def test_weights_of_agreement_are_turned_into_disagreements(cohen):
    shares = ",0,1,2\n0,1,{a},{b}\n1,{a},1,0\n2,{b},0,1\n".format(a=1 - 1 / 6, b=1 - 3 / 6)
    cohen.with_name("shares.csv").write_text(shares, encoding="utf-8")
    made = found(cohen, "--weights", cohen.with_name("shares.csv"), "--draws", "0")
    assert made["cohen_kappa", "custom_disagreement"]["value"] == pytest.approx(0.347826087)


def test_the_levels_of_the_weights_are_the_scale_and_another_order_changes_nothing(cohen):
    turned = ",2,1,0\n2,0,6,3\n1,6,0,1\n0,3,1,0\n"
    cohen.with_name("turned.csv").write_text(turned, encoding="utf-8")
    straight = found(cohen, "--weights", cohen.with_name("own.csv"), "--scale", "0,1,2")
    other = found(cohen, "--weights", cohen.with_name("turned.csv"), "--scale", "0,1,2")
    assert other == straight


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (",0,1,2\n0,0,1,3\n1,2,0,6\n2,3,6,0\n", "0 and 1 is 1 / 2"),
        (",0,1,2\n0,0,x,3\n1,1,0,6\n2,3,6,0\n", "0 and 1 is “x”"),
        (",0,1\n0,0,1\n2,1,0\n", "0, 1; 0, 2"),
    ],
)
def test_a_table_of_weights_that_is_none_is_named_by_its_cell(cohen, words, told):
    cohen.with_name("own.csv").write_text(words, encoding="utf-8")
    made = run(cohen, "--weights", cohen.with_name("own.csv"))
    assert made.exit_code == 2
    assert told in made.output


def test_weights_for_other_levels_than_the_scales_are_named(cohen):
    made = run(cohen, "--weights", cohen.with_name("own.csv"), "--scale", "0,1,2,3")
    assert made.exit_code == 2
    assert "0, 1, 2, 3" in made.output
    made = run(cohen, "--weights", "nothing.csv")
    assert made.exit_code == 2
    assert "nothing.csv" in made.output


def of_teachers(folder, header="teacher"):
    """Forty pieces, two a teacher; a teacher's pieces are agreed on or are not."""
    rows = [f"unit,rater,level,{header}"]
    for piece in range(40):
        teacher = piece // 2
        rows += [f"u{piece},a,1,t{teacher}", f"u{piece},b,{int(teacher % 3 > 0)},t{teacher}"]
    path = folder / "teachers.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["teacher", "teacher_id", "教师编号", "cluster"])
def test_pieces_of_a_teacher_are_one_cluster_without_being_told(tmp_path, header):
    exact = found(of_teachers(tmp_path, header), "--scale", "0,1")["percent_agreement", "identity"]
    assert (exact["clusters"], exact["interval"]) == (20, "cluster_bootstrap")


def test_another_column_or_none_may_be_named_for_the_clusters(tmp_path):
    path = of_teachers(tmp_path)
    alone = found(path, "--cluster", "unit")["percent_agreement", "identity"]
    assert (alone["clusters"], alone["interval"]) == (40, "pattern_bootstrap")
    # Every teacher has two pieces alike: a design effect of 2.
    clustered = found(path)["percent_agreement", "identity"]
    assert clustered["se"] == pytest.approx(alone["se"] * 2**0.5, rel=0.1)
    made = run(path, "--cluster", "nothing")
    assert made.exit_code == 2
    assert "nothing" in made.output


def test_the_table_names_methods_clusters_conventions_and_says_each_remark_once(tmp_path):
    made = run(of_teachers(tmp_path)).output
    assert "cluster" in made.split("a ", 1)[1]
    assert "“teacher”" in made
    assert made.count("The scale was not declared") == 1
    assert "[1]" in made
    assert "Gwet's convention" in made
    assert "units rated twice or more" in made


def test_two_raters_have_no_range_over_raters_and_it_is_said_why(cohen):
    exact = found(cohen, "--two-way")["percent_agreement", "identity"]
    assert (exact["lo"], exact["interval"]) == (None, "none")
    assert exact["note"].split(";")[0] == "too_few_raters=3"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["u1,a,0", "u1,b,1", "u2,,1"], ("Row 3", "rater")),
        (["u1,a,0", "u1,b,1", "u1,a,1"], ("row 3", "u1", " a ")),
        (["u1,a,0", "u1,b,9"], ("row 2", "9", "u1")),
        ([], ("no ratings",)),
        (["u1,a,0", "u2,a,1"], (" a,", "two are needed")),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_number(tmp_path, rows, told):
    path = tmp_path / "wrong.csv"
    path.write_text("\n".join(["unit,rater,level", *rows]), encoding="utf-8")
    made = run(path, "--scale", "0,1,2")
    assert made.exit_code == 2
    assert all(part in made.output for part in told), made.output


@pytest.mark.parametrize(
    "option", [("--scale", "0,1"), ("--weights", "linear"), ("--draws", "10"), ("--two-way",)]
)
def test_options_that_say_nothing_of_marks_are_refused(cohen, option):
    made = run(cohen, "--marks", *option)
    assert made.exit_code == 2
    assert option[0] in made.output


@pytest.mark.slow
def test_a_workspace_takes_draws_and_weights_and_refuses_a_scale(tmp_path):
    county = build(tmp_path / "w", pieces=60, readers=4, schools=1)

    def asked(*more):
        return CliRunner().invoke(
            cli, ["--workspace", str(county.folder), "agreement", *more, "--json"]
        )

    closed = json.loads(asked("--draws", "0").stdout)
    assert {one["interval"] for one in closed}.isdisjoint(
        {"pattern_bootstrap", "cluster_bootstrap"}
    )
    weighted = json.loads(asked("--weights", "quadratic").stdout)
    assert ("fleiss_kappa", "quadratic") in {(o["coefficient"], o["weights"]) for o in weighted}
    refused = asked("--scale", "0,1,2")
    assert refused.exit_code == 2
    assert "--scale" in refused.output


def test_latent_levels_are_a_comparison_that_is_asked_for(tmp_path):
    case = json.loads((GOLDEN / "latent_levels.json").read_text("utf-8"))["cases"][0]
    rows = ["unit,rater,level"]
    for unit, given in enumerate(case["ratings"]):
        rows += [f"u{unit},r{rater},{level}" for rater, level in enumerate(given)]
    path = tmp_path / "diagnoses.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    assert not any(name == "latent_accuracy" for name, _ in found(path, "--draws", "0"))
    made = json.loads(run(path, "--latent", "--draws", "0", "--json").stdout)
    told = [one for one in made if one["coefficient"] == "latent_accuracy"]
    assert [one["group"] for one in told] == ["", *(f"r{n}" for n in range(6))]
    assert f"log_likelihood={case['own_em']['loglik']:.6f}" in told[0]["note"]
    assert all("comparison_only" in one["note"] and one["lo"] is None for one in told)
    whole = sum(one["value"] * one["n_ratings"] for one in told[1:]) / told[0]["n_ratings"]
    assert told[0]["value"] == pytest.approx(whole)
