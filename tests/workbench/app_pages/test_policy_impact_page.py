"""试算与改用 on the page of policies: nothing is written by looking, adopting does what the command does."""

import secrets
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from models.store import Act
from workbench.services.people import Directory, TeacherRow
from workbench.services.workspace import Workspace, create

pytestmark = pytest.mark.slow

ACT = Act("建档", "", datetime(2026, 9, 1, tzinfo=UTC))
CODE = "from workbench.app_pages import policies\npolicies.draw()"


@pytest.fixture
def house(tmp_path):
    made = create(tmp_path / "w", "national-2.0", "秋季", "示例县", ACT, secrets.token_bytes)
    with made.store() as store, store.transaction(ACT, "roster.import") as tx:
        people = Directory(store, tx, secrets.token_bytes)
        people.teacher(TeacherRow("T1", "教师一", "城关小学", {"choices": '["A1", "B8", "C1"]'}))
        for person_id, role in (("K1", "county"), ("G1", "registrar"), ("R1", "rater")):
            people.rater(person_id, name=person_id, roles=[role])
    return made


def opened(house, person_id):
    test = AppTest.from_string(CODE, default_timeout=120)
    test.user = {"person": person_id, "workspace": str(house.folder), "language": "zh"}
    return test.run()


def words(test):
    return "\n".join(str(each.value) for kind in (test.markdown, test.info) for each in kind)


def test_a_rater_has_no_such_tab_and_a_registrar_cannot_adopt(house):
    assert len(opened(house, "R1").tabs) == 2
    test = opened(house, "G1")
    test.selectbox(key="impact_pack").set_value("yueyang-2021").run()
    assert not test.exception and "会改变的规则" in words(test)
    assert not [each for each in test.text_area if each.key == "adopt_reason"]


def test_the_county_looks_and_then_adopts_with_a_reason(house):
    test = opened(house, "K1")
    test.selectbox(key="impact_pack").set_value("yueyang-2021").run()
    assert "条结果中有" in words(test)
    shown = test.dataframe[-1].value
    assert list(shown.columns) == ["rule", "key", "before", "after"]
    assert not {"True", "False", "None"} & {*shown["before"], *shown["after"]}
    assert all(any(sign >= "\u4e00" for sign in name) for name in shown["rule"])
    with house.store() as store:
        assert not store.where("audit_log", action="policy.adopt")
    adopt = next(each for each in test.button if each.label == "改用这个政策包")
    test.text_area(key="adopt_reason").set_value("市里新办法")
    adopt.click().run()
    assert [each.value for each in test.warning] == ["请先勾选确认。"]
    test.checkbox(key="adopt_sure").check()
    next(each for each in test.button if each.label == "改用这个政策包").click().run()
    assert not test.exception and "yueyang-2021" in test.success[0].value
    assert Workspace(house.folder).policy.pack_id == "yueyang-2021"
    with house.store() as store:
        (line,) = store.where("audit_log", action="policy.adopt")
    assert (line["actor"], line["role"], line["reason"]) == ("K1", "county", "市里新办法")


def revised(house):
    """A rubric of B8 with one word more, lying ready in the round's folder; its path."""
    source = (house.rubrics_folder / "B8.toml").read_text(encoding="utf-8")
    words = house.rubrics["B8"].slots[0].criteria[0].text_zh
    path = house.folder / "rubric_sets" / "B8-revised.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source.replace(words, f"{words}（修订）", 1), encoding="utf-8")
    return str(path)


def test_a_rubric_is_tried_and_adopted_on_the_page_as_well(house):
    path = revised(house)
    test = opened(house, "K1")
    test.segmented_control(key="impact_kind").set_value("rubric").run()
    test.selectbox(key="impact_rubric").set_value(path).run()
    assert not test.exception and "会改变的内容：1 处" in words(test)
    test.text_area(key="adopt_reason").set_value("文字修订")
    test.checkbox(key="adopt_sure").check()
    next(each for each in test.button if each.label == "改用这份量规").click().run()
    assert not test.exception
    now = Workspace(house.folder).rubrics["B8"].slots[0].criteria[0].text_zh
    assert now.endswith("（修订）")
    with house.store() as store:
        (line,) = store.where("audit_log", action="rubric.adopt")
    assert (line["actor"], line["reason"]) == ("K1", "文字修订")


def test_without_a_rubric_lying_ready_the_page_says_where_to_take_one_from(house):
    test = opened(house, "K1")
    test.segmented_control(key="impact_kind").set_value("rubric").run()
    assert str(house.rubrics_folder) in words(test)
