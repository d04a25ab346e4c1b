"""Plans what every teacher hands in: submissions, their pieces, and the files of each piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from rubrics.rubric import Rubric, RubricSet, Slot
from sample_evidence import words
from sample_evidence.documents import Stamp, new_rsids
from sample_evidence.media import Clip
from sample_evidence.people import County, Teacher
from sample_evidence.pictures import PHOTOS, Scene, jpeg
from sample_evidence.slides import Pages, compose_pages
from sample_evidence.tables import Rows, compose_notes, compose_rows
from sample_evidence.writing import Brief, Sheet, Writer, brief

OPENS = datetime(2026, 9, 1)
CLOSES = datetime(2026, 10, 31)
_PLANS = {"A1-1", "A12-1", "B1-1", "C5-1", "C6-1", "C7-1"}
_STATEMENTS = {"A2-1", "A3-1", "A11-2"}
# What stands for a piece of pictures or of data, first match of what the slot takes.
_PICTURES = (("jpg", "jpg"), ("jpg", "png"), ("zip", "jpg"), ("mp4", "jpg"), ("mp3", "jpg"))
_ACCOUNTS = (("txt", "txt"), ("docx", "m4a"), ("txt", "mp3"), ("docx", "txt"), ("pdf", "m4a"))
_DATA = (("xlsx", "csv"), ("xlsx", "png"), ("csv", "png"), ("xlsx", "docx"))
_TEXT_KINDS = (
    *("docx", "pdf", "docx", "docx", "doc", "docx", "docx", "docx", "pdf", "docx", "docx"),
    *("docx", "pdf", "docx", "docx", "wps", "docx", "docx", "docx", "pdf", "docx", "docx"),
    *("docx", "docx", "pdf", "docx", "docx", "docx", "docx", "docx", "docx", "docx"),
)
_VIDEO_KINDS = ("mp4", "mp4", "mov", "mp4", "mkv", "mp4", "mp4", "avi", "mp4", "mp4", "wmv")
_SLIDE_KINDS = ("pptx", "ppt", "pptx", "pdf", "pptx")
_PROGRAMS = ("WPS Office", "Microsoft Office Word", "Microsoft Office Word")


@dataclass(frozen=True)
class Deck:
    """Pages of a presentation and the scenes shown on the first of them."""

    pages: Pages
    scenes: tuple[Scene, ...]


@dataclass(frozen=True)
class Table:
    """A table of data with notes."""

    title: str
    rows: Rows
    notes: list[str]


@dataclass(frozen=True)
class Voice:
    """A recording of so many seconds."""

    key: str
    seconds: int


@dataclass
class File:
    """One file: its kind (the name's ending), what is in it and how it came about.

    ``treat`` is "" or what was done to it: ``resaved``, ``recoded``,
    ``truncated``, ``elsewhere`` (told of by its metadata only).
    """

    kind: str
    name: str
    content: Sheet | Deck | Table | Scene | Clip | Voice | list[File]
    stamp: Stamp
    treat: str = ""


@dataclass
class Piece:
    """What is handed in for one slot; without files it is missing."""

    slot: Slot
    files: list[File] = field(default_factory=list)


@dataclass
class Submission:
    """One teacher's work for one competency."""

    teacher: Teacher
    rubric: Rubric
    about: Brief
    submitted: datetime
    pieces: list[Piece]

    def piece(self, slot_id: str) -> Piece:
        """The piece of a slot; KeyError where there is none."""
        for piece in self.pieces:
            if piece.slot.slot_id == slot_id:
                return piece
        raise KeyError(slot_id)


class Planner:
    """Plans submissions one after another, with one writer for the whole county."""

    def __init__(self, rubrics: RubricSet, seed: int) -> None:
        self._rubrics = rubrics
        self._seed = seed
        self._rng = Random(f"plan {seed}")
        self.writer = Writer(Random(f"words {seed}"))
        self._turns: dict[str, int] = {}
        self._moments: set[datetime] = set()

    def plan(self, county: County) -> list[Submission]:
        """All submissions of all teachers."""
        return [
            self._submission(teacher, competency, nth)
            for teacher in county.teachers
            for nth, competency in enumerate(teacher.competencies)
        ]

    def stamp(self, teacher: Teacher, before: datetime) -> Stamp:
        """When and by whom a file was made: inside the window, some days before handing in."""
        rng = self._rng
        while True:
            days = rng.randint(3, max(4, (before - OPENS).days - 6))
            moment = before - timedelta(days=days)
            created = moment.replace(
                hour=rng.randint(0, 12), minute=rng.randrange(60), second=rng.randrange(60)
            )
            if created not in self._moments:
                break
        self._moments.add(created)
        minutes = rng.randint(38, 210)
        pause = timedelta(minutes=minutes + rng.randint(10, 90), seconds=rng.randrange(60))
        author = teacher.name
        return Stamp(
            author, created, created + pause, minutes, rng.choice(_PROGRAMS), new_rsids(rng)
        )

    def _submission(self, teacher: Teacher, competency: str, nth: int) -> Submission:
        rng = self._rng
        rubric = self._rubrics[competency]
        about = brief(teacher, competency, nth, rng)
        submitted = datetime(2026, 10, rng.randint(15, 28), rng.randint(8, 21), rng.randrange(60))
        made = Submission(teacher, rubric, about, submitted, [])
        for slot in rubric.slots:
            made.pieces.append(Piece(slot, self._files(made, slot)))
        return made

    def _turn(self, what: str, kinds: tuple[str, ...]) -> str:
        """The next of the kinds in turn, so that every kind is seen."""
        at = self._turns.get(what, 0)
        self._turns[what] = at + 1
        return kinds[at % len(kinds)]

    def _combination(
        self, slot: Slot, pool: tuple[tuple[str, ...], ...], what: str
    ) -> tuple[str, ...]:
        fitting = [kinds for kinds in pool if set(kinds) <= set(slot.accepts)]
        at = self._turns.get(what, 0)
        self._turns[what] = at + 1
        return fitting[at % len(fitting)]

    def _files(self, made: Submission, slot: Slot) -> list[File]:
        if slot.kind in ("document", "text"):
            if slot.kind == "text" and not slot.core:
                return self._accounts(made, slot)
            return self._written(made, slot)
        if slot.kind == "video":
            kind = self._turn("video", tuple(k for k in _VIDEO_KINDS if k in slot.accepts))
            return [self._file(made, slot, kind, 0)]
        if slot.kind == "slides":
            return [self._file(made, slot, self._turn("slides", _SLIDE_KINDS), 0)]
        pool: tuple[tuple[str, ...], ...] = _PICTURES
        what = "pictures"
        if slot.kind == "spreadsheet":
            pool, what = _DATA, "data"
        if slot.slot_id == "A2-2":
            pool = (("jpg", "mp3"), ("png", "mp4"), ("pptx", "jpg"))
        if slot.slot_id == "A13-1":
            pool = (("png", "png"), ("png", "jpg"), ("xlsx", "png"))
        kinds = self._combination(slot, pool, what)
        return [self._file(made, slot, kind, n) for n, kind in enumerate(kinds, 1)]

    def _written(self, made: Submission, slot: Slot) -> list[File]:
        kinds = tuple(k for k in _TEXT_KINDS if k in slot.accepts)
        kind = self._turn("text", kinds)
        if slot.kind == "text" and kind == "docx" and self._turn("plain", ("", "", "", "txt")):
            kind = "txt"
        sheet = self._sheet(made, slot)
        if kind == "docx" and self._turn("illustrated", ("", "", "", "", "yes")):
            key = f"{self._seed} {made.teacher.teacher_id} {slot.slot_id} inside"
            scene = Scene(key, self._rng.choice(PHOTOS), made.about.topic.title, (520, 390))
            sheet.pictures.append(jpeg(scene))
        files = [File(kind, _name(slot, kind), sheet, self._stamp(made))]
        if slot.slot_id == "C7-1":
            files.append(self._file(made, slot, "xlsx", 2))
        return files

    def _accounts(self, made: Submission, slot: Slot) -> list[File]:
        kinds = self._combination(slot, _ACCOUNTS, "accounts")
        files = []
        for number, kind in enumerate(kinds, 1):
            if kind in ("mp3", "m4a"):
                files.append(self._file(made, slot, kind, number))
                continue
            sheet = self._account(made, number) if kind == "txt" else self._sheet(made, slot)
            files.append(File(kind, _name(slot, kind, number), sheet, self._stamp(made)))
        return files

    def _account(self, made: Submission, number: int) -> Sheet:
        """One voice on a page without a form."""
        voice = "家长" if made.rubric.competency == "B7" else made.about.topic.stage
        said = self.writer.sentences(words.account_frames(voice), made.about, 7)
        self.writer.remember("".join(said))
        return Sheet(None, f"体会{'一二三'[number - 1]}", {}, [("", said)])

    def _sheet(self, made: Submission, slot: Slot) -> Sheet:
        name = f"{made.rubric.competency} {made.rubric.name_zh}"
        return self.writer.sheet(_form(slot), made.about, name)

    def _stamp(self, made: Submission) -> Stamp:
        return self.stamp(made.teacher, made.submitted)

    def _file(self, made: Submission, slot: Slot, kind: str, number: int) -> File:
        """A file that is not a filled form."""
        key = f"{self._seed} {made.teacher.teacher_id} {slot.slot_id} {number}"
        stamp = self._stamp(made)
        return File(
            kind, _name(slot, kind, number), self._content(made, slot, kind, key, stamp), stamp
        )

    def _content(
        self, made: Submission, slot: Slot, kind: str, key: str, stamp: Stamp
    ) -> Sheet | Deck | Table | Scene | Clip | Voice | list[File]:
        rng, about = self._rng, made.about
        match kind:
            case "jpg" | "webp" | "gif" | "bmp":
                size = (800, 600) if kind == "jpg" else (320, 240)
                return Scene(key, rng.choice(PHOTOS), about.topic.title, size)
            case "png":
                chart = slot.kind == "spreadsheet" or slot.slot_id.startswith("A13")
                shows = "chart" if chart else "screen"
                return Scene(key, shows, about.topic.title, (720, 480))
            case "mp3" | "m4a":
                return Voice(key, rng.randint(5, 8))
            case "xlsx" | "csv":
                title = f"{about.klass}{about.topic.title}记录表"
                notes = compose_notes(self.writer, about)
                return Table(title, compose_rows(rng, about), notes)
            case "docx":
                return self._account(made, 1)
            case "zip":
                return self._bundle(made, slot, key)
            case "pptx" | "ppt" | "pdf":
                scene = Scene(key, rng.choice(PHOTOS), about.topic.title, (640, 480))
                count = 9 if kind == "ppt" else rng.randint(8, 12)
                return Deck(compose_pages(self.writer, about, count), (scene,))
        return Clip(key, kind, about.topic.title, self._length(), stamp.created)

    def _length(self) -> int:
        """Frames of a clip; no two clips of the county are equally long until they run out."""
        at = self._turns.get("length", 0)
        self._turns["length"] = at + 1
        return 18 + at % 40

    def _bundle(self, made: Submission, slot: Slot, key: str) -> list[File]:
        inner = [self._turn("inner", ("webp", "gif", "bmp")), self._turn("more", ("gif", "webm"))]
        files = []
        for number, kind in enumerate(inner, 1):
            stamp = self._stamp(made)
            content = self._content(made, slot, kind, f"{key} {number}", stamp)
            files.append(File(kind, f"过程{number}.{kind}", content, stamp))
        note = Sheet(None, "说明", {}, [("", self.writer.sentences(_notes(), made.about, 4))])
        self.writer.remember(note.own_text())
        return [*files, File("md", "说明.md", note, self._stamp(made))]


def _notes() -> tuple[str, ...]:
    return words.common("notes")


def _form(slot: Slot) -> str:
    if slot.slot_id in _PLANS:
        return "plan"
    if slot.slot_id in _STATEMENTS:
        return "statement"
    if slot.slot_id == "A11-1":
        return "rubricsheet"
    if slot.kind == "text":
        return "reflection" if slot.core else "account"
    return "lesson"


def _name(slot: Slot, kind: str, number: int = 0) -> str:
    return f"{slot.slot_id}_{slot.name_zh}{number or ''}.{kind}"
