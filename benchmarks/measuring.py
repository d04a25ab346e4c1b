"""CPU time and memory of one call, and a row that holds it against another's."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence


def cpu(work: Callable[[], object], times: int = 7, at_least: float = 0.02) -> float:
    """Least CPU seconds of a call; calls too short for the clock are timed many at once."""
    return cpu_by_turns((work,), times, at_least)[0]


def cpu_by_turns(
    works: Sequence[Callable[[], object]], times: int = 7, at_least: float = 0.02
) -> list[float]:
    """Least CPU seconds of a call of each, one after the other in every turn.

    What else the machine does meanwhile then slows all of them, not the one that
    happened to run at the time.
    """
    best = [float("inf")] * len(works)
    for _ in range(times):
        for place, work in enumerate(works):
            calls, began = 0, time.process_time()
            while calls == 0 or time.process_time() - began < at_least:
                work()
                calls += 1
            best[place] = min(best[place], (time.process_time() - began) / calls)
    return best


def peak_bytes(work: Callable[[], object]) -> int:
    """Most memory a call held beyond what was there before it."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def in_child(word: str) -> Iterator[dict]:
    """Rows of a benchmark run in a process of its own, whose peak memory nothing before it raised.

    One that fails gives a last row that says so; its errors stand on the error stream.
    """
    command = [sys.executable, "-m", "benchmarks", word]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield json.loads(line)
    if child.returncode:
        yield {"benchmark": word, "failed": child.returncode}


def beside(measure: str, own: float, other: float, against: str, bar: str, **more: object) -> dict:
    """Row of two times in milliseconds; ``times`` is how much faster we are than the other."""
    return {
        "measure": measure,
        "ms": round(own * 1e3, 3),
        "against": against,
        "against_ms": round(other * 1e3, 3),
        "times": round(other / own, 2 if other < own * 10 else 0),
        "bar": bar,
        **more,
    }
