"""A real server on a free port, a workspace built once, and pages signed in by name.

Browser tests use ``county`` (the workspace), ``server`` (its address) and
``page_as(name)``: a page of a new browser context, signed in as that person.
Every request that leaves the server is collected in ``page.outside``.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from models.store import Act
from sample_evidence.people import COUNTY, ROUND
from workbench.services.accounts import add_user, set_password
from workbench.services.intake import import_package
from workbench.services.roster import import_roster
from workbench.services.workspace import Workspace, create

playwright_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SAMPLES = Path(__file__).resolve().parents[2] / "sample_evidence" / "county"
PASSWORD = "青山-绿水-2026-ab"
START = datetime(2026, 10, 20, 1, tzinfo=UTC)
PATIENCE = 60_000  # ms; what is waited for comes within two on a machine with nothing else to do


def act(who: str, reason: str = "") -> Act:
    return Act(who, "", START, reason)


@pytest.fixture(scope="session")
def county(tmp_path_factory) -> Workspace:
    """The sample county with roster and evidence taken in; everybody has the same password.

    PS01 to PS09 are raters, ZZ01 chairs, FH01 reviews for the county, DJ01 is its
    registrar, DJ02 the registrar of one school, GL01 the administrator.
    """
    folder = tmp_path_factory.mktemp("county") / "workspace"
    made = create(
        folder, str(SAMPLES / "policy.toml"), ROUND, COUNTY, act("建档人"), secrets.token_bytes
    )
    import_roster(made, SAMPLES / "roster.xlsx", act("建档人"), secrets.token_bytes)
    import_package(made, SAMPLES / "package", act("建档人"), secrets.token_bytes)
    give_accounts(made)
    return made


def give_accounts(made: Workspace) -> None:
    with made.store() as store:
        school = store.one("school", school_id="s01")["name"]
    for person_id, name, role, place in (
        ("GL01", "管理甲", "admin", ""),
        ("DJ01", "登记甲", "registrar", ""),
        ("DJ02", "登记乙", "registrar", school),
    ):
        who = act("建档人")
        add_user(made, name, [role], who, secrets.token_bytes, person_id=person_id, school=place)
    with made.store() as store:
        people = [row["person_id"] for row in store.where("person")]
    for person_id in people:
        set_password(made, person_id, PASSWORD, act(person_id))


@pytest.fixture(scope="session")
def password() -> str:
    """What everybody signs in with."""
    return PASSWORD


@pytest.fixture(scope="session")
def running() -> Callable:
    """Run a server in a process of its own: a context that gives its address."""
    return _running


@pytest.fixture(scope="session")
def server(county) -> Iterator[str]:
    """Address of ``workbench serve`` on the county."""
    command = ["-m", "workbench", "--workspace", str(county.folder), "serve", "--port", "0"]
    with _running(command, county.folder) as address:
        yield address


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[str]:
    log = (folder / "logs" / "test-server.log").open("w")
    running = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "WORKBENCH_LANG": "en", "PYTHONUNBUFFERED": "1"},
    )
    try:
        said = running.stdout.readline()
        found = re.search(r"http://[0-9.:]+", said)
        assert found, f"the server named no address: {said!r}; see {log.name}"
        address = found[0]
        _wait_for(address)
        yield address
    finally:
        running.terminate()
        running.wait(PATIENCE / 1000)
        log.close()


def _wait_for(address: str) -> None:
    until = time.monotonic() + 2 * PATIENCE / 1000
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/_stcore/health").status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(address)


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests; skipped where the machine has none."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with playwright_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        playwright_api.expect.set_options(timeout=PATIENCE)
        yield launched
        launched.close()


@pytest.fixture
def context(browser, server):
    """Build browser contexts as a client in China has them; all are closed at the end."""
    opened = []

    def make(width: int = 1366, height: int = 768):
        made = browser.new_context(
            base_url=server,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": height},
        )
        made.set_default_timeout(PATIENCE)
        opened.append(made)
        return made

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def page_as(context, server) -> Callable:
    """Give a page signed in as a person (identifier or name), at the address asked for."""

    def sign_in(name: str, path: str = "/", *, width: int = 1366, height: int = 768):
        page = context(width, height).new_page()
        page.outside = []
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((server, "data:", "blob:"))
                else page.outside.append(request.url)
            ),
        )
        come_in(page, name, path)
        return page

    return sign_in


def come_in(page, name: str, path: str, password: str = PASSWORD) -> None:
    """Sign somebody in, and wait for the page they asked for."""
    page.goto(f"/signin?next={path}")
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("button")
    settled(page)


def settled(page) -> None:
    """Wait until the script of the page has run: a page just asked for says ``initial`` before."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
