"""Tables of a fitted facets model: flat objects, None for what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rubrics.policy_pack import PolicyPack
from scoring.facets.coding import FacetRatings
from scoring.facets.connectedness import Connectedness
from scoring.facets.curves import curves
from scoring.facets.fit_statistics import exact_agreement, mean_squares, separation
from scoring.facets.information import person_scores, sandwich
from scoring.facets.joint import JointFit
from scoring.facets.limits import FitLimits
from scoring.facets.measures import expected_abilities, measures
from scoring.facets.residuals import (
    Interactions,
    rater_by_criterion,
    rater_by_part,
    unexpected_ratings,
)
from scoring.facets.scale_model import ScaleModel
from workbench.services.facets_standpoints import Standpoints

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Rows = list[dict[str, Any]]
Grouping = tuple[IntArray, tuple[str, ...]]


def marginal_report(
    model: ScaleModel,
    ratings: FacetRatings,
    against: Standpoints,
    *,
    clusters: Grouping | None,
    schools: Grouping | None,
    limits: tuple[FitLimits, FitLimits] | None,
    policy: PolicyPack,
) -> dict[str, Any]:
    """Tables of a marginal fit.

    Parameters
    ----------
    against : the zero each severity and ability is told against
    clusters, schools : code of each person, −1 for none, and the names
    limits : of fit, of raters and of criteria
    """
    plain = covariance = model.covariance()
    if clusters is not None and len(clusters[1]) >= int(policy["agreement.min_clusters"]):
        covariance = _clustered(model, covariance, clusters[0])
    fits = mean_squares(model.state_)
    rater_limits, criterion_limits = limits or (None, None)
    rows = _fitted("rater", ratings.raters, fits[0], rater_limits)
    severity, errors = _severities(rows, model, against, covariance, plain)
    told = ~model.extreme_ & model.state_.parameters.free[: len(rows)]
    parted = separation(severity[told], errors[told])
    min_persons = int(policy["facets.min_persons"])
    return _plain(
        {
            "model": model.options.form,
            "method": "mml",
            "raters": [_ordered(row, "rater", "severity", "se") for row in rows],
            "panels": list(against.panels),
            "criteria": _criteria(model, ratings, covariance, fits[1], criterion_limits),
            "thresholds": _thresholds(model, ratings, covariance),
            "persons": _persons(model, ratings, against, severity),
            "deviance": model.deviance_,
            "person_sd": model.person_sd_,
            "person_mean": model.person_mean_,
            "halo_sd": None,
            "penalty_sd": model.penalty_sd_,
            "separation": parted.separation,
            "strata": parted.strata,
            "reliability": parted.reliability,
            "agreement": vars(exact_agreement(model.state_)),
            "unexpected": _unexpected(model, ratings, policy),
            "interactions": _interactions(model, ratings, schools, min_persons),
            "iterations": model.iterations_,
            "converged": model.converged_,
        }
    )


def _severities(
    rows: Rows,
    model: ScaleModel,
    against: Standpoints,
    covariance: FloatArray,
    plain: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Fill in the rows of raters; severities and their errors against the stated zeros."""
    raters = slice(0, len(rows))
    within = _within(against.rater, model)
    severity = within @ model.severity_
    errors = _roots(within @ covariance[raters, raters] @ within.T)
    model_errors = _roots(within @ plain[raters, raters] @ within.T)
    for code, row in enumerate(rows):
        row |= {
            "severity": severity[code], "se": errors[code], "se_model": model_errors[code],
            "zero": against.zero[code], "subset": against.rater_subset[code] + 1,
            "extreme": model.extreme_[code],
        }  # fmt: skip
    return severity, errors


def joint_report(found: JointFit, ratings: FacetRatings, joined: Connectedness) -> dict[str, Any]:
    """Tables of a joint fit, × (L − 1) / L, named so."""
    raters = _fitted("rater", ratings.raters, found.raters, None)
    for code, row in enumerate(raters):
        row |= {"severity": found.severity[code], "se": found.severity_se[code]}
        row["subset"] = joined.rater_subset[code] + 1
    criteria = _fitted("criterion", ratings.criteria, found.criteria, None)
    for code, row in enumerate(criteria):
        row |= {
            "difficulty": found.steps[code].mean(),
            "se": None,
            "deltas": list(found.steps[code]),
        }
    persons = zip(ratings.persons, found.ability, found.ability_se, strict=True)
    return _plain(
        {
            "model": "rsm" if np.ptp(found.steps - found.steps[:, :1], axis=0).max() < 1e-9 else "pcm",
            "method": "jmle",
            "shrinkage": found.shrinkage,
            "raters": [_ordered(row, "rater", "severity", "se") for row in raters],
            "criteria": [_ordered(row, "criterion", "difficulty", "se") for row in criteria],
            "thresholds": [],
            "persons": [
                {"person": name, "eap": None, "eap_sd": None, "wle": None, "wle_se": None,
                 "measure": value, "measure_se": error}
                for name, value, error in persons
            ],
            "deviance": None,
            "person_sd": np.nanstd(found.ability),
            "halo_sd": None,
            "separation": found.separation.separation,
            "strata": found.separation.strata,
            "reliability": found.separation.reliability,
            "iterations": found.iterations,
        }
    )  # fmt: skip


def _clustered(model: ScaleModel, covariance: FloatArray, clusters: IntArray) -> FloatArray:
    """Sandwich by cluster; a person without one is its own."""
    state = model.state_
    alone = clusters < 0
    codes = clusters.copy()
    codes[alone] = clusters.max() + 1 + np.arange(alone.sum())
    scores = person_scores(state.design, state.curves, state.nodes, state.parameters)
    return sandwich(covariance, scores, codes)


def _within(subset: IntArray, model: ScaleModel) -> FloatArray:
    """Matrix that takes the mean of each subset away, unless anchors in it set its origin.

    The identity where there is one subset.
    """
    if subset.max() == 0:
        return np.eye(len(subset))
    held = np.isin(subset, subset[~model.state_.parameters.free[: len(subset)]])
    same = (subset[:, None] == subset[None, :]) & ~model.extreme_[None, :] & ~held[:, None]
    return np.asarray(np.eye(len(subset)) - same / np.maximum(same.sum(axis=1, keepdims=True), 1))


def _roots(covariance: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.maximum(covariance.diagonal(), 0.0)))


def _fitted(facet: str, names: Sequence[str], fit: Any, limits: FitLimits | None) -> Rows:
    """Rows with fit; with limits, which of the two lies outside."""
    rows = []
    for code, name in enumerate(names):
        row: dict[str, Any] = {facet: name, "infit": fit.infit[code], "outfit": fit.outfit[code]}
        row["n"] = fit.count[code]
        for kind in ("infit", "outfit"):
            low, high = getattr(limits, kind)[code] if limits else (None, None)
            row |= {f"{kind}_lo": low, f"{kind}_hi": high}
        rows.append(row)
    return rows


def _criteria(
    model: ScaleModel,
    ratings: FacetRatings,
    covariance: FloatArray,
    fit: Any,
    limits: FitLimits | None,
) -> Rows:
    first = len(ratings.raters)
    rows = _fitted("criterion", ratings.criteria, fit, limits)
    for code, row in enumerate(rows):
        row["difficulty"] = model.steps_[code].mean()
        row["se"] = np.sqrt(max(covariance[first + code, first + code], 0.0))
        row["deltas"] = list(model.steps_[code])
        row["extreme"] = model.extreme_criteria_[code]
    return [_ordered(row, "criterion", "difficulty", "se") for row in rows]


def _thresholds(model: ScaleModel, ratings: FacetRatings, covariance: FloatArray) -> Rows:
    """Thresholds about the difficulty; without a criterion where they are common to all."""
    layout = model.state_.parameters.layout
    matrix = layout.step_matrix()
    matrix[:, : layout.n_criteria] = 0.0
    errors = _roots(matrix @ covariance[layout.beta, layout.beta] @ matrix.T)
    values = model.steps_ - model.steps_.mean(axis=1, keepdims=True)
    criteria = range(layout.n_criteria if layout.form == "pcm" else 1)
    return [
        {
            "criterion": ratings.criteria[code] if layout.form == "pcm" else None,
            "level": ratings.levels[step + 1],
            "threshold": values[code, step],
            "se": errors[code * layout.n_steps + step],
        }
        for code in criteria
        for step in range(layout.n_steps)
    ]


def _persons(
    model: ScaleModel, ratings: FacetRatings, against: Standpoints, severity: FloatArray
) -> Rows:
    """Abilities, and the mean level a rater of mean severity would give over all criteria."""
    found = measures(model.state_)
    groups, first = np.unique(against.rater, return_index=True)
    moved = np.zeros(int(groups.max()) + 1)
    moved[groups] = (model.severity_ - severity)[first]
    away = moved[against.person]
    fair = _fair(model.steps_, ratings, found.eap)
    return [
        {
            "person": name,
            "eap": found.eap[code] - away[code],
            "eap_sd": found.eap_sd[code],
            "wle": found.wle[code] - away[code],
            "wle_se": found.wle_se[code],
            "fair_average": fair[code] if not away[code] else None,
            "subset": against.person_subset[code] + 1,
        }
        for code, name in enumerate(ratings.persons)
    ]


def _fair(steps: FloatArray, ratings: FacetRatings, ability: FloatArray) -> FloatArray:
    try:
        values = np.array([float(level) for level in ratings.levels])
    except ValueError:
        values = np.arange(len(ratings.levels), dtype=float)
    chances = curves(steps, ability).chances
    return np.asarray(np.einsum("ckp,k->p", chances, values) / len(steps))


def _unexpected(model: ScaleModel, ratings: FacetRatings, policy: PolicyPack) -> Rows:
    ability, _ = expected_abilities(model.state_)
    found = unexpected_ratings(model.state_, ability, float(policy["facets.unexpected"]))
    return [
        {
            "person": ratings.persons[found.person[row]],
            "criterion": ratings.criteria[found.criterion[row]],
            "rater": ratings.raters[found.rater[row]],
            "level": ratings.levels[found.level[row]],
            "expected": found.expected[row],
            "residual": found.residual[row],
        }
        for row in range(len(found.person))
    ]


def _interactions(
    model: ScaleModel, ratings: FacetRatings, schools: Grouping | None, min_persons: int
) -> Rows:
    """Tell raters who are harsher on one criterion or in one school, the surest first."""
    rows: Rows = []
    if len(ratings.criteria) > 1:
        found = rater_by_criterion(model.state_, min_persons)
        rows += _interaction_rows("criterion", found, ratings, ratings.criteria)
    if schools is not None and len(schools[1]) > 1:
        found = rater_by_part(model.state_, schools[0], min_persons)
        rows += _interaction_rows("school", found, ratings, schools[1])
    return sorted(rows, key=lambda row: (np.isnan(row["p"]), row["p"]))


def _interaction_rows(
    kind: str, found: Interactions, ratings: FacetRatings, parts: Sequence[str]
) -> Rows:
    return [
        {
            "rater": ratings.raters[found.rater[row]],
            "by": kind,
            "part": parts[found.part[row]],
            "persons": found.persons[row],
            "effect": found.effect[row],
            "se": found.se[row],
            "p": found.p[row],
            "q": found.q[row],
        }
        for row in range(len(found.rater))
    ]


def _ordered(row: dict[str, Any], *first: str) -> dict[str, Any]:
    return {**{name: row[name] for name in first}, **row}


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _own(each) for key, each in value.items()}


def _own(value: Any) -> Any:
    """Python's own numbers and None, as JSON wants them."""
    if isinstance(value, dict):
        return {key: _own(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_own(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not isfinite(value) else value
