"""Adjudication 仲裁: own marks first, then every read side by side, and the ruling with its reason.

Who rules first marks what is contested without seeing what others gave, and
only then the reads unlock; that step stands in the audit log (``read.unlock``).
Own marks decide nothing: they keep the ruling from following the first opinion seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from models.assignments import owned_piece, reading_of_piece, standing_reads_of
from models.closing import own_marks
from models.drafts import Task
from models.records import PieceOutcome, Round
from models.store import Act, Row, Store
from rubrics.levels import Level
from rubrics.rubric import Slot
from scoring.consensus import read_level
from workbench.errors import InputError, RefusedError
from workbench.messages import language, text
from workbench.services.desk_anchors import Anchor, anchor_words, anchors_of_piece
from workbench.services.desk_content import missing_from
from workbench.services.desk_tasks import DeskTask, my_tasks, ruled_by_others, task_of
from workbench.services.reads import GivenRead, Judgement, ReadJudge, record_read
from workbench.services.roles import authorise, may_see
from workbench.services.ruling_grounds import known_codes, need_codes
from workbench.services.rulings import may_rule, outcome_of, ruling_due
from workbench.services.workspace import Workspace

_SHOWN = (Round.BLIND, Round.THIRD, Round.CHAIR)


@dataclass(frozen=True)
class GivenMark:
    """What one read says on a criterion; ``met`` 1, 0 or None (cannot judge, or not marked).

    ``places`` name where in the evidence the reader saw it.
    """

    met: int | None
    comment: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class RulingCriterion:
    """One criterion with what every read says on it, in the order of the reads.

    ``open`` says that the ruling must cover it, ``may`` that it may; ``decided``
    is how the reads decided it, 1 or 0, None where they did not; ``own`` what who
    rules marked before seeing the reads.
    """

    criterion_id: str
    level: Level
    words: str
    marks: tuple[GivenMark, ...]
    open: bool
    may: bool
    decided: int | None
    own: int | None = None


@dataclass(frozen=True)
class RulingView:
    """One piece that waits for the chair, without author or raters' names.

    ``unlocked`` says that own marks have been given, or that policy asks for none.
    Before, ``criteria`` are those to mark and nothing is told of the reads. After,
    ``reads`` are their labels and ``levels`` what each came to, None where a read
    could not judge; ``cause`` says why a ruling is due.
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
    unlocked: bool = True


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
        own = own_marks(store, piece_id, person_id, reading_of_piece(store, piece_id))
        unlocked = bool(own) or not is_blind_first(workspace)
        rows = [r for r in standing_reads_of(store, piece_id) if r["round"] in _SHOWN]
        places = anchors_of_piece(store, piece_id) if unlocked else {}
    rubric = workspace.rubrics[piece["competency"]]
    slot = rubric.slot(piece["slot_id"])
    zh = language() == "zh"
    shown = rows if unlocked else []
    criteria = _criteria(slot, outcome, shown, own, places, zh=zh)
    if not unlocked:
        criteria = [replace(each, decided=None) for each in criteria if each.may]
    cause = text(f"page_adjudication.cause.{outcome.cause or 'adjudicate'}")
    return RulingView(
        piece_id,
        rubric.competency,
        rubric.name_zh if zh else rubric.name_en,
        slot.slot_id,
        slot.name_zh if zh else slot.name_en,
        cause if unlocked else "",
        tuple(_labels(shown)),
        tuple(None if r["round"] == Round.CHAIR else read_level(slot, r["marks"]) for r in shown),
        tuple(criteria),
        unlocked,
    )


def is_blind_first(workspace: Workspace) -> bool:
    """Whether policy asks for own marks before the reads are seen."""
    return bool(workspace.policy["adjudication.blind_first"])


def mark_first(
    workspace: Workspace, piece_id: str, marks: Mapping[str, int | None], act: Act
) -> None:
    """Record what who rules marks before seeing the reads, which then unlock.

    Parameters
    ----------
    marks : mapping
        Every contested criterion (of a case sent as a whole: every criterion) to
        1 (met), 0 (not met) or None (cannot judge).
    act : Act
        Of somebody who may rule on the piece.

    Raises
    ------
    InputError
        If a criterion lacks its mark, or one is given that is not contested.
    RefusedError
        If no ruling is due, the actor may not rule, or the reads are unlocked already.
    """
    with workspace.store() as store:
        piece, outcome = owned_piece(store, piece_id), outcome_of(store, workspace, piece_id)
        if piece is None or outcome is None or not ruling_due(store, workspace, piece_id):
            raise _not_due(piece_id)
        act = authorise(store, act, "read.unlock", piece["school_id"])
        task = task_of(store, workspace, act.actor, piece_id)
        if task.round != Round.CHAIR:
            raise _not_due(piece_id)
        slot = workspace.rubrics[piece["competency"]].slot(piece["slot_id"])
        due = outcome.open_criteria or tuple(c.criterion_id for c in slot.criteria)
        if set(marks) != set(due):
            names = ", ".join(sorted(set(due) ^ set(marks)))
            raise InputError(
                f"piece {piece_id}: mark every contested criterion and no other ({names}).",
                key="adjudication.first_marks",
                piece=piece_id,
                criteria=names,
            )
        told = {"piece_id": piece_id, "person_id": act.actor, "reading": task.reading}
        with store.transaction(act, "read.unlock", piece_id) as tx:
            if own_marks(store, piece_id, act.actor, task.reading):
                raise RefusedError(
                    f"piece {piece_id}: the reads are unlocked; own marks stay as they were given.",
                    key="adjudication.unlocked",
                    piece=piece_id,
                )
            tx.insert("own_mark", [{**told, "criterion_id": c, "met": marks[c]} for c in due])


def must_have_marked(store: Store, workspace: Workspace, person_id: str, task: Task) -> None:
    """Refuse to show the reads to, or take a ruling from, somebody who has not marked first.

    Raises
    ------
    RefusedError
        If policy asks for own marks and there are none of this reading.
    """
    if task.round != Round.CHAIR or not is_blind_first(workspace):
        return
    if not own_marks(store, task.piece_id, person_id, task.reading):
        raise RefusedError(
            f"piece {task.piece_id}: who rules marks what is contested before seeing the reads. "
            "Open it in the chair's room.",
            key="adjudication.mark_first",
            piece=task.piece_id,
        )


def rule(
    workspace: Workspace,
    piece_id: str,
    rulings: Mapping[str, tuple[int, str]],
    act: Act,
    opened_at: datetime | None = None,
    codes: Mapping[str, str] | None = None,
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
    codes : mapping, optional
        Criterion to the code of its reason, of those policy offers; where it offers
        any, every ruling needs one.

    Raises
    ------
    InputError
        If an open criterion has no ruling, a ruling no reason or no code, or a code is unknown.
    RefusedError
        If no ruling is due, it would overrule what is decided, the chair has to
        stand back, or has not marked first where policy asks for it.
    """
    codes = codes or {}
    known_codes(workspace, rulings, codes)
    with workspace.store() as store:
        piece = owned_piece(store, piece_id)
        if piece is None:
            raise _not_due(piece_id)
        act = authorise(store, act, "read.rule", piece["school_id"])
        _whole(store, workspace, act.actor, piece, rulings, codes)
        given = tuple((name, met, words.strip()) for name, (met, words) in sorted(rulings.items()))
        read = GivenRead(piece, act.actor, Round.CHAIR.value, given, opened_at, act.at)
        judged = ReadJudge(store, workspace.policy, workspace.rubrics).judge(read, act.reason)
        if judged.remarks:
            raise _refused(piece_id, judged)
        with store.transaction(act, "read.rule", piece_id) as tx:
            if not ruling_due(store, workspace, piece_id):
                raise _not_due(piece_id)  # another chair was quicker, or the same click came twice
            read_id = record_read(tx, read, judged)
            rows = [{"read_id": read_id, "criterion_id": c, "code": codes[c]} for c in codes]
            tx.insert("ruling_ground", rows)
        return read_id


def has_ruled(workspace: Workspace, person_id: str, piece_id: str) -> bool:
    """Whether a ruling of this person stands on a piece."""
    with workspace.store() as store:
        rows = standing_reads_of(store, piece_id)
    return any(row["round"] == Round.CHAIR and row["rater_id"] == person_id for row in rows)


def _whole(
    store: Store,
    workspace: Workspace,
    chair_id: str,
    piece: Row,
    rulings: Mapping[str, tuple[int, str]],
    codes: Mapping[str, str],
) -> None:
    """Refuse a ruling nobody waits for, or one that leaves an open criterion or a reason out."""
    if not ruling_due(store, workspace, piece["piece_id"]):
        raise _not_due(piece["piece_id"])
    task = task_of(store, workspace, chair_id, piece["piece_id"])
    if task.round != Round.CHAIR:
        raise _not_due(task.piece_id)
    must_have_marked(store, workspace, chair_id, task)
    need_codes(workspace, rulings, codes)
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
        f"piece {piece_id} waits for no ruling; another chair may just have given it. "
        "Nothing was recorded. Go on with the next one.",
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
    slot: Slot,
    outcome: PieceOutcome,
    rows: list[Row],
    own: Mapping[str, int | None],
    places: Mapping[int, Mapping[str, tuple[Anchor, ...]]],
    *,
    zh: bool,
) -> list[RulingCriterion]:
    """Criteria of a piece, contested ones first, with what each read says."""
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
                tuple(_given(row, name, places) for row in rows),
                must,
                must or not outcome.open_criteria,
                made.met if made else None,
                own.get(name),
            )
        )
    return sorted(found, key=lambda each: not each.open)


def _given(
    row: Row, name: str, places: Mapping[int, Mapping[str, tuple[Anchor, ...]]]
) -> GivenMark:
    anchors = places.get(row["read_id"], {}).get(name, ())
    several = len({anchor.part for anchor in anchors}) > 1
    told = tuple(anchor_words(anchor, several=several) for anchor in anchors)
    return GivenMark(row["marks"].get(name), row["comments"].get(name, ""), told)
