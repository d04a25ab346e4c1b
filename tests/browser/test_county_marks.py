"""On 全县一览 a click on a mark of a chart leads to the pieces behind it."""

from __future__ import annotations

import re

import pytest

from benchmarks.synthetic_county import CLOSED, PASSWORD, build
from tests.browser.conftest import come_in, settled

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
REVIEWER = "F1"
_CHARTS = {"rates": 0, "agreement": 2}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, running):
    """Address of a server on an invented county of twelve schools, all read and re-read."""
    folder = tmp_path_factory.mktemp("whole") / "county"
    made = build(folder, pieces=400, readers=36, schools=12, scene=CLOSED)
    command = ["-m", "workbench", "--workspace", str(made.folder), "serve", "--port", "0"]
    with running(command, made.folder) as address:
        yield address


@pytest.fixture
def county_page(browser, whole):
    context = browser.new_context(
        base_url=whole, locale="zh-CN", viewport={"width": 1366, "height": 768}
    )
    context.set_default_timeout(90_000)  # the first page of a server computes its analyses
    page = context.new_page()
    come_in(page, REVIEWER, "/county", PASSWORD)
    yield page
    context.close()


def look_at(page, view):
    page.locator('[data-testid="stButtonGroup"] button').nth(_CHARTS[view]).click()
    settled(page)


def click_until(page, marks, address):
    """Click on the last mark until it leads on: a chart drawn anew meanwhile takes no click."""
    for _ in range(20):
        marks.last.scroll_into_view_if_needed()
        marks.last.click(force=True)
        try:
            page.wait_for_url(address, timeout=10_000)
        except playwright_api.TimeoutError:
            continue
        return
    raise AssertionError(f"the mark did not lead to {address}")


@pytest.mark.parametrize(
    ("view", "mark", "asked"),
    [("rates", ".role-mark.mark-symbol path", "school"),
     ("agreement", ".role-mark.mark-rect path", "slot")],
)  # fmt: skip
def test_a_mark_leads_to_its_pieces_in_the_same_window(county_page, view, mark, asked):
    look_at(county_page, view)
    marks = county_page.locator(f"svg.marks {mark}[aria-roledescription]")
    marks.last.wait_for()
    click_until(county_page, marks, f"**/county?{asked}=*")
    settled(county_page)
    which = county_page.url.rpartition("=")[2]
    heading = county_page.get_by_role("heading", level=3).first
    expect(heading).to_have_text(re.compile("的证据$"))
    assert which in heading.inner_text() or asked == "school"
    expect(county_page.locator('[data-testid="stDataFrame"]')).to_have_count(1)
    assert len(county_page.context.pages) == 1
