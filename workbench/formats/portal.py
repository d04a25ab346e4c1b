"""Results written back into the sheet a portal gave out, each in the row of its person.

A row is matched by the keyed hash of its 身份证号, else by number, else by name
and school. The numbers are read, hashed and forgotten; they stay in the sheet
and nowhere else. Where two people could be meant, nobody's result is written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from rubrics.rubric import RubricSet
from workbench import messages
from workbench.errors import InputError
from workbench.formats.cells import Grid, cell_text, grid_of, normal
from workbench.formats.headers import BodyRow, body_rows, propose_mapping
from workbench.formats.identity import IdNumber, read_id_number
from workbench.formats.mapping import ProposedMapping, RememberedMapping
from workbench.formats.naming import Names
from workbench.formats.sheet_patch import Place, formula_cells, write_cells
from workbench.readers.errors import Unreadable
from workbench.readers.limits import DEFAULT, Limits
from workbench.readers.spreadsheets import read_table
from workbench.readers.storing import safe_open
from workbench.readers.tables import Sheet

PERSON_KEYS = ("teacher_id", "teacher_name", "school", "id_number", "subject")
RESULT_KEYS = ("result", "passed", "result_1", "result_2", "result_3")
KEYS = (
    *PERSON_KEYS, "item", "gender", "title", "phone", "stage", "department", "choice_1",
    "choice_2", "choice_3", "hours_online", "hours_practice", "online_passed", *RESULT_KEYS,
)  # fmt: skip
State = Literal[
    "filled", "unchanged", "not_found", "ambiguous", "conflict", "occupied", "no_result"
]
By = Literal["id_number", "teacher_id", "name", ""]


@dataclass(frozen=True)
class PortalResult:
    """What is to be written for one teacher, in the words of the portal.

    ``person_key`` is the keyed hash of the 身份证号, empty where none was
    given. ``competencies`` are texts by code, ``choices`` the codes in the
    order the teacher chose them. ``passed`` None leaves 是否合格 empty.
    """

    teacher_id: str
    name: str
    school: str
    person_key: str = ""
    result: str = ""
    passed: bool | None = None
    competencies: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class PortalLine:
    """What became of one row of the portal's sheet."""

    sheet: str
    row_number: int
    state: State
    by: By = ""
    teacher_id: str = ""

    def sentence(self) -> str:
        """Say it in the language of the run."""
        return messages.text(f"portal.{self.state}", row=self.row_number, sheet=self.sheet)


@dataclass(frozen=True)
class PortalReport:
    """What was written, row by row; ``unplaced`` are results no row took."""

    lines: tuple[PortalLine, ...]
    columns: Mapping[str, tuple[str, ...]]
    unplaced: tuple[PortalResult, ...]

    def count(self, state: State) -> int:
        """How many rows ended so."""
        return sum(line.state == state for line in self.lines)


def fill_portal(
    path_in: Path,
    path_out: Path,
    results: Sequence[PortalResult],
    pepper: bytes,
    rubric_set: RubricSet,
    *,
    mapping: RememberedMapping | None = None,
    overwrite: bool = False,
    force: bool = False,
    limits: Limits = DEFAULT,
    sheets: Sequence[Sheet] | None = None,
) -> PortalReport:
    """Write results into a copy of a portal sheet.

    Parameters
    ----------
    path_in, path_out : Path
        The .xlsx as the portal gave it, and the copy to be made.
    results : sequence of PortalResult
        One for each teacher; ``teacher_id`` is never empty.
    pepper : bytes
        The key under which ``person_key`` was made.
    rubric_set : RubricSet
        Reads the competencies the sheet names.
    mapping : RememberedMapping, optional
        Columns as people confirmed them before (kind ``portal``).
    overwrite : bool
        Whether result cells that say something else may be replaced; formulas
        never are.
    force : bool
        Whether an existing ``path_out`` may be replaced.
    limits : Limits
        Bounds of reading the file.
    sheets : sequence of Sheet, optional
        The sheets of ``path_in``, where a child process has read them.

    Raises
    ------
    InputError
        If the file is no .xlsx, has no column for a person or a result, or
        ``path_out`` exists.
    """
    _check_paths(path_in, path_out, force)
    filler = _Filler(_People(results, pepper), Names(rubric_set), overwrite)
    lines: list[PortalLine] = []
    columns: dict[str, tuple[str, ...]] = {}
    texts: dict[str, dict[Place, str]] = {}
    for name, grid in _grids(path_in, limits, sheets).items():
        found = propose_mapping(grid, KEYS, "portal", mapping)
        if not _fillable(found):
            continue
        columns[name] = tuple(found.header(key) for key in RESULT_KEYS if key in found.keys)
        formulas = formula_cells(path_in, name, limits)
        filled, texts[name] = filler.fill(name, grid, found, formulas)
        lines += filled
    if not columns:
        raise InputError(
            f"{path_in.name}: no sheet has both a person (身份证号, 教师编号 or 姓名 with 学校) and a "
            "result column (测评结果, 能力点1结果 …). Confirm the columns, or check the file.",
            key="portal.no_columns",
            file=path_in.name,
        )
    write_cells(path_in, path_out, texts, limits)
    placed = {line.teacher_id for line in lines if line.state in ("filled", "unchanged")}
    unplaced = tuple(r for r in results if r.teacher_id not in placed)
    return PortalReport(tuple(lines), columns, unplaced)


def _check_paths(path_in: Path, path_out: Path, force: bool) -> None:
    if path_in.suffix.lower() != ".xlsx" or path_out.suffix.lower() != ".xlsx":
        other = path_in if path_in.suffix.lower() != ".xlsx" else path_out
        raise InputError(
            f"{other.name}: only .xlsx can be filled without losing its layout. Open the file in "
            "Excel or WPS and save it as .xlsx (另存为 xlsx).",
            key="portal.not_xlsx",
            file=other.name,
        )
    if path_out.exists() and (not force or path_out.samefile(path_in)):
        raise InputError(
            f"{path_out.name} exists already. Name another file, or allow it to be replaced; "
            "the portal's own file is never replaced.",
            key="portal.exists",
            file=path_out.name,
        )


def _grids(path: Path, limits: Limits, sheets: Sequence[Sheet] | None) -> dict[str, Grid]:
    try:
        with safe_open(path) as file:
            if file.read(4) != b"PK\x03\x04":
                raise Unreadable("mislabelled", "no .xlsx inside")
        read = read_table(path, limits) if sheets is None else sheets
        return {sheet.name: grid_of(sheet) for sheet in read}
    except Unreadable as error:
        raise InputError(
            f"{path.name} cannot be read as .xlsx ({error}). Open it in Excel or WPS and save it "
            "as .xlsx (另存为 xlsx).",
            key="portal.unreadable",
            file=path.name,
            code=error.code,
        ) from error


def _fillable(mapping: ProposedMapping) -> bool:
    keys = set(mapping.keys)
    return bool(keys & set(RESULT_KEYS) and keys & {"id_number", "teacher_id", "teacher_name"})


class _People:
    """The teachers results exist for, found by hash, by number, or by name and school."""

    def __init__(self, results: Sequence[PortalResult], pepper: bytes) -> None:
        self._pepper = pepper
        self._by_key = {r.person_key: r for r in results if r.person_key}
        self._by_id = {r.teacher_id: r for r in results if r.teacher_id}
        self._by_name: dict[tuple[str, str], list[PortalResult]] = defaultdict(list)
        for result in results:
            self._by_name[(normal(result.name), normal(result.school))].append(result)
        schools = {normal(result.school) for result in results}
        self._only_school = schools.pop() if len(schools) == 1 else ""

    def match(self, row: BodyRow) -> tuple[PortalResult | None, By, State]:
        """Result of the person a row is about, by what it was found, or why none is."""
        key = self._key(row)
        if key in self._by_key:
            return self._agreed(row, self._by_key[key], "id_number")
        named: PortalResult | None = None
        by: By = "teacher_id"
        if row.text("teacher_id") in self._by_id:
            named = self._by_id[row.text("teacher_id")]
        else:
            same = self._by_name.get(self._name(row), [])
            if len(same) > 1:
                return None, "name", "ambiguous"
            named, by = (same[0] if same else None), "name"
        if named is None:
            return None, "", "not_found"
        if key and named.person_key:  # both numbers known, and they differ: somebody else
            return None, by, "conflict"
        return self._agreed(row, named, by)

    def _key(self, row: BodyRow) -> str:
        cell = row.cells.get("id_number")
        number = read_id_number(cell) if cell_text(cell) else "malformed"
        return number.key(self._pepper) if isinstance(number, IdNumber) else ""

    def _name(self, row: BodyRow) -> tuple[str, str]:
        return normal(row.text("teacher_name")), normal(row.text("school")) or self._only_school

    def _agreed(
        self, row: BodyRow, result: PortalResult, by: By
    ) -> tuple[PortalResult | None, By, State]:
        """Hold the row's name against the person found: a number in the wrong row is no match."""
        name = normal(row.text("teacher_name"))
        if name and name != normal(result.name):
            return None, by, "conflict"
        return result, by, "filled"


@dataclass(frozen=True)
class _Filler:
    people: _People
    names: Names
    overwrite: bool

    def fill(
        self, sheet: str, grid: Grid, mapping: ProposedMapping, formulas: frozenset[Place]
    ) -> tuple[list[PortalLine], dict[Place, str]]:
        """Decide every row of a sheet: its line of the report, and the cells to write."""
        rows = body_rows(grid, mapping)
        found = [self.people.match(row) for row in rows]
        # One person in two rows is certain by number only; by name it may be a namesake.
        times = Counter(result.teacher_id for result, _, _ in found if result)
        lines: list[PortalLine] = []
        texts: dict[Place, str] = {}
        for row, (result, by, state) in zip(rows, found, strict=True):
            line = PortalLine(sheet, row.number, state, by, result.teacher_id if result else "")
            if result and by == "name" and times[result.teacher_id] > 1:
                line = replace(line, state="ambiguous", teacher_id="")
            elif result:
                cells = self._cells(row, result, mapping)
                line = replace(line, state=self._state(grid, cells, formulas))
                texts.update(cells if line.state == "filled" else {})
            lines.append(line)
        return lines, texts

    def _cells(
        self, row: BodyRow, result: PortalResult, mapping: ProposedMapping
    ) -> dict[Place, str]:
        """Places and texts of one row, those with nothing to say left out."""
        texts = {
            "result": result.result,
            "passed": {True: "是", False: "否", None: ""}[result.passed],
            **{f"result_{n}": self._nth(row, result, n, mapping) for n in (1, 2, 3)},
        }
        return {
            (row.number, mapping.keys[key].index + 1): text
            for key, text in texts.items()
            if text and key in mapping.keys
        }

    def _nth(self, row: BodyRow, result: PortalResult, n: int, mapping: ProposedMapping) -> str:
        """Text for 能力点n: of the one the row names, else of the n-th the teacher chose."""
        if f"choice_{n}" in mapping.keys:
            code = self.names.competency(row.text(f"choice_{n}")).code or ""
        else:
            code = result.choices[n - 1] if n <= len(result.choices) else ""
        return result.competencies.get(code, "")

    def _state(self, grid: Grid, cells: Mapping[Place, str], formulas: frozenset[Place]) -> State:
        if not cells:
            return "no_result"
        there = {place: _text_at(grid, place) for place in cells}
        if all(there[place] == text for place, text in cells.items()):
            return "unchanged"
        other = any(there[place] not in ("", text) for place, text in cells.items())
        if formulas & set(cells) or (other and not self.overwrite):
            return "occupied"
        return "filled"


def _text_at(grid: Grid, place: Place) -> str:
    row = grid[place[0] - 1]
    return cell_text(row[place[1] - 1]) if place[1] <= len(row) else ""
