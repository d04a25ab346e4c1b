"""Agreement of any table of ratings, and what its notes say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import isnan
from typing import Any

import pandas as pd

from models.frames import LEVEL, RATER, UNIT
from rubrics.levels import LEVEL_OF_ZH, LEVELS
from rubrics.policy_pack import PolicyPack
from scoring.agreement import Settings, agreement_report
from workbench.errors import InputError
from workbench.messages import text

CLUSTER = "cluster"
_NEEDED = {"unit": UNIT, "rater": RATER, "level": LEVEL}


def agreement_of_table(
    rows: Iterable[Mapping[str, object]],
    policy: PolicyPack,
    random_seed: int,
    *,
    scale: Sequence[str] = (),
    by: Sequence[str] = (),
    clusters: str = "",
) -> list[dict[str, Any]]:
    """Every coefficient of agreement over a table of ratings, then by group.

    Parameters
    ----------
    rows : one mapping a rating
        ``unit``, ``rater``, ``level``, and the columns named by ``by`` and
        ``clusters``. An empty level is no rating.
    policy : gives ``agreement.draws``, ``agreement.level``, ``agreement.min_clusters``
    random_seed : of the resamples
    scale : categories in their order, also unused ones. Without it levels
        named 不合格, 合格, 优秀 (or fail, pass, excellent) are on that scale;
        whole numbers on all from the least to the greatest seen, and other
        names on no order (no ordinal alpha), both with the note ``scale_from_data``
    by : columns to group by, or ``rater_pair``
    clusters : column of what is independent; the column ``cluster`` where there is one

    Returns
    -------
    list of dict
        One a coefficient, with the keys of :class:`scoring.agreement.Coefficient`.

    Raises
    ------
    InputError
        For a table without ``unit``, ``rater`` or ``level``.
    ScoringError
        For ratings that cannot be used; the message names the row.
    """
    ratings = _frame(rows)
    names, ordered, guessed = _scale(ratings[LEVEL].dropna().unique().tolist(), scale)
    found = agreement_report(
        ratings,
        names,
        Settings(
            random_seed=random_seed,
            draws=int(policy["agreement.draws"]),
            level=float(policy["agreement.level"]),
            min_clusters=int(policy["agreement.min_clusters"]),
        ),
        clusters=clusters or (CLUSTER if CLUSTER in ratings.columns else None),
        by=[RATER if name == "rater" else name for name in by],
        ordered=ordered,
    )
    told = [asdict(one) for one in found]
    for one in told if guessed else ():
        one["note"] = ";".join(filter(None, [one["note"], "scale_from_data"]))
    return told


def explain_note(note: str) -> list[str]:
    """Sentences of a coefficient's note, in the language of the run; none for an empty note."""
    sentences = []
    for part in filter(None, note.split(";")):
        code, _, value = part.partition("=")
        sentences.append(text(f"agreement.note.{code}", value=value))
    return sentences


def _frame(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows))
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        came = ", ".join(map(str, table.columns)) or "no column"
        raise InputError(
            f"table of ratings: columns unit, rater and level are needed, {', '.join(missing)} "
            f"missing; {came} came. Name the columns so in the first row.",
            key="agreement.no_column",
            missing=", ".join(missing),
            came=came,
        )
    table = table.rename(columns=_NEEDED)
    for column in _NEEDED.values():
        table[column] = pd.Series([_name(cell) for cell in table[column]], dtype=object)
    table[LEVEL] = table[LEVEL].map(lambda name: LEVEL_OF_ZH.get(name, name))
    return table


def _name(cell: object) -> str | None:
    """Text of a cell: a whole number without decimals, None for an empty one."""
    if cell is None or (isinstance(cell, float) and isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() or None


def _scale(seen: Sequence[str], declared: Sequence[str]) -> tuple[list[str], bool, bool]:
    """Return the scale, whether it has an order, and whether it was taken from the data."""
    if declared:
        return [str(LEVEL_OF_ZH.get(name, name)) for name in declared], True, False
    levels = [str(level) for level in LEVELS]
    if set(seen) <= set(levels):
        return levels, True, False
    if all(_is_whole(name) for name in seen):
        numbers = [int(name) for name in seen]
        return [str(number) for number in range(min(numbers), max(numbers) + 1)], True, True
    return sorted(seen), False, True


def _is_whole(name: str) -> bool:
    return name.removeprefix("-").isdecimal()
