"""The ratings file: marks in long form, one line for one rater, one criterion, one piece."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rubrics.levels import LEVEL_OF_ZH, Level
from rubrics.rubric import RubricSet
from workbench.formats.cells import Grid, cell_text, normal
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


@dataclass(frozen=True)
class LevelRow:
    """One line of a level-only table: it feeds statistics and never certifies."""

    row_number: int
    unit: str
    rater: str
    level: str


@dataclass(frozen=True)
class LevelTable:
    """Lines of a ``unit, rater, level`` table; ``scale`` is the order the levels stand in."""

    rows: tuple[LevelRow, ...]
    faults: tuple[RowFault, ...]
    mapping: ProposedMapping
    scale: tuple[str, ...]


def parse_levels(
    grid: Grid,
    scale: Sequence[str] | None = None,
    mapping: RememberedMapping | None = None,
) -> LevelTable:
    """Read any table of ``unit, rater, level``.

    Parameters
    ----------
    grid : rows of cell texts
        One line for one rater on one unit.
    scale : sequence of str, optional
        The levels from lowest to highest. Left out, 不合格, 合格 and 优秀 (or
        their codes) are read as the three levels where nothing else occurs,
        and numbers go by size; other words stand in order of appearance.

    Returns
    -------
    LevelTable
        Without lines that name no level (not rated is not 0), no unit or no
        rater, or that rate a unit again.
    """
    proposed = propose_mapping(grid, LEVEL_KEYS, "levels", mapping)
    faults = FaultList("ratings")
    missing = tuple(f"{own_name(key)} ({key})" for key in proposed.missing(LEVEL_KEYS))
    if missing:
        faults.reject(0, "", "missing_columns", "intake", columns=missing)
        return LevelTable((), faults.in_order(), proposed, tuple(scale or ()))
    body = body_rows(grid, proposed)
    codes = _level_codes({row.text("level") for row in body if row.text("level")}, scale)
    ordered = tuple(scale) if scale else _scale(codes, [row.text("level") for row in body])
    rows: list[LevelRow] = []
    first: dict[tuple[str, str], int] = {}
    for row in body:
        read = LevelRow(row.number, row.text("unit"), row.text("rater"), "")
        level = codes.get(row.text("level"), "")
        if not _level_fault(row.text("level"), level, read, ordered, proposed, faults):
            place = (read.unit, read.rater)
            if place in first:
                faults.reject(row.number, "", "rated_twice", unit=read.unit, first=first[place])
                continue
            first[place] = row.number
            rows.append(LevelRow(row.number, read.unit, read.rater, level))
    return LevelTable(tuple(rows), faults.in_order(), proposed, ordered)


def _level_fault(
    given: str,
    level: str,
    row: LevelRow,
    scale: Sequence[str],
    mapping: ProposedMapping,
    faults: FaultList,
) -> bool:
    """Note why a line is left out; whether it is."""
    if not (row.unit and row.rater):
        column = mapping.header("rater" if row.unit else "unit")
        faults.reject(row.row_number, column, "missing_value", "intake")
    elif not given:
        faults.warn(row.row_number, mapping.header("level"), "no_level")
    elif level not in scale:
        faults.reject(
            row.row_number,
            mapping.header("level"),
            "unknown_level",
            value=given,
            scale=tuple(scale),
        )
    else:
        return False
    return True


def _level_codes(texts: Collection[str], scale: Sequence[str] | None) -> dict[str, str]:
    """Level each text stands for: itself, or a code where all are the three levels."""
    coded = {text: LEVEL_OF_ZH.get(text) or text.casefold() for text in texts}
    three = {str(level) for level in Level}
    if (scale is None and set(coded.values()) <= three) or (scale and three >= set(scale)):
        return {text: str(code) for text, code in coded.items()}
    return {text: cell_text(text) for text in texts}


def _scale(codes: Mapping[str, str], texts: Sequence[str]) -> tuple[str, ...]:
    found = list(dict.fromkeys(codes[text] for text in texts if text in codes))
    if set(found) <= {str(level) for level in Level}:
        return tuple(str(level) for level in Level)
    try:
        return tuple(sorted(found, key=float))
    except ValueError:
        return tuple(found)
