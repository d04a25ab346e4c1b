"""Signing in with a browser: the way in and out, Chinese that can be read, nothing from outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from models.store import Act
from tests.browser.conftest import settled
from workbench.services.accounts import set_roles, sign_out_everywhere

expect = pytest.importorskip("playwright.sync_api").expect

WHO = ".st-key-who"

_WIDTHS = """
(signs) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "100px " + getComputedStyle(document.body).fontFamily;
  return signs.map((sign) => pen.measureText(sign).width);
}
"""
_PIXELS = """
(signs) => {
  const board = document.createElement("canvas");
  board.width = board.height = 64;
  const pen = board.getContext("2d", { willReadFrequently: true });
  pen.font = "48px " + getComputedStyle(document.body).fontFamily;
  return signs.map((sign) => {
    pen.clearRect(0, 0, 64, 64);
    pen.fillText(sign, 4, 52);
    return pen.getImageData(0, 0, 64, 64).data.join();
  });
}
"""


_STAYS = """
(element) => new Promise((stays) => {
  let last = "", since = 0;
  const look = () => {
    const box = element.getBoundingClientRect();
    const now = [box.x, box.y, box.width, box.height].join();
    since = now === last ? since + 1 : 0;
    last = now;
    since < 10 ? requestAnimationFrame(look) : stays();
  };
  look();
})
"""


def act(who):
    return Act(who, "", datetime.now(UTC))


def test_signing_in_shows_who_is_there_and_signing_out_leads_back(page_as):
    page = page_as("管理甲")
    page.wait_for_selector(f"{WHO} >> text=管理甲")
    page.click("text=退出登录")
    page.wait_for_url("**/signin?out=1")
    expect(page.locator('[role="status"]')).to_have_count(1)
    page.goto("/people")
    page.wait_for_url("**/signin?next=%2Fpeople")


def test_a_wrong_password_is_said_and_the_name_stays(context):
    page = context().new_page()
    page.goto("/signin")
    page.fill("#name", "GL01")
    page.fill("#password", "not-the-password")
    page.press("#password", "Enter")
    page.wait_for_selector('[role="alert"]')
    assert page.input_value("#name") == "GL01"
    assert page.input_value("#password") == ""


def test_the_page_asked_for_opens_after_the_sign_in_and_a_refresh_stays_there(page_as):
    page = page_as("GL01", "/audit_log")
    page.wait_for_selector("h1 >> text=操作日志")
    page.reload()
    settled(page)
    page.wait_for_selector("h1 >> text=操作日志")
    expect(page.locator(f"{WHO} >> text=管理甲")).to_have_count(1)


def test_a_page_of_another_role_is_neither_offered_nor_drawn(page_as):
    page = page_as("DJ02", "/people")
    page.wait_for_selector("text=此页面不对您的角色开放")
    settled(page)
    assert page.locator("h1").count() == 0
    assert page.locator('[data-testid="stDataFrame"]').count() == 0
    assert page.get_by_role("link", name="人员与角色").count() == 0


def test_a_role_taken_away_is_gone_at_the_next_step(page_as, county):
    page = page_as("DJ01", "/audit_log")
    page.wait_for_selector("h1 >> text=操作日志")
    set_roles(county, "DJ01", ["rater"], act("GL01"))
    try:
        page.reload()
        page.wait_for_selector("text=此页面不对您的角色开放")
    finally:
        set_roles(county, "DJ01", ["registrar"], act("GL01"))


@pytest.mark.parametrize("path", ["/signin", "/policies"])
def test_chinese_is_drawn_with_glyphs_of_its_own(page_as, path):
    """A missing glyph is one box for every sign; real ones are an em wide and all differ."""
    page = page_as("GL01", "/policies")
    page.goto(path)
    if path != "/signin":
        settled(page)
    signs = list("证据工作台政策与量规")
    assert all(width == pytest.approx(100, abs=2) for width in page.evaluate(_WIDTHS, signs))
    assert len(set(page.evaluate(_PIXELS, signs))) == len(set(signs))


@pytest.mark.parametrize("path", ["/people", "/audit_log", "/policies"])
def test_no_page_asks_for_anything_outside_nor_breaks_a_rule_of_the_browser(page_as, path):
    page = page_as("GL01", "/policies")
    page.goto("about:blank")  # what the page before says as it is left is not heard
    said = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.goto(path)
    settled(page)
    page.wait_for_selector("h1")
    assert page.locator('[data-testid="stAlertContentError"], .stException').count() == 0
    assert page.outside == []
    assert [line for line in said if "404" not in line] == []


def test_a_session_ended_elsewhere_sends_the_open_page_to_the_sign_in(page_as, county):
    page = page_as("FH01")
    page.wait_for_selector(WHO)
    sign_out_everywhere(county, "FH01", act("FH01"))
    page.wait_for_url("**/signin?ended=1")
    expect(page.locator('[role="status"]')).to_have_count(1)


def test_signing_out_in_one_window_sends_the_other_to_the_sign_in(page_as):
    page = page_as("PS09", "/tasks")
    other = page.context.new_page()
    other.goto("/tasks")
    other.wait_for_selector(WHO)
    page.click("text=退出登录")
    other.wait_for_url("**/signin?ended=1")


def test_the_language_changes_for_this_browser_and_stays(page_as):
    page = page_as("GL01", "/policies")
    page.click(f"{WHO} >> text=English")
    page.wait_for_url("**/policies")
    settled(page)
    page.wait_for_selector(f"{WHO} >> text=Sign out")
    page.reload()
    settled(page)
    page.wait_for_selector(f"{WHO} >> text=Sign out")


def test_an_administrator_adds_somebody_who_then_chooses_a_password(page_as, context):
    page = page_as("GL01", "/people")
    page.click("text=添加人员")
    page.get_by_label("姓名", exact=True).fill("新来的人")
    page.get_by_label("编号（留空则自动编号）").fill("XL01")
    page.locator(".st-key-add_roles").get_by_text("评审员", exact=True).click()
    page.get_by_role("button", name="添加", exact=True).click()
    page.wait_for_selector("text=已添加 新来的人，编号 XL01")
    password = draw_password(page, "XL01")
    other = context().new_page()
    other.goto("/signin")
    other.fill("#name", "XL01")
    other.fill("#password", password)
    other.click("button")
    other.wait_for_selector('h1:has-text("修改密码")')
    other.fill("#old", password)
    other.fill("#new", "清风-明月-2026")
    other.fill("#again", "清风-明月-2026")
    other.click("button")
    settled(other)
    other.wait_for_selector(f"{WHO} >> text=新来的人")


def still(element):
    """Wait until something stays in its place: a table moves while what is above it is drawn."""
    settled(element.page)
    element.evaluate(_STAYS)


def draw_password(page, person_id):
    page.get_by_label("按姓名、编号或单位查找").fill(person_id)
    page.keyboard.press("Enter")
    table = page.locator(f".st-key-people_table_{person_id} canvas").first
    still(table)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 55)  # the box to tick of the only row
    page.get_by_role("button", name="重设密码").click()
    code = page.locator('[data-testid="stCode"]')
    code.wait_for()
    return re.search(r"[a-z0-9]{4}(-[a-z0-9]{4}){2}", code.inner_text())[0]
