"""Other plans of reading: what two panels would decide alike, and what it costs."""

import numpy as np
import pytest

from scoring.stability.flip_risk import ResultPieces
from scoring.stability.reading_plans import reading_plans


def plans_of(draws, design, made_of, minutes=None, readers=(1, 2, 3)):
    found = reading_plans(draws, design, made_of, minutes, readers, 1)
    return {(plan.readers, plan.pieces): plan for plan in found}


@pytest.fixture
def round_of(slot_of, draws_of, design_of):
    """Sixty results of two pieces, abilities spread around one 合格 criterion."""
    ability = np.random.default_rng(1).standard_normal((400, 120)) * 1.5
    draws = draws_of(ability, [[0.0]], [[0.0] * 9], 0.0)
    design = design_of(slot_of(1, 0), 120, [range(9)] * 120)
    made_of = ResultPieces(np.arange(120), np.repeat(np.arange(60), 2), np.ones(120, dtype=bool))
    return draws, design, made_of


def test_two_panels_decide_one_criterion_alike_as_often_as_worked_by_hand(round_of):
    # A piece fails with f = (1-p)²(1+2p) (two reads, a third where they differ): alike f² + (1-f)².
    p = 1 / (1 + np.exp(-round_of[0].ability[:, ::2].astype(float)))
    fails = (1 - p) ** 2 * (1 + 2 * p)
    expected = (fails**2 + (1 - fails) ** 2).mean()
    found = plans_of(*round_of)[2, 1]
    assert found.replication == pytest.approx(expected, abs=4 * found.se + 1e-3)
    # Reads: two, and a third with 2p(1-p).
    assert found.reads == pytest.approx(2 + (2 * p * (1 - p)).mean(), abs=0.03)


def test_a_third_read_only_where_two_differ_repeats_as_much_as_three_and_costs_less(round_of):
    # On one criterion two alike outvote any third, so both plans decide by the majority of three.
    found = plans_of(*round_of)
    apart = found[3, 2].replication - found[2, 2].replication
    assert abs(apart) < 4 * np.hypot(found[3, 2].se, found[2, 2].se)
    assert found[3, 2].reads == pytest.approx(6)
    assert found[2, 2].reads < 5


def test_five_readers_repeat_more_than_two(round_of):
    found = plans_of(*round_of, readers=(2, 5))
    assert found[5, 2].replication > found[2, 2].replication + 0.02


def test_hours_are_reads_by_the_minutes_of_their_pieces(round_of):
    minutes = np.tile([6.0, 12.0], 60)
    found = plans_of(*round_of, minutes=minutes)
    assert found[3, 1].hours == pytest.approx(60 * found[3, 1].reads * 6 / 60)
    assert found[3, 2].hours == pytest.approx(60 * found[3, 2].reads * 9 / 60, rel=0.01)
    assert plans_of(*round_of)[3, 1].hours is None
