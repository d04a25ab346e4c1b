"""The session of a page: who looks, at which workspace, in which language.

All of it comes from the guard through ``st.user``; nothing a browser says is
believed. Roles are read anew at every run, so one taken away is gone at once.
A fragment that runs again on its own begins with ``current()`` as a page does:
it sets the language of its run. Callbacks write through ``attempt``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import unquote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rubrics.errors import WorkbenchError
from workbench.context import CHINA
from workbench.errors import RefusedError
from workbench.messages import LANGUAGES, explain, use_language
from workbench.services import acting
from workbench.services.workspace import Workspace

if TYPE_CHECKING:
    from models.store import Act

P = ParamSpec("P")
R = TypeVar("R")
_MOST_KEPT = 256
_SAID = "session_said"
_HERE = "session_here"
_TOLD = ("person", "session", "language", "workspace")


@dataclass
class _House:
    """What the server sets for all its pages: whose clock they go by."""

    clock: Callable[[], datetime]


_HOUSE = _House(lambda: datetime.now(CHINA))


@dataclass(frozen=True)
class Session:
    """Who looks at a page, and at what.

    ``school_id`` is the school the person is bound to, None for the county;
    ``place`` the name of the school or office; ``version`` the number every write
    raises; ``session_id`` names the sign-in and is no secret.
    """

    workspace: Workspace
    person_id: str
    name: str
    roles: tuple[str, ...]
    school_id: str | None
    place: str
    language: str
    version: int
    session_id: str

    def act(self, reason: str = "") -> Act:
        """Act of this person now; the service that writes adds the role."""
        return acting.act_of(self.person_id, now(), reason)

    def read(
        self, reader: Callable[Concatenate[Workspace, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Read through a service, once for as long as nothing is written.

        What comes back is shared by all who ask for the same, so it must not be
        changed. Arguments have to be plain: texts, numbers, dates, dataclasses of them.
        """
        name = f"{reader.__module__}.{reader.__qualname__}"
        folder = str(self.workspace.folder)
        found: R = _kept(name, folder, self.version, self.language, args, kwargs, reader)
        return found


def current() -> Session:
    """Session of this run, its language set for every sentence that follows.

    Looked up once a run; a run begins with every click, and in a fragment too.

    Raises
    ------
    RefusedError
        If nobody is signed in, or the person is no longer known.
    """
    run = _this_run()
    known, here = st.session_state.get(_HERE, (None, None))
    if here is None or known is None or known is not run:
        here = _look_up()
        st.session_state[_HERE] = (run, here)
    use_language(here.language)
    return here


def begin() -> Session:
    """Session of a run from its top: looked up anew, after what its callbacks have written."""
    st.session_state.pop(_HERE, None)
    return current()


def _look_up() -> Session:
    user = st.user.to_dict()
    told = {key: unquote(str(user.get(key) or "")) for key in _TOLD}
    language = told["language"] if told["language"] in LANGUAGES else LANGUAGES[0]
    use_language(language)
    if not told["person"] or not told["workspace"]:
        raise RefusedError("nobody is signed in. Sign in first.", key="person_unknown", person="")
    workspace = _workspace(told["workspace"])
    person, version = acting.standing(workspace, told["person"])
    return Session(
        workspace,
        person.person_id,
        person.name,
        person.roles,
        person.school_id,
        person.place,
        language,
        version,
        told["session"],
    )


def _this_run() -> object:
    """Return something that is another with every run: its table of where elements go."""
    context = get_script_run_ctx()
    return context.cursors if context is not None else None


def act(reason: str = "") -> Act:
    """Act of the person of this run, now."""
    return current().act(reason)


def attempt(act: Callable[[], str]) -> bool:
    """Carry out what a widget's callback asks for; whether it came off.

    The sentence it returns, or that of an expected error, stands above the page in
    the run that follows, and the page itself is drawn as before.
    """
    current()
    try:
        said = ("done", act())
    except WorkbenchError as error:
        said = ("fault", explain(error))
    st.session_state[_SAID] = said
    st.session_state.pop(_HERE, None)  # the version of the data has risen
    return said[0] == "done"


def what_was_said() -> tuple[str, str]:
    """Kind (``done``, ``fault``) and sentence of the last attempt, once; empty where none."""
    said: tuple[str, str] = st.session_state.pop(_SAID, ("", ""))
    return said


def keep_time(clock: Callable[[], datetime]) -> None:
    """Let every page go by the server's clock; one server has one."""
    _HOUSE.clock = clock


def moment() -> datetime:
    """Return the time to the microsecond, for what lasts seconds."""
    return _HOUSE.clock()


def now() -> datetime:
    """Return the time of what a page does; it is stored in UTC."""
    return moment().replace(microsecond=0)


def today() -> date:
    """Return the day in China."""
    return now().date()


@st.cache_resource(show_spinner=False)
def _workspace(folder: str) -> Workspace:
    """Workspace with its policy and rubrics read once for all pages."""
    return Workspace(Path(folder))


@st.cache_resource(max_entries=_MOST_KEPT, show_spinner=False)
def _kept(
    name: str,  # noqa: ARG001  name, version and language tell apart what is kept
    folder: str,
    version: int,  # noqa: ARG001
    language: str,  # noqa: ARG001
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    _reader: Callable[..., Any],
) -> Any:
    return _reader(_workspace(folder), *args, **kwargs)
