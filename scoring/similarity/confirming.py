"""Confirming pictures: sketches laid over each other tell whether two alike hashes are one picture.

A hash finds what may be one picture, cheaply and among very many; its sketch is
then looked at cell by cell, turned and framed as the one may be cut from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.similarity.limits import PictureLimits
from scoring.similarity.overlaying import HOPELESS, HOPELESS_WHOLE, agreement
from scoring.similarity.sketches import (
    STARTS,
    WHOLE,
    Cells,
    Frame,
    cells_of,
    fine_structure,
    mirrored,
    rough,
    start_structures,
)

_REMEMBERED = 20_000  # first looks kept at a time, 4 KiB each
_TRIED = 2  # likely frames of a crop that are tried beside the window it was found by

_Seen = tuple[int, bool]  # place of a picture, and whether it is seen in a mirror


@dataclass(frozen=True)
class Match:
    """Two distinct pictures alike: their places, the distance, and how it was seen."""

    left: int
    right: int
    distance: int
    reason: str
    start: Frame = WHOLE
    agreed: float | None = None


class _LaidOut:
    """A picture's structure in every frame it may be cut by; crops of one picture come together."""

    def __init__(self, seen: _Seen, cells: Cells) -> None:
        self.seen, self._cells = seen, cells
        self.starts = start_structures(cells)
        self._windows: dict[Frame, Cells] = {}

    def window(self, frame: Frame) -> Cells:
        """Fine structure of the window a crop was found by."""
        if frame not in self._windows:
            self._windows[frame] = fine_structure(self._cells, frame)
        return self._windows[frame]


class Confirming:
    """Lays sketches of possible matches over each other, each two pictures in the best way."""

    def __init__(self, sketches: Sequence[str], limits: PictureLimits) -> None:
        self._sketches, self._limits = sketches, limits
        self._known: dict[_Seen, Cells] = {}
        self._laid: _LaidOut | None = None

    def best(self, matches: Iterable[Match]) -> list[Match]:
        """Of each two pictures the match that agrees best, if any agrees enough."""
        found: dict[tuple[int, int], Match] = {}
        for match in sorted(matches, key=_simplest):
            name = (min(match.left, match.right), max(match.left, match.right))
            known = found.get(name)
            if known and (known.agreed is None or known.agreed >= self._limits.shared_certain):
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
        whole, part = (match.left, match.reason == "mirrored"), (match.right, False)
        if match.start == WHOLE:
            first = float(self._structure(whole) @ self._structure(part))
            starts = [WHOLE] if first >= HOPELESS_WHOLE else []
        else:
            starts = self._starts(whole, part, match.start)
        if not starts:
            return None
        agreed = agreement(self._cells(whole), self._cells(part), starts)
        return replace(match, agreed=agreed) if agreed >= self._limits.shared else None

    def _starts(self, whole: _Seen, part: _Seen, window: Frame) -> list[Frame]:
        """Frames from which to look for a crop: the window it was found by, and likelier ones."""
        if self._laid is None or self._laid.seen != whole:
            self._laid = _LaidOut(whole, self._rough(whole))
        structure = self._structure(part)
        values = self._laid.starts @ structure
        best = np.argsort(-values, kind="stable")[:_TRIED].tolist()
        first = float(self._laid.window(window) @ structure)
        looked = [(first, window), *((float(values[at]), STARTS[at]) for at in best)]
        return [frame for value, frame in looked if value >= HOPELESS]

    def _rough(self, seen: _Seen) -> Cells:
        return rough(self._cells(seen))

    def _cells(self, seen: _Seen) -> Cells:
        cells = cells_of(self._sketches[seen[0]])
        return mirrored(cells) if seen[1] else cells

    def _structure(self, seen: _Seen) -> Cells:
        if seen not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[seen] = fine_structure(self._rough(seen))
        return self._known[seen]


def _simplest(match: Match) -> tuple[int, int, int, int]:
    """Whole pictures first; crops of one picture together, as its frames are laid out once."""
    ways = ("picture", "mirrored", "cropped")
    return (ways.index(match.reason), match.left, match.distance, match.right)
