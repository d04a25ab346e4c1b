"""Families: what all show alike is taken out, wide families are widened, q and effect both count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from scoring.discovery import bootstrap_p
from scoring.effects.families import Rule, Trial, drawn_test, findings

RULE = Rule(q=0.05, min_effect=0.1, minimum=10)


def trial(name: str, effect: float, sd: float = 0.04) -> Trial:
    """A share with a normal spread."""
    draw = lambda size, rng: sd * rng.standard_normal(size)  # noqa: E731
    return Trial("all_met_reads", "rater", (name,), 50, drawn_test(effect, 0.0, sd, lambda: draw, 1),
                 effect, sd)  # fmt: skip


def test_p_of_a_known_statistic_is_its_tail():
    draw = lambda size, rng: rng.standard_normal(size)  # noqa: E731
    assert bootstrap_p(1.0, draw, 200, 0.05, 1) == pytest.approx(norm.sf(1), rel=0.4)
    assert bootstrap_p(6.0, draw, 200, 0.05, 1) == 1 / 40001


def test_one_who_departs_is_flagged_and_the_others_are_not():
    trials = [trial(f"r{k}", 0.01 * (k % 5 - 2)) for k in range(20)] + [trial("odd", 0.3)]
    assert [one.ids for one in findings(trials, RULE, 1) if one.flagged] == [("odd",)]


def test_what_every_rater_shows_is_not_one_raters_effect():
    trials = [trial(f"r{k}", 0.3 + 0.01 * (k % 5 - 2)) for k in range(20)]
    found = findings(trials, RULE, 1)
    assert not any(one.flagged for one in found)
    assert max(abs(one.effect) for one in found) == pytest.approx(0.02)


def test_an_effect_below_the_minimum_is_none_however_sure():
    trials = [trial(f"r{k}", 0.0, 0.001) for k in range(9)] + [trial("odd", 0.09, 0.001)]
    odd = findings(trials, RULE, 1)[-1]
    assert odd.statistic > 50
    assert not odd.flagged


def test_a_family_that_spreads_more_than_its_draws_is_widened():
    rng = np.random.default_rng(4)
    near = [trial(f"r{k}", float(e)) for k, e in enumerate(rng.normal(0, 0.04, 40))]
    far = [trial(f"r{k}", float(e)) for k, e in enumerate(rng.normal(0, 0.08, 40))]
    assert findings(far, RULE, 1)[0].detectable > 1.3 * findings(near, RULE, 1)[0].detectable


def test_a_comparison_within_a_rater_is_widened_only_by_what_chance_does_not_explain():
    rng = np.random.default_rng(4)
    between = [trial(f"r{k}", float(e)) for k, e in enumerate(rng.normal(0, 0.06, 40))]
    within = [replace(each, within=True) for each in between]
    inside, outside = (findings(each, RULE, 1)[0].statistic for each in (within, between))
    # a spread told by the median of 40 errs by 1.17 / √40 = 18 %
    assert outside / inside == pytest.approx(1 - 1.17 / np.sqrt(40))


def test_a_change_all_show_alike_either_way_is_taken_out():
    drifting = [replace(trial(f"r{k}", 0.3 + 0.01 * (k % 5 - 2)), two_sided=True, within=True)
                for k in range(20)]  # fmt: skip
    assert not any(one.flagged for one in findings(drifting, RULE, 1))
    severe = [replace(each, within=False) for each in drifting]
    assert all(one.flagged for one in findings(severe, RULE, 1))


def test_what_would_be_found_is_the_quantile_and_the_power():
    one = findings([trial("r", 0.0)], RULE, 1)[0]
    # z(.95) + z(.8) = 1.645 + .842; the minimum effect asks .1 + .842 · .04 = .134, which is more.
    assert one.detectable == pytest.approx(
        max(0.04 * (1.645 + 0.842), 0.1 + 0.842 * 0.04), rel=0.01
    )


def test_too_few_data_give_no_number():
    one = findings([Trial("all_met_reads", "rater", ("r",), 3)], RULE, 1)[0]
    assert (one.minimum_met, one.flagged, one.effect, one.p, one.detectable) == (
        False, False, None, None, None,
    )  # fmt: skip
