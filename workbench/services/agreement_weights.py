"""Weights of one's own: a square table of how far each two levels are apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rubrics.levels import LEVEL_OF_ZH
from scoring.coefficients.weights import OWN
from workbench.errors import InputError
from workbench.services.tables import texts_of_table

__all__ = ["OWN", "Disagreements", "disagreements_of_file"]


@dataclass(frozen=True)
class Disagreements:
    """Levels in the order of the table, and how far each two are apart (0 the same)."""

    levels: tuple[str, ...]
    table: NDArray[np.float64]

    def on(self, scale: tuple[str, ...]) -> NDArray[np.float64]:
        """Put the table in the order of a declared scale.

        Raises
        ------
        InputError
            If the levels are not those of the scale.
        """
        if set(scale) != set(self.levels):
            raise InputError(
                f"weights: the table has levels {', '.join(self.levels)}, the scale "
                f"{', '.join(scale)}. Give both the same levels.",
                key="agreement.own_levels",
                levels=", ".join(self.levels),
                scale=", ".join(scale),
            )
        place = [self.levels.index(name) for name in scale]
        return self.table[np.ix_(place, place)]


def disagreements_of_file(path: Path) -> Disagreements:
    """Read a square table: levels across the first row and down the first column.

    Cells are disagreements, 0 on the diagonal (Cohen 1968); or weights of agreement from
    0 to 1, 1 on the diagonal, which are turned into 1 - w.

    Raises
    ------
    InputError
        If the file cannot be read, is not square, or a cell is no number; it is named.
    """
    rows = [row for row in texts_of_table(path) if any(row)]
    across = [_level(cell) for cell in (rows[0][1:] if rows else [])]
    while across and not across[-1]:
        across.pop()
    down = [_level(row[0]) for row in rows[1:]]
    if len(across) < 2 or across != down:
        raise InputError(
            f"weights {path.name}: the same levels are needed across the first row and down the "
            f"first column; {', '.join(across) or '-'} and {', '.join(down) or '-'} came.",
            key="agreement.own_square",
            file=path.name,
            across=", ".join(across) or "-",
            down=", ".join(down) or "-",
        )
    cells = [
        [_number(path, row, place, across) for place in range(len(across))] for row in rows[1:]
    ]
    table = np.array(cells)
    return Disagreements(tuple(across), 1.0 - table if (np.diag(table) == 1).all() else table)


def _number(path: Path, row: list[str], place: int, across: list[str]) -> float:
    cell = row[place + 1] if place + 1 < len(row) else ""
    try:
        return float(cell)
    except ValueError:
        raise InputError(
            f"weights {path.name}: the cell of {row[0]} and {across[place]} is {cell!r}, a number "
            "was expected. Correct it.",
            key="agreement.own_number",
            file=path.name,
            one=row[0],
            other=across[place],
            came=cell,
        ) from None


def _level(cell: str) -> str:
    text = cell.strip()
    return str(LEVEL_OF_ZH.get(text, text))
