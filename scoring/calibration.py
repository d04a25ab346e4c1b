"""Calibration 校准: a rater against experts' marks, when to pass, when to lock, and how often that errs.

A seed piece is right (a *hit*) where the rater's level is the experts' and a
不合格 names at least one criterion the experts found unmet too. Qualification is
Wald's sequential test; drift is watched by a one-sided CUSUM of the same
log-likelihood ratio. Error rates are worked out exactly, state by state.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rubrics.levels import Level
from rubrics.rubric import Slot
from scoring.consensus import read_level
from scoring.errors import ScoringError

PASSED, FAILED, UNDECIDED, GOING_ON = "passed", "failed", "undecided", "going_on"
"""How a qualification stands; ``undecided`` when the most pieces are used up."""

_EDGE = 1e-9  # two misses of .7 against .9 lie on Wald's bound to the last digit


@dataclass(frozen=True)
class Comparison:
    """One read of a seed piece against the experts' marks.

    ``level`` is None where the rater could not judge; ``gap`` counts the levels
    between (None without a level). ``wrong`` are criteria marked otherwise.
    """

    level: Level | None
    expert_level: Level
    gap: int | None
    hit: bool
    wrong: tuple[str, ...]


def compare(slot: Slot, given: Mapping[str, int | None], expert: Mapping[str, int]) -> Comparison:
    """Hold a read of a seed piece against the experts' marks.

    Parameters
    ----------
    slot : Slot
    given, expert : mapping
        Criterion to 1 (met) or 0 (not met); ``given`` may hold None (cannot judge).

    Raises
    ------
    ScoringError
        If the experts left a criterion unmarked, so that the piece has no level.
    """
    right = read_level(slot, expert)
    unmarked = [c.criterion_id for c in slot.criteria if c.criterion_id not in expert]
    if right is None or unmarked:
        raise ScoringError(
            f"seed of slot {slot.slot_id}: criteria {', '.join(unmarked)} have no expert mark. "
            "Import a pack that marks every criterion.",
            key="calibration.unmarked",
            slot=slot.slot_id,
            criteria=", ".join(unmarked),
        )
    level = read_level(slot, given)
    wrong = tuple(
        c.criterion_id for c in slot.criteria if given.get(c.criterion_id) != expert[c.criterion_id]
    )
    gap = None if level is None else abs(level.rank - right.rank)
    hit = level is right
    if hit and right is Level.FAIL:
        hit = any(given.get(name) == expert[name] == 0 for name in slot.pass_ids)
    return Comparison(level, right, gap, hit, wrong)


@dataclass(frozen=True)
class Qualification:
    """Wald's sequential test of a rater's accuracy.

    ``good`` and ``poor`` are accuracies (share of seed pieces right) to be told
    apart; ``miss_good`` is the chance to fail one who has ``good``, ``pass_poor``
    the chance to pass one who has ``poor``; ``most`` pieces are given at most.
    Source: Wald 1945, Annals of Mathematical Statistics 16 (2), 117-186.
    """

    poor: float = 0.7
    good: float = 0.9
    pass_poor: float = 0.1
    miss_good: float = 0.1
    most: int = 30

    def __post_init__(self) -> None:
        """Refuse accuracies that no test can tell apart."""
        if not 0 < self.poor < self.good < 1 or not 0 < self.pass_poor + self.miss_good < 1:
            raise ScoringError(
                f"accuracies {self.poor} and {self.good} cannot be told apart: 0 < poor < good < 1 "
                "and both error rates above 0 are needed. Correct the policy's calibration rules.",
                key="calibration.no_test",
                poor=self.poor,
                good=self.good,
            )

    @property
    def hit(self) -> float:
        """What one piece right adds to the log-likelihood ratio."""
        return math.log(self.good / self.poor)

    @property
    def miss(self) -> float:
        """What one piece wrong adds; negative."""
        return math.log((1 - self.good) / (1 - self.poor))

    def decide(self, hits: Sequence[bool]) -> str:
        """How the test stands after these pieces, in their order; it ends at the first bound."""
        score = 0.0
        for number, hit in enumerate(hits, 1):
            score += self.hit if hit else self.miss
            if (ended := self._at(score)) or number >= self.most:
                return ended or UNDECIDED
        return GOING_ON

    def _at(self, score: float) -> str:
        if score >= math.log((1 - self.miss_good) / self.pass_poor) - _EDGE:
            return PASSED
        if score <= math.log(self.miss_good / (1 - self.pass_poor)) + _EDGE:
            return FAILED
        return ""

    def chances(self, accuracy: float) -> Chances:
        """Chance of each end, and pieces needed on average, for a rater of this accuracy.

        Exact: only how many were right counts, so the chances of all counts are
        carried from piece to piece.

        Examples
        --------
        >>> made = Qualification().chances(1.0)
        >>> made.passed, made.pieces
        (1.0, 9.0)
        """
        alive, ends, pieces = {0: 1.0}, dict.fromkeys((PASSED, FAILED, UNDECIDED), 0.0), 0.0
        for number in range(1, self.most + 1):
            pieces += sum(alive.values())
            nxt: dict[int, float] = defaultdict(float)
            for right, chance in alive.items():
                for now, part in ((right + 1, accuracy), (right, 1 - accuracy)):
                    score = now * self.hit + (number - now) * self.miss
                    ended = self._at(score) or (UNDECIDED if number == self.most else "")
                    if ended:
                        ends[ended] += chance * part
                    else:
                        nxt[now] += chance * part
            alive = nxt
        return Chances(ends[PASSED], ends[FAILED], ends[UNDECIDED], pieces)


@dataclass(frozen=True)
class Chances:
    """Chances (0 to 1) of the ends of a qualification, and the mean number of pieces."""

    passed: float
    failed: float
    undecided: float
    pieces: float


@dataclass(frozen=True)
class Drift:
    """A one-sided CUSUM over seed pieces: misses add, hits take off, never below 0.

    At ``limit`` or above the rater is locked; ``gap`` levels between rater and
    experts lock at once (0: never). Source of the form: Page 1954, Biometrika 41, 100-115.
    """

    miss: float = 1.10
    hit: float = 0.25
    limit: float = 2.5
    gap: int = 2

    def step(self, score: float, *, hit: bool) -> float:
        """Score after one more piece."""
        return max(0.0, score - self.hit) if hit else score + self.miss

    def score(self, hits: Iterable[bool]) -> float:
        """Score after these pieces, from 0."""
        score = 0.0
        for hit in hits:
            score = self.step(score, hit=hit)
        return score

    def locks(self, score: float) -> bool:
        """Whether this score locks."""
        return score >= self.limit - _EDGE

    def is_wide(self, compared: Comparison) -> bool:
        """Whether one piece alone locks."""
        return bool(self.gap) and compared.gap is not None and compared.gap >= self.gap

    def lock_chances(self, accuracy: float, pieces: int, wide_share: float = 0.0) -> list[float]:
        """Chance that a rater of this accuracy is locked by the 1st, 2nd … seed piece.

        Parameters
        ----------
        accuracy : float
            Share of seed pieces right.
        pieces : int
        wide_share : float
            Share of the wrong ones that lock at once.

        Returns
        -------
        list of float
            Cumulative, one a piece. Exact: the scores that can be reached are few.
        """
        alive, locked, found = {0.0: 1.0}, 0.0, []
        for _ in range(pieces):
            nxt: dict[float, float] = defaultdict(float)
            for score, chance in alive.items():
                nxt[round(self.step(score, hit=True), 9)] += chance * accuracy
                wrong = chance * (1 - accuracy)
                worse = self.step(score, hit=False)
                if self.locks(worse):
                    locked += wrong
                else:
                    locked += wrong * wide_share
                    nxt[round(worse, 9)] += wrong * (1 - wide_share)
            alive = nxt
            found.append(locked)
        return found


def since_last_hit(hits: Sequence[bool]) -> int | None:
    """Place of the last piece right, before which the work is taken as sound; None without one.

    >>> since_last_hit([True, True, False, False]), since_last_hit([False])
    (1, None)
    """
    return next((place for place in range(len(hits) - 1, -1, -1) if hits[place]), None)
