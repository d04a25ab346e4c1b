"""Copied pairs: equal words and a short delay lend weight to equal marks, and are nothing alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scoring.effects.alongside import OWN_WORDS, PLACE, Alongside, alongside, supported
from scoring.effects.families import Rule, Trial, drawn_test, findings

RULE = Rule(q=0.05, min_effect=0.1, minimum=15)
START = pd.Timestamp("2026-11-02T01:00:00Z")


def facts(words, other_words, minutes):
    """Reads of two raters of the same pieces: rows 0 … n−1 and n … 2n−1."""
    n = len(words)
    first = START + pd.to_timedelta(np.arange(n) * 600, unit="m")
    second = first + pd.to_timedelta(minutes, unit="m")
    return pd.DataFrame({OWN_WORDS: [*words, *other_words], PLACE: [*first, *second]}), np.stack(
        [np.arange(n), np.arange(n) + n], axis=1
    )


def said(n, offset=0):
    return [
        "".join(chr(0x4E00 + (offset + 37 * k + 11 * j) % 5000) for j in range(20))
        for k in range(n)
    ]


def marks_alike(z, name="a"):
    """A pair whose marks are alike by so many standard deviations, five hundredths each."""
    draw = lambda size, rng: rng.standard_normal(size)  # noqa: E731
    test = drawn_test(z, 0.0, 1.0, lambda: draw, 1)
    return Trial("copied_reads", "rater_pair", (name, name + "'"), 20, test, 0.05 * z, 0.05)


def test_equal_words_are_counted_against_what_the_two_write_elsewhere():
    own = said(20)
    copied = alongside(*facts(own, own[:12] + said(8, 4001), np.full(20, 4.0)))
    assert (copied.same, copied.compared) == (12, 20)
    assert copied.usual < 0.01
    stock = alongside(*facts([own[0]] * 20, [own[0]] * 20, np.full(20, 4.0)))
    assert stock.same == 20
    assert stock.usual > 0.95  # the same under every piece: that tells nothing of copying


def test_a_delay_is_the_middle_one_and_says_who_came_second():
    found = alongside(*facts(said(20), said(20, 99), np.r_[np.full(18, 4.0), -600.0, -900.0]))
    assert found.delay == pytest.approx(np.log1p(4.0))
    assert found.second == pytest.approx(0.9)


def test_short_comments_and_unknown_times_tell_nothing():
    table, both = facts(["好"] * 20, ["好"] * 20, np.full(20, 4.0))
    assert alongside(table.assign(**{PLACE: pd.NaT}), both) == Alongside()


def test_marks_that_do_not_suffice_alone_do_with_words_and_delay():
    others = {k: marks_alike(0.1 * (k % 5 - 2), f"o{k}") for k in range(30)}
    trials = {**others, "pair": marks_alike(2.6)}
    usual = dict.fromkeys(others, Alongside(0, 20, 0.01, 6.0, 0.6))
    alone = supported(trials, {**usual, "pair": Alongside(0, 20, 0.01, 6.0, 0.6)}, 1)
    with_words = supported(trials, {**usual, "pair": Alongside(9, 20, 0.01, 1.5, 0.95)}, 1)
    assert [one.flagged for one in findings(alone, RULE, 1)].count(True) == 0
    assert [one.ids[0] for one in findings(with_words, RULE, 1) if one.flagged] == ["a"]


def test_words_and_delay_alone_accuse_nobody():
    others = {k: marks_alike(0.1 * (k % 5 - 2), f"o{k}") for k in range(30)}
    trials = {**others, "pair": marks_alike(0.2)}
    usual = dict.fromkeys(others, Alongside(0, 20, 0.01, 6.0, 0.6))
    found = findings(
        supported(trials, {**usual, "pair": Alongside(20, 20, 0.01, 0.5, 1.0)}, 1), RULE, 1
    )
    assert not any(one.flagged for one in found)


def test_a_round_everybody_reads_in_one_order_makes_no_pair_stand_out():
    trials = {k: marks_alike(1.0, f"o{k}") for k in range(10)}
    together = dict.fromkeys(trials, Alongside(0, 0, 0.0, 0.7, 1.0))
    for before, after in zip(trials.values(), supported(trials, together, 1), strict=True):
        assert after.test.observed <= before.test.observed + 1e-9
