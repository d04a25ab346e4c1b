"""The lines of the close-out 结项清单: how each condition is computed, and where it is dealt with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from models import closing
from models.accounts import holders_of
from models.cases import holds
from models.desk_store import DeskStore
from models.drafts import due
from models.ledger.notes import parse_checkpoint, parse_note
from models.ledger.verifying import latest_checkpoint
from models.people import schools_of_round
from models.publications import (
    cleared_levels,
    open_publications,
    published_levels,
    unanswered_objections,
)
from models.records import ReasonNone
from models.store import Row, Store
from models.submissions import owned_pieces
from models.tables.closing import AFTER_CLOSING
from workbench.context import CHINA
from workbench.services.calibration_gate import LOCKED, SEEDS, gate_of, mode_of
from workbench.services.desk_parked import parked_pieces
from workbench.services.entries import Drafting, Records
from workbench.services.exits import open_exits
from workbench.services.ledgers import ledgers
from workbench.services.progress import waits_of
from workbench.services.resubmission import is_due, latest_notes, outcome_of
from workbench.services.results import ResultRow, Standing, result_standing
from workbench.services.roles import RATER
from workbench.services.supervision import accepted_schools
from workbench.services.witnessed import witnessed
from workbench.services.workspace import Workspace

_QUIET = AFTER_CLOSING | {"round.close", "round.waive"}
"""Acts after which an earlier backup still holds what a round came to."""


class Found(NamedTuple):
    """What is open under a line, by identifier, and of how many; ``of`` None says nothing."""

    ids: Sequence[str]
    of: int | None = None


@dataclass(frozen=True)
class Facts:
    """What the lines are computed from, each part read once; of one school where ``scope`` names it."""

    store: Store
    desk: DeskStore
    workspace: Workspace
    now: datetime
    scope: str | None

    @cached_property
    def standing(self) -> Standing:
        """Results as they stand."""
        return result_standing(self.store, self.workspace)

    @cached_property
    def waits(self) -> Mapping[str, str]:
        """What each piece that is read waits for."""
        waits, _ = waits_of(self.standing)
        return {piece: wait for piece, wait in waits.items() if self.sees_piece(piece)}

    @cached_property
    def rows(self) -> list[ResultRow]:
        """Results of the schools it is about."""
        return [row for row in self.standing.rows if self.sees(row.school_id)]

    @cached_property
    def cleared(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """Results whose publicity has closed, with the level shown."""
        return cleared_levels(self.store)

    @cached_property
    def schools(self) -> list[str]:
        """Schools it is about."""
        found = [row["school_id"] for row in schools_of_round(self.store)]
        return [each for each in found if self.sees(each)]

    @cached_property
    def ledgers(self) -> Mapping[str, Path]:
        """Ledgers of these schools that have been begun."""
        return ledgers(self.workspace, self.schools) if self.schools else {}

    @cached_property
    def school_of_piece(self) -> Mapping[str, str]:
        """School of each piece."""
        return {row["piece_id"]: row["school_id"] for row in owned_pieces(self.store)}

    @cached_property
    def school_of_teacher(self) -> Mapping[str, str]:
        """School of each teacher."""
        return {row["teacher_id"]: row["school_id"] for row in self.store.where("teacher")}

    @cached_property
    def day(self) -> str:
        """Today in China."""
        return self.now.astimezone(CHINA).date().isoformat()

    def sees(self, school_id: str | None) -> bool:
        """Whether it is about a school."""
        return self.scope in (None, school_id)

    def sees_piece(self, piece_id: str) -> bool:
        """Whether it is about the school of a piece."""
        return self.scope is None or self.school_of_piece.get(piece_id) == self.scope


def _waiting_for(*what: str) -> Callable[[Facts], Found]:
    def found(facts: Facts) -> Found:
        waits = facts.waits
        return Found([piece for piece, wait in waits.items() if wait in what], len(waits))

    return found


def _back_reads(facts: Facts) -> Found:
    rows = [r for r in closing.back_reads(facts.store) if facts.sees(r["school_id"])]
    begun = [r for r in rows if r["left_why"] is None]
    return Found([r["piece_id"] for r in begun if r["ended"] is None], len(begun))


def _locks(facts: Facts) -> Found | None:
    if mode_of(facts.workspace.policy) != SEEDS:
        return None
    people = [row for row in holders_of(facts.store, RATER) if facts.sees(row["school_id"])]
    policy = facts.workspace.policy
    locked = [
        row["person_id"]
        for row in people
        if gate_of(facts.store, policy, row["person_id"]).state == LOCKED
    ]
    return Found(locked, len(people))


def _exits(facts: Facts) -> Found:
    found = open_exits(facts.store)
    return Found([each.piece_id for each in found if facts.sees(each.school_id)])


def _parked(facts: Facts) -> Found:
    found = parked_pieces(facts.store, facts.desk)
    return Found([each.piece_id for each in found if facts.sees_piece(each.piece_id)])


def _unrecorded(facts: Facts) -> Found:
    """Reads handed in that wait to be recorded."""
    return Found([row["piece_id"] for row in due(facts.desk) if facts.sees_piece(row["piece_id"])])


def _without_level(*reasons: ReasonNone) -> Callable[[Facts], Found]:
    def found(facts: Facts) -> Found:
        rows = [row for row in facts.rows if row.competency]
        return Found(_named(row for row in rows if row.reason_none in reasons), len(rows))

    return found


def _holds(facts: Facts) -> Found:
    cases = [case for case in holds(facts.store) if _about(facts, case)]
    return Found([case["hold_id"] for case in cases if case["state"] == "open"], len(cases))


def _about(facts: Facts, case: Row) -> bool:
    """Whether a case touches the school: its submissions, or the raters and schools it names."""
    if facts.scope is None:
        return True
    owners = {
        row["submission_id"]: facts.school_of_teacher[row["teacher_id"]]
        for row in facts.store.where("submission")
    }
    if case["submissions"]:
        return any(owners.get(each) == facts.scope for each in case["submissions"])
    named = case["flag"]["ids"] if case["flag"] else ()
    people = (facts.store.one("person", person_id=each) for each in named)
    return facts.scope in named or any(p and p["school_id"] == facts.scope for p in people)


def _publicity(facts: Facts) -> Found:
    """Results with a level that no closed publicity has shown with that level."""
    rows = [row for row in facts.rows if row.level is not None]
    running = {
        row["publication_id"]
        for row in open_publications(facts.store)
        if facts.sees(row["school_id"])
    }
    unshown = [row for row in rows if _shown_level(facts, row) != row.level]
    return Found([*sorted(running), *_named(unshown)], len(rows))


def _objections(facts: Facts) -> Found:
    of = facts.school_of_teacher
    every = [r for r in facts.store.where("objection") if facts.sees(of.get(r["teacher_id"]))]
    waiting = {row["objection_id"] for row in unanswered_objections(facts.store)}
    return Found([r["objection_id"] for r in every if r["objection_id"] in waiting], len(every))


def _county_check(facts: Facts) -> Found | None:
    if not facts.workspace.policy["audit.county_check_before_certification"]:
        return None
    accepted = accepted_schools(facts.store)
    decided = {row.school_id for row in facts.rows if row.level is not None}
    schools = [school for school in facts.schools if school in decided]
    return Found([each for each in schools if each not in accepted], len(schools))


def _certified(facts: Facts) -> Found:
    """Results with a level that the ledger does not state as they are."""
    records = Records(facts.store, facts.workspace, facts.standing)
    missing, count = [], 0
    for school_id in facts.schools:
        drafting = Drafting(records, school_id)
        decided = [row for row in records.by_school.get(school_id, ()) if row.level is not None]
        count += len(decided)
        missing += [r for r in decided if not (drafting.stands(r) or drafting.is_voided(r))]
    return Found(_named(missing), count)


def _feedback(facts: Facts) -> Found:
    shown, given = published_levels(facts.store), latest_notes(facts.store)
    notes = [row for row in facts.rows if is_due(row, shown)]
    return Found(_named(row for row in notes if outcome_of(row) not in given), len(notes))


def _resubmission(facts: Facts) -> Found:
    running = closing.running_notes(facts.store, facts.day)
    of = facts.school_of_teacher
    return Found([each for each in running if facts.sees(of.get(each.partition(".")[0]))])


def _sheets(facts: Facts) -> Found:
    issued = closing.last_issues(facts.store)
    old = []
    for school_id, path in facts.ledgers.items():
        head = parse_checkpoint(parse_note(latest_checkpoint(path)).text)
        if issued.get(school_id) != head.root.hex():
            old.append(school_id)
    return Found(old, len(facts.ledgers))


def _backup(facts: Facts) -> Found:
    changed = closing.changed_since(facts.store, "backup.make", frozenset(_QUIET))
    return Found(["backup"] if changed else [])


def _checkpoint(facts: Facts) -> Found:
    if not facts.ledgers:
        return Found([], 0)
    found = witnessed(facts.workspace, facts.now, list(facts.ledgers))
    return Found([each.school_id for each in found if each.state != "current"], len(found))


def _named(rows: Iterable[ResultRow]) -> list[str]:
    return [f"{row.teacher_id}.{row.competency}".rstrip(".") for row in rows]


def _shown_level(facts: Facts, row: ResultRow) -> str:
    return facts.cleared.get((row.teacher_id, row.competency), ("", ""))[1]


class Condition(NamedTuple):
    """How a line is computed, and the page on which it is dealt with; None: policy asks for none."""

    of: Callable[[Facts], Found | None]
    page: str


LINES: dict[str, Condition] = {
    "reads": Condition(_waiting_for("blind"), "progress"),
    "third_reads": Condition(_waiting_for("third"), "progress"),
    "rulings": Condition(_waiting_for("ruling"), "adjudication"),
    "back_reads": Condition(_back_reads, "adjudication"),
    "locks": Condition(_locks, "calibration"),
    "exits": Condition(_exits, "adjudication"),
    "parked": Condition(_parked, "adjudication"),
    "unrecorded": Condition(_unrecorded, "progress"),
    "missing": Condition(_without_level(ReasonNone.MISSING_EVIDENCE), "completeness"),
    "conditions": Condition(_without_level(ReasonNone.CONDITION_UNKNOWN), "completeness"),
    "holds": Condition(_holds, "holds"),
    "publicity": Condition(_publicity, "publicity"),
    "objections": Condition(_objections, "publicity"),
    "county_check": Condition(_county_check, "supervision"),
    "certified": Condition(_certified, "certification"),
    "feedback": Condition(_feedback, "feedback"),
    "resubmission": Condition(_resubmission, "feedback"),
    "sheets": Condition(_sheets, "certificates"),
    "backup": Condition(_backup, "backup"),
    "checkpoint": Condition(_checkpoint, "certification"),
}
"""Lines in the order of the work."""
