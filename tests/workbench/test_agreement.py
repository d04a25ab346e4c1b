"""Agreement of any table: scales, sizes, and sentences for what has no number."""

from __future__ import annotations

import pytest

from rubrics.policy_pack import PolicyPack, Rule
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
    exact = {o["group"]: o["value"] for o in found if o["coefficient"] == "percent_agreement"}
    assert exact == {"": pytest.approx(1 / 3), "a|b": 1.0, "a|c": 0.0, "b|c": 0.0}


def test_a_table_without_raters_is_named(policy):
    for table in ([{"unit": "u", "level": "pass"}], []):
        with pytest.raises(InputError, match="rater"):
            agreement_of_table(table, policy, 1)


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
