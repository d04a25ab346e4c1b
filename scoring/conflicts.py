"""Conflicts of interest: who must stand back from a piece, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OWN_WORK, OWN_GROUP, OWN_SCHOOL = "own_work", "own_group", "own_school"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read: ``relations`` are teachers to stand back from; blanks are unknown."""

    rater_id: str
    name: str = ""
    school_id: str = ""
    department: str = ""
    relations: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """Whose work a piece is."""

    teacher_id: str
    name: str = ""
    school_id: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class ConflictRule:
    """What policy excludes (``review.exclude_own_work``, ``review.exclude_same_subject_group``)."""

    own_work: bool = True
    own_group: bool = False


def conflicts(
    reader: Reader, author: Author, rule: ConflictRule, *, for_county: bool = False
) -> tuple[str, ...]:
    """Reasons a reader must stand back from an author's work; empty where there is none.

    Own work is also that of somebody of the same name in the same school, and of
    everybody named as a relation. A county reader stands back from the own school.

    Examples
    --------
    >>> author = Author("T1", "梁禾清", "s01", "语文教研组")
    >>> conflicts(Reader("r1", "沈知远", "s01", "语文教研组"), author, ConflictRule(True, True))
    ('own_group',)
    >>> conflicts(Reader("r2", "苏映川", "s02", relations=["T1"]), author, ConflictRule())
    ('own_work',)
    """
    same_school = bool(reader.school_id) and reader.school_id == author.school_id
    own_work = (
        reader.rater_id == author.teacher_id
        or author.teacher_id in reader.relations
        or (same_school and reader.name == author.name)
    )
    own_group = same_school and bool(author.department) and reader.department == author.department
    found = []
    if own_work and rule.own_work:
        found.append(OWN_WORK)
    if own_group and rule.own_group:
        found.append(OWN_GROUP)
    if same_school and for_county:
        found.append(OWN_SCHOOL)
    return tuple(found)
