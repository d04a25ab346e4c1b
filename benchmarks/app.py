"""The app under load: CPU of the score desk, and the first view of every page of a whole county.

A county of 15,000 pieces is served by ``workbench serve`` in a process of its own
on a free port of 127.0.0.1. Readers sign in, open the desk over the socket and
act every five seconds: first they turn to another piece, then they save drafts.
CPU is that of the server's process while it is asked, so it holds the idle
sockets too. The program that asks runs on the same machine, so waiting times
are longer than with a server of its own. Before each first view a line is
written to the database, so nothing kept from an earlier page is of use.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.synthetic_county import PASSWORD, STAFF, build
from models.assignments import assignments_of
from models.store import Act
from workbench.navigation import PAGES, entries
from workbench.services.analysing import analyse_kinds
from workbench.services.workspace import Workspace

READERS = (50, 200)
THINK_S = 5.0
"""Seconds from one act of a reader to the next."""

_VISITOR = "R000"  # the reader whose pages are looked at
_ACTS = 3  # of each kind, by every reader
_LONGEST_S = 15.0  # an act that takes longer has failed
_PAGE_S = 60.0
_SIGNING_IN = 1  # at once: the throttle counts attempts of one address in the order of their time
_BAR_RERUN_MS, _BAR_SAVE_MS, _BAR_PAGE_S = 12.0, 5.0, 2.0


@dataclass
class Measured:
    """What acts of one kind took: seconds each, the server's CPU seconds, and what failed."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    cpu: float = 0.0


@dataclass
class Desk:
    """One reader with an open desk."""

    person: str
    web: httpx.AsyncClient
    socket: ClientConnection
    pieces: list[str]
    version: int = 0


def run() -> list[dict]:
    """One row a measure, with what it is held against."""
    with tempfile.TemporaryDirectory() as folder:
        county = build(Path(folder) / "county", readers=sum(READERS))
        analyse_kinds(county, (), Act("Z1", "", datetime.now(UTC)))  # pages show what is stored
        with served(county.folder) as (address, pid):
            rows = [*asyncio.run(_first_views(county, address, pid))]
            names = iter(f"R{number:03d}" for number in range(sum(READERS)))
            for readers in READERS:  # each time others, whose drafts nobody has begun
                rows += asyncio.run(_load(county, address, pid, list(islice(names, readers))))
    return rows


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """Address and process of a server of the workspace."""
    command = [sys.executable, "-m", "workbench", "--workspace", str(folder), "serve"]
    server = subprocess.Popen(
        [*command, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        said = server.stdout.readline() if server.stdout else ""
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, f"the server said no address: {said!r}"
        _wait_for(found[0])
        yield found[0], server.pid
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(address: str) -> None:
    patient = httpx.HTTPTransport(retries=8)  # half a second more each time, doubled
    with httpx.Client(transport=patient, timeout=_PAGE_S) as web:
        web.get(f"{address}/_stcore/health").raise_for_status()


async def _load(county: Workspace, address: str, pid: int, names: list[str]) -> list[dict]:
    """Readers at their desks: pieces turned to, then drafts saved."""
    gate = asyncio.Semaphore(_SIGNING_IN)
    desks = await asyncio.gather(*(_open_desk(county, address, name, gate) for name in names))
    try:
        turned = await _in_turn(desks, _turn, pid)
        saved = await _in_turn(desks, _save, pid)
    finally:
        for desk in desks:
            await desk.socket.close()
            await desk.web.aclose()
    return [
        _row(f"desk rerun, {len(names)} readers", turned, _BAR_RERUN_MS),
        _row(f"desk save, {len(names)} readers", saved, _BAR_SAVE_MS),
    ]


async def _open_desk(county: Workspace, address: str, person: str, gate: asyncio.Semaphore) -> Desk:
    async with gate:
        web = await signed_in(address, person)
        socket = await socket_of(address, web)
        with county.store() as store:
            found = [r["piece_id"] for r in assignments_of(store, person) if r["read_id"] is None]
        desk = Desk(person, web, socket, found)
        told = await view(desk.socket, "desk", f"piece={found[0]}")
        assert not told, f"the desk of {person} did not open: {told}"
    return desk


async def _in_turn(
    desks: list[Desk], act: Callable[[Desk, int], Awaitable[str]], pid: int
) -> Measured:
    """Let every reader act a few times, spread evenly over the seconds between two acts."""
    made = Measured()
    start, before = time.perf_counter(), cpu_of(pid)

    async def work(desk: Desk, place: int) -> None:
        for number in range(_ACTS):
            due = start + THINK_S * (number + place / len(desks))
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            began = time.perf_counter()
            try:
                told = await asyncio.wait_for(act(desk, number), _LONGEST_S)
            except (TimeoutError, OSError, httpx.HTTPError) as error:
                told = repr(error)
            made.seconds.append(time.perf_counter() - began)
            if told:
                made.failures.append(f"{desk.person}: {told}")

    await asyncio.gather(*(work(desk, place) for place, desk in enumerate(desks)))
    made.cpu = cpu_of(pid) - before
    return made


async def _turn(desk: Desk, number: int) -> str:
    """Turn to another piece: the whole page runs again and sends it."""
    piece = desk.pieces[(number + 1) % len(desk.pieces)]
    return await view(desk.socket, "desk", f"piece={piece}")


async def _save(desk: Desk, number: int) -> str:
    """Keep a draft of the first piece, as the desk does after each mark."""
    piece = desk.pieces[0]
    slot = piece.split("-", 2)[2]
    sent = {
        "key": f"{desk.person}-{number}-{time.time_ns()}",
        "piece": piece,
        "round": "blind",
        "reading": 1,
        "version": desk.version,
        "marks": {f"{slot}.P1": number % 2},
        "comments": {f"{slot}.P1": f"合成评语 {desk.person} {number} {desk.version}"},
    }
    answer = await desk.web.post("/desk/save", json=sent, headers={"x-workbench-desk": "1"})
    told = answer.json()
    desk.version = told.get("version", desk.version)
    return "" if told.get("state") == "saved" else f"{answer.status_code} {told}"


async def _first_views(county: Workspace, address: str, pid: int) -> list[dict]:
    """Seconds until each page of each role stands, nothing kept from before."""
    rows = []
    known = {entry.name for entry in entries()}
    act = Act("synthetic", "admin", datetime.now(UTC))
    for person, role in {**STAFF, _VISITOR: "rater"}.items():
        web = await signed_in(address, person)
        socket = await socket_of(address, web)
        for page in (name for name in PAGES[role] if name in known):
            with county.store() as store, store.transaction(act, "synthetic.tick"):
                pass
            rows.append(await _first_view(socket, role, page, pid))
        await asyncio.gather(socket.close(), web.aclose())
    return rows


async def _first_view(socket: ClientConnection, role: str, page: str, pid: int) -> dict:
    began, before = time.perf_counter(), cpu_of(pid)
    try:
        told = await asyncio.wait_for(view(socket, page), _PAGE_S)
    except TimeoutError:
        told = f"nothing within {_PAGE_S:.0f} s"
    took = round(time.perf_counter() - began, 2)
    row = {"measure": f"first view, {role}, {page}", "value": took, "unit": "s"}
    return {
        **row,
        "bar": _BAR_PAGE_S,
        "server_cpu_s": round(cpu_of(pid) - before, 2),
        "failures": int(bool(told)),
        **({"said": told} if told else {}),
    }


async def signed_in(address: str, person: str) -> httpx.AsyncClient:
    web = httpx.AsyncClient(base_url=address, headers={"origin": address}, timeout=_LONGEST_S)
    answer = await web.post("/signin", data={"name": person, "password": PASSWORD, "next": "/"})
    if "workbench_session" not in web.cookies:
        raise RuntimeError(f"{person} is not signed in: {answer.status_code}")
    return web


async def socket_of(address: str, web: httpx.AsyncClient) -> ClientConnection:
    cookies = "; ".join(f"{name}={value}" for name, value in web.cookies.items())
    return await connect(
        address.replace("http", "ws", 1) + "/_stcore/stream",
        origin=address,  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers={"cookie": cookies},
        max_size=64 << 20,
        compression=None,
        ping_interval=None,
    )


async def view(socket: ClientConnection, page: str, query: str = "") -> str:
    """Run a page and wait until it stands; what went wrong, or empty."""
    asked = BackMsg()
    asked.rerun_script.page_name = page
    asked.rerun_script.query_string = query
    await socket.send(asked.SerializeToString())
    fault = ""
    async for frame in socket:
        message = ForwardMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        kind = message.WhichOneof("type")
        if kind == "delta":
            fault = fault or _fault_in(message)
        elif kind == "page_not_found":
            fault = f"no page {page}"
        elif kind == "auth_redirect":
            return "signed out"
        elif kind == "script_finished":
            over = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            return fault if over else f"ended as {message.script_finished}"
    return "the socket was closed"


def _fault_in(message: Any) -> str:
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    if kind == "exception":
        return str(element.exception.message)
    if kind == "alert" and element.alert.format == element.alert.ERROR:
        return str(element.alert.body)
    return ""


def cpu_of(pid: int) -> float:
    """CPU seconds a process has used so far, of user and system."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _row(measure: str, made: Measured, bar: float) -> dict:
    cuts = statistics.quantiles(made.seconds, n=20)
    return {
        "measure": measure,
        "value": round(made.cpu / len(made.seconds) * 1e3, 2),
        "unit": "CPU ms of the server",
        "bar": bar,
        "acts": len(made.seconds),
        "failures": len(made.failures),
        **({"said": made.failures[0]} if made.failures else {}),
        "p50_ms": round(cuts[9] * 1e3, 1),
        "p95_ms": round(cuts[18] * 1e3, 1),
        "load": [round(each, 2) for each in os.getloadavg()],
        "cores": os.cpu_count(),
        "generator": "same machine",
    }
