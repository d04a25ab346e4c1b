"""Blind allocation: who reads which piece, with equal loads and one connected network.

Conflicts are never broken: a piece without enough readers is named, not given to
somebody who must stand back. Loads come out as equal as the conflicts allow, for
no chain of hand-overs could make them more equal (a semi-matching without a
cost-reducing path is optimal: Harvey, Ladner, Lovász and Tamir, 2006). Readers
who share no piece, directly or through others, cannot be compared; the plan says
which they are.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from random import Random

from scoring.errors import ScoringError
from scoring.networks import join, networks, root

_MOST_TRIES = 400  # swaps looked at to join two networks before they are reported as apart


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
class Shortfall:
    """A piece with fewer readers than it needs."""

    piece_id: str
    needed: int
    eligible: int


@dataclass(frozen=True)
class Plan:
    """An allocation before anybody reads.

    ``readers`` are the new readers by piece, ``orders`` the new pieces by rater in
    the rater's own random order, ``loads`` the pieces of each rater with those held
    before. ``networks`` are the groups of raters joined by common pieces, largest
    first; raters without a piece are in none.
    """

    readers: Mapping[str, tuple[str, ...]]
    orders: Mapping[str, tuple[str, ...]]
    loads: Mapping[str, int]
    short: tuple[Shortfall, ...]
    networks: tuple[tuple[str, ...], ...]

    @property
    def connected(self) -> bool:
        """Whether every rater who reads can be compared with every other."""
        return len(self.networks) <= 1

    @property
    def whole(self) -> bool:
        """Whether every piece has all the readers it needs."""
        return not self.short


@dataclass
class _State:
    """The plan as it grows: who was chosen for each piece, and the loads."""

    needs: Mapping[str, Need]
    raters: Sequence[str]
    loads: dict[str, int]
    rng: Random
    chosen: dict[str, list[str]] = field(default_factory=dict)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def readers(self, piece_id: str) -> list[str]:
        """Everybody who has the piece, held before or chosen now."""
        return [*self.needs[piece_id].held, *self.chosen.get(piece_id, ())]

    def may_take(self, rater: str, piece_id: str) -> bool:
        """Whether a rater could still be given a piece."""
        need = self.needs[piece_id]
        return rater not in need.barred and rater not in self.readers(piece_id)

    def move(self, piece_id: str, giver: str, taker: str) -> None:
        """Hand a piece over."""
        self.chosen[piece_id].remove(giver)
        self.chosen[piece_id].append(taker)
        self.loads[giver] -= 1
        self.loads[taker] += 1

    def pieces_of(self) -> dict[str, list[str]]:
        """Pieces chosen for each rater."""
        found: dict[str, list[str]] = defaultdict(list)
        for piece_id, readers in self.chosen.items():
            for rater in readers:
                found[rater].append(piece_id)
        return found


def allocate(
    needs: Sequence[Need],
    raters: Sequence[str],
    random_seed: str,
    loads: Mapping[str, int] | None = None,
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

    Returns
    -------
    Plan
        With ``short`` where a piece has too few eligible raters, and more than
        one network where the conflicts keep groups apart.

    Raises
    ------
    ScoringError
        If a piece is named twice.

    Examples
    --------
    >>> plan = allocate([Need("p1", 2), Need("p2", 2, frozenset({"r1"}))], ["r1", "r2", "r3"], "7")
    >>> sorted(plan.readers["p2"]), plan.connected, plan.whole
    (['r2', 'r3'], True, True)
    """
    by_piece = {need.piece_id: need for need in needs}
    if len(by_piece) < len(needs):
        raise ScoringError("a piece is named twice among those to allocate.")
    ordered = sorted(set(raters))
    start = {rater: (loads or {}).get(rater, 0) for rater in ordered}
    state = _State(by_piece, ordered, start, Random(f"allocate {random_seed}"))
    short = _fill(state, random_seed)
    _balance(state)
    _connect(state)
    orders = {
        rater: tuple(sorted(pieces, key=lambda piece: _draw(random_seed, rater, piece)))
        for rater, pieces in sorted(state.pieces_of().items())
    }
    return Plan(
        {piece: tuple(sorted(readers)) for piece, readers in sorted(state.chosen.items())},
        orders,
        dict(state.loads),
        short,
        networks(state.readers(piece) for piece in by_piece),
    )


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
        key=lambda piece: _draw(random_seed, "link", piece),
    )
    linked = set(single[: math.ceil(links * raters / 2)])
    return [replace(need, reads=2) if need.piece_id in linked else need for need in needs]


def _fill(state: _State, random_seed: str) -> tuple[Shortfall, ...]:
    """Give each piece its readers, those with the least choice first."""
    eligible = {
        need.piece_id: [rater for rater in state.raters if state.may_take(rater, need.piece_id)]
        for need in state.needs.values()
        if need.reads > 0
    }
    parent = {rater: rater for rater in state.raters}
    for need in state.needs.values():
        for rater in need.held:
            parent.setdefault(rater, rater)
            join(parent, need.held[0], rater)

    def slack(piece_id: str) -> tuple[int, str]:
        spare = len(eligible[piece_id]) - state.needs[piece_id].reads
        return spare, _draw(random_seed, "piece", piece_id)

    short = []
    for piece_id in sorted(eligible, key=slack):
        need, able = state.needs[piece_id], eligible[piece_id]
        if len(able) < need.reads:
            short.append(Shortfall(piece_id, need.reads, len(able)))
        for _ in range(min(need.reads, len(able))):
            _choose(state, piece_id, able, parent)
    return tuple(sorted(short, key=lambda each: each.piece_id))


def _choose(state: _State, piece_id: str, able: Sequence[str], parent: dict[str, str]) -> None:
    """Add the least loaded reader; among equals one who joins networks, then a new pair."""
    present = state.readers(piece_id)
    free = [rater for rater in able if rater not in present]
    least = min(state.loads[rater] for rater in free)
    equals = [rater for rater in free if state.loads[rater] == least]
    joined = {root(parent, rater) for rater in present}

    def worth(rater: str) -> tuple[bool, int, float]:
        met = sum(state.pairs[_pair(rater, other)] for other in present)
        return root(parent, rater) in joined, met, state.rng.random()

    best = min(equals, key=worth)
    state.chosen.setdefault(piece_id, []).append(best)
    state.loads[best] += 1
    for other in present:
        state.pairs[_pair(best, other)] += 1
        join(parent, other, best)


def _balance(state: _State) -> None:
    """Hand pieces over along chains until no chain makes the loads more equal."""
    while True:
        floor = min(state.loads.values(), default=0)
        heavy = sorted(
            (rater for rater in state.raters if state.loads[rater] > floor + 1),
            key=lambda rater: -state.loads[rater],
        )
        chain = next((found for rater in heavy if (found := _chain(state, rater))), None)
        if chain is None:
            return
        for piece_id, giver, taker in chain:
            state.move(piece_id, giver, taker)


def _chain(state: _State, start: str) -> list[tuple[str, str, str]]:
    """Shortest chain of hand-overs from a rater to one with at least two pieces fewer."""
    pieces = state.pieces_of()
    reached: dict[str, tuple[str, str]] = {start: ("", "")}
    queue = deque([start])
    while queue:
        giver = queue.popleft()
        for piece_id in pieces.get(giver, ()):
            for taker in state.raters:
                if taker in reached or not state.may_take(taker, piece_id):
                    continue
                reached[taker] = (piece_id, giver)
                if state.loads[taker] <= state.loads[start] - 2:
                    return _traced(reached, taker)
                queue.append(taker)
    return []


def _traced(reached: Mapping[str, tuple[str, str]], end: str) -> list[tuple[str, str, str]]:
    steps, taker = [], end
    while reached[taker][1]:
        piece_id, giver = reached[taker]
        steps.append((piece_id, giver, taker))
        taker = giver
    return steps


def _connect(state: _State) -> None:
    """Join networks by exchanging readers between pieces, which leaves the loads as they are."""
    while len(apart := _networks_now(state)) > 1:
        if not any(_bridge(state, apart, one, other) for one, other in combinations(apart, 2)):
            return


def _bridge(
    state: _State,
    apart: Sequence[tuple[str, ...]],
    one: tuple[str, ...],
    other: tuple[str, ...],
) -> bool:
    """Exchange two readers, or hand one piece over, so that there are fewer networks."""
    pieces = state.pieces_of()
    held = [
        [(rater, piece) for rater in group for piece in pieces.get(rater, ())]
        for group in (one, other)
    ]
    for tries, ((a, p), (b, q)) in enumerate(product(*held)):
        if tries > _MOST_TRIES:
            break
        if state.may_take(b, p) and state.may_take(a, q):
            state.move(p, a, b)
            state.move(q, b, a)
            if len(_networks_now(state)) < len(apart):
                return True
            state.move(q, a, b)
            state.move(p, b, a)
    return any(
        _hand_over(state, apart, piece, giver, taker)
        for group, takers in ((held[0], other), (held[1], one))
        for giver, piece in group[:_MOST_TRIES]
        for taker in takers
        if taker in state.loads
    )


def _hand_over(
    state: _State, apart: Sequence[tuple[str, ...]], piece: str, giver: str, taker: str
) -> bool:
    """Hand a piece to somebody with one piece fewer where that joins networks."""
    if state.loads[taker] != state.loads[giver] - 1 or not state.may_take(taker, piece):
        return False
    state.move(piece, giver, taker)
    if len(_networks_now(state)) < len(apart):
        return True
    state.move(piece, taker, giver)
    return False


def _networks_now(state: _State) -> tuple[tuple[str, ...], ...]:
    return networks(state.readers(piece) for piece in state.needs)


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _draw(random_seed: str, *parts: str) -> str:
    """Return a number nobody can choose, the same for the same words."""
    return hashlib.sha256("|".join((random_seed, *parts)).encode()).hexdigest()
