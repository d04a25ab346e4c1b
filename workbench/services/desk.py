"""The score desk 评分台: open a piece, keep its draft, hand it in, take it back.

What is handed in waits ten seconds in the desk's database, where it can be
taken back and nobody sees it; then it is recorded by the same road as a read
from a ratings file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from models.accounts import roles_held
from models.activity import forget_activity, hand_in_time
from models.claims import forget_claims
from models.desk_store import DeskStore
from models.drafts import (
    Task,
    answer_of,
    draft,
    forget_answers,
    is_pending,
    keep_answer,
    open_draft,
    pending_of,
    save_draft,
    take_back,
)
from models.store import Store
from workbench.errors import RefusedError
from workbench.services import desk_settling
from workbench.services.adjudication import must_have_marked
from workbench.services.calibration import prepare_desk
from workbench.services.calibration_gate import gate_of
from workbench.services.desk_claims import claim_shown, renew
from workbench.services.desk_content import Given, content_of, given_of
from workbench.services.desk_leaving import stay
from workbench.services.desk_settling import UNDO_SECONDS, hand_in, task_of_row
from workbench.services.desk_tasks import PENDING, next_task, task_of, tasks
from workbench.services.desk_time import note_active, pace_of
from workbench.services.desk_view import Sitting, desk_view, nothing_left
from workbench.services.roles import RATER, must_be_open
from workbench.services.workspace import Workspace

__all__ = ["UNDO_SECONDS", "open_piece", "save", "settle", "submit", "undo"]

settle = desk_settling.settle

_KEPT = timedelta(days=2)

Answer = dict[str, Any]


def open_piece(workspace: Workspace, person_id: str, piece_id: str, at: datetime) -> Answer | None:
    """Everything the desk shows for a piece; without one, or after it, for the one to go on with.

    The draft is begun here, so its ``opened_at`` is when the piece was first seen.
    A submission that can still be taken back is shown with the next piece.

    Returns
    -------
    dict or None
        None where there was never anything to do; with ``done`` where nothing is left.

    Raises
    ------
    RefusedError
        If the piece is not this person's to read, or is recorded already.
    """
    settle(workspace, at, wait=False)
    prepare_desk(workspace, person_id, at)
    with _both(workspace) as (store, desk):
        mine = tasks(store, desk, workspace, person_id, at)
        handed_in = {each.task.piece_id for each in mine if each.state == PENDING}
        if not piece_id or piece_id in handed_in:
            piece_id = next_task(mine, piece_id)
        undo, pace = (
            _undo_offer(desk, person_id, at),
            pace_of(desk, workspace.policy, person_id, at),
        )
        gate = gate_of(store, workspace.policy, person_id)
        if not piece_id and not undo and not gate.is_open and RATER in roles_held(store, person_id):
            raise gate.refusal()
        if not piece_id:
            return nothing_left(mine, undo) if mine else None
        task = task_of(store, workspace, person_id, piece_id)
        must_have_marked(store, workspace, person_id, task)
        sitting = Sitting(mine, undo, pace, claim_shown(desk, task, at))
        return desk_view(store, desk, workspace, task, open_draft(desk, task, at), sitting)


def save(workspace: Workspace, person_id: str, sent: Mapping[str, Any], at: datetime) -> Answer:
    """Keep a draft that nobody has changed since; the same request again changes nothing.

    Parameters
    ----------
    sent : mapping
        ``key`` (of this request), ``piece``, ``round``, ``reading``, ``version`` (of
        the draft it was made from), ``marks``, ``comments`` and ``anchors`` by
        criterion; ``active_ms`` since the last request and ``window`` of the browser.

    Returns
    -------
    dict
        ``state`` ``saved`` with the new ``version``; ``conflict`` with the draft
        as another window left it; ``submitted`` where it is handed in already.

    Raises
    ------
    InputError
        If the request is not of that form.
    RefusedError
        If the piece was never opened by this person, or the round is closed.
    """
    given = given_of(sent)
    task = Task(given.piece_id, person_id, given.round, given.reading)
    with workspace.store() as store:
        must_be_open(store, "read.submit")  # nobody should mark in vain
    with workspace.desk() as desk, desk.transaction():
        if (known := answer_of(desk, given.key, person_id)) is not None:
            return known
        answer = _keep(desk, workspace, task, given, at)
        keep_answer(desk, given.key, person_id, answer, at)
        return answer


def submit(workspace: Workspace, person_id: str, sent: Mapping[str, Any], at: datetime) -> Answer:
    """Hand a piece in with the marks and comments sent; the same request again changes nothing.

    Returns
    -------
    dict
        ``state`` ``submitted`` with ``next`` (a piece or empty) and ``seconds`` to
        take it back; ``incomplete`` with what is ``missing``; ``refused`` with
        ``remarks``; or as ``save`` answers.

    Raises
    ------
    InputError, RefusedError
        As in ``save``.
    """
    given = given_of(sent)
    settle(workspace, at, wait=False)
    with _both(workspace) as (store, desk):
        if (known := answer_of(desk, given.key, person_id)) is not None:
            return known
        if is_pending(desk, Task(given.piece_id, person_id, given.round, given.reading)):
            return {"state": "submitted", "next": "", "seconds": 0}
        must_be_open(store, "read.submit")
        task = task_of(store, workspace, person_id, given.piece_id)
        with desk.transaction():
            kept = _keep(desk, workspace, task, given, at)
        if kept["state"] != "saved":
            return kept
        answer = {**hand_in(store, desk, workspace, task, at), "version": kept["version"]}
        if answer["state"] == "submitted":
            mine = tasks(store, desk, workspace, person_id, at)
            answer["next"] = next_task(mine, task.piece_id)
            with desk.transaction():
                keep_answer(desk, given.key, person_id, answer, at)
                _tidy(desk, at - _KEPT)
        return answer


def undo(workspace: Workspace, person_id: str, piece_id: str, at: datetime) -> Answer:
    """Take back a submission or an exit; ``state`` is ``taken_back``, or ``too_late`` after its time."""
    with workspace.desk() as desk, desk.transaction():
        for row in pending_of(desk, person_id):
            task = task_of_row(row)
            if row["piece_id"] == piece_id and take_back(desk, task, at):
                hand_in_time(desk, task, None)
                stay(desk, task, at)
                return {"state": "taken_back", "piece": piece_id}
    settle(workspace, at)
    return {"state": "too_late", "piece": piece_id}


def _keep(desk: DeskStore, workspace: Workspace, task: Task, given: Given, at: datetime) -> Answer:
    """Put what was given in the draft, if it is still the version it was made from."""
    if is_pending(desk, task):
        return {"state": "submitted", "next": "", "seconds": 0}
    found = draft(desk, task)
    if found is None:
        raise RefusedError(
            f"piece {task.piece_id} has not been opened, or is recorded already. Open it again.",
            key="desk.not_open",
            piece=task.piece_id,
        )
    content = content_of(given, workspace.rubrics)
    note_active(desk, task, found["opened_at"], given.active_ms, at)
    renew(desk, workspace.policy, task, given.window, at)
    if found["content"] == content and found["version"] != given.version:
        return {"state": "saved", "version": found["version"]}  # sent again after a lost answer
    if save_draft(desk, task, given.version, content, at):
        return {"state": "saved", "version": given.version + 1}
    return {
        "state": "conflict",
        "version": found["version"],
        "marks": found["content"].get("marks", {}),
        "comments": found["content"].get("comments", {}),
        "anchors": found["content"].get("anchors", {}),
    }


def _undo_offer(desk: DeskStore, person_id: str, at: datetime) -> Answer | None:
    """Submission that can be taken back now, the newest, with the seconds left."""
    for row in pending_of(desk, person_id):
        left = (datetime.fromisoformat(row["due_at"]) - at).total_seconds()
        if left > 0:
            found = draft(desk, task_of_row(row)) or {"content": {}}
            exit_ = found["content"].get("exit") or {"kind": ""}
            return {"piece": row["piece_id"], "seconds": round(left, 1), "exit": exit_["kind"]}
    return None


def _tidy(desk: DeskStore, before: datetime) -> None:
    """Drop what nobody asks for any more: old answers, times and leases."""
    forget_answers(desk, before)
    forget_activity(desk, before)
    forget_claims(desk, before)


@contextmanager
def _both(workspace: Workspace) -> Iterator[tuple[Store, DeskStore]]:
    """Open the working database and the desk's."""
    with workspace.store() as store, workspace.desk() as desk:
        yield store, desk
