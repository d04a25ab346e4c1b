"""Schools, teachers and raters as they stand: the latest fact of each name counts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from models.records import TeacherFacts
from models.store import Row, Store

SEEDS = "seeds"
"""School that stands for the seed pieces, so that they pass for pieces; it is none of the round."""


def schools_of_round(store: Store) -> list[Row]:
    """Schools and offices of the round, in the order they were entered."""
    return [row for row in store.where("school") if row["school_id"] != SEEDS]


def teachers_of_round(store: Store) -> list[Row]:
    """Teachers of the round, in the order they were entered; those who were erased left out."""
    rows = store.where("teacher")
    return [row for row in rows if row["school_id"] != SEEDS and row["name"]]


def facts_of_teachers(store: Store) -> dict[str, dict[str, str]]:
    """Latest value of each fact by teacher; a teacher without facts has an empty dict."""
    return _latest(store, "teacher", "teacher_id")


def facts_of_schools(store: Store) -> dict[str, dict[str, str]]:
    """Latest value of each fact by school."""
    return _latest(store, "school", "school_id")


def assessed_facts(facts: Mapping[str, str], environment: str) -> TeacherFacts:
    """Facts of one teacher as the gate reads them; what nobody recorded is None."""
    return TeacherFacts(
        hours_online=_number(facts.get("hours_online")),
        hours_practice=_number(facts.get("hours_practice")),
        online_passed=_yes(facts.get("online_passed")),
        exempt=_yes(facts.get("exempt")) is True,
        deferred=_yes(facts.get("deferred")) is True,
        environment=facts.get("environment") or environment,
        records={
            name: passed
            for name in ("diagnostic", "training", "development")
            if (passed := _yes(facts.get(f"record_{name}"))) is not None
        },
    )


def choices(store: Store) -> dict[str, list[str]]:
    """Competencies each teacher chose or handed something in for, in order of code."""
    found: dict[str, set[str]] = defaultdict(set)
    for teacher_id, facts in facts_of_teachers(store).items():
        found[teacher_id].update(json.loads(facts.get("choices", "[]")))
    for row in store.rows("SELECT DISTINCT teacher_id, competency FROM submission"):
        found[row["teacher_id"]].add(row["competency"])
    return {teacher: sorted(codes, key=code_order) for teacher, codes in found.items()}


def code_order(code: str) -> tuple[str, int]:
    """Order competency codes as the catalogue does: A2 before A10.

    >>> sorted(["A10", "A2", "B1"], key=code_order)
    ['A2', 'A10', 'B1']
    """
    return code[:1], int(code[1:]) if code[1:].isdigit() else 0


def aliased_teachers(store: Store) -> list[Row]:
    """Every teacher with the pseudonym and salt of the round."""
    return store.rows(
        "SELECT t.*, a.pseudonym, a.salt FROM teacher AS t JOIN alias AS a USING (teacher_id) "
        "ORDER BY t.rowid"
    )


def raters(store: Store) -> dict[str, Row]:
    """People by id, with roles and relations as lists."""
    rows = store.where("person")
    return {
        row["person_id"]: {
            **row,
            "roles": json.loads(row["roles"]),
            "relations": json.loads(row["relations"]),
        }
        for row in rows
    }


def _latest(store: Store, kind: str, key: str) -> dict[str, dict[str, str]]:
    facts: dict[str, dict[str, str]] = {
        row[key]: {}
        for row in store.rows(f"SELECT {key} FROM {kind}")  # noqa: S608
    }
    for row in store.rows(f"SELECT {key}, name, value FROM {kind}_fact ORDER BY rowid"):  # noqa: S608
        facts[row[key]][row["name"]] = row["value"]
    return facts


def _number(value: str | None) -> float | None:
    return float(value) if value else None


def _yes(value: str | None) -> bool | None:
    return {"1": True, "0": False}.get(value or "")
