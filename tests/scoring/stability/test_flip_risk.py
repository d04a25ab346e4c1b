"""Flip risk of results: the rule of the gate, the interval, and the truth of made-up worlds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.records import PieceOutcome
from rubrics.levels import LEVELS
from rubrics.rubric import Rubric, Slot
from scoring.facets.draws import MarkDraws
from scoring.facets.marks_model import MarksModel
from scoring.gate import GateRule, competency_result
from scoring.stability.flip_risk import (
    ResultPieces,
    expected_replication,
    flip_risks,
    logit_shifts,
    result_levels,
)
from scoring.stability.fresh_reads import redraw
from scoring.stability.reading_queue import worth_of_reads

SCOPES = ("core_pieces", "all_pieces")
pieces = st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=4)


@given(st.lists(pieces, min_size=1, max_size=5), st.sampled_from(SCOPES))
def test_results_come_to_the_level_of_the_gate(results, scope):
    flat = [(n, *piece) for n, result in enumerate(results) for piece in result]
    number, level, core = map(np.array, zip(*flat, strict=True))
    made_of = ResultPieces(np.arange(len(flat)), number, core | (scope == "all_pieces"))
    found = result_levels(level[None, :].astype(np.int8), made_of)[0]
    assert [LEVELS[each] for each in found] == [of_gate(each, scope) for each in results]


def of_gate(result, scope):
    slots = tuple(
        Slot(f"A1-{n}", "", "", "document", core, (), {}, ()) for n, (_, core) in enumerate(result)
    )
    rubric = Rubric("A1", "1", *[""] * 10, slots)
    outcomes = {
        slot.slot_id: PieceOutcome(LEVELS[level], None, {})
        for slot, (level, _) in zip(slots, result, strict=True)
    }
    return competency_result(rubric, outcomes, GateRule(scope)).level


def test_flip_risk_counts_the_draws_that_decide_otherwise():
    # Ten draws of two results: the first passes 7 times of 10, the second always.
    drawn = np.array([[1, 1]] * 7 + [[0, 1]] * 3, dtype=np.int8)
    still = np.zeros((2, 10, 2))
    found = flip_risks(drawn, np.array([0, 1], dtype=np.int8), still)
    assert found.flip_risk.tolist() == pytest.approx([0.7, 0])
    assert found.modal.tolist() == [1, 1]
    assert found.unsure.tolist() == pytest.approx([0.3, 0])
    # Wilson (1927) for 7 of 10 and 0 of 10: .397 … .892 and 0 … .278.
    assert found.lo.tolist() == pytest.approx([0.3968, 0], abs=1e-4)
    assert found.hi.tolist() == pytest.approx([0.8922, 0.2775], abs=1e-4)


def test_the_interval_widens_where_the_decision_hangs_on_the_parameters():
    rng = np.random.default_rng(1)
    shift = rng.standard_normal(500)
    by_shift = (shift > 0).astype(np.int8)
    by_chance = (rng.random((500, 300)) < 0.5).astype(np.int8)
    drawn = np.hstack([by_shift[:, None], by_chance])
    shifts = np.stack([np.repeat(shift[:, None], 301, axis=1), rng.standard_normal((500, 301))])
    found = flip_risks(drawn, np.zeros(301, dtype=np.int8), shifts)
    width = found.hi - found.lo
    by_tosses = 2 * 1.96 * 0.5 / np.sqrt(500)
    # What chance explains is taken out on average; what is left over only widens.
    assert by_tosses * 0.99 < width[1:].mean() < by_tosses * 1.3
    assert width[0] > 5 * by_tosses


def test_replication_is_the_mean_of_what_is_not_flipped():
    drawn = np.array([[1, 1, 0], [1, 0, 0]], dtype=np.int8)
    found = expected_replication(drawn, np.array([1, 1, 1], dtype=np.int8))
    assert found.share == pytest.approx(1 - np.mean([0, 0.5, 1]))
    assert found.results == 3
    assert found.lo <= found.share <= found.hi


def test_replication_is_less_sure_where_all_results_move_together():
    rng = np.random.default_rng(2)
    observed = np.ones(400, dtype=np.int8)
    alone = (rng.random((300, 400)) < 0.8).astype(np.int8)
    together = (rng.random((300, 400)) < rng.choice([0.7, 0.9], size=(300, 1))).astype(np.int8)
    widths = [
        (found := expected_replication(drawn, observed)).hi - found.lo
        for drawn in (alone, together)
    ]
    assert widths[0] < 0.02
    assert widths[1] == pytest.approx(2 * 1.96 * 0.1, rel=0.1)


def test_a_further_read_is_worth_most_at_the_edge_and_nothing_where_all_is_clear(
    slot_of, draws_of, design_of
):
    rng = np.random.default_rng(3)
    ability = np.array([0.0, 9.0, -9.0]) + rng.standard_normal((2_000, 3))
    draws = draws_of(ability, [[0.0, 0.0]], [[0.0] * 6], 0.5)
    design = design_of(slot_of(2, 0), 3, [range(6)] * 3)
    made_of = ResultPieces(np.arange(3), np.arange(3), np.ones(3, dtype=bool))
    drawn = result_levels(redraw(draws, design, 1).level, made_of)
    worth = worth_of_reads(draws, design, made_of, drawn, 1)
    assert worth.queue()[0] == 0
    assert worth.fall[0] > 0.005
    assert worth.fall[1:].max() < 1e-4


def test_the_worth_of_a_read_is_the_fall_in_doubt_that_enumeration_gives(
    slot_of, draws_of, design_of
):
    # Two worlds at even odds: ability 2 (met .881) or −2 (met .119), one criterion, no halo, no
    # third read: the piece passes where one read meets it. Doubt now is 1/2; after one read
    # that meets it the odds of the worlds are .881 : .119, so P(pass | met) = .881² + .119².
    ability = np.repeat([[2.0], [-2.0]], 20_000, axis=0)
    draws = draws_of(ability, [[0.0]], [[0.0, 0.0]], 0.0)
    design = design_of(slot_of(1, 0), 1, [range(2)])
    made_of = ResultPieces(np.arange(1), np.arange(1), np.ones(1, dtype=bool))
    high = 1 / (1 + np.exp(-2.0))
    rng = np.random.default_rng(4)
    drawn = np.where(rng.random(ability.shape) < np.where(ability > 0, high, 1 - high), 2, 0)
    found = worth_of_reads(draws, design, made_of, drawn.astype(np.int8), 1)
    assert found.fall[0] == pytest.approx(high**2 + (1 - high) ** 2 - 0.5, abs=0.01)


def truth_of(world, count):
    """The same true world many times over."""
    arrays = [
        np.repeat(getattr(world.truth, name), count, axis=0)
        for name in ("ability", "difficulty", "severity", "halo_sd")
    ]
    named = [getattr(world.truth, name) for name in ("pieces", "criteria", "raters")]
    nothing = [getattr(world.truth, n) for n in ("read_piece", "read_rater")]
    halos = [getattr(world.truth, n) for n in ("halo_mean", "halo_sd_left")]
    return MarkDraws(*named, *arrays, *nothing, *halos)


@pytest.fixture(scope="module")
def checked(worlds):
    """Flip risks of two made-up rounds beside what new draws of readers really decide."""
    found = []
    for seed in (1, 2):
        world = worlds(seed)
        count = len(world.levels)
        core = np.arange(count) % 3 < 2
        made_of = ResultPieces(np.arange(count), np.arange(count) // 3, core)
        observed = result_levels(world.levels[None, :].astype(np.int8), made_of)[0]
        drawn = result_levels(redraw(world.posterior, world.design, seed).level, made_of)
        risks = flip_risks(drawn, observed, logit_shifts(world.posterior, world.design, made_of))
        worth = worth_of_reads(world.posterior, world.design, made_of, drawn, seed)
        fresh = replace(world.design, earlier=None)
        new = result_levels(redraw(truth_of(world, 200), fresh, seed + 9).level, made_of)
        usual = np.stack([(new == level).mean(axis=0) for level in range(3)]).argmax(axis=0)
        found.append((world, made_of, observed, risks, worth, new, observed != usual))
    return found


@pytest.mark.slow
def test_flip_risk_is_calibrated_by_tenths(checked):
    risk = np.concatenate([each[3].flip_risk for each in checked])
    real = np.concatenate([(each[5] != each[2]).mean(axis=0) for each in checked])
    for tenth in np.array_split(np.argsort(risk), 10):
        # Truth of a tenth (100 results) has SD about .25 within it: SE .025.
        assert risk[tenth].mean() == pytest.approx(real[tenth].mean(), abs=0.05)
    assert risk.mean() == pytest.approx(real.mean(), abs=0.02)


@pytest.mark.slow
def test_flip_risk_is_calibrated_where_all_is_estimated(worlds):
    world = worlds(3, teachers=400)
    draws = MarksModel().fit(world.marks).draws(500, 1)
    count = len(world.levels)
    core = np.arange(count) % 3 < 2
    made_of = ResultPieces(np.arange(count), np.arange(count) // 3, core)
    observed = result_levels(world.levels[None, :].astype(np.int8), made_of)[0]
    drawn = result_levels(redraw(draws, world.design, 1).level, made_of)
    risk = flip_risks(drawn, observed, logit_shifts(draws, world.design, made_of)).flip_risk
    fresh = replace(world.design, earlier=None)
    new = result_levels(redraw(truth_of(world, 200), fresh, 9).level, made_of)
    real = (new != observed).mean(axis=0)
    for fifth in np.array_split(np.argsort(risk), 5):
        # 80 results, SD about .25 within a fifth: SE .03.
        assert risk[fifth].mean() == pytest.approx(real[fifth].mean(), abs=0.09)
    told = expected_replication(drawn, observed)
    assert told.share == pytest.approx(1 - real.mean(), abs=0.03)


@pytest.mark.slow
def test_flip_risk_foretells_one_new_draw_better_than_a_constant(checked):
    for _, _, observed, risks, _, new, _ in checked:
        flipped = new[0] != observed
        score = ((risks.flip_risk - flipped) ** 2).mean()
        assert score < 0.8 * flipped.mean() * (1 - flipped.mean())


@pytest.mark.slow
def test_the_riskiest_fifth_holds_more_wrong_results_than_chance_or_disagreement(checked):
    for world, made_of, _, risks, _, _, wrong in checked:
        fifth = len(wrong) // 5
        raw = np.add.reduceat(world.differing, made_of.first)
        share = share_found(wrong, risks.flip_risk, fifth)
        assert share >= 1.5 * 0.2
        assert share > share_found(wrong, raw, fifth)


def share_found(wrong, by, count):
    return wrong[np.argsort(-by, kind="stable")[:count]].sum() / wrong.sum()


@pytest.mark.slow
def test_reads_given_by_the_queue_meet_more_wrong_results_than_reads_given_by_chance(checked):
    for world, made_of, _, _, worth, _, wrong in checked:
        reads = len(world.levels) // 5
        by_queue = np.unique(made_of.result[worth.queue()[:reads]])
        by_raw = np.argsort(-world.differing, kind="stable")[:reads]
        by_raw = np.unique(made_of.result[by_raw])
        rng = np.random.default_rng(5)
        by_chance = [
            wrong[np.unique(made_of.result[rng.permutation(len(world.levels))[:reads]])].sum()
            for _ in range(200)
        ]
        # One read each of a fifth of the pieces, the same for all three.
        assert wrong[by_queue].sum() > np.mean(by_chance)
        assert wrong[by_queue].sum() > wrong[by_raw].sum()
