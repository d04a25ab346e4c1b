"""Every fault, doubt and state has its sentence in both languages, with the same values."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import workbench.formats
from workbench.formats.faults import RowFault
from workbench.messages import catalogue, placeholders

FOLDER = Path(workbench.formats.__file__).parent
SOURCES = [*FOLDER.glob("*.py"), FOLDER.parent / "services" / "drafting.py"]
FEATURES = ("intake", "roster", "ratings", "portal", "draft", "seed_pack")


def of(feature: str) -> list[str]:
    return sorted(key for key in catalogue("zh") if key.startswith(f"{feature}."))


@pytest.mark.parametrize("feature", FEATURES)
def test_both_languages_say_the_same_things_with_the_same_values(feature):
    chinese, english = catalogue("zh"), catalogue("en")
    assert of(feature) == sorted(key for key in english if key.startswith(f"{feature}."))
    for key in of(feature):
        assert placeholders(chinese[key]) == placeholders(english[key]), key


def codes() -> set[str]:
    """Codes written out in the calls that note a fault or a doubt."""
    place = {
        "reject": 2,
        "warn": 2,
        "_reject": 2,
        "note": 2,
        "doubt": 0,
        "FileDoubt": 0,
        "Doubt": 0,
    }
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            said = node.args[place[name]] if len(node.args) > place.get(name, 99) else None
            if isinstance(said, ast.Constant):
                found.add(said.value)
    return found


def test_every_code_has_a_sentence():
    told = {key.rpartition(".")[2] for feature in FEATURES for key in of(feature)}
    assert len(codes()) > 60
    assert codes() <= told


def test_a_list_of_values_is_joined_as_the_language_does():
    fault = RowFault("", 3, "能力点", "missing_columns", "reject", {"columns": ("学校", "证据")})
    assert "学校、证据" in fault.sentence("zh")
    assert "学校, 证据" in fault.sentence("en")
