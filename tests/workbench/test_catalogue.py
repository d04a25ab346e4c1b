"""``workbench rubrics`` and ``workbench policies``, as they are typed."""

import json

import pytest
from click.testing import CliRunner

from rubrics.faults import SENTENCES
from rubrics.loading import load_policy
from rubrics.parameters import parameters
from rubrics.resolving import FOLDER
from workbench import messages
from workbench.cli import cli
from workbench.messages import catalogue, placeholders
from workbench.readers.limits import Limits

RUBRICS = FOLDER.parent / "micro_competencies"


@pytest.fixture(autouse=True)
def _language():
    before = messages.language()
    yield
    messages.use_language(before)


def run(*words, lang="zh"):
    return CliRunner().invoke(cli, ["--lang", lang, *map(str, words)])


def rows(*words):
    done = run(*words, "--json")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return json.loads(done.output)


def faulty(folder):
    text = (RUBRICS / "A1.toml").read_text(encoding="utf-8")
    path = folder / "A1.toml"
    path.write_text(text.replace('level = "pass"', 'level = "合格"', 1), encoding="utf-8")
    return path


def test_list_shows_both_sets():
    listed = rows("rubrics", "list")
    assert len(listed) == 45
    assert listed[0]["competency"] == "A1"
    assert len(rows("rubrics", "list", "--set", "leadership")) == 15
    assert "技术支持的学情分析" in run("rubrics", "list").output


@pytest.mark.parametrize("name", ["A6", "技术支持的课堂讲授", RUBRICS / "A6.toml"])
def test_show_takes_a_code_a_name_or_a_file(name):
    shown = run("rubrics", "show", name).output
    assert "课堂实录片段" in shown
    assert "不超过10分钟（文件规定）" in shown
    assert "不超过500 MB（产品默认，只提醒）" in shown
    assert len(rows("rubrics", "show", name)) == 19


def test_show_speaks_the_language_of_the_run():
    shown = run("rubrics", "show", "A6", lang="en").output
    assert "at most 10 minutes (from a document)" in shown
    assert "教学设计" not in shown


def test_show_of_something_unknown_names_the_way_out():
    done = run("rubrics", "show", "Z9")
    assert done.exit_code == 2
    assert "rubrics list" in done.stderr


def test_check_is_silent_success_for_sound_files():
    done = run("rubrics", "check", RUBRICS, RUBRICS / "A1.toml")
    assert (done.exit_code, done.output) == (0, "没有错误。\n")
    assert run("policies", "check", FOLDER).exit_code == 0


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [("zh", "不在可选值之内：pass、excellent"), ("en", "is not one of pass, excellent")],
)
def test_check_prints_file_key_fault_and_remedy_and_exits_with_one(tmp_path, lang, sentence):
    done = run("rubrics", "check", faulty(tmp_path), lang=lang)
    assert done.exit_code == 1
    joined = "".join(done.output.split())
    for part in ("A1.toml", "slot[0].criterion[0].level", "(A1-1.P1)", sentence):
        assert "".join(part.split()) in joined


def test_check_as_json_has_stable_keys(tmp_path):
    (fault,) = rows("rubrics", "check", faulty(tmp_path))
    assert list(fault) == ["file", "key", "subject", "code", "message", "remedy"]
    assert fault["code"] == "not_allowed"


def test_check_of_a_file_that_is_not_there_is_wrong_use(tmp_path):
    assert run("rubrics", "check", tmp_path / "A1.toml").exit_code == 2


def test_policy_faults_speak_of_units_in_the_language_of_the_run(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[pack]\nid = "own"\nname_zh = "本县"\nname_en = "Own"\n[rule.publicity]\n'
        'days = { value = 99, unit = "working days", source = "本县" }\n',
        encoding="utf-8",
    )
    (fault,) = rows("policies", "check", path)
    assert fault["message"] == "99不在0到15（单位：个工作日）之内"
    assert run("policies", "check", path).exit_code == 1


def test_policies_list_and_show():
    assert rows("policies", "list")[0]["policy"] == "national-2.0"
    shown = {row["key"]: row for row in rows("policies", "show", "yueyang-2021")}
    assert shown["hours.awarded_by_passing"]["value"] == 10
    assert all(row["unit"] and row["source"] for row in shown.values())
    assert "岳教体办通" in run("policies", "list").output
    assert "Yueyang City" in run("policies", "list", lang="en").output
    assert "Finding and evaluating" in run("rubrics", "list", lang="en").output
    for lang, name in (("zh", "总学时下限"), ("en", "Least hours in all")):
        printed = run("policies", "show", "national-2.0", lang=lang).output
        assert "hours.total_min" in printed
        assert name in printed


def test_diff_names_what_changed_and_nothing_else(tmp_path):
    path = tmp_path / "A1.toml"
    text = (RUBRICS / "A1.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("max_minutes = { value = 5", "max_minutes = { value = 8"), "utf-8")
    (change,) = rows("rubrics", "diff", "A1", path)
    assert change == {
        "key": "A1-2.limits.max_minutes",
        "change": "changed",
        "before": ["5", "official-fact"],
        "after": ["8", "official-fact"],
    }
    assert "A1-2.limits.max_minutes" in run("rubrics", "diff", "A1", path).output
    assert run("rubrics", "diff", "A1", "A1").output == "没有差别。\n"
    assert run("policies", "diff", "national-2.0", "yiyuan-2021", lang="en").exit_code == 0


def test_a_faulty_file_cannot_be_shown_and_says_where_all_faults_are(tmp_path):
    done = run("rubrics", "show", faulty(tmp_path))
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1


def test_every_fault_has_its_sentences_in_both_languages():
    for code, (message, remedy) in SENTENCES.items():
        assert catalogue("en")[f"fault.{code}.message"] == message
        assert catalogue("en")[f"fault.{code}.remedy"] == remedy
        for part in ("message", "remedy"):
            key = f"fault.{code}.{part}"
            assert placeholders(catalogue("zh")[key]) <= placeholders(message + remedy), key


@pytest.mark.parametrize("feature", ["fault", "catalogue", "rubrics", "policies"])
def test_both_languages_have_the_same_keys(feature):
    zh, en = (
        {key for key in catalogue(lang) if key.startswith(f"{feature}.")} for lang in ("zh", "en")
    )
    assert zh == en


def test_every_unit_has_a_word_in_both_languages():
    for lang in messages.LANGUAGES:
        for parameter in parameters().values():
            assert f"policies.unit.{parameter.unit}" in catalogue(lang)


def test_the_file_limits_of_the_policy_are_those_the_readers_know():
    limits = load_policy("national-2.0").section("intake.limits")
    assert set(limits) <= set(Limits.names())
    assert Limits(**limits).pdf_pages == 3000
