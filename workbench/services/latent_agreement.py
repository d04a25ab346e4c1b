"""How often each rater gives the level a model of raters' errors takes for true: a comparison only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from models.frames import LEVEL, RATER
from scoring.agreement import ALL, Coefficient
from scoring.coefficients.latent_levels import latent_levels
from scoring.tables import read_ratings

ACCURACY, MODEL = "latent_accuracy", "dawid_skene"


def latent_rows(ratings: pd.DataFrame, scale: Sequence[str]) -> list[dict[str, Any]]:
    """Accuracy of all and of each rater against the latent levels, as objects of ``agreement``.

    No interval is given, and consensus never follows it: the model has several maxima and
    takes whoever is outvoted for wrong. The note of the first says how likely the ratings
    are under it (``log_likelihood``).

    Parameters
    ----------
    ratings : columns ``unit``, ``rater_id``, ``level``; at least one row with a level
    scale : all levels in their order
    """
    codes = read_ratings(ratings.loc[ratings[LEVEL].notna()], scale)
    found = latent_levels(codes)
    accuracy, raters = found.accuracy(codes), len(codes.raters)
    counts = np.bincount(codes.rater, minlength=raters).tolist()
    whole = float(np.dot(accuracy, counts)) / len(codes.rater)
    notes = ["comparison_only", f"log_likelihood={found.log_likelihood:.6f}"]
    notes += [] if found.converged else ["not_converged"]
    made = [_row(ALL, "", whole, codes.n_units, len(codes.rater), raters, ";".join(notes))]
    told = zip(codes.raters, accuracy.tolist(), counts, strict=True)
    made += [_row(RATER, name, share, n, n, 1, notes[0]) for name, share, n in told]
    return [asdict(one) for one in made]


def _row(
    by: str, group: str, value: float, n_units: int, n_ratings: int, n_raters: int, note: str
) -> Coefficient:
    known = value if isfinite(value) else None
    return Coefficient(
        ACCURACY, MODEL, by, group, known, None, None, None, "none", n_units, n_units, n_ratings,
        n_raters, note,
    )  # fmt: skip
