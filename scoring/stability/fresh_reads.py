"""Draws a round of reading afresh: other eligible readers, fresh marks, the same rules.

Each draw of a fitted marks model stands for one world that could have made the
data. In each world every piece is given to readers once more, who mark it with
their own severity and their own halo for this piece; what they leave open goes
to a third reader and then to a chair of severity 0, as
:mod:`scoring.consensus` has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.consensus import ConsensusRule
from scoring.facets.draws import Drawn, MarkDraws
from scoring.stability.consensus_codes import RULING, THIRD, Codes, LevelCodes, SlotCode, weigh

Indices = NDArray[np.int64]

BLOCK = 1 << 16
"""Draws × pieces worked on at once: some arrays of this size stay in the processor's cache."""

_HALO_NODES = 15
_MOST_RULINGS = 4  # a ruling may lead to one more, on other criteria, not to many
_FARTHEST = 30.0  # logits beyond which a mark is certain in single precision


@dataclass(frozen=True)
class ReaderPools:
    """Who may read each piece: places among the raters, the pools of all pieces end to end.

    Attributes
    ----------
    first, size : one entry a piece
        Where its pool begins in ``members`` and how many it has.
    members : places in ``MarkDraws.raters``
    """

    first: Indices
    size: Indices
    members: Indices

    @classmethod
    def of(cls, pools: Sequence[Sequence[int]]) -> ReaderPools:
        """Lay the pool of each piece end to end; the same pool given twice is kept once.

        Examples
        --------
        >>> ReaderPools.of([(0, 1), (0, 1), (2,)]).first.tolist()
        [0, 0, 2]
        """
        start: dict[tuple[int, ...], int] = {}
        members: list[int] = []
        for pool in map(tuple, pools):
            if pool not in start:
                start[pool] = len(members)
                members.extend(pool)
        first = np.array([start[tuple(pool)] for pool in pools], dtype=np.int64)
        size = np.array([len(pool) for pool in pools], dtype=np.int64)
        return cls(first, size, np.array(members, dtype=np.int64))


@dataclass(frozen=True)
class EarlierReads:
    """Reads already made, whose halo is known in part: places, and how many criteria were met.

    A reader who is drawn again for a piece keeps the halo that these marks
    speak for. Needed in small panels; among hundreds of readers it hardly
    ever happens.
    """

    piece: Indices
    rater: Indices
    met: Indices


@dataclass(frozen=True)
class SlotPieces:
    """The pieces of one slot: ``criteria`` and ``pieces`` are places in the draws."""

    code: SlotCode
    criteria: Indices
    pieces: Indices


@dataclass(frozen=True)
class Design:
    """What is read afresh: every piece in one slot, with those who may read it."""

    slots: tuple[SlotPieces, ...]
    pools: ReaderPools
    rule: ConsensusRule
    earlier: EarlierReads | None = None


@dataclass(frozen=True)
class Redrawn:
    """Outcomes of the fresh round.

    Attributes
    ----------
    level : draws × pieces
        0 (fail), 1 (pass), 2 (excellent).
    thirds, rulings : one entry a piece
        Share of draws in which it needed a third read, and a ruling.
    """

    level: LevelCodes
    thirds: NDArray[np.float64]
    rulings: NDArray[np.float64]


@dataclass
class _World:
    """One block of pieces under all draws; arrays draws × pieces of the block."""

    code: SlotCode
    ability: Drawn
    hardness: Drawn
    severities: Drawn
    halo_sd: Drawn
    rng: np.random.Generator
    first: Indices
    size: Indices
    members: Indices
    earlier: list[tuple[Indices, Drawn]] = field(default_factory=list)


def redraw(draws: MarkDraws, design: Design, random_seed: int) -> Redrawn:
    """Levels of every piece in one fresh round a draw.

    Readers are drawn with equal chances from those eligible for the piece, none
    twice; allocation gives equal loads, so each has the same share of pieces
    unless conflicts bar him. Where nobody eligible is left the reader is
    borrowed: one of severity 0.

    Parameters
    ----------
    draws : MarkDraws
    design : Design
        Its slots cover every piece of the draws.
    random_seed : int
        The same seed gives the same draws whatever ran before.

    Returns
    -------
    Redrawn
    """
    count, pieces = draws.ability.shape
    level = np.empty((count, pieces), dtype=np.int8)
    thirds, rulings = np.zeros(pieces), np.zeros(pieces)
    for chosen, world in _worlds(draws, design, random_seed):
        level[:, chosen], thirds[chosen], rulings[chosen] = _read_block(world, design.rule)
    return Redrawn(level, thirds, rulings)


def first_levels(draws: MarkDraws, design: Design, random_seed: int) -> LevelCodes:
    """Level the first fresh reads settle on by themselves, draws × pieces; -1 where they do not.

    Neither third reads nor rulings are made. Pieces outside the slots of the
    design have -1.
    """
    level = np.full(draws.ability.shape, -1, dtype=np.int8)
    rule = design.rule
    for chosen, world in _worlds(draws, design, random_seed):
        at = _places(*world.ability.shape)
        readers: list[Indices] = []
        for _ in range(rule.reads_per_piece):
            readers.append(_next_reader(world, readers, at))
        found = weigh(world.code, [_marks(world, at, reader) for reader in readers], rule)
        level[:, chosen] = found.level.reshape(world.ability.shape)
    return level


def _worlds(draws: MarkDraws, design: Design, random_seed: int) -> Iterator[tuple[Indices, _World]]:
    """Blocks of pieces of one slot, small enough to be worked on at once."""
    severities = padded_severities(draws)
    step = max(1, BLOCK // len(draws))
    for number, slot in enumerate(design.slots):
        hardness = np.exp(draws.difficulty[:, slot.criteria]).astype(np.float32)
        for start in range(0, len(slot.pieces), step):
            chosen = slot.pieces[start : start + step]
            rng = np.random.Generator(np.random.SFC64([random_seed, number, start]))
            world = _World(
                slot.code, draws.ability[:, chosen], hardness, severities, draws.halo_sd, rng,
                design.pools.first[chosen], design.pools.size[chosen], design.pools.members,
            )  # fmt: skip
            if design.earlier is not None:
                world.earlier = _known_halos(world, chosen, draws, design.earlier)
            yield chosen, world


def padded_severities(draws: MarkDraws) -> Drawn:
    """Severities with one more column of 0, for readers borrowed from elsewhere."""
    borrowed = np.zeros((len(draws), 1), dtype=np.float32)
    return np.ascontiguousarray(np.hstack([draws.severity, borrowed]), dtype=np.float32)


def _read_block(
    world: _World, rule: ConsensusRule
) -> tuple[LevelCodes, NDArray[np.float64], NDArray[np.float64]]:
    """Read a block of pieces: blind reads, third reads where due, rulings where due."""
    count, pieces = world.ability.shape
    readers: list[Indices] = []
    ballots: list[Codes] = []
    at = _places(count, pieces)
    for _ in range(rule.reads_per_piece):
        reader = _next_reader(world, readers, at)
        readers.append(reader)
        ballots.append(_marks(world, at, reader))
    found = weigh(world.code, ballots, rule)
    level = found.level
    third = np.flatnonzero(found.needs == THIRD)
    _settle(world, at, np.flatnonzero(found.needs == RULING), level, ballots, rule)
    if len(third):
        drawn = tuple(axis[third] for axis in at)
        reader = _next_reader(world, [each[third] for each in readers], drawn)
        more = [codes[third] for codes in ballots] + [_marks(world, drawn, reader)]
        again = weigh(world.code, more, rule)
        level[third] = again.level
        later = level[third]
        _settle(world, drawn, np.flatnonzero(again.needs == RULING), later, more, rule)
        level[third] = later
        ruled = np.bincount(at[1][third[again.needs == RULING]], minlength=pieces)
    else:
        ruled = np.zeros(pieces, dtype=np.int64)
    ruled = ruled + np.bincount(at[1][found.needs == RULING], minlength=pieces)
    thirds = np.bincount(at[1][third], minlength=pieces)
    return level.reshape(count, pieces), thirds / count, ruled / count


def _places(count: int, pieces: int) -> tuple[Indices, Indices]:
    """Draw and piece of each cell of a block, row by row."""
    draw, piece = np.divmod(np.arange(count * pieces), pieces)
    return draw, piece


def _next_reader(world: _World, before: Sequence[Indices], at: tuple[Indices, ...]) -> Indices:
    """Place within the pool of one more reader for each cell, none of those before.

    A place at or beyond the size of the pool means nobody is left.
    """
    size = world.size[at[1]] - len(before)
    uniform = world.rng.random(len(at[0]), dtype=np.float32)
    place = np.minimum((uniform * size).astype(np.int64), np.maximum(size - 1, 0))
    for taken in np.sort(np.stack(before), axis=0) if before else ():
        place += place >= taken
    return place


def _marks(world: _World, at: tuple[Indices, ...], place: Indices | None) -> Codes:
    """Marks of one fresh read of each cell as codes; the chair (no reader) has severity 0.

    A mark is met where ``u < e / (e + d)``, with ``e`` the odds of the read and
    ``d`` those of the criterion's difficulty.
    """
    draw, piece = at
    halo = world.rng.standard_normal(len(draw), dtype=np.float32) * world.halo_sd[draw]
    logit = world.ability[draw, piece]
    if place is not None:
        short = place >= world.size[piece]
        member = world.members[np.where(short, 0, world.first[piece] + place)]
        member = np.where(short, world.severities.shape[1] - 1, member)
        logit = logit - world.severities[draw, member]
        for rater, known in world.earlier:
            halo = np.where(rater[piece] == member, known[draw, piece], halo)
    odds = np.exp(np.clip(logit + halo, -_FARTHEST, _FARTHEST))
    codes = np.zeros(len(draw), dtype=np.uint32)
    for bit in range(world.hardness.shape[1]):
        uniform = world.rng.random(len(draw), dtype=np.float32)
        met = uniform * (odds + world.hardness[draw, bit]) < odds
        codes |= met.astype(np.uint32) << np.uint32(bit)
    return codes


def _settle(
    world: _World,
    at: tuple[Indices, ...],
    cells: Indices,
    level: LevelCodes,
    ballots: Sequence[Codes],
    rule: ConsensusRule,
) -> None:
    """Let the chair rule on what is open until these cells have a level; fills ``level``."""
    if not len(cells):
        return
    ballots = [codes[cells] for codes in ballots]
    ruling = _marks(world, tuple(axis[cells] for axis in at), None)
    ruled = weigh(world.code, ballots, rule).open
    for _ in range(_MOST_RULINGS):
        found = weigh(world.code, ballots, rule, ruled, ruling)
        if not found.open.any():
            break
        ruled |= found.open
    level[cells] = found.level


def _known_halos(
    world: _World, chosen: Indices, draws: MarkDraws, earlier: EarlierReads
) -> list[tuple[Indices, Drawn]]:
    """Halo of each read already made of these pieces, drawn given ability and marks.

    The reads of a piece come one list entry after the other: rater of each
    piece (−1: none), and draws × pieces of halo.
    """
    order = np.flatnonzero(np.isin(earlier.piece, chosen))
    column = {int(piece): place for place, piece in enumerate(chosen)}
    piece = np.array([column[int(each)] for each in earlier.piece[order]], dtype=np.int64)
    by_piece = np.argsort(piece, kind="stable")
    piece, order = piece[by_piece], order[by_piece]
    nth = np.arange(len(piece)) - np.searchsorted(piece, piece)
    made = []
    for turn in range(int(nth.max(initial=-1)) + 1):
        mine = nth == turn
        rater = np.full(len(chosen), -1, dtype=np.int64)
        rater[piece[mine]] = earlier.rater[order[mine]]
        halo = np.zeros(world.ability.shape, dtype=np.float32)
        reads = order[mine]
        logit = world.ability[:, piece[mine]] - draws.severity[:, earlier.rater[reads]]
        halo[:, piece[mine]] = _halo_given(world, logit, earlier.met[reads])
        made.append((rater, halo))
    return made


def _halo_given(world: _World, logit: Drawn, met: Indices) -> Drawn:
    """Draw the halo of reads of which the number of criteria met is known.

    Given ability and severity the number met is sufficient for the halo, with
    likelihood ``exp(met · h) / Π_c (1 + exp(logit − d_c + h))``; drawn from its
    values at the nodes of a Gauss–Hermite rule.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(_HALO_NODES)
    log_likelihood = np.empty((_HALO_NODES, *logit.shape), dtype=np.float32)
    for node, (point, weight) in enumerate(zip(points, weights, strict=True)):
        halo = (point * world.halo_sd)[:, None]
        log_likelihood[node] = np.log(weight) + met * halo
        for bit in range(world.hardness.shape[1]):
            odds = np.exp(np.clip(logit + halo, -_FARTHEST, _FARTHEST))
            log_likelihood[node] -= np.log1p(odds / world.hardness[:, bit, None])
    chances = np.exp(log_likelihood - log_likelihood.max(axis=0)).cumsum(axis=0)
    uniform = world.rng.random(logit.shape, dtype=np.float32) * chances[-1]
    node = (chances < uniform).sum(axis=0)
    found: Drawn = (points.astype(np.float32)[node] * world.halo_sd[:, None]).astype(np.float32)
    return found
