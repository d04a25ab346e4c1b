"""What others found of the same criterion makes it easier or harder; where they do not agree, nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.effects.predicting import Predicted
from scoring.effects.same_criterion import _conditional, _given_number, knowing_criteria

HARD = np.array([-0.5, 0.0, 0.5, 0.8])


def reads(met: np.ndarray, hard: np.ndarray = HARD) -> Predicted:
    """Two reads of each piece, one after the other."""
    n, width = met.shape
    return Predicted(
        np.arange(n) // 2, np.arange(n) % 2, met.astype(np.float64),
        np.ones((n, width), dtype=bool), np.tile(hard[:width], (n, 1)),
        np.tile(np.arange(width), (n, 1)), np.zeros(1), np.ones((n, 1)),
    )  # fmt: skip


def drawn(part_sd: float, pieces: int = 1500) -> Predicted:
    """Pieces of normal ability whose criteria have a part of their own, seen by both readers."""
    rng = np.random.default_rng(5)
    ability = rng.normal(0, 1, pieces)[:, None] + rng.normal(0, part_sd, (pieces, len(HARD)))
    logit = np.repeat(ability, 2, axis=0) + rng.normal(0, 0.6, (2 * pieces, 1)) - HARD
    return reads((rng.random(logit.shape) < 1 / (1 + np.exp(-logit))) * 1.0)


def moved(made: Predicted) -> np.ndarray:
    return knowing_criteria(made).difficulty - made.difficulty


def test_one_met_of_two_is_shared_out_by_their_odds():
    # odds 1 and 1/3 of being met: 1 / (1 + 1/3) = .75
    one = reads(np.array([[1, 0], [0, 1]]), np.array([0.0, np.log(3)]))
    assert _given_number(one) == pytest.approx(np.array([[0.75, 0.25]] * 2))
    assert _conditional(one, np.zeros((2, 2))) == pytest.approx(np.log(0.75 * 0.25))


def test_all_met_or_none_met_says_nothing_of_one_criterion():
    both = reads(np.array([[1, 1, 1, 1], [0, 0, 0, 0]] * 20))
    assert moved(both) == pytest.approx(0)


def test_readers_who_agree_only_on_the_piece_move_nothing_to_speak_of():
    assert np.abs(moved(drawn(0.0))).max() < 0.15


def test_a_criterion_the_other_found_met_is_easier():
    made = drawn(1.5)
    other_met = made.met[np.arange(len(made)) ^ 1] == 1
    mixed = ~np.isin(made.met[np.arange(len(made)) ^ 1].sum(axis=1), (0, len(HARD)))
    change = moved(made)
    assert (change[mixed][other_met[mixed]] < 0).all()
    assert (change[mixed][~other_met[mixed]] > 0).all()
    assert np.abs(change[mixed]).mean() > 0.3


def test_marks_are_likelier_once_the_others_are_known():
    made = drawn(1.5)
    known = knowing_criteria(made)
    gain = _conditional(known, np.zeros(known.met.shape)) - _conditional(
        made, np.zeros(made.met.shape)
    )
    assert gain > 50  # of some 9,000 mixed marks; chance alone gives about ½


def test_a_read_alone_on_its_criteria_stays_as_it_is():
    made = drawn(1.5, pieces=50)
    alone = replace(made, piece=np.arange(len(made)))
    assert moved(alone) == pytest.approx(0)
