"""Policy packs: what the shipped ones say, and how a county's own is checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.errors import PolicyError
from rubrics.loading import check_policy_file, list_policies, load_policy
from rubrics.parameters import FOLDER, ORDERED, parameters

OWN = """\
[pack]
id = "own-2026"
name_zh = "本县规则"
name_en = "Own rules"
inherits = "yueyang-2021"

[rule.publicity]
days = { value = 7, unit = "working days", source = "本县 2026年1号" }
"""


def pack_file(folder, text=OWN, name="own-2026.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rule(key, value, unit, source="本县 2026年1号"):
    section, _, name = key.rpartition(".")
    head = OWN.partition("[rule.publicity]")[0]
    return f'{head}[rule.{section}]\n{name} = {{ value = {value}, unit = "{unit}", source = "{source}" }}\n'


def codes(faults):
    return {(found.key, found.code) for found in faults}


@pytest.mark.parametrize("name", list_policies())
def test_shipped_packs_have_no_faults_and_every_rule_its_unit_and_source(name):
    assert check_policy_file(FOLDER / f"{name}.toml") == []
    pack = load_policy(name)
    assert pack.pack_id == name
    for found in pack.rules.values():
        assert found.unit == parameters()[found.key].unit
        assert found.source
        assert found.source != "default" or found.note or found.pack != "defaults", found.key


def test_the_shipped_packs():
    assert list_policies() == [
        "national-2.0",
        "guangdong-2014",
        "liaoning-2021",
        "yiyuan-2021",
        "yueyang-2021",
    ]


def test_national_rules():
    pack = load_policy("national-2.0")
    assert pack["hours.total_min"] == 50
    assert pack["hours.per_years"] == 5
    assert pack["hours.practice_share_min"] == 0.5
    assert pack.rules["hours.total_min"].source == "教育部 教师〔2019〕1号"
    assert pack["levels"] == ["excellent", "pass", "fail"]
    assert pack["aggregation.missing_piece"] == "fail"
    assert pack["review.reviewers_per_piece"] == 2
    assert pack["excellent_share_cap"] is None


def test_yiyuan_wants_three_points_and_online_study_within_a_year():
    pack = load_policy("yiyuan-2021")
    assert pack["choice.points_required"] == 3
    assert pack["prerequisites.online_study_passed"] is True
    assert (pack["hours.online_min"], pack["hours.practice_min"]) == (25, 25)
    assert pack["hours.per_years"] == 1
    assert pack.document_no == "源教体发〔2021〕18号"


def test_yueyang_awards_ten_of_its_eighty_hours_by_passing():
    pack = load_policy("yueyang-2021")
    # 60 blended and 20 school-based hours: nobody could reach a share of .5.
    assert pack["hours.practice_share_min"] == 0
    assert pack["hours.total_min"] == 80
    assert sum(part["hours"] for part in pack["hours.components"]) == 80
    assert pack["hours.awarded_by_passing"] == 10
    assert pack["hours.counted_at"] == "teacher_result"
    assert load_policy("national-2.0")["hours.awarded_by_passing"] == 0


def test_guangdong_has_no_points_but_three_assessments():
    pack = load_policy("guangdong-2014")
    assert pack["applies_micro_competencies"] is False
    assert pack["choice.points_required"] == 0
    assert pack["levels"] == ["pass", "fail"]
    assert pack["aggregation.teacher"] == "training_assessment_passed"
    assert pack["hours.total_min"] == pack["hours.online_min"] + pack["hours.practice_min"] == 80
    assert pack["assessments.records"] == ["diagnostic", "training", "development"]
    assert pack["assessments.required"] == ["training"]
    assert pack.inherits == ""


def test_liaoning_has_no_number_and_follows_the_nation():
    pack = load_policy("liaoning-2021")
    assert pack.document_no == ""
    assert pack["hours.total_min"] == 50
    assert pack["quotas"]["trainees_total"] == 300


@pytest.mark.parametrize("name", list_policies())
def test_every_pack_settles_every_rule_that_has_a_default(name):
    defaults = load_policy(FOLDER / "defaults.toml")
    assert set(defaults.rules) <= set(load_policy(name).rules)
    assert {key for pair in ORDERED for key in pair} <= set(defaults.rules)


# --- a county's own ----------------------------------------------------------


def test_own_rules_lie_over_inherited_ones_and_over_the_defaults(tmp_path):
    pack = load_policy(pack_file(tmp_path))
    assert [pack.rules[key].pack for key in ("publicity.days", "hours.total_min", "levels")] == [
        "own-2026",
        "yueyang-2021",
        "defaults",
    ]
    assert pack.rules["monitoring"].pack == "national-2.0"
    assert pack["publicity.days"] == 7


def test_a_window_may_stay_open_but_not_close_before_it_opens(tmp_path):
    text = rule("window.opens", '"2026-09-01"', "date")
    assert load_policy(pack_file(tmp_path, text))["window.closes"] == ""
    closes = 'closes = { value = "2026-08-31", unit = "date", source = "本县 2026年1号" }\n'
    (found,) = check_policy_file(pack_file(tmp_path, text + closes))
    assert (found.key, found.code) == ("window.opens", "bounds_crossed")


def test_a_pack_may_inherit_the_file_beside_it(tmp_path):
    pack_file(tmp_path)
    child = OWN.replace('"own-2026"', '"child"').replace("yueyang-2021", "own-2026")
    child = child.replace("value = 7", "value = 8")
    pack = load_policy(str(pack_file(tmp_path, child, "child.toml")))
    assert pack["publicity.days"] == 8
    assert pack["hours.total_min"] == 80


@pytest.mark.parametrize(
    ("text", "key", "code"),
    [
        (rule("hours.totl_min", 50, "hours"), "hours.totl_min", "unknown_key_near"),
        (rule("zzz.qqq", 50, "hours"), "zzz.qqq", "unknown_key"),
        (rule("hours.total_min", 500, "hours"), "hours.total_min.value", "out_of_range"),
        (rule("hours.total_min", '"50"', "hours"), "hours.total_min.value", "not_number"),
        (rule("hours.total_min", "true", "hours"), "hours.total_min.value", "not_number"),
        (rule("hours.total_min", 50, "days"), "hours.total_min.unit", "wrong_unit"),
        (rule("hours.total_min", 50, "hours", " "), "hours.total_min.source", "empty_text"),
        (rule("publicity.days", 2.5, "working days"), "publicity.days.value", "not_integer"),
        (rule("review.blind", '"yes"', "yes-no"), "review.blind.value", "not_boolean"),
        (rule("deadline", 2022, "text"), "deadline.value", "not_text"),
        (rule("window.opens", '"2026-02-30"', "date"), "window.opens.value", "not_date"),
        (rule("window.opens", "2026-02-03", "date"), "window.opens.value", "not_date"),
        (
            rule("review.third_reviewer", '"sometimes"', "choice"),
            "review.third_reviewer.value",
            "not_allowed",
        ),
        (rule("audit.stratify_by", '"point"', "list"), "audit.stratify_by.value", "not_list"),
        (rule("audit.stratify_by", '["age"]', "list"), "audit.stratify_by.value[0]", "not_allowed"),
        (
            rule("audit.stratify_by", '["level", "level"]', "list"),
            "audit.stratify_by.value[1]",
            "duplicate",
        ),
        (
            rule("environments.definitions", 1, "table"),
            "environments.definitions.value",
            "not_table",
        ),
        (rule("quotas", "2022-01-01", "as stated"), "quotas.value", "not_text"),
        (rule("quotas", "{ n = nan }", "as stated"), "quotas.value.n", "not_number"),
        (rule("quotas", '{ "市" = 1 }', "as stated"), "quotas.value.市", "invalid"),
        (rule("hours.practice_min", 90, "hours"), "hours.practice_min", "bounds_crossed"),
        (OWN.replace('unit = "working days", ', ""), "publicity.days.unit", "missing_key"),
        (OWN.replace("source =", "sorce ="), "publicity.days.sorce", "unknown_key_near"),
        (OWN.replace("{ value = 7", "7 # {"), "publicity.days", "not_a_rule"),
        (OWN.replace('name_zh = "本县规则"\n', ""), "pack.name_zh", "missing_key"),
        (OWN.replace("name_zh", "name_cn"), "pack.name_cn", "unknown_key_near"),
        (OWN.replace("[rule.publicity]", "[rules.publicity]"), "rules", "unknown_key_near"),
        (OWN.replace("yueyang-2021", "yueyang"), "pack.inherits", "unknown_parent"),
        (OWN.replace("yueyang-2021", "own-2026"), "pack.inherits", "inheritance_cycle"),
        ("pack = 1\nrule = 2\n", "pack", "not_table"),
        ("pack = 1\nrule = 2\n", "rule", "not_table"),
        ("[pack\n", "", "bad_toml"),
    ],
)
def test_each_fault_is_named_with_its_place(tmp_path, text, key, code):
    path = pack_file(tmp_path, text.replace("[rule.]", "[rule]"))
    faults = check_policy_file(path)
    assert (key, code) in codes(faults)
    with pytest.raises(PolicyError):
        load_policy(path)


def test_every_fault_is_named_at_once(tmp_path):
    text = """\
[pack]
id = "own"
name_en = ""
inherits = "nowhere"

[rule]
excellent_share_cap = { value = 1.5, unit = "share", source = "x" }

[rule.hours]
total_mim = { value = 50, unit = "hours", source = "x" }
per_years = { value = 0, unit = "days" }
"""
    found = check_policy_file(pack_file(tmp_path, text))
    assert codes(found) == {
        ("pack.name_zh", "missing_key"),
        ("pack.name_en", "empty_text"),
        ("pack.inherits", "unknown_parent"),
        ("excellent_share_cap.value", "out_of_range"),
        ("hours.total_mim", "unknown_key_near"),
        ("hours.per_years.source", "missing_key"),
        ("hours.per_years.unit", "wrong_unit"),
        ("hours.per_years.value", "out_of_range"),
    }
    near = next(fault for fault in found if fault.code == "unknown_key_near")
    assert near.values["nearest"] == "hours.total_min"
    assert "hours.total_min" in near.remedy


def test_packs_that_inherit_in_a_circle_are_named_in_order(tmp_path):
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        text = OWN.replace("own-2026", name).replace("yueyang-2021", parent)
        pack_file(tmp_path, text, f"{name}.toml")
    (found,) = check_policy_file(tmp_path / "a.toml")
    assert found.values["chain"] == "a → b → c → a"


def test_faults_of_the_inherited_file_are_one_fault_here(tmp_path):
    pack_file(tmp_path, OWN.replace("value = 7", "value = 70"))
    child = OWN.replace('"own-2026"', '"child"').replace("yueyang-2021", "own-2026")
    (found,) = check_policy_file(pack_file(tmp_path, child, "child.toml"))
    assert found.code == "faulty_parent"
    assert "own-2026.toml" in found.remedy


def test_an_unknown_name_lists_the_shipped_packs():
    with pytest.raises(PolicyError, match=r"national-2\.0"):
        load_policy("nowhere-1999")


def test_a_rule_nobody_set_is_named():
    with pytest.raises(PolicyError, match=r"own\.rule"):
        load_policy("national-2.0")["own.rule"]


# --- digests -----------------------------------------------------------------


def test_notes_anchors_and_layout_keep_the_digest(tmp_path):
    plain = load_policy(pack_file(tmp_path))
    noted = OWN.replace('2026年1号" }', '2026年1号", anchor = "公示七日", note = "说明" }')
    assert load_policy(pack_file(tmp_path, "# remark\n" + noted)).digest == plain.digest


def test_whole_numbers_have_one_digest_however_they_are_written(tmp_path):
    written = [rule("hours.total_min", value, "hours") for value in ("90", "90.0", "9e1")]
    assert len({load_policy(pack_file(tmp_path, text)).digest for text in written}) == 1


@given(days=st.integers(0, 15))
def test_the_digest_changes_exactly_when_a_value_does(tmp_path_factory, days):
    folder = tmp_path_factory.mktemp("pack")
    seven = load_policy(pack_file(folder)).digest
    other = load_policy(pack_file(folder, OWN.replace("value = 7", f"value = {days}")))
    assert other["publicity.days"] == days
    assert (other.digest == seven) == (days == 7)


def test_source_and_inherited_value_reach_the_digest(tmp_path):
    plain = load_policy(pack_file(tmp_path)).digest
    for before, after in (("2026年1号", "2026年2号"), ("yueyang-2021", "yiyuan-2021")):
        assert load_policy(pack_file(tmp_path, OWN.replace(before, after))).digest != plain


# --- parameters --------------------------------------------------------------


def test_every_parameter_is_bounded_named_and_known():
    for parameter in parameters().values():
        assert parameter.zh and parameter.en and parameter.unit, parameter.key
        if parameter.kind in ("number", "integer"):
            assert float("-inf") < parameter.low < parameter.high < float("inf"), parameter.key
        if parameter.kind == "enum":
            assert parameter.choices, parameter.key
