"""Opening cases: within the act that found a reason, each with its due date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.store import Act, Store, Transaction
from workbench.services.working_days import add_working_days, day_of


@dataclass(frozen=True)
class NewCase:
    """A case to be opened: the flag it rests on, and the submissions it stops, if any."""

    code: str
    flag_id: str
    submissions: tuple[str, ...]


def open_cases(
    store: Store,
    tx: Transaction,
    wanted: Sequence[NewCase],
    raised_by: str,
    act: Act,
    due_days: int,
) -> list[str]:
    """Open cases within a transaction; their ids.

    Parameters
    ----------
    raised_by : str
        Who cannot decide them; a rule of the policy as ``rule:…``, so that anybody may.
    due_days : int
        Working days within which the other side may answer.
    """
    due_on, _ = add_working_days(day_of(act.at), due_days)
    count = len(store.where("hold"))
    made = [f"h{count + place:04d}" for place in range(1, len(wanted) + 1)]
    for hold_id, case in zip(made, wanted, strict=True):
        row = {"hold_id": hold_id, "code": case.code, "flag_id": case.flag_id}
        tx.insert("hold", [{**row, "raised_by": raised_by, "due_on": due_on.isoformat()}])
        stopped = dict.fromkeys(case.submissions)
        tx.insert("hold_submission", [{"hold_id": hold_id, "submission_id": s} for s in stopped])
    return made
