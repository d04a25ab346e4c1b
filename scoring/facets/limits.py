"""How far fit may lie from 1 by chance: the fitted model simulated, fitted again and measured.

Fixed rules (0.5 to 1.5, |t| > 2) are wrong for sparse designs; the limits here are those
of this design (parametric bootstrap). Each simulated table is fitted by one Newton
step from the estimates, which is as good as a whole fit so near the top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from scoring.facets.climbing import Curvature, State, cell_steps, state_at
from scoring.facets.fit_statistics import mean_squares
from scoring.facets.panels import with_levels
from scoring.facets.posterior import Nodes

FloatArray = NDArray[np.float64]
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class FitLimits:
    """Bounds of fit under the model: raters or criteria × (low, high)."""

    infit: FloatArray
    outfit: FloatArray


def fit_limits(
    state: State, draws: int, random_seed: int, level: float = 0.95, tick: Tick | None = None
) -> tuple[FitLimits, FitLimits]:
    """Bounds of infit and outfit of raters and of criteria.

    Parameters
    ----------
    draws : simulated tables; the bounds are normal on the log scale, so 50 are enough
    level : share of fits inside the bounds where the model holds
    """
    rng = np.random.default_rng(random_seed)
    curvature = Curvature.of(state, state.parameters)
    found: list[list[FloatArray]] = []
    for draw in range(draws):
        raters, criteria = mean_squares(_refitted(state, curvature, rng))
        found.append([raters.infit, raters.outfit, criteria.infit, criteria.outfit])
        if tick is not None:
            tick(draw + 1, draws)
    bounds = [_bounds(np.log(np.array(each)), level) for each in zip(*found, strict=True)]
    return FitLimits(bounds[0], bounds[1]), FitLimits(bounds[2], bounds[3])


def simulated_levels(state: State, rng: np.random.Generator) -> NDArray[np.int32]:
    """Levels of every rating, drawn from the model."""
    design = state.design
    ability = _abilities(state.nodes, len(design.person_group), rng)
    steps = cell_steps(design, state.parameters)
    ability_of = ability[design.rating_person][:, None]
    logits = np.cumsum(ability_of - steps[design.rating_cell], axis=1)
    top = np.maximum(logits.max(axis=1, keepdims=True), 0.0)
    weights = np.concatenate([np.exp(-top), np.exp(logits - top)], axis=1).cumsum(axis=1)
    drawn = rng.random(len(weights))[:, None] * weights[:, -1:]
    return np.asarray((drawn > weights[:, :-1]).sum(axis=1), np.int32)


def _abilities(nodes: Nodes, persons: int, rng: np.random.Generator) -> FloatArray:
    """Draw a node, then a place in the interval around it."""
    width = nodes.ability[1] - nodes.ability[0]
    chance = np.exp(nodes.log_weight)
    drawn = rng.choice(nodes.ability, persons, p=chance / chance.sum())
    return np.asarray(drawn + (rng.random(persons) - 0.5) * width)


def _refitted(state: State, curvature: Curvature, rng: np.random.Generator) -> State:
    design = with_levels(state.design, simulated_levels(state, rng))
    there = state_at(design, state.parameters, state.nodes)
    return state_at(design, state.parameters.moved(curvature.step(there)), state.nodes)


def _bounds(logs: FloatArray, level: float) -> FloatArray:
    reach = float(special.ndtri(0.5 + level / 2)) * logs.std(axis=0, ddof=1)
    middle = logs.mean(axis=0)
    return np.asarray(np.exp(np.stack([middle - reach, middle + reach], axis=1)))
