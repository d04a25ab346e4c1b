"""Results back into the sheet a portal gave out: gathered here, written by the format."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from models.people import choices, facts_of_teachers, teachers_of_round
from models.records import ReasonNone
from rubrics.levels import LEVEL_ZH, Level
from workbench.formats.portal import PortalReport, PortalResult, fill_portal
from workbench.messages import sentence
from workbench.services.intake import reading_limits
from workbench.services.keys import pepper
from workbench.services.results import CONCLUSION, ResultRow, result_standing
from workbench.services.workspace import Workspace

_FINAL = (ReasonNone.EXEMPT, ReasonNone.DEFERRED, ReasonNone.NOT_ELIGIBLE)
"""Reasons that a portal is told; what is still awaited leaves its cells empty."""


def fill(
    workspace: Workspace, portal: Path, out: Path, *, overwrite: bool = False, force: bool = False
) -> PortalReport:
    """Write a copy of a portal's sheet with the results that stand now.

    A held or awaited result leaves its cells empty. Levels are in Chinese, as
    portals have them.

    Parameters
    ----------
    overwrite : bool
        Whether cells that say something else are replaced.
    force : bool
        Whether an existing ``out`` is replaced.

    Raises
    ------
    InputError
        If the sheet is no .xlsx or has no columns to fill, or ``out`` exists.
    """
    return fill_portal(
        portal,
        out,
        portal_results(workspace),
        pepper(workspace),
        workspace.rubrics,
        overwrite=overwrite,
        force=force,
        limits=reading_limits(workspace),
    )


def portal_results(workspace: Workspace) -> list[PortalResult]:
    """Gather the results of every teacher as a portal wants them."""
    with workspace.store() as store:
        facts = facts_of_teachers(store)
        chosen = choices(store)
        schools = {row["school_id"]: row["name"] for row in store.where("school")}
        teachers = teachers_of_round(store)
        by_teacher: dict[str, dict[str, ResultRow]] = defaultdict(dict)
        for row in result_standing(store, workspace).rows:
            by_teacher[row.teacher_id][row.competency] = row
    return [
        PortalResult(
            teacher["teacher_no"] or teacher["teacher_id"],
            teacher["name"],
            schools[teacher["school_id"]],
            facts[teacher["teacher_id"]].get("person_key", ""),
            _words(own.get(CONCLUSION)),
            _passed(own.get(CONCLUSION)),
            {code: words for code, row in own.items() if code and (words := _words(row))},
            tuple(chosen.get(teacher["teacher_id"], ())),
        )
        for teacher in teachers
        for own in [by_teacher[teacher["teacher_id"]]]
    ]


def _words(row: ResultRow | None) -> str:
    if row is None:
        return ""
    if row.level is not None:
        return LEVEL_ZH[row.level]
    return sentence("zh", f"reason_none.{row.reason_none}") if row.reason_none in _FINAL else ""


def _passed(row: ResultRow | None) -> bool | None:
    return None if row is None or row.level is None else row.level > Level.FAIL
