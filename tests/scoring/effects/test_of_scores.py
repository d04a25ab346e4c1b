"""Wide scores: central tendency, straight-lining, random marking, severity, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.effects import thresholds
from scoring.effects.of_scores import effects_of_scores
from scoring.effects.round_of_marks import Circumstances
from scoring.errors import ScoringError


def scores(random_seed: int, *, honest: bool) -> pd.DataFrame:
    """600 pieces read twice by 12 raters, four criteria from 0 to 5; r00 to r03 have habits."""
    rng = np.random.default_rng(random_seed)
    rows = []
    for piece in range(600):
        good = rng.normal(3, 1)
        for rater in rng.choice(12, 2, replace=False):
            given = good + rng.normal(0, 0.5) + rng.normal(0, 0.5, 4)
            if not honest:
                given -= 0.6 * (rater == 0)
                given = 3 + 0.2 * (given - 3) if rater == 1 else given
                given = np.full(4, given.mean()) if rater == 2 and rng.random() < 0.6 else given
                given = rng.normal(3, 1.3, 4) if rater == 3 else given
            rows.append((f"p{piece}", f"r{rater:02d}", *np.clip(np.rint(given), 0, 5)))
    return pd.DataFrame(rows, columns=["piece_id", "rater_id", *(f"score:c{k}" for k in range(4))])


def flagged(table: pd.DataFrame) -> set[tuple[str, str]]:
    found = effects_of_scores(
        table, table[["piece_id", "rater_id"]], Circumstances(), thresholds(), 1
    )
    return {(one.code, one.ids[0]) for one in found if one.flagged}


def test_each_habit_is_found_where_it_is():
    assert {
        ("severe_rater", "r00"), ("central_rater", "r01"), ("straight_rater", "r02"),
        ("erratic_rater", "r03"),
    } <= flagged(scores(1, honest=False))  # fmt: skip


def test_nobody_without_a_habit_is_named():
    assert {rater for _, rater in flagged(scores(1, honest=False))} <= {"r00", "r01", "r02", "r03"}
    assert flagged(scores(2, honest=True)) == set()


def test_the_effect_is_a_share_of_the_range_of_scores():
    table = scores(1, honest=False)
    found = effects_of_scores(
        table, table[["piece_id", "rater_id"]], Circumstances(), thresholds(), 1
    )
    severe = next(one for one in found if (one.code, one.ids) == ("severe_rater", ("r00",)))
    assert severe.effect == pytest.approx(0.6 / 5, abs=0.04)  # .6 points of 0 to 5


def test_without_a_shared_piece_nothing_is_known():
    table = scores(1, honest=True).drop_duplicates("piece_id")
    with pytest.raises(ScoringError, match="no piece has two raters"):
        effects_of_scores(table, table, Circumstances(), thresholds(), 1)
