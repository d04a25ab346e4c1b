"""Columns of tables by the names people give them, and the files that go beside a table of marks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.formats.cells import normal
from workbench.services.tables import texts_of_table

Rows = list[dict[str, Any]]

KEYS: Mapping[str, str] = {
    normal(name): key
    for key, names in {
        "piece": "piece piece_id 证据 证据编号 作品 item item_id unit 序号",
        "person": "person teacher teacher_id 教师 教师编号",
        "school": "school school_id 学校 学校编号",
        "department": "department 教研组",
        "rater": "rater rater_id 评审员 评审员编号 评委",
        "round": "round 轮次",
        "why": "why 抽取原因",
        "criterion": "criterion criterion_id 指标",
        "met": "met 打点 达到 是否达到",
        "chars": "chars 字数",
        "pages": "pages 页数",
        "opened_at": "opened_at 打开时间",
        "submitted_at": "submitted_at 提交时间",
        "comment": "comment comments 评语",
    }.items()
    for name in names.split()
}
"""Key of a column by its normalised header."""


def rows_of_columns(path: Path) -> Rows:
    """Rows of a table by the keys of its columns; columns without a key keep their header.

    Raises
    ------
    InputError
        If the file is no csv or xlsx that can be read.
    """
    texts = texts_of_table(path)
    names = keyed(texts[0]) if texts else []
    return [
        dict(zip(names, row, strict=False))
        for row in texts[1:]
        if any(cell.strip() for cell in row)
    ]


def keyed(header: Sequence[str]) -> list[str]:
    """Names of the columns: keys where there is one, headers otherwise; the first of a key counts."""
    names: list[str] = []
    for cell in header:
        key = KEYS.get(normal(cell), cell.strip())
        names.append(cell.strip() if key in names else key)
    return names


def rows_beside(path: Path, needed: Sequence[str]) -> Rows:
    """Rows of a file beside a table of marks, which has these columns.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, or there is no row in it.
    """
    texts = texts_of_table(path)
    names = keyed(texts[0]) if texts else []
    missing = [name for name in needed if name not in names]
    if missing:
        raise InputError(
            f"table {path.name}: columns {', '.join(needed)} are needed, {', '.join(missing)} "
            "missing. Name the columns so in the first row.",
            key="table.beside_column",
            file=path.name,
            needed="、".join(needed),
            missing="、".join(missing),
        )
    rows = rows_of_columns(path)
    if not rows:
        raise InputError(
            f"table {path.name}: no row under the header. Fill it in, or leave the file out.",
            key="table.beside_empty",
            file=path.name,
        )
    return rows


def must_share(rows: Rows, column: str, known: Collection[str], path: Path) -> None:
    """Refuse a file of which nothing is in the table of marks: its names must be others.

    Raises
    ------
    InputError
        If no row's ``column`` is among the known names.
    """
    named = [str(row.get(column, "")) for row in rows]
    if not set(named) & set(known):
        raise InputError(
            f"table {path.name}: no {column} of it ({named[0]}, …) is in the table of marks "
            f"({min(known, default='')}, …). Write both alike.",
            key="table.nothing_shared",
            file=path.name,
            column=column,
            first=named[0],
            known=min(known, default=""),
        )
