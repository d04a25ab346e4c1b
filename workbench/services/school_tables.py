"""Tables for comparing schools: long marks, or one column a criterion, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.formats.cells import normal, squeezed
from workbench.formats.rating_rows import CANNOT_JUDGE, MET, ROUNDS
from workbench.services.table_columns import KEYS, keyed, rows_of_columns
from workbench.services.tables import marks_of_table, texts_of_table

Rows = list[dict[str, Any]]

_BESIDE = frozenset(map(normal, "competency slot 能力点 证据项 note notes 备注 说明".split()))


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
    keys = set(keyed(texts[0])) if texts else set()
    if "criterion" in keys or "met" in keys or not {"piece", "rater"} <= keys:
        return [dict(row) for row in marks_of_table(path)]
    return list(_melted(rows_of_columns(path), met_from))


def _melted(rows: Rows, met_from: float | None) -> Iterator[dict[str, Any]]:
    known = set(KEYS.values())
    for row in rows:
        about = {
            "piece_id": row["piece"],
            "rater_id": row["rater"],
            "round": ROUNDS.get(normal(str(row.get("round", ""))), "blind"),
        }
        for name, cell in row.items():
            blank = squeezed(cell).casefold() in CANNOT_JUDGE
            if name in known or normal(name) in _BESIDE or blank:
                continue
            yield {**about, "criterion_id": name, "met": _met(row, name, cell.strip(), met_from)}


def _met(row: Mapping[str, Any], name: str, cell: str, met_from: float | None) -> int:
    if met_from is None and cell.casefold() in MET:
        return MET[cell.casefold()]
    try:
        score = float(cell)
    except ValueError:
        score = None
    if score is None and met_from is not None:
        raise InputError(
            f"piece {row['piece']}, rater {row['rater']}: {name} is {cell!r}, expected a number. "
            "Correct it, or leave it empty.",
            key="table.not_a_score",
            piece=row["piece"],
            rater=row["rater"],
            criterion=name,
            mark=cell,
        )
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
