"""How far somebody may look: one school, or the whole county."""

from __future__ import annotations

from models.store import Store
from workbench.services.roles import may_see, scope_of


def seen_school(store: Store, person_id: str, action: str) -> str | None:
    """School whose things a person may see for this; None where the whole county.

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
    role = may_see(store, person_id, action)
    person = store.one("person", person_id=person_id)
    return scope_of(store, person, role) if person else None
