"""What a read says for more severity, and what raters of elsewhere say of a school's pieces."""

import numpy as np
import pytest

from scoring.effects.homes import Said, usual_of_homes
from scoring.effects.predicting import Predicted
from scoring.effects.shifting import STEP, tilted

ETA = np.linspace(-6, 6, 121)


def reads(*abilities: float, sd: float = 0.0, hard: tuple[float, ...] = (0.0,)) -> Predicted:
    """Reads of pieces of these abilities, known exactly or to a standard deviation."""
    apart = np.abs(ETA[None, :] - np.array(abilities)[:, None])
    weight = np.exp(-0.5 * (apart / sd) ** 2) if sd else (apart < 1e-9) * 1.0
    shape = (len(abilities), len(hard))
    return Predicted(
        np.arange(shape[0]), np.zeros(shape[0], dtype=np.int64), np.ones(shape),
        np.ones(shape, dtype=bool), np.tile(hard, (shape[0], 1)), np.zeros(shape, dtype=np.int64),
        ETA, weight / weight.sum(axis=1, keepdims=True),
    )  # fmt: skip


def test_one_criterion_of_a_known_piece_says_its_log_odds():
    # at even odds met says log σ(−.4)/σ(.4) = −.4 and unmet .4; P(met) falls by
    # (σ(.4) − σ(−.4)) / .8 = .1974 / .8 = .2467 a logit
    tilt = tilted(reads(0.0), 0.0)
    assert tilt.ratio[0] == pytest.approx([STEP, -STEP])
    assert tilt.variance[0] == pytest.approx(STEP**2)
    assert tilt.met_slope[0] == pytest.approx(-0.2467, abs=1e-4)
    assert tilt.slope[0] == pytest.approx(0.2467 * 2 * STEP, abs=1e-4)


def test_only_the_difference_of_severity_and_ability_counts():
    here, there = tilted(reads(0.5), 0.5), tilted(reads(-1.0), -1.0)
    assert here.ratio == pytest.approx(there.ratio)


def test_a_piece_others_are_sure_of_tells_more_than_one_nobody_knows():
    hard = (-1.0, -0.5, 0.0, 0.5)
    sure, unsure = (tilted(reads(0.0, sd=sd, hard=hard), 0.0) for sd in (0.3, 1.5))
    assert sure.slope[0] > 1.5 * unsure.slope[0]
    assert np.ptp(sure.ratio[0]) > 1.5 * np.ptp(unsure.ratio[0])


def test_a_criterion_without_a_mark_tells_nothing():
    two = reads(0.0, hard=(0.0, 1.0))
    two.real[:, 1] = False
    assert tilted(two, 0.0).ratio[0, :2] == pytest.approx(tilted(reads(0.0), 0.0).ratio[0])


def test_draws_have_the_mean_and_the_variance_of_the_ratio():
    tilt = tilted(reads(0.0, 1.5, sd=0.8, hard=(-1.0, 0.0, 1.0)), 0.2)
    drawn = tilt.drawn(7, pool=40_000)
    assert drawn.mean(axis=1) == pytest.approx([0, 0], abs=0.02)
    assert drawn.var(axis=1) == pytest.approx(tilt.variance, rel=0.03)


def test_reads_of_all_or_nothing_vary_more_than_chance_makes_them():
    # of a hundred reads of four even criteria, every one 0 or 4: number met varies by 4, not 1
    tilt = tilted(reads(*[0.0] * 100, hard=(0.0,) * 4), 0.0)
    aside = np.linspace(-1, 1, 100)
    extreme = np.resize([0, 4, 4, 0], 100)
    usual = np.random.default_rng(3).binomial(4, 0.5, 100)
    assert tilt.dispersion(extreme, aside) > 3
    assert tilt.dispersion(usual, aside) == pytest.approx(1, abs=0.05)


def test_a_change_with_the_circumstance_asked_about_is_no_dispersion():
    tilt = tilted(reads(*[0.0] * 100, hard=(0.0,) * 4), 0.0)
    aside = np.linspace(-1, 1, 100)
    drifting = np.clip(np.rint(2 - 1.9 * aside), 0, 4).astype(np.int64)
    assert tilt.dispersion(drifting, aside) == 1


@pytest.fixture
def outsiders():
    """Of 40 homes with a hundred reads each: what each read says, a tenth of it by chance."""
    home = np.repeat(np.arange(40), 100)
    noise = np.random.default_rng(2).normal(0, np.sqrt(0.2), len(home))
    return home, noise - np.repeat([noise[home == k].mean() for k in range(40)], 100)


def test_where_no_home_is_misjudged_next_to_nothing_is_taken_out(outsiders):
    home, noise = outsiders
    of_homes = np.random.default_rng(3).normal(0, np.sqrt(0.2 / 100), 40)  # chance alone
    said = Said(noise + of_homes[home], np.full(len(home), 0.2), np.full(len(home), 0.2))
    usual, error = usual_of_homes(said, home, np.ones(len(home), bool), np.ones(40, bool))
    alone = np.sqrt(0.2 * 100) / (0.2 * 100)
    assert np.abs(usual).max() < 0.5 * alone * 3
    assert error.max() < 0.7 * alone


def test_misjudged_homes_are_taken_out_almost_whole_and_unknown_ones_not_at_all(outsiders):
    home, noise = outsiders
    far = np.random.default_rng(4).normal(0, 1.0, 40)  # logits
    said = Said(noise + 0.2 * far[home], np.full(len(home), 0.2), np.full(len(home), 0.2))
    known = np.arange(40) > 0
    usual, error = usual_of_homes(said, home, np.ones(len(home), bool), known)
    assert usual[1:] == pytest.approx(far[1:], abs=0.15)
    assert usual[0] == error[0] == 0
