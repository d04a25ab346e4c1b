"""Resamples: each a multinomial draw over the kinds of clusters, by whichever road it comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from scoring import resampling
from scoring.resampling import multinomial, resamples

MIXED = (262, 369, 495, 580, 23, 151, 569, 20, 470, 394)  # ten patterns of 3,333 units
FEW = (7, 9, 40, 60, 4, 3)
WITH_EMPTY = (0, 3, 500, 0, 2)
WIDE = (60_000, 4_000, 30, 9_000)  # means above what a table is made for
DRAWS = 40_000


class Kinds:
    """Clusters of which so many are alike."""

    def __init__(self, *times):
        self.times = np.array(times)


@pytest.mark.parametrize("block", [1, 10_000_000])
@pytest.mark.parametrize("times", [(1,) * 12, (3, 9, 0), (400, 500, 100)])
def test_a_resample_draws_as_many_clusters_as_there_are(monkeypatch, block, times):
    monkeypatch.setattr(resampling, "_BLOCK", block)
    drawn = np.vstack([*resamples(Kinds(*times), 300, np.random.default_rng(1))])
    n = sum(times)
    assert drawn.shape == (300, len(times))
    assert (drawn.sum(axis=1) == n).all()
    share = np.array(times) / n
    # Mean n·p, variance n·p·(1 - p) of a multinomial, within four standard errors.
    error = np.sqrt(n * share * (1 - share) / 300)
    assert (np.abs(drawn.mean(axis=0) - n * share) <= 4 * error).all()
    assert drawn.var(axis=0) == pytest.approx(n * share * (1 - share), rel=0.4)


@pytest.mark.parametrize("times", [MIXED, FEW, WITH_EMPTY, WIDE])
def test_each_kind_is_drawn_as_often_as_the_binomial_says(times):
    counts = np.array(times)
    drawn = multinomial(counts, DRAWS, np.random.default_rng(20))
    n = int(counts.sum())
    for column, own in zip(drawn.T, counts, strict=True):
        values, seen = np.unique(column.astype(np.int64), return_counts=True)
        full = np.zeros(n + 1)
        full[values] = seen
        expected = binom.pmf(np.arange(n + 1), n, own / n) * DRAWS
        often = expected > 20
        told = np.append(full[often], full[~often].sum() + 1e-9)
        meant = np.append(expected[often], expected[~often].sum() + 1e-9)
        # 25 kinds in four tables: one in a thousand each leaves a sound draw standing.
        assert chisquare(told, meant * told.sum() / meant.sum()).pvalue > 1e-3


def test_two_kinds_move_against_each_other_as_in_a_multinomial():
    counts = np.array(MIXED)
    drawn = multinomial(counts, DRAWS, np.random.default_rng(21))
    n, share = counts.sum(), counts / counts.sum()
    expected = n * (np.diag(share) - np.outer(share, share))
    spread = np.sqrt(np.diag(expected))
    apart = (np.cov(drawn.T) - expected) / np.outer(spread, spread)
    # A correlation has standard error 1/√draws; the largest of 55 stays within four.
    assert np.abs(apart).max() < 4 * 1.42 / np.sqrt(DRAWS)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=12).filter(any),
    st.integers(1, 50),
    st.integers(0, 2**32 - 1),
)
def test_any_draw_is_whole_sums_to_the_clusters_and_repeats_with_its_seed(times, size, seed):
    counts = np.array(times)
    drawn = multinomial(counts, size, np.random.default_rng(seed))
    assert drawn.shape == (size, len(times))
    assert (drawn >= 0).all() and (drawn == np.floor(drawn)).all()
    assert (drawn.sum(axis=1) == counts.sum()).all()
    assert (drawn[:, counts == 0] == 0).all()
    assert (drawn == multinomial(counts, size, np.random.default_rng(seed))).all()
