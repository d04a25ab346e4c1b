"""Agreement of any table: scales, sizes, and sentences for what has no number."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from rubrics.policy_pack import PolicyPack, Rule
from scoring.errors import ScoringError
from workbench.cli import cli
from workbench.errors import InputError
from workbench.messages import catalogue, placeholders, use_language
from workbench.services.agreement import agreement_of_table, explain_note

KEYS = (
    "coefficient weights by group value se lo hi interval clusters n_units n_ratings n_raters note"
).split()


@pytest.fixture
def policy() -> PolicyPack:
    rules = {"agreement.draws": 200, "agreement.level": 0.95, "agreement.min_clusters": 15}
    return PolicyPack(
        "p", "名", "name", "", "", {k: Rule(k, v, "", "default") for k, v in rules.items()}
    )


def rows(*cells, **columns) -> list[dict[str, object]]:
    """Ratings from (unit, rater, level)."""
    return [dict(zip(("unit", "rater", "level"), cell, strict=True)) | columns for cell in cells]


def of(found, coefficient, weights="identity"):
    return next(o for o in found if (o["coefficient"], o["weights"]) == (coefficient, weights))


def test_each_coefficient_is_a_flat_object_with_the_documented_keys(policy):
    found = agreement_of_table(rows(("u", "a", "pass"), ("u", "b", "fail")), policy, 1)
    assert all(list(one) == KEYS for one in found)
    assert of(found, "percent_agreement")["value"] == 0.0


def test_chinese_levels_are_on_the_scale_of_the_norm(policy):
    found = agreement_of_table(rows(("u", "a", "合格"), ("u", "b", "合格")), policy, 1)
    assert of(found, "specific_agreement", "pass")["value"] == 1.0
    assert of(found, "specific_agreement", "excellent")["note"] == "category_unused"
    assert of(found, "gwet_ac")["note"] == ""


def test_numbers_fill_the_scale_between_the_least_and_the_greatest(policy):
    table = rows(("u", "a", 1.0), ("u", "b", 4), ("v", "a", "4"), ("v", "b", 4.0))
    found = agreement_of_table(table, policy, 1)
    categories = [o["weights"] for o in found if o["coefficient"] == "specific_agreement"]
    assert categories == ["1", "2", "3", "4"]
    assert all("scale_from_data" in one["note"].split(";") for one in found)


def test_a_declared_scale_counts_grades_nobody_gave(policy):
    table = rows(("u", "a", 1), ("u", "b", 2), ("v", "a", 2), ("v", "b", 2))
    wide = agreement_of_table(table, policy, 1, scale=["0", "1", "2", "3"])
    narrow = agreement_of_table(table, policy, 1)
    # p_a = 1/2; shares 1/4 and 3/4: p_e = (3/16 + 3/16) / (q - 1) with q = 4 and q = 2.
    assert of(wide, "gwet_ac")["value"] == pytest.approx((0.5 - 0.125) / 0.875)
    assert of(narrow, "gwet_ac")["value"] == pytest.approx((0.5 - 0.375) / 0.625)


def test_names_without_an_order_have_no_ordinal_alpha(policy):
    found = agreement_of_table(rows(("u", "a", "red"), ("u", "b", "blue")), policy, 1)
    assert {o["weights"] for o in found if o["coefficient"] == "krippendorff_alpha"} == {"nominal"}


def test_an_empty_level_is_no_rating(policy):
    table = rows(("u", "a", "pass"), ("u", "b", "pass"), ("u", "c", " "), ("v", "a", None))
    assert of(agreement_of_table(table, policy, 1), "percent_agreement")["n_ratings"] == 2


def test_a_column_named_cluster_is_used(policy):
    table = [
        one
        for k in range(20)
        for one in rows(
            (f"u{k}", "a", "pass"), (f"u{k}", "b", ["pass", "fail"][k % 3 == 0]), cluster=k // 2
        )
    ]
    assert of(agreement_of_table(table, policy, 1), "percent_agreement")["clusters"] == 10


def test_groups_by_pair_of_raters(policy):
    table = rows(("u", "a", "pass"), ("u", "b", "pass"), ("u", "c", "fail"))
    found = agreement_of_table(table, policy, 1, by=["rater_pair"])
    exact = {
        one["group"]: one["value"]
        for one in found
        if (one["coefficient"], one["weights"]) == ("percent_agreement", "identity")
    }
    assert exact == {"": pytest.approx(1 / 3), "a|b": 1.0, "a|c": 0.0, "b|c": 0.0}


def test_a_table_without_raters_is_named(policy):
    for table in ([{"unit": "u", "level": "pass"}], []):
        with pytest.raises(InputError, match="rater"):
            agreement_of_table(table, policy, 1)


def test_a_table_of_one_rater_is_refused_by_name(policy):
    table = rows(("u", "a", "pass"), ("v", "a", "fail"), ("w", "b", None))
    with pytest.raises(InputError, match="all 2 are by rater a, two raters are needed"):
        agreement_of_table(table, policy, 1)


def test_a_million_levels_are_refused_before_anything_is_made_of_them(policy):
    table = rows(*((f"u{k}", "ab"[k % 2], str(k)) for k in range(1500)))
    with pytest.raises(ScoringError, match=r"at most 1000 categories.* 1500 came"):
        agreement_of_table(table, policy, 1)
    two = agreement_of_table(rows(("u", "a", "0"), ("u", "b", "999999999")), policy, 1)
    assert of(two, "percent_agreement")["value"] == 0.0  # two levels far apart are a scale of two


def test_a_table_gets_every_coefficient_and_weighting_that_applies(policy):
    table = rows(*((f"u{k}", rater, (k + (rater == "b") * (k % 4 == 0)) % 3)
                   for k in range(20) for rater in "ab"))  # fmt: skip
    found = agreement_of_table(table, policy, 1, scale=["0", "1", "2"])
    names = {(o["coefficient"], o["weights"]) for o in found}
    for weights in ("identity", "linear", "quadratic", "gwet_ordinal"):
        for name in ("percent_agreement", "cohen_kappa", "scott_pi", "fleiss_kappa", "gwet_ac",
                     "conger_kappa", "brennan_prediger"):  # fmt: skip
            assert (name, weights) in names
    for metric in ("nominal", "ordinal", "interval", "ratio"):
        assert ("krippendorff_alpha", metric) in names
    assert {("kendall_w", "tie_corrected"), ("icc", "ICC(2,1)"), ("icc", "ICC(3,k)")} <= names


def test_draws_of_none_leave_the_closed_formulas(policy):
    table = rows(*((f"u{k}", rater, (k * (1 + (rater == "b"))) % 3)
                   for k in range(30) for rater in "ab"))  # fmt: skip
    closed = agreement_of_table(table, policy, 1, scale=["0", "1", "2"], draws=0)
    drawn = agreement_of_table(table, policy, 1, scale=["0", "1", "2"])
    assert of(closed, "cohen_kappa", "quadratic")["interval"] == "fleiss_cohen_everitt"
    assert of(closed, "gwet_ac")["interval"] == "gwet_linearisation"
    assert of(drawn, "gwet_ac")["interval"] == "pattern_bootstrap"
    assert of(drawn, "gwet_ac")["se"] == of(closed, "gwet_ac")["se"]


def test_drawing_raters_too_is_said_by_the_method(policy):
    table = rows(*((f"u{k}", rater, (k + (rater == "c" and k % 3 == 0)) % 2)
                   for k in range(20) for rater in "abc"))  # fmt: skip
    found = agreement_of_table(table, policy, 1, sample_raters=True)
    one = of(found, "percent_agreement")
    assert (one["interval"], one["se"]) == ("leave_one_rater_out", None)
    # Without c all agree; with c and one other 13 of 20.
    assert (one["lo"], one["hi"]) == (pytest.approx(0.65), 1.0)
    assert "raters_fixed" in of(found, "conger_kappa")["note"]


def test_a_rater_stands_against_the_others_and_a_school_by_its_chinese_name(policy):
    table = rows(("u", "a", "pass"), ("u", "b", "pass"), ("u", "c", "fail"), 学校="一中")
    found = agreement_of_table(table, policy, 1, by=["rater", "school"], weights=["identity"])
    exact = {
        (o["by"], o["group"]): o["value"] for o in found if o["coefficient"] == "percent_agreement"
    }
    assert exact["rater_id", "a"] == 0.5
    assert exact["rater_id", "c"] == 0.0
    assert exact["学校", "一中"] == pytest.approx(1 / 3)


def test_numbers_that_are_not_whole_are_a_scale_in_their_order(policy):
    table = rows(("u", "a", "10.5"), ("u", "b", "9.5"), ("v", "a", "9.5"), ("v", "b", "9.5"))
    found = agreement_of_table(table, policy, 1)
    categories = [o["weights"] for o in found if o["coefficient"] == "specific_agreement"]
    assert categories == ["9.5", "10.5"]
    assert of(found, "krippendorff_alpha", "interval")["value"] is not None


def test_the_command_takes_scale_weights_draws_and_groups(tmp_path):
    table = tmp_path / "levels.csv"
    cells = [f"u{k},{rater},{(k + (rater == 'b') * (k % 4 == 0)) % 3}"
             for k in range(20) for rater in "ab"]  # fmt: skip
    table.write_text("\n".join(["unit,rater,level", *cells]), encoding="utf-8")
    asked = ["--scale", "0,1,2,3", "--weights", "quadratic，ICC(2,1)", "--draws", "0"]
    made = CliRunner().invoke(
        cli, ["agreement", str(table), *asked, "--by", "rater_pair", "--seed", "3", "--json"]
    )
    found = json.loads(made.stdout)
    assert all(list(one) == KEYS for one in found)
    assert {one["weights"] for one in found} == {"quadratic", "interval", "ICC(2,1)"}
    kappa = {one["by"]: one for one in found if one["coefficient"] == "cohen_kappa"}
    assert kappa["all"]["value"] == kappa["rater_pair"]["value"]
    assert (kappa["rater_pair"]["group"], kappa["all"]["interval"]) == (
        "a|b", "fleiss_cohen_everitt",
    )  # fmt: skip


def test_the_command_says_which_row_is_off_the_scale(tmp_path):
    table = tmp_path / "levels.csv"
    table.write_text("unit,rater,level\nu1,a,0\nu1,b,7\n", encoding="utf-8")
    made = CliRunner().invoke(cli, ["--lang", "en", "agreement", str(table), "--scale", "0,1,2"])
    assert made.exit_code != 0
    assert "7" in made.output
    assert "u1" in made.output
    assert "Traceback" not in made.output


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_name_a_coefficient_can_have_is_in_words(policy, language):
    table = rows(*((f"u{k}", rater, k % 3) for k in range(4) for rater in "abc"))
    gaps = table[:-1]
    two = [row for row in table if row["rater"] != "c"]
    for one in (table, gaps, two):
        for found in agreement_of_table(one, policy, 1, scale=["0", "1", "2"]):
            assert f"agreement.coefficient.{found['coefficient']}" in catalogue(language)
            assert f"agreement.interval.{found['interval']}" in catalogue(language)
            if found["coefficient"] != "specific_agreement" and "ICC" not in found["weights"]:
                assert f"agreement.weights.{found['weights']}" in catalogue(language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_notes_become_sentences(language):
    use_language(language)
    try:
        codes = [
            key.split(".")[2] for key in catalogue(language) if key.startswith("agreement.note.")
        ]
        assert len(explain_note(";".join(f"{code}=7" for code in codes))) == len(codes)
        assert "15" in explain_note("too_few_clusters=15")[0]
        assert explain_note("") == []
    finally:
        use_language("zh")


@pytest.mark.parametrize("feature", ["agreement", "effects"])
def test_both_languages_say_the_same_things(feature):
    zh, en = (
        {k: placeholders(v) for k, v in catalogue(name).items() if k.startswith(f"{feature}.")}
        for name in ("zh", "en")
    )
    assert zh
    assert zh == en
