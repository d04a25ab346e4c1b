"""The server: one ASGI process with the guard, our routes and Streamlit's pages behind them."""

from __future__ import annotations

import base64
import gc
import hashlib
import importlib
import logging
import re
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.middleware import Middleware
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web import bootstrap

from rubrics.errors import WorkbenchError
from workbench import session
from workbench.context import CHINA
from workbench.errors import ServiceError
from workbench.messages import explain, text
from workbench.navigation import page_modules
from workbench.server_guard import HEADER, Guard, House, SocketRules
from workbench.server_routes import routes
from workbench.services import desk
from workbench.services.sign_in import SignInRules, forget_old
from workbench.services.workspace import Fresh, ServedWorkspace

USER_KEYS = ("person", "session", "language", "workspace")
"""What the guard tells the pages, as attributes of ``st.user``."""

_FONTS = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "Source Han Sans SC", sans-serif'
_OKABE_ITO = [
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#000000",
]

OPTIONS: dict[str, Any] = {
    "global.developmentMode": False,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.maxUploadSize": 50,
    # the guard checks the origin of every write, so no token need lie open to scripts
    "server.enableXsrfProtection": False,
    "server.enableCORS": True,
    "server.trustedUserHeaders": {HEADER + key: key for key in USER_KEYS},
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "logger.enableRich": False,
    # a full collection after each run costs ten times the run: see `_warm`
    "runner.postScriptGC": False,
    "runner.magicEnabled": False,
    "theme.base": "light",
    "theme.font": _FONTS,
    "theme.headingFont": _FONTS,
    "theme.primaryColor": "#0b5394",
    "theme.textColor": "#1f2933",
    "theme.secondaryBackgroundColor": "#f3f5f7",
    "theme.chartCategoricalColors": _OKABE_ITO,
}
"""Options of Streamlit that a configuration file on the machine must not change."""

_COLLECTING = (20_000, 20, 20)
"""Thresholds of the collector: pages make and drop much, and a full collection walks the whole county."""
_SWITCH_S = 0.001
"""A page that computes lets a save in after so long; each step of a save would wait Python's 5 ms."""
_KEPT_OPEN_S = 75
"""Longer than a reader pauses: uvicorn's 5 s closed lines just as a save was sent down them."""
_DROPPED = ("clear_cache", "set_run_on_save", "load_git_info")
_DROPPED_OPERATIONS = ("install_skills", "dismiss_skills_nudge")

_log = logging.getLogger("workbench")


def make_app(
    folder: Path,
    *,
    rules: SignInRules | None = None,
    clock: Callable[[], datetime] | None = None,
    fresh: Fresh = secrets.token_bytes,
    check_every: float = 2.0,
) -> st.App:
    """Build the server of a workspace.

    Parameters
    ----------
    folder : Path
        A workspace.
    rules : SignInRules or None
        How long sessions last; the usual ones where None.
    clock, fresh : callable
        Time, and random bytes, of what is signed and written.
    check_every : float
        Seconds after which an idle socket's session is looked at again.

    Raises
    ------
    InputError
        If the folder is no workspace, or its policy or rubrics have been changed.
    """
    workspace = ServedWorkspace(folder.resolve())
    workspace.policy, workspace.rubrics  # noqa: B018  says at once what is wrong with them
    bootstrap.load_config_options({key.replace(".", "_"): value for key, value in OPTIONS.items()})
    house = House(workspace, rules or SignInRules(), clock or _now, fresh)
    session.keep_house(workspace, house.clock)
    sockets = SocketRules(drops_frame, farewell_frame, check_every)

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        forget_old(workspace, house.clock(), house.rules)
        desk.settle(workspace, house.clock())  # what a server that stopped had not recorded yet
        _warm()
        _log_page_errors_once()
        yield
        desk.settle(workspace, house.clock(), everything=True)
        workspace.close()

    return st.App(
        Path(__file__).with_name("app.py"),
        lifespan=lifespan,
        routes=routes(),
        middleware=[Middleware(Guard, house=house, sockets=sockets, headers=_security_headers())],
        on_script_error=_on_page_error,
    )


def serve(folder: Path, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve a workspace until the process is interrupted.

    ``on_ready`` is told the address once the port is taken; 0 takes any free one.

    Raises
    ------
    ServiceError
        If the port is in use.
    InputError
        As ``make_app``.
    """
    app = make_app(folder)
    listening = _listen(host, port)
    _log_to(folder / "logs" / "server.log")
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    on_ready(f"http://{shown}:{listening.getsockname()[1]}")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=16 << 20,
        timeout_keep_alive=_KEPT_OPEN_S,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()


def drops_frame(frame: bytes) -> bool:
    """Whether a frame asks for what no page of ours offers.

    Any client might wipe the caches of all users, or have the server look at its
    own source folder. What cannot be read is passed on: Streamlit closes on it.
    """
    message = BackMsg()
    try:
        message.ParseFromString(frame)
    except DecodeError:
        return False
    kind = message.WhichOneof("type")
    if kind in _DROPPED:
        return True
    if kind != "backend_operation_request":
        return False
    asked = message.backend_operation_request.ListFields()
    return any(field.name in _DROPPED_OPERATIONS for field, _ in asked)


def farewell_frame(address: str) -> bytes:
    """Frame that makes a page go to another address."""
    message = ForwardMsg()
    message.auth_redirect.url = address
    return message.SerializeToString()


def _now() -> datetime:
    return datetime.now(CHINA)


def _log_page_errors_once() -> None:
    """Leave errors of pages to `_on_page_error`; Streamlit would print each, expected ones too."""
    logging.getLogger("streamlit.error_util").setLevel(logging.CRITICAL)


def _warm() -> None:
    """Load what the first page would wait for, keep it out of every collection, and be just to saves."""
    for name in ("pandas", "altair", *page_modules()):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTING)
    sys.setswitchinterval(_SWITCH_S)


def _security_headers() -> dict[str, str]:
    """Headers of every answer that sets none of its own: nothing from outside, framed by nobody."""
    index = Path(st.__file__).parent / "static" / "index.html"
    inline = re.findall(r"<script>(.*?)</script>", index.read_text(encoding="utf-8"), re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in inline)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return {
        "content-security-policy": (
            f"default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval' {allowed}; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
            "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; "
            "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
        ),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }


def _on_page_error(error: Exception) -> bool:
    """Say an expected error in a sentence; log any other, and show its number only."""
    if isinstance(error, WorkbenchError):
        st.error(explain(error))
        return True
    number = secrets.token_hex(4)
    _log.error("page error %s", number, exc_info=error)
    st.error(text("server.bug", number=number))
    return True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ServiceError(
            f"port {port} of {host} cannot be used ({error.strerror}). Name another with --port.",
            key="serve.port",
            port=port,
        ) from error
    return listening


def _log_to(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=5 << 20, backupCount=5, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
