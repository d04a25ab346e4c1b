"""Flip risk checked on the pieces that were drawn at random for two reads more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from models import frames
from models.records import Read
from models.validation import validation_reads
from scoring.consensus import ConsensusRule
from scoring.stability.consensus_codes import NO_LEVEL, Codes, SlotCode, weigh
from scoring.stability.fresh_reads import Design, Indices, ReaderPools, SlotPieces, first_levels
from scoring.stability.validation import chance_of_other, validation
from workbench.services.stability_round import ReadRound
from workbench.services.workspace import Workspace

READS = 2
"""Validation reads a piece is given (``allocation_needs.EXTRA_READS``)."""

_RANDOM_STREAM = 11  # set apart from the draws of flip risk


@dataclass(frozen=True)
class _Piece:
    """A piece with its validation reads: place in the draws, and slot as place in the design."""

    place: int
    slot: int
    level: int
    reads: tuple[Read, ...]


def validation_of_round(workspace: Workspace, known: ReadRound, random_seed: int) -> dict[str, Any]:
    """What validation reads say of the flip risks of a round.

    The draws rest on the reads that count, never on validation reads. In each draw two
    fresh readers, none of those who have read the piece, mark it; the share of draws in
    which the two do not come to its level by themselves is the chance foretold.

    Returns
    -------
    dict
        ``pieces`` with two whole validation reads and a level, ``unusable`` (one read
        only, a criterion not judged, or no level of the piece's own) and ``least``, the fewest
        that are told of. From there on ``predicted`` and ``observed`` (shares of pieces
        whose two reads did not come to the level), ``lo`` and ``hi`` of the observed,
        ``holds`` (predicted lies within), ``brier``, ``brier_constant`` and ``groups``:
        ``pieces, least, most`` (chance foretold), ``predicted, observed, lo, hi`` by
        rising chance, tenths from a hundred pieces on.
    """
    with workspace.store() as store:
        given = validation_reads(store)
    pieces = _usable(given, known)
    least = int(workspace.policy["stability.min_validated"])
    head = {"pieces": len(pieces), "unusable": len(given) - len(pieces), "least": least}
    if len(pieces) < least:
        return head
    rule = _rule_of_two(known.design.rule)
    design = _design(known, pieces, rule)
    drawn = first_levels(known.draws, design, random_seed + _RANDOM_STREAM)
    places = np.array([piece.place for piece in pieces])
    levels = np.array([piece.level for piece in pieces], dtype=np.int8)
    differed = np.array(
        [_settled(known.design.slots[piece.slot].code, piece.reads, rule) for piece in pieces]
    )
    found = validation(chance_of_other(drawn[:, places], levels), differed != levels)
    return head | {
        **{name: getattr(found.whole, name) for name in ("predicted", "observed", "lo", "hi")},
        "holds": found.holds,
        "brier": found.brier,
        "brier_constant": found.brier_constant,
        "groups": [asdict(group) for group in found.groups],
    }


def _usable(given: Mapping[str, Sequence[Read]], known: ReadRound) -> list[_Piece]:
    """Pieces with two whole reads more and a level that reading or a ruling gave them."""
    place_of = {piece: place for place, piece in enumerate(known.piece_ids)}
    slot_of = {
        int(piece): number
        for number, slot in enumerate(known.design.slots)
        for piece in slot.pieces
    }
    found = []
    for piece, reads in sorted(given.items()):
        place, outcome = place_of.get(piece), known.standing.outcomes.get(piece)
        if place is None or outcome is None or outcome.level is None or len(reads) < READS:
            continue
        number = slot_of[place]
        code = known.design.slots[number].code
        if all(
            read.marks.get(name) is not None for read in reads[:READS] for name in code.criteria
        ):
            found.append(_Piece(place, number, outcome.level.rank, tuple(reads[:READS])))
    return found


def _rule_of_two(rule: ConsensusRule) -> ConsensusRule:
    """Rule of the round for two reads that stand alone."""
    third = "when_level_unsettled" if rule.third == "always" else rule.third
    return replace(rule, reads_per_piece=READS, third=third)


def _design(known: ReadRound, pieces: Sequence[_Piece], rule: ConsensusRule) -> Design:
    """Design of the round for these pieces, without those who have read them."""
    chosen = {piece.place for piece in pieces}
    slots = [
        SlotPieces(slot.code, slot.criteria, np.array(own, dtype=np.int64))
        for slot in known.design.slots
        if (own := [place for place in slot.pieces.tolist() if place in chosen])
    ]
    raters = {name: place for place, name in enumerate(known.draws.raters)}
    have_read: dict[str, set[int]] = {}
    pairs = known.marks[[frames.PIECE, frames.RATER]].drop_duplicates()
    for piece, rater in pairs.itertuples(index=False):
        have_read.setdefault(str(piece), set()).add(raters[str(rater)])
    pools = known.design.pools
    fresh: list[tuple[int, ...]] = []
    for place, name in enumerate(known.piece_ids):
        able: Indices = pools.members[pools.first[place] : pools.first[place] + pools.size[place]]
        barred = have_read.get(name, set()) if place in chosen else set()
        fresh.append(tuple(rater for rater in able.tolist() if rater not in barred))
    return Design(tuple(slots), ReaderPools.of(fresh), rule)


def _settled(slot: SlotCode, reads: Sequence[Read], rule: ConsensusRule) -> int:
    """Level two reads settle on by themselves, -1 where they leave it open."""
    ballots = [_coded(slot, read) for read in reads]
    found = weigh(slot, ballots, rule)
    return int(found.level[0]) if len(found.level) else NO_LEVEL


def _coded(slot: SlotCode, read: Read) -> Codes:
    code = sum(1 << bit for bit, name in enumerate(slot.criteria) if read.marks[name] == 1)
    return np.array([code], dtype=np.uint32)
