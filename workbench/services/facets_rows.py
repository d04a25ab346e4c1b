"""Tables of ratings and of anchors for the facets model, read by their headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from models.frames import CRITERION, LEVEL, PERSON, RATER, ROUND, SCHOOL, SLOT
from rubrics.levels import LEVEL_OF_ZH, LEVELS
from scoring.facets.coding import FacetRatings, read_facets
from scoring.facets.parameters import Anchors
from workbench.errors import InputError
from workbench.formats.cells import normal
from workbench.services.tables import texts_of_table

CLUSTER = "cluster"
ONE_CRITERION = "all"
"""Criterion of a table that names none."""

_HEADERS = {
    PERSON: "person persons person_id unit piece piece_id examinee student 被评人 作品 证据",
    CRITERION: "criterion criteria criterion_id trait task 指标 评分项 维度",
    RATER: "rater raters rater_id judge reviewer 评审员 评审员编号 评委 评阅员",
    LEVEL: "level score rating grade mark met 等级 分数 得分 评分 打点",
    SCHOOL: "school school_id 学校",
    CLUSTER: "cluster teacher teacher_id 群组 教师编号 教师",
    ROUND: "round 轮次 评阅轮次 评审轮次 评审阶段",
    SLOT: "slot slot_id 证据项",
    "item": "item",
    "competency": "competency 能力点",
}
_TEACHERS = "teacher teacher_id 教师编号 教师"
"""Whose pieces they are; where no other column names what was rated, the teacher is what was."""

_OF_TEACHER = "slot_of_teacher"
"""Place of the slot, where teacher and slot together name the piece."""

_SEARCHED_ROWS = 10


def ratings_of_table(path: Path) -> pd.DataFrame:
    """Read persons, criteria, raters and levels, and school and cluster where there are any.

    One row is a rating, the index its place below the header. A table without
    criteria has one.

    Raises
    ------
    InputError
        If the file cannot be read, or columns person, rater and level are not in it.
    """
    rows = texts_of_table(path)
    for number, row in enumerate(rows[:_SEARCHED_ROWS]):
        columns = _columns(row)
        if {PERSON, RATER, LEVEL} <= columns.keys():
            return _frame(rows[number + 1 :], columns)
    came = ", ".join(filter(None, rows[0])) if rows else "-"
    raise InputError(
        f"table {path.name}: columns person, rater and level are needed (and criterion); {came} "
        "came. Name the columns so in the first row.",
        key="facets.no_header",
        file=path.name,
        came=came,
    )


def coded(table: pd.DataFrame, scale: Sequence[str]) -> FacetRatings:
    """Codes of a table; levels named as in the norm need no scale, in either language."""
    declared = [_level(name) or "" for name in scale]
    seen = table[LEVEL].dropna().unique()
    if not declared and len(seen) and set(seen) <= {str(level) for level in LEVELS}:
        declared = [str(level) for level in LEVELS]
    return read_facets(table, declared)


def anchors_of_table(path: Path, ratings: FacetRatings) -> Anchors:
    """Read values to hold fixed: columns ``facet`` (rater or criterion), ``id`` and ``value``.

    Raises
    ------
    InputError
        For another facet, an id that is not among the ratings, or a value that is no number.
    """
    rows = [row for row in texts_of_table(path) if any(row)]
    header = [normal(cell) for cell in rows[0]] if rows else []
    if not {"facet", "id", "value"} <= set(header):
        raise InputError(
            f"anchors {path.name}: columns facet, id and value are needed. Name them so in the "
            "first row.",
            key="facets.anchor_header",
            file=path.name,
        )
    places = {
        "rater": {name: code for code, name in enumerate(ratings.raters)},
        "criterion": {name: code for code, name in enumerate(ratings.criteria)},
    }
    held: dict[str, dict[int, float]] = {"rater": {}, "criterion": {}}
    for row in rows[1:]:
        facet, name, value = (row[header.index(column)] for column in ("facet", "id", "value"))
        code, number = places.get(facet, {}).get(name), _number(value)
        if code is None or number is None:
            raise InputError(
                f"anchors {path.name}: {facet} {name} = {value} cannot be held. Name a rater or "
                "criterion of the table, and a value in logits.",
                key="facets.anchor_unknown",
                file=path.name,
                facet=facet,
                name=name,
                value=value,
            )
        held[facet][code] = number
    return Anchors(held["rater"], held["criterion"])


def _columns(row: Sequence[str]) -> dict[str, int]:
    """Place of each column; the first header that fits one is it."""
    found: dict[str, int] = {}
    for place, header in enumerate(row):
        for column, names in _HEADERS.items():
            if normal(header) in map(normal, names.split()):
                found.setdefault(column, place)
    return _with_persons(row, found)


def _with_persons(row: Sequence[str], found: dict[str, int]) -> dict[str, int]:
    """Settle which column names what was rated.

    A ratings file has ``item``, or teacher, competency and slot (证据 there is the slot); in
    other tables an ``item`` beside persons is a criterion.
    """
    item, slot = found.pop("item", None), found.pop(SLOT, None)
    of_slots = found.pop("competency", None) is not None
    teacher = CLUSTER in found and normal(row[found[CLUSTER]]) in map(normal, _TEACHERS.split())
    if teacher and of_slots and PERSON in found and normal(row[found[PERSON]]) == normal("证据"):
        slot = found.pop(PERSON)
    if PERSON in found:
        if item is not None:
            found.setdefault(CRITERION, item)
    elif item is not None and CRITERION in found:
        found[PERSON] = item
    elif teacher and slot is not None:
        found |= {PERSON: found[CLUSTER], _OF_TEACHER: slot}
    elif teacher:
        found[PERSON] = found.pop(CLUSTER)
    return found


def _frame(rows: Sequence[Sequence[str]], columns: Mapping[str, int]) -> pd.DataFrame:
    made = pd.DataFrame(
        {
            column: [row[place] if place < len(row) else "" for row in rows]
            for column, place in columns.items()
        },
        dtype=object,
    )
    made = made[(made != "").any(axis=1)]
    if _OF_TEACHER in columns:
        made[PERSON] = made[PERSON] + " " + made.pop(_OF_TEACHER)
    made[LEVEL] = made[LEVEL].map({cell: _level(cell) for cell in made[LEVEL].unique()})
    if CRITERION not in columns:
        made[CRITERION] = ONE_CRITERION
    return made.replace({"": None})


def _level(cell: str) -> str | None:
    """Level as the scale names it: 合格 is ``pass``, 1.0 is 1.

    >>> _level("合格"), _level("1.0"), _level(" "), _level("good")
    ('pass', '1', None, 'good')
    """
    text = cell.strip()
    number = _number(text)
    if number is not None and number.is_integer():
        return str(int(number))
    return str(LEVEL_OF_ZH.get(text, text)) or None


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
