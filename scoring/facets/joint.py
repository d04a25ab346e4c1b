"""Joint maximum likelihood, for comparison with programs that report it.

Severities and abilities are estimated together, which stretches both (by 12 to 77 % in
simulations); × (L − 1) / L, L ratings a person, takes most of it back. Persons at an
end of the scale have no finite measure and are left out. Use the marginal fit for
decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from scoring.errors import ScoringError
from scoring.facets.climbing import FARTHEST, no_fit
from scoring.facets.coding import FacetRatings
from scoring.facets.curves import curves
from scoring.facets.fit_statistics import MeanSquares, Separation, separation, summed_squares
from scoring.facets.measures import cells_of, curves_at, joint_likelihood
from scoring.facets.panels import Design, design_of
from scoring.facets.parameters import Form, Layout

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LONGEST_STEP = 1.0
_MOST_ROUNDS = 100
_EXACT = 1e-9


@dataclass(frozen=True)
class JointFit:
    """Joint estimates; severities sum to 0 and so do difficulties.

    Attributes
    ----------
    severity, severity_se : logit a rater; the error is 1 / √ΣV, which is too small
    steps : criteria × steps
    ability, ability_se : of each person, NaN at an end of the scale
    shrinkage : (L − 1) / L; 1 where it was not asked for
    raters, criteria, persons : mean squares
    separation : of the raters
    """

    severity: FloatArray
    severity_se: FloatArray
    steps: FloatArray
    ability: FloatArray
    ability_se: FloatArray
    shrinkage: float
    raters: MeanSquares
    criteria: MeanSquares
    persons: MeanSquares
    separation: Separation
    iterations: int


def joint_fit(ratings: FacetRatings, form: Form = "rsm", *, corrected: bool = True) -> JointFit:
    """Fit by Newton steps in severities and steps, abilities solved at each.

    Parameters
    ----------
    corrected : multiply severities and steps by (L − 1) / L, L the mean number of ratings
        of a person, and take abilities on that scale

    Raises
    ------
    ScoringError
        If nobody is between the ends of the scale, or a rater or criterion is at one.
    """
    design = design_of(ratings)
    layout = Layout(design.n_raters, design.n_criteria, design.n_steps, form)
    panel_cells = (design.panel_kinds @ design.kind_cells).tocsr()
    most = np.diff(panel_cells.indptr)[design.group_panel] * design.n_steps
    inside = np.flatnonzero((design.group_score > 0) & (design.group_score < most))
    given = _given(design, ratings, inside)
    row = np.zeros(layout.size)
    ability = np.zeros(len(design.group_panel))
    iterations = 0
    while iterations < _MOST_ROUNDS:
        iterations += 1
        steps = _cell_steps(design, layout, row)
        ability, _ = joint_likelihood(design, steps, ability, inside)
        step = _step(design, layout, panel_cells, steps, ability, inside, given)
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        row += step
        if np.abs(row).max() > FARTHEST:
            raise no_fit()
        if np.abs(step).max() < _EXACT:
            break
    row, shrinkage = _shrunk(row, design) if corrected else (row, 1.0)
    steps = _cell_steps(design, layout, row)
    ability, errors = joint_likelihood(design, steps, ability, inside)
    return _told(design, layout, row, steps, ability, errors, inside, shrinkage, iterations)


def _shrunk(row: FloatArray, design: Design) -> tuple[FloatArray, float]:
    length = len(design.rating_level) / len(design.person_group)
    factor = (length - 1) / length
    return row * factor, factor


def _given(design: Design, ratings: FacetRatings, inside: IntArray) -> FloatArray:
    """Ratings of a cell that reach each level, persons at an end left out."""
    kept = np.isin(design.person_group[design.rating_person], inside)
    width = design.n_steps + 1
    key = design.rating_cell[kept].astype(np.int64) * width + design.rating_level[kept]
    counts = np.bincount(key, minlength=len(design.cell_rater) * width).reshape(-1, width)
    tails = counts[:, ::-1].cumsum(axis=1)[:, ::-1].astype(float)
    for code, size, names in (
        (design.cell_rater, design.n_raters, ratings.raters),
        (design.cell_criterion, design.n_criteria, ratings.criteria),
    ):
        got = np.bincount(code, tails[:, 1:].sum(axis=1), size)
        most = np.bincount(code, tails[:, 0], size) * design.n_steps
        ends = np.flatnonzero((got == 0) | (got == most))
        if len(ends):
            raise ScoringError(
                f"ratings: {names[ends[0]]} gave only the lowest or only the highest level to "
                "persons who got both, so the joint fit has no finite measure. Use the marginal "
                "fit (mml).",
                key="facets.no_joint",
                name=names[ends[0]],
            )
    return tails[:, 1:]


def _cell_steps(design: Design, layout: Layout, row: FloatArray) -> FloatArray:
    steps = (layout.step_matrix() @ row[layout.beta]).reshape(layout.n_criteria, -1)
    return np.asarray(row[design.cell_rater][:, None] + steps[design.cell_criterion])


def _step(
    design: Design,
    layout: Layout,
    panel_cells: sparse.csr_array,
    steps: FloatArray,
    ability: FloatArray,
    inside: IntArray,
    given: FloatArray,
) -> FloatArray:
    """Newton step with abilities profiled out: I_ss − Σ v vᵀ / V."""
    cells, member = cells_of(panel_cells, design.group_panel[inside])
    weight = design.group_count[inside].astype(float)
    tails = curves(steps[cells], ability[inside][member][:, None]).tails[:, :, 0]
    later = np.maximum(np.arange(layout.n_steps)[:, None], np.arange(layout.n_steps)[None, :])
    spread = tails[:, later] - tails[:, :, None] * tails[:, None, :]
    slope, curvature = _sums(design, layout, cells, tails, spread, weight[member])
    slope -= _gathered(design, layout, given)
    crossed = spread.sum(axis=1)
    matrix = layout.step_matrix().reshape(layout.n_criteria, layout.n_steps, -1)
    beta = np.einsum("ik,ikb->ib", crossed, matrix[design.cell_criterion[cells]])
    shape = (len(inside), layout.size - 2)
    rows = np.repeat(member, layout.n_beta)
    columns = np.tile(np.arange(layout.n_raters, layout.size - 2), len(member))
    vectors = sparse.csr_array(
        (crossed.sum(axis=1), (member, design.cell_rater[cells])), shape=shape
    ) + sparse.csr_array((beta.ravel(), (rows, columns)), shape=shape)
    total = np.bincount(member, crossed.sum(axis=1), len(inside))
    scaled = sparse.diags_array(weight / total) @ vectors
    curvature -= (vectors.T @ scaled).toarray()
    return np.append(_solved(curvature, slope, layout), [0.0, 0.0])


def _solved(curvature: FloatArray, slope: FloatArray, layout: Layout) -> FloatArray:
    """Solve with the two free origins tied: severities and difficulties each sum to 0."""
    firm = float(curvature.diagonal().mean())
    for part in (
        slice(0, layout.n_raters),
        slice(layout.n_raters, layout.n_raters + layout.n_criteria),
    ):
        tie = np.zeros(len(slope))
        tie[part] = 1.0
        curvature = curvature + firm * np.outer(tie, tie)
    try:
        factors = linalg.cho_factor(curvature, check_finite=False)
    except linalg.LinAlgError as singular:
        raise no_fit() from singular
    return np.asarray(linalg.cho_solve(factors, slope, check_finite=False))


def _sums(
    design: Design,
    layout: Layout,
    cells: IntArray,
    tails: FloatArray,
    spread: FloatArray,
    weight: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Expected sums, and information with abilities fixed, in the places of the parameters."""
    size = len(design.cell_rater)
    of_cells = np.stack([np.bincount(cells, weight * column, size) for column in tails.T], axis=1)
    flat = spread.reshape(len(cells), -1)
    spreads = np.stack([np.bincount(cells, weight * column, size) for column in flat.T], axis=1)
    spreads = spreads.reshape(size, layout.n_steps, layout.n_steps)
    matrix = layout.step_matrix().reshape(layout.n_criteria, layout.n_steps, -1)
    made = np.zeros((layout.size - 2, layout.size - 2))
    raters = np.arange(layout.n_raters)
    made[raters, raters] = np.bincount(design.cell_rater, spreads.sum(axis=(1, 2)), layout.n_raters)
    crossed = np.einsum("uk,ukb->ub", spreads.sum(axis=1), matrix[design.cell_criterion])
    by_rater = np.zeros((layout.n_raters, layout.n_beta))
    np.add.at(by_rater, design.cell_rater, crossed)
    made[: layout.n_raters, layout.beta] = by_rater
    made[layout.beta, : layout.n_raters] = by_rater.T
    inner = np.zeros((layout.n_criteria, layout.n_steps, layout.n_steps))
    np.add.at(inner, design.cell_criterion, spreads)
    made[layout.beta, layout.beta] = np.einsum("ckb,ckj,cjd->bd", matrix, inner, matrix)
    return _gathered(design, layout, np.asarray(of_cells, float)), made


def _gathered(design: Design, layout: Layout, of_cells: FloatArray) -> FloatArray:
    by_rater = np.bincount(design.cell_rater, of_cells.sum(axis=1), layout.n_raters)
    by_criterion = np.zeros((layout.n_criteria, layout.n_steps))
    np.add.at(by_criterion, design.cell_criterion, of_cells)
    return np.append(by_rater, layout.step_matrix().T @ by_criterion.ravel())


def _told(
    design: Design,
    layout: Layout,
    row: FloatArray,
    steps: FloatArray,
    ability: FloatArray,
    errors: FloatArray,
    inside: IntArray,
    shrinkage: float,
    iterations: int,
) -> JointFit:
    kept = np.isin(design.person_group[design.rating_person], inside)
    made = curves_at(design, steps, ability)
    square = ((design.rating_level - made.expected[:, 0]) ** 2)[kept]
    variance = made.variance[:, 0][kept]
    cell, person = design.rating_cell[kept], design.rating_person[kept].astype(np.int64)

    def fit(code: IntArray, size: int) -> MeanSquares:
        ones = np.ones(len(code), np.int64)
        return summed_squares(code, size, square, variance, square / variance, ones)

    rater = design.cell_rater[cell]
    error = 1 / np.sqrt(np.bincount(rater, variance, design.n_raters))
    known = np.isin(design.person_group, inside)
    severity = row[: layout.n_raters]
    return JointFit(
        severity=severity,
        severity_se=error,
        steps=(layout.step_matrix() @ row[layout.beta]).reshape(layout.n_criteria, -1),
        ability=np.where(known, ability[design.person_group], np.nan),
        ability_se=np.where(known, errors[design.person_group], np.nan),
        shrinkage=shrinkage,
        raters=fit(rater, design.n_raters),
        criteria=fit(design.cell_criterion[cell], design.n_criteria),
        persons=fit(person, len(design.person_group)),
        separation=separation(severity, error),
        iterations=iterations,
    )
