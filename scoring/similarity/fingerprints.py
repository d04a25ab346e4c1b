"""Fingerprints of a text: hashes of short runs of characters, thinned by winnowing.

A *gram* is ``GRAM`` normalised characters in a row. Winnowing keeps the smallest
gram hash of every ``WINDOW`` in a row, so that any shared run of
``WINDOW + GRAM - 1`` characters is certain to share a fingerprint, while only
about ``2 / (WINDOW + 1)`` of the grams are kept (Schleimer, Wilkerson & Aiken
2003, *Winnowing: local algorithms for document fingerprinting*).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.normalising import Codes, Places, normalise

Hashes = NDArray[np.uint64]
Narrow = NDArray[np.integer[Any]]

GRAM = 8  # characters; the measured best of 5, 6 and 8 for Chinese lesson texts
WINDOW = 5  # grams
QUOTED = 12  # characters in a row of a known text, from which they are its and not a phrase
CERTAIN_RUN = WINDOW + GRAM - 1  # characters; a shared run this long is never missed
NOTHING_KNOWN: Hashes = np.empty(0, dtype=np.uint64)

_SPELLED = np.uint64(1)
_FIRST_IDEOGRAPH = 0x2E80  # letters, digits and accents come before
# Odd, so that no character is lost modulo 2^64: the golden ratio's first 64 bits.
_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What is kept of a text to compare it.

    Attributes
    ----------
    hashes : uint64 array, sorted, each value once
        The winnowed gram hashes.
    positions : unsigned array of the same length, as narrow as the text allows
        0-based place of each hash's first gram, in normalised characters; in
        those that are in no known text where known text was removed at once.
    n_chars : int
        Normalised characters of the whole text, forms included.
    digest : str
        SHA-256 of the normalised text, hexadecimal: equal texts, equal digest.
    """

    hashes: Hashes
    positions: Narrow
    n_chars: int
    digest: str

    def __len__(self) -> int:
        return len(self.hashes)


def fingerprint(text: str) -> Fingerprint:
    """Fingerprint a text; one shorter than a gram has no hashes.

    Examples
    --------
    >>> one = fingerprint("运用信息技术优化课堂导入环节")
    >>> other = fingerprint("運用信息技術，優化課堂導入環節")
    >>> one.digest == other.digest, bool((one.hashes == other.hashes).all())
    (True, True)
    """
    return own_fingerprint(text, NOTHING_KNOWN)


def own_fingerprint(text: str, known: Hashes) -> Fingerprint:
    """Fingerprint a text's own words, counting places as if known text were not there.

    A passage copied under two headings of a form stays one run, because the
    heading between its parts has no length here. Known text counts from
    `QUOTED` characters in a row on: shorter, it is a phrase and anybody's.

    Parameters
    ----------
    text : str
    known : sorted uint64 array
        From `known_hashes`.

    Examples
    --------
    >>> form = "二、教学过程与技术应用说明"
    >>> own = own_fingerprint("学生观察电子白板上的演示" + form + "并记录自己的发现", known_hashes([form]))
    >>> int(own.positions.max()) < len("学生观察电子白板上的演示并记录自己的发现")
    True
    """
    normal = normalise(text)
    every = gram_hashes(normal.codes)
    kept = winnowed(every)
    place = kept
    if len(known) and len(every):
        theirs = _in_passages(among(every, known))
        kept = kept[~theirs[kept]]
        place = _own_places(theirs)[kept]
    hashes, first = np.unique(every[kept], return_index=True)
    width = np.dtype(np.uint16 if len(normal.codes) <= 0xFFFF else np.uint32)
    return Fingerprint(hashes, place[first].astype(width), len(normal.codes), normal.digest)


def _in_passages(theirs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Known grams that stand in a row of at least `QUOTED` characters.

    A phrase that a rubric or a policy uses too is no quotation of it.
    """
    edges = np.flatnonzero(np.diff(theirs, prepend=False, append=False))
    begin, end = edges[::2], edges[1::2]
    short = end - begin + GRAM - 1 < QUOTED
    kept = theirs.copy()
    for first, last in zip(begin[short].tolist(), end[short].tolist(), strict=True):
        kept[first:last] = False
    return kept


def _own_places(theirs: NDArray[np.bool_]) -> Places:
    """Characters in no known gram before each gram."""
    edges = np.zeros(len(theirs) + GRAM, dtype=np.int64)
    edges[: len(theirs)] += theirs
    edges[GRAM:] -= theirs
    own = np.cumsum(edges) == 0
    before: Places = np.cumsum(own)[: len(theirs)] - own[: len(theirs)]
    return before


def gram_hashes(codes: Codes) -> Hashes:
    """64-bit hash of every gram, by the place it begins.

    A polynomial in the code points modulo 2^64, then mixed (the finaliser of
    SplitMix64), so that the smallest hash of a window is a random choice. The
    lowest bit is kept to tell grams that are `spelled`.
    """
    count = len(codes) - GRAM + 1
    if count < 1:
        return np.empty(0, dtype=np.uint64)
    wide = codes.astype(np.uint64)
    total = wide[:count].copy()
    for shift in range(1, GRAM):
        total *= _BASE
        total += wide[shift : shift + count]
    mixed = _mixed(total)
    mixed &= ~_SPELLED
    letters = codes < _FIRST_IDEOGRAPH
    if letters.any():
        before = np.concatenate(([0], np.cumsum(letters, dtype=np.int32)))
        mixed |= (before[GRAM:] - before[:-GRAM] > GRAM // 2).astype(np.uint64)
    return mixed


def spelled(hashes: Hashes) -> NDArray[np.bool_]:
    """Which grams are letters or digits for the greater part, and say less than ideographs.

    Examples
    --------
    >>> spelled(gram_hashes(normalise("学生能复述课文大意").codes)).any()
    np.False_
    >>> spelled(gram_hashes(normalise("Open your books").codes)).all()
    np.True_
    """
    return (hashes & _SPELLED).astype(np.bool_)


def _mixed(values: Hashes) -> Hashes:
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def winnowed(hashes: Hashes) -> Places:
    """Places of the grams kept: the rightmost smallest of every ``WINDOW`` in a row.

    A text of fewer grams than a window keeps its smallest one.
    """
    if not len(hashes):
        return np.empty(0, dtype=np.int64)
    width = min(WINDOW, len(hashes))
    last = len(hashes) - width + 1
    best = np.arange(last)
    smallest = hashes[:last].copy()
    for shift in range(1, width):
        other = hashes[shift : shift + last]
        closer = other <= smallest
        np.copyto(best, np.arange(shift, shift + last), where=closer)
        np.minimum(smallest, other, out=smallest)
    return best[np.flatnonzero(np.diff(best, prepend=-1))]


def known_hashes(texts: Iterable[str]) -> Hashes:
    """Hashes of text that belongs to nobody: blank forms, public quotations, the task itself.

    Every gram and not only the winnowed ones, because a window that begins in a
    form and ends in a teacher's words may keep a gram of the form that the form
    alone did not. Sorted, each value once.
    """
    every = [gram_hashes(normalise(text).codes) for text in texts]
    return np.unique(np.concatenate(every)) if every else np.empty(0, dtype=np.uint64)


def among(hashes: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Which hashes are among the known ones, which are sorted."""
    if not len(known):
        return np.zeros(len(hashes), dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    found: NDArray[np.bool_] = known[place] == hashes
    return found


def without(taken: Fingerprint, known: Hashes) -> Fingerprint:
    """Return the fingerprint of a text's own words: known hashes removed."""
    own = ~among(taken.hashes, known)
    return Fingerprint(taken.hashes[own], taken.positions[own], taken.n_chars, taken.digest)


def own_share(taken: Fingerprint, form: Hashes) -> float | None:
    """Share of a text that is not in a form, 0 to 1, counted in fingerprints.

    ``form`` comes from `known_hashes`. None for a text too short to have a
    fingerprint: how much of it is own is then unknown, not zero.

    Examples
    --------
    >>> form = "一、教学目标（请结合学科课程标准填写）二、教学过程（请说明技术应用的环节）"
    >>> own_share(fingerprint(form), known_hashes([form]))
    0.0
    """
    if not len(taken):
        return None
    return 1.0 - float(among(taken.hashes, form).mean())
