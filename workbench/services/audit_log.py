"""操作日志: who did what, as what, when and why, and whether the chain of its lines holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from models.audit_trail import (
    AuditFilter,
    actions_and_actors,
    audit_lines,
    count_lines,
    names_of_school,
)
from models.store import Row, Store, instant
from workbench.context import CHINA
from workbench.services.roles import may_see, scope_of
from workbench.services.sheet_text import sheet_text
from workbench.services.workspace import Workspace

COLUMNS = ("seq", "at", "actor", "name", "role", "action", "object", "reason")


@dataclass(frozen=True)
class Asked:
    """What lines a person asks for; days are days in China, the last one included."""

    action: str = ""
    actor: str = ""
    word: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class AuditPage:
    """Lines of one page, newest first, how many fit, and what can be asked for.

    ``bound`` where only lines of the own school's people are shown.
    """

    lines: list[Row]
    total: int
    actions: list[str]
    actors: list[str]
    bound: bool


def audit_page(
    workspace: Workspace, person_id: str, asked: Asked, limit: int, offset: int = 0
) -> AuditPage:
    """Lines a person may see: everybody's, or those of the people of the own school.

    Raises
    ------
    RefusedError
        If the person's roles let them see none.
    """
    with workspace.store() as store:
        sought = _filter(store, person_id, asked)
        lines = _named(store, audit_lines(store, sought, limit, offset))
        actions, actors = actions_and_actors(store)
        if sought.actors is not None:
            actors = [actor for actor in actors if actor in sought.actors]
        return AuditPage(
            lines, count_lines(store, sought), actions, actors, sought.actors is not None
        )


def audit_table(workspace: Workspace, person_id: str, asked: Asked) -> bytes:
    """Every line that fits as CSV with a byte order mark, as office programs read Chinese.

    Raises
    ------
    RefusedError
        If the person's roles let them see none.
    """
    with workspace.store() as store:
        sought = _filter(store, person_id, asked)
        lines = _named(store, audit_lines(store, sought, -1, 0))
    return sheet_text(COLUMNS, lines)


def audit_faults(workspace: Workspace, person_id: str) -> list[int]:
    """Lines that do not follow from the line before; empty where the chain holds.

    Raises
    ------
    RefusedError
        If the person's roles let them see no lines.
    """
    with workspace.store() as store:
        may_see(store, person_id, "audit_log.list")
        return store.audit_faults()


def _filter(store: Store, person_id: str, asked: Asked) -> AuditFilter:
    role = may_see(store, person_id, "audit_log.list")
    person = store.one("person", person_id=person_id)
    school = scope_of(store, person, role) if person else None
    return AuditFilter(
        asked.action,
        asked.actor,
        asked.word.strip(),
        _midnight(asked.first_day) if asked.first_day else "",
        _midnight(asked.last_day + timedelta(days=1)) if asked.last_day else "",
        names_of_school(store, school) if school else None,
    )


def _named(store: Store, lines: list[Row]) -> list[Row]:
    """Lines with the name of the actor where the workspace knows one."""
    names = {row["person_id"]: row["name"] for row in store.where("person")}
    return [{**line, "name": names.get(line["actor"], line["actor"])} for line in lines]


def _midnight(day: date) -> str:
    return instant(datetime.combine(day, time(), CHINA))
