"""What the other readers of a piece let one expect of each read.

Under the marks model a read, given the other reads of its piece, is a draw
from a known distribution: ability from what those others (and the other pieces
of the cluster) tell, halo afresh, marks given both. Tests of one rater hold
the others fixed and compare the rater's reads with draws from it. The rater's
own marks never enter what is expected of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.facets.marks_coding import MarkCodes
from scoring.facets.marks_likelihood import Point, grid_for, posterior, tables
from scoring.facets.marks_model import MarksModel
from scoring.tables import FloatArray, IntArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Predicted:
    """Reads with another read beside them; the first axis is the read.

    Attributes
    ----------
    piece, rater : codes as in the model's ``codes``
    met, real : reads × most criteria in one, 0 or 1, and whether there is a mark at all
    difficulty : reads × most criteria, logits
    criterion : reads × most criteria, codes; −1 where there is no mark
    eta : grid of ability and halo together, logits
    weight : reads × eta, its distribution given the other reads of the piece
    """

    piece: IntArray
    rater: IntArray
    met: FloatArray
    real: BoolArray
    difficulty: FloatArray
    criterion: IntArray
    eta: FloatArray
    weight: FloatArray

    def __len__(self) -> int:
        return len(self.piece)

    def only(self, kept: IntArray | BoolArray) -> Predicted:
        """Leave only these reads, and no more columns than they need."""
        width = int(self.real[kept].sum(axis=1).max(initial=1))
        columns = slice(0, width)
        return Predicted(
            self.piece[kept], self.rater[kept], self.met[kept, columns], self.real[kept, columns],
            self.difficulty[kept, columns], self.criterion[kept, columns],
            self.eta, self.weight[kept],
        )  # fmt: skip

    @property
    def marks(self) -> IntArray:
        """How many marks each read has."""
        return np.asarray(self.real.sum(axis=1))

    @property
    def ability(self) -> FloatArray:
        """Mean ability the other reads of the piece tell, logits."""
        mean: FloatArray = self.weight @ self.eta
        return mean

    def expected(self, severity: float) -> FloatArray:
        """Chance of met of every mark by a rater of this severity; 0 where there is none."""
        chance = np.zeros(self.met.shape)
        for column in range(self.met.shape[-1]):
            at, which = np.unique(self.difficulty[:, column], return_inverse=True)
            curve = 1 / (1 + np.exp(at[:, None] + severity - self.eta))
            chance[:, column] = np.einsum("ij,ij->i", self.weight, curve[which])
        return np.where(self.real, chance, 0.0)

    def overlap(self, expected: FloatArray) -> float:
        """How many times as much reads vary as independent marks would: pieces and halo unknown."""
        if not len(self):
            return 1.0
        count = self.real.sum(axis=1)
        mean = expected.sum(axis=1) / count
        middle = np.where(self.real, self.difficulty, 0.0).sum(axis=1) / count
        logit = 1 / (1 + np.exp(-(self.eta[None, :] - middle[:, None])))
        level = (self.weight * logit).sum(axis=1)
        between = (self.weight * logit**2).sum(axis=1) - level**2
        within = np.maximum(mean * (1 - mean), 1e-6)
        return float(1 + ((count - 1) * between / within).mean())


def predicted(model: MarksModel, point: Point | None = None) -> Predicted:
    """Work out the distribution of every read that has another beside it.

    At the model's own estimates, or at another ``point``.

    With P(θ | all reads) known, leaving one read out is dividing by its
    likelihood at θ. A read the fit set apart (all marks of its rater alike) is
    not in it in the first place.
    """
    layout, grid, fitted = model.parts
    if point is None:
        point = fitted
    else:
        grid = grid_for(layout, point)
    codes = model.codes
    made = tables(layout, grid, point)
    known = posterior(layout, made, point)
    n_theta = len(grid.theta)
    ability = np.zeros((len(codes.pieces), made.kernel.shape[1]))
    ability[layout.ordinary, :n_theta] = known.ability
    ability[layout.wide, n_theta + np.arange(len(layout.wide))] = 1.0
    kept = np.flatnonzero(codes.reads_of_piece[codes.read_piece] > 1)
    weight = ability[codes.read_piece[kept]]
    row = _told_rows(codes, model.told)[kept]
    own = row >= 0
    weight[own] /= made.at_theta[row[own]]
    weight = weight @ made.kernel.T
    weight /= weight.sum(axis=1, keepdims=True)
    return Predicted(
        codes.read_piece[kept],
        codes.read_rater[kept],
        *_marks(codes, kept, point.difficulty),
        grid.eta,
        weight,
    )


def _told_rows(codes: MarkCodes, told: MarkCodes) -> IntArray:
    """Row of each read in the fit; −1 for one it left out."""
    raters = len(codes.raters)
    key = codes.read_piece * raters + codes.read_rater
    known = told.read_piece * raters + told.read_rater
    found = np.full(len(key), -1, dtype=np.int64)
    order = np.argsort(key, kind="stable")
    found[order[np.searchsorted(key[order], known)]] = told.read_row
    return found


def _marks(
    codes: MarkCodes, kept: IntArray, difficulty: FloatArray
) -> tuple[FloatArray, BoolArray, FloatArray, IntArray]:
    begins = np.flatnonzero(np.r_[True, np.diff(codes.mark_read) != 0])
    place = np.arange(len(codes.met)) - begins[codes.mark_read]
    shape = (len(codes.read_piece), codes.sets.shape[1])
    met, criterion = np.zeros(shape), np.full(shape, -1, dtype=np.int64)
    met[codes.mark_read, place] = codes.met
    criterion[codes.mark_read, place] = codes.mark_criterion
    real = criterion >= 0
    hard = np.where(real, difficulty[criterion], 0.0)
    return met[kept], real[kept], hard[kept], criterion[kept]
