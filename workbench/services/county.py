"""The county at a glance 全县一览: results of each school side by side, and how far each has come."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.people import schools_of_round
from models.records import ReasonNone
from models.store import Row, Store
from rubrics.levels import Level
from workbench.services.publicity import list_publicity
from workbench.services.reach import seen_school
from workbench.services.results import CONCLUSION, ResultRow, result_standing
from workbench.services.supervision import compare
from workbench.services.workspace import Workspace

NOT_BEGUN, OPEN, CLOSED = "none", "open", "closed"
"""How far publicity is: no result published, some open for objections, all closed."""


@dataclass(frozen=True)
class SchoolOverview:
    """Competency results of one school.

    ``fail``, ``pass_`` and ``excellent`` count results with a level; ``held`` those
    a case stops, ``waiting`` those without a level for another reason.
    ``pass_share`` (合格及以上) and ``excellent_share`` are of results with a level,
    None under the minimum. ``lowered_share`` is of pieces the county read again,
    None where it read none. ``certified`` counts results in the ledger.
    """

    school_id: str
    school: str
    teachers: int
    results: int
    fail: int
    pass_: int
    excellent: int
    held: int
    waiting: int
    pass_share: float | None
    excellent_share: float | None
    sampled: int
    reread: int
    lowered_share: float | None
    over_limit: bool
    decision: str
    publicity: str
    certified: bool


@dataclass(frozen=True)
class CountyOverview:
    """Every school that has teachers, and the same of the county; ``least`` is the minimum used."""

    schools: tuple[SchoolOverview, ...]
    county: SchoolOverview
    reasons: dict[str, int]
    least: int


def county_overview(
    workspace: Workspace, person_id: str, least_results: int = 10
) -> CountyOverview:
    """Results of the county, school by school.

    Parameters
    ----------
    least_results : int
        Results with a level from which a share is told.

    Raises
    ------
    RefusedError
        If the person does not see the whole county.
    """
    with workspace.store() as store:
        seen_school(store, person_id, "county.show")
        standing = result_standing(store, workspace)
        rows = [row for row in standing.rows if row.competency != CONCLUSION]
        schools = schools_of_round(store)
        certified = _certified(store)
    checks = {row["school_id"]: row for row in compare(workspace, standing.outcomes)}
    shown = _publicity(workspace)
    made = []
    by_school: dict[str, list[ResultRow]] = defaultdict(list)
    for row in rows:
        by_school[row.school_id].append(row)
    for school in schools:
        school_id = school["school_id"]
        if own := by_school.get(school_id):
            stage = (shown.get(school_id, NOT_BEGUN), school_id in certified)
            head = (school_id, school["name"])
            made.append(_overview(head, own, least_results, checks.get(school_id, {}), stage))
    county = _overview(("", ""), rows, least_results, _summed(checks.values()), ("", False))
    reasons = Counter(str(row.reason_none) for row in rows if row.reason_none)
    return CountyOverview(tuple(made), county, dict(reasons), least_results)


def _summed(checks: Iterable[Row]) -> Row:
    """County reads of all schools together; the share is of pieces, not of schools."""
    total = Counter[str]()
    for row in checks:
        total.update({name: row[name] for name in ("sampled", "reread", "lowered")})
    share = total["lowered"] / total["reread"] if total["reread"] else None
    return {"sampled": total["sampled"], "reread": total["reread"], "lowered_share": share}


def _overview(
    school: tuple[str, str],
    rows: Sequence[ResultRow],
    least: int,
    check: Row,
    stage: tuple[str, bool],
) -> SchoolOverview:
    """Count the results of one school (id, name), with its check and stage."""
    levels = Counter(row.level for row in rows if row.level is not None)
    decided = levels.total()
    held = sum(row.reason_none == ReasonNone.HELD for row in rows)
    excellent = levels[Level.EXCELLENT]
    enough = decided >= least
    return SchoolOverview(
        *school,
        len({row.teacher_id for row in rows}),
        len(rows),
        levels[Level.FAIL],
        levels[Level.PASS],
        excellent,
        held,
        len(rows) - decided - held,
        (levels[Level.PASS] + excellent) / decided if enough else None,
        excellent / decided if enough else None,
        check.get("sampled", 0),
        check.get("reread", 0),
        check.get("lowered_share"),
        bool(check.get("over_limit")),
        check.get("decision", ""),
        *stage,
    )


def _certified(store: Store) -> set[str]:
    """Schools with results in the ledger."""
    approved = {row["proposal_id"] for row in store.where("approval")}
    return {
        str(row["school_id"]) for row in store.where("proposal") if row["proposal_id"] in approved
    }


def _publicity(workspace: Workspace) -> dict[str, str]:
    """How far publicity of each school is; the latest of several counts."""
    return {
        row["school_id"]: CLOSED if row["state"] == "closed" else OPEN
        for row in list_publicity(workspace)
    }
