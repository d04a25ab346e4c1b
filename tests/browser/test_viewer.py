"""The evidence viewer in a real browser, over the masked copies of a small workspace."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workbench.components.viewer import viewer_css, viewer_js, viewer_words

playwright_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")

PAGE = """<!doctype html><meta charset="utf-8"><style>body{margin:0}#root{height:660px;width:820px}
%s</style><div id="root" class="wv-root"></div><script type="module">%s
window.told = [];
window.warm = mountViewer.prefetch;
window.viewer = mountViewer(document.getElementById("root"), %s, {words: %s,
  onMark: (e) => told.push(e), onPage: (e) => told.push(e)});
</script>"""
PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" width="1240" height="1754">
<rect width="100%" height="100%" fill="#fff"/></svg>"""
BLOCKS = {
    "blocks": [
        {"kind": "heading", "level": 1, "text": "教学设计"},
        {"kind": "text", "text": "执教：■■■ <img src=x onerror=alert(1)>"},
        {"kind": "table", "rows": [["学校", "■■■■"], ["整行一格"]]},
    ]
}


def pages(count: int, **more: object) -> dict[str, object]:
    return {
        "kind": "pages",
        "title": "1　文档",
        "labels": [],
        "notices": [],
        "blind": True,
        "pages": [
            {"url": f"/evidence/p/{n}.svg", "width": 1240, "height": 1754}
            for n in range(1, count + 1)
        ],
        **more,
    }


VIDEO = {
    "kind": "video",
    "title": "2　视频",
    "labels": ["未盲：人脸"],
    "notices": [],
    "blind": False,
    "url": "/evidence/p/lesson.mp4",
    "media_type": "video/mp4",
    "duration_s": 12.0,
    "chapters": [{"t": 0, "title": "导入"}, {"t": 6, "title": "新授"}],
}


class Site:
    """A small site: the page, and what the parts name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shown = 0
        self.asked: list[str] = []
        self.html = b""
        site = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers.get("Referer", "").endswith(f"/{site.shown}"):
                    site.asked.append(self.path)  # and nothing a page shown before still asks for
                body, kind = site.body(self.path)
                begin, whole = 0, len(body)
                ranged = self.headers.get("Range", "")
                if ranged.startswith("bytes=") and kind == "video/mp4":
                    begin = int(ranged[6:].split("-")[0] or 0)
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {begin}-{whole - 1}/{whole}")
                else:
                    self.send_response(200 if body else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(whole - begin))
                self.end_headers()
                self.wfile.write(body[begin:])

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def body(self, path: str) -> tuple[bytes, str]:
        if path == f"/{self.shown}":
            return self.html, "text/html"
        if path.endswith(".svg"):
            return PICTURE, "image/svg+xml"
        if path.endswith(".json"):
            return json.dumps(BLOCKS).encode(), "application/json"
        if path.endswith(".mp4"):
            return (self.folder / "lesson.mp4").read_bytes(), "video/mp4"
        return b"", "text/plain"

    def show(self, page, parts) -> None:
        words = json.dumps(viewer_words(), ensure_ascii=False)
        told = json.dumps(parts, ensure_ascii=False)
        self.html = (PAGE % (viewer_css(), viewer_js(), told, words)).encode()
        self.shown += 1
        self.asked.clear()
        page.goto(f"{self.address}/{self.shown}")
        page.wait_for_selector(".wv-viewer")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    write_lesson(folder / "lesson.mp4")
    made = Site(folder)
    yield made
    made.server.shutdown()
    made.server.server_close()


def write_lesson(path: Path, seconds: int = 12) -> None:
    """A video of plain frames, one a second."""
    import av
    import numpy as np

    with av.open(str(path), "w", options={"movflags": "+faststart"}) as made:
        stream = made.add_stream("libx264", rate=1, options={"crf": "40", "g": "1"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for second in range(seconds):
            shade = np.full((90, 160, 3), 20 * second % 255, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")):
                made.mux(packet)
        for packet in stream.encode(None):
            made.mux(packet)


@pytest.fixture
def page(browser):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    made = context.new_page()
    made.faults = []
    made.on("pageerror", lambda error: made.faults.append(str(error)))
    yield made
    assert made.faults == []
    context.close()


def test_pages_far_below_are_loaded_only_when_they_come_near(site, page):
    site.show(page, [pages(40)])
    page.wait_for_selector(".wv-loaded")
    page.wait_for_load_state("networkidle")
    asked = {name for name in site.asked if name.endswith(".svg")}
    assert 0 < len(asked) < 8
    page.fill(".wv-jump", "37")
    page.press(".wv-jump", "Enter")
    page.wait_for_function(
        """() => document.querySelector(".wv-page[data-page='37'] img")?.naturalWidth > 0"""
    )
    assert "/evidence/p/37.svg" in site.asked
    assert "/evidence/p/20.svg" not in site.asked
    assert page.evaluate("viewer.place()") == {"part": 0, "page": 37}


def test_ctrl_and_wheel_zoom_towards_the_pointer_and_the_page_itself_does_not_zoom(site, page):
    site.show(page, [pages(3)])
    page.wait_for_selector(".wv-loaded")
    before = page.locator(".wv-page").first.bounding_box()["width"]
    page.mouse.move(400, 300)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function(  # a turn of the wheel comes some time after it was sent
        "wide => document.querySelector('.wv-page').getBoundingClientRect().width > wide",
        arg=before * 1.1,
    )
    page.click(".wv-fit")
    assert page.locator(".wv-page").first.bounding_box()["width"] == pytest.approx(before, abs=2)
    page.click(".wv-whole")
    box = page.locator(".wv-page").first.bounding_box()
    stage = page.locator(".wv-stage").bounding_box()
    assert box["height"] <= stage["height"]


def test_a_chapter_is_jumped_to_and_a_moment_is_marked(site, page):
    site.show(page, [VIDEO])
    page.wait_for_function("document.querySelector('video').readyState >= 1")
    page.get_by_text("00:06 新授").click()
    page.wait_for_function("document.querySelector('video').currentTime >= 6")
    page.evaluate("document.querySelector('video').pause()")
    page.get_by_role("button", name="倍速 1.5×").click()
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.5
    page.get_by_role("button", name="标记此刻").click()
    told = page.evaluate("told.filter(e => 't' in e)")
    assert told[0]["part"] == 0
    assert told[0]["t"] == pytest.approx(page.evaluate("viewer.place().t"), abs=0.2)
    assert page.locator(".wv-badge").inner_text() == "未盲"
    assert page.locator(".wv-label").inner_text() == "未盲：人脸"


def test_a_place_is_turned_to_in_whichever_part_it_lies(site, page):
    site.show(page, [pages(9, reading="/evidence/p/reading.json"), VIDEO])
    page.wait_for_selector(".wv-loaded")
    page.evaluate("viewer.turn({part: 1, kind: 'page', place: 7})")
    assert page.evaluate("viewer.place()") == {"part": 0, "page": 7}
    page.evaluate("viewer.turn({part: 2, kind: 'second', place: 8})")
    page.wait_for_function("document.querySelector('video').currentTime === 8")
    assert page.evaluate("document.querySelector('video').paused")
    page.evaluate("viewer.turn({part: 1, kind: 'paragraph', place: 2})")
    page.wait_for_selector(".wv-reading .wv-found")
    assert page.locator(".wv-found").inner_text().startswith("执教")
    page.evaluate("viewer.turn({part: 5, kind: 'page', place: 1})")  # no such part: nothing
    assert page.evaluate("viewer.place().part") == 0


def test_a_long_video_without_chapters_is_given_stops(site, page):
    site.show(page, [{**VIDEO, "chapters": [], "duration_s": 600.0}])
    stops = page.locator(".wv-chapters .wv-chip").all_inner_texts()
    assert stops[:3] == ["00:00", "01:15", "02:30"]


def test_the_reading_view_is_text_and_never_markup(site, page):
    site.show(page, [pages(1, reading="/evidence/p/reading.json")])
    page.get_by_role("button", name="文字").click()
    page.wait_for_selector(".wv-reading h2")
    assert page.locator(".wv-reading img").count() == 0
    assert page.locator(".wv-cover").first.inner_text() == "■■■"
    assert page.locator(".wv-reading td").last.get_attribute("colspan") == "2"
    small = page.evaluate("getComputedStyle(document.querySelector('.wv-reading')).fontSize")
    page.get_by_role("button", name="放大").click()
    large = page.evaluate("getComputedStyle(document.querySelector('.wv-reading')).fontSize")
    assert float(large[:-2]) > float(small[:-2]) >= 17


def test_a_notice_stands_over_what_is_not_the_original_s_look(site, page):
    reading = {
        **pages(0, reading="/evidence/p/r.json"),
        "kind": "reading",
        "notices": ["文字阅读视图"],
    }
    site.show(page, [reading, VIDEO])
    assert page.locator(".wv-notice").inner_text() == "文字阅读视图"
    assert page.locator(".wv-tab").count() == 2
    page.get_by_role("tab", name="2　视频").click()
    assert page.locator(".wv-notice").count() == 0


def test_only_addresses_of_this_site_are_asked(site, page):
    evil = pages(1)
    evil["pages"] = [{"url": "//elsewhere.example/x.png", "width": 10, "height": 10}]
    outside = []
    page.on("request", lambda r: outside.append(r.url) if site.address not in r.url else None)
    site.show(page, [evil, {**VIDEO, "url": "https://elsewhere.example/v.mp4"}])
    page.get_by_role("tab", name="2　视频").click()
    page.wait_for_load_state("networkidle")
    assert outside == []


def test_the_next_piece_is_warmed_and_shown_from_its_start(site, page):
    site.show(page, [VIDEO])
    first = ["/evidence/p/1.svg", "/evidence/p/2.svg", "/evidence/p/3.svg"]
    with ExitStack() as come:
        for name in first:
            come.enter_context(page.expect_response(site.address + name))
        page.evaluate("warm", [pages(9)])
    page.wait_for_load_state("networkidle")
    assert sorted(name for name in site.asked if name.endswith(".svg")) == first
    page.evaluate("parts => viewer.update(parts)", [pages(2), VIDEO])
    assert page.evaluate("viewer.place()") == {"part": 0, "page": 1}
    assert page.locator(".wv-page").count() == 2
    page.evaluate("viewer.destroy()")
    assert page.locator(".wv-viewer").count() == 0


def test_the_component_is_drawn_in_a_page_and_has_marked_nothing_yet():
    from streamlit.testing.v1 import AppTest

    def script():
        import streamlit as st

        from workbench.components.viewer import viewer

        st.write(f"marked: {viewer([], key='evidence')}")

    run = AppTest.from_function(script).run()
    assert not run.exception
    assert run.markdown[0].value == "marked: None"
