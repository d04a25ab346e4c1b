"""A rubric: the slots one competency must fill and the criteria each is judged by."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rubrics.canonical import Json, digest, exact
from rubrics.levels import Level


def _text(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True)
class Criterion:
    """One indicator, met or not met; ``level`` is the level it belongs to (pass or excellent)."""

    criterion_id: str
    level: Level
    text_zh: str
    text_en: str


@dataclass(frozen=True)
class Limit:
    """A bound on what is handed in; ``official`` bounds hold, derived ones warn."""

    value: float
    provenance: str

    @property
    def official(self) -> bool:
        """Whether the bound stands in the norm or a provincial document."""
        return self.provenance in ("official-fact", "provincial-fact")


@dataclass(frozen=True)
class Slot:
    """What must be handed in for one part of a competency.

    ``accepts`` are file name endings without the dot; ``limits`` go by
    ``max_mb``, ``min_chars``, ``max_chars``, ``min_pages``, ``max_minutes``,
    ``min_items``, ``max_items``.
    """

    slot_id: str
    name_zh: str
    name_en: str
    kind: str
    core: bool
    accepts: tuple[str, ...]
    limits: Mapping[str, Limit]
    criteria: tuple[Criterion, ...]
    form_provenance: str = "derived"
    criteria_provenance: str = "derived"
    refs: tuple[str, ...] = ()
    note: str = ""

    @cached_property
    def pass_ids(self) -> tuple[str, ...]:
        """Ids of the 合格 criteria, in order."""
        return tuple(c.criterion_id for c in self.criteria if c.level is Level.PASS)

    @cached_property
    def excellent_ids(self) -> tuple[str, ...]:
        """Ids of the 优秀 criteria, in order."""
        return tuple(c.criterion_id for c in self.criteria if c.level is Level.EXCELLENT)

    def criterion(self, criterion_id: str) -> Criterion:
        """Find the criterion of that id; KeyError where there is none."""
        for criterion in self.criteria:
            if criterion.criterion_id == criterion_id:
                return criterion
        raise KeyError(criterion_id)

    def canonical(self) -> dict[str, Json]:
        """What the slot asks for; the order of file endings says nothing and is dropped."""
        return {
            "id": self.slot_id,
            "name_zh": _text(self.name_zh),
            "name_en": _text(self.name_en),
            "kind": self.kind,
            "core": self.core,
            "accepts": [*sorted(self.accepts)],
            "limits": {
                name: [exact(float(limit.value)), limit.provenance]
                for name, limit in self.limits.items()
            },
            "criteria": [
                {
                    "id": criterion.criterion_id,
                    "level": criterion.level.value,
                    "text_zh": _text(criterion.text_zh),
                    "text_en": _text(criterion.text_en),
                }
                for criterion in self.criteria
            ],
        }


@dataclass(frozen=True)
class Rubric:
    """One competency: its names, where it belongs and its slots."""

    competency: str
    version: str
    name_zh: str
    name_en: str
    dimension: str
    dimension_zh: str
    dimension_en: str
    environment: str
    environment_zh: str
    environment_en: str
    question_zh: str
    question_en: str
    slots: tuple[Slot, ...]
    source: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""

    def slot(self, slot_id: str) -> Slot:
        """Find the slot of that id; KeyError where there is none."""
        for slot in self.slots:
            if slot.slot_id == slot_id:
                return slot
        raise KeyError(slot_id)

    def canonical(self) -> dict[str, Json]:
        """Everything the digest covers: what is asked and how it is judged.

        Left out is where it was seen (sources, provenance of form and wording,
        notes) and the labels of dimension and environment, which belong to the
        set. The provenance of a limit is covered: an official one holds, a
        derived one warns.
        """
        return {
            "competency": self.competency,
            "version": _text(self.version),
            "name_zh": _text(self.name_zh),
            "name_en": _text(self.name_en),
            "dimension": self.dimension,
            "environment": self.environment,
            "question_zh": _text(self.question_zh),
            "question_en": _text(self.question_en),
            "slots": [dict(slot.canonical()) for slot in self.slots],
        }


@dataclass(frozen=True)
class RubricSet:
    """The rubrics of one catalogue, by competency code, in the catalogue's order."""

    set_id: str
    rubrics: Mapping[str, Rubric]
    title_zh: str = ""
    title_en: str = ""

    def __iter__(self) -> Iterator[Rubric]:
        return iter(self.rubrics.values())

    def __getitem__(self, competency: str) -> Rubric:
        return self.rubrics[competency]

    def __contains__(self, competency: object) -> bool:
        return competency in self.rubrics

    def find(self, name: str) -> Rubric | None:
        """Look up the rubric with that code or full Chinese name, blanks and case ignored."""
        wanted = "".join(name.split()).casefold()
        for rubric in self:
            if wanted in (rubric.competency.casefold(), "".join(rubric.name_zh.split()).casefold()):
                return rubric
        return None

    def levels_of_criteria(self) -> dict[str, str]:
        """Level each criterion of the set is asked for: ``pass`` or ``excellent``."""
        slots = [slot for rubric in self for slot in rubric.slots]
        asked = {name: str(Level.PASS) for slot in slots for name in slot.pass_ids}
        return asked | {name: str(Level.EXCELLENT) for slot in slots for name in slot.excellent_ids}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over code and digest of every rubric."""
        return digest([[r.competency, r.digest] for r in self])
