"""Which results may be certified now, what their entries would say, and why the others wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.store import Store
from workbench.services.entries import Drafting, Records
from workbench.services.proposals import Draft
from workbench.services.reach import schools_seen
from workbench.services.results import CONCLUSION, ResultRow, result_standing
from workbench.services.supervision import accepted_schools
from workbench.services.workspace import Workspace

_FINAL_REASONS = ("missing_evidence", "not_eligible", "exempt", "deferred")
"""Reasons for having no level that may stand in the ledger, under a teacher's conclusion."""


@dataclass(frozen=True)
class Prospect:
    """Results of one school: how many are ready, how many stand in the ledger, why others wait."""

    school_id: str
    ready: int
    posted: int
    refused: Mapping[str, int]


def prospects(workspace: Workspace, person_id: str) -> list[Prospect]:
    """How much of each school one may see can be certified now, and why the rest cannot.

    Raises
    ------
    RefusedError
        If the person may not see certification.
    """
    with workspace.store() as store:
        schools = schools_seen(store, person_id, "certify.show")
        records = records_of(store, workspace)
        accepted = accepted_schools(store)
        return [_prospect(records, school_id, school_id in accepted) for school_id in schools]


def records_of(store: Store, workspace: Workspace) -> Records:
    """What the entries of a workspace rest on, as it stands."""
    return Records(store, workspace, result_standing(store, workspace))


def content_of(records: Records, school_id: str) -> tuple[list[Draft], dict[str, int]]:
    """Drafts of what may be certified now, and how many may not, by reason."""
    accepted = school_id in accepted_schools(records.store)
    certifiable, refused = _certifiable(records, school_id, accepted)
    drafting = Drafting(records, school_id)
    drafts = [draft for row in certifiable if (draft := drafting.draft(row)) is not None]
    voided = sum(drafting.is_voided(row) for row in certifiable)
    return drafts, {**refused, "voided": voided} if voided else refused


def _prospect(records: Records, school_id: str, accepted: bool) -> Prospect:
    drafting = Drafting(records, school_id)
    certifiable, refused = _certifiable(records, school_id, accepted)
    voided = sum(drafting.is_voided(row) for row in certifiable)
    stands = sum(drafting.stands(row) for row in certifiable)
    if voided:
        refused = {**refused, "voided": voided}
    return Prospect(school_id, len(certifiable) - stands - voided, stands, refused)


def _certifiable(
    records: Records, school_id: str, accepted: bool
) -> tuple[list[ResultRow], dict[str, int]]:
    """Results of a school that may stand in the ledger, there already or not; why others may not."""
    checked = accepted or not records.workspace.policy["audit.county_check_before_certification"]
    rows = records.by_school.get(school_id, [])
    undecided = {r.teacher_id for r in rows if r.level is None and _is_open(r)}
    found: list[ResultRow] = []
    refused: dict[str, int] = {}
    for row in rows:
        reason = _not_yet(row, records.shown, checked)
        if not reason and row.competency == CONCLUSION and row.teacher_id in undecided:
            reason = "no_level"  # decided already, but not all of what it is composed of
        if reason:
            refused[reason] = refused.get(reason, 0) + 1
        else:
            found.append(row)
    return found, refused


def _is_open(row: ResultRow) -> bool:
    return row.competency != CONCLUSION and row.reason_none not in _FINAL_REASONS


def _not_yet(
    row: ResultRow, shown: Mapping[tuple[str, str], tuple[str, str]], checked: bool
) -> str:
    if row.held:
        return "held"
    if row.level is None:
        return "no_level"
    if shown.get((row.teacher_id, row.competency), ("", ""))[1] != row.level:
        return "not_published"
    return "" if checked else "not_checked"
