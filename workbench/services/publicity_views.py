"""Publicity 公示 as people look at it: what is shown, the list for the wall, objections."""

from __future__ import annotations

from collections import Counter
from datetime import date

from models.people import code_order
from models.store import Row, Store
from rubrics.levels import Level
from rubrics.rubric import RubricSet
from workbench.errors import InputError
from workbench.exports.public_list import PublicList, PublicResult, write_public_list
from workbench.services.identities import identities, short_code
from workbench.services.objections import objection_endings
from workbench.services.publicity import Upcoming, list_publicity, upcoming
from workbench.services.reach import may_name, schools_seen
from workbench.services.results import CONCLUSION
from workbench.services.workspace import Workspace


def upcoming_rows(workspace: Workspace, person_id: str, today: date) -> tuple[Upcoming, list[Row]]:
    """Results that would be shown if a publicity were opened today, with names, and when it ends.

    Until they are shown, who may not know the teachers sees the beginning of their pseudonyms.

    Raises
    ------
    RefusedError
        If the person may not see publicities.
    """
    found = upcoming(workspace, person_id, today)
    results = [row for news in found.by_school.values() for row in news]
    with workspace.store() as store:
        rows = [
            {
                "school_id": row.school_id,
                "teacher_id": row.teacher_id,
                "competency": row.competency,
                "level": str(row.level),
            }
            for row in results
        ]
        named = _named(store, workspace, rows)
        if not may_name(store, person_id):
            codes = {teacher: short_code(made[0]) for teacher, made in identities(store).items()}
            named = [{**row, "name": codes[row["teacher_id"]], "teacher_no": ""} for row in named]
        return found, named


def publications(workspace: Workspace, person_id: str, today: date) -> list[Row]:
    """Publicities of the schools one sees, newest first.

    Each has the school's name, ``days_left`` (calendar days, the last included; below 0 when
    past), ``unanswered`` objections, and whether it ``may_close``.

    Raises
    ------
    RefusedError
        If the person may not see publicities.
    """
    with workspace.store() as store:
        schools = schools_seen(store, person_id, "publicity.show")
    made = []
    for row in list_publicity(workspace):
        if row["school_id"] not in schools:
            continue
        left = (date.fromisoformat(row["closes_on"]) - today).days
        unanswered = sum(not each["answer"] for each in row["objections"])
        is_open = row["state"] == "open"
        made.append(
            {
                **row,
                "school": schools[row["school_id"]],
                "days_left": left,
                "unanswered": unanswered,
                "may_close": is_open and left < 0 and not unanswered,
            }
        )
    return made[::-1]


def published_rows(workspace: Workspace, person_id: str, publication_id: str) -> list[Row]:
    """Results a publicity shows, with names.

    Raises
    ------
    InputError
        If there is no such publicity among those one sees.
    RefusedError
        If the person may not see publicities.
    """
    with workspace.store() as store:
        publication = _publication(store, person_id, publication_id)
        listed = store.where("published_result", publication_id=publication_id)
        school_id = publication["school_id"]
        return _named(store, workspace, [{**row, "school_id": school_id} for row in listed])


def objections(workspace: Workspace, person_id: str) -> list[Row]:
    """Objections of the schools one sees, newest first, with names, level, answer and outcome.

    Raises
    ------
    RefusedError
        If the person may not see publicities.
    """
    with workspace.store() as store:
        seen = schools_seen(store, person_id, "publicity.show")
        school_of = {row["publication_id"]: row["school_id"] for row in store.where("publication")}
        answers = {row["objection_id"]: row for row in store.where("objection_answer")}
        endings = objection_endings(workspace, store)
        rows = []
        for row in store.where("objection"):
            school_id = school_of[row["publication_id"]]
            if school_id in seen:
                level = store.one(
                    "published_result",
                    publication_id=row["publication_id"],
                    teacher_id=row["teacher_id"],
                    competency=row["competency"],
                )
                given = answers.get(row["objection_id"], {})
                told = {
                    "school_id": school_id,
                    "level": level["level"] if level else "",
                    "at": _moment(store, row["tx"]),
                    "answer": given.get("answer", ""),
                    "answer_words": given.get("words", ""),
                    **endings[row["objection_id"]],
                }
                rows.append({**row, **told})
        return _named(store, workspace, rows)[::-1]


def make_public_list(workspace: Workspace, person_id: str, publication_id: str) -> str:
    """Write the list of a publicity for the wall as docx; its name for ``/download/publicity``.

    It bears nothing but name, school, competency and level.

    Raises
    ------
    InputError
        If there is no such publicity among those one sees.
    RefusedError
        If the person may not see publicities.
    """
    with workspace.store() as store:
        publication = _publication(store, person_id, publication_id)
    rows = published_rows(workspace, person_id, publication_id)
    school = rows[0]["school"] if rows else publication["school_id"]
    shown = PublicList(
        county=workspace.place,
        round=workspace.round_name,
        school=school,
        opened_on=publication["opened_on"],
        closes_on=publication["closes_on"],
        results=tuple(
            PublicResult(row["name"], _subject(row), Level(row["level"])) for row in rows
        ),
    )
    path = write_public_list(shown, workspace.exports / "publicity" / school, publication_id)
    return path.relative_to(workspace.exports / "publicity").as_posix()


def level_counts(rows: list[Row]) -> dict[str, int]:
    """How many results of each level, conclusions left out."""
    found = Counter(row["level"] for row in rows if row["competency"] != CONCLUSION)
    return {str(level): found[str(level)] for level in Level}


def _publication(store: Store, person_id: str, publication_id: str) -> Row:
    seen = schools_seen(store, person_id, "publicity.show")
    found = store.one("publication", publication_id=publication_id)
    if found is None or found["school_id"] not in seen:
        raise InputError(
            f"there is no publicity {publication_id}.",
            key="publicity.unknown",
            publication=publication_id,
        )
    return found


def _named(store: Store, workspace: Workspace, rows: list[Row]) -> list[Row]:
    """Rows with the names of teacher, school and competency, in the order of a list."""
    teachers = {row["teacher_id"]: row for row in store.where("teacher")}
    schools = {row["school_id"]: row["name"] for row in store.where("school")}
    rubrics = workspace.rubrics
    return [
        {
            **row,
            "name": teachers[row["teacher_id"]]["name"],
            "teacher_no": teachers[row["teacher_id"]]["teacher_no"],
            "school": schools[row["school_id"]],
            "competency_name": _competency_name(rubrics, row["competency"]),
        }
        for row in sorted(rows, key=lambda row: _place(row, teachers))
    ]


def _place(row: Row, teachers: dict[str, Row]) -> tuple[object, ...]:
    number = teachers[row["teacher_id"]]["teacher_no"] or row["teacher_id"]
    is_conclusion = row["competency"] == CONCLUSION
    return row["school_id"], number, is_conclusion, code_order(row["competency"])


def _competency_name(rubrics: RubricSet, code: str) -> str:
    return "" if code == CONCLUSION else rubrics[code].name_zh


def _subject(row: Row) -> str:
    return f"{row['competency']} {row['competency_name']}".strip()


def _moment(store: Store, tx: int) -> str:
    return str(store.where("audit_log", seq=tx)[0]["at"])
