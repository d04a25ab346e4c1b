"""What the page 一致性 shows of stability: the share of results that would repeat, and whether that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.stability.validation import Foretold, Validation
from workbench.messages import text
from workbench.services.analyses import last_analysis
from workbench.services.analysing import KINDS, Shown, shown
from workbench.services.reach import seen_school
from workbench.services.workspace import Workspace

__all__ = [
    "Share",
    "StabilityView",
    "Validation",
    "checked_said",
    "replication_said",
    "stability_view",
    "stored_replication",
    "validation_said",
]

KIND = "stability"


@dataclass(frozen=True)
class Share:
    """A share with the ends of its 95 % interval, of so many."""

    value: float
    lo: float
    hi: float
    n: int


@dataclass(frozen=True)
class StabilityView:
    """Expected replication of the results a person may see, and its validation in the whole round.

    ``shown`` is where the numbers come from; its ``unknown`` says why there are
    none. Without a ``validation`` there are ``validated`` of the ``least`` pieces it takes.
    """

    shown: Shown
    replication: Share | None
    validation: Validation | None
    validated: int
    least: int


def stability_view(workspace: Workspace, person_id: str) -> StabilityView:
    """Stability as a person may see it.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "agreement.show")
    found = shown(workspace, KIND, scope)
    payload = found.payload or {}
    told = payload.get("validation", {})
    return StabilityView(
        found,
        _share(payload),
        _validation(told) if "observed" in told else None,
        int(told.get("pieces", 0)),
        int(told.get("least", workspace.policy["stability.min_validated"])),
    )


def stored_replication(workspace: Workspace, scope: str | None) -> Share | None:
    """Expected replication as last computed and stored; None where it never was."""
    stored = last_analysis(workspace, KIND, scope, KINDS[KIND].parameters)
    return _share(stored.payload) if stored is not None else None


def replication_said(again: Share | None) -> str:
    """Say how many of the results other readers would repeat; empty where that is unknown."""
    if again is None:
        return ""
    share, others = f"{again.value:.0%}", round((1 - again.value) * again.n)
    ends = {"lo": f"{again.lo:.0%}", "hi": f"{again.hi:.0%}"}
    return text("page_agreement.again_said", share=share, others=others, n=again.n, **ends)


def validation_said(view: StabilityView) -> str:
    """Say whether the flip risks hold on pieces read twice more, or how many pieces are lacking."""
    found = view.validation
    if found is None:
        return text("page_agreement.validated_few", n=view.validated, least=view.least)
    whole = found.whole
    departs = "too_low" if whole.predicted < whole.lo else "too_high"
    key = "holds" if found.holds else departs
    return text(
        f"page_agreement.validated.{key}",
        n=whole.pieces,
        predicted=f"{whole.predicted:.0%}",
        observed=f"{whole.observed:.0%}",
        lo=f"{whole.lo:.0%}",
        hi=f"{whole.hi:.0%}",
    )


def checked_said(view: StabilityView) -> str:
    """Say in how many groups of like chance it holds, and what it is worth beside one chance for all."""
    found = view.validation
    if found is None:
        return ""
    within = sum(group.lo <= group.predicted <= group.hi for group in found.groups)
    better = found.brier < found.brier_constant
    return text(
        "page_agreement.groups_checked." + ("better" if better else "no_better"),
        groups=len(found.groups),
        within=within,
        brier=f"{found.brier:.3f}",
        constant=f"{found.brier_constant:.3f}",
    )


def _share(payload: Mapping[str, Any]) -> Share | None:
    again = payload.get("replication")
    return Share(again["share"], again["lo"], again["hi"], again["results"]) if again else None


def _validation(told: Mapping[str, Any]) -> Validation:
    groups = tuple(_foretold(group) for group in told["groups"])
    whole = {"least": groups[0].least, "most": groups[-1].most}
    return Validation(
        _foretold({**told, **whole}), told["holds"], told["brier"], told["brier_constant"], groups
    )


def _foretold(row: Mapping[str, Any]) -> Foretold:
    names = ("least", "most", "predicted", "observed", "lo", "hi")
    return Foretold(int(row["pieces"]), *(float(row[name]) for name in names))
