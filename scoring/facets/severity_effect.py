"""What a severity does to results: the pass rate, had the whole round been read at it.

The consensus of two reads and a third where the level is unsettled finds a
criterion met exactly where two of three reads do: what the first two agree on
the third cannot change, and where the level is settled without it no mark of
its could have changed it. So the chance that a piece passes is a sum over three
halos of products of majorities, and a result passes where all its pieces do
(:func:`scoring.gate.competency_result`). Rulings of the chair are left to the
majority.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import factorial

import numpy as np

from scoring.errors import ScoringError
from scoring.facets.draws import MarkDraws
from scoring.facets.marks_coding import FloatArray, IntArray

_HALO_NODES = 9
_ABILITIES = np.linspace(-14.0, 14.0, 281)  # logits above the readers' severity
_STEP = 0.1  # logits between two of them
_KNOTS = 25  # severities at which the rate is worked out; between them a line


@dataclass(frozen=True)
class Design:
    """The results of a round and what each hangs on.

    Attributes
    ----------
    pieces : places in the draws' ``pieces``, ordered by result
    slot : of each piece, a place in ``slots``
    starts : where each result's pieces begin
    slots : for each slot the places of its 合格 criteria in the draws' ``criteria``
    reads : reads a piece gets: 1, or 2 and a third where they leave the level open
    """

    pieces: IntArray
    slot: IntArray
    starts: IntArray
    slots: tuple[IntArray, ...]
    reads: int = 2


def pass_chances(
    difficulty: FloatArray, halo_sd: float, at: FloatArray, reads: int = 2
) -> FloatArray:
    """Chance that consensus finds every criterion met, for pieces of these abilities.

    Parameters
    ----------
    difficulty : of the 合格 criteria, logits
    halo_sd : logits
    at : ability less the severity all readers share, logits
    reads : 1, or 2 with a third where they leave the level open

    Examples
    --------
    >>> pass_chances(np.array([0.0]), 0.0, np.array([0.0, 1.0])).round(3).tolist()
    [0.5, 0.822]
    """
    node, weight = np.polynomial.hermite_e.hermegauss(_HALO_NODES)
    logit = at[:, None] + halo_sd * node - difficulty[:, None, None]
    chance = 1 / (1 + np.exp(-logit))  # criteria × abilities × halos
    weight = weight / weight.sum()
    if reads == 1:
        alone: FloatArray = chance.prod(axis=0) @ weight
        return alone
    triples = np.array(list(combinations_with_replacement(range(_HALO_NODES), 3)))
    orders = [_orders(*each) for each in triples.tolist()]
    every = np.ones((len(at), len(triples)))
    for met in chance:
        one, two, three = (met[:, own] for own in triples.T)
        both = one * two
        every *= both + (one + two - 2 * both) * three
    total: FloatArray = every @ (orders * weight[triples].prod(axis=1))
    return total


def pass_rates(draws: MarkDraws, design: Design, severity: FloatArray) -> FloatArray:
    """Expected share of results that pass, had every read the severity given; one entry each.

    Abilities as drawn (a result's pieces vary together), difficulties and halo
    at their means over the draws.

    Raises
    ------
    ScoringError
        Without a result all of whose pieces are in the draws.
    """
    if not len(design.starts):
        raise ScoringError(
            "no result has all its pieces read, so no pass rate is known. Wait for more reads.",
            key="facets_of_marks.no_results",
        )
    difficulty = draws.difficulty.mean(axis=0).astype(np.float64)
    halo_sd = float(draws.halo_sd.mean())
    knots = np.linspace(severity.min(), severity.max() + 1e-9, _KNOTS)
    ability = draws.ability[:, design.pieces].astype(np.float64)
    reached = ability.min() - knots[-1], ability.max() - knots[0]
    first, last = np.searchsorted(_ABILITIES, reached).tolist()
    near = slice(max(first - 2, 0), last + 2)
    read, of_piece = np.unique(design.slot, return_inverse=True)
    curves = np.stack(
        [
            pass_chances(difficulty[own], halo_sd, _ABILITIES[near], design.reads)
            for own in (design.slots[slot] for slot in read.tolist())
        ]
    )
    rate = np.empty(len(knots))
    for place, knot in enumerate(knots):
        chance = _between(curves, of_piece, (ability - knot - _ABILITIES[near][0]) / _STEP)
        rate[place] = np.multiply.reduceat(chance, design.starts, axis=1).mean()
    found: FloatArray = np.interp(severity, knots, rate)
    return found


def _between(curves: FloatArray, of_piece: IntArray, at: FloatArray) -> FloatArray:
    """Value of each piece's curve between its points: ``at`` is draws × pieces, in points."""
    most = curves.shape[1] - 1
    inside = np.clip(at, 0, most)
    below = np.minimum(inside.astype(np.int64), most - 1)
    flat = curves.ravel()
    start = below + of_piece * curves.shape[1]
    found: FloatArray = flat[start] + (inside - below) * (flat[start + 1] - flat[start])
    return found


def pass_rate_changes(
    draws: MarkDraws, design: Design, severity: FloatArray, zero: FloatArray
) -> FloatArray:
    """Change of the pass rate at each severity against the zero beside it; harsher is negative."""
    both = pass_rates(draws, design, np.concatenate([severity, zero]))
    change: FloatArray = both[: len(severity)] - both[len(severity) :]
    return change


def design_of(
    draws: MarkDraws,
    results: Sequence[Sequence[tuple[str, str]]],
    pass_criteria: dict[str, tuple[str, ...]],
    reads: int = 2,
) -> Design:
    """Results as codes; one that has a piece or a criterion nobody has read is left out.

    Parameters
    ----------
    results : for each result its pieces and their slots
    pass_criteria : the 合格 criteria of each slot
    """
    piece = {name: place for place, name in enumerate(draws.pieces)}
    criterion = {name: place for place, name in enumerate(draws.criteria)}
    slots = {
        name: np.array([criterion[own] for own in owned], dtype=np.int64)
        for name, owned in pass_criteria.items()
        if all(own in criterion for own in owned)
    }
    numbers = {name: number for number, name in enumerate(slots)}
    kept = [one for one in results if one and all(p in piece and s in slots for p, s in one)]
    sizes = np.array([len(one) for one in kept], dtype=np.int64)
    return Design(
        np.array([piece[p] for one in kept for p, _ in one], dtype=np.int64),
        np.array([numbers[s] for one in kept for _, s in one], dtype=np.int64),
        np.cumsum(sizes) - sizes,
        tuple(slots.values()),
        reads,
    )


def _orders(one: int, two: int, three: int) -> int:
    """How many orders three halo nodes can come in."""
    different = len({one, two, three})
    return {1: 1, 2: 3, 3: factorial(3)}[different]
