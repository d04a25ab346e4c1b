"""The score desk in a browser: nothing typed is lost, nothing is sent twice, no mouse is needed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

import workbench.components.desk as desk_folder
from models.desk_store import FILE_NAME, DeskStore
from models.drafts import drafts_of, pending_of
from models.store import Act
from rubrics.levels import Level
from rubrics.rubric import Criterion, Slot
from scoring.consensus import read_level
from tests.browser.desk_shown import piece_of, saved, wait_for_other
from workbench.services import desk
from workbench.services.assignments import allocate_reads

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="module")
def given_out(county):
    """The county with every read given out."""
    allocate_reads(county, "7", Act("ZZ01", "", datetime.now(UTC)))
    return county


@pytest.fixture
def desk_of(given_out, page_as):
    """Open somebody's desk."""

    def open_desk(name: str, path: str = "/desk"):
        page = page_as(name, path)
        page.wait_for_selector(".desk .row")
        return page

    return open_desk


def pending(county, person: str) -> list[dict]:
    with DeskStore(county.folder / FILE_NAME) as opened:
        return pending_of(opened, person)


def draft(county, person: str, piece: str) -> dict:
    with DeskStore(county.folder / FILE_NAME) as opened:
        return next(d for d in drafts_of(opened, person) if d["piece_id"] == piece)["content"]


def test_a_comment_typed_just_before_the_submit_shortcut_is_kept_whole(given_out, desk_of):
    page = desk_of("PS01")
    piece = piece_of(page)
    page.keyboard.press("a")
    page.keyboard.press("a")
    page.keyboard.press("c")
    page.keyboard.type("最后一个字也在")
    page.keyboard.press("Control+Enter")  # not a moment after the last key
    wait_for_other(page, piece)
    assert list(draft(given_out, "PS01", piece)["comments"].values()) == ["最后一个字也在"]
    assert [row["piece_id"] for row in pending(given_out, "PS01")] == [piece]
    assert page.outside == []


def test_a_refresh_comes_back_to_the_piece_with_marks_and_words(given_out, desk_of):
    page = desk_of("PS02")
    first = piece_of(page)
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("2")  # met, then not met
    page.keyboard.press("c")
    page.keyboard.type("第二页没有写明")
    saved(page)
    page.reload()
    page.wait_for_selector(".desk .row")
    assert piece_of(page) == first
    rows = page.locator(".desk .row")
    expect(rows.nth(0)).to_have_attribute("data-mark", "met")
    expect(rows.nth(1)).to_have_attribute("data-mark", "unmet")
    expect(rows.nth(1).locator("textarea")).to_have_value("第二页没有写明")


def test_a_double_click_and_the_shortcut_hand_in_once(given_out, desk_of):
    page = desk_of("PS03")
    piece = piece_of(page)
    page.keyboard.press("a")
    page.keyboard.press("a")
    page.locator(".desk button.submit").dblclick()
    page.keyboard.press("Control+Enter")
    wait_for_other(page, piece)
    assert [row["piece_id"] for row in pending(given_out, "PS03")] == [piece]
    desk.settle(given_out, datetime.now(UTC) + timedelta(seconds=60))
    with given_out.store() as store:
        assert len(store.where("read", piece_id=piece, rater_id="PS03")) == 1


def test_of_two_windows_the_older_one_is_told_and_nothing_is_overwritten(given_out, desk_of):
    one = desk_of("PS04")
    two = one.context.new_page()
    two.goto(one.url)
    two.wait_for_selector(".desk .row")
    one.keyboard.press("1")
    saved(one)
    two.keyboard.press("Shift+Digit2")
    expect(two.locator(".desk .box.conflict")).to_be_visible()
    piece = piece_of(one)
    assert set(draft(given_out, "PS04", piece)["marks"].values()) == {1}
    two.locator(".desk .box.conflict button").first.click()
    expect(two.locator(".desk .row").nth(0)).to_have_attribute("data-mark", "met")
    expect(two.locator(".desk .row").nth(1)).to_have_attribute("data-mark", "")


def test_an_ordinary_piece_takes_three_keys_and_can_be_taken_back_by_one(given_out, desk_of):
    page = desk_of("PS05")
    piece = piece_of(page)
    for key in ("a", "x", "Control+Enter"):  # all of 合格 met, none of 优秀
        page.keyboard.press(key)
    wait_for_other(page, piece)
    expect(page.locator(".desk .toast")).to_contain_text(piece)
    page.keyboard.press("z")
    expect(page.locator(".desk header code")).to_have_text(piece)
    expect(page.locator(".desk .level b")).to_have_text("合格")
    assert pending(given_out, "PS05") == []


def test_an_unmet_criterion_wants_its_comment_before_it_can_be_handed_in(given_out, desk_of):
    page = desk_of("PS06")
    piece = piece_of(page)
    page.keyboard.press("n")
    page.keyboard.press("a")
    page.keyboard.press("a")
    expect(page.locator(".desk .level b")).to_have_text("不合格")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".desk .alarm").last).to_contain_text("第 1 条需要写评语")
    expect(page.locator(".desk .row").nth(0).locator("textarea")).to_be_focused()
    assert pending(given_out, "PS06") == []
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("1")  # the first phrase of the bank
    page.keyboard.press("Control+Enter")
    wait_for_other(page, piece)
    assert [row["piece_id"] for row in pending(given_out, "PS06")] == [piece]


def test_letters_typed_in_a_comment_are_letters_and_nothing_else(given_out, desk_of):
    page = desk_of("PS07")
    page.keyboard.press("c")
    page.keyboard.type("a x 1 m n z ?")
    area = page.locator(".desk textarea:focus")
    expect(area).to_have_value("a x 1 m n z ?")
    saved(page)
    assert draft(given_out, "PS07", piece_of(page))["marks"] == {}


def test_a_broken_line_is_said_and_what_was_marked_is_saved_when_it_is_back(given_out, desk_of):
    page = desk_of("PS08")
    piece = piece_of(page)
    page.route("**/desk/save", lambda route: route.abort())
    page.keyboard.press("1")
    expect(page.locator(".desk .state.lost")).to_be_visible()
    page.keyboard.press("2")
    page.unroute("**/desk/save")
    saved(page)
    assert list(draft(given_out, "PS08", piece)["marks"].values()) == [1, 1]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1440, 900)])
def test_everything_is_in_view_without_scrolling_the_page(given_out, page_as, width, height):
    page = page_as("PS09", "/desk", width=width, height=height)
    page.wait_for_selector(".desk .row")
    for look in ("html", ".stMain"):
        inside, shown = page.evaluate(
            "look => { const e = document.querySelector(look); return [e.scrollHeight, e.clientHeight] }",
            look,
        )
        assert inside <= shown, look
    for look in (".desk header", ".desk .evidence", ".desk button.submit", ".desk .hint"):
        box = page.locator(look).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height, look
        assert box["x"] + box["width"] <= width, look


def test_the_list_of_tasks_leads_to_the_desk(given_out, page_as):
    page = page_as("PS09", "/tasks")
    page.get_by_role("button", name=re.compile("开始评阅|继续评阅")).click()
    page.wait_for_selector(".desk .row")
    page.wait_for_url(re.compile(r"/desk\?piece="))
    assert page.outside == []


def test_a_request_without_the_desks_header_is_refused(desk_of):
    page = desk_of("PS09")
    answer = page.evaluate(
        "fetch('/desk/save', {method: 'POST', body: '{}'}).then((made) => made.status)"
    )
    assert answer == 403


def test_the_level_shown_is_the_level_computed(browser):
    """Every combination of marks on two 合格 and two 优秀 criteria, here and in the browser."""
    levels = (Level.PASS, Level.PASS, Level.EXCELLENT, Level.EXCELLENT)
    criteria = tuple(Criterion(f"c{n}", level, "", "") for n, level in enumerate(levels))
    slot = Slot("s", "", "", "text", True, (), {}, criteria)
    every = [dict(zip("0123", marks, strict=True)) for marks in product((1, 0, None), repeat=4)]
    given = [{f"c{name}": met for name, met in marks.items()} for marks in every]
    source = Path(desk_folder.__file__).with_name("marks.js").read_text(encoding="utf-8")
    page = browser.new_page()
    shown = page.evaluate(
        "([source, criteria, given]) => { const levelOf = new Function(source + '; return levelOf')();"
        " return given.map((marks) => levelOf(criteria, marks)) }",
        [source, [{"id": c.criterion_id, "level": str(c.level)} for c in criteria], given],
    )
    page.close()
    assert shown == [read_level(slot, marks) for marks in given]
