"""What intake brought: packages taken in, their lines in words, and what is still missing."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from models.audit_trail import names_of_school
from models.people import code_order
from models.store import Row, Store
from workbench.formats.cells import formula_safe
from workbench.services.checks import Remark
from workbench.services.intake_lines import COLUMNS, said
from workbench.services.reach import bound_school, schools_seen
from workbench.services.results import CONCLUSION, closed_windows, result_standing
from workbench.services.roles import SEEN_BY, may_see
from workbench.services.workspace import Workspace

VERDICTS = ("reject", "warn", "accept")
_ASKED = ("complete", "missing", "closed")


def packages_taken(workspace: Workspace, person_id: str) -> list[Row]:
    """Packages taken in, newest first: ``package, tx, at, by`` and a count of each verdict.

    Who acts for one school sees those its own people took in.

    Raises
    ------
    RefusedError
        If the person may not see what intake brought.
    """
    with workspace.store() as store:
        made = []
        names = {row["person_id"]: row["name"] for row in store.where("person")}
        for tx, lines in _by_transaction(store, person_id).items():
            act = store.where("audit_log", seq=tx)[0]
            counts = Counter(line["verdict"] for line in lines)
            told = {verdict: counts[verdict] for verdict in VERDICTS}
            by = names.get(act["actor"], act["actor"])
            made.append(
                {"package": lines[0]["package"], "tx": tx, "at": act["at"], "by": by, **told}
            )
    return sorted(made, key=lambda row: -row["tx"])


def package_lines(workspace: Workspace, person_id: str, tx: int) -> list[Row]:
    """Lines of a package taken in, with the teacher's name and the reason in words.

    Raises
    ------
    RefusedError
        If the person may not see what intake brought.
    """
    with workspace.store() as store:
        lines = _by_transaction(store, person_id).get(tx, [])
        names = _names_by_number(store.where("teacher"))
    return [
        {**line, "name": names.get(line["teacher_id"], ""), "reason": _words(line["reason"])}
        for line in lines
    ]


def package_table(workspace: Workspace, person_id: str, tx: int) -> bytes:
    """Lines of a package as CSV with a byte order mark, as office programs read Chinese.

    Raises
    ------
    RefusedError
        If the person may not see what intake brought.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in package_lines(workspace, person_id, tx):
        writer.writerow([formula_safe(str(line[name])) for name in COLUMNS])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def completeness(workspace: Workspace, person_id: str) -> list[Row]:
    """One row a teacher and competency: slots asked for, handed in and missing, and the standing.

    ``state`` is ``complete``, ``missing``, ``closed`` (missing, and the window has closed), or
    why nothing is asked for: ``exempt``, ``deferred``, ``not_eligible``.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        seen = schools_seen(store, person_id, "completeness.show")
        standing = result_standing(store, workspace)
        closed = closed_windows(store)
        teachers = {row["teacher_id"]: row for row in store.where("teacher")}
        schools = {row["school_id"]: row["name"] for row in store.where("school")}
    made, rubrics = [], workspace.rubrics
    for row in standing.rows:
        if row.school_id not in seen or row.competency == CONCLUSION:
            continue
        rubric = rubrics[row.competency]
        handed_in = standing.pieces.get((row.teacher_id, row.competency), {})
        missing = [slot for slot in rubric.slots if slot.slot_id not in handed_in]
        teacher = teachers[row.teacher_id]
        made.append(
            {
                "school_id": row.school_id,
                "school": schools[row.school_id],
                "teacher_id": row.teacher_id,
                "teacher_no": teacher["teacher_no"] or row.teacher_id,
                "name": teacher["name"],
                "competency": row.competency,
                "competency_name": rubric.name_zh,
                "asked": len(rubric.slots),
                "handed_in": len(rubric.slots) - len(missing),
                "missing": [f"{slot.slot_id} {slot.name_zh}" for slot in missing],
                "state": _state(row.reason_none, missing, row.school_id in closed),
            }
        )
    return sorted(
        made, key=lambda row: (row["school_id"], row["teacher_no"], code_order(row["competency"]))
    )


def school_progress(workspace: Workspace, person_id: str) -> list[Row]:
    """The schools of ``progress_with_teachers`` alone."""
    return progress_with_teachers(workspace, person_id)[0]


def progress_with_teachers(workspace: Workspace, person_id: str) -> tuple[list[Row], list[Row]]:
    """One row a school one sees, and the rows of ``completeness`` it is counted from.

    A school's row: teachers, competencies asked for, complete ones, the window.

    ``complete_share`` is of the competencies asked for; 1 where none is. ``window`` is ``open``,
    ``noticed`` or ``closed``.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    teachers = completeness(workspace, person_id)
    rows: Mapping[str, list[Row]] = _grouped(teachers, "school_id")
    with workspace.store() as store:
        seen = schools_seen(store, person_id, "completeness.show")
        window = {row["school_id"]: row["state"] for row in store.where("submission_window")}
        schools = [row for row in store.where("school") if row["school_id"] in seen]
    told = [
        _of_school(school, rows[school["school_id"]], window.get(school["school_id"], "open"))
        for school in schools
        if rows[school["school_id"]]
    ]
    return told, teachers


def _of_school(school: Row, rows: list[Row], window: str) -> Row:
    counts = Counter(row["state"] for row in rows)
    asked = sum(counts[state] for state in _ASKED)
    return {
        "school_id": school["school_id"],
        "school": school["name"],
        "teachers": len({row["teacher_id"] for row in rows}),
        "competencies": asked,
        "complete": counts["complete"],
        "complete_share": counts["complete"] / asked if asked else 1.0,
        "missing": counts["missing"] + counts["closed"],
        "window": window.replace("reopened", "open"),
    }


def _by_transaction(store: Store, person_id: str) -> dict[int, list[Row]]:
    """Lines by the act that brought them, of those the person may see."""
    may_see(store, person_id, "intake.show")
    person = store.one("person", person_id=person_id)
    own = bound_school(store, person, SEEN_BY["intake.show"])
    found = _grouped(store.where("intake_line"), "tx")
    if own is None:
        return found
    people = names_of_school(store, own)
    return {
        tx: lines
        for tx, lines in found.items()
        if store.where("audit_log", seq=tx)[0]["actor"] in people
    }


def _names_by_number(teachers: Iterable[Row]) -> dict[str, str]:
    return {row[key]: row["name"] for row in teachers for key in ("teacher_id", "teacher_no")}


def _words(reason: str) -> str:
    return said([Remark(**told) for told in json.loads(reason)])


def _state(reason: str | None, missing: list[Any], closed: bool) -> str:
    if reason in ("exempt", "deferred", "not_eligible"):
        return str(reason)
    if not missing:
        return "complete"
    return "closed" if closed else "missing"


def _grouped(rows: Iterable[Row], key: str) -> defaultdict[Any, list[Row]]:
    found: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found
