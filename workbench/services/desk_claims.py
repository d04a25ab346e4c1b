"""Leases 占用: who is at a piece now, so that two people or two windows do not do the same work.

Reads are given out by name, so a lease there only tells a person of their own
other window. Rulings and the county's sample are open to several: there the
first to work on a piece holds it for a while, and the others are led past it. A lease
is taken by a mark or a minute of reading and never by opening, is renewed by every
act, and runs out; it never stops anybody from handing in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from models.claims import claim_on, drop_claim, take_claim
from models.desk_store import DeskStore
from models.drafts import Task
from models.records import Round
from rubrics.policy_pack import PolicyPack

POOLED = (Round.CHAIR, Round.COUNTY)
"""Rounds in which several people may take one piece."""

_LONGEST_WINDOW = 40


def lane_of(task: Task) -> str:
    """Whose lease a task takes part in: everybody's where it is pooled, else the own.

    >>> lane_of(Task("p1", "r1", "blind", 1)), lane_of(Task("p1", "k1", "county", 1))
    ('r1', '')
    """
    return "" if task.round in POOLED else task.rater_id


def renew(desk: DeskStore, policy: PolicyPack, task: Task, window: str, at: datetime) -> None:
    """Take the lease on a task, or hold it longer; one that others hold is left to them."""
    until = at + timedelta(minutes=policy["desk.lease_minutes"])
    take_claim(desk, task, lane_of(task), window[:_LONGEST_WINDOW], at, until)


def give_up(desk: DeskStore, task: Task) -> None:
    """End the own lease: the piece is handed in, parked or left."""
    drop_claim(desk, task, lane_of(task))


def claim_shown(desk: DeskStore, task: Task, at: datetime) -> dict[str, Any] | None:
    """Lease on a task as its desk shows it: whether it is one's own, in which window, since when."""
    found = claim_on(desk, task, lane_of(task), at)
    if found is None:
        return None
    mine = found["person_id"] == task.rater_id
    return {"mine": mine, "window": found["window"] if mine else "", "since": found["since"]}
