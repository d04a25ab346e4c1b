"""Slope and curvature of the marginal likelihood, and the errors that follow from them.

The curvature is exact (Louis 1982): information of the complete data less what not
knowing the abilities loses, Σ over persons of Cov(E[x | ability]) given the ratings.
Errors that stay honest when persons of a cluster are alike are the sandwich of the
curvature around the scores summed by cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.facets.curves import Curves
from scoring.facets.panels import Design
from scoring.facets.parameters import Layout, Parameters
from scoring.facets.posterior import Block, Expected, Nodes, blocks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROOM = 2_000_000
"""Numbers held at once while panels of one length are taken together."""
_WIDE = 32
"""Panels with more reads than this are taken one at a time, by matrix products."""


@dataclass(frozen=True)
class Slopes:
    """Curves as the row of parameters sees them, by kind of read.

    ``raters``: kinds × nodes, expected score of the read (slope by its rater's severity);
    ``beta``: kinds × difficulties and thresholds × nodes.
    """

    raters: FloatArray
    beta: FloatArray


def gradient(
    design: Design, curves: Curves, nodes: Nodes, at: Expected, parameters: Parameters
) -> FloatArray:
    """Slope of the penalised log-likelihood by every parameter."""
    layout = parameters.layout
    at_cells = design.kind_cells.T @ at.at_kinds
    surplus = np.einsum("uq,ukq->uk", at_cells, curves.tails) - design.tails
    made = np.zeros(layout.size)
    made[: layout.n_raters] = np.bincount(design.cell_rater, surplus.sum(axis=1), layout.n_raters)
    made[layout.beta] = layout.step_matrix().T @ _by_criterion(design, surplus).ravel()
    made[layout.log_sd] = at.at_nodes @ (nodes.standard**2 - 1)
    made[layout.mean] = at.at_nodes @ nodes.standard / parameters.person_sd
    return made - parameters.ridge * parameters.row


def complete_information(
    design: Design, curves: Curves, nodes: Nodes, at: Expected, parameters: Parameters
) -> FloatArray:
    """Information if the abilities were known: parameters × parameters."""
    layout = parameters.layout
    at_cells = design.kind_cells.T @ at.at_kinds
    spread = _cell_spread(curves, at_cells)
    made = np.zeros((layout.size, layout.size))
    raters = np.arange(layout.n_raters)
    made[raters, raters] = np.bincount(design.cell_rater, spread.sum(axis=(1, 2)), layout.n_raters)
    steps = layout.step_matrix().reshape(layout.n_criteria, layout.n_steps, layout.n_beta)
    crossed = np.einsum("uk,ukb->ub", spread.sum(axis=1), steps[design.cell_criterion])
    by_rater = np.zeros((layout.n_raters, layout.n_beta))
    np.add.at(by_rater, design.cell_rater, crossed)
    made[: layout.n_raters, layout.beta] = by_rater
    made[layout.beta, : layout.n_raters] = by_rater.T
    inner = _by_criterion(design, spread)
    made[layout.beta, layout.beta] = np.einsum("ckb,ckj,cjd->bd", steps, inner, steps)
    made[layout.log_sd, layout.log_sd] = 2 * at.at_nodes @ nodes.standard**2
    mixed = 2 * at.at_nodes @ nodes.standard / parameters.person_sd
    made[layout.log_sd, layout.mean] = made[layout.mean, layout.log_sd] = mixed
    made[layout.mean, layout.mean] = at.at_nodes.sum() / parameters.person_sd**2
    return made


def lost_information(
    design: Design, curves: Curves, nodes: Nodes, parameters: Parameters
) -> FloatArray:
    """Information lost because the abilities are known only from the ratings."""
    layout = parameters.layout
    made = np.zeros((layout.size, layout.size))
    for part in _score_parts(design, curves, nodes, layout, parameters.person_sd):
        count = design.group_count[part.groups].astype(float)
        if part.width > _WIDE:
            _lose_in_one_panel(made, part, count)
        else:
            _lose_in_panels(made, part, count)
    return made


def observed_information(
    design: Design, curves: Curves, nodes: Nodes, at: Expected, parameters: Parameters
) -> FloatArray:
    """Curvature of the marginal log-likelihood, sign turned; without the penalty."""
    complete = complete_information(design, curves, nodes, at, parameters)
    return complete - lost_information(design, curves, nodes, parameters)


def covariance_of(information: FloatArray, parameters: Parameters) -> FloatArray:
    """Covariance of the estimates under the sum of severities; zeros for what is fixed."""
    size = parameters.layout.size
    made = np.zeros((size, size))
    inverse = np.linalg.inv(parameters.bordered(information))
    count = int(parameters.free.sum())
    made[np.ix_(parameters.free, parameters.free)] = inverse[:count, :count]
    return made


def sandwich(covariance: FloatArray, scores: sparse.csr_array, clusters: IntArray) -> FloatArray:
    """Covariance that holds when persons of a cluster are alike.

    Parameters
    ----------
    covariance : from :func:`covariance_of`
    scores : persons × parameters, from :func:`person_scores`
    clusters : code of the cluster of each person
    """
    count = int(clusters.max()) + 1
    members = sparse.csr_array(
        (np.ones(len(clusters)), (clusters, np.arange(len(clusters)))),
        shape=(count, len(clusters)),
    )
    by_cluster = members @ scores
    inner = (by_cluster.T @ by_cluster).toarray() * (count / max(count - 1, 1))
    return np.asarray(covariance @ inner @ covariance)


def person_scores(
    design: Design, curves: Curves, nodes: Nodes, parameters: Parameters
) -> sparse.csr_array:
    """Slope of each person's log-likelihood: persons × parameters; columns sum to the gradient."""
    layout = parameters.layout
    means = _group_means(design, curves, nodes, parameters)
    persons = len(design.person_group)
    taking = sparse.csr_array(
        (np.ones(persons), (np.arange(persons), design.person_group)),
        shape=(persons, means.shape[0]),
    )
    return sparse.csr_array(taking @ means - _given(design, layout, persons))


def _given(design: Design, layout: Layout, persons: int) -> sparse.csr_array:
    """Observed sums of each person in the places of the parameters."""
    steps = layout.step_matrix().reshape(layout.n_criteria, layout.n_steps, layout.n_beta)
    reached = np.concatenate(
        [np.zeros((layout.n_criteria, 1, layout.n_beta)), np.cumsum(steps, axis=1)], axis=1
    )
    criterion = design.cell_criterion[design.rating_cell]
    beta = reached[criterion, design.rating_level]
    rows, columns = np.nonzero(beta)
    person = design.rating_person
    by_rater = (
        design.rating_level.astype(float),
        (person, design.cell_rater[design.rating_cell]),
    )
    by_beta = (beta[rows, columns], (person[rows], layout.n_raters + columns))
    shape = (persons, layout.size)
    return sparse.csr_array(by_rater, shape=shape) + sparse.csr_array(by_beta, shape=shape)


def _group_means(
    design: Design, curves: Curves, nodes: Nodes, parameters: Parameters
) -> sparse.csr_array:
    layout = parameters.layout
    values, rows, columns = [], [], []
    for part in _score_parts(design, curves, nodes, layout, parameters.person_sd):
        group = np.arange(part.groups.start, part.groups.stop)[part.chosen]
        values.append(part.means.ravel())
        rows.append(np.repeat(group, part.means.shape[1]))
        columns.append(part.places[part.group_panel].ravel())
    shape = (len(design.group_panel), layout.size)
    entries = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), entries), shape=shape)


@dataclass(frozen=True)
class _Part:
    """Panels of one length: slopes of each, and the posterior of their groups.

    ``places``: panels × slopes, where in the row each slope belongs; ``slopes``:
    panels × slopes × nodes; ``group_panel`` counts panels of the part; ``means``:
    groups × slopes.
    """

    places: IntArray
    slopes: FloatArray
    chances: FloatArray
    group_panel: IntArray
    groups: slice
    chosen: IntArray
    width: int
    means: FloatArray


def slopes_of(design: Design, curves: Curves, layout: Layout) -> Slopes:
    """Curves summed over the cells of each kind of read."""
    expected = design.kind_cells @ curves.expected
    cells, steps, count = curves.tails.shape
    matrix = layout.step_matrix().reshape(layout.n_criteria, steps, layout.n_beta)
    by_cell = np.einsum("ukb,ukq->ubq", matrix[design.cell_criterion], curves.tails)
    summed = design.kind_cells @ by_cell.reshape(cells, -1)
    return Slopes(expected, summed.reshape(-1, layout.n_beta, count))


def _score_parts(
    design: Design, curves: Curves, nodes: Nodes, layout: Layout, person_sd: float
) -> Iterator[_Part]:
    slopes = slopes_of(design, curves, layout)
    spread = np.vstack([nodes.standard**2 - 1, nodes.standard / person_sd])
    for block in blocks(design, curves, nodes):
        panel = np.repeat(
            np.arange(len(block.starts)),
            np.diff(np.append(block.starts, block.groups.stop - block.groups.start)),
        )
        lengths = np.diff(block.kinds.indptr)
        for width in np.unique(lengths):
            alike = np.flatnonzero(lengths == width)
            room = (width + layout.n_beta + 2) * len(nodes.ability)
            size = 1 if width > _WIDE else max(1, _ROOM // room)
            for first in range(0, len(alike), size):
                chosen = alike[first : first + size]
                yield _part(design, slopes, spread, block, panel, chosen, layout)


def _part(
    design: Design,
    slopes: Slopes,
    spread: FloatArray,
    block: Block,
    panel: IntArray,
    chosen: IntArray,
    layout: Layout,
) -> _Part:
    width = int(np.diff(block.kinds.indptr)[chosen[0]])
    kinds = block.kinds.indices[block.kinds.indptr[chosen][:, None] + np.arange(width)]
    of_beta = slopes.beta[kinds].sum(axis=1)
    rest = np.broadcast_to(spread, (len(chosen), *spread.shape))
    made = np.concatenate([slopes.raters[kinds], of_beta, rest], axis=1)
    others = np.arange(layout.n_raters, layout.size)
    places = np.concatenate(
        [design.kind_rater[kinds], np.broadcast_to(others, (len(chosen), len(others)))], axis=1
    )
    member = (
        np.flatnonzero(np.isin(panel, chosen))
        if len(chosen) < len(block.starts)
        else (np.arange(len(panel)))
    )
    group_panel = np.searchsorted(chosen, panel[member])
    chances = block.chances[member]
    if len(chosen) == 1:
        means = chances @ made[0].T
    else:
        means = np.matmul(made[group_panel], chances[:, :, None])[:, :, 0]
    groups = slice(block.groups.start, block.groups.stop)
    return _Part(places, made, chances, group_panel, groups, member, width, means)


def _lose_in_one_panel(made: FloatArray, part: _Part, count: FloatArray) -> None:
    weight = count[part.chosen]
    mass = weight @ part.chances
    slopes = part.slopes[0]
    lost = (slopes * mass) @ slopes.T - (part.means * weight[:, None]).T @ part.means
    made[np.ix_(part.places[0], part.places[0])] += lost


def _lose_in_panels(made: FloatArray, part: _Part, count: FloatArray) -> None:
    weight = count[part.chosen][:, None]
    starts = np.searchsorted(part.group_panel, np.arange(len(part.places)))
    mass = np.add.reduceat(part.chances * weight, starts, axis=0)
    second = np.matmul(part.slopes * mass[:, None, :], part.slopes.transpose(0, 2, 1))
    outer = (part.means * weight)[:, :, None] * part.means[:, None, :]
    second -= np.add.reduceat(outer, starts, axis=0)
    raters = part.places[:, : part.width]
    size = made.shape[0]
    fixed = slice(size - part.places.shape[1] + part.width, size)
    rows, columns = raters[:, :, None], raters[:, None, :]
    inside = second[:, : part.width, : part.width]
    np.add.at(
        made, (np.broadcast_to(rows, inside.shape), np.broadcast_to(columns, inside.shape)), inside
    )
    crossed = np.zeros((size, fixed.stop - fixed.start))
    np.add.at(crossed, raters, second[:, : part.width, part.width :])
    made[:, fixed] += crossed
    made[fixed, :] += crossed.T
    made[fixed, fixed] += second[:, part.width :, part.width :].sum(axis=0)


def _cell_spread(curves: Curves, at_cells: FloatArray) -> FloatArray:
    """Covariance of the tails summed over nodes: cells × steps × steps."""
    steps = curves.tails.shape[1]
    first = np.einsum("uq,ukq->uk", at_cells, curves.tails)
    later = np.maximum(np.arange(steps)[:, None], np.arange(steps)[None, :])
    product = np.einsum("uq,ukq,ujq->ukj", at_cells, curves.tails, curves.tails, optimize=True)
    return np.asarray(first[:, later] - product)


def _by_criterion(design: Design, of_cells: FloatArray) -> FloatArray:
    made = np.zeros((design.n_criteria, *of_cells.shape[1:]))
    np.add.at(made, design.cell_criterion, of_cells)
    return made
