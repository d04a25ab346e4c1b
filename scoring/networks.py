"""Networks of raters: who can be compared with whom, directly or through others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def networks(readers_by_piece: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Groups of raters joined by pieces in common, largest first.

    >>> networks([["a", "b"], ["c", "d"], ["b", "e"]])
    (('a', 'b', 'e'), ('c', 'd'))
    """
    parent: dict[str, str] = {}
    for readers in readers_by_piece:
        for rater in readers:
            parent.setdefault(rater, rater)
            join(parent, readers[0], rater)
    groups: dict[str, list[str]] = defaultdict(list)
    for rater in parent:
        groups[root(parent, rater)].append(rater)
    made = (tuple(sorted(group)) for group in groups.values())
    return tuple(sorted(made, key=lambda group: (-len(group), group)))


def root(parent: dict[T, T], rater: T) -> T:
    """Representative of a rater's network; ``parent`` is shortened on the way."""
    while parent[rater] != rater:
        parent[rater] = parent[parent[rater]]
        rater = parent[rater]
    return rater


def join(parent: dict[T, T], one: T, other: T) -> None:
    """Make one network of those of two raters."""
    parent[root(parent, other)] = root(parent, one)
