"""One network of raters: exchanges that keep the loads, then a search that misses no way to join.

Readers of pieces form a forest of pieces and raters in which a piece has no more
edges than it needs readers. A largest such forest is a largest common independent
set of two matroids (forests, and limits by piece), found by shortest augmenting
paths (Edmonds, 1970; Schrijver, Combinatorial Optimization, 2003, ch. 41). Where it
leaves two networks, no allocation under these conflicts that gives work to everybody
has fewer.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from scoring.allocation_board import Board, Counts, Flags, Step, balance, network_numbers
from scoring.networks import join, root

_MOST_TRIES = 400  # exchanges looked at between two networks before the search proper
_MOST_MOVABLE = 400  # pieces the search proper may hand about
_MOST_LEFT_OUT = 40  # raters tried when somebody must go without


def connect(board: Board) -> None:
    """Leave no two networks of raters where one is possible; loads stay as equal as that allows.

    Where only that joins the rest, somebody is given nothing; never so in rounds
    of so few reads that they could not join everybody anyhow. The readers of a
    single piece are one network as they are.
    """
    if len(board.pieces) < 2:
        return
    least = _fewest(board)
    _join(board, least)
    if _count(board) > least and _reads_could_join(board):
        _leave_out(board, least)


def _join(board: Board, least: int) -> None:
    """Exchange readers while that leaves fewer networks, then search."""
    while _count(board) > least:
        number = board.network_of()
        apart = [np.flatnonzero(number == each) for each in range(int(number.max()) + 1)]
        if not any(_exchange(board, one, other) for one, other in combinations(apart, 2)):
            break
    if _count(board) > least:
        _search(board)


def _reads_could_join(board: Board) -> bool:
    """Whether there are as many ties between readers as a network of them all needs."""
    has = board.has
    ties = np.maximum(has.sum(axis=1) - 1, 0).sum()
    return bool(ties >= has.any(axis=0).sum() - 1)


def _leave_out(board: Board, least: int) -> None:
    """Give somebody nothing where the others are then in fewer networks."""
    number = board.network_of()
    largest = np.bincount(number[number >= 0]).argmax()
    new = np.flatnonzero((number >= 0) & ~board.held.any(axis=0))
    outside_first = sorted(new, key=lambda each: (number[each] == largest, board.loads[each]))
    for rater in outside_first[:_MOST_LEFT_OUT]:
        before, count = board.chosen.copy(), _count(board)
        out: Flags = np.logical_not(board.has.any(axis=0))  # nor those who have nothing now
        out[rater] = True
        able = board.able.copy()
        board.able[:, out] = False
        if not _handed_on(board, int(rater)):
            board.restore(before)
        else:
            balance(board)
            _join(board, least)
            if _count(board) >= count:
                board.restore(before)
        board.able[:] = able
        if _count(board) <= least:
            return


def _handed_on(board: Board, rater: int) -> bool:
    """Give everything somebody has to others; False where nobody may take a piece."""
    for piece in np.flatnonzero(board.chosen[:, rater]):
        takers = np.flatnonzero(board.free(int(piece)) & (board.loads < board.most))
        if not len(takers):
            return False
        taker = takers[np.argmin(board.loads[takers] / board.shares[takers])]
        board.move([(int(piece), rater, int(taker))])
    return True


def missing_links(board: Board) -> list[tuple[int, int]]:
    """Fewest extra reads (piece, rater) that join all networks; empty where no reads can.

    Each extra read joins two networks at most, so one fewer than there are networks
    is the least. Conflicts are kept.
    """
    if len(board.pieces) < 2:
        return []
    number = board.network_of()
    has = board.has
    count = int(number.max(initial=-1)) + 1
    found: dict[tuple[int, int], tuple[int, int]] = {}
    reading = number >= 0
    for piece in np.flatnonzero(has.any(axis=1)):
        own = int(number[np.argmax(has[piece])])
        for rater in np.flatnonzero(board.free(int(piece)) & reading & (number != own)):
            pair = (min(own, int(number[rater])), max(own, int(number[rater])))
            known = found.get(pair)
            if known is None or board.loads[rater] < board.loads[known[1]]:
                found[pair] = int(piece), int(rater)
    if count < 2 or not found:
        return []
    one, other = np.array(list(found)).T
    graph = csr_array((np.ones(len(one)), (one, other)), shape=(count, count))
    tree = minimum_spanning_tree(graph).tocoo()
    if tree.nnz < count - 1:
        return []
    ends = sorted(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
    return [found[min(pair), max(pair)] for pair in ends]


def _count(board: Board) -> int:
    return int(board.network_of().max(initial=-1)) + 1


def _fewest(board: Board) -> int:
    """Fewest networks the conflicts leave, however the pieces are given out."""
    wanted = board.able & (board.reads > 0)[:, None]
    return max(int(network_numbers(board.held | wanted).max(initial=-1)) + 1, 1)


def _exchange(board: Board, one: Counts, other: Counts) -> bool:
    """Exchange two readers, or hand one piece over, so that there are fewer networks."""
    before = _count(board)
    for steps in _ways(board, one, other):
        board.move(steps)
        if _count(board) < before:
            return True
        board.move([(piece, taker, giver) for piece, giver, taker in reversed(steps)])
    return False


def _ways(board: Board, one: Counts, other: Counts) -> Iterator[list[Step]]:
    mine, theirs = ([*_chosen_by(board, group)] for group in (one, other))
    tries = 0
    for (p, a), (q, b) in product(mine, theirs):
        if p != q and board.free(p)[b] and board.free(q)[a]:
            tries += 1
            if tries > _MOST_TRIES:
                break
            yield [(p, a, b), (q, b, a)]
    for own, takers in ((mine, other), (theirs, one)):
        for (piece, giver), taker in product(own[:_MOST_TRIES], takers):
            if board.loads[taker] == board.loads[giver] - 1 and board.free(piece)[taker]:
                yield [(piece, giver, int(taker))]


def _chosen_by(board: Board, group: Counts) -> Iterator[tuple[int, int]]:
    for rater in group:
        for piece in np.flatnonzero(board.chosen[:, rater]):
            yield int(piece), int(rater)


def _search(board: Board) -> None:
    """Rebuild the choices around a largest forest, then make the loads equal again around it.

    Undone where it would give somebody more than their limit.
    """
    before, count = board.chosen.copy(), _count(board)
    movable = _movable(board)
    forest = _Forest(board, movable)
    while forest.grow():
        pass
    locked = board.chosen.copy()
    locked[movable] = False
    for piece, rater in forest.edges():
        locked[piece, rater] = True
    _rebuild(board, movable, locked)
    balance(board, locked)
    if _count(board) >= count or (board.loads > board.most)[board.chosen.any(axis=0)].any():
        board.restore(before)


def _rebuild(board: Board, movable: list[int], locked: Flags) -> None:
    """Give each movable piece the readers locked for it, and keep of the others as many as it had."""
    for piece in movable:
        spare = np.flatnonzero(board.chosen[piece] & ~locked[piece])
        kept = int(board.chosen[piece].sum() - locked[piece].sum())
        for rater in spare[kept:]:
            board.take(piece, int(rater))
        for rater in np.flatnonzero(locked[piece] & ~board.chosen[piece]):
            board.give(piece, int(rater))


def _movable(board: Board) -> list[int]:
    """Pieces to hand about: of those that may go to the same people, as many as could join them."""
    kinds: dict[bytes, list[int]] = defaultdict(list)
    for piece in np.flatnonzero(board.chosen.any(axis=1)):
        able, held = board.able[piece], board.held[piece]
        told = np.packbits(np.concatenate([able, held])).tobytes() + bytes([board.reads[piece]])
        if len(kinds[told]) < able.sum():
            kinds[told].append(int(piece))
    lists = sorted(kinds.values(), key=len)
    found = [
        own[place] for place in range(max(map(len, lists))) for own in lists if place < len(own)
    ]
    return sorted(found[:_MOST_MOVABLE])


@dataclass
class _Way:
    """An edge reached by the search, and the one it was reached from (-1 at the start)."""

    edge: int
    before: int


class _Forest:
    """A forest of movable pieces and the networks of what stays, grown edge by edge."""

    def __init__(self, board: Board, movable: list[int]) -> None:
        self._movable = movable
        stays = board.has.copy()
        stays[movable] = board.held[movable]
        raters = len(board.raters)
        parent = {place: place for place in range(raters + len(movable))}
        for piece in np.flatnonzero(stays.sum(axis=1) > 1).tolist():
            first, *rest = np.flatnonzero(stays[piece]).tolist()
            for other in rest:
                join(parent, first, other)
        for node, piece in enumerate(movable, raters):
            for rater in np.flatnonzero(board.held[piece]).tolist():
                join(parent, node, rater)
        self._base = np.array([root(parent, place) for place in range(raters + len(movable))])
        place, self._rater = np.nonzero(board.able[movable])
        self._piece = place
        self._one, self._other = self._base[raters + place], self._base[self._rater]
        chosen = board.chosen[movable]
        self._limit = chosen.sum(axis=1)
        self._in = np.zeros(len(place), np.bool_)
        self._first(np.flatnonzero(chosen[place, self._rater]))

    def edges(self) -> Iterator[tuple[int, int]]:
        """Piece and rater of each edge of the forest."""
        for edge in np.flatnonzero(self._in):
            yield self._movable[self._piece[edge]], int(self._rater[edge])

    def grow(self) -> bool:
        """Add one edge more along a shortest augmenting path; False where there is none."""
        label = self._labels(())
        joining = ~self._in & (label[self._one] != label[self._other])
        degree = np.bincount(self._piece[self._in], minlength=len(self._movable))
        ways = [_Way(int(edge), -1) for edge in np.flatnonzero(joining)]
        seen = self._in | joining
        left = self._in.copy()  # edges of the forest not yet given up
        queue = deque(range(len(ways)))
        while queue:
            number = queue.popleft()
            piece = self._piece[ways[number].edge]
            if degree[piece] < self._limit[piece]:
                self._augment(ways, number)
                return True
            for gone in np.flatnonzero(left & (self._piece == piece)):
                left[gone] = False
                side = self._labels((int(gone),))
                mends = ~seen & (side[self._one] != side[self._other])
                mends &= label[self._one] == label[self._other]
                seen |= mends
                out = len(ways)
                ways.append(_Way(int(gone), number))
                for edge in np.flatnonzero(mends):
                    queue.append(len(ways))
                    ways.append(_Way(int(edge), out))
        return False

    def _first(self, chosen: Counts) -> None:
        """Begin with as many of the present choices as make no circle."""
        parent = {int(place): int(place) for place in np.unique(self._base)}
        for edge in chosen:
            one, other = int(self._one[edge]), int(self._other[edge])
            if root(parent, one) != root(parent, other):
                join(parent, one, other)
                self._in[edge] = True

    def _labels(self, without: Iterable[int]) -> Counts:
        """Component of each place in the forest without some of its edges."""
        kept = self._in.copy()
        kept[list(without)] = False
        size = len(self._base)
        return _components(self._one[kept], self._other[kept], size)

    def _augment(self, ways: list[_Way], number: int) -> None:
        while number >= 0:
            edge = ways[number].edge
            self._in[edge] = not self._in[edge]
            number = ways[number].before


def _components(one: Counts, other: Counts, size: int) -> Counts:
    graph = csr_array((np.ones(len(one), np.int8), (one, other)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
