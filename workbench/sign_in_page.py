"""The pages before the pages: sign-in, change of password and sign-out, as plain HTML.

They stand outside Streamlit, load nothing from anywhere and work without script.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from string import Template
from urllib.parse import quote

from starlette.responses import HTMLResponse

from workbench.messages import sentence
from workbench.services.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """What stands on the page besides its form.

    ``fault`` and ``notice`` are sentences, or empty; ``name`` is what was typed;
    ``next`` the page that was wanted.
    """

    language: str
    fault: str = ""
    notice: str = ""
    name: str = ""
    next: str = "/"
    status: int = 200
    wait: int = 0


def sign_in_page(workspace: Workspace, asked: Asked) -> HTMLResponse:
    """Page with name and password."""
    fields = [
        _hidden("next", asked.next),
        _field(asked, "name", "text", "username", value=asked.name, focus=not asked.name),
        _field(asked, "password", "password", "current-password", focus=bool(asked.name)),
    ]
    return _page(workspace, asked, "sign_in", "/signin", fields, _other_links(asked, "/password"))


def password_page(workspace: Workspace, asked: Asked) -> HTMLResponse:
    """Page where a password is replaced: name, the old one, the new one twice."""
    fields = [
        _hidden("next", asked.next),
        _field(asked, "name", "text", "username", value=asked.name, focus=not asked.name),
        _field(asked, "old", "password", "current-password", focus=bool(asked.name)),
        _field(asked, "new", "password", "new-password"),
        _field(asked, "again", "password", "new-password"),
    ]
    return _page(workspace, asked, "password", "/password", fields, _other_links(asked, "/signin"))


def sign_out_page(workspace: Workspace, asked: Asked) -> HTMLResponse:
    """Page that asks before it signs out, for whoever came from elsewhere."""
    return _page(workspace, asked, "sign_out", "/signout", [], [_link(asked, "/", "back")])


def _page(
    workspace: Workspace,
    asked: Asked,
    name: str,
    action: str,
    fields: list[str],
    links: list[str],
) -> HTMLResponse:
    style = _part("page.css")
    filled = Template(_part("page.html")).substitute(
        lang={"zh": "zh-CN"}.get(asked.language, asked.language),
        title=_say(asked, f"{name}.title"),
        style=style,
        heading=_say(asked, f"{name}.heading"),
        round=escape(f"{workspace.place} · {workspace.round_name}"),
        notice=_notice(asked),
        action=action,
        fields="\n".join(fields),
        button=_say(asked, f"{name}.button"),
        help=_say(asked, f"{name}.help"),
        links="\n".join(links),
    )
    answer = HTMLResponse(filled, status_code=asked.status)
    answer.headers["content-security-policy"] = _policy(style)
    answer.headers["cache-control"] = "no-store"
    if asked.wait:
        answer.headers["retry-after"] = str(asked.wait)
    return answer


def _policy(style: str) -> str:
    """Let this page load nothing but its own style sheet, and be framed by nobody."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def _notice(asked: Asked) -> str:
    if asked.fault:
        return f'<p role="alert">{escape(asked.fault)}</p>'
    return f'<p role="status">{escape(asked.notice)}</p>' if asked.notice else ""


def _field(
    asked: Asked, name: str, kind: str, complete: str, *, value: str = "", focus: bool = False
) -> str:
    more = " autofocus" if focus else ""
    return (
        f'<label for="{name}">{_say(asked, f"field.{name}")}</label>'
        f'<input id="{name}" name="{name}" type="{kind}" autocomplete="{complete}" '
        f'maxlength="{LONGEST_PASSWORD}" value="{escape(value)}" required{more}>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _other_links(asked: Asked, where: str) -> list[str]:
    other = "en" if asked.language == "zh" else "zh"
    here = "/signin" if where == "/password" else "/password"
    language = f'<a href="/language/{other}?next={quote(here, safe="")}">'
    return [
        _link(asked, where, where.strip("/")),
        f"{language}{sentence(other, 'sign_in_page.language')}</a>",
    ]


def _link(asked: Asked, where: str, name: str) -> str:
    return f'<a href="{where}">{_say(asked, f"link.{name}")}</a>'


def _say(asked: Asked, key: str) -> str:
    told = sentence(asked.language, f"sign_in_page.{key}", least=SHORTEST_PASSWORD)
    return escape(told)


@cache
def _part(name: str) -> str:
    folder = resources.files("workbench.components.sign_in")
    return folder.joinpath(name).read_text(encoding="utf-8")
