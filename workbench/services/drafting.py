"""intake draft: a manifest proposed from folder and file names, with its doubts."""

from __future__ import annotations

import csv
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from rubrics.loading import load_set
from rubrics.rubric import RubricSet
from workbench import messages
from workbench.errors import InputError
from workbench.formats.cells import formula_safe
from workbench.formats.file_names import FileDoubt, FileGuess, FileNames, KnownTeacher
from workbench.formats.roster import parse_roster
from workbench.formats.roster_rows import TeacherRow
from workbench.formats.vocabulary import own_name
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import DEFAULT, Limits

COLUMNS = (
    "item", "teacher_id", "teacher_name", "school", "subject", "competency", "slot", "file", "doubt",
)  # fmt: skip
_WIDTHS = (6, 14, 12, 24, 12, 10, 24, 60, 60)
_SYSTEM_FILES = frozenset(("thumbs.db", "desktop.ini", ".ds_store", "__macosx"))
_MANIFESTS = frozenset(("manifest.csv", "manifest.xlsx"))
_DOUBTED = PatternFill("solid", fgColor="FFF2CC")


@dataclass(frozen=True)
class Draft:
    """A proposed manifest: one guess a file, and every doubt.

    Doubts without a file concern a teacher or the whole folder. ``ignored``
    are files left out, with the code of the reason.
    """

    rows: tuple[FileGuess, ...]
    doubts: tuple[FileDoubt, ...]
    ignored: tuple[FileDoubt, ...]

    def doubts_of(self, row: FileGuess) -> tuple[str, ...]:
        """Say the doubts about one file, a sentence each."""
        return tuple(say(doubt) for doubt in row.doubts)


@dataclass(frozen=True)
class DraftReport:
    """What ``intake draft`` wrote: where, how many lines, and its doubts as sentences."""

    path: Path
    draft: Draft

    @property
    def lines(self) -> int:
        """Number of files listed."""
        return len(self.draft.rows)

    @property
    def sentences(self) -> tuple[str, ...]:
        """One line a doubt, in the language of the run."""
        every = (*self.draft.doubts, *self.draft.ignored)
        return tuple(
            messages.text("draft.line", file=doubt.file, sentence=say(doubt))
            if doubt.file
            else say(doubt)
            for doubt in every
        )


def say(doubt: FileDoubt) -> str:
    """Put a doubt in the language of the run."""
    joint = "、" if messages.language() == "zh" else ", "
    values = {
        name: joint.join(str(part) for part in value) if isinstance(value, tuple) else value
        for name, value in doubt.values.items()
    }
    return messages.text(f"draft.{doubt.code}", **values)


def draft(
    folder: Path,
    out: Path,
    roster: Path | None = None,
    *,
    set_id: str = "micro_competencies",
    force: bool = False,
    limits: Limits = DEFAULT,
) -> DraftReport:
    """Write a manifest for a folder of evidence, as far as the names tell.

    Parameters
    ----------
    folder : Path
        What teachers handed in, in folders and files named somehow.
    out : Path
        The manifest to write: ``.xlsx``, or ``.csv`` in UTF-8 with BOM.
    roster : Path, optional
        The roster as the portal gives it; with it, teachers are recognised
        instead of guessed.
    set_id : str
        The set of rubrics whose codes and names are looked for.
    force : bool
        Whether an existing ``out`` may be replaced.

    Returns
    -------
    DraftReport
        The lines stand in the file with a column 疑问; nothing is decided
        where names leave a choice.

    Raises
    ------
    InputError
        If the folder or the roster cannot be read, or ``out`` exists or is
        neither .xlsx nor .csv.
    """
    _check_out(out, force)
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder. Name the folder that holds what was handed in.",
            key="draft.no_folder",
            folder=str(folder),
        )
    rubric_set = load_set(set_id)
    teachers = _teachers(roster, rubric_set, limits) if roster else None
    made = draft_manifest(folder, teachers, rubric_set, leave_out=out)
    _write(made, out)
    return DraftReport(out, made)


def draft_manifest(
    folder: Path,
    roster_rows: Sequence[TeacherRow] | None,
    rubric_set: RubricSet,
    leave_out: Path | None = None,
) -> Draft:
    """Propose a manifest for a folder; reads names only, never a file.

    Parameters
    ----------
    folder : Path
        Walked whole; links are not followed.
    roster_rows : sequence of TeacherRow, or None
        Teachers to recognise; None where there is no roster.
    rubric_set : RubricSet
        Codes and names to look for.
    leave_out : Path, optional
        The manifest about to be written, if it stands in the folder.
    """
    known = None if roster_rows is None else tuple(map(_known, roster_rows))
    names = FileNames(rubric_set, known, folder.resolve().name)
    rows: list[FileGuess] = []
    ignored: list[FileDoubt] = []
    for file, reason in _files(folder, leave_out):
        if reason:
            ignored.append(FileDoubt(reason, file))
        else:
            rows.append(names.read(file))
    rows = _several_files(rows, rubric_set)
    general = [FileDoubt("no_roster")] if known is None and rows else []
    general += [FileDoubt("no_files")] if not rows else []
    general += _unfilled_slots(rows, rubric_set)
    general += _without_files(rows, known or ())
    own = [doubt for row in rows for doubt in row.doubts]
    return Draft(tuple(rows), (*own, *general), tuple(ignored))


def _known(row: TeacherRow) -> KnownTeacher:
    return KnownTeacher(row.teacher_id, row.name, row.school, row.subject, row.choices)


def _teachers(roster: Path, rubric_set: RubricSet, limits: Limits) -> tuple[TeacherRow, ...]:
    try:
        with ReaderPool(limits) as pool:
            sheets = pool.table(roster)
    except Unreadable as error:
        raise InputError(
            f"{roster.name} cannot be read as a table ({error}). Save it as .xlsx and try again.",
            key="draft.bad_roster",
            file=roster.name,
            code=error.code,
        ) from error
    teachers = parse_roster(sheets, rubric_set).teachers
    if not teachers:
        raise InputError(
            f"{roster.name}: no list of teachers (姓名 and 学校) was found. Check its header row.",
            key="draft.empty_roster",
            file=roster.name,
        )
    return teachers


def _files(folder: Path, leave_out: Path | None) -> Iterator[tuple[str, str]]:
    """Relative paths in natural order, each with the reason it is left out, if it is."""
    found: list[tuple[str, str]] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.casefold() not in _SYSTEM_FILES)
        for name in files:
            path = Path(place) / name
            relative = path.relative_to(folder).as_posix()
            if not (_system(name) or (leave_out and path.resolve() == leave_out.resolve())):
                found.append((unicodedata.normalize("NFC", relative), _reason(path, folder)))
        for name in [name for name in folders if (Path(place) / name).is_symlink()]:
            found.append(((Path(place) / name).relative_to(folder).as_posix(), "link"))
    yield from sorted((_printable(file, reason) for file, reason in found), key=_natural)


def _system(name: str) -> bool:
    return name.casefold() in _SYSTEM_FILES or name.startswith(("~$", "._", ".~"))


def _reason(path: Path, folder: Path) -> str:
    if path.is_symlink():
        return "link"
    if not path.is_file():
        return "no_file"
    if path.parent == folder and path.name.casefold() in _MANIFESTS:
        return "manifest"
    return "empty" if path.stat().st_size == 0 else ""


def _printable(file: str, reason: str) -> tuple[str, str]:
    """A name that is no Unicode (written by an old system) cannot stand in a manifest."""
    try:
        file.encode("utf-8")
    except UnicodeEncodeError:
        return file.encode("utf-8", "backslashreplace").decode("ascii", "replace"), "bad_name"
    return file, reason


def _natural(pair: tuple[str, str]) -> list[tuple[int, int, str]]:
    """Sorting key in which 2 stands before 10."""
    parts: list[tuple[int, int, str]] = []
    for word in pair[0].replace("/", "\0").split("\0"):
        digits = "".join(c for c in word if c.isascii() and c.isdigit())[:9]
        parts.append((0 if digits else 1, int(digits or 0), word))
    return parts


def _several_files(rows: Sequence[FileGuess], rubric_set: RubricSet) -> list[FileGuess]:
    """Ask about slots that got several files: parts of one piece, or versions of it."""
    by_slot: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows:
        if row.slot_id and row.teacher_name:
            by_slot[*_person(row), row.slot_id].append(row.file)
    asked = []
    for row in rows:
        same = by_slot.get((*_person(row), row.slot_id), [])
        if len(same) > 1 and not _takes_several(rubric_set, row):
            other = next(file for file in same if file != row.file)
            more = FileDoubt(
                "several_files", row.file, {"slot": row.slot_id, "count": len(same), "other": other}
            )
            asked.append(replace(row, doubts=(*row.doubts, more)))
        else:
            asked.append(row)
    return asked


def _takes_several(rubric_set: RubricSet, row: FileGuess) -> bool:
    limits = rubric_set[row.competency].slot(row.slot_id).limits
    return "max_items" in limits and limits["max_items"].value > 1


def _person(row: FileGuess) -> tuple[str, ...]:
    return (row.teacher_id, row.teacher_name, row.school)


def _unfilled_slots(rows: Sequence[FileGuess], rubric_set: RubricSet) -> list[FileDoubt]:
    """Slots for which no file was recognised though others of the competency were."""
    filled: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        if row.competency and row.teacher_name:
            filled[*_person(row), row.competency].add(row.slot_id)
    doubts = []
    for (_, name, school, competency), slots in filled.items():
        lacking = tuple(
            f"{slot.slot_id} {slot.name_zh}"
            for slot in rubric_set[competency].slots
            if slot.slot_id not in slots
        )
        if lacking:
            values = {"name": name, "school": school, "competency": competency, "slots": lacking}
            doubts.append(FileDoubt("slots_without_file", "", values))
    return doubts


def _without_files(rows: Sequence[FileGuess], teachers: Sequence[KnownTeacher]) -> list[FileDoubt]:
    """Teachers of the roster with nothing handed in, for all or for some they chose."""
    handed: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        handed[_person(row)].add(row.competency)
    doubts = []
    for teacher in teachers:
        key = (teacher.teacher_id, teacher.name, teacher.school)
        values: dict[str, object] = {"name": teacher.name, "school": teacher.school}
        lacking = tuple(code for code in teacher.choices if code not in handed.get(key, ()))
        if key not in handed:
            doubts.append(FileDoubt("teacher_without_files", "", values))
        elif lacking:
            doubts.append(FileDoubt("choice_without_files", "", {**values, "choices": lacking}))
    return doubts


# --- writing -------------------------------------------------------------------


def _check_out(out: Path, force: bool) -> None:
    if out.suffix.lower() not in (".xlsx", ".csv"):
        raise InputError(
            f"{out.name}: a manifest is .xlsx or .csv. Give it one of these endings.",
            key="draft.bad_ending",
            file=out.name,
        )
    if out.exists() and not force:
        raise InputError(
            f"{out.name} exists already and may hold corrections. Name another file, or add --force.",
            key="draft.exists",
            file=out.name,
        )


def _write(made: Draft, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    try:
        if out.suffix.lower() == ".csv":
            _write_csv(made, part)
        else:
            _write_xlsx(made, part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _headers() -> list[str]:
    chinese = messages.language() == "zh"
    return [own_name(key) if chinese else key for key in COLUMNS]


def _cells(made: Draft, number: int, row: FileGuess) -> list[str]:
    doubts = "\n".join(made.doubts_of(row))
    person = [row.teacher_id, row.teacher_name, row.school, row.subject]
    return [str(number), *person, row.competency, row.slot_id, row.file, doubts]


def _write_csv(made: Draft, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_headers())
        for number, row in enumerate(made.rows, 1):
            writer.writerow([formula_safe(text) for text in _cells(made, number, row)])


def _write_xlsx(made: Draft, path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = messages.text("draft.sheet")
    _put(sheet, 1, _headers())
    for number, row in enumerate(made.rows, 1):
        _put(sheet, number + 1, _cells(made, number, row))
        if row.doubts:
            sheet.cell(number + 1, len(COLUMNS)).fill = _DOUBTED
    for column, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFGHI"[column]].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    book.save(path)


def _put(sheet: Worksheet, number: int, texts: Sequence[str]) -> None:
    """Write a row as text, so that no number loses a digit and nothing is a formula."""
    for column, text in enumerate(texts, 1):
        cell = sheet.cell(number, column)
        cell.value = text or None
        if text:
            cell.data_type = "s"
        cell.number_format = "@"
        cell.alignment = Alignment(wrap_text=column == len(texts), vertical="top")
