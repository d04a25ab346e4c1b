"""Looks: the fixed moments at which everything is looked at, and whether one is due.

There are two: when reading is over (批次评阅结束) and before certification. A look
before the first is early: it finds copies, and tests of raters and schools do
not count yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.looks import has_reads, new_since, newest_look, publicity_has_closed, tested_looks
from models.records import ReasonNone
from models.store import Store
from rubrics.policy_pack import PolicyPack
from workbench.errors import RefusedError
from workbench.messages import text
from workbench.services.results import Standing, result_standing
from workbench.services.workspace import Workspace

EARLY_GATE, ROUND_CLOSED, BEFORE_CERTIFICATION = "early", "round_closed", "before_certification"


@dataclass(frozen=True)
class LookStanding:
    """How the last look stands.

    ``gate``, ``at`` and ``actor`` are of the last look, empty where there was none;
    ``files`` and ``reads`` came in since; ``tests`` counts the looks at which tests
    counted; ``limits`` are sentences on what could not be looked at.
    """

    gate: str = ""
    at: str = ""
    actor: str = ""
    files: int = 0
    reads: int = 0
    tests: int = 0
    limits: tuple[str, ...] = ()


def gate_now(store: Store, workspace: Workspace) -> str:
    """Which moment a look made now is: early, when reading is over, or before certification."""
    if not has_reads(store) or _is_being_read(result_standing(store, workspace)):
        return EARLY_GATE
    return BEFORE_CERTIFICATION if publicity_has_closed(store) else ROUND_CLOSED


def nothing_new(store: Store, gate: str) -> bool:
    """Whether the last look was at this moment, and nothing came in since."""
    look = newest_look(store)
    if look is None or look["gate"] != gate:
        return False
    return not any(new_since(store, look["data_version"]))


def look_standing(workspace: Workspace) -> LookStanding:
    """How the last look stands, in the language of the run."""
    with workspace.store() as store:
        look = newest_look(store)
        files, reads = new_since(store, look["data_version"] if look else 0)
        tests = len(tested_looks(store))
    if look is None:
        return LookStanding(files=files, reads=reads)
    limits = tuple(limits_said(look["told"]))
    return LookStanding(look["gate"], look["at"], look["actor"], files, reads, tests, limits)


def limits_said(told: Mapping[str, Any]) -> list[str]:
    """Say what a look could not look at: what was not compared, and for what the data were too few.

    Parameters
    ----------
    told : mapping
        As `flag_finding.Found.told` gives it.
    """
    said = [text("looks.one_school")] if told["schools"] == 1 else []
    said += [
        text(f"similarity.gaps.{reason}", count=count)
        for reason, count in sorted(told["gaps"].items())
    ]
    said += [text(f"looks.unknown.{kind}") for kind in told["unknown"]]
    return said + [
        text("looks.too_few", flag=text(f"flag.{code}.name"), count=counts["too_few"])
        for code, counts in sorted(told["tested"].items())
        if counts["too_few"]
    ]


def must_have_looked(store: Store, policy: PolicyPack, school_id: str) -> None:
    """Refuse to go on where evidence or reads of a school were never looked at.

    Raises
    ------
    RefusedError
        If policy asks for a look before certification, and files or first and third reads
        of the school came in after the last one.
    """
    if not policy["hold.look_before_certification"]:
        return
    look = newest_look(store)
    files, reads = new_since(store, look["data_version"] if look else 0, school_id)
    if files or reads:
        raise RefusedError(
            f"school {school_id}: {files} files and {reads} reads came in after everything was "
            "last looked at. Run `workbench flags`, then propose.",
            key="looks.due",
            school=school_id,
            files=files,
            reads=reads,
        )


def _is_being_read(found: Standing) -> bool:
    """Whether a result waits for a read, be it beneath a hold."""
    reasons = (ReasonNone.AWAITING_READ, ReasonNone.HELD)
    return any(
        found.outcomes[piece].reason_none == ReasonNone.AWAITING_READ
        for row in found.rows
        if row.reason_none in reasons
        for piece in found.pieces.get((row.teacher_id, row.competency), {}).values()
    )
