"""The board on which an allocation is worked out: who may read what, who has it, and how much each has.

Rows are pieces, columns raters. Loads come out as equal as the conflicts allow, for
no chain of hand-overs could make them more equal (a semi-matching without a
cost-reducing path is optimal: Harvey, Ladner, Lovász and Tamir, 2006); with unequal
shares the sum of load² over share is what no chain can lower.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

NO_LIMIT = 1 << 40
_SAME = 1e-9

Step = tuple[int, int, int]
"""A hand-over: piece, giver, taker."""


@dataclass
class Board:
    """The plan as it grows.

    Attributes
    ----------
    pieces, raters : names of rows and columns
        Columns are those who may be given work and those who hold something.
    able : who may be given a piece; nobody who holds it already
    held : who had it before
    reads : how many more readers each piece needs
    loads, most : pieces each rater has, and may have at most
    shares : of work, 1 for a full one
    chosen : who is given it now
    """

    pieces: Sequence[str]
    raters: Sequence[str]
    able: Flags
    held: Flags
    reads: Counts
    loads: Counts
    most: Counts
    shares: npt.NDArray[np.float64]
    chosen: Flags = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nobody chosen."""
        self.chosen = np.zeros_like(self.held)

    @property
    def has(self) -> Flags:
        """Who has each piece, before or now."""
        return self.held | self.chosen

    def free(self, piece: int) -> Flags:
        """Raters who could still be given a piece, room or not."""
        found: Flags = self.able[piece] & ~self.chosen[piece]
        return found

    def give(self, piece: int, rater: int) -> None:
        """Give a piece to somebody."""
        self.chosen[piece, rater] = True
        self.loads[rater] += 1

    def take(self, piece: int, rater: int) -> None:
        """Take a piece away again."""
        self.chosen[piece, rater] = False
        self.loads[rater] -= 1

    def move(self, steps: Sequence[Step]) -> None:
        """Hand pieces over along a chain."""
        for piece, giver, taker in steps:
            self.take(piece, giver)
            self.give(piece, taker)

    def restore(self, chosen: Flags) -> None:
        """Go back to earlier choices."""
        self.loads += chosen.sum(axis=0) - self.chosen.sum(axis=0)
        self.chosen[:] = chosen

    def network_of(self) -> Counts:
        """Number of each rater's network; -1 for raters without a piece."""
        return network_numbers(self.has)

    def networks(self) -> tuple[tuple[str, ...], ...]:
        """Groups of raters joined by common pieces, largest first."""
        number = self.network_of()
        groups = (
            tuple(sorted(self.raters[rater] for rater in np.flatnonzero(number == each).tolist()))
            for each in range(int(number.max(initial=-1)) + 1)
        )
        return tuple(sorted(groups, key=lambda group: (-len(group), group)))


def network_numbers(readers: Flags) -> Counts:
    """Number of the network of each column of pieces by raters; -1 for an empty column.

    >>> network_numbers(np.array([[1, 1, 0, 0], [0, 0, 1, 0]], dtype=bool)).tolist()
    [0, 0, 1, -1]
    """
    piece, rater = np.nonzero(readers)
    pieces, raters = readers.shape
    size = pieces + raters
    graph = csr_array((np.ones(len(piece), np.int8), (piece, pieces + rater)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1][pieces:]
    reading = readers.any(axis=0)
    found = np.full(raters, -1, np.int64)
    found[reading] = np.unique(labels[reading], return_inverse=True)[1]
    return found


def fill(board: Board, order: Sequence[int], rng: Random) -> None:
    """Give each piece its readers in the order given; among equals a reader who joins networks."""
    joined = board.network_of()
    outside = joined < 0
    joined[outside] = joined.max(initial=-1) + 1 + np.arange(outside.sum())
    pairs = np.zeros((len(board.raters),) * 2, np.int64)
    for piece in order:
        for _ in range(int(board.reads[piece])):
            rater = _choose(board, piece, joined, pairs, rng)
            if rater is None:
                break
            others = np.flatnonzero(board.held[piece] | board.chosen[piece])
            pairs[others, rater] += 1
            pairs[rater, others] += 1
            for other in others:
                joined[joined == joined[other]] = joined[rater]
            board.give(piece, rater)


def _choose(board: Board, piece: int, joined: Counts, pairs: Counts, rng: Random) -> int | None:
    """Least loaded reader; among equals one who joins networks, then of a new pair, then by lot."""
    free = np.flatnonzero(board.free(piece) & (board.loads < board.most))
    if not len(free):
        return _made_free(board, piece)
    cost = (board.loads[free] + 1) / board.shares[free]
    equal = free[cost <= cost.min() + _SAME]
    if len(equal) > 1:
        present = np.flatnonzero(board.held[piece] | board.chosen[piece])
        if len(present):
            apart = ~np.isin(joined[equal], joined[present])
            equal = equal[apart] if apart.any() else equal
            met = pairs[np.ix_(equal, present)].sum(axis=1)
            equal = equal[met == met.min()]
    return int(equal[rng.randrange(len(equal))])


def _made_free(board: Board, piece: int) -> int | None:
    """Rater at the limit who can hand something on to somebody with room, and so take the piece."""
    room = board.loads < board.most
    for rater in np.flatnonzero(board.free(piece)):
        steps, _ = chain(board, int(rater), room, board.chosen)
        if steps:
            board.move(steps)
            return int(rater)
    return None


def balance(board: Board, locked: Flags | None = None) -> None:
    """Hand pieces over along chains until no chain makes the loads more equal.

    ``locked`` are choices that stay.
    """
    movable = board.chosen if locked is None else board.chosen & ~locked
    hopeless = np.zeros(len(board.raters), np.bool_)
    while True:
        relief = (2 * board.loads - 1) / board.shares
        burden = (2 * board.loads + 1) / board.shares
        giving = np.flatnonzero(~hopeless & movable.any(axis=0))
        if not len(giving):
            return
        start = int(giving[np.argmax(relief[giving])])
        takers = (burden < relief[start] - _SAME) & (board.loads < board.most)
        steps, reached = chain(board, start, takers, movable)
        if not steps:
            hopeless |= reached  # who is reached from here reaches no more, and wants relief less
            continue
        board.move(steps)
        movable = board.chosen if locked is None else board.chosen & ~locked
        hopeless[:] = False


def chain(board: Board, start: int, goal: Flags, movable: Flags) -> tuple[list[Step], Flags]:
    """Shortest chain of hand-overs from a rater to one of the goal, and all who were reached."""
    reached = np.zeros(len(board.raters), np.bool_)
    reached[start] = True
    came: dict[int, tuple[int, int]] = {}
    queue = deque([start])
    while queue and goal.any():
        giver = queue.popleft()
        own = np.flatnonzero(movable[:, giver])
        open_to = board.able[own] & ~board.chosen[own]
        for taker in np.flatnonzero(open_to.any(axis=0) & ~reached):
            reached[taker] = True
            came[int(taker)] = int(own[np.argmax(open_to[:, taker])]), giver
            if goal[taker]:
                return _traced(came, int(taker)), reached
            queue.append(int(taker))
    return [], reached


def _traced(came: Mapping[int, tuple[int, int]], end: int) -> list[Step]:
    steps, taker = [], end
    while taker in came:
        piece, giver = came[taker]
        steps.append((piece, giver, taker))
        taker = giver
    return steps
