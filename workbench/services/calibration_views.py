"""What the page 校准 shows: a rater's own way, the chair's board, and how often the rules err."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts import holders_of, roles_held
from models.calibration import (
    calibration_events,
    calibration_tasks,
    expert_marks_of,
    seed_packs,
    seed_pieces,
    seed_reads,
)
from models.recalls import recalled_by_rater
from models.store import Row, Store
from rubrics.rubric import RubricSet
from scoring.calibration import Comparison
from workbench.errors import RefusedError
from workbench.messages import language
from workbench.services.calibration import compared, hits_of_test, watched
from workbench.services.calibration_gate import (
    AFRESH,
    HIDDEN,
    LOCKED,
    PRACTICE,
    QUALIFYING,
    TEST,
    CalibrationRule,
    calibration_rule,
    gate_of,
)
from workbench.services.roles import RATER, may_see, scope_of
from workbench.services.workspace import Workspace

ACCURACIES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Accuracies the page says the error rates for."""

SEED_COUNTS = (10, 20)


@dataclass(frozen=True)
class RaterView:
    """A rater's own way: state, what waits on the desk, and feedback on what is over.

    ``read`` and ``right`` count the present qualification; ``feedback`` holds
    practice pieces, and the others once they can no longer help on what follows.
    Hidden seeds are never in it.
    """

    mode: str
    state: str
    waiting: int
    practice_left: int
    read: int
    right: int
    most: int
    feedback: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class BoardRow:
    """One rater on the chair's board; counts are seed pieces, ``score`` the CUSUM's."""

    rater_id: str
    name: str
    state: str
    test_read: int
    test_right: int
    seeds_read: int
    seeds_right: int
    seeds_left: int
    score: float
    limit: float
    cause: str
    since: str
    recalled: int


@dataclass(frozen=True)
class Board:
    """The chair's board: raters, packs, and seed pieces raters get wrong."""

    mode: str
    raters: tuple[BoardRow, ...]
    packs: tuple[Row, ...]
    purposes: Mapping[str, int]
    seeds: tuple[dict[str, Any], ...]


def rater_view(workspace: Workspace, person_id: str) -> RaterView:
    """A rater's own way through calibration, in the language of the run."""
    rule = calibration_rule(workspace.policy)
    with workspace.store() as store:
        may_see(store, person_id, "calibration.own")
        gate = gate_of(store, workspace.policy, person_id)
        events = calibration_events(store, person_id)
        found = compared(store, workspace.rubrics, seed_reads(store, person_id))
        tasks = calibration_tasks(store, person_id)
        experts = expert_marks_of(store)
        seeds = Counter(row["purpose"] for row in seed_pieces(store))
    hits = hits_of_test(events, found)
    told = {PRACTICE, *(() if gate.state == QUALIFYING else (TEST,))}
    told |= set() if gate.own else {AFRESH}
    given = sum(row["kind"] == PRACTICE for row in tasks)
    return RaterView(
        rule.mode,
        gate.state,
        len(gate.own),
        max(0, min(rule.practice_pieces, seeds["practice"]) - given),
        len(hits),
        sum(hits),
        rule.qualification.most,
        tuple(
            _feedback(workspace.rubrics, row, made, experts[row["piece_id"]])
            for row, made in reversed(found)
            if row["kind"] in told
        ),
    )


def board(workspace: Workspace, person_id: str) -> Board:
    """Every rater a chair may see, the packs, and how each seed piece fares."""
    rule = calibration_rule(workspace.policy)
    with workspace.store() as store:
        role = may_see(store, person_id, "calibration.show")
        person = store.one("person", person_id=person_id)
        scope = scope_of(store, person, role) if person else None
        found = compared(store, workspace.rubrics, seed_reads(store))
        rows = _rows(store, workspace, rule, found, scope)
        pieces, packs = seed_pieces(store), seed_packs(store)
    return Board(
        rule.mode,
        tuple(rows),
        tuple(packs),
        Counter(row["purpose"] for row in pieces),
        tuple(_seed(row, found) for row in pieces) if scope is None else (),
    )


def standings(workspace: Workspace) -> list[dict[str, Any]]:
    """Every rater's standing as the objects of ``calibration status --json``."""
    rule = calibration_rule(workspace.policy)
    with workspace.store() as store:
        found = compared(store, workspace.rubrics, seed_reads(store))
        return [vars(row) for row in _rows(store, workspace, rule, found, None)]


def notice(workspace: Workspace, person_id: str) -> RefusedError | None:
    """Why pieces that count are closed to a rater, or None where they are not."""
    with workspace.store() as store:
        if RATER not in roles_held(store, person_id):
            return None
        gate = gate_of(store, workspace.policy, person_id)
        return None if gate.is_open else gate.refusal()


def error_rates(workspace: Workspace) -> list[dict[str, float]]:
    """How often the rules of this round err, by accuracy: exact chances, 0 to 1."""
    rule = calibration_rule(workspace.policy)
    made = []
    for accuracy in ACCURACIES:
        test = rule.qualification.chances(accuracy)
        locks = rule.drift.lock_chances(accuracy, max(SEED_COUNTS))
        row = {"accuracy": accuracy, "passed": test.passed, "failed": test.failed}
        row |= {"undecided": test.undecided, "pieces": test.pieces}
        made.append(row | {f"locked_{n}": locks[n - 1] for n in SEED_COUNTS})
    return made


def _rows(
    store: Store,
    workspace: Workspace,
    rule: CalibrationRule,
    found: Sequence[tuple[Row, Comparison]],
    scope: str | None,
) -> list[BoardRow]:
    """Rows of the raters of one school; of everybody without one."""
    tasks, events = calibration_tasks(store), calibration_events(store)
    recalled = recalled_by_rater(store)
    rows = []
    for person in holders_of(store, RATER):
        own = person["person_id"]
        if scope not in (None, person["school_id"]):
            continue
        told = _seeds_told(
            rule,
            [event for event in events if event["rater_id"] == own],
            [(row, made) for row, made in found if row["rater_id"] == own],
            [task for task in tasks if task["rater_id"] == own],
        )
        state = gate_of(store, workspace.policy, own).state
        if state != LOCKED:
            told |= {"cause": "", "since": ""}
        rows.append(BoardRow(own, person["name"], state, **told, recalled=recalled.get(own, 0)))
    return rows


def _seeds_told(
    rule: CalibrationRule,
    events: Sequence[Row],
    found: Sequence[tuple[Row, Comparison]],
    tasks: Sequence[Row],
) -> dict[str, Any]:
    """What the board says of a rater's seed pieces."""
    test = hits_of_test(events, found)
    hidden = [made.hit for row, made in found if row["kind"] == HIDDEN]
    locks = [event["told"] for event in events if event["kind"] == "locked"]
    waiting = (t for t in tasks if t["kind"] == HIDDEN and t["why"] is None)
    return {
        "test_read": len(test),
        "test_right": sum(test),
        "seeds_read": len(hidden),
        "seeds_right": sum(hidden),
        "seeds_left": sum(task["read_id"] is None for task in waiting),
        "score": rule.drift.score(made.hit for _, made in watched(events, found)),
        "limit": rule.drift.limit,
        "cause": locks[-1]["cause"] if locks else "",
        "since": locks[-1]["since"] if locks else "",
    }


def _seed(piece: Row, found: Sequence[tuple[Row, Comparison]]) -> dict[str, Any]:
    """How a seed piece fares: one that most get wrong may itself be wrong."""
    own = [made for row, made in found if row["piece_id"] == piece["piece_id"]]
    wrong = Counter(name for made in own for name in made.wrong)
    return {
        "piece_id": piece["piece_id"],
        "slot_id": piece["slot_id"],
        "purpose": piece["purpose"],
        "read": len(own),
        "missed_share": sum(not made.hit for made in own) / len(own) if own else None,
        "criterion": wrong.most_common(1)[0][0] if wrong else "",
    }


def _feedback(
    rubrics: RubricSet, read: Row, made: Comparison, experts: Mapping[str, tuple[int, str]]
) -> dict[str, Any]:
    slot = rubrics[read["competency"]].slot(read["slot_id"])
    zh = language() == "zh"
    return {
        "piece_id": read["piece_id"],
        "kind": read["kind"],
        "slot_id": slot.slot_id,
        "slot": slot.name_zh if zh else slot.name_en,
        "hit": made.hit,
        "level": made.level,
        "expert_level": made.expert_level,
        "criteria": [
            {
                "criterion": c.criterion_id,
                "words": c.text_zh if zh else c.text_en,
                "own": read["marks"].get(c.criterion_id),
                "own_words": read["comments"].get(c.criterion_id, ""),
                "expert": experts[c.criterion_id][0],
                "reason": experts[c.criterion_id][1],
                "same": c.criterion_id not in made.wrong,
            }
            for c in sorted(slot.criteria, key=lambda c: c.criterion_id not in made.wrong)
        ],
    }
