"""Severity of raters over any table of marks, and what a finding says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from models import frames
from models.records import Round
from rubrics.policy_pack import PolicyPack
from scoring.agreement import MARK_SCALE, agreement_report, marks_as_ratings
from scoring.effects.of_scores import effects_of_scores, severity_of_scores
from scoring.effects.round_of_marks import effects_of_marks
from scoring.effects.severity import severity
from scoring.flags import shown_effect
from workbench.errors import InputError
from workbench.messages import text
from workbench.services.agreement_settings import settings_of
from workbench.services.effects_rounds import (
    Beside,
    RoundTable,
    round_of_scores,
    round_of_table,
    round_of_workspace,
    rules,
)
from workbench.services.workspace import Workspace

Rows = Sequence[Mapping[str, object]]

NOTHING_BESIDE = Beside()
_SEVERITY = ("severe_rater", "lenient_rater")
_NEEDED = (frames.PIECE, frames.CRITERION, frames.RATER, frames.MET)


def severity_rows_of_table(rows: Rows) -> list[dict[str, Any]]:
    """Severity of each rater of a table of marks."""
    return _records(severity(_marks(rows)))


def severity_rows_of_scores(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Severity of each rater of a wide table, in shares of the range of its scores."""
    return _records(severity_of_scores(scores))


def findings_of_table(
    rows: Rows, policy: PolicyPack, random_seed: int = 1, beside: Beside = NOTHING_BESIDE
) -> list[dict[str, Any]]:
    """Tests of every rater of a table of marks, as the objects of ``effects --json``.

    Parameters
    ----------
    rows : from ``tables.marks_of_table``
        Blind reads and seeds count; other rounds are left out.
    policy : PolicyPack
        Gives the rules of every flag of raters.
    beside : Beside
        What is known of pieces, raters and seeds.

    Raises
    ------
    InputError
        If a column is missing or there is no blind read.
    ScoringError
        If no criterion has two raters, or a mark is neither 1 nor 0.
    """
    _marks(rows)
    made = round_of_table(rows, beside, policy)
    return _told(made, policy, random_seed)


def findings_of_scores(
    scores: pd.DataFrame, policy: PolicyPack, random_seed: int, beside: Beside
) -> list[dict[str, Any]]:
    """Tests of every rater of a wide table, from `services.effects_files`."""
    made = round_of_scores(scores, beside, policy)
    found = effects_of_scores(scores, made.reads, made.about, rules(policy), random_seed)
    return [asdict(each) for each in found]


def findings_of_workspace(
    workspace: Workspace, school_id: str | None, random_seed: int = 1
) -> list[dict[str, Any]]:
    """Tests of every rater of a workspace, of the pieces of one school or all.

    Raises
    ------
    RefusedError
        If there are no reads yet.
    """
    made = round_of_workspace(workspace, school_id)
    return _told(made, workspace.policy, random_seed)


def _told(made: RoundTable, policy: PolicyPack, random_seed: int) -> list[dict[str, Any]]:
    found = effects_of_marks(made.marks, made.reads, made.about, rules(policy), random_seed)
    return [asdict(each) for each in found]


def mark_agreement_of_table(
    rows: Rows, policy: PolicyPack, random_seed: int, by: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Agreement on the marks of a table, pieces being what is independent."""
    settings = settings_of(policy, random_seed)
    ratings = marks_as_ratings(_marks(rows))
    found = agreement_report(
        ratings, MARK_SCALE, settings, clusters=frames.PIECE, by=list(by), ordered=False
    )
    return [asdict(each) for each in found]


def sentence_of(finding: Mapping[str, Any]) -> str:
    """Say a finding, or what it would have found; empty where the data are too few for either."""
    code, first, last = finding["code"], finding["ids"][0], finding["ids"][-1]
    if finding["flagged"]:
        variant = "sentence" if finding["subject"] == "rater" or code == "copied_reads" else "pair"
        points = shown_effect(code, finding["effect"])
        return text(
            f"flag.{code}.{variant}", rater=first, other=last, points=points, n=finding["n"]
        )
    if code not in _SEVERITY or not finding["minimum_met"]:
        return ""
    if finding["detectable"] is None:
        return text("effects.nothing_to_see")
    return text("effects.none_found", detectable=f"{finding['detectable']:.0%}")


def sentence_of_scores(finding: Mapping[str, Any]) -> str:
    """Say a finding of a table of scores, whose effects are shares of their range."""
    if not finding["flagged"] or finding["code"] not in _SEVERITY:
        return sentence_of(finding)
    first, last = finding["ids"][0], finding["ids"][-1]
    name = f"effects.{finding['code']}_scores" + ("" if first == last else "_pair")
    points = f"{abs(finding['effect']):.0%}"
    return text(name, rater=first, other=last, points=points, n=finding["n"])


def _marks(rows: Rows) -> pd.DataFrame:
    table = pd.DataFrame(list(rows))
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise InputError(
            "table of marks: columns piece, criterion, rater and met are needed; "
            f"{', '.join(missing)} missing. Name the columns so in the first row.",
            key="table.no_column",
            missing=", ".join(name.removesuffix("_id") for name in missing),
        )
    counted = table[table[frames.ROUND].isin([str(Round.BLIND), str(Round.SEED)])]
    if counted.empty:
        raise InputError(
            "table of marks: no blind read in it. Severity is told from blind reads.",
            key="table.no_blind",
        )
    return counted.reset_index(drop=True)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {str(key): None if pd.isna(value) else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]
    return made
