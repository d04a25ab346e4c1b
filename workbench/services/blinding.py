"""Masked copies: what raters are shown in place of the originals, made once and kept by content.

Every file is opened in a process of its own. What cannot be covered (a face in
a video, words in a photograph) is labelled, so that nobody takes it for blind.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from models.blind_copies import copies_by_file, copies_of, files_of
from models.evidence_store import EvidenceStore
from models.store import Act, Row, Store
from models.submissions import extracts, files_by_piece, owned_pieces
from rubrics.canonical import canonical_json
from workbench.readers.copies import ARCHIVE, NONE, Copy, Wish
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.kinds import EXTENSIONS
from workbench.readers.limits import MIB, Limits
from workbench.readers.masking import Mask
from workbench.services.intake import reading_limits
from workbench.services.mask_words import SURNAMES_KNOWN, MaskWords
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

VERSION = 1
"""Of the content of a copy's row."""

Progress = Callable[[int, int], None]
"""Called with how many files are done and how many there are."""

_OFFICE = ("docx", "doc", "wps", "pptx", "ppt")
_BATCH = 8  # files LibreOffice is given in one run, and rows written in one transaction


@dataclass(frozen=True)
class CopyLimits:
    """What making one copy may cost, and how fine it is.

    ``cpu_s`` and ``wall_s`` are seconds for one file (a video browsers do not
    play is coded anew); ``most_pages`` pages of one document and ``members``
    files of one zip are shown; ``dpi`` dots an inch of a page.
    """

    cpu_s: int = 1_800
    wall_s: float = 3_600.0
    most_pages: int = 300
    members: int = 50
    dpi: int = 150


@dataclass
class BlindReport:
    """What came of making copies.

    ``made`` counts files; ``failed`` names piece, file and code of those that
    cannot be shown; ``leaks`` names what could not be covered; ``covered``
    counts finds by kind; ``without_office`` counts files that have only a
    reading view or none, as LibreOffice is not there.
    """

    files: int = 0
    made: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    leaks: list[dict[str, Any]] = field(default_factory=list)
    covered: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    without_office: int = 0

    @property
    def sound(self) -> bool:
        """Whether everything made is masked as far as it can be, and can be shown."""
        return not self.failed and not self.leaks

    def as_json(self) -> dict[str, object]:
        """Return the object of ``blind --json``."""
        return {
            "files": self.files,
            "made": self.made,
            "covered": dict(self.covered),
            "labels": dict(self.labels),
            "without_office": self.without_office,
            "failed": self.failed,
            "leaks": self.leaks,
        }


@dataclass(frozen=True)
class _Task:
    """One file of one piece that needs a copy."""

    piece_id: str
    sha256: str
    media_type: str
    name: str
    by_office: bool
    mask: Mask


def make_blind_copies(
    workspace: Workspace,
    act: Act,
    progress: Progress | None = None,
    again: bool = False,
    pieces: Collection[str] | None = None,
) -> BlindReport:
    """Make the masked copy of every file that has none yet.

    Files that had no pages for want of LibreOffice are taken up again once it
    is there. What was made is kept after every few files, so an interrupted
    run goes on where it stopped.

    Parameters
    ----------
    workspace : Workspace
    act : Act
    progress : callable, optional
    again : bool
        Make all copies anew: after names were added to the roster, say.
    pieces : collection of str, optional
        Only of these pieces; of every piece where left out.

    Raises
    ------
    RefusedError
        If the actor may not.
    """
    own = workspace.policy.section("blind")
    limits = CopyLimits(**{k: v for k, v in own.items() if k in CopyLimits.__annotations__})
    report = BlindReport()
    with workspace.store() as store, ReaderPool(_reading(workspace, limits)) as pool:
        act = authorise(store, act, "blind.make")
        tasks = [
            task
            for task in _tasks(store, pool.has_office, again)
            if pieces is None or task.piece_id in pieces
        ]
        report.files = len(tasks)
        maker = _Maker(workspace, pool, limits)
        for batch in _batches(tasks):
            rows = [_row(task, content) for task, content in maker.make(batch)]
            with store.transaction(act, "blind.make", f"{len(rows)} files") as tx:
                tx.insert("blind_copy", rows)
            for row in rows:
                _count(report, row)
            if progress:
                progress(report.made, report.files)
    return report


def pending(workspace: Workspace) -> int:
    """How many files have no masked copy yet."""
    with workspace.store() as store:
        return sum(1 for _ in _tasks(store, has_office=False, again=False))


def copies_lacking(workspace: Workspace, pieces: Sequence[str]) -> dict[str, bool]:
    """Pieces with a file that has no masked copy yet, and whether none of their files has one."""
    found = {}
    with workspace.store() as store:
        for piece_id in pieces:
            copies = copies_of(store, piece_id)
            here = [row["sha256"] for row in files_of(store, piece_id) if row["attached"]]
            if any(sha256 not in copies for sha256 in here):
                found[piece_id] = not copies
    return found


def _reading(workspace: Workspace, limits: CopyLimits) -> Limits:
    reading = reading_limits(workspace)
    return replace(reading, cpu_s=limits.cpu_s, wall_s=limits.wall_s, written_mib=reading.media_mib)


def _tasks(store: Store, has_office: bool, again: bool) -> Iterator[_Task]:
    known = copies_by_file(store)
    facts = extracts(store)
    files = files_by_piece(store)
    words = MaskWords(store)
    for piece in owned_pieces(store, seeds=True):
        mask: Mask | None = None
        for row in files.get(piece["piece_id"], ()):
            done = known.get((piece["piece_id"], row["sha256"]))
            waits = done is not None and has_office and done["wants_office"]
            if not row["attached"] or (done is not None and not (again or waits)):
                continue
            mask = mask or words.mask(piece["teacher_id"], piece["school_id"])
            yield _task(piece["piece_id"], row, facts.get(row["sha256"], {}), mask)


def _task(piece_id: str, row: Row, facts: Row, mask: Mask) -> _Task:
    media_type = facts.get("media_type", "")
    by_office = media_type in _OFFICE and "html_inside" not in facts.get("warnings", ())
    name = Path(row["path"]).name
    return _Task(piece_id, row["sha256"], media_type, name, by_office, mask)


def _batches(tasks: Sequence[_Task]) -> Iterator[Sequence[_Task]]:
    for start in range(0, len(tasks), _BATCH):
        yield tasks[start : start + _BATCH]


class _Maker:
    """Makes copies one after another and keeps their parts by content."""

    def __init__(self, workspace: Workspace, pool: ReaderPool, limits: CopyLimits) -> None:
        self._originals = workspace.evidence
        self._kept = EvidenceStore(workspace.folder / "blind")
        self._converted = workspace.folder / "converted"
        self._pool = pool
        self._limits = limits

    def make(self, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, dict[str, Any]]]:
        """Yield the content of each copy; LibreOffice is asked once for all of them."""
        self._convert(
            [(t.sha256, self._originals.path(t.sha256), t.media_type) for t in tasks if t.by_office]
        )
        for task in tasks:
            yield task, self._content(task)

    def _content(self, task: _Task) -> dict[str, Any]:
        parts = self._parts(
            self._originals.path(task.sha256), task.name, task.sha256, task.by_office, task.mask
        )
        paged = any(part["pages"] for part in parts)
        return {
            "version": VERSION,
            "parts": parts,
            "wants_office": task.by_office and not paged and not self._pool.has_office,
            "mask": hashlib.sha256(canonical_json(task.mask.to_json())).hexdigest()[:16],
        }

    def _parts(
        self, path: Path, name: str, sha256: str, by_office: bool, mask: Mask, inside: bool = False
    ) -> list[dict[str, Any]]:
        with tempfile.TemporaryDirectory(prefix="workbench-blind-") as aside:
            folder = Path(aside)
            pdf = self._pdf(sha256) if by_office else None
            pdf = pdf if pdf and pdf.is_file() else None
            wish = Wish(
                folder, mask, SURNAMES_KNOWN, pdf, self._limits.most_pages, self._limits.dpi
            )
            try:
                copy = self._pool.copy(path, name, wish)
            except Unreadable as refused:
                return [_nothing(refused.code)]
            if copy.kind == ARCHIVE and not inside:
                return list(self._members(copy, folder, mask))
            if copy.kind == ARCHIVE:
                return [_nothing("unsupported")]
            return [self._keep(copy, folder)]

    def _members(self, copy: Copy, folder: Path, mask: Mask) -> Iterator[dict[str, Any]]:
        """Yield parts of the files in a zip, each as if it had been handed in by itself."""
        for member in copy.files[: self._limits.members]:
            path, name = folder / member["file"], Path(member["name"]).name
            media_type = EXTENSIONS.get(Path(name).suffix.lower().lstrip("."), "")
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if media_type in _OFFICE:
                self._convert([(sha256, path, media_type)])
            yield from self._parts(path, name, sha256, media_type in _OFFICE, mask, inside=True)
        if len(copy.files) > self._limits.members:
            yield {**_nothing(""), "notices": ["cut"]}

    def _convert(self, files: Iterable[tuple[str, Path, str]]) -> None:
        """Turn files into PDF where that has not been done before."""
        due = {
            sha256: (path, media_type)
            for sha256, path, media_type in files
            if not self._pdf(sha256).is_file()
        }
        if not due or not self._pool.has_office:
            return
        found = self._pool.convert_many(list(due.values()), "pdf")
        for sha256, made in zip(due, found, strict=True):
            if made is not None:
                kept = self._pdf(sha256)
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(made, kept.with_suffix(".new"))
                kept.with_suffix(".new").replace(kept)

    def _pdf(self, sha256: str) -> Path:
        return self._converted / sha256[:2] / f"{sha256}.pdf"

    def _keep(self, copy: Copy, folder: Path) -> dict[str, Any]:
        """Take the files of a copy into the store; the row names them by content."""
        files = {each["file"]: self._taken(folder / each["file"]) for each in copy.files}
        told = copy.to_json()
        told["pages"] = [
            {**page, "file": self._taken(folder / page["file"])} for page in copy.pages
        ]
        told["files"] = [{**each, "file": files[each["file"]]} for each in copy.files]
        if copy.reading:
            reading = folder / copy.reading
            _name_by_content(reading, files)
            told["reading"] = self._taken(reading)
        return {**told, "code": ""}

    def _taken(self, path: Path) -> str:
        with path.open("rb") as file:
            return self._kept.take(file, path.name, self._limits_bytes).sha256

    @property
    def _limits_bytes(self) -> int:
        return self._pool.limits.media_mib * MIB


def _name_by_content(reading: Path, files: dict[str, str]) -> None:
    """Let the pictures of a reading view be named as they are kept."""
    told = json.loads(reading.read_bytes())
    for block in told["blocks"]:
        if "file" in block:
            block["file"] = files[block["file"]]
    reading.write_bytes(json.dumps(told, ensure_ascii=False).encode("utf-8"))


def _nothing(code: str) -> dict[str, Any]:
    """Part that stands for a file that cannot be shown."""
    return {**Copy(NONE, "", notices=["no_view"]).to_json(), "code": code}


def _row(task: _Task, content: dict[str, Any]) -> dict[str, object]:
    return {
        "piece_id": task.piece_id,
        "sha256": task.sha256,
        "content": json.dumps(content, ensure_ascii=False),
    }


def _count(report: BlindReport, row: dict[str, object]) -> None:
    content = json.loads(str(row["content"]))
    about = {"piece": str(row["piece_id"]), "file": str(row["sha256"])[:16]}
    report.made += 1
    report.without_office += bool(content["wants_office"])
    for part in content["parts"]:
        report.covered += Counter(part["covered"])
        report.labels += Counter(part["labels"])
        if part["code"]:
            report.failed.append({**about, "code": part["code"]})
        if part["leaks"]:
            report.leaks.append({**about, "kinds": part["leaks"]})
