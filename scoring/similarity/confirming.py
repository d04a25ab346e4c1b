"""Confirming pictures: sketches laid over each other tell whether two alike hashes are one picture.

A hash finds what may be one picture, cheaply and among very many; its sketch is
then looked at cell by cell, turned and framed as the one may be cut from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.similarity.limits import PictureLimits
from scoring.similarity.sketches import (
    HOPELESS,
    HOPELESS_WHOLE,
    STARTS,
    WHOLE,
    Cells,
    Frame,
    agreement,
    cells_of,
    fine_structure,
    mirrored,
    start_structures,
)

_REMEMBERED = 20_000  # first looks kept at a time, 4 KiB each
_TRIED = 2  # likely frames of a crop that are tried beside the window it was found by


@dataclass(frozen=True)
class Match:
    """Two distinct pictures alike: their places, the distance, and how it was seen."""

    left: int
    right: int
    distance: int
    reason: str
    start: Frame = WHOLE
    agreed: float | None = None


class Confirming:
    """Lays sketches of possible matches over each other, each two pictures in the best way."""

    def __init__(self, sketches: Sequence[str], limits: PictureLimits) -> None:
        self._sketches, self._limits = sketches, limits
        self._known: dict[tuple[int, bool, Frame], Cells] = {}
        self._latest: tuple[int, Cells] = (-1, np.empty(0, np.float32))

    def best(self, matches: Iterable[Match]) -> list[Match]:
        """Of each two pictures the match that agrees best, if any agrees enough."""
        found: dict[tuple[int, int], Match] = {}
        for match in sorted(matches, key=_simplest):
            name = (min(match.left, match.right), max(match.left, match.right))
            known = found.get(name)
            if known and (known.agreed is None or known.agreed >= self._limits.certain):
                continue
            tried = self._tried(match)
            if tried and (known is None or (tried.agreed or 0) > (known.agreed or 0)):
                found[name] = tried
        return [found[name] for name in sorted(found)]

    def _tried(self, match: Match) -> Match | None:
        if not (self._sketches[match.left] and self._sketches[match.right]):
            # Read before sketches were made: shown, but never called the same.
            near_enough = match.distance <= self._limits.unconfirmed(match.reason)
            return match if near_enough else None
        turned = match.reason == "mirrored"
        start = self._structure(match.left, turned, match.start)
        first = float(start @ self._structure(match.right))
        if match.reason == "cropped":
            frames = self._frames(match, first)
        else:
            frames = [match.start] if first >= HOPELESS_WHOLE else []
        whole, part = self._cells(match.left, turned), self._cells(match.right)
        agreed = (agreement(whole, part, frame) for frame in frames)
        best = next((one for one in agreed if one >= self._limits.confirmed), None)
        return None if best is None else replace(match, agreed=best)

    def _frames(self, match: Match, first: float) -> list[Frame]:
        """Frames from which to look for a crop: the window it was found by, and likelier ones."""
        if match.left != self._latest[0]:
            self._latest = match.left, start_structures(self._cells(match.left))
        values = self._latest[1] @ self._structure(match.right)
        best = np.argsort(-values, kind="stable")[:_TRIED].tolist()
        looked = [(first, match.start), *((float(values[at]), STARTS[at]) for at in best)]
        return [frame for value, frame in looked if value >= HOPELESS]

    def _cells(self, at: int, turned: bool = False) -> Cells:
        cells = cells_of(self._sketches[at])
        return mirrored(cells) if turned else cells

    def _structure(self, at: int, turned: bool = False, frame: Frame = WHOLE) -> Cells:
        name = (at, turned, frame)
        if name not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = fine_structure(self._cells(at, turned), frame)
        return self._known[name]


def _simplest(match: Match) -> tuple[int, int, int, int]:
    """Whole pictures first; crops of one picture together, as its frames are laid out once."""
    ways = ("picture", "mirrored", "cropped")
    return (ways.index(match.reason), match.left, match.distance, match.right)
