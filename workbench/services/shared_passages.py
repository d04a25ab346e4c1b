"""Shared passages: what two pieces have in common of unknown origin, looked at and registered if public.

Two texts alone cannot tell whether both quote one book or one copied the other.
A person who knows the book can; once the passage is registered as a public
quotation, no comparison takes it for anybody's own again.
"""

from __future__ import annotations

import hashlib
import json

from models.store import Act, Row, Store
from models.submissions import facts_of_file, files_by_piece
from scoring.similarity.passages import passages
from workbench.errors import InputError
from workbench.services.case_queue import visible_flags
from workbench.services.flag_finding import SHARED_PASSAGE
from workbench.services.roles import authorise
from workbench.services.similarity import known_texts
from workbench.services.workspace import Workspace

_NAMED = 16  # characters of a passage that name it among the registered


def shared_words(workspace: Workspace, person_id: str, flag_id: str) -> tuple[str, ...]:
    """Passages of a flag, longest first, as the first piece has them; none once all are registered.

    Raises
    ------
    InputError
        If the person sees no such flag.
    RefusedError
        If the person sees no flags at all.
    """
    flag = _flag(workspace, person_id, flag_id)
    with workspace.store() as store:
        return _words(workspace, store, flag)


def register_shared(workspace: Workspace, flag_id: str, act: Act) -> str:
    """Register the longest passage of a flag as a public quotation; returns its name.

    The flag stays on record; the next look finds the passage no more.

    Raises
    ------
    InputError
        If there is no such flag, or nothing of it is left to register.
    RefusedError
        If the actor may not register.
    """
    flag = _flag(workspace, act.actor, flag_id)
    with workspace.store() as store:
        act = authorise(store, act, "form.register")
        found = _words(workspace, store, flag)
        if not found:
            raise InputError(
                f"flag {flag_id} has no passage left: it is registered already.",
                key="hold.no_passage",
                flag=flag_id,
            )
        words, name = found[0], found[0].strip()[:_NAMED] + "…"
        facts = {"media_type": "txt", "text": words, "registered_as": "quotation"}
        row = {
            "sha256": hashlib.sha256(words.encode()).hexdigest(),
            "name": name,
            "text": json.dumps(facts, ensure_ascii=False),
        }
        with store.transaction(act, "form.register", flag_id) as tx:
            tx.insert_missing("blank_form", [row])
    return name


def _flag(workspace: Workspace, person_id: str, flag_id: str) -> Row:
    for row in visible_flags(workspace, person_id):
        if row["flag_id"] == flag_id and row["code"] == SHARED_PASSAGE:
            return row
    raise InputError(
        f"there is no flag {flag_id} about a shared passage. `workbench flags list` names those "
        "there are.",
        key="hold.no_flag",
        flag=flag_id,
    )


def _words(workspace: Workspace, store: Store, flag: Row) -> tuple[str, ...]:
    files = files_by_piece(store)
    one, other = (
        "\n".join(facts_of_file(store, file["sha256"]).get("text", "") for file in files[piece])
        for piece in flag["ids"]
    )
    found = passages(one, other, known_texts(workspace, store))
    longest = sorted(found, key=lambda each: each.start_a - each.end_a)
    return tuple(one[each.start_a : each.end_a] for each in longest)
