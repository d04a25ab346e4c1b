"""What other numbers of readers and pieces would give: the decision study of the round, to be tried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.messages import text
from workbench.services.analysing import Shown, shown
from workbench.services.reach import seen_school
from workbench.services.workspace import Workspace

KIND = "generalizability"
_NORMAL_95 = 1.96


@dataclass(frozen=True)
class Plan:
    """So many first readers of a piece, and pieces of a result.

    ``replication`` is the share of results that other readers would repeat, with
    the ends of its 95 % interval (of the simulation); ``reads`` are of one result,
    third reads and rulings with them; ``hours`` of all results, None where no read
    was timed; ``phi`` the coefficient Φ of a piece's mean.
    """

    readers: int
    pieces: int
    replication: float
    lo: float
    hi: float
    reads: float
    hours: float | None
    phi: float | None


@dataclass(frozen=True)
class WhatIf:
    """Plans by readers and pieces, and which one the round follows.

    ``shown`` is where they come from; its ``unknown`` says why there are none.
    """

    shown: Shown
    plans: tuple[Plan, ...]
    now: tuple[int, int]

    def plan(self, readers: int, pieces: int) -> Plan:
        """Plan of so many readers and pieces; KeyError for one that was not tried."""
        return {(each.readers, each.pieces): each for each in self.plans}[readers, pieces]


def what_if(workspace: Workspace, person_id: str) -> WhatIf:
    """Plans of reading a person may see.

    Raises
    ------
    RefusedError
        If the person may not see them.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "agreement.show")
    found = shown(workspace, KIND, scope)
    rows = found.payload["plans"] if found.payload else []
    plans = tuple(_plan(row) for row in rows)
    readers = int(workspace.policy["review.reviewers_per_piece"])
    tried = {each.readers for each in plans}
    most = max((each.pieces for each in plans), default=0)
    return WhatIf(found, plans, (min(readers, max(tried, default=readers)), most))


def plan_said(view: WhatIf, plan: Plan) -> str:
    """Compare a plan with the round's own; the round's own is described."""
    own = view.plan(*view.now)
    values = {"readers": plan.readers, "pieces": plan.pieces, "share": f"{plan.replication:.1%}"}
    if plan == own:
        return text("page_agreement.plan_now", **values)
    gain = round((plan.replication - own.replication) * 100, 1)
    values["gain"] = f"{gain:+.1f}" if gain else "0"
    if plan.hours is None or own.hours is None:
        return text("page_agreement.plan_other", **values)
    return text("page_agreement.plan_hours", **values, more=f"{plan.hours - own.hours:+,.0f}")


def _plan(row: Mapping[str, Any]) -> Plan:
    share, reach = row["replication"], _NORMAL_95 * row["replication_se"]
    return Plan(
        int(row["raters"]),
        int(row["criteria"]),
        share,
        max(share - reach, 0.0),
        min(share + reach, 1.0),
        row["reads"],
        row["hours"],
        row["phi"],
    )
