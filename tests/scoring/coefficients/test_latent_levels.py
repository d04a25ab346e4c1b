"""Latent levels: likelihoods and posteriors of other programs, and what they rest on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scoring.coefficients.latent_levels import latent_levels
from scoring.tables import RatingCodes

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "latent_levels.json").read_text("utf-8")
)


def codes_of(rows, categories) -> RatingCodes:
    cells = [
        (unit, rater, categories.index(level))
        for unit, row in enumerate(rows)
        for rater, level in enumerate(row)
        if level is not None
    ]
    unit, rater, level = np.array(cells, dtype=np.int64).T
    names = tuple(f"r{place}" for place in range(len(rows[0])))
    return RatingCodes(unit, rater, level, np.arange(len(rows)), names, len(categories))


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["id"])
def test_the_likelihood_is_that_of_the_reference_and_so_are_levels_both_sources_agree_on(case):
    found = latent_levels(codes_of(case["ratings"], case["categories"]))
    own, peer = case["own_em"], case["crowdkit"]
    assert found.converged
    assert found.log_likelihood == pytest.approx(own["loglik"], abs=1e-6)
    ours, theirs, others = (
        np.array(each) for each in (found.posterior, own["posterior"], peer["posterior"])
    )
    agreed = np.abs(theirs - others).max(axis=1) < 1e-6
    assert agreed.sum() >= len(agreed) / 2
    assert ours[agreed] == pytest.approx(theirs[agreed], abs=1e-5)
    # The same levels win nearly everywhere, also where the sources stopped at other points.
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean() >= case["same_hard_label"]
    assert found.prior == pytest.approx(own["prior"], abs=1e-4)
    told = np.array(own["confusion"])
    seen = found.confusion.sum(axis=2) > 0
    assert found.confusion[seen] == pytest.approx(told[seen], abs=1e-3)


def test_a_rater_who_guesses_is_told_from_those_who_do_not():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 300)
    rows = []
    for level in truth:
        seen = np.where(rng.random(5) < 0.85, level, rng.integers(0, 3, 5))
        seen[4] = rng.integers(0, 3)
        rows.append(seen.tolist())
    codes = codes_of(rows, [0, 1, 2])
    found = latent_levels(codes)
    accuracy = found.accuracy(codes)
    # .85 + .15 / 3 = .9 of the careful ones' ratings are right, a third of the guesser's.
    assert accuracy[:4] == pytest.approx(0.9, abs=0.05)
    assert accuracy[4] == pytest.approx(1 / 3, abs=0.08)
    assert (found.posterior.argmax(axis=1) == truth).mean() > 0.95


def test_the_order_of_units_and_raters_moves_nothing():
    case = GOLDEN["cases"][2]
    rows = case["ratings"]
    turned = [row[::-1] for row in rows[::-1]]
    one = latent_levels(codes_of(rows, case["categories"]))
    other = latent_levels(codes_of(turned, case["categories"]))
    assert other.log_likelihood == pytest.approx(one.log_likelihood)
    assert other.posterior[::-1] == pytest.approx(one.posterior, abs=1e-6)
    assert other.confusion[::-1] == pytest.approx(one.confusion, abs=1e-6)
