"""Tables of scores as designs: which facets there are, crossed or nested, balanced or not.

Persons are what is measured; raters, and criteria where there are any, are
what might have been others. Names of components are those of their facets:
``person:rater`` is how far a rater's severity differs from person to person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.frames import CRITERION, LEVEL, PERSON, RATER
from scoring.errors import ScoringError
from scoring.facets.connectedness import connectedness

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

RESIDUAL = "residual"
_NAMED = 5  # raters named in an error

CROSSED, CROSSED_CRITERIA, NESTED = "p_r", "p_r_c", "p_rt"
"""p × r; p × r × c; p × (r:t), each criterion (task) with raters of its own."""

COMPONENTS = {
    CROSSED: ("person", "rater"),
    CROSSED_CRITERIA: (
        *("person", "rater", "criterion"),
        *("person:rater", "person:criterion", "rater:criterion"),
    ),
    NESTED: ("person", "criterion", "rater:criterion", "person:criterion"),
}
"""Random effects of each design, the residual left out."""


@dataclass(frozen=True)
class Study:
    """A table read into codes, one entry a score; facets count from 0.

    ``criterion`` is all 0 where the design has none. ``raters`` and
    ``criteria`` count what was sampled: in a nested design the raters of a
    criterion, on average over criteria.
    """

    design: str
    person: IntArray
    rater: IntArray
    criterion: IntArray
    score: FloatArray
    balanced: bool
    rater_names: tuple[str, ...] = ()

    @property
    def persons(self) -> int:
        """How many persons were scored."""
        return int(self.person.max()) + 1

    @property
    def raters(self) -> int:
        """How many raters scored."""
        return int(self.rater.max()) + 1

    @property
    def criteria(self) -> int:
        """How many criteria there are; 1 where the design has none."""
        return int(self.criterion.max()) + 1

    def codes(self, component: str) -> IntArray:
        """Level of each score on the facets of a component, numbered without gaps."""
        facets = {"person": self.person, "rater": self.rater, "criterion": self.criterion}
        joint = np.zeros(len(self.score), dtype=np.int64)
        for name in component.split(":"):
            joint = joint * (int(facets[name].max()) + 1) + facets[name]
        return np.unique(joint, return_inverse=True)[1].astype(np.int64)


def read_study(scores: pd.DataFrame, design: str = "") -> Study:
    """Read a long table of scores.

    Parameters
    ----------
    scores : DataFrame, one row a score
        Columns ``person``, ``rater_id``, ``level`` (numbers), and ``criterion_id`` where
        each person is scored on several. Rows without a level are left out.
    design : str
        ``p_r``, ``p_r_c``, ``p_rt``; empty to see it from the table: nested where
        there are several criteria and no rater scores two of them.

    Raises
    ------
    ScoringError
        For a missing column, a level that is no number, a cell scored twice, or
        too few persons, raters or criteria to tell them apart.
    """
    _check_columns(scores)
    kept = scores[scores[LEVEL].notna()].reset_index(drop=True)
    if kept.empty:
        raise ScoringError(
            "scores: there is none. Give the levels of at least two raters on two persons.",
            key="generalizability.empty",
        )
    score = pd.to_numeric(kept[LEVEL], errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(score).all():
        _refuse_level(kept.iloc[int(np.argmin(np.isfinite(score)))])
    person = _coded(kept[PERSON])
    rater = _coded(kept[RATER])
    criterion = _coded(kept[CRITERION]) if CRITERION in kept else np.zeros_like(person)
    design = design or _seen(rater, criterion)
    if design not in COMPONENTS:
        raise ScoringError(
            f"design {design!r} is none of {', '.join(COMPONENTS)}. Name one of them.",
            key="generalizability.unknown_design",
            design=design,
            known=", ".join(COMPONENTS),
        )
    cells = pd.DataFrame({PERSON: person, RATER: rater, CRITERION: criterion})
    again = cells.duplicated()
    if again.any():
        _refuse_twice(kept.iloc[int(again.argmax())])
    names = tuple(sorted(set(kept[RATER].astype(str))))
    balanced = _is_balanced(design, cells)
    study = Study(design, person, rater, criterion, score, balanced, names)
    _check_sizes(study)
    return study


def need_variation(study: Study) -> None:
    """Refuse scores that are all the same: there is nothing to share out.

    Raises
    ------
    ScoringError
    """
    if np.ptp(study.score) == 0:
        raise ScoringError(
            f"scores: all {len(study.score)} are {study.score[0]:g}, so nothing varies and no "
            "share of it can be told. Look at agreement instead.",
            key="generalizability.no_variation",
            count=str(len(study.score)),
        )


def refuse_disconnected(study: Study) -> None:
    """Refuse raters who fall into groups without a person in common.

    What raters differ by and what their persons differ by cannot be told apart between
    such groups, unless persons are taken to be alike in all of them.

    Raises
    ------
    ScoringError
        Naming a rater of each group.
    """
    found = connectedness(study.person, study.rater, study.persons, study.raters, weak=0)
    if found.subsets > 1:
        firsts = [int(np.argmax(found.rater_subset == each)) for each in range(found.subsets)]
        named = ", ".join(study.rater_names[place] for place in firsts[:_NAMED])
        raise ScoringError(
            f"scores: the raters fall into {found.subsets} groups without a person in common "
            f"(for instance {named}), so raters and persons cannot be told apart. Let raters of "
            "each score some of the same persons, or say --across-subsets if the persons of all "
            "groups are alike.",
            key="generalizability.disconnected",
            count=found.subsets,
            ids=named,
        )


def _told(column: object) -> str:
    """Name of a column as tables have it."""
    return str(column).removesuffix("_id")


def _coded(column: pd.Series) -> IntArray:
    if column.isna().any():
        raise ScoringError(
            f"scores: row {int(column.isna().argmax()) + 1} has no {_told(column.name)}. "
            "Fill it in or leave the row out.",
            key="generalizability.empty_cell",
            column=_told(column.name),
            row=str(int(column.isna().argmax()) + 1),
        )
    return pd.factorize(column.astype(str), sort=True)[0].astype(np.int64)


def _seen(rater: IntArray, criterion: IntArray) -> str:
    if not criterion.any():
        return CROSSED
    pairs = np.unique(np.stack([rater, criterion]), axis=1)
    return NESTED if len(np.unique(pairs[0])) == pairs.shape[1] else CROSSED_CRITERIA


def _is_balanced(design: str, cells: pd.DataFrame) -> bool:
    """Whether every person has every score the design knows, and tasks as many raters each."""
    persons = cells[PERSON].nunique()
    if design == CROSSED:
        return len(cells) == persons * cells[RATER].nunique()
    if design == CROSSED_CRITERIA:
        return len(cells) == persons * cells[RATER].nunique() * cells[CRITERION].nunique()
    of_task = cells.groupby(CRITERION)[RATER].nunique()
    return len(cells) == persons * int(of_task.sum()) and of_task.nunique() == 1


def _check_columns(scores: pd.DataFrame) -> None:
    needed = (PERSON, RATER, LEVEL)
    missing = [_told(name) for name in needed if name not in scores.columns]
    if missing:
        raise ScoringError(
            f"scores: columns person, rater and level are needed, {', '.join(missing)} missing. "
            "Name the columns so in the first row.",
            key="generalizability.no_column",
            missing=", ".join(missing),
        )


def _check_sizes(study: Study) -> None:
    """Refuse what has one of something: its variance is unknown, not zero."""
    least = {"person": study.persons, "rater": study.raters}
    if study.design != CROSSED:
        least["criterion"] = study.criteria
    for name, count in least.items():
        if count < 2:
            raise ScoringError(
                f"scores: {count} {name} in the table, at least two are needed to tell how far "
                "they differ. Add more, or choose a design without them.",
                key="generalizability.too_few",
                facet=name,
                count=str(count),
            )
    effects = COMPONENTS[study.design]
    levels = max(int(study.codes(name).max()) + 1 for name in effects)
    if levels >= len(study.score) and not study.balanced:
        raise ScoringError(
            f"scores: {len(study.score)} scores have as many combinations of facets, so what is "
            "left over cannot be told apart. Let more raters score the same persons.",
            key="generalizability.saturated",
            count=str(len(study.score)),
        )


def _refuse_level(row: pd.Series) -> None:
    raise ScoringError(
        f"scores: level {row[LEVEL]!r} of person {row[PERSON]} by rater {row[RATER]} is no number. "
        "Write levels as numbers, lowest first, or declare their scale.",
        key="generalizability.no_number",
        level=str(row[LEVEL]),
        person=str(row[PERSON]),
        rater=str(row[RATER]),
    )


def _refuse_twice(row: pd.Series) -> None:
    criterion = f", criterion {row[CRITERION]}" if CRITERION in row else ""
    raise ScoringError(
        f"scores: person {row[PERSON]} has two scores by rater {row[RATER]}{criterion}, one was "
        "expected. Keep the score that counts, or add the column that tells them apart.",
        key="generalizability.duplicate",
        person=str(row[PERSON]),
        rater=str(row[RATER]),
    )


def component_names(design: str) -> Sequence[str]:
    """Components of a design in the order they are reported, the residual last."""
    return (*COMPONENTS[design], RESIDUAL)
