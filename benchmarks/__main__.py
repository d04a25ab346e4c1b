"""Run the benchmarks and print a row a line: ``python -m benchmarks [--list] [NAME[:PART] ...]``.

``--list`` names them and their parts and imports each, so that one that cannot
start is seen at once. Without a name all are run but those of :data:`LONG`; of
several each has a process of its own, and one that fails stops none of the others.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator

from benchmarks.measuring import in_child

NAMES = (
    "intake",
    "reading",
    "results",
    "allocation",
    "similarity",
    "sheets",
    "batch",
    "ledger",
    "starting",
    "app",
    "effects",
    "schools",
    "second_reader",
    "statistics",
    "load",
)
LONG = ("planted_raters", "planted_scores")
"""Minutes of simulated counties: run where named."""


def main(words: list[str]) -> None:
    """Run the benchmarks named, or all; each gives rows with what was measured and its bar."""
    if "--list" in words:
        for row in listed():
            print(json.dumps(row, ensure_ascii=False), flush=True)
        return
    for word in words:
        if word.partition(":")[0] not in NAMES + LONG:
            sys.exit(f"{word} is no benchmark; there are {', '.join(NAMES + LONG)}.")
    failed = False
    for word in words or NAMES:
        for row in _rows(word) if len(words) == 1 else in_child(word):
            failed = failed or "failed" in row
            print(json.dumps({"benchmark": word, **row}, ensure_ascii=False), flush=True)
    if failed:
        sys.exit(1)


def _rows(word: str) -> Iterator[dict[str, object]]:
    name, _, part = word.partition(":")
    module = importlib.import_module(f"benchmarks.{name}")
    for row in module.run(part) if part else module.run():
        yield {"benchmark": name, **row}


def listed() -> Iterator[dict[str, object]]:
    """Name each benchmark, what it is for, and the parts that can be run alone."""
    for name in NAMES + LONG:
        module = importlib.import_module(f"benchmarks.{name}")
        of = module.parts() if hasattr(module, "parts") else ()
        said = (module.__doc__ or "").partition("\n")[0]
        yield {"benchmark": name, "says": said, "parts": of, "long": name in LONG}


if __name__ == "__main__":
    main(sys.argv[1:])
