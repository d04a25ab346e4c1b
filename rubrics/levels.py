"""The three levels, in their order; nothing between them and no average of them."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """A level of a piece, a competency or a teacher.

    Examples
    --------
    >>> Level.FAIL < Level.PASS < Level.EXCELLENT
    True
    >>> min(Level.EXCELLENT, Level.PASS)
    <Level.PASS: 'pass'>
    """

    FAIL = "fail"
    PASS = "pass"
    EXCELLENT = "excellent"

    @property
    def rank(self) -> int:
        """0, 1, 2 from 不合格 to 优秀; an order, not a quantity."""
        return _RANK[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Level(other).rank


_RANK = {level: rank for rank, level in enumerate(Level)}
LEVELS = tuple(Level)
LEVEL_ZH = {Level.FAIL: "不合格", Level.PASS: "合格", Level.EXCELLENT: "优秀"}
LEVEL_OF_ZH = {zh: level for level, zh in LEVEL_ZH.items()}
