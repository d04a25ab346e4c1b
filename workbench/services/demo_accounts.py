"""Accounts of the demonstration: one of each role, with passwords drawn anew each time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from models.accounts import account_rows
from models.assignments import open_assignments
from models.store import Act
from workbench.errors import RefusedError
from workbench.messages import sentence
from workbench.services.accounts import add_user, draw_password, set_password
from workbench.services.demo import MARKER
from workbench.services.roles import ADMIN, CHAIR, COUNTY, RATER, REGISTRAR
from workbench.services.workspace import Fresh, Workspace

_PLAYERS = {ADMIN: "GL01", REGISTRAR: "DJ01"}
_FROM_ROSTER = {RATER: 2, CHAIR: 1, COUNTY: 1}


def create_demo_accounts(
    workspace: Workspace, at: datetime, fresh: Fresh
) -> list[tuple[str, str, str]]:
    """Give the people of a demonstration passwords; (name, role, password) of each.

    The roster brings raters, a chair and a county reviewer; a registrar and an
    administrator of invented names are added the first time.

    Raises
    ------
    RefusedError
        If the workspace is no demonstration: its people choose their own passwords.
    """
    if not (workspace.folder / MARKER).is_file():
        raise RefusedError(
            f"{workspace.folder} is no demonstration. Add accounts with `workbench user add`.",
            key="demo_accounts.not_demo",
            folder=str(workspace.folder),
        )
    told = [
        (person_id, name, role)
        for role, count in _FROM_ROSTER.items()
        for person_id, name in _holders(workspace, role)[:count]
    ]
    told += [_player(workspace, role, at, fresh) for role in _PLAYERS]
    made = []
    for person_id, name, role in told:
        password = draw_password(fresh)
        # as the person, so that the demonstration need not ask for another password
        set_password(workspace, person_id, password, Act(person_id, role, at))
        made.append((name, role, password))
    return made


def _holders(workspace: Workspace, role: str) -> list[tuple[str, str]]:
    """Who holds a role, whoever has most to read first."""
    with workspace.store() as store:
        waiting = Counter(row["rater_id"] for row in open_assignments(store))
        found = [
            (row["person_id"], row["name"]) for row in account_rows(store) if role in row["roles"]
        ]
    return sorted(found, key=lambda each: -waiting[each[0]])


def _player(workspace: Workspace, role: str, at: datetime, fresh: Fresh) -> tuple[str, str, str]:
    person_id, name = _PLAYERS[role], sentence("zh", f"demo_accounts.{role}")
    if person_id not in dict(_holders(workspace, role)):
        act = Act(sentence("zh", "demo_accounts.admin"), "", at)
        add_user(workspace, name, [role], act, fresh, person_id=person_id)
    return person_id, name, role
