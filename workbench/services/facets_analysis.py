"""The analysis ``facets``: the model of the round's marks, and the reads each severity comes from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from models import frames
from models.ratings import mark_frame
from models.records import Round
from scoring.driving_reads import driving_reads
from workbench.services.facets_of_marks import facets_of_workspace
from workbench.services.workspace import Workspace

KIND = "facets"
MOST_DRIVING = 3
"""Reads shown of each rater."""


def facets_analysis(
    workspace: Workspace,
    scope: str | None = None,
    random_seed: int = 1,
    fit_draws: int | None = None,
) -> dict[str, Any]:
    """Payload of the analysis ``facets``.

    Parameters
    ----------
    scope : str or None
        School whose pieces are modelled; None for all.
    random_seed : int
    fit_draws : int or None
        Simulated rounds for limits of fit; the policy's by default.

    Returns
    -------
    dict
        As ``facets --json`` of a workspace, and ``driving``: for each rater the
        pieces read least like the others in the direction of the severity, as
        lists of piece, own marks "not met", and own marks.

    Raises
    ------
    RefusedError
        If there are no reads.
    ScoringError
        If the marks cannot be fitted.
    """
    found = facets_of_workspace(
        workspace, school_id=scope, fit_draws=fit_draws, random_seed=random_seed
    )
    severity = {row["rater"]: row["severity"] for row in found["raters"]}
    with workspace.store() as store:
        marks = mark_frame(store, (Round.BLIND, Round.THIRD), scope)
    return found | {"driving": _by_rater(driving_reads(marks, severity, MOST_DRIVING))}


def _by_rater(reads: pd.DataFrame) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {}
    told = reads[[frames.RATER, frames.PIECE, "unmet", "marks"]].itertuples(index=False)
    for rater, piece, unmet, marks in told:
        found.setdefault(str(rater), []).append([str(piece), int(unmet), int(marks)])
    return found
