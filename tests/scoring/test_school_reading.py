"""How readers read: told from pairs of reads, from pure ability to pure content."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from scoring.school_reading import (
    ABILITY,
    MET,
    NOT_MARKED,
    UNMET,
    Manner,
    Stack,
    abilities_at,
    likelihood,
    manner_of,
    rows_of,
)

PLAIN = Manner(1.0, 0.5, 0.0, 1.0, 0.0, 0.0, np.array([0.0, 0.5]))


def stack(*pieces, at_home=2):
    """Pieces given as criteria × reads."""
    cells = np.array(pieces, dtype=np.int8)
    return Stack(np.arange(cells.shape[1]), at_home, cells, np.zeros(len(cells), dtype=np.int64))


def simulated(random_seed, slope, content, pieces=2000, criteria=6):
    """Two reads of each piece as the model has them, halo .5."""
    rng = np.random.default_rng(random_seed)
    x = rng.normal(0, 1, (pieces, 1)) - np.linspace(-1.5, 1.0, criteria)
    sign = np.where(rng.random(x.shape) < expit(x), 1.0, -1.0)
    reads = [
        rng.random(x.shape) < expit(slope * x + content * sign + rng.normal(0, 0.5, (pieces, 1)))
        for _ in range(2)
    ]
    cells = np.stack(reads, axis=2).astype(np.int8)
    pairs = Stack(np.arange(criteria), 2, cells, np.arange(pieces) % 40)
    return manner_of([pairs], cells.mean(axis=(0, 2)))


def test_without_content_or_halo_a_piece_has_the_chance_rasch_gives_it():
    found = likelihood(PLAIN, rows_of(stack([[MET], [UNMET]], at_home=1)), 0.3)
    # σ(ability + .3) for the first, 1 − σ(ability − .5 + .3) for the second
    expected = np.log(expit(ABILITY + 0.3)) + np.log(expit(0.2 - ABILITY))
    assert found[0] == pytest.approx(expected)


def test_the_county_is_not_shifted_and_what_nobody_marked_says_nothing():
    pieces = stack([[NOT_MARKED, MET], [NOT_MARKED, NOT_MARKED]], at_home=1)
    still, shifted = (likelihood(PLAIN, rows_of(pieces), by) for by in (0.0, 3.0))
    assert still == pytest.approx(shifted)
    assert still[0] == pytest.approx(np.log(expit(ABILITY)))


def test_all_patterns_together_are_certain():
    manner = Manner(0.8, 0.4, 0.7, 0.6, 1.5, 0.2, np.array([0.3]))
    pieces = stack(*[[[a, b]] for a in (MET, UNMET) for b in (MET, UNMET)])
    found = np.exp(likelihood(manner, rows_of(pieces), 1.0)).sum(axis=0)
    assert found == pytest.approx(np.ones(len(ABILITY)))


def test_where_content_is_there_or_not_readers_agree_as_far_as_they_do_not_err():
    plain = Manner(1.0, 0.5, 1e-6, 0.0, 2.3, 0.0, np.zeros(1))
    rows = rows_of(stack([[MET, MET]], [[MET, UNMET]]))
    chance = np.exp(likelihood(plain, rows, 0.0)) @ abilities_at(np.zeros(1))
    same, other = chance[rows.row_of_piece, 0]
    # without halo σ(±2.3) = .909, .091: half of (.909² + .091²) = .417, and .909 · .091 = .083
    assert (same, other) == pytest.approx((0.417, 0.083), abs=0.01)


@pytest.mark.parametrize(("slope", "content"), [(1.0, 0.0), (0.0, 2.3), (0.5, 1.2)])
def test_slope_and_content_are_told_from_pairs_of_reads(slope, content):
    found = simulated(1, slope, content)
    # ability stands for what of content only shows as agreement, so the two stray together
    assert found.content == pytest.approx(content, abs=0.5)
    if content < 1:
        assert found.ability * found.slope == pytest.approx(slope, abs=0.25)
    assert found.halo == pytest.approx(0.5, abs=0.35)


def test_marks_all_alike_or_few_pairs_tell_nothing():
    alike = np.full((50, 2, 2), MET, dtype=np.int8)
    school = np.zeros(50, dtype=np.int64)
    assert manner_of([Stack(np.arange(2), 2, alike, school)], np.full(2, 0.99)) is None
    some = alike.copy()
    some[::2, 0, 0] = UNMET
    assert manner_of([Stack(np.arange(2), 2, some[:29], school[:29])], np.full(2, 0.8)) is None
    assert manner_of([], np.full(2, 0.8)) is None
