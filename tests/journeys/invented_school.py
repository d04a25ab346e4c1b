"""A school of sixty teachers as it truly is, and readers who see it through their own ways.

Every piece has a quality, every criterion a difficulty; a criterion is truly met
where the quality reaches it. A reader marks what is clear nearly always rightly
and what is near the line by half, more or less severely, and lets one impression
of a piece colour all of its criteria. Nothing here knows of the product's rules.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rubrics.levels import Level
from rubrics.rubric import Rubric, RubricSet, Slot

TEACHERS = 60
POINTS = ("A2", "A4", "A9", "A13", "B8", "C7")
DEPARTMENTS = ("语文", "数学", "英语", "科学", "艺体")
OWN_READERS, BORROWED = 6, 4

_SLOPE = 2.4
_HALO = 0.7
_LAPSE = 0.01

Owner = tuple[str, str, int]
"""Teacher, slot and attempt of a piece."""


@dataclass(frozen=True)
class Reader:
    """How somebody reads: ``severity`` in logits, ``lapse`` the chance of a mark at random.

    From read ``drifts_from`` on (None: never) they mark as if the evidence were
    ``drift`` logits worse.
    """

    severity: float
    lapse: float = _LAPSE
    drifts_from: int | None = None
    drift: float = 8.0


@dataclass
class School:
    """Sixty teachers with what they hand in, and the readers of the season.

    ``quality`` goes by teacher, slot and attempt; ``difficulty`` by criterion.
    """

    rubrics: RubricSet
    rng: random.Random
    points: dict[str, tuple[str, ...]] = field(default_factory=dict)
    quality: dict[Owner, float] = field(default_factory=dict)
    difficulty: dict[str, float] = field(default_factory=dict)
    readers: dict[str, Reader] = field(default_factory=dict)

    def slots(self, code: str) -> Sequence[Slot]:
        return self.rubrics[code].slots

    def slot(self, slot_id: str) -> Slot:
        return self.rubrics[slot_id.partition("-")[0]].slot(slot_id)

    def truth(self, owner: Owner) -> dict[str, int]:
        """What is truly met of a piece."""
        reach = self.quality[owner]
        return {
            c.criterion_id: int(reach >= self.difficulty[c.criterion_id])
            for c in self.slot(owner[1]).criteria
        }

    def true_level(self, teacher: str, code: str, attempts: Mapping[str, int]) -> Level:
        """Level a competency truly has: every criterion asked of all core pieces, no averaging."""
        rubric: Rubric = self.rubrics[code]
        levels = {
            slot.slot_id: self.piece_level((teacher, slot.slot_id, attempts.get(slot.slot_id, 1)))
            for slot in rubric.slots
        }
        if Level.FAIL in levels.values():
            return Level.FAIL
        core = [levels[slot.slot_id] for slot in rubric.slots if slot.core]
        return Level.EXCELLENT if set(core) == {Level.EXCELLENT} else Level.PASS

    def piece_level(self, owner: Owner) -> Level:
        met, slot = self.truth(owner), self.slot(owner[1])
        if not all(met[name] for name in slot.pass_ids):
            return Level.FAIL
        return Level.EXCELLENT if all(met.values()) else Level.PASS

    def marks(
        self, reader: Reader, owner: Owner, rng: random.Random, nth: int = 0
    ) -> dict[str, int]:
        """One read of a piece: every criterion met (1) or not (0); the reader's ``nth``."""
        reach, slot = self.quality[owner], self.slot(owner[1])
        gap = {c.criterion_id: reach - self.difficulty[c.criterion_id] for c in slot.criteria}
        return read_of(reader, gap, rng, nth)

    def attempt_again(self, owner: Owner) -> None:
        """Let a teacher hand in anew what was worked over: mostly better."""
        teacher, slot_id, attempt = owner
        better = self.quality[owner] + abs(self.rng.gauss(1.2, 0.5))
        self.quality[teacher, slot_id, attempt + 1] = better


def read_of(
    reader: Reader, gap: Mapping[str, float], rng: random.Random, nth: int = 0
) -> dict[str, int]:
    """Marks of one read, from how far the evidence lies above or below each criterion."""
    severity = reader.severity
    if reader.drifts_from is not None and nth >= reader.drifts_from:
        severity += reader.drift
    impression = rng.gauss(0, _HALO)
    made = {}
    for name, above in gap.items():
        if rng.random() < reader.lapse:
            made[name] = rng.randrange(2)
        else:
            leaning = _SLOPE * above + impression - severity
            made[name] = int(rng.random() < 1 / (1 + math.exp(-leaning)))
    return made


def invented_school(rubrics: RubricSet, seed: int) -> School:
    """Draw a school: who chose what, how good it is, and how each reader reads."""
    rng = random.Random(f"season {seed}")
    made = School(rubrics, rng)
    for code in POINTS:
        for slot in made.slots(code):
            for criterion in slot.criteria:
                centre = -1.0 if criterion.level is Level.PASS else 0.55
                made.difficulty[criterion.criterion_id] = rng.gauss(centre, 0.35)
    for number in range(1, TEACHERS + 1):
        teacher, skill = f"T{number:02d}", rng.gauss(0.75, 0.8)
        made.points[teacher] = tuple(sorted(rng.sample(POINTS, 3)))
        for code in made.points[teacher]:
            for slot in made.slots(code):
                made.quality[teacher, slot.slot_id, 1] = skill + rng.gauss(0, 0.45)
    for number in range(1, OWN_READERS + BORROWED + 1):
        made.readers[f"R{number:02d}"] = Reader(rng.gauss(0, 0.4))
    return made


def department_of(number: int) -> str:
    """Department of the teacher, or of the own reader, of this number."""
    return DEPARTMENTS[number % len(DEPARTMENTS)]
