"""What the tests of raters are given: marks and reads of a workspace, or of any table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from models import frames
from models.desk_store import DeskStore
from models.desk_work import active_by_reader
from models.people import facts_of_teachers
from models.people import raters as people
from models.phrases import all_phrases
from models.ratings import mark_frame, piece_lengths, read_comments
from models.records import Round
from rubrics.levels import Level
from rubrics.policy_pack import PolicyPack
from scoring.effects.alongside import PLACE
from scoring.effects.families import Rule
from scoring.effects.habits import LENGTH, SECONDS
from scoring.effects.of_marks import OWN_DEPARTMENT, OWN_SCHOOL
from scoring.effects.of_scores import SCORE
from scoring.effects.round_of_marks import Circumstances
from scoring.effects.round_of_shifts import HOMES
from scoring.flags import EFFECTS, of_source
from workbench.errors import InputError, RefusedError
from workbench.formats.cells import squeezed
from workbench.formats.rating_rows import CANNOT_JUDGE, MET
from workbench.messages import LANGUAGES
from workbench.services.phrases import starters_in
from workbench.services.workspace import Workspace

Rows = Sequence[Mapping[str, object]]

_ACTIVE = "active_s"

EXPERT = "*"
"""Rater that stands for the experts' marks on seeds; no person has this id."""

_COUNTED = (str(Round.BLIND), str(Round.SEED))
_MINIMUM = ("min_reads", "min_own", "min_comments", "min_joint")
_EXCELLENT = r"(?:^|[.\-_])E\d*$"  # as A1-1.E1: the way criteria of rubrics are named


@dataclass(frozen=True)
class RoundTable:
    """Marks, reads and circumstances, as `scoring.effects.round_of_marks` takes them."""

    marks: pd.DataFrame
    reads: pd.DataFrame
    about: Circumstances


@dataclass(frozen=True)
class Beside:
    """Files beside a table of marks: rows of pieces, raters and experts' marks on seeds."""

    pieces: Rows = field(default=())
    raters: Rows = field(default=())
    seeds: Rows = field(default=())


def rules(policy: PolicyPack) -> dict[str, Rule]:
    """Thresholds of every flag that comes of tests of raters, by code."""
    found = {}
    for code in of_source(EFFECTS):
        rule = policy.section(f"flag.{code}")
        least = next((int(rule[name]) for name in _MINIMUM if name in rule), 0)
        other = int(rule.get("min_other", 0))
        found[code] = Rule(float(rule["q"]), float(rule["min_effect"]), least, other)
    return found


def round_of_workspace(workspace: Workspace, school_id: str | None) -> RoundTable:
    """Blind and seed reads that count now; of the pieces of one school, or all.

    Raises
    ------
    RefusedError
        If there are no reads yet.
    """
    with workspace.store() as store:
        marks = mark_frame(store, (Round.BLIND, Round.SEED), school_id)
        if marks.empty:
            raise RefusedError("there are no reads yet.", key="panel.no_reads")
        reads = marks.drop_duplicates([frames.PIECE, frames.RATER]).astype(
            {frames.PIECE: str, frames.RATER: str}
        )
        reads = reads.merge(read_comments(store).astype(str), on=[frames.PIECE, frames.RATER])
        reads[LENGTH] = reads[frames.PIECE].map(piece_lengths(store))
        pairs = zip(reads[frames.PIECE], reads[frames.RATER], strict=True)
        reads[_ACTIVE] = list(map(active_by_reader(store).get, pairs))
        crew, facts = people(store), facts_of_teachers(store)
    with workspace.desk() as desk:
        banks = _banks(desk)
    own_department = {name: own.get("department", "") for name, own in facts.items()}
    reads[frames.DEPARTMENT] = reads[frames.TEACHER].astype(str).map(own_department).fillna("")
    school_of = {name: str(row["school_id"] or "") for name, row in crew.items()}
    department_of = {name: str(row["department"] or "") for name, row in crew.items()}
    excellent = frozenset(
        criterion.criterion_id
        for rubric in workspace.rubrics
        for slot in rubric.slots
        for criterion in slot.criteria
        if criterion.level == Level.EXCELLENT
    )
    seeds = marks.loc[marks[frames.ROUND] == str(Round.SEED), frames.PIECE]
    about = replace(
        _about(workspace.policy, excellent, school_of, seeds),
        phrases=tuple(words for language in LANGUAGES for words in starters_in(language)),
        banks=banks,
    )
    return _round(marks, reads, school_of, department_of, about)


def round_of_table(rows: Rows, beside: Beside, policy: PolicyPack) -> RoundTable:
    """Make the same of any table of marks and the files beside it.

    Raises
    ------
    InputError
        If there is no blind read, or a column of marks is missing.
    """
    marks = pd.DataFrame(list(rows))
    marks = marks[marks[frames.ROUND].isin(_COUNTED)].reset_index(drop=True)
    if marks.empty:
        raise InputError(
            "table of marks: no blind read in it. Effects of raters are told from blind reads.",
            key="table.no_blind",
        )
    pieces = {str(row.get("piece", "")): row for row in beside.pieces}
    raters = {str(row.get("rater", "")): row for row in beside.raters}
    for name, column in (("school", frames.SCHOOL), ("department", frames.DEPARTMENT)):
        marks[column] = [
            str(pieces.get(piece, {}).get(name) or "") for piece in marks[frames.PIECE]
        ]
    marks[frames.TEACHER] = [
        str(pieces.get(piece, {}).get("person") or "") or None for piece in marks[frames.PIECE]
    ]
    reads = marks.drop_duplicates([frames.PIECE, frames.RATER]).copy()
    reads[LENGTH] = [_length(pieces.get(piece, {})) for piece in reads[frames.PIECE]]
    experts = _expert_marks(beside.seeds, set(marks[frames.PIECE]))
    school_of = {rater: str(row.get("school") or "") for rater, row in raters.items()}
    department_of = {rater: str(row.get("department") or "") for rater, row in raters.items()}
    criteria = marks[frames.CRITERION].astype(str)
    named = criteria[criteria.str.contains(_EXCELLENT)]
    both = len(named) and not criteria.str.contains(_EXCELLENT).all()
    seeds = pd.concat([marks.loc[marks[frames.ROUND] == _COUNTED[1], frames.PIECE],
                       experts[frames.PIECE]])  # fmt: skip
    about = _about(policy, frozenset(named) if both else None, school_of, seeds)
    made = _round(marks, reads, school_of, department_of, about)
    kept = [frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]
    return RoundTable(pd.concat([made.marks, experts[kept]], ignore_index=True), made.reads, about)


def round_of_scores(scores: pd.DataFrame, beside: Beside, policy: PolicyPack) -> RoundTable:
    """Reads and circumstances of a wide table, in the order of its rows."""
    pieces = {str(row.get("piece", "")): row for row in beside.pieces}
    raters = {str(row.get("rater", "")): row for row in beside.raters}
    reads = scores[[name for name in scores.columns if not str(name).startswith(SCORE)]].copy()
    for name, column in (("school", frames.SCHOOL), ("department", frames.DEPARTMENT)):
        reads[column] = [
            str(pieces.get(piece, {}).get(name) or "") for piece in reads[frames.PIECE]
        ]
    reads[LENGTH] = [_length(pieces.get(piece, {})) for piece in reads[frames.PIECE]]
    school_of = {rater: str(row.get("school") or "") for rater, row in raters.items()}
    department_of = {rater: str(row.get("department") or "") for rater, row in raters.items()}
    about = _about(policy, None, school_of, pd.Series(dtype=str))
    return RoundTable(scores, _told_of_reads(reads, school_of, department_of), about)


def _about(
    policy: PolicyPack,
    excellent: frozenset[str] | None,
    school_of: Mapping[str, str],
    seeds: pd.Series,
) -> Circumstances:
    severe = policy.section("flag.severe_rater")
    return Circumstances(
        excellent=excellent,
        panel_of=school_of,
        seeds=sorted(set(seeds.astype(str))),
        expert=EXPERT,
        min_panel=int(severe["min_panel"]),
        max_offset_se=float(policy["facets.max_offset_se"]),
        usual_spread=float(severe["usual_spread"]),
    )


def _round(
    marks: pd.DataFrame,
    reads: pd.DataFrame,
    school_of: Mapping[str, str],
    department_of: Mapping[str, str],
    about: Circumstances,
) -> RoundTable:
    """Reads with what is known of each; pieces of one school (else teacher) belong together."""
    seed = marks[frames.PIECE].astype(str).isin(about.seeds)
    schools = marks[frames.SCHOOL].astype(str) if frames.SCHOOL in marks else pd.Series(dtype=str)
    column = frames.SCHOOL if schools[schools != ""].nunique() > 1 else frames.TEACHER
    of_piece = marks[column].astype(object) if column in marks else None
    kept = marks[[frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]].copy()
    if of_piece is not None:
        kept[frames.TEACHER] = of_piece.where((of_piece != "") & ~seed, None)
    return RoundTable(kept, _told_of_reads(reads, school_of, department_of), about)


def _told_of_reads(
    reads: pd.DataFrame, school_of: Mapping[str, str], department_of: Mapping[str, str]
) -> pd.DataFrame:
    """One row a read: order, time, length, comment, and whether the piece is the rater's own."""
    told = pd.DataFrame({name: reads[name].astype(str) for name in (frames.PIECE, frames.RATER)})
    opened, submitted = (_times(reads, name) for name in (frames.OPENED_AT, frames.SUBMITTED_AT))
    told[PLACE] = submitted
    told[SECONDS] = (submitted - opened).dt.total_seconds()
    if _ACTIVE in reads:  # measured at the desk: away time is no reading
        told[SECONDS] = pd.to_numeric(reads[_ACTIVE]).fillna(told[SECONDS])
    told[LENGTH] = pd.to_numeric(reads[LENGTH], errors="coerce")
    told[frames.COMMENT] = reads.get(frames.COMMENT, "")
    for name, column, own_of in (
        (OWN_SCHOOL, frames.SCHOOL, school_of),
        (OWN_DEPARTMENT, frames.DEPARTMENT, department_of),
    ):
        told[name] = _own(reads, column, own_of)
    # A school's Chinese group is one; the group of that name in the next school is another.
    told[OWN_DEPARTMENT] = [
        None if same is None else same and own is not False
        for same, own in zip(told[OWN_DEPARTMENT], told[OWN_SCHOOL], strict=True)
    ]
    school, group = (_texts(reads, name) for name in (frames.SCHOOL, frames.DEPARTMENT))
    told[HOMES[OWN_SCHOOL]] = school
    told[HOMES[OWN_DEPARTMENT]] = (school + "/" + group).where(group != "", "")
    return told.reset_index(drop=True)


def _texts(reads: pd.DataFrame, column: str) -> pd.Series:
    given = reads[column] if column in reads else pd.Series("", index=reads.index)
    return given.astype(object).where(given.notna(), "").astype(str)


def _banks(desk: DeskStore) -> dict[str, tuple[str, ...]]:
    """Phrases each person keeps: what the desk offers to be used again is no pasting."""
    kept: dict[str, list[str]] = {}
    for person, words in all_phrases(desk):
        kept.setdefault(person, []).append(words)
    return {person: tuple(words) for person, words in kept.items()}


def _times(reads: pd.DataFrame, column: str) -> pd.Series:
    given = reads[column] if column in reads else pd.Series(None, index=reads.index, dtype=object)
    return pd.to_datetime(given, errors="coerce", utc=True, format="mixed")


def _own(reads: pd.DataFrame, column: str, own_of: Mapping[str, str]) -> list[bool | None]:
    """Whether a piece is of the rater's own school or department; None where either is unknown."""
    if column not in reads:
        return [None] * len(reads)
    pairs = zip(reads[column].astype(str), reads[frames.RATER].astype(str), strict=True)
    return [
        place == own_of[rater] if place and own_of.get(rater) else None for place, rater in pairs
    ]


def _length(piece: Mapping[str, object]) -> float | None:
    for name in ("chars", "pages"):
        try:
            return float(str(piece[name]))
        except (KeyError, ValueError):
            continue
    return None


def _expert_marks(rows: Rows, known: set[Any]) -> pd.DataFrame:
    """Experts' marks on seeds somebody read, as one more rater's."""
    columns = [frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]
    made = []
    for row in rows:
        word = squeezed(str(row.get("met", ""))).casefold()
        if str(row.get("piece", "")) not in known or word in CANNOT_JUDGE:
            continue
        if word not in MET:
            raise InputError(
                f"seeds: the mark {row['met']!r} on {row['criterion']} of {row['piece']} is neither "
                "1 (met) nor 0 (not met). Correct the row.",
                key="table.seed_mark",
                piece=str(row["piece"]),
                criterion=str(row["criterion"]),
                mark=str(row["met"]),
            )
        made.append((str(row["piece"]), str(row["criterion"]), EXPERT, MET[word]))
    return pd.DataFrame(made, columns=columns)
