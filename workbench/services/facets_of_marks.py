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
from rubrics.policy_pack import PolicyPack
from scoring.discovery import benjamini_hochberg
from scoring.facets.fit_statistics import separation
from scoring.facets.marks_coding import IntArray, MarkCodes, code_marks
from scoring.facets.marks_fit import Residuals, interactions
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_panels import Severities
from scoring.facets.marks_readiness import reasons_of_marks, reasons_of_severities
from scoring.facets.readiness import Readiness, Reason, readiness
from scoring.facets.severity_effect import design_of, pass_rate_changes
from workbench.errors import RefusedError
from workbench.messages import language, text
from workbench.services.workspace import Workspace

EXPERT = "*"
"""Rater that stands for the experts' marks on seeds; no person has this id."""

_ROUNDS = (Round.BLIND, Round.THIRD, Round.SEED)
_EFFECT_DRAWS = 50  # of abilities; the pass rate they give errs by far less than its own interval
_SURPRISES = 20  # marks a person will look at
_SURPRISING = 0.05  # chance of the mark given
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
    reasons = reasons_of_marks(codes, int(policy["facets.min_marks"]))
    if any(reason.blocks for reason in reasons):
        return _told(readiness(reasons), {})
    model = MarksModel(borrowing=None).fit_codes(codes, workspace.rubrics.levels_of_criteria())
    severities = model.severities(
        given.panels, float(policy["facets.max_offset_se"]), EXPERT, given.seeds
    )
    reasons += reasons_of_severities(severities, codes.raters, model.extreme_raters_)
    draws = int(policy["facets.fit_draws"]) if fit_draws is None else fit_draws
    found = model.residuals()
    lists = {
        "raters": _raters(workspace, model, severities, given.pieces, draws, random_seed),
        "criteria": _criteria(model),
        "persons": _persons(model) if with_persons else [],
        "panels": [vars(panel) for panel in severities.panels],
        "interactions": _interactions(model.told, found, given.pieces, policy),
        "unexpected": _unexpected(model.told, found),
    }
    return _told(readiness(reasons), {**_summary(model, severities), **lists})


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


def _told(decided: Readiness, content: Mapping[str, Any]) -> dict[str, Any]:
    """Every key of the shape, decision first, what was not computed empty or None."""
    first = decided.reasons[0] if decided.reasons else None
    empty: dict[str, Any] = {
        "subsets": 0, "raters": [], "criteria": [], "thresholds": [], "persons": [],
        "deviance": None, "person_sd": None, "teacher_sd": None, "piece_sd": None,
        "halo_sd": None, "separation": None, "strata": None, "reliability": None,
        "iterations": 0, "panels": [], "interactions": [], "unexpected": [],
    }  # fmt: skip
    return {
        "decision": decided.decision,
        "next_action": _next_action(first),
        "reasons": [{"code": reason.code, "ids": list(reason.ids)} for reason in decided.reasons],
        **empty,
        **content,
    }


def _next_action(reason: Reason | None) -> str:
    if reason is None:
        return text("facets_of_marks.next.none")
    key = f"facets_of_marks.next.{reason.code}"
    shown = reason.ids[:5] + (("…",) if len(reason.ids) > 5 else ())
    names = ("、" if language() == "zh" else ", ").join(shown)
    return text(key, ids=names, n=len(reason.ids))


def _summary(model: MarksModel, severities: Severities) -> dict[str, Any]:
    judged = [
        place
        for place, rater in enumerate(model.raters_)
        if rater != EXPERT and rater not in model.extreme_raters_
    ]
    apart = separation(severities.value[judged], severities.se[judged])
    return {
        "subsets": int(severities.network.max()) + 1,
        "deviance": model.deviance_,
        "person_sd": float(np.hypot(model.teacher_sd_, model.piece_sd_)),
        "teacher_sd": model.teacher_sd_,
        "piece_sd": model.piece_sd_,
        "halo_sd": model.halo_sd_,
        "separation": _known(apart.separation),
        "strata": _known(apart.strata),
        "reliability": _known(apart.reliability),
        "iterations": model.iterations_,
    }


def _raters(
    workspace: Workspace,
    model: MarksModel,
    severities: Severities,
    pieces: Sequence[Row],
    fit_draws: int,
    random_seed: int,
) -> list[dict[str, Any]]:
    fit = model.rater_fit(fit_draws, random_seed)
    changes = _changes(workspace, model, severities, pieces, random_seed)
    counts = model.codes.marks_by_rater()
    reads = np.bincount(model.codes.read_rater, minlength=len(counts))
    rows = []
    for place, rater in enumerate(model.raters_):
        if rater == EXPERT:
            continue
        row = {
            "rater": rater,
            "severity": float(severities.value[place]),
            "se": float(severities.se[place]),
            "shrunken": float(severities.shrunken[place]),
            "zero": severities.zero[place],
            "subset": int(severities.network[place]),
            "infit": _known(fit.infit[place]),
            "outfit": _known(fit.outfit[place]),
            "n": int(counts[place]),
            "n_reads": int(reads[place]),
            "extreme": rater in model.extreme_raters_,
        }
        for name, limits in (("infit", fit.infit_limits), ("outfit", fit.outfit_limits)):
            ends = (None, None) if limits is None else limits[:, place].tolist()
            row |= {f"{name}_lo": ends[0], f"{name}_hi": ends[1]}
        keys = ("pass_rate_change", "pass_rate_change_lo", "pass_rate_change_hi")
        row |= dict(zip(keys, changes[place] if changes else (None,) * 3, strict=True))
        rows.append(row)
    return rows


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


def _criteria(model: MarksModel) -> list[dict[str, Any]]:
    fit = model.criterion_fit()
    counts = model.codes.marks_by_criterion()
    met = model.codes.met_by_criterion()
    return [
        {
            "criterion": criterion,
            "difficulty": float(model.difficulty_[place]),
            "se": float(model.difficulty_se_[place]),
            "infit": _known(fit.infit[place]),
            "outfit": _known(fit.outfit[place]),
            "n": int(counts[place]),
            "met_share": float(met[place] / counts[place]),
            "extreme": criterion in model.extreme_criteria_,
        }
        for place, criterion in enumerate(model.criteria_)
    ]


def _persons(model: MarksModel) -> list[dict[str, Any]]:
    measures = model.pieces()
    names = ("eap", "eap_sd", "wle", "wle_se")
    columns = [[_known(value) for value in getattr(measures, name)] for name in names]
    rows = zip(model.pieces_, *columns, strict=True)
    return [dict(zip(("person", *names), row, strict=True)) for row in rows]


def _interactions(
    codes: MarkCodes, found: Residuals, pieces: Sequence[Row], policy: PolicyPack
) -> list[dict[str, Any]]:
    """Cells past the false-discovery rate: rater × school of the piece, rater × criterion."""
    school_of = {row["piece_id"]: row["school_id"] for row in pieces}
    schools = sorted(set(school_of.values()))
    number = {name: place for place, name in enumerate(schools)}
    of_piece = np.array([number.get(school_of.get(piece, ""), -1) for piece in codes.pieces])
    of_mark: IntArray = of_piece[codes.read_piece[codes.mark_read]]
    kinds: tuple[tuple[str, IntArray, Sequence[str]], ...] = (
        ("school", of_mark, schools),
        ("criterion", codes.mark_criterion, codes.criteria),
    )
    rows = []
    for kind, group_of_mark, names in kinds:
        cells = interactions(codes, found, group_of_mark)
        told = np.flatnonzero(
            (cells.n_reads >= policy["flag.severe_rater.min_reads"]) & (cells.se > 0)
        )
        q = benjamini_hochberg(cells.p[told].tolist())
        rows += [
            {
                "kind": kind,
                "rater": codes.raters[cells.rater[cell]],
                "with": names[cells.group[cell]],
                "bias": float(cells.bias[cell]),
                "se": float(cells.se[cell]),
                "p": float(cells.p[cell]),
                "q": float(at),
                "n_reads": int(cells.n_reads[cell]),
            }
            for cell, at in zip(told, q, strict=True)
            if at <= policy["facets.interaction_q"]
        ]
    return rows


def _unexpected(codes: MarkCodes, found: Residuals) -> list[dict[str, Any]]:
    """Marks that had the least chance, least first."""
    chance = 1 - np.abs(found.residual)
    least = np.argsort(chance, kind="stable")[:_SURPRISES]
    return [
        {
            "person": codes.pieces[codes.read_piece[codes.mark_read[mark]]],
            "criterion": codes.criteria[codes.mark_criterion[mark]],
            "rater": codes.raters[codes.read_rater[codes.mark_read[mark]]],
            "met": int(codes.met[mark]),
            "chance": float(chance[mark]),
        }
        for mark in least
        if chance[mark] < _SURPRISING
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
