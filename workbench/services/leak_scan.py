"""Leak scan 泄露检查: what in the masked copies still tells whose they are, and what to do about it.

Three things are looked at: the copies' own files (reading views, pictures,
films, with their hidden tags); pages drawn before the names known now were
known; and the originals, which no rater is given, for what is only there. Words
of names are kept nowhere: a find is told by place, kind and its surroundings,
the find itself covered.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.blind_copies import copies_by_file
from models.evidence_store import EvidenceStore
from models.precedents import latest_leak_scan
from models.store import Act, Row, Store
from models.submissions import files_by_piece, owned_pieces
from rubrics.canonical import canonical_json
from workbench.formats.identity import check_digit_ok, normalise
from workbench.readers import traces
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.masking import COVER, ID, NAME, Mask, Span
from workbench.services.intake import reading_limits
from workbench.services.mask_words import MaskWords
from workbench.services.reach import schools_seen
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

COPY, PAGES, ORIGINAL = "copy", "pages", "original"
"""Where a find is: raters read it; it is probably drawn on a page they see; they are not given it."""

CLASS = "class"
MASK_AGAIN, LABEL, NOTHING = "mask_again", "label", "nothing"

Progress = Callable[[int, int], None]

_AROUND = 12  # characters shown on each side of a find
_MOST_OF_FILE = 40  # finds told of one file; all are counted
_CLASS = re.compile(
    r"(?:[一二三四五六七八九]年级|[初高][一二三]|20\d\d级|[一二三四五六七八九](?=\s*[（(]))\s*[（(]?\s*(?:\d{1,2}|[一二三四五六七八九十]{1,2})\s*[）)]?\s*班"
)
_TITLED = ("老师", "校长", "主任", "书记", "园长")
_BEFORE_A_NAME = "、，。；：:（( 和与及由请跟向对给是让叫"


@dataclass(frozen=True)
class Leak:
    """One find: piece, file (start of its digest), where, kind, its surroundings, and the remedy.

    ``seen`` is `COPY`, `PAGES` or `ORIGINAL`; ``remedy`` `MASK_AGAIN`, `LABEL` or `NOTHING`.
    """

    piece_id: str
    file: str
    seen: str
    where: str
    kind: str
    excerpt: str
    remedy: str


@dataclass(frozen=True)
class LeakReport:
    """What a scan found; ``unread`` files could not be opened, ``blank`` have no text to look in,
    ``uncopied`` no masked copy yet.
    """

    files: int
    leaks: tuple[Leak, ...]
    counts: dict[str, int]
    unread: tuple[str, ...]
    blank: int
    uncopied: int = 0

    @property
    def open(self) -> tuple[Leak, ...]:
        """Finds that raters may see and that tell by themselves; a class without its school does not."""
        return tuple(each for each in self.leaks if each.seen != ORIGINAL and each.kind != CLASS)

    def as_json(self) -> list[dict[str, str]]:
        """Return the flat objects of ``leaks --json``."""
        return [asdict(leak) for leak in self.leaks]


def scan(workspace: Workspace, act: Act, progress: Progress | None = None) -> LeakReport:
    """Look through every masked copy and its original; the report is stored for the page.

    Raises
    ------
    RefusedError
        If the actor may not.
    """
    with workspace.store() as store, ReaderPool(reading_limits(workspace)) as pool:
        act = authorise(store, act, "leaks.scan")
        report = _scanned(workspace, store, pool, progress or _quiet)
        told = {
            "files": report.files,
            "leaks": report.as_json(),
            "counts": report.counts,
            "unread": list(report.unread),
            "blank": report.blank,
            "uncopied": report.uncopied,
        }
        with store.transaction(act, "leaks.scan", f"{len(report.open)} of {report.files}") as tx:
            tx.insert("leak_scan", [{"told": json.dumps(told, ensure_ascii=False)}])
    return report


def last_scan(workspace: Workspace, person_id: str) -> tuple[LeakReport, str] | None:
    """Latest report, of the schools one sees, and when it was made; None before the first."""
    with workspace.store() as store:
        schools = schools_seen(store, person_id, "leaks.show")
        row = latest_leak_scan(store)
        if row is None:
            return None
        own = {p["piece_id"] for p in owned_pieces(store) if p["school_id"] in schools}
    told = row["told"]
    leaks = tuple(Leak(**each) for each in told["leaks"] if each["piece_id"] in own)
    counts = dict(Counter(each.seen for each in leaks))
    left = tuple(told["unread"]), told["blank"], told["uncopied"]
    report = LeakReport(told["files"], leaks, counts, *left)
    return report, str(row["at"])


def finds(mask: Mask, text: str) -> list[Span]:
    """Finds that tell who somebody is: precise, where a mask had rather cover too much.

    ``提高老师的能力`` names no teacher called 高, and a number of eighteen digits
    is nobody's unless its check digit fits.

    >>> from workbench.readers.masking import Word
    >>> known = Mask((Word(NAME, "高老师"),))
    >>> [len(finds(known, text)) for text in ("提高老师的能力", "由高老师执教")]
    [0, 1]
    """
    kept = [span for span in mask.spans(text) if _tells(text, span)]
    return kept + [Span(*match.span(), CLASS) for match in _CLASS.finditer(text)]


def _tells(text: str, span: Span) -> bool:
    found = "".join(text[span.start : span.end].split())
    if span.kind == ID:
        return len(found) != 18 or check_digit_ok(normalise(found))
    titled = any(found == found[:1] + title for title in _TITLED)
    if span.kind == NAME and titled and span.start:
        before = text[span.start - 1]
        return before in _BEFORE_A_NAME or not "\u3400" <= before <= "\u9fff"
    return True


def _scanned(
    workspace: Workspace, store: Store, pool: ReaderPool, progress: Progress
) -> LeakReport:
    copies, files, words = copies_by_file(store), files_by_piece(store), MaskWords(store)
    pieces = owned_pieces(store)
    due = [(p, f) for p in pieces for f in files.get(p["piece_id"], ()) if f["attached"]]
    scanner = _Scanner(workspace, pool)
    for done, (piece, file) in enumerate(due, 1):
        mask = words.mask(piece["teacher_id"], piece["school_id"])
        scanner.look(piece, file, copies.get((piece["piece_id"], file["sha256"])), mask)
        progress(done, len(due))
    counts = Counter(leak.seen for leak in scanner.leaks)
    return LeakReport(
        len(due),
        tuple(scanner.leaks),
        dict(counts),
        tuple(scanner.unread),
        scanner.blank,
        scanner.uncopied,
    )


class _Scanner:
    """Looks at one file after another and gathers what it finds."""

    def __init__(self, workspace: Workspace, pool: ReaderPool) -> None:
        self._originals = workspace.evidence
        self._blind = EvidenceStore(workspace.folder / "blind")
        self._pool = pool
        self.leaks: list[Leak] = []
        self.unread: list[str] = []
        self.blank = 0
        self.uncopied = 0

    def look(self, piece: Row, file: Row, copy: Row | None, mask: Mask) -> None:
        """Gather the finds of one file: in its copy, on its pages, and in the original alone."""
        about = piece["piece_id"], file["sha256"][:16]
        name = Path(file["path"]).name
        told = [(traces.NAME, Path(name).stem)]
        told += self._traces(about, self._originals.path(file["sha256"]), name)
        if copy is None:
            self.uncopied += 1
            self._tell(about, told, mask, ORIGINAL, NOTHING)
            return
        for path, called in self._files(copy):
            self._tell(about, self._traces(about, path, called), mask, COPY, MASK_AGAIN)
        for chapter in (c["title"] for part in copy["parts"] for c in part["chapters"]):
            self._tell(about, [(traces.TAG, chapter)], mask, COPY, MASK_AGAIN)
        drawn = any(part["pages"] for part in copy["parts"])
        stale = copy["mask"] != hashlib.sha256(canonical_json(mask.to_json())).hexdigest()[:16]
        left = Counter({k: n for part in copy["parts"] for k, n in part["leaks"].items()})
        for kind in left:
            self.leaks.append(Leak(*about, PAGES, traces.PAGE_TEXT, kind, "", LABEL))
        shown = (traces.TEXT, traces.HEADER, traces.PAGE_TEXT)
        on_pages = [each for each in told if drawn and stale and each[0] in shown]
        self._tell(about, on_pages, mask, PAGES, MASK_AGAIN)
        hidden = [each for each in told if each not in on_pages and each[0] not in shown]
        self._tell(about, hidden, mask, ORIGINAL, NOTHING)
        self.blank += any("scan" in p["labels"] or "picture" in p["labels"] for p in copy["parts"])

    def _files(self, copy: Row) -> Iterator[tuple[Path, str]]:
        """Yield files of a copy with a name that says their kind."""
        for part in copy["parts"]:
            if part["reading"]:
                yield self._blind.path(part["reading"]), "view.reading.json"
            ending = "mp4" if part["kind"] in ("video", "audio") else "webp"
            if "/" in part["mime"] and part["kind"] in ("video", "audio"):
                ending = part["mime"].partition("/")[2].partition(";")[0]
            for each in (*part["pages"][:1], *part["files"]):
                yield self._blind.path(each["file"]), f"view.{ending}"

    def _traces(self, about: tuple[str, str], path: Path, name: str) -> list[tuple[str, str]]:
        try:
            return self._pool.traces(path, name)
        except Unreadable:
            self.unread.append(f"{about[0]} {about[1]}")
            return []

    def _tell(
        self,
        about: tuple[str, str],
        told: Sequence[tuple[str, str]],
        mask: Mask,
        seen: str,
        remedy: str,
    ) -> None:
        """Add the finds of some traces, each surroundings once."""
        known: set[Leak] = set()
        for where, words in told:
            spans = finds(mask, words)
            for span in spans:
                own = LABEL if span.kind == CLASS and seen != ORIGINAL else remedy
                leak = Leak(*about, seen, where, span.kind, _around(words, spans, span), own)
                told_already = span.kind == CLASS and any(each.kind == CLASS for each in known)
                if not told_already and leak not in known and len(known) < _MOST_OF_FILE:
                    known.add(leak)
                    self.leaks.append(leak)


def _around(text: str, spans: Sequence[Span], span: Span) -> str:
    """Surroundings of a find, every find in them covered."""
    letters = list(text)
    for each in spans:
        letters[each.start : each.end] = COVER * (each.end - each.start)
    start, end = max(0, span.start - _AROUND), span.end + _AROUND
    return " ".join("".join(letters[start:end]).split())


def _quiet(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def as_rows(report: LeakReport) -> list[dict[str, Any]]:
    """Finds as rows of a table, those raters may see first."""
    order = (COPY, PAGES, ORIGINAL)
    return [asdict(leak) for leak in sorted(report.leaks, key=lambda each: order.index(each.seen))]
