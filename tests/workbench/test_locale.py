"""Sentences: both languages say the same things, and whatever code asks for is there to be said."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from rubrics.parameters import parameters
from workbench import messages
from workbench.cli import COMMANDS
from workbench.readers.errors import CODES as READER_CODES
from workbench.services.checks import REJECT, Remark
from workbench.services.exhibits import ALLOWED
from workbench.services.holds import DISPOSITIONS

ROOT = Path(__file__).parents[2]
PACKAGES = ("rubrics", "models", "scoring", "workbench")
LIMITS = ("max_mb", "min_chars", "max_chars", "min_pages", "max_minutes", "min_items", "max_items")
REFUSED_READS = (
    *("no_such_piece", "marks_differ", "not_fresh", "own_work", "own_group", "own_school"),
    *("third_too_early", "ruling_without_reason", "no_ruling_due", "ruling_by_reader"),
    "not_calibrated",
)
FOUND_BY_CHECKS = (
    "wrong_form",
    "file_missing",
    "sha256_differs",
    "already_read",
    "video_elsewhere",
)


def files(language: str) -> set[str]:
    return {
        entry.name
        for entry in (resources.files("workbench.locale") / language).iterdir()
        if entry.name.endswith(".toml")
    }


@cache
def raised() -> tuple[tuple[str, str, set[str]], ...]:
    """Every ``key=`` of an error in the code: where, the key, and the names of its values."""
    return tuple(_raised())


def _raised() -> Iterator[tuple[str, str, set[str]]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _is_error(node):
                    named = {each.arg: each.value for each in node.keywords if each.arg}
                    values = set(named) - {"key"}
                    for key in _keys(named.get("key")):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", key, values


def _is_error(node: ast.Call) -> bool:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return name.endswith("Error")


def _keys(node: ast.expr | None) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):  # the few keys with a part that varies
        told = ast.unparse(node)
        return {
            "f'ledger.fields_{state}'": ["ledger.fields_missing", "ledger.fields_unknown"],
            "f'workspace.{what}_changed'": [
                "workspace.policy_changed",
                "workspace.rubrics_changed",
            ],
            "f'calibration.gate_{self.state}'": [
                f"calibration.gate_{s}"
                for s in ("unqualified", "qualifying", "failed", "locked", "break", "trial")
            ],
            "f'window.not_{state}'": [f"window.not_{s}" for s in ("noticed", "closed", "reopened")],
        }[told]
    return []


def test_both_languages_have_the_same_files():
    assert files("zh") == files("en")


def test_both_languages_have_the_same_sentences():
    assert messages.catalogue("zh").keys() == messages.catalogue("en").keys()


def test_a_sentence_is_filled_with_the_same_values_in_both_languages():
    zh, en = messages.catalogue("zh"), messages.catalogue("en")
    differ = [
        key
        for key in zh.keys() & en.keys()
        if messages.placeholders(zh[key]) != messages.placeholders(en[key])
    ]
    assert differ == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_sentence_is_empty_and_no_key_stands_twice(language):
    for name in files(language):
        words = (resources.files("workbench.locale") / language / name).read_text(encoding="utf-8")
        tomllib.loads(words)  # a key that stands twice is refused
    assert [key for key, told in messages.catalogue(language).items() if not told.strip()] == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_error_in_the_code_has_its_sentence_with_no_value_it_is_not_given(language):
    sentences = messages.catalogue(language)
    missing, unfilled = [], []
    for where, key, values in raised():
        told = sentences.get(f"error.{key}")
        if told is None:
            missing.append((where, key))
        elif not messages.placeholders(told) <= values:
            unfilled.append((where, key, messages.placeholders(told) - values))
    assert missing == []
    assert unfilled == []


@pytest.mark.parametrize("code", [*FOUND_BY_CHECKS, *REFUSED_READS, *READER_CODES])
def test_a_remark_without_a_feature_finds_its_sentence(code):
    values = {"came": "txt", "accepts": "docx"}
    for language in messages.LANGUAGES:
        assert Remark(code, REJECT, values).sentence(language)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_remark_on_a_limit_names_that_limit(limit):
    values = {"limit": limit, "came": "31", "bound": "30"}
    for code in ("official_limit", f"beyond_{limit}"):
        assert "31" in Remark(code, REJECT, values).sentence("zh")


def test_a_remark_on_time_and_on_a_form_says_what_was_found():
    values = {"what": "modified", "day": "2026-01-02", "opens": "2026-09-01", "closes": ""}
    assert Remark("outside_window", REJECT, values).key == "check.outside_window.modified"
    own = Remark("unfilled_template", REJECT, {"share": "9%", "prompts": "0"})
    prompts = Remark("unfilled_template", REJECT, {"share": "", "prompts": "3"})
    assert "9%" in own.sentence("en")
    assert "3 prompts" in prompts.sentence("en")


def test_a_code_with_a_feature_keeps_its_own_sentence():
    assert Remark("roster.bad_hours", REJECT).key == "roster.bad_hours"
    assert Remark("missing_columns", REJECT).key == "intake.missing_columns"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_commands_print_by_code_is_there(language):
    sentences = messages.catalogue(language)
    roles = {role for allowed in ALLOWED.values() for role in allowed}
    environments = parameters()["environments.cross_environment"].choices
    wanted = [
        *(f"command.{name}" for name in ("heading", *COMMANDS)),
        *(f"disposition.{name}" for name in DISPOSITIONS),
        *(f"role.{name}" for name in roles),
        *(f"condition.environments.{name}" for name in environments),
    ]
    assert [key for key in wanted if key not in sentences] == []
