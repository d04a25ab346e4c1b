"""The roster: teachers with what they chose, raters and schools, from sheets as portals give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rubrics.rubric import RubricSet
from workbench.formats.cells import Grid, grid_of, normal
from workbench.formats.faults import FaultList, RowFault
from workbench.formats.headers import BodyRow, body_rows, propose_mapping
from workbench.formats.identity import IdNumber
from workbench.formats.mapping import ProposedMapping, RememberedMapping
from workbench.formats.naming import Names
from workbench.formats.people import Person, ask_about_identity
from workbench.formats.roster_rows import RaterRow, RosterReader, SchoolRow, TeacherRow
from workbench.formats.vocabulary import own_name
from workbench.readers.tables import Sheet

AnyRow: TypeAlias = TeacherRow | RaterRow | SchoolRow

KINDS: Mapping[str, tuple[str, ...]] = {
    "teachers": tuple(
        "item teacher_id teacher_name school subject department stage environment id_number gender "
        "title phone hours_online hours_practice online_passed choice_1 choice_2 choice_3 "
        "choices".split()
    ),
    "raters": tuple(
        "item rater_id rater_name school subject department stage roles relations phone title "
        "gender id_number".split()
    ),
    "schools": tuple("item school_id school environment stage cluster".split()),
}
REQUIRED = {
    "teachers": ("teacher_name", "school"),
    "raters": ("rater_name", "school"),
    "schools": ("school",),
}
# A kind is told by columns no other kind has, or by the name of its sheet.
_TELLING = {
    "teachers": frozenset(
        "teacher_id hours_online hours_practice online_passed choice_1 choice_2 choice_3".split()
    ),
    "raters": frozenset(("roles", "relations")),
    "schools": frozenset(("school_id", "cluster")),
}
_SHEET_WORDS = {
    "raters": ("评审", "评委", "专家", "评阅", "rater", "reviewer"),
    "schools": ("学校", "单位", "school"),
    "teachers": ("教师", "学员", "参训", "名册", "花名册", "teacher"),
}


@dataclass(frozen=True)
class Roster:
    """What the sheets of a roster say; faults name sheet rows, row 0 the whole sheet.

    ``mappings`` are what was proposed for each sheet by its name; ``skipped``
    are sheets in which nothing was recognised.
    """

    teachers: tuple[TeacherRow, ...]
    raters: tuple[RaterRow, ...]
    schools: tuple[SchoolRow, ...]
    mappings: Mapping[str, ProposedMapping]
    faults: tuple[RowFault, ...]
    sheet_faults: Mapping[str, tuple[RowFault, ...]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    @property
    def choices(self) -> dict[tuple[str, str, str], tuple[str, ...]]:
        """Competencies chosen, by teacher id, name and school."""
        return {(t.teacher_id, t.name, t.school): t.choices for t in self.teachers}

    @property
    def school_names(self) -> tuple[str, ...]:
        """Every school named: those of the school sheet, else those teachers belong to."""
        named = [school.name for school in self.schools] or [t.school for t in self.teachers]
        return tuple(dict.fromkeys(name for name in named if name))


def parse_roster(
    sheets: Sequence[Sheet],
    rubric_set: RubricSet,
    mappings: Mapping[str, RememberedMapping] | None = None,
    school: str = "",
) -> Roster:
    """Read a roster: every sheet, every row, every fault.

    Parameters
    ----------
    sheets : sequence of Sheet
        As ``read_table`` gives them; each is recognised as teachers, raters
        or schools by its columns and its name.
    rubric_set : RubricSet
        Competencies teachers may have chosen.
    mappings : mapping of kind to RememberedMapping, optional
        Columns as people confirmed them before.
    school : str, optional
        School of every row of a list that has no column for it.

    Returns
    -------
    Roster
        Rows with a rejecting fault are left out; the faults say which.
    """
    faults: dict[str, tuple[RowFault, ...]] = {}
    proposed: dict[str, ProposedMapping] = {}
    found: dict[str, list[AnyRow]] = {kind: [] for kind in KINDS}
    seen = _Seen()
    skipped = []
    reader = RosterReader(Names(rubric_set), school)
    grids = {sheet.name: grid_of(sheet) for sheet in sheets}
    for name, grid in grids.items():
        mapping = recognise(grid, name, mappings, school)
        if mapping is None:
            skipped.append(name)
        else:
            proposed[name] = mapping
    # Schools first: the other sheets are held against them.
    for name in sorted(proposed, key=lambda name: proposed[name].kind != "schools"):
        mapping = proposed[name]
        rows, faults[name] = _read_sheet(name, grids[name], mapping, reader, seen)
        found[mapping.kind].extend(rows)
    teachers = tuple(row for row in found["teachers"] if isinstance(row, TeacherRow))
    raters = tuple(row for row in found["raters"] if isinstance(row, RaterRow))
    schools = tuple(row for row in found["schools"] if isinstance(row, SchoolRow))
    every = tuple(fault for of_sheet in faults.values() for fault in of_sheet)
    return Roster(teachers, raters, schools, proposed, every, faults, tuple(skipped))


def recognise(
    grid: Grid,
    name: str = "",
    mappings: Mapping[str, RememberedMapping] | None = None,
    school: str = "",
) -> ProposedMapping | None:
    """Kind and columns of a sheet; None where it is no part of a roster."""
    best: tuple[float, ProposedMapping] | None = None
    for kind, keys in KINDS.items():
        mapping = propose_mapping(grid, keys, kind, (mappings or {}).get(kind))
        missing = mapping.missing(REQUIRED[kind])
        if len(missing) == len(REQUIRED[kind]) or (kind == "schools" and missing):
            continue
        if school and missing == ("school",):
            missing = ()
        score = _score(kind, mapping, name) - 2.0 * len(missing)
        if best is None or score > best[0]:
            best = (score, mapping)
    return best[1] if best else None


def _score(kind: str, mapping: ProposedMapping, name: str) -> float:
    used = mapping.keys
    score = sum(column.confidence for column in used.values())
    score += 2.0 * len(_TELLING[kind] & set(used))
    score += 3.0 * any(word in normal(name) for word in _SHEET_WORDS[kind])
    if kind == "raters":  # nothing but a name and a school: teachers, unless it says otherwise
        said = (name, *(column.header for column in mapping.columns))
        score += (
            2.0 if any(w in normal(text) for text in said for w in _SHEET_WORDS[kind]) else -2.0
        )
    if kind == "schools":  # any list of people names schools too
        people = any("姓名" in c.header or "教师" in c.header for c in mapping.columns)
        score -= 6.0 * people
    return score


@dataclass
class _Seen:
    """Who stood where first, over all sheets: sheet and row."""

    people: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    numbers: dict[IdNumber, tuple[str, int]] = field(default_factory=dict)


def _read_sheet(
    name: str, grid: Grid, mapping: ProposedMapping, reader: RosterReader, seen: _Seen
) -> tuple[list[AnyRow], tuple[RowFault, ...]]:
    faults = FaultList("roster")
    required = REQUIRED[mapping.kind]
    missing = [key for key in mapping.missing(required) if not (key == "school" and reader.school)]
    if missing:
        columns = tuple(f"{own_name(key)} ({key})" for key in missing)
        faults.reject(0, "", "missing_columns", "intake", columns=columns)
        return [], faults.in_order()
    rows = [_read_row(reader, row, mapping, faults) for row in body_rows(grid, mapping)]
    if not rows:
        faults.warn(0, "", "no_rows", "intake")
    _listed_twice(name, rows, mapping, faults, seen)
    _unknown_schools(rows, mapping, faults, seen)
    people = [_person(row) for row in rows if isinstance(row, TeacherRow)]
    ask_about_identity(people, faults, mapping.header("teacher_name"))
    out = faults.rejected_rows()
    return [row for row in rows if row.row_number not in out], faults.in_order()


def _read_row(
    reader: RosterReader, row: BodyRow, mapping: ProposedMapping, faults: FaultList
) -> AnyRow:
    if mapping.kind == "teachers":
        return reader.teacher(row, mapping, faults)
    if mapping.kind == "raters":
        return reader.rater(row, mapping, faults)
    return reader.school_row(row, mapping, faults)


def _listed_twice(
    sheet: str, rows: Sequence[AnyRow], mapping: ProposedMapping, faults: FaultList, seen: _Seen
) -> None:
    for row in rows:
        key = (mapping.kind, *row.identity)
        here = (sheet, row.row_number)
        held = seen.people.setdefault(key, here) if any(row.identity) else here
        if held != here:
            faults.reject(row.row_number, "", "listed_twice", sheet=held[0], first=held[1])
        if isinstance(row, TeacherRow) and row.id_number:
            owner = seen.numbers.setdefault(row.id_number, here)
            if owner != here:
                column = mapping.header("id_number")
                faults.reject(
                    row.row_number, column, "id_number_twice", sheet=owner[0], first=owner[1]
                )


def _person(row: TeacherRow) -> Person:
    return Person(row.row_number, row.teacher_id, row.name, row.school, row.subject, row.id_number)


def _unknown_schools(
    rows: Sequence[AnyRow], mapping: ProposedMapping, faults: FaultList, seen: _Seen
) -> None:
    """Hold the schools of people against the school sheet, where there is one."""
    known = {key[1] for key in seen.people if key[0] == "schools"}
    for row in rows:
        if known and not isinstance(row, SchoolRow) and normal(row.school) not in known:
            column, school = mapping.header("school"), row.school
            if isinstance(row, TeacherRow):
                faults.reject(
                    row.row_number, column, "unknown_school", "intake", school=school, near=""
                )
            else:  # readers may be borrowed, but a misspelt school would defeat the own-school rule
                faults.warn(row.row_number, column, "rater_from_elsewhere", school=school)
