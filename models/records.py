"""What is recorded: reads, results and the reasons a result has no level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rubrics.levels import Level


class ReasonNone(StrEnum):
    """Why a result has no level; a result has one or the other."""

    MISSING_EVIDENCE = "missing_evidence"
    NOT_ELIGIBLE = "not_eligible"
    EXEMPT = "exempt"
    DEFERRED = "deferred"
    AWAITING_READ = "awaiting_read"
    AWAITING_RULING = "awaiting_ruling"
    CONDITION_UNKNOWN = "condition_unknown"
    HELD = "held"


class Round(StrEnum):
    """What a read is for; only blind, third and chair reads decide a level."""

    BLIND = "blind"
    THIRD = "third"
    CHAIR = "chair"
    SEED = "seed"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class Read:
    """All marks of one rater on one piece.

    ``marks`` maps criterion ids to 1 (met), 0 (not met) or None (cannot judge).
    A chair's read holds rulings and may cover some criteria only.
    """

    rater_id: str
    round: str
    marks: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """How one criterion of a piece came out.

    ``how`` is ``agreed`` (every read), ``majority``, ``ruling``, or ``single``
    where policy asks for one read.
    """

    met: int
    how: str


@dataclass(frozen=True, slots=True)
class PieceOutcome:
    """The level of a piece, or what it waits for, with what decided.

    ``deciding`` names the criteria the level hangs on: for 不合格 the 合格
    criteria found unmet, for 合格 the 优秀 criteria not met or left contested.
    ``contested`` are the criteria no reads and no ruling decide. ``needs`` is
    ``""``, ``blind``, ``third`` or ``ruling``; ``cause`` says why a ruling is due
    (``undecided``, ``levels_differ``, ``gap_of_two``, or ``adjudicate`` where a
    case was sent to the chair) and ``open_criteria`` what it must cover.
    """

    level: Level | None
    reason_none: ReasonNone | None
    decisions: Mapping[str, Decision]
    deciding: tuple[str, ...] = ()
    contested: tuple[str, ...] = ()
    needs: str = ""
    cause: str = ""
    open_criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decider:
    """One piece a competency's level hangs on; ``cause`` is ``criteria`` or ``missing``."""

    slot_id: str
    cause: str
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompetencyResult:
    """A level, or the reason there is none, and the pieces that decided it."""

    level: Level | None
    reason_none: ReasonNone | None
    decided_by: tuple[Decider, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a teacher's result: met, not met, or None where unknown."""

    code: str
    met: bool | None
    value: str
    required: str


@dataclass(frozen=True, slots=True)
class TeacherResult:
    """A teacher's conclusion with every condition it rests on."""

    level: Level | None
    reason_none: ReasonNone | None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class TeacherFacts:
    """What is known of a teacher beyond the evidence; None where unknown.

    Hours are in 学时; ``records`` maps pass records (``diagnostic``, ``training``,
    ``development``) to passed or not; ``environment`` is the school's.
    """

    hours_online: float | None = None
    hours_practice: float | None = None
    online_passed: bool | None = None
    exempt: bool = False
    deferred: bool = False
    environment: str = ""
    records: Mapping[str, bool] = field(default_factory=dict)
