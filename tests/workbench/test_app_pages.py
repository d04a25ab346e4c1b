"""Pages opened without a browser: each draws what its role may see, through its service."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from hashlib import shake_256
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models.store import Act
from workbench import navigation
from workbench.messages import LANGUAGES, catalogue
from workbench.services.accounts import set_roles
from workbench.services.people import Directory
from workbench.services.roles import ROLES
from workbench.services.workspace import create

pytestmark = pytest.mark.slow

START = datetime(2026, 9, 1, tzinfo=UTC)
APP = Path(navigation.__file__).with_name("app.py")
PEOPLE = {"A1": ["admin"], "R1": ["rater"], "G1": ["registrar"], "AC": ["admin", "chair"]}


@pytest.fixture
def house(tmp_path):
    counter = itertools.count()
    fresh = lambda size: shake_256(str(next(counter)).encode()).digest(size)  # noqa: E731
    act = Act("建档", "", START)
    made = create(tmp_path / "w", "national-2.0", "秋季", "示例县", act, fresh)
    with made.store() as store, store.transaction(act, "roster.import") as tx:
        people = Directory(store, tx, fresh)
        for person_id, roles in PEOPLE.items():
            people.rater(person_id, name=f"人员{person_id}", school="城关小学", roles=roles)
    return made


def opened(house, person_id, page="", language="zh"):
    """The app as a person sees it; ``page`` draws one page alone."""
    if page:
        code = f"from workbench.app_pages import {page}\n{page}.draw()"
        test = AppTest.from_string(code, default_timeout=120)
    else:
        test = AppTest.from_file(APP, default_timeout=120)
    test.user = {"person": person_id, "workspace": str(house.folder), "language": language}
    return test.run()


def words(test):
    kinds = (test.title, test.markdown, test.caption, test.error, test.success, test.info)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["people", "audit_log", "policies"])
def test_a_page_opens_in_both_languages(house, page, language):
    test = opened(house, "A1", page, language)
    assert not test.exception and not test.error
    assert test.title[0].value == catalogue(language)[f"page.{page}"]


@pytest.mark.parametrize("page", ["people", "audit_log"])
def test_a_page_called_by_the_wrong_role_is_refused_by_its_service(house, page):
    test = opened(house, "R1", page)
    assert test.exception and not test.dataframe and not test.button


def test_the_app_opens_for_every_role_and_for_none(house):
    for person_id in PEOPLE:
        assert not opened(house, person_id).exception
    set_roles(house, "R1", [], Act("A1", "", START))
    assert "没有角色" in words(opened(house, "R1"))


def test_nobody_signed_in_is_shown_nothing(house):
    test = AppTest.from_file(APP, default_timeout=120)
    test.user = {"workspace": str(house.folder)}
    assert test.run().exception and not test.title


def test_people_are_entered_and_a_fault_keeps_the_form(house):
    test = opened(house, "A1", "people")
    test.text_input(key="add_name").set_value("新人")
    add = next(button for button in test.button if button.label == "添加")
    add.click().run()
    assert test.session_state["session_said"][0] == "fault"
    assert test.text_input(key="add_name").value == "新人"
    test.button_group(key="add_roles").set_value(["rater"])
    next(button for button in test.button if button.label == "添加").click().run()
    assert test.session_state["session_said"] == ("done", test.session_state["session_said"][1])
    with house.store() as store:
        assert store.one("person", name="新人")["person_id"] == "u001"
        assert store.where("audit_log")[-1]["actor"] == "A1"


def test_the_log_shows_a_write_made_while_the_page_was_open(house):
    test = opened(house, "A1", "audit_log")
    before = len(test.dataframe[0].value)
    set_roles(house, "R1", ["chair"], Act("A1", "", START))
    test.run()
    assert len(test.dataframe[0].value) == before + 1


def test_rules_are_found_by_a_word(house):
    test = opened(house, "A1", "policies")
    every = len(test.dataframe[0].value)
    test.text_input(key="policy_word").set_value("公示").run()
    assert 0 < len(test.dataframe[0].value) < every
    test.selectbox(key="rubric_code").set_value("B8").run()
    assert "B8-1.P1" in words(test)


@pytest.mark.parametrize("role", ROLES)
def test_navigation_offers_what_the_table_gives_a_role(role):
    offered = [entry.name for entries in navigation.sections([role]).values() for entry in entries]
    there = {entry.name for entry in navigation.entries()}
    assert sorted(offered) == sorted(name for name in navigation.PAGES[role] if name in there)
    assert navigation.landing([role]).name == next(n for n in navigation.PAGES[role] if n in there)


def test_few_pages_stand_beside_each_other_and_many_under_the_stage_of_the_work():
    assert list(navigation.sections(["rater"])) == [""]
    chair = navigation.sections(["chair"])
    assert "" not in chair and chair["reading"][0].name == "progress"
    assert all(0 < len(pages) <= 8 for pages in chair.values())


def test_every_page_has_one_place_among_the_stages():
    staged = [name for names in navigation.STAGES.values() for name in names]
    assert len(staged) == len(set(staged))
    assert {name for pages in navigation.PAGES.values() for name in pages} <= set(staged)


def test_nobody_without_a_role_lands_anywhere():
    assert navigation.landing([]) is None and navigation.sections([]) == {"": []}


def test_a_page_of_two_roles_stands_once():
    offered = navigation.sections(["admin", "chair"])
    names = [entry.name for entries in offered.values() for entry in entries]
    assert len(names) == len(set(names)) and {"people", "audit_log"} <= set(names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_a_title(language):
    titles = catalogue(language)
    assert {f"menu.{stage}" for stage in navigation.STAGES} <= set(titles)
    names = {name for pages in navigation.PAGES.values() for name in pages}
    assert {f"page.{name}" for name in names} <= set(titles)
