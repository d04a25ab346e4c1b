"""The consensus of ``scoring.consensus`` on millions of pieces at once: a read is one number.

Bit ``c`` of a code is the mark on criterion ``c`` of the slot, so "two reads
share a mark" is one ``&`` over whole arrays. The rules are those of
:func:`scoring.consensus.piece_consensus` for reads that judge every criterion;
the tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations
from operator import and_, or_

import numpy as np
from numpy.typing import NDArray

from rubrics.levels import Level
from rubrics.rubric import Slot
from scoring.consensus import ConsensusRule
from scoring.errors import ScoringError

Codes = NDArray[np.uint32]
Flags = NDArray[np.bool_]
LevelCodes = NDArray[np.int8]

NO_LEVEL = -1
FAIL, PASS, EXCELLENT = (level.rank for level in Level)
NOTHING, THIRD, RULING = 0, 1, 2
"""What a piece still needs."""

MOST_CRITERIA = 32


@dataclass(frozen=True)
class SlotCode:
    """The criteria of a slot as bits: ``needed`` are the 合格 ones, ``wished`` the 优秀 ones."""

    needed: np.uint32
    wished: np.uint32
    criteria: tuple[str, ...] = field(default=())

    @property
    def every(self) -> np.uint32:
        """All criteria."""
        return self.needed | self.wished


@dataclass(frozen=True)
class Weighed:
    """What reads come to: arrays of one length.

    ``level`` is 0 (fail), 1 (pass), 2 (excellent) or -1; ``needs`` is ``NOTHING``,
    ``THIRD`` or ``RULING``, and ``open`` the criteria a ruling must cover.
    """

    level: LevelCodes
    needs: NDArray[np.int8]
    open: Codes


def slot_code(slot: Slot) -> SlotCode:
    """Bits of a slot, criteria in the order of the rubric.

    Raises
    ------
    ScoringError
        If the slot has more than 32 criteria.
    """
    names = tuple(criterion.criterion_id for criterion in slot.criteria)
    if len(names) > MOST_CRITERIA:
        raise ScoringError(
            f"slot {slot.slot_id} has {len(names)} criteria, at most {MOST_CRITERIA} can be drawn "
            "afresh. Split the slot.",
            key="stability.too_many_criteria",
            slot=slot.slot_id,
            count=str(len(names)),
            most=str(MOST_CRITERIA),
        )
    needed = sum(1 << place for place, name in enumerate(names) if name in slot.pass_ids)
    wished = sum(1 << place for place, name in enumerate(names) if name in slot.excellent_ids)
    return SlotCode(np.uint32(needed), np.uint32(wished), names)


def read_levels(slot: SlotCode, codes: Codes) -> LevelCodes:
    """Level of each read, as :func:`scoring.consensus.read_level` has it.

    Examples
    --------
    >>> slot = SlotCode(np.uint32(0b011), np.uint32(0b100))
    >>> read_levels(slot, np.array([0b001, 0b011, 0b111], dtype=np.uint32)).tolist()
    [0, 1, 2]
    """
    passed = (codes & slot.needed) == slot.needed
    excellent = codes == slot.every
    found: LevelCodes = passed.astype(np.int8) + excellent.astype(np.int8)
    return found


def weigh(
    slot: SlotCode,
    ballots: Sequence[Codes],
    rule: ConsensusRule,
    ruled: Codes | None = None,
    ruling: Codes | None = None,
) -> Weighed:
    """Level of each piece from its reads, or what it waits for.

    Parameters
    ----------
    slot : SlotCode
    ballots : codes of the first blind reads, then of a third where there is one
        At least ``rule.reads_per_piece`` arrays of one length; every criterion judged.
    rule : ConsensusRule
    ruled, ruling : codes
        Criteria the chair has ruled on, and how (bit set: met).
    """
    none = np.zeros_like(ballots[0])
    ruled = none if ruled is None else ruled
    ruling = none if ruling is None else ruling
    met, unmet = _decided(slot, ballots, single=rule.reads_per_piece == 1)
    met = (met & ~ruled) | (ruling & ruled)
    unmet = (unmet & ~ruled) | (~ruling & ruled)
    contested = slot.every & ~(met | unmet)
    possible = _possible(slot, unmet, contested, rule)
    level = np.where(possible[FAIL], FAIL, np.where(possible[PASS], PASS, EXCELLENT))
    had_third = len(ballots) > rule.reads_per_piece
    if rule.third == "always" and not had_third:
        return _all_wait(none)
    settled = sum(flags.astype(np.int8) for flags in possible) == 1
    due = _ruling_due(slot, ballots, rule)
    asked = np.choose(level, due) & ~ruled
    ended = (ruled & slot.needed & ~ruling) != 0  # no further ruling can lift a fail
    to_chair = settled & (asked != 0) & ~ended
    wait = np.full(level.shape, THIRD, dtype=np.int8)
    if had_third or rule.third == "never":
        wait[:] = RULING
        asked = np.where(settled, asked, (_undecided_due(due, possible) | contested) & ~ruled)
    needs = np.where(settled, np.where(to_chair, RULING, NOTHING), wait).astype(np.int8)
    return Weighed(
        np.where(needs == NOTHING, level, NO_LEVEL).astype(np.int8),
        needs,
        np.where(needs == RULING, asked, 0).astype(np.uint32),
    )


def _all_wait(like: Codes) -> Weighed:
    return Weighed(
        np.full(like.shape, NO_LEVEL, dtype=np.int8),
        np.full(like.shape, THIRD, dtype=np.int8),
        np.zeros_like(like),
    )


def _decided(slot: SlotCode, ballots: Sequence[Codes], *, single: bool) -> tuple[Codes, Codes]:
    """Criteria decided as met and as unmet: a majority of at least two."""
    if single and len(ballots) == 1:  # one read may pass a piece; it takes two to fail it
        return ballots[0] & slot.every, ~ballots[0] & slot.wished
    least = max(2, len(ballots) // 2 + 1)
    met = _at_least(least, ballots)
    unmet = _at_least(least, [~codes for codes in ballots])
    return met & slot.every, unmet & slot.every


def _at_least(least: int, ballots: Sequence[Codes]) -> Codes:
    if least > len(ballots):
        return np.zeros_like(ballots[0])
    alike = (reduce(and_, chosen) for chosen in combinations(ballots, least))
    return reduce(or_, alike)


def _possible(
    slot: SlotCode, unmet: Codes, contested: Codes, rule: ConsensusRule
) -> tuple[Flags, Flags, Flags]:
    """Whether fail, pass, excellent can still come out, however the contested criteria fall."""
    failed = (unmet & slot.needed) != 0
    short = (unmet & slot.wished) != 0
    may_fail = failed | ((contested & slot.needed) != 0)
    may_pass = ~failed & (short | ((contested & slot.wished) != 0))
    may_excel = ~failed & ~short
    if rule.third == "when_pass_unsettled":  # where only 优秀 is open the lower level stands
        may_excel = may_excel & (may_fail | ~may_pass)
    return may_fail, may_pass, may_excel


def _ruling_due(
    slot: SlotCode, ballots: Sequence[Codes], rule: ConsensusRule
) -> tuple[Codes, Codes, Codes]:
    """Criteria the chair is asked about if fail, pass, excellent comes out of the criteria."""
    given = [read_levels(slot, codes) for codes in ballots]
    differ = reduce(or_, ballots) & ~reduce(and_, ballots)
    counts = [sum((levels == level).astype(np.int8) for levels in given) for level in range(3)]
    shared = [np.asarray(count) >= 2 for count in counts]
    gap = (np.asarray(counts[FAIL]) > 0) & (np.asarray(counts[EXCELLENT]) > 0)
    due: list[Codes] = []
    for level in range(3):
        fail = shared[FAIL] | (level == FAIL)
        excellent = shared[EXCELLENT] | (level == EXCELLENT)
        differs = (shared[FAIL] | shared[PASS] | shared[EXCELLENT]) & ~shared[level]
        made = np.where(differs, _between(slot, fail, excellent) & differ, 0)
        if rule.ruling_at_gap_of_two:
            made = np.where(gap, differ & slot.every, made)
        due.append(made.astype(np.uint32))
    return due[0], due[1], due[2]


def _between(slot: SlotCode, fail: Flags, excellent: Flags) -> Codes:
    """Criteria which could move the level between those named."""
    needed: Codes = np.where(fail, slot.needed, np.uint32(0))
    wished: Codes = np.where(excellent, slot.wished, np.uint32(0))
    return needed | wished


def _undecided_due(due: Sequence[Codes], possible: Sequence[Flags]) -> Codes:
    """What the chair will be asked whichever level comes out."""
    pairs: Iterator[tuple[Codes, Flags]] = zip(due, possible, strict=True)
    every = np.ones(due[0].shape, dtype=np.bool_)
    union = np.zeros_like(due[0])
    for asked, may in pairs:
        every &= (asked != 0) | ~may
        union |= np.where(may, asked, np.uint32(0))
    return np.where(every, union, np.uint32(0))
