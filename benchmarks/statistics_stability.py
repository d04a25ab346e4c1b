"""Flip risks of a whole county: 15,000 results of three pieces, 500 draws each."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from scoring.consensus import ConsensusRule
from scoring.facets.draws import MarkDraws
from scoring.stability.consensus_codes import SlotCode
from scoring.stability.flip_risk import (
    ResultPieces,
    expected_replication,
    flip_risks,
    logit_shifts,
    result_levels,
)
from scoring.stability.fresh_reads import Design, ReaderPools, SlotPieces, redraw
from scoring.stability.reading_queue import worth_of_reads

RESULTS, PIECES_EACH, SLOTS, CRITERIA, READERS, DRAWS = 15_000, 3, 90, 6, 300, 500
BAR_CPU_S = 60.0
BAR_MIB = 1024.0


def run(results: int = RESULTS, draws: int = DRAWS) -> Iterator[dict[str, Any]]:
    """CPU seconds of each step, their sum, and the most memory the process held."""
    made = _draws(results * PIECES_EACH, draws)
    design, made_of = _design(results * PIECES_EACH)
    told: dict[str, float] = {}
    fresh = _timed(told, "redraw", lambda: redraw(made, design, 1))
    drawn = _timed(told, "results", lambda: result_levels(fresh.level, made_of))
    observed = drawn[0]
    shifts = _timed(told, "shifts", lambda: logit_shifts(made, design, made_of))
    _timed(told, "flip_risks", lambda: flip_risks(drawn, observed, shifts))
    _timed(told, "replication", lambda: expected_replication(drawn, observed))
    _timed(told, "queue", lambda: worth_of_reads(made, design, made_of, drawn, 1).queue())
    size = f"{results} results, {results * PIECES_EACH} pieces, {draws} draws"
    for step, seconds in told.items():
        yield {"what": step, "size": size, "cpu_s": round(seconds, 2)}
    total = sum(told.values())
    yield {"what": "all", "size": size, "cpu_s": round(total, 2), "bar_cpu_s": BAR_CPU_S}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield {"what": "peak memory", "size": size, "mib": round(peak), "bar_mib": BAR_MIB}


def _timed(told: dict[str, float], step: str, work: Callable[[], Any]) -> Any:
    start = time.process_time()
    found = work()
    told[step] = time.process_time() - start
    return found


def _draws(pieces: int, count: int) -> MarkDraws:
    """Draws as a fitted county has them: pieces spread around their own ability."""
    rng = np.random.default_rng(1)
    own = (1.5 * rng.standard_normal(pieces) + 1.0).astype(np.float32)
    ability = rng.standard_normal((count, pieces), dtype=np.float32)
    ability *= np.float32(0.7)
    ability += own
    hard = np.concatenate([rng.normal(-1.5, 0.7, SLOTS * 4), rng.normal(0.8, 0.7, SLOTS * 2)])
    hard = np.concatenate(
        [hard[: SLOTS * 4].reshape(SLOTS, 4), hard[SLOTS * 4 :].reshape(SLOTS, 2)], 1
    )
    difficulty = hard.ravel() + 0.1 * rng.standard_normal((count, SLOTS * CRITERIA))
    severity = 0.5 * rng.standard_normal(READERS) + 0.15 * rng.standard_normal((count, READERS))
    halo = np.full(count, 0.7) * np.exp(0.05 * rng.standard_normal(count))
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    return MarkDraws(
        tuple(f"p{n}" for n in range(pieces)),
        tuple(f"c{n}" for n in range(SLOTS * CRITERIA)),
        tuple(f"r{n}" for n in range(READERS)),
        ability, difficulty.astype(np.float32), severity.astype(np.float32),
        halo.astype(np.float32), none, none, nothing, nothing,
    )  # fmt: skip


def _design(pieces: int) -> tuple[Design, ResultPieces]:
    code = SlotCode(np.uint32(0b001111), np.uint32(0b110000))
    slots = tuple(
        SlotPieces(code, np.arange(n * CRITERIA, (n + 1) * CRITERIA), np.arange(n, pieces, SLOTS))
        for n in range(SLOTS)
    )
    pools = ReaderPools.of(
        [tuple(r for r in range(READERS) if r % 100 != n % 100) for n in range(pieces)]
    )
    number = np.arange(pieces)
    made_of = ResultPieces(number, number // PIECES_EACH, number % PIECES_EACH < 2)
    return Design(slots, pools, ConsensusRule()), made_of
