"""Rounds whose criteria have few marks: difficulties borrow from their kind, integrated out.

A school marks many a criterion four or six times. Estimated one by one, the
difficulties take what belongs to readers and pieces, and severities and the
halo come out a third too large (slope 1.37 at four marks a criterion, 1.14 at
twelve, 1.0 from sixty; ``tests/scoring/facets/test_marks_borrowing.py``). So
there the difficulties of one kind (合格, 优秀) are normal around a common mean.
With many unknowns neither the joint maximum nor fixed spreads will do: the four
spreads maximise the likelihood with severities and difficulties integrated out
by Laplace's approximation, flat in severities and kinds' means as in REML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, eigh, lapack, qr
from scipy.optimize import minimize

from scoring.errors import ScoringError
from scoring.facets.marks_coding import FloatArray, IntArray, MarkCodes
from scoring.facets.marks_fitting import rough_information, start
from scoring.facets.marks_information import observed_information
from scoring.facets.marks_likelihood import Grid, Layout, Point, evaluate, grid_for
from scoring.facets.spread_climb import Height, climb

FEW_MARKS = 50
"""Marks of the middling criterion below which its own tell too little of it."""

_START_SPREAD = 0.9
_MOST_SD = 6.0
_LEAST_SPREAD = 0.3  # logits: few marks cannot tell less from none, and grids stay coarse
_MODE_STEPS, _STALE = 24, 5  # steps to the mode, and after how many the information is renewed
_ALL_HELD = 1 - 1e-9  # the share the prior holds where marks tell nothing
_FARTHEST = 10.0  # logits a step may go
_SETTLED = 0.01  # of the log likelihood: the spreads err far more than what that moves them


@dataclass(frozen=True)
class Borrowed:
    """Where the likelihood of the spreads is greatest.

    ``spread`` is the standard deviation of difficulties around their kind's mean,
    logits; ``prior`` what it adds to the information on them, criteria × criteria;
    ``loglik`` that of the spreads, severities and difficulties integrated out.
    """

    point: Point
    grid: Grid
    loglik: float
    evaluations: int
    spread: float
    prior: FloatArray


def kinds_of(codes: MarkCodes, kind: Sequence[str] | None) -> IntArray:
    """Codes of the kinds of criteria; without any named, all are one kind."""
    if kind is None:
        return np.zeros(len(codes.criteria), dtype=np.int64)
    return np.unique(np.asarray(kind, dtype=str), return_inverse=True)[1].astype(np.int64)


def few_marks(codes: MarkCodes) -> bool:
    """Whether the middling criterion has too few marks to stand alone."""
    return bool(np.median(codes.marks_by_criterion()) < FEW_MARKS)


def positive_factor(information: FloatArray) -> FloatArray:
    """Lower Cholesky factor of the information, of its eigenvalues' sizes where one is not positive.

    Where hardly anything is known of a criterion, the observed information may bend
    the wrong way by a little. The sizes keep ``log |det|`` and a step uphill.

    Parameters
    ----------
    information : array, shape (n, n), symmetric

    Returns
    -------
    array, shape (n, n)
        Lower triangular, with a positive diagonal.
    """
    try:
        found: FloatArray = cholesky(information, lower=True)
    except LinAlgError:
        values, vectors = eigh(information)
        sizes = np.abs(values)
        least = sizes.max() * len(sizes) * np.finfo(np.float64).eps
        (rooted,) = qr((vectors * np.sqrt(np.maximum(sizes, least))).T, mode="r")
        found = (rooted * np.where(np.diag(rooted) < 0, -1.0, 1.0)[:, None]).T
    return found


def maximise_borrowing(
    layout: Layout, kind: IntArray, tolerance: float, most_evaluations: int
) -> Borrowed:
    """Climb to the most likely spreads, with severities and difficulties at their mode there.

    Parameters
    ----------
    layout : Layout
    kind : one entry a criterion, code of its kind
    tolerance : largest gradient left at the mode, in standard errors
    most_evaluations : of the likelihood

    Raises
    ------
    ScoringError
        If the maximum is not reached.
    """
    way = _Climb(layout, kind, tolerance, most_evaluations)
    start = np.append(way.vector[-3:], np.log(_START_SPREAD))
    low, high = np.full(4, np.log(_LEAST_SPREAD)), np.full(4, np.log(_MOST_SD))
    if not layout.clustered:
        low[0] = high[0] = start[0]
    spreads, top = climb(way.at, start, low, high, _SETTLED)
    spread = float(np.exp(spreads[3]))
    grid, point = way.grid, Point.unpacked(way.vector, layout.sizes)
    return Borrowed(point, grid, top.whole, way.evaluations, spread, way.hold / spread**2)


class _Climb:
    """The likelihood of the spreads; each mode starts from the one before."""

    def __init__(self, layout: Layout, kind: IntArray, tolerance: float, most: int) -> None:
        self.layout, self._tolerance, self._most = layout, tolerance, most
        self.vector = start(layout).packed()
        self.grid = grid_for(layout, Point.unpacked(self.vector, layout.sizes))
        self.evaluations = 0
        # What a prior with free means holds: differences within a kind.
        same = (kind[:, None] == np.unique(kind)).astype(np.float64)
        self._of_kind: FloatArray = same / np.sqrt(same.sum(axis=0))
        self.hold: FloatArray = np.eye(len(kind)) - self._of_kind @ self._of_kind.T
        self._free = len(kind) - int(kind.max(initial=-1)) - 1
        raters = layout.sizes[0]
        self._marked: NDArray[np.bool_] = layout.codes.marks_by_rater() > 0
        self._held = np.r_[self._marked, np.zeros(len(self.vector) - raters, dtype=bool)]
        self._factor: FloatArray | None = None  # of the information where it was last known

    def at(self, spreads: FloatArray, whole: bool) -> Height:
        """Log likelihood of logarithms of the teacher's, piece's, halo's SD and the spread.

        Unless ``whole`` the determinant's part is carried over: the share that the prior
        holds of each difference has a logit that falls by two with the spread's logarithm,
        and one share stands for all.
        """
        value, slope = self._mode(spreads)
        slope[3] -= self._free
        told = value - self._free * float(spreads[3])
        if whole:
            self._volume, self._share = self._of_volume(self._known(spreads), spreads[3])
            self._spread = float(spreads[3])
        odds = self._share / (1 - self._share) * np.exp(2 * (self._spread - spreads[3]))
        of_volume = np.array([0.0, 0.0, 0.0, self._free * odds / (1 + odds)])
        return Height(told, slope, self._volume, of_volume)

    def _of_volume(self, factor: FloatArray, spread: float) -> tuple[float, float]:
        """Part of the determinant in the height, and the share of it that the prior holds.

        The prior's own weight in the determinant makes that part of its slope that bends.
        """
        raters, criteria, _ = self.layout.sizes
        inverse = lapack.dtrtri(factor[raters:, raters:], lower=1)[0][:, :criteria]
        held = np.square(inverse).sum() - np.square(inverse @ self._of_kind).sum()
        share = float(held) * np.exp(-2 * spread) / max(self._free, 1)
        return -float(np.log(np.diag(factor)).sum()), min(share, _ALL_HELD)

    def _known(self, spreads: FloatArray) -> FloatArray:
        """Cholesky factor of the information on all but the spreads, kept for the next steps."""
        raters, criteria, _ = self.layout.sizes
        point = Point.unpacked(self.vector, self.layout.sizes)
        information = observed_information(self.layout, self.grid, point, with_sds=False)
        own = slice(raters, raters + criteria)
        information[own, own] += self.hold / np.exp(2 * spreads[3])
        information[:raters, :raters] += np.outer(self._marked, self._marked)
        silent = np.flatnonzero(~self._marked)
        information[silent, silent] = 1.0
        size = len(self.vector) - 3
        self._factor = positive_factor(information[:size, :size])
        return self._factor

    def _mode(self, spreads: FloatArray) -> tuple[float, FloatArray]:
        """Move to the likeliest severities, difficulties and wide abilities.

        Returns the height there and its slope in the spreads: at the mode what moves
        with them adds nothing.
        """
        if self.evaluations >= self._most:
            raise ScoringError(
                f"marks: the model did not settle within {self._most} evaluations. Look for a "
                "rater with hardly any marks, and leave them out.",
                key="facets_of_marks.not_settled",
                evaluations=self._most,
            )
        self.vector[-3:] = spreads[:3]
        self.grid = grid_for(self.layout, Point.unpacked(self.vector, self.layout.sizes))
        if self._factor is None:
            self._roughly(spreads)
            self._factor = np.diag(np.sqrt(self._rough(spreads)))
        best, slope = self._penalised(spreads)
        for turn in range(_MODE_STEPS):
            if turn and turn % _STALE == 0:
                self._known(spreads)
            step = cho_solve((self._factor, True), slope[:-4])
            if float(slope[:-4] @ step) <= self._tolerance**2:
                break
            before = self.vector.copy()
            value, there = -np.inf, slope
            if np.abs(step).max() < _FARTHEST:
                self.vector[:-3] += step
                value, there = self._penalised(spreads)
            if value < best:  # the information is of another place: climb there step by step
                self.vector = before
                self._roughly(spreads)
                value, there = self._penalised(spreads)
            best, slope = value, there
        return best, slope[-4:]

    def _penalised(self, spreads: FloatArray) -> tuple[float, FloatArray]:
        """Height with the prior of difficulties, and its slope: vector, then the four spreads."""
        raters, criteria, _ = self.layout.sizes
        own = slice(raters, raters + criteria)
        value, slope = evaluate(self.layout, self.grid, self.vector)
        pull = np.exp(-2 * spreads[3]) * (self.hold @ self.vector[own])
        held = float(self.vector[own] @ pull)
        slope[own] -= pull
        total = float(self.vector[self._held].sum())
        slope[self._held] -= total
        self.evaluations += 1
        return value - held / 2 - total**2 / 2, np.append(slope, held)

    def _rough(self, spreads: FloatArray) -> FloatArray:
        """Size of the information on what is not a spread."""
        raters, criteria, _ = self.layout.sizes
        told = rough_information(self.layout)[:-3]
        told[raters : raters + criteria] += np.exp(-2 * spreads[3])
        return told

    def _roughly(self, spreads: FloatArray) -> None:
        """Climb from counts, in units of about one standard error."""
        scale = np.sqrt(self._rough(spreads))

        def downhill(scaled: FloatArray) -> tuple[float, FloatArray]:
            self.vector[:-3] = scaled / scale
            value, slope = self._penalised(spreads)
            return -value, -slope[:-4] / scale

        found = minimize(
            downhill,
            self.vector[:-3] * scale,
            jac=True,
            method="L-BFGS-B",
            options={"gtol": self._tolerance, "ftol": 0, "maxcor": 20, "maxfun": self._most},
        )
        self.vector[:-3] = found.x / scale
