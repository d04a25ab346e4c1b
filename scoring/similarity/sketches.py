"""Sketches: small grey pictures of pictures, and the fine structure by which they are told apart.

A difference hash says that two pictures are built alike, and two classrooms or two
pages of one form are. A sketch of 64 × 64 cells keeps enough to tell: where the
pictures are the same it agrees in nearly every place, also where one is a part of
the other; where only their build is, the words, bars or faces in it do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.errors import ScoringError

Cells = NDArray[np.floating[Any]]
Frame = tuple[float, float, float, float]

SIDE = 64  # cells a side
ROUGH = 32  # cells a side of a first look, and of the sketches of earlier versions
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

_AROUND = 5  # rough cells a side of the neighbourhood whose mean is taken off
_CUTS = (0.0, 0.035, 0.075)  # shares of a side that were perhaps cut
STARTS: tuple[Frame, ...] = tuple(
    (left, top, 1 - right, 1 - bottom) for left, top, right, bottom in product(_CUTS, repeat=4)
)
"""Frames a crop may have, from which its frame is looked for."""
_SKETCH = re.compile(rf"[0-9a-f]{{{ROUGH * ROUGH}}}|[0-9a-f]{{{SIDE * SIDE}}}")


def cells_of(sketch: str) -> Cells:
    """Grey shades 0 to 15 of a sketch, row by row: 64 a side, or 32 in those of earlier versions.

    Raises
    ------
    ScoringError
        For anything but 4,096 or 1,024 hexadecimal digits.
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
    side = SIDE if len(sketch) == SIDE * SIDE else ROUGH
    return shades.reshape(side, side).astype(np.float32)


def rough(cells: Cells) -> Cells:
    """Return the sketch at 32 cells a side."""
    if len(cells) == ROUGH:
        return cells
    found: Cells = cells.reshape(ROUGH, 2, ROUGH, 2).mean(axis=(1, 3))
    return found


def mirrored(cells: Cells) -> Cells:
    """Return the same picture flipped left to right."""
    return cells[:, ::-1]


def turned_frame(frame: Frame) -> Frame:
    """Where a frame lies once the picture is flipped left to right."""
    left, top, right, bottom = frame
    return (1 - right, top, 1 - left, bottom)


def start_structures(whole: Cells) -> Cells:
    """Fine structure of each of `STARTS`, a row a frame, for a first look at what may be cut.

    The windows by which pictures are found cut all sides alike, or one alone, and
    lines of writing do not agree until a frame is right to within one of them.
    """
    return fine(framed(whole, STARTS))


def fine_structure(cells: Cells, frame: Frame = WHOLE) -> Cells:
    """Fine structure of a frame of a rough sketch as a vector of length 1, for a first look.

    The product of two is their correlation.
    """
    found: Cells = fine(cells[None] if frame == WHOLE else framed(cells, [frame]))[0]
    return found


def framed(cells: Cells, frames: Sequence[Frame]) -> Cells:
    """Cells of each frame of the picture, as many a side as the whole has."""
    side = len(cells)
    rows = np.stack([_pull(top, bottom, side) for _, top, _, bottom in frames])
    columns = np.stack([_pull(left, right, side) for left, _, right, _ in frames])
    found: Cells = rows @ cells @ columns.transpose(0, 2, 1)
    return found


@lru_cache(maxsize=4_096)
def _pull(low: float, high: float, side: int) -> Cells:
    """Return the matrix that spreads what is between two edges over all cells of a line."""
    place = (low + (high - low) * (np.arange(side) + 0.5) / side) * side - 0.5
    before = np.clip(np.floor(place).astype(np.int64), 0, side - 2)
    beyond = np.clip(place - before, 0, 1)
    found = np.zeros((side, side), dtype=np.float32)
    found[np.arange(side), before] = 1 - beyond
    found[np.arange(side), before + 1] = beyond
    return found


def fine(cells: Cells, around: int = _AROUND) -> Cells:
    """Cells less the mean of their neighbourhood, each sketch as a vector of length 1."""
    detail = (cells - local_mean(cells, around)).reshape(len(cells), -1)
    detail = detail - detail.mean(axis=1, keepdims=True)
    found: Cells = detail / np.maximum(np.sqrt((detail * detail).sum(axis=1, keepdims=True)), 1e-6)
    return found


def local_mean(cells: Cells, around: int) -> Cells:
    """Mean of ``around`` × ``around`` cells about each cell of each sketch, edges repeated."""
    mean = _means(cells.shape[-1], around)
    found: Cells = mean @ cells @ mean.T
    return found


def line_mean(cells: Cells, around: int) -> Cells:
    """Mean of ``around`` cells of its line about each cell, edges repeated."""
    found: Cells = cells @ _means(cells.shape[-1], around).T
    return found


@cache
def _means(side: int, around: int) -> Cells:
    """Return the matrix that puts the mean of its neighbours for each of the cells of a line."""
    near = np.arange(around) - around // 2
    at = np.clip(np.arange(side)[:, None] + near, 0, side - 1)
    found = np.zeros((side, side), dtype=np.float32)
    np.add.at(found, (np.arange(side)[:, None], at), np.float32(1 / around))
    return found
