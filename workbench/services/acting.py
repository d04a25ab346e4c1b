"""Who acts in the app: the person behind a session, the act a page writes, the version it reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from models.accounts import roles_held
from models.audit_trail import has_acted, last_seq, last_seq_but
from models.store import Act
from workbench.errors import RefusedError
from workbench.services.roles import ADMIN, CHAIR, COUNTY, RATER, REGISTRAR, scope_of
from workbench.services.workspace import Workspace

_WIDEST_FIRST = (ADMIN, COUNTY, CHAIR, REGISTRAR, RATER)


QUIET = ("account.password", "account.sign_out", "evidence.reveal")
"""Acts that change nothing any page shows but the log itself: what was read before them holds."""


class Versions(NamedTuple):
    """Numbers that rise with what pages show: ``shown`` with every act but the quiet ones."""

    shown: int
    log: int


@dataclass(frozen=True)
class Person:
    """Somebody the workspace knows, as they stand now.

    ``school_id`` is the school the person is bound to; None for the county.
    """

    person_id: str
    name: str
    roles: tuple[str, ...]
    school_id: str | None
    place: str


def person(workspace: Workspace, person_id: str) -> Person:
    """Look a person up, with the roles of this moment.

    Raises
    ------
    RefusedError
        If the workspace knows nobody of that identifier.
    """
    return standing(workspace, person_id)[0]


def standing(workspace: Workspace, person_id: str) -> tuple[Person, Versions]:
    """Person and versions of the data in one look, for what asks at every step.

    Raises
    ------
    RefusedError
        If the workspace knows nobody of that identifier.
    """
    with workspace.store() as store:
        row = store.one("person", person_id=person_id)
        if row is None:
            raise RefusedError(
                f"{person_id} is nobody this workspace knows. Sign in again.",
                key="person_unknown",
                person=person_id,
            )
        roles = roles_held(store, person_id)
        widest = next((role for role in _WIDEST_FIRST if role in roles), RATER)
        place = store.one("school", school_id=row["school_id"]) if row["school_id"] else None
        found = Person(
            person_id,
            row["name"],
            roles,
            scope_of(store, row, widest),
            place["name"] if place else workspace.place,
        )
        return found, Versions(last_seq_but(store, QUIET), last_seq(store))


def acted_since(workspace: Workspace, person_id: str, version: int) -> bool:
    """Whether somebody has changed anything pages show after a version."""
    with workspace.store() as store:
        return has_acted(store, person_id, version, QUIET)


def act_of(person_id: str, at: datetime, reason: str = "") -> Act:
    """Act of a signed-in person; the service that writes adds the role."""
    return Act(person_id, "", at, reason)


def data_version(workspace: Workspace) -> int:
    """Number that every write raises: what was read under it holds as long as it stands."""
    with workspace.store() as store:
        return last_seq(store)
