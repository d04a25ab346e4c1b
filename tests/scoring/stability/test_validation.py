"""Validation of flip risks: what was foretold beside what two fresh readers said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.stability.consensus_codes import NO_LEVEL
from scoring.stability.fresh_reads import first_levels
from scoring.stability.validation import chance_of_other, validation


def test_groups_are_tenths_from_a_hundred_pieces_on_and_fewer_below():
    rng = np.random.default_rng(1)
    for pieces, groups in ((250, 10), (100, 10), (45, 4), (9, 1)):
        found = validation(rng.random(pieces), rng.random(pieces) < 0.5)
        assert len(found.groups) == groups
        assert sum(group.pieces for group in found.groups) == pieces
        assert [g.most for g in found.groups[:-1]] <= [g.least for g in found.groups[1:]]


def test_shares_and_scores_are_those_worked_by_hand():
    chance, differed = np.array([0.2, 0.4, 0.6, 0.8]), np.array([False, True, False, True])
    found = validation(chance, differed)
    assert (found.whole.predicted, found.whole.observed) == (pytest.approx(0.5), 0.5)
    # (.2² + .6² + .6² + .2²) / 4, and a constant of one half.
    assert found.brier == pytest.approx(0.2)
    assert found.brier_constant == pytest.approx(0.25)
    # Clopper and Pearson (1934) for 2 of 4.
    assert (found.whole.lo, found.whole.hi) == (
        pytest.approx(0.0676, abs=1e-4),
        pytest.approx(0.9324, abs=1e-4),
    )
    assert found.holds


def test_two_fresh_reads_of_a_sure_piece_come_to_its_level_and_of_an_open_one_often_do_not(
    slot_of, draws_of, design_of
):
    # Three pieces of one criterion: met for sure, unmet for sure, an even chance each read.
    draws = draws_of(np.repeat([[20.0, -20.0, 0.0]], 4_000, axis=0), [[0.0]], [[0.0] * 5], 0.0)
    design = design_of(slot_of(1, 0), 3, [range(5)] * 3)
    drawn = first_levels(draws, design, 1)
    excellent = 2  # every criterion met
    assert (drawn[:, 0] == excellent).all()
    assert (drawn[:, 1] == 0).all()
    chance = chance_of_other(drawn, np.array([excellent, 0, 0], dtype=np.int8))
    # Two reads of even chance: met both 1/4, unmet both 1/4, open 1/2.
    assert chance.tolist() == [0.0, 0.0, pytest.approx(0.75, abs=0.03)]
    assert (drawn[:, 2] == NO_LEVEL).mean() == pytest.approx(0.5, abs=0.03)


def test_pieces_outside_the_design_have_no_level(slot_of, draws_of, design_of):
    draws = draws_of(np.zeros((10, 3)), [[0.0]], [[0.0] * 4], 0.0)
    design = design_of(slot_of(1, 0), 3, [range(4)] * 3)
    only = replace(design, slots=(replace(design.slots[0], pieces=np.array([1])),))
    drawn = first_levels(draws, only, 1)
    assert (drawn[:, [0, 2]] == NO_LEVEL).all()
    assert (drawn[:, 1] != NO_LEVEL).any()


@pytest.mark.slow
def test_chances_foretold_hold_on_reads_that_were_kept_out_and_wrong_ones_are_found(worlds):
    world = worlds(5, teachers=400)
    design = replace(world.design, earlier=None)
    # Two reads of every piece by new readers from the truth: one row of the true world.
    said = first_levels(world.truth, design, 77)[0]
    levels = world.levels.astype(np.int8)
    chance = chance_of_other(first_levels(world.posterior, design, 1), levels)
    found = validation(chance, said != levels)
    assert found.holds
    assert found.brier < 0.95 * found.brier_constant
    # Of ten intervals of 95 % one may miss, two at most.
    assert sum(not group.lo <= group.predicted <= group.hi for group in found.groups) <= 2
    # Pieces thought to lie half as far apart again look surer: foretold so, it does not hold.
    apart = replace(world.posterior, ability=world.posterior.ability * np.float32(1.5))
    surer = chance_of_other(first_levels(apart, design, 1), levels)
    assert not validation(surer, said != levels).holds
