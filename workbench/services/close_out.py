"""Close-out 结项: what has to be done before a round ends, what was passed in writing, and the end.

Every line is computed from what is recorded. A round is closed while nothing is
open but what somebody whom policy names has passed with a reason; after that
what would change it is refused, until it is reopened with a reason of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import closing
from models.people import teachers_of_round
from models.store import Act, Row, Store
from workbench.context import CHINA
from workbench.errors import InputError, RefusedError
from workbench.messages import text
from workbench.services.close_out_lines import LINES, Facts, Found
from workbench.services.reach import bound_school
from workbench.services.roles import ALLOWED, SEEN_BY, authorise, may_see, person_of
from workbench.services.workspace import Workspace

DONE, OPEN, WAIVED, NOT_ASKED = "done", "open", "waived", "not_asked"
"""States of a line: nothing open; something is; all of it passed in writing; policy asks for none."""

_ASSERTED = "asserted:"


@dataclass(frozen=True)
class Line:
    """One condition of closing.

    Attributes
    ----------
    code : str
        A key of ``close_out_lines.LINES``; its sentences stand in the locale under it.
    state : str
    open : int
        Things that are open, those passed in writing too.
    of : int or None
        Of how many; None where that says nothing.
    ids : tuple of str
        What is open: pieces, results (teacher and competency), schools, cases.
    page : str
        Page on which it is dealt with.
    waivable : bool
        Whether policy lets it be passed with a reason.
    words, actor, at : str
        Reason, who and when, where it was passed; else empty.
    """

    code: str
    state: str
    open: int
    of: int | None
    ids: tuple[str, ...]
    page: str
    waivable: bool
    words: str = ""
    actor: str = ""
    at: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the flat object of ``close --json``."""
        return {**vars(self), "ids": list(self.ids)}


@dataclass(frozen=True)
class CloseOut:
    """The close-out of a round as one person sees it.

    ``school_id`` is the school it is about, None for all; ``closed_at`` is empty
    while the round is open; ``events`` are its closings and reopenings.
    """

    lines: tuple[Line, ...]
    school_id: str | None
    closed_at: str
    events: tuple[Row, ...]

    @property
    def open_lines(self) -> tuple[Line, ...]:
        """Lines that keep the round from being closed."""
        return tuple(line for line in self.lines if line.state == OPEN)

    @property
    def may_close(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.open_lines and not self.closed_at


def close_out(workspace: Workspace, now: datetime, school_id: str | None = None) -> CloseOut:
    """Compute every line of the close-out, of one school or of the whole round."""
    with workspace.store() as store:
        return _close_out(store, workspace, now, school_id)


def close_out_seen(workspace: Workspace, person_id: str, now: datetime) -> CloseOut:
    """As `close_out`, as far as a person sees.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        may_see(store, person_id, "closing.show")
        scope = bound_school(
            store, store.one("person", person_id=person_id), SEEN_BY["closing.show"]
        )
        return _close_out(store, workspace, now, scope)


def may(workspace: Workspace, person_id: str, action: str, now: datetime) -> bool:
    """Whether somebody may do an act of the close-out: ``round.waive``, ``round.close`` and so on."""
    act = Act(person_id, "", now)
    with workspace.store() as store:
        try:
            if action == "round.waive":
                _as_waiver(store, workspace, act)
            else:
                authorise(store, act, action)
            _must_see_all(store, person_id, action)
        except RefusedError:
            return False
    return True


def waive(workspace: Workspace, code: str, act: Act) -> Line:
    """Pass what stands open under a line with the reason of the act; returns the line as it was.

    What comes to be open later is not passed with it.

    Raises
    ------
    InputError
        If there is no such line, or the act has no reason.
    RefusedError
        If policy does not let this line be passed, or not by this role; if nothing is open.
    """
    if code not in LINES:
        raise InputError(
            f"the close-out has no line {code!r}; it has {', '.join(LINES)}.",
            key="closing.no_line",
            line=code,
            known=", ".join(LINES),
        )
    _need_reason(act)
    with workspace.store() as store:
        act = _as_waiver(store, workspace, act)
        _must_see_all(store, act.actor, "round.waive")
        line = next(
            each for each in _close_out(store, workspace, act.at, None).lines if each.code == code
        )
        if not line.waivable:
            raise RefusedError(
                f"the policy does not let {code} be passed with a reason. Settle what is open.",
                key="closing.not_waivable",
                line=(f"closing.line.{code}",),
            )
        if line.state != OPEN:
            raise RefusedError(
                f"nothing is open under {code}.",
                key="closing.nothing_open",
                line=(f"closing.line.{code}",),
            )
        with store.transaction(act, "round.waive", code) as tx:
            row = {"line": code, "ids": json.dumps(line.ids), "words": act.reason.strip()}
            tx.insert("closing_waiver", [row])
    return line


def close_round(workspace: Workspace, act: Act) -> CloseOut:
    """Close the round; returns the close-out it was closed with.

    Raises
    ------
    RefusedError
        If a line is open, the round is closed already, or the actor does not act for all of it.
    """
    with workspace.store() as store:
        act = authorise(store, act, "round.close")
        _must_see_all(store, act.actor, "round.close")
        with store.transaction(act, "round.close", workspace.round_name) as tx:
            found = _close_out(store, workspace, act.at, None)  # while nobody else can write
            if found.open_lines:
                raise _still_open(found.open_lines)
            tx.insert("closing_event", [_event("closed", found, act.reason.strip())])
    return found


def reopen_round(workspace: Workspace, act: Act) -> None:
    """Reopen a closed round with the reason of the act, so that it can be changed again.

    Raises
    ------
    InputError
        If the act has no reason.
    RefusedError
        If the round is not closed, or the actor does not act for all of it.
    """
    _need_reason(act)
    with workspace.store() as store:
        act = authorise(store, act, "round.reopen")
        _must_see_all(store, act.actor, "round.reopen")
        if not store.is_closed():
            raise RefusedError("the round is not closed.", key="closing.not_closed")
        with store.transaction(act, "round.reopen", workspace.round_name) as tx:
            tx.insert("closing_event", [_event("reopened", None, act.reason.strip())])


def closed_words(found: CloseOut) -> str:
    """Say that the round is closed, by whom and when; empty while it is open."""
    if not found.closed_at:
        return ""
    last = found.events[-1]
    return text("closing.closed", at=_local(last["at"]), actor=last["actor"])


def _close_out(store: Store, workspace: Workspace, now: datetime, scope: str | None) -> CloseOut:
    waivers = closing.latest_waivers(store)
    waivable = frozenset(workspace.policy["closing.waivable"])
    events = tuple(closing.closing_events(store))
    with workspace.desk() as desk:
        facts = Facts(store, desk, workspace, now, scope)
        lines = tuple(
            _line(code, each.of(facts), each.page, code in waivable, waivers.get(code))
            for code, each in LINES.items()
        )
    last = events[-1] if events else None
    closed_at = last["at"] if last and last["kind"] == "closed" else ""
    return CloseOut(lines, scope, closed_at, events)


def _line(code: str, found: Found | None, page: str, waivable: bool, waiver: Row | None) -> Line:
    if found is None:
        return Line(code, NOT_ASKED, 0, None, (), page, waivable)
    ids = tuple(found.ids)
    if not ids:
        return Line(code, DONE, 0, found.of, (), page, waivable)
    if waivable and waiver is not None and set(ids) <= set(waiver["ids"]):
        told = (waiver["words"], waiver["actor"], waiver["at"])
        return Line(code, WAIVED, len(ids), found.of, ids, page, waivable, *told)
    return Line(code, OPEN, len(ids), found.of, ids, page, waivable)


def _as_waiver(store: Store, workspace: Workspace, act: Act) -> Act:
    """The act in the role policy names for it."""
    act = authorise(store, act, "round.waive")
    allowed = tuple(workspace.policy["closing.waived_by"])
    if act.role.removeprefix(_ASSERTED) not in allowed:
        raise RefusedError(
            f"the policy lets {', '.join(allowed) or 'nobody'} pass a line; the actor is "
            f"{act.role}. Ask one of them.",
            key="closing.not_by",
            roles=tuple(f"role.{role}" for role in allowed),
        )
    return act


def _must_see_all(store: Store, actor: str, action: str) -> None:
    """Refuse somebody of one school where the round has several."""
    scope = bound_school(store, person_of(store, actor), ALLOWED[action])
    schools = {row["school_id"] for row in teachers_of_round(store)}
    if scope is not None and schools != {scope}:
        raise RefusedError(
            f"{action} is about {len(schools)} schools; the actor acts for one. "
            "Ask somebody who acts for the county.",
            key="closing.whole",
            schools=len(schools),
        )


def _still_open(lines: Sequence[Line]) -> RefusedError:
    told = ", ".join(f"{line.code}: {line.open}" for line in lines)
    return RefusedError(
        f"the round cannot be closed while something is open ({told}).",
        key="closing.still_open",
        lines=tuple((f"closing.line.{line.code}", line.open) for line in lines),
    )


def _need_reason(act: Act) -> None:
    if not act.reason.strip():
        raise InputError("this needs its reason in words.", key="closing.reason")


def _event(kind: str, found: CloseOut | None, words: str) -> Row:
    """Row of the event; the checklist keeps counts and reasons, not whom they are about."""
    lines = [] if found is None else found.lines
    told = [
        {"code": line.code, "state": line.state, "open": line.open, "words": line.words}
        for line in lines
    ]
    return {"kind": kind, "checklist": json.dumps(told, ensure_ascii=False), "words": words}


def _local(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(CHINA):%Y-%m-%d %H:%M}"
