"""Files ``effects`` takes: marks or wide scores, and what is known of pieces, raters and seeds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from models import frames
from workbench.errors import InputError
from workbench.services.effects_rounds import Beside, Rows
from workbench.services.tables import marks_of_table, texts_of_table

_KNOWN = frozenset(
    {"piece", "rater", "round", "opened_at", "submitted_at", "comment", "school", "department",
     "person", "teacher_id", "competency", "slot", "chars", "pages", "item", "unit"}
)  # fmt: skip


@dataclass(frozen=True)
class EffectsFiles:
    """Marks, or scores (one row a read, one column a criterion), and the files beside."""

    marks: Rows
    scores: pd.DataFrame | None
    beside: Beside


def read_files(
    ratings: Path, pieces: Path | None, raters: Path | None, seeds: Path | None
) -> EffectsFiles:
    """Read them; a table without ``criterion`` and ``met`` is one of scores.

    Raises
    ------
    InputError
        If a file cannot be read, or a column it needs is missing.
    """
    beside = Beside(
        _rows(pieces, ("piece",)) if pieces else (),
        _rows(raters, ("rater",)) if raters else (),
        _rows(seeds, ("piece", "criterion", "met")) if seeds else (),
    )
    scores = _scores(ratings)
    return EffectsFiles(() if scores is not None else marks_of_table(ratings), scores, beside)


def _rows(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    table = texts_of_table(path)
    header = [name.strip().lower().removesuffix("_id") for name in table[0]] if table else []
    missing = [name for name in needed if name not in header]
    if missing:
        raise InputError(
            f"table {path.name}: columns {', '.join(needed)} are needed, {', '.join(missing)} "
            "missing. Name the columns so in the first row.",
            key="table.no_column",
            missing=", ".join(missing),
        )
    return [dict(zip(header, row, strict=False)) for row in table[1:]]


def _scores(path: Path) -> pd.DataFrame | None:
    """Scores of a wide table; None where it is one of marks."""
    table = texts_of_table(path)
    header = [name.strip() for name in table[0]] if table else []
    lower = [name.lower().removesuffix("_id") for name in header]
    if "piece" not in lower or "rater" not in lower or {"criterion", "met"} & set(lower):
        return None
    frame = pd.DataFrame(table[1:], columns=lower)
    criteria = [name for name in lower if name not in _KNOWN]
    numbers = frame[criteria].apply(pd.to_numeric, errors="coerce")
    criteria = [name for name in criteria if numbers[name].notna().any()]
    if len(criteria) < 2:
        return None
    kept = frame.drop(columns=[*criteria]).rename(
        columns={"piece": frames.PIECE, "rater": frames.RATER}
    )
    made: pd.DataFrame = pd.concat([kept, numbers[criteria].add_prefix("score:")], axis=1)
    return made
