"""Estimates of a round once the raters it cannot be fitted to are set apart.

Who ticks everything, guesses, or goes by impression in a county of forty readers makes
honest ones look less consistent than they are: the halo of all is told too
large, and every other test is blunted. So who such a test names is left out of a
second fit (one step), and everybody is compared with what that one lets expect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.frames import RATER
from scoring.effects.of_marks import OneRater
from scoring.effects.predicting import Predicted, predicted
from scoring.errors import ScoringError
from scoring.facets.marks_borrowing import few_marks
from scoring.facets.marks_coding import code_marks
from scoring.facets.marks_extremes import telling
from scoring.facets.marks_likelihood import Point
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_panels import Severities
from scoring.facets.marks_readiness import reasons_of_marks
from scoring.tables import FloatArray, IntArray

_MAD = 1.4826
_MOST_NAMED = 0.5  # of the raters: with more of them odd nobody can say who is

Zero = Callable[[MarksModel], Severities]
"""Severities of a model's raters against the zero their links allow."""


@dataclass(frozen=True)
class Standing:
    """Where every rater stands, one entry a rater of the model.

    Attributes
    ----------
    predicted : what the other readers let one expect of every read
    severity : fitted, logits
    reference : severity each is compared with
    se : of the difference
    usual : places of the raters whose differences tell how far honest ones stray
    """

    predicted: Predicted
    severity: FloatArray
    reference: FloatArray
    se: FloatArray
    usual: IntArray

    def of(self, k: int, name: str, own: IntArray, most: float) -> OneRater:
        """One rater with these reads, where honest ones stray ``most`` logits at most."""
        reads, severity = self.predicted.only(own), float(self.severity[k])
        total = reads.expected(severity)
        information = float((total * (1 - total)).sum()) or 1.0
        of_zero = max(float(self.se[k]) ** 2 - 1 / information * reads.overlap(total), 0.0)
        stray = float(np.hypot(self.spread(most), np.sqrt(of_zero)))
        return OneRater(name, reads, severity, float(self.reference[k]), stray)

    def spread(self, most: float) -> float:
        """How far honest raters' severities stray, told robustly; ``most`` at most, logits."""
        value, se = (self.severity - self.reference)[self.usual], self.se[self.usual]
        mad = _MAD * float(np.median(np.abs(value - np.median(value))))
        left = max(mad**2 - float(np.median(se)) ** 2, 0.0)
        return min(float(np.sqrt(left)), most)


def standing(model: MarksModel, severities: Severities, raters: Sequence[int]) -> Standing:
    """Everybody as fitted; ``raters`` are the places of people (experts are none)."""
    return Standing(
        predicted(model),
        model.severity_,
        model.severity_ - severities.value,
        severities.se,
        np.array(raters, dtype=np.int64),
    )


def settled(
    first: Standing,
    model: MarksModel,
    marks: pd.DataFrame,
    named: Sequence[str],
    panel: Sequence[str],
    zero: Zero,
) -> Standing:
    """Everybody against a fit without the raters ``named``; as it was where none can be had.

    Their severities stay where they were beside the others'; they are compared with what
    the rest of their ``panel`` (one entry a rater of the model) is compared with.
    """
    people = set(np.array(model.raters_)[first.usual])
    left_out = people & set(named)
    if not left_out or len(left_out) > _MOST_NAMED * len(people):
        return first
    codes = code_marks(marks[~marks[RATER].astype(str).isin(left_out)])
    fits = not any(reason.blocks for reason in reasons_of_marks(codes, 0))
    if not fits or not telling(codes)[0].any() or few_marks(codes):
        return first
    try:
        other = MarksModel().fit_codes(codes)
    except ScoringError:  # what is left has no maximum: the first fit, which had one, stands
        return first
    kept = np.array([name in other.raters_ for name in model.raters_])
    place = {name: k for k, name in enumerate(other.raters_)}
    of_kept = [place[name] for name, stays in zip(model.raters_, kept, strict=True) if stays]
    point = _point(model, other, kept, of_kept)
    found = zero(other)
    reference, se = first.reference.copy(), first.se.copy()
    reference[kept] = (other.severity_ - found.value)[of_kept]
    panels = np.array(panel)
    for k in np.flatnonzero(~kept):
        fellows = kept & (panels == panels[k])
        reference[k] = float(np.median(reference[fellows if fellows.any() else kept]))
    se[kept] = found.se[of_kept]
    usual = np.array([k for k in first.usual if kept[k]], dtype=np.int64)
    return Standing(predicted(model, point), point.severity, reference, se, usual)


def _point(model: MarksModel, other: MarksModel, kept: np.ndarray, of_kept: Sequence[int]) -> Point:
    """Estimates of the other fit, and of the first what the other does not have."""
    _, _, first = model.parts
    _, _, second = other.parts
    moved = float(first.severity[kept].mean())
    severity, difficulty = first.severity - moved, first.difficulty + moved
    severity[kept] = second.severity[of_kept]
    place = {name: k for k, name in enumerate(other.criteria_)}
    for k, name in enumerate(model.criteria_):
        if name in place:
            difficulty[k] = second.difficulty[place[name]]
    return replace(
        first,
        severity=severity,
        difficulty=difficulty,
        teacher_sd=second.teacher_sd,
        piece_sd=second.piece_sd,
        halo_sd=second.halo_sd,
    )
