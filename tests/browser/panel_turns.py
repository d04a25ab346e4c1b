"""Turns of the panel's round that are not the point of a browser: what the services do between its acts."""

from __future__ import annotations

import random

from tests.browser.panel_round import FAILED, READERS, SCHOOL_ID, SPLIT, Round, hand_in
from workbench.services.assignments import allocate_reads
from workbench.services.backup import make_backup
from workbench.services.certification import approve, propose
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.publicity import close_publicity, open_publicity
from workbench.services.resubmission import give_feedback
from workbench.services.supervision import decide, sample


def who_will_miss(round_: Round) -> str:
    """The reader with most to read that counts, of those who have no part in the split piece."""
    busy, counting = round_.readers_of(round_.piece(SPLIT)), round_.owners().keys()
    fitting = [each for each in READERS[1:] if each not in busy]
    return max(fitting, key=lambda each: len(counting & set(round_.desk_of(each))))


def recall_is_heard(round_: Round, case: str) -> None:
    """The case of a recall ends once its pieces are read by others."""
    words = "召回的评阅已由他人重评"
    resolve(round_.workspace, case, "certify", words, round_.act("K1", words))


def publicity_ends(round_: Round) -> None:
    """The days of publicity and of appeals pass, and what has been shown is closed."""
    round_.on(days=12)
    close_publicity(round_.workspace, [], round_.act("G1"))


def drawn(round_: Round) -> str:
    """The piece the county draws to be read again."""
    (found,) = sample(round_.workspace, "2026-9", round_.act("K1"))
    return found.piece_id


def certified(round_: Round) -> int:
    """The county accepts, and two people certify; how many entries were written."""
    words = "复核一致"
    decide(round_.workspace, SCHOOL_ID, "accept", words, round_.act("K1", words))
    return _posted(round_)


def _posted(round_: Round) -> int:
    raise_flags(round_.workspace, round_.act("C1"))
    assert list_holds(round_.workspace, open_only=True) == []
    (proposal,) = propose(round_.workspace, [], round_.act("G1"))
    fresh = random.Random(f"post {next(round_.ticks)}").randbytes
    return len(approve(round_.workspace, proposal.proposal_id, round_.act("G2"), fresh).seqs)


def comes_again(round_: Round) -> str:
    """The failed piece is handed in anew and given to fresh readers; the new piece."""
    give_feedback(round_.workspace, [], round_.act("G1"))
    again = (*FAILED[:2], 2)
    hand_in(round_, [again])
    allocate_reads(round_.workspace, "2026-10", round_.act("C1"))
    return round_.piece(again)


def shown_again(round_: Round) -> int:
    """What came anew is shown and certified, and everything is put in a safe place; entries."""
    round_.on(days=15)
    open_publicity(round_.workspace, [], round_.act("G1"))
    publicity_ends(round_)
    made = _posted(round_)
    act = round_.act("A1")
    make_backup(round_.workspace, round_.folder / "kept.zip", act)
    return made
