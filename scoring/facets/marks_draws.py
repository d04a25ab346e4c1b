"""Draws from a fitted marks model: parameters from their sampling distribution, pieces given these."""

from __future__ import annotations

import numpy as np

from scoring.facets.draws import MarkDraws
from scoring.facets.marks_coding import FloatArray, IntArray
from scoring.facets.marks_fitting import LEAST_SD
from scoring.facets.marks_likelihood import (
    Grid,
    Layout,
    Point,
    Posterior,
    Tables,
    fits,
    grid_for,
    posterior,
    tables,
)

_BLOCK = 250_000  # cells of distribution functions held at once


def draw_marks(
    layout: Layout,
    grid: Grid,
    point: Point,
    covariance: FloatArray,
    count: int,
    parameter_draws: int,
    random_seed: int,
) -> MarkDraws:
    """Joint draws; each draw of the parameters serves count / parameter_draws draws of pieces.

    With no draw of the parameters they are held at their estimates.

    Pieces are drawn from their posterior given the parameters of the same
    draw, first the teacher's part, then each piece given that.
    """
    rng = np.random.default_rng(random_seed)
    points = _parameters(layout, point, covariance, parameter_draws, rng)
    each = np.array_split(np.arange(count), len(points))
    codes = layout.codes
    ability = np.empty((count, len(codes.pieces)), dtype=np.float32)
    severity = np.empty((count, len(codes.raters)), dtype=np.float32)
    difficulty = np.empty((count, len(codes.criteria)), dtype=np.float32)
    halo_sd = np.empty(count, dtype=np.float32)
    for at, which in zip(points, each, strict=True):
        if not fits(layout, grid, at):
            grid = grid_for(layout, at)
        made = tables(layout, grid, at)
        known = posterior(layout, made, at)
        ability[which[:, None], layout.ordinary] = _pieces(
            layout, grid, made, known, len(which), rng
        )
        ability[which[:, None], layout.wide] = at.wide
        severity[which], difficulty[which] = at.severity, at.difficulty
        halo_sd[which] = at.halo_sd
    mean, left = halo_of_reads(layout, grid_for(layout, point), point)
    return MarkDraws(
        codes.pieces, codes.criteria, codes.raters, ability, difficulty, severity, halo_sd,
        codes.read_piece, codes.read_rater, mean.astype(np.float32), left.astype(np.float32),
    )  # fmt: skip


def halo_of_reads(layout: Layout, grid: Grid, point: Point) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and SD of the halo of each read, logits.

    The halo is ability and halo together (η) less ability; both moments follow
    from the joint weights of η and θ of the read.
    """
    codes = layout.codes
    made = tables(layout, grid, point)
    over_piece = np.zeros((len(codes.pieces), made.kernel.shape[1]))
    n_theta = len(grid.theta)
    over_piece[layout.ordinary, :n_theta] = posterior(layout, made, point).ability
    over_piece[layout.wide, n_theta + np.arange(len(layout.wide))] = 1.0
    centre = np.concatenate([grid.theta, point.wide])
    apart = grid.eta[:, None] - centre
    first, second = made.kernel * apart, made.kernel * apart**2
    weight = over_piece[codes.read_piece] / made.at_theta[codes.read_row]
    mean = ((made.at_eta @ first)[codes.read_row] * weight).sum(axis=1)
    square = ((made.at_eta @ second)[codes.read_row] * weight).sum(axis=1)
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def _parameters(
    layout: Layout, point: Point, covariance: FloatArray, count: int, rng: np.random.Generator
) -> list[Point]:
    """Points drawn from the normal around the estimates.

    Standard deviations vary on their own scale, cut at the least that can be
    told; on the logarithm's one that is hardly known would run far up.
    """
    if not count:
        return [point]
    roots, axes = np.linalg.eigh(covariance)
    stretch = axes * np.sqrt(np.maximum(roots, 0.0))
    centre = point.packed()
    drawn = centre + rng.standard_normal((count, len(roots))) @ stretch.T
    least = LEAST_SD / np.exp(centre[-3:])
    change = np.maximum(1 + drawn[:, -3:] - centre[-3:], np.minimum(least, 1.0))
    drawn[:, -3:] = centre[-3:] + np.log(change)
    return [Point.unpacked(one, layout.sizes) for one in drawn]


def _pieces(
    layout: Layout, grid: Grid, made: Tables, known: Posterior, count: int, rng: np.random.Generator
) -> FloatArray:
    """Abilities of ordinary pieces: draws × pieces."""
    node = _places(known.node, np.arange(len(known.node)), rng.random((count, len(known.node))))
    nodes = np.clip(np.rint(node), 0, known.node.shape[1] - 1).astype(np.int64)
    nodes = nodes[:, layout.teacher_place]
    drawn = np.empty((count, len(layout.ordinary)))
    n_nodes = known.node.shape[1]
    step = max(1, _BLOCK // (min(count, n_nodes) * len(grid.theta)))
    for start in range(0, len(layout.ordinary), step):
        at = slice(start, start + step)
        likelihood = known.piece_likelihood[at]
        if count < n_nodes:  # only the nodes drawn
            joint = likelihood * made.spread.T[nodes[:, at]]
            rows = np.arange(count * len(likelihood)).reshape(count, -1)
        else:  # every node, for many draws to look up
            joint = likelihood[:, None, :] * made.spread.T
            rows = np.arange(len(likelihood)) * n_nodes + nodes[:, at]
        uniform = rng.random(rows.shape)
        drawn[:, at] = _places(joint.reshape(-1, len(grid.theta)), rows, uniform)
    ability: FloatArray = grid.theta[0] + drawn * grid.step
    return ability


def _places(weights: FloatArray, rows: IntArray, uniform: FloatArray) -> FloatArray:
    """Draw a place along the grid from each named row of weights, between points linearly.

    A point's weight is spread evenly over its cell, half a step each way; the
    uniform makes what is drawn continuous.
    """
    level = np.cumsum(weights, axis=1)
    level /= level[:, -1:]
    size = level.shape[1]
    flat = (level + np.arange(len(level))[:, None]).ravel()
    found = np.searchsorted(flat, uniform + rows, side="right") - rows * size
    found = np.clip(found, 0, size - 1)
    upper = level[rows, found]
    lower = np.where(found > 0, level[rows, np.maximum(found - 1, 0)], 0.0)
    inside: FloatArray = found - 0.5 + (uniform - lower) / np.maximum(upper - lower, 1e-300)
    return inside
