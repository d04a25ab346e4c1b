"""Accounts: who may sign in, with what password, and which roles they hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from models.accounts import account_rows, roles_held, secret_of
from models.desk_store import FILE_NAME, DeskStore
from models.sign_ins import revoke_all, standing_sign_ins
from models.store import Act, Row, Store
from workbench.errors import InputError, RefusedError
from workbench.services.people import Directory
from workbench.services.roles import ROLES, authorise, may_see, person_of, same_person
from workbench.services.workspace import Fresh, Workspace

SHORTEST_PASSWORD = 10
"""Characters. OWASP ASVS 5.0 §6.2.1 asks for 8 at least and recommends more."""
LONGEST_PASSWORD = 128
"""Characters; more would only make the server hash longer (ASVS 5.0 §6.2.9 asks for 64)."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz123456789"
"""Thirty-two signs, so that a byte falls on each equally often."""


@dataclass(frozen=True)
class CheckedPassword:
    """A password that was right; ``provisional`` where somebody else has set it."""

    person_id: str
    provisional: bool


@cache
def _hasher() -> PasswordHasher:
    """Argon2id with the parameters of the OWASP password storage sheet: 19 MiB, 2 passes."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys_hash() -> str:
    """Hash that is checked for a name nobody bears, so that both answers take equally long."""
    return _hasher().hash("nobody's password")


def add_user(
    workspace: Workspace,
    name: str,
    roles: Sequence[str],
    act: Act,
    fresh: Fresh,
    *,
    person_id: str = "",
    school: str = "",
    department: str = "",
) -> str:
    """Enter somebody who has no password yet; returns the identifier.

    Parameters
    ----------
    workspace : Workspace
    name : str
    roles : sequence of str
        Of ``ROLES``; at least one.
    act : Act
    fresh : callable
    person_id : str
        Empty for the next free ``u001``.
    school : str
        Full name of a school the workspace knows, or empty for the county.
    department : str

    Raises
    ------
    InputError
        If the name is empty, a role or the school is unknown, or the identifier is taken.
    RefusedError
        If the actor is no administrator.
    """
    name, person_id = name.strip(), person_id.strip()
    _check_roles(roles)
    if not roles or not name:
        raise InputError("a user needs a name and at least one role.", key="account.incomplete")
    with workspace.store() as store:
        act = authorise(store, act, "account.add")
        person_id = person_id or _next_id(store)
        if store.one("person", person_id=person_id) is not None:
            raise InputError(
                f"identifier {person_id} is taken. Give another, or set a password for that person.",
                key="account.taken",
                person=person_id,
            )
        if school and store.one("school", name=school) is None:
            raise InputError(
                f"there is no school {school!r} in this workspace. Import the roster first.",
                key="account.no_school",
                school=school,
            )
        with store.transaction(act, "account.add", person_id) as tx:
            Directory(store, tx, fresh).rater(
                person_id, name=name, school=school, department=department, roles=roles
            )
    return person_id


def set_roles(workspace: Workspace, person_id: str, roles: Sequence[str], act: Act) -> None:
    """Give a person these roles in place of those held; none closes the account.

    Raises
    ------
    InputError
        If a role or the person is unknown.
    RefusedError
        If the actor is no administrator, or is about to stop being one.
    """
    _check_roles(roles)
    with workspace.store() as store:
        act = authorise(store, act, "account.roles")
        _known(store, person_id)
        if same_person(store, act.actor, person_id) and "admin" not in roles:
            raise RefusedError(
                "an administrator cannot give up that role alone; ask another administrator.",
                key="account.own_role",
            )
        kept = [role for role in ROLES if role in roles]
        with store.transaction(act, "account.roles", person_id) as tx:
            tx.insert("person_role", [{"person_id": person_id, "roles": json.dumps(kept)}])
    if not roles:
        _end_sessions(workspace, person_id, act.at)


def set_password(workspace: Workspace, person_id: str, password: str, act: Act) -> bool:
    """Set somebody's password; everybody signed in under the old one is signed out.

    Returns whether it was the person's own doing. Where it was not, the password
    is provisional: it has to be changed before the first sign-in.

    Raises
    ------
    InputError
        If the person is unknown or the password too weak.
    RefusedError
        If the actor is neither the person nor an administrator.
    """
    with workspace.store() as store:
        found = _known(store, person_id)
        own = same_person(store, act.actor, person_id)
        if own:
            act = replace(act, role=next(iter(roles_held(store, person_id)), ""))
        else:
            act = authorise(store, act, "account.password")
        _check_password(password, found)
        row = {"person_id": person_id, "password_hash": _hasher().hash(password)}
        with store.transaction(act, "account.password", person_id) as tx:
            tx.insert("account_secret", [row])
    _end_sessions(workspace, person_id, act.at)
    return own


def draw_password(fresh: Fresh) -> str:
    """Draw a password to be told in person: 60 bits, without signs mistaken for others.

    >>> draw_password(lambda size: bytes(range(size)))
    'abcd-efgh-jkmn'
    """
    drawn = "".join(_LETTERS[byte % len(_LETTERS)] for byte in fresh(12))
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def check_password(workspace: Workspace, name: str, password: str) -> CheckedPassword | None:
    """Who signs in with that name or identifier and password; None where they do not fit.

    A closed account (no roles), a name two people bear and a name nobody bears
    are answered alike, after the same work.
    """
    with workspace.store() as store:
        found = _meant(store, name)
        secret = secret_of(store, found["person_id"]) if found else None
        right = _fits(secret.password_hash if secret else _nobodys_hash(), password)
        if not (right and found and secret and roles_held(store, found["person_id"])):
            return None
        own = same_person(store, secret.set_by, found["person_id"])
    return CheckedPassword(found["person_id"], not own)


def list_users(
    workspace: Workspace, at: datetime, person_id: str = "", idle: timedelta = timedelta(hours=2)
) -> list[Row]:
    """Everybody with roles, password date and open sessions; for an administrator's eyes.

    ``person_id`` is who looks in the app; the command line looks as whoever owns the folder.

    Raises
    ------
    RefusedError
        If who looks is no administrator.
    """
    with workspace.store() as store:
        if person_id:
            may_see(store, person_id, "people.list")
        rows = account_rows(store)
    with DeskStore(workspace.folder / FILE_NAME) as desk:
        signed_in = standing_sign_ins(desk, at, at - idle)
    return [{**row, "sessions": signed_in.get(row["person_id"], 0)} for row in rows]


def sign_out_everywhere(workspace: Workspace, person_id: str, act: Act) -> int:
    """End every session of a person; returns how many there were.

    Raises
    ------
    RefusedError
        If the actor is neither the person nor an administrator.
    """
    with workspace.store() as store:
        _known(store, person_id)
        if not same_person(store, act.actor, person_id):
            act = authorise(store, act, "account.sign_out")
            with store.transaction(act, "account.sign_out", person_id):
                pass
    return _end_sessions(workspace, person_id, act.at)


def _end_sessions(workspace: Workspace, person_id: str, at: datetime) -> int:
    with DeskStore(workspace.folder / FILE_NAME) as desk:
        return revoke_all(desk, person_id, at)


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password[: LONGEST_PASSWORD + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False


def _meant(store: Store, name: str) -> Row | None:
    try:
        return person_of(store, name) if name.strip() else None
    except RefusedError:  # two people bear it; the page says to give the identifier
        return None


def _known(store: Store, person_id: str) -> Row:
    found = store.one("person", person_id=person_id)
    if found is None:
        raise InputError(
            f"{person_id} is nobody this workspace knows. See `workbench user list`.",
            key="account.unknown",
            person=person_id,
        )
    return found


def _check_roles(roles: Sequence[str]) -> None:
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise InputError(
            f"role {unknown[0]!r} is none of {', '.join(ROLES)}.",
            key="account.role",
            role=unknown[0],
            roles=", ".join(ROLES),
        )


def _check_password(password: str, person: Row) -> None:
    """Refuse what is guessed first: short, the own name or identifier, digits alone, one sign."""
    weak = (
        not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD
        or password.isdigit()
        or len(set(password)) < 4
        or any(len(w) > 1 and w in password.lower() for w in _words_of(person))
    )
    if weak:
        raise InputError(
            f"the password is too weak: {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, "
            "not digits alone, without the own name or identifier. Choose another.",
            key="account.weak",
            least=SHORTEST_PASSWORD,
            most=LONGEST_PASSWORD,
        )


def _words_of(person: Row) -> tuple[str, ...]:
    return (person["person_id"].lower(), person["name"].lower())


def _next_id(store: Store) -> str:
    taken = {row["person_id"] for row in store.where("person")}
    number = 1
    while f"u{number:03d}" in taken:
        number += 1
    return f"u{number:03d}"
