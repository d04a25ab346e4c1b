"""Schools, teachers and raters: added once, found again, their facts kept as they come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.people import facts_of_schools, facts_of_teachers
from models.store import Store, Transaction
from workbench.errors import InputError
from workbench.formats.cells import normal
from workbench.services.workspace import Fresh


@dataclass(frozen=True)
class TeacherRow:
    """A teacher as a package or roster names one; ``facts`` by name, None where not stated."""

    teacher_no: str
    name: str
    school: str
    facts: Mapping[str, str]


class Roll:
    """Teachers a workspace knows, found by number, or by name and school."""

    def __init__(self, store: Store) -> None:
        self._by_no: dict[str, tuple[str, str, str]] = {}
        self._by_name: dict[tuple[str, str], list[tuple[str, str]]] = {}
        schools = {row["school_id"]: row["name"] for row in store.where("school")}
        for row in store.where("teacher"):
            school = schools[row["school_id"]]
            self.add(row["teacher_id"], row["teacher_no"], row["name"], school)

    def add(self, teacher_id: str, teacher_no: str, name: str, school: str) -> None:
        """Take a teacher in; the number may be empty."""
        if teacher_no:
            self._by_no[teacher_no] = (teacher_id, name, school)
        namesakes = self._by_name.setdefault((normal(name), normal(school)), [])
        namesakes.append((teacher_id, teacher_no))

    def find(self, teacher_no: str, name: str, school: str) -> list[str]:
        """Ids of the teachers meant: none where it is somebody new, several where nobody can say.

        Two numbers are two people, whatever their names.
        """
        if teacher_no in self._by_no:
            return [self._by_no[teacher_no][0]]
        namesakes = self._by_name.get((normal(name), normal(school)), [])
        return [teacher_id for teacher_id, own_no in namesakes if not (teacher_no and own_no)]

    def other_bearer(self, teacher_no: str, name: str, school: str) -> str:
        """Who else bears the number, as name and school; empty where nobody does."""
        _, known, known_school = self._by_no.get(teacher_no, ("", name, school))
        same = (normal(known), normal(known_school)) == (normal(name), normal(school))
        return "" if same else f"{known}（{known_school}）"


class Directory:
    """Who is known in a workspace, and adding who is not, within one transaction."""

    def __init__(self, store: Store, tx: Transaction, fresh: Fresh) -> None:
        self._tx, self._fresh = tx, fresh
        self._schools = {row["name"]: row["school_id"] for row in store.where("school")}
        self._roll = Roll(store)
        self._ids = {row["teacher_id"] for row in store.where("teacher")}
        self._facts = facts_of_teachers(store)
        self._school_facts = facts_of_schools(store)
        self._people = {row["person_id"] for row in store.where("person")}

    def school(self, name: str, facts: Mapping[str, str] | None = None) -> str:
        """Id of a school, added where it is new; new facts are kept beside older ones."""
        school_id = self._schools.get(name)
        if school_id is None:
            school_id = f"s{len(self._schools) + 1:02d}"
            self._schools[name] = school_id
            self._school_facts[school_id] = {}
            self._tx.insert("school", [{"school_id": school_id, "name": name}])
        self._add_facts("school", school_id, facts or {}, self._school_facts[school_id])
        return school_id

    def teacher(self, row: TeacherRow) -> str:
        """Id of a teacher, added with a fresh pseudonym where new.

        Raises
        ------
        InputError
            If several teachers of that name are known at the school and no number tells which.
        """
        school_id = self.school(row.school)
        meant = self._roll.find(row.teacher_no, row.name, row.school)
        if len(meant) > 1:
            raise InputError(
                f"several teachers of that name are known at the school ({', '.join(meant)}). "
                "Give the teacher's number.",
                key="teacher_ambiguous",
                ids=", ".join(meant),
            )
        teacher_id = meant[0] if meant else self._add_teacher(row, school_id)
        self._add_facts("teacher", teacher_id, row.facts, self._facts[teacher_id])
        return teacher_id

    def rater(
        self,
        person_id: str,
        *,
        name: str = "",
        school: str = "",
        department: str = "",
        roles: Sequence[str] = ("rater",),
        relations: Sequence[str] = (),
    ) -> str:
        """Id of a rater or officer, added where new."""
        if person_id not in self._people:
            self._people.add(person_id)
            row = {
                "person_id": person_id,
                "name": name or person_id,
                "school_id": self.school(school) if school else None,
                "department": department,
                "roles": json.dumps(list(roles)),
                "relations": json.dumps(list(relations), ensure_ascii=False),
                "pseudonym": "r" + self._fresh(8).hex(),
            }
            self._tx.insert("person", [row])
        return person_id

    def _add_teacher(self, row: TeacherRow, school_id: str) -> str:
        number = len(self._ids) + 1
        while f"t{number:04d}" in self._ids:
            number += 1
        teacher_id = row.teacher_no or f"t{number:04d}"
        if teacher_id in self._ids:  # a number that looks like one of ours
            teacher_id = f"{teacher_id}-{number}"
        self._ids.add(teacher_id)
        self._tx.insert(
            "teacher",
            [
                {
                    "teacher_id": teacher_id,
                    "teacher_no": row.teacher_no,
                    "name": row.name,
                    "school_id": school_id,
                }
            ],
        )
        self._tx.insert(
            "alias",
            [
                {
                    "teacher_id": teacher_id,
                    "pseudonym": self._fresh(16).hex(),
                    "salt": self._fresh(32).hex(),
                }
            ],
        )
        self._roll.add(teacher_id, row.teacher_no, row.name, row.school)
        self._facts[teacher_id] = {}
        return teacher_id

    def _add_facts(
        self, kind: str, identifier: str, facts: Mapping[str, str], known: dict[str, str]
    ) -> None:
        news = {name: value for name, value in facts.items() if value and known.get(name) != value}
        self._tx.insert(
            f"{kind}_fact",
            [{f"{kind}_id": identifier, "name": n, "value": v} for n, v in news.items()],
        )
        known.update(news)


def piece_id_of(pseudonym: str, slot_id: str, attempt: int) -> str:
    """Identifier of a piece that says nothing of its author.

    >>> piece_id_of("00", "A1-1", 1)
    'pebedab766ae3'
    """
    told = f"{pseudonym}|{slot_id}|{attempt}".encode()
    return "p" + hashlib.sha256(told).hexdigest()[:12]
