"""Marks and pieces of a county's schools, read once into codes, and how far each school departs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.frames import PIECE, ROUND, SCHOOL, TEACHER
from scoring.school_reads import reads_of_marks
from scoring.tables import FloatArray, IntArray

SAMPLED = "sampled"
BLIND, COUNTY, SEED = "blind", "county", "seed"


@dataclass(frozen=True)
class Departure:
    """Effect of each school with its error and amount of data, and the same by rate.

    ``score`` is a sharper statistic of the same, with its error, that makes the test;
    ``of_readers`` is how far the readers a school happens to have let it stray, logits;
    ``in_logits`` the estimate itself and its error, of these readers.
    """

    effect: FloatArray
    se: FloatArray
    n: IntArray
    by_rate: Mapping[str, tuple[FloatArray, FloatArray]] | None = None
    score: tuple[FloatArray, FloatArray] | None = None
    of_readers: FloatArray | None = None
    in_logits: tuple[FloatArray, FloatArray] | None = None


class SchoolTable:
    """Marks and pieces as codes, read once."""

    def __init__(
        self,
        marks: pd.DataFrame,
        pieces: pd.DataFrame,
        ranks: pd.Series,
        excellent: Collection[str],
    ) -> None:
        owned = pieces.astype({PIECE: str, SCHOOL: str, TEACHER: str})
        self.excellent = set(excellent)
        self.schools = tuple(sorted(owned[SCHOOL].unique()))
        self.pieces = pd.Index(owned[PIECE])
        self.school = pd.Index(self.schools).get_indexer(pd.Index(owned[SCHOOL])).astype(np.int64)
        self.person = pd.factorize(owned[TEACHER])[0].astype(np.int64)
        self.marks = marks
        self.round = marks[ROUND].astype(str).to_numpy()
        self.reads = reads_of_marks(marks, excellent)
        self.reads["piece"] = self.pieces.get_indexer(pd.Index(self.reads[PIECE]))
        self.blind = self.reads[(self.reads[ROUND] == BLIND) & (self.reads["piece"] >= 0)]
        self.county = self.reads[(self.reads[ROUND] == COUNTY) & (self.reads["piece"] >= 0)]
        again = np.bincount(self.county["piece"].to_numpy(), minlength=len(self.pieces)) > 0
        self.sampled = owned[SAMPLED].to_numpy(dtype=bool) & again
        place = self.pieces.get_indexer(pd.Index(ranks.index.astype(str)))
        kept = place >= 0
        self.decided = ranks.to_numpy(dtype=np.float64)[kept]
        self.decided_school = self.school[place[kept]]
        self.decided_person = self.person[place[kept]]

    def means(self, reads: pd.DataFrame, value: FloatArray) -> FloatArray:
        """Mean of a value over the reads of each piece; NaN without one."""
        piece = reads["piece"].to_numpy()
        n = np.bincount(piece, minlength=len(self.pieces))
        with np.errstate(invalid="ignore"):
            found: FloatArray = np.bincount(piece, value, len(self.pieces)) / n
        return found

    def by_school(self, value: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
        """Mean over the pieces of each school that have a value, the pooled variance, how many."""
        kept = np.isfinite(value)
        school = self.school[kept]
        n = np.bincount(school, minlength=len(self.schools))
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(school, value[kept], len(self.schools)) / n
        free = max(int(kept.sum() - (n > 0).sum()), 1)
        within = float(((value[kept] - mean[school]) ** 2).sum()) / free
        return mean, np.full(len(n), within) / np.maximum(n, 1), n
