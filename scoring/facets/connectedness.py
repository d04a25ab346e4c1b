"""Who can be compared with whom: subsets of raters, and the thin links that hold them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from scoring.networks import networks

Codes = NDArray[np.integer]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class WeakLink:
    """Two parts of a subset that hang together by a few persons only.

    Attributes
    ----------
    raters, others : raters of the smaller part, and of the rest of the subset
    persons : who are rated on both sides; without them the parts cannot be compared
    """

    raters: tuple[int, ...]
    others: tuple[int, ...]
    persons: tuple[int, ...]


@dataclass(frozen=True)
class Connectedness:
    """Subsets of raters joined by persons in common, and their weak links.

    Attributes
    ----------
    rater_subset, person_subset : number of the subset, 0 the one with most raters;
        −1 for a code that does not occur
    subsets : how many
    weak_links : see :func:`weak_links`
    """

    rater_subset: IntArray
    person_subset: IntArray
    subsets: int
    weak_links: tuple[WeakLink, ...]


def connectedness(
    person: Codes, rater: Codes, n_persons: int, n_raters: int, weak: int = 2
) -> Connectedness:
    """Find subsets and weak links of a design by union-find; criteria are crossed.

    Parameters
    ----------
    person, rater : codes of each rating, or of each read
    weak : a link of at most so many persons is weak

    Examples
    --------
    >>> import numpy as np
    >>> found = connectedness(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]), 2, 4)
    >>> found.subsets, found.rater_subset.tolist()
    (2, [0, 0, 1, 1])
    """
    reads = np.unique(np.asarray(person, np.int64) * n_raters + rater)
    readers: IntArray = reads % n_raters
    read: IntArray = reads // n_raters
    first = readers[np.searchsorted(read, read)]
    rater_subset = _subsets(first, readers, n_raters)
    person_subset = np.full(n_persons, -1)
    person_subset[read] = rater_subset[readers]
    links = weak_links(read, readers, n_raters, weak)
    return Connectedness(rater_subset, person_subset, int(rater_subset.max()) + 1, links)


def weak_links(
    person: IntArray, rater: IntArray, n_raters: int, weak: int = 2
) -> tuple[WeakLink, ...]:
    """Links whose few persons alone hold two parts of a subset together.

    Raters with more than ``weak`` persons in common, directly or between parts already
    joined so, are one part. Of the thin links that remain those are told without which the
    design falls apart; two parts joined by two separate thin ways are not told.

    Parameters
    ----------
    person, rater : codes of the reads, each once, ordered by person
    """
    part = _firm_parts(person, rater, n_raters, weak)
    joined, members = _links_of_parts(person, part[rater])
    found = []
    for link, (one, other) in enumerate(joined):
        kept = np.delete(joined, link, axis=0)
        graph = sparse.coo_array((np.ones(len(kept)), tuple(kept.T)), shape=(n_raters, n_raters))
        ends = csgraph.connected_components(graph, directed=False)[1]
        if ends[one] != ends[other]:
            sides = [np.unique(rater[ends[part[rater]] == ends[end]]) for end in (one, other)]
            small, large = sorted(sides, key=len)
            found.append(WeakLink(_codes(small), _codes(large), _codes(members[link])))
    return tuple(found)


def _firm_parts(person: IntArray, rater: IntArray, n_raters: int, weak: int) -> IntArray:
    """Join raters, then parts, that have more than ``weak`` persons in common, until none is left."""
    part = np.arange(n_raters)
    while True:
        one, other, count = _persons_in_common(person, part[rater])
        firm = count > weak
        if not firm.any():
            return part
        joined = _subsets(
            np.append(one[firm], np.arange(n_raters)), np.append(other[firm], np.arange(n_raters)),
            n_raters,
        )  # fmt: skip
        part = joined[part]


def _persons_in_common(
    person: IntArray, part: IntArray
) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
    """Pairs of different parts, and how many persons are in both."""
    shape = (int(person.max(initial=0)) + 1, int(part.max(initial=0)) + 1)
    places = np.unique(person * shape[1] + part)
    ones = np.ones(len(places))
    table = sparse.csr_array((ones, (places // shape[1], places % shape[1])), shape=shape)
    counted = sparse.triu(table.T @ table, k=1).tocoo()
    return counted.row.astype(np.int64), counted.col.astype(np.int64), counted.data


def _links_of_parts(person: IntArray, part: IntArray) -> tuple[IntArray, list[IntArray]]:
    """Pairs of parts with somebody in common, and who that is."""
    one, other, _ = _persons_in_common(person, part)
    members = [
        np.intersect1d(person[part == left], person[part == right])
        for left, right in zip(one, other, strict=True)
    ]
    return np.stack([one, other], axis=1), members


def _subsets(one: IntArray, other: IntArray, size: int) -> IntArray:
    """Number of the network of each code; 0 the largest, −1 for a code in no pair."""
    pairs = np.unique(np.asarray(one, np.int64) * size + other)
    width = len(str(size))
    named = ((f"{pair // size:0{width}d}", f"{pair % size:0{width}d}") for pair in pairs.tolist())
    made = np.full(size, -1)
    for number, group in enumerate(networks(named)):
        made[[int(name) for name in group]] = number
    return made


def _codes(codes: IntArray) -> tuple[int, ...]:
    return tuple(int(code) for code in codes)
