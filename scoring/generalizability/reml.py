"""Variance components of any design by restricted maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi

import numpy as np
from scipy.optimize import minimize

from scoring.generalizability.absorbing import Blocks, absorb, joined
from scoring.generalizability.designs import COMPONENTS, RESIDUAL, FloatArray, Study, need_variation
from scoring.generalizability.mean_squares import Components

_MOST_RATIO = 1e3  # of standard deviations: reached only where raters agree on everything
_AT_BOUND = 1e-6  # ratio of a variance to the residual below which it is at 0


def by_restricted_likelihood(study: Study) -> Components:
    """Variance components of any study, bounded below by 0.

    The deviance is minimised over the ratios of the effects' standard
    deviations to the residual's, the residual variance profiled out (as lme4
    does); standard errors come from the curvature of the unprofiled deviance,
    effects at their bound of 0 held there.

    Raises
    ------
    ScoringError
        If no two scores differ, or the study is too large
        (:func:`scoring.generalizability.absorbing.absorb`).
    """
    need_variation(study)
    blocks = absorb(study)
    names = COMPONENTS[study.design]
    start = np.full(len(names), 0.5)
    found = minimize(
        lambda ratio: _profiled(blocks, ratio**2)[0],
        start,
        jac="3-point",
        method="L-BFGS-B",
        bounds=[(-_MOST_RATIO, _MOST_RATIO)] * len(start),
        options={"ftol": 1e-13, "gtol": 1e-7, "maxiter": 500},
    )
    ratios = _polished(blocks, found.x**2)
    _, residual, mean = _profiled(blocks, ratios)
    variance = dict(zip(names, (ratios * residual).tolist(), strict=True)) | {RESIDUAL: residual}
    return Components(variance, _standard_errors(blocks, variance), "reml", mean)


def _profiled(blocks: Blocks, ratios: FloatArray) -> tuple[float, float, float]:
    """REML deviance with the residual variance profiled out, that variance, and the mean."""
    log_det, product = joined(blocks, ratios)
    free = blocks.scores - 1
    mean = product[0, 1] / product[0, 0]
    squares = product[1, 1] - product[0, 1] * mean
    deviance = log_det + log(product[0, 0]) + free * (1 + log(2 * pi * squares / free))
    return float(deviance), float(squares / free), float(mean + blocks.centre)


def deviance_at(blocks: Blocks, variances: FloatArray, residual: float) -> float:
    """REML deviance at given variances."""
    log_det, product = joined(blocks, variances / residual)
    free = blocks.scores - 1
    squares = product[1, 1] - product[0, 1] ** 2 / product[0, 0]
    return float(log_det + log(product[0, 0]) + free * log(2 * pi * residual) + squares / residual)


def _polished(blocks: Blocks, ratios: FloatArray) -> FloatArray:
    """Newton steps on the ratios above their bound: the search stops a little early."""
    free = ratios > _AT_BOUND
    ratios = np.where(free, ratios, 0.0)

    def deviance(logs: FloatArray) -> float:
        tried = ratios.copy()
        tried[free] = np.exp(logs)
        return _profiled(blocks, tried)[0]

    for _ in range(3):
        if not free.any():
            break
        logs = np.log(ratios[free])
        slope, curve = _derivatives(deviance, logs, np.full(len(logs), 1e-3))
        step = np.linalg.lstsq(curve, slope, rcond=None)[0]
        if np.abs(step).max() > 0.1 or deviance(logs - step) > deviance(logs) + 1e-9:
            break
        ratios[free] = np.exp(logs - step)
    return ratios


def _standard_errors(blocks: Blocks, variance: dict[str, float]) -> dict[str, float | None]:
    """Standard error of each component: √ of 2 × the inverse curvature of the deviance."""
    names = [*blocks.names, RESIDUAL]
    at = np.array([variance[name] for name in names])
    free = at > _AT_BOUND * at[-1]

    def deviance(some: FloatArray) -> float:
        tried = at.copy()
        tried[free] = some
        return deviance_at(blocks, tried[:-1], float(tried[-1]))

    _, curve = _derivatives(deviance, at[free], at[free] * 1e-2)
    try:
        spread = np.diag(2 * np.linalg.inv(curve))
    except np.linalg.LinAlgError:
        spread = np.full(int(free.sum()), np.nan)
    found: dict[str, float | None] = dict.fromkeys(names)
    for place, value in zip(np.flatnonzero(free), spread, strict=True):
        found[names[place]] = float(np.sqrt(value)) if value > 0 else None
    return found


def _derivatives(
    function: Callable[[FloatArray], float], at: FloatArray, steps: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Slope and curvature by central differences."""
    count = len(at)
    moves = np.diag(steps)
    here = function(at)
    ahead = np.array([function(at + move) for move in moves])
    behind = np.array([function(at - move) for move in moves])
    slope = (ahead - behind) / (2 * steps)
    curve = np.diag((ahead - 2 * here + behind) / steps**2)
    for one in range(count):
        for other in range(one):
            corners = [
                a * b * function(at + a * moves[one] + b * moves[other])
                for a in (1, -1)
                for b in (1, -1)
            ]
            curve[one, other] = curve[other, one] = sum(corners) / (4 * steps[one] * steps[other])
    return slope, curve
