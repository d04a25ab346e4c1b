"""Likelihood of marks with pieces, teachers and halo integrated out, and its gradient.

The model: a mark is met with the logit ``θ − d − s + h``. Ability θ = u + v has
a part u of the teacher and a part v of the piece, both normal; h, the halo, is
normal and drawn once for each read. d is the difficulty of the criterion, s the
severity of the rater. Given θ reads are independent, and within a read the
count of criteria met is sufficient for θ + h.

All integrals are trapezoid sums over even grids, which for normal weights err
by exp(−2π²σ²/δ²): 5e-9 where the step δ is at most each standard deviation.
The grid of θ + h goes with that of θ, so that integrating the halo out of all
reads is one matrix product, and integrating pieces out of teachers another.

A piece nearly everybody read (a hidden seed) tells its ability far more
sharply than a grid can follow; such *wide* pieces have their ability as a
parameter, with a prior too weak to matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from scoring.facets.marks_coding import FloatArray, IntArray, MarkCodes

WEAK_SD = 3.0  # logits, of the prior of what marks alone may leave without bound
_REACH = 6.0  # standard deviations a grid covers each way
_COARSEST = 0.4  # logits: finer than the posterior of a piece read a few times
_FEW_READS = 12  # a piece read more often than this is told more sharply


@dataclass(frozen=True)
class Layout:
    """Which reads make which piece and teacher, worked out once for all evaluations.

    Attributes
    ----------
    ordinary, wide : codes of pieces; ordinary ones ordered by teacher
    gather : ordinary pieces × rows, how many reads of a piece fall on a row
    wide_counts : rows × wide pieces, the same for wide ones
    teacher_starts : where each teacher's pieces begin among the ordinary
    teacher_place : place of the teacher of each ordinary piece
    combo_starts : where each combo's rows begin
    clustered : whether any teacher has several pieces
    """

    codes: MarkCodes
    ordinary: IntArray
    wide: IntArray
    gather: csr_matrix
    wide_counts: FloatArray
    teacher_starts: IntArray
    teacher_place: IntArray
    combo_starts: IntArray
    clustered: bool

    @property
    def sizes(self) -> tuple[int, int, int]:
        """How many severities, difficulties and wide abilities there are."""
        return len(self.codes.raters), len(self.codes.criteria), len(self.wide)


@dataclass(frozen=True)
class Grid:
    """Even grids: ``theta`` of ability, ``eta`` of ability and halo together, ``node`` of u."""

    theta: FloatArray
    eta: FloatArray
    node: FloatArray

    @property
    def step(self) -> float:
        """Distance of neighbouring points, logits."""
        return float(self.theta[1] - self.theta[0])


@dataclass(frozen=True)
class Point:
    """One value of every parameter; standard deviations in logits."""

    severity: FloatArray
    difficulty: FloatArray
    wide: FloatArray
    teacher_sd: float
    piece_sd: float
    halo_sd: float

    def packed(self) -> FloatArray:
        """One vector: severities, difficulties, wide abilities, logarithms of the three SDs."""
        sds = np.log([self.teacher_sd, self.piece_sd, self.halo_sd])
        return np.concatenate([self.severity, self.difficulty, self.wide, sds])

    @classmethod
    def unpacked(cls, vector: FloatArray, sizes: tuple[int, int, int]) -> Point:
        """Undo :meth:`packed`."""
        ends = np.cumsum(sizes)
        parts = np.split(vector, ends)
        return cls(parts[0], parts[1], parts[2], *np.exp(parts[3]).tolist())


@dataclass(frozen=True)
class Tables:
    """What does not hang on pieces: likelihood of rows, chances of combos.

    Attributes
    ----------
    chance : combos × criteria of the set × eta, probability of met
    at_eta : rows × eta, likelihood up to a factor of the difficulties
    kernel : eta × (theta, wide), weights of the halo around each ability
    at_theta : rows × (theta, wide), ``at_eta @ kernel``
    spread : theta × node, weights of pieces around their teacher's part
    node_weight : of each node
    """

    chance: FloatArray
    at_eta: FloatArray
    kernel: FloatArray
    at_theta: FloatArray
    spread: FloatArray
    node_weight: FloatArray


@dataclass(frozen=True)
class Posterior:
    """What the marks tell of ordinary pieces and teachers at one point.

    Attributes
    ----------
    loglik : of the marks (integrated), priors left out
    piece_likelihood : ordinary pieces × theta, greatest in a row 1
    piece_at_node : ordinary pieces × node, ``piece_likelihood @ spread``
    node : teachers × node, posterior of the teacher's part
    ability : ordinary pieces × theta, posterior of the piece
    """

    loglik: float
    piece_likelihood: FloatArray
    piece_at_node: FloatArray
    node: FloatArray
    ability: FloatArray


def lay_out(codes: MarkCodes) -> Layout:
    """Sort pieces by teacher and set wide ones apart."""
    reads = codes.reads_of_piece
    often = reads > _FEW_READS
    few = often.sum() <= 0.05 * len(reads) and len(reads) > often.sum()
    wide = np.flatnonzero(often) if few else np.empty(0, dtype=np.int64)
    ordinary = np.setdiff1d(np.arange(len(reads)), wide)
    ordinary = ordinary[np.argsort(codes.teacher_of[ordinary], kind="stable")]
    starts, place = _starts(codes.teacher_of[ordinary])
    n_rows = len(codes.row_combo)
    every = csr_matrix(
        (np.ones(len(codes.read_piece)), (codes.read_piece, codes.read_row)),
        shape=(len(reads), n_rows),
    )
    return Layout(
        codes,
        ordinary,
        wide,
        every[ordinary],
        every[wide].toarray().T,
        starts,
        place,
        _starts(codes.row_combo)[0],
        len(starts) < len(ordinary),
    )


def grid_for(layout: Layout, point: Point) -> Grid:
    """Grids fine and wide enough near these standard deviations."""
    sd = float(np.hypot(point.teacher_sd if layout.clustered else 0.0, point.piece_sd))
    most = int(layout.codes.reads_of_piece[layout.ordinary].max())
    # A read of n criteria tells at most n / 4 of ability and halo together.
    of_read = 1 / (point.halo_sd**2 + 4 / layout.codes.sets.shape[1])
    sharpest = 1 / np.sqrt(1 / sd**2 + most * of_read)
    step = min(_COARSEST, point.piece_sd, point.halo_sd, 1.1 * float(sharpest))
    half = int(np.ceil(_REACH * sd / step))
    reach = np.abs(point.wide).max(initial=half * step) + _REACH * point.halo_sd
    outer = int(np.ceil(reach / step))
    nodes = _REACH * point.teacher_sd * np.linspace(-1, 1, 41) if layout.clustered else np.zeros(1)
    return Grid(_even(half, step), _even(outer, step), nodes)


def _even(half: int, step: float) -> FloatArray:
    """Even grid around nought, ``half`` steps each way."""
    grid: FloatArray = np.arange(-half, half + 1) * np.float64(step)
    return grid


def fits(layout: Layout, grid: Grid, point: Point) -> bool:
    """Whether the grid is still fine and wide enough at another point."""
    need = grid_for(layout, point)
    wide = np.abs(need.theta[-1]) <= 1.15 * np.abs(grid.theta[-1])
    near = need.node[-1] <= 1.15 * grid.node[-1] <= 2.5 * need.node[-1] or not layout.clustered
    return bool(wide and near and grid.step <= 1.1 * need.step)


def tables(layout: Layout, grid: Grid, point: Point) -> Tables:
    """Work out chances, row likelihoods and weights at one point."""
    codes = layout.codes
    odds = _odds(layout, grid, point)
    upper = 1 + odds
    bulk = np.log(upper).sum(axis=1)
    odds /= upper
    at_eta = _of_counts(grid, point, codes.combo_rater, bulk, codes.row_combo, codes.row_count)
    centre = np.concatenate([grid.theta, point.wide])
    kernel = _normal(grid.eta[:, None] - centre, point.halo_sd) * grid.step
    spread = _normal(grid.theta[:, None] - grid.node, point.piece_sd) * grid.step
    weight = np.ones(1)
    if layout.clustered:
        weight = _normal(grid.node, point.teacher_sd) * (grid.node[1] - grid.node[0])
        weight = np.maximum(weight, np.finfo(float).tiny)  # far nodes weigh nothing, with a log
    return Tables(odds, at_eta, kernel, at_eta @ kernel, spread, weight)


def rows_of_every_count(
    layout: Layout, grid: Grid, point: Point, made: Tables
) -> tuple[IntArray, FloatArray]:
    """Where each combo's counts begin, 0 to all of its criteria, and the rows' ``at_theta``."""
    codes = layout.codes
    sizes = (codes.sets < len(codes.criteria)).sum(axis=1)[codes.combo_set] + 1
    starts = np.cumsum(sizes) - sizes
    combo = np.repeat(np.arange(len(sizes)), sizes)
    count = np.arange(len(combo)) - starts[combo]
    bulk = np.log1p(_odds(layout, grid, point)).sum(axis=1)
    return starts, _of_counts(grid, point, codes.combo_rater, bulk, combo, count) @ made.kernel


def posterior(layout: Layout, made: Tables, point: Point) -> Posterior:
    """Integrate pieces and teachers out, and say what the marks tell of them."""
    n_theta = made.spread.shape[0]
    log_rows = np.log(made.at_theta)
    known = integrated(layout, made, layout.gather @ log_rows[:, :n_theta])
    more = float((layout.wide_counts * log_rows[:, n_theta:]).sum())
    more -= float(layout.codes.met_by_criterion() @ point.difficulty)
    return replace(known, loglik=known.loglik + more)


def integrated(layout: Layout, made: Tables, log_piece: FloatArray) -> Posterior:
    """Posterior of ordinary pieces and teachers, from logarithms of the pieces' likelihoods.

    ``log_piece`` is ordinary pieces × theta; ``loglik`` is of these alone.
    """
    top = log_piece.max(axis=1)
    piece = np.exp(log_piece - top[:, None])
    at_node = piece @ made.spread
    log_teacher = np.add.reduceat(np.log(at_node), layout.teacher_starts, axis=0)
    log_teacher += np.log(made.node_weight)
    peak = log_teacher.max(axis=1)
    node = np.exp(log_teacher - peak[:, None])
    total = node.sum(axis=1)
    node /= total[:, None]
    loglik = float(top.sum() + peak.sum() + np.log(total).sum())
    ability = piece * ((node[layout.teacher_place] / at_node) @ made.spread.T)
    return Posterior(loglik, piece, at_node, node, ability)


def row_weights(layout: Layout, made: Tables, known: Posterior) -> FloatArray:
    """Posterior weight of each row at each ability over the row's likelihood there."""
    weight = np.hstack([layout.gather.T @ known.ability, layout.wide_counts])
    weight /= made.at_theta
    return weight


def evaluate(layout: Layout, grid: Grid, vector: FloatArray) -> tuple[float, FloatArray]:
    """Logarithm of the likelihood (with the wide pieces' prior) and its gradient.

    The gradient is Fisher's: expected less observed counts, given the marks.
    Raising all severities and lowering all difficulties alike changes nothing.
    """
    codes = layout.codes
    point = Point.unpacked(vector, layout.sizes)
    made = tables(layout, grid, point)
    known = posterior(layout, made, point)
    over = row_weights(layout, made, known)
    at_eta = made.at_eta * (over @ made.kernel.T)
    by_combo = np.add.reduceat(at_eta, layout.combo_starts, axis=0)
    expected = np.matmul(made.chance, by_combo[:, :, None])[:, :, 0]
    n_raters, n_criteria, _ = layout.sizes
    of_criterion = np.bincount(
        codes.sets[codes.combo_set].ravel(), weights=expected.ravel(), minlength=n_criteria + 1
    )[:n_criteria]
    of_rater = np.bincount(codes.combo_rater, weights=expected.sum(axis=1), minlength=n_raters)
    by_rater = of_rater - codes.met_by_rater()
    by_criterion = of_criterion - codes.met_by_criterion()
    by_wide, by_sds = _gradient_of_normals(layout, grid, point, made, known, over)
    value = known.loglik - float((point.wide**2).sum()) / (2 * WEAK_SD**2)
    by_wide -= point.wide / WEAK_SD**2
    return value, np.concatenate([by_rater, by_criterion, by_wide, by_sds])


def _odds(layout: Layout, grid: Grid, point: Point) -> FloatArray:
    """Odds of met: combos × criteria of the set × eta, 0 where a set is filled up."""
    codes = layout.codes
    ease = np.append(np.exp(-point.difficulty), 0.0)[codes.sets][codes.combo_set]
    odds = np.exp(-point.severity)[codes.combo_rater, None, None] * ease[:, :, None]
    found: FloatArray = odds * np.exp(grid.eta)
    return found


def _of_counts(
    grid: Grid, point: Point, rater: IntArray, bulk: FloatArray, combo: IntArray, count: IntArray
) -> FloatArray:
    """Likelihood of so many criteria met by a combo, rows × eta, up to what difficulties add."""
    lift = grid.eta - point.severity[rater[combo], None]
    found: FloatArray = np.exp(count[:, None] * lift - bulk[combo])
    return found


def _gradient_of_normals(
    layout: Layout, grid: Grid, point: Point, made: Tables, known: Posterior, over: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Slopes in the wide abilities and in the logarithms of the three standard deviations."""
    centre = np.concatenate([grid.theta, point.wide])
    apart = (grid.eta[:, None] - centre) / point.halo_sd
    weight = (made.at_eta.T @ over) * made.kernel
    by_halo = float((weight * (apart**2 - 1)).sum())
    by_wide = (weight * apart).sum(axis=0)[len(grid.theta) :] / point.halo_sd
    apart = (grid.theta[:, None] - grid.node) / point.piece_sd
    share = known.node[layout.teacher_place] / known.piece_at_node
    by_piece = float(((known.piece_likelihood.T @ share) * made.spread * (apart**2 - 1)).sum())
    by_teacher = 0.0
    if layout.clustered:
        by_teacher = float((known.node @ ((grid.node / point.teacher_sd) ** 2 - 1)).sum())
    return by_wide, np.array([by_teacher, by_piece, by_halo])


def _normal(apart: FloatArray, sd: float) -> FloatArray:
    density: FloatArray = np.exp(-0.5 * (apart / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    return density


def _starts(sorted_codes: IntArray) -> tuple[IntArray, IntArray]:
    """Where each run of equal codes begins, and the place of each entry's run."""
    first = np.r_[True, np.diff(sorted_codes) != 0] if len(sorted_codes) else np.empty(0, bool)
    return np.flatnonzero(first), np.cumsum(first) - 1
