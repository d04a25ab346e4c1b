"""The score desk 评分台: open a piece, keep its draft, hand it in, take it back, stand back from it.

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
from models.assignments import assignment, owned_piece
from models.desk_store import DeskStore
from models.drafts import (
    Task,
    answer_of,
    draft,
    drop_draft,
    due,
    forget_answers,
    is_pending,
    keep_answer,
    open_draft,
    pending_of,
    put_pending,
    refuse_pending,
    save_draft,
    take_back,
)
from models.records import Round
from models.store import Act, Row, Store
from rubrics.errors import WorkbenchError
from workbench.errors import InputError, RefusedError
from workbench.services.assignments import follow_up
from workbench.services.calibration import after_seed, prepare_desk
from workbench.services.calibration_gate import gate_of
from workbench.services.desk_content import Given, content_of, given_of, missing_from, read_of
from workbench.services.desk_tasks import PENDING, next_task, task_of, tasks
from workbench.services.desk_view import desk_view, nothing_left
from workbench.services.reads import ReadJudge, record_read
from workbench.services.roles import RATER, authorise
from workbench.services.workspace import Workspace

UNDO_SECONDS = 10
"""Seconds during which a submission can be taken back; nobody else sees it before."""

STAND_BACK = ("conflict", "unreadable", "other")
"""Why somebody stands back from a piece without a read."""

_KEPT = timedelta(days=2)
_ACTIONS = {Round.CHAIR: "read.rule", Round.COUNTY: "read.county"}

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
    settle(workspace, at)
    prepare_desk(workspace, person_id, at)
    with _both(workspace) as (store, desk):
        mine = tasks(store, desk, workspace, person_id)
        handed_in = {each.task.piece_id for each in mine if each.state == PENDING}
        if not piece_id or piece_id in handed_in:
            piece_id = next_task(mine, piece_id)
        undo = _undo_offer(desk, person_id, at)
        gate = gate_of(store, workspace.policy, person_id)
        if not piece_id and not undo and not gate.is_open and RATER in roles_held(store, person_id):
            raise gate.refusal()
        if not piece_id:
            return nothing_left(mine, undo) if mine else None
        task = task_of(store, workspace, person_id, piece_id)
        return desk_view(store, workspace, task, open_draft(desk, task, at), mine, undo)


def save(workspace: Workspace, person_id: str, sent: Mapping[str, Any], at: datetime) -> Answer:
    """Keep a draft that nobody has changed since; the same request again changes nothing.

    Parameters
    ----------
    sent : mapping
        ``key`` (of this request), ``piece``, ``round``, ``reading``, ``version`` (of
        the draft it was made from), ``marks`` and ``comments`` by criterion.

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
        If the piece was never opened by this person.
    """
    given = given_of(sent)
    task = Task(given.piece_id, person_id, given.round, given.reading)
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
    settle(workspace, at)
    with _both(workspace) as (store, desk):
        if (known := answer_of(desk, given.key, person_id)) is not None:
            return known
        if is_pending(desk, Task(given.piece_id, person_id, given.round, given.reading)):
            return {"state": "submitted", "next": "", "seconds": 0}
        task = task_of(store, workspace, person_id, given.piece_id)
        with desk.transaction():
            kept = _keep(desk, workspace, task, given, at)
        if kept["state"] != "saved":
            return kept
        answer = {**_hand_in(store, desk, workspace, task, at), "version": kept["version"]}
        if answer["state"] == "submitted":
            answer["next"] = next_task(tasks(store, desk, workspace, person_id), task.piece_id)
            with desk.transaction():
                keep_answer(desk, given.key, person_id, answer, at)
                forget_answers(desk, at - _KEPT)
        return answer


def undo(workspace: Workspace, person_id: str, piece_id: str, at: datetime) -> Answer:
    """Take a submission back; ``state`` is ``taken_back``, or ``too_late`` when its time has passed."""
    with workspace.desk() as desk, desk.transaction():
        for row in pending_of(desk, person_id):
            if row["piece_id"] == piece_id and take_back(desk, _task(row), at):
                return {"state": "taken_back", "piece": piece_id}
    settle(workspace, at)
    return {"state": "too_late", "piece": piece_id}


def stand_back(
    workspace: Workspace, person_id: str, piece_id: str, why: str, words: str, at: datetime
) -> Answer:
    """Hand a piece back unread; it goes to another reader where there is one.

    Parameters
    ----------
    why : str
        One of ``STAND_BACK``.
    words : str
        Reason, kept in the audit log.

    Raises
    ------
    InputError
        Without a known cause or without words.
    RefusedError
        If the piece is not assigned to this person.
    """
    if why not in STAND_BACK or not words.strip():
        raise InputError(
            f"standing back needs a cause ({', '.join(STAND_BACK)}) and its reason in words.",
            key="desk.stand_back",
        )
    with _both(workspace) as (store, desk):
        act = authorise(store, Act(person_id, "", at, words.strip()), "read.stand_back")
        task = task_of(store, workspace, person_id, piece_id)
        found = assignment(store, piece_id, person_id)
        if found is None or task.round not in (Round.BLIND, Round.THIRD):
            raise RefusedError(
                f"piece {piece_id} is not assigned to this person.",
                key="desk.not_yours",
                piece=piece_id,
            )
        after = next_task(tasks(store, desk, workspace, person_id), piece_id)
        with store.transaction(act, "read.stand_back", piece_id) as tx:
            tx.insert("assignment_end", [{"assignment_id": found["assignment_id"], "why": why}])
        with desk.transaction():
            drop_draft(desk, task)
        follow_up(store, workspace, piece_id, Act(person_id, "", at))
    return {"state": "stood_back", "next": after}


def settle(workspace: Workspace, at: datetime, *, everything: bool = False) -> int:
    """Record what was handed in and can no longer be taken back; returns how many reads.

    Called whenever somebody opens or submits a piece, by the server a moment after
    a submission is due, and with ``everything`` when the server stops. One that
    cannot be recorded becomes a draft again that says why.
    """
    with workspace.desk() as desk:
        if not due(desk, None if everything else at):
            return 0
        recorded = 0
        with workspace.store() as store, desk.transaction():  # one at a time, whoever settles
            for row in due(desk, None if everything else at):
                recorded += _settle(store, desk, workspace, row, at)
        return recorded


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
    if found["content"] == content and found["version"] != given.version:
        return {"state": "saved", "version": found["version"]}  # sent again after a lost answer
    if save_draft(desk, task, given.version, content, at):
        return {"state": "saved", "version": given.version + 1}
    return {
        "state": "conflict",
        "version": found["version"],
        "marks": found["content"].get("marks", {}),
        "comments": found["content"].get("comments", {}),
    }


def _hand_in(
    store: Store, desk: DeskStore, workspace: Workspace, task: Task, at: datetime
) -> Answer:
    """Make a complete draft a submission, if it could be recorded as things stand."""
    found = draft(desk, task)
    piece = owned_piece(store, task.piece_id)
    if found is None or piece is None:
        return {"state": "refused", "remarks": [{"key": "rating.no_such_piece", "values": {}}]}
    if missing := missing_from(store, workspace, task, piece, found["content"]):
        return {"state": "incomplete", "missing": missing}
    read = read_of(task, piece, found, at)
    judged = ReadJudge(store, workspace.policy, workspace.rubrics).judge(read)
    if judged.remarks:
        remarks = [{"key": r.key, "values": dict(r.values)} for r in judged.remarks]
        return {"state": "refused", "remarks": remarks}
    with desk.transaction():
        if not is_pending(desk, task):
            put_pending(desk, task, at, at + timedelta(seconds=UNDO_SECONDS))
    return {"state": "submitted", "next": "", "seconds": UNDO_SECONDS}


def _settle(store: Store, desk: DeskStore, workspace: Workspace, row: Row, at: datetime) -> int:
    """Record one submission; 0 where it is recorded already or cannot be."""
    task = _task(row)
    found, piece = draft(desk, task), owned_piece(store, task.piece_id)
    if found is None or piece is None:
        drop_draft(desk, task)
        return 0
    read = read_of(task, piece, found, datetime.fromisoformat(row["submitted_at"]))
    action = _ACTIONS.get(Round(task.round), "read.submit")
    try:
        act = authorise(store, Act(task.rater_id, "", at), action)
    except WorkbenchError as refused:
        refuse_pending(desk, task, [f"error.{refused.key}"])
        return 0
    judged = ReadJudge(store, workspace.policy, workspace.rubrics).judge(read)
    if judged.remarks:
        refuse_pending(desk, task, [remark.key for remark in judged.remarks])
        return 0
    if not judged.same:
        with store.transaction(act, action, task.piece_id) as tx:
            record_read(tx, read, judged)
    drop_draft(desk, task)
    if read.round == Round.SEED:
        after_seed(store, workspace, task.rater_id, at)
    elif task.round in (Round.BLIND, Round.THIRD):
        follow_up(store, workspace, task.piece_id, act)
    return int(not judged.same)


def _undo_offer(desk: DeskStore, person_id: str, at: datetime) -> Answer | None:
    """Submission that can be taken back now, the newest, with the seconds left."""
    for row in pending_of(desk, person_id):
        left = (datetime.fromisoformat(row["due_at"]) - at).total_seconds()
        if left > 0:
            return {"piece": row["piece_id"], "seconds": round(left, 1)}
    return None


def _task(row: Row) -> Task:
    return Task(row["piece_id"], row["rater_id"], row["round"], row["reading"])


@contextmanager
def _both(workspace: Workspace) -> Iterator[tuple[Store, DeskStore]]:
    """Open the working database and the desk's."""
    with workspace.store() as store, workspace.desk() as desk:
        yield store, desk
