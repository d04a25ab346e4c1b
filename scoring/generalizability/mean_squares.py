"""Variance components of balanced designs by expected mean squares (Brennan 2001, ch. 3)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from scoring.generalizability.designs import (
    CROSSED,
    CROSSED_CRITERIA,
    RESIDUAL,
    FloatArray,
    IntArray,
    Study,
)


@dataclass(frozen=True)
class Components:
    """Variance components by name, in squared units of the score.

    Attributes
    ----------
    variance : by component; an expected-mean-squares estimate may be negative, and is left so
    se : standard error of each; None where it is at its bound of 0
    method : ``ems`` or ``reml``
    mean : grand mean of the scores (by REML the generalised least squares one)
    """

    variance: dict[str, float]
    se: dict[str, float | None]
    method: str
    mean: float


def by_mean_squares(study: Study) -> Components:
    """Variance components of a balanced study.

    Each component is a sum of mean squares, Σ c·MS, and so is its variance,
    Σ c²·2·MS²/(df + 2), the unbiased one (Searle, Casella and McCulloch 1992).
    A negative estimate means that the component is small beside its error.
    """
    squares = mean_squares(study)
    variance, se = {}, {}
    for name, terms in _expected(study).items():
        variance[name] = sum(weight * squares[of][0] for of, weight in terms.items())
        spread = [
            2 * (weight * squares[of][0]) ** 2 / (squares[of][1] + 2)
            for of, weight in terms.items()
        ]
        se[name] = sqrt(sum(spread))
    return Components(variance, {**se}, "ems", float(study.score.mean()))


def mean_squares(study: Study) -> dict[str, tuple[float, int]]:
    """Mean square and degrees of freedom of every effect of a balanced study."""
    if study.design == CROSSED:
        table, names = _cube(study, study.rater), ("person", "rater")
        return _crossed(table, {(0,): names[0], (1,): names[1]})
    if study.design == CROSSED_CRITERIA:
        return _crossed_criteria(study)
    return _nested(study)


def _expected(study: Study) -> dict[str, dict[str, float]]:
    """Weights of the mean squares in each component."""
    p, r, c = study.persons, study.raters, study.criteria
    if study.design == CROSSED:
        made = {"person": {"person": 1 / r}, "rater": {"rater": 1 / p}}
        return _less_residual(made)
    if study.design == CROSSED_CRITERIA:
        main = {
            "person": ("person:rater", "person:criterion", r * c),
            "rater": ("person:rater", "rater:criterion", p * c),
            "criterion": ("person:criterion", "rater:criterion", p * r),
        }
        made = {
            name: {name: 1 / n, one: -1 / n, other: -1 / n, RESIDUAL: 1 / n}
            for name, (one, other, n) in main.items()
        }
        pairs = {"person:rater": c, "person:criterion": r, "rater:criterion": p}
        return made | _less_residual({name: {name: 1 / n} for name, n in pairs.items()})
    r //= c  # raters of one task
    made = {
        "person": {"person": 1 / (c * r), "person:criterion": -1 / (c * r)},
        "criterion": {
            "criterion": 1 / (p * r), "person:criterion": -1 / (p * r),
            "rater:criterion": -1 / (p * r), RESIDUAL: 1 / (p * r),
        },
    }  # fmt: skip
    nested = {"rater:criterion": {"rater:criterion": 1 / p}}
    return made | _less_residual({**nested, "person:criterion": {"person:criterion": 1 / r}})


def _less_residual(terms: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Take the residual mean square off each, and add the residual itself."""
    made = {name: {**weights, RESIDUAL: -sum(weights.values())} for name, weights in terms.items()}
    return made | {RESIDUAL: {RESIDUAL: 1.0}}


def _cube(study: Study, *facets: IntArray) -> FloatArray:
    """Scores as a table: persons by each facet in turn."""
    codes = [study.person, *facets]
    table = np.empty([int(each.max()) + 1 for each in codes])
    table[tuple(codes)] = study.score
    return table


def _crossed(
    table: FloatArray, effects: dict[tuple[int, ...], str]
) -> dict[str, tuple[float, int]]:
    """Mean squares of the named effects of a full table, and of what they leave."""
    left, found = table - table.mean(), {}
    freedom = table.size - 1
    for axes in sorted(effects, key=len):
        others = tuple(axis for axis in range(table.ndim) if axis not in axes)
        effect = left.mean(axis=others, keepdims=True)
        df = int(np.prod([table.shape[axis] - 1 for axis in axes]))
        found[effects[axes]] = (float((effect**2).sum() * table.size / effect.size / df), df)
        left = left - effect
        freedom -= df
    found[RESIDUAL] = (float((left**2).sum() / freedom), freedom)
    return found


def _crossed_criteria(study: Study) -> dict[str, tuple[float, int]]:
    table = _cube(study, study.rater, study.criterion)
    facets = ("person", "rater", "criterion")
    sets: list[tuple[int, ...]] = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    return _crossed(table, {axes: ":".join(facets[axis] for axis in axes) for axes in sets})


def _nested(study: Study) -> dict[str, tuple[float, int]]:
    """Mean squares of p × (r:t): raters numbered within their task."""
    each = study.raters // study.criteria
    task_of = np.zeros(study.raters, dtype=np.int64)
    task_of[study.rater] = study.criterion
    within = np.zeros(study.raters, dtype=np.int64)
    within[np.argsort(task_of, kind="stable")] = np.tile(np.arange(each), study.criteria)
    table = _cube(study, study.criterion, within[study.rater])
    crossed = _crossed(table.mean(axis=2), {(0,): "person", (1,): "criterion"})
    # Mean squares of task means, so times the raters of a task.
    found = {name: (square * each, df) for name, (square, df) in crossed.items()}
    found["person:criterion"] = found.pop(RESIDUAL)
    raters = table - table.mean(axis=2, keepdims=True)
    of_rater = raters.mean(axis=0)
    df = study.criteria * (each - 1)
    found["rater:criterion"] = (float((of_rater**2).sum() * study.persons / df), df)
    left = raters - of_rater
    found[RESIDUAL] = (
        float((left**2).sum() / (df * (study.persons - 1))),
        df * (study.persons - 1),
    )
    return found
