"""Which piece one more read is worth most for: the expected fall in doubt about the result.

Doubt is P(decision ≠ modal decision). A further read comes out fail, pass or
excellent, each telling something of the piece's ability; the draws weighted
by how well they foretell it give the decision that would then be the modal
one (preposterior analysis; Raiffa and Schlaifer, 1961). Where one read alone
could not turn the decision but two or three could, the fall they bring
together is shared among them, so that such a piece is not passed over; where
even that cannot turn it (other pieces decide), the one that says most comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from scoring.facets.draws import Drawn, MarkDraws
from scoring.stability.consensus_codes import LevelCodes
from scoring.stability.flip_risk import Floats, ResultPieces
from scoring.stability.fresh_reads import BLOCK, Design, Indices, padded_severities

AHEAD = 3
"""Further reads of a piece looked at together."""

_NOISE = 1e-5  # sums in single precision
_NODES = 3


@dataclass(frozen=True)
class Worth:
    """What further reads of a piece are worth; arrays of one entry a row of ``ResultPieces``.

    Attributes
    ----------
    fall : expected fall per read of P(decision ≠ modal decision)
    sharper : expected rise, by one read, of Σ P(level)²
        The chance that two new draws decide alike; it breaks ties of ``fall``.
    """

    fall: Floats
    sharper: Floats

    def queue(self) -> Indices:
        """Rows in the order in which to read; those no read tells anything of are left out.

        Examples
        --------
        >>> Worth(np.array([0, 0.3, 0, 0]), np.array([0.1, 0.2, 0.3, 0])).queue().tolist()
        [1, 2, 0]
        """
        order = np.lexsort((-self.sharper, -self.fall))
        found: Indices = order[(self.fall + self.sharper)[order] > 0]
        return found


def worth_of_reads(
    draws: MarkDraws,
    design: Design,
    made_of: ResultPieces,
    drawn: LevelCodes,
    random_seed: int,
    least_doubt: float = 0.0,
) -> Worth:
    """By how much further reads of each piece are expected to lower doubt about its result.

    Parameters
    ----------
    draws, design, made_of : as for :func:`scoring.stability.fresh_reads.redraw`
    drawn : draws × results
        Level of each result in each draw.
    random_seed : int
        Of the reader of the further read.
    least_doubt : share of draws
        Pieces of results with no more doubt are passed over, as worth nothing.
    """
    doubt = 1.0 - np.stack([(drawn == level).mean(axis=0) for level in range(3)]).max(axis=0)
    fall, sharper = np.zeros((2, len(made_of.piece)))
    place = np.full(draws.ability.shape[1], -1, dtype=np.int64)
    place[made_of.piece] = np.arange(len(made_of.piece))
    severities = padded_severities(draws)
    step = max(1, BLOCK // len(draws))
    for number, slot in enumerate(design.slots):
        rows = place[slot.pieces]
        rows = rows[rows >= 0]
        rows = rows[doubt[made_of.result[rows]] > least_doubt]
        hardness = np.exp(draws.difficulty[:, slot.criteria])
        needed = np.array([bool(slot.code.needed >> b & 1) for b in range(len(slot.criteria))])
        for start in range(0, len(rows), step):
            mine = rows[start : start + step]
            rng = np.random.Generator(np.random.SFC64([random_seed, 1, number, start]))
            logit = _logit(draws, design, severities, made_of.piece[mine], rng)
            chances = _level_chances(logit, hardness, draws.halo_sd, needed)
            decided = _decided(drawn[:, made_of.result[mine]])
            fall[mine] = _falls(chances, decided)
            sharper[mine] = _sharper(chances, decided)
    return Worth(fall, sharper)


def _logit(
    draws: MarkDraws, design: Design, severities: Drawn, pieces: Indices, rng: np.random.Generator
) -> Drawn:
    """Ability less the severity of one eligible reader, drawn anew in each draw."""
    size, first = design.pools.size[pieces], design.pools.first[pieces]
    shape = (len(draws), len(pieces))
    at = np.minimum((rng.random(shape, dtype=np.float32) * size).astype(np.int64), size - 1)
    borrowed = severities.shape[1] - 1
    member = np.where(size > 0, design.pools.members[np.maximum(first + at, 0)], borrowed)
    taken = np.take_along_axis(severities, member, axis=1)
    found: Drawn = draws.ability[:, pieces] - taken
    return found


def _level_chances(
    logit: Drawn, hardness: Drawn, halo_sd: Drawn, needed: NDArray[np.bool_]
) -> tuple[Drawn, Drawn, Drawn]:
    """Chance that a fresh read is fail, pass, excellent in each draw, its halo integrated out."""
    passed, excellent = np.zeros_like(logit), np.zeros_like(logit)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        odds = np.exp(np.clip(logit + (node * halo_sd)[:, None].astype(np.float32), -30, 30))
        all_needed, all_wished = np.full_like(logit, weight), np.ones_like(logit)
        for bit, is_needed in enumerate(needed):
            chance = odds / (odds + hardness[:, bit, None])
            if is_needed:
                all_needed *= chance
            else:
                all_wished *= chance
        passed += all_needed
        excellent += all_needed * all_wished
    return 1 - passed, passed - excellent, excellent


def _decided(drawn: LevelCodes) -> list[Drawn]:
    """Weight of each draw in the chance of each level: 1 / draws where it comes to it."""
    return [(drawn == level).astype(np.float32) / np.float32(len(drawn)) for level in range(3)]


def _sharper(chances: tuple[Drawn, ...], decided: list[Drawn]) -> Floats:
    """Expected rise of Σ P(level)² by one read."""
    joint = np.array([[np.einsum("dp,dp->p", c, d) for d in decided] for c in chances])
    outcome = np.maximum(joint.sum(axis=1), 1e-12)
    later = (joint**2 / outcome[:, None]).sum(axis=(0, 1))
    rise: Floats = later - (joint.sum(axis=0) ** 2).sum(axis=0)
    return np.where(rise > _NOISE, rise, 0.0)


def _falls(chances: tuple[Drawn, ...], decided: list[Drawn]) -> Floats:
    """Fall per read, of the number of further reads (up to ``AHEAD``) that makes it greatest.

    For each number: Σ over outcomes of the greatest joint chance of outcome and
    decision, less the greatest chance of a decision now, shared among the reads.
    """
    now = np.max([each.sum(axis=0) for each in decided], axis=0)
    best = np.zeros(len(now))
    for reads in range(1, AHEAD + 1):
        later = np.zeros(len(now))
        for levels in combinations_with_replacement(range(3), reads):
            chance = prod(chances[level] for level in levels) * _orders(levels)
            later += np.max([np.einsum("dp,dp->p", chance, each) for each in decided], axis=0)
        best = np.maximum(best, np.where(later - now > _NOISE, (later - now) / reads, 0.0))
    return best


def _orders(levels: tuple[int, ...]) -> np.float32:
    """In how many orders these levels can come."""
    ways = factorial(len(levels)) / prod(factorial(levels.count(level)) for level in set(levels))
    return np.float32(ways)
