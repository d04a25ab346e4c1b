"""The ratings file: marks in long form, one line for one rater, one criterion, one piece."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rubrics.rubric import RubricSet
from workbench.formats.cells import Grid, normal
from workbench.formats.faults import FaultList, RowFault
from workbench.formats.headers import body_rows, propose_mapping
from workbench.formats.mapping import ProposedMapping, RememberedMapping
from workbench.formats.naming import Names
from workbench.formats.rating_rows import PieceKey, RatingReader, RatingRow, ReadKey
from workbench.formats.vocabulary import own_name

KEYS = tuple(
    "item teacher_id competency slot rater criterion met round opened_at submitted_at "
    "comment".split()
)
LEVEL_KEYS = ("unit", "rater", "level")


@dataclass(frozen=True)
class Ratings:
    """Every line of a ratings file and what is wrong with them."""

    rows: tuple[RatingRow, ...]
    faults: tuple[RowFault, ...]
    mapping: ProposedMapping

    @property
    def reads(self) -> dict[ReadKey, tuple[RatingRow, ...]]:
        """Lines by read: piece, rater and round."""
        by_read: dict[ReadKey, list[RatingRow]] = defaultdict(list)
        for row in self.rows:
            by_read[row.read].append(row)
        return {key: tuple(rows) for key, rows in by_read.items()}

    @property
    def accepted(self) -> tuple[RatingRow, ...]:
        """Lines of the reads without a fault: half a read is no read, so it is in or out whole."""
        out = {fault.row_number for fault in self.faults if fault.severity == "reject"}
        if 0 in out:
            return ()
        spoiled = {row.read for row in self.rows if row.row_number in out}
        return tuple(row for row in self.rows if row.read not in spoiled)


def parse_ratings(
    grid: Grid,
    rubric_set: RubricSet,
    file: str = "ratings.csv",
    items: Mapping[str, PieceKey] | None = None,
    mapping: RememberedMapping | None = None,
) -> Ratings:
    """Read a ratings file: every line, every fault.

    Parameters
    ----------
    grid : rows of cell texts
        English keys or Chinese headers, any order.
    rubric_set : RubricSet
        The rubrics the marks were given under.
    file : str
        Its name, for the sentences.
    items : mapping of item to (teacher_id, competency, slot_id), optional
        What each item of the manifest stands for; where given, others are refused.
    mapping : RememberedMapping, optional
        Columns as people confirmed them before.

    Returns
    -------
    Ratings
        A line without a round counts as a blind read where the file has no
        column for it, and a warning says so.
    """
    proposed = propose_mapping(grid, KEYS, "ratings", mapping)
    faults = FaultList("ratings")
    missing = _missing(proposed)
    if missing:
        faults.reject(0, "", "missing_columns", "intake", columns=missing)
        return Ratings((), faults.in_order(), proposed)
    if "round" not in proposed.keys:
        faults.warn(0, own_name("round"), "no_round_column")
    reader = RatingReader(proposed, Names(rubric_set), rubric_set, file, items, faults)
    rows = tuple(reader.row(row) for row in body_rows(grid, proposed))
    if not rows:
        faults.reject(0, "", "no_rows", "intake")
    _same_mark_twice(rows, proposed, faults)
    _missing_criteria(rows, rubric_set, proposed, faults)
    return Ratings(rows, faults.in_order(), proposed)


def _missing(mapping: ProposedMapping) -> tuple[str, ...]:
    """Missing columns, all of them; the piece is named by ``item`` or by three columns."""
    needed = ["rater", "criterion", "met"]
    if "item" not in mapping.keys:
        needed += ["teacher_id", "competency", "slot"]
    return tuple(f"{own_name(key)} ({key})" for key in mapping.missing(needed))


def _same_mark_twice(
    rows: Sequence[RatingRow], mapping: ProposedMapping, faults: FaultList
) -> None:
    """Refuse a second mark of one rater on one criterion; both, where they contradict."""
    by_mark: dict[object, list[RatingRow]] = defaultdict(list)
    for row in rows:
        if row.criterion_id:
            by_mark[(row.read, row.criterion_id)].append(row)
    for same in by_mark.values():
        contradict = len({row.met for row in same}) > 1
        column = mapping.header("met")
        for row in same if contradict and len(same) > 1 else same[1:]:
            faults.reject(
                row.row_number,
                column,
                "contradicting_marks" if contradict else "duplicate_mark",
                criterion=row.criterion_id,
                rater=row.rater,
                rows=tuple(other.row_number for other in same),
            )


def _missing_criteria(
    rows: Sequence[RatingRow], rubric_set: RubricSet, mapping: ProposedMapping, faults: FaultList
) -> None:
    """Name all criteria a read lacks, once; a chair rules on contested criteria only."""
    by_read: dict[ReadKey, list[RatingRow]] = defaultdict(list)
    for row in rows:
        if row.slot_id and row.rater and row.round != "chair":
            by_read[row.read].append(row)
    for read in by_read.values():
        slot = rubric_set[read[0].competency].slot(read[0].slot_id)
        marked = {row.criterion_id or normal(row.criterion_text) for row in read}
        lacking = tuple(c.criterion_id for c in slot.criteria if c.criterion_id not in marked)
        # A criterion nobody could recognise may be one of these: it is told of already.
        if lacking and all(row.criterion_id for row in read):
            faults.reject(
                read[0].row_number,
                mapping.header("criterion"),
                "missing_criteria",
                rater=read[0].rater,
                slot=slot.slot_id,
                piece=read[0].shown_piece,
                criteria=lacking,
            )
