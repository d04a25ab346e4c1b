"""Agreement of any table of ratings, and what its notes say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite, isnan
from typing import Any

import pandas as pd

from models.frames import LEVEL, RATER, UNIT
from rubrics.levels import LEVEL_OF_ZH, LEVELS
from rubrics.policy_pack import PolicyPack
from scoring.agreement import EVERY, agreement_report
from scoring.coefficients.weights import MOST_LEVELS
from workbench.errors import InputError
from workbench.messages import text
from workbench.services.agreement_settings import settings_of
from workbench.services.agreement_weights import Disagreements
from workbench.services.latent_agreement import latent_rows

Tick = Callable[[int, int], None]
CLUSTERS = ("cluster", "teacher_id", "teacher", "教师编号", "教师", "群组")
"""Columns of what is independent, the first that is there: a teacher's pieces are alike."""

EACH_UNIT = "unit"
_NEEDED = {"unit": UNIT, "rater": RATER, "level": LEVEL}
_GROUPS = {
    "rater": (RATER,),
    "school": ("school_id", "学校"),
    "competency": ("能力点",),
    "slot": ("slot_id", "证据"),
}
"""What ``--by`` calls a column, and what tables call it."""


def agreement_of_table(
    rows: Iterable[Mapping[str, object]],
    policy: PolicyPack,
    random_seed: int,
    *,
    scale: Sequence[str] = (),
    by: Sequence[str] = (),
    clusters: str = "",
    weights: Sequence[str] = (),
    disagreements: Disagreements | None = None,
    draws: int | None = None,
    sample_raters: bool = False,
    latent: bool = False,
    tick: Tick = lambda done, total: None,  # noqa: ARG005
) -> list[dict[str, Any]]:
    """Every coefficient of agreement over a table of ratings, then by group.

    Under the policy's minimum of clusters an interval by t is given and says so
    (``few_clusters``): a table of anybody's is no headline.

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
        names on no order (nothing that needs one), both with the note ``scale_from_data``
    by : columns to group by, ``rater`` (each against the others) or ``rater_pair``
    clusters : column of what is independent, ``unit`` for each unit by itself; without it
        the first of :data:`CLUSTERS` there is, as pieces of a teacher are alike
    weights : only these weightings; without it every coefficient that applies
    disagreements : weights of one's own; without a scale their levels are it
    draws : resamples, 0 for closed formulas and the jackknife; without it the policy's
    sample_raters : draw raters too ("raters like these"), instead of holding them fixed
    latent : add how often each rater gives the level of a model of raters' errors
    tick : called with how many groups are done of how many

    Returns
    -------
    list of dict
        One a coefficient, with the keys of :class:`scoring.agreement.Coefficient`.

    Raises
    ------
    InputError
        For a table without ``unit``, ``rater`` or ``level``, or of one rater only.
    ScoringError
        For ratings that cannot be used; the message names the row.
    """
    ratings = _frame(rows)
    if disagreements is not None and not scale:
        scale = disagreements.levels
    names, ordered, guessed = _scale(ratings[LEVEL].dropna().unique().tolist(), scale)
    found = agreement_report(
        ratings,
        names,
        settings_of(policy, random_seed, draws, few="t", sample_raters=sample_raters),
        clusters=clusters_of(ratings.columns, clusters),
        by=[_column(name, ratings) for name in by],
        ordered=ordered,
        listed=EVERY,
        weights=weights,
        disagreements=None if disagreements is None else disagreements.on(tuple(names)),
        tick=tick,
    )
    told = [dict(vars(one)) for one in found]  # flat: nothing to be copied deep
    told += latent_rows(ratings, names) if latent else []
    for one in told if guessed else ():
        one["note"] = ";".join(filter(None, [one["note"], "scale_from_data"]))
    return told


def clusters_of(columns: Iterable[str], named: str = "") -> str | None:
    """Column of what is independent; None where each unit is.

    >>> clusters_of(["unit", "teacher"]), clusters_of(["unit", "teacher"], "unit")
    ('teacher', None)
    """
    if named:
        return None if named == EACH_UNIT else named
    there = set(columns)
    return next((name for name in CLUSTERS if name in there), None)


def explain_note(note: str) -> list[str]:
    """Sentences of a coefficient's note, in the language of the run; none for an empty note."""
    sentences = []
    for part in filter(None, note.split(";")):
        code, _, value = part.partition("=")
        sentences.append(text(f"agreement.note.{code}", value=value))
    return sentences


def _frame(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows))
    if table.empty:
        raise InputError(
            "table of ratings: there is none below the header, or no header with unit, rater and "
            "level was found. Name the columns so in the first row and give two raters' ratings.",
            key="agreement.empty",
        )
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
    _refuse_one_rater(table.loc[table[LEVEL].notna(), RATER].dropna())
    return table


def _refuse_one_rater(raters: pd.Series) -> None:
    if raters.nunique() == 1:
        raise InputError(
            f"table of ratings: all {len(raters)} are by rater {raters.iloc[0]}, two raters are "
            "needed. Add another's ratings of the same units, or name the column of the raters.",
            key="agreement.one_rater",
            rater=str(raters.iloc[0]),
            n=len(raters),
        )


def _column(name: str, ratings: pd.DataFrame) -> str:
    """Column a grouping goes by: its own name, or what it may also be called."""
    possible = (*_GROUPS.get(name, ()), name) if name == "rater" else (name, *_GROUPS.get(name, ()))
    return next((each for each in possible if each in ratings.columns), name)


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
    if not all(_is_number(name) for name in seen):
        return sorted(seen), False, True
    if all(_is_whole(name) for name in seen):
        numbers = [int(name) for name in seen]
        if max(numbers) - min(numbers) < MOST_LEVELS:
            return [str(number) for number in range(min(numbers), max(numbers) + 1)], True, True
    return sorted(seen, key=float), True, True


def _is_whole(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _is_number(name: str) -> bool:
    try:
        return isfinite(float(name))
    except ValueError:
        return False
