"""Marks for outsiders to fit again: without names, with what they should find."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from models import frames
from models.ratings import mark_frame
from models.records import Round
from rubrics.policy_pack import PolicyPack
from scoring.facets.coding import read_facets
from scoring.facets.marks_coding import MarkCodes, code_marks
from scoring.facets.marks_extremes import set_apart
from workbench.errors import RefusedError
from workbench.exports.facets_files import disguise, facets_files, severities_file
from workbench.messages import text
from workbench.services.facets import Choices, facets_of_table
from workbench.services.facets_files import write_files
from workbench.services.rater_report import ACTION
from workbench.services.reach import seen_school
from workbench.services.workspace import Workspace

_ROUNDS = (Round.BLIND, Round.THIRD, Round.SEED)


def rerun_files(
    codes: MarkCodes, found: Mapping[str, Any], policy: PolicyPack, secret_seed: int
) -> dict[str, str]:
    """Texts of all files by name.

    Marks that tell nothing (a criterion everybody met) are left out. FACETS, TAM and mfrmr
    know no halo, so ``expected.csv`` is from a fit without it; ``severities.csv`` has those
    of the model of marks.

    Parameters
    ----------
    codes : the marks, without the experts'
    found : of the model of marks, as ``facets --json``
    secret_seed : of the order of the codes; who knows it and the names can undo them

    Raises
    ------
    ScoringError
        If the marks cannot be fitted.
    """
    table = _as_ratings(set_apart(codes).told)
    ratings = read_facets(table)
    report = facets_of_table(table, policy, 1, Choices(draws=0))
    hidden = disguise(ratings, secret_seed)
    return {
        **facets_files(ratings, report, secret_seed),
        "severities.csv": severities_file(ratings.raters, hidden, found["raters"]),
        "README.txt": text("facets.rerun_readme"),
    }


def write_rerun(
    workspace: Workspace, found: Mapping[str, Any], folder: Path, secret_seed: int
) -> list[Path]:
    """Write the files of the whole round into a folder; nothing in it is written over."""
    files = rerun_files(_marks(workspace, None), found, workspace.policy, secret_seed)
    return write_files(files, folder)


def rerun_archive(
    workspace: Workspace, person_id: str, found: Mapping[str, Any], secret_seed: int
) -> bytes:
    """Zip of the files, of the pieces a person may see.

    Raises
    ------
    RefusedError
        If the person may not see the report of raters.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, ACTION)
    files = rerun_files(_marks(workspace, scope), found, workspace.policy, secret_seed)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, words in files.items():
            archive.writestr(zipfile.ZipInfo(name), words, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _marks(workspace: Workspace, school_id: str | None) -> MarkCodes:
    with workspace.store() as store:
        marks = mark_frame(store, _ROUNDS, school_id)
    if marks.empty:
        raise RefusedError("there are no reads yet.", key="panel.no_reads")
    needed = [frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]
    kept = marks[needed].astype(dict.fromkeys(needed[:3], str))
    return code_marks(kept)


def _as_ratings(codes: MarkCodes) -> pd.DataFrame:
    """Marks as the table ``facets FILE`` reads: the piece is the person, the mark the level."""
    read = codes.mark_read

    def named(names: Sequence[str], place: Any) -> Any:
        return pd.Series(names, dtype=object).to_numpy()[place]

    return pd.DataFrame(
        {
            frames.PERSON: named(codes.pieces, codes.read_piece[read]),
            frames.CRITERION: named(codes.criteria, codes.mark_criterion),
            frames.RATER: named(codes.raters, codes.read_rater[read]),
            frames.LEVEL: codes.met.astype(str),
        }
    )
