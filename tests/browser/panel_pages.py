"""Everybody of the panel at pages of their own, and what hands do there: click, write, choose, press keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.browser.panel_round import Round
from workbench.messages import catalogue

expect = pytest.importorskip("playwright.sync_api").expect

WAIT = 60_000  # ms; what is waited for comes within one or two on a machine with nothing else to do
WORDS = catalogue("zh")


class Panel:
    """The round, and a page of a browser context of its own for everybody who takes part."""

    def __init__(self, round_: Round, browser: Any, address: str, password: str) -> None:
        self.round, self.outside = round_, list[str]()
        self._browser, self._address, self._password = browser, address, password
        self._pages: dict[str, Any] = {}

    def visit(self, who: str, path: str) -> Any:
        """The page of somebody at an address, signed in as they come first."""
        if who in self._pages:
            page = self._pages[who]
            page.goto(path)
        else:
            page = self._pages[who] = self._signed_in(who, path)
        settled(page)
        return page

    def at(self, who: str) -> Any:
        """The page somebody has open."""
        return self._pages[who]

    def leave(self, *who: str) -> None:
        """Somebody shuts the browser; all do where nobody is named."""
        for each in who or tuple(self._pages):
            self._pages.pop(each).context.close()

    def _signed_in(self, who: str, path: str) -> Any:
        context = self._browser.new_context(
            base_url=self._address,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": 1366, "height": 768},
        )
        context.set_default_timeout(WAIT)
        page = context.new_page()
        page.on("request", self._note)
        page.goto(f"/signin?next={path}")
        page.fill("#name", who)
        page.fill("#password", self._password)
        page.click("button")
        return page

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self._address, "data:", "blob:")):
            self.outside.append(request.url)


# Pages ------------------------------------------------------------------------------------------


def settled(page: Any) -> None:
    """Wait until the script of the page has run, so that nothing clicked is drawn anew under the hand."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def under(page: Any, key: str) -> Any:
    """The widget of a key, or those whose keys begin with it where it ends in a star."""
    if key.endswith("*"):
        return page.locator(f'[class*="st-key-{key[:-1]}"]')
    return page.locator(f".st-key-{key}")


def push(page: Any, key: str, sentence: str) -> None:
    """Push a button, and wait for the sentence that says what was done."""
    button = under(page, key).locator("button").first
    expect(button).to_be_enabled(timeout=WAIT)
    button.click()
    told(page, sentence)


def told(page: Any, sentence: str) -> None:
    """Wait for a sentence of the locale, whatever its values are."""
    parts = re.split(r"\{\w+\}", WORDS[sentence].replace("**", ""))
    words = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    expect(page.get_by_text(words).locator("visible=true").first).to_be_visible(timeout=WAIT)


def write(page: Any, key: str, words: str) -> None:
    """Write into a box, and leave it."""
    box = under(page, key).locator("textarea, input").locator("visible=true").first
    box.fill(words, timeout=WAIT)
    box.blur()


def choose(page: Any, key: str, words: str) -> None:
    """Choose everywhere under a key the answer of these words, and see that it is chosen."""
    groups = under(page, key).get_by_role("radiogroup")
    expect(groups.first).to_be_visible(timeout=WAIT)
    for group in groups.all():
        group.locator("label").filter(has_text=re.compile(f"^{re.escape(words)}$")).click()
        expect(group.get_by_role("radio", name=words, exact=True)).to_be_checked(timeout=WAIT)


def tick(page: Any, key: str) -> None:
    """Tick a box, and see that it is ticked."""
    under(page, key).locator("label").first.click()
    expect(under(page, key).locator("input")).to_be_checked(timeout=WAIT)


def pick(page: Any, key: str, words: str) -> None:
    """Pick from a list what has these words; the list shuts when what it hangs on is scrolled."""
    box = under(page, key).locator("input").first
    box.scroll_into_view_if_needed()
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    box.click()
    box.fill(words)
    page.get_by_role("option").filter(has_text=words).first.click()
    expect(page.get_by_role("option")).to_have_count(0)
    expect(box).to_have_value(re.compile(re.escape(words)))


def tab(page: Any, number: int) -> None:
    """Turn to a tab of the page."""
    page.get_by_role("tab").nth(number).click()


def select_row(page: Any, key: str, row: int = 0) -> None:
    """Tick a row of a table that is drawn on a canvas."""
    drawn = under(page, key).locator(".dvn-scroller").first
    expect(drawn).to_be_visible(timeout=WAIT)
    drawn.click(position={"x": 16, "y": 35 + 35 * row + 17})


# The desk ---------------------------------------------------------------------------------------


def opened(page: Any) -> str:
    """The piece on the desk, once it is drawn."""
    page.wait_for_selector(".desk .row")
    return str(page.locator(".desk header code").inner_text())


def mark(page: Any, met: Mapping[str, int]) -> None:
    """Mark every criterion of the piece by keys, an unmet one first moved to."""
    rows = page.locator(".desk .row")
    for place, name in enumerate(rows.evaluate_all("all => all.map(e => e.dataset.criterion)")):
        page.keyboard.press(f"{'' if met[name] else 'Shift+'}Digit{place + 1}")
        word = "met" if met[name] else "unmet"
        expect(rows.nth(place)).to_have_attribute("data-mark", word)


def hand_in_read(page: Any, piece: str, said: str = "证据中没有写到") -> None:
    """Hand in what is on the desk, with the words it asks for, and see that it has gone."""
    for _ in range(12):  # each unmet criterion of 合格 asks for its words in turn
        page.keyboard.press("Control+Enter")
        area = page.locator(".desk textarea:focus")
        gone = page.locator(f".desk .all-done, .desk header code:not(:text-is('{piece}'))")
        expect(area.or_(gone).first).to_be_visible(timeout=WAIT)
        if not area.count():
            return
        page.keyboard.type(said)
        page.keyboard.press("Escape")
    raise AssertionError(f"{piece} was not handed in")


def read_piece(panel: Panel, who: str, other: Mapping[str, int] | None = None) -> str:
    """Read the piece on somebody's desk as is true, but for what ``other`` says; which piece."""
    page = panel.at(who)
    piece = opened(page)
    mark(page, panel.round.truth(piece) | dict(other or {}))
    hand_in_read(page, piece)
    return piece
