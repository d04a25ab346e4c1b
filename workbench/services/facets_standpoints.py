"""Against what each severity of a table is told: connected is not comparable.

Raters all of whose persons are of one school are its panel. A panel is compared with the
others where its offset from them is known to ``facets.max_offset_se`` from common persons
alone (``scoring.facets.links``); else its severities
and the abilities it saw are told against the own panel's mean, as those of an unconnected
subset are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.facets.coding import FacetRatings
from scoring.facets.connectedness import Connectedness
from scoring.facets.links import linked_covariance
from scoring.facets.readiness import Minimum, Reason, comparable, offset_errors
from scoring.facets.scale_model import ScaleModel

IntArray = NDArray[np.int64]
Grouping = tuple[IntArray, tuple[str, ...]]

EVERYBODY, OWN_PANEL, OWN_SUBSET = "all", "own_panel", "own_subset"
"""Zero of a severity: the mean of all raters, of the own panel, of the own subset."""


@dataclass(frozen=True)
class Standpoints:
    """What is told against one mean.

    Attributes
    ----------
    rater, person : number of the group of each; one mean a group
    zero : of each rater
    rater_subset, person_subset : unconnected subsets, from 0
    panels : ``panel, raters, offset_se, comparable``; none where fewer than two are known
    """

    rater: IntArray
    person: IntArray
    zero: tuple[str, ...]
    rater_subset: IntArray
    person_subset: IntArray
    panels: tuple[dict[str, Any], ...]

    @property
    def reasons(self) -> list[Reason]:
        """Panels that cannot be compared, to be said before any table."""
        apart = tuple(row["panel"] for row in self.panels if not row["comparable"])
        return [Reason("own_panel", apart)] if apart else []


def standpoints(
    model: ScaleModel,
    ratings: FacetRatings,
    joined: Connectedness,
    schools: Grouping | None,
    minimum: Minimum,
    *,
    subsets_apart: bool,
) -> Standpoints:
    """Work out which raters and persons share a zero.

    Parameters
    ----------
    schools : code of each person's school, −1 for none, and the names; None without any
    subsets_apart : whether unconnected subsets are told apart
    """
    n_raters = len(ratings.raters)
    subset = joined.rater_subset if subsets_apart else np.zeros(n_raters, np.int64)
    of_person = joined.person_subset if subsets_apart else np.zeros(len(ratings.persons), np.int64)
    panel = _panels(ratings, schools)
    rows = _offsets(model, ratings, panel, joined.rater_subset, schools, minimum)
    apart = {row["panel"] for row in rows if not row["comparable"]}
    names = schools[1] if schools is not None else ()
    alone = np.array([place >= 0 and names[place] in apart for place in panel], dtype=bool)
    key = np.where(alone, subset.max() + 1 + panel, subset)
    group = np.unique(key, return_inverse=True)[1].astype(np.int64)
    zero = np.where(alone, OWN_PANEL, OWN_SUBSET if subset.max() else EVERYBODY)
    first = np.full(len(ratings.persons), -1, np.int64)
    first[ratings.person[::-1]] = group[ratings.rater[::-1]]
    return Standpoints(group, first, tuple(map(str, zero)), subset, of_person, tuple(rows))


def _panels(ratings: FacetRatings, schools: Grouping | None) -> IntArray:
    """School of each rater all of whose persons are of it; −1 of one who reads for several."""
    n_raters = len(ratings.raters)
    if schools is None or len(schools[1]) < 2:
        return np.full(n_raters, -1, np.int64)
    school = schools[0][ratings.person]
    least = np.full(n_raters, len(schools[1]), np.int64)
    most = np.full(n_raters, -1, np.int64)
    np.minimum.at(least, ratings.rater, school)
    np.maximum.at(most, ratings.rater, school)
    return np.where(least == most, most, -1)


def _offsets(
    model: ScaleModel,
    ratings: FacetRatings,
    panel: IntArray,
    subset: IntArray,
    schools: Grouping | None,
    minimum: Minimum,
) -> list[dict[str, Any]]:
    """Offset of each panel from the other raters of the table."""
    present = np.unique(panel[panel >= 0])
    if schools is None or not len(present) or (len(present) == 1 and (panel >= 0).all()):
        return []
    code = np.full(len(panel), -1, np.int64)
    code[panel >= 0] = np.searchsorted(present, panel[panel >= 0])
    errors = offset_errors(linked_covariance(model.state_), code)
    of_panel = np.array([subset[np.flatnonzero(code == place)[0]] for place in range(len(present))])
    known = comparable(errors, of_panel, minimum)
    return [
        {
            "panel": schools[1][int(name)],
            "raters": [ratings.raters[int(k)] for k in np.flatnonzero(code == place)],
            "offset_se": float(errors[place]),
            "comparable": bool(known[place]),
        }
        for place, name in enumerate(present)
    ]
