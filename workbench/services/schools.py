"""Schools: found by id or name, and how far each of them is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from models.people import schools_of_round, teachers_of_round
from models.store import Row, Store
from models.submissions import owned_pieces
from workbench.errors import InputError
from workbench.services.workspace import Workspace


def find_schools(workspace: Workspace, given: Sequence[str]) -> list[str]:
    """Ids of schools named by id or by full name; empty where none is named.

    Raises
    ------
    InputError
        For a school the workspace does not know.
    """
    if not given:
        return []
    with workspace.store() as store:
        return [school_id_of(store, each) for each in given]


def school_id_of(store: Store, given: str) -> str:
    """Id of the school with that id or full name; InputError where there is none."""
    found = store.one("school", school_id=given) or store.one("school", name=given)
    if found is None:
        raise InputError(
            f"there is no school {given}: neither an id nor a full name of this workspace. "
            "See `workbench roster show`.",
            key="school_unknown",
            school=given,
        )
    return str(found["school_id"])


def school_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """One row a school: teachers, raters, pieces handed in, and the state of its window.

    ``window`` is ``open`` until the registrar has given notice (``noticed``)
    or closed it (``closed``).
    """
    with workspace.store() as store:
        teachers = _by_school(teachers_of_round(store))
        raters = _by_school(store.where("person"))
        pieces = _by_school(owned_pieces(store))
        window = {row["school_id"]: row["state"] for row in store.where("submission_window")}
        return [
            {
                "school_id": row["school_id"],
                "school": row["name"],
                "teachers": teachers[row["school_id"]],
                "raters": raters[row["school_id"]],
                "pieces": pieces[row["school_id"]],
                "window": window.get(row["school_id"], "open").replace("reopened", "open"),
            }
            for row in schools_of_round(store)
        ]


def schools_without_ledger(
    workspace: Workspace, school_ids: Collection[str] | None = None
) -> list[str]:
    """Schools with an approved proposal whose ledger file is gone: verifying finds nothing there."""
    with workspace.store() as store:
        approved = {row["proposal_id"] for row in store.where("approval")}
        certified = dict.fromkeys(
            str(row["school_id"])
            for row in store.where("proposal")
            if row["proposal_id"] in approved
        )
    return [
        school_id
        for school_id in certified
        if (not school_ids or school_id in school_ids)
        and not workspace.ledger_path(school_id).exists()
    ]


def _by_school(rows: Sequence[Row]) -> Counter[str]:
    return Counter(row["school_id"] for row in rows if row["school_id"])
