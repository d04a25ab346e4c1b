"""What theory allows of finding schools that favour their own, at so many re-reads.

Of one school with everything known but its quality and the favour itself
(difficulties, spreads, how people err, what the county's readers are like), the
likelihood ratio of the favour is drawn many times with and without it; the readers'
own leniency is known as well as their seeds tell it. Its power at the level the
Benjamini–Hochberg rule asks where all planted schools are found is the most a
test can have that does not hold a school's quality against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import expit, logsumexp, ndtri

from benchmarks.planted_schools import FAVOUR, Schools

_HARD = (-2.2, -0.3)
_ABILITY_SD, _HALO, _LENIENT = 1.0, 0.7, 0.9  # logits; information of one read of six marks
_GRID = np.arange(-8.0, 9.01, 0.25)
_SHIFTS = np.arange(-2.0, 5.01, 0.25)
_QUALITY = np.arange(-2.0, 2.01, 0.25)
_DRAWS = 300
_PANEL = 6

_THERE = np.array([[0.35, 0.05], [0.85, 0.35], [0.98, 0.85]])  # kinds × lower and upper criteria
_KINDS, _LEAN_SD = np.array([0.2, 0.5, 0.3]), 0.4
_SEEN, _SUPPOSED, _MOOD = 2.4, -2.2, 0.5  # logits of met where it is there, and where not
_NODES = np.array([-2.857, -1.356, 0.0, 1.356, 2.857])  # Gauss and Hermite's five
_WEIGHTS = np.array([0.01126, 0.22208, 0.53333, 0.22208, 0.01126])

Profile = Callable[[float], np.ndarray]
"""Log likelihood at each of ``_SHIFTS`` of a school drawn with such a shift."""


def favour_allowed(
    world: str, county: Schools, q: float, random_seed: int = 1, draws: int = _DRAWS
) -> float:
    """Share of the favouring schools of this county the best test finds."""
    rng = np.random.default_rng(random_seed)
    seeds = _PANEL * county.seeds_each
    stray = np.sqrt((1 / _LENIENT + _HALO**2) / seeds)  # of the readers' leniency, from seeds
    profile = {"logits": _of_logits, "kinds": _of_kinds}[world](county, rng)
    null, planted = (
        np.array([_root(profile(favour + stray * rng.standard_normal())) for _ in range(draws)])
        for favour in (0.0, county.planted[FAVOUR])
    )
    level = q * county.each / county.schools
    cut = max(float(-ndtri(level)) * float(null.std()) + float(null.mean()), 0.0)
    return float((planted > cut).mean())


def _root(profile: np.ndarray) -> float:
    """Signed root of the likelihood ratio of the favour, the quality at its best."""
    best = int(np.argmax(profile))
    fall = float(profile[best] - profile[int(np.abs(_SHIFTS).argmin())])
    return float(np.sign(_SHIFTS[best]) * np.sqrt(max(2 * fall, 0.0)))


def _of_logits(county: Schools, rng: np.random.Generator) -> Profile:
    tables = np.log([_chances(county, shift) for shift in _SHIFTS])
    neutral = tables[int(np.abs(_SHIFTS).argmin())]
    apart = (_GRID[:, None] - _QUALITY) / _ABILITY_SD
    prior = np.exp(-0.5 * apart**2) / np.exp(-0.5 * apart**2).sum(axis=0)

    def profile(moved: float) -> np.ndarray:
        ability = rng.normal(0, _ABILITY_SD, county.pieces)
        blind = [_read(county, ability, moved, rng) for _ in range(2)]
        again = neutral[_read(county, ability[: county.rereads], 0.0, rng)]
        found = []
        for table in tables:
            likely = table[blind[0]] + table[blind[1]]
            likely[: county.rereads] += again
            found.append(np.log(np.exp(likely) @ prior).sum(axis=0).max())
        return np.array(found)

    return profile


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


@dataclass(frozen=True)
class _Table:
    """Log chance of each pattern of marks: kinds × (lower, upper) × patterns × moods, and the moods'."""

    log: np.ndarray
    moods: np.ndarray


def _of_kinds(county: Schools, rng: np.random.Generator) -> Profile:
    again = [_patterns((shift, shift, 0.0)) for shift in _SHIFTS]
    alone = [_patterns((shift, shift)) for shift in _SHIFTS]
    leaning = np.log([_shares(lean) for lean in _QUALITY])
    upper = np.repeat([0, 1], (county.lower, county.upper))

    def profile(moved: float) -> np.ndarray:
        kind = rng.choice(3, county.pieces, p=_shares(_LEAN_SD * rng.standard_normal()))
        there = rng.random((county.pieces, len(upper))) < _THERE[kind][:, upper]
        blind = _noted(there, moved, rng) + 2 * _noted(there, moved, rng)
        sampled = blind[: county.rereads] + 4 * _noted(there[: county.rereads], 0.0, rng)
        found = []
        for with_county, without in zip(again, alone, strict=True):
            likely = [_by_kind(sampled, upper, with_county)]
            likely.append(_by_kind(blind[county.rereads :], upper, without))
            of_lean = logsumexp(np.concatenate(likely) + leaning[:, None], axis=2)
            found.append(of_lean.sum(axis=1).max())
        return np.array(found)

    return profile


def _shares(lean: float) -> np.ndarray:
    """Shares of the kinds in a school that leans so far to strong ones."""
    weight = _KINDS * np.exp(np.array([-1.0, 0.0, 1.0]) * lean)
    found: np.ndarray = weight / weight.sum()
    return found


def _noted(there: np.ndarray, shift: float, rng: np.random.Generator) -> np.ndarray:
    mood = shift + rng.normal(0, _MOOD, len(there))
    chance = expit(np.where(there, _SEEN, _SUPPOSED) + mood[:, None])
    return (rng.random(there.shape) < chance).astype(np.int64)


def _patterns(shifts: tuple[float, ...]) -> _Table:
    moods = np.array(list(product(range(len(_NODES)), repeat=len(shifts))))
    found = np.zeros((3, 2, 2 ** len(shifts), len(moods)))
    ease = np.array(shifts) + _MOOD * _NODES[moods]
    for pattern in range(found.shape[2]):
        met = pattern >> np.arange(len(shifts)) & 1
        seen, supposed = (
            np.where(met, expit(at + ease), expit(-at - ease)).prod(axis=1)
            for at in (_SEEN, _SUPPOSED)
        )
        share = _THERE[:, :, None]
        found[:, :, pattern] = np.log(share * seen + (1 - share) * supposed)
    return _Table(found, np.log(_WEIGHTS[moods].prod(axis=1)))


def _by_kind(patterns: np.ndarray, upper: np.ndarray, table: _Table) -> np.ndarray:
    """Log likelihood of pieces by kind, moods integrated out: pieces × kinds."""
    likely = sum(table.log[:, side, patterns[:, k]] for k, side in enumerate(upper))
    found: np.ndarray = logsumexp(np.asarray(likely) + table.moods, axis=2).T
    return found
