"""Columns a table must have, asked for in one way."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scoring.errors import ScoringError


def need_columns(table: pd.DataFrame, needed: Sequence[str], what: str, key: str) -> None:
    """See that a table has the columns needed.

    Parameters
    ----------
    table : DataFrame
    needed : names of columns
    what : str
        What the table holds, as the error names it.
    key : str
        Of the sentence that says it to people.

    Raises
    ------
    ScoringError
        Naming every column that is missing.
    """
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise ScoringError(
            f"{what}: columns {', '.join(needed)} are needed, {', '.join(missing)} missing. "
            "Add the column or name another.",
            key=key,
            missing=", ".join(missing),
        )
