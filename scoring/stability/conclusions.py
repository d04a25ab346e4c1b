"""A teacher's conclusion in every draw, from the competencies drawn: :mod:`scoring.gate`, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.stability.consensus_codes import FAIL, NO_LEVEL, PASS, LevelCodes
from scoring.stability.fresh_reads import Indices


@dataclass(frozen=True)
class Points:
    """What the conclusion asks of the competencies.

    ``every`` where all chosen ones must pass (``all_points_pass``); else
    ``required`` of them are enough (``count_points_pass``).
    """

    required: int
    every: bool


def conclusions(
    levels: LevelCodes, teacher: Indices, undecided: Indices, points: Points
) -> LevelCodes:
    """Conclusion of each teacher in each draw: pass, fail, or -1 where still open.

    Parameters
    ----------
    levels : draws × results
        Levels of competencies, results of a teacher side by side.
    teacher : number of the teacher of each result, from 0, none left out
    undecided : competencies of each teacher that have no level whatever is read
        (evidence missing, a ruling awaited)
    points : Points

    Examples
    --------
    >>> levels = np.array([[1, 2], [1, 0]], dtype=np.int8)
    >>> conclusions(levels, np.array([0, 0]), np.array([0]), Points(2, every=True)).ravel().tolist()
    [1, 0]
    """
    starts = np.flatnonzero(np.diff(teacher, prepend=-1))
    passed = np.add.reduceat((levels > FAIL).astype(np.int32), starts, axis=1)
    failed = np.add.reduceat((levels == FAIL).astype(np.int32), starts, axis=1)
    enough = passed >= points.required
    possible = passed + undecided >= points.required
    if points.every:
        enough &= (failed == 0) & (undecided == 0)
        possible &= failed == 0
    lost = ~possible & (failed > 0)
    made: LevelCodes = np.where(enough, PASS, np.where(lost, FAIL, NO_LEVEL)).astype(np.int8)
    return made
