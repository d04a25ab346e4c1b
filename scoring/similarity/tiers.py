"""Tiers of copied text: what two texts must share to be strong, worth a look, or a passage only."""

from __future__ import annotations

import numpy as np

from scoring.similarity.candidates import Candidates
from scoring.similarity.limits import TextLimits
from scoring.similarity.sharing import Bools, Floats

MOST_OF_IT = 0.35  # share of a text that is no quotation in it any more
_QUOTING = 2.5  # times as much must lie outside one stretch
_PARTS = 4  # one part in so many lies outside the longest stretch, where there are several


def tiers(
    found: Candidates, limits: TextLimits, policy: TextLimits, quoted: int
) -> tuple[Bools, Bools, Bools]:
    """Which are strong, to be looked at, or a passage of unknown origin and no more.

    Such a passage is no longer than those that this county quotes.
    """
    both = found.rare_share / policy.look_share + found.rare_run / policy.look_run
    beyond = np.maximum(found.run, found.rare_run) >= quoted
    # Where long passages are quoted, a second and a third one are no sign of a copy either.
    least, stretch = policy.look_share, max(policy.strong_run, quoted)
    wide = spread(found, found.rare_share, _QUOTING * least if quoted else least, stretch)
    strong = ((found.rare_share >= limits.strong_share) & wide) | (
        (found.rare_run >= limits.strong_run) & beyond
    )
    # In a short text one short quotation is a share as well: together they are no two signs.
    two = (found.rare_run >= policy.least_run) | (found.scattered >= found.rare_share / _PARTS)
    by_run = (found.rare_run >= limits.look_run) | ((both >= limits.look_both) & two)
    look = ((found.rare_share >= limits.look_share) & wide) | (by_run & beyond)
    return strong, look & ~strong, by_run & ~look & ~strong


def spread(found: Candidates, share: Floats, least: float, stretch: int) -> Bools:
    """Where a share is no single quotation in a short text: half of ``least`` is outside one stretch.

    Or so long a ``stretch`` is shared, or so much of a text, as no quotation is.
    """
    much = (found.scattered >= least / 2) | (share >= MOST_OF_IT)
    return much | (found.rare_run >= stretch)
