"""Who is meant by the rows of a table: ids, names and schools, and people of the same name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from workbench.formats.cells import normal
from workbench.formats.faults import FaultList
from workbench.formats.headers import BodyRow
from workbench.formats.identity import IdNumber, check_digit_ok, mask, read_id_number
from workbench.formats.mapping import ProposedMapping


@dataclass(frozen=True)
class Person:
    """Who a row says it is about; ids may be empty."""

    row_number: int
    teacher_id: str
    name: str
    school: str
    subject: str = ""
    id_number: IdNumber | None = None

    @property
    def name_key(self) -> tuple[str, str]:
        """Name and school in comparison form."""
        return normal(self.name), normal(self.school)

    @property
    def key(self) -> Hashable:
        """What tells this person from others in the same table."""
        return self.teacher_id or self.id_number or self.name_key


def read_person_id(row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> str:
    """Teacher id of a row; an ID number used as one is refused, so that it is not stored."""
    given = row.text("teacher_id")
    if check_digit_ok(given):
        faults.reject(
            row.number,
            mapping.header("teacher_id"),
            "id_number_as_teacher_id",
            "intake",
            number=mask(given),
        )
        return ""
    return given


def read_identity(row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> IdNumber | None:
    """ID number of a row, checked; a fault says why one is refused."""
    if not row.text("id_number"):
        return None
    read = read_id_number(row.cells["id_number"])
    if isinstance(read, IdNumber):
        return read
    column = mapping.header("id_number")
    shown = mask(row.text("id_number"))
    if read == "malformed":  # a passport or a residence permit has no check digit we know
        faults.warn(row.number, column, "id_number_malformed", "intake", number=shown)
    else:
        faults.reject(row.number, column, f"id_number_{read}", "intake", number=shown)
    return None


def ask_about_identity(people: Sequence[Person], faults: FaultList, column: str) -> None:
    """Find ids used for several people and people who cannot be told apart.

    One id with several names or schools: the rows that differ from the most
    frequent are refused (all, where none is). One name at one school with
    several ids, ID numbers or subjects: rows that carry an id are asked about
    (warned), rows that carry none are refused, as nobody knows whose they are.
    """
    _one_id_several_people(people, faults, column)
    by_name: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person in people:
        if all(person.name_key):
            by_name[person.name_key].append(person)
    for namesakes in by_name.values():
        _same_name(namesakes, faults, column)


def _one_id_several_people(people: Iterable[Person], faults: FaultList, column: str) -> None:
    by_id: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        if person.teacher_id:
            by_id[person.teacher_id].append(person)
    for teacher_id, rows in by_id.items():
        count = Counter(row.name_key for row in rows).most_common(2)
        if len(count) < 2:
            continue
        kept = count[0][0] if count[0][1] > count[1][1] else None
        names = tuple(dict.fromkeys(f"{row.name}（{row.school}）" for row in rows))
        for row in rows:
            if row.name_key != kept:
                faults.reject(
                    row.row_number,
                    column,
                    "one_id_several_people",
                    "intake",
                    teacher_id=teacher_id,
                    names=names,
                )


def _same_name(rows: Sequence[Person], faults: FaultList, column: str) -> None:
    ids = sorted({row.teacher_id for row in rows if row.teacher_id})
    numbers = {row.id_number for row in rows if row.id_number}
    subjects = tuple(dict.fromkeys(row.subject for row in rows if row.subject))
    several = len(ids) > 1 or (not ids and len(numbers) > 1)
    for row in rows:
        marked = bool(row.teacher_id or row.id_number)
        said = {"name": row.name, "school": row.school}
        if several and marked:
            code = "homonym" if ids else "homonym_by_id_number"
            faults.warn(row.row_number, column, code, "intake", ids=tuple(ids), **said)
        elif several:
            faults.reject(row.row_number, column, "homonym_without_id", "intake", **said)
        elif not marked and row.subject and len(subjects) > 1:
            faults.reject(
                row.row_number, column, "homonym_by_subject", "intake", subjects=subjects, **said
            )
