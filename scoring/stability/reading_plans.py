"""What other plans of reading would give: more readers or fewer, more pieces or fewer.

The headline of a decision study in a workspace. Each plan is tried twice in
each draw, with two independent panels; the share of results on which the two
agree is what would repeat, and the reads it takes are its cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.facets.draws import MarkDraws
from scoring.stability.flip_risk import Floats, ResultPieces, result_levels
from scoring.stability.fresh_reads import Design, Redrawn, redraw


@dataclass(frozen=True)
class PlanOutcome:
    """One plan of reading.

    Attributes
    ----------
    readers : first reads a piece
    pieces : pieces a result, at most
    replication : share of results two independent panels decide alike, 0 to 1
    se : of the share, over the draws
    reads : reads a result takes, third reads and rulings with them
    hours : of reading, for all these results; None where no read was timed
    """

    readers: int
    pieces: int
    replication: float
    se: float
    reads: float
    hours: float | None


def reading_plans(
    draws: MarkDraws,
    design: Design,
    made_of: ResultPieces,
    minutes: Floats | None,
    readers: Sequence[int],
    random_seed: int,
) -> list[PlanOutcome]:
    """Replication and cost of each number of readers with each number of pieces.

    Parameters
    ----------
    draws, design, made_of : as for :func:`scoring.stability.fresh_reads.redraw`
        Within a result the rows stand in the order in which pieces would be
        asked for; a plan of k pieces takes the first k.
    minutes : minutes a read of each piece takes, one entry a piece of the draws
        Measured; None where nothing was.
    readers : first reads a piece, each to be tried
        Third reads and rulings follow the rule of the design.
    random_seed : int
    """
    found = []
    most = int(np.bincount(made_of.result).max())
    for count in readers:
        plan = replace(design, rule=replace(design.rule, reads_per_piece=count))
        one, other = (redraw(draws, plan, 2 * random_seed + half) for half in (0, 1))
        for pieces in range(1, most + 1):
            kept = _first_pieces(made_of, pieces)
            same = result_levels(one.level, kept) == result_levels(other.level, kept)
            by_draw = same.mean(axis=1)
            reads = _reads_of_pieces(count, one, other)[kept.piece]
            hours = None if minutes is None else float((reads * minutes[kept.piece]).sum()) / 60
            error = float(by_draw.std(ddof=1) / np.sqrt(len(by_draw))) if len(by_draw) > 1 else 0.0
            share, cost = float(by_draw.mean()), float(reads.sum()) / len(kept)
            found.append(PlanOutcome(count, pieces, share, error, cost, hours))
    return found


def _reads_of_pieces(count: int, *redrawn: Redrawn) -> Floats:
    """Reads each piece takes: first, third and the chair's, averaged over both panels."""
    more = sum(each.thirds + each.rulings for each in redrawn) / len(redrawn)
    return np.asarray(count + more, dtype=np.float64)


def _first_pieces(made_of: ResultPieces, most: int) -> ResultPieces:
    nth = np.arange(len(made_of.result)) - made_of.first[made_of.result]
    kept = nth < most
    return ResultPieces(made_of.piece[kept], made_of.result[kept], made_of.counted[kept])
