"""The facets model of a workspace: severities, criteria and pieces from the marks recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import frames
from models.calibration import expert_marks as recorded_expert_marks
from models.people import raters as people
from models.ratings import mark_frame
from models.records import Round
from models.store import Row
from models.submissions import owned_pieces
from scoring.facets.marks_coding import MarkCodes, code_marks
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_panels import Severities
from scoring.facets.marks_readiness import reasons_of_marks, reasons_of_severities
from scoring.facets.readiness import readiness
from scoring.facets.severity_effect import design_of, pass_rate_changes
from workbench.errors import RefusedError
from workbench.services.facets_marks_report import (
    EXPERT,
    criterion_rows,
    interaction_rows,
    link_rows,
    links_of_marks,
    marks_report,
    person_rows,
    rater_rows,
    summary,
    unexpected_rows,
)
from workbench.services.workspace import Workspace

_ROUNDS = (Round.BLIND, Round.THIRD, Round.SEED)
_EFFECT_DRAWS = 50  # of abilities; the pass rate they give errs by far less than its own interval
_NORMAL_95 = 1.96


def facets_of_workspace(
    workspace: Workspace,
    *,
    school_id: str | None = None,
    expert_marks: pd.DataFrame | None = None,
    fit_draws: int | None = None,
    random_seed: int = 1,
    with_persons: bool = True,
) -> dict[str, Any]:
    """Fit the marks model and say it in the shape of ``facets --json``.

    Parameters
    ----------
    workspace : Workspace
        Its blind, third and seed reads that count now.
    school_id : str or None
        Only pieces of this school; None for all.
    expert_marks : DataFrame, optional
        ``piece_id``, ``criterion_id``, ``met`` of seed pieces: the zero of severity,
        where the round's offset from them is known well enough. Those of the round's
        seed packs where left out.
    fit_draws : int, optional
        Simulated rounds for limits of infit and outfit; the policy's by default, 0 for none.
    random_seed : int
        Of simulated rounds and draws.
    with_persons : bool
        Whether to list the pieces' measures (a county has tens of thousands).

    Returns
    -------
    dict
        See ``docs/formats.md``. Where ``decision`` is ``blocked`` the lists are empty.

    Raises
    ------
    RefusedError
        If there are no reads.
    """
    given = _given(workspace, school_id, expert_marks)
    codes, policy = given.codes, workspace.policy
    links = links_of_marks(codes, int(policy["facets.weak_link"]))
    reasons = reasons_of_marks(codes, int(policy["facets.min_marks"]), links)
    if any(reason.blocks for reason in reasons):
        return marks_report(readiness(reasons), {})
    model = MarksModel(borrowing=None).fit_codes(codes, workspace.rubrics.levels_of_criteria())
    severities = model.severities(
        given.panels, float(policy["facets.max_offset_se"]), EXPERT, given.seeds
    )
    reasons += reasons_of_severities(severities, codes.raters, model.extreme_raters_)
    draws = int(policy["facets.fit_draws"]) if fit_draws is None else fit_draws
    found = model.residuals()
    fit = model.rater_fit(draws, random_seed)
    changes = _changes(workspace, model, severities, given.pieces, random_seed)
    school_of = {row["piece_id"]: row["school_id"] for row in given.pieces}
    lists = {
        "weak_links": link_rows(codes, links),
        "raters": rater_rows(model, severities, fit, changes),
        "criteria": criterion_rows(model),
        "persons": person_rows(model) if with_persons else [],
        "panels": [vars(panel) for panel in severities.panels],
        "interactions": interaction_rows(model.told, found, school_of, policy),
        "unexpected": unexpected_rows(model.told, found),
    }
    return marks_report(readiness(reasons), {**summary(model, severities), **lists})


@dataclass(frozen=True)
class _Given:
    """What is fitted: marks with the experts', the pieces' rows, seed pieces, and panels.

    ``panels`` names the school of each rater; None where all are of one.
    """

    codes: MarkCodes
    pieces: list[Row]
    seeds: list[str]
    panels: Mapping[str, str] | None


def _given(
    workspace: Workspace, school_id: str | None, expert_marks: pd.DataFrame | None
) -> _Given:
    """Read the marks of the workspace, or of one school of it."""
    with workspace.store() as store:
        marks = mark_frame(store, _ROUNDS)
        pieces = owned_pieces(store)
        if expert_marks is None:
            expert_marks = recorded_expert_marks(store)
        school_of = {name: row["school_id"] or "" for name, row in people(store).items()}
    if school_id is not None:
        marks = _of_school(marks, school_id)
        pieces = [row for row in pieces if row["school_id"] == school_id]
    if marks.empty:
        raise RefusedError("there are no reads yet.", key="panel.no_reads")
    seeds = sorted(set(marks.loc[marks[frames.ROUND] == str(Round.SEED), frames.PIECE].astype(str)))
    codes = code_marks(_with_experts(marks, expert_marks))
    of_schools = {school_of.get(rater, "") for rater in codes.raters if rater != EXPERT}
    return _Given(codes, pieces, seeds, school_of if len(of_schools) > 1 else None)


def _of_school(marks: pd.DataFrame, school_id: str) -> pd.DataFrame:
    """Marks on the pieces of one school, and those of its readers on seed pieces."""
    own = marks[frames.SCHOOL] == school_id
    seeds = marks[frames.ROUND].astype(str) == str(Round.SEED)
    return marks[own | (seeds & marks[frames.RATER].isin(marks.loc[own, frames.RATER]))]


def _with_experts(marks: pd.DataFrame, expert_marks: pd.DataFrame | None) -> pd.DataFrame:
    """Marks with the experts' as one more rater's, on pieces somebody of the round has read."""
    needed = [frames.PIECE, frames.CRITERION, frames.RATER, frames.MET, frames.TEACHER]
    kept = marks[needed].astype({column: str for column in needed if column != frames.MET})
    if expert_marks is None:
        return kept
    teacher = dict(zip(kept[frames.PIECE], kept[frames.TEACHER], strict=True))
    own = expert_marks[expert_marks[frames.PIECE].isin(teacher)]
    own = own.reset_index(drop=True)
    own[frames.RATER] = EXPERT
    own[frames.TEACHER] = own[frames.PIECE].map(teacher)
    return pd.concat([kept, own[needed]], ignore_index=True)


def _changes(
    workspace: Workspace,
    model: MarksModel,
    severities: Severities,
    pieces: Sequence[Row],
    random_seed: int,
) -> list[list[float]]:
    """Change of the pass rate at each rater's severity, with the ends of its interval."""
    draws = model.draws(_EFFECT_DRAWS, random_seed, parameter_draws=0)
    by_submission: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in pieces:
        by_submission[row["submission_id"]].append((row["piece_id"], row["slot_id"]))
    slots_of = {rubric.competency: len(rubric.slots) for rubric in workspace.rubrics}
    whole = {row["submission_id"]: slots_of[row["competency"]] for row in pieces}
    results = [own for name, own in by_submission.items() if len(own) == whole[name]]
    slots = (slot for rubric in workspace.rubrics for slot in rubric.slots)
    reads = int(workspace.policy["review.reviewers_per_piece"])
    design = design_of(draws, results, {slot.slot_id: slot.pass_ids for slot in slots}, reads)
    if not len(design.starts):
        return []
    zero = model.severity_ - severities.value
    reach = _NORMAL_95 * severities.se
    at = [model.severity_, model.severity_ + reach, model.severity_ - reach]
    moved = pass_rate_changes(draws, design, np.concatenate(at), np.tile(zero, 3))
    table: list[list[float]] = moved.reshape(3, -1).T.tolist()
    return table
