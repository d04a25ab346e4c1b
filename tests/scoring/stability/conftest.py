"""Made-up worlds: teachers, pieces and readers whose truth is known, read under the rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from models.records import Read
from rubrics.levels import LEVELS, Level
from rubrics.rubric import Criterion, Slot
from scoring.consensus import ConsensusRule, piece_consensus
from scoring.facets.draws import MarkDraws
from scoring.stability.consensus_codes import slot_code
from scoring.stability.fresh_reads import Design, EarlierReads, ReaderPools, SlotPieces

NO_READS = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
NO_HALO = (np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))


def make_slot(needed, wished):
    names = [f"P{n}" for n in range(needed)] + [f"E{n}" for n in range(wished)]
    levels = [Level.PASS] * needed + [Level.EXCELLENT] * wished
    criteria = tuple(Criterion(n, of, "", "") for n, of in zip(names, levels, strict=True))
    return Slot("A1-1", "", "", "document", True, ("docx",), {}, criteria)


def make_draws(ability, difficulty, severity, halo_sd):
    """Draws from plain arrays, single precision, nothing said of reads already made."""
    ability, difficulty, severity = (
        np.atleast_2d(np.asarray(each, dtype=np.float32))
        for each in (ability, difficulty, severity)
    )
    count = len(ability)
    names = [
        tuple(str(n) for n in range(each.shape[1])) for each in (ability, difficulty, severity)
    ]
    spread = [np.broadcast_to(each, (count, each.shape[1])) for each in (difficulty, severity)]
    halo = np.broadcast_to(np.asarray(halo_sd, dtype=np.float32), (count,))
    return MarkDraws(*names, ability, *spread, halo, *NO_READS, *NO_HALO)


def make_design(of, pieces, pools, rule=None, earlier=None):
    """All pieces in one slot."""
    criteria = np.arange(len(of.criteria))
    slots = (SlotPieces(slot_code(of), criteria, np.arange(pieces)),)
    return Design(slots, ReaderPools.of(pools), rule or ConsensusRule(), earlier)


@dataclass(frozen=True)
class World:
    """A round that was read once, and its truth."""

    truth: MarkDraws
    posterior: MarkDraws
    design: Design
    levels: np.ndarray
    differing: np.ndarray
    marks: pd.DataFrame


def read_world(random_seed, teachers=500, pieces_each=3, readers=40, count=500, halo=0.8):
    """Read a made-up round by the rules, and draw from the posterior given its marks."""
    rng = np.random.default_rng(random_seed)
    of = make_slot(3, 2)
    hard = np.array([-0.6, 0.0, 0.4, 0.9, 1.4])
    severe = 0.5 * rng.standard_normal(readers)
    severe -= severe.mean()
    sd_teacher, sd_piece, mean = 0.9, 0.9, 1.6
    teacher = np.repeat(np.arange(teachers), pieces_each)
    ability = mean + sd_teacher * rng.standard_normal(teachers)[teacher]
    ability += sd_piece * rng.standard_normal(len(teacher))
    levels, reads, marks = [], [], []
    differing = np.zeros(len(teacher))
    for piece, able in enumerate(ability):
        chosen = rng.permutation(readers)[:3]
        logit = able - hard[None, :] - severe[chosen][:, None]
        logit = logit + halo * rng.standard_normal(3)[:, None]
        met = (rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(int)
        used, level = _decide(of, met, able, hard, halo, rng)
        levels.append(level)
        differing[piece] = np.abs(met[0] - met[1]).mean()
        reads += [(piece, chosen[n]) for n in range(used)]
        marks += [met[n] for n in range(used)]
    met_of = np.array(marks).sum(axis=1)
    piece_of, rater_of = np.array(reads).T
    posterior = _posterior(
        (piece_of, rater_of, met_of), teacher, hard, severe,
        (mean, sd_teacher, sd_piece, halo), count, rng,
    )  # fmt: skip
    earlier = EarlierReads(piece_of, rater_of, met_of)
    design = make_design(of, len(teacher), [range(readers)] * len(teacher), earlier=earlier)
    truth = make_draws(ability[None, :], hard[None, :], severe[None, :], halo)
    marked = _mark_frame(of, piece_of, rater_of, np.array(marks), teacher)
    return World(truth, posterior, design, np.array(levels), differing, marked)


def _mark_frame(of, pieces, raters, met, teacher):
    """Marks as a workspace gives them; names that sort like numbers keep their places."""
    each = len(of.criteria)
    return pd.DataFrame(
        {
            "piece_id": [f"p{piece:05d}" for piece in np.repeat(pieces, each)],
            "rater_id": [f"r{rater:03d}" for rater in np.repeat(raters, each)],
            "criterion_id": np.tile([f"c{n}" for n in range(each)], len(pieces)),
            "met": met.ravel(),
            "teacher_id": [f"t{teacher[piece]:05d}" for piece in np.repeat(pieces, each)],
        }
    )


def _decide(of, met, able, hard, halo, rng):
    """Reads used and level of one piece, by the consensus of single pieces."""
    names = [criterion.criterion_id for criterion in of.criteria]
    given = [Read(f"r{n}", "blind", dict(zip(names, met[n], strict=True))) for n in range(2)]
    outcome = piece_consensus(of, given, ConsensusRule())
    if outcome.needs == "third":
        given.append(Read("r2", "third", dict(zip(names, met[2], strict=True))))
        outcome = piece_consensus(of, given, ConsensusRule())
    used = len(given)
    ruling = rng.random(len(hard)) < 1 / (1 + np.exp(hard - able - halo * rng.standard_normal()))
    while outcome.needs == "ruling":
        chair = {name: int(ruling[names.index(name)]) for name in outcome.open_criteria}
        given.append(Read("chair", "chair", chair))
        outcome = piece_consensus(of, given, ConsensusRule())
    return used, LEVELS.index(outcome.level)


def _posterior(reads, teacher, hard, severe, spread, count, rng):
    """Draw abilities given all marks where everything else is known, on a grid."""
    piece, rater, met = reads
    mean, sd_teacher, sd_piece, halo = spread
    grid = np.linspace(-6, 9, 121)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    logit = grid[None, :, None] - severe[rater][:, None, None] + halo * nodes
    total = met[:, None, None] * logit
    for each in hard:
        total = total - np.log1p(np.exp(logit - each))
    likelihood = np.log(np.exp(total) @ (weights / weights.sum()))
    by_piece = np.zeros((len(teacher), len(grid)))
    np.add.at(by_piece, piece, likelihood)
    about = mean + sd_teacher * nodes
    prior = np.exp(-0.5 * ((grid[None, :] - about[:, None]) / sd_piece) ** 2)
    prior /= prior.sum(axis=1, keepdims=True)
    scaled = np.exp(by_piece - by_piece.max(axis=1, keepdims=True))
    of_teacher = np.log(scaled @ prior.T)
    weight = np.zeros((teacher[-1] + 1, len(nodes)))
    np.add.at(weight, teacher, of_teacher)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True)) * weights
    cumulated = (weight / weight.sum(axis=1, keepdims=True)).cumsum(axis=1)
    node = (rng.random((count, len(weight), 1)) > cumulated[None]).sum(axis=2)[:, teacher]
    ability = np.empty((count, len(teacher)), dtype=np.float32)
    for number, likely in enumerate(scaled):
        chances = (likely * prior).cumsum(axis=1)
        chances /= chances[:, -1:]
        drawn = (rng.random((count, 1)) > chances[node[:, number]]).sum(axis=1)
        ability[:, number] = grid[np.minimum(drawn, len(grid) - 1)]
    return make_draws(ability, hard[None, :], severe[None, :], halo)


@pytest.fixture
def slot_of():
    return make_slot


@pytest.fixture
def draws_of():
    return make_draws


@pytest.fixture
def design_of():
    return make_design


@pytest.fixture(scope="session")
def worlds():
    """Function that reads a world."""
    return read_world
