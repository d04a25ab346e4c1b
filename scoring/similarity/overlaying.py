"""Laying one sketch over the other, framed as it may be cut, and how much of the two agrees.

Pages of one form, slides on one background, screens of one program and charts of
one template are alike in most places. What tells them apart is that the places
that differ are many and differ both ways, so agreement is counted by place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.similarity.sketches import (
    ROUGH,
    WHOLE,
    Cells,
    Frame,
    fine,
    framed,
    line_mean,
    local_mean,
    rough,
)

HOPELESS = 0.38  # correlation at the first look below which no shifting of a frame helps
HOPELESS_WHOLE = 0.3  # the same where both are whole: a crop is looked at from its window too
_APART = (
    0.5  # correlation of rough sketches, frame found, below which they are not looked at closer
)
_UNLIKE = 0.7  # share of rough sketches below which they are not

_STEPS = (0.04, 0.02, 0.01)  # shares of a side an edge is shifted by, rough sketches
_FINER = (0.01, 0.005, 0.0025)  # the same with all cells
_ROUNDS = 8
_BEYOND = 0.03  # share of a side a frame may reach past the picture: trimming is not exact
_SMALLEST = 0.6  # share of a side that is left at least
_GAIN = 1e-3  # correlation a shift must add
_AROUND = {ROUGH: 5}  # cells a side of the neighbourhood whose mean is taken off
_AROUND_FINE = 9
_PLACE_ROUGH = 5  # cells a side of what is held together as one place
_BESIDE = 7  # cells of a line whose mean is taken off to see what changes along it
_HEAVIEST = 2.0  # shades of contrast beyond which a place weighs no more


@dataclass(frozen=True)
class _Rule:
    """When a place is shared.

    ``place`` cells a side; ``alike`` the correlation from which it is, ``structure`` the
    variance (squared shades) from which it has any, ``fewest`` the share of places
    that must have some.
    """

    place: int
    alike: float
    structure: float
    fewest: float


_SHADES = _Rule(place=7, alike=0.6, structure=0.6, fewest=0.05)
_LINES = _Rule(place=9, alike=0.5, structure=0.3, fewest=0.02)


def agreement(whole: Cells, part: Cells, starts: Sequence[Frame] = (WHOLE,)) -> float:
    """How much of one picture is found again in a frame of the other, -1 to 1.

    Parameters
    ----------
    whole, part : Cells
        Of the picture that may be larger, and of the one that may be cut from it.
    starts : sequence of tuple of float
        Frames of ``whole`` to begin with; their edges are shifted while the fine
        structure correlates better, and the best one is gone on with.

    Returns
    -------
    float
        `structure_shared` in the best frame. What the rough sketches tell where
        they already say no: less than any limit.
    """
    if len(whole) != len(part):
        whole, part = rough(whole), rough(part)
    first, second = rough(whole), rough(part)
    looked = [_best_frame(first, second, start, _STEPS) for start in starts]
    frame, correlation = max(looked, key=lambda look: look[1])
    if correlation < _APART:
        return correlation
    shared = structure_shared(framed(first, [frame])[0], second)
    if len(whole) == ROUGH or shared < _UNLIKE:
        return shared
    frame, _ = _best_frame(whole, part, frame, _FINER)
    return structure_shared(framed(whole, [frame])[0], part)


def structure_shared(one: Cells, other: Cells) -> float:
    """Share of the structure of two sketches, place by place, that both have, 0 to 1.

    A place is a square of some cells about each cell; it weighs by its contrast
    (standard deviation, two shades at most, or the figures of a template would
    outweigh the words), and counts as shared where the two correlate there. The
    mean of the two directions: of what the one has, and of what the other has.
    The lesser of two such shares: of the sketches, and of what changes along their
    lines, for lines of other words in the same places are alike but for that.

    Returns
    -------
    float
        0 where either has structure in too few places to say.
    """
    shared = _shared(one, other, _SHADES)
    if shared is None:
        return 0.0
    along = _shared(_along_lines(one), _along_lines(other), _LINES)
    return shared if along is None else min(shared, along)


def _shared(one: Cells, other: Cells, rule: _Rule) -> float | None:
    """Share of the structure that both have; None where either has it in too few places."""
    around = _PLACE_ROUGH if len(one) == ROUGH else rule.place
    mean = local_mean(np.stack([one, other]), around)
    squares = local_mean(np.stack([one * one, other * other]), around) - mean * mean
    both = local_mean((one * other)[None], around)[0] - mean[0] * mean[1]
    squares = np.maximum(squares, 0)
    alike = both >= rule.alike * np.sqrt(np.maximum(squares[0] * squares[1], 1e-4))
    structured = squares > rule.structure
    if structured.mean(axis=(1, 2)).min() < rule.fewest:
        return None
    weight = np.minimum(np.sqrt(squares), _HEAVIEST) * structured
    return float(((weight * alike).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))).mean())


def _along_lines(cells: Cells) -> Cells:
    """Cells less the mean of their neighbours to the left and right."""
    found: Cells = cells - line_mean(cells, _BESIDE)
    return found


def _best_frame(
    whole: Cells, part: Cells, start: Frame, steps: tuple[float, ...]
) -> tuple[Frame, float]:
    """Frame of the whole that correlates best with the part, edges shifted one by one."""
    around = _AROUND.get(len(whole), _AROUND_FINE)
    target = fine(part[None], around)[0]
    best = start
    found = float((fine(framed(whole, [start]), around) @ target)[0])
    for step in steps:
        for _ in range(_ROUNDS):
            frames = _shifted(best, step)
            if not frames:
                break
            values = fine(framed(whole, frames), around) @ target
            if values.max() <= found + _GAIN:
                break
            best, found = frames[int(values.argmax())], float(values.max())
    return best, found


def _shifted(frame: Frame, step: float) -> list[Frame]:
    """Frames with one edge moved by a step either way."""
    found = []
    for place in range(4):
        for move in (-step, step):
            left, top, right, bottom = (
                edge + move * (at == place) for at, edge in enumerate(frame)
            )
            inside = min(left, top) >= -_BEYOND and max(right, bottom) <= 1 + _BEYOND
            if inside and min(right - left, bottom - top) >= _SMALLEST:
                found.append((left, top, right, bottom))
    return found
