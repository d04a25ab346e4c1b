"""The second reader over whole workspaces: CPU time, memory, and how far it may be trusted there.

Texts are invented so that better pieces have more of the better words; how well
it does says that it learns what can be learnt, and nothing of real texts.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.synthetic_county import CLOSED, build
from workbench.services.second_reader import second_reader_analysis

SIZES = (3_000, 15_000)
PIECES_A_SCHOOL, PIECES_A_READER = 150, 50


def run() -> Iterator[dict[str, object]]:
    """Train and order at each size, comparing every text for copies included."""
    for pieces in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            schools, readers = pieces // PIECES_A_SCHOOL, pieces // PIECES_A_READER
            made = build(
                Path(folder) / "county",
                pieces=pieces,
                readers=readers,
                schools=schools,
                scene=CLOSED,
            )
            start = time.process_time()
            found = second_reader_analysis(made, None)
            seconds = time.process_time() - start
        yield {
            "what": "second reader",
            "pieces": pieces,
            "learnt_from": found["pieces"],
            "cpu_s": round(seconds, 1),
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "state": found["state"],
            **{name: round(found[name] or 0.0, 2) for name in ("qwk", "r", "r_length")},
        }
