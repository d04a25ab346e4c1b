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
    test = AppTest.from_string(CODE, default_timeout=20)
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
