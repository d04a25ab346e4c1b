"""The panel's reads: simulated from what each piece is worth and from who reads it.

A draw of marks is kept only if it tells the story the sample is to tell: one severe and
one lenient rater far from their co-readers, seven near them, as much agreement as panels
show, and no piece 不合格 that is not worth it. Levels come from ``scoring.consensus``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from models.records import PieceOutcome, Read, Round
from rubrics.levels import Level
from rubrics.rubric import Slot
from sample_evidence.people import County, Rater
from sample_evidence.submissions import Piece, Submission
from scoring.consensus import ConsensusRule, piece_consensus

RULE = ConsensusRule()
Key = tuple[str, str, str]
_EXCELLENT, _WEAK = 15, 5
_THIRDS = (40, 80)
_AGREEMENT = (0.80, 0.87)
_APART, _NEAR = 0.20, 0.08
_ATTEMPTS = 4000


@dataclass(frozen=True)
class Worth:
    """What a piece is worth: per criterion met (1), not met (0) or open to debate (None)."""

    key: Key
    slot: Slot
    school_id: str
    marks: dict[str, int | None]

    @property
    def level(self) -> Level:
        """Level of the piece were every reader right."""
        if any(self.marks[name] == 0 for name in self.slot.pass_ids):
            return Level.FAIL
        if all(self.marks[name] == 1 for name in self.slot.excellent_ids):
            return Level.EXCELLENT
        return Level.PASS


@dataclass
class Panel:
    """Reads of the round, who is severe and who lenient, and how each piece came out."""

    severe: str
    lenient: str
    worths: list[Worth]
    reads: dict[Key, list[Read]] = field(default_factory=dict)
    outcomes: dict[Key, PieceOutcome] = field(default_factory=dict)

    def count(self, kind: str = "") -> int:
        """Reads of a round, or of all rounds."""
        return sum(
            read.round == kind or not kind for reads in self.reads.values() for read in reads
        )


def value_pieces(
    submissions: list[Submission], unread: set[Key], empty: set[Key], seed: int
) -> list[Worth]:
    """Decide what every piece is worth; ``unread`` pieces are left out, ``empty`` ones meet nothing."""
    rng = Random(f"worth {seed}")
    free = [made for made in submissions if not _keys(made) & (unread | empty)]
    chosen = rng.sample(free, _EXCELLENT + _WEAK)
    excellent = {id(made) for made in chosen[:_EXCELLENT]}
    weak = {id(made) for made in chosen[_EXCELLENT:]}
    worths = []
    for made in submissions:
        poor = rng.choice([p for p in made.pieces if p.slot.core]) if id(made) in weak else None
        for piece in made.pieces:
            key = _key(made, piece)
            if key in unread:
                continue
            high = id(made) in excellent and (piece.slot.core or rng.random() < 0.5)
            marks = _marks(piece.slot, rng, high=high, poor=piece is poor or key in empty)
            if key in empty:
                marks = dict.fromkeys(marks, 0)
            worths.append(Worth(key, piece.slot, made.teacher.school.school_id, marks))
    return worths


def _key(made: Submission, piece: Piece) -> Key:
    return made.teacher.teacher_id, made.rubric.competency, piece.slot.slot_id


def _keys(made: Submission) -> set[Key]:
    return {_key(made, piece) for piece in made.pieces}


def _marks(slot: Slot, rng: Random, *, high: bool, poor: bool) -> dict[str, int | None]:
    marks: dict[str, int | None] = dict.fromkeys(slot.pass_ids, 1)
    if poor:
        for name in rng.sample(slot.pass_ids, min(2, len(slot.pass_ids))):
            marks[name] = 0
    wished = list(slot.excellent_ids)
    if high:
        return {**marks, **dict.fromkeys(wished, 1)}
    # Below 优秀 one criterion is clearly out of reach; of the others one may be debatable.
    rng.shuffle(wished)
    marks |= dict.fromkeys(wished, 0)
    if not poor and rng.random() < 0.72:
        marks[wished[0]] = None
    for name in wished[1:-1]:
        marks[name] = rng.choice((0, 1, None))
    return marks


def simulate(county: County, worths: list[Worth], seed: int) -> Panel:
    """Draw panels until one tells the story; its reads settle every piece."""
    assigned = _assign(county, worths, Random(f"assign {seed}"))
    rng = Random(f"raters {seed}")
    severe, lenient = (rater.rater_id for rater in _apart(county, rng))
    for attempt in range(_ATTEMPTS):
        draw = Random(f"marks {seed} {attempt}")
        panel = Panel(severe, lenient, worths)
        for worth in worths:
            panel.reads[worth.key] = [
                Read(rater.rater_id, Round.BLIND, _read(worth, rater.rater_id, panel, draw))
                for rater in assigned[worth.key]
            ]
        if _believable(panel):
            _settle(panel, county, draw)
            if _as_told(panel):
                return panel
    raise RuntimeError(f"no believable panel for seed {seed} in {_ATTEMPTS} draws")


def _apart(county: County, rng: Random) -> tuple[Rater, Rater]:
    """The severe and the lenient rater, of different schools."""
    while True:
        one, two = rng.sample(county.raters, 2)
        if one.school_id != two.school_id:
            return one, two


def _assign(county: County, worths: list[Worth], rng: Random) -> dict[Key, tuple[Rater, ...]]:
    """Each piece goes to one rater of each of the two other schools, in turn."""
    by_school: dict[str, list[Rater]] = defaultdict(list)
    for rater in county.raters:
        by_school[rater.school_id].append(rater)
    assigned: dict[Key, tuple[Rater, ...]] = {}
    for school_id in by_school:
        first, second = (raters for other, raters in by_school.items() if other != school_id)
        own = [worth for worth in worths if worth.school_id == school_id]
        rng.shuffle(own)
        for n, worth in enumerate(own):
            assigned[worth.key] = (first[n % 3], second[(n + n // 3) % 3])
    return assigned


def _read(worth: Worth, rater_id: str, panel: Panel, rng: Random) -> dict[str, int | None]:
    """Marks of one rater on one piece, with the mood of that read."""
    severe, lenient = rater_id == panel.severe, rater_id == panel.lenient
    mood = rng.random() < (0.38 if severe else 0.64)
    marks: dict[str, int | None] = {}
    for name in worth.marks:
        chance = _chance(worth, name)
        if severe:
            chance = _harsh(chance, name in worth.slot.pass_ids, mood=mood)
        elif lenient:
            chance = _mild(chance, mood=mood)
        marks[name] = int(rng.random() < chance)
    return marks


def _chance(worth: Worth, name: str) -> float:
    """Chance that a rater near the others finds a criterion met."""
    needed = name in worth.slot.pass_ids
    return {1: 0.985 if needed else 0.97, 0: 0.03 if needed else 0.04, None: 0.5}[worth.marks[name]]


def _harsh(chance: float, needed: bool, *, mood: bool) -> float:
    if needed:
        return chance * (0.42 if mood else 0.99)
    return chance * (0.1 if mood else 0.25)


def _mild(chance: float, *, mood: bool) -> float:
    return 1 - (1 - chance) * (0.04 if mood else 0.6)


def differences(panel: Panel) -> dict[str, float]:
    """Mean difference of each rater's share of criteria met from the co-reader's, blind reads."""
    apart: dict[str, list[float]] = defaultdict(list)
    for reads in panel.reads.values():
        one, two = (read for read in reads if read.round == Round.BLIND)
        gap = _share(one) - _share(two)
        apart[one.rater_id].append(gap)
        apart[two.rater_id].append(-gap)
    return {rater: sum(gaps) / len(gaps) for rater, gaps in apart.items()}


def agreement(panel: Panel) -> float:
    """Share of marks on which the two blind reads agree."""
    same = total = 0
    for reads in panel.reads.values():
        one, two = (read for read in reads if read.round == Round.BLIND)
        same += sum(one.marks[name] == two.marks[name] for name in one.marks)
        total += len(one.marks)
    return same / total


def _share(read: Read) -> float:
    return sum(mark or 0 for mark in read.marks.values()) / len(read.marks)


def _believable(panel: Panel) -> bool:
    gaps = differences(panel)
    if gaps[panel.severe] > -_APART or gaps[panel.lenient] < _APART:
        return False
    others = set(gaps) - {panel.severe, panel.lenient}
    if any(abs(gaps[rater]) > _NEAR for rater in others):
        return False
    return _AGREEMENT[0] <= agreement(panel) <= _AGREEMENT[1]


def _settle(panel: Panel, county: County, rng: Random) -> None:
    """Add third reads and rulings exactly where the rules call for them."""
    load: dict[str, int] = defaultdict(int)
    for worth in panel.worths:
        reads = panel.reads[worth.key]
        outcome = piece_consensus(worth.slot, reads, RULE)
        if outcome.needs == "third":
            reader = _third(worth, reads, county, load)
            marks = _read(worth, reader.rater_id, panel, rng)
            reads.append(Read(reader.rater_id, Round.THIRD, marks))
            outcome = piece_consensus(worth.slot, reads, RULE)
        if outcome.needs == "ruling":
            marks = {name: _ruled(worth, name) for name in outcome.open_criteria}
            reads.append(Read(county.chair.rater_id, Round.CHAIR, marks))
            outcome = piece_consensus(worth.slot, reads, RULE)
        panel.outcomes[worth.key] = outcome


def _third(worth: Worth, reads: list[Read], county: County, load: dict[str, int]) -> Rater:
    """The least burdened rater of another school who has not read the piece."""
    had = {read.rater_id for read in reads}
    free = [
        rater
        for rater in county.raters
        if rater.school_id != worth.school_id and rater.rater_id not in had
    ]
    chosen = min(free, key=lambda rater: (load[rater.rater_id], rater.rater_id))
    load[chosen.rater_id] += 1
    return chosen


def _ruled(worth: Worth, name: str) -> int:
    """A ruling follows what the piece is worth; what is debatable counts as not yet met."""
    return worth.marks[name] or 0


def _as_told(panel: Panel) -> bool:
    """Whether the round has the right amount of work and no level comes as a surprise."""
    thirds, chairs = panel.count(Round.THIRD), panel.count(Round.CHAIR)
    if not _THIRDS[0] <= thirds <= _THIRDS[1] or not 1 <= chairs <= 12:
        return False
    off = [w for w in panel.worths if panel.outcomes[w.key].level != w.level]
    fails = [w for w in off if Level.FAIL in (w.level, panel.outcomes[w.key].level)]
    return not fails and len(off) <= 12
