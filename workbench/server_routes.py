"""Routes beside the pages: sign-in and out, evidence, downloads, uploads and the desk.

Each does one thing through one service. The guard has been there first: it put
the house, the language and the session that stands into the request's state.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from rubrics.errors import WorkbenchError
from workbench.components.desk.mount import desk_script
from workbench.components.scripts import ADDRESS
from workbench.components.viewer import viewer_script
from workbench.desk_routes import desk_routes
from workbench.errors import InputError, RefusedError
from workbench.messages import LANGUAGES, explain, sentence, use_language
from workbench.server_guard import LANGUAGE_COOKIE, SESSION_COOKIE, House
from workbench.services.downloads import export_file
from workbench.services.sign_in import (
    ProvisionalError,
    SignedIn,
    ThrottledError,
    change_password,
    session_id_of,
    sign_in,
    sign_out,
)
from workbench.services.uploads import may_upload, receive
from workbench.services.viewing import part
from workbench.sign_in_page import Asked, password_page, sign_in_page, sign_out_page

_FORM_BYTES = 16_384
_YEAR_S = 365 * 24 * 3600
_EVIDENCE_AGE_S = 300
_SHOWN = (
    *("image/webp", "image/png", "image/jpeg", "image/gif", "image/bmp"),
    *("video/mp4", "video/webm", "audio/mpeg", "audio/mp4"),
    *("application/pdf", "application/json", "text/plain"),
)
"""What a browser shows without running anything; the rest is handed out as a file."""
_SANDBOX = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
)

Handler = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    """Every route of ours; Streamlit's come after them."""
    return [
        Route("/signin", _sign_in, methods=["GET", "POST"]),
        Route("/password", _password, methods=["GET", "POST"]),
        Route("/signout", _sign_out, methods=["GET", "POST"]),
        Route("/language/{language}", _language),
        Route("/evidence/{piece_id}/{part}", answered(_evidence)),
        Route("/download/{kind}/{name:path}", answered(_download)),
        Route(f"{ADDRESS}{{name}}", answered(_script)),
        Route("/upload", answered(_upload), methods=["POST"]),
        *desk_routes(answered),
    ]


def answered(handler: Handler) -> Handler:
    """Wrap a handler so that expected errors become a sentence and a status."""

    async def handle(request: Request) -> Response:
        use_language(request.state.language)
        try:
            return await handler(request)
        except RefusedError as error:
            return _fault(403, error)
        except InputError as error:
            return _fault(404 if request.method in ("GET", "HEAD") else 400, error)
        except LookupError:
            told = {
                "error": "missing",
                "sentence": sentence(request.state.language, "server.missing"),
            }
            return JSONResponse(told, 404, _NO_STORE)
        except WorkbenchError as error:
            return _fault(409, error)

    return handle


_NO_STORE = {"cache-control": "no-store"}


def _fault(status: int, error: WorkbenchError) -> JSONResponse:
    return JSONResponse({"error": error.key, "sentence": explain(error)}, status, _NO_STORE)


def house_of(request: Request) -> House:
    """House the guard put into the request."""
    house: House = request.state.house
    return house


def person_of(request: Request) -> str:
    """Identifier of who asks; the guard lets nobody else as far as this."""
    signed_in: SignedIn = request.state.signed_in
    return signed_in.person_id


async def _sign_in(request: Request) -> Response:
    house, language = house_of(request), request.state.language
    wanted = _inside(request.query_params.get("next", "/"))
    if request.method != "POST":
        if request.state.signed_in is not None:
            return RedirectResponse(wanted, 303, _NO_STORE)
        told = next((key for key in ("ended", "out") if key in request.query_params), "")
        notice = sentence(language, f"sign_in_page.sign_in.{told}") if told else ""
        return sign_in_page(house.workspace, Asked(language, notice=notice, next=wanted))
    form = await _form(request)
    asked = Asked(language, name=form.get("name", ""), next=_inside(form.get("next", "/")))
    try:
        token = await run_in_threadpool(
            sign_in,
            house.workspace,
            asked.name,
            form.get("password", ""),
            _address(request),
            house.clock(),
            house.fresh,
            house.rules,
        )
    except ProvisionalError as error:
        return password_page(house.workspace, _with_fault(asked, error, 200))
    except RefusedError as error:
        return sign_in_page(house.workspace, _with_fault(asked, error, 401))
    return await _signed_in(request, token, asked.next)


async def _password(request: Request) -> Response:
    house, language = house_of(request), request.state.language
    if request.method != "POST":
        return password_page(house.workspace, Asked(language))
    form = await _form(request)
    asked = Asked(language, name=form.get("name", ""), next=_inside(form.get("next", "/")))
    if form.get("new", "") != form.get("again", ""):
        fault = sentence(language, "sign_in_page.password.differ")
        return password_page(house.workspace, _asked_again(asked, fault, 400))
    try:
        token = await run_in_threadpool(
            change_password,
            house.workspace,
            asked.name,
            form.get("old", ""),
            form.get("new", ""),
            _address(request),
            house.clock(),
            house.fresh,
            house.rules,
        )
    except WorkbenchError as error:
        return password_page(house.workspace, _with_fault(asked, error, 400))
    return await _signed_in(request, token, asked.next)


async def _sign_out(request: Request) -> Response:
    """Sign out at once where the wish comes from a page of ours; else ask first."""
    house = house_of(request)
    came_from = urlsplit(request.headers.get("referer", "")).netloc
    ours = request.headers.get("sec-fetch-site") == "same-origin" or (
        "sec-fetch-site" not in request.headers and came_from == request.headers.get("host")
    )
    if request.method != "POST" and not ours:
        return sign_out_page(house.workspace, Asked(request.state.language))
    await _end_session(request)
    answer = RedirectResponse("/signin?out=1", 303, _NO_STORE)
    answer.delete_cookie(SESSION_COOKIE, **_cookie(request))
    return answer


async def _language(request: Request) -> Response:
    """Keep the language of this browser, and go back to the page that was open."""
    language = request.path_params["language"]
    answer = RedirectResponse(_inside(request.query_params.get("next", "/")), 303, _NO_STORE)
    if language in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR_S, **_cookie(request))
    return answer


async def _evidence(request: Request) -> Response:
    """Stream one part of a piece to whoever may see it; ranges as the player asks for them."""
    piece_id, name = request.path_params["piece_id"], request.path_params["part"]
    house, who = house_of(request), person_of(request)
    found = await run_in_threadpool(part, house.workspace, who, piece_id, name, house.clock())
    headers = {
        "cache-control": f"private, max-age={_EVIDENCE_AGE_S}",
        "vary": "Cookie",
        "content-security-policy": _SANDBOX,
        "x-content-type-options": "nosniff",
    }
    if found.attachment or found.media_type.partition(";")[0] not in _SHOWN:
        headers["content-disposition"] = _attachment(found.name)
    return FileResponse(found.path, media_type=found.media_type, headers=headers)


async def _download(request: Request) -> Response:
    kind, name = request.path_params["kind"], request.path_params["name"]
    workspace = house_of(request).workspace
    path = await run_in_threadpool(export_file, workspace, person_of(request), kind, name)
    headers = {**_NO_STORE, "content-disposition": _attachment(path.name)}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


async def _script(request: Request) -> Response:
    """Hand out the script of a component, for good: another script has another name."""
    scripts = {script.name: script for script in (desk_script(), viewer_script())}
    found = scripts.get(request.path_params["name"])
    if found is None:
        raise LookupError(request.path_params["name"])
    headers = {"cache-control": f"private, max-age={_YEAR_S}, immutable"}
    return Response(found.content, media_type="text/javascript", headers=headers)


async def _upload(request: Request) -> Response:
    """Stream the body of a request to disk; its name stands in the query."""
    house, person_id = house_of(request), person_of(request)
    await run_in_threadpool(may_upload, house.workspace, person_id, house.clock())
    name = unquote(request.query_params.get("name", ""))
    try:
        with receive(house.workspace, person_id, name, house.clock(), house.fresh) as (file, made):
            async for block in request.stream():
                await run_in_threadpool(file.write, block)
    except ClientDisconnect:
        return Response(status_code=400)
    return JSONResponse({"upload": made, "bytes": file.size}, 201, _NO_STORE)


async def _signed_in(request: Request, token: str, to: str) -> Response:
    """Answer a sign-in: a new session in the cookie, the one before it ended."""
    await _end_session(request)
    answer = RedirectResponse(to, 303, _NO_STORE)
    answer.set_cookie(SESSION_COOKIE, token, **_cookie(request))
    return answer


async def _end_session(request: Request) -> None:
    token = request.cookies.get(SESSION_COOKIE, "")
    if token:
        house = house_of(request)
        told = (house.workspace, session_id_of(token), _address(request), house.clock())
        await run_in_threadpool(sign_out, *told)


async def _form(request: Request) -> dict[str, str]:
    """Read the fields of a small form; of a large one nothing."""
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > _FORM_BYTES:
            return {}
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=10))
    except ValueError:
        return {}


def _attachment(name: str) -> str:
    return f"attachment; filename*=utf-8''{quote(name)}"


def _cookie(request: Request) -> dict[str, Any]:
    """Attributes of our cookies; Secure wherever the browser came over TLS."""
    return {
        "path": "/",
        "httponly": True,
        "samesite": "lax",
        "secure": request.url.scheme == "https",
    }


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _inside(wanted: str) -> str:
    """Path of a page of ours; the first page for any address elsewhere.

    >>> _inside("/tasks?piece=p1"), _inside("//evil.example"), _inside("/\\\\evil.example")
    ('/tasks?piece=p1', '/', '/')
    """
    sound = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if sound and wanted.isprintable() and "\\" not in wanted else "/"


def _with_fault(asked: Asked, error: WorkbenchError, status: int) -> Asked:
    use_language(asked.language)
    wait = error.seconds if isinstance(error, ThrottledError) else 0
    return _asked_again(asked, explain(error), 429 if wait else status, wait)


def _asked_again(asked: Asked, fault: str, status: int, wait: int = 0) -> Asked:
    return Asked(asked.language, fault, "", asked.name, asked.next, status, wait)
