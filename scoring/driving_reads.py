"""Which reads a rater's severity comes from most: those furthest from co-raters, in its direction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.frames import CRITERION, MET, PIECE, RATER

COLUMNS = (RATER, PIECE, "apart", "unmet", "marks")


def driving_reads(
    marks: pd.DataFrame, severity: Mapping[str, float], most: int = 3
) -> pd.DataFrame:
    """Pieces each rater read least like the others, in the direction of the rater's severity.

    A read's distance is that of :func:`scoring.effects.severity.severity`: the mean, over
    criteria others marked too, of their mean mark less the own one.

    Parameters
    ----------
    marks : DataFrame, one row per mark
        Columns ``piece_id``, ``criterion_id``, ``rater_id``, ``met`` (0 or 1).
    severity : positive is harsher; raters left out get no reads
    most : reads a rater

    Returns
    -------
    DataFrame, one row a read, furthest first within a rater
        ``apart`` is positive where harsher (share of criteria), ``unmet`` the
        rater's own marks "not met" and ``marks`` all of them. Reads alike the
        others', or on the other side, are left out, so a rater may have none.

    Examples
    --------
    >>> marks = pd.DataFrame(
    ...     [("p1", "a", "r1", 0), ("p1", "a", "r2", 1), ("p2", "a", "r1", 1), ("p2", "a", "r2", 1)],
    ...     columns=["piece_id", "criterion_id", "rater_id", "met"])
    >>> driving_reads(marks, {"r1": 0.4}).values.tolist()
    [['r1', 'p1', 1.0, 1, 1]]
    """
    own = marks[[PIECE, CRITERION, RATER, MET]].astype({PIECE: str, CRITERION: str, RATER: str})
    own = own.assign(**{MET: own[MET].astype(float)})
    by_criterion = own.groupby([PIECE, CRITERION])[MET]
    total, count = by_criterion.transform("sum"), by_criterion.transform("size")
    others = (total - own[MET]) / (count - 1).where(count > 1)
    own = own.assign(apart=others - own[MET], unmet=1 - own[MET])
    by_read = own.groupby([RATER, PIECE], sort=True)
    reads = by_read.agg(apart=("apart", "mean"), unmet=("unmet", "sum"), marks=(MET, "size"))
    reads = reads.reset_index().astype({"unmet": int})
    side = np.where(reads[RATER].map(severity) < 0, -1.0, 1.0)
    reads["far"] = reads["apart"] * side
    kept = reads[reads[RATER].isin(list(severity)) & (reads["far"] > 0)]
    kept = kept.sort_values([RATER, "far", PIECE], ascending=[True, False, True])
    return kept.groupby(RATER).head(most).reset_index(drop=True)[list(COLUMNS)]
