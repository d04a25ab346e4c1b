"""Generalizability: how far scores would repeat with other raters, and what more readers would buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from models.frames import LEVEL, MET, PERSON, PIECE, RATER, SCHOOL, SLOT
from rubrics.levels import LEVEL_OF_ZH, LEVELS
from scoring.generalizability.decision_study import components_of, decision_study, midpoints
from scoring.generalizability.designs import (
    CROSSED,
    Study,
    component_names,
    read_study,
    refuse_disconnected,
)
from scoring.generalizability.mean_squares import Components
from scoring.stability.reading_plans import reading_plans
from workbench.errors import InputError
from workbench.services.stability_round import read_round
from workbench.services.workspace import Workspace

RATERS = (1, 2, 3, 4)
"""Numbers of raters a decision study tries."""

_DRAWS = 200  # of a plan: its share errs by a few thousandths
AT_BOUND, NEGATIVE = "at_bound", "negative"
"""Notes of a component: held at its bound of 0; estimated below 0."""


def generalizability_of_table(
    table: pd.DataFrame,
    *,
    design: str = "",
    scale: Sequence[str] = (),
    raters: Sequence[int] = RATERS,
    criteria: Sequence[int] = (),
    cuts: Sequence[float] = (),
    minutes: float | None = None,
    across_subsets: bool = False,
) -> dict[str, Any]:
    """Variance components and decision study of any table.

    Parameters
    ----------
    table : DataFrame, as ``facets_rows.ratings_of_table`` reads it
        Columns person, rater, level, and criterion where there are several.
    design : ``p_r``, ``p_r_c``, ``p_rt``, or empty to see it from the table
    scale : levels by name, lowest first; each counts as its place. Levels of the
        norm need none, other names do.
    raters, criteria : numbers to plan with; by default 1 to 4 raters, and as many
        criteria as the table has
    cuts : means at which the decision changes; halfway between levels by default
    minutes : of one read
    across_subsets : go on though raters fall into groups without a person in common; the
        components then rest on persons of all groups being alike

    Returns
    -------
    dict
        See ``docs/formats.md``.

    Raises
    ------
    ScoringError
        If the table is no study, see ``scoring.generalizability``.
    """
    study = read_study(_scores(table, scale), design)
    if not across_subsets:
        refuse_disconnected(study)
    components = components_of(study)
    plans = decision_study(
        study,
        components,
        raters,
        criteria or [study.criteria],
        cuts or midpoints(study.score),
        minutes,
    )
    return _head(study, components) | {"plans": [asdict(plan) for plan in plans]}


def generalizability_of_workspace(
    workspace: Workspace, scope: str | None = None, random_seed: int = 1
) -> dict[str, Any]:
    """Decision study of a round: its own rules on fresh reads first, coefficients second.

    ``plans`` say, for all results, what other numbers of first reads and of
    pieces would give under the round's rules; third reads and rulings are
    counted. The components are of the share of a read's criteria that are met,
    less the mean of its slot, pieces × raters.

    Parameters
    ----------
    scope : str or None
        School whose pieces the components are of, None for all; the plans are of
        the whole round.
    random_seed : int

    Raises
    ------
    RefusedError
        If there are too few reads, or no result has a level.
    ScoringError
        If the marks cannot be fitted, or no piece has two reads.
    """
    known = read_round(workspace, _DRAWS, random_seed)
    plans = reading_plans(
        known.draws, known.design, known.made_of, known.minutes, RATERS[:3], random_seed
    )
    study = read_study(_shares_met(known.marks, scope), CROSSED)
    components = components_of(study)
    by_readers = {
        plan.raters: plan for plan in decision_study(study, components, RATERS[:3], [1], [])
    }
    coefficients = ("relative_error", "absolute_error", "g_coefficient", "phi")
    rows = [
        {
            "raters": plan.readers,
            "criteria": plan.pieces,
            "replication": plan.replication,
            "replication_se": plan.se,
            "reads": plan.reads,
            "hours": plan.hours,
            **{name: getattr(by_readers[plan.readers], name) for name in coefficients},
        }
        for plan in plans
    ]
    return _head(study, components) | {"plans": rows}


def _head(study: Study, components: Components) -> dict[str, Any]:
    """Say what was studied, and its components."""
    total = sum(max(value, 0.0) for value in components.variance.values())
    rows = [
        {
            "component": name,
            "variance": components.variance[name],
            "se": components.se[name],
            "share": max(components.variance[name], 0.0) / total if total else None,
            "note": _note(components, name),
        }
        for name in component_names(study.design)
    ]
    return {
        "design": study.design,
        "balanced": study.balanced,
        "method": components.method,
        "n_scores": len(study.score),
        "n_persons": study.persons,
        "n_raters": study.raters,
        "n_criteria": study.criteria,
        "mean": components.mean,
        "components": rows,
    }


def _note(components: Components, name: str) -> str:
    """Say where an estimate is no plain one: below zero, or held at zero."""
    if components.variance[name] < 0:
        return NEGATIVE
    return AT_BOUND if components.se[name] is None else ""


def _scores(table: pd.DataFrame, scale: Sequence[str]) -> pd.DataFrame:
    """Levels as numbers: numbers as they are, names by their place on the scale."""
    named = [str(LEVEL_OF_ZH.get(name, name)) for name in scale]
    levels = table[LEVEL].dropna().astype(str)
    if not named and set(levels) <= {str(level) for level in LEVELS}:
        named = [str(level) for level in LEVELS]
    if not named:
        return table
    place = {name: number for number, name in enumerate(named)}
    strange = levels[~levels.isin(named)]
    if len(strange):
        row = table.loc[strange.index[0]]
        raise InputError(
            f"table: level {row[LEVEL]!r} of person {row[PERSON]} by rater {row[RATER]} is none of "
            f"{', '.join(named)}. Correct the row or declare the whole scale.",
            key="generalizability.off_scale",
            level=str(row[LEVEL]),
            person=str(row[PERSON]),
            rater=str(row[RATER]),
            scale=", ".join(named),
        )
    return table.assign(**{LEVEL: table[LEVEL].astype(object).map(place)})


def _shares_met(marks: pd.DataFrame, scope: str | None) -> pd.DataFrame:
    """Share of criteria each read found met, less the mean of its slot: one row a read."""
    kept = marks if scope is None else marks[marks[SCHOOL] == scope]
    by_read = kept.groupby([SLOT, PIECE, RATER], observed=True)[MET].mean().reset_index()
    centred = by_read[MET] - by_read.groupby(SLOT, observed=True)[MET].transform("mean")
    return pd.DataFrame(
        {
            PERSON: by_read[PIECE].astype(str),
            RATER: by_read[RATER].astype(str),
            LEVEL: centred.astype(float),
        }
    )
