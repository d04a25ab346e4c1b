"""Single ratings the model did not expect, and raters who are harsher here than there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from scoring.discovery import benjamini_hochberg
from scoring.facets.climbing import State, cell_steps
from scoring.facets.information import person_scores
from scoring.facets.measures import curves_at
from scoring.facets.panels import Design
from scoring.facets.posterior import blocks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROWS = 20_000
"""Ratings of groups taken at once."""


@dataclass(frozen=True)
class Unexpected:
    """Ratings far from what was expected, the farthest first; arrays of one length.

    ``residual`` is (x − E) / √V at the person's expected ability.
    """

    person: IntArray
    criterion: IntArray
    rater: IntArray
    level: IntArray
    expected: FloatArray
    residual: FloatArray


@dataclass(frozen=True)
class Interactions:
    """How much harsher each rater is in one part than elsewhere; arrays of one length.

    Attributes
    ----------
    rater, part : codes; a part is a criterion, or a school
    persons : rated there
    effect : logit, positive is harsher in this part; one Newton step from no effect
    se : of the effect, NaN with fewer persons than asked for
    p, q : two-sided, and adjusted over the table (Benjamini & Hochberg 1995)
    """

    rater: IntArray
    part: IntArray
    persons: IntArray
    effect: FloatArray
    se: FloatArray
    p: FloatArray
    q: FloatArray


def unexpected_ratings(
    state: State, ability: FloatArray, least: float = 3.0, most: int = 100
) -> Unexpected:
    """Ratings whose standardised residual is at least that large.

    Parameters
    ----------
    ability : of each group, from ``measures.expected_abilities``
    """
    design = state.design
    made = curves_at(design, cell_steps(design, state.parameters), ability)
    expected = made.expected[:, 0]
    residual = (design.rating_level - expected) / np.sqrt(made.variance[:, 0])
    order = np.argsort(-np.abs(residual), kind="stable")[:most]
    order = order[np.abs(residual[order]) >= least]
    cell = design.rating_cell[order]
    return Unexpected(
        design.rating_person[order].astype(np.int64),
        design.cell_criterion[cell],
        design.cell_rater[cell],
        design.rating_level[order].astype(np.int64),
        expected[order],
        residual[order],
    )


def rater_by_part(state: State, part_of_person: IntArray, min_persons: int = 10) -> Interactions:
    """Raters against parts of the persons, as their schools (−1 for no school)."""
    scores = _scores(state)
    severity = scores[:, : state.design.n_raters].tocoo()
    kept = part_of_person[severity.row] >= 0
    person, rater = severity.row[kept], severity.col[kept]
    return _tested(
        state, scores, person, rater, part_of_person[person], severity.data[kept], min_persons
    )


def rater_by_criterion(state: State, min_persons: int = 10) -> Interactions:
    """Raters against criteria."""
    design = state.design
    scores = _scores(state)
    surplus = _expected_levels(state) - design.rating_level
    cell = design.rating_cell
    return _tested(
        state, scores, design.rating_person.astype(np.int64), design.cell_rater[cell],
        design.cell_criterion[cell], surplus, min_persons,
    )  # fmt: skip


def _scores(state: State) -> sparse.csc_array:
    made = person_scores(state.design, state.curves, state.nodes, state.parameters).tocsc()
    made.sort_indices()
    return made


def _tested(
    state: State,
    scores: sparse.csc_array,
    person: IntArray,
    rater: IntArray,
    part: IntArray,
    score: FloatArray,
    min_persons: int,
) -> Interactions:
    """Score tests of one more severity for each rater and part.

    The information is Σ u² less what the rater's own severity, the criteria and the
    person SD explain of u (outer products of person scores).
    """
    layout = state.parameters.layout
    width = int(part.max(initial=0)) + 1
    keys, place = np.unique(rater.astype(np.int64) * width + part, return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.append(0, np.cumsum(np.bincount(place)))
    shared = scores[:, layout.n_raters : layout.mean].toarray()
    gram = shared.T @ shared
    effect, se, count = (np.full(len(keys), np.nan) for _ in range(3))
    for number, key in enumerate(keys):
        rows = order[ends[number] : ends[number + 1]]
        column = slice(*scores.indptr[key // width : key // width + 2])
        read = np.union1d(scores.indices[column], person[rows])
        own, summed = np.zeros(len(read)), np.zeros(len(read))
        own[np.searchsorted(read, scores.indices[column])] = scores.data[column]
        np.add.at(summed, np.searchsorted(read, person[rows]), score[rows])
        count[number] = len(np.unique(person[rows]))
        if count[number] >= min_persons:
            effect[number], se[number] = _one_step(summed, own, shared[read], gram)
    p = 2 * special.ndtr(-np.abs(effect / se))
    q, known = np.full(len(keys), np.nan), ~np.isnan(p)
    q[known] = benjamini_hochberg(list(p[known]))
    return Interactions(keys // width, keys % width, count.astype(np.int64), effect, se, p, q)


def _one_step(
    score: FloatArray, own: FloatArray, shared: FloatArray, gram: FloatArray
) -> tuple[float, float]:
    crossed = own @ shared
    whole = np.block([[np.array([[own @ own]]), crossed[None, :]], [crossed[:, None], gram]])
    with_score = np.append(own @ score, shared.T @ score)
    explained = with_score @ np.linalg.lstsq(whole, with_score, rcond=1e-10)[0]
    information = float(score @ score - explained)
    if information <= 1e-6 * float(score @ score):
        return np.nan, np.nan
    return float(score.sum()) / information, 1 / np.sqrt(information)


def _expected_levels(state: State) -> FloatArray:
    """Expected level of each rating given all of its person's ratings."""
    design: Design = state.design
    group = design.person_group[design.rating_person]
    order = np.argsort(group, kind="stable")
    expected = state.curves.expected
    made = np.zeros(len(group))
    for block in blocks(design, state.curves, state.nodes):
        first, last = np.searchsorted(group[order], [block.groups.start, block.groups.stop])
        for start in range(first, last, _ROWS):
            rows = order[start : min(start + _ROWS, last)]
            chances = block.chances[group[rows] - block.groups.start]
            made[rows] = np.einsum("iq,iq->i", chances, expected[design.rating_cell[rows]])
    return made
