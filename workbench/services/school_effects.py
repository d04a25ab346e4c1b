"""Schools beside the county: of a workspace for the page 全县一览, and of any table of marks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from models import frames
from models.people import code_order
from models.school_marks import school_marks
from models.submissions import owned_pieces
from models.supervision import BY_CHANCE, latest_sample
from rubrics.levels import Level
from rubrics.policy_pack import PolicyPack
from scoring.flags import CATALOGUE, SCHOOLS, of_source
from scoring.school_departures import Rule
from scoring.school_funnels import LIMITS, Funnel
from scoring.school_reads import RANK, reads_of_marks, settled_ranks
from scoring.school_table import BLIND, SAMPLED
from scoring.schools import Rules, SchoolReport, school_report
from workbench.errors import InputError, RefusedError
from workbench.services.outcomes import piece_outcomes
from workbench.services.workspace import Workspace

Rows = Sequence[Mapping[str, object]]

_CURVE = 30  # sizes of school at which limits are drawn
_EXCELLENT = re.compile(r"(?:^|[.\-_])E\d+$|优秀", re.IGNORECASE)


def schools_analysis(
    workspace: Workspace, scope: str | None, random_seed: int = 1
) -> dict[str, Any]:
    """Payload of the analysis ``schools``.

    ``findings`` are the objects of ``schools --json``, ``splits`` one object a school
    and rate, ``funnels`` by rate with the limits to draw, ``rates`` one object a
    school, ``agreement`` one object a slot. Nothing in it is drawn by chance;
    ``random_seed`` is of the kinds' common shape.

    Raises
    ------
    RefusedError
        For one school alone: there is nothing to compare it with. Or without reads.
    """
    del random_seed
    if scope is not None:
        raise RefusedError("schools are compared by the county alone.", key="schools.county_alone")
    with workspace.store() as store:
        marks = school_marks(store)
        owned = owned_pieces(store)
        outcomes = piece_outcomes(store, workspace.rubrics, workspace.policy)
        drawn = {row["piece_id"] for row in latest_sample(store) if row["why"] == BY_CHANCE}
    if marks.empty:
        raise RefusedError("there are no reads yet.", key="panel.no_reads")
    pieces = pd.DataFrame(
        [(p["piece_id"], p["school_id"], p["teacher_id"], p["piece_id"] in drawn) for p in owned],
        columns=[frames.PIECE, frames.SCHOOL, frames.TEACHER, SAMPLED],
    )
    levels = {
        piece: found.level.rank for piece, found in outcomes.items() if found.level is not None
    }
    excellent = {
        criterion.criterion_id
        for rubric in workspace.rubrics
        for slot in rubric.slots
        for criterion in slot.criteria
        if criterion.level is Level.EXCELLENT
    }
    ranks = pd.Series(levels, dtype=float)
    report = school_report(marks, pieces, ranks, excellent, rules_of(workspace.policy))
    reads = reads_of_marks(marks[marks[frames.ROUND] == BLIND], excellent)
    return {**report_rows(report), "agreement": _agreement(reads, owned)}


def rules_of(policy: PolicyPack) -> Rules:
    """Thresholds of the flags of schools."""
    made = {}
    for code in of_source(SCHOOLS):
        rule = policy.section(f"flag.{code}")
        least = CATALOGUE[code].minimum[0].rpartition(".")[2]
        made[code] = Rule(float(rule["q"]), float(rule["min_effect"]), int(rule[least]))
    return Rules(made)


def report_rows(report: SchoolReport) -> dict[str, Any]:
    """What was found, as lists of flat objects."""
    counts = report.pieces.tolist()
    return {
        "findings": [asdict(each) for each in report.findings],
        "splits": [_split_row(asdict(each)) for each in report.splits],
        "funnels": {name: _funnel_row(each, counts) for name, each in report.funnels.items()},
        "rates": [
            {
                "school_id": school,
                "pieces": counts[place],
                **{name: float(rates[place]) for name, rates in report.rates.items()},
            }
            for place, school in enumerate(report.schools)
        ],
        "middles": {code: asdict(each) for code, each in report.middles.items()},
    }


def schools_of_table(
    marks: Rows,
    pieces: Rows,
    seeds: Rows,
    policy: PolicyPack,
    excellent: Collection[str] | None = None,
) -> dict[str, Any]:
    """Compare the schools of any table of marks.

    Parameters
    ----------
    marks : rows of marks under their frame names, rounds among them
    pieces : rows with ``piece``, ``school``; ``person`` and ``why`` where known
        ``why`` is empty or ``stratified`` where the county drew the piece by chance.
    seeds : rows with ``piece``: everything anybody read of them is a read of a seed
    policy : thresholds
    excellent : the 优秀 criteria; without it those named so (``…E1`` or 优秀)

    Raises
    ------
    InputError
        For a missing column, or pieces without a school.
    ScoringError
        If a mark is neither 1 nor 0.
    """
    frame = pd.DataFrame(list(marks))
    needed = [frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]
    missing = [name.removesuffix("_id") for name in needed if name not in frame]
    if missing:
        raise InputError(
            "table of marks: columns piece, criterion, rater and met are needed; "
            f"{', '.join(missing)} missing.",
            key="table.no_column",
            missing=", ".join(missing),
        )
    _check(frame)
    known = {str(row.get("piece", "")) for row in seeds}
    frame[frames.ROUND] = np.where(
        frame[frames.PIECE].isin(known), "seed", frame[frames.ROUND].astype(str)
    )
    owned = _pieces_of_table(pieces, known)
    names = set(frame[frames.CRITERION].astype(str))
    of_excellence = {n for n in names if _EXCELLENT.search(n)} if excellent is None else excellent
    settled = settled_ranks(frame[frame[frames.ROUND].isin((BLIND, "third"))], of_excellence)
    report = school_report(frame, owned, settled, of_excellence, rules_of(policy))
    return report_rows(report)


def _check(marks: pd.DataFrame) -> None:
    """Refuse a table without blind reads, or one in which a rater marked a criterion twice."""
    if not (marks[frames.ROUND] == BLIND).any():
        raise InputError(
            "table of marks: no blind read in it. Schools are compared by what their own "
            "readers found.",
            key="schools.no_blind",
        )
    twice = marks.duplicated([frames.PIECE, frames.CRITERION, frames.RATER, frames.ROUND])
    if twice.any():
        row = marks[twice].iloc[0]
        raise InputError(
            f"rater {row[frames.RATER]} marked criterion {row[frames.CRITERION]} of piece "
            f"{row[frames.PIECE]} twice. Keep the mark that counts.",
            key="effects.marked_twice",
            rater=str(row[frames.RATER]),
            criterion=str(row[frames.CRITERION]),
            piece=str(row[frames.PIECE]),
            mark=str(row[frames.MET]),
        )


def without_outsiders(marks: Rows, pieces: Rows, raters: Rows) -> list[dict[str, Any]]:
    """Marks without blind reads from other schools, where the school's own have read the piece too.

    What a school's own readers do with its pieces is the question; a piece only others
    have read keeps its reads.

    Parameters
    ----------
    marks : rows of marks under their frame names
    pieces : rows with ``piece`` and ``school``
    raters : rows with ``rater`` and ``school``; of a rater not named nothing is dropped
    """
    school = {str(row.get("piece")): str(row.get("school") or "") for row in pieces}
    home = {str(row.get("rater")): str(row.get("school") or "") for row in raters}

    def stays(row: Mapping[str, object]) -> bool:
        own = home.get(str(row[frames.RATER]))
        return own is None or own == school.get(str(row[frames.PIECE]))

    blind = [row for row in marks if row.get(frames.ROUND) == BLIND]
    at_home = {row[frames.PIECE] for row in blind if stays(row)}
    return [
        dict(row)
        for row in marks
        if row.get(frames.ROUND) != BLIND or row[frames.PIECE] not in at_home or stays(row)
    ]


def _pieces_of_table(rows: Rows, seeds: Collection[str]) -> pd.DataFrame:
    named = [row for row in rows if row.get("school") and str(row.get("piece")) not in seeds]
    if not named:
        raise InputError(
            "table of pieces: columns piece and school are needed, with a row for each piece. "
            "Name the columns so in the first row.",
            key="schools.no_school",
        )
    return pd.DataFrame(
        {
            frames.PIECE: [str(row.get("piece", "")) for row in named],
            frames.SCHOOL: [str(row["school"]) for row in named],
            frames.TEACHER: [str(row.get("person") or row.get("piece")) for row in named],
            SAMPLED: [str(row.get("why") or BY_CHANCE) == BY_CHANCE for row in named],
        }
    )


def _split_row(split: dict[str, Any]) -> dict[str, Any]:
    parts = ("quality", "gap", "leniency", "favour", "rest")
    told = {name: value for name, value in split.items() if name not in parts}
    for name in parts:
        told |= {name: split[name]["value"], f"{name}_se": split[name]["se"]}
    if np.isnan(told["above"]):
        told["above"] = None
    return told


def _funnel_row(funnel: Funnel, counts: Sequence[int]) -> dict[str, Any]:
    """A funnel with its limits at so many pieces as schools have."""
    some = [n for n in counts if n] or [1]
    least, most = max(3, round(0.7 * min(some))), max(4, round(1.05 * max(some)))
    sizes = np.unique(np.linspace(least, most, _CURVE).round().astype(int)).tolist()
    curve = []
    for n in sizes:
        inner, outer = (funnel.line(n, coverage) for coverage in LIMITS)
        ends = {"lo": inner[0], "hi": inner[1], "lowest": outer[0], "highest": outer[1]}
        curve.append({"pieces": n, **ends})
    return {**asdict(funnel), "curve": curve}


def _agreement(reads: pd.DataFrame, owned: Rows) -> list[dict[str, Any]]:
    """Share of pairs of blind reads of one piece that came to the same level, by slot."""
    about = {str(row["piece_id"]): row for row in owned}
    found = reads[reads[frames.PIECE].isin(about)]
    sizes = found.groupby([frames.PIECE, RANK]).size()
    alike = (sizes * (sizes - 1)).groupby(level=0).sum()
    n = found.groupby(frames.PIECE).size()
    share = (alike / (n * (n - 1)))[n > 1]
    slots = pd.Series({piece: str(about[str(piece)]["slot_id"]) for piece in share.index})
    competency = {str(row["slot_id"]): str(row["competency"]) for row in owned}
    by_slot = share.groupby(slots).agg(["mean", "size"]) if len(share) else pd.DataFrame()
    return [
        {
            "slot_id": str(slot),
            "competency": competency[str(slot)],
            "share": float(row["mean"]),
            "pieces": int(row["size"]),
        }
        for slot, row in sorted(by_slot.iterrows(), key=lambda each: code_order(str(each[0])))
    ]
