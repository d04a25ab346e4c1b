"""A working evening: two hundred people signed in for five minutes, who read, hand in and look things up.

The county and its server are those of ``benchmarks.app``. Everybody acts every five
seconds, each after an own draw of what comes next: most save marks, some turn to
another piece, some hand in what they have marked whole, some look at a page of
theirs. What was handed in is recorded when it can no longer be taken back, so the
server gives out third reads meanwhile. An act that ends in anything but what was
asked for has failed; at the end every read handed in must be on record, once.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.app import (
    THINK_S,
    Desk,
    Measured,
    cpu_of,
    served,
    signed_in,
    socket_of,
    view,
)
from benchmarks.synthetic_county import STAFF, build
from models.assignments import assignments_of
from models.store import Act
from workbench.navigation import PAGES, entries
from workbench.services.analysing import analyse_kinds
from workbench.services.workspace import Workspace

SESSIONS, SECONDS = 200, 300.0
_OFFICERS = 12
"""Sessions of chairs, county reviewers, registrars and administrators; the others are readers."""

_ACTS = (("save", 60), ("turn", 20), ("submit", 12), ("look", 8))
"""What a reader does next, out of a hundred; officers only look."""

_LONGEST_S = 30.0  # an act that takes longer has failed
_SIGNING_IN = 1  # at once: the throttle counts attempts of one address in the order of their time


@dataclass
class Person(Desk):
    """Somebody signed in: what is on the desk, what was marked of it, and what was handed in."""

    role: str = "rater"
    rng: random.Random = field(default_factory=random.Random)
    marks: dict[str, int] = field(default_factory=dict)
    criteria: list[str] = field(default_factory=list)
    begun: str = ""
    handed_in: list[str] = field(default_factory=list)


def run() -> list[dict]:
    """One row a kind of act, one of the whole, and one that says whether every read is on record."""
    with tempfile.TemporaryDirectory() as folder:
        county = build(Path(folder) / "county", readers=SESSIONS - _OFFICERS)
        analyse_kinds(county, (), Act("Z1", "", datetime.now(UTC)))
        with served(county.folder) as (address, pid):
            return asyncio.run(_evening(county, address, pid))


async def _evening(county: Workspace, address: str, pid: int) -> list[dict]:
    gate = asyncio.Semaphore(_SIGNING_IN)
    officers = [
        (name, role) for _ in range(_OFFICERS // len(STAFF)) for name, role in STAFF.items()
    ]
    readers = [(f"R{number:03d}", "rater") for number in range(SESSIONS - len(officers))]
    people = await asyncio.gather(
        *(
            _come_in(county, address, name, role, number, gate)
            for number, (name, role) in enumerate([*readers, *officers])
        )
    )
    made: dict[str, Measured] = defaultdict(Measured)
    start, before = time.perf_counter(), cpu_of(pid)
    try:
        await asyncio.gather(
            *(
                _work(county, each, made, start + THINK_S * n / len(people))
                for n, each in enumerate(people)
            )
        )
        spent, took = cpu_of(pid) - before, time.perf_counter() - start
        lost = await _missing(county, people)
    finally:
        for each in people:
            await each.socket.close()
            await each.web.aclose()
    return [
        *(_row(name, each) for name, each in sorted(made.items())),
        _whole(made, spent, took, people, lost),
    ]


async def _come_in(
    county: Workspace, address: str, name: str, role: str, number: int, gate: asyncio.Semaphore
) -> Person:
    """Sign somebody in and open the first page."""
    async with gate:
        web = await signed_in(address, name)
        socket = await socket_of(address, web)
        with county.store() as store:
            rows = assignments_of(store, name) if role == "rater" else []
        pieces = [row["piece_id"] for row in rows if row["read_id"] is None and row["why"] is None]
        made = Person(name, web, socket, pieces, role=role, rng=random.Random(number))
        told = await view(socket, "tasks" if role == "rater" else _pages(role)[0])
        assert not told, f"the first page of {name} did not open: {told}"
        if pieces:
            told = await _take_up(county, made, pieces[0])
            assert not told, f"the desk of {name} did not open: {told}"
    return made


async def _work(county: Workspace, person: Person, made: dict[str, Measured], start: float) -> None:
    """Act every few seconds until the time is over; what takes long is not made up for."""
    due = start
    while due < start + SECONDS:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        kind = _next(person)
        began = time.perf_counter()
        try:
            told = await asyncio.wait_for(_do(county, person, kind), _LONGEST_S)
        except (TimeoutError, OSError, httpx.HTTPError, RuntimeError) as error:
            told = repr(error)
        took = time.perf_counter() - began
        made[kind].seconds.append(took)
        if told:
            made[kind].failures.append(f"{person.person}: {told}")
        due = max(due + THINK_S, time.perf_counter())


def _next(person: Person) -> str:
    """Draw what somebody does next; who has no piece left looks things up."""
    if person.role != "rater" or not person.begun:
        return "look"
    names, weights = zip(*_ACTS, strict=True)
    return person.rng.choices(names, weights)[0]


async def _do(county: Workspace, person: Person, kind: str) -> str:
    if kind == "save":
        return await _save(person)
    if kind == "turn":
        return await _take_up(county, person, person.rng.choice(person.pieces))
    if kind == "submit":
        return await _submit(county, person)
    return await view(person.socket, person.rng.choice(_pages(person.role)))


def _pages(role: str) -> list[str]:
    """Pages a role has, but the desk itself."""
    known = {entry.name for entry in entries()}
    return [name for name in PAGES[role] if name in known and name != "desk"]


async def _take_up(county: Workspace, person: Person, piece: str) -> str:
    """Open a piece on the desk, with the draft it has."""
    told = await view(person.socket, "desk", f"piece={piece}")
    slot_id = piece.split("-", 2)[2]
    slot = county.rubrics[slot_id.partition("-")[0]].slot(slot_id)
    if piece != person.begun:
        person.marks, person.begun = {}, piece
        person.version = await _version(person, piece)
    person.criteria = [criterion.criterion_id for criterion in slot.criteria]
    return told


async def _version(person: Person, piece: str) -> int:
    """Version of the draft there is, learnt from the answer to a save made from none."""
    told = await _sent(person, "save", piece, {}, -1)
    if told.get("state") == "saved":
        return int(told["version"])
    person.marks = {name: met for name, met in told.get("marks", {}).items() if met is not None}
    return int(told.get("version", 0))


async def _save(person: Person) -> str:
    """Mark one more criterion."""
    left = [name for name in person.criteria if name not in person.marks]
    name = left[0] if left else person.rng.choice(person.criteria)
    person.marks[name] = int(person.rng.random() < 0.8)
    told = await _sent(person, "save", person.begun, person.marks, person.version)
    person.version = told.get("version", person.version)
    return "" if told.get("state") == "saved" else str(told)


async def _submit(county: Workspace, person: Person) -> str:
    """Mark the rest, hand the piece in and go on with the next."""
    piece = person.begun
    for name in person.criteria:
        person.marks.setdefault(name, int(person.rng.random() < 0.8))
    told = await _sent(person, "submit", piece, person.marks, person.version)
    if told.get("state") != "submitted":
        return str(told)
    person.handed_in.append(piece)
    person.pieces.remove(piece)
    person.begun = ""
    return await _take_up(county, person, person.pieces[0]) if person.pieces else ""


async def _sent(
    person: Person, action: str, piece: str, marks: dict[str, int], version: int
) -> dict:
    """Answer of the desk's route to a draft."""
    said = {name: "合成评语：证据中没有写到" for name, met in marks.items() if not met}
    sent = {
        "key": f"{person.person}-{time.time_ns()}",
        "piece": piece,
        "round": "blind",
        "reading": 1,
        "version": version,
        "marks": marks,
        "comments": said,
    }
    answer = await person.web.post(f"/desk/{action}", json=sent, headers={"x-workbench-desk": "1"})
    return {"status": answer.status_code, **answer.json()}


async def _missing(county: Workspace, people: list[Person]) -> int:
    """Reads handed in that are not on record once, after the time to take them back is over."""
    await asyncio.sleep(15)
    wanted = {(each.person, piece) for each in people for piece in each.handed_in}
    with county.store() as store:
        rows = store.rows("SELECT rater_id, piece_id, COUNT(*) AS n FROM read GROUP BY 1, 2")
    there = {(row["rater_id"], row["piece_id"]) for row in rows if row["n"] == 1}
    return len(wanted - there)


def _row(kind: str, made: Measured) -> dict:
    cuts = statistics.quantiles([*made.seconds, made.seconds[-1]], n=100)
    return {
        "measure": f"load, {kind}",
        "acts": len(made.seconds),
        "failures": len(made.failures),
        "p50_ms": round(cuts[49] * 1e3, 1),
        "p95_ms": round(cuts[94] * 1e3, 1),
        "p99_ms": round(cuts[98] * 1e3, 1),
        **({"said": made.failures[0]} if made.failures else {}),
    }


def _whole(
    made: dict[str, Measured], spent: float, took: float, people: list[Person], lost: int
) -> dict:
    acts = sum(len(each.seconds) for each in made.values())
    return {
        "measure": f"load, {len(people)} sessions for {SECONDS:.0f} s",
        "value": sum(len(each.failures) for each in made.values()) + lost,
        "unit": "failures",
        "bar": 0,
        "acts": acts,
        "handed_in": sum(len(each.handed_in) for each in people),
        "not_on_record": lost,
        "server_cpu_s": round(spent, 1),
        "server_cpu_share": round(spent / took, 2),
        "seconds": round(took, 1),
        "load": [round(each, 2) for each in os.getloadavg()],
        "cores": os.cpu_count(),
        "generator": "same machine",
    }
