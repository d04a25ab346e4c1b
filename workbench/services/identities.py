"""Who stands behind a pseudonym: in the ledger there are only pseudonyms."""

from __future__ import annotations

import hashlib
import hmac

from models.people import aliased_teachers, facts_of_teachers
from models.store import Store
from workbench.errors import InputError
from workbench.exports.payload import Person
from workbench.services.keys import pepper
from workbench.services.roles import person_of
from workbench.services.workspace import Workspace


def school_label(store: Store, school_id: str) -> str:
    """Name of a school as its ledger states it."""
    found = store.one("school", school_id=school_id)
    if found is None:
        raise InputError(f"there is no school {school_id}.", key="school_unknown", school=school_id)
    return str(found["name"])


def identities(store: Store) -> dict[str, tuple[str, Person]]:
    """Pseudonym of each teacher, and the person behind it as printed on sheets."""
    subjects = {t: facts.get("subject", "") for t, facts in facts_of_teachers(store).items()}
    rows = aliased_teachers(store)
    return {
        row["teacher_id"]: (
            row["pseudonym"],
            Person(
                row["teacher_no"], row["name"], subjects.get(row["teacher_id"], ""), row["salt"]
            ),
        )
        for row in rows
    }


def short_code(pseudonym: str) -> str:
    """Beginning of a pseudonym, enough to tell people of a round apart on a screen.

    >>> short_code("9f7c762869744519dc8e525e837c720f")
    '9f7c7628'
    """
    return pseudonym[:8]


def pseudonym_of(store: Store, workspace: Workspace, actor: str) -> str:
    """Identifier of an actor in the ledger: the one on record, or a keyed hash of the name."""
    known = person_of(store, actor)
    if known is not None:
        return str(known["pseudonym"])
    return "a" + hmac.new(pepper(workspace), actor.encode(), hashlib.sha256).hexdigest()[:16]
