"""Passages: where two texts say the same, in places of the original texts, for exhibits.

Fingerprints say that two texts share something; a person needs to see what. Here
every gram counts, not only the winnowed ones, so nothing shared is left unmarked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.fingerprints import GRAM, Hashes, among, gram_hashes, known_hashes
from scoring.similarity.normalising import Normalised, Places, normalise

SHOWN_RUN = 25  # normalised characters; shorter agreements are the language's own
_REPEATS = 8  # a phrase repeated more often in one text is matched in its first places only


@dataclass(frozen=True)
class Passage:
    """One copied run: half-open ranges of characters in the two original texts."""

    start_a: int
    end_a: int
    start_b: int
    end_b: int


@dataclass(frozen=True)
class _Run:
    """A run of equal normalised characters: where it begins in each text, and its length."""

    at_a: int
    at_b: int
    length: int


def passages(
    text_a: str, text_b: str, form_texts: Iterable[str] = (), shown_run: int = SHOWN_RUN
) -> list[Passage]:
    """Copied runs between two texts, in the order of the first text.

    Parameters
    ----------
    text_a, text_b : str
        The texts as they were read.
    form_texts : iterable of str
        Known texts; what is in them is not copied from anybody.
    shown_run : int
        Normalised characters from which a run is shown, at least a gram.

    Returns
    -------
    list of Passage
        Longest runs first choice: no character of either text is in two
        passages. Both ends of a passage normalise to the same text. Empty
        where nothing is shared.

    Examples
    --------
    >>> a = "导入：学生分组观察电子白板上的动态演示并记录下自己的发现与疑问。"
    >>> b = "（二）學生分組觀察電子白板上的動態演示，並記錄下自己的發現與疑問！下课"
    >>> passages(a, b)
    [Passage(start_a=3, end_a=31, start_b=3, end_b=32)]
    >>> b[3:32]
    '學生分組觀察電子白板上的動態演示，並記錄下自己的發現與疑問'
    """
    a, b = normalise(text_a), normalise(text_b)
    runs = _apart(_runs(a, b, known_hashes(form_texts)), len(a.codes), len(b.codes), shown_run)
    return sorted((_passage(run, a, b) for run in runs), key=lambda found: found.start_a)


def _runs(a: Normalised, b: Normalised, known: Hashes) -> list[_Run]:
    """Maximal runs of shared grams outside known text, longest first."""
    at_a, at_b = _shared_grams(gram_hashes(a.codes), gram_hashes(b.codes), known)
    if not len(at_a):
        return []
    order = np.lexsort((at_a, at_a - at_b))
    at_a, at_b = at_a[order], at_b[order]
    breaks = (np.diff(at_a) != 1) | (np.diff(at_b) != 1)
    begin = np.flatnonzero(np.concatenate(([True], breaks)))
    length = np.diff(np.append(begin, len(at_a))) + GRAM - 1
    runs = [
        _Run(int(at_a[start]), int(at_b[start]), int(size))
        for start, size in zip(begin, length, strict=True)
    ]
    return sorted(runs, key=lambda run: (-run.length, run.at_a, run.at_b))


def _shared_grams(in_a: Hashes, in_b: Hashes, known: Hashes) -> tuple[Places, Places]:
    """Places of every two equal grams that no known text has."""
    places_a, places_b = _candidates(in_a, in_b, known), _candidates(in_b, in_a, known)
    order = places_b[np.argsort(in_b[places_b], kind="stable")]
    sorted_b = in_b[order]
    low = np.searchsorted(sorted_b, in_a[places_a], side="left")
    high = np.searchsorted(sorted_b, in_a[places_a], side="right")
    counts = high - low
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(places_a, counts), order[np.repeat(low, counts) + within]


def _candidates(here: Hashes, there: Hashes, known: Hashes) -> Places:
    """Places of grams the other text has too, each gram's first few."""
    shared = np.flatnonzero(among(here, np.unique(there)) & ~among(here, known))
    order = shared[np.argsort(here[shared], kind="stable")]
    new = np.flatnonzero(np.concatenate(([True], np.diff(here[order]) != 0)))[: len(order)]
    turn = np.arange(len(order)) - np.repeat(new, np.diff(np.append(new, len(order))))
    return np.sort(order[turn < _REPEATS])


def _apart(runs: Iterable[_Run], length_a: int, length_b: int, shown_run: int) -> list[_Run]:
    """Take runs longest first, each cut to what earlier ones left free in both texts."""
    free_a, free_b = np.ones(length_a, dtype=np.bool_), np.ones(length_b, dtype=np.bool_)
    taken = []
    for run in runs:
        if run.length < shown_run:
            break
        both = free_a[run.at_a : run.at_a + run.length] & free_b[run.at_b : run.at_b + run.length]
        for start, size in _stretches(both):
            if size >= shown_run:
                part = _Run(run.at_a + start, run.at_b + start, size)
                free_a[part.at_a : part.at_a + size] = False
                free_b[part.at_b : part.at_b + size] = False
                taken.append(part)
    return taken


def _stretches(free: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and length of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], free, [False])).astype(np.int8)))
    return [(int(start), int(end - start)) for start, end in edges.reshape(-1, 2)]


def _passage(run: _Run, a: Normalised, b: Normalised) -> Passage:
    return Passage(
        start_a=int(a.places[run.at_a]),
        end_a=int(a.places[run.at_a + run.length - 1]) + 1,
        start_b=int(b.places[run.at_b]),
        end_b=int(b.places[run.at_b + run.length - 1]) + 1,
    )
