"""Objections 异议 as they ended: what the fresh reading came to, and how often it was another level.

The rate at which objections overturn a level is the plainest measure of how
much the first reading can be trusted, so it is shown beside the objections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from models.publications import appeals, next_published_level, pieces_of_result, read_again_at
from models.ratings import all_reads
from models.records import PieceOutcome, Read, Round
from models.store import Row, Store
from rubrics.levels import LEVELS, Level
from rubrics.policy_pack import PolicyPack
from scoring.consensus import ConsensusRule, piece_consensus
from scoring.gate import GateRule, competency_result
from scoring.intervals import clopper_pearson
from workbench.messages import text
from workbench.services.outcomes import consensus_rule
from workbench.services.results import CONCLUSION, Standing, closed_windows, result_standing
from workbench.services.working_days import add_working_days, day_of
from workbench.services.workspace import Workspace

PENDING, STANDS, READING = "pending", "stands", "reading"
KEPT, RAISED, LOWERED = "kept", "raised", "lowered"
OUTCOMES = (PENDING, STANDS, READING, KEPT, RAISED, LOWERED)
"""Not answered; answered that the result stands; read again and not decided yet; and then the
same level, a higher or a lower one."""

_DECIDED = (STANDS, KEPT, RAISED, LOWERED)
_COVERAGE = 0.95
_ROUNDS = (Round.BLIND, Round.THIRD, Round.CHAIR)


@dataclass(frozen=True)
class Overturned:
    """How objections ended: counts by outcome, and the share that changed a level.

    ``share`` is of the objections decided (0 to 1), with exact bounds at 95 %
    (Clopper and Pearson 1934); all three are None where none is decided.
    """

    counts: dict[str, int]
    decided: int
    overturned: int
    share: float | None
    lo: float | None
    hi: float | None

    def as_json(self) -> dict[str, object]:
        """Return the keys ``publicity list --json`` carries."""
        return {
            "decided": self.decided,
            "overturned": self.overturned,
            "overturned_share": self.share,
            "overturned_lo": self.lo,
            "overturned_hi": self.hi,
        }


def overturned(outcomes: Iterable[str]) -> Overturned:
    """Count how objections ended.

    Examples
    --------
    >>> found = overturned(["stands", "kept", "raised", "pending"])
    >>> found.decided, found.overturned, round(found.share, 3)
    (3, 1, 0.333)
    >>> overturned(["pending"]).share is None
    True
    """
    told = list(outcomes)
    counts = {name: told.count(name) for name in OUTCOMES}
    decided = sum(counts[name] for name in _DECIDED)
    changed = counts[RAISED] + counts[LOWERED]
    if not decided:
        return Overturned(counts, 0, 0, None, None, None)
    lo, hi = clopper_pearson(changed, decided, _COVERAGE)
    return Overturned(counts, decided, changed, changed / decided, lo, hi)


def objection_outcomes(workspace: Workspace, store: Store) -> dict[str, tuple[str, str]]:
    """Outcome of each objection and the level it led to, by objection.

    The level is the one the fresh reading itself came to, whatever was decided
    later; empty where the result was not read again, or is not decided yet.
    """
    answers = {row["objection_id"]: row for row in store.where("objection_answer")}
    objections = store.where("objection")
    ending = _Ending(workspace, store) if answers else None
    found: dict[str, tuple[str, str]] = {}
    for row in objections:
        answer = answers.get(row["objection_id"])
        if answer is None or ending is None:
            found[row["objection_id"]] = (PENDING, "")
        elif answer["answer"] == STANDS:
            found[row["objection_id"]] = (STANDS, "")
        else:
            found[row["objection_id"]] = ending.of(row, answer, found)
    return found


def objection_endings(workspace: Workspace, store: Store) -> dict[str, dict[str, str]]:
    """What came of each objection, by objection.

    ``outcome`` of ``OUTCOMES``, the ``level_after``, ``against`` (of an appeal: the
    objection whose answer it is against) and ``appeal_until``, the last day to appeal;
    each empty where there is none.
    """
    own = appeals(store)
    outcomes = objection_outcomes(workspace, store)
    found = {}
    for row in store.where("objection"):
        outcome, level = outcomes[row["objection_id"]]
        until = appeal_until(store, workspace.policy, row, outcome)
        found[row["objection_id"]] = {
            "outcome": outcome,
            "level_after": level,
            "against": str(own.get(row["objection_id"], {}).get("against", "")),
            "appeal_until": str(until or ""),
        }
    return found


def appeal_until(store: Store, policy: PolicyPack, case: Row, outcome: str) -> date | None:
    """Last day to appeal against the answer to an objection; None where that cannot be done.

    Days are working days after the answer, or after the last read where it was read again.

    Parameters
    ----------
    case : row of ``objection``
    outcome : str
        As ``objections.objection_outcomes`` gives it.
    """
    days = int(policy["publicity.appeal_days"])
    if outcome in (PENDING, READING) or not days or appealed_by(store, case):
        return None
    at = read_again_at(store, case["objection_id"])
    if outcome == STANDS or not at:
        answer = store.one("objection_answer", objection_id=case["objection_id"]) or {}
        at = str(store.where("audit_log", seq=answer["tx"])[0]["at"])
    return add_working_days(day_of(datetime.fromisoformat(at)), days)[0]


def appealed_by(store: Store, case: Row) -> str | None:
    """Appeal raised before on the same result, or on a conclusion it is part of, of this publicity."""
    own = appeals(store)
    for row in store.where("objection", publication_id=case["publication_id"]):
        same = row["competency"] in (case["competency"], CONCLUSION)
        if row["objection_id"] in own and row["teacher_id"] == case["teacher_id"] and same:
            return str(row["objection_id"])
    return None


class _Ending:
    """Says what the reading an objection led to came to."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self._workspace, self._store = workspace, store
        self._closed = closed_windows(store)
        self._standing: Standing = result_standing(store, workspace)
        self._appeals = appeals(store)

    def of(
        self, objection: Row, answer: Row, earlier: Mapping[str, tuple[str, str]]
    ) -> tuple[str, str]:
        """Outcome and level; ``earlier`` are those of the objections before."""
        if objection["competency"] == CONCLUSION:
            after = self._conclusion(objection, answer)
        else:
            after = self._competency(objection)
        stood = self._before(objection, earlier)
        if not stood or after is None:
            return READING, ""
        before, now = LEVELS.index(Level(stood)), LEVELS.index(after)
        return (KEPT if now == before else RAISED if now > before else LOWERED), str(after)

    def _before(self, objection: Row, earlier: Mapping[str, tuple[str, str]]) -> str:
        """Level objected to: as it was shown, or as the reading appealed against left it."""
        own = self._appeals.get(objection["objection_id"])
        if own is not None and (level := earlier[own["against"]][1]):
            return level
        shown = self._store.one(
            "published_result",
            publication_id=objection["publication_id"],
            teacher_id=objection["teacher_id"],
            competency=objection["competency"],
        )
        return str(shown["level"]) if shown else ""

    def _competency(self, objection: Row) -> Level | None:
        panel = self._appeals.get(objection["objection_id"], {}).get("panel", 0)
        rule = consensus_rule(self._workspace.policy)
        rule = replace(rule, reads_per_piece=max(rule.reads_per_piece, panel))
        outcomes = dict(self._outcome(*each, rule) for each in self._readings(objection))
        teacher = self._store.one("teacher", teacher_id=objection["teacher_id"])
        closed = teacher is not None and teacher["school_id"] in self._closed
        gate = GateRule(self._workspace.policy["aggregation.excellent_scope"], closed)
        rubric = self._workspace.rubrics[objection["competency"]]
        return competency_result(rubric, outcomes, gate).level

    def _readings(self, objection: Row) -> list[tuple[str, int]]:
        """Piece and reading an objection led to, or another one to the same publicity had led to."""
        cause = f"objection:{objection['objection_id']}"
        if own := self._store.where("reopening", cause=cause):
            return [(row["piece_id"], row["reading"]) for row in own]
        pieces = pieces_of_result(self._store, objection["teacher_id"], objection["competency"])
        found = {
            row["piece_id"]: row["reading"]
            for piece in pieces
            for row in self._store.where("reopening", piece_id=piece)
            if row["cause"].startswith("objection:")
        }
        return [*found.items()]

    def _outcome(
        self, piece_id: str, reading: int, rule: ConsensusRule
    ) -> tuple[str, PieceOutcome]:
        """Slot of a piece, and its outcome by the reads of one reading only."""
        piece = self._store.one("piece", piece_id=piece_id) or {}
        reads = [
            Read(row["rater_id"], row["round"], row["marks"])
            for row in all_reads(self._store, piece_id)
            if row["reading"] == reading and not row["replaced"] and row["round"] in _ROUNDS
        ]
        slot_id = str(piece["slot_id"])
        competency = slot_id.partition("-")[0]
        slot = self._workspace.rubrics[competency].slot(slot_id)
        return slot_id, piece_consensus(slot, reads, rule)

    def _conclusion(self, objection: Row, answer: Row) -> Level | None:
        """Level of a conclusion as next shown, or as it stands where all was read again."""
        teacher_id = objection["teacher_id"]
        later = next_published_level(self._store, teacher_id, CONCLUSION, answer["tx"])
        if later:
            return Level(later)
        own = [row for row in self._standing.rows if row.teacher_id == teacher_id]
        if any(row.level is None for row in own):
            return None
        return next(row.level for row in own if row.competency == CONCLUSION)


def overturned_words(outcomes: Iterable[str]) -> str:
    """Say in the language of the run how objections ended, and how often a level changed."""
    found = overturned(outcomes)
    if found.share is None or found.lo is None or found.hi is None:
        return text("publicity.overturned.none", count=sum(found.counts.values()))
    return text(
        "publicity.overturned.share",
        decided=found.decided,
        overturned=found.overturned,
        share=f"{found.share:.0%}",
        lo=f"{found.lo:.0%}",
        hi=f"{found.hi:.0%}",
        raised=found.counts[RAISED],
        lowered=found.counts[LOWERED],
        reading=found.counts[READING],
    )
