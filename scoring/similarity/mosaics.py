"""Mosaics: a text put together from several others, none of which it shares enough with alone."""

from __future__ import annotations

import numpy as np

from scoring.similarity.candidates import Candidates
from scoring.similarity.limits import TextLimits
from scoring.similarity.sharing import Bools, Floats, Short


def mosaic_pairs(found: Candidates, own: Floats, teacher: Short, limits: TextLimits) -> Bools:
    """Which candidates are a mosaic and one of its sources.

    Parameters
    ----------
    found : Candidates
        Those that are no pair by themselves.
    own : float array
        Hashes of each document's own text.
    teacher : int array
        Number of each document's teacher.
    limits : TextLimits

    Returns
    -------
    bool array
        True where one of the two documents has ``mosaic_share`` of its text, by
        rarity, in runs of ``mosaic_run`` characters from ``mosaic_sources``
        other teachers, and the other is one of these.
    """
    result = np.zeros(len(found), dtype=np.bool_)
    piecing = (found.rare_run >= limits.mosaic_run) & (
        teacher[found.first] != teacher[found.second]
    )
    if piecing.sum() < limits.mosaic_sources:
        return result
    part = found.only(piecing)
    sizes = np.diff(np.append(part.starts, len(part.hits.pair)))
    taken = np.zeros(len(own))
    sources = np.zeros(len(own), dtype=np.int64)
    for mine, other, places in (
        (part.first, part.second, part.hits.at_first),
        (part.second, part.first, part.hits.at_second),
    ):
        both = np.stack([np.repeat(mine, sizes), places])
        (whose, _), first = np.unique(both, axis=1, return_index=True)
        taken += np.bincount(whose, part.hits.weight[first], minlength=len(own))
        who = np.unique(np.stack([mine, teacher[other]]), axis=1)[0]
        sources += np.bincount(who, minlength=len(own))
    mosaic = (taken >= limits.mosaic_share * np.maximum(own, limits.share_floor)) & (
        sources >= limits.mosaic_sources
    )
    result[np.flatnonzero(piecing)] = mosaic[part.first] | mosaic[part.second]
    return result
