"""The facets model of marks for any table: the model of a round, without a round around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models import frames
from models.records import Round
from rubrics.policy_pack import PolicyPack
from scoring.errors import ScoringError
from scoring.facets.connectedness import connectedness
from scoring.facets.marks_coding import MarkCodes, code_marks
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_readiness import reasons_of_marks, reasons_of_severities
from scoring.facets.readiness import readiness
from workbench.errors import InputError
from workbench.formats.cells import normal, squeezed
from workbench.formats.rating_rows import CANNOT_JUDGE, MET, ROUNDS
from workbench.services.facets_files import write_files
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
from workbench.services.facets_rerun import rerun_files
from workbench.services.facets_rows import CLUSTER, ONE_CRITERION, ratings_of_table
from workbench.services.tables import texts_of_table

_READS = (Round.BLIND, Round.THIRD, Round.SEED)
_EXPERTS_NEED = ("piece", "criterion", "met")


def facets_of_mark_file(
    path: Path,
    policy: PolicyPack,
    random_seed: int,
    fit_draws: int | None = None,
    experts: Path | None = None,
) -> dict[str, Any]:
    """Read a table of marks, and the experts' marks where there are any; see below."""
    own = None if experts is None else _expert_marks(experts)
    return facets_of_mark_table(ratings_of_table(path), policy, random_seed, fit_draws, own)


def write_rerun_of_file(
    path: Path, found: Mapping[str, Any], policy: PolicyPack, folder: Path, secret_seed: int
) -> list[Path]:
    """Write the files with which outsiders fit a table of marks again; nothing is written over."""
    marks = code_marks(_with_experts(_marks(ratings_of_table(path)), None))
    return write_files(rerun_files(marks, found, policy, secret_seed), folder)


def facets_of_mark_table(
    table: pd.DataFrame,
    policy: PolicyPack,
    random_seed: int,
    fit_draws: int | None = None,
    expert_marks: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Fit the marks model to any table of marks, as ``facets --json`` of a workspace.

    What a severity does to results is not told: a table has no gate.

    Parameters
    ----------
    table : from ``facets_rows.ratings_of_table``
        A person is a piece, a level a mark (1 met, 0 not met, or in words). ``cluster``
        (a column ``teacher``) names whose piece it is; raters all of whose pieces are of
        one ``school`` are its panel, the others one more; without schools those joined by
        pieces other than seeds are. Of several rounds blind, third
        and seed reads count: rulings and the county's re-reads are no reads of the panel.
    policy : gives the rules under ``facets``
    random_seed : of simulated rounds
    fit_draws : simulated rounds for limits of infit and outfit; the policy's by default
    expert_marks : ``piece_id``, ``criterion_id``, ``met`` of seed pieces
        The zero of severity, where the table is tied to them well enough.

    Raises
    ------
    ScoringError
        For a table without criteria, a mark that is none, or one given twice; the message
        names piece and rater.
    """
    marks = _marks(table)
    codes = code_marks(_with_experts(marks, expert_marks))
    links = links_of_marks(codes, int(policy["facets.weak_link"]))
    reasons = reasons_of_marks(codes, int(policy["facets.min_marks"]), links)
    if any(reason.blocks for reason in reasons):
        return marks_report(readiness(reasons), {})
    model = MarksModel(borrowing=None).fit_codes(codes)
    seeds = [] if expert_marks is None else sorted(set(expert_marks[frames.PIECE]))
    panels = _panels_of_schools(table) or _panels_of_networks(codes, seeds)
    severities = model.severities(panels, float(policy["facets.max_offset_se"]), EXPERT)
    reasons += reasons_of_severities(severities, codes.raters, model.extreme_raters_)
    draws = int(policy["facets.fit_draws"]) if fit_draws is None else fit_draws
    found = model.residuals()
    lists = {
        "weak_links": link_rows(codes, links),
        "raters": rater_rows(model, severities, model.rater_fit(draws, random_seed), []),
        "criteria": criterion_rows(model),
        "persons": person_rows(model),
        "panels": [vars(panel) for panel in severities.panels],
        "interactions": interaction_rows(model.told, found, _schools(table), policy),
        "unexpected": unexpected_rows(model.told, found),
    }
    return marks_report(readiness(reasons), {**summary(model, severities), **lists})


def _marks(table: pd.DataFrame) -> pd.DataFrame:
    """Marks under their frame names; rows nobody could judge left out."""
    if table.empty:
        raise ScoringError(
            "ratings: there is none. Give levels of at least two raters.", key="facets.empty"
        )
    if (table[frames.CRITERION] == ONE_CRITERION).all():
        raise ScoringError(
            "marks: no column criterion came, the model of marks needs several criteria a piece. "
            "Name the column, or fit the levels with rsm.",
            key="facets.marks_without_criteria",
        )
    table = _of_the_panel(table)
    given = table[frames.LEVEL].map(lambda cell: squeezed(str(cell or "")).casefold())
    kept = table[~given.isin(CANNOT_JUDGE)]
    # A mark that is none keeps its text, so that reading the marks names it.
    met = [MET.get(mark, mark) for mark in given[kept.index]]
    for column in (frames.PERSON, frames.RATER, frames.CRITERION):
        if kept[column].isna().any():
            row = int(kept.index[int(kept[column].isna().argmax())]) + 1
            name = str(column).removesuffix("_id")
            raise ScoringError(
                f"ratings: row {row} has no {name}. Fill it in or leave the row out.",
                key="facets.empty_cell",
                row=row,
                column=name,
            )
    made = kept.rename(columns={frames.PERSON: frames.PIECE}).assign(**{frames.MET: met})
    made[frames.MET] = made[frames.MET].astype(object)
    if CLUSTER in made.columns:
        made[frames.TEACHER] = made[CLUSTER]
    return made


def _of_the_panel(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of reads; all of them where no round is named."""
    if frames.ROUND not in table.columns:
        return table
    told = table[frames.ROUND].map(lambda cell: ROUNDS.get(normal(str(cell or "")), Round.BLIND))
    return table[told.astype(str).isin([str(each) for each in _READS])]


def _with_experts(marks: pd.DataFrame, expert_marks: pd.DataFrame | None) -> pd.DataFrame:
    """Marks with the experts' as one more rater's, on pieces of the table."""
    needed = [frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]
    needed += [frames.TEACHER] * (frames.TEACHER in marks.columns)
    kept = marks[needed]
    if expert_marks is None:
        return kept
    own = expert_marks[expert_marks[frames.PIECE].isin(kept[frames.PIECE])]
    own = own.assign(**{frames.RATER: EXPERT})
    if frames.TEACHER in needed:
        teacher = dict(zip(kept[frames.PIECE], kept[frames.TEACHER], strict=True))
        own = own.assign(**{frames.TEACHER: own[frames.PIECE].map(teacher)})
    return pd.concat([kept, own[needed]], ignore_index=True)


def _schools(table: pd.DataFrame) -> dict[str, str]:
    """School of each piece whose school the table names."""
    if frames.SCHOOL not in table.columns:
        return {}
    known = table.dropna(subset=[frames.SCHOOL])
    return dict(zip(known[frames.PERSON], known[frames.SCHOOL], strict=True))


def _panels_of_networks(codes: MarkCodes, seeds: Sequence[str]) -> dict[str, str]:
    """Raters joined by pieces other than seeds are a panel, named by the first of them."""
    left_out = set(seeds)
    kept = np.array([piece not in left_out for piece in codes.pieces])[codes.read_piece]
    found = connectedness(
        codes.read_piece[kept], codes.read_rater[kept], len(codes.pieces), len(codes.raters), 0
    ).rater_subset
    first = {int(network): place for place, network in reversed([*enumerate(found)])}
    return {
        rater: f"{codes.raters[first[int(network)]]} …"
        for rater, network in zip(codes.raters, found, strict=True)
        if rater != EXPERT
    }


def _panels_of_schools(table: pd.DataFrame) -> dict[str, str]:
    """School of each rater all of whose pieces are of one; empty without schools."""
    if frames.SCHOOL not in table.columns:
        return {}
    by_rater = table.dropna(subset=[frames.SCHOOL]).groupby(frames.RATER)[frames.SCHOOL]
    return {str(rater): own.iloc[0] for rater, own in by_rater if own.nunique() == 1}


def _expert_marks(path: Path) -> pd.DataFrame:
    """Experts' marks on seed pieces: columns ``piece``, ``criterion`` and ``met``."""
    rows = [row for row in texts_of_table(path) if any(row)]
    header = [normal(cell) for cell in rows[0]] if rows else []
    missing = [name for name in _EXPERTS_NEED if name not in header]
    if missing:
        raise InputError(
            f"file {path.name}: columns {', '.join(_EXPERTS_NEED)} are needed, "
            f"{', '.join(missing)} missing. Name them so in the first row.",
            key="table.beside_column",
            file=path.name,
            needed=", ".join(_EXPERTS_NEED),
            missing=", ".join(missing),
        )
    places = [header.index(name) for name in _EXPERTS_NEED]
    made = []
    for row in rows[1:]:
        piece, criterion, mark = (row[place] if place < len(row) else "" for place in places)
        met = MET.get(squeezed(mark).casefold())
        if met is None:
            raise InputError(
                f"experts' marks: {mark!r} on criterion {criterion} of piece {piece} is neither 1 "
                "(met) nor 0 (not met). Correct the row.",
                key="table.seed_mark",
                piece=piece,
                criterion=criterion,
                mark=mark,
            )
        made.append((piece, criterion, met))
    return pd.DataFrame(made, columns=[frames.PIECE, frames.CRITERION, frames.MET])
