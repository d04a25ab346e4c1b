"""Resubmission 补测: a failed or rejected piece handed in anew, once its note was given and in time.

What comes in anew is attempt 2. Attempt 1 stays as it was read, nobody who saw
it reads again, and what is not handed in anew keeps its earlier result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from models.cases import rejected_pieces
from models.desk_work import replaceable_pieces
from models.publications import published_levels
from models.records import ReasonNone
from models.resubmissions import notes_given
from models.store import Act, Row, Store
from models.submissions import owned_pieces
from rubrics.levels import Level
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import Rubric
from workbench.services.checks import REJECT, Remark
from workbench.services.reach import act_for
from workbench.services.results import (
    CONCLUSION,
    ResultRow,
    closed_windows,
    result_standing,
)
from workbench.services.working_days import day_of
from workbench.services.workspace import Workspace

ATTEMPTS = 2
"""Attempts there can be at one competency in one round."""

Key = tuple[str, str, str]
"""Teacher, competency and slot."""


@dataclass(frozen=True)
class Given:
    """A note handed over: whose, what may be handed in anew, and the last day for it."""

    teacher_id: str
    competency: str
    slots: tuple[str, ...]
    until: date | None

    def as_json(self) -> dict[str, object]:
        """Return the flat object of ``feedback give --json``."""
        return {
            "teacher_id": self.teacher_id,
            "competency": self.competency,
            "slots": list(self.slots),
            "until": self.until and self.until.isoformat(),
        }


def may_come_again(
    row: ResultRow, rubric: Rubric, rejected: Mapping[Key, str], policy: PolicyPack
) -> tuple[str, ...]:
    """Slots of a result that may be handed in anew as the next attempt.

    They are the slots that failed or were rejected, and those missing once the
    window is closed; every slot where policy does not keep to failed ones. While
    the window is open a missing slot is filled in the attempt under way.
    """
    if row.attempt > min(policy["resubmission.max_times"], ATTEMPTS - 1) or row.held:
        return ()
    failed = row.level is Level.FAIL
    if failed and not policy["resubmission.only_failed_pieces"]:
        return tuple(slot.slot_id for slot in rubric.slots)
    found = [each.slot_id for each in row.decided_by] if failed else []
    if failed or row.reason_none is ReasonNone.MISSING_EVIDENCE:
        own = ((row.teacher_id, row.competency, slot) for slot in row.missing)
        found += [key[2] for key in own if key in rejected]
    return tuple(dict.fromkeys(found))


def rejected_slots(store: Store) -> dict[Key, str]:
    """Pieces a case ended by rejecting, by teacher, competency and slot."""
    gone = rejected_pieces(store)
    return {
        (row["teacher_id"], row["competency"], row["slot_id"]): row["piece_id"]
        for row in owned_pieces(store)
        if row["piece_id"] in gone
    }


def is_due(row: ResultRow, shown: Mapping[tuple[str, str], str]) -> bool:
    """Whether a note is due: of a 不合格 once it is published, of a 待补件 at once."""
    if row.competency == CONCLUSION:
        return False
    if row.reason_none is ReasonNone.MISSING_EVIDENCE:
        return True
    return row.level is Level.FAIL and shown.get((row.teacher_id, row.competency)) == row.level


def give_feedback(workspace: Workspace, school_ids: list[str], act: Act) -> list[Given]:
    """Put on record that the notes due now were handed over; the time to hand in anew runs from here.

    A note handed over already is left alone unless the result has another level since.

    Raises
    ------
    RefusedError
        If the actor may not, or not for one of the schools.
    """
    with workspace.store() as store:
        act, schools = act_for(store, act, "feedback.give", school_ids)
        standing = result_standing(store, workspace)
        given_on = day_of(act.at)
        until = given_on + timedelta(days=workspace.policy["resubmission.window_days"])
        told, shown = latest_notes(store), published_levels(store)
        rejected = rejected_slots(store)
        rows, made = [], []
        for row in standing.rows:
            if row.school_id not in schools or outcome_of(row) in told or not is_due(row, shown):
                continue
            rubric = workspace.rubrics[row.competency]
            slots = may_come_again(row, rubric, rejected, workspace.policy)
            last = until if slots or row.reason_none is ReasonNone.MISSING_EVIDENCE else None
            rows.append(_given_row(row, slots, given_on, last))
            made.append(Given(row.teacher_id, row.competency, slots, last))
        if rows:
            with store.transaction(act, "feedback.give", f"{len(rows)}") as tx:
                tx.insert("feedback_given", rows)
    return made


class Doors:
    """What may be handed in now, slot by slot: as which attempt, or why not at all.

    ``on`` is the day in China; None looks at no last day.
    """

    def __init__(self, store: Store, workspace: Workspace, on: date | None) -> None:
        self._store, self._workspace, self._on = store, workspace, on
        self._notes = {
            (note["teacher_id"], note["competency"], slot): note
            for note in notes_given(store)
            for slot in note["slots"]
        }
        self._closed = closed_windows(store)
        self._schools = {row["name"]: row["school_id"] for row in store.where("school")}
        self._filled = {
            (row["teacher_id"], row["competency"], row["slot_id"], row["attempt"])
            for row in owned_pieces(store)
        }
        self._rejected = rejected_slots(store)
        self._replaced = {
            (row["teacher_id"], row["competency"], row["slot_id"]): row["attempt"]
            for row in replaceable_pieces(store).values()
        }

    def of(self, key: Key, school: str) -> tuple[int, Remark | None]:
        """Attempt a new file of this slot belongs to, and why it is refused, if it is.

        Parameters
        ----------
        key : teacher, competency and slot
            The teacher's id is empty where nobody of that name is known.
        school : str
            Full name.
        """
        if key in self._replaced:  # a reader could not open it: a usable file may come in any time
            return self._replaced[key], None
        note = self._notes.get(key)
        if note is not None and self._still_open(key, note):
            until = date.fromisoformat(note["until"])
            late = self._on is not None and self._on > until
            over = Remark("resubmission_over", REJECT, {"until": note["until"]})
            return note["attempt"] + 1, over if late else None
        if self._schools.get(school) in self._closed:
            return 1, Remark("window_closed", REJECT, {"school": school})
        if key in self._rejected:
            return 1, Remark("awaits_note", REJECT)
        return 1, None

    def _still_open(self, key: Key, note: Row) -> bool:
        """Whether the slot came in anew, or its result still asks for it: a re-read may have lifted it."""
        if (*key, note["attempt"] + 1) in self._filled:
            return True
        row = self._rows.get(key[:2])
        if row is None or row.attempt > note["attempt"] + 1:
            return False
        if row.attempt == note["attempt"] + 1:  # another slot came first
            return True
        rubric = self._workspace.rubrics[key[1]]
        return key[2] in may_come_again(row, rubric, self._rejected, self._workspace.policy)

    @cached_property
    def _rows(self) -> dict[tuple[str, str], ResultRow]:
        standing = result_standing(self._store, self._workspace)
        return {(row.teacher_id, row.competency): row for row in standing.rows}


def awaited(store: Store, on: date) -> set[tuple[str, str]]:
    """Teacher and competency of a later attempt of which a slot may still be handed in.

    Its result is not final before the last day, or before every slot came.
    """
    running = [n for n in notes_given(store) if n["slots"] and on.isoformat() <= n["until"]]
    if not running:
        return set()
    came: dict[tuple[str, str, int], set[str]] = {}
    for row in owned_pieces(store):
        tried = (row["teacher_id"], row["competency"], row["attempt"])
        came.setdefault(tried, set()).add(row["slot_id"])
    found = set()
    for note in running:
        anew = came.get((note["teacher_id"], note["competency"], note["attempt"] + 1))
        if anew and set(note["slots"]) - anew:
            found.add((note["teacher_id"], note["competency"]))
    return found


def latest_notes(store: Store) -> dict[tuple[str, str, int, str], Row]:
    """Notes handed over, by teacher, competency, attempt and outcome."""
    return {_noted(row): row for row in notes_given(store)}


def _noted(row: Row) -> tuple[str, str, int, str]:
    return row["teacher_id"], row["competency"], row["attempt"], row["outcome"]


def outcome_of(row: ResultRow) -> tuple[str, str, int, str]:
    """Key of ``latest_notes`` for a result as it stands."""
    return row.teacher_id, row.competency, row.attempt, str(row.level or row.reason_none)


def _given_row(row: ResultRow, slots: tuple[str, ...], on: date, until: date | None) -> Row:
    teacher_id, competency, attempt, outcome = outcome_of(row)
    return {
        "teacher_id": teacher_id,
        "competency": competency,
        "attempt": attempt,
        "outcome": outcome,
        "slots": json.dumps(slots),
        "given_on": on.isoformat(),
        "until": until.isoformat() if until else "",
    }
