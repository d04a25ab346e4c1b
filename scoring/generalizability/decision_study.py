"""Decision studies: what other numbers of raters and criteria would give, and cost.

The headline is replication: the share of persons whose decision would come
out the same from a new draw of raters. The coefficients Eρ² (relative) and Φ
(absolute; Brennan 2001, ch. 4) stand second, as they say nothing of where the
decision falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from scoring.generalizability.designs import (
    CROSSED,
    CROSSED_CRITERIA,
    NESTED,
    RESIDUAL,
    FloatArray,
    Study,
    need_variation,
)
from scoring.generalizability.mean_squares import Components, by_mean_squares
from scoring.generalizability.reml import by_restricted_likelihood

_NODES = 101


@dataclass(frozen=True)
class Decision:
    """One plan: so many raters (of each criterion, where nested) and criteria.

    Attributes
    ----------
    replication : share of persons decided alike by two independent draws of raters
    reads : scores a person needs, one rater's on all criteria counting as one
        (in a nested design each score is one)
    hours : for all persons; None where a read was not timed
    relative_error, absolute_error : variances, in squared units of the score
    g_coefficient, phi : Eρ² and Φ, from 0 to 1; None where persons do not differ
    """

    raters: int
    criteria: int
    replication: float
    reads: int
    hours: float | None
    relative_error: float
    absolute_error: float
    g_coefficient: float | None
    phi: float | None


def components_of(study: Study) -> Components:
    """Variance components: expected mean squares where balanced, else restricted likelihood.

    Raises
    ------
    ScoringError
        If all scores are the same.
    """
    need_variation(study)
    return by_mean_squares(study) if study.balanced else by_restricted_likelihood(study)


def decision_study(
    study: Study,
    components: Components,
    raters: Sequence[int],
    criteria: Sequence[int],
    cuts: Sequence[float],
    minutes: float | None = None,
) -> list[Decision]:
    """Every plan of so many raters and criteria.

    Parameters
    ----------
    study, components : the design, and the variances to plan with
        A negative variance is taken as 0.
    raters, criteria : numbers to try
        ``criteria`` is passed over in a design without.
    cuts : means at which the decision changes, in units of the score
        A person's decision is the interval between cuts his mean falls in. Real
        rules are not means; for a round's own rules see ``scoring.stability``.
    minutes : minutes of one read, or None

    Returns
    -------
    list of Decision, by criteria, then raters
    """
    made = []
    for criterion_count in criteria if study.design != CROSSED else [1]:
        for count in raters:
            relative, absolute = error_variances(study.design, components, count, criterion_count)
            person = max(components.variance["person"], 0.0)
            reads = count * (criterion_count if study.design == NESTED else 1)
            made.append(
                Decision(
                    count,
                    criterion_count,
                    replication(study, components, count, criterion_count, cuts),
                    reads,
                    None if minutes is None else reads * study.persons * minutes / 60,
                    relative,
                    absolute,
                    _share(person, relative),
                    _share(person, absolute),
                )
            )
    return made


def error_variances(
    design: str, components: Components, raters: int, criteria: int
) -> tuple[float, float]:
    """Relative and absolute error variance of a person's mean (Brennan 2001, eq. 4.17 ff.)."""
    part = _scaled(design, components, raters, criteria)
    relative = sum(value for name, value in part.items() if name in _RELATIVE)
    return relative, relative + sum(
        value for name, value in part.items() if name not in (*_RELATIVE, "person")
    )


_RELATIVE = ("person:rater", "person:criterion", RESIDUAL)


def replication(
    study: Study, components: Components, raters: int, criteria: int, cuts: Sequence[float]
) -> float:
    """Share of persons whom two draws of raters place between the same cuts.

    The criteria stay, the raters are new: what a person is worth on these
    criteria is normal, T ~ N(μ, σ²_p + σ²_pc/n_c), and each draw adds its own
    normal error of raters. The share is ∫ Σ_k P(k | T)² φ(T) dT, over the
    intervals k (classification consistency; Livingston and Lewis 1995).

    Returns
    -------
    float
        1 where no cut lies within reach, or the raters add no error.
    """
    part = _scaled(study.design, components, raters, criteria)
    worth = part["person"] + part.get("person:criterion", 0.0)
    by_raters = ("rater", "rater:criterion", "person:rater", RESIDUAL)
    error = np.sqrt(sum(value for name, value in part.items() if name in by_raters))
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    true = components.mean + np.sqrt(worth) * points
    edges = np.array([-np.inf, *sorted(cuts), np.inf])
    if error == 0:
        return 1.0
    chances = np.diff(ndtr((edges[:, None] - true) / error), axis=0)
    return float((chances**2).sum(axis=0) @ (weights / weights.sum()))


def midpoints(scores: FloatArray) -> list[float]:
    """Cuts halfway between the levels in use: a mean counts as the level nearest to it.

    Examples
    --------
    >>> midpoints(np.array([0.0, 1, 1, 3]))
    [0.5, 2.0]
    """
    levels = np.unique(scores)
    found: list[float] = ((levels[1:] + levels[:-1]) / 2).tolist()
    return found


def _scaled(design: str, components: Components, raters: int, criteria: int) -> dict[str, float]:
    """Each component's part in the variance of a person's mean; negative ones taken as 0."""
    both = raters * criteria
    times = {
        CROSSED: {"rater": raters, RESIDUAL: raters},
        CROSSED_CRITERIA: {
            "rater": raters, "criterion": criteria, "person:rater": raters,
            "person:criterion": criteria, "rater:criterion": both, RESIDUAL: both,
        },
        NESTED: {
            "criterion": criteria, "rater:criterion": both, "person:criterion": criteria,
            RESIDUAL: both,
        },
    }[design]  # fmt: skip
    return {
        name: max(value, 0.0) / times.get(name, 1) for name, value in components.variance.items()
    }


def _share(person: float, error: float) -> float | None:
    return person / (person + error) if person + error > 0 else None
