"""The desk in a browser: places in the evidence, exits, parked pieces, turning on, time, few keys."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from models.assignments import assignments_of
from models.desk_store import FILE_NAME, DeskStore
from models.drafts import drafts_of
from models.evidence_store import EvidenceStore
from models.store import Act
from tests.browser.desk_shown import piece_of, saved, wait_for_other
from workbench.errors import RefusedError
from workbench.services import desk
from workbench.services.assignments import allocate_reads
from workbench.services.desk_tasks import my_tasks

expect = pytest.importorskip("playwright.sync_api").expect

PAGES = 5
PARAGRAPHS = [
    {"kind": "text", "text": f"第{n}段：" + "记录学生在线练习的情况。" * 12} for n in range(30)
]
COUNT_KEYS = """window.pressed = 0;
window.addEventListener("keydown", (event) => {
  const at = event.composedPath()[0];
  const types = event.key.length === 1 && !event.ctrlKey && at instanceof HTMLTextAreaElement;
  if (!types) window.pressed += 1;
}, true);"""
COUNT_BUILT = """() => { const create = document.createElement.bind(document);
window.built = 0; // every piece put on the desk has one <main>
document.createElement = (tag, ...rest) => (tag === "main" && (window.built += 1), create(tag, ...rest)); }"""


def masked_copy(county, piece: str) -> None:
    """A document of five pages with its text, as the copy of the first file of a piece."""
    folder = EvidenceStore(county.folder / "blind")
    names = []
    for number in range(PAGES):
        image = io.BytesIO()
        Image.new("RGB", (620, 877), (255, 255, 250 - number)).save(image, "WEBP")
        names.append(_taken(folder, image.getvalue()))
    reading = _taken(folder, json.dumps({"blocks": PARAGRAPHS}, ensure_ascii=False).encode())
    part = {
        "kind": "pages",
        "media_type": "docx",
        "labels": [],
        "notices": [],
        "pages": [{"file": name, "width": 620, "height": 877} for name in names],
        "files": [],
        "reading": reading,
    }
    with county.store() as store:
        first = store.where("evidence_file", piece_id=piece)[0]
        act = Act("DJ01", "registrar", datetime.now(UTC))
        row = {"piece_id": piece, "sha256": first["sha256"]}
        with store.transaction(act, "blind.make", piece) as tx:
            tx.insert("blind_copy", [{**row, "content": json.dumps({"parts": [part]})}])


def _taken(folder, made: bytes) -> str:
    return folder.take(io.BytesIO(made), "x", 1 << 20).sha256


@pytest.fixture(scope="module")
def given_out(county):
    """The county with reads given out, and pages for the first two pieces of some raters."""
    with suppress(RefusedError):  # given out by another module of tests
        allocate_reads(county, "7", Act("ZZ01", "", datetime.now(UTC)))
    with county.store() as store:
        queues = {
            rater: [r["piece_id"] for r in assignments_of(store, rater) if r["read_id"] is None]
            for rater in ("PS01", "PS02", "PS03", "PS04", "PS05", "PS06")
        }
    for piece in {piece for queue in queues.values() for piece in queue[:6]}:
        masked_copy(county, piece)
    return county


@pytest.fixture
def desk_of(given_out, page_as):
    """Open somebody's desk on a piece nobody has handed in."""

    def open_desk(name: str, path: str = "/desk", **size: int):
        page = page_as(name, path, **size)
        page.wait_for_selector(".desk .row")
        return page

    return open_desk


def draft(county, person: str, piece: str) -> dict | None:
    with DeskStore(county.folder / FILE_NAME) as opened:
        found = [d for d in drafts_of(opened, person) if d["piece_id"] == piece]
    return found[0]["content"] if found else None


def keys(page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


def test_one_key_notes_the_page_shown_and_a_chip_leads_back_to_it(given_out, desk_of):
    page = desk_of("PS01")
    piece = piece_of(page)
    shown = page.locator(".desk .wv-jump")
    keys(page, "t", "PageDown", "PageDown")
    expect(shown).to_have_value("3")
    keys(page, "t", "t")  # the same place is noted once
    chips = page.locator(".desk .row").nth(0).locator(".place")
    expect(chips).to_have_text([re.compile("第 1 页"), re.compile("第 3 页")])
    saved(page)
    page.reload()
    page.wait_for_selector(".desk .row")
    expect(chips).to_have_count(2)
    chips.nth(1).locator("button").first.click()
    expect(shown).to_have_value("3")
    keys(page, "g")
    expect(shown).to_have_value("1")
    keys(page, "Shift+T")
    expect(chips).to_have_text([re.compile("第 1 页")])
    saved(page)
    (places,) = draft(given_out, "PS01", piece)["anchors"].values()
    assert places == [{"part": 1, "kind": "page", "place": 1}]


def test_in_the_reading_view_the_paragraph_is_noted_and_found_again(given_out, desk_of):
    page = desk_of("PS01")
    page.locator(".wv-as-text").click()
    expect(page.locator(".wv-reading p")).to_have_count(len(PARAGRAPHS))
    page.locator(".wv-stage").evaluate(
        "e => { e.scrollTop = e.querySelectorAll('p')[9].offsetTop }"
    )
    keys(page, "j", "t")
    chip = page.locator(".desk .row").nth(1).locator(".place button").first
    expect(chip).to_contain_text("第 10 段")
    page.locator(".wv-as-pages").click()
    chip.click()
    expect(page.locator(".wv-reading p").nth(9)).to_be_in_viewport()
    saved(page)


def test_one_key_shows_the_criterion_in_full_with_what_every_level_asks(desk_of):
    page = desk_of("PS01")
    keys(page, "j", "f")
    box = page.locator(".desk .box.full")
    second = page.locator(".desk .row").nth(1).locator(".text").inner_text()
    expect(box.locator(".in-full .text")).to_have_text(second)
    expect(box.locator(".asks h4 b")).to_have_text(["优秀", "合格", "不合格"])
    expect(box.locator("li.here")).to_have_text(second)
    assert box.locator("li").count() == page.locator(".desk .row").count()
    keys(page, "f")
    expect(box).to_have_count(0)


def test_a_piece_is_left_by_keyboard_says_what_follows_and_can_be_taken_back(given_out, desk_of):
    page = desk_of("PS02")
    piece = piece_of(page)
    keys(page, "1", "e", "Control+Enter")
    expect(page.locator(".desk .alarm").last).to_contain_text("请先选择原因")
    keys(page, "2")
    expect(page.locator(".desk .box .follows")).to_contain_text("改由别人评阅")
    page.keyboard.type("认出是以前同事的课")
    keys(page, "Control+Enter")
    wait_for_other(page, piece)
    expect(page.locator(".desk .toast")).to_contain_text(f"{piece} 已回避")
    keys(page, "z")
    expect(page.locator(".desk header code")).to_have_text(piece)
    expect(page.locator(".desk .row").nth(0)).to_have_attribute("data-mark", "met")
    keys(page, "e", "4")
    page.keyboard.type("身体不适")
    keys(page, "Control+Enter")
    wait_for_other(page, piece)
    desk.settle(given_out, datetime.now(UTC) + timedelta(seconds=60))
    ended = {t.task.piece_id: (t.state, t.why) for t in my_tasks(given_out, "PS02")}
    assert ended[piece] == ("ended", "other")


def test_a_parked_piece_keeps_its_private_note_and_comes_last(given_out, desk_of, page_as):
    page = desk_of("PS03")
    piece = piece_of(page)
    keys(page, "1", "p")
    page.keyboard.type("再看一遍导入部分")
    keys(page, "Control+Enter")
    wait_for_other(page, piece)
    mine = my_tasks(given_out, "PS03")
    (parked,) = [each for each in mine if each.parked]
    assert (parked.task.piece_id, parked.note) == (piece, "再看一遍导入部分")
    page.goto(f"/desk?piece={piece}")
    expect(page.locator(".desk .notice.parked")).to_contain_text("再看一遍导入部分")
    expect(page.locator(".desk .row").nth(0)).to_have_attribute("data-mark", "met")
    keys(page, "p")
    page.locator(".desk .park-box button").nth(1).click()  # take it up again
    expect(page.locator(".desk .notice.parked")).to_have_count(0)
    assert not any(each.parked for each in my_tasks(given_out, "PS03"))


def test_the_next_piece_is_there_at_once_and_is_not_built_twice(given_out, desk_of):
    page = desk_of("PS04")
    first = piece_of(page)
    ahead = next(
        t.task.piece_id for t in my_tasks(given_out, "PS04") if t.waits and t.task.piece_id != first
    )
    with page.expect_request(lambda r: f"/evidence/{ahead}/" in r.url):
        page.reload()
    page.wait_for_selector(".desk .row")
    assert draft(given_out, "PS04", ahead) is None
    page.evaluate(COUNT_BUILT)
    keys(page, "a", "x", "Control+Enter")
    wait_for_other(page, first)
    assert piece_of(page) == ahead
    keys(page, "1")  # before or after the page has followed: the mark is kept
    saved(page)
    page.wait_for_url(f"**{ahead}*")
    assert list(draft(given_out, "PS04", ahead)["marks"].values()) == [1]
    assert page.evaluate("window.built") == 1


def test_an_ordinary_piece_with_a_place_and_a_comment_takes_eight_keys(given_out, desk_of):
    page = desk_of("PS05")
    piece = piece_of(page)
    page.evaluate(COUNT_KEYS)
    keys(page, "a", "x", "2", "t", "c")  # all of 合格 but the second, none of 优秀, the page, why
    page.keyboard.type("第一页没有写出采集信息的方法")
    keys(page, "Control+Enter")
    wait_for_other(page, piece)
    assert page.evaluate("window.pressed") <= 8  # Control counts as one
    content = draft(given_out, "PS05", piece)
    assert sorted(content["marks"].values())[0] == 0
    assert list(content["comments"].values()) == ["第一页没有写出采集信息的方法"]
    assert [len(own) for own in content["anchors"].values()] == [1]


def test_a_second_window_is_told_of_the_first(desk_of):
    one = desk_of("PS06")
    keys(one, "1")
    saved(one)
    two = one.context.new_page()
    two.goto(one.url)
    two.wait_for_selector(".desk .row")
    expect(two.locator(".desk .notice.held")).to_contain_text("另一个窗口")
    one.reload()
    one.wait_for_selector(".desk .row")
    expect(one.locator(".desk .notice.held")).to_have_count(0)


def test_time_without_input_and_time_asleep_are_not_counted(given_out, page_as):
    page = page_as("PS06", "/tasks")
    page.clock.install()
    told = []

    def note(request) -> None:
        if "/desk/" in request.url and request.method == "POST":
            told.append(json.loads(request.post_data or "{}").get("active_ms", 0))

    page.on("request", note)
    page.goto("/desk")
    opened = page.evaluate("Date.now()")
    page.wait_for_selector(".desk .row")
    idle_ms = 1000 * given_out.policy["desk.idle_seconds"]
    keys(page, "j")
    page.clock.run_for(2.5 * idle_ms)
    keys(page, "2")
    saved(page)
    before, then = sum(told), page.evaluate("Date.now()")
    # The clock also goes on by itself, longer on a busy machine; of all, 1.5 stretches were idle.
    assert 0.9 * idle_ms < before < then - opened - 1.35 * idle_ms
    slept_ms = 3_600_000
    page.clock.fast_forward(slept_ms)
    keys(page, "2")
    saved(page)
    awake_ms = page.evaluate("Date.now()") - then - slept_ms
    assert sum(told) - before < awake_ms + 10_000


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1440, 900)])
def test_boxes_and_chips_stay_in_view(desk_of, width, height):
    page = desk_of("PS06", width=width, height=height)
    for key in ("f", "e", "p", "?"):
        keys(page, key)
        box = page.locator(".desk .box").bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height, key
        assert box["x"] >= 0
        keys(page, "Escape")
    inside, shown = page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    assert inside <= shown
