"""判例库 and 泄露检查: each opens for its role, acts through its service, and refuses a rater."""

import csv
import itertools
from datetime import UTC, datetime
from hashlib import shake_256

import pytest

from models.store import Act
from workbench import messages
from workbench.services.intake import import_package
from workbench.services.people import Directory
from workbench.services.precedent_search import Query, search
from workbench.services.precedents import save, save_after_ruling
from workbench.services.rating import import_ratings
from workbench.services.workspace import Workspace, create

pytestmark = pytest.mark.slow

AT = datetime(2026, 9, 21, 2, tzinfo=UTC)
CRITERION = "B8-1.P2"
PEOPLE = {"R1": "rater", "R2": "rater", "R3": "rater", "C1": "chair", "K1": "county"}


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read(rater, word, round_name, comment=""):
    place = {"teacher_id": "T1", "competency": "B8", "slot": "B8-1", "rater": rater}
    names = ("P1", "P2", "P3", "P4", "E1", "E2")
    told = {"round": round_name, "comment": comment}
    met = {"1": "1", "0": "0", "?": "无法判断"}
    return [
        {**place, "criterion": f"B8-1.{name}", "met": met[sign], **told}
        for name, sign in zip(names, word, strict=True)
        if sign != "."
    ]


@pytest.fixture
def workspace(tmp_path):
    """One piece on which the chair has ruled."""
    counter = itertools.count()
    fresh = lambda size: shake_256(str(next(counter)).encode()).digest(size)  # noqa: E731
    made = create(tmp_path / "w", "national-2.0", "2026秋", "示例县", Act("建档", "", AT), fresh)
    with made.store() as store, store.transaction(Act("建档", "", AT), "roster.import") as tx:
        people = Directory(store, tx, fresh)
        people.school("城关小学", {})
        for person_id, role in PEOPLE.items():
            people.rater(person_id, name=f"人员{person_id}", school="县教研室", roles=[role])
    package = tmp_path / "package"
    package.mkdir()
    row = {"teacher_id": "T1", "teacher_name": "梁禾清", "school": "城关小学"}
    (package / "a.txt").write_text("学情分析用了问卷，附有结论。" * 60, encoding="utf-8")
    write(package / "manifest.csv", [row | {"competency": "B8", "slot": "B8-1", "file": "a.txt"}])
    import_package(made, package, Act("登记员", "", AT), fresh)
    reads = [
        *read("R1", "111111", "blind"),
        *read("R2", "101111", "blind"),
        *read("R3", "1?1111", "third", "看不清"),
        *read("C1", ".0....", "chair", "没有数据"),
    ]
    write(tmp_path / "ratings.csv", reads)
    act = Act("C1", "", AT, "没有数据")
    import_ratings(made, tmp_path / "ratings.csv", act, fresh)
    return Workspace(made.folder)


def words(page):
    kinds = ("title", "caption", "info", "warning", "success", "error", "markdown")
    said = [each.value for kind in kinds for each in page.get(kind)]
    return "\n".join([*said, *(each.proto.body for each in page.get("html"))])


def press(page, label):
    return next(each for each in page.button if each.label == label).click().run()


def test_a_ruling_is_kept_found_by_two_characters_and_withdrawn_with_a_reason(open_page, workspace):
    page = open_page("precedents", "C1")
    assert "还没有判例" in words(page)
    page.text_area[0].set_value("学情分析用了问卷")
    page = press(page, "存为判例")
    assert "已存为判例" in words(page) and not page.exception
    page.text_input(key="pr_words").set_value("问卷").run()
    assert "<mark>问卷</mark>" in words(page)
    (kept,) = search(workspace, "C1", Query())
    page.text_input(key=f"pr_why_{kept.precedent_id}").set_value("口径已变").run()
    page.button(key=f"pr_end_{kept.precedent_id}").click().run()
    assert search(workspace, "C1", Query()) == []
    (ended,) = search(workspace, "C1", Query(everything=True))
    assert ended.ended_words == "口径已变"


def test_after_a_ruling_what_the_library_has_already_is_left_out_without_a_fault(workspace):
    with workspace.store() as store:
        piece = store.where("piece")[0]["piece_id"]
    act = Act("C1", "", AT)
    (kept,) = save_after_ruling(workspace, piece, [CRITERION], act)
    assert save_after_ruling(workspace, piece, [CRITERION], act) == []
    assert [each.precedent_id for each in search(workspace, "C1", Query())] == [kept]


@pytest.mark.parametrize("name", ["precedents", "leaks"])
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_each_page_opens_in_both_languages(open_page, workspace, name, language):
    with workspace.store() as store:
        piece = store.where("piece")[0]["piece_id"]
    save(workspace, piece, CRITERION, Act("C1", "", AT), "学情分析")
    page = open_page(name, "K1", language)
    assert not page.exception and not page.error
    assert page.title[0].value == messages.catalogue(language)[f"page.{name}"]


@pytest.mark.parametrize("name", ["precedents", "leaks"])
def test_a_rater_is_refused(open_page, name):
    page = open_page(name, "R1")
    assert any("角色" in each.value for each in page.error)


def test_what_a_card_shows_is_no_markup():
    from workbench.app_pages.precedents import _marked

    assert _marked("<b>问卷", "问卷") == "&lt;b&gt;<mark>问卷</mark>"
