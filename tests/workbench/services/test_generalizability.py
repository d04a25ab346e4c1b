"""Generalizability of a table and of a round, through service and command."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks.synthetic_county import build
from workbench.cli import cli
from workbench.errors import InputError
from workbench.services.generalizability import (
    generalizability_of_table,
    generalizability_of_workspace,
)

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[2] / "scoring" / "golden" / "generalizability.json").read_text(
            "utf-8"
        )
    )["cases"]
}
HEAD = (
    "design balanced method n_scores n_persons n_raters n_criteria mean components plans"
).split()
PLAN = (
    "raters criteria replication reads hours relative_error absolute_error g_coefficient phi"
).split()


@pytest.fixture
def table_file(tmp_path):
    """Write a golden case as a table somebody might have."""

    def write(name, headers):
        path = tmp_path / "scores.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(headers)
            writer.writerows(CASES[name]["rows"])
        return path

    return write


def run(*arguments):
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def test_the_command_gives_the_table_of_brennan_as_json(table_file):
    path = table_file("brennan_2001_table_3.2", ["person", "task", "rater", "score"])
    found = run("generalizability", path, "--raters", "4", "--criteria", "3,5", "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert list(told) == HEAD
    assert (told["design"], told["method"], told["balanced"]) == ("p_rt", "ems", True)
    components = {row["component"]: row["variance"] for row in told["components"]}
    assert components["person"] == pytest.approx(0.4731, abs=5e-5)
    assert components["residual"] == pytest.approx(2.3802, abs=5e-5)
    assert [sorted(plan) for plan in told["plans"]] == [sorted(PLAN)] * 2
    assert told["plans"][0]["g_coefficient"] == pytest.approx(0.55143885, abs=1e-7)
    assert told["plans"][0]["phi"] == pytest.approx(0.46370236, abs=1e-7)


def test_chinese_headers_and_minutes_are_understood(table_file):
    path = table_file("p_x_r_sparse_public", ["被评人", "评委", "得分"])
    found = run("generalizability", path, "--raters", "3", "--minutes", "10", "--json")
    told = json.loads(found.stdout)
    assert (told["design"], told["method"]) == ("p_r", "reml")
    assert told["plans"][0]["hours"] == pytest.approx(80 * 3 * 10 / 60)


def test_the_printed_report_puts_what_is_repeated_first(table_file):
    path = table_file("p_x_r_sparse_public", ["person", "rater", "score"])
    found = run("--lang", "zh", "generalizability", path)
    assert found.exit_code == 0, found.output
    assert (
        found.output.index("可重复的结论")
        < found.output.index("Φ")
        < found.output.index("方差分量")
    )


def test_levels_of_the_norm_count_by_their_order():
    levels = ["fail", "pass", "excellent", "excellent", "pass", "pass"]
    rows = [(p, r, levels[n]) for n, (p, r) in enumerate((p, r) for p in "xyz" for r in "ab")]
    named = pd.DataFrame(rows, columns=["person", "rater_id", "level"])
    numbers = named.assign(level=[0, 1, 2, 2, 1, 1])
    assert generalizability_of_table(named) == generalizability_of_table(numbers)
    with pytest.raises(InputError, match="level 'excellent' of person y by rater a"):
        generalizability_of_table(named, scale=["fail", "pass"])


@pytest.mark.parametrize("option", ["--raters", "--criteria"])
@pytest.mark.parametrize("words", ["x", "0", "1.5"])
def test_numbers_nobody_can_plan_with_are_refused(table_file, option, words):
    path = table_file("p_x_r_sparse_public", ["person", "rater", "score"])
    found = run("generalizability", path, option, words)
    assert found.exit_code == 2
    assert option in found.output


def test_a_component_below_nought_is_said_in_words(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("person,rater,level\n1,a,1\n1,b,2\n2,a,3\n2,b,3\n3,a,2\n3,b,1\n", "utf-8")
    found = run("--lang", "zh", "generalizability", path)
    assert "评审员的估计为负" in found.output


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return build(tmp_path_factory.mktemp("g") / "w", pieces=72, readers=5, schools=2)


def test_a_round_is_planned_under_its_own_rules(county):
    told = generalizability_of_workspace(county)
    assert list(told) == HEAD
    assert {(plan["raters"], plan["criteria"]) for plan in told["plans"]} == {
        (readers, pieces) for readers in (1, 2, 3) for pieces in (1, 2, 3)
    }
    for plan in told["plans"]:
        assert 0 < plan["replication"] <= 1
        assert plan["reads"] >= plan["raters"]
    by_plan = {(plan["raters"], plan["criteria"]): plan for plan in told["plans"]}
    # Every synthetic read takes seven minutes.
    results = by_plan[2, 3]["hours"] * 60 / 7 / by_plan[2, 3]["reads"]
    assert results == pytest.approx(round(results))
    assert by_plan[3, 3]["phi"] > by_plan[1, 3]["phi"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "没有分数"),
        (["p,a,1", "p,b,1", "q,a,1", "q,b,1"], "全部 4 个分数都相同"),
        # a and b have read p and q, c and d only x and y.
        (
            ["p,a,1", "p,b,2", "q,a,2", "q,b,1", "x,c,1", "x,d,2", "y,c,3", "y,d,1"],
            "分成 2 组，各组之间没有共同评过的对象（例如 a, c）",
        ),
    ],
)
def test_tables_nothing_can_be_shared_out_of_are_refused_with_a_way_out(tmp_path, lines, told):
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(["person,rater,level", *lines]), encoding="utf-8")
    made = run("generalizability", path)
    assert made.exit_code == 2
    assert told in made.output


def test_groups_apart_are_studied_where_persons_are_said_to_be_alike(tmp_path):
    rng = np.random.default_rng(1)
    lines = [
        f"{group}{person},{group}{rater},{level}"
        for group in "ab"
        for person in range(30)
        for rater, level in enumerate(rng.integers(0, 2, 3) + 2 * rng.integers(0, 2))
    ]
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(["person,rater,level", *lines]), encoding="utf-8")
    assert run("generalizability", path).exit_code == 2
    made = run("generalizability", path, "--across-subsets", "--json")
    assert made.exit_code == 0
    found = json.loads(made.stdout)
    assert (found["n_persons"], found["n_raters"]) == (60, 6)
