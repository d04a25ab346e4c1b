"""Every rater of a round tested for shifts of severity, with what is known of their reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scoring.effects.alongside import PLACE
from scoring.effects.comparing import Own, Shifting, shift_trials
from scoring.effects.families import Trial
from scoring.effects.homes import Said, said_of_reads, usual_of_homes
from scoring.effects.of_marks import OWN_DEPARTMENT, OWN_SCHOOL, Asked
from scoring.effects.predicting import BoolArray, Predicted
from scoring.effects.same_criterion import knowing_criteria
from scoring.effects.settling import Standing
from scoring.effects.shifting import Tilt, tilted
from scoring.facets.marks_coding import MarkCodes
from scoring.tables import FloatArray, IntArray

HOMES = {OWN_SCHOOL: "home_school", OWN_DEPARTMENT: "home_department"}
"""Columns of reads: the school or department a piece is from, empty where it is unknown."""

_LEAST = 1e-6
_LONGEST = 1.0  # logits of one step: who finds everything met has no severity that suits best


@dataclass(frozen=True)
class Given:
    """What is known of a round's reads besides their marks.

    Attributes
    ----------
    facts : of each read, in the order of the predicted ones
    codes : of the marks
    own_of : places of the reads of each rater
    raters : places of the people among the raters
    linked : of each rater, whether the panel is large enough to say who departs
    usual_spread : SD of honest raters' severities at most allowed for, logits
    """

    facts: pd.DataFrame
    codes: MarkCodes
    own_of: Sequence[IntArray]
    raters: Sequence[int]
    linked: BoolArray
    usual_spread: float


def shifts_of_round(stand: Standing, given: Given, asked: Asked) -> list[Trial]:
    """Every test of a shift of severity of everybody.

    Expectations know what the others found of the same criterion. Severities are
    told anew from them (one step), and so is the zero they are compared with.
    """
    reads = knowing_criteria(stand.predicted)
    tilts, moved = _retold(reads, stand.severity, given.own_of)
    common = float(np.median(moved[stand.usual]))
    stand = replace(
        stand,
        predicted=reads,
        severity=stand.severity + moved,
        reference=stand.reference + common,
    )
    said = said_of_reads(reads, given.own_of, tilts)
    houses = {code: made for code in HOMES if (made := _house(code, reads, said, given, asked))}
    trials: list[Trial] = []
    for k in given.raters:
        own = given.own_of[k]
        whose = Shifting(
            stand.of(k, given.codes.raters[k], own, given.usual_spread),
            tilts[k],
            tilts[k].drawn(asked.random_seed),
            _order(given.facts.iloc[own]),
            {code: known.of(own) for code, known in houses.items()},
        )
        trials += shift_trials(whose, asked, linked=bool(given.linked[k]))
    return trials


def _retold(
    reads: Predicted, severity: FloatArray, own_of: Sequence[IntArray]
) -> tuple[list[Tilt], FloatArray]:
    """What each rater's reads say around the severity that suits them, and how far it moved."""
    tilts, moved = [], np.zeros(len(severity))
    for k, own in enumerate(own_of):
        theirs = reads.only(own)
        tilt = tilted(theirs, float(severity[k]))
        told = max(float(tilt.slope.sum()), _LEAST)
        step = float(tilt.of(theirs.met.sum(axis=1).astype(np.int64)).sum()) / told
        moved[k] = np.clip(step, -_LONGEST, _LONGEST)
        tilts.append(tilted(theirs, float(severity[k] + moved[k])))
    return tilts, moved


@dataclass(frozen=True)
class _House:
    """Reads of a round by where their pieces are from; one entry a read, ``usual`` one a home."""

    every: BoolArray
    home: IntArray
    usual: FloatArray
    error: FloatArray
    known: BoolArray

    def of(self, own: IntArray) -> Own | None:
        """Own pieces of a rater; None where there are none."""
        flags, home = self.every[own], self.home[own]
        if not flags.any():
            return None
        comparable = bool(self.known[home[flags]].all())
        return Own(flags, self.usual[home], home, self.error, comparable)


def _house(code: str, reads: Predicted, said: Said, given: Given, asked: Asked) -> _House | None:
    """Which reads are of own pieces, where enough raters of elsewhere read the same school's."""
    every = _flags(given.facts, code)
    if every is None or code not in asked.rules:
        return None
    home = _homes(code, reads, given)
    outside = ~every & np.isin(reads.rater, given.raters)
    count = np.bincount(home[outside], minlength=int(home.max()) + 1)
    known = count >= max(asked.rules[code].minimum, 1)
    somebodys = np.bincount(home[every], minlength=len(known)) > 0
    usual, error = usual_of_homes(said, home, outside, known & somebodys)
    return _House(every, home, usual, error, known)


def _homes(code: str, reads: Predicted, given: Given) -> IntArray:
    """Where the piece of each read is from; its cluster where nobody says."""
    cluster: IntArray = given.codes.teacher_of[reads.piece]
    if HOMES[code] not in given.facts.columns:
        return cluster
    named = given.facts[HOMES[code]].fillna("").astype(str)
    homes = pd.factorize(named)[0].astype(np.int64)
    return np.where(named == "", homes.max() + 1 + cluster, homes)


def _order(facts: pd.DataFrame) -> FloatArray | None:
    """Places in time from 0 to 1; None where any is unknown."""
    if PLACE not in facts.columns or facts[PLACE].isna().any() or len(facts) < 2:
        return None
    rank = facts[PLACE].rank(method="average").to_numpy(dtype=np.float64)
    return (rank - 1) / (len(rank) - 1)


def _flags(facts: pd.DataFrame, column: str) -> BoolArray | None:
    if column not in facts.columns or facts[column].isna().all():
        return None
    known: Callable[[object], bool] = lambda value: value is True or value == 1  # noqa: E731
    return facts[column].map(known).to_numpy(dtype=bool)
