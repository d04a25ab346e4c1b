"""Rating: reads taken in whole or not at all, and handed out again."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.cases import adjudicated_pieces
from models.people import facts_of_teachers, raters
from models.ratings import all_reads, reading_of
from models.records import Read, Round
from models.store import Act, Row, Store, Transaction, instant
from models.submissions import owned_pieces, pieces_by_item
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import RubricSet
from scoring.consensus import piece_consensus
from workbench.errors import InputError
from workbench.formats.rating_rows import PieceKey, RatingRow
from workbench.formats.ratings import Ratings, parse_ratings
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.services.checks import REJECT, Remark
from workbench.services.intake import reading_limits
from workbench.services.intake_report import remark_of
from workbench.services.people import Directory
from workbench.services.results import consensus_rule
from workbench.services.roles import CHAIR, COUNTY, RATER, authorise
from workbench.services.workspace import Fresh, Workspace

_MOST_ROWS = 2_000_000
COLUMNS = "item rater criterion met round opened_at submitted_at comment".split()


@dataclass(frozen=True)
class RefusedRead:
    """A read that was not taken: its rows in the file, and why."""

    rows: tuple[int, ...]
    piece: str
    rater: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class ReadReport:
    """What came of a ratings file, in reads."""

    new: int
    unchanged: int
    refused: tuple[RefusedRead, ...]
    table_faults: tuple[Remark, ...] = ()
    by_round: Mapping[str, int] | None = None


@dataclass(frozen=True)
class _Read:
    """One read of the file, with the piece it is on."""

    rows: tuple[RatingRow, ...]
    piece: Row

    @property
    def marks(self) -> dict[str, int | None]:
        return {row.criterion_id: row.met for row in self.rows}

    @property
    def rater(self) -> str:
        return self.rows[0].rater

    @property
    def round(self) -> str:
        return self.rows[0].round


def import_ratings(workspace: Workspace, path: Path, act: Act, fresh: Fresh) -> ReadReport:
    """Take in a ratings file: each read whole, faulty ones refused, the rest goes on.

    A read that is there with the same marks changes nothing; with other marks
    it is refused unless the act has a reason, and then replaces the earlier
    one, which stays on record.
    """
    with workspace.store() as store:
        act = authorise(store, act, "rating.import")
        owned = {row["piece_id"]: row for row in owned_pieces(store)}
        by_key = {(r["teacher_id"], r["competency"], r["slot_id"]): r for r in owned.values()}
        ratings = _parse(workspace, path, store, owned)
        refused = _faulty(ratings)
        taking = _Taking(store, workspace.policy, workspace.rubrics)
        accepted: list[tuple[_Read, int | None]] = []
        unchanged = 0
        for rows in _by_read(ratings):
            piece = by_key.get(rows[0].piece)
            if piece is None:
                refused.append(_refusal(rows, [Remark("no_such_piece", REJECT)]))
                continue
            read = _Read(tuple(rows), piece)
            remarks, replaced, same = taking.judge(read, act)
            if same:
                unchanged += 1
            elif remarks:
                refused.append(_refusal(rows, remarks))
            else:
                accepted.append((read, replaced))
        if accepted:
            with store.transaction(act, "rating.import", path.name) as tx:
                _write(store, tx, accepted, fresh)
        whole = tuple(remark_of(fault) for fault in ratings.faults if fault.row_number == 0)
        rounds = Counter(read.round for read, _ in accepted)
    return ReadReport(len(accepted), unchanged, tuple(refused), whole, rounds)


def export_ratings(workspace: Workspace, path: Path) -> int:
    """Write every read that stands as a ratings file, pieces by their blind code."""
    with workspace.store() as store:
        lines = []
        for piece in owned_pieces(store):
            for read in all_reads(store, piece["piece_id"]):
                if not read["replaced"]:
                    lines += _lines(piece["piece_id"], read)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    path.write_text(out.getvalue(), encoding="utf-8-sig")
    return len(lines)


class _Taking:
    """Judges reads of one file against what is recorded, counting those taken before it."""

    def __init__(self, store: Store, policy: PolicyPack, rubrics: RubricSet) -> None:
        self._store, self._policy, self._rule = store, policy, consensus_rule(policy)
        self._slots = {slot.slot_id: slot for rubric in rubrics for slot in rubric.slots}
        self._people = raters(store)
        self._departments = {
            t: f.get("department", "") for t, f in facts_of_teachers(store).items()
        }
        self._readings = reading_of(store)
        self._ruled_freely = adjudicated_pieces(store)
        self._reads: dict[str, list[Row]] = {}
        self._expected: dict[str, set[str]] = {}

    def judge(self, read: _Read, act: Act) -> tuple[list[Remark], int | None, bool]:
        """Remarks against a read, the read it replaces, and whether it is there already."""
        piece_id = read.piece["piece_id"]
        reading = self._readings.get(piece_id, 1)
        earlier = [r for r in self._known(piece_id) if r["rater_id"] == read.rater]
        for row in earlier:
            if row["round"] == read.round and row["marks"] == read.marks and not row["replaced"]:
                return [], None, True
        now = [r for r in earlier if r["reading"] == reading and not r["replaced"]]
        corrected = [r for r in now if _corrects(read, r)]
        remarks = [*self._conflicts(read), *self._order(read, reading, corrected)]
        if corrected and not act.reason:
            remarks.append(Remark("marks_differ", REJECT))
        elif not corrected and _is_stale(read, earlier):
            remarks.append(Remark("not_fresh", REJECT))
        if not remarks:
            self._note(read, reading, corrected)
        return remarks, corrected[0]["read_id"] if corrected else None, False

    def _note(self, read: _Read, reading: int, corrected: list[Row]) -> None:
        """Count a read as taken, so that the rest of the file is judged with it."""
        for row in corrected[:1]:
            row["replaced"] = True
        made = {"rater_id": read.rater, "round": read.round, "reading": reading}
        self._known(read.piece["piece_id"]).append({**made, "marks": read.marks, "replaced": False})

    def _known(self, piece_id: str) -> list[Row]:
        if piece_id not in self._reads:
            self._reads[piece_id] = all_reads(self._store, piece_id)
        return self._reads[piece_id]

    def _conflicts(self, read: _Read) -> list[Remark]:
        """Conflicts of interest: own work, own group where policy says so, own school at the county."""
        person, piece = self._people.get(read.rater), read.piece
        own_work = read.rater == piece["teacher_id"]
        own_school = own_group = False
        if person is not None:
            own_school = person["school_id"] == piece["school_id"]
            own_work = own_work or (own_school and person["name"] == piece["teacher_name"])
            own_work = own_work or piece["teacher_id"] in person["relations"]
            department = self._departments.get(piece["teacher_id"], "")
            own_group = own_school and bool(department) and person["department"] == department
        found = []
        if own_work and self._policy["review.exclude_own_work"]:
            found.append(Remark("own_work", REJECT))
        if own_group and self._policy["review.exclude_same_subject_group"]:
            found.append(Remark("own_group", REJECT))
        if own_school and read.round == Round.COUNTY:
            found.append(Remark("own_school", REJECT))
        return found

    def _order(self, read: _Read, reading: int, corrected: list[Row]) -> list[Remark]:
        """A third read follows the blind ones; a ruling needs a piece that waits for one, and a reason."""
        piece_id = read.piece["piece_id"]
        blind = [
            r
            for r in self._known(piece_id)
            if r["round"] == Round.BLIND and r["reading"] == reading and not r["replaced"]
        ]
        needed = self._policy["review.reviewers_per_piece"]
        found = []
        if read.round == Round.THIRD and len(blind) < needed:
            found.append(Remark("third_too_early", REJECT))
        if read.round == Round.CHAIR:
            if not any(row.comment for row in read.rows):
                found.append(Remark("ruling_without_reason", REJECT))
            if not self._may_rule(read, reading, corrected):
                found.append(Remark("no_ruling_due", REJECT))
        return found

    def _may_rule(self, read: _Read, reading: int, corrected: list[Row]) -> bool:
        """Whether a ruling is due, counting the reads of this file that came before it.

        A chair decides what is open and overrules nothing that is decided,
        unless the case was sent to the chair as a whole.
        """
        piece_id = read.piece["piece_id"]
        if piece_id in self._ruled_freely:
            return True
        standing = [
            Read(r["rater_id"], r["round"], r["marks"])
            for r in self._known(piece_id)
            if r["reading"] == reading and not r["replaced"] and r not in corrected
        ]
        slot = self._slots[read.piece["slot_id"]]
        outcome = piece_consensus(slot, standing, self._rule)
        overruled = (
            name
            for name, met in read.marks.items()
            if met is not None
            and name not in outcome.open_criteria
            and (made := outcome.decisions.get(name)) is not None
            and made.met != met
        )
        return outcome.needs == "ruling" and next(overruled, None) is None


def _corrects(read: _Read, row: Row) -> bool:
    """Whether a read takes the place of an earlier one; rulings do so only on the same criteria."""
    if row["round"] != read.round:
        return False
    return read.round != Round.CHAIR or bool(row["marks"].keys() & read.marks.keys())


def _is_stale(read: _Read, earlier: list[Row]) -> bool:
    """Whether the rater has read the piece before; blind, third and county reads need fresh eyes."""
    seen = {row["round"] for row in earlier}
    if read.round == Round.COUNTY:
        return bool(seen & {Round.BLIND, Round.THIRD, Round.CHAIR})
    return read.round in (Round.BLIND, Round.THIRD) and bool(seen & {Round.BLIND, Round.THIRD})


def _parse(workspace: Workspace, path: Path, store: Store, owned: Mapping[str, Row]) -> Ratings:
    items: dict[str, PieceKey] = {}
    named = {**{piece: piece for piece in owned}, **pieces_by_item(store)}
    for item, piece_id in named.items():
        row = owned[piece_id]
        items[item] = (row["teacher_id"], row["competency"], row["slot_id"])
    limits = replace(reading_limits(workspace), sheet_rows=_MOST_ROWS)
    try:
        with ReaderPool(limits) as pool:
            sheet = pool.table(path, limits=limits)[0]
    except Unreadable as refused:
        raise InputError(
            f"ratings file {path.name} cannot be read ({refused}). Save it as csv or xlsx again.",
            key="rating.unreadable",
            file=path.name,
            code=refused.code,
        ) from refused
    grid = [list(row) for row in sheet.rows]
    return parse_ratings(grid, workspace.rubrics, path.name, items)


def _by_read(ratings: Ratings) -> list[list[RatingRow]]:
    """Accepted rows by read, blind reads first, then third, then rulings, then the rest."""
    order = {name: place for place, name in enumerate(Round)}
    found: dict[object, list[RatingRow]] = {}
    for row in ratings.accepted:
        found.setdefault(row.read, []).append(row)
    return sorted(found.values(), key=lambda rows: order[Round(rows[0].round)])


def _faulty(ratings: Ratings) -> list[RefusedRead]:
    spoiled: dict[object, list[RatingRow]] = {}
    accepted = {row.row_number for row in ratings.accepted}
    for row in ratings.rows:
        if row.row_number not in accepted:
            spoiled.setdefault(row.read, []).append(row)
    faults: dict[int, list[Remark]] = {}
    for fault in ratings.faults:
        if fault.severity == REJECT:
            faults.setdefault(fault.row_number, []).append(remark_of(fault))
    return [
        _refusal(rows, [remark for row in rows for remark in faults.get(row.row_number, ())])
        for rows in spoiled.values()
    ]


def _refusal(rows: Sequence[RatingRow], remarks: list[Remark]) -> RefusedRead:
    numbers = tuple(row.row_number for row in rows)
    return RefusedRead(numbers, rows[0].shown_piece, rows[0].rater, tuple(remarks))


def _write(
    store: Store, tx: Transaction, accepted: list[tuple[_Read, int | None]], fresh: Fresh
) -> None:
    directory = Directory(store, tx, fresh)
    readings = reading_of(store)
    roles = _roles(read for read, _ in accepted)
    for read, replaced in accepted:
        directory.rater(read.rater, roles=roles[read.rater])
        first = read.rows[0]
        row = {
            "piece_id": read.piece["piece_id"],
            "rater_id": read.rater,
            "round": read.round,
            "reading": readings.get(read.piece["piece_id"], 1),
            "opened_at": instant(first.opened_at) if first.opened_at else "",
            "submitted_at": instant(first.submitted_at) if first.submitted_at else "",
            "comment": "",
            "replaces": replaced,
        }
        read_id = tx.insert("read", [row])[0]
        tx.insert_marks(read_id, [(r.criterion_id, r.met, r.comment) for r in read.rows])


def _roles(reads: Iterable[_Read]) -> dict[str, list[str]]:
    """Roles raters have by what they read, for those no roster names."""
    found: dict[str, set[str]] = {}
    for read in reads:
        role = {Round.CHAIR: CHAIR, Round.COUNTY: COUNTY}.get(Round(read.round), RATER)
        found.setdefault(read.rater, set()).add(role)
    return {rater: sorted(roles) for rater, roles in found.items()}


def _lines(piece_id: str, read: Row) -> list[list[object]]:
    return [
        [
            piece_id,
            read["rater_id"],
            criterion,
            "" if met is None else met,
            read["round"],
            read["opened_at"],
            read["submitted_at"],
            read["comments"].get(criterion, ""),
        ]
        for criterion, met in sorted(read["marks"].items())
    ]
