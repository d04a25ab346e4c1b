"""Wide scores: central tendency, straight-lining, random marking, severity, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.effects import sought, thresholds
from benchmarks.planted_scores import KINDS, ScoreCounty, found_among, planted_among, scores_of
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


def test_favour_for_the_own_school_is_told_as_the_whole_difference():
    county = ScoreCounty(
        raters=20, schools=4, readers=2, reads_each=120, planted={"r003": "own_school"}
    )
    own = next(
        one for one in found_among(county, 3) if (one.code, one.ids) == ("own_school", ("r003",))
    )
    assert own.flagged
    assert own.effect == pytest.approx(1.0 / 5, abs=0.06)  # one point of 0 to 5


def test_copied_scores_are_a_pair_and_scores_alike_by_habit_are_none():
    county = ScoreCounty(
        raters=20, schools=4, planted={"r001": "copied:r005", "r002": "central_rater"}
    )
    pairs = [one for one in found_among(county, 4) if one.code == "copied_reads" and one.flagged]
    assert [one.ids for one in pairs] == [("r001", "r005")]
    assert pairs[0].subject == "rater_pair"


def test_a_table_with_gaps_and_fine_scores_is_read_as_well():
    county = ScoreCounty(raters=20, schools=4, planted={"r001": "copied:r005"})
    table = scores_of(county, 5)
    columns = [name for name in table if name.startswith("score:")]
    rng = np.random.default_rng(1)
    key = table["piece_id"].to_numpy()[:, None] * 4 + np.arange(4)
    fine = np.random.default_rng(2).normal(0, 0.01, key.max() + 1)  # the same for copied scores
    table[columns] = np.round(table[columns] * 20 + fine[key], 3)
    table[columns] = table[columns].mask(rng.random((len(table), 4)) < 0.1)
    found = effects_of_scores(
        table[["piece_id", "rater_id", *columns]],
        table.drop(columns=columns),
        Circumstances(),
        thresholds(),
        1,
    )
    flagged = {one.ids for one in found if one.code == "copied_reads" and one.flagged}
    assert flagged == {("r001", "r005")}


@pytest.mark.slow
def test_planted_habits_are_found_and_clean_counties_are_quiet():
    hit = 0
    for number in range(3):
        county = planted_among(ScoreCounty(), number)
        flagged = {(one.code, one.ids) for one in found_among(county, number) if one.flagged}
        hit += sum(sought(name, habit) in flagged for name, habit in county.planted.items())
    assert hit >= 3 * len(KINDS) - 1  # 33 planted; all twelve of each kind in the benchmark
    families = [
        {one.code for one in found_among(ScoreCounty(), number) if one.flagged}
        for number in range(6_000, 6_003)
    ]
    assert sum(map(len, families)) <= 3, families
