"""Newton's way to the top of a likelihood whose slope is known but for one smooth, costly part.

The height is ``told + volume``. The slope of the first is known exactly at every
point; that of the second (half a logarithm of a determinant) only in part, the
rest by going a little aside in every direction. Where the climb begins, far from
the top, only the first part is looked at aside; where it seems to end, both. In
between the rest of the slope is kept up to date by secants (Broyden 1965).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scoring.tables import FloatArray

_NUDGE = 0.02
_NEAR = 0.12  # so near a point its surroundings are still known
_STRIDE = 0.8  # the longest step of one coordinate
_LEAST_BEND = 1.0  # of the height, where it seems to bend less or upwards
_ROUNDS, _STEPS = 8, 8


@dataclass(frozen=True)
class Height:
    """Height at a point: its two parts, and what is known of the slope of each.

    ``of_volume`` is one part of the slope of the volume, the one that bends most.
    """

    told: float
    of_told: FloatArray
    volume: float
    of_volume: FloatArray

    @property
    def slope(self) -> FloatArray:
        """What is known of the slope of both."""
        return self.of_told + self.of_volume

    @property
    def whole(self) -> float:
        """Both parts."""
        return self.told + self.volume


def climb(
    height: Callable[[FloatArray, bool], Height],
    start: FloatArray,
    low: FloatArray,
    high: FloatArray,
    settled: float,
) -> tuple[FloatArray, Height]:
    """Point between ``low`` and ``high`` from which no step promises more than ``settled``.

    Parameters
    ----------
    height : called with a point, and whether the volume is to be worked out there or
        carried over from where it last was; the last call is of the point returned
    start : where to begin
    low, high : a coordinate with both alike stays
    settled : gain in height not worth a step
    """
    at, here = start.copy(), height(start, True)
    last: FloatArray | None = at
    for turn in range(_ROUNDS):
        bend, aside = _look_around(height, at, here, low, high, whole=turn > 0)
        began, last = at, None
        for _ in range(_STEPS):
            step = _newton(here.slope + aside, bend, at, low, high)
            if (here.slope + aside) @ step / 2 <= settled:
                break
            there = height(at + step, True)
            led_down = there.whole < here.whole - settled
            if led_down:
                step = step / 4
                there = height(at + step, True)
            aside = aside + (_unknown(here, there, step) - aside @ step) / (step @ step) * step
            bend = _bent(bend, step, here.slope - there.slope)
            last = at + step
            if there.whole >= here.whole - settled:
                at, here = last, there
            if led_down:  # what was seen around the beginning does not hold here
                break
        if turn and np.abs(at - began).max() <= _NEAR:
            break
    return at, here if last is at else height(at, True)


def _look_around(
    height: Callable[[FloatArray, bool], Height],
    at: FloatArray,
    here: Height,
    low: FloatArray,
    high: FloatArray,
    *,
    whole: bool,
) -> tuple[FloatArray, FloatArray]:
    """How the known slope bends, positive where the height falls off, and the rest of the slope."""
    size = len(at)
    bend, aside = np.eye(size), np.zeros(size)
    for place in np.flatnonzero(high > low):
        step = np.zeros(size)
        step[place] = _NUDGE if at[place] + _NUDGE <= high[place] else -_NUDGE
        there = height(at + step, whole)
        bend[place] = (here.slope - there.slope) / step[place]
        if whole:
            aside[place] = _unknown(here, there, step) / step[place]
    return _downward((bend + bend.T) / 2), aside


def _bent(bend: FloatArray, step: FloatArray, fall: FloatArray) -> FloatArray:
    """Bend that explains how the slope fell along a step (BFGS), where it did fall."""
    along, before = float(fall @ step), bend @ step
    if along < 0.1 * float(step @ before):
        return bend
    found: FloatArray = (
        bend + np.outer(fall, fall) / along - np.outer(before, before) / (step @ before)
    )
    return found


def _downward(bend: FloatArray) -> FloatArray:
    """The same, falling off in every direction."""
    values, axes = np.linalg.eigh(bend)
    found: FloatArray = (axes * np.maximum(values, _LEAST_BEND)) @ axes.T
    return found


def _unknown(here: Height, there: Height, step: FloatArray) -> float:
    """What the volume changes by beyond the known part of its slope."""
    known = float((here.of_volume + there.of_volume) @ step) / 2
    return there.volume - here.volume - known


def _newton(
    slope: FloatArray, bend: FloatArray, at: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Step to the top of the parabola, within bounds; what would leave them stays."""
    free = (high > low) & ~((at <= low) & (slope < 0)) & ~((at >= high) & (slope > 0))
    step = np.zeros(len(at))
    step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
    step *= min(1.0, _STRIDE / max(float(np.abs(step).max()), 1e-12))
    found: FloatArray = np.clip(at + step, low, high) - at
    return found
