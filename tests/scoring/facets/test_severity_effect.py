"""The pass rate at a severity is what consensus and gate give when every read has it."""

import numpy as np
import pytest

from models.records import PieceOutcome, Read
from rubrics.levels import Level
from rubrics.rubric import Criterion, Rubric, Slot
from scoring.consensus import ConsensusRule, piece_consensus
from scoring.errors import ScoringError
from scoring.facets.draws import MarkDraws
from scoring.facets.severity_effect import (
    Design,
    design_of,
    pass_chances,
    pass_rate_changes,
    pass_rates,
)
from scoring.gate import GateRule, competency_result

DIFFICULTY = {"A1-1.P1": -0.8, "A1-1.P2": 0.1, "A1-1.E1": 0.5, "A1-2.P1": -0.3}
HALO = 0.7


def slot(slot_id):
    own = [name for name in DIFFICULTY if name.startswith(slot_id)]
    criteria = tuple(
        Criterion(name, Level.EXCELLENT if ".E" in name else Level.PASS, "", "") for name in own
    )
    return Slot(slot_id, "", "", "document", True, (), {}, criteria)


SLOTS = [slot("A1-1"), slot("A1-2")]


def draws_of(ability):
    """Draws of two pieces ``p1`` and ``p2`` (draws × 2), parameters known."""
    ability = np.asarray(ability, dtype=np.float32)
    count = len(ability)
    empty, none = np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
    return MarkDraws(
        ("p1", "p2"),
        tuple(DIFFICULTY),
        ("r1",),
        ability,
        np.tile(np.array(list(DIFFICULTY.values()), dtype=np.float32), (count, 1)),
        np.zeros((count, 1), dtype=np.float32),
        np.full(count, HALO, dtype=np.float32),
        none, none, empty, empty,
    )  # fmt: skip


def design(draws, results=((("p1", "A1-1"), ("p2", "A1-2")),), reads=2):
    return design_of(draws, results, {each.slot_id: each.pass_ids for each in SLOTS}, reads)


def read(rng, of_slot, ability, round_name):
    halo = rng.normal(0, HALO)
    marks = {
        c.criterion_id: int(
            rng.random() < 1 / (1 + np.exp(-(ability + halo - DIFFICULTY[c.criterion_id])))
        )
        for c in of_slot.criteria
    }
    return Read(f"r{rng.integers(1e9)}", round_name, marks)


def consensus(rng, of_slot, ability):
    """Two blind reads, a third where they leave the level open, as the desk does it."""
    rule = ConsensusRule()
    reads = [read(rng, of_slot, ability, "blind") for _ in range(2)]
    outcome = piece_consensus(of_slot, reads, rule)
    if outcome.needs == "third":
        outcome = piece_consensus(of_slot, [*reads, read(rng, of_slot, ability, "third")], rule)
    return outcome


def ruled(outcome, of_slot):
    """Let the chair follow the majority of marks where a ruling is due."""
    if outcome.level is not None:
        return outcome
    met = all(outcome.decisions[name].met for name in of_slot.pass_ids)
    return PieceOutcome(Level.PASS if met else Level.FAIL, None, outcome.decisions)


def test_the_share_of_results_that_pass_is_that_of_consensus_and_gate():
    rng = np.random.default_rng(8)
    rubric = Rubric("A1", "1", *[""] * 10, tuple(SLOTS))
    passed, rounds, severity = 0, 3000, 0.4
    for _ in range(rounds):
        pieces = {
            of_slot.slot_id: ruled(consensus(rng, of_slot, ability - severity), of_slot)
            for of_slot, ability in zip(SLOTS, (1.2, 0.6), strict=True)
        }
        passed += competency_result(rubric, pieces, GateRule()).level > Level.FAIL
    draws = draws_of([[1.2, 0.6]])
    expected = pass_rates(draws, design(draws), np.array([severity]))[0]
    assert passed / rounds == pytest.approx(expected, abs=4 * np.sqrt(0.25 / rounds))


def test_the_chance_of_one_criterion_is_that_of_two_of_three_reads():
    """P = .5 without halo gives 3/8 + 1/8; P = 2/3 gives 3 · 4/27 + 8/27 = 20/27."""
    found = pass_chances(np.zeros(1), 0.0, np.log([1.0, 2.0]))
    assert found == pytest.approx([0.5, 20 / 27])


def test_one_read_decides_where_policy_asks_for_one():
    found = pass_chances(np.zeros(2), 0.0, np.log([1.0, 2.0]), reads=1)
    assert found == pytest.approx([1 / 4, 4 / 9])


def test_harsher_reading_passes_fewer_and_the_zero_changes_nothing():
    draws = draws_of([[1.2, 0.6], [0.2, -0.4]])
    severity = np.array([-1.0, 0.0, 0.5, 2.0])
    change = pass_rate_changes(draws, design(draws), severity, np.zeros(4))
    assert (np.diff(change) < 0).all()
    assert change[1] == pytest.approx(0, abs=1e-12)
    assert change[0] > 0.1 > 0 > -0.1 > change[3]


def test_a_result_is_the_chance_that_all_its_pieces_pass():
    draws = draws_of([[1.2, 0.6]])
    one = pass_rates(draws, design(draws, [(("p1", "A1-1"),)]), np.array([0.0]))[0]
    other = pass_rates(draws, design(draws, [(("p2", "A1-2"),)]), np.array([0.0]))[0]
    both = pass_rates(draws, design(draws), np.array([0.0]))[0]
    assert both == pytest.approx(one * other, rel=1e-6)


def test_results_not_wholly_read_are_left_out_and_none_is_an_error():
    draws = draws_of([[1.2, 0.6]])
    found = design(draws, [(("p1", "A1-1"),), (("p1", "A1-1"), ("p9", "A1-2"))])
    assert isinstance(found, Design)
    assert len(found.starts) == 1
    with pytest.raises(ScoringError, match="no result has all its pieces read"):
        pass_rates(draws, design(draws, []), np.array([0.0]))
