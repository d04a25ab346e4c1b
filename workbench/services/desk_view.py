"""What the desk shows of one piece: evidence, criteria, the own draft, and nothing it must not show.

A reader sees neither the author nor other readers' marks, nor whether the piece
is a first or a third read. The chair sees the reads, by number and not by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.assignments import owned_piece, standing_reads_of
from models.desk_store import DeskStore
from models.drafts import Task, draft
from models.records import PieceOutcome, Round
from models.store import Row, Store
from rubrics.rubric import Criterion, Rubric, Slot
from workbench import messages
from workbench.errors import InputError
from workbench.services.desk_anchors import anchor_words, anchors_of_piece
from workbench.services.desk_content import least_comment
from workbench.services.desk_tasks import DeskTask, next_task, progress
from workbench.services.phrases import starters
from workbench.services.rulings import outcome_of
from workbench.services.viewing import parts_in
from workbench.services.workspace import Workspace

READER, CHAIR = "reader", "chair"

OFFICIAL = ("official-fact", "provincial-fact")
"""Provenances of what stands in the norm or a provincial document."""


@dataclass(frozen=True)
class Sitting:
    """What a desk shows beside the piece: tasks, what can be taken back, pace, and the lease.

    ``undo`` is the submission that can be taken back, or None; ``pace`` as
    ``desk_time.pace_of``; ``claim`` as ``desk_claims.claim_shown``.
    """

    mine: Sequence[DeskTask]
    undo: Mapping[str, object] | None = None
    pace: Mapping[str, int | None] | None = None
    claim: Mapping[str, object] | None = None


def desk_view(
    store: Store, desk: DeskStore, workspace: Workspace, task: Task, begun: Row, sitting: Sitting
) -> dict[str, Any]:
    """Gather one piece for the desk, as JSON the component reads.

    The piece that comes next goes with it under ``ahead``, whole but for its
    draft's opening, so that the desk can turn to it at once.

    Parameters
    ----------
    begun : row of ``drafts.draft``
    sitting : Sitting

    Raises
    ------
    InputError
        If there is no such piece.
    """
    mine = sitting.mine
    return {
        **_piece(store, workspace, task, begun),
        "progress": progress(mine, task.piece_id),
        "parked": _parked(mine, task),
        "ahead": _ahead(store, desk, workspace, mine, task),
        "starters": starters(),
        "undo": sitting.undo,
        "pace": sitting.pace,
        "claim": sitting.claim,
        "idle_s": workspace.policy["desk.idle_seconds"],
    }


def nothing_left(mine: Sequence[DeskTask], undo: Mapping[str, object] | None) -> dict[str, Any]:
    """What the desk shows when everything is done: progress, and what can be taken back."""
    empty = {"piece": "", "round": "", "reading": 0, "criteria": [], "parts": []}
    return {**empty, "done": True, "progress": progress(mine), "undo": undo}


def words() -> dict[str, str]:
    """Sentences of the component in the language of the session, by short key; not to be changed."""
    return _words(messages.language())


@cache
def _words(language: str) -> dict[str, str]:
    start = "desk.ui."
    known = messages.catalogue(language)
    return {key.removeprefix(start): said for key, said in known.items() if key.startswith(start)}


def _piece(store: Store, workspace: Workspace, task: Task, begun: Row) -> dict[str, Any]:
    """One piece with its criteria, its evidence and the own draft."""
    piece = owned_piece(store, task.piece_id)
    if piece is None:
        raise InputError(f"there is no piece {task.piece_id}.", key="desk.not_yours", piece="")
    rubric = workspace.rubrics[piece["competency"]]
    slot = rubric.slot(piece["slot_id"])
    outcome = outcome_of(store, workspace, task.piece_id) if task.round == Round.CHAIR else None
    zh = messages.language() == "zh"
    return {
        "piece": task.piece_id,
        "round": str(task.round),
        "reading": task.reading,
        "mode": CHAIR if outcome else READER,
        **_place(rubric, slot, zh=zh),
        "criteria": [_criterion(each, outcome, zh=zh) for each in slot.criteria],
        "reads": _reads(store, slot, task.piece_id) if outcome else [],
        "cause": outcome.cause or "adjudicate" if outcome else "",
        "draft": _draft(begun),
        "least_comment": least_comment(workspace.policy),
        "parts": parts_in(store, task.rater_id, task.piece_id),
    }


def _place(rubric: Rubric, slot: Slot, *, zh: bool) -> dict[str, dict[str, Any]]:
    """Say what the piece is evidence of."""
    competency = {
        "code": rubric.competency,
        "name": rubric.name_zh if zh else rubric.name_en,
        "question": rubric.question_zh if zh else rubric.question_en,
    }
    name = slot.name_zh if zh else slot.name_en
    return {
        "competency": competency,
        "slot": {"id": slot.slot_id, "name": name, "core": slot.core, "official": _official(slot)},
    }


def _official(slot: Slot) -> dict[str, bool]:
    """Whether form and criteria of a slot stand in the norm, or were derived from it."""
    return {
        "form": slot.form_provenance in OFFICIAL,
        "criteria": slot.criteria_provenance in OFFICIAL,
    }


def _draft(row: Row) -> dict[str, Any]:
    """Own draft, with the sentences that say why it was refused."""
    content = row["content"]
    refused = [messages.text(key) for key in content.get("refused", ()) if messages.has(key)]
    return {
        "version": row["version"],
        "marks": content.get("marks", {}),
        "comments": content.get("comments", {}),
        "anchors": content.get("anchors", {}),
        "refused": refused,
    }


def _parked(mine: Sequence[DeskTask], task: Task) -> str | None:
    """Own note on a piece that was put aside; None where it was not."""
    return next((each.note for each in mine if each.task == task and each.parked), None)


def _ahead(
    store: Store,
    desk: DeskStore,
    workspace: Workspace,
    mine: Sequence[DeskTask],
    task: Task,
) -> dict[str, Any] | None:
    """Give the piece that comes next, to be loaded beforehand; nothing is opened or taken by it.

    A piece that waits for a ruling is not shown ahead: what is open on it may change.
    """
    piece_id = next_task(mine, task.piece_id)
    found = next((each for each in mine if each.task.piece_id == piece_id), None)
    if found is None or found.task.round == Round.CHAIR:
        return None
    begun = draft(desk, found.task) or {"version": 0, "content": {}}
    told = _piece(store, workspace, found.task, begun)
    return {**told, "progress": progress(mine, piece_id), "parked": _parked(mine, found.task)}


def _criterion(criterion: Criterion, outcome: PieceOutcome | None, *, zh: bool) -> dict[str, Any]:
    name = criterion.criterion_id
    told: dict[str, Any] = {
        "id": name,
        "level": str(criterion.level),
        "text": criterion.text_zh if zh else criterion.text_en,
        "other": criterion.text_en if zh else criterion.text_zh,
        "open": True,
        "must": True,
    }
    if outcome is not None:
        made = outcome.decisions.get(name)
        told["must"] = name in outcome.open_criteria
        told["open"] = told["must"] or not outcome.open_criteria
        told["decided"] = {"met": made.met, "how": made.how} if made else None
    return told


def _reads(store: Store, slot: Slot, piece_id: str) -> list[dict[str, Any]]:
    """Reads of a piece as the chair sees them: marks and comments by criterion, no rater."""
    names = {criterion.criterion_id for criterion in slot.criteria}
    anchors = anchors_of_piece(store, piece_id)
    return [
        {
            "round": row["round"],
            "marks": {n: met for n, met in row["marks"].items() if n in names},
            "comments": {n: said for n, said in row["comments"].items() if said},
            "anchors": {
                name: [{**each.as_json(), "words": anchor_words(each)} for each in own]
                for name, own in anchors.get(row["read_id"], {}).items()
            },
        }
        for row in standing_reads_of(store, piece_id)
        if row["round"] in (Round.BLIND, Round.THIRD, Round.CHAIR)
    ]
