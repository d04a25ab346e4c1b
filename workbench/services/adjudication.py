"""Adjudication 仲裁: pieces that wait for the chair, their reads side by side, and the ruling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from models.assignments import owned_piece, standing_reads_of
from models.records import PieceOutcome, Round
from models.store import Act, Row, Store
from rubrics.levels import Level
from rubrics.rubric import Slot
from scoring.consensus import read_level
from workbench.errors import InputError, RefusedError
from workbench.messages import language, text
from workbench.services.desk_content import missing_from
from workbench.services.desk_tasks import DeskTask, my_tasks, ruled_by_others, task_of
from workbench.services.reads import GivenRead, Judgement, ReadJudge, record_read
from workbench.services.roles import authorise, may_see
from workbench.services.rulings import may_rule, outcome_of, ruling_due
from workbench.services.workspace import Workspace

_SHOWN = (Round.BLIND, Round.THIRD, Round.CHAIR)


@dataclass(frozen=True)
class GivenMark:
    """What one read says on a criterion; ``met`` 1, 0 or None (cannot judge, or not marked)."""

    met: int | None
    comment: str


@dataclass(frozen=True)
class RulingCriterion:
    """One criterion with what every read says on it, in the order of the reads.

    ``open`` says that the ruling must cover it, ``may`` that it may; ``decided``
    is how the reads decided it, 1 or 0, None where they did not.
    """

    criterion_id: str
    level: Level
    words: str
    marks: tuple[GivenMark, ...]
    open: bool
    may: bool
    decided: int | None


@dataclass(frozen=True)
class RulingView:
    """One piece that waits for the chair, without author or raters' names.

    ``reads`` are the labels of the reads and ``levels`` what each came to, None
    where a read could not judge; ``cause`` says why a ruling is due.
    """

    piece_id: str
    competency: str
    competency_name: str
    slot_id: str
    slot_name: str
    cause: str
    reads: tuple[str, ...]
    levels: tuple[Level | None, ...]
    criteria: tuple[RulingCriterion, ...]


def rulings_due(workspace: Workspace, person_id: str) -> list[DeskTask]:
    """Pieces that wait for this chair to rule, in the order of intake.

    Raises
    ------
    RefusedError
        If the person is no chair.
    """
    with workspace.store() as store:
        may_see(store, person_id, "adjudication.show")
    found = my_tasks(workspace, person_id)
    return [each for each in found if each.task.round == Round.CHAIR and each.waits]


def ruling_view(workspace: Workspace, person_id: str, piece_id: str) -> RulingView:
    """Gather one piece for the chair, in the language of the run.

    Raises
    ------
    RefusedError
        If the person may not rule on it, or no ruling is due.
    """
    with workspace.store() as store:
        piece = owned_piece(store, piece_id)
        may_see(store, person_id, "adjudication.show", piece["school_id"] if piece else None)
        outcome = outcome_of(store, workspace, piece_id)
        if piece is None or outcome is None or not ruling_due(store, workspace, piece_id):
            raise _not_due(piece_id)
        if not may_rule(store, workspace, person_id, piece_id):
            raise ruled_by_others(piece_id)
        rows = [row for row in standing_reads_of(store, piece_id) if row["round"] in _SHOWN]
    rubric = workspace.rubrics[piece["competency"]]
    slot = rubric.slot(piece["slot_id"])
    zh = language() == "zh"
    return RulingView(
        piece_id,
        rubric.competency,
        rubric.name_zh if zh else rubric.name_en,
        slot.slot_id,
        slot.name_zh if zh else slot.name_en,
        text(f"page_adjudication.cause.{outcome.cause or 'adjudicate'}"),
        tuple(_labels(rows)),
        tuple(None if r["round"] == Round.CHAIR else read_level(slot, r["marks"]) for r in rows),
        tuple(_criteria(slot, outcome, rows, zh=zh)),
    )


def rule(
    workspace: Workspace,
    piece_id: str,
    rulings: Mapping[str, tuple[int, str]],
    act: Act,
    opened_at: datetime | None = None,
) -> int:
    """Record the chair's ruling on a piece; returns the number of the read.

    Parameters
    ----------
    rulings : mapping
        Criterion to 1 (met) or 0 (not met) and the reason, on every open criterion.
    act : Act
        Of a chair who has not read the piece; of the county where no chair may rule.
    opened_at : datetime, optional
        When the chair first saw the piece.

    Raises
    ------
    InputError
        If an open criterion has no ruling, or a ruling no reason.
    RefusedError
        If no ruling is due, it would overrule what is decided, or the chair
        has to stand back.
    """
    with workspace.store() as store:
        piece = owned_piece(store, piece_id)
        if piece is None:
            raise _not_due(piece_id)
        act = authorise(store, act, "read.rule", piece["school_id"])
        _whole(store, workspace, act.actor, piece, rulings)
        given = tuple((name, met, words.strip()) for name, (met, words) in sorted(rulings.items()))
        read = GivenRead(piece, act.actor, Round.CHAIR.value, given, opened_at, act.at)
        judged = ReadJudge(store, workspace.policy, workspace.rubrics).judge(read, act.reason)
        if judged.remarks:
            raise _refused(piece_id, judged)
        with store.transaction(act, "read.rule", piece_id) as tx:
            return record_read(tx, read, judged)


def _whole(
    store: Store,
    workspace: Workspace,
    chair_id: str,
    piece: Row,
    rulings: Mapping[str, tuple[int, str]],
) -> None:
    """Refuse a ruling nobody waits for, or one that leaves an open criterion or a reason out."""
    task = task_of(store, workspace, chair_id, piece["piece_id"])
    if task.round != Round.CHAIR:
        raise _not_due(task.piece_id)
    content = {
        "marks": {name: met for name, (met, _) in rulings.items()},
        "comments": {name: words.strip() for name, (_, words) in rulings.items()},
    }
    missing = [each["criterion"] for each in missing_from(store, workspace, task, piece, content)]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise InputError(
            f"piece {task.piece_id}: criteria {names} lack the ruling or its reason. Give both.",
            key="adjudication.missing",
            piece=task.piece_id,
            criteria=names,
        )


def _not_due(piece_id: str) -> RefusedError:
    return RefusedError(
        f"piece {piece_id} waits for no ruling. Go on with the next one.",
        key="adjudication.not_due",
        piece=piece_id,
    )


def _refused(piece_id: str, judged: Judgement) -> RefusedError:
    return RefusedError(
        f"piece {piece_id}: the ruling is not taken "
        f"({', '.join(remark.code for remark in judged.remarks)}).",
        key="adjudication.refused",
        piece=piece_id,
        remarks=tuple(remark.key for remark in judged.remarks),
    )


def _labels(rows: list[Row]) -> list[str]:
    """Name reads by number and round, never by rater."""
    numbers: dict[str, int] = {}
    found = []
    for row in rows:
        numbers[row["round"]] = numbers.get(row["round"], 0) + 1
        label = f"page_adjudication.read.{row['round']}"
        found.append(text(label, number=numbers[row["round"]]))
    return found


def _criteria(
    slot: Slot, outcome: PieceOutcome, rows: list[Row], *, zh: bool
) -> list[RulingCriterion]:
    found = []
    for criterion in slot.criteria:
        name = criterion.criterion_id
        made = outcome.decisions.get(name)
        must = name in outcome.open_criteria
        found.append(
            RulingCriterion(
                name,
                criterion.level,
                criterion.text_zh if zh else criterion.text_en,
                tuple(GivenMark(r["marks"].get(name), r["comments"].get(name, "")) for r in rows),
                must,
                must or not outcome.open_criteria,
                made.met if made else None,
            )
        )
    return found
