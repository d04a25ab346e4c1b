"""Reading a package: files hashed into the store, read in children of their own, and judged."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from models.desk_work import replaceable_pieces
from models.errors import StoreError
from models.evidence_store import EvidenceStore
from models.store import Row, Store
from models.submissions import KnownFiles, blank_forms, extracts, known_files, pieces_with_reads
from rubrics.canonical import canonical_json
from rubrics.rubric import RubricSet, Slot
from workbench.formats.manifest import Manifest, parse_manifest
from workbench.formats.manifest_rows import ManifestRow
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.isolation import ReaderPool, Reading
from workbench.readers.limits import Limits
from workbench.readers.storing import open_inside
from workbench.services.checks import (
    REJECT,
    Checks,
    Remark,
    check_count,
    check_file,
    check_stated_video,
)
from workbench.services.intake_report import Line, Report, remark_of
from workbench.services.packages import manifest_of
from workbench.services.people import Roll
from workbench.services.resubmission import Doors
from workbench.services.working_days import day_of
from workbench.services.workspace import Workspace

Progress = Callable[[int, int], None]
"""Called with how many files are done and how many there are."""


@dataclass
class Run:
    """What one pass over a package works with."""

    folder: Path
    evidence: EvidenceStore
    rubrics: RubricSet
    checks: Checks
    limits: Limits
    known: dict[str, FileFacts]
    progress: Progress | None = None
    readings: dict[str, Reading] = field(default_factory=dict)

    @cached_property
    def on_disk(self) -> dict[str, str]:
        """Name as the disk spells it, by its NFC spelling: a Mac packs decomposed names."""
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))
        return {unicodedata.normalize("NFC", name): name for name in found}


def read_manifest(
    store: Store,
    workspace: Workspace,
    folder: Path,
    pool: ReaderPool,
    limits: Limits,
    *,
    seeds: bool = False,
) -> tuple[Manifest, Report | None]:
    """Read the package's manifest; a report comes with it where no row can be used.

    Seed pieces may be of schools the roster does not have.
    """
    path = manifest_of(folder)
    try:
        sheet = pool.table(path, limits=limits)[0]
    except Unreadable as refused:
        raise StoreError(
            f"manifest {path.name} cannot be read ({refused}). Save it as xlsx or csv again.",
            key="package.manifest_unreadable",
            file=path.name,
            code=refused.code,
        ) from refused
    schools = {row["name"] for row in store.where("school")}
    has_roster = store.one("audit_log", action="roster.import") is not None
    rows = [list(row) for row in sheet.rows]
    manifest = parse_manifest(
        rows, workspace.rubrics, schools if has_roster and not seeds else None
    )
    whole = tuple(remark_of(f) for f in manifest.faults if f.row_number == 0)
    if not manifest.rows:
        return manifest, Report(digest_of(rows), (), table_faults=whole)
    return manifest, None


def prepare(
    store: Store,
    workspace: Workspace,
    folder: Path,
    evidence: EvidenceStore,
    limits: Limits,
    progress: Progress | None,
) -> Run:
    """Gather what one pass over a package works with."""
    forms = blank_forms(store)
    checks = Checks(
        workspace.policy,
        tuple(form["text"] for form in forms),
        frozenset(str(form[stamp]) for form in forms for stamp in ("created_at", "modified_at")),
    )
    known = {sha: FileFacts.from_json(facts) for sha, facts in extracts(store).items()}
    return Run(folder, evidence, workspace.rubrics, checks, limits, known, progress)


def read_lines(run: Run, manifest: Manifest, pool: ReaderPool) -> Iterator[Line]:
    """Yield lines in the manifest's order; files are hashed in first and read from the store."""
    drafts = [_take(run, manifest, row) for row in manifest.rows]
    unread = {
        line.kept.sha256: (line.kept.path, Path(line.row.file).name)
        for line in drafts
        if line.kept and line.verdict != REJECT and line.kept.sha256 not in run.known
    }
    for done, reading in enumerate(pool.read_many(unread.values()), start=1):
        run.readings[reading.path.name] = reading
        if run.progress:
            run.progress(done, len(unread))
    counts = Counter(
        (line.row.person.key, line.row.slot_id) for line in drafts if line.verdict != REJECT
    )
    for line in drafts:
        yield _judged(run, line, counts)


def _take(run: Run, manifest: Manifest, row: ManifestRow) -> Line:
    remarks = tuple(remark_of(fault) for fault in manifest.faults_of(row))
    if any(remark.severity == REJECT for remark in remarks) or row.metadata_only:
        return Line(row, remarks)
    try:
        with open_inside(run.folder, run.on_disk.get(row.file, row.file)) as source:
            kept = run.evidence.take(source, row.file, run.limits.media_mib << 20)
    except Unreadable as refused:
        there = (run.folder / run.on_disk.get(row.file, row.file)).exists()
        code = refused.code if there else "file_missing"
        return Line(row, (*remarks, Remark(code, REJECT, {"detail": refused.detail})))
    except StoreError as refused:
        if refused.key == "evidence.no_space":
            raise
        return Line(row, (*remarks, Remark("too_large", REJECT, {"detail": refused.message})))
    if row.sha256 and row.sha256 != kept.sha256:
        remarks = (*remarks, Remark("sha256_differs", REJECT))
    return Line(row, remarks, kept)


def _judged(run: Run, line: Line, counts: Counter[tuple[object, str]]) -> Line:
    if line.verdict == REJECT:
        return line
    slot = run.rubrics[line.row.competency].slot(line.row.slot_id)
    kept = line.kept
    if kept is None:
        stated = check_stated_video(slot, line.row.video.duration_s)
        return replace(line, remarks=(*line.remarks, *stated))
    reading = run.readings.get(kept.sha256)
    facts = run.known.get(kept.sha256) or (reading.facts if reading else None)
    if reading:
        line = replace(line, seconds=reading.seconds, peak_mib=reading.peak_mib)
    if facts is None:
        code, detail = (reading.code, reading.detail) if reading else ("died", "")
        return replace(line, remarks=(*line.remarks, Remark(code, REJECT, {"detail": detail})))
    submitted = day_of(line.row.submitted_at) if line.row.submitted_at else None
    found = check_file(slot, facts, kept.bytes, submitted, run.checks)
    found += _count_remarks(slot, facts, counts[line.row.person.key, slot.slot_id])
    return replace(line, facts=facts, remarks=(*line.remarks, *found))


def _count_remarks(slot: Slot, facts: FileFacts, files: int) -> list[Remark]:
    """Items of a slot: its files, or what a zip holds."""
    inside = len(facts.members) if facts.media_type == "zip" else 0
    return check_count(slot, files - 1 + inside if inside else files)


def refuse_after_reading(
    store: Store, lines: list[Line], doors: Doors, own: str | None = None
) -> list[Line]:
    """Refuse what does not fit what is recorded; the others are told their attempt.

    New files for pieces raters have read (what was judged stays as it was)
    unless they may be handed in anew or a reader could not open them, or after the window has closed, a video
    other than the one stated, a number somebody else bears, and a name several
    teachers bear. Who acts for one school, ``own``, brings in nothing of another.
    """
    read = pieces_with_reads(store) - replaceable_pieces(store).keys()
    known, roll = known_files(store), Roll(store)
    place = store.one("school", school_id=own) if own else None
    made = []
    for line in lines:
        if line.verdict != REJECT:
            tries = known.get(place_of(line, roll), {})
            attempt, late = _attempt(line, tries, doors, roll)
            remark = _elsewhere(line, place) or _stranger(line, roll) or late
            remark = remark or _too_late(line, tries.get(attempt), read)
            told = (*line.remarks, remark) if remark else line.remarks
            line = replace(line, attempt=attempt, remarks=told)  # noqa: PLW2901
        made.append(line)
    return made


def _attempt(line: Line, tries: KnownFiles, doors: Doors, roll: Roll) -> tuple[int, Remark | None]:
    """Attempt a file belongs to: the one that has it, or the one it may come in for now."""
    digest = line.kept.sha256 if line.kept else line.row.sha256
    for attempt, (_, files) in tries.items():
        if digest in files:
            return attempt, None
    teacher_id, slot_id = place_of(line, roll)
    return doors.of((teacher_id, line.row.competency, slot_id), line.row.school)


def place_of(line: Line, roll: Roll) -> tuple[str, str]:
    """Teacher a line is about, as far as one is known, and slot."""
    meant = roll.find(line.row.teacher_id, line.row.teacher_name, line.row.school)
    return meant[0] if len(meant) == 1 else "", line.row.slot_id


def _elsewhere(line: Line, own: Row | None) -> Remark | None:
    """Refuse a line of another school; a teacher's known school is compared by ``_stranger``."""
    if own is None or line.row.school == own["name"]:
        return None
    return Remark("other_school", REJECT, {"school": line.row.school, "own": own["name"]})


def _stranger(line: Line, roll: Roll) -> Remark | None:
    row = line.row
    named = (row.teacher_id, row.teacher_name, row.school)
    told = {"row": str(row.row_number), "column": ""}
    if other := roll.other_bearer(*named):
        names = f"{other}、{row.teacher_name}（{row.school}）"
        told |= {"teacher_id": row.teacher_id, "names": names}
        return Remark("one_id_several_people", REJECT, told)
    if len(roll.find(*named)) > 1:
        told |= {"name": row.teacher_name, "school": row.school}
        return Remark("homonym_without_id", REJECT, told)
    return None


def _too_late(line: Line, own: tuple[str, dict[str, bool]] | None, read: set[str]) -> Remark | None:
    if own is None:
        return None
    piece_id, files = own
    if (line.kept.sha256 if line.kept else line.row.sha256) in files:
        return None
    is_video = line.facts is not None and line.facts.duration_s is not None
    if is_video and any(sha256 and not here for sha256, here in files.items()):
        return Remark("sha256_differs", REJECT)
    return Remark("already_read", REJECT) if piece_id in read else None


def reported(manifest: Manifest, lines: tuple[Line, ...], rubrics: RubricSet) -> Report:
    """Put the lines together with the slots nobody filled and the faults of the whole table."""
    content = [
        [line.row.item, line.row.file, line.kept.sha256 if line.kept else ""] for line in lines
    ]
    return Report(
        digest_of(content),
        lines,
        tuple(_missing(lines, rubrics)),
        manifest.unknown_columns,
        tuple(remark_of(fault) for fault in manifest.faults if fault.row_number == 0),
    )


def _missing(lines: Iterable[Line], rubrics: RubricSet) -> Iterator[tuple[str, str, str]]:
    filled: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        if line.row.competency:
            key = (line.row.teacher_id or line.row.teacher_name, line.row.competency)
            slots = filled.setdefault(key, set())
            if line.verdict != REJECT:
                slots.add(line.row.slot_id)
    for (teacher, code), slots in filled.items():
        for slot in rubrics[code].slots:
            if slot.slot_id not in slots:
                yield teacher, code, slot.slot_id


def digest_of(content: object) -> str:
    """Short digest that names a package by its content."""
    return hashlib.sha256(canonical_json(content)).hexdigest()[:16]
