"""Leaving a piece at the desk: with a cause and its reason, and ten seconds to think better of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.desk_store import DeskStore
from models.drafts import (
    Task,
    answer_of,
    draft,
    is_pending,
    keep_answer,
    open_draft,
    save_draft,
)
from models.records import Round
from models.store import Row, Store
from workbench.errors import RefusedError
from workbench.services.desk_settling import hand_in, put_aside_to_settle, settle
from workbench.services.desk_tasks import next_task, task_of, tasks
from workbench.services.desk_time import active_of, note_active
from workbench.services.exits import CANNOT_JUDGE, checked, without_judgement
from workbench.services.workspace import Workspace

_KEPT = ("marks", "comments", "anchors")


def leave(
    workspace: Workspace, person_id: str, sent: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """Leave a piece; it is carried out when the seconds to take it back are over.

    Parameters
    ----------
    sent : mapping
        ``piece``, ``exit`` (of ``exits.EXITS``), ``words``, and with a ``key`` the
        same request again changes nothing.

    Returns
    -------
    dict
        ``state`` ``left`` with ``next`` and ``seconds``; or as ``desk.submit`` answers.

    Raises
    ------
    InputError
        Without a known cause or without words.
    RefusedError
        If the piece is not assigned to this person to be read.
    """
    kind = str(sent.get("exit", ""))
    words = checked(kind, str(sent.get("words", "")))
    piece_id, key = str(sent.get("piece", "")), str(sent.get("key", ""))
    settle(workspace, at, wait=False)
    with workspace.store() as store, workspace.desk() as desk:
        if key and (known := answer_of(desk, key, person_id)) is not None:
            return known
        task = task_of(store, workspace, person_id, piece_id)
        if task.round not in (Round.BLIND, Round.THIRD):
            raise RefusedError(
                f"piece {piece_id} was not given to this person to read; it is simply left alone.",
                key="desk.not_given",
                piece=piece_id,
            )
        answer = _handed_in(store, desk, workspace, task, kind, words, active_of(sent), at)
        if answer["state"] == "left":
            answer["next"] = next_task(tasks(store, desk, workspace, person_id, at), piece_id)
            if key:
                with desk.transaction():
                    keep_answer(desk, key, person_id, answer, at)
        return answer


def _handed_in(
    store: Store,
    desk: DeskStore,
    workspace: Workspace,
    task: Task,
    kind: str,
    words: str,
    active_ms: int,
    at: datetime,
) -> dict[str, Any]:
    """Make a draft an exit that waits for its ten seconds; what is refused stays a draft."""
    with desk.transaction():
        found = open_draft(desk, task, at)
        if is_pending(desk, task):
            return {"state": "submitted", "next": "", "seconds": 0}
        note_active(desk, task, found["opened_at"], active_ms, at)
        content = _leaving(found, _criteria(workspace, task, store), kind, words)
        save_draft(desk, task, found["version"], content, at)
    if kind == CANNOT_JUDGE:
        answer = hand_in(store, desk, workspace, task, at)
    else:
        answer = put_aside_to_settle(desk, task, at)
    if answer["state"] != "submitted":
        with desk.transaction():
            stay(desk, task, at)
        return answer
    return {**answer, "state": "left", "exit": kind}


def stay(desk: DeskStore, task: Task, at: datetime) -> None:
    """Put a draft back to what it was before its reader left the piece."""
    found = draft(desk, task)
    if found is not None and (left := found["content"].get("exit")):
        save_draft(desk, task, found["version"], left["before"], at)


def _leaving(found: Row, criteria: tuple[str, ...], kind: str, words: str) -> dict[str, Any]:
    """Content of a draft whose reader leaves: what it was before stands in it."""
    before = {name: found["content"][name] for name in _KEPT if name in found["content"]}
    content = without_judgement(criteria, before, words) if kind == CANNOT_JUDGE else before
    return {**content, "exit": {"kind": kind, "words": words, "before": before}}


def _criteria(workspace: Workspace, task: Task, store: Store) -> tuple[str, ...]:
    piece = store.where("piece", piece_id=task.piece_id)[0]
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    return tuple(each.criterion_id for each in slots[piece["slot_id"]].criteria)
