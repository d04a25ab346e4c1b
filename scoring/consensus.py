"""From reads to the level of a piece: per criterion, never by averaging levels.

A criterion two reads share is decided. The level is *settled* when it comes out
the same however the contested criteria are decided; otherwise a third blind
read decides them by majority, and what stays open goes to the chair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.records import Decision, PieceOutcome, Read, ReasonNone, Round
from rubrics.levels import Level
from rubrics.rubric import Slot


@dataclass(frozen=True, slots=True)
class ConsensusRule:
    """What policy says about reads (keys ``review.*``).

    ``third`` is ``when_level_unsettled``, ``when_pass_unsettled``, ``always`` or
    ``never``; ``ruling_at_gap_of_two`` sends 不合格 beside 优秀 to the chair.
    """

    reads_per_piece: int = 2
    third: str = "when_level_unsettled"
    ruling_at_gap_of_two: bool = False


def read_level(slot: Slot, marks: Mapping[str, int | None]) -> Level | None:
    """Level of one read; None where "cannot judge" leaves it open.

    ``fail`` if any 合格 criterion is not met; ``excellent`` if all criteria are
    met; else ``pass``.
    """
    levels = _possible(slot, marks)
    return next(iter(levels)) if len(levels) == 1 else None


def piece_consensus(slot: Slot, reads: Sequence[Read], rule: ConsensusRule) -> PieceOutcome:
    """Level of a piece from its reads, or what it waits for.

    Parameters
    ----------
    slot : Slot
        The criteria, 合格 and 优秀.
    reads : reads of the piece, in any order
        Seed and county reads are passed over; a chair's marks are rulings, the
        later one standing (a chair who cannot judge has not ruled).
    rule : ConsensusRule

    Returns
    -------
    PieceOutcome
        With a level, or ``awaiting_read`` or ``awaiting_ruling``. A 不合格 always
        names a criterion that two reads, or a ruling, found unmet.
    """
    ballots = [read for read in reads if read.round in (Round.BLIND, Round.THIRD)]
    rulings = _rulings(reads)
    blind = sum(read.round == Round.BLIND for read in ballots)
    if blind < rule.reads_per_piece:
        return PieceOutcome(None, ReasonNone.AWAITING_READ, {}, needs="blind")
    decisions = _decide(slot, ballots, rulings, single=rule.reads_per_piece == 1)
    had_third = len(ballots) > rule.reads_per_piece
    if rule.third == "always" and not had_third:
        return _waiting(slot, decisions, "third")
    levels = _possible(slot, {name: made.met for name, made in decisions.items()})
    if rule.third == "when_pass_unsettled" and Level.FAIL not in levels:
        levels = {min(levels)}
    if len(levels) == 1:
        level = next(iter(levels))
        cause, due = _ruling_due(slot, ballots, level, rule)
        # A 合格 criterion ruled unmet is the end of it: no further ruling can lift the level.
        if due - rulings.keys() and not any(rulings.get(name) == 0 for name in slot.pass_ids):
            return _waiting(slot, decisions, "ruling", cause, due - rulings.keys())
        return _settled(slot, decisions, level)
    if had_third or rule.third == "never":
        due = _undecided_due(slot, ballots, levels, rule) | _contested(slot, decisions)
        return _waiting(slot, decisions, "ruling", "undecided", due - rulings.keys())
    return _waiting(slot, decisions, "third")


def _rulings(reads: Sequence[Read]) -> dict[str, int]:
    found: dict[str, int] = {}
    for read in reads:
        if read.round == Round.CHAIR:
            found |= {name: met for name, met in read.marks.items() if met is not None}
    return found


def _decide(
    slot: Slot, ballots: Sequence[Read], rulings: Mapping[str, int], *, single: bool
) -> dict[str, Decision]:
    """Decide every criterion the reads or a ruling decide; the others are left out."""
    decisions: dict[str, Decision] = {}
    for criterion in slot.criteria:
        name = criterion.criterion_id
        ruled = rulings.get(name)
        if ruled is not None:
            decisions[name] = Decision(ruled, "ruling")
            continue
        met = unmet = 0
        for read in ballots:
            mark = read.marks.get(name)
            if mark == 1:
                met += 1
            elif mark == 0:
                unmet += 1
        # One read may pass a piece where policy asks for one; it takes two to fail it.
        alone_enough = single and len(ballots) == 1
        if met > unmet and (met >= 2 or alone_enough):
            how = "single" if met == 1 else "agreed" if met == len(ballots) else "majority"
            decisions[name] = Decision(1, how)
        elif unmet > met and (unmet >= 2 or (alone_enough and criterion.level is Level.EXCELLENT)):
            how = "single" if unmet == 1 else "agreed" if unmet == len(ballots) else "majority"
            decisions[name] = Decision(0, how)
    return decisions


def _possible(slot: Slot, marks: Mapping[str, int | None]) -> set[Level]:
    """Levels that remain possible when criteria without a mark may come out either way."""
    needed = [marks.get(name) for name in slot.pass_ids]
    if 0 in needed:
        return {Level.FAIL}
    wished = [marks.get(name) for name in slot.excellent_ids]
    if 0 in wished:
        levels = {Level.PASS}
    elif None in wished:
        levels = {Level.PASS, Level.EXCELLENT}
    else:
        levels = {Level.EXCELLENT}
    if None in needed:
        levels.add(Level.FAIL)
    return levels


def _ruling_due(
    slot: Slot, ballots: Sequence[Read], level: Level, rule: ConsensusRule
) -> tuple[str, set[str]]:
    """Why the chair must rule although the criteria settle the level, and on what."""
    given = [read_level(slot, read.marks) for read in ballots]
    if rule.ruling_at_gap_of_two and {Level.FAIL, Level.EXCELLENT} <= set(given):
        return "gap_of_two", _disputed(slot, ballots, {Level.FAIL, Level.EXCELLENT})
    shared = {each for each in Level if given.count(each) >= 2}
    if shared and level not in shared:
        return "levels_differ", _disputed(slot, ballots, shared | {level})
    return "", set()


def _undecided_due(
    slot: Slot, ballots: Sequence[Read], levels: set[Level], rule: ConsensusRule
) -> set[str]:
    """What the chair will be asked whichever level comes out; asked at once, not in turn."""
    due = [_ruling_due(slot, ballots, level, rule)[1] for level in levels]
    return set().union(*due) if all(due) else set()


def _disputed(slot: Slot, ballots: Sequence[Read], between: set[Level]) -> set[str]:
    """Criteria on which the reads differ and which could move the level between these."""
    names: list[str] = []
    if Level.FAIL in between:
        names += slot.pass_ids
    if Level.EXCELLENT in between:
        names += slot.excellent_ids
    return {name for name in names if len({read.marks.get(name) for read in ballots}) > 1}


def _contested(slot: Slot, decisions: Mapping[str, Decision]) -> set[str]:
    return {c.criterion_id for c in slot.criteria if c.criterion_id not in decisions}


def _settled(slot: Slot, decisions: dict[str, Decision], level: Level) -> PieceOutcome:
    contested = tuple(c.criterion_id for c in slot.criteria if c.criterion_id not in decisions)
    if level is Level.FAIL:
        deciding = tuple(
            n for n in slot.pass_ids if (made := decisions.get(n)) is not None and not made.met
        )
    elif level is Level.PASS:
        deciding = tuple(
            n for n in slot.excellent_ids if (made := decisions.get(n)) is None or not made.met
        )
    else:
        deciding = ()
    return PieceOutcome(level, None, decisions, deciding, contested)


def _waiting(
    slot: Slot,
    decisions: dict[str, Decision],
    needs: str,
    cause: str = "",
    due: set[str] | None = None,
) -> PieceOutcome:
    ruling = needs == "ruling"
    open_criteria = due if due is not None else _contested(slot, decisions)
    return PieceOutcome(
        None,
        ReasonNone.AWAITING_RULING if ruling else ReasonNone.AWAITING_READ,
        decisions,
        contested=tuple(c.criterion_id for c in slot.criteria if c.criterion_id not in decisions),
        needs=needs,
        cause=cause,
        open_criteria=tuple(
            c.criterion_id for c in slot.criteria if c.criterion_id in open_criteria
        ),
    )
