"""What common persons alone tell of severities: nothing is assumed of how able persons are.

A marginal fit joins raters who share nobody by taking their persons for alike.
To say whether panels may be compared that would be assuming the answer. Here
every person's ability is an unknown of its own and is eliminated, so that only
persons read by both sides link them.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from scoring.facets.climbing import State, cell_steps
from scoring.facets.measures import curves_at, expected_abilities
from scoring.tables import FloatArray


def linked_covariance(state: State) -> FloatArray:
    """Covariance of severities summing to zero, raters × raters, from common persons.

    With V the variance of a rating, the information on severities with abilities
    eliminated is diag(Σ V) − Σ_p v_p v_pᵀ / Σ v_p, a Laplacian of raters linked by persons;
    this is its pseudo-inverse. Raters of unconnected subsets have no covariance: ask
    for connectedness first.
    """
    design = state.design
    ability, _ = expected_abilities(state)
    variance = curves_at(design, cell_steps(design, state.parameters), ability).variance[:, 0]
    rater = design.cell_rater[design.rating_cell]
    persons = int(design.rating_person.max()) + 1
    shape = (persons, design.n_raters)
    by_person = csr_array((variance, (design.rating_person, rater)), shape=shape)
    whole = np.asarray(by_person.sum(axis=1)).ravel()
    scaled = by_person.multiply((1 / np.maximum(whole, 1e-12))[:, None])
    information = np.diag(np.asarray(by_person.sum(axis=0)).ravel())
    information -= (scaled.T @ by_person).toarray()
    found: FloatArray = np.linalg.pinv(information, hermitian=True)
    return found
