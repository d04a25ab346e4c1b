"""Outcome of each piece from the reads that stand, and all of them followed from one write to the next."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from models.cases import adjudications_due
from models.following import BEGINNING, fell_behind, newest, newest_piece, pieces_touched
from models.publications import panels
from models.ratings import standing_reads
from models.records import PieceOutcome, ReasonNone
from models.store import Store
from models.submissions import owned_pieces
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import RubricSet
from scoring.consensus import ConsensusRule, piece_consensus
from workbench.services.workspace import Workspace


def piece_outcomes(
    store: Store,
    rubrics: RubricSet,
    policy: PolicyPack,
    among: Collection[str] | None = None,
) -> dict[str, PieceOutcome]:
    """Outcome of every piece handed in, by piece id; a case sent to the chair waits for a ruling.

    ``among`` leaves only these pieces; None takes all.
    """
    found = _read_outcomes(store, rubrics, policy, _slots(store), among)
    return _with_sent(store, found)


class FollowedOutcomes:
    """The outcomes of every piece, followed: only pieces read or reopened since are judged anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._since, self._held_to, self._newest_piece = BEGINNING, ("", ""), (0, 0)
        self._slots: dict[str, str] = {}
        self._panels: Mapping[str, int] = {}
        self._found: dict[str, PieceOutcome] = {}

    def now(self, store: Store, workspace: Workspace) -> Mapping[str, PieceOutcome]:
        """As ``piece_outcomes`` of the round's own rubrics and policy.

        What a transaction has not settled yet may still be undone: within one,
        everything is judged from the beginning and nothing is kept.
        """
        if store.in_transaction:
            return piece_outcomes(store, workspace.rubrics, workspace.policy)
        with self._lock:
            marks, held_to = newest(store), (workspace.rubrics.digest, workspace.policy.digest)
            if held_to != self._held_to or fell_behind(marks, self._since):
                self._begin_anew()
            if marks != self._since:
                self._follow(store, workspace)
            self._since, self._held_to = marks, held_to
            return MappingProxyType(_with_sent(store, dict(self._found)))

    def _follow(self, store: Store, workspace: Workspace) -> None:
        touched, before = pieces_touched(store, self._since), self._slots.keys()
        if (latest := newest_piece(store)) != self._newest_piece:
            self._slots, self._newest_piece = _slots(store), latest
            touched |= self._slots.keys() - before
        now, then = panels(store), self._panels
        touched |= {
            piece for piece in now.keys() | then.keys() if now.get(piece) != then.get(piece)
        }
        among = touched & self._slots.keys() if self._found else None
        fresh = _read_outcomes(store, workspace.rubrics, workspace.policy, self._slots, among)
        kept = {**self._found, **fresh}
        self._found = {piece: kept[piece] for piece in self._slots}
        self._panels = now


def _slots(store: Store) -> dict[str, str]:
    return {row["piece_id"]: row["slot_id"] for row in owned_pieces(store)}


def _read_outcomes(
    store: Store,
    rubrics: RubricSet,
    policy: PolicyPack,
    slot_of: Mapping[str, str],
    among: Collection[str] | None,
) -> dict[str, PieceOutcome]:
    """Outcomes by the reads alone, in the order of intake."""
    rule, appealed = consensus_rule(policy), appeal_rules(store, policy)
    reads = standing_reads(store, among)
    slots = {slot.slot_id: slot for rubric in rubrics for slot in rubric.slots}
    chosen = slot_of if among is None else [piece for piece in slot_of if piece in among]
    return {
        piece: piece_consensus(
            slots[slot_of[piece]], reads.get(piece, ()), appealed.get(piece, rule)
        )
        for piece in chosen
    }


def _with_sent(store: Store, found: dict[str, PieceOutcome]) -> dict[str, PieceOutcome]:
    """Return the outcomes with those a case has sent to the chair waiting for a ruling."""
    for piece in adjudications_due(store) & found.keys():
        if found[piece].level is not None:
            found[piece] = _sent_to_chair(found[piece])
    return found


def _sent_to_chair(outcome: PieceOutcome) -> PieceOutcome:
    return replace(
        outcome,
        level=None,
        reason_none=ReasonNone.AWAITING_RULING,
        deciding=(),
        needs="ruling",
        cause="adjudicate",
    )


def consensus_rule(policy: PolicyPack) -> ConsensusRule:
    """Read the consensus rule out of the policy."""
    return ConsensusRule(
        reads_per_piece=policy["review.reviewers_per_piece"],
        third=policy["review.third_reviewer"],
        ruling_at_gap_of_two=policy["review.ruling_at_gap_of_two"],
    )


def appeal_rules(store: Store, policy: PolicyPack) -> dict[str, ConsensusRule]:
    """Consensus rule of the pieces an appeal panel reads, by piece; all others go by the policy's."""
    rule = consensus_rule(policy)
    return {
        piece: replace(rule, reads_per_piece=max(rule.reads_per_piece, panel))
        for piece, panel in panels(store).items()
    }
