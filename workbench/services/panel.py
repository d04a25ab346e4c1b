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
_OF_PIECE = (frames.TEACHER, frames.SCHOOL, frames.COMPETENCY, frames.SLOT)
_COLUMNS = (frames.UNIT, frames.RATER, frames.LEVEL, *_OF_PIECE)


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
    return [dict(vars(one)) for one in found]  # flat: nothing to be copied deep


def panel_pairs(workspace: Workspace, school_id: str | None = None) -> pd.DataFrame:
    """Share of pieces on which two raters gave the same level, in their first two blind reads.

    The ``percent_agreement`` of ``panel_agreement`` by ``rater_pair``, and nothing else
    of it: a county has thousands of pairs.

    Returns
    -------
    DataFrame, one row a pair
        ``one``, ``other``, ``share`` (0 to 1) and ``pieces`` both judged; empty where
        no piece has two reads.
    """
    with workspace.store() as store:
        ratings = _of_school(_level_ratings(store, workspace), school_id)
    kept = ratings.loc[ratings[frames.LEVEL].notna(), [frames.UNIT, frames.RATER, frames.LEVEL]]
    both = kept.merge(kept, on=frames.UNIT, suffixes=("", "_other"))
    other = f"{frames.RATER}_other"
    both = both[both[frames.RATER] < both[other]]
    same = both.assign(share=both[frames.LEVEL] == both[f"{frames.LEVEL}_other"])
    found = same.groupby([frames.RATER, other])["share"].agg(["mean", "size"]).reset_index()
    return found.set_axis(["one", "other", "share", "pieces"], axis=1)


def panel_severity(workspace: Workspace, school_id: str | None = None) -> pd.DataFrame:
    """Severity of each rater, the share of criteria found met less than co-raters did.

    ``school_id`` leaves only the pieces of one school; None takes all.
    """
    return severity(_blind_marks(workspace, school_id))


def panel_findings(
    workspace: Workspace, random_seed: int = 1, school_id: str | None = None
) -> list[dict[str, Any]]:
    """Tests of every rater, as the objects of ``effects --json``; of one school where named."""
    return _findings(workspace, _blind_marks(workspace, school_id), random_seed)


def panel_effects(
    workspace: Workspace, school_id: str | None = None, random_seed: int = 1
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """``panel_severity`` and ``panel_findings`` from one look at the marks."""
    marks = _blind_marks(workspace, school_id)
    return severity(marks), _findings(workspace, marks, random_seed)


def _blind_marks(workspace: Workspace, school_id: str | None) -> pd.DataFrame:
    with workspace.store() as store:
        marks = _of_school(mark_frame(store, (Round.BLIND,)), school_id)
    if marks.empty:
        raise RefusedError("there are no reads yet.", key="panel.no_reads")
    return marks


def _findings(workspace: Workspace, marks: pd.DataFrame, random_seed: int) -> list[dict[str, Any]]:
    rule = workspace.policy.section("flag.severe_rater")
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
            given = (piece["piece_id"], read.rater_id, level and str(level))
            rows.append((*given, *(piece[name] for name in _OF_PIECE)))
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
