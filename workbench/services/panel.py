"""The panel's own agreement and severity, from the reads recorded in a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import pandas as pd

from models import frames
from models.ratings import mark_frame, standing_reads
from models.records import Round
from models.store import Store
from models.submissions import owned_pieces
from rubrics.levels import LEVELS
from scoring.agreement import (
    MARK_SCALE,
    Coefficient,
    Settings,
    agreement_report,
    marks_as_ratings,
)
from scoring.consensus import read_level
from scoring.effects import Thresholds, severity, severity_findings
from workbench.errors import RefusedError
from workbench.services.workspace import Workspace

_HEADLINE_READS = 2
_COLUMNS = (
    *(frames.UNIT, frames.RATER, frames.LEVEL, frames.TEACHER, frames.SCHOOL),
    *(frames.COMPETENCY, frames.SLOT),
)


def panel_agreement(
    workspace: Workspace,
    by: Sequence[str] = (),
    random_seed: int = 1,
    *,
    of_marks: bool = False,
    school_id: str | None = None,
) -> list[dict[str, Any]]:
    """Agreement of the first two blind reads of each piece, as the objects of ``agreement --json``.

    Parameters
    ----------
    by : sequence of str
        ``school``, ``competency``, ``slot`` or ``rater_pair``.
    random_seed : int
        Of the resamples.
    of_marks : bool
        Compare marks (met, not met) instead of levels: a diagnosis, not the headline.
    school_id : str or None
        Only pieces of this school; None for all.

    Raises
    ------
    RefusedError
        If no piece has two blind reads: agreement is then unknown, not zero.
    """
    with workspace.store() as store:
        ratings = _mark_ratings(store) if of_marks else _level_ratings(store, workspace)
    ratings = _of_school(ratings, school_id)
    if ratings.empty:
        raise RefusedError(
            "no piece has two blind reads yet, so agreement is unknown.", key="panel.no_pairs"
        )
    policy = workspace.policy
    settings = Settings(
        random_seed,
        int(policy["agreement.draws"]),
        float(policy["agreement.level"]),
        int(policy["agreement.min_clusters"]),
    )
    scale = MARK_SCALE if of_marks else [str(level) for level in LEVELS]
    columns = {"school": frames.SCHOOL, "competency": frames.COMPETENCY, "slot": frames.SLOT}
    groups = [columns.get(name, name) for name in by]
    schools = ratings[frames.SCHOOL].nunique()
    found: list[Coefficient] = agreement_report(
        ratings,
        scale,
        settings,
        clusters=frames.SCHOOL if schools > 1 else frames.TEACHER,
        ordered=not of_marks,
    )
    if groups:
        inside = agreement_report(
            ratings, scale, settings, clusters=frames.TEACHER, by=groups, ordered=not of_marks
        )
        found += [one for one in inside if one.by in groups]
    return [asdict(one) for one in found]


def panel_severity(workspace: Workspace, school_id: str | None = None) -> pd.DataFrame:
    """Severity of each rater, the share of criteria found met less than co-raters did.

    ``school_id`` leaves only the pieces of one school; None takes all.
    """
    with workspace.store() as store:
        marks = _of_school(mark_frame(store, (Round.BLIND,)), school_id)
    if marks.empty:
        raise RefusedError("there are no reads yet.", key="panel.no_reads")
    return severity(marks)


def panel_findings(
    workspace: Workspace, random_seed: int = 1, school_id: str | None = None
) -> list[dict[str, Any]]:
    """Tests of every rater, as the objects of ``effects --json``; of one school where named."""
    rule = workspace.policy.section("flag.severe_rater")
    with workspace.store() as store:
        marks = _of_school(mark_frame(store, (Round.BLIND,)), school_id)
    if marks.empty:
        raise RefusedError("there are no reads yet.", key="panel.no_reads")
    thresholds = Thresholds(rule["q"], rule["min_effect"], rule["min_reads"], rule["min_panel"])
    return [asdict(found) for found in severity_findings(marks, thresholds, random_seed)]


def _level_ratings(store: Store, workspace: Workspace) -> pd.DataFrame:
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    reads = standing_reads(store)
    rows = []
    for piece in owned_pieces(store):
        slot = slots[piece["slot_id"]]
        blind = (r for r in reads.get(piece["piece_id"], ()) if r.round == Round.BLIND)
        for read in islice(blind, _HEADLINE_READS):
            level = read_level(slot, read.marks)
            rows.append(
                {
                    **{
                        key: piece[key]
                        for key in ("teacher_id", "school_id", "competency", "slot_id")
                    },
                    frames.UNIT: piece["piece_id"],
                    frames.RATER: read.rater_id,
                    frames.LEVEL: level and str(level),
                }
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _of_school(rows: pd.DataFrame, school_id: str | None) -> pd.DataFrame:
    """Rows about pieces of one school, categories nobody has left out; all where None."""
    if school_id is None:
        return rows
    chosen = rows[rows[frames.SCHOOL] == school_id].copy()
    for column in chosen.select_dtypes("category"):
        chosen[column] = chosen[column].cat.remove_unused_categories()
    return chosen.reset_index(drop=True)


def _mark_ratings(store: Store) -> pd.DataFrame:
    return marks_as_ratings(mark_frame(store, (Round.BLIND,)))
