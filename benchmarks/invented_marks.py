"""Invented marks of a round with known abilities, severities, difficulties and halo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import frames


@dataclass(frozen=True)
class Truth:
    """What the marks were drawn from, logits; severities sum to nought."""

    ability: np.ndarray
    difficulty: np.ndarray
    severity: np.ndarray


@dataclass(frozen=True)
class Shape:
    """How large a round is, and the spreads its marks are drawn with (logits)."""

    teachers: int = 40
    pieces_each: int = 3
    slots: int = 3
    criteria_each: int = 5
    raters: int = 10
    reads: int = 2
    seeds: int = 0
    teacher_sd: float = 0.8
    piece_sd: float = 0.7
    halo_sd: float = 0.6
    severity_sd: float = 0.5
    difficulty: float = -0.5


def invented_marks(shape: Shape, random_seed: int) -> tuple[pd.DataFrame, Truth]:
    """Draw a round: teachers' pieces read by raters at random, and seeds by every rater.

    Returns
    -------
    DataFrame, Truth
        Marks with ``teacher_id`` (missing for seeds), and what they come from:
        ability of pieces ``p…`` then seeds ``q…``.
    """
    rng = np.random.default_rng(random_seed)
    teacher = np.repeat(np.arange(shape.teachers), shape.pieces_each)
    ability = rng.normal(0, shape.teacher_sd, shape.teachers)[teacher]
    ability = np.concatenate(
        [ability + rng.normal(0, shape.piece_sd, len(teacher)), rng.normal(0, 1, shape.seeds)]
    )
    slot = rng.integers(0, shape.slots, len(ability))
    severity = rng.normal(0, shape.severity_sd, shape.raters)
    severity -= severity.mean()
    difficulty = rng.normal(shape.difficulty, 1, (shape.slots, shape.criteria_each))
    first = rng.integers(0, shape.raters, len(teacher))
    stride = rng.integers(1, max(shape.raters // shape.reads, 2), len(teacher))
    readers = (first[:, None] + stride[:, None] * np.arange(shape.reads)) % shape.raters
    everybody = np.tile(np.arange(shape.raters), shape.seeds)
    seeds = len(teacher) + np.repeat(np.arange(shape.seeds), shape.raters)
    piece = np.concatenate([np.repeat(np.arange(len(teacher)), shape.reads), seeds])
    rater = np.concatenate([readers.ravel(), everybody])
    read = ability[piece] + rng.normal(0, shape.halo_sd, len(piece)) - severity[rater]
    logit = read[:, None] - difficulty[slot[piece]]
    met = (rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(np.int64).ravel()
    each = shape.criteria_each
    criterion = (slot[piece][:, None] * each + np.arange(each)).ravel()
    owner = np.append(teacher, np.full(shape.seeds, -1))[np.repeat(piece, each)]
    names = [f"p{n:05d}" for n in range(len(teacher))] + [f"q{n:03d}" for n in range(shape.seeds)]
    return pd.DataFrame(
        {
            frames.PIECE: _named(np.repeat(piece, each), names),
            frames.CRITERION: _named(criterion, [f"c{n:04d}" for n in range(difficulty.size)]),
            frames.RATER: _named(
                np.repeat(rater, each), [f"r{n:03d}" for n in range(shape.raters)]
            ),
            frames.MET: met,
            frames.TEACHER: _named(owner, [f"t{n:05d}" for n in range(shape.teachers)]),
        }
    ), Truth(ability, difficulty.ravel(), severity)


def _named(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, names)
