"""The facets model of a workspace: marks on criteria, with teachers, severity and halo.

``logit P(met) = u + v + h − d − s``: teacher's part, piece's part, halo of the
read, difficulty of the criterion, severity of the rater (see
``marks_likelihood``). Abilities have mean nought, so difficulties are absolute
and the mean difficulty of a slot is known from its own pieces; severities sum
to nought until ``marks_panels`` puts them against a zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from scoring.facets.connectedness import connectedness
from scoring.facets.draws import MarkDraws
from scoring.facets.fit_statistics import ExactAgreement
from scoring.facets.marks_borrowing import few_marks, kinds_of, maximise_borrowing
from scoring.facets.marks_coding import FloatArray, IntArray, MarkCodes, code_marks
from scoring.facets.marks_draws import draw_marks
from scoring.facets.marks_extremes import Apart, bounded, set_apart
from scoring.facets.marks_fit import (
    FitStatistics,
    Residuals,
    exact_agreement,
    limits_of_fit,
    mean_squares,
    residuals,
)
from scoring.facets.marks_fitting import LEAST_SD, centred, maximise
from scoring.facets.marks_information import covariance, observed_information
from scoring.facets.marks_likelihood import Grid, Layout, Point, lay_out, posterior, tables
from scoring.facets.marks_measures import PieceMeasures, piece_measures
from scoring.facets.marks_panels import Severities, compare

_AT_BOUND = 1.02  # a standard deviation this close to the least one lies at it
_MANY_READS = 5_000
_PARAMETER_DRAWS, _FEW_PARAMETER_DRAWS = 100, 25


class MarksModel:
    """Marks as ability, difficulty, severity and halo, by marginal maximum likelihood.

    Parameters
    ----------
    tolerance : float
        Largest gradient left, in standard errors of the estimates.
    most_evaluations : int
        Of the likelihood, before giving up.
    borrowing : bool or None
        Whether difficulties borrow from their kind, see ``marks_borrowing``; None does
        so where the middling criterion has fewer than 50 marks.

    Attributes
    ----------
    raters_, criteria_, pieces_ : tuples of names
    severity_, severity_se_ : one entry a rater, logits, positive is harsher
        They sum to nought; ``severities`` puts them against a better zero.
    difficulty_, difficulty_se_ : one entry a criterion, logits, positive is harder
        At nought half the pieces of a median teacher meet it, read at mean severity.
    covariance_ : of severities, difficulties, wide abilities and the logarithms of
        the standard deviations, from the observed information
    teacher_sd_, piece_sd_, halo_sd_ : logits; the teacher's is 0 where no teacher
        has two pieces
    sd_se_ : standard errors of the three; 0 for one at the least value that can be told
    difficulty_sd_ : SD of difficulties within their kind, logits; 0 without borrowing
    deviance_ : minus twice the log likelihood; of the spreads alone where it borrows
    extreme_raters_, extreme_criteria_ : names; all their marks are alike, they tell
        nothing of others, and only a weak prior (SD 3 logits) bounds them
    codes : MarkCodes
        The marks given.
    iterations_ : evaluations of likelihood and gradient

    Examples
    --------
    >>> import itertools
    >>> rows = [
    ...     (f"p{p}", c, r, int((p + ord(c) + 2 * (r == "r1")) % 4 > 1))
    ...     for p, c, r in itertools.product(range(12), "ab", ("r1", "r2"))
    ... ]
    >>> columns = ["piece_id", "criterion_id", "rater_id", "met"]
    >>> model = MarksModel().fit(pd.DataFrame(rows, columns=columns))
    >>> len(model.severity_), round(abs(float(model.severity_.sum())), 6)
    (2, 0.0)
    """

    def __init__(
        self,
        *,
        tolerance: float = 1e-3,
        most_evaluations: int = 2_000,
        borrowing: bool | None = False,
    ) -> None:
        self.tolerance = tolerance
        self.most_evaluations = most_evaluations
        self.borrowing = borrowing

    def fit(self, marks: pd.DataFrame, kind: Mapping[str, str] | None = None) -> MarksModel:
        """Fit to marks; see :func:`~scoring.facets.marks_coding.code_marks` for the columns.

        ``kind`` of each criterion says which ones borrow from each other; without it all do.

        Raises
        ------
        ScoringError
            For marks that cannot be used, or if the maximum is not reached.
        """
        return self.fit_codes(code_marks(marks), kind)

    def fit_codes(self, codes: MarkCodes, kind: Mapping[str, str] | None = None) -> MarksModel:
        """Fit to marks already read into codes."""
        self.codes = codes
        borrows = few_marks(codes) if self.borrowing is None else self.borrowing
        apart = set_apart(codes, criteria_too=not borrows)
        self._layout = lay_out(apart.told)
        self._climb(kind, borrows)
        self.covariance_ = self._errors(apart)
        self._bound(apart)
        self._estimates(apart)
        return self

    @property
    def told(self) -> MarkCodes:
        """The marks that tell something: without criteria and raters set apart."""
        return self._layout.codes

    @property
    def parts(self) -> tuple[Layout, Grid, Point]:
        """What further computations at the estimates start from."""
        return self._layout, self._grid, self._point

    def severities(
        self,
        panel_of: Mapping[str, str] | None = None,
        most_se: float = 0.3,
        expert: str | None = None,
        linking: Sequence[str] = (),
    ) -> Severities:
        """Severities against the strongest zero their links allow.

        Parameters
        ----------
        panel_of : panel (school) of each rater; those left out are one panel together
        most_se : greatest standard error of a panel's offset that still compares, logits
        expert : name of the rater that stands for the experts' marks on seeds
        linking : pieces (seeds) that link networks but do not make panels; without
            ``panel_of`` the panels are the networks that remain without them
        """
        codes = self.codes
        panels = [""] * len(codes.raters)
        if panel_of is not None:
            panels = [panel_of.get(rater, "") for rater in codes.raters]
        elif len(linking):
            panels = [str(number) for number in self._networks(linking)]
        place = codes.raters.index(expert) if expert in codes.raters else None
        size = len(codes.raters)
        spread = self.covariance_[:size, :size]
        return compare(self.severity_, spread, panels, self._networks(), most_se, place)

    def pieces(self) -> PieceMeasures:
        """EAP and WLE of every piece, in the order of ``pieces_``."""
        known = posterior(self._layout, tables(*self.parts), self._point)
        se = np.sqrt(np.maximum(np.diag(self.covariance_), 0.0))
        start = len(self.codes.raters) + len(self.codes.criteria)
        return piece_measures(*self.parts, known, se[start : start + len(self._layout.wide)])

    def residuals(self) -> Residuals:
        """Expectation and residual of every mark that tells something, as ``told.met``."""
        return residuals(*self.parts)

    def rater_fit(self, draws: int = 0, random_seed: int = 1) -> FitStatistics:
        """Infit and outfit of raters, with limits from so many simulated rounds."""
        codes = self.told
        found = mean_squares(self.residuals(), codes.read_rater[codes.mark_read], len(codes.raters))
        if not draws:
            return found
        infit, outfit = limits_of_fit(*self.parts, draws, random_seed)
        return FitStatistics(found.infit, found.outfit, infit, outfit)

    def criterion_fit(self) -> FitStatistics:
        """Infit and outfit of criteria."""
        return mean_squares(self.residuals(), self.told.mark_criterion, len(self.criteria_))

    def exact_agreement(self, without: str | None = None) -> ExactAgreement:
        """Share of pairs of reads that mark a criterion alike, and the share to be expected.

        ``without`` names a rater left out, as the experts are.
        """
        codes = self.told
        kept = None
        if without in codes.raters:
            kept = codes.read_rater[codes.mark_read] != codes.raters.index(without)
        return exact_agreement(*self.parts, kept)

    def draws(self, count: int, random_seed: int, parameter_draws: int | None = None) -> MarkDraws:
        """Joint draws of pieces, criteria, raters and halo.

        Parameters
        ----------
        count : draws
        random_seed : int
        parameter_draws : how many different draws of the parameters serve them
            100 up to 5,000 reads, else 25: each asks for all posteriors anew. With 0
            they are held at their estimates.
        """
        if parameter_draws is None:
            few = len(self.codes.read_piece) > _MANY_READS
            parameter_draws = _FEW_PARAMETER_DRAWS if few else _PARAMETER_DRAWS
        return draw_marks(
            *self.parts, self.covariance_, count, min(parameter_draws, count), random_seed
        )

    def _networks(self, without: Sequence[str] = ()) -> IntArray:
        """Number of the set of raters each is linked with; 0 the largest, −1 with nobody."""
        codes = self.codes
        left_out = set(without)
        kept = np.array([piece not in left_out for piece in codes.pieces])[codes.read_piece]
        found = connectedness(
            codes.read_piece[kept],
            codes.read_rater[kept],
            len(codes.pieces),
            len(codes.raters),
            weak=0,
        )
        return found.rater_subset

    def _climb(self, kind: Mapping[str, str] | None, borrows: bool) -> None:
        """Find the estimates, and what the kind of a criterion tells of it."""
        size = len(self.codes.criteria)
        self._prior: FloatArray = np.zeros((size, size))
        self.difficulty_sd_ = 0.0
        if borrows:
            kinds = [kind[name] for name in self.codes.criteria] if kind is not None else None
            found = maximise_borrowing(
                self._layout,
                kinds_of(self.codes, kinds),
                self.tolerance,
                self.most_evaluations,
            )
            self._prior, self.difficulty_sd_ = found.prior, found.spread
            self._point = centred(self._layout, found.point)
            self._grid, self.deviance_ = found.grid, -2 * found.loglik
            self.iterations_ = found.evaluations
            return
        best = maximise(self._layout, self.tolerance, self.most_evaluations)
        self._grid, self._point = best.grid, best.point
        self.deviance_, self.iterations_ = -2 * best.loglik, best.evaluations

    def _errors(self, apart: Apart) -> FloatArray:
        point, raters = self._point, len(self.codes.raters)
        size = len(point.packed())
        sds = np.array([point.teacher_sd, point.piece_sd, point.halo_sd])
        known = np.zeros(size, dtype=bool)
        known[apart.raters] = known[raters + apart.criteria] = True
        known[size - 3 :] = sds <= _AT_BOUND * LEAST_SD
        known[size - 3] |= not self._layout.clustered
        information = observed_information(*self.parts)
        own = slice(raters, raters + len(self._prior))
        information[own, own] += self._prior
        return covariance(information, raters, np.flatnonzero(~known))

    def _bound(self, apart: Apart) -> None:
        """Give what was set apart the value and error a weak prior bounds it by."""
        codes, n_raters = self.codes, len(self.codes.raters)
        severity, difficulty = self._point.severity.copy(), self._point.difficulty.copy()
        severity[apart.raters] = 0.0
        settled = np.setdiff1d(np.arange(len(difficulty)), apart.criteria)
        centre = float(difficulty[settled].mean())
        difficulty[apart.criteria] = centre
        measures = self.pieces()
        piece = codes.read_piece[codes.mark_read]
        rater = codes.read_rater[codes.mark_read]
        spread = measures.eap_sd[piece] ** 2 + self._point.halo_sd**2
        ability = measures.eap[piece]
        for chosen, of, values, other, middle, start in (
            (apart.criteria, codes.mark_criterion, difficulty, severity[rater], centre, n_raters),
            (apart.raters, rater, severity, difficulty[codes.mark_criterion], 0.0, 0),
        ):
            if not len(chosen):
                continue
            ease = ability - other
            found, se = bounded(codes.met, of, len(values), ease, spread, middle)
            values[chosen] = found[chosen]
            self.covariance_[start + chosen, start + chosen] = se[chosen] ** 2
        self._point = replace(self._point, severity=severity, difficulty=difficulty)

    def _estimates(self, apart: Apart) -> None:
        point, codes = self._point, self.codes
        self.raters_, self.criteria_, self.pieces_ = codes.raters, codes.criteria, codes.pieces
        self.severity_, self.difficulty_ = point.severity, point.difficulty
        self.teacher_sd_ = point.teacher_sd if self._layout.clustered else 0.0
        self.piece_sd_, self.halo_sd_ = point.piece_sd, point.halo_sd
        self.extreme_raters_ = _named(codes.raters, apart.raters)
        self.extreme_criteria_ = _named(codes.criteria, apart.criteria)
        se: FloatArray = np.sqrt(np.maximum(np.diag(self.covariance_), 0.0))
        raters, criteria = len(codes.raters), len(codes.criteria)
        self.severity_se_ = se[:raters]
        self.difficulty_se_ = se[raters : raters + criteria]
        self.sd_se_ = se[-3:] * np.array([point.teacher_sd, point.piece_sd, point.halo_sd])


def _named(names: Sequence[str], codes: IntArray) -> tuple[str, ...]:
    return tuple(names[code] for code in codes)
