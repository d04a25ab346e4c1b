"""What theory allows of finding schools that favour their own, at so many re-reads.

Of one school with everything known but its quality and the favour itself
(difficulties, spreads, what the county's readers are like), the likelihood ratio
of the favour is drawn many times with and without it; the readers' own leniency
is known as well as their seeds tell it. Its power at the level the
Benjamini–Hochberg rule asks where all planted schools are found is the most a
test can have that does not hold a school's quality against it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, ndtri

from benchmarks.planted_schools import FAVOUR, Schools

_HARD = (-2.2, -0.3)
_ABILITY_SD, _HALO, _LENIENT = 1.0, 0.7, 0.9  # logits; information of one read of six marks
_GRID = np.arange(-8.0, 9.01, 0.25)
_SHIFTS = np.arange(-2.0, 5.01, 0.25)
_QUALITY = np.arange(-2.0, 2.01, 0.25)
_DRAWS = 300
_PANEL = 6


def favour_allowed(county: Schools, q: float, random_seed: int = 1) -> float:
    """Share of the favouring schools of this county the best test finds."""
    rng = np.random.default_rng(random_seed)
    seeds = _PANEL * county.seeds_each
    stray = np.sqrt((1 / _LENIENT + _HALO**2) / seeds)  # of the readers' leniency, from seeds
    null, planted = (_roots(county, favour, stray, rng) for favour in (0.0, county.planted[FAVOUR]))
    level = q * county.each / county.schools
    cut = max(float(-ndtri(level)) * float(null.std()) + float(null.mean()), 0.0)
    return float((planted > cut).mean())


def _roots(county: Schools, favour: float, stray: float, rng: np.random.Generator) -> np.ndarray:
    """Signed roots of the likelihood ratio of the favour, the quality at its best."""
    tables = np.log([_chances(county, shift) for shift in _SHIFTS])
    neutral = tables[int(np.abs(_SHIFTS).argmin())]
    apart = (_GRID[:, None] - _QUALITY) / _ABILITY_SD
    prior = np.exp(-0.5 * apart**2) / np.exp(-0.5 * apart**2).sum(axis=0)
    made = []
    for _ in range(_DRAWS):
        ability = rng.normal(0, _ABILITY_SD, county.pieces)
        moved = favour + stray * rng.standard_normal()
        blind = [_read(county, ability, moved, rng) for _ in range(2)]
        again = neutral[_read(county, ability[: county.rereads], 0.0, rng)]
        profile = []
        for table in tables:
            likely = table[blind[0]] + table[blind[1]]
            likely[: county.rereads] += again
            profile.append(np.log(np.exp(likely) @ prior).sum(axis=0).max())
        best = int(np.argmax(profile))
        fall = max(profile) - profile[int(np.abs(_SHIFTS).argmin())]
        made.append(np.sign(_SHIFTS[best]) * np.sqrt(max(2 * fall, 0.0)))
    return np.array(made)


def _chances(county: Schools, shift: float) -> np.ndarray:
    """Chance of each number met (lower and upper criteria) at each ability."""
    halo = np.linspace(-3, 3, 25)
    weight = np.exp(-0.5 * halo**2) / np.exp(-0.5 * halo**2).sum()
    ease = _GRID[:, None] + _HALO * halo + shift
    low, high = (_binomial(n, expit(ease - hard)) for n, hard in
                 zip((county.lower, county.upper), _HARD, strict=True))  # fmt: skip
    both = np.einsum("iah,jah,h->ija", low, high, weight)
    found: np.ndarray = both.reshape(-1, len(_GRID))
    return found


def _binomial(n: int, chance: np.ndarray) -> np.ndarray:
    made = np.ones((1, *chance.shape))
    for _ in range(n):
        longer = np.zeros((len(made) + 1, *chance.shape))
        longer[:-1] += made * (1 - chance)
        longer[1:] += made * chance
        made = longer
    return made


def _read(
    county: Schools, ability: np.ndarray, shift: float, rng: np.random.Generator
) -> np.ndarray:
    """Row of `_chances` of one read a piece."""
    ease = ability + shift + rng.normal(0, _HALO, len(ability))
    low, high = (rng.binomial(n, expit(ease - hard)) for n, hard in
                 zip((county.lower, county.upper), _HARD, strict=True))  # fmt: skip
    found: np.ndarray = low * (county.upper + 1) + high
    return found
