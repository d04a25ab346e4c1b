"""The panel's own agreement and severity, from the reads recorded in a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    EVERY,
    HEADLINE,
    MARK_SCALE,
    Coefficient,
    agreement_report,
    marks_as_ratings,
)
from scoring.consensus import read_level
from scoring.effects.severity import severity
from workbench.errors import RefusedError
from workbench.services.agreement_settings import settings_of
from workbench.services.effects import findings_of_workspace
from workbench.services.workspace import Workspace

Tick = Callable[[int, int], None]
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
    draws: int | None = None,
    weights: Sequence[str] = (),
    sample_raters: bool = False,
    tick: Tick = lambda done, total: None,  # noqa: ARG005
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
    draws : int or None
        Resamples, 0 for closed formulas; the policy's by default.
    weights : sequence of str
        With it every coefficient of these weightings, beyond the headline.
    sample_raters : bool
        Draw raters too ("raters like these").
    tick : called with how many groups are done of how many

    Raises
    ------
    RefusedError
        If no piece has two blind reads: agreement is then unknown, not zero.
    """
    with workspace.store() as store:
        ratings = (
            marks_as_ratings(mark_frame(store, (Round.BLIND,), school_id))
            if of_marks
            else _level_ratings(store, workspace, school_id)
        )
    if ratings.empty:
        raise RefusedError(
            "no piece has two blind reads yet, so agreement is unknown.", key="panel.no_pairs"
        )
    settings = settings_of(workspace.policy, random_seed, draws, sample_raters=sample_raters)
    listed = EVERY if weights else HEADLINE
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
        listed=listed,
        weights=weights,
    )
    if groups:
        inside = agreement_report(
            ratings, scale, settings, clusters=frames.TEACHER, by=groups, ordered=not of_marks,
            listed=listed, weights=weights, tick=tick,
        )  # fmt: skip
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
        ratings = _level_ratings(store, workspace, school_id)
    kept = ratings.loc[ratings[frames.LEVEL].notna(), [frames.UNIT, frames.RATER, frames.LEVEL]]
    both = kept.merge(kept, on=frames.UNIT, suffixes=("", "_other"))
    other = f"{frames.RATER}_other"
    both = both[both[frames.RATER] < both[other]]
    same = both.assign(share=both[frames.LEVEL] == both[f"{frames.LEVEL}_other"])
    found = same.groupby([frames.RATER, other])["share"].agg(["mean", "size"]).reset_index()
    return found.set_axis(["one", "other", "share", "pieces"], axis=1)


def panel_effects(
    workspace: Workspace, school_id: str | None = None, random_seed: int = 1
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Severity of every rater, and the tests of it as the objects of ``effects --json``.

    Severity is the share of criteria found met less than co-raters did.
    ``school_id`` leaves only the pieces of one school; None takes all.

    Raises
    ------
    RefusedError
        If there are no reads yet.
    """
    marks = _blind_marks(workspace, school_id)
    return severity(marks), findings_of_workspace(workspace, school_id, random_seed)


def agreement_analysis(
    workspace: Workspace,
    scope: str | None,
    random_seed: int = 1,
    by: Sequence[str] = (),
    *,
    of_marks: bool = False,
    tick: Tick = lambda done, total: None,  # noqa: ARG005
    **more: Any,
) -> dict[str, Any]:
    """Payload of the analysis ``agreement``; ``more`` goes to `panel_agreement`.

    ``coefficients`` are the objects of `panel_agreement`; ``pairs`` the rows of
    `panel_pairs` as lists of one, other, share and pieces (none of marks).
    """
    found = panel_agreement(
        workspace, by, random_seed, of_marks=of_marks, school_id=scope, tick=tick, **more
    )
    pairs = [] if of_marks else panel_pairs(workspace, scope).to_numpy().tolist()
    return {"coefficients": found, "pairs": pairs}


def effects_analysis(
    workspace: Workspace, scope: str | None, random_seed: int = 1
) -> dict[str, Any]:
    """Payload of the analysis ``effects``: ``severities``, one object a rater, and ``findings``."""
    table, findings = panel_effects(workspace, scope, random_seed)
    return {"severities": table.to_dict("records"), "findings": findings}


def _blind_marks(workspace: Workspace, school_id: str | None) -> pd.DataFrame:
    with workspace.store() as store:
        marks = mark_frame(store, (Round.BLIND,), school_id)
    if marks.empty:
        raise RefusedError("there are no reads yet.", key="panel.no_reads")
    return marks


def _level_ratings(store: Store, workspace: Workspace, school_id: str | None) -> pd.DataFrame:
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    pieces = owned_pieces(store)
    if school_id is not None:
        pieces = [piece for piece in pieces if piece[frames.SCHOOL] == school_id]
    among = None if school_id is None else [piece["piece_id"] for piece in pieces]
    reads = standing_reads(store, among)
    rows = []
    for piece in pieces:
        slot = slots[piece["slot_id"]]
        blind = (r for r in reads.get(piece["piece_id"], ()) if r.round == Round.BLIND)
        for read in islice(blind, _HEADLINE_READS):
            level = read_level(slot, read.marks)
            given = (piece["piece_id"], read.rater_id, level and str(level))
            rows.append((*given, *(piece[name] for name in _OF_PIECE)))
    return pd.DataFrame(rows, columns=list(_COLUMNS))
