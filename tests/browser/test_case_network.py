"""On 异常与暂缓 a click in the network of copies leads to the case, and exhibits fit the screen."""

from __future__ import annotations

import shutil

import pytest

from models.cases import holds as recorded_holds
from tests.browser.conftest import act, come_in, settled
from workbench.messages import catalogue
from workbench.services.flags import raise_flags
from workbench.services.workspace import Workspace

CHAIR = "ZZ01"
MARKS = {
    "a line": ".role-mark.mark-rule line[aria-label*='?hold=']",
    "a point": ".role-mark.mark-symbol path[aria-label*='?hold=']",
}


@pytest.fixture(scope="module")
def flagged(tmp_path_factory, county):
    """The sample county, looked at: copies, pictures and videos have their cases."""
    folder = tmp_path_factory.mktemp("flagged") / "workspace"
    shutil.copytree(county.folder, folder)
    made = Workspace(folder)
    raise_flags(made, act("管理甲"))
    return made


@pytest.fixture(scope="module")
def address(flagged, running):
    command = ["-m", "workbench", "--workspace", str(flagged.folder), "serve", "--port", "0"]
    with running(command, flagged.folder) as server:
        yield server


@pytest.fixture
def chair(browser, address):
    """Give a page of the chair at a path, on a screen of some size."""
    opened = []

    def open_at(path, width=1366, height=768):
        context = browser.new_context(
            base_url=address, locale="zh-CN", viewport={"width": width, "height": height}
        )
        opened.append(context)
        context.set_default_timeout(90_000)
        page = context.new_page()
        come_in(page, CHAIR, path)
        return page

    yield open_at
    for each in opened:
        each.close()


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_of_the_network_leads_to_its_case_in_the_same_window(chair, mark):
    page = chair("/holds")
    network = catalogue("zh")["page_holds.views.network"]
    page.locator('[data-testid="stButtonGroup"] button', has_text=network).click()
    settled(page)
    page.locator("svg.marks").wait_for()
    page.locator("svg.marks").scroll_into_view_if_needed()
    page.locator(f"svg.marks {MARKS[mark]}").last.click(force=True)
    page.wait_for_url("**/holds?hold=h*")
    settled(page)
    hold = page.url.rpartition("=")[2]
    page.get_by_role("heading", level=1).filter(has_text=hold).wait_for()
    assert len(page.context.pages) == 1


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1366, 768)])
def test_both_texts_of_a_case_stand_beside_each_other(chair, flagged, width, height):
    with flagged.store() as store:
        holds = recorded_holds(store)
    hold = next(row["hold_id"] for row in holds if row["code"] == "copied_text")
    page = chair(f"/holds?hold={hold}", width, height)
    page.get_by_role("heading", level=1).filter(has_text=hold).wait_for()
    sides = page.locator(".ex-side")
    sides.nth(1).wait_for()
    one, other = (sides.nth(at).bounding_box() for at in (0, 1))
    assert abs(one["y"] - other["y"]) < 2
    assert one["x"] + one["width"] <= other["x"]
    assert other["x"] + other["width"] <= width
    assert min(one["width"], other["width"]) > 350
    assert page.evaluate("document.documentElement.scrollWidth") <= width
