"""分派与预检: what the chair sees before anybody reads, giving out, a rule set aside."""

import secrets
from datetime import UTC, datetime

import pytest

from models.assignments import all_assignments
from models.store import Act
from workbench import messages
from workbench.app_pages import drawing
from workbench.services import recent_views
from workbench.services.assignments import allocate_reads
from workbench.services.people import Directory, TeacherRow, piece_id_of
from workbench.services.workspace import create

pytestmark = pytest.mark.slow

AT = datetime(2026, 11, 2, 1, tzinfo=UTC)
POLICY = """
[pack]
id = "test-county"
name_zh = "示例县"
name_en = "Example county"
[rule.review]
exclude_same_subject_group = { value = true, unit = "yes-no", source = "test" }
"""


@pytest.fixture
def workspace(tmp_path):
    """Two departments of a school: four raters of one, none of the other; a chair and a county reviewer."""
    pack = tmp_path / "policy.toml"
    pack.write_text(POLICY, encoding="utf-8")
    act = Act("登记员", "", AT)
    made = create(tmp_path / "w", str(pack), "2026", "松岚县", act, secrets.token_bytes)
    with made.store() as store, store.transaction(act, "test") as tx:
        directory = Directory(store, tx, secrets.token_bytes)
        for number in range(4):
            place = {"school": "青禾小学", "department": "语文教研组"}
            directory.rater(f"PS{number}", name=f"评审{number}", **place)
        directory.rater("ZZ01", name="组长", roles=["chair"])
        directory.rater("FH01", name="复核", roles=["county"])
        for teacher, department in (
            ("T1", "语文教研组"),
            ("T2", "数学教研组"),
            ("T3", "数学教研组"),
        ):
            facts = {"hours_online": "50", "hours_practice": "50", "department": department}
            directory.teacher(TeacherRow(teacher, f"教师{teacher}", "青禾小学", facts))
            row = {"submission_id": teacher, "teacher_id": teacher, "competency": "A1"}
            tx.insert("submission", [{**row, "attempt": 1}])
            for slot in ("A1-1", "A1-2"):
                piece = {"piece_id": piece_id_of(teacher, slot, 1), "submission_id": teacher}
                tx.insert("piece", [{**piece, "slot_id": slot}])
    return made


@pytest.fixture
def open_page(open_page):
    def opened(person_id="ZZ01", language="zh"):
        return open_page("allocation", person_id, language)

    return opened


def words(page):
    kinds = ("title", "subheader", "caption", "info", "warning", "success", "error", "markdown")
    return "\n".join(each.value for kind in kinds for each in page.get(kind))


def press(page, label):
    return next(each for each in page.button if each.label == label).click().run()


def given(workspace):
    with workspace.store() as store:
        return [row for row in all_assignments(store) if row["why"] is None]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_page_opens_in_both_languages_and_writes_nothing(open_page, workspace, language):
    page = open_page(language=language)
    assert not page.exception
    assert not page.error
    assert page.title[0].value == messages.sentence(language, "page.allocation")
    assert [each.value for each in page.metric][:2] == ["6", "8"]
    assert given(workspace) == []


def test_it_says_what_lacks_and_names_the_ways_out(open_page):
    told = words(open_page())
    assert "有 2 件证据人手不足" in told
    assert "放宽同教研组回避：可补 4 次评阅，之后仍缺 0 件" in told
    assert "借调 2 位评审员" in told
    assert "同教研组 4 人" in str(open_page().dataframe[0].value)


def test_others_are_refused_by_the_service(open_page):
    page = open_page("PS1")
    assert len(page.error) == 1
    assert not page.metric


def test_pressing_the_button_gives_out_what_has_readers(open_page, workspace):
    page = press(open_page(), "按此方案分派")
    assert not page.exception
    assert len(given(workspace)) == 8
    assert page.metric[5].value == "2"


def test_a_rule_is_set_aside_on_the_page_with_its_reason(open_page, workspace):
    page = open_page()
    page.button_group[0].select("own_group").run()
    assert "放宽规则派出 4 次评阅" in words(page)
    assert page.metric[1].value == "12"
    assert page.metric[5].value == "0"
    press(page, "按此方案分派")
    assert given(workspace) == []  # no reason yet
    page.text_input(key="allocation_reason").input("全校只有一个语文组").run()
    press(page, "按此方案分派")
    assert len(given(workspace)) == 12
    with workspace.store() as store:
        reasons = {r["reason"] for r in store.where("audit_log", action="allocation.relax")}
    assert reasons == {"全校只有一个语文组"}


def test_when_nothing_lacks_the_page_says_so_and_still_lists_the_reviewers(open_page, workspace):
    act = Act("ZZ01", "", AT, "全校只有一个语文组")
    allocate_reads(workspace, "7", act, ["own_group"])
    page = open_page()
    assert "目前没有需要分派的评阅" in words(page)
    assert len(page.dataframe[0].value) == 4


def test_a_plan_that_lags_says_as_of_when_and_own_acts_and_a_refresh_show_at_once(
    open_page, workspace, monkeypatch
):
    for module in (recent_views, drawing):
        monkeypatch.setattr(module, "CHEAP_S", -1.0)  # every plan is dear
    page = open_page()
    assert "截至" in words(page)
    assert "此后又有新的记录" not in words(page)
    others = Act("FH01", "", AT, "补派")
    allocate_reads(workspace, "2026-1", others)
    page.run()
    assert "此后又有新的记录" in words(page)
    assert page.metric[1].value == "8"  # as before the other's act
    press(page, "刷新")
    assert page.metric[1].value == "0"
    assert "此后又有新的记录" not in words(page)


def test_who_gives_out_reads_sees_them_given_out(open_page, monkeypatch):
    monkeypatch.setattr(recent_views, "CHEAP_S", -1.0)
    page = open_page()
    assert page.metric[1].value == "8"
    press(page, "按此方案分派")
    assert page.metric[1].value == "0"
