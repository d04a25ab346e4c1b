"""Too many reads of one kind: all met, none met, exactly a pass, against the fitted model.

A third to half of honest reads find everything met, and a lenient rater has
more of them. So the rater's severity is told from the other reads alone (a
hurdle: their likelihood given that they are not of the kind), and the kind is
counted against what that severity lets one expect. Who marks everything met in
half of the reads and judges in the rest stands out; who is merely lenient does
not. The number of such reads is a sum of independent draws of unlike chances;
draws are made from its whole distribution (Poisson binomial, mixed over what is
known of the severity).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from scoring.effects.families import Draw, Rule, Trial, drawn_test
from scoring.effects.predicting import BoolArray, Predicted
from scoring.tables import FloatArray, IntArray

ALL_MET, NONE_MET, JUST_PASS = "all_met_reads", "none_met_reads", "just_pass_reads"
KINDS = (ALL_MET, NONE_MET, JUST_PASS)

GRID = np.arange(-3.0, 3.01, 0.25)
"""Severities a rater may have, logits."""

_LEAST = 1e-12
_NEGLIGIBLE = 1e-5  # weight of a severity that is left out of the mixture


@dataclass(frozen=True)
class Kinds:
    """By code: which reads are of the kind, their chance of it, and the chance of what was given.

    Attributes
    ----------
    is_kind : code → one entry a read; None in ``possible`` where a read cannot be of it
    chance : code → reads × severities of ``GRID``
    given : reads × severities, chance of as many criteria met as were
    possible : code → whether the read could be of the kind
    """

    is_kind: Mapping[str, BoolArray]
    chance: Mapping[str, FloatArray]
    given: FloatArray
    possible: Mapping[str, BoolArray]


def kinds_of(reads: Predicted, excellent: BoolArray | None) -> Kinds:
    """Work out kinds and chances of all reads, slot by slot.

    ``excellent`` says of each criterion whether it is an 优秀 one; None where
    that is unknown, and then nothing is exactly a pass.
    """
    size = (len(reads), len(GRID))
    chance = {code: np.zeros(size) for code in KINDS}
    given = np.ones(size)
    is_kind = {code: np.zeros(len(reads), dtype=bool) for code in KINDS}
    possible = {code: np.zeros(len(reads), dtype=bool) for code in KINDS}
    for own in _by_set(reads):
        first = own[0]
        real = reads.real[first]
        upper = np.zeros_like(real)
        if excellent is not None:
            upper = real & excellent[np.maximum(reads.criterion[first], 0)]
        lower = real & ~upper
        low, high = (_counts(reads, first, group) for group in (lower, upper))
        a = reads.met[np.ix_(own, np.flatnonzero(lower))].sum(axis=1).astype(np.int64)
        b = reads.met[np.ix_(own, np.flatnonzero(upper))].sum(axis=1).astype(np.int64)
        weight = reads.weight[own]
        for pair in np.unique(np.stack([a, b], axis=1), axis=0):
            alike = (a == pair[0]) & (b == pair[1])
            given[own[alike]] = weight[alike] @ (low[pair[0]] * high[pair[1]]).T
        cells = {ALL_MET: (len(low) - 1, len(high) - 1), NONE_MET: (0, 0)}
        if lower.any() and upper.any():
            cells[JUST_PASS] = (len(low) - 1, 0)
        for code, (k, j) in cells.items():
            chance[code][own] = weight @ (low[k] * high[j]).T
            is_kind[code][own] = (a == k) & (b == j)
            possible[code][own] = real.sum() > 1
    return Kinds(is_kind, chance, given, possible)


def excess_trials(
    rater: str,
    own: IntArray,
    kinds: Kinds,
    prior: FloatArray,
    rules: Mapping[str, Rule],
    random_seed: int,
) -> Iterator[Trial]:
    """Test one rater's reads for each kind; ``prior`` weighs the severities of ``GRID``."""
    for code in KINDS:
        reads = own[kinds.possible[code][own]]
        if code not in rules or (code == JUST_PASS and not kinds.possible[code].any()):
            continue
        if len(reads) < max(rules[code].minimum, 1):
            yield Trial(code, "rater", (rater,), len(reads))
            continue
        yield _trial(code, rater, reads, kinds, prior, random_seed)


def _trial(
    code: str, rater: str, reads: IntArray, kinds: Kinds, prior: FloatArray, random_seed: int
) -> Trial:
    of_kind, chance = kinds.is_kind[code][reads], kinds.chance[code][reads]
    others = np.maximum(kinds.given[reads][~of_kind], _LEAST)
    left = np.maximum(1 - chance[~of_kind], _LEAST)
    log_weight = np.log(np.maximum(prior, 1e-300)) + np.log(others / left).sum(axis=0)
    weight = np.exp(log_weight - log_weight.max())
    weight = np.where(weight < _NEGLIGIBLE * weight.sum(), 0.0, weight)
    weight /= weight.sum()
    kept = weight > 0
    observed, n = int(of_kind.sum()), len(reads)
    share = chance.mean(axis=0)
    expected = float(weight @ share)
    inside = float(weight @ (chance * (1 - chance)).sum(axis=0)) / n**2
    sd = float(np.sqrt(inside + weight @ (share - expected) ** 2))
    level = np.cumsum(_numbers(chance[:, kept]) @ weight[kept])

    def refine() -> Draw:
        return lambda size, rng: np.searchsorted(level, rng.random(size) * level[-1]) / n

    test = drawn_test(observed / n, expected, sd, refine, random_seed)
    return Trial(code, "rater", (rater,), n, test, observed / n - expected, sd)


def _numbers(chance: FloatArray) -> FloatArray:
    """Chance of each number of these independent reads being of the kind: numbers × severities.

    Reads are joined two by two, the distributions of halves convolved.
    """
    parts = [np.stack([1 - row, row]) for row in chance]
    while len(parts) > 1:
        parts = [
            _convolved(parts[k], parts[k + 1]) if k + 1 < len(parts) else parts[k]
            for k in range(0, len(parts), 2)
        ]
    return parts[0]


def _convolved(one: FloatArray, other: FloatArray) -> FloatArray:
    short, long = sorted((one, other), key=len)
    made = np.zeros((len(one) + len(other) - 1, one.shape[1]))
    for k, weight in enumerate(short):
        made[k : k + len(long)] += weight * long
    return made


def _by_set(reads: Predicted) -> Iterator[IntArray]:
    """Reads by their set of criteria."""
    _, which = np.unique(reads.criterion, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(which.ravel()[order])) + 1)


def _counts(reads: Predicted, first: int, group: BoolArray) -> FloatArray:
    """Chance of each number met among a group of criteria: numbers × severities × eta."""
    made = np.ones((1, len(GRID), len(reads.eta)))
    for difficulty in reads.difficulty[first, group]:
        chance = 1 / (1 + np.exp(difficulty + GRID[:, None] - reads.eta))
        longer = np.zeros((len(made) + 1, *made.shape[1:]))
        longer[:-1] += made * (1 - chance)
        longer[1:] += made * chance
        made = longer
    return made
