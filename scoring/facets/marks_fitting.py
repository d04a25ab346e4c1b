"""Maximum of the likelihood of marks: quasi-Newton from counts, on grids that follow it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from scoring.errors import ScoringError
from scoring.facets.marks_coding import FloatArray
from scoring.facets.marks_likelihood import (
    Grid,
    Layout,
    Point,
    evaluate,
    fits,
    grid_for,
)

LEAST_SD = 0.15  # logits: below it a standard deviation cannot be told from none
_MOST_SD = 6.0
_STRIDE = 0.8  # of a logarithm of a standard deviation on one grid
_GRIDS = 8  # more than ever needed from any start within the bounds
_START_SD = 0.7


@dataclass(frozen=True)
class Optimum:
    """Where the likelihood is greatest, on which grid, and how it was reached.

    ``slope`` is the largest gradient left, in standard errors: how far, about,
    the estimates are from the exact maximum.
    """

    point: Point
    grid: Grid
    loglik: float
    evaluations: int
    slope: float


def maximise(layout: Layout, tolerance: float, most_evaluations: int) -> Optimum:
    """Climb to the maximum, severities summing to zero.

    Parameters
    ----------
    layout : Layout
    tolerance : largest gradient left, in standard errors
    most_evaluations : of the likelihood

    Raises
    ------
    ScoringError
        If the maximum is not reached.
    """
    point, spent = start(layout), 0
    for _ in range(_GRIDS):
        grid = grid_for(layout, point)
        vector, value, slope, used = _climb(
            layout, grid, point, tolerance, most_evaluations - spent
        )
        spent += used
        point = Point.unpacked(vector, layout.sizes)
        if fits(layout, grid, point) and slope <= 5 * tolerance:
            return Optimum(centred(layout, point), grid, value, spent, slope)
        if spent >= most_evaluations:
            break
    raise ScoringError(
        f"marks: the model did not settle within {most_evaluations} evaluations. Look for a "
        "rater or criterion with hardly any marks, and leave it out.",
        key="facets_of_marks.not_settled",
        evaluations=most_evaluations,
    )


def centred(layout: Layout, point: Point) -> Point:
    """Return the same model with the severities of raters who have marks summing to zero."""
    marked = layout.codes.marks_by_rater() > 0
    shift = float(point.severity[marked].mean())
    return replace(point, severity=point.severity - shift, difficulty=point.difficulty + shift)


def start(layout: Layout) -> Point:
    """Logits of shares met, a little pulled in, stretched for what is integrated out."""
    codes = layout.codes
    stretch = 1.3

    def logits(met: np.ndarray, marks: np.ndarray) -> FloatArray:
        pulled: FloatArray = stretch * np.log((marks - met + 0.5) / (met + 0.5))
        return pulled

    severity = logits(codes.met_by_rater(), codes.marks_by_rater())
    difficulty = logits(codes.met_by_criterion(), codes.marks_by_criterion())
    wide = np.zeros(len(layout.wide))
    return Point(0.8 * (severity - severity.mean()), difficulty, wide, *[_START_SD] * 3)


def _climb(
    layout: Layout, grid: Grid, point: Point, tolerance: float, most: int
) -> tuple[FloatArray, float, float, int]:
    """Run L-BFGS in units of about one standard error on a fixed grid."""
    start = point.packed()
    scale = np.sqrt(rough_information(layout))
    low = np.full(len(start), -np.inf)
    high = np.full(len(start), np.inf)
    low[-3:] = np.maximum(start[-3:] - _STRIDE, np.log(LEAST_SD))
    high[-3:] = np.minimum(start[-3:] + _STRIDE, np.log(_MOST_SD))
    if not layout.clustered:
        low[-3] = high[-3] = start[-3]

    def downhill(scaled: FloatArray) -> tuple[float, FloatArray]:
        value, slope = evaluate(layout, grid, scaled / scale)
        return -value, -slope / scale

    found = minimize(
        downhill,
        start * scale,
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([low, high]) * scale[:, None],
        options={"maxfun": most, "maxiter": most, "gtol": tolerance, "ftol": 0, "maxcor": 20},
    )
    vector = found.x / scale
    free = (vector > low + 1e-9) & (vector < high - 1e-9)
    slope = float(np.abs(found.jac[free]).max(initial=0.0))
    return vector, -float(found.fun), slope, int(found.nfev)


def rough_information(layout: Layout) -> FloatArray:
    """Size of the information on each parameter, to measure steps in standard errors."""
    codes = layout.codes
    raters = 0.5 * _binomial(codes.met_by_rater(), codes.marks_by_rater())
    criteria = 0.5 * _binomial(codes.met_by_criterion(), codes.marks_by_criterion())
    wide = layout.wide_counts.sum(axis=0)
    sds = np.array([len(layout.teacher_starts), len(layout.ordinary), len(layout.ordinary)])
    return np.concatenate([raters, criteria, np.maximum(wide, 1.0), np.maximum(sds / 4, 1.0)])


def _binomial(met: np.ndarray, marks: np.ndarray) -> FloatArray:
    share = (met + 0.5) / (marks + 1.0)
    information: FloatArray = marks * share * (1 - share) + 0.1
    return information
