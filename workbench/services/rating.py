"""Rating: reads taken in whole or not at all, and handed out again."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.ratings import all_reads
from models.records import Round
from models.store import Act, Row, Store, Transaction
from models.submissions import owned_pieces, pieces_by_item
from workbench.errors import InputError
from workbench.formats.rating_rows import PieceKey, RatingRow
from workbench.formats.ratings import Ratings, parse_ratings
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.services.checks import REJECT, Remark
from workbench.services.intake import reading_limits
from workbench.services.intake_report import remark_of
from workbench.services.people import Directory
from workbench.services.reads import GivenRead, Judgement, ReadJudge, record_read
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
        judge = ReadJudge(store, workspace.policy, workspace.rubrics)
        accepted: list[tuple[GivenRead, Judgement]] = []
        unchanged = 0
        for rows in _by_read(ratings):
            piece = by_key.get(rows[0].piece)
            if piece is None:
                refused.append(_refusal(rows, [Remark("no_such_piece", REJECT)]))
                continue
            read = _given(rows, piece)
            judged = judge.judge(read, act.reason)
            if judged.same:
                unchanged += 1
            elif judged.remarks:
                refused.append(_refusal(rows, judged.remarks))
            else:
                accepted.append((read, judged))
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


def _refusal(rows: Sequence[RatingRow], remarks: Sequence[Remark]) -> RefusedRead:
    numbers = tuple(row.row_number for row in rows)
    return RefusedRead(numbers, rows[0].shown_piece, rows[0].rater, tuple(remarks))


def _given(rows: Sequence[RatingRow], piece: Row) -> GivenRead:
    """One read of the file, on the piece it is about."""
    first = rows[0]
    marks = tuple((row.criterion_id, row.met, row.comment) for row in rows)
    return GivenRead(piece, first.rater, first.round, marks, first.opened_at, first.submitted_at)


def _write(
    store: Store, tx: Transaction, accepted: list[tuple[GivenRead, Judgement]], fresh: Fresh
) -> None:
    directory = Directory(store, tx, fresh)
    roles = _roles(read for read, _ in accepted)
    for read, judged in accepted:
        directory.rater(read.rater, roles=roles[read.rater])
        record_read(tx, read, judged)


def _roles(reads: Iterable[GivenRead]) -> dict[str, list[str]]:
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
