"""What stands in the shipped rubrics."""

from collections import Counter

import pytest

from rubrics.levels import Level
from rubrics.loading import check_set_folder, list_sets, load_set, shipped_set_folder


@pytest.fixture(scope="module")
def points():
    return load_set("micro_competencies")


@pytest.fixture(scope="module")
def leadership():
    return load_set("leadership")


@pytest.mark.parametrize("set_id", list_sets())
def test_the_shipped_sets_have_no_faults(set_id):
    assert check_set_folder(shipped_set_folder(set_id)) == []


def test_thirty_micro_competencies_in_three_environments_and_four_dimensions(points):
    # the table of the county document: 30 rows, 13 + 10 + 7 by environment
    assert len(points.rubrics) == 30
    assert Counter(code[0] for code in points.rubrics) == {"A": 13, "B": 10, "C": 7}
    assert Counter(r.environment for r in points) == {"multimedia": 13, "blended": 10, "smart": 7}
    assert Counter(r.dimension_zh for r in points) == {
        "学情分析": 2,
        "教学设计": 7,
        "学法指导": 14,
        "学业评价": 7,
    }


def test_eighty_four_slots_and_every_slot_can_pass_and_excel(points):
    slots = [slot for rubric in points for slot in rubric.slots]
    assert len(slots) == 84
    assert sum(len(slot.criteria) for slot in slots) == 474
    assert all(slot.pass_ids and slot.excellent_ids for slot in slots)


def test_fifteen_leadership_items_in_three_duties(leadership):
    # planning 1-5, implementation 6-11, evaluation 12-15
    assert list(leadership.rubrics) == [f"L{number}" for number in range(1, 16)]
    assert Counter(r.dimension_zh for r in leadership) == {
        "规划设计": 5,
        "组织实施": 6,
        "评价推动": 4,
    }


def test_only_two_limits_are_known_from_the_norm(points):
    official = {
        (slot.slot_id, name): limit.value
        for rubric in points
        for slot in rubric.slots
        for name, limit in slot.limits.items()
        if limit.official
    }
    assert official == {("A1-2", "max_minutes"): 5, ("A6-2", "max_minutes"): 10}


def test_the_form_of_six_pieces_is_known_from_the_norm(points):
    known = {s.slot_id for r in points for s in r.slots if s.form_provenance == "official-fact"}
    assert known == {"A1-1", "A1-2", "A6-1", "A6-2", "A6-3", "C4-1"}
    assert points["C4"].slot("C4-1").criteria_provenance == "official-fact"


def test_accounts_of_students_are_required_but_not_core(points):
    for rubric in points:
        assert any(slot.core for slot in rubric.slots)
    assert not points["A5"].slot("A5-3").core
    assert points["A5"].slot("A5-3").name_zh == "学生体会"


def test_names_are_those_of_the_document(points):
    assert points["A1"].name_zh == "技术支持的学情分析"
    assert points["B1"].environment_zh == "混合学习环境"
    assert points["C7"].name_zh == "创建数据分析微模型"
    assert points.find(" 技术支持的 学情分析 ").competency == "A1"


def test_criteria_are_in_both_languages_and_of_two_levels(points, leadership):
    for loaded in (points, leadership):
        for rubric in loaded:
            for slot in rubric.slots:
                for criterion in slot.criteria:
                    assert criterion.text_zh and criterion.text_en
                    assert criterion.level in (Level.PASS, Level.EXCELLENT)
                    letter = "P" if criterion.level is Level.PASS else "E"
                    assert criterion.criterion_id.startswith(f"{slot.slot_id}.{letter}")


def test_sets_have_titles_and_one_digest(points, leadership):
    assert points.title_zh == "三十项微能力"
    assert points.digest != leadership.digest
    assert len({rubric.digest for rubric in points}) == 30
