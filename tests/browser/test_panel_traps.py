"""Traps others fell into, in a browser: a piece or a person changes while something is still on its way."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from models.desk_store import FILE_NAME, DeskStore
from models.drafts import drafts_of
from models.store import Act
from tests.browser.conftest import come_in
from workbench.errors import RefusedError
from workbench.services.assignments import allocate_reads

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def given_out(county):
    """The county with every read given out."""
    with suppress(RefusedError):  # by another module of tests
        allocate_reads(county, "7", Act("ZZ01", "", datetime.now(UTC)))
    return county


def marks(county, person: str) -> dict[str, list[int]]:
    """Marks in the drafts of a person, by piece."""
    with DeskStore(county.folder / FILE_NAME) as opened:
        found = drafts_of(opened, person)
    return {row["piece_id"]: list(row["content"].get("marks", {}).values()) for row in found}


def piece_of(page) -> str:
    page.wait_for_selector(".desk .row")
    return page.locator(".desk header code").inner_text()


def test_a_save_that_hangs_while_the_piece_changes_lands_on_its_own_piece(given_out, page_as):
    page = page_as("PS01", "/desk")
    first, held = piece_of(page), []

    def hold(route):
        held.append(route)

    page.route("**/desk/save", hold)
    with page.expect_request("**/desk/save"):
        page.keyboard.press("1")
    for key in ("a", "x", "Control+Enter"):  # handed in while the first save is still on its way
        page.keyboard.press(key)
    for route in held:
        route.continue_()
    page.unroute("**/desk/save")
    expect(page.locator(".desk header code")).not_to_have_text(first)
    second = piece_of(page)
    expect(
        page.locator('.desk .row[data-mark="met"], .desk .row[data-mark="unmet"]')
    ).to_have_count(0)
    page.keyboard.press("Shift+Digit2")
    expect(page.locator(".desk .state.kept")).to_be_visible()
    found = marks(given_out, "PS01")
    assert set(found[first]) == {1, 0}
    assert found[second] == [0]


def test_at_a_shared_computer_the_next_person_sees_nothing_of_the_one_before(
    given_out, page_as, password
):
    page = page_as("PS02", "/desk")
    piece_of(page)
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.type("前一位的评语")
    expect(page.locator(".desk .state.kept")).to_be_visible()
    page.click("text=退出登录")
    page.wait_for_url("**/signin?out=1")
    come_in(page, "PS03", "/desk", password)
    mine = piece_of(page)
    expect(page.locator(".desk")).not_to_contain_text("前一位的评语")
    before = marks(given_out, "PS03").get(mine, [])
    shown = page.locator('.desk .row[data-mark="met"], .desk .row[data-mark="unmet"]')
    expect(shown).to_have_count(len(before))
