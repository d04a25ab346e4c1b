"""What the marks tell of severities and difficulties: the observed information, after Louis (1982).

Information = what complete data (pieces, halo known) would tell, less the
variance of the complete data's slope given the marks. That slope is a sum over
reads of chances; its variance splits into halo within a read, ability within a
piece, and the teacher's part across pieces. Taking estimated abilities for
known would leave these losses out, and standard errors would be too small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import lapack

from scoring.facets.marks_coding import FloatArray, IntArray
from scoring.facets.marks_likelihood import (
    WEAK_SD,
    Grid,
    Layout,
    Point,
    Posterior,
    Tables,
    evaluate,
    posterior,
    row_weights,
    tables,
)

_BLOCK = 2_000  # reads held at once
_SINGULAR = 1e-6  # a root of the information over the greatest: below it nothing is known
_NUDGE = 1e-3  # of a logarithm of a standard deviation


def observed_information(
    layout: Layout, grid: Grid, point: Point, *, with_sds: bool = True
) -> FloatArray:
    """Minus the matrix of second derivatives of :func:`evaluate` at a packed point.

    Without ``with_sds`` the rows of the standard deviations stay nought.

    Severities, difficulties and wide abilities by Louis' formula, the three
    standard deviations by differences of the gradient. Raising all severities and
    lowering all difficulties alike changes nothing: along it there is none.
    """
    made = tables(layout, grid, point)
    known = posterior(layout, made, point)
    raters, criteria, wide = layout.sizes
    # One place past the end takes what sets shorter than the longest are filled up with.
    size = raters + criteria + wide + 3
    total = np.zeros((size + 1, size + 1))
    _halo_term(layout, made, known, total)
    _wide_term(layout, made, total)
    across = _AcrossPieces(layout, made, known)
    for reads in _blocks(layout):
        _ability_term(layout, grid, made, known, reads, total, across)
    across.add_to(total)
    total = total[:size, :size]
    at = raters + criteria + np.arange(wide)
    total[at, at] += 1 / WEAK_SD**2
    vector = point.packed()
    for place in range(size - 3, size) if with_sds else ():
        if place == size - 3 and not layout.clustered:
            continue
        step = np.zeros(size)
        step[place] = _NUDGE
        rise = evaluate(layout, grid, vector + step)[1] - evaluate(layout, grid, vector - step)[1]
        total[place] = total[:, place] = -rise / (2 * _NUDGE)
    return total


def covariance(information: FloatArray, raters: int, free: IntArray) -> FloatArray:
    """Covariance of all parameters with the severities among ``free`` summing to zero.

    ``free`` are the places of the parameters estimated; the others (a standard
    deviation at its bound, a criterion everybody met) are taken as known.
    """
    size = len(information)
    held = (np.arange(size) < raters).astype(np.float64)
    # A stiff spring on the sum of severities; what it leaves of a sum is taken off below.
    stiff = 1e3 * float(np.abs(np.diag(information)).max()) / raters
    kept = (information + stiff * np.outer(held, held))[np.ix_(free, free)]
    whole = np.zeros((size, size))
    whole[np.ix_(free, free)] = _inverse(kept)
    summed = free[free < raters]
    whole[summed] -= whole[summed].mean(axis=0)
    whole[:, summed] -= whole[:, summed].mean(axis=1, keepdims=True)
    return whole


def _inverse(information: FloatArray) -> FloatArray:
    """Inverse of an information; where it is all but singular, of what it tells."""
    factor, failed = lapack.dpotrf(information, lower=1)
    sizes = np.abs(np.diag(factor))
    if failed or sizes.min(initial=np.inf) < _SINGULAR * sizes.max(initial=0.0):
        singular = np.linalg.pinv(information, rcond=1e-14, hermitian=True)
        return np.asarray(singular, dtype=np.float64)
    lower, _ = lapack.dpotri(factor, lower=1)
    found: FloatArray = np.tril(lower) + np.tril(lower, -1).T
    return found


def _combo_places(layout: Layout) -> IntArray:
    """Places of the parameters of each combo: its criteria, then its rater."""
    raters, criteria, wide = layout.sizes
    sets = layout.codes.sets[layout.codes.combo_set]
    places = np.where(sets < criteria, raters + sets, raters + criteria + wide + 3)
    return np.column_stack([places, layout.codes.combo_rater])


def _with_rater(of_criteria: FloatArray) -> FloatArray:
    """Append, along the axis before the last, the sum over criteria: the rater's own slope."""
    return np.concatenate([of_criteria, of_criteria.sum(axis=-2, keepdims=True)], axis=-2)


def _scatter(total: FloatArray, rows: IntArray, columns: IntArray, values: FloatArray) -> None:
    """Add local matrices (n × k × m) at their places."""
    size = len(total)
    flat = (rows[:, :, None] * size + columns[:, None, :]).ravel()
    total += np.bincount(flat, weights=values.ravel(), minlength=size * size).reshape(size, size)


def _halo_term(layout: Layout, made: Tables, known: Posterior, total: FloatArray) -> None:
    """Complete information, less the mean square of the slopes given ability and halo."""
    at_eta = made.at_eta * (row_weights(layout, made, known) @ made.kernel.T)
    weight = np.add.reduceat(at_eta, layout.combo_starts, axis=0)
    places = _combo_places(layout)
    step = max(1, _BLOCK // 2)
    for start in range(0, len(weight), step):
        chosen = slice(start, start + step)
        chance = made.chance[chosen]
        complete = _with_rater((chance * (1 - chance)) @ weight[chosen, :, None])[:, :, 0]
        local = _arrow(complete)
        slopes = _with_rater(chance)
        local -= (slopes * weight[chosen, None, :]) @ slopes.transpose(0, 2, 1)
        _scatter(total, places[chosen], places[chosen], local)


def _arrow(complete: FloatArray) -> FloatArray:
    """Local matrices of complete information: the rater's slope is the sum of the criteria's."""
    n, size = complete.shape
    local = np.zeros((n, size, size))
    each = np.arange(size)
    local[:, each, each] = complete
    local[:, -1, :-1] = local[:, :-1, -1] = complete[:, :-1]
    return local


def _wide_term(layout: Layout, made: Tables, total: FloatArray) -> None:
    """Reads of wide pieces: their ability acts against severity and difficulty."""
    raters, criteria, n_wide = layout.sizes
    codes = layout.codes
    rows, which = np.nonzero(layout.wide_counts)
    if not len(rows):
        return
    combo = codes.row_combo[rows]
    column = made.kernel.shape[1] - n_wide + which
    given = made.at_eta[rows] * made.kernel[:, column].T / made.at_theta[rows, column][:, None]
    given *= layout.wide_counts[rows, which][:, None]
    chance = made.chance[combo]
    slopes = _with_rater(chance)
    mean = (slopes @ given[:, :, None])[:, :, 0]
    times = layout.wide_counts[rows, which][:, None, None]
    # The squared mean returns here what the halo term took off in full.
    _scatter(
        total, _combo_places(layout)[combo], _combo_places(layout)[combo],
        mean[:, :, None] * mean[:, None, :] / times,
    )  # fmt: skip
    q = slopes[:, -1:]
    cross = ((chance * (1 - chance - q)) @ given[:, :, None])[:, :, 0]
    cross += mean[:, :-1] * mean[:, -1:] / times[:, :, 0]
    cross = np.column_stack([cross, cross.sum(axis=1)])
    place = (raters + criteria + which)[:, None]
    _scatter(total, place, _combo_places(layout)[combo], -cross[:, None, :])
    _scatter(total, _combo_places(layout)[combo], place, -cross[:, :, None])
    _scatter(total, place, place, cross[:, None, -1:])


def _blocks(layout: Layout) -> Iterator[IntArray]:
    """Reads of ordinary pieces with equally many reads, ordered by piece: pieces × reads."""
    codes = layout.codes
    reads_of = codes.reads_of_piece
    first = np.cumsum(reads_of) - reads_of
    for count in np.unique(reads_of[layout.ordinary][reads_of[layout.ordinary] > 0]):
        pieces = layout.ordinary[reads_of[layout.ordinary] == count]
        step = max(1, _BLOCK // int(count))
        for start in range(0, len(pieces), step):
            yield first[pieces[start : start + step], None] + np.arange(count)


@dataclass
class _AcrossPieces:
    """Gathers slopes given the teacher's part, to be joined over each teacher's pieces."""

    layout: Layout
    made: Tables
    known: Posterior

    def __post_init__(self) -> None:
        self._kept: list[tuple[IntArray, IntArray, FloatArray]] = []

    def keep(self, place: IntArray, parameters: IntArray, slopes: FloatArray) -> None:
        """Keep slopes of pieces (places among the ordinary): pieces × local × nodes."""
        self._kept.append((place, parameters, slopes.astype(np.float32)))

    def add_to(self, total: FloatArray) -> None:
        """Take off the squares of teachers' sums, and add the squared means."""
        by_place: dict[int, tuple[IntArray, FloatArray]] = {}
        for place, parameters, slopes in self._kept:
            for one, where, slope in zip(place.tolist(), parameters, slopes, strict=True):
                by_place[one] = (where, slope)
        starts = np.append(self.layout.teacher_starts, len(self.layout.ordinary))
        for teacher, (start, end) in enumerate(pairwise(starts.tolist())):
            parts = [by_place[place] for place in range(start, end) if place in by_place]
            if parts:
                self._add_teacher(total, self.known.node[teacher], parts)

    @staticmethod
    def _add_teacher(
        total: FloatArray, node: FloatArray, parts: list[tuple[IntArray, FloatArray]]
    ) -> None:
        where = np.concatenate([own for own, _ in parts])
        slopes = np.concatenate([own for _, own in parts])
        order = np.argsort(where, kind="stable")
        where = where[order]
        begins = np.flatnonzero(np.r_[True, where[1:] != where[:-1]])
        used = where[begins]
        joined = np.add.reduceat(slopes[order], begins, axis=0, dtype=np.float64)
        mean = joined @ node
        total[used[:, None], used] -= (joined * node) @ joined.T - np.outer(mean, mean)


def _ability_term(
    layout: Layout,
    grid: Grid,
    made: Tables,
    known: Posterior,
    reads: IntArray,
    total: FloatArray,
    across: _AcrossPieces,
) -> None:
    """Take off what not knowing the ability of a piece costs its reads together.

    The pieces' squares given the teacher's part are added here; what the pieces of
    a teacher have in common is left to ``across``.
    """
    codes = layout.codes
    n_theta = len(grid.theta)
    n_pieces, n_reads = reads.shape
    row = codes.read_row[reads.ravel()]
    combo = codes.row_combo[row]
    place_of = np.empty(len(codes.pieces), dtype=np.int64)
    place_of[layout.ordinary] = np.arange(len(layout.ordinary))
    place = place_of[codes.read_piece[reads[:, 0]]]
    weighted = made.chance[combo] * made.at_eta[row][:, None, :]
    mean = weighted.reshape(-1, len(grid.eta)) @ made.kernel[:, :n_theta]
    mean = mean.reshape(*weighted.shape[:2], n_theta) / made.at_theta[row][:, None, :n_theta]
    slopes = _with_rater(mean)
    local = slopes.shape[1]
    slopes = slopes.reshape(n_pieces, n_reads * local, n_theta)
    joint = (slopes * known.ability[place][:, None, :]) @ slopes.transpose(0, 2, 1)
    for start in range(0, n_reads * local, local):
        own = slice(start, start + local)
        joint[:, own, own] = 0.0  # a read's own mean square came back with the halo's
    share = known.piece_likelihood[place][:, None, :] * slopes
    given = (share.reshape(-1, n_theta) @ made.spread).reshape(*share.shape[:2], -1)
    given /= known.piece_at_node[place][:, None, :]
    node = known.node[layout.teacher_place[place]]
    joint -= (given * node[:, None, :]) @ given.transpose(0, 2, 1)
    parameters = _combo_places(layout)[combo].reshape(n_pieces, -1)
    _scatter(total, parameters, parameters, -joint)
    across.keep(place, parameters, given)
