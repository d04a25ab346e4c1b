"""How much ability each person shows: expected a posteriori, and Warm's weighted likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.facets.climbing import State, cell_steps
from scoring.facets.curves import Curves, curves
from scoring.facets.panels import Design
from scoring.facets.posterior import blocks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_ROUNDS = 200
_EXACT = 1e-9
_LEAST_SPREAD = 1e-10


@dataclass(frozen=True)
class Measures:
    """Abilities of persons, logit, one entry a person.

    ``eap`` and ``eap_sd``: mean and SD given the ratings and the other persons; drawn
    towards the mean. ``wle`` and ``wle_se``: from the person's own ratings alone (Warm 1989).
    """

    eap: FloatArray
    eap_sd: FloatArray
    wle: FloatArray
    wle_se: FloatArray


def measures(state: State) -> Measures:
    """Abilities of all persons, computed once for each group of alike ones."""
    mean, sd = expected_abilities(state)
    steps = cell_steps(state.design, state.parameters)
    warm, error = weighted_likelihood(state.design, steps, mean)
    of = state.design.person_group
    return Measures(mean[of], sd[of], warm[of], error[of])


def expected_abilities(state: State) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and SD of each group."""
    ability = state.nodes.ability
    means, spreads = [], []
    for block in blocks(state.design, state.curves, state.nodes):
        mean = block.chances @ ability
        means.append(mean)
        spreads.append(block.chances @ ability**2 - mean**2)
    return np.concatenate(means), np.sqrt(np.maximum(np.concatenate(spreads), 0.0))


def weighted_likelihood(
    design: Design, steps: FloatArray, start: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Solve score − Σ E + Σ μ₃ / (2 Σ V) = 0 for each group (Warm 1989, eq. 11).

    Parameters
    ----------
    steps : cells × steps, severity plus step (logit)
    start : ability of each group to begin from

    Returns
    -------
    ability and standard error, 1 / √ΣV, of each group
    """
    return _solved(design, steps, start, np.arange(len(start)), weighted=True)


def joint_likelihood(
    design: Design, steps: FloatArray, start: FloatArray, groups: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Solve score − Σ E = 0 for the chosen groups, which must not be at an end of the scale."""
    return _solved(design, steps, start, groups, weighted=False)


def _solved(
    design: Design, steps: FloatArray, start: FloatArray, groups: IntArray, *, weighted: bool
) -> tuple[FloatArray, FloatArray]:
    ability, error = start.copy(), np.zeros(len(start))
    panel_cells = (design.panel_kinds @ design.kind_cells).tocsr()
    active = groups
    for _ in range(_MOST_ROUNDS):
        cells, member = cells_of(panel_cells, design.group_panel[active])
        made = curves(steps[cells], ability[active][member][:, None])
        spread = np.bincount(member, made.variance[:, 0], len(active))
        spread = np.maximum(spread, _LEAST_SPREAD)
        surplus: FloatArray = design.group_score[active].astype(float)
        surplus -= np.bincount(member, made.expected[:, 0], len(active))
        if weighted:
            surplus += np.bincount(member, made.third[:, 0], len(active)) / (2 * spread)
        step = np.clip(surplus / spread, -1.0, 1.0)
        ability[active] += step
        error[active] = 1 / np.sqrt(spread)
        active = active[np.abs(step) > _EXACT]
        if len(active) == 0:
            break
    return ability, error


def cells_of(panel_cells: sparse.csr_array, panels: IntArray) -> tuple[IntArray, IntArray]:
    """Cells of each of some panels, and which of them each cell belongs to."""
    starts, indices = panel_cells.indptr, panel_cells.indices
    length = np.diff(starts)[panels]
    member = np.repeat(np.arange(len(panels)), length)
    before = np.repeat(np.append(0, np.cumsum(length))[:-1], length)
    inside = np.arange(len(member)) - before
    return indices[starts[panels][member] + inside], member


def curves_at(design: Design, steps: FloatArray, ability: FloatArray) -> Curves:
    """Curves of every rating at the ability of its person (one ability each)."""
    own = ability[design.person_group[design.rating_person]]
    return curves(steps[design.rating_cell], own[:, None])
