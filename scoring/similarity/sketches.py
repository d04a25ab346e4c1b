"""Sketches: two small grey pictures laid over each other, to confirm that they are one.

A difference hash says that two pictures are built alike, and two classrooms or two
slides on one background are. A sketch of 32 × 32 cells keeps enough to tell: its
fine structure agrees where the pictures are the same, also where one is a part of
the other, and does not where only their build is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.errors import ScoringError

Cells = NDArray[np.floating[Any]]
Frame = tuple[float, float, float, float]

SIDE = 32  # cells a side
WHOLE: Frame = (0.0, 0.0, 1.0, 1.0)
WINDOWS: tuple[Frame, ...] = (
    WHOLE,
    *((cut, cut, 1 - cut, 1 - cut) for cut in (0.03, 0.06, 0.10)),
    *(
        (cut * (side == 0), cut * (side == 1), 1 - cut * (side == 2), 1 - cut * (side == 3))
        for cut in (0.08, 0.16)
        for side in range(4)
    ),
)
"""Left, top, right and bottom of the windows a picture is hashed in, as shares of its sides."""

_AROUND = 5  # cells a side of the neighbourhood whose mean is taken off
HOPELESS = 0.38  # correlation at the first look below which no shifting of a frame helps
HOPELESS_WHOLE = 0.3  # the same where both are whole: a crop is looked at from its window too
_STEPS = (0.04, 0.02, 0.01)  # shares of a side an edge is shifted by
_ROUNDS = 8
_BEYOND = 0.03  # share of a side a frame may reach past the picture: trimming is not exact
_SMALLEST = 0.6  # share of a side that is left at least
_GAIN = 1e-3  # agreement a shift must add
_STRUCTURE = 16.0  # sum of squared shades off the mean from which a patch has structure
_CUTS = (0.0, 0.035, 0.075)  # shares of a side that were perhaps cut
STARTS: tuple[Frame, ...] = tuple(
    (left, top, 1 - right, 1 - bottom) for left, top, right, bottom in product(_CUTS, repeat=4)
)
"""Frames a crop may have, from which its frame is looked for."""
_FEWEST = 6  # patches with structure, or nothing is confirmed
_ALIKE = 0.6  # correlation from which two patches are alike
_SKETCH = re.compile(rf"[0-9a-f]{{{SIDE * SIDE}}}")


def cells_of(sketch: str) -> Cells:
    """Grey shades 0 to 15 of a sketch, row by row.

    Raises
    ------
    ScoringError
        For anything but 1,024 hexadecimal digits.
    """
    if not _SKETCH.fullmatch(sketch):
        raise ScoringError(
            f"picture sketch {sketch[:12]!r}…: expected {SIDE * SIDE} hexadecimal digits. "
            "Read the picture again from its file.",
            key="similarity.not_a_sketch",
            value=sketch[:12],
            digits=SIDE * SIDE,
        )
    digits = np.frombuffer(sketch.encode("ascii"), dtype=np.uint8).astype(np.float32)
    shades = np.where(digits >= ord("a"), digits - ord("a") + 10, digits - ord("0"))
    return shades.reshape(SIDE, SIDE).astype(np.float32)


def mirrored(cells: Cells) -> Cells:
    """Return the same picture flipped left to right."""
    return cells[:, ::-1]


def start_structures(whole: Cells) -> Cells:
    """Fine structure of each of `STARTS`, a row a frame, for a first look at what may be cut.

    The windows by which pictures are found cut all sides alike, or one alone, and
    lines of writing do not agree until a frame is right to within one of them.
    """
    rows, columns = (
        _pulls([(top, bottom) for _, top, _, bottom in STARTS]),
        _pulls([(left, right) for left, _, right, _ in STARTS]),
    )
    found: Cells = _fine(rows @ whole @ columns.transpose(0, 2, 1))
    return found


def _pulls(edges: Sequence[tuple[float, float]]) -> Cells:
    """For each two edges the matrix that spreads what is between them over all cells."""
    steps = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    low, high = np.array(edges, dtype=np.float32).T[:, :, None]
    before, beyond = _between((low + (high - low) * steps) * SIDE - 0.5)
    found = np.zeros((len(edges), SIDE, SIDE), dtype=np.float32)
    np.put_along_axis(found, before[:, :, None], (1 - beyond)[:, :, None], axis=2)
    np.put_along_axis(found, before[:, :, None] + 1, beyond[:, :, None], axis=2)
    return found


def agreement(whole: Cells, part: Cells, start: Frame = WHOLE) -> float:
    """How well one picture agrees with a frame of the other, -1 to 1.

    Parameters
    ----------
    whole, part : Cells
        Of the picture that may be larger, and of the one that may be cut from it.
    start : tuple of float
        Frame of ``whole`` to begin with; its edges are shifted while the fine
        structure agrees better.

    Returns
    -------
    float
        The lesser of two: the correlation of the cells less their
        neighbourhood's mean, and the share of patches with any structure that
        correlate by themselves. A background in common makes the first large,
        a few words in common the second.
    """
    target = _fine(part[None])[0]
    best, found = start, float(fine_structure(whole, start) @ target)
    for step in _STEPS:
        for _ in range(_ROUNDS):
            frames = _shifted(best, step)
            values = _fine(_framed(whole, frames)) @ target
            if not frames or values.max() <= found + _GAIN:
                break
            best, found = frames[int(values.argmax())], float(values.max())
    return min(found, _patches_alike(_framed(whole, [best])[0], part))


def fine_structure(cells: Cells, frame: Frame = WHOLE) -> Cells:
    """Fine structure of a frame as a vector of length 1, for a first look at many pictures.

    The product of two is their correlation. Below `HOPELESS` no shifting helps.
    """
    found: Cells = _fine(cells[None] if frame == WHOLE else _framed(cells, [frame]))[0]
    return found


def _patches_alike(one: Cells, other: Cells) -> float:
    """Share of structured patches of 4 × 4 cells that correlate; 0 where there are too few."""
    left, right = _patches(one), _patches(other)
    square = (left * left).sum(axis=1), (right * right).sum(axis=1)
    structured = np.maximum(*square) > _STRUCTURE
    if structured.sum() < _FEWEST:
        return 0.0
    alike = (left * right).sum(axis=1) > _ALIKE * np.sqrt(np.maximum(square[0] * square[1], 1e-9))
    return float(alike[structured].mean())


def _patches(cells: Cells) -> Cells:
    """Rows of 16 cells, their mean taken off."""
    count = SIDE // 4
    rows = cells.reshape(count, 4, count, 4).swapaxes(1, 2).reshape(-1, 16)
    found: Cells = rows - rows.mean(axis=1, keepdims=True)
    return found


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


def _framed(cells: Cells, frames: Sequence[Frame]) -> Cells:
    """Cells of each frame of the picture, at the size of a whole sketch."""
    left, top, right, bottom = (
        edge[:, None] for edge in np.array(frames, dtype=np.float32).reshape(-1, 4).T
    )
    steps = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    rows, below = _between((top + (bottom - top) * steps) * SIDE - 0.5)
    columns, beside = _between((left + (right - left) * steps) * SIDE - 0.5)
    lines = cells[rows] * (1 - below)[:, :, None] + cells[rows + 1] * below[:, :, None]
    here = np.take_along_axis(lines, columns[:, None, :], axis=2)
    next_ = np.take_along_axis(lines, columns[:, None, :] + 1, axis=2)
    found: Cells = here * (1 - beside)[:, None, :] + next_ * beside[:, None, :]
    return found


def _between(places: Cells) -> tuple[NDArray[np.int64], Cells]:
    """Cell before each place, and how far the place is on the way to the next."""
    before = np.clip(np.floor(places).astype(np.int64), 0, SIDE - 2)
    return before, np.clip(places - before, 0, 1).astype(np.float32)


def _fine(cells: Cells) -> Cells:
    """Cells less the mean of their neighbourhood, each sketch as a vector of length 1."""
    half, k = _AROUND // 2, _AROUND
    padded = np.pad(cells, ((0, 0), (half, half), (half, half)), mode="edge")
    sums = np.pad(padded.cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    total = sums[:, k:, k:] - sums[:, :-k, k:] - sums[:, k:, :-k] + sums[:, :-k, :-k]
    fine = (cells - total / (k * k)).reshape(len(cells), -1)
    fine = fine - fine.mean(axis=1, keepdims=True)
    found: Cells = fine / np.maximum(np.sqrt((fine * fine).sum(axis=1, keepdims=True)), 1e-6)
    return found
