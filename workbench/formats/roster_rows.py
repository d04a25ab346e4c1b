"""One row of a roster sheet: a teacher, a rater or a school, read with its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.formats.cells import normal
from workbench.formats.faults import FaultList
from workbench.formats.headers import BodyRow
from workbench.formats.identity import IdNumber, without_numbers
from workbench.formats.mapping import ProposedMapping
from workbench.formats.naming import Names
from workbench.formats.people import read_identity, read_person_id
from workbench.formats.values import read_number, read_yes_no, split_list
from workbench.formats.vocabulary import own_name

# Beginnings of what people write for the three environments.
ENVIRONMENTS = {
    "multimedia": ("多媒体", "multimedia"),
    "blended": ("混合", "blended"),
    "smart": ("智慧", "智能", "smart"),
}
ROLES = {
    "rater": ("评审员", "评委", "评审专家", "专家", "评阅员", "rater", "reviewer", "成员", "组员"),
    "chair": ("评审组长", "组长", "主评", "chair"),
    "county": ("县项目办复核员", "县复核员", "复核员", "县级复核", "county", "督导"),
    "registrar": ("校级管理员", "学校管理员", "registrar"),
    "admin": ("管理员", "系统管理员", "县级管理员", "admin"),
}
_ROLE_OF = {normal(word): role for role, words in ROLES.items() for word in words}
_NOTE_KEYS = ("gender", "title", "phone")


@dataclass(frozen=True)
class TeacherRow:
    """One teacher. Hours are 学时; None where the sheet says nothing, which is not 0."""

    row_number: int
    teacher_id: str
    name: str
    school: str
    subject: str = ""
    department: str = ""
    stage: str = ""
    environment: str = ""
    id_number: IdNumber | None = None
    hours_online: float | None = None
    hours_practice: float | None = None
    online_passed: bool | None = None
    choices: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, ...]:
        """What may stand once only in a roster."""
        if self.teacher_id:
            return ("id", self.teacher_id)
        return () if self.id_number else (normal(self.name), normal(self.school), self.subject)


@dataclass(frozen=True)
class RaterRow:
    """One rater. ``relations`` name whom they must not read; ``roles`` are role codes."""

    row_number: int
    rater_id: str
    name: str
    school: str
    subject: str = ""
    department: str = ""
    stage: str = ""
    roles: tuple[str, ...] = ("rater",)
    relations: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, ...]:
        """What may stand once only in a roster."""
        return ("id", self.rater_id) if self.rater_id else (normal(self.name), normal(self.school))


@dataclass(frozen=True)
class SchoolRow:
    """One school. ``environment`` is multimedia, blended or smart, or as written."""

    row_number: int
    school_id: str
    name: str
    environment: str = ""
    stage: str = ""
    cluster: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, ...]:
        """What may stand once only in a roster."""
        return (normal(self.name),)


@dataclass(frozen=True)
class RosterReader:
    """What reading a row needs: the names of competencies, and a school where none is written."""

    names: Names
    school: str = ""

    def teacher(self, row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> TeacherRow:
        """Read one teacher."""
        return TeacherRow(
            row_number=row.number,
            teacher_id=read_person_id(row, mapping, faults),
            name=_filled(row, "teacher_name", mapping, faults),
            school=self._school(row, mapping, faults),
            subject=row.text("subject"),
            department=row.text("department"),
            stage=row.text("stage"),
            environment=_environment(row, mapping, faults),
            id_number=read_identity(row, mapping, faults),
            hours_online=_hours(row, "hours_online", mapping, faults),
            hours_practice=_hours(row, "hours_practice", mapping, faults),
            online_passed=_passed(row, mapping, faults),
            choices=self._choices(row, mapping, faults),
            notes=_notes(row, faults),
        )

    def rater(self, row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> RaterRow:
        """Read one rater."""
        # Raters are not looked up by their number: it is checked, then dropped.
        read_identity(row, mapping, faults)
        return RaterRow(
            row_number=row.number,
            rater_id=row.text("rater_id"),
            name=_filled(row, "rater_name", mapping, faults),
            school=self._school(row, mapping, faults),
            subject=row.text("subject"),
            department=row.text("department"),
            stage=row.text("stage"),
            roles=_roles(row, mapping, faults),
            relations=split_list(row.text("relations").removeprefix("回避").lstrip("：:")),
            notes=_notes(row, faults),
        )

    def school_row(self, row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> SchoolRow:
        """Read one school."""
        return SchoolRow(
            row_number=row.number,
            school_id=row.text("school_id"),
            name=_filled(row, "school", mapping, faults),
            environment=_environment(row, mapping, faults),
            stage=row.text("stage"),
            cluster=row.text("cluster"),
            notes=_notes(row, faults),
        )

    def _school(self, row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> str:
        if self.school and not row.text("school"):
            return self.school
        return _filled(row, "school", mapping, faults)

    def _choices(
        self, row: BodyRow, mapping: ProposedMapping, faults: FaultList
    ) -> tuple[str, ...]:
        """Codes chosen, in order, from 能力点1 to 3 or from one cell that lists them."""
        chosen: list[str] = []
        for key in ("choice_1", "choice_2", "choice_3", "choices"):
            for text in split_list(row.text(key)):
                named = self.names.competency(text)
                column = mapping.header(key)
                if named.code is None:
                    code = "choice_contradiction" if named.problem == "contradiction" else ""
                    code = code or ("unknown_choice_near" if named.near else "unknown_choice")
                    faults.warn(row.number, column, code, value=text, near=named.near)
                elif named.code in chosen:
                    faults.warn(row.number, column, "choice_twice", competency=named.code)
                else:
                    chosen.append(named.code)
        return tuple(chosen)


def environment_code(text: str) -> str:
    """Code of an environment; the text itself where it is none of the three.

    Examples
    --------
    >>> environment_code("混合学习环境"), environment_code("多媒体教学环境")
    ('blended', 'multimedia')
    """
    form = normal(text)
    for code, beginnings in ENVIRONMENTS.items():
        if form.startswith(beginnings):
            return code
    return text


def _filled(row: BodyRow, key: str, mapping: ProposedMapping, faults: FaultList) -> str:
    if not row.text(key):
        faults.reject(row.number, mapping.header(key), "missing_value", "intake")
    return row.text(key)


def _environment(row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> str:
    code = environment_code(row.text("environment"))
    if code and code not in ENVIRONMENTS:
        faults.warn(row.number, mapping.header("environment"), "unknown_environment", value=code)
    return code


def _hours(row: BodyRow, key: str, mapping: ProposedMapping, faults: FaultList) -> float | None:
    given = row.text(key)
    hours = read_number(given) if given else None
    if given and hours is None:
        faults.warn(row.number, mapping.header(key), "bad_hours", value=given)
    return hours


def _passed(row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> bool | None:
    given = row.text("online_passed")
    passed = read_yes_no(given) if given else None
    if given and passed is None:
        faults.warn(row.number, mapping.header("online_passed"), "bad_passed", value=given)
    return passed


def _roles(row: BodyRow, mapping: ProposedMapping, faults: FaultList) -> tuple[str, ...]:
    roles: list[str] = []
    for word in split_list(row.text("roles")):
        role = _ROLE_OF.get(normal(word))
        if role is None:
            faults.reject(row.number, mapping.header("roles"), "unknown_role", value=word)
        elif role not in roles:
            roles.append(role)
    return tuple(roles) or ("rater",)


def _notes(row: BodyRow, faults: FaultList) -> dict[str, str]:
    """Unknown columns by header, with sex, title and telephone; ID numbers are masked."""
    notes = {own_name(key): row.text(key) for key in _NOTE_KEYS if row.text(key)}
    notes.update(row.notes)
    for header, text in notes.items():
        notes[header] = without_numbers(text)
        if notes[header] != text:
            faults.warn(row.number, header, "id_number_in_note", "intake")
    return notes
