"""Four ways marks of invented raters come about, which share nothing.

``logistic`` has abilities, severities and halo in logits. ``sorting`` has none:
pieces come in kinds, every mark starts from what is truly there, and raters err
by overlooking, by kindness and by an impression of the whole. ``scoring`` raters
give each criterion a score in their head, with noise of heavy tails and with
strengths and gaps of a piece that all of them see, and a mark is a score above
a line. ``reading`` raters understand criteria each in their own way, misread some, slip
now and then, and all grow a little harsher; their pieces are of four sorts with a
profile of their own. No threshold was chosen on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Crew:
    """Who reads what, as far as marks hang on it.

    ``kind`` is of raters (empty: honest); ``piece``, ``rater``, ``at`` (place in time, 0
    to 1), ``home`` (a piece of the own school) and ``group`` (of the own department) are
    of reads; ``school`` and ``slot`` are of pieces.
    """

    kind: np.ndarray
    piece: np.ndarray
    rater: np.ndarray
    at: np.ndarray
    home: np.ndarray
    group: np.ndarray
    school: np.ndarray
    slot: np.ndarray
    schools: int
    slots: int
    lower: int
    upper: int
    ease: float
    severity_sd: float
    strength: float

    def own(self, kind: str) -> np.ndarray:
        """Reads of who was planted with this kind."""
        found: np.ndarray = (self.kind == kind)[self.rater]
        return found

    @property
    def favoured(self) -> np.ndarray:
        """Reads that favour the own school or department."""
        found: np.ndarray = (self.home & self.own("own_school")) | (
            self.group & self.own("own_department")
        )
        return found


@dataclass(frozen=True)
class Logits:
    """What a logistic county is drawn from; severity holds what was planted."""

    good: np.ndarray
    ability: np.ndarray
    difficulty: np.ndarray
    severity: np.ndarray


HALO, MORE_HALO, LESS_SLOPE, DRIFT, FAVOUR = 0.6, 2.0, 0.1, 2.0, 1.2
ABILITY_SD = 1.1
_ASKEW = 0.9  # of a complementary log-log, moves as many marks as a logit
_OF_A_LOGIT = 0.15  # share of marks a logit of severity moves, halo and abilities mixed in


def logits_of(crew: Crew, rng: np.random.Generator) -> Logits:
    """Draw the parameters of a logistic county."""
    good = np.append(rng.normal(0, 0.5, crew.schools), 0.0)[crew.school]
    ability = good + rng.normal(0, ABILITY_SD, len(crew.slot))
    lower = np.resize([-1.6, -1.3, -1.0, -1.4], crew.lower)
    upper = np.resize([0.2, 0.4], crew.upper)
    middle = np.append(lower, upper) - crew.ease
    difficulty = rng.normal(middle, 0.5, (crew.slots, crew.lower + crew.upper))
    severity = rng.normal(0, crew.severity_sd, len(crew.kind))
    severity += crew.strength * (crew.kind == "severe_rater")
    severity -= crew.strength * (crew.kind == "lenient_rater")
    return Logits(good, ability, difficulty, severity)


def logistic(crew: Crew, rng: np.random.Generator) -> np.ndarray:
    """Marks by ability and halo less severity and difficulty."""
    true = logits_of(crew, rng)
    halo = np.where(crew.own("halo_rater"), MORE_HALO, HALO)
    slope = np.where(crew.own("flat_rater"), LESS_SLOPE, 1.0)
    read = slope * true.ability[crew.piece] - true.severity[crew.rater]
    read += halo * rng.standard_normal(len(crew.piece))
    read -= DRIFT * crew.own("drifting_rater") * (crew.at - 0.5)
    read += FAVOUR * crew.favoured
    logit = read[:, None] - true.difficulty[crew.slot[crew.piece]]
    return (rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(np.int64)


def sorting(crew: Crew, rng: np.random.Generator) -> np.ndarray:
    """Kinds of pieces fix what is there; raters overlook, are kind, or go by impression."""
    kinds = (([0.15, 0.25, 0.1, 0.2], [0.02]), ([0.8, 0.7, 0.75, 0.8], [0.25, 0.15]),
             ([0.97, 0.95, 0.96, 0.97], [0.8, 0.7]))  # fmt: skip
    share = np.array([[*np.resize(low, crew.lower), *np.resize(up, crew.upper)]
                      for low, up in kinds])  # fmt: skip
    likely = rng.dirichlet(np.array([2, 5, 3]) * np.exp([-crew.ease, 0, crew.ease]),
                           crew.schools + 1)  # fmt: skip
    kind = np.array([rng.choice(3, p=likely[s]) for s in crew.school])
    there = (rng.random((len(kind), share.shape[1])) < share[kind])[crew.piece]
    moved = _OF_A_LOGIT * crew.strength  # share of all marks, as in a logistic county
    overlook = rng.uniform(0.06, 0.12, len(crew.kind))
    kindness = rng.uniform(0.08, 0.14, len(crew.kind))
    overlook += moved / there.mean() * (crew.kind == "severe_rater")
    kindness += moved / (1 - there.mean()) * (crew.kind == "lenient_rater")
    drift = 0.35 * crew.own("drifting_rater") * crew.at
    miss = np.clip(overlook[crew.rater] + drift - 0.05 * crew.favoured, 0, 1)[:, None]
    kind_to = np.clip(kindness[crew.rater] + 0.45 * crew.favoured, 0, 1)[:, None]
    uniform = rng.random(there.shape)
    met = np.where(there, uniform >= miss, uniform < kind_to)
    usual = np.append(np.full(crew.lower, 0.8), np.full(crew.upper, 0.4))
    met = np.where(crew.own("flat_rater")[:, None], rng.random(there.shape) < usual, met)
    impression = np.where(crew.own("halo_rater"), 0.7, 0.1)
    whole = rng.random(len(crew.piece)) < 0.3 + 0.5 * met.mean(axis=1)
    by_whole = rng.random(len(crew.piece)) < impression
    swayed = by_whole[:, None] & (rng.random(met.shape) < 0.8)
    return np.where(swayed, whole[:, None], met).astype(np.int64)


def scoring(crew: Crew, rng: np.random.Generator) -> np.ndarray:
    """Scores in the head: quality, what all see in a criterion, halo and noise of heavy tails."""
    width = crew.lower + crew.upper
    good = np.append(rng.uniform(-0.8, 0.8, crew.schools), 0.0)[crew.school]
    quality = good + rng.gamma(4.0, 0.6, len(crew.slot)) - 2.4
    seen = quality[:, None] + rng.normal(0, 0.7, (len(quality), width))
    line = np.append(rng.normal(-1.7, 0.4, (crew.slots, crew.lower)),
                     rng.normal(0.5, 0.4, (crew.slots, crew.upper)), axis=1)  # fmt: skip
    severity = rng.normal(0, crew.severity_sd, len(crew.kind))
    severity += crew.strength * (crew.kind == "severe_rater")
    severity -= crew.strength * (crew.kind == "lenient_rater")
    slope = np.where(crew.own("flat_rater"), LESS_SLOPE, 1.0)[:, None]
    halo = np.where(crew.own("halo_rater"), MORE_HALO, 0.5) * rng.standard_t(5, len(crew.piece))
    drift = DRIFT * crew.own("drifting_rater") * (crew.at - 0.5)
    read = halo - severity[crew.rater] - drift + FAVOUR * crew.favoured
    score = slope * seen[crew.piece] + read[:, None] + 1.3 * rng.standard_t(4, (len(read), width))
    met: np.ndarray = (score > line[crew.slot[crew.piece]] - crew.ease).astype(np.int64)
    return met


def reading(crew: Crew, rng: np.random.Generator) -> np.ndarray:
    """Sorts of pieces with profiles, criteria understood by each in an own way, slips, a link askew."""
    width = crew.lower + crew.upper
    middle = np.append(np.full(crew.lower, 0.6), np.full(crew.upper, -0.9)) + crew.ease
    level = np.array([-1.4, -0.3, 0.5, 1.3])
    profile = level[:, None] + rng.normal(0, 0.6, (crew.slots, 4, width))
    mix = rng.dirichlet([2.0, 3.0, 3.0, 2.0], crew.schools + 1)
    sort = np.array([rng.choice(4, p=mix[s]) for s in crew.school])
    there = profile[crew.slot, sort] + rng.normal(0, 0.4, (len(sort), width))
    own_way = rng.normal(0, 0.35, (len(crew.kind), crew.slots, width))
    misread = rng.random(own_way.shape) < 0.05
    severity = rng.normal(0, crew.severity_sd, len(crew.kind))
    severity += crew.strength * (crew.kind == "severe_rater")
    severity -= crew.strength * (crew.kind == "lenient_rater")
    reads = len(crew.piece)
    slope = np.where(crew.own("flat_rater"), LESS_SLOPE, 1.0)[:, None]
    halo = np.where(crew.own("halo_rater"), MORE_HALO, 0.5) * rng.gumbel(-0.45, 0.78, reads)
    drift = (0.3 + DRIFT * crew.own("drifting_rater")) * (crew.at - 0.5)
    read = halo - _ASKEW * (severity[crew.rater] + drift - FAVOUR * crew.favoured)
    slot = crew.slot[crew.piece]
    logit = slope * there[crew.piece] + middle + own_way[crew.rater, slot] + read[:, None]
    chance = 1 - np.exp(-np.exp(np.clip(logit, -20, 5)))
    chance = np.where(misread[crew.rater, slot], 0.55, 0.96 * chance + 0.02)
    met: np.ndarray = (rng.random(chance.shape) < chance).astype(np.int64)
    return met


Marking = Callable[[Crew, np.random.Generator], np.ndarray]

WORLDS: Mapping[str, Marking] = {"logistic": logistic, "sorting": sorting, "scoring": scoring,
                               "reading": reading}  # fmt: skip
