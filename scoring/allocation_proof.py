"""What a plan will be able to tell before anybody reads: errors of severities, and who can be compared.

A read is taken as one measurement ability − severity + error. Its error has the
variance of the marks' own noise, 1 / (marks × p(1 − p)) on the logit scale, plus the
halo's. Ability of a piece is unknown with a known spread, so that the precision of
the severities is Σ over pieces of W − W11ᵀW / (1/τ² + 1ᵀW1): weights of its readers, less
what goes into the ability (generalised least squares; with τ = ∞ the Laplacian of the
readers' graph). Severities sum to nought within a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from scoring.networks import networks

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """What is expected of the round's marks.

    ``ability_sd`` of pieces and ``halo_sd`` of reads in logits; ``met_share`` of the
    marks; ``explained`` is the share of their variance that goes with piece and
    criterion, so that p(1 − p) is smaller than the overall share met suggests.
    """

    ability_sd: float = 1.1
    halo_sd: float = 0.6
    met_share: float = 0.7
    explained: float = 0.25

    def weight(self, marks: float) -> float:
        """Precision of a read of so many marks."""
        noise = self.met_share * (1 - self.met_share) * (1 - self.explained)
        return 1 / (1 / (marks * noise) + self.halo_sd**2)


@dataclass(frozen=True, slots=True)
class SchoolLink:
    """How well a school's raters can be compared with all others, from common pieces alone.

    ``se`` is the standard error of the offset of their mean severity, logits; None
    where no piece, directly or through others, links them.
    """

    school: str
    raters: int
    se: float | None
    comparable: bool


def severity_errors(
    panels: Mapping[str, Sequence[str]],
    marks: Mapping[str, int],
    spread: Spread,
    seeds: Mapping[str, int] | None = None,
) -> dict[str, float | None]:
    """Expected standard error of each rater's severity, logits, against the mean of the network.

    Parameters
    ----------
    panels : readers of each piece
    marks : criteria of each piece
    spread : Spread
    seeds : seed pieces each rater reads besides; their ability is taken as known,
        their marks as many as those of an average piece

    Returns
    -------
    dict
        None for who is alone in a network without seeds: nothing compares them.

    Examples
    --------
    >>> panels = {f"p{n}": ("r1", "r2") for n in range(40)}
    >>> errors = severity_errors(panels, dict.fromkeys(panels, 5), Spread())
    >>> round(errors["r1"], 2), errors["r1"] == errors["r2"]
    (0.14, True)
    """
    names, precision = _precision(panels, marks, spread, spread.ability_sd**-2, seeds or {})
    place = {name: number for number, name in enumerate(names)}
    found: dict[str, float | None] = {}
    groups = [names] if seeds else networks(panels.values())
    for group in groups:
        rows = [place[name] for name in group]
        inverse = np.linalg.pinv(precision[np.ix_(rows, rows)])
        mean = np.full((len(rows), len(rows)), 1 / len(rows))
        centred = np.eye(len(rows)) - mean
        variance = np.diag(centred @ inverse @ centred.T)
        alone = len(rows) == 1
        found |= {
            name: None if alone else float(np.sqrt(max(value, 0)))
            for name, value in zip(group, variance, strict=True)
        }
    return found


def school_links(
    panels: Mapping[str, Sequence[str]],
    marks: Mapping[str, int],
    school_of: Mapping[str, str],
    spread: Spread,
    most_se: float,
    seeds: Mapping[str, int] | None = None,
) -> list[SchoolLink]:
    """Whether each school's raters can be compared with all others of their network, by school.

    Parameters
    ----------
    school_of : school of each rater; those left out are of none and are not told
    most_se : greatest standard error that still compares (policy ``facets.max_offset_se``)
    """
    names, laplacian = _precision(panels, marks, spread, 0.0, seeds or {})
    inverse: Floats = np.asarray(np.linalg.pinv(laplacian, hermitian=True), np.float64)
    network = dict.fromkeys(names, 0) if seeds else _numbered(panels)
    own_of: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if school := school_of.get(name, ""):
            own_of.setdefault(school, []).append(place)
    found = []
    for school, own in sorted(own_of.items()):
        mine = {network[names[place]] for place in own}
        others = [n for n, name in enumerate(names) if n not in own and network[name] in mine]
        se = _offset(inverse, own, others) if others and len(mine) == 1 else None
        found.append(SchoolLink(school, len(own), se, se is not None and se <= most_se))
    return found


def _offset(inverse: Floats, own: Sequence[int], others: Sequence[int]) -> float:
    contrast = np.zeros(len(inverse))
    contrast[list(own)] = 1 / len(own)
    contrast[list(others)] = -1 / len(others)
    return float(np.sqrt(max(float(contrast @ inverse @ contrast), 0.0)))


def _numbered(panels: Mapping[str, Sequence[str]]) -> dict[str, int]:
    groups = networks(panels.values())
    return {name: number for number, group in enumerate(groups) for name in group}


def _precision(
    panels: Mapping[str, Sequence[str]],
    marks: Mapping[str, int],
    spread: Spread,
    of_ability: float,
    seeds: Mapping[str, int],
) -> tuple[list[str], Floats]:
    """Precision of the severities; ``of_ability`` is 1/τ² of a piece, 0 where nothing is known."""
    names = sorted({name for readers in panels.values() for name in readers} | set(seeds))
    place = {name: number for number, name in enumerate(names)}
    pieces = [piece for piece, readers in panels.items() if readers]
    rows = np.repeat(np.arange(len(pieces)), [len(panels[piece]) for piece in pieces])
    columns = [place[name] for piece in pieces for name in panels[piece]]
    weight = np.array([spread.weight(marks[piece]) for piece in pieces])
    has = csr_array((weight[rows], (rows, columns)), shape=(len(pieces), len(names)))
    total = np.asarray(has.sum(axis=1)).ravel() + of_ability
    own = np.asarray(has.sum(axis=0)).ravel()
    scaled = csr_array((1 / np.sqrt(total))[:, None] * has) if pieces else has
    shared = (scaled.T @ scaled).toarray()
    usual = float(np.mean([marks[piece] for piece in pieces])) if pieces else 5.0
    known = np.array([seeds.get(name, 0) for name in names]) * spread.weight(usual)
    return names, np.diag(own + known) - shared
