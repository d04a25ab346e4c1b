"""One read, judged and recorded; from a ratings file and from the desk by the same road."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from models.allocation import is_relaxed
from models.assignments import assignment, department_of
from models.cases import adjudicated_pieces
from models.closing import is_back_read
from models.ratings import all_reads, reading_of
from models.records import PieceOutcome, Read, Round
from models.resubmissions import readers_of_case
from models.store import Row, Store, Transaction, instant
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import RubricSet
from scoring.conflicts import OWN_GROUP, Author, ConflictRule, Reader, conflicts
from scoring.consensus import ConsensusRule, piece_consensus
from workbench.services.calibration_gate import is_calibrated
from workbench.services.checks import REJECT, Remark
from workbench.services.outcomes import appeal_rules, consensus_rule


@dataclass(frozen=True)
class GivenRead:
    """A read as it was given: every mark with its comment, on a piece (a row of ``owned_pieces``).

    ``marks`` are criterion, 1 (met), 0 (not met) or None (cannot judge), comment.
    """

    piece: Row
    rater: str
    round: str
    marks: Sequence[tuple[str, int | None, str]]
    opened_at: datetime | None = None
    submitted_at: datetime | None = None

    @property
    def met(self) -> dict[str, int | None]:
        """Marks by criterion."""
        return {criterion_id: met for criterion_id, met, _ in self.marks}


@dataclass(frozen=True)
class Judgement:
    """What is to come of a read.

    ``remarks`` are why it is refused; ``same`` says it is there already;
    ``replaces`` is the read it takes the place of, and ``reading`` the one it is for.
    """

    reading: int
    remarks: tuple[Remark, ...] = ()
    replaces: int | None = None
    same: bool = False


def record_read(tx: Transaction, read: GivenRead, judged: Judgement) -> int:
    """Write a read that was judged fit, with its marks; returns its number."""
    row = {
        "piece_id": read.piece["piece_id"],
        "rater_id": read.rater,
        "round": read.round,
        "reading": judged.reading,
        "opened_at": instant(read.opened_at) if read.opened_at else "",
        "submitted_at": instant(read.submitted_at) if read.submitted_at else "",
        "comment": "",
        "replaces": judged.replaces,
    }
    read_id = tx.insert("read", [row])[0]
    tx.insert_marks(read_id, read.marks)
    return read_id


class ReadJudge:
    """Judges reads against what is recorded, counting those it let pass before."""

    def __init__(self, store: Store, policy: PolicyPack, rubrics: RubricSet) -> None:
        self._store, self._policy = store, policy
        self._rule, self._appealed = consensus_rule(policy), appeal_rules(store, policy)
        self._conflict_rule = conflict_rule(policy)
        self._slots = {slot.slot_id: slot for rubric in rubrics for slot in rubric.slots}
        self._readings = reading_of(store)
        self._reads: dict[str, list[Row]] = {}
        self._readers: dict[str, Reader] = {}
        self._departments: dict[str, str] = {}
        self._cases: dict[str, set[str]] = {}
        self._calibrated: dict[str, bool] = {}

    def judge(self, read: GivenRead, reason: str = "") -> Judgement:
        """Say what is to come of a read; other marks than before need a reason."""
        piece_id = read.piece["piece_id"]
        reading = self._readings.get(piece_id, 1)
        earlier = [r for r in self._known(piece_id) if r["rater_id"] == read.rater]
        if any(_is_on_record(read, row, reading) for row in earlier):
            return Judgement(reading, same=True)
        now = [r for r in earlier if r["reading"] == reading and not r["replaced"]]
        corrected = [r for r in now if _corrects(read, r)]
        remarks = [*self._conflicts(read), *self._order(read, reading, corrected)]
        if read.round in (Round.BLIND, Round.THIRD) and not self._is_calibrated(read):
            remarks.append(Remark("not_calibrated", REJECT))
        if corrected and not reason:
            remarks.append(Remark("marks_differ", REJECT))
        elif not corrected and (_is_stale(read, earlier) or self._has_seen_case(read)):
            remarks.append(Remark("not_fresh", REJECT))
        if not remarks:
            self._note(read, reading, corrected)
        replaces = corrected[0]["read_id"] if corrected else None
        return Judgement(reading, tuple(remarks), replaces)

    def _note(self, read: GivenRead, reading: int, corrected: list[Row]) -> None:
        """Count a read as taken, so that what comes after is judged with it."""
        for row in corrected[:1]:
            row["replaced"] = True
        made = {"rater_id": read.rater, "round": read.round, "reading": reading}
        self._known(read.piece["piece_id"]).append({**made, "marks": read.met, "replaced": False})

    @cached_property
    def _ruled_freely(self) -> set[str]:
        return adjudicated_pieces(self._store)

    def _has_seen_case(self, read: GivenRead) -> bool:
        """Whether a blind or third reader saw an earlier attempt, or what an objection is about."""
        if read.round not in (Round.BLIND, Round.THIRD):
            return False
        piece_id = read.piece["piece_id"]
        if piece_id not in self._cases:
            self._cases[piece_id] = readers_of_case(self._store, piece_id)
        return read.rater in self._cases[piece_id]

    def _is_calibrated(self, read: GivenRead) -> bool:
        """Whether a read may count; one that only reads back decides nothing and needs no test."""
        if read.rater not in self._calibrated:
            passed = is_calibrated(self._store, self._policy, read.rater)
            self._calibrated[read.rater] = passed
        if self._calibrated[read.rater]:
            return True
        return is_back_read(self._store, read.piece["piece_id"], read.rater)

    def _known(self, piece_id: str) -> list[Row]:
        if piece_id not in self._reads:
            self._reads[piece_id] = all_reads(self._store, piece_id)
        return self._reads[piece_id]

    def _conflicts(self, read: GivenRead) -> list[Remark]:
        """Conflicts of interest: own work, own group where policy says so, own school at the county."""
        found = conflicts(
            self._reader(read.rater),
            self._author(read.piece),
            self._conflict_rule,
            for_county=read.round == Round.COUNTY,
        )
        if OWN_GROUP in found and is_relaxed(self._store, read.piece["piece_id"], read.rater):
            found = tuple(code for code in found if code != OWN_GROUP)
        return [Remark(code, REJECT) for code in found]

    def _reader(self, rater: str) -> Reader:
        if rater not in self._readers:
            person = self._store.one("person", person_id=rater)
            self._readers[rater] = reader_of(person) if person else Reader(rater)
        return self._readers[rater]

    def _author(self, piece: Row) -> Author:
        teacher_id = piece["teacher_id"]
        if teacher_id not in self._departments:
            self._departments[teacher_id] = department_of(self._store, teacher_id)
        return author_of(piece, self._departments[teacher_id])

    def _order(self, read: GivenRead, reading: int, corrected: list[Row]) -> list[Remark]:
        """A third read follows the blind ones; a ruling needs a piece that waits for one, and a reason."""
        blind = [
            r
            for r in self._known(read.piece["piece_id"])
            if r["round"] == Round.BLIND
            and r["reading"] == reading
            and not r["replaced"]
            and not r.get("extra")
        ]
        found = []
        rule = self._rule_of(read)
        early = read.round == Round.THIRD and len(blind) < rule.reads_per_piece
        if early and not self._was_given(read):
            found.append(Remark("third_too_early", REJECT))
        if read.round == Round.CHAIR:
            if not any(comment for _, _, comment in read.marks):
                found.append(Remark("ruling_without_reason", REJECT))
            if any(_is_own(read, r) for r in self._known(read.piece["piece_id"])):
                found.append(Remark("ruling_by_reader", REJECT))
            if not self._may_rule(read, reading, corrected):
                found.append(Remark("no_ruling_due", REJECT))
        return found

    def _was_given(self, read: GivenRead) -> bool:
        """Whether a third read was given out when it was due: a first read may have been recalled since.

        It is blind all the same, and waits on record for the first read that replaces the other.
        """
        found = assignment(self._store, read.piece["piece_id"], read.rater)
        return found is not None and found["round"] == Round.THIRD and found["why"] is None

    def _may_rule(self, read: GivenRead, reading: int, corrected: list[Row]) -> bool:
        """Whether a ruling is due, counting the reads let pass before it.

        A chair decides what is open and overrules nothing that is decided,
        unless the case was sent to the chair as a whole.
        """
        piece_id = read.piece["piece_id"]
        if piece_id in self._ruled_freely:
            return True
        standing = [
            Read(r["rater_id"], r["round"], r["marks"])
            for r in self._known(piece_id)
            if r["reading"] == reading
            and not r["replaced"]
            and r not in corrected
            and not r.get("extra")
        ]
        slot = self._slots[read.piece["slot_id"]]
        outcome = piece_consensus(slot, standing, self._rule_of(read))
        return outcome.needs == "ruling" and not _overrules(read, outcome)

    def _rule_of(self, read: GivenRead) -> ConsensusRule:
        return self._appealed.get(read.piece["piece_id"], self._rule)


def _is_on_record(read: GivenRead, row: Row, reading: int) -> bool:
    """Whether a read is there already.

    The county, or a chair, may find the same again when a piece was reopened: only a
    file of before that is brought in once more, by its time, is no new read then.
    """
    if row["round"] != read.round or row["marks"] != read.met or row["replaced"]:
        return False
    if row["reading"] == reading or read.round not in (Round.COUNTY, Round.CHAIR):
        return True
    return read.submitted_at is not None and instant(read.submitted_at) == row["submitted_at"]


def _corrects(read: GivenRead, row: Row) -> bool:
    """Whether a read takes the place of an earlier one; rulings do so only on the same criteria."""
    if row["round"] != read.round:
        return False
    return read.round != Round.CHAIR or bool(row["marks"].keys() & read.met.keys())


def _is_stale(read: GivenRead, earlier: list[Row]) -> bool:
    """Whether the rater has read the piece before; blind, third and county reads need fresh eyes."""
    seen = {row["round"] for row in earlier}
    if read.round == Round.COUNTY:
        return bool(seen & {Round.BLIND, Round.THIRD, Round.CHAIR})
    return read.round in (Round.BLIND, Round.THIRD) and bool(seen & {Round.BLIND, Round.THIRD})


def _is_own(ruling: GivenRead, row: Row) -> bool:
    """Whether an earlier read is one of who rules: nobody decides between the own and another's."""
    return row["rater_id"] == ruling.rater and row["round"] in (Round.BLIND, Round.THIRD)


def _overrules(ruling: GivenRead, outcome: PieceOutcome) -> bool:
    return any(
        met is not None
        and name not in outcome.open_criteria
        and (made := outcome.decisions.get(name)) is not None
        and made.met != met
        for name, met in ruling.met.items()
    )


def conflict_rule(policy: PolicyPack) -> ConflictRule:
    """Read out of the policy who has to stand back."""
    return ConflictRule(
        own_work=policy["review.exclude_own_work"],
        own_group=policy["review.exclude_same_subject_group"],
    )


def reader_of(person: Row) -> Reader:
    """Return a person of the workspace as somebody who may read."""
    relations = person["relations"]
    return Reader(
        str(person["person_id"]),
        str(person["name"]),
        str(person["school_id"] or ""),
        str(person["department"]),
        tuple(json.loads(relations) if isinstance(relations, str) else relations),
    )


def author_of(piece: Row, department: str) -> Author:
    """Whose work a piece is, as conflicts are looked for."""
    return Author(piece["teacher_id"], piece["teacher_name"], piece["school_id"], department)
