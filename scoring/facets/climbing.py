"""The climb to the top of the marginal likelihood.

A first part runs on few nodes with the exact curvature, the rest on all nodes with
the curvature last computed, which costs a pass over the groups and no more. A step that
is too long is shortened whole, never entry by entry: clipped entries leave the space
in which thresholds sum to zero and end at a wrong point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from scoring.errors import ScoringError
from scoring.facets.curves import Curves, curves
from scoring.facets.information import complete_information, gradient, observed_information
from scoring.facets.panels import Design
from scoring.facets.parameters import Parameters
from scoring.facets.posterior import Expected, Nodes, expected, normal_nodes, weighed

FloatArray = NDArray[np.float64]

COARSE = 15
_LONGEST_STEP = 1.5
FARTHEST = 25.0
"""Logits from 0 at which a parameter is running away: the ratings set it no end."""


@dataclass(frozen=True)
class State:
    """One place on the climb: parameters, curves and the pass over the groups there.

    ``height`` is the log-likelihood less the penalty.
    """

    design: Design
    parameters: Parameters
    nodes: Nodes
    curves: Curves
    at: Expected
    log_likelihood: float

    @property
    def height(self) -> float:
        """What the climb makes larger: the log-likelihood less the penalty."""
        return self.log_likelihood - 0.5 * float(self.parameters.ridge @ self.parameters.row**2)

    def slope(self) -> FloatArray:
        """Gradient of the height."""
        return gradient(self.design, self.curves, self.nodes, self.at, self.parameters)

    def information(self) -> FloatArray:
        """Curvature of the log-likelihood, sign turned."""
        return observed_information(self.design, self.curves, self.nodes, self.at, self.parameters)


@dataclass(frozen=True)
class Climb:
    """Where a climb ended."""

    state: State
    iterations: int
    converged: bool


def state_at(design: Design, parameters: Parameters, nodes: Nodes) -> State:
    """Evaluate a place on given nodes."""
    steps = cell_steps(design, parameters)
    made = curves(steps, nodes.ability)
    at = expected(design, made, nodes)
    likelihood = at.log_likelihood - float((design.tails * steps).sum())
    return State(design, parameters, nodes, made, at, likelihood)


def normal_state(design: Design, parameters: Parameters, count: int) -> State:
    """Evaluate a place with normal abilities on that many nodes."""
    nodes = normal_nodes(count, parameters.person_mean, parameters.person_sd)
    return state_at(design, parameters, nodes)


def cell_steps(design: Design, parameters: Parameters) -> FloatArray:
    """Severity plus step of each cell: cells × steps, logit."""
    severity = parameters.severity[design.cell_rater]
    return severity[:, None] + parameters.steps()[design.cell_criterion]


def climb(design: Design, parameters: Parameters, count: int, tolerance: float, most: int) -> Climb:
    """Climb on few nodes, then on all.

    Raises
    ------
    ScoringError
        If no step leads up.
    """
    coarse = min(COARSE, count)
    state, done = _with_exact_curvature(normal_state(design, parameters, coarse), coarse, most)
    return settle(state.parameters, state, count, tolerance, most, done)


def settle(
    parameters: Parameters,
    near: State,
    count: int,
    tolerance: float,
    most: int,
    done: int = 0,
) -> Climb:
    """Climb on all nodes with the curvature of a place nearby, renewed when steps stop shrinking.

    The nodes stand still, so that slope and height belong together; where the persons turn
    out to spread farther than the nodes reach, they are set anew.
    """
    state = normal_state(near.design, parameters, count)
    ability = state.nodes.ability
    curvature = Curvature.of(replace(near, parameters=parameters), parameters)
    last = np.inf
    for iteration in range(done + 1, most + 1):
        after = _advance(state, curvature.step(state), lambda _: ability)
        if after is None:
            raise no_fit()
        state, length = after
        if 2 * 3.8 * state.parameters.person_sd > np.ptp(ability):
            return settle(state.parameters, state, count, tolerance, most, iteration)
        if length < tolerance:
            return Climb(state, iteration, True)
        if length > 0.3 * last or _bound_met(state, curvature):
            curvature = Curvature.of(state, state.parameters)
        last = length
    return Climb(state, most, False)


@dataclass(frozen=True)
class Curvature:
    """A curvature made ready to solve."""

    factors: Any
    free: int

    @classmethod
    def of(cls, state: State, parameters: Parameters) -> Curvature:
        """Take the exact curvature, mixed with that of known abilities where it is no cap."""
        exact = information = state.information()
        if not _is_cap(exact, parameters):
            known = complete_information(
                state.design, state.curves, state.nodes, state.at, parameters
            )
            parts = (exact + share * (known - exact) for share in (1 / 16, 1 / 4))
            information = next((part for part in parts if _is_cap(part, parameters)), known)
        bordered = parameters.bordered(information)
        return cls(linalg.lu_factor(bordered, check_finite=False), int(parameters.free.sum()))

    def step(self, state: State) -> FloatArray:
        """Step of the whole row towards the top, shortened whole where it is too long."""
        parameters = state.parameters
        right = state.slope()[parameters.free]
        if parameters.centred.any():
            right = np.append(right, -float(parameters.row[parameters.centred].sum()))
        step = parameters.widened(linalg.lu_solve(self.factors, right, check_finite=False))
        return step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))


def _with_exact_curvature(state: State, count: int, most: int) -> tuple[State, int]:
    """Climb on a few moving nodes; ends where their coarseness shows, too."""

    def renewed(parameters: Parameters) -> FloatArray:
        nodes = normal_nodes(count, parameters.person_mean, parameters.person_sd)
        return nodes.ability

    for done in range(1, most + 1):
        after = _advance(state, Curvature.of(state, state.parameters).step(state), renewed)
        if after is None:
            return state, done
        state, length = after
        if length < 0.05:
            return state, done
    return state, most


def _is_cap(information: FloatArray, parameters: Parameters) -> bool:
    free, centred = parameters.free, parameters.centred[parameters.free].astype(float)
    inside = information[np.ix_(free, free)] + np.diag(parameters.ridge[free])
    try:
        linalg.cholesky(
            inside + inside.diagonal().mean() * np.outer(centred, centred), check_finite=False
        )
    except linalg.LinAlgError:
        return False
    return True


def _advance(
    state: State, step: FloatArray, abilities: Callable[[Parameters], FloatArray]
) -> tuple[State, float] | None:
    """Take the step, halved until it does not go down; None where no part of it goes up."""
    # The SD follows the persons' second moment, as in other programs; on nodes that end
    # that is not quite the top, so the height may fall by a trifle.
    slack = 1e-7 * abs(state.height)
    if abs(float(state.parameters.row[state.parameters.centred].sum())) > 1e-6:
        slack = np.inf  # the sum of severities is being put right first
    if np.abs(state.parameters.row + step).max() > FARTHEST:
        raise no_fit()
    for _ in range(30):
        moved = state.parameters.moved(step)
        nodes = weighed(abilities(moved), moved.person_mean, moved.person_sd)
        after = state_at(state.design, moved, nodes)
        if after.height >= state.height - slack:
            return after, float(np.abs(step).max())
        step = step / 2
    return None


def _bound_met(state: State, curvature: Curvature) -> bool:
    """Whether the person SD has met its bound, so that a parameter less is free."""
    return int(state.parameters.free.sum()) != curvature.free


def no_fit() -> ScoringError:
    """Error of a climb that leads nowhere."""
    return ScoringError(
        "ratings: the fit gets nowhere; a rater, criterion or level has too little in common "
        "with the rest. Leave it out, or fit with a penalty.",
        key="facets.no_fit",
    )
