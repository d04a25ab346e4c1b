"""The round as stability sees it: results with a level, their pieces, who may read these, and draws.

Everything is read and fitted once here; ``services.stability`` and
``services.generalizability`` ask different things of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models import frames
from models.accounts import holders_of
from models.people import facts_of_teachers
from models.ratings import mark_frame
from models.records import Round
from models.store import Row
from models.submissions import owned_pieces
from rubrics.levels import Level
from rubrics.rubric import Slot
from scoring.conflicts import conflicts
from scoring.facets.draws import MarkDraws
from scoring.facets.marks_model import MarksModel
from scoring.stability.consensus_codes import LevelCodes, slot_code
from scoring.stability.flip_risk import Floats, ResultPieces
from scoring.stability.fresh_reads import (
    Design,
    EarlierReads,
    Indices,
    ReaderPools,
    SlotPieces,
)
from workbench.errors import RefusedError
from workbench.services.outcomes import consensus_rule
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.results import CONCLUSION, ResultRow, Standing, result_standing
from workbench.services.roles import RATER
from workbench.services.workspace import Workspace

_SMALL_PANEL = 40
"""Readers up to which one is drawn again for a piece he has read often enough to matter."""

_FEWEST_TIMED = 5  # reads of a slot before its own minutes are used


@dataclass(frozen=True)
class ReadRound:
    """A round that was read, ready to be read afresh.

    Attributes
    ----------
    results : competency results with a level that reading decided, in the order of ``made_of``
    observed : their level codes
    piece_ids, slot_of : of the pieces of the draws
    minutes : minutes a read of each piece takes, as measured; None where no read was timed
    standing : what the results were drawn from
    marks : the blind and third marks that count, as ``models.ratings.mark_frame`` has them
    """

    results: tuple[ResultRow, ...]
    observed: LevelCodes
    made_of: ResultPieces
    draws: MarkDraws
    design: Design
    piece_ids: tuple[str, ...]
    slot_of: Mapping[str, str]
    minutes: Floats | None
    standing: Standing
    marks: pd.DataFrame


def read_round(workspace: Workspace, draws: int, random_seed: int) -> ReadRound:
    """Fit the marks of a workspace and lay out what a fresh round would read.

    Parameters
    ----------
    draws : joint draws from the fitted model
    random_seed : int

    Raises
    ------
    RefusedError
        If there are fewer reads than ``stability.min_reads``, or no result has a level.
    ScoringError
        If the marks cannot be fitted.
    """
    with workspace.store() as store:
        standing = result_standing(store, workspace)
        marks = mark_frame(store, (Round.BLIND, Round.THIRD))
        owned = {row["piece_id"]: row for row in owned_pieces(store)}
        readers = holders_of(store, RATER)
        departments = {t: f.get("department", "") for t, f in facts_of_teachers(store).items()}
    _check_enough(marks, int(workspace.policy["stability.min_reads"]))
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    kind = workspace.rubrics.levels_of_criteria()
    fitted = MarksModel(borrowing=None).fit(marks, kind).draws(draws, random_seed)
    known = {piece: place for place, piece in enumerate(fitted.pieces)}
    rows = [row for row in standing.rows if _is_read(row, standing, known)]
    if not rows:
        raise RefusedError("no result has a level yet.", key="stability.no_results")
    slot_of = {piece: str(owned[piece]["slot_id"]) for piece in fitted.pieces}
    asked = {c.criterion_id for slot in set(slot_of.values()) for c in slots[slot].criteria}
    crew = {str(row["person_id"]) for row in readers}
    drawn = _completed(fitted, crew, asked, kind, random_seed)
    design = Design(
        _slots_of(drawn, slots, slot_of),
        _pools(drawn, owned, departments, readers, workspace),
        consensus_rule(workspace.policy),
    )
    if design.pools.size.max() <= _SMALL_PANEL:
        design = replace(design, earlier=_earlier(marks, drawn))
    core = workspace.policy["aggregation.excellent_scope"] != "all_pieces"
    return ReadRound(
        tuple(rows),
        np.array([(row.level or row.provisional or Level.FAIL).rank for row in rows], np.int8),
        _made_of(rows, standing, known, slots, core_only=core),
        drawn,
        design,
        fitted.pieces,
        slot_of,
        _minutes(marks, fitted.pieces, slot_of),
        standing,
        marks,
    )


def _check_enough(marks: pd.DataFrame, least: int) -> None:
    reads = len(marks[[frames.PIECE, frames.RATER]].drop_duplicates())
    if reads < least:
        raise RefusedError(
            f"{reads} reads, at least {least} are needed to tell how stable results are.",
            key="stability.too_few_reads",
            reads=reads,
            least=least,
        )


def _is_read(row: ResultRow, standing: Standing, known: Mapping[str, int]) -> bool:
    """Whether a result is a competency's, has a level, and reads decided it."""
    if row.competency == CONCLUSION or (row.level or row.provisional) is None:
        return False
    if any(decider.cause == "missing" for decider in row.decided_by):
        return False
    pieces = standing.pieces.get((row.teacher_id, row.competency), {})
    return any(piece in known for piece in pieces.values())


def _made_of(
    rows: Sequence[ResultRow],
    standing: Standing,
    known: Mapping[str, int],
    slots: Mapping[str, Slot],
    *,
    core_only: bool,
) -> ResultPieces:
    """Pieces of each result, core ones first, then in the order of their slots."""
    piece, result, counted = [], [], []
    for number, row in enumerate(rows):
        own = standing.pieces[row.teacher_id, row.competency]
        for slot_id in sorted(own, key=lambda name: (not slots[name].core, name)):
            if own[slot_id] in known:
                piece.append(known[own[slot_id]])
                result.append(number)
                counted.append(slots[slot_id].core or not core_only)
    return ResultPieces(np.array(piece), np.array(result), np.array(counted, dtype=np.bool_))


def _slots_of(
    draws: MarkDraws, slots: Mapping[str, Slot], slot_of: Mapping[str, str]
) -> tuple[SlotPieces, ...]:
    places = {name: place for place, name in enumerate(draws.criteria)}
    pieces: dict[str, list[int]] = {}
    for place, piece in enumerate(draws.pieces):
        pieces.setdefault(slot_of[piece], []).append(place)
    return tuple(
        SlotPieces(
            slot_code(slots[slot_id]),
            np.array([places[c.criterion_id] for c in slots[slot_id].criteria]),
            np.array(mine),
        )
        for slot_id, mine in sorted(pieces.items())
    )


def _completed(
    draws: MarkDraws,
    crew: Set[str],
    criteria: Set[str],
    kind: Mapping[str, str],
    random_seed: int,
) -> MarkDraws:
    """Add who has not read and what nobody could judge.

    A new reader's severity and the difficulty of a criterion without a mark are
    drawn with mean and spread of the others: of all readers, of the criteria of its kind.
    """
    readers, unmarked = sorted(crew - set(draws.raters)), sorted(criteria - set(draws.criteria))
    rng = np.random.default_rng([random_seed, 7])
    spread = draws.severity.std(axis=1, keepdims=True)
    severity = spread * rng.standard_normal((len(draws), len(readers)))
    of_kind = np.array([kind[name] for name in draws.criteria])
    added = [np.empty((len(draws), 0))]
    for name in unmarked:
        alike = of_kind == kind[name]
        known = draws.difficulty[:, alike if alike.any() else np.ones_like(alike)]
        around = rng.standard_normal((len(draws), 1)) * known.std(axis=1, keepdims=True)
        added.append(known.mean(axis=1, keepdims=True) + around)
    return replace(
        draws,
        raters=(*draws.raters, *readers),
        severity=np.hstack([draws.severity, severity]).astype(np.float32),
        criteria=(*draws.criteria, *unmarked),
        difficulty=np.hstack([draws.difficulty, *added]).astype(np.float32),
    )


def _pools(
    draws: MarkDraws,
    owned: Mapping[str, Row],
    departments: Mapping[str, str],
    readers: Sequence[Row],
    workspace: Workspace,
) -> ReaderPools:
    """Who may read each piece: those who hold the role now and need not stand back.

    Where nobody holds it (reads came from a file), everybody who read may.
    """
    places = {name: place for place, name in enumerate(draws.raters)}
    crew = [(places[str(row["person_id"])], reader_of(row)) for row in readers]
    rule = conflict_rule(workspace.policy)
    by_teacher: dict[str, tuple[int, ...]] = {}
    pools = []
    for piece in draws.pieces:
        teacher = str(owned[piece]["teacher_id"])
        if teacher not in by_teacher:
            author = author_of(owned[piece], departments.get(teacher, ""))
            able = (place for place, reader in crew if not conflicts(reader, author, rule))
            by_teacher[teacher] = tuple(able) if crew else tuple(range(len(draws.raters)))
        pools.append(by_teacher[teacher])
    return ReaderPools.of(pools)


def _earlier(marks: pd.DataFrame, draws: MarkDraws) -> EarlierReads:
    """Reads made, each with how many criteria it found met."""
    met = marks.groupby([frames.PIECE, frames.RATER], observed=True)[frames.MET].sum()
    pieces = {name: place for place, name in enumerate(draws.pieces)}
    raters = {name: place for place, name in enumerate(draws.raters)}
    keys = [(pieces[str(piece)], raters[str(rater)]) for piece, rater in met.index]
    places: Indices = np.array(keys, dtype=np.int64).reshape(-1, 2)
    return EarlierReads(places[:, 0], places[:, 1], met.to_numpy(dtype=np.int64))


def _minutes(
    marks: pd.DataFrame, pieces: Sequence[str], slot_of: Mapping[str, str]
) -> Floats | None:
    """Median minutes of a read by slot, of those with both times; the round's where a slot has few."""
    columns = [frames.PIECE, frames.RATER, frames.SLOT, frames.OPENED_AT, frames.SUBMITTED_AT]
    reads = marks[columns].drop_duplicates([frames.PIECE, frames.RATER])
    opened, ended = (
        pd.to_datetime(reads[name], errors="coerce", utc=True, format="ISO8601")
        for name in columns[3:]
    )
    taken = (ended - opened).dt.total_seconds() / 60
    timed = taken[taken > 0]
    if timed.empty:
        return None
    by_slot = timed.groupby(reads[frames.SLOT].astype(str)).agg(["median", "size"])
    own = by_slot.loc[by_slot["size"] >= _FEWEST_TIMED, "median"].to_dict()
    usual = float(timed.median())
    return np.array([own.get(slot_of[piece], usual) for piece in pieces], dtype=np.float64)
