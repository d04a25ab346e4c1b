"""Tables for comparing schools: long marks, or one column a criterion, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.formats.cells import normal
from workbench.formats.rating_rows import MET, ROUNDS
from workbench.services.tables import marks_of_table, texts_of_table

Rows = list[dict[str, Any]]

_KEYS = {
    "piece": "piece", "piece_id": "piece", "证据": "piece", "item": "piece", "序号": "piece",
    "person": "person", "teacher": "person", "teacher_id": "person", "教师编号": "person",
    "school": "school", "school_id": "school", "学校": "school",
    "rater": "rater", "rater_id": "rater", "评审员": "rater", "round": "round", "轮次": "round",
    "why": "why", "抽取原因": "why", "criterion": "criterion", "指标": "criterion", "met": "met",
}  # fmt: skip
_BESIDE = frozenset(
    map(normal, "opened_at submitted_at comment competency slot department 评语 教研组".split())
)


def rows_of_columns(path: Path) -> Rows:
    """Rows of a table by the keys of its columns; columns without a key keep their header.

    Raises
    ------
    InputError
        If the file is no csv or xlsx that can be read.
    """
    texts = texts_of_table(path)
    header = texts[0] if texts else []
    names = [_KEYS.get(normal(cell), cell) for cell in header]
    return [
        dict(zip(names, row, strict=False))
        for row in texts[1:]
        if any(cell.strip() for cell in row)
    ]


def marks_for_schools(path: Path, met_from: float | None = None) -> Rows:
    """Marks of a long table, or of one with a column for each criterion.

    Parameters
    ----------
    path : Path
    met_from : float or None
        Least score that counts as met, where criteria have wider scores than 0 and 1.

    Raises
    ------
    InputError
        If a wide table has scores and nothing says from which one a criterion is met.
    """
    texts = texts_of_table(path)
    keys = {_KEYS.get(normal(cell), "") for cell in (texts[0] if texts else [])}
    if "criterion" in keys or "met" in keys or not {"piece", "rater"} <= keys:
        return [dict(row) for row in marks_of_table(path)]
    return list(_melted(rows_of_columns(path), met_from))


def _melted(rows: Rows, met_from: float | None) -> Iterator[dict[str, Any]]:
    known = set(_KEYS.values())
    for row in rows:
        about = {
            "piece_id": row["piece"],
            "rater_id": row["rater"],
            "round": ROUNDS.get(normal(str(row.get("round", ""))), "blind"),
        }
        for name, cell in row.items():
            if name in known or normal(name) in _BESIDE or not cell.strip():
                continue
            yield {**about, "criterion_id": name, "met": _met(row, name, cell.strip(), met_from)}


def _met(row: Mapping[str, Any], name: str, cell: str, met_from: float | None) -> int:
    if met_from is None and cell.casefold() in MET:
        return MET[cell.casefold()]
    try:
        score = float(cell)
    except ValueError:
        score = None
    if score is None or met_from is None:
        raise InputError(
            f"piece {row['piece']}, rater {row['rater']}: {name} is {cell!r}, expected 1 (met) or "
            "0 (not met). Where criteria have scores, say from which one they are met "
            "(--met-from).",
            key="schools.not_a_mark",
            piece=row["piece"],
            rater=row["rater"],
            criterion=name,
            mark=cell,
        )
    return int(score >= met_from)
