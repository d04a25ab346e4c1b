"""Trial reads 试评: common pieces everybody reads blind, then discussed side by side by criterion.

For a first year without seed pieces. The reads are ordinary first reads given
before anything was said, so they count; where they differ, the majority decides
by criterion and the chair rules on what stays open. The discussion changes no mark.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts import roles_held
from models.assignments import (
    assigned_ever,
    department_of,
    last_positions,
    owned_among,
    readers_ever,
    reading_of_piece,
    standing_reads_of,
)
from models.calibration import trial_assignments, trial_pieces, trials
from models.people import raters as people
from models.store import Act, Row, Store, Transaction
from models.submissions import owned_pieces
from rubrics.rubric import RubricSet
from scoring.conflicts import Reader, conflicts
from scoring.consensus import read_level
from workbench.errors import InputError, RefusedError
from workbench.messages import language, text
from workbench.services.calibration_gate import TRIAL, calibration_rule
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.roles import RATER, authorise, may_see
from workbench.services.workspace import Workspace

READING, DISCUSSION, CLOSED = "reading", "discussion", "closed"


@dataclass(frozen=True)
class TrialPiece:
    """One piece of a trial: who of the panel reads it, and who may not and why."""

    piece_id: str
    slot_id: str
    competency: str
    readers: tuple[str, ...]
    barred: Mapping[str, str]


@dataclass(frozen=True)
class TrialView:
    """A trial as it stands: ``pieces`` with how many are to read each and how many have.

    ``discussion`` is filled from the moment the chair opens it, one entry a piece.
    """

    trial_id: int
    stage: str
    begun_at: str
    pieces: tuple[dict[str, Any], ...]
    waiting: tuple[str, ...]
    discussion: tuple[dict[str, Any], ...] = ()


def propose_trial(workspace: Workspace) -> list[TrialPiece]:
    """Pieces proposed for a trial: those most of the panel may read, of different slots.

    Pieces that somebody has read, or has on the desk, are left out.
    """
    with workspace.store() as store:
        count = calibration_rule(workspace.policy).trial_pieces
        taken = {**assigned_ever(store), **readers_ever(store)}
        crew = _crew(store)
        free = [row for row in owned_pieces(store) if row["piece_id"] not in taken]
        found = [_looked_at(store, workspace, row, crew) for row in free[: 40 * count]]
    found.sort(key=lambda each: (len(each.barred), _drawn(each.piece_id)))
    chosen: list[TrialPiece] = []
    for once in (True, False):
        for each in found:
            known = {other.competency for other in chosen} if once else set[str]()
            if len(chosen) < count and each not in chosen and each.competency not in known:
                chosen.append(each)
    return chosen


def begin_trial(workspace: Workspace, pieces: Sequence[str], act: Act) -> int:
    """Give common pieces to everybody who may read them; other pieces wait until it is closed.

    Returns
    -------
    int
        Number of the trial.

    Raises
    ------
    InputError
        If no piece is named, or one is not there.
    RefusedError
        If policy asks for no trial, one is running, or a piece is given out already.
    """
    with workspace.store() as store:
        act = authorise(store, act, "calibration.trial")
        rule = calibration_rule(workspace.policy)
        if rule.mode != TRIAL:
            raise _not_now()
        _none_running(store)
        wanted = list(dict.fromkeys(pieces))
        rows = owned_among(store, wanted)
        if not wanted or len(rows) != len(wanted) or any(row["is_seed"] for row in rows):
            raise InputError(
                f"pieces {', '.join(wanted)} are not all there. Name pieces of this round.",
                key="calibration.trial_pieces",
                pieces="、".join(wanted),
            )
        taken = {**assigned_ever(store), **readers_ever(store)}
        crew = _crew(store)
        looked = [_looked_at(store, workspace, row, crew) for row in rows]
        if any(row["piece_id"] in taken for row in rows) or not all(p.readers for p in looked):
            raise RefusedError(
                "a piece of the trial is given out already, or nobody may read it. Take others.",
                key="calibration.trial_taken",
            )
        with store.transaction(act, "calibration.trial", f"{len(rows)} pieces") as tx:
            _none_running(store)  # the same click may have come twice
            (trial_id,) = tx.insert("trial", [{}])
            _give_out(store, tx, trial_id, looked)
        return trial_id


def open_discussion(workspace: Workspace, act: Act) -> int:
    """Show everybody the reads side by side; returns how many reads are shown.

    Raises
    ------
    RefusedError
        If there is no trial to discuss, or a read is not in yet and no reason says why.
    """
    return _stage(workspace, act, READING, DISCUSSION)


def close_trial(workspace: Workspace, act: Act) -> int:
    """End a trial, so that the other pieces may be read; returns how many reads it had."""
    return _stage(workspace, act, "", CLOSED)


def trial_view(workspace: Workspace, person_id: str) -> TrialView | None:
    """The latest trial as a person may see it, or None.

    Reads are numbered and never named; the own one is marked ``own``. Before the
    discussion nobody sees any, and nobody those of a piece they have to stand back from.
    """
    with workspace.store() as store:
        may_see(store, person_id, "calibration.own")
        latest = trials(store)[:1]
        if not latest:
            return None
        trial = latest[0]
        pieces = trial_pieces(store, trial["trial_id"])
        rows = trial_assignments(store, trial["trial_id"])
        owned = {row["piece_id"]: row for row in owned_among(store, pieces)}
        todo = [row for row in rows if row["read_id"] is None and row["why"] is None]
        shown: list[dict[str, Any]] = []
        if trial["stage"] != READING:
            shown = [
                _side_by_side(store, workspace.rubrics, owned[piece], person_id)
                for piece in pieces
                if not _stands_back(store, workspace, owned[piece], person_id)
            ]
    given = Counter(row["piece_id"] for row in rows)
    read = Counter(row["piece_id"] for row in rows if row["read_id"] is not None)
    counted = tuple(
        {
            "piece_id": piece,
            "slot_id": owned[piece]["slot_id"],
            "competency": owned[piece]["competency"],
            "given": given[piece],
            "read": read[piece],
            "own": any(r["piece_id"] == piece and r["rater_id"] == person_id for r in todo),
        }
        for piece in pieces
    )
    waiting = tuple(dict.fromkeys(row["rater_id"] for row in todo))
    return TrialView(
        trial["trial_id"], trial["stage"], trial["begun_at"], counted, waiting, tuple(shown)
    )


def _none_running(store: Store) -> None:
    if any(trial["stage"] != CLOSED for trial in trials(store)[:1]):
        raise _not_now()


def _not_now() -> RefusedError:
    return RefusedError(
        "a trial is running already, or policy calibration.mode is not trial.",
        key="calibration.no_trial_now",
    )


def _give_out(store: Store, tx: Transaction, trial_id: int, pieces: Sequence[TrialPiece]) -> None:
    """Put the pieces of a trial on the desks of all who may read them."""
    last = last_positions(store)
    tx.insert("trial_piece", [{"trial_id": trial_id, "piece_id": p.piece_id} for p in pieces])
    for place, piece in enumerate(pieces, 1):
        given: dict[str, object] = {"piece_id": piece.piece_id, "round": "blind"}
        given |= {"reading": reading_of_piece(store, piece.piece_id)}
        rows = [{**given, "rater_id": r, "position": last.get(r, 0) + place} for r in piece.readers]
        tx.insert("assignment", rows)


def _stage(workspace: Workspace, act: Act, before: str, stage: str) -> int:
    with workspace.store() as store:
        act = authorise(store, act, "calibration.trial")
        latest = _at_stage(store, before)
        trial_id = latest["trial_id"]
        rows = trial_assignments(store, trial_id)
        todo = sum(row["read_id"] is None and row["why"] is None for row in rows)
        early = todo if stage == DISCUSSION else latest["stage"] == READING
        if early and not act.reason.strip():
            raise RefusedError(
                f"{todo} reads of the trial are not in, or it was not discussed. "
                "Wait for them, or give a reason.",
                key="calibration.trial_early",
                waiting=todo,
            )
        with store.transaction(act, f"calibration.{stage}", str(trial_id)) as tx:
            _at_stage(store, before)  # the same click may have come twice
            tx.insert("trial_stage", [{"trial_id": trial_id, "stage": stage}])
            if stage == DISCUSSION:  # who has not read by now would read what others have said
                late = [r for r in rows if r["read_id"] is None and r["why"] is None]
                _end(store, tx, trial_id, late)
        return sum(row["read_id"] is not None for row in rows)


def _at_stage(store: Store, before: str) -> Row:
    """The trial under way, at a stage if one is named."""
    latest = trials(store)[:1]
    if not latest or latest[0]["stage"] == CLOSED or before not in ("", latest[0]["stage"]):
        raise RefusedError(
            "there is no trial for this now. The page 校准 shows its stage.",
            key="calibration.no_trial",
        )
    return latest[0]


def _end(store: Store, tx: Transaction, trial_id: int, late: Sequence[Row]) -> None:
    pieces = {row["piece_id"] for row in late}
    rows = [
        row
        for piece in pieces
        for row in store.where("assignment", piece_id=piece)
        if any(r["piece_id"] == piece and r["rater_id"] == row["rater_id"] for r in late)
    ]
    over = [{"assignment_id": row["assignment_id"], "why": f"trial:{trial_id}"} for row in rows]
    tx.insert("assignment_end", over)


def _side_by_side(store: Store, rubrics: RubricSet, piece: Row, person_id: str) -> dict[str, Any]:
    """Marks and comments of every read of a piece, by criterion; most contested first."""
    slot = rubrics[piece["competency"]].slot(piece["slot_id"])
    zh = language() == "zh"
    reads = [r for r in standing_reads_of(store, piece["piece_id"]) if r["round"] == "blind"]
    reads.sort(key=lambda row: _drawn(f"{piece['piece_id']}{row['read_id']}"))
    criteria: list[dict[str, Any]] = []
    for criterion in slot.criteria:
        name = criterion.criterion_id
        marks = [row["marks"].get(name) for row in reads]
        criteria.append(
            {
                "criterion": name,
                "level": str(criterion.level),
                "words": criterion.text_zh if zh else criterion.text_en,
                "marks": marks,
                "comments": [row["comments"].get(name, "") for row in reads],
                "met": marks.count(1),
                "unmet": marks.count(0),
            }
        )
    criteria.sort(key=lambda row: -min(row["met"], row["unmet"]))
    return {
        "piece_id": piece["piece_id"],
        "slot_id": piece["slot_id"],
        "slot": slot.name_zh if zh else slot.name_en,
        "labels": [text("calibration.read", number=n) for n in range(1, len(reads) + 1)],
        "own": [row["rater_id"] == person_id for row in reads],
        "levels": [read_level(slot, row["marks"]) for row in reads],
        "criteria": criteria,
    }


def _looked_at(
    store: Store, workspace: Workspace, piece: Row, crew: Mapping[str, Reader]
) -> TrialPiece:
    author = author_of(piece, department_of(store, piece["teacher_id"]))
    rule = conflict_rule(workspace.policy)
    barred = {
        rater: causes[0]
        for rater, reader in crew.items()
        if (causes := conflicts(reader, author, rule))
    }
    readers = tuple(rater for rater in crew if rater not in barred)
    return TrialPiece(piece["piece_id"], piece["slot_id"], piece["competency"], readers, barred)


def _stands_back(store: Store, workspace: Workspace, piece: Row, person_id: str) -> bool:
    reader = {person_id: reader_of(people(store)[person_id])}
    return bool(_looked_at(store, workspace, piece, reader).barred)


def _crew(store: Store) -> dict[str, Reader]:
    return {
        person_id: reader_of(row)
        for person_id, row in people(store).items()
        if RATER in roles_held(store, person_id)
    }


def _drawn(told: str) -> bytes:
    """Place that says nothing of the rater or of who handed in first."""
    return hashlib.sha256(told.encode()).digest()
