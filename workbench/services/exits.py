"""Exits 退出: pieces a reader leaves without judging them, what follows, and what is still open.

Somebody who cannot judge gives a read that says so, and a third read or the
chair decides. Who has a conflict of interest stands back, from every piece of
that author, and fresh readers are found. A piece that cannot be read becomes a
case, in which the registrar replaces the file. None of it costs anybody a mark.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models import desk_work
from models.assignments import assignments_of, owned_among, owned_piece
from models.store import Act, Row, Store, Transaction
from rubrics.canonical import digest
from workbench.errors import InputError
from workbench.services.assignments import follow_up
from workbench.services.case_opening import NewCase, open_cases
from workbench.services.reach import seen_school
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

CANNOT_JUDGE, CONFLICT, UNREADABLE, OTHER = "cannot_judge", "conflict", "unreadable", "other"
EXITS = (CANNOT_JUDGE, CONFLICT, UNREADABLE, OTHER)
"""Why somebody leaves a piece."""

CODE = "unreadable_evidence"
"""Kind of flag a piece that cannot be read leads to."""

OPEN, DONE = "open", "done"

_BY_RULE = "rule:read.unreadable"


@dataclass(frozen=True)
class Exit:
    """One piece left: by whom, why, and whether anything is still to be done about it.

    ``state`` is ``open`` while the case waits (unreadable), or while nobody has
    been found to read instead (conflict, other); ``hold_id`` is the case, if any.
    """

    exit_id: int
    piece_id: str
    competency: str
    slot_id: str
    school_id: str
    rater_id: str
    round: str
    kind: str
    words: str
    at: str
    hold_id: str
    state: str


def exits(workspace: Workspace, person_id: str) -> list[Exit]:
    """Pieces left, of the schools a person sees, the newest first.

    Raises
    ------
    RefusedError
        If the person may not see them.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "progress.show")
        found = [_exit(row) for row in desk_work.exits(store)]
    return [each for each in reversed(found) if scope in (None, each.school_id)]


def open_exits(store: Store) -> list[Exit]:
    """Pieces left of which something is still to be done, the oldest first."""
    return [found for row in desk_work.exits(store) if (found := _exit(row)).state == OPEN]


def exit_counts(store: Store) -> dict[str, Counter[str]]:
    """How often each reader left a piece, by cause."""
    return desk_work.exit_counts(store)


def checked(kind: str, words: str) -> str:
    """Return the reason of an exit, trimmed.

    Raises
    ------
    InputError
        Without a known cause or without words.
    """
    said = " ".join(words.split())
    if kind not in EXITS or not said:
        raise InputError(
            f"leaving a piece needs a cause ({', '.join(EXITS)}) and its reason in words.",
            key="desk.stand_back",
        )
    return said


def without_judgement(
    criteria: tuple[str, ...], content: dict[str, Any], words: str
) -> dict[str, Any]:
    """Make of a draft a read that cannot judge what is not marked, with the reason on each."""
    marks = {**dict.fromkeys(criteria), **content.get("marks", {})}
    told = {name: words for name, met in marks.items() if met is None}
    comments = {**told, **content.get("comments", {})}
    return {**content, "marks": marks, "comments": comments}


def note_exit(tx: Transaction, row: Row, kind: str, hold_id: str = "") -> None:
    """Record within a transaction that somebody left a piece."""
    told = {name: row[name] for name in ("piece_id", "rater_id", "round", "reading")}
    tx.insert("desk_exit", [{**told, "kind": kind, "hold_id": hold_id}])


def carry_out(
    store: Store, workspace: Workspace, given: Row, kind: str, act: Act
) -> tuple[str, ...]:
    """End an assignment without a read, and see to what follows; returns pieces without a reader.

    Parameters
    ----------
    given : row of ``models.assignments.assignment``
    kind : str
        Any of `EXITS` but ``cannot_judge``, which is a read.
    act : Act
        Of the reader, with the reason.
    """
    piece = owned_piece(store, given["piece_id"])
    act = authorise(store, act, "read.stand_back")
    seed = piece is None or bool(piece["is_seed"])
    others = [] if seed or kind != CONFLICT else list(_of_same_author(store, given))
    with store.transaction(act, f"read.{kind}", given["piece_id"]) as tx:
        ended = [row["assignment_id"] for row in (given, *others)]
        tx.insert("assignment_end", [{"assignment_id": each, "why": kind} for each in ended])
        hold_id = ""
        if kind == UNREADABLE and piece is not None and not seed:
            hold_id = desk_work.open_case_of(store, piece["piece_id"])
            hold_id = hold_id or _open_case(store, tx, workspace, piece, given, act)
        note_exit(tx, given, kind, hold_id)
    if seed or kind == UNREADABLE:
        return ()  # a seed needs no other reader, and a broken file nobody till it is replaced
    again = Act(act.actor, "", act.at)
    left = [row["piece_id"] for row in (given, *others)]
    return tuple(each for each in left if not follow_up(store, workspace, each, again))


def _of_same_author(store: Store, given: Row) -> Iterator[Row]:
    """Other assignments of a reader that wait, on pieces of the same author."""
    rows = {
        row["piece_id"]: row
        for row in assignments_of(store, given["rater_id"])
        if row["why"] is None and row["read_id"] is None
    }
    owners = {row["piece_id"]: row for row in owned_among(store, [*rows, given["piece_id"]])}
    author = owners[given["piece_id"]]["teacher_id"]
    for piece_id, row in rows.items():
        if piece_id != given["piece_id"] and owners[piece_id]["teacher_id"] == author:
            yield row


def _open_case(
    store: Store, tx: Transaction, workspace: Workspace, piece: Row, given: Row, act: Act
) -> str:
    """Open the case of a piece that cannot be read; it stops the result of its submission."""
    piece_id = piece["piece_id"]
    exhibit = {"variant": "sentence", "values": {"piece": piece_id}}
    flag = {
        "flag_id": "f" + digest([CODE, piece_id, given["rater_id"], given["reading"]])[:12],
        "code": CODE,
        "subject": "piece",
        "ids": json.dumps([piece_id]),
        "tier": "fact",
        "effect": "1",
        "p": "",
        "q": "",
        "exhibit": json.dumps(exhibit, ensure_ascii=False),
    }
    tx.insert("flag", [flag])
    case = NewCase(CODE, flag["flag_id"], (piece["submission_id"],))
    due_days = workspace.policy["hold.due_days"]
    return open_cases(store, tx, [case], _BY_RULE, act, due_days)[0]


def _exit(row: Row) -> Exit:
    waits = {UNREADABLE: bool(row["case_open"]), CANNOT_JUDGE: False}
    still = waits.get(row["kind"], not row["given_since"] and not row["needs_nobody"])
    names = ("exit_id", "piece_id", "competency", "slot_id", "school_id", "rater_id", "round")
    told = {name: row[name] for name in (*names, "kind", "words", "at", "hold_id")}
    return Exit(**told, state=OPEN if still else DONE)
