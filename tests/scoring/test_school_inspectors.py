"""Who of the county read a school again: a harsh reader makes no school inflated."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.school_inspectors import FEWEST_SCHOOLS_EACH, by_inspector


def county(random_seed, share, harsh, se=0.4):
    """Values of honest schools under such readers, and their errors."""
    rng = np.random.default_rng(random_seed)
    return share @ harsh + rng.normal(0, se, len(share)), np.full(len(share), se)


def test_a_harsh_reader_with_schools_of_his_own_is_taken_off_them():
    share = np.repeat(np.eye(6), 7, axis=0)
    harsh = np.array([0.0, 0.1, -0.1, 0.0, 0.1, 1.5])
    told = []
    for random_seed in range(5):
        value, se = county(random_seed, share, harsh)
        part, error = by_inspector(value, se, share)
        told.append((part[-7:] - np.median(part)).mean())
        assert 0 < error[-1] < se[-1]
    assert np.mean(told) == pytest.approx(1.5, abs=0.25)


def test_an_inflated_school_is_not_explained_by_its_reader():
    share = np.repeat(np.eye(6), 7, axis=0)
    value, se = county(1, share, np.zeros(6))
    value[3] += 2.0
    part, _ = by_inspector(value, se, share)
    assert abs(part[3] - np.median(part)) < 0.4


def test_readers_who_went_everywhere_take_next_to_nothing():
    rng = np.random.default_rng(2)
    share = rng.multinomial(11, np.full(6, 1 / 6), size=40) / 11
    value, se = county(3, share, rng.normal(0, 0.2, 6))
    part, error = by_inspector(value, se, share)
    assert np.abs(part).max() < 0.25
    assert error.max() < 0.25


@pytest.mark.parametrize(
    "share",
    [
        np.eye(12),  # everybody one school: who is harsh and who inflated, nobody can say
        np.ones((12, 1)),  # one reader does everything: the middle has it
        np.repeat(np.eye(4), FEWEST_SCHOOLS_EACH - 1, axis=0),
        np.zeros((12, 1)),
    ],
)
def test_where_readers_and_schools_cannot_be_told_apart_nothing_is_taken(share):
    part, error = by_inspector(np.linspace(0, 3, 12), np.full(12, 0.2), share)
    assert not part.any()
    assert not error.any()


def test_a_school_without_a_value_stays_so():
    share = np.repeat(np.eye(3), 5, axis=0)
    value = np.r_[np.nan, np.linspace(-1, 1, 14)]
    part, error = by_inspector(value, np.full(15, 0.2), share)
    assert part[0] == error[0] == 0
    assert np.isfinite(part).all()
