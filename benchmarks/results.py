"""Results of a county: 15,000 pieces from marks to levels, beside copying the same marks once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from models.records import CompetencyResult, Read, Round
from rubrics.loading import load_set
from rubrics.rubric import Rubric, Slot
from scoring.consensus import ConsensusRule, piece_consensus
from scoring.gate import GateRule, competency_result

PIECES = 15_000
LIMIT_S = 1.0

Submission = tuple[Rubric, dict[str, list[Read]]]


def run() -> list[dict[str, object]]:
    """CPU seconds for consensus and gate of 15,000 pieces; the bar is one second."""
    submissions = _submissions(random.Random(1))
    pieces = sum(len(reads) for _, reads in submissions)
    rule, gate = ConsensusRule(), GateRule()

    def judge() -> list[CompetencyResult]:
        return [
            competency_result(
                rubric,
                {s: piece_consensus(rubric.slot(s), reads, rule) for s, reads in slots.items()},
                gate,
            )
            for rubric, slots in submissions
        ]

    def copy() -> list[dict[str, int | None]]:
        return [
            dict(read.marks)
            for _, slots in submissions
            for reads in slots.values()
            for read in reads
        ]

    judged, copied = _cpu(judge), _cpu(copy)
    row = {"measure": "consensus and gate", "pieces": pieces, "unit": "CPU s", "limit": LIMIT_S}
    return [
        {**row, "value": round(judged, 3), "times_copying_the_marks": round(judged / copied, 1)}
    ]


def _cpu(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def _submissions(rng: random.Random) -> list[Submission]:
    rubrics = list(load_set("micro_competencies"))
    made: list[Submission] = []
    pieces = 0
    while pieces < PIECES:
        rubric = rng.choice(rubrics)
        made.append((rubric, {slot.slot_id: _reads(slot, rng) for slot in rubric.slots}))
        pieces += len(rubric.slots)
    return made


def _reads(slot: Slot, rng: random.Random) -> list[Read]:
    truth = {c.criterion_id: rng.random() < 0.85 for c in slot.criteria}
    rounds = [Round.BLIND, Round.BLIND] + [Round.THIRD] * (rng.random() < 0.4)
    return [
        Read(
            f"r{rng.randrange(200)}",
            name,
            {c: int(met == (rng.random() < 0.9)) for c, met in truth.items()},
        )
        for name in rounds
    ]
