"""Feedback 反馈单: for every 不合格 or 待补件, what decided it and what the teacher can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from models.people import code_order
from models.publications import closing_days, published_levels
from models.records import Decider, ReasonNone
from models.store import Act, Row, Store
from models.submissions import files_by_piece, owned_pieces
from rubrics.levels import Level
from workbench.errors import InputError
from workbench.services.desk_anchors import deciding_anchors, places_in_words
from workbench.services.resubmission import (
    is_due,
    latest_notes,
    may_come_again,
    outcome_of,
    rejected_slots,
)
from workbench.services.results import ResultRow, Standing, result_standing
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class Item:
    """One criterion (or missing piece) a result hangs on, in full."""

    slot_id: str
    slot_name: str
    files: tuple[str, ...]
    criterion_id: str
    criterion_text: str
    words: str
    place: str
    piece_id: str = ""


@dataclass(frozen=True)
class Feedback:
    """What one teacher is told about one competency.

    ``resubmit`` names what may be handed in, anew or for the first time;
    ``given_on`` is the day the note was handed over, None until then.
    """

    teacher: Row
    school: str
    competency: str
    name_zh: str
    attempt: int
    level: Level | None
    reason_none: ReasonNone | None
    items: tuple[Item, ...]
    resubmit: tuple[str, ...]
    resubmit_by: date | None
    object_by: date | None
    given_on: date | None = None


def add_reason(
    workspace: Workspace, piece_id: str, criterion_id: str, words: str, place: str, act: Act
) -> None:
    """Keep the chair's own words on a criterion, for the teacher; the latest ones are used.

    Raises
    ------
    InputError
        If there are no words, or the piece or its criterion does not exist.
    """
    if not words.strip():
        raise InputError("a reason for the teacher needs words.", key="feedback.words_needed")
    with workspace.store() as store:
        act = authorise(store, act, "feedback.reason")
        _must_exist(store, workspace, piece_id, criterion_id)
        owner = next(row for row in owned_pieces(store) if row["piece_id"] == piece_id)
        act = authorise(store, act, "feedback.reason", owner["school_id"])
        with store.transaction(act, "feedback.reason", piece_id) as tx:
            row = {
                "piece_id": piece_id,
                "criterion_id": criterion_id,
                "words": words,
                "place": place,
            }
            tx.insert("feedback_reason", [row])


def _must_exist(store: Store, workspace: Workspace, piece_id: str, criterion_id: str) -> None:
    piece = store.one("piece", piece_id=piece_id)
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    known = [c.criterion_id for c in slots[piece["slot_id"]].criteria] if piece else []
    if criterion_id not in known:
        raise InputError(
            f"there is no criterion {criterion_id} of a piece {piece_id}: "
            f"{'its criteria are ' + ', '.join(known) if known else 'the piece is unknown'}.",
            key="feedback.no_criterion",
            piece=piece_id,
            criterion=criterion_id,
        )


def feedback(workspace: Workspace, issued_on: date) -> list[Feedback]:
    """Notes due now: a 不合格 once it is published, a 待补件 at once."""
    with workspace.store() as store:
        standing = result_standing(store, workspace)
        shown = published_levels(store)
        told = _Telling(store, workspace, standing, issued_on)
        return [
            told.note(row)
            for row in sorted(
                standing.rows, key=lambda r: (r.school_id, r.teacher_id, code_order(r.competency))
            )
            if is_due(row, shown)
        ]


class _Telling:
    """Gathers what a note says."""

    def __init__(
        self, store: Store, workspace: Workspace, standing: Standing, issued_on: date
    ) -> None:
        self._store, self._workspace = store, workspace
        self._standing, self._issued_on = standing, issued_on
        self._teachers = {row["teacher_id"]: row for row in store.where("teacher")}
        self._schools = {row["school_id"]: row["name"] for row in store.where("school")}
        self._files = files_by_piece(store)
        self._reasons = {
            (row["piece_id"], row["criterion_id"]): row for row in store.where("feedback_reason")
        }
        self._closes = {key: date.fromisoformat(day) for key, day in closing_days(store).items()}
        self._given, self._rejected = latest_notes(store), rejected_slots(store)

    def note(self, row: ResultRow) -> Feedback:
        """Write one note."""
        rubric = self._workspace.rubrics[row.competency]
        given = self._given.get(outcome_of(row))
        slots = self._may_come(row)
        return Feedback(
            self._teachers[row.teacher_id],
            self._schools[row.school_id],
            row.competency,
            rubric.name_zh,
            row.attempt,
            row.level,
            row.reason_none,
            tuple(self._items(row)),
            tuple(f"{slot} {rubric.slot(slot).name_zh}" for slot in slots),
            self._until(given) if slots else None,
            self._closes.get((row.teacher_id, row.competency)),
            date.fromisoformat(given["given_on"]) if given else None,
        )

    def _may_come(self, row: ResultRow) -> list[str]:
        """Slots that may be handed in: anew, or for the first time while the window is open."""
        policy, rubric = self._workspace.policy, self._workspace.rubrics[row.competency]
        anew = may_come_again(row, rubric, self._rejected, policy)
        late = [slot for slot in row.missing if self._first_time(row, slot)]
        return list(dict.fromkeys([*anew, *late]))

    def _first_time(self, row: ResultRow, slot_id: str) -> bool:
        key = (row.teacher_id, row.competency, slot_id)
        decided = {each.slot_id for each in row.decided_by if row.level is Level.FAIL}
        return key not in self._rejected and slot_id not in decided

    def _until(self, given: Row | None) -> date:
        """Last day: counted from the day the note was handed over, or else from today."""
        if given and given["until"]:
            return date.fromisoformat(given["until"])
        return self._issued_on + timedelta(days=self._workspace.policy["resubmission.window_days"])

    def _items(self, row: ResultRow) -> Iterator[Item]:
        deciders = row.decided_by if row.level is Level.FAIL else ()
        missing = [Decider(slot, "missing") for slot in row.missing]
        listed = {d.slot_id for d in deciders if d.cause == "missing"}
        for decider in [*deciders, *(d for d in missing if d.slot_id not in listed)]:
            slot = self._workspace.rubrics[row.competency].slot(decider.slot_id)
            pieces = self._standing.pieces.get((row.teacher_id, row.competency), {})
            piece = pieces.get(decider.slot_id, "")
            files = tuple(Path(f["path"]).name for f in self._files.get(piece, ()) if f["path"])
            if decider.cause == "missing":
                yield Item(slot.slot_id, slot.name_zh, files, "", "", "", "")
            for criterion_id in decider.criteria:
                said = self._reasons.get((piece, criterion_id), {})
                found = deciding_anchors(self._store, piece, criterion_id, 0)
                yield Item(
                    slot.slot_id,
                    slot.name_zh,
                    files,
                    criterion_id,
                    slot.criterion(criterion_id).text_zh,
                    str(said.get("words", "")),
                    str(said.get("place", "")) or places_in_words(found, "zh"),
                    piece,
                )
