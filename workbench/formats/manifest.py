"""The manifest of an evidence package: which file fills which slot of which teacher."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from rubrics.rubric import RubricSet
from workbench.formats.cells import Grid
from workbench.formats.faults import FaultList, RowFault, Verdict, verdict
from workbench.formats.headers import body_rows, propose_mapping
from workbench.formats.manifest_rows import ManifestRow, RowReader
from workbench.formats.mapping import ProposedMapping, RememberedMapping
from workbench.formats.naming import Names
from workbench.formats.people import ask_about_identity
from workbench.formats.vocabulary import own_name

KEYS = tuple(
    "item teacher_id teacher_name school subject department stage environment competency slot file "
    "location duration_s width height codec recorded_at device sha256 submitted_at id_number "
    "doubt".split()
)
REQUIRED = ("teacher_name", "school", "competency", "slot", "file")


@dataclass(frozen=True)
class Manifest:
    """Every line of a manifest, in its order, and what is wrong with them.

    Faults with row number 0 concern the whole table. ``unknown_columns`` are
    kept as notes of each row.
    """

    rows: tuple[ManifestRow, ...]
    faults: tuple[RowFault, ...]
    unknown_columns: tuple[str, ...]
    mapping: ProposedMapping

    @property
    def accepted(self) -> tuple[ManifestRow, ...]:
        """Lines that may be taken in, with or without a warning."""
        out = {fault.row_number for fault in self.faults if fault.severity == "reject"}
        return tuple(row for row in self.rows if row.row_number not in out)

    def faults_of(self, row: ManifestRow) -> tuple[RowFault, ...]:
        """Faults of one line."""
        return tuple(fault for fault in self.faults if fault.row_number == row.row_number)

    def verdict(self, row: ManifestRow) -> Verdict:
        """accept, warn or reject."""
        return verdict(self.faults_of(row))


def parse_manifest(
    grid: Grid,
    rubric_set: RubricSet,
    known_schools: Collection[str] | None = None,
    mapping: RememberedMapping | None = None,
) -> Manifest:
    """Read a manifest: every line, every fault, nothing from disk.

    Parameters
    ----------
    grid : rows of cell texts
        Title rows, any column order, English keys or Chinese headers.
    rubric_set : RubricSet
        Competencies and slots the lines may name.
    known_schools : collection of str, optional
        Schools of the roster; where given, any other school is refused.
    mapping : RememberedMapping, optional
        Columns as people confirmed them before.

    Returns
    -------
    Manifest
        Without rows, and with one fault that names all of them, where
        required columns are missing.
    """
    proposed = propose_mapping(grid, KEYS, "manifest", mapping)
    faults = FaultList()
    missing = proposed.missing(_required(proposed))
    if missing:
        columns = tuple(f"{own_name(key)} ({key})" for key in missing)
        faults.reject(0, "", "missing_columns", columns=columns)
        return Manifest((), faults.in_order(), proposed.unknown, proposed)
    reader = RowReader(proposed, Names(rubric_set), rubric_set, known_schools, faults)
    rows = tuple(reader.row(row) for row in body_rows(grid, proposed))
    if not rows:
        faults.reject(0, "", "no_rows")
    _compare_rows(rows, proposed, faults)
    return Manifest(rows, faults.in_order(), proposed.unknown, proposed)


def _required(mapping: ProposedMapping) -> tuple[str, ...]:
    """Required keys; a manifest of videos kept elsewhere has no file column."""
    return tuple(key for key in REQUIRED if not (key == "file" and "location" in mapping.keys))


def _compare_rows(
    rows: tuple[ManifestRow, ...], mapping: ProposedMapping, faults: FaultList
) -> None:
    """Find what only several lines together show."""
    ask_about_identity([row.person for row in rows], faults, mapping.header("teacher_name"))
    _same_line_twice(rows, mapping, faults)
    _same_file_twice(rows, mapping, faults)
    _same_item_twice(rows, mapping, faults)


def _place(row: ManifestRow) -> tuple[Hashable, ...]:
    return row.person.key, row.competency, row.slot_id


def _same_line_twice(
    rows: tuple[ManifestRow, ...], mapping: ProposedMapping, faults: FaultList
) -> None:
    first: dict[Hashable, int] = {}
    for row in rows:
        what = row.file.casefold() or row.sha256 or row.video.location
        key = (*_place(row), what)
        if not (row.slot_id and what):
            continue
        if key in first:
            faults.reject(row.row_number, mapping.header("file"), "duplicate_row", first=first[key])
        first.setdefault(key, row.row_number)


def _same_file_twice(
    rows: tuple[ManifestRow, ...], mapping: ProposedMapping, faults: FaultList
) -> None:
    first: dict[str, ManifestRow] = {}
    for row in rows:
        if not row.file:
            continue
        held = first.setdefault(row.file.casefold(), row)
        if _place(held) != _place(row):
            faults.warn(
                row.row_number,
                mapping.header("file"),
                "file_named_twice",
                file=row.file,
                first=held.row_number,
            )


def _same_item_twice(
    rows: tuple[ManifestRow, ...], mapping: ProposedMapping, faults: FaultList
) -> None:
    """Refuse an item that stands for two pieces: reports and ratings could not tell them apart."""
    first: dict[str, ManifestRow] = {}
    for row in rows:
        held = first.setdefault(row.item, row)
        if _place(held) != _place(row):
            faults.reject(
                row.row_number,
                mapping.header("item"),
                "item_twice",
                value=row.item,
                first=held.row_number,
            )
