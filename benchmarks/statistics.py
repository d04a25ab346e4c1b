"""Statistics beside their peers and beside the pass over the data nobody can avoid, in one run.

A part is a module with functions that each give rows, listed as ``ROWS`` (or
one, ``run``); ``python -m benchmarks statistics:agreement`` runs one part, and
``statistics:agreement.alpha_with_draws`` one function of it. CPU seconds are the
least of several calls, ours and the peer's by turns. Peers come with ``make
bench``; rows whose peer is not installed say so.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator

from benchmarks.measuring import in_child

PARTS = ("agreement", "facets", "marks", "stability")


def parts() -> tuple[str, ...]:
    """What can be run alone."""
    return PARTS


def run(part: str = "") -> Iterator[dict]:
    """Give one row a measure: value, what it is held against, their ratio and the bar."""
    if not part:
        for name in PARTS:
            yield from in_child(f"statistics:{name}")
        return
    name, _, only = part.partition(".")
    module = importlib.import_module(f"benchmarks.statistics_{name}")
    for rows in getattr(module, "ROWS", None) or (module.run,):
        if only in ("", rows.__name__):
            yield from _told(name, rows)


def _told(name: str, rows: Callable[[], Iterable[dict]]) -> Iterator[dict]:
    try:
        found = list(rows())
    except ModuleNotFoundError as missing:
        yield {"part": name, "measure": rows.__doc__, "missing": missing.name}
        return
    for row in found:
        yield {"part": name, **row, "load": round(os.getloadavg()[0], 1)}
