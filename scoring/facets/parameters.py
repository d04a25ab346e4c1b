"""The numbers of a scale model in one row: severities, difficulties, thresholds, and the persons' spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Form = Literal["rsm", "pcm"]

SD_BOUNDS = (0.05, 10.0)
"""Least and largest SD of ability (logit) the climb goes to."""


@dataclass(frozen=True)
class Layout:
    """Which place of the row holds what, and how steps are made from it.

    The row is severity (raters), difficulty (criteria), shape, log of the person SD,
    person mean. A step is difficulty + threshold; thresholds of a criterion sum to 0,
    so all but the last are free: common to the criteria (``rsm``) or each its own (``pcm``).
    """

    n_raters: int
    n_criteria: int
    n_steps: int
    form: Form

    @property
    def n_shape(self) -> int:
        """Free thresholds."""
        return (self.n_steps - 1) * (self.n_criteria if self.form == "pcm" else 1)

    @property
    def n_beta(self) -> int:
        """Difficulties and free thresholds together."""
        return self.n_criteria + self.n_shape

    @property
    def size(self) -> int:
        """Length of the row."""
        return self.n_raters + self.n_beta + 2

    @property
    def beta(self) -> slice:
        """Place of difficulties and thresholds."""
        return slice(self.n_raters, self.n_raters + self.n_beta)

    @property
    def log_sd(self) -> int:
        """Place of the log of the person SD."""
        return self.size - 2

    @property
    def mean(self) -> int:
        """Place of the person mean."""
        return self.size - 1

    def step_matrix(self) -> FloatArray:
        """Steps (criterion by criterion) as a linear map of difficulties and thresholds."""
        steps, free = self.n_steps, self.n_steps - 1
        shape = np.vstack([np.eye(free), -np.ones((1, free))]) if free else np.zeros((1, 0))
        made = np.zeros((self.n_criteria * steps, self.n_beta))
        for criterion in range(self.n_criteria):
            rows = slice(criterion * steps, (criterion + 1) * steps)
            start = self.n_criteria + (criterion * free if self.form == "pcm" else 0)
            made[rows, criterion] = 1.0
            made[rows, start : start + free] = shape
        return made


@dataclass(frozen=True)
class Anchors:
    """Values held fixed (logit), by the rater's or criterion's code."""

    raters: Mapping[int, float] = field(default_factory=dict)
    criteria: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameters:
    """A row of numbers with its layout, what of it is free, and its penalty.

    Attributes
    ----------
    row : see :class:`Layout`
    free : True where estimated
    centred : raters whose severities sum to 0, all False where anchors set the origin
    ridge : penalty, ½ ridge × value² (1 / variance of the raters it holds back)
    """

    layout: Layout
    row: FloatArray
    free: BoolArray
    centred: BoolArray
    ridge: FloatArray

    @property
    def severity(self) -> FloatArray:
        """Severity of each rater, logit, positive is harsher."""
        return self.row[: self.layout.n_raters]

    @property
    def person_sd(self) -> float:
        """SD of ability, logit."""
        return float(np.exp(self.row[self.layout.log_sd]))

    @property
    def person_mean(self) -> float:
        """Mean of ability, logit; 0 unless criteria are anchored."""
        return float(self.row[self.layout.mean])

    def steps(self) -> FloatArray:
        """Steps of each criterion: criteria × steps."""
        shape = (self.layout.n_criteria, self.layout.n_steps)
        made: FloatArray = self.layout.step_matrix() @ self.row[self.layout.beta]
        return made.reshape(shape)

    def moved(self, step: FloatArray) -> Parameters:
        """Return the parameters after a step in the whole row.

        A person SD that leaves its bounds stays at the bound: persons who do not differ
        at all would draw it to 0, those who fall in a perfect order beyond all measure.
        """
        row, free = self.row + step, self.free
        low, high = np.log(SD_BOUNDS)
        if free[self.layout.log_sd] and not low < row[self.layout.log_sd] < high:
            row[self.layout.log_sd] = np.clip(row[self.layout.log_sd], low, high)
            free = free.copy()
            free[self.layout.log_sd] = False
        return replace(self, row=row, free=free)

    @property
    def at_bound(self) -> bool:
        """Whether the person SD is at a bound."""
        return bool(np.isclose(self.person_sd, SD_BOUNDS).any())

    def bordered(self, matrix: FloatArray) -> FloatArray:
        """Free part of a square matrix with the sum of severities as a border."""
        inside = matrix[np.ix_(self.free, self.free)] + np.diag(self.ridge[self.free])
        if not self.centred.any():
            return np.asarray(inside)
        border = self.centred[self.free].astype(float)
        return np.block([[inside, border[:, None]], [border[None, :], np.zeros((1, 1))]])

    def widened(self, part: FloatArray) -> FloatArray:
        """Put a row of the free places back into the whole row, zeros elsewhere."""
        whole = np.zeros(self.layout.size)
        whole[self.free] = part[: int(self.free.sum())]
        return whole


def starting_parameters(
    layout: Layout, anchors: Anchors, severity: FloatArray, thresholds: FloatArray
) -> Parameters:
    """Begin from rough severities and thresholds, anchors in place.

    Anchored criteria set the origin, so the person mean is free then; anchored raters
    take the place of the sum of severities.
    """
    row = np.zeros(layout.size)
    row[: layout.n_raters] = severity
    free_steps = layout.n_steps - 1
    repeats = layout.n_criteria if layout.form == "pcm" else 1
    row[layout.n_raters + layout.n_criteria : layout.log_sd] = np.tile(
        thresholds[:free_steps], repeats
    )
    free = np.ones(layout.size, bool)
    for code, value in anchors.raters.items():
        row[code], free[code] = value, False
    for code, value in anchors.criteria.items():
        row[layout.n_raters + code], free[layout.n_raters + code] = value, False
    free[layout.mean] = bool(anchors.criteria)
    centred = np.zeros(layout.size, bool)
    centred[: layout.n_raters] = not anchors.raters
    return Parameters(layout, row, free, centred, np.zeros(layout.size))
