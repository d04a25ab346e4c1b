"""Routes of the desk: save, submit, leave, park, take back, times, comment bank; JSON in, JSON out.

The guard has checked the session and that the request comes from a page of this
server. The component also sends a header no foreign form can send.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workbench.errors import InputError, RefusedError
from workbench.messages import has, text
from workbench.services import desk, desk_leaving, desk_parked, desk_time, phrases
from workbench.services.precedent_search import desk_nearest
from workbench.services.workspace import Workspace

HEADER = "x-workbench-desk"
_MOST_BYTES = 65_536
_A_MOMENT = 0.3  # seconds after a submission is due, so that it surely is
_STATUS = {"conflict": 409, "incomplete": 422, "refused": 422}
_waiting: set[asyncio.Task[None]] = set()

Handler = Callable[[Request], Awaitable[Response]]
Act = Callable[[Workspace, str, Mapping[str, Any], datetime], dict[str, Any]]


def desk_routes(answered: Callable[[Handler], Handler]) -> list[Route]:
    """Routes under ``/desk``; ``answered`` turns expected errors into a sentence and a status."""
    found = {
        **{"save": save, "submit": submit, "leave": leave, "undo": undo},
        **{"park": park, "time": time, "phrases": bank},
    }
    writing = [
        Route(f"/desk/{name}", answered(handler), methods=["POST"])
        for name, handler in found.items()
    ]
    return [*writing, Route("/desk/precedents", answered(precedents), methods=["GET"])]


async def save(request: Request) -> JSONResponse:
    """Keep the draft sent; 409 with the other window's draft where it has moved on."""
    return await _acted(request, desk.save)


async def submit(request: Request) -> JSONResponse:
    """Hand a piece in."""
    return await _handed_in(request, desk.submit)


async def leave(request: Request) -> JSONResponse:
    """Leave a piece without judging it, with a cause and its reason."""
    return await _handed_in(request, desk_leaving.leave)


async def park(request: Request) -> JSONResponse:
    """Put a piece aside with a note to oneself, or take it up again."""
    return await _acted(request, desk_parked.put_aside)


async def time(request: Request) -> JSONResponse:
    """Take in how long somebody was active."""
    return await _acted(request, desk_time.report)


async def undo(request: Request) -> JSONResponse:
    """Take a submission back, if its ten seconds have not passed."""
    piece = str((await _sent(request)).get("piece", ""))
    house = request.state.house
    return _answer(
        await run_in_threadpool(desk.undo, house.workspace, _who(request), piece, house.clock())
    )


async def bank(request: Request) -> JSONResponse:
    """List the person's phrases, after keeping, counting or dropping one where asked to."""
    sent = await _sent(request)
    house = request.state.house
    act, number = sent.get("act", "list"), sent.get("id")
    if act in ("use", "drop") and isinstance(number, int):
        call = phrases.use if act == "use" else phrases.drop
        found = await run_in_threadpool(call, house.workspace, _who(request), number)
    elif act == "keep":
        given = (str(sent.get("criterion", "")), str(sent.get("words", "")))
        found = await run_in_threadpool(
            phrases.keep, house.workspace, _who(request), *given, house.clock()
        )
    else:
        found = await run_in_threadpool(phrases.phrases, house.workspace, _who(request))
    return _answer({"state": "phrases", "phrases": found})


async def precedents(request: Request) -> JSONResponse:
    """List the rulings nearest to a criterion of a piece on one's desk."""
    if request.headers.get(HEADER) != "1":
        raise RefusedError("the request does not come from the desk.", key="desk.foreign")
    asked = request.query_params.get("piece", ""), request.query_params.get("criterion", "")
    house = request.state.house
    found = await run_in_threadpool(desk_nearest, house.workspace, _who(request), *asked)
    return _answer({"state": "precedents", "precedents": found})


async def _acted(request: Request, act: Act) -> JSONResponse:
    """Do what a request asks for, off the loop."""
    sent = await _sent(request)
    house = request.state.house
    call = run_in_threadpool(act, house.workspace, _who(request), sent, house.clock())
    return _answer(await call)


async def _handed_in(request: Request, act: Act) -> JSONResponse:
    """Do what a request asks for, and see to it that it is recorded once it cannot be taken back."""
    sent = await _sent(request)
    house = request.state.house
    answer = await run_in_threadpool(act, house.workspace, _who(request), sent, house.clock())
    if answer["state"] in ("submitted", "left") and answer["seconds"]:
        _settle_later(house, float(answer["seconds"]))
    return _answer(answer)


def _who(request: Request) -> str:
    """Identifier of who asks, as the guard found it."""
    return str(request.state.signed_in.person_id)


async def _sent(request: Request) -> dict[str, Any]:
    """JSON object of a request from the component.

    Raises
    ------
    RefusedError
        If the component's header is missing: the request comes from elsewhere.
    InputError
        If the body is too large or no object.
    """
    if request.headers.get(HEADER) != "1":
        raise RefusedError("the request does not come from the desk.", key="desk.foreign")
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > _MOST_BYTES:
            break
    try:
        sent = json.loads(body) if len(body) <= _MOST_BYTES else None
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise InputError(
            f"a request of the desk is a JSON object of {_MOST_BYTES} bytes at most. "
            "Load the page again.",
            key="desk.malformed",
        )
    return sent


def _answer(answer: dict[str, Any]) -> JSONResponse:
    """Answer with the status its state asks for; codes of refusals become sentences."""
    if "remarks" in answer:
        said = [text(r["key"], **r["values"]) for r in answer["remarks"] if has(r["key"])]
        answer = {**answer, "remarks": said}
    headers = {"cache-control": "no-store"}
    return JSONResponse(answer, _STATUS.get(answer["state"], 200), headers)


def _settle_later(house: Any, seconds: float) -> None:
    """Record what was handed in once it is due, even if nobody opens another piece."""

    async def settle() -> None:
        await asyncio.sleep(seconds + _A_MOMENT)
        await run_in_threadpool(desk.settle, house.workspace, house.clock())

    task = asyncio.get_running_loop().create_task(settle())
    _waiting.add(task)
    task.add_done_callback(_waiting.discard)
