"""Calibration 校准 with seed pieces: practice, qualification, hidden seeds, the lock and what follows.

A rater begins on the page; every further step follows from a recorded read or
from opening the desk, by the policy's rule and not by a person. A chair lets
somebody try again or releases a lock, with a reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from models.assignments import last_positions
from models.calibration import (
    calibration_events,
    calibration_tasks,
    competencies_to_read,
    expert_marks_of,
    has_to_read,
    last_read_at,
    latest_sitting,
    seed_pieces,
    seed_reads,
)
from models.store import Act, Row, Store, Transaction
from rubrics.rubric import RubricSet
from scoring.calibration import GOING_ON, PASSED, UNDECIDED, Comparison, compare, since_last_hit
from workbench.errors import InputError, RefusedError
from workbench.services.calibration_gate import (
    AFRESH,
    FAILED,
    FREE,
    HIDDEN,
    LOCKED,
    PRACTICE,
    SEEDS,
    TEST,
    UNQUALIFIED,
    CalibrationRule,
    calibration_rule,
    gate_of,
    mode_of,
    standing_of,
)
from workbench.services.recall import reallocate, recall_reads
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

DRIFT, TWO_LEVELS = "drift", "two_levels"
"""Why somebody is locked: too many misses, or one read too far from the experts."""

_AHEAD = 2  # pieces of the qualification on the desk: one is read while the other is recorded
_BY_RULE = "rule:calibration"
_WATCHED = (HIDDEN, AFRESH)


def begin_practice(workspace: Workspace, act: Act) -> int:
    """Give a rater the practice pieces; returns how many are new on the desk."""
    with workspace.store() as store:
        act = authorise(store, act, "calibration.take")
        rule = _with_seeds(workspace)
        given = sum(row["kind"] == PRACTICE for row in calibration_tasks(store, act.actor))
        pieces = _unseen(store, act.actor, PRACTICE, rule.practice_pieces - given)
        with store.transaction(act, "calibration.practice", act.actor) as tx:
            _give(store, tx, act.actor, pieces, PRACTICE)
        return len(pieces)


def begin_qualification(workspace: Workspace, act: Act) -> int:
    """Begin the sequential test of a rater; returns how many pieces are on the desk for it.

    Raises
    ------
    RefusedError
        If it is under way or over, or no seed piece of it is left.
    """
    with workspace.store() as store:
        act = authorise(store, act, "calibration.take")
        _with_seeds(workspace)
        events = calibration_events(store, act.actor)
        if standing_of(events) != UNQUALIFIED:
            raise RefusedError(
                "the qualification is under way or over. The page 校准 says what comes next.",
                key="calibration.not_to_begin",
            )
        waiting = _waiting(store, act.actor, TEST)
        pieces = _unseen(store, act.actor, TEST, _AHEAD - len(waiting))
        if not pieces and not waiting:
            raise RefusedError(
                "no seed piece for the qualification is left. Ask the county for another pack.",
                key="calibration.pack_used_up",
            )
        with store.transaction(act, "calibration.begin", act.actor) as tx:
            _note(tx, act.actor, "begun", attempt=1 + sum(e["kind"] == "begun" for e in events))
            _give(store, tx, act.actor, pieces, TEST)
        return len(pieces) + len(waiting)


def let_try_again(workspace: Workspace, rater_id: str, act: Act) -> None:
    """Let a rater who failed take the qualification once more, with other pieces."""
    _decide(workspace, rater_id, act, FAILED, "again")


def release(workspace: Workspace, rater_id: str, act: Act) -> int:
    """Release a lock after the chair has talked to the rater; returns pieces to be read first.

    Raises
    ------
    InputError
        Without a reason.
    RefusedError
        If the rater is not locked, or the actor is the rater.
    """
    return _decide(workspace, rater_id, act, LOCKED, "released")


def after_seed(store: Store, workspace: Workspace, rater_id: str, at: datetime) -> None:
    """Go on after a seed piece was recorded: the test's next step, or the look-out for drift."""
    rule = calibration_rule(workspace.policy)
    reads = seed_reads(store, rater_id)
    if rule.mode != SEEDS or not reads:
        return
    act = Act(rater_id, _BY_RULE, at)
    if reads[-1]["kind"] == TEST:
        _go_on_with_test(store, workspace, rule, act, reads)
    elif reads[-1]["kind"] in _WATCHED:
        _watch(store, workspace, rule, act, reads)


def prepare_desk(workspace: Workspace, rater_id: str, at: datetime) -> None:
    """See to what a sitting begins with: pieces after a break, hidden seeds, a seed in front.

    Who has nothing that counts left to read is given no seeds either.
    """
    if mode_of(workspace.policy) != SEEDS:
        return
    rule = calibration_rule(workspace.policy)
    with workspace.store() as store:
        gate = gate_of(store, workspace.policy, rater_id)
        if not gate.is_open or gate.state == FREE or not has_to_read(store, rater_id):
            return
        last = last_read_at(store, rater_id)
        if _after_break(store, rule, rater_id, last, at):
            return
        if _is_new_sitting(store, rule, rater_id, last, at):
            _begin_sitting(store, rule, rater_id, gate.state, at)


def compared(
    store: Store, rubrics: RubricSet, reads: Sequence[Row]
) -> list[tuple[Row, Comparison]]:
    """Reads of seed pieces (rows of ``seed_reads``) held against the experts' marks."""
    experts = expert_marks_of(store)
    return [
        (
            row,
            compare(
                rubrics[row["competency"]].slot(row["slot_id"]),
                row["marks"],
                {name: met for name, (met, _) in experts[row["piece_id"]].items()},
            ),
        )
        for row in reads
    ]


def hits_of_test(events: Sequence[Row], found: Sequence[tuple[Row, Comparison]]) -> list[bool]:
    """Pieces of the present qualification, right or not, in their order."""
    since = max((event["tx"] for event in events if event["kind"] == "begun"), default=0)
    return [made.hit for row, made in found if row["kind"] == TEST and row["tx"] > since]


def watched(
    events: Sequence[Row], found: Sequence[tuple[Row, Comparison]]
) -> list[tuple[Row, Comparison]]:
    """Hidden and recalibration pieces since the last release, which the look-out for drift counts."""
    since = max((event["tx"] for event in events if event["kind"] == "released"), default=0)
    return [(row, made) for row, made in found if row["kind"] in _WATCHED and row["tx"] > since]


def _with_seeds(workspace: Workspace) -> CalibrationRule:
    rule = calibration_rule(workspace.policy)
    if rule.mode != SEEDS:
        raise RefusedError(
            "this round has no qualification: policy calibration.mode is not seeds.",
            key="calibration.no_seeds_mode",
        )
    return rule


def _go_on_with_test(
    store: Store, workspace: Workspace, rule: CalibrationRule, act: Act, reads: Sequence[Row]
) -> None:
    events = calibration_events(store, act.actor)
    if standing_of(events) != "qualifying":
        return
    hits = hits_of_test(events, compared(store, workspace.rubrics, reads))
    ended = rule.qualification.decide(hits)
    waiting = _waiting(store, act.actor, TEST)
    pieces = _unseen(store, act.actor, TEST, _AHEAD - len(waiting)) if ended == GOING_ON else []
    if ended == GOING_ON and not pieces and not waiting:
        ended = UNDECIDED
    if ended == GOING_ON and not pieces:
        return
    with store.transaction(act, "calibration.test", act.actor) as tx:
        _give(store, tx, act.actor, pieces, TEST)
        if ended != GOING_ON:
            _note(tx, act.actor, ended, read=len(hits), right=sum(hits))
        if ended in (PASSED, UNDECIDED):
            left = [*waiting, *_waiting(store, act.actor, PRACTICE)]
            over = [{"assignment_id": row["assignment_id"], "why": "calibration"} for row in left]
            tx.insert("assignment_end", over)


def _watch(
    store: Store, workspace: Workspace, rule: CalibrationRule, act: Act, reads: Sequence[Row]
) -> None:
    """Lock a rater whose seed pieces say so, and recall what was read since the last one right."""
    events = calibration_events(store, act.actor)
    if standing_of(events) == LOCKED:
        return
    every = compared(store, workspace.rubrics, reads)
    seen = watched(events, every)
    score = rule.drift.score(made.hit for _, made in seen)
    wide = rule.drift.is_wide(seen[-1][1])
    if not wide and not rule.drift.locks(score):
        return
    cause = TWO_LEVELS if wide else DRIFT
    tested = [(row, made) for row, made in every if row["kind"] != PRACTICE]
    sound = since_last_hit([made.hit for _, made in tested])
    since = "" if sound is None else tested[sound][0]["submitted_at"]
    with store.transaction(act, "calibration.lock", act.actor) as tx:
        due = workspace.policy["hold.due_days"]
        made = recall_reads(store, tx, act.actor, f"calibration:{cause}", act, due, since)
        told = {"cause": cause, "score": f"{score:.2f}", "since": since, "hold": made.hold_id}
        _note(tx, act.actor, "locked", **told, recalled=len(made.reads))
    reallocate(store, workspace, made.pieces, act)


def _after_break(
    store: Store, rule: CalibrationRule, rater_id: str, last: str, at: datetime
) -> bool:
    """Give pieces to be read afresh where a rater has not read for long; whether any were given."""
    if not last:
        return False
    away = at - datetime.fromisoformat(last)
    if away < timedelta(hours=rule.break_hours):
        return False
    if any(
        e["kind"] == "break" and e["told"].get("last") == last
        for e in calibration_events(store, rater_id)
    ):
        return False
    long = away >= timedelta(days=rule.long_break_days)
    count = rule.long_break_pieces if long else rule.break_pieces
    pieces = _unseen(store, rater_id, HIDDEN, count)
    if not pieces:
        return False
    with store.transaction(Act(rater_id, _BY_RULE, at), "calibration.break", rater_id) as tx:
        _note(tx, rater_id, "break", last=last, pieces=len(pieces))
        _give(store, tx, rater_id, pieces, AFRESH)
    return True


def _is_new_sitting(
    store: Store, rule: CalibrationRule, rater_id: str, last: str, at: datetime
) -> bool:
    sitting = latest_sitting(store, rater_id)
    if sitting is None:
        return True
    begun = store.where("audit_log", seq=sitting["tx"])[0]["at"]
    return at - datetime.fromisoformat(max(last, begun)) >= timedelta(hours=rule.sitting_hours)


def _begin_sitting(
    store: Store, rule: CalibrationRule, rater_id: str, state: str, at: datetime
) -> None:
    """Thread in the hidden seeds that are due and put one of them in front.

    Where those that go with the load are all read, one more is taken, so that every
    sitting opens with a seed as long as the pack lasts.
    """
    reads = sum(competencies_to_read(store, rater_id).values())
    if not reads:
        return
    given = [row for row in calibration_tasks(store, rater_id) if row["kind"] == HIDDEN]
    waiting = [r["piece_id"] for r in given if r["why"] is None and r["read_id"] is None]
    due = max(rule.hidden_for(reads, state) - len(given), 0 if waiting else 1)
    pieces = _unseen(store, rater_id, HIDDEN, due)
    first = next(iter([*waiting, *pieces]), "")
    with store.transaction(Act(rater_id, _BY_RULE, at), "calibration.sitting", rater_id) as tx:
        _give(store, tx, rater_id, pieces, HIDDEN)
        tx.insert("sitting", [{"rater_id": rater_id, "first_piece": first}])


def _decide(workspace: Workspace, rater_id: str, act: Act, state: str, kind: str) -> int:
    """Record what a chair decides about a rater who is in this state."""
    if not act.reason.strip():
        raise InputError(
            f"rater {rater_id}: a decision about calibration needs a reason. Give one.",
            key="calibration.reason_needed",
            rater=rater_id,
        )
    with workspace.store() as store:
        act = authorise(store, act, "calibration.decide")
        rule = _with_seeds(workspace)
        if act.actor == rater_id:
            raise _not_to_decide(rater_id, state)
        _must_be(store, workspace, rater_id, state)
        again = _unseen(store, rater_id, HIDDEN, rule.break_pieces) if kind == "released" else []
        with store.transaction(act, f"calibration.{kind}", rater_id) as tx:
            _must_be(store, workspace, rater_id, state)  # the same click may have come twice
            _note(tx, rater_id, kind)
            if again:
                _note(tx, rater_id, "break", last="", pieces=len(again))
                _give(store, tx, rater_id, again, AFRESH)
        return len(again)


def _must_be(store: Store, workspace: Workspace, rater_id: str, state: str) -> None:
    if gate_of(store, workspace.policy, rater_id).state != state:
        raise _not_to_decide(rater_id, state)


def _not_to_decide(rater_id: str, state: str) -> RefusedError:
    return RefusedError(
        f"rater {rater_id} is not {state}, or decides about themselves.",
        key="calibration.not_to_decide",
        rater=rater_id,
    )


def _waiting(store: Store, rater_id: str, kind: str) -> list[Row]:
    return [
        row
        for row in calibration_tasks(store, rater_id)
        if row["kind"] == kind and row["why"] is None and row["read_id"] is None
    ]


def _unseen(store: Store, rater_id: str, purpose: str, count: int) -> list[str]:
    """Seed pieces a rater was never given, of the competencies they read first; drawn by rater.

    Everybody has another order, so that two raters cannot tell each other what comes.
    """
    if count <= 0:
        return []
    had = {row["piece_id"] for row in calibration_tasks(store, rater_id)}
    own: Mapping[str, int] = competencies_to_read(store, rater_id)
    found = [
        row
        for row in seed_pieces(store)
        if row["purpose"] == purpose and row["piece_id"] not in had
    ]

    def place(row: Row) -> tuple[bool, bytes]:
        told = f"{rater_id}|{row['piece_id']}".encode()
        return row["competency"] not in own, hashlib.sha256(told).digest()

    return [row["piece_id"] for row in sorted(found, key=place)[:count]]


def _give(store: Store, tx: Transaction, rater_id: str, pieces: Sequence[str], kind: str) -> None:
    """Put seed pieces on a rater's desk as what they look like there: first reads."""
    last = last_positions(store).get(rater_id, 0)
    for place, piece_id in enumerate(pieces, last + 1):
        row = {"piece_id": piece_id, "rater_id": rater_id, "round": "blind", "reading": 1}
        (assignment_id,) = tx.insert("assignment", [{**row, "position": place}])
        tx.insert("calibration_task", [{"assignment_id": assignment_id, "kind": kind}])


def _note(tx: Transaction, rater_id: str, kind: str, **told: object) -> None:
    said = json.dumps(told, ensure_ascii=False)
    tx.insert("calibration_event", [{"rater_id": rater_id, "kind": kind, "told": said}])
