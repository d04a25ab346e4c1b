"""Whose severities may be compared, and with what zero: connected is not comparable.

Schools whose raters share pieces, or hidden seeds, are connected. Their
severities compare only when the link is strong: the standard error of a
panel's offset from the others is what says so. Otherwise a severity is told
relative to the rater's own panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.optimize import minimize_scalar

from scoring.facets.marks_coding import FloatArray, IntArray

ROUND, OWN_PANEL, EXPERT = "round", "own_panel", "expert"


@dataclass(frozen=True)
class PanelOffset:
    """How far the mean severity of a panel is from that of the raters it is linked with, logits.

    ``offset`` and ``se`` are None where it is linked with nobody.
    """

    panel: str
    n_raters: int
    network: int
    offset: float | None
    se: float | None
    comparable: bool


@dataclass(frozen=True)
class Severities:
    """Severities against a stated zero, logits, positive is harsher; one entry a rater.

    Attributes
    ----------
    value, se : unshrunken, for judging a rater
    shrunken : pulled towards the zero as far as few marks advise, for forecasts
    covariance : of ``value``
    zero : ``expert`` (the experts' marks on seeds), ``round`` (mean of the raters
        of comparable panels) or ``own_panel``
    network : number of the set of raters linked, 1 the largest
    panels : offsets
    """

    value: FloatArray
    se: FloatArray
    shrunken: FloatArray
    covariance: FloatArray
    zero: tuple[str, ...]
    network: IntArray
    panels: tuple[PanelOffset, ...]


def compare(
    severity: FloatArray,
    covariance: FloatArray,
    panel: Sequence[str],
    network: IntArray,
    most_se: float,
    expert: int | None = None,
) -> Severities:
    """Put each severity against the strongest zero its links allow.

    Parameters
    ----------
    severity, covariance : as fitted, any zero
    panel : name of each rater's panel (its school)
    network : number of each rater's network
    most_se : greatest standard error of a panel's offset that still compares, logits
    expert : place of the experts, whose severity is nought if the offset of the
        round from them is known as well as ``most_se``; they are no panel
    """
    others = [k for k in range(len(severity)) if k != expert]
    names = {k: (int(network[k]), panel[k]) for k in others}
    offsets = {
        name: _offset(name, names, severity, covariance, most_se) for name in set(names.values())
    }
    reference = np.zeros((len(severity), len(severity)))
    zero = [OWN_PANEL] * len(severity)
    for k in others:
        fellows = [j for j in others if names[j] == names[k]]
        if offsets[names[k]].comparable:
            zero[k] = ROUND
            fellows = [
                j for j in others if network[j] == network[k] and offsets[names[j]].comparable
            ]
        reference[k, fellows] = 1 / len(fellows)
    if expert is not None:
        zero[expert] = EXPERT
        reference[expert, expert] = 1.0
        _against_expert(reference, zero, network, covariance, expert, most_se)
    contrast = np.eye(len(severity)) - reference
    value, spread = contrast @ severity, contrast @ covariance @ contrast.T
    return Severities(
        value,
        np.sqrt(np.maximum(np.diag(spread), 0.0)),
        shrink(value, spread),
        spread,
        tuple(zero),
        network,
        tuple(offsets[name] for name in sorted(offsets)),
    )


def shrink(value: FloatArray, covariance: FloatArray) -> FloatArray:
    """Empirical Bayes: raters are drawn from a normal whose variance the data tell.

    With severities s ~ N(0, τ² I + V) the τ² of greatest likelihood shrinks them
    to τ² (τ² I + V)⁻¹ s. Raters with few pieces move most.
    """
    roots, axes = np.linalg.eigh(covariance)
    roots = np.maximum(roots, 0.0)
    along = axes.T @ value
    told = roots > 1e-10 * max(float(roots.max(initial=0.0)), 1e-300)
    if not told.any() or not value.any():
        return value.copy()

    def misfit(log_variance: float) -> float:
        total = roots[told] + np.exp(log_variance)
        return float((np.log(total) + along[told] ** 2 / total).sum())

    found = minimize_scalar(misfit, bounds=(-14.0, 4.0), method="bounded")
    variance = float(np.exp(found.x))
    shrunken: FloatArray = axes @ (along * variance / (variance + roots))
    return shrunken


def _offset(
    name: tuple[int, str],
    names: dict[int, tuple[int, str]],
    severity: FloatArray,
    covariance: FloatArray,
    most_se: float,
) -> PanelOffset:
    network, panel = name
    own = [k for k, other in names.items() if other == name]
    rest = [k for k, other in names.items() if other != name and other[0] == network]
    if not rest:
        return PanelOffset(panel, len(own), network, None, None, False)
    weight = np.zeros(len(severity))
    weight[own] = 1 / len(own)
    weight[rest] = -1 / len(rest)
    se = sqrt(max(float(weight @ covariance @ weight), 0.0))
    return PanelOffset(panel, len(own), network, float(weight @ severity), se, se <= most_se)


def _against_expert(
    reference: FloatArray,
    zero: list[str],
    network: IntArray,
    covariance: FloatArray,
    expert: int,
    most_se: float,
) -> None:
    """Take the experts as zero for raters linked to them, where that zero is known well enough."""
    for row in {tuple(reference[k]) for k in np.flatnonzero(network == network[expert])}:
        group = [
            k for k in np.flatnonzero(network == network[expert]) if tuple(reference[k]) == row
        ]
        weight = np.array(row)
        if weight[expert]:
            continue
        weight[expert] = -1.0
        if float(weight @ covariance @ weight) <= most_se**2:
            for k in group:
                reference[k] = 0.0
                reference[k, expert] = 1.0
                zero[k] = EXPERT
