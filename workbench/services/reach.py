"""How far somebody reaches: the county all schools, the people of a school their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from models.accounts import roles_held
from models.people import schools_of_round
from models.store import Act, Row, Store
from workbench.errors import RefusedError
from workbench.services.roles import ALLOWED, SEEN_BY, authorise, may_see, person_of, scope_of


def seen_school(store: Store, person_id: str, action: str) -> str | None:
    """School whose things a person may look at for this; None where the whole county.

    Parameters
    ----------
    store : Store
    person_id : str
    action : str
        A key of ``roles.SEEN_BY``.

    Raises
    ------
    RefusedError
        If the person is unknown, or holds no role that may look.
    """
    may_see(store, person_id, action)
    return bound_school(store, store.one("person", person_id=person_id), SEEN_BY[action])


def schools_seen(store: Store, person_id: str, action: str) -> dict[str, str]:
    """Names by id of the schools whose things a person may look at.

    Parameters
    ----------
    store : Store
    person_id : str
    action : str
        A key of ``roles.SEEN_BY``.

    Raises
    ------
    RefusedError
        If the person is unknown, or holds no role that may look.
    """
    bound = seen_school(store, person_id, action)
    names = {row["school_id"]: row["name"] for row in store.where("school")}
    seen = _all_schools(store) if bound is None else [bound]
    return {school_id: names[school_id] for school_id in seen}


def act_for(
    store: Store, act: Act, action: str, school_ids: Sequence[str] = ()
) -> tuple[Act, list[str]]:
    """Return the act with its role, and the schools it is about.

    Parameters
    ----------
    store : Store
    act : Act
    action : str
        A key of ``roles.ALLOWED``.
    school_ids : sequence of str
        Schools asked for; empty for all those the actor acts for.

    Raises
    ------
    RefusedError
        If the actor holds no role the action asks for, or one asked for is not theirs.
    """
    told = authorise(store, act, action)
    for school_id in school_ids:
        told = authorise(store, act, action, school_id)
    if school_ids:
        return told, list(school_ids)
    bound = bound_school(store, person_of(store, act.actor), ALLOWED[action])
    return told, _all_schools(store) if bound is None else [bound]


def bound_school(store: Store, person: Row | None, allowed: Collection[str]) -> str | None:
    """School that somebody's fitting roles are bound to; None for the county, or an asserted name.

    Of several roles the widest counts.
    """
    if person is None:
        return None
    held = roles_held(store, person["person_id"])
    scopes = [scope_of(store, person, role) for role in allowed if role in held]
    return None if not scopes or None in scopes else scopes[0]


def sheets_of_schools(
    store: Store, person_id: str, table: str, action: str
) -> Iterator[tuple[Row, Row]]:
    """Rows about sheets of the schools one sees, newest first, each with who, when and which school.

    Parameters
    ----------
    table : str
        With ``school_id`` and ``tx``.
    action : str
        Of the log, by which the rows came.

    Raises
    ------
    RefusedError
        If the person may not have result sheets.
    """
    seen = schools_seen(store, person_id, "download.certificates")
    lines = {row["seq"]: row for row in store.where("audit_log", action=action)}
    for row in reversed(store.where(table)):
        if row["school_id"] in seen:
            line = lines[row["tx"]]
            yield row, {"school": seen[row["school_id"]], "at": line["at"], "by": line["actor"]}


def may_name(store: Store, person_id: str) -> bool:
    """Whether the person may know who stands behind a pseudonym."""
    try:
        may_see(store, person_id, "identity.show")
    except RefusedError:
        return False
    return True


def _all_schools(store: Store) -> list[str]:
    return [row["school_id"] for row in schools_of_round(store)]
