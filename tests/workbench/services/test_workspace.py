"""A workspace: made whole or not at all, and opened by its own rules."""

import json
from dataclasses import replace

import pytest

from rubrics.errors import PolicyError
from rubrics.policy_pack import Rule
from rubrics.resolving import default_rules
from workbench.errors import InputError
from workbench.services.catalogue import rule_rows
from workbench.services.keys import ledger_origin
from workbench.services.workspace import Workspace, create


def make(walk, name="new", **changes):
    given = {"policy": "national-2.0", "round_name": "2026秋", "place": "示例县", **changes}
    folder = walk.folder / name
    return create(folder, **given, act=walk.act(), fresh=walk.fresh)


def test_a_new_workspace_keeps_its_policy_and_rubrics(opened):
    made = make(opened)
    again = Workspace(made.folder)
    assert (again.round_name, again.place) == ("2026秋", "示例县")
    assert again.policy.digest == made.policy.digest
    assert len(list(again.rubrics)) == 30


def test_the_secret_is_the_owners_alone(opened):
    pepper = make(opened).folder / "keys" / "pepper"
    assert pepper.stat().st_mode & 0o777 == 0o600
    assert pepper.parent.stat().st_mode & 0o777 == 0o700
    assert len(pepper.read_bytes()) == 32


def test_a_folder_with_anything_in_it_is_left_alone(opened):
    (opened.folder / "new").mkdir()
    (opened.folder / "new" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        make(opened)


def test_a_policy_with_faults_leaves_no_folder(opened):
    with pytest.raises(PolicyError):
        make(opened, policy="no-such-policy")
    assert not (opened.folder / "new").exists()


@pytest.mark.parametrize("name", ["", " ", '2026"秋"', "a\\b", "a\nb", "长" * 51, "13800138000"])
def test_a_name_no_ledger_could_state_is_refused_at_once(opened, name):
    with pytest.raises(InputError, match="expected 1 to 50 characters") as caught:
        make(opened, round_name=name)
    assert caught.value.key == "workspace.name"
    assert not (opened.folder / "new").exists()


def test_names_are_kept_composed_and_without_blanks_around(opened):
    made = make(opened, round_name=" Be\u0301la 2026 + 秋 ")
    assert made.round_name == "B\u00e9la 2026 + 秋"
    assert ledger_origin(made, "s01") == "示例县/B\u00e9la-2026---秋/s01"


@pytest.mark.parametrize("what", ["policy.json", "rubrics/B8.toml"])
def test_rules_changed_after_the_opening_are_noticed(opened, what):
    made = make(opened)
    path = made.folder / what
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("2", "3", 1)
        if "json" in what
        else text.replace("。", "！", 1).replace('version = "1"', 'version = "2"'),
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="not the ones this round was opened with"):
        _ = Workspace(made.folder).policy, Workspace(made.folder).rubrics


def test_a_folder_that_is_none_is_named_with_the_way_out(tmp_path):
    with pytest.raises(InputError, match="workbench init"):
        _ = Workspace(tmp_path).settings


def test_a_rule_the_product_learnt_later_holds_at_its_default_and_changes_no_digest(opened):
    made = make(opened)
    kept = json.loads((made.folder / "policy.json").read_text(encoding="utf-8"))
    kept["rules"] = [rule for rule in kept["rules"] if not rule["key"].startswith("publicity.")]
    before = made.policy.digest
    earlier = replace(made.policy, rules={r["key"]: Rule(**r) for r in kept["rules"]})
    (made.folder / "policy.json").write_text(json.dumps(kept), encoding="utf-8")
    settings = made.folder / "workspace.toml"
    settings.write_text(settings.read_text().replace(before, earlier.digest))
    again = Workspace(made.folder)
    assert again.policy["publicity.days"] == default_rules()["publicity.days"].value
    assert again.policy.section("publicity")["days"] == again.policy["publicity.days"]
    assert again.policy.digest == earlier.digest != before
    assert "publicity.days" in {row["key"] for row in rule_rows(again.policy)}
