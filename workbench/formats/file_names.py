"""Whose file it is and what it fills, as far as folder and file names tell; the rest is doubt.

Nothing is decided silently: what is guessed by its kind, its number or the shape
of a name carries a doubt, and where two readings are possible none is taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rubrics.rubric import Rubric, RubricSet, Slot
from workbench.formats.cells import normal
from workbench.formats.naming import Names
from workbench.formats.surnames import (
    SUBJECTS,
    looks_like_a_name,
    looks_like_a_school,
    tokens,
)

FAMILIES: Mapping[str, frozenset[str]] = {
    "video": frozenset("mp4 mov wmv avi mkv webm".split()),
    "image": frozenset("jpg jpeg png webp gif bmp tif tiff".split()),
    "slides": frozenset("ppt pptx".split()),
    "spreadsheet": frozenset("xls xlsx csv".split()),
    "document": frozenset("doc docx wps pdf txt md".split()),
}
_SAME_ENDING = {"jpeg": "jpg", "tiff": "tif"}
_COPY = re.compile(r"(副本|\bcopy\b|\(\d+\)$|（\d+）$)", re.IGNORECASE)
_LEADING_NUMBER = re.compile(
    r"(?:证据|材料|第)?([1-9一二三四五六七八九])(?:件|项)?(?:[\s、.．_\-—]|$)"
)
_DIGITS = "一二三四五六七八九"


@dataclass(frozen=True)
class KnownTeacher:
    """A teacher of the roster; ``choices`` are the competencies chosen."""

    teacher_id: str
    name: str
    school: str
    subject: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileDoubt:
    """A question about a file; the sentence stands in the locale under ``draft.<code>``."""

    code: str
    file: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class FileGuess:
    """What the names say about one file; empty where they say nothing."""

    file: str
    teacher_id: str
    teacher_name: str
    school: str
    subject: str
    competency: str
    slot_id: str
    doubts: tuple[FileDoubt, ...]


class _Doubt(Protocol):
    def __call__(self, code: str, **values: object) -> None: ...


class FileNames:
    """Reads the names of files against one set of rubrics and, where there is one, a roster."""

    def __init__(
        self, rubric_set: RubricSet, teachers: Sequence[KnownTeacher] | None, root: str = ""
    ) -> None:
        self._set = rubric_set
        names = Names(rubric_set)
        self._full_names = sorted(names.full_names().items(), key=lambda pair: -len(pair[0]))
        codes = "|".join(re.escape(code) for code in names.codes())
        self._code = re.compile(
            rf"(?<![A-Za-z0-9])({codes})(?:[-—－_]([1-9])(?![0-9班年月课节]))?(?![A-Za-z0-9])",
            re.IGNORECASE,
        )
        self._teachers = teachers
        self._root = root

    def read(self, file: str) -> FileGuess:
        """Read one path, relative to the folder handed in, with forward slashes."""
        folders, stem, ending = _parts(file)
        doubts: list[FileDoubt] = []

        def doubt(code: str, **values: object) -> None:
            doubts.append(FileDoubt(code, file, values))

        near_first = [stem, *reversed(folders)]
        rubric, slot_id = self._competency(near_first, doubt)
        slot = self._slot(rubric, slot_id, stem, folders, ending, doubt) if rubric else None
        if slot and ending not in {_SAME_ENDING.get(e, e) for e in slot.accepts}:
            doubt("form", slot=slot.slot_id, ending=ending, accepts=tuple(slot.accepts))
        if _COPY.search(stem):
            doubt("copy")
        teacher = self._teacher(near_first, doubt)
        if rubric and teacher.choices and rubric.competency not in teacher.choices:
            doubt("not_chosen", competency=rubric.competency, choices=teacher.choices)
        return FileGuess(
            file=file,
            teacher_id=teacher.teacher_id,
            teacher_name=teacher.name,
            school=teacher.school,
            subject=teacher.subject or _subject(near_first),
            competency=rubric.competency if rubric else "",
            slot_id=slot.slot_id if slot else "",
            doubts=tuple(doubts),
        )

    # --- which competency -----------------------------------------------------

    def _competency(self, near_first: Sequence[str], doubt: _Doubt) -> tuple[Rubric | None, str]:
        """Competency the nearest name tells, and the slot id if it is given with it."""
        found: list[tuple[str, str]] = []
        for part in near_first:
            told = list(dict.fromkeys(self._told(part)))
            codes = {code for code, _ in told}
            if len(codes) == 1:
                found.append((told[0][0], next((s for _, s in told if s), "")))
        if not found:
            return self._by_slot_name(near_first[0], doubt)
        code, slot_id = found[0]
        others = tuple(dict.fromkeys(other for other, _ in found if other != code))
        if others:
            doubt("competency_conflict", competency=code, others=others)
            return None, ""
        slot_id = slot_id or next((slot for _, slot in found if slot), "")
        return self._set[code], slot_id

    def _told(self, part: str) -> Iterator[tuple[str, str]]:
        """Competencies a name tells by code or in full, with slot ids that exist."""
        for match in self._code.finditer(part):
            rubric = self._set.find(match[1])
            if rubric:
                slot_id = f"{rubric.competency}-{match[2]}"
                exists = any(slot.slot_id == slot_id for slot in rubric.slots)
                yield rubric.competency, slot_id if exists else ""
        form = normal(part)
        for name, code in self._full_names:
            if len(name) >= 4 and name in form:
                yield code, ""
                form = form.replace(name, " ")

    # --- which slot -------------------------------------------------------------

    def _slot(
        self,
        rubric: Rubric,
        slot_id: str,
        stem: str,
        folders: Sequence[str],
        ending: str,
        doubt: _Doubt,
    ) -> Slot | None:
        if slot_id:
            return rubric.slot(slot_id)
        for part in (stem, *reversed(folders)):
            named = _named_slot(part, rubric)
            if named:
                return named
        return self._guessed_slot(rubric, stem, ending, doubt)

    def _guessed_slot(self, rubric: Rubric, stem: str, ending: str, doubt: _Doubt) -> Slot | None:
        words = [normal(word) for word in tokens(stem)]
        partly = [
            slot
            for slot in rubric.slots
            if any(len(word) >= 2 and word in normal(slot.name_zh) for word in words)
        ]
        if len(partly) == 1:
            doubt("slot_by_part", slot=partly[0].slot_id, name=partly[0].name_zh)
            return partly[0]
        number = _LEADING_NUMBER.match(stem)
        if number:
            place = _DIGITS.find(number[1]) + 1 or int(number[1])
            if place <= len(rubric.slots):
                slot = rubric.slots[place - 1]
                doubt("slot_by_number", slot=slot.slot_id, name=slot.name_zh)
                return slot
        fitting = _fitting(rubric, ending)
        if len(fitting) == 1:
            doubt("slot_by_kind", slot=fitting[0].slot_id, name=fitting[0].name_zh)
            return fitting[0]
        slots = tuple(f"{slot.slot_id} {slot.name_zh}" for slot in rubric.slots)
        doubt("slot_unknown", competency=rubric.competency, slots=slots)
        return None

    def _by_slot_name(self, stem: str, doubt: _Doubt) -> tuple[Rubric | None, str]:
        """Competency and slot id by a slot's name that only one competency has."""
        found = [
            (rubric, slot)
            for rubric in self._set
            for slot in rubric.slots
            if len(slot.name_zh) >= 5 and normal(slot.name_zh) in normal(stem)
        ]
        if len(found) != 1:
            doubt("competency_unknown")
            return None, ""
        rubric, slot = found[0]
        doubt("competency_by_slot", competency=rubric.competency, name=slot.name_zh)
        return rubric, slot.slot_id

    # --- whose it is --------------------------------------------------------------

    def _teacher(self, near_first: Sequence[str], doubt: _Doubt) -> KnownTeacher:
        school = self._school(near_first)
        if self._teachers is not None:
            known = self._from_roster(near_first, school, doubt)
            if known:
                return known
        for place, part in enumerate([*near_first[1:], near_first[0]]):
            named = [word for word in tokens(part) if looks_like_a_name(word)]
            if len(named) == 1:
                if self._teachers is not None:
                    doubt("teacher_not_in_roster", name=named[0])
                elif place == len(near_first) - 1:
                    doubt("teacher_by_file_name", name=named[0])
                if not school:
                    doubt("school_unknown")
                return KnownTeacher("", named[0], school)
        doubt("teacher_unknown")
        if not school:
            doubt("school_unknown")
        return KnownTeacher("", "", school)

    def _from_roster(
        self, near_first: Sequence[str], school: str, doubt: _Doubt
    ) -> KnownTeacher | None:
        for part in [*near_first[1:], near_first[0]]:
            found = _mentioned(part, self._teachers or ())
            here = [t for t in found if not school or normal(t.school) == normal(school)]
            if found and not here:
                doubt("other_school", name=found[0].name, school=found[0].school, folder=school)
                return KnownTeacher("", found[0].name, school)
            if len(here) == 1:
                others = _mentioned(near_first[0], self._teachers or ())
                if others and here[0] not in others:
                    doubt("other_teacher", name=here[0].name, other=others[0].name)
                return here[0]
            if here and len({t.name for t in here}) == 1:
                ids = tuple(t.teacher_id or t.subject for t in here)
                doubt("homonym", name=here[0].name, ids=ids)
                return KnownTeacher("", here[0].name, school)
            if here:
                doubt("several_teachers", names=tuple(t.name for t in here))
                return KnownTeacher("", "", school)
        return None

    def _school(self, near_first: Sequence[str]) -> str:
        """School the folders tell, as the roster writes it where it knows it."""
        known = {normal(t.school): t.school for t in self._teachers or () if t.school}
        for part in [*near_first[1:], near_first[0], self._root]:
            form = normal(part)
            inside = [name for key, name in known.items() if key and key in form]
            if inside:
                return max(inside, key=len)
            words = [word for word in tokens(part) if looks_like_a_school(word)]
            if words:
                return words[0]
        return ""


def _parts(file: str) -> tuple[list[str], str, str]:
    """Folders, stem and ending of a path, in NFKC."""
    *folders, name = unicodedata.normalize("NFKC", file).split("/")
    stem, dot, ending = name.rpartition(".")
    ending = ending.casefold() if dot else ""
    return folders, stem if dot else name, _SAME_ENDING.get(ending, ending)


def _named_slot(part: str, rubric: Rubric) -> Slot | None:
    """Slot whose whole name stands in a part; None where the names of two do."""
    form = normal(part)
    named = [slot for slot in rubric.slots if normal(slot.name_zh) in form]
    longest = [
        slot
        for slot in named
        if not any(slot is not other and slot.name_zh in other.name_zh for other in named)
    ]
    return longest[0] if len(longest) == 1 else None


def _fitting(rubric: Rubric, ending: str) -> list[Slot]:
    """Slots a file of that ending is meant for by its kind; else those that take it at all."""
    family = next((name for name, endings in FAMILIES.items() if ending in endings), "")
    takes = [s for s in rubric.slots if ending in {_SAME_ENDING.get(e, e) for e in s.accepts}]
    kinds = ("document", "text") if family == "document" else (family,)
    return [slot for slot in takes if slot.kind in kinds] or takes


def _mentioned(part: str, teachers: Sequence[KnownTeacher]) -> list[KnownTeacher]:
    """Teachers whose id or name stands in a part, names within longer names left out."""
    words = set(tokens(part))
    by_id = [t for t in teachers if t.teacher_id and t.teacher_id in words]
    if by_id:
        return by_id
    exact = [t for t in teachers if t.name in words]
    found = exact or [t for t in teachers if len(t.name) >= 2 and t.name in part]
    names = {t.name for t in found}
    return [t for t in found if not any(t.name != other and t.name in other for other in names)]


def _subject(near_first: Sequence[str]) -> str:
    for part in near_first:
        for word in tokens(part):
            if word in SUBJECTS:
                return word
    return ""
