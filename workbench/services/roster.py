"""Roster: schools, teachers and raters from the sheets portals really give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from models.store import Act
from workbench.errors import InputError
from workbench.formats.cells import normal
from workbench.formats.roster import Roster, parse_roster
from workbench.formats.roster_rows import TeacherRow as RosterTeacher
from workbench.formats.values import read_yes_no
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.services.checks import REJECT, Remark
from workbench.services.identities import school_label
from workbench.services.intake import reading_limits
from workbench.services.intake_report import remark_of
from workbench.services.keys import pepper
from workbench.services.people import Directory, TeacherRow
from workbench.services.reach import bound_school
from workbench.services.roles import ALLOWED, authorise, person_of
from workbench.services.workspace import Fresh, Workspace

FACT_OF_NOTE = {
    "免测": "exempt",
    "缓测": "deferred",
    "诊断测评": "record_diagnostic",
    "培训测评": "record_training",
    "发展测评": "record_development",
}
"""Columns of portals that say yes or no about a teacher's standing."""


@dataclass(frozen=True)
class RosterReport:
    """How many of each a roster brought, what was wrong, and sheets nobody recognised."""

    schools: int
    teachers: int
    raters: int
    faults: tuple[tuple[str, Remark], ...]
    skipped: tuple[str, ...]


def import_roster(
    workspace: Workspace, path: Path, act: Act, fresh: Fresh, school: str = ""
) -> RosterReport:
    """Take in a roster; rows with faults are left out and named, the others go in together."""
    with workspace.store() as store:
        act = authorise(store, act, "roster.import")
        roster = read_roster(workspace, path, school)
        bound = bound_school(store, person_of(store, act.actor), ALLOWED["roster.import"])
        left_out: list[tuple[str, Remark]] = []
        if bound is not None:
            roster, left_out = _only_of(roster, school_label(store, bound), path.name)
        secret = pepper(workspace)
        if roster.teachers or roster.raters or roster.schools:
            with store.transaction(act, "roster.import", path.name) as tx:
                directory = Directory(store, tx, fresh)
                for each in roster.schools:
                    facts = {
                        "environment": each.environment,
                        "stage": each.stage,
                        "cluster": each.cluster,
                        "school_no": each.school_id,
                    }
                    directory.school(each.name, facts)
                for teacher in roster.teachers:
                    directory.teacher(_teacher(teacher, secret))
                for rater in roster.raters:
                    directory.rater(
                        rater.rater_id or rater.name,
                        name=rater.name,
                        school=rater.school,
                        department=rater.department,
                        roles=rater.roles,
                        relations=rater.relations,
                    )
    return RosterReport(
        len(roster.schools),
        len(roster.teachers),
        len(roster.raters),
        (*_told(roster), *left_out),
        roster.skipped,
    )


def read_roster(workspace: Workspace, path: Path, school: str = "") -> Roster:
    """Read the sheets of a roster without taking anything in."""
    try:
        with ReaderPool(reading_limits(workspace)) as pool:
            sheets = pool.table(path)
    except Unreadable as refused:
        raise InputError(
            f"roster {path.name} cannot be read ({refused}). Save it as xlsx again.",
            key="roster.unreadable",
            file=path.name,
            code=refused.code,
        ) from refused
    return parse_roster(sheets, workspace.rubrics, school=school)


def _only_of(roster: Roster, own: str, file: str) -> tuple[Roster, list[tuple[str, Remark]]]:
    """Keep the rows of one school; how many of others were left out is told."""
    kept = replace(
        roster,
        schools=tuple(row for row in roster.schools if row.name == own),
        teachers=tuple(row for row in roster.teachers if row.school == own),
        raters=tuple(row for row in roster.raters if row.school == own),
    )
    rows, own_rows = ([*r.schools, *r.teachers, *r.raters] for r in (roster, kept))
    if len(rows) == len(own_rows):
        return kept, []
    told = {"count": str(len(rows) - len(own_rows)), "own": own}
    return kept, [(file, Remark("roster.other_school", REJECT, told))]


def _told(roster: Roster) -> list[tuple[str, Remark]]:
    return [
        (name, remark_of(fault)) for name, faults in roster.sheet_faults.items() for fault in faults
    ]


def _teacher(row: RosterTeacher, secret: bytes) -> TeacherRow:
    facts = {
        "subject": row.subject,
        "department": row.department,
        "stage": row.stage,
        "environment": row.environment,
        "person_key": row.id_number.key(secret) if row.id_number else "",
        "hours_online": _number(row.hours_online),
        "hours_practice": _number(row.hours_practice),
        "online_passed": _flag(row.online_passed),
        "choices": json.dumps(list(row.choices)) if row.choices else "",
        **_standing(row.notes),
    }
    return TeacherRow(row.teacher_id, row.name, row.school, facts)


def _standing(notes: Mapping[str, str]) -> dict[str, str]:
    named = {normal(header): fact for header, fact in FACT_OF_NOTE.items()}
    return {
        named[normal(header)]: _flag(read_yes_no(value))
        for header, value in notes.items()
        if normal(header) in named
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _flag(value: bool | None) -> str:
    return "" if value is None else str(int(value))
