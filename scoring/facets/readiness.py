"""Whether a table may be read as severities at all: ready, to be reviewed, or blocked, and what to do.

Said before any table. Blocked: raters cannot be compared. Review: they can, with
numbers too weak for some. The least numbers are those of the FACETS manual, in the policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scoring.facets.connectedness import Connectedness

FloatArray = NDArray[np.float64]
Decision = Literal["ready", "review", "blocked"]


@dataclass(frozen=True)
class Minimum:
    """Least data: ratings of a rater, ratings of a level, and the largest SE of an offset (logit)."""

    ratings_per_rater: int = 30
    ratings_per_level: int = 10
    offset_se: float = 0.3


@dataclass(frozen=True)
class Reason:
    """Why a table is not ready: a code and the names it concerns."""

    code: str
    ids: tuple[str, ...] = ()
    blocks: bool = False


@dataclass(frozen=True)
class Readiness:
    """The decision, and its reasons with the one to act on first in front."""

    decision: Decision
    reasons: tuple[Reason, ...]


def readiness(reasons: Sequence[Reason]) -> Readiness:
    """Decide from what was found; what blocks comes first.

    Examples
    --------
    >>> readiness([]).decision
    'ready'
    >>> found = readiness([Reason("few_ratings", ("r1",)), Reason("disconnected", blocks=True)])
    >>> found.decision, found.reasons[0].code
    ('blocked', 'disconnected')
    """
    ordered = tuple(sorted(reasons, key=lambda reason: not reason.blocks))
    if not ordered:
        return Readiness("ready", ())
    return Readiness("blocked" if ordered[0].blocks else "review", ordered)


def reasons_of_design(
    design: Connectedness,
    raters: Sequence[str],
    persons: Sequence[str],
    ratings_per_rater: Sequence[int] | NDArray[np.integer],
    ratings_per_level: Sequence[int] | NDArray[np.integer],
    levels: Sequence[str],
    minimum: Minimum,
) -> list[Reason]:
    """What the design alone says against reading severities."""
    found = []
    if design.subsets > 1:
        seen = [np.flatnonzero(design.rater_subset == each) for each in range(design.subsets)]
        examples = tuple(raters[int(group[0])] for group in seen)
        found.append(Reason("disconnected", examples, blocks=True))
    for link in design.weak_links:
        found.append(Reason("weak_link", tuple(persons[person] for person in link.persons)))
    found += _few("few_ratings", raters, ratings_per_rater, minimum.ratings_per_rater)
    found += _few("few_in_level", levels, ratings_per_level, minimum.ratings_per_level)
    return found


def reasons_of_fit(
    raters: Sequence[str], extreme: NDArray[np.bool_], *, converged: bool, at_bound: bool = False
) -> list[Reason]:
    """What the fit says against reading severities.

    ``at_bound``: the SD of ability is at the least or largest value it may take.
    """
    found = [] if converged else [Reason("not_converged")]
    if at_bound:
        found.append(Reason("no_spread"))
    if extreme.any():
        ends = tuple(raters[int(code)] for code in np.flatnonzero(extreme))
        found.append(Reason("extreme_rater", ends))
    return found


def offset_errors(covariance: FloatArray, panel: NDArray[np.integer]) -> FloatArray:
    """SE of how much harsher each panel is on the whole than the other raters (logit).

    Parameters
    ----------
    covariance : of the severities, raters × raters
    panel : code of the panel of each rater, −1 for none

    Returns
    -------
    FloatArray
        One SE a panel; 0 where there is only one. It holds under the model the
        severities were fitted with: with a marginal fit's covariance the model, not the data,
        makes it small where panels share little, so take that of ``links``.

    Examples
    --------
    >>> import numpy as np
    >>> offset_errors(np.diag([0.04, 0.04, 0.08]), np.array([0, 0, 1])).round(3).tolist()
    [0.316, 0.316]
    """
    found = []
    for code in range(int(panel.max(initial=-1)) + 1):
        own, others = panel == code, panel != code
        weight = own / max(own.sum(), 1) - others / max(others.sum(), 1)
        error = float(np.sqrt(max(weight @ covariance @ weight, 0.0)))
        found.append(error if others.any() else 0.0)
    return np.array(found)


def comparable(offset_se: FloatArray, subset: NDArray[np.integer], minimum: Minimum) -> FloatArray:
    """Whether each panel may be compared with the others.

    Parameters
    ----------
    offset_se : of each panel, from :func:`offset_errors` or from seeds
    subset : of each panel; panels of different subsets are never compared

    Returns
    -------
    array of bool
        False: its severities are shown relative to the own panel only.
    """
    same = np.asarray(subset) == np.bincount(np.asarray(subset)).argmax()
    return np.asarray(same & (np.asarray(offset_se) <= minimum.offset_se))


def _few(
    code: str, names: Sequence[str], counts: Sequence[int] | NDArray[np.integer], least: int
) -> list[Reason]:
    few = tuple(name for name, count in zip(names, counts, strict=True) if count < least)
    return [Reason(code, few)] if few else []
