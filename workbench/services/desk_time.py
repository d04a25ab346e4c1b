"""Active time at the desk, and the pace of a sitting: what was read, not how long a page stood open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from models.activity import add_active, handed_in_since
from models.desk_store import DeskStore
from models.drafts import Task, draft, is_pending
from models.records import Round
from rubrics.policy_pack import PolicyPack
from workbench.errors import InputError
from workbench.services.desk_claims import give_up, renew
from workbench.services.workspace import Workspace

LEAST_READ = 3
"""Pieces of a sitting below which no median is told: fewer say more of the pieces."""


def note_active(desk: DeskStore, task: Task, opened_at: str, more_ms: int, at: datetime) -> None:
    """Count milliseconds somebody was active on a task: never more than have gone by."""
    gone = at - datetime.fromisoformat(opened_at)
    add_active(desk, task, more_ms, max(0, round(gone.total_seconds() * 1000)))


def report(
    workspace: Workspace, person_id: str, sent: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """Take in what a desk measured since it last told, and renew the lease of its piece.

    Parameters
    ----------
    sent : mapping
        ``piece``, ``round``, ``reading``, ``active_ms`` and ``window``; ``leaving``
        gives the lease up.

    Raises
    ------
    InputError
        If it is not of that form.
    """
    try:
        task = Task(str(sent["piece"]), person_id, Round(sent["round"]).value, int(sent["reading"]))
        more = active_of(sent)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"a time told by the desk is of another form ({error!r}). Load the page again.",
            key="desk.malformed",
        ) from error
    with workspace.desk() as desk, desk.transaction():
        if (found := draft(desk, task)) is None or is_pending(desk, task):
            return {"state": "nothing_open"}
        note_active(desk, task, found["opened_at"], more, at)
        if sent.get("leaving"):
            give_up(desk, task)
        else:
            renew(desk, workspace.policy, task, str(sent.get("window", "")), at)
    return {"state": "noted"}


def active_of(sent: Mapping[str, Any]) -> int:
    """Milliseconds a request tells; none where it says nothing.

    >>> active_of({"active_ms": 2500}), active_of({})
    (2500, 0)
    """
    return max(0, int(sent.get("active_ms", 0)))


def pace_of(
    desk: DeskStore, policy: PolicyPack, person_id: str, at: datetime
) -> dict[str, int | None]:
    """Pieces handed in during this sitting, and the median of seconds active on each.

    A pause longer than policy ``desk.sitting_minutes`` ends a sitting. The
    median is None under `LEAST_READ` pieces.
    """
    pause = timedelta(minutes=policy["desk.sitting_minutes"])
    later, own = at, []
    for told, active_ms in handed_in_since(desk, person_id):
        handed_in = datetime.fromisoformat(told)
        if later - handed_in > pause + timedelta(milliseconds=active_ms):
            break
        later = handed_in
        own.append(active_ms / 1000)
    return {"read": len(own), "median_s": round(median(own)) if len(own) >= LEAST_READ else None}
