"""Stability of results: the chance that other readers decide otherwise, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rubrics.errors import WorkbenchError
from rubrics.levels import LEVELS
from scoring.stability.conclusions import Points, conclusions
from scoring.stability.consensus_codes import LevelCodes
from scoring.stability.flip_risk import (
    FlipRisks,
    expected_replication,
    flip_risks,
    logit_shifts,
    result_levels,
)
from scoring.stability.fresh_reads import redraw
from scoring.stability.reading_queue import Worth, worth_of_reads
from workbench.errors import RefusedError
from workbench.messages import explain, text
from workbench.services.analyses import AT_ONCE, last_analysis, plain, reads_of
from workbench.services.results import CONCLUSION, ResultRow, teacher_rule
from workbench.services.stability_round import ReadRound, read_round
from workbench.services.stability_validation import validation_of_round
from workbench.services.workspace import Workspace

KIND = "stability"
RANDOM_SEED = 1

NO_LEVEL, NOT_READ, NOT_COMPUTED, CHANGED = "no_level", "not_read", "not_computed", "changed"
"""Why a result has no flip risk: no level, a level no reading decided, too many reads to
compute at once, or a level that changed since the analysis was stored."""

_PAIRED = ("all_points_pass", "count_points_pass")
_LEAST_WORTH = 0.001  # what a listed read must bring; the draws tell no less


def stability_analysis(
    workspace: Workspace, scope: str | None = None, random_seed: int = RANDOM_SEED
) -> dict[str, Any]:
    """Flip risk of every result that reading decided, and where further reads are worth most.

    Parameters
    ----------
    workspace : Workspace
    scope : str or None
        School whose results are given, None for all. The model is fitted to all
        reads of the workspace either way: readers are the same.
    random_seed : int

    Returns
    -------
    dict
        ``draws``; ``replication`` (``share`` of competency results another draw of
        readers would repeat, 1 − mean flip risk, ``lo``, ``hi``, ``results``); and
        ``results``, one a competency (and one a conclusion, ``competency`` empty):
        ``teacher_id, school_id, competency, level, flip_risk, lo, hi, modal, unsure``
        and ``reads``, the pieces worth reading on, best first: ``piece_id, slot_id,
        fall`` (expected fall per read of P(decision ≠ modal decision)) and
        ``sharper`` (expected rise of the chance that two draws agree).

    Raises
    ------
    RefusedError
        If there are too few reads, or no result of the scope has a level.
    ScoringError
        If the marks cannot be fitted.
    """
    known = read_round(workspace, int(workspace.policy["stability.draws"]), random_seed)
    drawn = result_levels(redraw(known.draws, known.design, random_seed).level, known.made_of)
    shifts = logit_shifts(known.draws, known.design, known.made_of)
    risks = flip_risks(drawn, known.observed, shifts)
    worth = worth_of_reads(known.draws, known.design, known.made_of, drawn, random_seed)
    kept = np.array([scope in (None, row.school_id) for row in known.results])
    if not kept.any():
        raise RefusedError("no result has a level yet.", key="stability.no_results")
    reads = _reads(known, worth)
    rows = [
        _told(row, risks, place) | {"reads": reads.get(place, [])}
        for place, row in enumerate(known.results)
        if kept[place]
    ]
    rows += [
        row
        for row in _conclusion_rows(workspace, known, drawn, shifts)
        if scope in (None, row["school_id"])
    ]
    again = expected_replication(drawn[:, kept], known.observed[kept])
    return {
        "draws": len(known.draws),
        "replication": dict(vars(again)),
        "results": rows,
        "validation": validation_of_round(workspace, known, random_seed),
    }


def reading_queue(analysis: Mapping[str, Any], most: int | None = None) -> list[dict[str, Any]]:
    """Pieces in the order in which to read on, from the payload of :func:`stability_analysis`.

    Returns
    -------
    list of dict
        ``piece_id, slot_id, teacher_id, school_id, competency, flip_risk, fall, sharper``.
    """
    of_result = ("teacher_id", "school_id", "competency", "flip_risk")
    found = [
        {**read, **{name: row[name] for name in of_result}}
        for row in analysis["results"]
        for read in row["reads"]
    ]
    found.sort(key=lambda read: (-read["fall"], -read["sharper"], read["piece_id"]))
    return found[:most]


def with_flip_risk(workspace: Workspace, rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Results with their flip risk, or the reason there is none.

    Taken from the stored analysis of the whole workspace if there is one, else
    computed where the reads are few enough to do so at once.
    """
    analysis, reason = _at_hand(workspace)
    known = {(row["teacher_id"], row["competency"]): row for row in analysis.get("results", ())}
    return [_filled(row, known, reason) for row in rows]


def reason_words(reason: str) -> str:
    """Say why a result has no flip risk; a reason that is a sentence already stays."""
    codes = (NO_LEVEL, NOT_READ, NOT_COMPUTED, CHANGED)
    return text(f"stability.reason.{reason}") if reason in codes else reason


def _at_hand(workspace: Workspace) -> tuple[Mapping[str, Any], str]:
    """Analysis, and what to say of a result that is not in it."""
    stored = last_analysis(workspace, KIND)
    if stored is not None:
        return stored.payload, NOT_READ
    if reads_of(workspace, None) > AT_ONCE:
        return {}, NOT_COMPUTED
    try:
        return plain(stability_analysis(workspace)), NOT_READ
    except WorkbenchError as too_few:
        return {}, explain(too_few)


def _filled(
    row: ResultRow, known: Mapping[tuple[str, str], Mapping[str, Any]], reason: str
) -> ResultRow:
    level = row.level or row.provisional
    if level is None:
        return replace(row, flip_risk_reason=NO_LEVEL)
    found = known.get((row.teacher_id, row.competency))
    if found is None:
        return replace(row, flip_risk_reason=reason)
    if found["level"] != str(level):
        return replace(row, flip_risk_reason=CHANGED)
    interval = (found["lo"], found["hi"])
    return replace(row, flip_risk=found["flip_risk"], flip_risk_interval=interval)


def _told(row: ResultRow, risks: FlipRisks, place: int) -> dict[str, Any]:
    """One result as the payload has it; shares to four digits."""
    return {
        "teacher_id": row.teacher_id,
        "school_id": row.school_id,
        "competency": row.competency,
        "level": str(row.level or row.provisional),
        "flip_risk": round(float(risks.flip_risk[place]), 4),
        "lo": round(float(risks.lo[place]), 4),
        "hi": round(float(risks.hi[place]), 4),
        "modal": str(LEVELS[risks.modal[place]]),
        "unsure": round(float(risks.unsure[place]), 4),
    }


def _reads(known: ReadRound, worth: Worth) -> dict[int, list[dict[str, Any]]]:
    """Pieces worth reading on, by result, best first."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in worth.queue():
        if max(worth.fall[row], worth.sharper[row]) < _LEAST_WORTH:
            continue
        piece = known.piece_ids[known.made_of.piece[row]]
        read = {
            "piece_id": piece,
            "slot_id": known.slot_of[piece],
            "fall": round(float(worth.fall[row]), 4),
            "sharper": round(float(worth.sharper[row]), 4),
        }
        found.setdefault(int(known.made_of.result[row]), []).append(read)
    return found


def _conclusion_rows(
    workspace: Workspace, known: ReadRound, drawn: LevelCodes, shifts: Any
) -> list[dict[str, Any]]:
    """Flip risk of the teachers' conclusions, where these follow from competencies.

    A conclusion flips where other readers would not come to it: to the other
    one, or to none yet.
    """
    rule = teacher_rule(workspace.policy)
    if rule.aggregation not in _PAIRED:
        return []
    teachers = list(dict.fromkeys(row.teacher_id for row in known.results))
    number = {teacher: place for place, teacher in enumerate(teachers)}
    of_result = np.array([number[row.teacher_id] for row in known.results])
    order = np.argsort(of_result, kind="stable")
    undecided = np.zeros(len(teachers), dtype=np.int64)
    decided = {(row.teacher_id, row.competency) for row in known.results}
    ends = {}
    for row in known.standing.rows:
        if row.competency == CONCLUSION:
            ends[row.teacher_id] = row
        elif row.teacher_id in number and (row.teacher_id, row.competency) not in decided:
            undecided[number[row.teacher_id]] += 1
    points = Points(rule.points_required, rule.aggregation == "all_points_pass")
    made = conclusions(drawn[:, order], of_result[order], undecided, points)
    kept = [t for t in teachers if (ends[t].level or ends[t].provisional) is not None]
    places = np.array([number[teacher] for teacher in kept], dtype=np.int64)
    if not len(places):
        return []
    levels = [ends[teacher].level or ends[teacher].provisional for teacher in kept]
    observed = np.array([level.rank for level in levels if level is not None], dtype=np.int8)
    first = np.array([np.flatnonzero(of_result == place)[0] for place in places])
    risks = flip_risks(made[:, places], observed, shifts[:, :, first])
    return [
        _told(ends[teacher], risks, place) | {"reads": []} for place, teacher in enumerate(kept)
    ]
