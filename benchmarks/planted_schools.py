"""Invented counties with planted schools: lenient, favouring their own, lifting near misses, or good.

Panels of 3 to 9 read the pieces of their school twice, the county reads a
sample again, and everybody reads some common seeds. Marks come about in two
ways: by logits with halo, and by kinds of pieces and ways of erring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models import frames

LENIENT, FAVOUR, LIFTED, GOOD = "lenient", "favour", "lifted", "good"

_COUNTY_READERS = 6


@dataclass(frozen=True)
class Schools:
    """A county: ``planted`` gives by kind what the first schools of it are, and how strongly.

    ``lenient``, ``favour`` and ``good`` in logits; ``lifted`` as the share of near misses
    (one 合格 criterion unmet) that is made a pass. ``each`` schools of every kind.
    """

    schools: int = 40
    pieces: int = 90
    rereads: int = 15
    seeds: int = 20
    seeds_each: int = 10
    lower: int = 4
    upper: int = 2
    severity_sd: float = 0.4
    planted: Mapping[str, float] = field(default_factory=dict)
    each: int = 4

    def those(self, kind: str) -> range:
        """Numbers of the schools of a kind."""
        first = list(self.planted).index(kind) * self.each
        return range(first, first + self.each)

    def strength(self, kind: str) -> np.ndarray:
        """How strongly each school is of a kind, 0 where it is not."""
        made = np.zeros(self.schools)
        if kind in self.planted:
            made[list(self.those(kind))] = self.planted[kind]
        return made

    @property
    def criteria(self) -> list[str]:
        """Names of the criteria, the 优秀 ones beginning with E."""
        lower = [f"P{k + 1}" for k in range(self.lower)]
        return lower + [f"E{k + 1}" for k in range(self.upper)]


Read = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""Marks of reads: of these pieces (pieces then seeds), so many logits more lenient than usual."""


def logits(county: Schools, school: np.ndarray, rng: np.random.Generator) -> Read:
    """Ability of teacher and piece, halo of the read, difficulty of the criterion."""
    hard = np.append(rng.normal(-2.2, 0.5, county.lower), rng.normal(-0.3, 0.4, county.upper))
    good = county.strength(GOOD)
    quality = np.where(good > 0, good, rng.normal(0, 0.4, county.schools))
    own = len(school) - county.seeds
    teacher = rng.normal(0, 0.6, own // 3 + 1)[np.arange(own) // 3]
    ability = np.append(
        quality[school[:own]] + teacher + rng.normal(0, 0.8, own), rng.normal(0, 1, county.seeds)
    )

    def read(piece: np.ndarray, shift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        ease = ability[piece] + shift + rng.normal(0, 0.7, len(piece))
        chance = 1 / (1 + np.exp(hard - ease[:, None]))
        return (rng.random(chance.shape) < chance).astype(np.int64)

    return read


def kinds(county: Schools, school: np.ndarray, rng: np.random.Generator) -> Read:
    """Pieces are weak, middling or strong; readers overlook what is there or are kind to what is not."""
    low = [[0.35], [0.85], [0.98]]
    up = [[0.05], [0.35], [0.85]]
    share = np.hstack([np.repeat(low, county.lower, 1), np.repeat(up, county.upper, 1)])
    good = county.strength(GOOD)
    lean = np.where(good > 0, good, rng.normal(0, 0.4, county.schools))
    weight = np.exp(np.array([[0.2], [0.5], [0.3]]) * 0 + np.log([[0.2], [0.5], [0.3]])
                    + np.array([[-1.0], [0.0], [1.0]]) * np.append(lean, 0.0)[school])  # fmt: skip
    level = (rng.random(len(school)) > np.cumsum(weight / weight.sum(axis=0), axis=0)).sum(axis=0)
    there = rng.random((len(school), share.shape[1])) < share[np.minimum(level, 2)]

    def read(piece: np.ndarray, shift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        mood = shift + rng.normal(0, 0.5, len(piece))
        chance = 1 / (1 + np.exp(-(np.where(there[piece], 2.4, -2.2) + mood[:, None])))
        return (rng.random(chance.shape) < chance).astype(np.int64)

    return read


WORLDS: Mapping[str, Callable[[Schools, np.ndarray, np.random.Generator], Read]] = {
    "logits": logits,
    "kinds": kinds,
}


def county_of(world: str, county: Schools, random_seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw marks (with ``round``) and pieces (with ``school_id``, ``teacher_id``, ``sampled``)."""
    rng = np.random.default_rng(random_seed)
    n = county.schools * county.pieces
    school = np.append(np.repeat(np.arange(county.schools), county.pieces), [-1] * county.seeds)
    read = WORLDS[world](county, school, rng)
    panel = rng.integers(3, 10, county.schools)
    home = np.repeat(np.arange(county.schools), panel)
    first = np.append(0, np.cumsum(panel))[:-1]
    shift = county.strength(LENIENT)[home] - rng.normal(0, county.severity_sd, len(home))
    at_home = (
        np.stack([rng.permutation(panel[s])[:2] for s in school[:n]]) + first[school[:n], None]
    )
    blind = np.repeat(np.arange(n), 2)
    given = read(blind, shift[at_home.ravel()] + county.strength(FAVOUR)[school[blind]], rng)
    near = (given[:, : county.lower] == 0).sum(axis=1) == 1
    near &= rng.random(len(blind)) < county.strength(LIFTED)[school[blind]]
    given[near, : county.lower] = 1
    drawn = np.argsort(rng.random((county.schools, county.pieces)), axis=1)[:, : county.rereads]
    again = (drawn + np.arange(county.schools)[:, None] * county.pieces).ravel()
    inspectors = rng.integers(0, _COUNTY_READERS, len(again))
    checked = read(again, -rng.normal(0, county.severity_sd / 2, _COUNTY_READERS)[inspectors], rng)
    marks = [
        _long(county, blind, [f"r{k}" for k in at_home.ravel()], "blind", given),
        _long(county, again, [f"c{k}" for k in inspectors], "county", checked),
    ]
    if county.seeds_each:
        seed = n + np.argsort(rng.random((len(home), county.seeds)), axis=1)[:, : county.seeds_each]
        rater = np.repeat(np.arange(len(home)), county.seeds_each)
        of_seed = read(seed.ravel(), shift[rater], rng)
        marks.append(_long(county, seed.ravel(), [f"r{k}" for k in rater], "seed", of_seed))
    pieces = pd.DataFrame(
        {
            frames.PIECE: [f"p{k}" for k in range(n)],
            frames.SCHOOL: [f"s{k:02d}" for k in school[:n]],
            frames.TEACHER: [f"t{k // 3}" for k in range(n)],
            "sampled": np.isin(np.arange(n), again),
        }
    )
    return pd.concat(marks, ignore_index=True), pieces


def _long(
    county: Schools, piece: np.ndarray, rater: list[str], round_name: str, given: np.ndarray
) -> pd.DataFrame:
    width = given.shape[1]
    return pd.DataFrame(
        {
            frames.PIECE: np.repeat([f"p{k}" for k in piece], width),
            frames.CRITERION: np.tile(county.criteria, len(piece)),
            frames.RATER: np.repeat(rater, width),
            frames.ROUND: round_name,
            frames.MET: given.ravel(),
        }
    )
