"""Recording what was handed in at the desk, once its ten seconds are over, by the road of every read."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from models.activity import active_ms, hand_in_time
from models.assignments import (
    assignment,
    county_readings,
    open_of_piece,
    owned_piece,
    standing_reads_of,
)
from models.closing import is_back_read
from models.desk_store import DeskStore
from models.drafts import (
    Task,
    draft,
    drop_draft,
    due,
    is_pending,
    put_pending,
    refuse_pending,
)
from models.parked import unpark
from models.records import Round
from models.store import Act, Row, Store, Transaction
from rubrics.errors import WorkbenchError
from workbench.services.assignments import follow_up
from workbench.services.calibration import after_seed
from workbench.services.desk_anchors import given_anchors, record_anchors
from workbench.services.desk_claims import give_up
from workbench.services.desk_content import missing_from, read_of
from workbench.services.exits import CANNOT_JUDGE, carry_out, note_exit
from workbench.services.outcomes import appeal_rules, consensus_rule
from workbench.services.reads import GivenRead, Judgement, ReadJudge, record_read
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

UNDO_SECONDS = 10
"""Seconds during which a submission can be taken back; nobody else sees it before."""

_ACTIONS = {Round.CHAIR: "read.rule", Round.COUNTY: "read.county"}

Answer = dict[str, Any]


def hand_in(
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
    return put_aside_to_settle(desk, task, at)


def put_aside_to_settle(desk: DeskStore, task: Task, at: datetime) -> Answer:
    """Let a draft lie for the seconds in which it can be taken back."""
    with desk.transaction():
        if not is_pending(desk, task):
            put_pending(desk, task, at, at + timedelta(seconds=UNDO_SECONDS))
            hand_in_time(desk, task, at)
            give_up(desk, task)
    return {"state": "submitted", "next": "", "seconds": UNDO_SECONDS}


def settle(
    workspace: Workspace, at: datetime, *, everything: bool = False, wait: bool = True
) -> int:
    """Record what was handed in and can no longer be taken back; returns how many reads.

    Called whenever somebody opens or submits a piece, by the server a moment after
    a submission is due, and with ``everything`` when the server stops. One that
    cannot be recorded becomes a draft again that says why.

    Who comes only to read or to hand in (not ``wait``) leaves it to whom they find
    at it: what these do not see is recorded at its own moment.
    """
    until = None if everything else at
    with workspace.desk() as desk:
        if not due(desk, until) or not workspace.memory(Settling).begin(wait=wait):
            return 0
        try:
            with workspace.store() as store:
                return sum(_settle_one(store, desk, workspace, row, at) for row in due(desk, until))
        finally:
            workspace.memory(Settling).end()


class Settling:
    """Whose turn it is to record, within one process: others need not stand in line for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def begin(self, *, wait: bool) -> bool:
        """Take the turn; False where somebody has it and one does not wait."""
        return self._lock.acquire(blocking=wait)

    def end(self) -> None:
        """Give the turn back."""
        self._lock.release()


def _settle_one(store: Store, desk: DeskStore, workspace: Workspace, row: Row, at: datetime) -> int:
    """Record one submission if it still waits; the desk's lock keeps other processes out meanwhile.

    One at a time, so that saves of others come in between.
    """
    with desk.transaction():
        return _settle(store, desk, workspace, row, at) if row in due(desk) else 0


def task_of_row(row: Row) -> Task:
    """Task a row of the desk's database is about."""
    return Task(row["piece_id"], row["rater_id"], row["round"], row["reading"])


def _settle(store: Store, desk: DeskStore, workspace: Workspace, row: Row, at: datetime) -> int:
    """Record one submission; 0 where it is recorded already, cannot be, or is no read."""
    task = task_of_row(row)
    found, piece = draft(desk, task), owned_piece(store, task.piece_id)
    if found is None or piece is None:
        drop_draft(desk, task)
        return 0
    left = found["content"].get("exit") or {}
    try:
        if left and left["kind"] != CANNOT_JUDGE:
            _leave(store, workspace, task, left, at)
            recorded = 0
        else:
            recorded = _record(store, desk, workspace, task, found, piece, row, at)
    except WorkbenchError as refused:
        refuse_pending(desk, task, [f"error.{refused.key}"])
        return 0
    except _Refused as refused:
        refuse_pending(desk, task, list(refused.args))
        return 0
    unpark(desk, task)
    drop_draft(desk, task)
    return recorded


def _leave(
    store: Store, workspace: Workspace, task: Task, left: dict[str, str], at: datetime
) -> None:
    """Carry out an exit, unless the assignment has ended meanwhile."""
    given = assignment(store, task.piece_id, task.rater_id)
    if given is not None and given["why"] is None and given["read_id"] is None:
        act = Act(task.rater_id, "", at, left["words"])
        carry_out(store, workspace, given, left["kind"], act)


class _Refused(Exception):
    """A read that is not taken; the arguments are the keys of the remarks."""


def _record(
    store: Store,
    desk: DeskStore,
    workspace: Workspace,
    task: Task,
    found: Row,
    piece: Row,
    row: Row,
    at: datetime,
) -> int:
    """Record a read with what the desk keeps beside it, and see to what follows from it."""
    read = read_of(task, piece, found, datetime.fromisoformat(row["submitted_at"]))
    left = found["content"].get("exit") or {}
    action = _ACTIONS.get(Round(task.round), "read.submit")
    if is_back_read(store, task.piece_id, task.rater_id):
        action = "read.back"
    act = authorise(store, Act(task.rater_id, "", at, left.get("words", "")), action)
    judged = ReadJudge(store, workspace.policy, workspace.rubrics).judge(read)
    if judged.remarks:
        raise _Refused(*(remark.key for remark in judged.remarks))
    if not judged.same:
        surplus = _is_surplus(store, workspace, task, read)
        with store.transaction(
            act, f"read.{left['kind']}" if left else action, task.piece_id
        ) as tx:
            read_id = record_read(tx, read, judged)
            _beside(store, tx, read_id, found, active_ms(desk, task), read)
            if surplus:
                _keep_as_extra(store, tx, task, judged)
            if left:
                note_exit(tx, row, left["kind"])
    if read.round == Round.SEED:
        after_seed(store, workspace, task.rater_id, at)
    elif task.round in (Round.BLIND, Round.THIRD):
        follow_up(store, workspace, task.piece_id, act)
    return int(not judged.same)


def _beside(
    store: Store, tx: Transaction, read_id: int, found: Row, measured: int | None, read: GivenRead
) -> None:
    """Keep the anchors of a read, and how long its reader was active."""
    anchors = given_anchors(found["content"].get("anchors", {}))
    record_anchors(store, tx, read_id, read.piece["piece_id"], anchors)
    if measured is not None:
        tx.insert("read_time", [{"read_id": read_id, "active_s": round(measured / 1000)}])


def _is_surplus(store: Store, workspace: Workspace, task: Task, read: GivenRead) -> bool:
    """Whether a read is one more than was given out: it is kept, and decides nothing.

    So it is where two people handed in at once what several may take, where a
    third read is there already, and where a reader hands in what has been given
    to somebody else in the meantime.
    """
    if read.round == Round.COUNTY:
        return bool(county_readings(store, [task.piece_id]) & {(task.piece_id, task.reading)})
    if read.round not in (Round.BLIND, Round.THIRD):
        return False
    others = {
        row["rater_id"]
        for row in standing_reads_of(store, task.piece_id)
        if row["round"] == read.round
    } - {task.rater_id}
    if read.round == Round.THIRD:
        return bool(others)
    given = assignment(store, task.piece_id, task.rater_id)
    if given is None or given["why"] is None:
        return False
    waiting = {
        row["rater_id"]
        for row in open_of_piece(store, task.piece_id)
        if row["round"] == read.round and not row["is_extra"]
    }
    rule = appeal_rules(store, workspace.policy).get(task.piece_id)
    return len(others | waiting) >= (rule or consensus_rule(workspace.policy)).reads_per_piece


def _keep_as_extra(store: Store, tx: Transaction, task: Task, judged: Judgement) -> None:
    """Mark a read as one that decides nothing; a pooled one is given out after the fact for it."""
    given = store.where(
        "assignment",
        piece_id=task.piece_id,
        rater_id=task.rater_id,
        round=task.round,
        reading=judged.reading,
    )
    if given:
        number = given[-1]["assignment_id"]
    else:
        row = dict(zip(("piece_id", "rater_id", "round", "reading"), task.values, strict=True))
        (number,) = tx.insert("assignment", [{**row, "position": 0}])
    tx.insert_missing("extra_read", [{"assignment_id": number}])
