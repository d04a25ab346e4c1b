"""A round drawn afresh, held against the chances worked out by hand or by enumeration."""

from itertools import permutations, product

import numpy as np
import pytest

from models.records import Read
from rubrics.levels import LEVELS
from scoring.consensus import ConsensusRule, piece_consensus
from scoring.stability.fresh_reads import EarlierReads, ReaderPools, redraw

COUNT = 20_000
CERTAIN = 40.0


def within(share, chance):
    """Whether a share of COUNT draws is within four standard errors of its chance."""
    return abs(share - chance) <= 4 * np.sqrt(chance * (1 - chance) / COUNT) + 1e-9


def sigmoid(logit):
    return 1 / (1 + np.exp(-np.asarray(logit, dtype=float)))


def one_piece(draws_of, ability, difficulty, severity, halo_sd=0.0):
    return draws_of(np.full((COUNT, 1), ability), [difficulty], [severity], halo_sd)


def test_a_piece_nobody_doubts_is_excellent_in_every_draw(slot_of, draws_of, design_of):
    draws = draws_of(np.full((50, 2), CERTAIN), [[0.0] * 4], [[0.0] * 5], 0.0)
    found = redraw(draws, design_of(slot_of(2, 2), 2, [range(5)] * 2), 1)
    assert (found.level == 2).all()
    assert found.thirds.tolist() == [0, 0]


def test_two_reads_and_a_third_come_out_as_worked_by_hand(slot_of, draws_of, design_of):
    # One 合格 criterion met with chance p: two fail it with (1-p)², they differ with 2p(1-p),
    # and a third decides: fail (1-p)²(1+2p), a third read 2p(1-p).
    draws = one_piece(draws_of, 0.5, [0.0], [0.0] * 6)
    found = redraw(draws, design_of(slot_of(1, 0), 1, [range(6)]), 3)
    p = sigmoid(0.5)
    assert within((found.level == 0).mean(), (1 - p) ** 2 * (1 + 2 * p))
    assert within(found.thirds[0], 2 * p * (1 - p))
    assert found.rulings[0] == 0


@pytest.mark.parametrize("third", ["when_level_unsettled", "when_pass_unsettled", "never"])
@pytest.mark.parametrize("gap", [False, True])
def test_the_levels_come_as_often_as_enumeration_says(slot_of, draws_of, design_of, third, gap):
    of, rule = slot_of(1, 1), ConsensusRule(2, third, gap)
    hard, severe = np.array([-0.4, 0.6]), np.array([-0.8, 0.1, 1.0])
    draws = one_piece(draws_of, 0.3, hard, severe)
    found = redraw(draws, design_of(of, 1, [range(3)], rule), 5)
    expected = enumerated(of, rule, 0.3, hard, severe)
    for level in range(3):
        assert within((found.level == level).mean(), expected[level])


def enumerated(of, rule, ability, hard, severe):
    """Chance of each level: every order of readers, every way their marks and the chair's fall."""
    names = [criterion.criterion_id for criterion in of.criteria]
    chances = np.zeros(3)
    orders = list(permutations(range(len(severe)), 3))
    met = [sigmoid(ability - hard - severity) for severity in (*severe, 0.0)]
    ways = list(product((0, 1), repeat=len(names)))
    for order, marks in product(orders, product(ways, repeat=4)):
        chance = 1 / len(orders)
        for reader, way in zip((*order, -1), marks, strict=True):
            chance *= np.prod(np.where(np.array(way) == 1, met[reader], 1 - met[reader]))
        chances[decided(of, rule, names, marks)] += chance
    return chances


def decided(of, rule, names, marks):
    given = [Read(f"r{n}", "blind", dict(zip(names, marks[n], strict=True))) for n in range(2)]
    outcome = piece_consensus(of, given, rule)
    if outcome.needs == "third":
        given.append(Read("r2", "third", dict(zip(names, marks[2], strict=True))))
        outcome = piece_consensus(of, given, rule)
    while outcome.needs == "ruling":
        chair = {name: marks[3][names.index(name)] for name in outcome.open_criteria}
        given.append(Read("chair", "chair", chair))
        outcome = piece_consensus(of, given, rule)
    return LEVELS.index(outcome.level)


def test_only_eligible_readers_read(slot_of, draws_of, design_of):
    # Readers 0 and 1 pass everything, 2 and 3 nothing; the pools keep them apart.
    draws = draws_of(np.zeros((200, 2)), [[0.0]], [[-CERTAIN, -CERTAIN, CERTAIN, CERTAIN]], 0.0)
    found = redraw(draws, design_of(slot_of(1, 0), 2, [(0, 1), (2, 3)]), 1)
    assert (found.level[:, 0] == 2).all()
    assert (found.level[:, 1] == 0).all()


def test_a_piece_with_too_few_eligible_is_read_by_one_of_severity_nought(
    slot_of, draws_of, design_of
):
    # The only eligible reader passes all; the borrowed one meets with 1/2, and so does the third.
    draws = one_piece(draws_of, 0.0, [0.0], [-CERTAIN, CERTAIN])
    found = redraw(draws, design_of(slot_of(1, 0), 1, [(0,)]), 1)
    assert within((found.level == 0).mean(), 1 / 4)


def test_the_same_seed_gives_the_same_levels_and_another_others(slot_of, draws_of, design_of):
    draws = draws_of(np.zeros((40, 30)), [[0.0] * 3], [[0.0] * 5], 0.5)
    design = design_of(slot_of(2, 1), 30, [range(5)] * 30)
    again, other = redraw(draws, design, 1).level, redraw(draws, design, 2).level
    assert (redraw(draws, design, 1).level == again).all()
    assert (again != other).any()


def test_halo_makes_the_marks_of_one_read_fall_together(slot_of, draws_of, design_of):
    # Six 合格 criteria at even chances: without halo one read in 64 meets all of them.
    hard, readers = [0.0] * 6, [0.0] * 8
    rule = ConsensusRule(reads_per_piece=1)
    shares = [
        (redraw(one_piece(draws_of, 0.0, hard, readers, sd), design, 1).level == 2).mean()
        for sd in (0.0, 3.0)
        for design in [design_of(slot_of(6, 0), 1, [range(8)], rule)]
    ]
    assert shares[0] < 0.1 < shares[1]


def test_a_reader_drawn_again_keeps_the_halo_his_marks_speak_for(slot_of, draws_of, design_of):
    # He met 4 of 4; given that, the chance of meeting all again is worked by quadrature.
    of, halo_sd = slot_of(4, 0), 1.5
    draws = one_piece(draws_of, 0.0, [0.0] * 4, [0.0], halo_sd)
    earlier = EarlierReads(np.array([0]), np.array([0]), np.array([4]))
    rule = ConsensusRule(reads_per_piece=1, third="when_pass_unsettled")
    known = redraw(draws, design_of(of, 1, [range(1)], rule, earlier), 1)
    fresh = redraw(draws, design_of(of, 1, [range(1)], rule), 1)
    points, weights = np.polynomial.hermite_e.hermegauss(15)
    all_met = sigmoid(halo_sd * points) ** 4
    # One read may pass a piece; anything unmet leaves it open to a third.
    assert within(1 - fresh.thirds[0], (weights * all_met).sum() / weights.sum())
    assert within(1 - known.thirds[0], (weights * all_met**2).sum() / (weights * all_met).sum())


def test_pools_that_are_alike_are_kept_once():
    pools = ReaderPools.of([(0, 1, 2), (1, 2), (0, 1, 2)])
    assert pools.members.tolist() == [0, 1, 2, 1, 2]
    assert pools.first.tolist() == [0, 3, 0]
    assert pools.size.tolist() == [3, 2, 3]
