"""Blind allocation: who reads which piece, with equal loads and one connected network.

Conflicts are never broken: a piece without enough readers is named, not given to
somebody who must stand back. Loads come out as equal as conflicts, shares and limits
allow (see ``allocation_board``). Readers who share no piece, directly or through
others, cannot be compared: there are two networks only where no plan has one (see
``allocation_network``), and the plan says which they are and what would join them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

from scoring.allocation_board import NO_LIMIT, Board, Flags, balance, fill
from scoring.allocation_network import connect, missing_links
from scoring.errors import ScoringError


@dataclass(frozen=True, slots=True)
class Need:
    """One piece, how many more readers it needs, and who cannot be one.

    ``barred`` are raters with a conflict or no longer fresh to the piece;
    ``held`` those who read it already or have it on their desk.
    """

    piece_id: str
    reads: int
    barred: frozenset[str] = frozenset()
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """How much somebody reads: a share of a full load, and no more pieces than ``most`` (None: no limit)."""

    share: float = 1.0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A piece with fewer readers than it needs.

    ``eligible`` may read it; ``given`` of them will, the others have no room.
    """

    piece_id: str
    needed: int
    eligible: int
    given: int


@dataclass(frozen=True)
class Plan:
    """An allocation before anybody reads.

    ``readers`` are the new readers by piece, ``orders`` the new pieces by rater in
    the rater's own random order, ``loads`` the pieces of each rater with those held
    before. ``networks`` are the groups of raters joined by common pieces, largest
    first; raters without a piece are in none. ``links`` are the fewest extra reads
    (piece, rater) that would join them, empty where there is one network, or no
    reads can. ``panels`` are all readers of each piece, held ones too.
    """

    readers: Mapping[str, tuple[str, ...]]
    orders: Mapping[str, tuple[str, ...]]
    loads: Mapping[str, int]
    short: tuple[Shortfall, ...]
    networks: tuple[tuple[str, ...], ...]
    links: tuple[tuple[str, str], ...] = ()
    panels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def connected(self) -> bool:
        """Whether every rater who reads can be compared with every other."""
        return len(self.networks) <= 1

    @property
    def whole(self) -> bool:
        """Whether every piece has all the readers it needs."""
        return not self.short


def allocate(
    needs: Sequence[Need],
    raters: Sequence[str],
    random_seed: str,
    loads: Mapping[str, int] | None = None,
    terms: Mapping[str, Terms] | None = None,
) -> Plan:
    """Plan who reads what.

    Parameters
    ----------
    needs : sequence of Need
        Every piece once; one that needs nobody (``reads`` 0) still joins those who
        hold it.
    raters : sequence of str
        Those who may be given work.
    random_seed : str
        The same seed gives the same plan, whatever the order of the arguments.
    loads : mapping, optional
        Pieces each rater has already; loads are balanced with them.
    terms : mapping, optional
        Shares and limits; who is not named has a full share and no limit, who has
        a share of nought is given nothing.

    Returns
    -------
    Plan
        With ``short`` where a piece has too few eligible raters, or those have no
        room, and more than one network where the conflicts keep groups apart.

    Raises
    ------
    ScoringError
        If a piece is named twice, or a share is below nought.

    Examples
    --------
    >>> plan = allocate([Need("p1", 2), Need("p2", 2, frozenset({"r1"}))], ["r1", "r2", "r3"], "7")
    >>> sorted(plan.readers["p2"]), plan.connected, plan.whole
    (['r2', 'r3'], True, True)
    """
    if len({need.piece_id for need in needs}) < len(needs):
        raise ScoringError("a piece is named twice among those to allocate.")
    ordered = sorted(needs, key=lambda need: need.piece_id)
    board = _board(ordered, sorted(set(raters)), loads or {}, terms or {})
    fill(board, _least_choice_first(board, random_seed), Random(f"allocate {random_seed}"))
    balance(board)
    connect(board)
    return _plan(board, set(raters), random_seed)


def with_links(needs: Sequence[Need], raters: int, links: int, random_seed: str) -> list[Need]:
    """Read some pieces twice where each is to be read once, so that raters can be compared.

    Parameters
    ----------
    raters : int
        How many will read.
    links : int
        Pieces each of them should share with somebody
        (policy ``review.anchor_pieces_per_reviewer``).

    Examples
    --------
    >>> made = with_links([Need("a", 1), Need("b", 1), Need("c", 1)], 2, 1, "7")
    >>> sorted(need.reads for need in made)
    [1, 1, 2]
    """
    single = sorted(
        (need.piece_id for need in needs if need.reads == 1 and not need.held),
        key=lambda piece: draw(random_seed, "link", piece),
    )
    linked = set(single[: math.ceil(links * raters / 2)])
    return [replace(need, reads=2) if need.piece_id in linked else need for need in needs]


def drawn_for_validation(pieces: Sequence[str], share: float, random_seed: str) -> frozenset[str]:
    """Pieces drawn at random for the extra reads that validate flip risk; a share of them, rounded down.

    >>> len(drawn_for_validation([str(n) for n in range(45)], 0.05, "7"))
    2
    """
    drawn = sorted(pieces, key=lambda piece: draw(random_seed, "validation", piece))
    return frozenset(drawn[: math.floor(share * len(drawn) + 1e-9)])


def draw(random_seed: str, *parts: str) -> str:
    """Return a number nobody can choose, the same for the same words."""
    return hashlib.sha256("|".join((random_seed, *parts)).encode()).hexdigest()


def _board(
    needs: Sequence[Need],
    crew: Sequence[str],
    loads: Mapping[str, int],
    terms: Mapping[str, Terms],
) -> Board:
    if wrong := sorted(rater for rater, own in terms.items() if own.share < 0):
        raise ScoringError(f"the share of {wrong[0]} is below nought: give 0 or more.")
    others = sorted({rater for need in needs for rater in need.held} - set(crew))
    raters = [*crew, *others]
    column = {rater: place for place, rater in enumerate(raters)}
    own = [terms.get(rater, Terms()) for rater in crew]
    working = np.array([each.share > 0 for each in own] + [False] * len(others), np.bool_)
    able: Flags = np.tile(working, (len(needs), 1))
    held = np.zeros_like(able)
    for row, need in enumerate(needs):
        barred = [column[rater] for rater in need.barred if rater in column]
        able[row, barred] = False
        held[row, [column[rater] for rater in need.held]] = True
    limits = [NO_LIMIT if each.most is None else each.most for each in own]
    return Board(
        [need.piece_id for need in needs],
        raters,
        able & ~held,
        held,
        np.array([max(need.reads, 0) for need in needs], np.int64),
        np.array([loads.get(rater, 0) for rater in raters], np.int64),
        np.array(limits + [0] * len(others), np.int64),
        np.array([each.share or 1.0 for each in own] + [1.0] * len(others)),
    )


def _least_choice_first(board: Board, random_seed: str) -> list[int]:
    """Pieces that need readers, those with the fewest to spare first, equals by lot."""
    spare = board.able.sum(axis=1) - board.reads
    wanting = np.flatnonzero(board.reads > 0).tolist()
    lot = {piece: draw(random_seed, "piece", board.pieces[piece]) for piece in wanting}
    return sorted(wanting, key=lambda piece: (spare[piece], lot[piece]))


def _plan(board: Board, crew: set[str], random_seed: str) -> Plan:
    chosen = {board.pieces[row]: _named(board, row) for row in _rows(board.chosen)}
    has = board.has
    pieces_of: dict[str, list[str]] = {}
    for piece, readers in chosen.items():
        for rater in readers:
            pieces_of.setdefault(rater, []).append(piece)
    orders = {
        rater: tuple(sorted(pieces, key=lambda piece: draw(random_seed, rater, piece)))
        for rater, pieces in sorted(pieces_of.items())
    }
    loads = zip(board.raters, board.loads.tolist(), strict=True)
    return Plan(
        chosen,
        orders,
        {rater: load for rater, load in loads if rater in crew},
        _short(board),
        board.networks(),
        tuple((board.pieces[piece], board.raters[rater]) for piece, rater in missing_links(board)),
        {
            board.pieces[row]: tuple(board.raters[r] for r in np.flatnonzero(has[row]).tolist())
            for row in _rows(has)
        },
    )


def _short(board: Board) -> tuple[Shortfall, ...]:
    given, eligible = board.chosen.sum(axis=1), board.able.sum(axis=1)
    rows = np.flatnonzero(given < board.reads).tolist()
    return tuple(
        Shortfall(board.pieces[row], int(board.reads[row]), int(eligible[row]), int(given[row]))
        for row in rows
    )


def _rows(flags: Flags) -> list[int]:
    found: list[int] = np.flatnonzero(flags.any(axis=1)).tolist()
    return found


def _named(board: Board, row: int) -> tuple[str, ...]:
    return tuple(
        sorted(board.raters[rater] for rater in np.flatnonzero(board.chosen[row]).tolist())
    )
