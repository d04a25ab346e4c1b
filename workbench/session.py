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
from workbench.services.recent_views import Glance, RecentViews, Seen
from workbench.services.workspace import Workspace

if TYPE_CHECKING:
    from models.store import Act

P = ParamSpec("P")
R = TypeVar("R")
_MOST_KEPT = 256
_SAID = "session_said"
_HERE = "session_here"
_NOT_BEFORE = "session_not_before"
_TOLD = ("person", "session", "language", "workspace")


@dataclass
class _House:
    """What the server sets for all its pages: whose clock they go by, and what it serves."""

    clock: Callable[[], datetime]
    workspace: Workspace | None = None


_HOUSE = _House(lambda: datetime.now(CHINA))


@dataclass(frozen=True)
class Session:
    """Who looks at a page, and at what.

    ``school_id`` is the school the person is bound to, None for the county;
    ``place`` the name of the school or office; ``versions`` rise with what is written;
    ``session_id`` names the sign-in and is no secret.
    """

    workspace: Workspace
    person_id: str
    name: str
    roles: tuple[str, ...]
    school_id: str | None
    place: str
    language: str
    versions: acting.Versions
    session_id: str

    @property
    def version(self) -> int:
        """Number that every act raises that changes what pages show."""
        return self.versions.shown

    def act(self, reason: str = "") -> Act:
        """Act of this person now; the service that writes adds the role."""
        return acting.act_of(self.person_id, now(), reason)

    def read(
        self, reader: Callable[Concatenate[Workspace, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Read through a service, once for as long as nothing it could show is written.

        What comes back is shared by all who ask for the same, so it must not be
        changed. Arguments have to be plain: texts, numbers, dates, dataclasses of them.
        """
        return self._read(("shown", self.versions.shown), reader, args, kwargs)

    def read_log(
        self, reader: Callable[Concatenate[Workspace, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """As ``read``, of what shows the log itself: once for as long as it has no new line."""
        return self._read(("log", self.versions.log), reader, args, kwargs)

    def recent(
        self, reader: Callable[Concatenate[Workspace, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> Seen[R]:
        """Read what costs much through a service; some seconds old where others have written since.

        What this person wrote is always in it, and ``look_anew`` has it drawn anew. The
        page says as of when it stands, and no act may rest on it.
        """
        held_to = (self.workspace.policy.digest, self.workspace.rubrics.digest)
        asked = (args, tuple(sorted(kwargs.items())), self.roles, self.school_id)
        name = f"{reader.__module__}.{reader.__qualname__}"
        glance = Glance(
            (name, self.language, asked, held_to),
            self.version,
            moment(),
            st.session_state.get(_NOT_BEFORE),
            lambda version: acting.acted_since(self.workspace, self.person_id, version),
        )
        views = self.workspace.memory(RecentViews)
        return views.see(glance, lambda: reader(self.workspace, *args, **kwargs))

    def _read(
        self,
        version: tuple[str, int],
        reader: Callable[..., R],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> R:
        name = f"{reader.__module__}.{reader.__qualname__}"
        folder = str(self.workspace.folder)
        found: R = _kept(name, folder, version, self.language, args, kwargs, reader)
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
    person, versions = acting.standing(workspace, told["person"])
    return Session(
        workspace,
        person.person_id,
        person.name,
        person.roles,
        person.school_id,
        person.place,
        language,
        versions,
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
    # The second of two quick clicks is refused, for the first has done it: that stands to be said.
    if said[0] == "done" or st.session_state.get(_SAID, ("", ""))[0] != "done":
        st.session_state[_SAID] = said
    st.session_state.pop(_HERE, None)  # the version of the data has risen
    return said[0] == "done"


def look_anew() -> None:
    """Have every view drawn anew in the run that follows, however young it is."""
    st.session_state[_NOT_BEFORE] = moment()


def what_was_said() -> tuple[str, str]:
    """Kind (``done``, ``fault``) and sentence of the last attempt, once; empty where none."""
    said: tuple[str, str] = st.session_state.pop(_SAID, ("", ""))
    return said


def keep_house(workspace: Workspace, clock: Callable[[], datetime]) -> None:
    """Let every page go by the server's clock and share what it has open; one server has one."""
    _HOUSE.workspace, _HOUSE.clock = workspace, clock


def moment() -> datetime:
    """Return the time to the microsecond, for what lasts seconds."""
    return _HOUSE.clock()


def now() -> datetime:
    """Return the time of what a page does; it is stored in UTC."""
    return moment().replace(microsecond=0)


def today() -> date:
    """Return the day in China."""
    return now().date()


def _workspace(folder: str) -> Workspace:
    """Workspace with its policy and rubrics read once for all pages; the server's where it is its own."""
    served = _HOUSE.workspace
    return served if served is not None and str(served.folder) == folder else _opened(folder)


@st.cache_resource(show_spinner=False)
def _opened(folder: str) -> Workspace:
    return Workspace(Path(folder))


@st.cache_resource(max_entries=_MOST_KEPT, show_spinner=False)
def _kept(
    name: str,  # noqa: ARG001  name, version and language tell apart what is kept
    folder: str,
    version: tuple[str, int],  # noqa: ARG001
    language: str,  # noqa: ARG001
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    _reader: Callable[..., Any],
) -> Any:
    return _reader(_workspace(folder), *args, **kwargs)
