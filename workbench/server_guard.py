"""The guard before every request: who asks is known by the cookie, and by nothing the client says.

It takes identity headers away and puts its own in, refuses writes from other
sites, looks at the sign-in again on every frame of a socket, drops the messages
no page of ours sends, and adds the security headers to every answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from rubrics.errors import WorkbenchError
from workbench.messages import LANGUAGES, sentence
from workbench.services.sign_in import (
    Desk,
    SignedIn,
    SignInRules,
    desk_of,
    is_due,
    recognise,
    still_signed_in,
    touch,
)
from workbench.services.workspace import Fresh, Workspace

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SESSION_COOKIE = "workbench_session"
LANGUAGE_COOKIE = "workbench_language"
HEADER = "x-workbench-user-"
"""Headers that begin so come from the guard alone; the pages' ``st.user`` is made of them."""

_OPEN_PATHS = ("/signin", "/signout", "/password", "/_stcore/health")
_OPEN_PREFIXES = ("/language/",)
_CLOSED_PREFIXES = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
_DATA_PREFIXES = ("/_stcore/", "/evidence/", "/desk/", "/download/", "/upload", "/media/")
_UNPACKED_PREFIXES = ("/evidence/", "/download/")  # compressing a range would break it
_WRITING = ("POST", "PUT", "PATCH", "DELETE")
_SIGNED_OUT = 4401

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class House:
    """What every route is given: the workspace, its rules of signing in, clock and randomness."""

    workspace: Workspace
    rules: SignInRules
    clock: Callable[[], datetime]
    fresh: Fresh


@dataclass(frozen=True)
class SocketRules:
    """What the guard has to know of the frames on the socket.

    ``drops`` says whether a frame from the client is dropped, ``farewell`` makes
    the frame that sends a page to another address; an open socket's session is
    looked at again every ``check_every`` seconds, and on every frame.
    """

    drops: Callable[[bytes], bool]
    farewell: Callable[[str], bytes]
    check_every: float = 2.0


class Guard:
    """ASGI middleware around everything the server answers."""

    def __init__(
        self, app: App, house: House, sockets: SocketRules, headers: dict[str, str]
    ) -> None:
        self._app, self._house, self._sockets = app, house, sockets
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._desk: Desk | None = None  # opened in the thread of the event loop
        self._touching: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through as the person it comes from, or answer it here."""
        if scope["type"] == "http":
            await self._http(scope, receive, self._with_headers(send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:  # the lifespan: it ends with the server
            await self._app(scope, receive, send)
            if self._desk is not None:
                self._desk.close()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, cookies = str(scope["path"]), _cookies(scope)
        language = _language(cookies)
        if path.startswith(_CLOSED_PREFIXES):
            await Response(status_code=404)(scope, receive, send)
            return
        if scope["method"] in _WRITING and not _from_here(scope):
            await _refusal(403, "server.foreign", language)(scope, receive, send)
            return
        signed_in = self._recognised(cookies)
        if signed_in is None and not _is_open(path):
            await _to_sign_in(scope, language)(scope, receive, send)
            return
        await self._app(self._identified(scope, signed_in, language), receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookies = _cookies(scope)
        signed_in = self._recognised(cookies)
        if not _from_here(scope) or not cookies.get(SESSION_COOKIE):
            await send({"type": "websocket.close", "code": _SIGNED_OUT})
            return
        if signed_in is None:
            await self._say_farewell(scope, receive, send)
            return
        socket = _Socket(self, signed_in, receive, send)
        try:
            scope = self._identified(scope, signed_in, _language(cookies))
            await self._app(scope, socket.receive, socket.send)
        finally:
            socket.stop()

    async def _say_farewell(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell a page whose session has ended where to sign in; it learns nothing else."""
        await receive()
        asked = scope.get("subprotocols") or [None]
        await send({"type": "websocket.accept", "subprotocol": asked[0]})
        await send({"type": "websocket.send", "bytes": self.farewell()})
        await send({"type": "websocket.close", "code": _SIGNED_OUT})

    def farewell(self) -> bytes:
        """Frame that sends a page to the sign-in, which then says why."""
        return self._sockets.farewell("/signin?ended=1")

    def drops(self, frame: bytes) -> bool:
        """Whether a frame from a client never reaches the pages."""
        return self._sockets.drops(frame)

    @property
    def check_every(self) -> float:
        """Seconds after which an idle socket's session is looked at again."""
        return self._sockets.check_every

    def stands(self, session_id: str, *, used: bool) -> bool:
        """Whether a session still stands; use of it is recorded once a minute."""
        now = self._house.clock()
        found = still_signed_in(self._opened(), session_id, now, self._house.rules)
        if found is not None and used:
            self._record(found, now)
        return found is not None

    def _recognised(self, cookies: dict[str, str]) -> SignedIn | None:
        now = self._house.clock()
        token = cookies.get(SESSION_COOKIE, "")
        found = recognise(self._opened(), token, now, self._house.rules)
        if found is not None:
            self._record(found, now)
        return found

    def _opened(self) -> Desk:
        if self._desk is None:
            self._desk = desk_of(self._house.workspace)
        return self._desk

    def _record(self, found: SignedIn, now: datetime) -> None:
        """Note in another thread that a session is used; a busy disk holds nobody up."""
        if not is_due(found, now) or len(self._touching) > 50:
            return

        async def record() -> None:
            try:
                await run_in_threadpool(touch, self._house.workspace, found.session_id, now)
            except WorkbenchError as error:
                _log.warning("use of a session not recorded: %s", error)

        task = asyncio.ensure_future(record())
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    def _identified(self, scope: Scope, signed_in: SignedIn | None, language: str) -> Scope:
        """Scope with the identity headers of the guard in place of the client's."""
        path = str(scope["path"])
        dropped = (b"accept-encoding",) if path.startswith(_UNPACKED_PREFIXES) else ()
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if not name.lower().startswith(HEADER.encode()) and name.lower() not in dropped
        ]
        told = {"language": language, "workspace": str(self._house.workspace.folder.resolve())}
        if signed_in is not None:
            told |= {"person": signed_in.person_id, "session": signed_in.session_id}
        headers += [((HEADER + k).encode(), quote(v).encode()) for k, v in told.items()]
        state = {
            **(scope.get("state") or {}),
            "house": self._house,
            "signed_in": signed_in,
            "language": language,
        }
        return {**scope, "headers": headers, "state": state}

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message.get("headers", [])}
                added = [(n, v) for n, v in self._headers if n not in present]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        return sending


class _Socket:
    """One open socket: what its client sends counts as long as its session stands."""

    def __init__(self, guard: Guard, signed_in: SignedIn, receive: Receive, send: Send) -> None:
        self._guard, self._session = guard, signed_in.session_id
        self._receive, self._send = receive, send
        self._pending: asyncio.Future[Message] | None = None
        self._open = False
        self._ended = False

    async def receive(self) -> Message:
        """Next message the pages may see; a disconnect once the session has ended."""
        while not self._ended:
            message = await self._next()
            if message is None:
                if self._guard.stands(self._session, used=False):
                    continue
                break
            if message["type"] != "websocket.receive":
                return message
            if not self._guard.stands(self._session, used=True):
                break
            if not self._guard.drops(message.get("bytes") or b""):
                return message
        await self._end()
        return {"type": "websocket.disconnect", "code": _SIGNED_OUT}

    async def send(self, message: Message) -> None:
        """Pass a message on, unless the socket has been closed here."""
        if not self._ended:
            self._open = self._open or message["type"] == "websocket.accept"
            await self._send(message)

    def stop(self) -> None:
        """Wait for nothing more."""
        if self._pending is not None:
            self._pending.cancel()

    async def _next(self) -> Message | None:
        """Next message of the client; None where a while has passed without one."""
        if self._pending is None:
            self._pending = asyncio.ensure_future(self._receive())
        done, _ = await asyncio.wait({self._pending}, timeout=self._guard.check_every)
        if not done:
            return None
        message, self._pending = self._pending.result(), None
        return message

    async def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self.stop()
        if self._open:
            await self._send({"type": "websocket.send", "bytes": self._guard.farewell()})
        await self._send({"type": "websocket.close", "code": _SIGNED_OUT})


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or path.startswith(_OPEN_PREFIXES)


def _cookies(scope: Scope) -> dict[str, str]:
    """Cookies of a request; a header that cannot be read brings none."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name.lower() != b"cookie":
            continue
        for part in value.decode("latin-1").split(";"):
            try:
                parsed = SimpleCookie(part.strip())
            except CookieError:
                continue
            found |= {key: morsel.value for key, morsel in parsed.items()}
    return found


def _language(cookies: dict[str, str]) -> str:
    asked = cookies.get(LANGUAGE_COOKIE, "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def _header(scope: Scope, name: bytes) -> str:
    return next((v.decode("latin-1") for n, v in scope["headers"] if n.lower() == name), "")


def _from_here(scope: Scope) -> bool:
    """Whether a request comes from a page of this server: its Origin, or else its Referer.

    Browsers send one of them with every write and every socket; what has neither is no page.
    """
    origin = _header(scope, b"origin") or _header(scope, b"referer")
    return urlsplit(origin).netloc == _header(scope, b"host") != ""


def _to_sign_in(scope: Scope, language: str) -> Response:
    """Send a page to the sign-in, and answer anything else that asks without one with 401."""
    path = str(scope["path"])
    is_page = scope["method"] in ("GET", "HEAD") and not path.startswith(_DATA_PREFIXES)
    if not is_page or "." in path.rsplit("/", 1)[-1]:
        return _refusal(401, "server.sign_in_first", language)
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = path + (f"?{query}" if query else "")
    to = "/signin" if wanted == "/" else f"/signin?next={quote(wanted, safe='')}"
    return RedirectResponse(to, status_code=303, headers={"cache-control": "no-store"})


def _refusal(status: int, key: str, language: str) -> Response:
    told = {"error": key, "sentence": sentence(language, key)}
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store"})
