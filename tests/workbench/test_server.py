"""The server as a client meets it: a real one on a free port, with cookies, ranges and sockets."""

from __future__ import annotations

import json
import re
import secrets
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from models.store import Act
from workbench.components.desk.mount import desk_script
from workbench.components.scripts import ADDRESS, script_of
from workbench.errors import RefusedError
from workbench.messages import catalogue
from workbench.server import drops_frame, make_app
from workbench.server_guard import SESSION_COOKIE
from workbench.services.accounts import set_password, sign_out_everywhere
from workbench.services.people import Directory, TeacherRow
from workbench.services.sign_in import SignInRules, desk_of, is_due, recognise
from workbench.services.workspace import create

pytestmark = pytest.mark.slow

PASSWORD = "long-enough-县-7"
PEOPLE = {"R1": "rater", "R2": "rater", "A1": "admin", "G1": "registrar", "K1": "county"}
BODY = bytes(range(256)) * 40
PIECE, PART = "p1", "ab" * 32
CLOSED = 4401
PATIENCE = 60  # s; an answer comes within one on a machine with nothing else to do
LEADS_ON = ForwardMsg.FINISHED_EARLY_FOR_RERUN


class Clock:
    """The server's clock, which a test may put forward."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class Running:
    def __init__(self, workspace, port, clock):
        self.workspace, self.clock = workspace, clock
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}"

    def client(self, **more):
        more = {"timeout": PATIENCE, **more}
        return httpx.Client(base_url=self.url, headers={"origin": self.url}, **more)

    def signed_in(self, who):
        client = self.client()
        answer = client.post("/signin", data={"name": who, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def wait_recorded(self, client):
        """Wait until the use of a session is on record: it is written beside the answer."""
        at, until = self.clock(), time.monotonic() + PATIENCE
        with desk_of(self.workspace) as desk:
            while is_due(recognise(desk, client.cookies[SESSION_COOKIE], at, SignInRules()), at):
                assert time.monotonic() < until
                time.sleep(0.02)

    def socket(self, client, **more):
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        headers = {"Cookie": cookies} | more.pop("headers", {})
        return connect(
            f"ws://{self.host}/_stcore/stream",
            origin=more.pop("origin", self.url),
            additional_headers=headers,
            subprotocols=["streamlit"],
            **more,
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    workspace = small_workspace(tmp_path_factory.mktemp("server") / "workspace")
    clock = Clock()
    app = make_app(workspace.folder, rules=SignInRules(), clock=clock, check_every=0.1)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield Running(workspace, listening.getsockname()[1], clock)
    server.should_exit = True
    thread.join(20)


def small_workspace(folder):
    """Five people, and one piece with a masked copy that R1 is to read."""
    act = Act("建档", "", datetime(2026, 9, 1, tzinfo=UTC))
    made = create(folder, "national-2.0", "秋季", "示例县", act, secrets.token_bytes)
    with made.store() as store, store.transaction(act, "roster.import") as tx:
        people = Directory(store, tx, secrets.token_bytes)
        people.teacher(TeacherRow("T1", "教师甲", "城关小学", {}))
        for person_id, role in PEOPLE.items():
            people.rater(person_id, name=f"人员{person_id}", school="城关小学", roles=[role])
        tx.insert(
            "submission",
            [{"submission_id": "T1-A1-1", "teacher_id": "T1", "competency": "A1", "attempt": 1}],
        )
        tx.insert("piece", [{"piece_id": PIECE, "submission_id": "T1-A1-1", "slot_id": "A1-1"}])
        given = {"piece_id": PIECE, "rater_id": "R1", "round": "blind", "reading": 1}
        tx.insert("assignment", [{**given, "position": 1}])
        kept = {"kind": "video", "media_type": "mp4", "mime": "video/mp4", "labels": []}
        kept |= {"notices": [], "pages": [], "reading": "", "files": [{"file": PART}]}
        content = json.dumps({"parts": [kept]})
        tx.insert("blind_copy", [{"piece_id": PIECE, "sha256": "00" * 32, "content": content}])
    part = folder / "blind" / PART[:2] / PART[2:4] / PART
    part.parent.mkdir(parents=True)
    part.write_bytes(BODY)
    for person_id in PEOPLE:
        set_password(made, person_id, PASSWORD, Act(person_id, "", act.at))
    (made.exports / "certificates" / "城关小学").mkdir(parents=True)
    (made.exports / "certificates" / "城关小学" / "单.docx").write_bytes(b"docx")
    return made


def frame(**fields):
    return BackMsg(**fields).SerializeToString()


def rerun():
    message = BackMsg()
    message.rerun_script.query_string = ""
    return message.SerializeToString()


def read_until(open_socket, kind, most=400):
    """Messages of the server up to the first of a kind; fails where none comes."""
    for _ in range(most):
        message = ForwardMsg.FromString(open_socket.recv(timeout=PATIENCE))
        if message.WhichOneof("type") == kind:
            return message
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/", "/signin"),
        ("/people", "/signin?next=%2Fpeople"),
        ("/desk?piece=p1", "/signin?next=%2Fdesk%3Fpiece%3Dp1"),
    ],
)
def test_a_page_asked_for_unsigned_leads_to_the_sign_in_and_back(running, path, to):
    answer = running.client().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, to)


@pytest.mark.parametrize(
    "path",
    [
        *(f"/evidence/{PIECE}/{PART}", "/download/certificates/x", "/_stcore/host-config"),
        *("/_stcore/stream", "/media/x", "/static/js/x.js", "/favicon.png"),
    ],
)
def test_what_is_no_page_is_refused_unsigned(running, path):
    assert running.client().get(path).status_code == 401


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_what_tells_of_the_server_is_there_for_nobody(running, path):
    assert running.signed_in("A1").get(path).status_code == 404


def test_the_health_of_the_server_may_be_asked_by_anybody(running):
    assert running.client().get("/_stcore/health").status_code == 200


def test_the_sign_in_page_is_chinese_by_default_and_loads_nothing(running):
    answer = running.client().get("/signin")
    assert '<html lang="zh-CN">' in answer.text and "用户名" in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_the_language_is_kept_in_the_browser(running):
    client = running.client()
    assert client.get("/language/en?next=/signin").headers["location"] == "/signin"
    assert "User name" in client.get("/signin").text


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(running):
    alerts = []
    for name, password in (("R1", "wrong-password"), ("nobody", PASSWORD)):
        told = {"name": name, "password": password}
        answer = running.client().post("/signin", data=told)
        assert answer.status_code == 401 and "set-cookie" not in answer.headers
        alerts += re.findall(r'<p role="alert">(.*)</p>', answer.text)
    assert len(alerts) == 2 and len(set(alerts)) == 1


def test_many_wrong_passwords_are_slowed_down(running):
    client, told = running.client(), {"name": "somebody", "password": "x"}
    statuses = [client.post("/signin", data=told).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert 0 < int(client.post("/signin", data=told).headers["retry-after"]) <= 31
    running.signed_in("R2")  # somebody else at the same address is not held up


def test_a_session_begins_with_a_cookie_scripts_cannot_read(running):
    client = running.client()
    answer = client.post("/signin", data={"name": "人员R1", "password": PASSWORD, "next": "/tasks"})
    cookie = answer.headers["set-cookie"]
    assert answer.headers["location"] == "/tasks"
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert "secure" not in cookie.lower()  # the connection of this test is plain


def test_behind_a_proxy_with_tls_the_cookie_travels_over_tls_only(running):
    told = {"name": "R1", "password": PASSWORD}
    answer = running.client().post("/signin", data=told, headers={"x-forwarded-proto": "https"})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example", "/\\evil.example"])
def test_a_sign_in_leads_to_no_other_site(running, to):
    told = {"name": "R1", "password": PASSWORD, "next": to}
    assert running.client().post("/signin", data=told).headers["location"] == "/"


def test_a_second_sign_in_ends_the_first_session_of_the_browser(running):
    client = running.signed_in("R1")
    before = dict(client.cookies)
    client.post("/signin", data={"name": "R1", "password": PASSWORD})
    assert dict(client.cookies) != before
    assert running.client(cookies=before).get("/").status_code == 303


def test_a_write_from_another_site_is_refused(running):
    client = running.signed_in("A1")
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"origin": ""}):
        assert client.post("/upload?name=a.zip", headers=headers).status_code == 403


def test_sign_out_from_a_link_elsewhere_asks_first(running):
    client = running.signed_in("R1")
    asked = client.get("/signout", headers={"sec-fetch-site": "cross-site"})
    assert asked.status_code == 200 and "确认退出" in asked.text
    assert client.get("/").status_code == 200


def test_after_the_sign_out_the_old_cookie_opens_nothing(running):
    client = running.signed_in("R1")
    kept = dict(client.cookies)
    answer = client.get("/signout", headers={"referer": f"{running.url}/tasks"})
    assert answer.headers["location"] == "/signin?out=1"
    assert running.client(cookies=kept).get("/").status_code == 303


def test_a_session_ends_when_idle_and_at_its_longest(running):
    client = running.signed_in("R1")
    running.clock.ahead = timedelta(hours=2, minutes=1)
    try:
        assert client.get("/").status_code == 303
        fresh = running.signed_in("R1")
        for _ in range(11):  # used every hour, and still over after twelve
            running.clock.ahead += timedelta(hours=1)
            assert fresh.get("/").status_code == 200
            running.wait_recorded(fresh)
        running.clock.ahead += timedelta(hours=1)
        assert fresh.get("/").status_code == 303
    finally:
        running.clock.ahead = timedelta(0)


def test_evidence_goes_to_its_reader_in_ranges(running):
    client = running.signed_in("R1")
    whole = client.get(f"/evidence/{PIECE}/{PART}")
    assert (whole.status_code, whole.content) == (200, BODY)
    part = client.get(f"/evidence/{PIECE}/{PART}", headers={"range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, BODY[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(BODY)}"


def test_evidence_cannot_act_and_is_kept_by_no_proxy(running):
    headers = running.signed_in("R1").get(f"/evidence/{PIECE}/{PART}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox")
    assert "private" in headers["cache-control"] and headers["vary"] == "Cookie"
    assert headers["content-type"] == "video/mp4"


def test_evidence_is_refused_to_another_rater_and_absent_parts_are_not_there(running):
    other = running.signed_in("R2").get(f"/evidence/{PIECE}/{PART}")
    assert other.status_code == 403 and other.json()["error"] == "role_missing"
    mine = running.signed_in("R1")
    assert mine.get(f"/evidence/{PIECE}/{'cd' * 32}").status_code == 404
    assert mine.get(f"/evidence/p9/{PART}").status_code == 404
    assert mine.get(f"/evidence/{PIECE}/..%2F..%2Fworking.db").status_code in (400, 404)


def test_a_download_goes_to_its_school_as_a_file(running):
    path = "/download/certificates/城关小学/单.docx"
    answer = running.signed_in("G1").get(path)
    assert (answer.status_code, answer.content) == (200, b"docx")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert running.signed_in("R1").get(path).status_code == 403
    assert running.signed_in("G1").get("/download/certificates/没有").status_code == 404
    odd = "/download/certificates/..%2F..%2Fworkspace.toml"
    assert running.signed_in("K1").get(odd).status_code in (400, 404)


def test_an_upload_lands_whole_on_disk_under_a_harmless_name(running):
    client = running.signed_in("G1")
    name = "..%2F..%2F证据包.zip"
    answer = client.post(f"/upload?name={name}", content=b"PK" * 5000)
    assert answer.status_code == 201 and answer.json()["bytes"] == 10000
    folder = running.workspace.folder / "uploads" / answer.json()["upload"]
    assert (folder / "证据包.zip").read_bytes() == b"PK" * 5000
    assert client.post("/upload?name=a.exe", content=b"MZ").status_code == 400
    assert running.signed_in("R1").post("/upload?name=a.zip", content=b"").status_code == 403


def test_a_component_sends_the_address_of_its_script_and_the_browser_keeps_the_script(running):
    script = desk_script()
    assert len(script.loader) * 50 < len(script.content)
    assert f"{ADDRESS}{script.name}" in script.loader
    answer = running.signed_in("R1").get(f"{ADDRESS}{script.name}")
    assert (answer.status_code, answer.content) == (200, script.content)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_a_script_goes_to_nobody_unsigned_and_an_older_one_is_not_there(running):
    address = f"{ADDRESS}{desk_script().name}"
    assert running.client().get(address).status_code == 401
    assert (
        running.signed_in("R1").get(f"{ADDRESS}score_desk-0000000000000000.js").status_code == 404
    )


def test_another_script_has_another_name():
    one, other = (
        script_of("c", "p {}", "export default 1"),
        script_of("c", "p {}", "export default 2"),
    )
    assert one.name != other.name
    assert script_of("c", "p {}", "export default 1") == one


@pytest.mark.parametrize("path", ["/", "/signin", "/_stcore/health", "/evidence/x/y", "/nowhere"])
def test_every_answer_has_the_security_headers(running, path):
    headers = running.signed_in("R1").get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")


def test_the_pages_may_load_nothing_from_outside(running):
    policy = running.signed_in("R1").get("/").headers["content-security-policy"]
    assert "http" not in policy and "*" not in policy
    script = next(p for p in policy.split("; ") if p.startswith("script-src"))
    assert "unsafe-inline" not in script


def test_no_cookie_is_open_to_scripts(running):
    client = running.client()
    told = {"name": "R1", "password": PASSWORD}
    answers = [client.get("/language/zh"), client.post("/signin", data=told)]
    paths = ("/", "/_stcore/health", "/_stcore/host-config", f"/evidence/{PIECE}/{PART}")
    answers += [client.get(path) for path in paths]
    cookies = [c for answer in answers for c in answer.headers.get_list("set-cookie")]
    assert len(cookies) == 2
    assert all("httponly" in cookie.lower() for cookie in cookies)


def test_a_socket_without_a_session_is_refused(running):
    spoofed = {"x-workbench-user-person": "A1", "x-workbench-user-workspace": "/"}
    with pytest.raises(InvalidStatus) as refused:
        running.socket(running.client(), headers=spoofed)
    assert refused.value.response.status_code == 403


def test_a_socket_from_another_site_is_refused(running):
    client = running.signed_in("R1")
    for origin in ("https://evil.example", None):
        with pytest.raises(InvalidStatus) as refused:
            running.socket(client, origin=origin)
        assert refused.value.response.status_code == 403


def test_an_ended_session_sends_the_page_to_the_sign_in(running):
    client = running.signed_in("R1")
    kept = running.client(cookies=dict(client.cookies))
    client.post("/signout")
    with running.socket(kept) as refused:
        assert read_until(refused, "auth_redirect").auth_redirect.url == "/signin?ended=1"
        with pytest.raises(ConnectionClosed) as closed:
            refused.recv(timeout=PATIENCE)
    assert closed.value.rcvd.code == CLOSED


def page_text(page):
    """Everything the page of a socket draws, the page it leads to included, as one text."""
    page.send(rerun())
    drawn = b""
    while True:
        raw = page.recv(timeout=PATIENCE)
        drawn += raw
        message = ForwardMsg.FromString(raw)
        if message.WhichOneof("type") == "script_finished" and message.script_finished != LEADS_ON:
            return drawn.decode("utf-8", "replace")


def test_identity_comes_from_the_session_whatever_the_headers_say(running):
    spoofed = {"x-workbench-user-person": "A1", "X-Workbench-User-Language": "en"}
    with running.socket(running.signed_in("R1"), headers=spoofed) as page:
        drawn = page_text(page)
    assert "人员R1" in drawn and "人员A1" not in drawn and "退出登录" in drawn


def test_an_error_of_a_page_shows_a_number_and_no_more(running, monkeypatch, capfd, caplog):
    def fails():
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("workbench.app_pages.people.draw", fails)
    with running.socket(running.signed_in("A1")) as page:
        drawn = page_text(page)
    number = re.search("编号 ([0-9a-f]{8})", drawn)[1]
    assert "secret" not in drawn and "Traceback" not in drawn
    assert number in caplog.text and "/secret/path" in caplog.text
    assert "secret" not in "".join(capfd.readouterr())  # told once, to the log


def test_an_expected_error_of_a_page_is_a_sentence(running, monkeypatch, caplog):
    def refuses():
        raise RefusedError("in English", key="person_unknown", person="某人")

    monkeypatch.setattr("workbench.app_pages.people.draw", refuses)
    with running.socket(running.signed_in("A1")) as page:
        drawn = page_text(page)
    assert catalogue("zh")["error.person_unknown"].format(person="某人") in drawn
    assert caplog.text == ""


def test_a_session_that_is_ended_closes_its_open_socket(running):
    client = running.signed_in("R1")
    with running.socket(client) as page:
        page_text(page)
        assert sign_out_everywhere(running.workspace, "R1", Act("R1", "", running.clock())) >= 1
        assert read_until(page, "auth_redirect").auth_redirect.url == "/signin?ended=1"
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(timeout=PATIENCE)
    assert closed.value.rcvd.code == CLOSED


def test_a_frame_after_the_end_of_a_session_runs_nothing(running):
    client = running.signed_in("R2")
    with running.socket(client) as page:
        page_text(page)
        client.post("/signout")
        page.send(rerun())
        kinds = []
        with pytest.raises(ConnectionClosed):
            while True:
                kinds.append(ForwardMsg.FromString(page.recv(timeout=PATIENCE)).WhichOneof("type"))
    ended_before = "session_status_changed"  # the run before may tell that it has ended
    assert [kind for kind in kinds if kind != ended_before] == ["auth_redirect"]


def test_nobody_wipes_the_caches_of_all(running):
    import streamlit as st

    reads = []

    @st.cache_resource(show_spinner=False)
    def kept():
        reads.append(1)
        return len(reads)

    kept()
    with running.socket(running.signed_in("R1")) as page:
        page.send(frame(clear_cache=True))
        assert "人员R1" in page_text(page)  # the message is dropped, the socket goes on
    assert kept() == 1


@pytest.mark.parametrize(
    ("message", "dropped"),
    [
        (BackMsg(clear_cache=True), True),
        (BackMsg(set_run_on_save=True), True),
        (BackMsg(load_git_info=True), True),
        (BackMsg(stop_script=True), False),
        (BackMsg(app_heartbeat=True), False),
    ],
)
def test_messages_no_page_sends_are_dropped(message, dropped):
    assert drops_frame(message.SerializeToString()) is dropped


@pytest.mark.parametrize("kind", ["install_skills", "dismiss_skills_nudge", "dataframe_chunk"])
def test_of_the_operations_only_those_of_pages_pass(kind):
    message = BackMsg()
    getattr(message.backend_operation_request, kind).SetInParent()
    assert drops_frame(message.SerializeToString()) is (kind != "dataframe_chunk")


def test_a_frame_that_cannot_be_read_is_left_to_streamlit():
    assert drops_frame(b"\xff\xff\xff") is False
