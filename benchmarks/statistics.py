"""Statistics beside their peers and beside the pass over the data nobody can avoid, in one run.

A part is a module with functions that each give rows, listed as ``ROWS`` (or
one, ``run``). CPU seconds are the least of several calls, ours and the peer's
one after the other. Peers come with ``make bench``; rows whose peer is not
installed say so.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator

PARTS = ("agreement", "facets", "marks", "stability")


def run() -> Iterator[dict]:
    """Give one row a measure: value, what it is held against, their ratio and the bar."""
    for part in PARTS:
        module = importlib.import_module(f"benchmarks.statistics_{part}")
        for rows in getattr(module, "ROWS", None) or (module.run,):
            try:
                found = list(rows())
            except ModuleNotFoundError as missing:
                yield {"part": part, "measure": rows.__doc__, "missing": missing.name}
                continue
            for row in found:
                yield {"part": part, **row, "load": round(os.getloadavg()[0], 1)}
