"""The catalogue of flags: every kind has its words in both languages and its rules in the policy."""

import pytest

from rubrics.parameters import parameters
from scoring.flags import CATALOGUE, EXHIBITS, SOURCES, SUBJECTS, UNITS, shown_effect
from workbench import messages
from workbench.services.catalogue import find_policy
from workbench.services.flag_catalogue import catalogue_rows
from workbench.services.flag_finding import CODE_OF_KIND, CODE_OF_TRACE


@pytest.fixture(scope="module")
def national():
    return find_policy("national-2.0")


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("code", CATALOGUE)
def test_a_kind_has_all_its_words_with_no_value_it_is_not_given(language, code):
    sentences, kind = messages.catalogue(language), CATALOGUE[code]
    for part in ("name", "statistic", "innocent"):
        assert messages.placeholders(sentences[f"flag.{code}.{part}"]) == set()
    for variant in kind.variants:
        assert messages.placeholders(sentences[f"flag.{code}.{variant}"]) <= kind.values


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_locale_speaks_of_no_other_kind(language):
    told = {key.split(".")[1] for key in messages.catalogue(language) if key.startswith("flag.")}
    assert told == set(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_kind_is_described_in_known_terms(code):
    kind = CATALOGUE[code]
    assert kind.code == code
    assert kind.source in SOURCES
    assert kind.effect in UNITS
    assert kind.exhibit in EXHIBITS
    assert set(kind.subjects) <= set(SUBJECTS)
    assert kind.weight in (1, 2, 3)


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_threshold_stands_in_the_policy_with_unit_and_source(code, national):
    kind = CATALOGUE[code]
    for key in (*kind.minimum, *kind.thresholds):
        rule = national.rules[key]
        assert rule.unit
        assert rule.source
        assert key in parameters()


@pytest.mark.parametrize("code", [c for c, kind in CATALOGUE.items() if kind.tested])
def test_a_test_has_a_minimum_a_least_effect_and_a_false_discovery_rate(code, national):
    kind = CATALOGUE[code]
    assert kind.minimum
    assert {f"flag.{code}.min_effect", f"flag.{code}.q"} == set(kind.thresholds)
    assert 0 < national[f"flag.{code}.q"] <= 0.05
    assert isinstance(national[f"flag.{code}.hold"], bool)


def test_what_comparisons_and_tests_find_is_in_the_catalogue():
    found = {*CODE_OF_KIND.values(), *CODE_OF_TRACE.values()}
    assert found <= set(CATALOGUE)


def test_an_effect_is_said_in_its_unit():
    assert shown_effect("copied_reads", 0.313) == "31%"
    assert shown_effect("halo_rater", 1.84) == "1.8"
    assert shown_effect("reused_image", 7.0) == "7"
    assert shown_effect("severe_rater", None) == ""


def test_rows_give_value_and_source_of_each_threshold(national):
    rows = {row["code"]: row for row in catalogue_rows(national)}
    assert list(rows) == list(CATALOGUE)
    least = next(r for r in rows["severe_rater"]["minimum"] if r["key"].endswith("min_reads"))
    assert (least["value"], least["unit"], least["source"]) == (15, "reads", "default")
    assert rows["copied_text"]["holds"] is True
    assert rows["unlike_prediction"]["opens_case"] is False
