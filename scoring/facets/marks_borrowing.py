"""Rounds whose criteria have few marks: difficulties borrow from their kind, integrated out.

A school marks many a criterion four or six times. Estimated one by one, the
difficulties take what belongs to readers and pieces, and severities and the
halo come out a third too large (slope 1.37 at four marks a criterion, 1.14 at
twelve, 1.0 from sixty; ``tests/scoring/facets/test_marks_borrowing.py``). So
there the difficulties of one kind (合格, 优秀) are normal around a common mean.
With many unknowns neither the joint maximum nor fixed spreads will do: the four
spreads maximise the likelihood with severities and difficulties integrated out
by Laplace's approximation, flat in severities and kinds' means as in REML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from scoring.errors import ScoringError
from scoring.facets.marks_coding import FloatArray, IntArray, MarkCodes
from scoring.facets.marks_fitting import rough_information, start
from scoring.facets.marks_information import observed_information
from scoring.facets.marks_likelihood import Grid, Layout, Point, evaluate, grid_for

FEW_MARKS = 50
"""Marks of the middling criterion below which its own tell too little of it."""

_START_SPREAD = 0.9
_MOST_SD = 6.0
_LEAST_SPREAD = 0.3  # logits: few marks cannot tell less from none, and grids stay coarse
_NUDGE = 0.02  # of a logarithm of a standard deviation
_SETTLED = 1e-5  # relative change of the likelihood that ends the climb
_STEPS = 12  # from where the spreads usually are; the last ones move them by less than they err


@dataclass(frozen=True)
class Borrowed:
    """Where the likelihood of the spreads is greatest.

    ``spread`` is the standard deviation of difficulties around their kind's mean,
    logits; ``prior`` what it adds to the information on them, criteria × criteria;
    ``loglik`` that of the spreads, severities and difficulties integrated out.
    """

    point: Point
    grid: Grid
    loglik: float
    evaluations: int
    spread: float
    prior: FloatArray


def kinds_of(codes: MarkCodes, kind: Sequence[str] | None) -> IntArray:
    """Codes of the kinds of criteria; without any named, all are one kind."""
    if kind is None:
        return np.zeros(len(codes.criteria), dtype=np.int64)
    return np.unique(np.asarray(kind, dtype=str), return_inverse=True)[1].astype(np.int64)


def few_marks(codes: MarkCodes) -> bool:
    """Whether the middling criterion has too few marks to stand alone."""
    return bool(np.median(codes.marks_by_criterion()) < FEW_MARKS)


def maximise_borrowing(
    layout: Layout, kind: IntArray, tolerance: float, most_evaluations: int
) -> Borrowed:
    """Climb to the most likely spreads, with severities and difficulties at their mode there.

    Parameters
    ----------
    layout : Layout
    kind : one entry a criterion, code of its kind
    tolerance : largest gradient left at the mode, in standard errors
    most_evaluations : of the likelihood

    Raises
    ------
    ScoringError
        If the maximum is not reached.
    """
    climb = _Climb(layout, kind, tolerance, most_evaluations)
    low, high = np.log(_LEAST_SPREAD), np.log(_MOST_SD)
    bounds = [(low, high)] * 4
    first = climb.vector[-3:]
    if not layout.clustered:
        bounds[0] = (first[0], first[0])
    found = minimize(
        lambda spreads: -climb.at(spreads),
        [*first, np.log(_START_SPREAD)],
        jac="2-point",
        method="L-BFGS-B",
        bounds=bounds,
        options={"eps": _NUDGE, "ftol": _SETTLED, "maxiter": _STEPS},
    )
    loglik = climb.at(found.x)
    spread = float(np.exp(found.x[3]))
    grid, point = climb.grid, Point.unpacked(climb.vector, layout.sizes)
    return Borrowed(point, grid, loglik, climb.evaluations, spread, climb.hold / spread**2)


class _Climb:
    """The likelihood of the spreads; each mode starts from the one before."""

    def __init__(self, layout: Layout, kind: IntArray, tolerance: float, most: int) -> None:
        self.layout, self._tolerance, self._most = layout, tolerance, most
        self.vector = start(layout).packed()
        self.grid = grid_for(layout, Point.unpacked(self.vector, layout.sizes))
        self.evaluations = 0
        # What a prior with free means holds: differences within a kind.
        same = (kind[:, None] == kind).astype(np.float64)
        self.hold: FloatArray = np.eye(len(kind)) - same / same.sum(axis=1)
        self._free = len(kind) - int(kind.max(initial=-1)) - 1
        raters = layout.sizes[0]
        self._marked: NDArray[np.bool_] = layout.codes.marks_by_rater() > 0
        self._held = np.r_[self._marked, np.zeros(len(self.vector) - raters, dtype=bool)]

    def at(self, spreads: FloatArray) -> float:
        """Log likelihood of logarithms of the teacher's, piece's, halo's SD and the spread."""
        raters, criteria, _ = self.layout.sizes
        at = raters + np.arange(criteria)
        value = self._mode(spreads)
        point = Point.unpacked(self.vector, self.layout.sizes)
        information = observed_information(self.layout, self.grid, point, with_sds=False)
        information[np.ix_(at, at)] += self.hold / np.exp(2 * spreads[3])
        held = self._held.astype(np.float64)
        information += np.outer(held, held)
        silent = np.flatnonzero(~self._marked)
        information[silent, silent] = 1.0
        size = len(self.vector) - 3
        volume = float(np.linalg.slogdet(information[:size, :size])[1])
        return value - self._free * float(spreads[3]) - volume / 2

    def _mode(self, spreads: FloatArray) -> float:
        """Move to the likeliest severities, difficulties and wide abilities; the height there."""
        if self.evaluations >= self._most:
            raise ScoringError(
                f"marks: the model did not settle within {self._most} evaluations. Look for a "
                "rater with hardly any marks, and leave them out.",
                key="facets_of_marks.not_settled",
                evaluations=self._most,
            )
        self.vector[-3:] = spreads[:3]
        self.grid = grid_for(self.layout, Point.unpacked(self.vector, self.layout.sizes))
        raters, criteria, _ = self.layout.sizes
        own = slice(raters, raters + criteria)
        weight = np.exp(-2 * spreads[3])
        told = rough_information(self.layout)[:-3]
        told[own] += weight
        scale = np.sqrt(told)

        def downhill(scaled: FloatArray) -> tuple[float, FloatArray]:
            vector = np.concatenate([scaled / scale, spreads[:3]])
            value, slope = evaluate(self.layout, self.grid, vector)
            slope = slope[:-3]
            pull = weight * (self.hold @ vector[own])
            value -= float(vector[own] @ pull) / 2
            slope[own] -= pull
            total = float(vector[self._held].sum())
            value -= total**2 / 2
            slope[self._held[:-3]] -= total
            return -value, -slope / scale

        found = minimize(
            downhill,
            self.vector[:-3] * scale,
            jac=True,
            method="L-BFGS-B",
            options={"gtol": self._tolerance, "ftol": 0, "maxcor": 20, "maxfun": self._most},
        )
        self.evaluations += int(found.nfev)
        self.vector = np.concatenate([found.x / scale, spreads[:3]])
        return -float(found.fun)
