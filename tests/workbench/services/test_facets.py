"""Facets of any table, from file to report: what is said first, and what is held back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from rubrics.errors import WorkbenchError
from workbench.cli import cli
from workbench.errors import InputError
from workbench.messages import explain, use_language
from workbench.services.catalogue import find_policy
from workbench.services.facets import Choices, facets_of_file

KEYS = (
    "decision next_action reasons subsets weak_links levels unused_levels anchored model method "
    "raters panels criteria thresholds persons deviance person_sd person_mean halo_sd penalty_sd "
    "separation strata reliability agreement unexpected interactions iterations converged"
).split()


def rows(random_seed=1, persons=80, raters=6, first=0, header=True, **columns) -> list[str]:
    """Lines of a table; persons and raters are numbered from ``first``."""
    rng = np.random.default_rng(random_seed)
    severity, ability = rng.normal(0, 0.6, raters), rng.normal(0, 1.5, persons)
    lines = [",".join(["person", "rater", "criterion", "score", *columns])] if header else []
    for person in range(persons):
        for rater in rng.choice(raters, 3, replace=False):
            for criterion in "ab":
                base = ability[person] - severity[rater]
                chances = np.exp([0.0, base + 1, 2 * base])
                level = int((rng.random() * chances.sum() > chances.cumsum()[:2]).sum())
                more = [str(of(person)) for of in columns.values()]
                names = [f"p{first + person}", f"r{first + rater}", criterion, str(level)]
                lines.append(",".join([*names, *more]))
    return lines


@pytest.fixture
def table(tmp_path):
    def write(lines, name="ratings.csv"):
        return written(tmp_path, lines, name)

    return write


def fitted(path, **choices):
    return facets_of_file(path, find_policy("national-2.0"), 1, Choices(**({"draws": 0} | choices)))


def written(folder, lines, name="ratings.csv"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Report of one connected table."""
    return fitted(written(tmp_path_factory.mktemp("plain"), rows()))


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Report of two panels nobody links."""
    lines = rows() + rows(2, first=100, header=False)
    return fitted(written(tmp_path_factory.mktemp("apart"), lines))


def test_the_report_has_the_documented_keys_and_is_json(plain):
    found = plain
    assert list(found) == KEYS
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {"rater", "severity", "se", "infit", "outfit", "n"} <= set(found["raters"][0])
    assert {"person", "eap", "eap_sd", "wle", "wle_se"} <= set(found["persons"][0])


def test_severities_sum_to_zero_and_a_fair_average_is_on_the_scale(plain):
    found = plain
    assert sum(row["severity"] for row in found["raters"]) == pytest.approx(0, abs=1e-8)
    assert all(0 < row["fair_average"] < 2 for row in found["persons"])
    best = max(found["persons"], key=lambda row: row["eap"])
    assert best["fair_average"] == max(row["fair_average"] for row in found["persons"])


def test_unconnected_panels_are_blocked_and_told_within_the_panel_only(apart):
    found = apart
    assert found["decision"] == "blocked"
    assert [len(each["raters"]) for each in found["subsets"]] == [6, 6]
    for subset in (1, 2):
        own = [row["severity"] for row in found["raters"] if row["subset"] == subset]
        assert sum(own) == pytest.approx(0, abs=1e-8)
    assert all(row["fair_average"] is None for row in found["persons"])


def of_two_schools(shared):
    """Two schools of six raters each; so many more persons are read by r0, r1, r100 and r101."""
    lines = ["person,rater,criterion,score,school"]
    for first, name in ((0, "s1"), (100, "s2")):
        lines += [f"{line},{name}" for line in rows(first + 5, 60, first=first, header=False)]
    rng = np.random.default_rng(9)
    for person in range(shared):
        able = rng.normal(0, 1.5)
        for rater in ("r0", "r1", "r100", "r101"):
            for criterion in "ab":
                level = int(np.clip(np.round(able + rng.normal() + 1), 0, 2))
                lines.append(f"x{person},{rater},{criterion},{level},s1")
    return lines


def test_panels_linked_by_many_persons_are_compared_and_by_few_are_not(table):
    for shared, compared in ((2, False), (90, True)):
        found = fitted(table(of_two_schools(shared)))
        assert len(found["subsets"]) == 1
        assert [row["panel"] for row in found["panels"]] == ["s1", "s2"]
        # r100 and r101 have read for both schools and belong to no panel.
        assert [len(row["raters"]) for row in found["panels"]] == [6, 4]
        for panel in found["panels"]:
            assert (panel["offset_se"] <= 0.3) is compared
            assert panel["comparable"] is compared
            own = [row for row in found["raters"] if row["rater"] in panel["raters"]]
            assert {row["zero"] for row in own} == {"all" if compared else "own_panel"}
            if not compared:
                assert sum(row["severity"] for row in own) == pytest.approx(0, abs=1e-8)
        assert ("own_panel" in {each["code"] for each in found["reasons"]}) is not compared


def test_panels_of_a_table_without_schools_are_not_asked_after(plain):
    assert plain["panels"] == []
    assert {row["zero"] for row in plain["raters"]} == {"all"}


def test_across_subsets_is_an_explicit_choice(table, apart):
    path = table(rows() + rows(2, first=100, header=False))
    found = fitted(path, across_subsets=True)
    assert found["decision"] == "blocked"
    across = [row["severity"] for row in found["raters"] if row["rater"] in ("r0", "r1")]
    within = [row["severity"] for row in apart["raters"] if row["rater"] in ("r0", "r1")]
    assert across[0] - across[1] == pytest.approx(within[0] - within[1])
    assert {row["subset"] for row in found["raters"]} == {1}


def test_anchors_in_every_subset_make_them_comparable(table):
    path = table(rows() + rows(2, first=100, header=False))
    anchors = table(["facet,id,value", "rater,r0,0.5", "rater,r100,-0.25"], "anchors.csv")
    found = fitted(path, anchors=anchors)
    assert found["decision"] == "ready"
    severity = {row["rater"]: row["severity"] for row in found["raters"]}
    assert (severity["r0"], severity["r100"]) == (0.5, -0.25)


@pytest.mark.parametrize(
    "row", ["rater,nobody,0.5", "rater,r0,harsh", "school,r0,0.5", "criterion,r0,0.5"]
)
def test_an_anchor_that_fits_nothing_is_refused_by_name(table, row):
    anchors = table(["facet,id,value", row], "anchors.csv")
    with pytest.raises(InputError, match="cannot be held"):
        fitted(table(rows(persons=20)), anchors=anchors)


def test_clusters_widen_errors_and_schools_are_tested(table):
    lines = rows(3, 120, teacher=lambda person: f"t{person // 4}", school=lambda p: f"s{p % 3}")
    found = fitted(table(lines))
    assert any(row["se"] != row["se_model"] for row in found["raters"])
    assert {row["by"] for row in found["interactions"]} == {"criterion", "school"}


def test_levels_of_the_norm_need_no_scale(table, plain):
    words = dict(zip("012", ("不合格", "合格", "优秀"), strict=True))
    lines = [line[:-1] + words.get(line[-1], line[-1]) for line in rows()]
    found = fitted(table(lines))
    assert found["levels"] == ["fail", "pass", "excellent"]
    assert found["deviance"] == pytest.approx(plain["deviance"])


def test_a_table_without_criteria_has_one(table):
    lines = [
        line.replace(",criterion", "").replace(",a,", ",") for line in rows() if ",b," not in line
    ]
    assert [row["criterion"] for row in fitted(table(lines))["criteria"]] == ["all"]


def test_a_teachers_column_is_the_cluster_beside_pieces_and_else_what_was_rated(table):
    lines = rows(3, 60, 教师编号=lambda person: f"t{person // 2}")
    beside = fitted(table(lines))
    assert any(row["se"] != row["se_model"] for row in beside["raters"])
    assert {row["person"] for row in beside["persons"]} == {f"p{n}" for n in range(60)}
    header, *body = rows()
    alone = fitted(table([header.replace("person", "教师编号"), *body]))
    assert len(alone["persons"]) == 80


def test_limits_come_with_draws_and_the_seed_sets_them(table, plain):
    path = table(rows())
    one, again = (fitted(path, draws=10)["raters"] for _ in range(2))
    assert one == again
    assert all(row["infit_lo"] < 1 < row["infit_hi"] for row in one)
    assert plain["raters"][0]["infit_lo"] is None


@pytest.mark.parametrize("option", ["--penalty", "--free-weights", "--anchor"])
def test_the_joint_fit_refuses_what_it_would_not_use(table, option):
    path = table(rows())
    value = [str(path)] if option == "--anchor" else []
    made = CliRunner().invoke(cli, ["facets", str(path), "--method", "jmle", option, *value])
    assert made.exit_code == 2
    assert option in made.output


def test_the_joint_fit_says_what_it_is(table):
    found = fitted(table(rows()), method="jmle")
    assert (found["method"], found["shrinkage"]) == ("jmle", 5 / 6)  # 6 ratings a person
    assert found["deviance"] is None


@pytest.mark.parametrize(
    ("lines", "scale", "told"),
    [
        (["person,rater,criterion,score", "p,a,c,1", "p,b,c,7"], "0,1,2", "“7”"),
        (["person,rater,criterion,score", "p,a,c,1", "q,a,c,2"], "", "a"),
        (["person,rater,criterion,score", "p,a,c,1", "p,b,c,1"], "", "1"),
        (["person,rater,criterion,score", "p,a,c,1", "p,a,c,2", "p,b,c,2"], "", "a"),
        (["person,rater,criterion,score", "p,a,c,1", "p,b,c,good"], "", "“good”"),
        (["who,what", "1,2"], "", "who"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_table_that_cannot_be_used_is_refused_in_words(table, lines, scale, told, language):
    use_language(language)
    with pytest.raises(WorkbenchError) as refused:
        fitted(table(lines), scale=tuple(filter(None, scale.split(","))))
    assert told in explain(refused.value)
    assert explain(refused.value) != refused.value.message
    use_language("zh")


def test_the_command_prints_the_decision_first_and_ends_with_1_when_blocked(table):
    ready = CliRunner().invoke(cli, ["--lang", "en", "facets", str(table(rows())), "--draws", "0"])
    assert ready.exit_code == 0, ready.output
    assert ready.output.startswith("Ready")
    path = table(rows() + rows(2, first=100, header=False))
    blocked = CliRunner().invoke(cli, ["--lang", "en", "facets", str(path), "--draws", "0"])
    assert blocked.exit_code == 1
    assert blocked.output.startswith("Blocked")


def test_the_command_writes_files_for_others_and_nothing_over(table, tmp_path):
    path, out = table(rows()), tmp_path / "out"
    arguments = ["facets", str(path), "--draws", "0", "--json", "--export", str(out)]
    first = CliRunner().invoke(cli, arguments)
    assert first.exit_code == 0, first.output
    written = {each.name for each in out.iterdir()}
    assert written == {"ratings.csv", "facets.txt", "tam.R", "mfrmr.R", "expected.csv"}
    assert CliRunner().invoke(cli, arguments).exit_code == 2
