"""Column names of the frames that cross a boundary, and the frames themselves.

Identifiers are categoricals, ``met`` is 0 or 1, levels are ordered
categoricals from 不合格 to 优秀. A column is spelled here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from rubrics.levels import LEVELS

PIECE = "piece_id"
TEACHER = "teacher_id"
SCHOOL = "school_id"
DEPARTMENT = "department"
COMPETENCY = "competency"
SLOT = "slot_id"
CRITERION = "criterion_id"
RATER = "rater_id"
ROUND = "round"
MET = "met"
LEVEL = "level"
UNIT = "unit"
PERSON = "person"
OPENED_AT = "opened_at"
SUBMITTED_AT = "submitted_at"
COMMENT = "comment"

MARKS = (PIECE, CRITERION, RATER, ROUND, MET)

LEVEL_TYPE = pd.CategoricalDtype([str(level) for level in LEVELS], ordered=True)

IDENTIFIERS = frozenset(
    {PIECE, TEACHER, SCHOOL, DEPARTMENT, COMPETENCY, SLOT, CRITERION, RATER, ROUND, UNIT}
)


def frame(
    rows: Iterable[Mapping[str, object] | tuple[object, ...]], columns: Sequence[str]
) -> pd.DataFrame:
    """Build a frame with these columns in this order, identifiers as categoricals.

    Rows are mappings by column, or tuples in the order of the columns, which is quicker.

    Examples
    --------
    >>> frame([{"piece_id": "p1", "met": 1}], ["piece_id", "met"]).dtypes["piece_id"]
    CategoricalDtype(categories=['p1'], ordered=False, categories_dtype=str)
    """
    made = pd.DataFrame(list(rows), columns=list(columns))
    for column in made.columns:
        if column in IDENTIFIERS:
            made[column] = made[column].astype("category")
        elif column == LEVEL:
            made[column] = made[column].astype(LEVEL_TYPE)
    return made
