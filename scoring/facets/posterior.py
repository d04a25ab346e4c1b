"""What the ratings say about each group's ability: chances over nodes, block by block.

One pass over groups costs two sparse products and one exponential a node. Blocks
keep the work in the cache and the memory small whatever the number of persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.facets.curves import Curves
from scoring.facets.panels import Design

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BLOCK = 2048
"""Panels taken at once."""


@dataclass(frozen=True)
class Nodes:
    """Abilities the integral is taken at.

    Attributes
    ----------
    ability : logit
    standard : (ability − mean) / SD
    log_weight : logs of weights that sum to 1
    """

    ability: FloatArray
    standard: FloatArray
    log_weight: FloatArray


@dataclass(frozen=True)
class Block:
    """Some panels and the groups in them.

    Attributes
    ----------
    kinds : sparse, panels × kinds of read
    groups : where the groups of the block stand among all
    starts : first group of each panel, counted from the block's first
    chances : groups × nodes, each row sums to 1
    log_density : log of Σ weight × exp(…) of each group
    """

    kinds: sparse.csr_array
    groups: slice
    starts: IntArray
    chances: FloatArray
    log_density: FloatArray


@dataclass(frozen=True)
class Expected:
    """One pass over all groups.

    Attributes
    ----------
    log_likelihood : marginal, without what does not depend on ability
    at_kinds : kinds of read × nodes, expected persons there
    at_nodes : expected persons at each node
    """

    log_likelihood: float
    at_kinds: FloatArray
    at_nodes: FloatArray


def normal_nodes(count: int, mean: float, sd: float) -> Nodes:
    """Equally spaced nodes of a normal distribution.

    The trapezium rule is exact to rounding while the distance of the nodes stays under
    about one posterior SD. The nodes reach six SD, but no farther than 8 logits, beyond
    which no rating tells abilities apart, unless 3.9 SD are farther still.
    """
    reach = sd * min(max(8.0 / sd, 3.9), 6.0)
    return weighed(mean + np.linspace(-reach, reach, count), mean, sd)


def weighed(ability: FloatArray, mean: float, sd: float) -> Nodes:
    """Weigh given abilities by a normal distribution."""
    standard = (ability - mean) / sd
    log_weight = -0.5 * standard**2
    log_weight -= np.log(np.exp(log_weight).sum())
    return Nodes(ability, standard, log_weight)


def nodes_for(longest: int, persons: int) -> int:
    """How many nodes serve persons with that many ratings; few persons get more at no cost.

    >>> nodes_for(9, 100_000), nodes_for(9, 300), nodes_for(60, 300)
    (41, 121, 161)
    """
    needed = next((n for most, n in ((12, 41), (48, 81), (192, 161)) if longest <= most), 321)
    return max(needed, 121 if persons <= 5000 else 0)


def blocks(design: Design, curves_: Curves, nodes: Nodes) -> Iterator[Block]:
    """Posterior chances of every group, some panels at a time."""
    logs = -(design.kind_cells @ curves_.log_normaliser)
    starts = design.group_starts
    n_panels = design.panel_kinds.shape[0]
    for first in range(0, n_panels, BLOCK):
        last = min(first + BLOCK, n_panels)
        kinds = design.panel_kinds[first:last]
        groups = slice(int(starts[first]), int(starts[last]))
        made = kinds @ logs
        made += nodes.log_weight
        inside = starts[first:last] - groups.start
        if groups.stop - groups.start > last - first:
            made = made[design.group_panel[groups] - first]
        made += design.group_score[groups, None] * nodes.ability
        top = made.max(axis=1)
        made -= top[:, None]
        np.exp(made, out=made)
        total = made.sum(axis=1)
        made /= total[:, None]
        yield Block(kinds, groups, inside, made, top + np.log(total))


def expected(design: Design, curves_: Curves, nodes: Nodes) -> Expected:
    """One pass over all groups: the likelihood and where the persons are."""
    at_kinds = np.zeros((design.kind_cells.shape[0], len(nodes.ability)))
    at_nodes = np.zeros(len(nodes.ability))
    total = 0.0
    for block in blocks(design, curves_, nodes):
        count = design.group_count[block.groups]
        total += float(count @ block.log_density)
        mass = per_panel(block, block.chances * count[:, None])
        at_kinds += block.kinds.T @ mass
        at_nodes += mass.sum(axis=0)
    return Expected(total, at_kinds, at_nodes)


def per_panel(block: Block, of_groups: FloatArray) -> FloatArray:
    """Sum rows of groups to rows of panels."""
    if len(of_groups) == len(block.starts):
        return of_groups
    return np.asarray(np.add.reduceat(of_groups, block.starts, axis=0))
