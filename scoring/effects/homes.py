"""How raters of elsewhere judge the pieces of each school, beyond what is expected of them.

A school better than the few readers of each piece let one expect looks
favoured by its own readers; those of elsewhere find the same. What they find is
taken out of a comparison of own pieces with others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.effects.predicting import BoolArray, Predicted
from scoring.effects.shifting import Tilt
from scoring.tables import FloatArray, IntArray

_LEAST = 1e-9


@dataclass(frozen=True)
class Said:
    """What each read says for leniency beyond its rater's, and how much a logit moves it.

    Attributes
    ----------
    leniency : log likelihood ratio less its mean (see ``shifting``), one entry a read
    slope : change of its mean with a logit of leniency
    variance : by chance
    """

    leniency: FloatArray
    slope: FloatArray
    variance: FloatArray


def said_of_reads(predicted: Predicted, own_of: Sequence[IntArray], tilts: Sequence[Tilt]) -> Said:
    """Gather it from each rater's reads (``own_of``) tilted at the rater's own severity."""
    leniency, slope, variance = (np.zeros(len(predicted)) for _ in range(3))
    for own, tilt in zip(own_of, tilts, strict=True):
        leniency[own] = -tilt.of(predicted.met[own].sum(axis=1).astype(np.int64))
        slope[own], variance[own] = tilt.slope, tilt.variance
    return Said(leniency, slope, variance)


def usual_of_homes(
    said: Said, home: IntArray, outside: BoolArray, known: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """How lenient outsiders are with the pieces of each home, and its error, logits.

    Homes are drawn from a normal whose variance they tell themselves (empirical
    Bayes); one standard error is added to it, as a few schools tell it poorly. Where no
    home is ever misjudged, little is taken out and little is doubted.

    Parameters
    ----------
    said : of all reads
    home : number of the home of each read
    outside : reads by raters of elsewhere
    known : homes that enough of them have read; of the others nothing is taken out
    """
    size = len(known)
    told = np.maximum(np.bincount(home[outside], said.slope[outside], size), _LEAST)
    value = np.bincount(home[outside], said.leniency[outside], size) / told
    error = np.bincount(home[outside], said.variance[outside], size) / told**2
    if not known.any():
        return np.zeros(size), np.zeros(size)
    spread = float((value[known] ** 2 - error[known]).mean())
    larger = float(np.maximum(value[known] ** 2, error[known]).mean())
    between = max(spread, 0.0) + float(np.sqrt(2 / known.sum())) * larger
    kept = np.where(known, between / (between + error), 0.0)
    return kept * value, np.sqrt(kept * error)
