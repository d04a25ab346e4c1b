"""One line of a manifest, read cell by cell with its faults."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rubrics.rubric import Rubric, RubricSet, Slot
from workbench.formats.cells import normal
from workbench.formats.faults import FaultList
from workbench.formats.headers import BodyRow
from workbench.formats.identity import IdNumber, without_numbers
from workbench.formats.mapping import ProposedMapping
from workbench.formats.naming import Names, find_slot, nearest, slot_names
from workbench.formats.paths import check_path
from workbench.formats.people import Person, read_identity, read_person_id
from workbench.formats.values import (
    excel_took_minutes_for_hours,
    read_duration,
    read_moment,
    read_number,
    read_sha256,
)

_VIDEO_ENDINGS = frozenset("mp4 mov wmv avi mkv webm".split())


@dataclass(frozen=True)
class VideoFacts:
    """What a manifest says about a video kept elsewhere; None where it says nothing."""

    location: str = ""
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    codec: str = ""
    recorded_at: datetime | None = None
    device: str = ""


@dataclass(frozen=True)
class ManifestRow:
    """One line of a manifest as far as it could be read.

    ``item`` is the caller's own id, or ``#`` and the row number. ``competency``
    and ``slot_id`` are codes, empty where the line names none; ``file`` is
    relative with forward slashes, empty for a video given by ``video`` alone.
    Times are UTC. ``notes`` hold the unknown columns by header.
    """

    row_number: int
    item: str
    teacher_id: str
    teacher_name: str
    school: str
    subject: str
    department: str
    stage: str
    environment: str
    competency: str
    slot_id: str
    file: str
    video: VideoFacts
    sha256: str
    submitted_at: datetime | None
    id_number: IdNumber | None
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def metadata_only(self) -> bool:
        """Whether the line names no file: a video kept elsewhere."""
        return not self.file

    @property
    def person(self) -> Person:
        """Whom the line is about."""
        return Person(
            self.row_number,
            self.teacher_id,
            self.teacher_name,
            self.school,
            self.subject,
            self.id_number,
        )


@dataclass(frozen=True)
class RowReader:
    """What reading one line needs, the same for all lines of a manifest."""

    mapping: ProposedMapping
    names: Names
    rubric_set: RubricSet
    known_schools: Collection[str] | None
    faults: FaultList

    def row(self, row: BodyRow) -> ManifestRow:
        """Read one line, noting its faults."""
        item = row.text("item") or f"#{row.number}"
        self.faults.items[row.number] = item
        name = self._filled(row, "teacher_name")
        school = self._school(row)
        rubric, slot = self._slot(row)
        video = self._video(row)
        sha256 = self._sha256(row)
        return ManifestRow(
            row_number=row.number,
            item=item,
            teacher_id=read_person_id(row, self.mapping, self.faults),
            teacher_name=name,
            school=school,
            subject=row.text("subject"),
            department=row.text("department"),
            stage=row.text("stage"),
            environment=row.text("environment"),
            competency=rubric.competency if rubric else "",
            slot_id=slot.slot_id if slot else "",
            file=self._file(row, slot, video, sha256),
            video=video,
            sha256=sha256,
            submitted_at=self._moment(row, "submitted_at"),
            id_number=read_identity(row, self.mapping, self.faults),
            notes=self._notes(row),
        )

    def _filled(self, row: BodyRow, key: str) -> str:
        given = row.text(key)
        if not given:
            self.faults.reject(row.number, self.mapping.header(key), "missing_value")
        return given

    def _school(self, row: BodyRow) -> str:
        given = self._filled(row, "school")
        if not given or self.known_schools is None:
            return given
        for school in self.known_schools:
            if normal(school) == normal(given):
                return school
        near = nearest(given, self.known_schools)
        code = "unknown_school_near" if near else "unknown_school"
        column = self.mapping.header("school")
        self.faults.reject(row.number, column, code, school=given, near=near)
        return given

    def _slot(self, row: BodyRow) -> tuple[Rubric | None, Slot | None]:
        named, slot_text = row.text("competency"), row.text("slot")
        by_id = self.names.slot_anywhere(slot_text) if slot_text else None
        if not named and by_id:
            column = self.mapping.header("competency")
            code = by_id[0].competency
            self.faults.warn(row.number, column, "competency_from_slot", competency=code)
            return by_id
        rubric = self._competency(row, self._filled(row, "competency"))
        if not self._filled(row, "slot") or rubric is None:
            return rubric, None
        slot = find_slot(slot_text, rubric)
        if slot is None:
            self._unknown_slot(row, rubric, by_id)
        return rubric, slot

    def _competency(self, row: BodyRow, text: str) -> Rubric | None:
        if not text:
            return None
        named = self.names.competency(text)
        if named.code:
            return self.rubric_set[named.code]
        code = "competency_contradiction" if named.problem == "contradiction" else ""
        code = code or ("unknown_competency_near" if named.near else "unknown_competency")
        column = self.mapping.header("competency")
        self.faults.reject(row.number, column, code, competency=text, near=named.near)
        return None

    def _unknown_slot(
        self, row: BodyRow, rubric: Rubric, by_id: tuple[Rubric, Slot] | None
    ) -> None:
        self.faults.reject(
            row.number,
            self.mapping.header("slot"),
            "slot_of_other_competency" if by_id else "unknown_slot",
            slot=row.text("slot"),
            competency=rubric.competency,
            slots=slot_names(rubric),
        )

    def _file(self, row: BodyRow, slot: Slot | None, video: VideoFacts, sha256: str) -> str:
        given = row.text("file")
        column = self.mapping.header("file")
        if not given:
            self._without_file(row, slot, video, sha256)
            return ""
        checked = check_path(given)
        if checked.problem:
            self.faults.reject(row.number, column, f"path_{checked.problem}", path=_shown(given))
        return checked.path

    def _without_file(
        self, row: BodyRow, slot: Slot | None, video: VideoFacts, sha256: str
    ) -> None:
        column = self.mapping.header("file")
        if not video.location:
            self.faults.reject(row.number, column, "no_file")
        elif slot and slot.kind != "video" and not _VIDEO_ENDINGS & set(slot.accepts):
            self.faults.reject(row.number, column, "file_needed", slot=slot.slot_id)
        elif not sha256:
            self.faults.warn(row.number, self.mapping.header("sha256"), "no_sha256")

    def _video(self, row: BodyRow) -> VideoFacts:
        return VideoFacts(
            location=row.text("location"),
            duration_s=self._duration(row),
            width=self._pixels(row, "width"),
            height=self._pixels(row, "height"),
            codec=row.text("codec"),
            recorded_at=self._moment(row, "recorded_at"),
            device=row.text("device"),
        )

    def _duration(self, row: BodyRow) -> float | None:
        given = row.text("duration_s")
        column = self.mapping.header("duration_s")
        seconds = read_duration(given) if given else None
        if given and not seconds:
            self.faults.warn(row.number, column, "bad_duration", value=given)
        elif seconds and excel_took_minutes_for_hours(given):
            self.faults.warn(row.number, column, "duration_in_hours", value=given)
            return None
        return seconds or None

    def _pixels(self, row: BodyRow, key: str) -> int | None:
        given = row.text(key)
        number = read_number(given) if given else None
        if given and (number is None or number < 1 or number != int(number)):
            self.faults.warn(row.number, self.mapping.header(key), "bad_number", value=given)
            return None
        return int(number) if number else None

    def _moment(self, row: BodyRow, key: str) -> datetime | None:
        given = row.text(key)
        moment = read_moment(given) if given else None
        if given and moment is None:
            self.faults.warn(row.number, self.mapping.header(key), "bad_date", value=given)
        return moment

    def _sha256(self, row: BodyRow) -> str:
        given = row.text("sha256")
        digest = read_sha256(given) if given else ""
        if digest is None:
            self.faults.reject(row.number, self.mapping.header("sha256"), "bad_sha256")
        return digest or ""

    def _notes(self, row: BodyRow) -> dict[str, str]:
        kept = {header: without_numbers(text) for header, text in row.notes.items()}
        for header, text in row.notes.items():
            if kept[header] != text:
                self.faults.warn(row.number, header, "id_number_in_note")
        return kept


def _shown(path: str) -> str:
    """Path as it may be printed: control characters as escapes."""
    return path if path.isprintable() else path.encode("unicode_escape").decode("ascii")
